r"""A problem FILE in LaTeX: objective, bounds, constraints, definitions and a stated budget, read into a ``System``.

Reading goes: tokens with places (``latex_lexer``), statements (``latex_statements``), which variables are decided on, then what
each statement is: a range, a bound, a definition, a constraint. Definitions are parsed when the objective or a constraint uses
them (``latex_symbols``, ``latex_parser``). What cannot be read is refused with its place; a statement about the variables that
would be left over is refused too, so nothing that was written is silently lost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from llamoco.dataset_builder.problems.compile import compile_system
from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.expression import Expr, Item, Num, lift
from llamoco.dataset_builder.problems.latex_bounds import Bounds
from llamoco.dataset_builder.problems.latex_budget import read_budget
from llamoco.dataset_builder.problems.latex_lexer import Source, Token, tokenize
from llamoco.dataset_builder.problems.latex_names import Head, Scope, argument_names, read_head
from llamoco.dataset_builder.problems.latex_parser import Parser
from llamoco.dataset_builder.problems.latex_statements import Chain, Clause, Part, chains, clauses, name_of
from llamoco.dataset_builder.problems.latex_symbols import SymbolTable, Written, tuple_parts
from llamoco.dataset_builder.problems.latex_values import NeedsUnroll
from llamoco.dataset_builder.problems.latex_vocabulary import REFUSED_WORDS
from llamoco.dataset_builder.problems.system import System


_MAXIMISED = "this is a maximisation; minimise the negative instead: \\min -f(x)"


@dataclass(frozen=True)
class LatexFile:
    """What a LaTeX file says: the problem in symbols, bounds (D,) and the evaluation budget."""

    system: System
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    max_evals: int


def read_latex(text: str, name: str) -> LatexFile:
    """Read a LaTeX description of a problem.

    Args:
        text: the file's content, a whole document or a part of one.
        name: the file's name, for messages.

    Raises:
        ProblemError: the text cannot be read without guessing; the message names file, line, column and the cure.
    """
    source = Source(text, name)
    try:
        return _Reader(source).read()
    except NeedsUnroll:
        raise ProblemError(
            f"{name}: an index is used in a way that needs given numbers; write the terms out"
        ) from None
    except RecursionError:
        raise ProblemError(
            f"{name}: a formula is nested too deeply to be read; define parts of it by names"
        ) from None


class _Reader:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.max_evals, self.budget_spans = 0, list[tuple[int, int]]()
        self.tokens = tokenize(source)
        for token in self.tokens:
            refused = REFUSED_WORDS.search(token.text) if token.kind == "text" else None
            if refused:
                raise source.error(
                    token,
                    f"the word {refused.group(0)!r} changes the problem in a way that cannot be read; write it as a formula over real variables, or leave it out",
                )
        if not any(t.kind not in ("text", "break") for t in self.tokens):
            raise source.error(
                0, "no mathematics found; put formulas between $...$, \\[...\\] or in an align environment"
            )
        self.clauses = clauses(source, self.tokens)
        self.symbols = SymbolTable(source, {t.text for t in self.tokens if t.kind == "name"})
        self.bounds = Bounds(self.symbols)
        self.constraints: list[Chain] = []

    def read(self) -> LatexFile:
        objective_clause = self._objective_clause()
        self._find_variables(objective_clause)
        self.max_evals, self.budget_spans = read_budget(self.source)
        names = {self.symbols.vector, *self.symbols.aliases} - {""}
        found = chains(self.source, self.clauses, names)
        found = [c for c in found if not any(a <= c.place.at < b for a, b in self.budget_spans)]
        objective = next(c for c in found if c.clause is objective_clause)
        memberships = self._memberships(objective_clause)
        rest = [c for c in found if c is not objective and c.relations]
        for chain in (c for c in found if c is not objective and not c.relations and c.place.display):
            raise self.source.error(
                chain.place,
                "a formula that is neither objective, bound, constraint nor definition; expected a relation such as \\le 0 or =",
            )
        rest = [c for c in rest if not self._starred(c)]
        self._objective_head(objective)
        heads: dict[str, bool] = {}  # whether a name has a definition that is more than a number
        for chain in rest:
            head = read_head(chain.sides[0][0]) if chain.relations[0] == "=" else None
            if head is not None:
                heads[head.key] = heads.get(head.key, False) or not _is_number(chain.sides[1][0])
        candidates = [c for c in rest if not self._define(c, heads)]
        for chain in [*memberships, *candidates]:
            if not self.bounds.take(chain):
                self.constraints.append(chain)
        lower, upper = self.bounds.finish()
        return self._system(objective, lower, upper)

    # The objective and the variables

    def _objective_clause(self) -> Clause:
        for clause in self.clauses:
            if clause.marker is not None and clause.marker.text in ("\\max", "\\maximize"):
                raise self.source.error(clause.marker, _MAXIMISED)
        marked = [c for c in self.clauses if c.marker is not None]
        if len(marked) > 1:
            raise self.source.error(marked[1].groups[0][0][0], "a second objective; expected one")
        if marked:
            return marked[0]
        prose = [t for t in self.tokens if t.kind == "text"]
        maximised = next((t for t in prose if re.search(r"\bmaximi[sz]", t.text)), None)
        if maximised is not None and not any("minimi" in t.text for t in prose):
            raise self.source.error(maximised, _MAXIMISED)
        for name in ("f", "F"):
            for clause in self.clauses:
                head = read_head(clause.groups[0][0]) if clause.relations[:1] == ["="] else None
                if head is not None and head.key == name:
                    return clause
        said = next((k for k, c in enumerate(self.clauses) if "minimi" in c.words), None)
        if (
            said is not None
        ):  # "minimise over x the function J(x) = ...", or a displayed formula after the word
            for clause in self.clauses[said:]:
                first = clause.groups[0][0]
                head = read_head(first)
                named = clause.relations[:1] == ["="] and head is not None and head.arguments is not None
                if named or (first[0].display and not clause.relations):
                    return clause
        raise self.source.error(0, "no objective found; write it as \\min_{x} f(x) = ... or f(x) = ...")

    def _objective_head(self, chain: Chain) -> None:
        self.objective_part = chain.sides[0][0]
        head = read_head(chain.sides[0][0])
        if len(chain.sides) == 1:
            return
        if chain.relations != ["="] or head is None:
            raise self.source.error(
                chain.place, "expected the objective as f(x) = ..., without an inequality"
            )
        self.objective_part = chain.sides[1][0]
        self._write(head, chain.sides[1][0], {})

    def _memberships(self, clause: Clause) -> list[Chain]:
        r"""``\min_{x \in [-5, 5]^{10}}`` states bounds too."""
        places = [k for k, t in enumerate(clause.scope) if t.text == "in"]
        if not places:
            return []
        marker = clause.marker
        assert marker is not None
        raw = _raw_scope(self.tokens, marker)
        k = next(k for k, t in enumerate(raw) if t.text == "in")
        return [Chain([[raw[:k]], [raw[k + 1 :]]], ["in"], clause)]

    def _find_variables(self, clause: Clause) -> None:
        """Settle which names are decision variables: the arguments of f, else the subscript of min, else x."""
        first = clause.groups[0][0]
        head = read_head(first)
        arguments = head.arguments if head is not None else None
        place = first[0]
        if arguments is None and clause.scope:
            raw = _raw_scope(self.tokens, clause.marker) if clause.marker is not None else []
            stop = next((k for k, t in enumerate(raw) if t.text == "in"), len(raw))
            listed: list[Part] = [[]]
            for token in raw[:stop]:
                if token.text == ",":
                    listed.append([])
                else:
                    listed[-1].append(token)
            arguments = [p for p in listed if p]
        if arguments is None and any(t.kind == "name" and t.text == "x" for t in self.tokens):
            self._vector_or_scalar("x")
            return
        names = argument_names(arguments or [])
        if not names:
            raise self.source.error(
                place, "which are the variables? name them: \\min_{x} ... or f(x, y) = ..."
            )
        bases = {p[0].text for p in arguments or [] if p[0].text != "\\dots"}
        if len(names) == 1 and "_" not in names[0]:
            self._vector_or_scalar(names[0])
        elif len(bases) == 1 and all(n == "\\dots" or n != next(iter(bases)) for n in names):
            self.symbols.vector = next(iter(bases))
            if "\\dots" not in names:
                self.bounds.dimension(len(names), place)
        else:
            if "\\dots" in names or len(set(names)) < len(names):
                raise self.source.error(place, "expected a list of different variables, or one vector")
            self._alias(names)

    def _alias(self, names: list[str]) -> None:
        self.symbols.aliases |= {n: Item("x", Num(k)) for k, n in enumerate(names, 1)}
        self.symbols.dim = len(names)
        self.bounds.dimension(len(names), self.tokens[0])

    def _vector_or_scalar(self, name: str) -> None:
        """One name: a vector if it has entries, or is an element of a power; else the single variable."""
        for clause in self.clauses:
            for number, relation in enumerate(clause.relations):
                sides = clause.groups[number], clause.groups[number + 1]
                head = read_head(sides[0][-1])
                if relation != "=" or head is None or head.key != name or head.arguments is not None:
                    continue
                parts = tuple_parts(sides[1][0])
                names = argument_names(parts)
                if names and not all(n == "\\dots" or n.startswith(name + "_") for n in names):
                    self._alias(names)
                    self.symbols.vector = name
                elif names and "\\dots" not in names:
                    self.bounds.dimension(len(names), sides[0][-1][0])
                elif names and names[-1][len(name) + 1 :].isdigit():
                    self.bounds.dimension(int(names[-1][len(name) + 1 :]), sides[0][-1][0])
        followed = [
            (t.text, n.text) for t, n in zip(self.tokens, self.tokens[1:], strict=False) if t.kind == "name"
        ]
        power = any(a == name and b == "_" for a, b in followed) or any(
            t.text == name and n.text == "in" and any(u.text == "^" for u in self.tokens[k + 2 : k + 24])
            for k, (t, n) in enumerate(zip(self.tokens, self.tokens[1:], strict=False))
        )
        if power or self.symbols.vector or self.bounds.stated_dim or self._bounded_by_vectors(name):
            self.symbols.vector = name
        else:
            self._alias([name])

    def _bounded_by_vectors(self, name: str) -> bool:
        r"""Whether ``\ell <= x <= u`` has vectors at its ends."""
        lists = set()
        for clause in self.clauses:
            for left, right in pairwise(clause.groups):
                if name_of(left[-1]) is not None and tuple_parts(right[0]):
                    lists.add(name_of(left[-1]))
        for clause in self.clauses:
            for groups in (*pairwise(clause.groups), *pairwise(clause.groups[::-1])):
                if name_of(groups[0][0]) == name and (
                    tuple_parts(groups[1][0]) or name_of(groups[1][0]) in lists
                ):
                    return True
        return False

    # Definitions and constraints

    def _starred(self, chain: Chain) -> bool:
        r"""Whether a statement is about the solution, ``x^* = ...`` or ``f(x^\star) = 0``."""
        text = " ".join(t.text for t in chain.sides[0][0])
        head = read_head(chain.sides[0][0])
        if (
            head is not None
            and head.arguments
            and chain.relations == ["="]
            and head.base not in self.symbols.aliases
        ):
            numbers = all(_is_number(p) or p[0].text == "\\dots" for p in head.arguments)
            if numbers and _is_number(chain.sides[1][0]):
                return True  # f(0, 0) = 0
        return any(mark in text for mark in ("^ *", "^ \\star", "^ { *", "^ { \\star"))

    def _define(self, chain: Chain, heads: dict[str, bool]) -> bool:
        """Take a chain's definitions; True if nothing else is left of it."""
        while chain.relations and chain.relations[0] == "=" and len(chain.sides[0]) == 1:
            part, body = chain.sides[0][0], chain.sides[1][0]
            head = read_head(part)
            if head is None:
                return False
            variable = head.arguments is None and self.bounds.is_variable(part)
            if variable and len(chain.sides) == 2:
                if head.subscript is None and head.base == self.symbols.vector and tuple_parts(body):
                    return argument_names(tuple_parts(body)) is not None
                other = read_head(body)
                if (
                    other is not None
                    and other.arguments is None
                    and other.key not in heads
                    and not self.bounds.is_variable(body)
                ):
                    number = self.bounds._one(part, {})
                    self.symbols.aliases[other.key] = Item("x", lift(number or 1))
                    return True
            if variable:
                return False
            if len(chain.sides) == 2 and _is_number(body) and heads.get(head.key):
                return False  # h(x) = 0 where h is defined elsewhere
            if (
                len(chain.sides) == 2
                and head.subscript is not None
                and _is_number(body)
                and chain.bindings
                and head.key not in self.symbols.written
            ):
                return False  # h_j(x) = 0, j = 1, ..., m
            if len(chain.sides[1]) > 1:
                raise self.source.error(
                    body[0], "a list where one expression is expected; put the entries into brackets"
                )
            self._write(head, body, {}, chain)
            chain.sides, chain.relations = chain.sides[1:], chain.relations[1:]
            if chain.relations:  # a label of a constraint
                if (
                    chain.relations[0] == "="
                    and not _is_number(chain.sides[1][0])
                    and read_head(chain.sides[0][0]) is None
                ):
                    place = chain.sides[1][0][0]
                    raise self.source.error(
                        place,
                        f"a second expression for {head.key!r}; if this is an equality constraint, write it as ... = 0",
                    )
                self.symbols.called |= {
                    k for k in self.symbols.written if k == head.key or k.startswith(head.base + "_")
                }
        return not chain.relations

    def _write(self, head: Head, body: Part, scope: Scope, chain: Chain | None = None) -> None:
        symbols = self.symbols
        formals = None if head.arguments is None else argument_names(head.arguments)
        if head.arguments is not None and formals is None:
            raise self.source.error(head.arguments[0][0], "expected names as arguments of a definition")
        letter = next(
            (
                x
                for x in (chain.bindings if chain is not None else {})
                if head.subscript is not None and [t.text for t in head.subscript] == [x]
            ),
            None,
        )
        known = head.base in symbols.ranged or any(
            k.startswith(head.base + "_") and k[len(head.base) + 1 :].isdigit() for k in symbols.written
        )
        if letter is not None and chain is not None and (formals is not None or known):
            symbols.write_out(head.base, letter, symbols.integers(chain.bindings[letter], {}), formals, body)
        elif letter is not None and chain is not None:
            symbols.ranged[head.base] = (letter, chain.bindings[letter], body)
            return
        elif (
            formals is not None
            and head.subscript is not None
            and len(head.subscript) == 1
            and head.subscript[0].text in tuple("ijklm")
        ):
            symbols.templates[head.base] = (head.subscript[0].text, formals, body)  # f_k(x) = ... for any k
            return
        else:
            if head.key in symbols.written:
                raise self.source.error(body[0], f"{head.key!r} is defined a second time; rename one of them")
            symbols.written[head.key] = Written(formals, body, scope)
        if head.base in symbols.ranged:
            first, bound, earlier = symbols.ranged.pop(head.base)
            symbols.write_out(head.base, first, symbols.integers(bound, {}), None, earlier)

    def _system(self, objective: Chain, lower: tuple[float, ...], upper: tuple[float, ...]) -> LatexFile:
        symbols = self.symbols
        head = read_head(objective.sides[0][0])
        if len(objective.sides) > 1 and head is not None and head.key in symbols.written:
            symbols.written.pop(head.key)
        value = self._checked(self.objective_part, {}, objective.place)
        if head is not None and len(objective.sides) > 1:
            symbols.built[head.key] = value
        inequalities: list[Expr] = []
        equalities: list[Expr] = []
        for chain in self.constraints:
            self._constraint(chain, inequalities, equalities)
        self._leftovers({head.key} if head is not None else set())
        everything = [value, *inequalities, *equalities]
        system = System(
            len(lower), symbols.definitions(everything), value, tuple(inequalities), tuple(equalities)
        )
        try:
            compile_system(system)
        except ValueError as error:
            raise ProblemError(f"{self.source.name}: {error}") from None
        return LatexFile(system, lower, upper, self.max_evals)

    def _checked(self, part: Part, scope: Scope, place: Token) -> Expr:
        """A scalar tree that compiles; else the place of its statement is named."""
        try:
            value = Parser(self.symbols, part, scope).scalar()
            compile_system(System(self.symbols.dim, tuple(self.symbols.emitted), value))
        except ProblemError:
            raise
        except NeedsUnroll:
            raise self.source.error(
                place, "an index is used in a way that needs given numbers; write the terms out"
            ) from None
        except ValueError as error:
            raise self.source.error(place, f"{error}; correct the index or its range") from None
        return value

    def _constraint(self, chain: Chain, inequalities: list[Expr], equalities: list[Expr]) -> None:
        if "in" in chain.relations:
            raise self.source.error(
                chain.place, "membership of an expression is not supported; write it with \\le"
            )
        for scope in self.bounds.scopes(chain):
            for (left, right), relation in zip(
                zip(chain.sides, chain.sides[1:], strict=False), chain.relations, strict=True
            ):
                for a_part in left:
                    for b_part in right:
                        a, b = (
                            self._checked(a_part, scope, a_part[0]),
                            self._checked(b_part, scope, b_part[0]),
                        )
                        if not (self.symbols._changes(a) or self.symbols._changes(b)):
                            raise self.source.error(
                                a_part[0],
                                "no variable in this relation; expected a constraint on the variables",
                            )
                        if relation == ">=":
                            a, b = b, a
                        difference = a if b == Num(0) else -b if a == Num(0) else a - b
                        (equalities if relation == "=" else inequalities).append(difference)

    def _leftovers(self, used: set[str]) -> None:
        """Refuse definitions that depend on the variables and that nothing uses: a constraint may have lost its relation."""
        for key, entry in self.symbols.written.items():
            if (
                key not in {*self.symbols.built, *self.symbols.called, *used}
                and self.bounds.mentions_variables(entry.body)
                and not self.bounds.is_variable(entry.body)
            ):
                raise self.source.error(
                    entry.body[0],
                    f"{key!r} is defined but nothing uses it; end it with \\le 0 or = 0 if it is a constraint, or remove it",
                )
        for key, (_, _, body) in self.symbols.ranged.items():
            if key not in self.symbols.built and self.bounds.mentions_variables(body):
                raise self.source.error(
                    body[0], f"{key!r} is defined but nothing uses it; use it or remove it"
                )


def _is_number(part: Part) -> bool:
    return all(t.kind == "number" or t.text in ("-", "+") for t in part)


def _raw_scope(tokens: list[Token], marker: Token | None) -> Part:
    r"""The subscript of ``\min`` with its braces inside."""
    start = next(k for k, t in enumerate(tokens) if t is marker) + 1
    if tokens[start].text != "_":
        return []
    if tokens[start + 1].text != "{":
        return [tokens[start + 1]]
    depth = 0
    for place in range(start + 1, len(tokens)):
        depth += (tokens[place].text == "{") - (tokens[place].text == "}")
        if depth == 0:
            return tokens[start + 2 : place]
    return []
