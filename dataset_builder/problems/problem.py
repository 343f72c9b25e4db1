"""A continuous optimization problem (paper, Eq. 1): min f(x), g(x) <= 0, h(x) = 0, lower <= x <= upper, within a budget."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np

from llamoco.dataset_builder.problems.compile import CompiledSystem, Requests, compile_system
from llamoco.dataset_builder.problems.definition import build_system
from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.latex_file import LatexFile, read_latex
from llamoco.dataset_builder.problems.problem_fields import FIELDS, FORMAT_VERSION, problem_record
from llamoco.dataset_builder.problems.python_file import PythonFile, load_python
from llamoco.dataset_builder.problems.structure import Structure
from llamoco.dataset_builder.problems.system import System
from llamoco.dataset_builder.problems.system_structure import structure_of_system

INEQUALITY_TOLERANCE = 1e-6
EQUALITY_TOLERANCE = 1e-4

Evaluator = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]
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
        kind: "synthetic" (``definition`` is a drawn construction, see ``definition.build_system``), "source"
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
        """Whether LaTeX is read without the prose that may restrict the problem, as its owner asked for."""
        return "left_out" in self.definition

    @property
    def dim(self) -> int:
        """Number of variables D."""
        return len(self.lower)

    @property
    def constrained(self) -> bool:
        """Whether there is any constraint beside the bounds."""
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
    def system(self) -> System:
        """The symbolic form of a synthetic problem."""
        if self.kind != "synthetic":
            raise ProblemError(
                f"problem {self.id} is of kind {self.kind!r}: only synthetic problems have a symbolic form"
            )
        return build_system(self.definition, self.dim)

    @cached_property
    def _evaluator(self) -> Evaluator:
        if self.kind == "synthetic":
            return compile_system(self.system)
        if self.language == "latex":
            return compile_system(self._latex.system)
        return self._python_file.evaluate

    @cached_property
    def _latex(self) -> LatexFile:
        return read_latex(self.description, self.id, self.ignores_prose)

    @cached_property
    def _python_file(self) -> PythonFile:
        """A person's Python, executed. The only way from a problem to ``load_python``; ``description`` refuses other kinds."""
        return load_python(self.description, self.id)

    @cached_property
    def structure(self) -> Structure | None:
        """Which operations the problem does on its variables; None where that cannot be known. A person's Python is executed."""
        if self.kind == "synthetic":
            return structure_of_system(self.system, self.lower, self.upper)
        if self.kind == "described":
            return None
        if self.language == "latex":
            return structure_of_system(self._latex.system, self.lower, self.upper)
        return self._python_file.structure()

    @property
    def _own_python(self) -> PythonFile | None:
        """The file of a person's own Python problem, which is executed for it if it was not yet."""
        return self._python_file if self.kind == "source" and "python" in self.definition else None

    @property
    def unfollowed(self) -> str | None:
        """Why ``structure`` is None: what of a person's Python cannot be followed; None if it can, or is not here to be asked."""
        own = self._own_python
        return own.trace.obstacle if own else None

    @property
    def warnings(self) -> list[str]:
        """What to tell the person whose Python defines the problem (see ``PythonFile``)."""
        own = self._own_python
        return own.warnings if own else []

    @property
    def adapted_sizes(self) -> tuple[int, int, int] | None:
        """How many numbers objective, inequality and equality give, where a program has to adapt a person's Python; None elsewhere."""
        own = self._own_python
        return None if own is None or own.plain else (1, self.n_inequality, self.n_equality)

    def full(self, x: np.ndarray) -> np.ndarray:
        """Points (..., D) as a person's own functions see them, with the variables whose bounds are equal: (..., A)."""
        own = self._own_python
        return own.full(x) if own else x

    def within(self, max_evals: int) -> Problem:
        """The same problem with another budget; a person's Python is not executed again."""
        other = replace(self, max_evals=max_evals)
        if self.kind == "source":
            self._evaluator  # noqa: B018  (made once, for both)
        made = ("_evaluator", "_python_file", "structure")
        other.__dict__.update({name: self.__dict__[name] for name in made if name in self.__dict__})
        return other

    def requests(self) -> Requests | None:
        """A way to evaluate points fast and tell the best (see ``Requests``); None for a problem given by a person's Python."""
        if not isinstance(self._evaluator, CompiledSystem):
            return None
        tolerances = (INEQUALITY_TOLERANCE, EQUALITY_TOLERANCE)
        return Requests(self._evaluator, self.lower_array, self.upper_array, tolerances)

    def evaluate(self, x: np.ndarray) -> Evaluation:
        """Evaluate points.

        Args:
            x: points (N, D).
        """
        return Evaluation(*self._evaluator(np.ascontiguousarray(x, dtype=float)))

    def feasible(self, values: Evaluation) -> np.ndarray:
        """Which of N evaluated points satisfy all constraints within the tolerances and have a finite objective: bool (N,)."""
        with np.errstate(invalid="ignore"):
            inequalities = (values.g <= INEQUALITY_TOLERANCE).all(axis=1)
            equalities = (np.abs(values.h) <= EQUALITY_TOLERANCE).all(axis=1)
        return np.asarray(inequalities & equalities & np.isfinite(values.f))

    def violation(self, values: Evaluation) -> np.ndarray:
        """By how much N evaluated points break the constraints, summed, equalities beyond their tolerance: (N,)."""
        broken = np.maximum(values.g, 0).sum(axis=1)
        broken += np.maximum(np.abs(values.h) - EQUALITY_TOLERANCE, 0).sum(axis=1)
        return np.asarray(broken)

    def inside(self, x: np.ndarray) -> np.ndarray:
        """Which of N points (N, D) lie within the bounds: bool (N,)."""
        with np.errstate(invalid="ignore"):
            return np.asarray(((x >= self.lower_array) & (x <= self.upper_array)).all(axis=1))

    def to_json(self) -> str:
        """One line of JSON, the same for the same problem."""
        record = {"format": FORMAT_VERSION} | {name: getattr(self, name) for name in FIELDS}
        return json.dumps(record, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | dict[str, Any]) -> Problem:
        """Read what ``to_json`` wrote. Types of fields are for ``problem_fields.checked_fields`` to see to.

        Raises:
            ProblemError: if the text is not JSON, of another format version, or a field is missing or unknown.
        """
        record = problem_record(text)
        for name in ("lower", "upper", "feasible_point"):
            if record.get(name) is not None:
                record[name] = tuple(float(v) for v in record[name])
        return cls(**record)
