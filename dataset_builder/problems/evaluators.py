"""Where the values of a problem come from: formulas, a person's Python, or something else that computes them.

A ``Problem`` has one evaluator. What watches, records or shares out evaluations wraps it (``Wrapper``).
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

Values = tuple[np.ndarray, np.ndarray, np.ndarray]


class ProblemEvaluator:
    """Values of a problem, and what is known of how they come about. Points are of the search box (D,), which programs see."""

    def evaluate(self, x: np.ndarray) -> Values:
        """Objective (N,), to be minimised, inequalities (N, Mg) and equalities (N, Mh) of points (N, D)."""
        raise NotImplementedError

    def evaluate_rows(self, x: np.ndarray) -> Iterator[tuple[int, Values]]:
        """Each row of points (N, D) with its values, as ``evaluate`` of that row alone, in the order in which they come to be known.

        Whoever records or shares out evaluations overrides this, and makes ``evaluate`` of it (``collect_values``).
        """
        for row in range(len(x)):
            yield row, self.evaluate(x[row : row + 1])

    def probed_points(self) -> Iterator[tuple[np.ndarray, tuple[float, list[float], list[float]]]]:
        """Points (A,) that a person's functions were called at to read them, and nobody has asked for since: objective in the person's
        sign, inequalities and equalities."""
        return iter(())

    @property
    def compiled(self) -> CompiledProblem | None:
        """The compiled formulas, where values come from nothing else; None elsewhere."""
        return None

    @property
    def symbolic(self) -> tuple[SymbolicProblem, tuple[float, ...], tuple[float, ...]] | None:
        """The formulas that values come from, with the bounds of their own variables (A,); None where code computes values."""
        return None

    @property
    def profile(self) -> OperationProfile | None:
        """Which operations are done on the variables; None where that cannot be known."""
        return None

    @property
    def trace_obstacle(self) -> str | None:
        """Why ``profile`` is None: what of a person's code cannot be followed; None if it can, or is not here to be asked."""
        return None

    @property
    def warnings(self) -> list[str]:
        """What to tell the person whose problem it is of how it was understood."""
        return []

    @property
    def maximize(self) -> bool:
        """Whether the person maximises: their objective is the negative of the one that is evaluated."""
        return False

    @property
    def start(self) -> np.ndarray | None:
        """The person's starting point in the search box (D,), to be evaluated first; None if they gave none."""
        return None

    def to_original(self, x: np.ndarray) -> np.ndarray:
        """Points (..., D) of the search box as points (..., A) of the person's own variables."""
        return x

    @property
    def time_limit(self) -> float | None:
        """Seconds that the person gives the search in all; None for no limit."""
        return None

    @property
    def unbounded(self) -> bool:
        """Whether a variable of the person's lacks a bound; the search box then lies around their starting point (see ``variables``)."""
        return False

    @property
    def tolerance(self) -> float | None:
        """The improvement of the objective below which the search may end (see ``stagnation``); None for none."""
        return None

    @property
    def adaptation(self) -> Adaptation | None:
        """What a program has to do where the problem's names alone do not state it; None where they do."""
        return None

    def __deepcopy__(self, memo: dict[int, object]) -> ProblemEvaluator:
        return self  # what it stands for, a module, a process, cannot be copied


def collect_values(rows: Iterable[tuple[int, Values]], count: int) -> Values:
    """Values of ``count`` points, in their order, from what ``ProblemEvaluator.each`` gives."""
    found = dict(rows)
    f, g, h = (np.concatenate(parts) for parts in zip(*(found[row] for row in range(count)), strict=True))
    return f, g, h


class SymbolicEvaluator(ProblemEvaluator):
    """Formulas, compiled when values are first asked for.

    Args:
        system: makes the formulas; called once.
        lower, upper: bounds (D,).
    """

    def __init__(
        self, system: Callable[[], SymbolicProblem], lower: tuple[float, ...], upper: tuple[float, ...]
    ) -> None:
        self._make, self._bounds = system, (lower, upper)

    @cached_property
    def system(self) -> SymbolicProblem:
        """The formulas."""
        return self._make()

    @property
    def symbolic(self) -> tuple[SymbolicProblem, tuple[float, ...], tuple[float, ...]]:
        """See ``ProblemEvaluator``."""
        return self.system, *self._bounds

    @cached_property
    def compiled(self) -> CompiledProblem | None:
        """The compiled formulas; None where Numba, which runs them, is not installed.

        Raises:
            ValueError, ArithmeticError: as ``compile_problem``, whether they run or not.
        """
        from llamoco.dataset_builder.problems.evaluator import compile_problem, numba_is_installed

        compiled = compile_problem(self.system)
        return compiled if numba_is_installed() else None

    @cached_property
    def _by_numpy(self) -> Callable[[np.ndarray], Values]:
        from llamoco.dataset_builder.problems.evaluator import numpy_evaluator

        return numpy_evaluator(self.system)

    def evaluate(self, x: np.ndarray) -> Values:
        """See ``ProblemEvaluator``."""
        return self.evaluate_few(x) if self.compiled is None else self.compiled(x)

    def evaluate_few(self, x: np.ndarray) -> Values:
        """The values of ``evaluate``, to rounding, of a few points: to load Numba takes longer."""
        self.compiled  # noqa: B018  (says what is wrong with the formulas)
        return self._by_numpy(x)

    @cached_property
    def profile(self) -> OperationProfile | None:
        """See ``ProblemEvaluator``."""
        from llamoco.dataset_builder.problems.profiling.symbolic_profile import profile_of_symbolic_problem

        return profile_of_symbolic_problem(self.system, *self._bounds)


class SourceEvaluator(ProblemEvaluator):
    """A person's own Python, which is executed when it is first needed.

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
    """Values that are computed elsewhere: in a sandbox, in another process.

    Args:
        function: f (N,), g (N, Mg) and h (N, Mh) of points (N, D).
    """

    def __init__(self, function: Callable[[np.ndarray], Values]) -> None:
        self._function = function

    def evaluate(self, x: np.ndarray) -> Values:
        """See ``ProblemEvaluator``."""
        return self._function(x)


class EvaluatorWrapper(ProblemEvaluator):
    """Another evaluator, all of whose evaluations go through here.

    Args:
        inner: the other.
    """

    def __init__(self, inner: ProblemEvaluator) -> None:
        self.inner = inner

    def evaluate(self, x: np.ndarray) -> Values:
        """See ``ProblemEvaluator``. What wraps adds its own to this."""
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
