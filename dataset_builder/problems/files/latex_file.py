r"""Reader of problem files in LaTeX: objective, bounds, constraints, definitions and budget become a ``SymbolicProblem``.

The package ``latex`` lists the stages. Input that cannot be read is refused with its place, and so is a statement about
the variables that nothing uses: nothing that is written in formulas is lost silently. Prose is read for the budget only; a
sentence that may restrict or change the problem is refused, or on request left out and reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.files.latex.formulas.declarations import Declaration, read_head
from llamoco.dataset_builder.problems.files.latex.formulas.values import NeedsUnroll
from llamoco.dataset_builder.problems.files.latex.lexing.lexer import tokenize
from llamoco.dataset_builder.problems.files.latex.lexing.source import LatexSource
from llamoco.dataset_builder.problems.files.latex.lexing.tokens import Tokens, name_of
from llamoco.dataset_builder.problems.files.latex.model.asides import (
    is_quantity,
    refuse_solution,
    refuse_tables,
    split_tuples,
    unrelated_quantities,
)
from llamoco.dataset_builder.problems.files.latex.model.bounds import Bounds
from llamoco.dataset_builder.problems.files.latex.model.budget import read_budget
from llamoco.dataset_builder.problems.files.latex.model.constraints import Constraints
from llamoco.dataset_builder.problems.files.latex.model.definitions import Definitions, is_number
from llamoco.dataset_builder.problems.files.latex.model.dimensions import DimensionInference
from llamoco.dataset_builder.problems.files.latex.model.missing_bounds import refuse_missing_bounds
from llamoco.dataset_builder.problems.files.latex.model.objective import find_goal, membership
from llamoco.dataset_builder.problems.files.latex.model.starting_point import (
    Start,
    bare_start,
    start_point,
    take_starts,
)
from llamoco.dataset_builder.problems.files.latex.model.variables import find_variables
from llamoco.dataset_builder.problems.files.latex.prose.judgement import (
    SuspiciousSentence,
    suspicious_sentences,
)
from llamoco.dataset_builder.problems.files.latex.prose.sentences import FormulaKinds, Sentence, sentences
from llamoco.dataset_builder.problems.files.latex.statements.chains import Chain, chains
from llamoco.dataset_builder.problems.files.latex.statements.clauses import Clause, clauses
from llamoco.dataset_builder.problems.files.latex.statements.index_letters import index_letters, last_indices
from llamoco.dataset_builder.problems.files.latex.symbols.symbol_table import SymbolTable
from llamoco.dataset_builder.problems.symbolic.expression import Expr, Neg
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import SymbolicProblem

_INF = float("inf")
_ASIDE = re.compile(
    r"\b(?:lagrangian|lagrange function|hessian|gradients?|derivatives?|kkt|stationarity)\b[^.;]*$"
)


@dataclass(frozen=True)
class LatexFile:
    """Content of a LaTeX file.

    Attributes:
        system: the problem in symbols, to be minimised.
        lower, upper: bounds of its A variables; infinite where none is stated.
        max_evals: the evaluation budget; None if none is stated.
        left_out: the prose that was left out on request.
        maximize: whether the file maximises; the system's objective is the negative of the file's then.
        x0: the starting point (A,); None if none is stated.
        integer: places (0-based) of variables that are whole numbers.
        step: steps (A,) of the variables, 0 where there is none; empty if there are none.
        names: of the variables, as the file has them.
        notes: what to tell the person of how the file was understood.
    """

    system: SymbolicProblem
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    max_evals: int | None
    left_out: tuple[str, ...] = ()
    maximize: bool = False
    x0: tuple[float, ...] | None = None
    integer: tuple[int, ...] = ()
    step: tuple[float, ...] = ()
    names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def objective(self) -> Expr:
        """The file's objective, in the sign that it has there."""
        value = self.system.objective
        return value.arg if self.maximize and isinstance(value, Neg) else value


def read_latex(text: str, name: str, ignore_prose: bool = False) -> LatexFile:
    """Read a LaTeX description of a problem.

    Args:
        text: the file's content, a whole document or a part of one.
        name: the file's name, for messages.
        ignore_prose: go on where a sentence may restrict or change the problem, and list it as left out.

    Raises:
        ProblemError: the text cannot be read without guessing; the message names file, line and cure.
    """
    source = LatexSource(text, name)
    try:
        return _Reader(source, ignore_prose).read()
    except NeedsUnroll:
        message = "this use of an index needs explicit numbers; write the terms out"
        raise ProblemError(f"{name}: {message}") from None
    except RecursionError:
        message = "a formula is nested too deeply to be read; define parts of it separately"
        raise ProblemError(f"{name}: {message}") from None


