"""Evaluators: the sources of a problem's values, be it formulas, a person's Python, or a process elsewhere.

A ``Problem`` has one evaluator. Journals, parallel workers and watches wrap it (``EvaluatorWrapper``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from llamoco.dataset_builder.problems.profiling.operation_profile import OperationProfile

if TYPE_CHECKING:
    from llamoco.dataset_builder.problems.adaptation import Adaptation
    from llamoco.dataset_builder.problems.evaluator import CompiledProblem
    from llamoco.dataset_builder.problems.files.python_file import PythonFile
    from llamoco.dataset_builder.problems.symbolic.symbolic_problem import SymbolicProblem
    from llamoco.dataset_builder.problems.variables import Variables

Values = tuple[np.ndarray, np.ndarray, np.ndarray]


class ProblemEvaluator:
    """Values of a problem, and facts about where they come from. Points are of the search box (D,), which programs see."""

    def evaluate(self, x: np.ndarray) -> Values:
        """Objective (N,), to be minimised, inequalities (N, Mg) and equalities (N, Mh) of points (N, D)."""
        raise NotImplementedError

    def evaluate_rows(self, x: np.ndarray) -> Iterator[tuple[int, Values]]:
        """Evaluate the rows of points (N, D) one by one: pairs of a row's number and its values, in the order of completion.

        Wrappers that record or parallelise evaluations override this, and build ``evaluate`` on it (``collect_values``).
        """
        for row in range(len(x)):
            yield row, self.evaluate(x[row : row + 1])

    def probed_points(self) -> Iterator[tuple[np.ndarray, tuple[float, list[float], list[float]]]]:
        """Points (A,) at which the functions were called when they were read, as far as no program has asked for them since: with the
        objective in the person's sign, inequalities and equalities."""
        return iter(())

    @property
    def compiled(self) -> CompiledProblem | None:
        """The compiled formulas if all values come from them, else None."""
        return None

    @property
    def symbolic(self) -> tuple[SymbolicProblem, tuple[float, ...], tuple[float, ...]] | None:
        """The formulas and the bounds of their own variables (A,); None where code computes the values."""
        return None

    @property
    def profile(self) -> OperationProfile | None:
        """Operations done on the variables; None where they cannot be traced."""
        return None

    @property
    def trace_obstacle(self) -> str | None:
        """The reason why ``profile`` is None: the part of a person's code that cannot be traced; None if it can be, or is not here."""
        return None

    @property
    def warnings(self) -> list[str]:
        """Messages to the person about how their problem was read."""
        return []

    @property
    def maximize(self) -> bool:
        """True if the person maximises: their objective is the negative of the one that is evaluated."""
        return False

    @property
    def variable_map(self) -> Variables | None:
        """The map between the search box and the person's own variables; None where it is not known here."""
        return None

    @property
    def start(self) -> np.ndarray | None:
        """The person's starting point in the search box (D,), to be evaluated first; None if they gave none."""
        return None

    def to_original(self, x: np.ndarray) -> np.ndarray:
        """The person's own variables (..., A) at points (..., D) of the search box."""
        return x

    @property
    def time_limit(self) -> float | None:
        """Time limit of the search in seconds; None for no limit."""
        return None

    @property
    def unbounded(self) -> bool:
        """True if a variable lacks a bound; the search box is then centred on the starting point (see ``variables``)."""
        return False

    @property
    def tolerance(self) -> float | None:
        """The improvement of the objective below which the search may end (see ``stagnation``); None for none."""
        return None

    @property
    def adaptation(self) -> Adaptation | None:
        """Lines that a program needs to state the problem; None where its names alone state it."""
        return None

    def __deepcopy__(self, memo: dict[int, object]) -> ProblemEvaluator:
        return self  # what it stands for, a module, a process, cannot be copied


def collect_values(rows: Iterable[tuple[int, Values]], count: int) -> Values:
    """Values of ``count`` points, in order, from the pairs of ``ProblemEvaluator.evaluate_rows``."""
    found = dict(rows)
    f, g, h = (np.concatenate(parts) for parts in zip(*(found[row] for row in range(count)), strict=True))
    return f, g, h


