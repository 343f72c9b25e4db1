"""A continuous optimization problem (paper, Eq. 1): min f(x), g(x) <= 0, h(x) = 0, lower <= x <= upper, within a budget."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np

from llamoco.dataset_builder.problems.adaptation import Adaptation
from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.evaluator import PointEvaluator
from llamoco.dataset_builder.problems.evaluators import ProblemEvaluator, SourceEvaluator
from llamoco.dataset_builder.problems.merit import EQUALITY_TOLERANCE, INEQUALITY_TOLERANCE
from llamoco.dataset_builder.problems.problem_fields import FIELDS, FORMAT_VERSION, problem_record
from llamoco.dataset_builder.problems.profiling.operation_profile import OperationProfile
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import SymbolicProblem
from llamoco.dataset_builder.problems.symbolic_evaluator import SymbolicEvaluator

Kind = Literal["synthetic", "source", "described"]


class Evaluation(NamedTuple):
    """Values of N points: f (N,), g (N, Mg), h (N, Mh). Raw: non-finite values are possible."""

    f: np.ndarray
    g: np.ndarray
    h: np.ndarray


@dataclass(frozen=True)
class Problem:
    """A problem, self-contained: everything that defines it is in ``definition``.

    Attributes:
        id: unique name.
        kind: "synthetic" (``definition`` is a drawn construction, see ``composition``), "source"
            (``definition["python"]`` or ``definition["latex"]`` is a person's text ("left_out" lists prose ignored on request), and their Python is executed where
            values are asked for) or "described" (nothing here can be executed, see ``described.DescribedProblem``).
        lower, upper: bounds (D,), as tuples of floats.
        max_evals: evaluation budget, points.
        n_inequality, n_equality: numbers of constraints Mg and Mh.
        definition: what defines it, JSON.
        f0: reference for "nothing gained": see ``provenance["f0"]``. None if unknown.
        f_star: best known feasible objective value, see ``provenance["f_star"]``. None if unknown.
        feasible_point: a certified feasible point (constrained synthetic problems).
        provenance: where f0 and f_star come from.
        evaluator: source of the values; None: made from ``definition`` (see ``active_evaluator``). Not part of the JSON.
        start_evaluated: whether the person's starting point has been evaluated before. Not part of the JSON.
        given_start: a starting point (D,) in place of the person's, see ``with_start``. Not part of the JSON.
        start_values: values there, if they are known: then they cost no evaluation. Not part of the JSON.
        probes_first: whether a run begins with probes of the landscape, on which the choice of its program rests. Not part of the JSON.
    """

    id: str
    kind: Kind
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    max_evals: int
    n_inequality: int
    n_equality: int
    definition: dict[str, Any]
    f0: float | None = None
    f_star: float | None = None
    feasible_point: tuple[float, ...] | None = None
    provenance: dict[str, str] = field(default_factory=dict)
    evaluator: ProblemEvaluator | None = field(default=None, repr=False, compare=False)
    start_evaluated: bool = field(default=False, repr=False, compare=False)
    given_start: tuple[float, ...] | None = field(default=None, repr=False, compare=False)
    start_values: Evaluation | None = field(default=None, repr=False, compare=False)
    probes_first: bool = field(default=False, repr=False)

    @property
    def language(self) -> str:
        """The language of the person's text: "python" or "latex"."""
        return "latex" if "latex" in self.definition else "python"

    @property
    def description(self) -> str:
        """The person's text.

        Raises:
            ProblemError: if this problem was not read from one.
        """
        if self.kind != "source":
            raise ProblemError(
                f"problem {self.id} is of kind {self.kind!r}: it does not hold a person's text"
            )
        return str(self.definition[self.language])

    @property
    def ignores_prose(self) -> bool:
        """True if LaTeX is read without the prose that may restrict the problem, as its owner asked."""
        return "left_out" in self.definition

    @property
    def dim(self) -> int:
        """Number of variables D."""
        return len(self.lower)

    @property
    def constrained(self) -> bool:
        """True if there are constraints other than the bounds."""
        return self.n_inequality + self.n_equality > 0

    @cached_property
    def lower_array(self) -> np.ndarray:
        """Lower bounds (D,)."""
        return np.array(self.lower)

    @cached_property
    def upper_array(self) -> np.ndarray:
        """Upper bounds (D,)."""
        return np.array(self.upper)

    @cached_property
    def system(self) -> SymbolicProblem:
        """The symbolic form of a synthetic problem."""
        if self.kind != "synthetic":
            raise ProblemError(
                f"problem {self.id} is of kind {self.kind!r}: only synthetic problems have a symbolic form"
            )
        from llamoco.dataset_builder.problems.symbolic.composition import build_symbolic_problem

        return build_symbolic_problem(self.definition, self.dim)

    @cached_property
    def active_evaluator(self) -> ProblemEvaluator:
        """``evaluator``, or the one that ``definition`` gives. A person's Python is executed at the first question to it, not here."""
        if self.evaluator is not None:
            return self.evaluator
        if self.kind == "synthetic":
            if not self.definition.get("variables"):
                return SymbolicEvaluator(lambda: self.system, self.lower, self.upper)
            from llamoco.dataset_builder.problems.symbolic.variable_kinds import variables_of

            own, variables = variables_of(self.definition, self.lower, self.upper)
            lower, upper = tuple(own.lower.tolist()), tuple(own.upper.tolist())
            return SymbolicEvaluator(lambda: self.system, lower, upper, variables)
        text = self.description  # other kinds have none, so nothing of theirs is executed
        # What reads the one language is not loaded for the other: it takes a tenth of a second.
        if self.language == "latex":
            from llamoco.dataset_builder.problems.files.latex_evaluator import LatexEvaluator
            from llamoco.dataset_builder.problems.files.latex_file import read_latex

            return LatexEvaluator(lambda: read_latex(text, self.id, self.ignores_prose))
        from llamoco.dataset_builder.problems.files.python_file import load_python

        return SourceEvaluator(lambda: load_python(text, self.id))

    @property
    def profile(self) -> OperationProfile | None:
        """Operations done on the variables; None where they cannot be traced. A person's Python is executed."""
        return self.active_evaluator.profile

    @property
    def trace_obstacle(self) -> str | None:
        """The reason why ``profile`` is None: the part of a person's Python that cannot be traced; None if it can be, or is not here."""
        return self.active_evaluator.trace_obstacle

    @property
    def warnings(self) -> list[str]:
        """Messages to the person about how their problem was read."""
        return self.active_evaluator.warnings

    @property
    def maximize(self) -> bool:
        """True if the person maximises: their objective is the negative of f here."""
        return self.active_evaluator.maximize

    @property
    def start(self) -> np.ndarray | None:
        """The starting point (D,), which is to be evaluated first: ``given_start``, or the person's; None if there is none, or it has been."""
        if self.start_evaluated:
            return None
        return self.active_evaluator.start if self.given_start is None else np.array(self.given_start)

    @property
    def has_start(self) -> bool:
        """True if the person gave a starting point, whether it has been evaluated or not."""
        return self.active_evaluator.start is not None

    @property
    def variable_kinds(self) -> tuple[int, int]:
        """Numbers of the variables that take whole numbers, and of those that take other steps; the others are continuous."""
        variables = self.active_evaluator.variable_map
        return (0, 0) if variables is None else variables.kinds

    @property
    def tolerance(self) -> float | None:
        """The improvement of f below which the person's search may end; None for none."""
        return self.active_evaluator.tolerance

    @property
    def time_limit(self) -> float | None:
        """Time limit of the person's search in seconds; None for no limit."""
        return self.active_evaluator.time_limit

    @property
    def adaptation(self) -> Adaptation | None:
        """Lines that a program needs to state the problem; None where its names alone state it."""
        return self.active_evaluator.adaptation

    def to_original(self, x: np.ndarray) -> np.ndarray:
        """The person's own variables (..., A) at points (..., D) of the search box."""
        return self.active_evaluator.to_original(x)

    def with_budget(self, max_evals: int, start_evaluated: bool = False) -> Problem:
        """The same problem with another budget, evaluated by the same; a person's Python is not executed again.

        Args:
            max_evals: the budget.
            start_evaluated: whether the starting point has been evaluated.
        """
        return replace(
            self,
            max_evals=max_evals,
            evaluator=self.active_evaluator,
            start_evaluated=self.start_evaluated or start_evaluated,
        )

    def with_start(self, x: np.ndarray, values: Evaluation | None = None) -> Problem:
        """The same problem, evaluated by the same, with a starting point x (D,) of its box in place of the person's.

        Args:
            x: the point.
            values: there, as of one point; None if they are not known.
        """
        return replace(
            self,
            evaluator=self.active_evaluator,
            given_start=tuple(x.tolist()),
            start_values=values,
            start_evaluated=False,
        )

    def with_evaluator(self, evaluator: ProblemEvaluator) -> Problem:
        """The same problem with another evaluator, or with a wrapper of its own."""
        return replace(self, evaluator=evaluator)

    def point_evaluator(self) -> PointEvaluator | None:
        """A fast evaluator of points of the compiled formulas; None where values come from elsewhere."""
        compiled = self.active_evaluator.compiled
        if compiled is None:
            return None
        tolerances = (INEQUALITY_TOLERANCE, EQUALITY_TOLERANCE)
        return compiled.point_evaluator(self.lower_array, self.upper_array, tolerances)

    def evaluate(self, x: np.ndarray) -> Evaluation:
        """Evaluate points.

        Args:
            x: points (N, D).
        """
        return Evaluation(*self.active_evaluator.evaluate(np.ascontiguousarray(x, dtype=float)))

    def feasible(self, values: Evaluation) -> np.ndarray:
        """Mask (N,) of the points that satisfy all constraints within the tolerances and have a finite objective."""
        with np.errstate(invalid="ignore"):
            inequalities = (values.g <= INEQUALITY_TOLERANCE).all(axis=1)
            equalities = (np.abs(values.h) <= EQUALITY_TOLERANCE).all(axis=1)
        return np.asarray(inequalities & equalities & np.isfinite(values.f))

    def total_violation(self, values: Evaluation) -> np.ndarray:
        """The sum of all violations of N points (N,), of equalities beyond their tolerance: a landscape feature. Points are compared
        by their largest violation, see ``merit``."""
        broken = np.maximum(values.g, 0).sum(axis=1)
        broken += np.maximum(np.abs(values.h) - EQUALITY_TOLERANCE, 0).sum(axis=1)
        return np.asarray(broken)

    def inside(self, x: np.ndarray) -> np.ndarray:
        """Mask (N,) of the points (N, D) that lie within the bounds."""
        with np.errstate(invalid="ignore"):
            return np.asarray(((x >= self.lower_array) & (x <= self.upper_array)).all(axis=1))

    def to_json(self) -> str:
        """One line of JSON, the same for the same problem."""
        record = {"format": FORMAT_VERSION} | {name: getattr(self, name) for name in FIELDS}
        return json.dumps(record, separators=(",", ":"))

    def __getstate__(self) -> dict[str, Any]:
        """State for a pickle: what defines the problem, without its evaluator."""
        return {one.name: getattr(self, one.name) for one in fields(self)} | {"evaluator": None}

    @classmethod
    def from_json(cls, text: str | dict[str, Any]) -> Problem:
        """Read what ``to_json`` wrote. Types of fields are checked by ``problem_fields.checked_fields``.

        Raises:
            ProblemError: if the text is not JSON, of another format version, or a field is missing or unknown.
        """
        record = problem_record(text)
        for name in ("lower", "upper", "feasible_point"):
            if record.get(name) is not None:
                record[name] = tuple(float(v) for v in record[name])
        return cls(**record)
