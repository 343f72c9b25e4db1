r"""A problem FILE in LaTeX: objective, bounds, constraints, definitions and a budget, read into a ``System``.

Reading goes: tokens with places (``latex.lexer``), clauses and statements (``latex.clauses``,
``latex.statements``), the objective and the variables (``latex.objective``), then what each statement is: a
range, a bound, a definition, a constraint. Definitions are parsed when the objective or a constraint needs
them (``latex.symbols``, ``latex.parser``). What cannot be read is refused with its place, and so is a
statement about the variables that nothing uses: what was written in formulas is not lost silently. Prose is
read for the budget only; a sentence that may restrict or change the problem (``latex.judgement``) is refused,
or left out and told on request.
"""

from __future__ import annotations

from dataclasses import dataclass

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.expression import Item, lift
from llamoco.dataset_builder.problems.latex.bounds import Bounds
from llamoco.dataset_builder.problems.latex.budget import read_budget
from llamoco.dataset_builder.problems.latex.clauses import Clause, clauses
from llamoco.dataset_builder.problems.latex.constraints import Constraints
from llamoco.dataset_builder.problems.latex.judgement import LeftOut, left_out
from llamoco.dataset_builder.problems.latex.lexer import tokenize
from llamoco.dataset_builder.problems.latex.names import Head, Written, argument_names, read_head
from llamoco.dataset_builder.problems.latex.objective import find_variables, membership, objective_clause
from llamoco.dataset_builder.problems.latex.prose import Kinds, Sentence, sentences
from llamoco.dataset_builder.problems.latex.statements import Chain, chains
from llamoco.dataset_builder.problems.latex.symbols import SymbolTable
from llamoco.dataset_builder.problems.latex.text import Source
from llamoco.dataset_builder.problems.latex.tokens import Part, name_of, tuple_parts
from llamoco.dataset_builder.problems.latex.values import NeedsUnroll
from llamoco.dataset_builder.problems.system import System


@dataclass(frozen=True)
class LatexFile:
    """What a LaTeX file says: the problem in symbols, bounds (D,), the evaluation budget, and the prose left out."""

    system: System
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    max_evals: int
    left_out: tuple[str, ...] = ()


def read_latex(text: str, name: str, ignore_prose: bool = False) -> LatexFile:
    """Read a LaTeX description of a problem.

    Args:
        text: the file's content, a whole document or a part of one.
        name: the file's name, for messages.
        ignore_prose: go on where a sentence may restrict or change the problem, and list it as left out.

    Raises:
        ProblemError: the text cannot be read without guessing; the message names file, line and cure.
    """
    source = Source(text, name)
    try:
        return _Reader(source, ignore_prose).read()
    except NeedsUnroll:
        message = "an index is used in a way that needs given numbers; write the terms out"
        raise ProblemError(f"{name}: {message}") from None
    except RecursionError:
        message = "a formula is nested too deeply to be read; define parts of it by names"
        raise ProblemError(f"{name}: {message}") from None


