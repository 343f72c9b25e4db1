"""Definitions among the statements of a LaTeX file."""

from __future__ import annotations

from llamoco.dataset_builder.problems.files.latex.formulas.declarations import (
    Declaration,
    Head,
    argument_names,
    read_head,
)
from llamoco.dataset_builder.problems.files.latex.lexing.tokens import Tokens, tuple_parts
from llamoco.dataset_builder.problems.files.latex.model.bounds import Bounds
from llamoco.dataset_builder.problems.files.latex.statements.chains import Chain
from llamoco.dataset_builder.problems.files.latex.statements.index_letters import subscript_of
from llamoco.dataset_builder.problems.files.latex.symbols.indexing import Recurrence
from llamoco.dataset_builder.problems.symbolic.expression import Item, lift


class Definitions:
    """Extraction of definitions from statements.

    Args:
        bounds: the symbols.
        letters: letters of indices.
    """

    def __init__(self, bounds: Bounds, letters: set[str]) -> None:
        self.bounds, self.letters = bounds, letters
        self.symbols, self.source = bounds.symbols, bounds.source
        self._heads: dict[str, bool] = {}  # whether a name has a definition that is more than a number
        self._data: set[str] = set()  # vectors of numbers
        self.models: list[str] = []  # data that a formula describes
        self._starts: dict[str, list[int]] = {}  # for each recursion, the members that it starts from

    def survey(self, found: list[Chain]) -> None:
        """Note the names that the statements may define."""
        numbers: dict[str, set[int]] = {}
        lags: dict[str, int] = {}
        for chain in found:
            if chain.relations[0] != "=":
                continue
            head = read_head(chain.sides[0][0])
            if head is None:
                continue
            body = chain.sides[1][0]
            if tuple_parts(body):
                self._data.add(head.key)
            self._heads[head.key] = self._heads.get(head.key, False) or not is_number(body)
            if head.subscript is not None and len(head.subscript) == 1 and head.subscript[0].text.isdigit():
                numbers.setdefault(head.base, set()).add(int(head.subscript[0].text))
            moved = self._moved(head)
            if moved is not None and not self.symbols.is_base(head.base):
                steps = [self._lag(t, moved) for t in _subscripts_of(head.base, body)]
                if steps and all(step is not None for step in steps):
                    lags[head.base] = max(step for step in steps if step is not None)
        for base, lag in lags.items():
            if lag < 1:
                continue
            self._starts[base] = sorted(numbers.get(base, ()))[:lag]

    def _moved(self, head: Head) -> tuple[str, int] | None:
        """Letter and offset of an index such as ``t+1``; None for others."""
        subscript = head.subscript or []
        if not subscript or subscript[0].text not in self.letters or subscript[0].kind != "name":
            return None
        if len(subscript) == 1:
            return subscript[0].text, 0
        if len(subscript) == 3 and subscript[1].text in ("+", "-") and subscript[2].text.isdigit():
            return subscript[0].text, int(subscript[2].text) * (1 if subscript[1].text == "+" else -1)
        return None

    def _lag(self, subscript: Tokens, moved: tuple[str, int]) -> int | None:
        """Lag of an index on the right behind the one on the left; None if it has none."""
        other = self._moved(Head("", subscript, None))
        return moved[1] - other[1] if other is not None and other[0] == moved[0] else None

    def take(self, chain: Chain) -> bool:
        """Take a chain's definitions; True if nothing else is left of it."""
        while chain.relations and chain.relations[0] == "=" and len(chain.sides[0]) == 1:
            part, body = chain.sides[0][0], chain.sides[1][0]
            head = read_head(part)
            if head is None:
                return False
            if head.arguments is None and self.bounds.is_variable(part) and not self._pinned(head):
                if not self._name_variable(head, part, body):
                    return False
                del chain.sides[1], chain.relations[0]  # x = (x_1, x_2) may go on: \in [0, 1]^2
                return not chain.relations
            number = (
                int(head.subscript[0].text) if head.subscript and head.subscript[0].text.isdigit() else -1
            )
            if head.base in self._starts and number >= 0 and number not in self._starts[head.base]:
                return False  # x_5 = 0, where x_{k+1} = ... says what x_5 is
            if len(chain.sides) == 2 and is_number(body):
                family = any(
                    k.startswith(head.base + "_") and k[len(head.base) + 1 :].isdigit() for k in self._heads
                )
                if self._heads.get(head.key) or (head.subscript and chain.bindings and family):
                    return False  # h(x) = 0, or h_j(x) = 0 for j = 1, ..., m, where h is defined elsewhere
            if head.subscript is None and head.key in self._data and self._is_model(body):
                self.models.append(
                    head.key
                )  # "fit y = a + b t": y and t are data, the formula says how they are meant
                return True
            if len(chain.sides[1]) > 1:
                message = "a list where one expression is expected; put the entries in brackets"
                raise self.source.error(body[0], message)
            self._write(head, body, chain)
            chain.labelled = head.arguments is not None
            chain.sides, chain.relations = chain.sides[1:], chain.relations[1:]
            if chain.relations:
                self._label(head, chain)
        return not chain.relations

    def _is_model(self, body: Tokens) -> bool:
        """Whether an expression has vectors of numbers in it as if they were numbers."""
        if tuple_parts(body) or is_number(body):
            return False
        return any(
            token.kind == "name"
            and token.text in self._data
            and (k + 1 == len(body) or body[k + 1].text != "_")
            for k, token in enumerate(body)
        )

    def _pinned(self, head: Head) -> bool:
        """Whether a member of a vector of variables is none of them: ``y_0 = 0`` beside ``y_1, ..., y_5``."""
        digits = head.subscript is not None and len(head.subscript) == 1 and head.subscript[0].text.isdigit()
        return (
            digits
            and head.subscript is not None
            and int(head.subscript[0].text) in self.symbols.pinned.get(head.base, ())
        )

    def _name_variable(self, head: Head, part: Tokens, body: Tokens) -> bool:
        """Take ``x = (h, l, t, b)`` or ``x_1 = h``, which name variables; False for other equations."""
        if head.subscript is None and self.symbols.is_base(head.base) and tuple_parts(body):
            return argument_names(tuple_parts(body)) is not None
        other = read_head(body)
        new = other is not None and other.arguments is None and other.key not in self._heads
        if other is None or not new or self.bounds.is_variable(body) or self.symbols.families:
            return False
        self.symbols.aliases[other.key] = Item("x", lift(self.bounds.number_of(part, {}) or 1))
        return True

    def _label(self, head: Head, chain: Chain) -> None:
        """Mark the name in front of a constraint, ``g_1(x) = ... <= 0``, as used."""
        second = chain.relations[0] == "=" and not is_number(chain.sides[1][0])
        if second and read_head(chain.sides[0][0]) is None:
            message = f"a second expression for {head.key!r}; if this is an equality, write it as ... = 0"
            raise self.source.error(chain.sides[1][0][0], message)
        numbered = head.base + "_"
        self.symbols.called |= {k for k in self.symbols.written if k == head.key or k.startswith(numbered)}

    def _write(self, head: Head, body: Tokens, chain: Chain) -> None:
        """Store a definition, to be built when it is used."""
        symbols, bindings = self.symbols, chain.bindings
        formals = None if head.arguments is None else argument_names(head.arguments)
        if head.arguments is not None and formals is None:
            raise self.source.error(head.arguments[0][0], "expected names as arguments of a definition")
        index = head.subscript[0].text if head.subscript is not None and len(head.subscript) == 1 else ""
        if head.base in self._starts and self._moved(head) is not None:
            self._recurrence(head, body, chain)
            return
        numbered = [k for k in symbols.written if k.startswith(head.base + "_")]
        known = head.base in symbols.ranged or any(k[len(head.base) + 1 :].isdigit() for k in numbered)
        if index in bindings and (formals is not None or known):
            symbols.write_out(head.base, index, symbols.integers(bindings[index], {}), formals, body)
        elif index in bindings:
            symbols.ranged[head.base] = (index, bindings[index], body)
            return
        elif formals is not None and (index in tuple("ijklm") or index in self.letters):
            if head.base in symbols.templates:
                raise self.source.error(body[0], f"{head.key!r} is defined twice; rename one of them")
            symbols.templates[head.base] = (index, formals, body)  # f_k(x) = ... for any k
            return
        elif index in self.letters and head.base not in symbols.anywhere:
            symbols.anywhere[head.base] = (index, body)  # m_i = 2 for all i
            return
        else:
            symbols.write(head.key, Declaration(formals, body, {}))
        if head.base in symbols.ranged:  # z_i = ... for some i, and z_n = ...: entry by entry
            first, bound, earlier = symbols.ranged.pop(head.base)
            symbols.write_out(head.base, first, symbols.integers(bound, {}), None, earlier)

    def _recurrence(self, head: Head, body: Tokens, chain: Chain) -> None:
        """Store a recursion.

        Raises:
            ProblemError: if it has no start, or there is a second one.
        """
        moved = self._moved(head)
        assert moved is not None
        letter, offset = moved
        if head.base in self.symbols.recurrences:
            raise self.source.error(body[0], f"a second recursion for {head.base!r}; rename one of them")
        if not self._starts[head.base]:
            message = f"where does the recursion of {head.base} start? state it, as in ${head.base}_0 = 1$"
            raise self.source.error(chain.place, f"{message}, or name {head.base} among the variables")
        self.symbols.recurrences[head.base] = Recurrence(letter, offset, body, chain.bindings.get(letter))


def _subscripts_of(base: str, body: Tokens) -> list[Tokens]:
    """The subscripts of a name in an expression."""
    return [
        subscript_of(body[number : number + 12])
        for number, token in enumerate(body)
        if token.kind == "name" and token.text == base
    ]


def is_number(part: Tokens) -> bool:
    """Whether a part is a literal number."""
    return all(t.kind == "number" or t.text in ("-", "+") for t in part)
