"""Inference of the numbers of variables and the ranges of indices, before bounds and constraints are read."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.files.latex.formulas.declarations import read_head
from llamoco.dataset_builder.problems.files.latex.formulas.values import NeedsUnroll
from llamoco.dataset_builder.problems.files.latex.lexing.source import Token
from llamoco.dataset_builder.problems.files.latex.lexing.tokens import Tokens
from llamoco.dataset_builder.problems.files.latex.model.bounds import Bounds
from llamoco.dataset_builder.problems.files.latex.model.definitions import is_number
from llamoco.dataset_builder.problems.files.latex.model.index_ranges import (
    bind_letter,
    stated_ranges,
    unbound_letters,
)
from llamoco.dataset_builder.problems.files.latex.model.trial_readings import (
    fitting_sizes,
    members_in_use,
    refuse_undefined,
)
from llamoco.dataset_builder.problems.files.latex.model.variables import DeclaredVariables
from llamoco.dataset_builder.problems.files.latex.statements.chains import Chain
from llamoco.dataset_builder.problems.files.latex.statements.index_letters import subscript_of
from llamoco.dataset_builder.problems.files.latex.symbols.decision_variables import Family
from llamoco.dataset_builder.problems.symbolic.expression import Item, Num


class DimensionInference:
    """Inference of the numbers of variables and of index ranges.

    Args:
        bounds: the symbols, with the variables as declared.
        declared: which they are.
        letters: letters of indices.
        tokens: the tokens of the file.
    """

    def __init__(
        self, bounds: Bounds, declared: DeclaredVariables, letters: set[str], tokens: list[Token]
    ) -> None:
        self.bounds, self.declared, self.letters, self.tokens = bounds, declared, letters, tokens
        self.symbols = bounds.symbols
        self._core: dict[str, set[tuple[int, ...]]] = {}

    @property
    def _bases(self) -> dict[str, int]:
        symbols = self.symbols
        if symbols.families:
            return {base: family.columns for base, family in symbols.families.items()}
        return {symbols.vector: 0} if symbols.vector and not symbols.aliases else {}

    def pin(self, found: list[Chain]) -> None:
        """Find members with given values that are not variables: ``y_0 = 0`` where bounds are of ``y_1, ..., y_5``."""
        members = {
            (head.base, int(head.subscript[0].text)): chain
            for chain in found
            if chain.relations == ["="]
            and (head := read_head(chain.sides[0][0])) is not None
            and head.subscript is not None
            and len(head.subscript) == 1
            and head.subscript[0].text.isdigit()
            and self.symbols.is_base(head.base)
        }
        if not members:
            return
        limits = [c for c in found if set(c.relations) <= {"<=", ">=", "in"} and self._only_variables(c)]
        core = members_in_use(self.bounds, [], limits, self._bases)
        for base, numbers in self.declared.numbers.items():
            core.setdefault(base, set()).update((k,) for k in numbers)
        size = self.bounds.stated_dim if self.symbols.vector else 0
        for base, number in members:
            known = core.get(base, set()) | {(k,) for k in range(1, size + 1)}
            if (
                known
                and (number,) not in known
                and (number == 0 or number == max(known)[0] + 1 or number < min(known)[0])
            ):
                self.symbols.pinned.setdefault(base, set()).add(number)

    def _only_variables(self, chain: Chain) -> bool:
        """Whether a statement is about single variables and numbers."""
        return any(
            all(self.bounds.is_variable(p) or p[0].text == "\\dots" for p in side) for side in chain.sides
        )

    def settle(self, objective: Tokens, found: list[Chain]) -> list[Chain]:
        """Infer the numbers of variables, and the ranges of the letters in statements.

        Returns:
            The statements, those of membership first.

        Raises:
            ProblemError: if one is not known.
        """
        symbols, bounds = self.symbols, self.bounds
        symbols.known_ranges = stated_ranges(bounds, self.tokens, found)
        if symbols.families:
            self._settle_families(objective, found)
        elif symbols.vector and not symbols.aliases:
            found = self._take_memberships(found)
            if not bounds.stated_dim and (not self._sized(found) or self._from_zero(found)):
                self._settle_vector(objective, found)
        free = [(c, letters) for c in found if (letters := unbound_letters(c, self.letters, symbols))]
        if free:
            if symbols.vector and not symbols.dim:
                symbols.dim = bounds.stated_dim or self._size_of_ranges(found)
            known = stated_ranges(bounds, self.tokens, found)
            for chain, letters in free:
                for letter in letters:
                    if letter not in self.letters:
                        self._check_size(chain)
                    bind_letter(chain, letter, bounds, known)
        return found

    def _check_size(self, chain: Chain) -> None:
        """Refuse ``0 <= x_i <= 6`` without a range where n = 6 suggests more variables than the formulas have."""
        symbols = self.symbols
        for name in ("n", "N", "D", "d"):
            entry = symbols.written.get(name)
            if (
                entry is not None
                and is_number(entry.body)
                and symbols.vector
                and entry.body[0].text != str(symbols.dim)
            ):
                message = f"for which i does this hold? {name} = {entry.body[0].text}, but the formulas have {symbols.dim} variables"
                raise self.bounds.source.error(
                    chain.place, f"{message}; state the range, as in $i = 1, \\dots, {name}$"
                )

    def _take_memberships(self, found: list[Chain]) -> list[Chain]:
        """Take the statements that give the length of the vector."""
        vector = self.symbols.vector
        rest = []
        for chain in found:
            whole = chain.relations == ["in"] and any(
                len(p) == 1 and p[0].text == vector for p in chain.sides[0]
            )
            if not (whole and self.bounds.take(chain)):
                rest.append(chain)
        return rest

    def _sized(self, found: list[Chain]) -> bool:
        """Whether bounds give the number of variables: by a range, or by vectors."""
        vector = self.symbols.vector
        for chain in found:
            if not set(chain.relations) <= {"<=", ">=", "in"}:
                continue
            for side in chain.sides:
                for part in side:
                    subscript = subscript_of(part)
                    if part[0].text == vector and self.bounds.is_variable(part) and subscript:
                        if any(t.text in chain.bindings for t in subscript) or (
                            part is not side[0] and side[-2][0].text == "\\dots"
                        ):
                            return True
                    elif len(part) == 1 and part[0].text == vector:
                        others = [p for other in chain.sides if other is not side for p in other]
                        if any(p[0].text in ("(", "[") or p[0].text in self.symbols.written for p in others):
                            return True
        return False

    def _from_zero(self, found: list[Chain]) -> bool:
        """Whether bounds count from 0."""
        limits = [c for c in found if set(c.relations) <= {"<=", ">=", "in"} and self._only_variables(c)]
        return (0,) in members_in_use(self.bounds, [], limits, self._bases).get(self.symbols.vector, set())

    def _size_of_ranges(self, found: list[Chain]) -> int:
        """The number of variables by the ranges of their bounds."""
        limits = [c for c in found if set(c.relations) <= {"<=", ">=", "in"} and self._only_variables(c)]
        members = members_in_use(self.bounds, [], limits, self._bases).get(self.symbols.vector, set())
        return max((m[0] for m in members), default=0)

    def _settle_vector(self, objective: Tokens, found: list[Chain]) -> None:
        """Infer the length of the vector."""
        symbols, base = self.symbols, self.symbols.vector
        members = members_in_use(self.bounds, [objective], found, {base: 0}).get(base, set())
        members -= {(k,) for k in symbols.pinned.get(base, ())}
        if members:
            symbols.vector = ""
            assign_places(self.bounds, [base], {base: members}, objective[0])
            merge_into_vector(self.bounds)
            return
        parts = [objective, *(p for c in found for side in c.sides for p in side if not self._needs_range(c))]
        sizes = fitting_sizes(self.bounds, parts, base)
        if len(sizes) == 1:
            self.bounds.dimension(sizes[0], objective[0])
            symbols.dim = sizes[0]
        else:
            refuse_undefined(self.bounds, parts, base)

    def _needs_range(self, chain: Chain) -> bool:
        return bool(unbound_letters(chain, self.letters, self.symbols)) or bool(chain.bindings)

    def _settle_families(self, objective: Tokens, found: list[Chain]) -> None:
        """Infer the members of the families."""
        symbols = self.symbols
        members = members_in_use(self.bounds, [objective], found, self._bases)
        for base in symbols.families:
            own = members.setdefault(base, set())
            given: set[tuple[int, ...]] = {(k,) for k in self.declared.numbers.get(base, ())}
            limits = [c for c in found if set(c.relations) <= {"<=", ">=", "in"} and self._only_variables(c)]
            core = given or members_in_use(self.bounds, [], limits, self._bases).get(base, set())
            pinned = {(k,) for k in symbols.pinned.get(base, ())}
            members[base] = (core if core and pinned else own | given) - pinned
            if given:
                members[base] = given
            if not members[base]:
                sizes = self._fitting(objective, found, base)
                members[base] = {(k,) for k in range(1, sizes + 1)}
        for base, own in members.items():
            if not own and sum(t.text == base for t in self.tokens) < 2 + any(
                t.text == base for t in objective
            ):
                message = f"{base} is to be varied, but does not occur in the formulas; correct the name"
                raise self.bounds.source.error(objective[0], message)
        assign_places(self.bounds, self.declared.order, members, objective[0])
        merge_into_vector(self.bounds)

    def _fitting(self, objective: Tokens, found: list[Chain], base: str) -> int:
        try:
            sizes = fitting_sizes(self.bounds, [objective], base)
        except (ProblemError, NeedsUnroll):
            return 0
        return sizes[0] if len(sizes) == 1 else 0


def assign_places(
    bounds: Bounds, order: Sequence[str], numbers: dict[str, set[tuple[int, ...]]], place: Token
) -> None:
    """Assign families and scalars their places in x.

    Raises:
        ProblemError: if the members of a family are not known, or have gaps.
    """
    symbols, first = bounds.symbols, 0
    for name in order:
        if name in symbols.aliases:
            symbols.aliases[name] = Item("x", Num(first + 1))
            first += 1
            continue
        members = numbers.get(name, set())
        if not members:
            message = (
                f"how many variables {name} are there? state it, as in ${name}_i \\ge 0$, $i = 1, \\dots, n$"
            )
            raise bounds.source.error(place, message)
        if len({len(m) for m in members}) > 1:
            raise bounds.source.error(
                place, f"{name} has one index here and two there; give it the same number of indices"
            )
        columns = max(m[1] for m in members) if len(next(iter(members))) == 2 else 0
        if columns:
            rows = max(m[0] for m in members)
            wanted: set[tuple[int, ...]] = {*product(range(1, rows + 1), range(1, columns + 1))}
            low, size = 1, rows * columns
        else:
            low, high = min(members)[0], max(members)[0]
            wanted, size = {(k,) for k in range(low, high + 1)}, high - low + 1
        missing = sorted(wanted - members)
        if missing or low < 0:
            label = ",".join(map(str, missing[0])) if missing else str(low)
            message = (
                f"{name}_{{{label}}} does not occur, but others of {name} do; state the range of its index"
            )
            raise bounds.source.error(place, message)
        symbols.families[name] = Family(low, size, first, columns)
        first += size
    bounds.dimension(first, place)
    symbols.dim = first


def merge_into_vector(bounds: Bounds) -> None:
    """Make a single family that counts from 1 the vector of variables."""
    symbols = bounds.symbols
    if len(symbols.families) == 1 and not symbols.aliases:
        base, family = next(iter(symbols.families.items()))
        if family.low == 1 and not family.columns and not symbols.pinned.get(base):
            symbols.families.clear()
            symbols.vector = base