class _Reader:
    def __init__(self, source: Source, ignore_prose: bool) -> None:
        self.source, self.ignore_prose = source, ignore_prose
        self.lexed = tokenize(source)
        self.tokens = self.lexed.tokens
        if not any(t.kind not in ("text", "break") for t in self.tokens):
            message = "no mathematics found; put formulas between $...$, \\[...\\] or in an align environment"
            raise source.error(0, message)
        self.clauses = clauses(source, self.tokens)
        self.symbols = SymbolTable(source, {t.text for t in self.tokens if t.kind == "name"})
        self.bounds = Bounds(self.symbols)
        self.constraints = Constraints(self.bounds)

    def read(self) -> LatexFile:
        """The problem.

        Raises:
            ProblemError: what cannot be read. Prose that may restrict the problem comes first: it may be why.
        """
        clause = objective_clause(self.source, self.tokens, self.clauses)
        find_variables(clause, self.tokens, self.clauses, self.bounds)
        max_evals, spans = read_budget(self.source)
        kinds = Kinds(self.bounds, clause)
        prose = sentences(self.source, self.lexed, self.clauses, kinds, spans)
        try:
            system, lower, upper = self._read(clause, spans)
        except (ProblemError, NeedsUnroll, RecursionError):
            self._leave_out(prose, 0)
            raise
        return LatexFile(system, lower, upper, max_evals, self._leave_out(prose, len(lower)))

    def _read(
        self, clause: Clause, spans: list[tuple[int, int]]
    ) -> tuple[System, tuple[float, ...], tuple[float, ...]]:
        """The system and the bounds."""
        found = chains(self.source, self.clauses, {self.symbols.vector, *self.symbols.aliases} - {""})
        objective = next((c for c in found if c.clause is clause), None)
        if objective is None:
            raise self.source.error(clause.groups[0][0][0], "expected the objective as f(x) = ...")
        rest = []
        for chain in found:
            if chain is objective or any(a <= chain.place.at < b for a, b in spans):
                continue
            if chain.relations and not self._on_solution(chain):
                rest.append(chain)
            elif not chain.relations and (chain.place.display or self._cut_off(chain, clause)):
                message = "a formula that is neither objective, bound, constraint nor definition"
                raise self.source.error(chain.place, f"{message}; expected a relation such as \\le 0 or =")
        part = self._objective(objective)
        heads: dict[str, bool] = {}  # whether a name has a definition that is more than a number
        for chain in rest:
            head = read_head(chain.sides[0][0]) if chain.relations[0] == "=" else None
            if head is not None:
                heads[head.key] = heads.get(head.key, False) or not _is_number(chain.sides[1][0])
        others = [c for c in rest if not self._define(c, heads)]
        for base, (letter, _, body) in self.symbols.templates.items():
            if self.symbols.family(base):
                message = (
                    f"{base}_{letter} is defined for any {letter}, and for given ones; remove one of them"
                )
                raise self.source.error(body[0], message)
        constraints = [c for c in [*membership(clause, self.tokens), *others] if not self.bounds.take(c)]
        lower, upper = self.bounds.finish()
        return self._system(objective, part, constraints), lower, upper

    def _leave_out(self, prose: list[Sentence], dim: int) -> tuple[str, ...]:
        """The sentences that may restrict or change the problem, with their lines.

        Raises:
            ProblemError: if there is one and it is not to be ignored.
        """
        numbers = {t.text for t in self.tokens if t.kind == "number"}
        found = left_out(self.source, prose, self.lexed.formulas, numbers, dim)
        if found and not self.ignore_prose:
            raise self.source.error(found[0].at, self._refusal(found)) from None
        return tuple(f"line {self.source.line(s.at)}: {s.quoted}" for s in found)

    def _refusal(self, found: list[LeftOut]) -> str:
        others = sorted({self.source.line(s.at) for s in found[1:]})
        more = (
            f"; so may prose on line{'s' * (len(others) > 1)} {', '.join(map(str, others))}" if others else ""
        )
        return (
            f"prose is not read, and this sentence may restrict or change the problem ({found[0].reason}): "
            f'"{found[0].quoted}"; write it as a formula, as in $x_1 + x_2 \\le 3$, or delete it, '
            f"or leave it out with --ignore-prose{more}"
        )

    def _cut_off(self, chain: Chain, objective: Clause) -> bool:
        """Whether a comma (a decimal one, or one of a list) or a dollar cut a formula off from its statement."""
        part = chain.sides[0][0]
        if chain.place.text in ("+", "*", "times", "/") or (
            chain.place.text == "-" and self.bounds.mentions_variables(part)
        ):
            return True
        names = name_of(part) is not None or chain.place.text == "\\dots"
        return chain.clause is objective or (bool(chain.clause.relations) and not names)

    def _on_solution(self, chain: Chain) -> bool:
        r"""Whether a statement is about the solution: ``x^* = ...``, ``f(x^\star) = 0``, ``f(0, 0) = 0``."""
        text = " ".join(t.text for t in chain.sides[0][0])
        head = read_head(chain.sides[0][0])
        if head is not None and head.arguments and chain.relations == ["="]:
            numbers = all(_is_number(p) or p[0].text == "\\dots" for p in head.arguments)
            if numbers and _is_number(chain.sides[1][0]) and head.base not in self.symbols.aliases:
                return True
        return any(mark in text for mark in ("^ *", "^ \\star", "^ { *", "^ { \\star"))

    # Definitions

    def _objective(self, chain: Chain) -> Part:
        """The tokens of the objective's expression; its name is written down."""
        if len(chain.sides) == 1:
            return chain.sides[0][0]
        head = read_head(chain.sides[0][0])
        if chain.relations != ["="] or head is None:
            message = "expected the objective as f(x) = ..., one expression without an inequality"
            raise self.source.error(chain.place, message)
        self.symbols.written[head.key] = Written(None, chain.sides[1][0], {})
        return chain.sides[1][0]

    def _define(self, chain: Chain, heads: dict[str, bool]) -> bool:
        """Take a chain's definitions; True if nothing else is left of it."""
        while chain.relations and chain.relations[0] == "=" and len(chain.sides[0]) == 1:
            part, body = chain.sides[0][0], chain.sides[1][0]
            head = read_head(part)
            if head is None:
                return False
            if head.arguments is None and self.bounds.is_variable(part):
                if not self._name_variable(head, part, body, heads):
                    return False
                del chain.sides[1], chain.relations[0]  # x = (x_1, x_2) may go on: \in [0, 1]^2
                return not chain.relations
            if len(chain.sides) == 2 and _is_number(body):
                family = any(
                    k.startswith(head.base + "_") and k[len(head.base) + 1 :].isdigit() for k in heads
                )
                if heads.get(head.key) or (head.subscript and chain.bindings and family):
                    return False  # h(x) = 0, or h_j(x) = 0 for j = 1, ..., m, where h is defined elsewhere
            if len(chain.sides[1]) > 1:
                message = "a list where one expression is expected; put the entries into brackets"
                raise self.source.error(body[0], message)
            self._write(head, body, chain)
            chain.labelled = head.arguments is not None
            chain.sides, chain.relations = chain.sides[1:], chain.relations[1:]
            if chain.relations:
                self._label(head, chain)
        return not chain.relations

    def _name_variable(self, head: Head, part: Part, body: Part, heads: dict[str, bool]) -> bool:
        """Take ``x = (h, l, t, b)`` or ``x_1 = h``, which name variables; False for other equations."""
        if head.subscript is None and head.base == self.symbols.vector and tuple_parts(body):
            return argument_names(tuple_parts(body)) is not None
        other = read_head(body)
        new = other is not None and other.arguments is None and other.key not in heads
        if other is None or not new or self.bounds.is_variable(body):
            return False
        self.symbols.aliases[other.key] = Item("x", lift(self.bounds.number_of(part, {}) or 1))
        return True

    def _label(self, head: Head, chain: Chain) -> None:
        """A name in front of a constraint, ``g_1(x) = ... <= 0``, counts as used."""
        second = chain.relations[0] == "=" and not _is_number(chain.sides[1][0])
        if second and read_head(chain.sides[0][0]) is None:
            message = f"a second expression for {head.key!r}; if this is an equality, write it as ... = 0"
            raise self.source.error(chain.sides[1][0][0], message)
        numbered = head.base + "_"
        self.symbols.called |= {k for k in self.symbols.written if k == head.key or k.startswith(numbered)}

    def _write(self, head: Head, body: Part, chain: Chain) -> None:
        """Write a definition down, to be built when it is used."""
        symbols, bindings = self.symbols, chain.bindings
        formals = None if head.arguments is None else argument_names(head.arguments)
        if head.arguments is not None and formals is None:
            raise self.source.error(head.arguments[0][0], "expected names as arguments of a definition")
        index = head.subscript[0].text if head.subscript is not None and len(head.subscript) == 1 else ""
        numbered = [k for k in symbols.written if k.startswith(head.base + "_")]
        known = head.base in symbols.ranged or any(k[len(head.base) + 1 :].isdigit() for k in numbered)
        if index in bindings and (formals is not None or known):
            symbols.write_out(head.base, index, symbols.integers(bindings[index], {}), formals, body)
        elif index in bindings:
            symbols.ranged[head.base] = (index, bindings[index], body)
            return
        elif formals is not None and index in tuple("ijklm"):
            if head.base in symbols.templates:
                raise self.source.error(body[0], f"{head.key!r} is defined a second time; rename one of them")
            symbols.templates[head.base] = (index, formals, body)  # f_k(x) = ... for any k
            return
        else:
            symbols.write(head.key, Written(formals, body, {}))
        if head.base in symbols.ranged:  # z_i = ... for some i, and z_n = ...: entry by entry
            first, bound, earlier = symbols.ranged.pop(head.base)
            symbols.write_out(head.base, first, symbols.integers(bound, {}), None, earlier)

    # The system

    def _system(self, objective: Chain, part: Part, constraints: list[Chain]) -> System:
        symbols = self.symbols
        head = read_head(objective.sides[0][0])
        named = len(objective.sides) > 1 and head is not None
        if named and head is not None:
            del symbols.written[head.key]
        value = self.constraints.expression(part, {}, objective.place)
        if named and head is not None:
            symbols.built[head.key] = value
        elif head is not None:
            symbols.called.add(head.key)
        for chain in constraints:
            self.constraints.add(chain)
        self._refuse_leftovers()
        inequalities, equalities = self.constraints.inequalities, self.constraints.equalities
        definitions = symbols.definitions([value, *inequalities, *equalities])
        return System(symbols.dim, definitions, value, tuple(inequalities), tuple(equalities))

    def _refuse_leftovers(self) -> None:
        """Refuse definitions in the variables that nothing uses: a relation may be missing."""
        bodies = {key: entry.body for key, entry in self.symbols.written.items()}
        bodies |= {key: entry[2] for key, entry in (self.symbols.ranged | self.symbols.templates).items()}
        for key, body in bodies.items():
            used = key in self.symbols.built or key in self.symbols.called
            used = used or (key in self.symbols.templates and bool(self.symbols.family(key)))
            if not used and self.bounds.depends(body) and not self.bounds.is_variable(body):
                message = f"{key!r} is defined but nothing uses it; end it with \\le 0 or = 0"
                raise self.source.error(body[0], f"{message} if it is a constraint, or remove it")


def _is_number(part: Part) -> bool:
    return all(t.kind == "number" or t.text in ("-", "+") for t in part)