class SourceEvaluator(ProblemEvaluator):
    """Evaluator of a person's own Python, executed when it is first needed.

    Args:
        read: executes it (see ``python_file.load_python``); called once.
    """

    def __init__(self, read: Callable[[], PythonFile]) -> None:
        self._read = read

    @cached_property
    def file(self) -> PythonFile:
        """The file, executed."""
        return self._read()

    def probed_points(self) -> Iterator[tuple[np.ndarray, tuple[float, list[float], list[float]]]]:
        """See ``ProblemEvaluator``."""
        return self.file.probed_points()

    def evaluate(self, x: np.ndarray) -> Values:
        """See ``ProblemEvaluator``."""
        return self.file.evaluate(x)

    @cached_property
    def profile(self) -> OperationProfile | None:
        """See ``ProblemEvaluator``."""
        return self.file.profile()

    @property
    def trace_obstacle(self) -> str | None:
        """See ``ProblemEvaluator``."""
        return self.file.trace.obstacle

    @property
    def warnings(self) -> list[str]:
        """See ``ProblemEvaluator``."""
        return self.file.warnings

    def to_original(self, x: np.ndarray) -> np.ndarray:
        """See ``ProblemEvaluator``."""
        return self.file.to_original(x)

    @property
    def variable_map(self) -> Variables:
        """See ``ProblemEvaluator``."""
        return self.file.variables

    @property
    def start(self) -> np.ndarray | None:
        """See ``ProblemEvaluator``."""
        return self.file.variables.start

    @property
    def maximize(self) -> bool:
        """See ``ProblemEvaluator``."""
        return self.file.maximize

    @property
    def time_limit(self) -> float | None:
        """See ``ProblemEvaluator``."""
        return self.file.time_limit

    @property
    def unbounded(self) -> bool:
        """See ``ProblemEvaluator``."""
        return self.file.variables.unbounded

    @property
    def tolerance(self) -> float | None:
        """See ``ProblemEvaluator``."""
        return self.file.tolerance

    @property
    def adaptation(self) -> Adaptation | None:
        """See ``ProblemEvaluator``."""
        return self.file.adaptation


class FunctionEvaluator(ProblemEvaluator):
    """Evaluator of a function: values come from a sandbox, or from another process.

    Args:
        function: f (N,), g (N, Mg) and h (N, Mh) of points (N, D).
    """

    def __init__(self, function: Callable[[np.ndarray], Values]) -> None:
        self._function = function

    def evaluate(self, x: np.ndarray) -> Values:
        """See ``ProblemEvaluator``."""
        return self._function(x)


class EvaluatorWrapper(ProblemEvaluator):
    """Base of evaluators around another one, which they ask for everything that they do not override.

    Args:
        inner: the other.
    """

    def __init__(self, inner: ProblemEvaluator) -> None:
        self.inner = inner

    def evaluate(self, x: np.ndarray) -> Values:
        """See ``ProblemEvaluator``."""
        return self.inner.evaluate(x)

    @property
    def symbolic(self) -> tuple[SymbolicProblem, tuple[float, ...], tuple[float, ...]] | None:
        """See ``ProblemEvaluator``."""
        return self.inner.symbolic

    @property
    def profile(self) -> OperationProfile | None:
        """See ``ProblemEvaluator``."""
        return self.inner.profile

    @property
    def trace_obstacle(self) -> str | None:
        """See ``ProblemEvaluator``."""
        return self.inner.trace_obstacle

    @property
    def warnings(self) -> list[str]:
        """See ``ProblemEvaluator``."""
        return self.inner.warnings

    @property
    def maximize(self) -> bool:
        """See ``ProblemEvaluator``."""
        return self.inner.maximize

    @property
    def variable_map(self) -> Variables | None:
        """See ``ProblemEvaluator``."""
        return self.inner.variable_map

    @property
    def start(self) -> np.ndarray | None:
        """See ``ProblemEvaluator``."""
        return self.inner.start

    def to_original(self, x: np.ndarray) -> np.ndarray:
        """See ``ProblemEvaluator``."""
        return self.inner.to_original(x)

    @property
    def time_limit(self) -> float | None:
        """See ``ProblemEvaluator``."""
        return self.inner.time_limit

    @property
    def unbounded(self) -> bool:
        """See ``ProblemEvaluator``."""
        return self.inner.unbounded

    @property
    def tolerance(self) -> float | None:
        """See ``ProblemEvaluator``."""
        return self.inner.tolerance

    @property
    def adaptation(self) -> Adaptation | None:
        """See ``ProblemEvaluator``."""
        return self.inner.adaptation
