"""Where the values of a problem come from: formulas, a person's Python, or something else that computes them.

A ``Problem`` has one evaluator. What watches, records or shares out evaluations wraps it (``Wrapper``).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from llamoco.dataset_builder.problems.structure import Structure

if TYPE_CHECKING:
    from llamoco.dataset_builder.problems.compile import CompiledSystem
    from llamoco.dataset_builder.problems.python_file import PythonFile
    from llamoco.dataset_builder.problems.system import System

Values = tuple[np.ndarray, np.ndarray, np.ndarray]


class ProblemEvaluator:
    """Values of a problem, and what is known of how they come about. Points are of the search box (D,), which programs see."""

    def evaluate(self, x: np.ndarray) -> Values:
        """Objective (N,), to be minimised, inequalities (N, Mg) and equalities (N, Mh) of points (N, D)."""
        raise NotImplementedError

    @property
    def compiled(self) -> CompiledSystem | None:
        """The compiled formulas, where values come from nothing else; None elsewhere."""
        return None

    @property
    def structure(self) -> Structure | None:
        """Which operations are done on the variables; None where that cannot be known."""
        return None

    @property
    def unfollowed(self) -> str | None:
        """Why ``structure`` is None: what of a person's code cannot be followed; None if it can, or is not here to be asked."""
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

    def full(self, x: np.ndarray) -> np.ndarray:
        """Points (..., D) of the search box as points (..., A) of the person's own variables."""
        return x

    @property
    def adapted_sizes(self) -> tuple[int, int, int] | None:
        """How many numbers objective, inequality and equality give, where a program has to adapt a person's Python; None elsewhere."""
        return None

    def __deepcopy__(self, memo: dict[int, object]) -> ProblemEvaluator:
        return self  # what it stands for, a module, a process, cannot be copied


class SymbolicEvaluator(ProblemEvaluator):
    """Formulas, compiled when values are first asked for.

    Args:
        system: makes the formulas; called once.
        lower, upper: bounds (D,).
    """

    def __init__(
        self, system: Callable[[], System], lower: tuple[float, ...], upper: tuple[float, ...]
    ) -> None:
        self._make, self._bounds = system, (lower, upper)

    @cached_property
    def system(self) -> System:
        """The formulas."""
        return self._make()

    @cached_property
    def compiled(self) -> CompiledSystem:
        """The compiled formulas."""
        from llamoco.dataset_builder.problems.compile import compile_system

        return compile_system(self.system)

    def evaluate(self, x: np.ndarray) -> Values:
        """See ``ProblemEvaluator``."""
        return self.compiled(x)

    @cached_property
    def structure(self) -> Structure | None:
        """See ``ProblemEvaluator``."""
        from llamoco.dataset_builder.problems.system_structure import structure_of_system

        return structure_of_system(self.system, *self._bounds)


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

    def evaluate(self, x: np.ndarray) -> Values:
        """See ``ProblemEvaluator``."""
        return self.file.evaluate(x)

    @cached_property
    def structure(self) -> Structure | None:
        """See ``ProblemEvaluator``."""
        return self.file.structure()

    @property
    def unfollowed(self) -> str | None:
        """See ``ProblemEvaluator``."""
        return self.file.trace.obstacle

    @property
    def warnings(self) -> list[str]:
        """See ``ProblemEvaluator``."""
        return self.file.warnings

    def full(self, x: np.ndarray) -> np.ndarray:
        """See ``ProblemEvaluator``."""
        return self.file.full(x)

    @property
    def adapted_sizes(self) -> tuple[int, int, int] | None:
        """See ``ProblemEvaluator``."""
        return None if self.file.plain else (1, self.file.n_inequality, self.file.n_equality)


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


class Wrapper(ProblemEvaluator):
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
    def structure(self) -> Structure | None:
        """See ``ProblemEvaluator``."""
        return self.inner.structure

    @property
    def unfollowed(self) -> str | None:
        """See ``ProblemEvaluator``."""
        return self.inner.unfollowed

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

    def full(self, x: np.ndarray) -> np.ndarray:
        """See ``ProblemEvaluator``."""
        return self.inner.full(x)

    @property
    def adapted_sizes(self) -> tuple[int, int, int] | None:
        """See ``ProblemEvaluator``."""
        return self.inner.adapted_sizes