class _Reader:
    def __init__(self, source: LatexSource, ignore_prose: bool) -> None:
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
        self.unused: list[str] = []  # definitions that nothing uses
        self.beside: list[str] = []  # quantities in equations that are not about the variables

    def read(self) -> LatexFile:
        """The problem.

        Raises:
            ProblemError: what cannot be read. Prose that may restrict the problem comes first: it may be why.
        """
        goal = find_goal(self.source, self.tokens, self.clauses)
        clause = goal.clause
        self.letters = index_letters(self.tokens, self.clauses)
        self.symbols.letters = self.letters | last_indices(self.clauses)
        self.declared = find_variables(clause, self.tokens, self.clauses, self.bounds)
        self.bounds.named = self.declared.named
        max_evals, spans = read_budget(self.source)
        kinds = FormulaKinds(self.bounds, clause, self.clauses)
        prose = sentences(self.source, self.lexed, self.clauses, kinds, spans, goal.maximize)
        try:
            read = self._read(clause, spans)
        except (ProblemError, NeedsUnroll, RecursionError):
            self._leave_out(prose, 0)
            raise
        read = replace(read, max_evals=max_evals, left_out=self._leave_out(prose, len(read.lower)))
        if not goal.maximize:
            return read
        system = replace(read.system, objective=-read.system.objective)
        return replace(read, system=system, maximize=True)

    def _read(self, clause: Clause, spans: list[tuple[int, int]]) -> LatexFile:
        """Everything but the budget; the objective as the file has it."""
        symbols = self.symbols
        names = {symbols.vector, *symbols.aliases, *symbols.families} - {""}
        found = chains(self.source, self.clauses, names)
        objective = next((c for c in found if c.clause is clause), None)
        if objective is None:
            raise self.source.error(clause.groups[0][0][0], "expected the objective as f(x) = ...")
        rest: list[Chain] = []
        given: list[Start] = []
        alone: list[Chain] = []
        for chain in found:
            if chain is objective or any(a <= chain.place.at < b for a, b in spans):
                continue
            if any(chain.clause is said for said in self.declared.said):
                continue
            if _ASIDE.search(chain.clause.words) and chain.relations == ["="]:
                continue  # the Lagrangian, a gradient: not the problem
            start = bare_start(chain)
            if start is not None:
                given.append(start)
            elif chain.relations and not self._on_solution(chain):
                rest.append(chain)
            elif not chain.relations and (chain.place.display or self._cut_off(chain, clause)):
                message = "this formula is neither objective, bound, constraint nor definition"
                raise self.source.error(chain.place, f"{message}; expected a relation such as \\le 0 or =")
            elif not chain.relations and len(chain.sides[0]) == 1:
                alone.append(chain)
        part = self._objective(objective)
        rest, starts = take_starts(rest, self.bounds, self.tokens)
        starts += given
        rest = [each for chain in rest for each in split_tuples(chain, self.bounds)]
        definitions = Definitions(self.bounds, self.letters)
        inference = DimensionInference(self.bounds, self.declared, self.letters, self.tokens)
        rest = [*membership(clause, self.tokens), *rest]
        inference.pin(rest)
        definitions.survey(rest)
        others = [c for c in rest if not definitions.take(c)]
        refuse_tables(others, self.bounds, self.lexed.tables)
        self.models = definitions.models
        for base, (letter, _, body) in symbols.templates.items():
            if symbols.family(base):
                message = (
                    f"{base}_{letter} is defined for any {letter}, and for given ones; remove one of them"
                )
                raise self.source.error(body[0], message)
        aside = [quantities for c in others if (quantities := unrelated_quantities(c, self.bounds))]
        self.beside = [name for quantities in aside for name in quantities]
        others = [c for c in others if not unrelated_quantities(c, self.bounds)]
        others = inference.settle(part, others)
        refuse_solution(others, self.bounds)
        constraints = [c for c in others if not self.bounds.take(c)]
        for chain in alone:
            self.bounds.take_box(chain.sides[0][0], chain.place)
        lower, upper = self.bounds.finish()
        system = self._system(objective, part, constraints)
        refuse_missing_bounds(self.source, self.tokens, self.symbols, lower, upper)
        return LatexFile(
            system,
            lower,
            upper,
            None,
            x0=start_point(starts, self.bounds),
            integer=self.bounds.whole_numbers(),
            step=self.bounds.steps(),
            names=symbols.variable_names,
            notes=tuple(self._notes(lower, upper)),
        )

    def _notes(self, lower: tuple[float, ...], upper: tuple[float, ...]) -> Iterator[str]:
        """Notes to the person."""
        symbols = self.symbols
        names = symbols.variable_names
        if self.declared.bounded and symbols.vector != "x":
            yield f"the variables are {_listed(names)}, by their bounds; the file does not name them"
        for base in symbols.recurrences:
            yield f"{base} follows from its recursion and is not a variable"
        open_sides = [n for n, a, b in zip(names, lower, upper, strict=True) if not (a > -_INF and b < _INF)]
        if open_sides:
            yield f"not bounded on both sides: {_listed(open_sides)}"
        for name in self.models:
            yield f"the formula of {name} is taken as a model of its data"
        if self.beside:
            yield f"an equation of {_listed(self.beside)} is ignored: it does not involve the variables"
        if self.unused:
            yield f"nothing uses {_listed(self.unused)}"
        if self.lexed.units:
            yield f"units are ignored and numbers taken as written: {', '.join(sorted(self.lexed.units))}"

    def _leave_out(self, prose: list[Sentence], dim: int) -> tuple[str, ...]:
        """The sentences that may restrict or change the problem, with their lines.

        Raises:
            ProblemError: if there is one and it is not to be ignored.
        """
        numbers = {t.text for t in self.tokens if t.kind == "number"}
        found = suspicious_sentences(self.source, prose, self.lexed.formulas, numbers, dim)
        if found and not self.ignore_prose:
            raise self.source.error(found[0].at, self._refusal(found)) from None
        return tuple(f"line {self.source.line(s.at)}: {s.quoted}" for s in found)

    def _refusal(self, found: list[SuspiciousSentence]) -> str:
        others = sorted({self.source.line(s.at) for s in found[1:]})
        more = (
            f"; so may prose on line{'s' * (len(others) > 1)} {', '.join(map(str, others))}" if others else ""
        )
        return (
            f"prose is not read, but this sentence may restrict or change the problem ({found[0].reason}): "
            f'"{found[0].quoted}"; write it as a formula, as in $x_1 + x_2 \\le 3$, or delete it, '
            f"or ignore it with --ignore-prose{more}"
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
            numbers = all(is_number(p) or p[0].text == "\\dots" for p in head.arguments)
            if numbers and is_number(chain.sides[1][0]) and head.base not in self.symbols.aliases:
                return True
        return any(mark in text for mark in ("^ *", "^ \\star", "^ { *", "^ { \\star"))

    def _objective(self, chain: Chain) -> Tokens:
        """The tokens of the objective's expression; its name is written down."""
        if len(chain.sides) == 1:
            return chain.sides[0][0]
        head = read_head(chain.sides[0][0])
        if chain.relations != ["="] or head is None:
            message = "expected the objective as f(x) = ..., one expression without an inequality"
            raise self.source.error(chain.place, message)
        self.symbols.written[head.key] = Declaration(None, chain.sides[1][0], {})
        return chain.sides[1][0]

    # The system

    def _system(self, objective: Chain, part: Tokens, constraints: list[Chain]) -> SymbolicProblem:
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
        definitions = symbols.emitter.definitions([value, *inequalities, *equalities])
        return SymbolicProblem(symbols.dim, definitions, value, tuple(inequalities), tuple(equalities))

    def _refuse_leftovers(self) -> None:
        """Refuse definitions in the variables that nothing uses: a relation may be missing."""
        bodies = {key: entry.body for key, entry in self.symbols.written.items()}
        bodies |= {key: entry[2] for key, entry in (self.symbols.ranged | self.symbols.templates).items()}
        bodies |= {key: entry[1] for key, entry in self.symbols.anywhere.items()}
        for key, body in bodies.items():
            used = key in self.symbols.built or key in self.symbols.called
            used = used or (key in self.symbols.templates and bool(self.symbols.family(key)))
            if not used and self.bounds.depends(body) and not self.bounds.is_variable(body):
                if is_quantity(key, self.symbols):
                    self.unused.append(key)
                    continue
                message = f"{key!r} is defined but nothing uses it; end it with \\le 0 or = 0"
                raise self.source.error(body[0], f"{message} if it is a constraint, or remove it")


def _listed(names: Sequence[str]) -> str:
    """A few of the names."""
    return ", ".join(names) if len(names) < 7 else f"{', '.join(names[:3])}, ..., {names[-1]}"
