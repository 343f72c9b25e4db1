r"""Decision variables of a file: one vector, named scalars, families of numbered variables, or several of these."""

from __future__ import annotations

import re
from typing import NamedTuple

from llamoco.dataset_builder.problems.files.latex.formulas.values import NeedsUnroll, VectorValue
from llamoco.dataset_builder.problems.files.latex.lexing.source import LatexSource, Token
from llamoco.dataset_builder.problems.files.latex.symbols.emitter import Emitter
from llamoco.dataset_builder.problems.symbolic.expression import Expr, Item, Num, lift

_INDEX = re.compile(r"\d+|[^\W\d_]|[^\w+-]")
_USUAL = frozenset("ijklmnt")  # letters that number, even where nothing says so


class Family(NamedTuple):
    """Variables ``base_low``, ``base_{low+1}``, ..., in x from place ``first`` (0-based) on.

    ``columns`` > 0: they form a matrix, row by row, of ``size / columns`` rows.
    """

    low: int
    size: int
    first: int
    columns: int = 0


class DecisionVariables:
    r"""Decision variables and the values of their names.

    Attributes:
        dim: number of decision variables; 0 as long as it is unknown.
        emitter: the definitions that are built of what they denote.
        vector: name of the vector of all variables, "" if they are several.
        aliases: variables that have names of their own.
        families: families of numbered variables by base name.
        dimension_names: names of the number of variables, as in ``x \in \mathbb{R}^n``.
        letters: letters of indices.
        asked: while the numbers of families are looked for, those that formulas ask for; else None.
    """

    def __init__(self, source: LatexSource, names: set[str]) -> None:
        self.source = source
        self.emitter = Emitter(source, names)
        self.dim = 0
        self.vector = ""
        self.aliases: dict[str, Expr] = {}
        self.families: dict[str, Family] = {}
        self.dimension_names: set[str] = set()
        self.letters: set[str] = set()
        self.asked: dict[str, set[tuple[int, ...]]] | None = None
        self._whole: dict[str, VectorValue] = {}

    def is_base(self, base: str) -> bool:
        """Whether a name is that of a vector or family of variables."""
        return base in self.families or (bool(self.vector) and base == self.vector)

    def is_member(self, base: str, key: str) -> bool:
        """Whether a name, with its base, is that of a vector or family of variables or of a member: not ``P_D`` beside ``P_g``."""
        if not self.is_base(base):
            return False
        index = key[len(base) + 1 :]
        return all(x.isdigit() or x in _USUAL or x in self.letters for x in _INDEX.findall(index))

    @property
    def variable_names(self) -> tuple[str, ...]:
        """Names of all variables, in the order of x."""
        names = {k: f"{self.vector}_{k}" for k in range(1, self.dim + 1)} if self.vector else {}
        for base, family in self.families.items():
            for number in range(family.size):
                if family.columns:
                    row, column = number // family.columns + 1, number % family.columns + 1
                    wide = family.size // family.columns > 9 or family.columns > 9
                    label = f"{row},{column}" if wide else f"{row}{column}"
                else:
                    label = str(family.low + number)
                names[family.first + number + 1] = f"{base}_{label}"
        for name, item in self.aliases.items():
            if isinstance(item, Item) and isinstance(item.index, Num):
                names[int(item.index.value)] = name
        return tuple(names[k] for k in sorted(names))

    def whole(self, base: str, place: Token) -> VectorValue:
        """A family as a vector."""
        if self.asked is not None:
            raise NeedsUnroll
        family = self.families[base]
        if family.columns:
            raise self.source.error(
                place, f"{base!r} is a matrix of variables; expected an entry, {base}_{{ij}}"
            )
        if base not in self._whole:
            index = self.emitter.fresh()
            self._whole[base] = self.emitter.define_vector(
                base, family.size, index, Item("x", _plus(index, family.first))
            )
        return self._whole[base]

    def member(self, base: str, index: list[Expr], place: Token) -> Expr:
        """Entry of a family."""
        family = self.families[base]
        numbers = tuple(int(e.value) for e in index if isinstance(e, Num))
        if self.asked is not None:
            if len(numbers) < len(index):
                raise NeedsUnroll
            self.asked.setdefault(base, set()).add(numbers)
            return Item("x", Num(1))
        if len(index) != (2 if family.columns else 1):
            expected = "row and column" if family.columns else "one index"
            raise self.source.error(place, f"expected {expected} of {base!r}, found {len(index)}")
        if len(numbers) < len(index):
            if family.columns:
                raise NeedsUnroll
            return self.whole(base, place).entry(_plus(index[0], 1 - family.low))
        return Item("x", lift(self._place(base, numbers, place)))

    def _place(self, base: str, numbers: tuple[int, ...], place: Token) -> int:
        """The place in x, from 1, of a member of a family."""
        family = self.families[base]
        if family.columns:
            row, column = numbers
            rows = family.size // family.columns
            if not (1 <= row <= rows and 1 <= column <= family.columns):
                raise self.source.error(
                    place, f"{base}_{{{row},{column}}} is no variable: there are {rows} x {family.columns}"
                )
            return family.first + (row - 1) * family.columns + column
        last = family.low + family.size - 1
        if not family.low <= numbers[0] <= last:
            message = f"{base}_{{{numbers[0]}}} is not among the variables {base}_{{{family.low}}} to {base}_{{{last}}}"
            raise self.source.error(place, f"{message}; correct the index or state its range")
        return family.first + numbers[0] - family.low + 1


def _plus(index: Expr, number: int) -> Expr:
    """An index moved by a number; a negative one goes as a difference."""
    if number == 0:
        return index
    if isinstance(index, Num):
        return lift(index.value + number)
    return index + number if number > 0 else index - (-number)
