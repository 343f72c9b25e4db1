"""Evaluator of formulas: compiled where Numba is installed, and by NumPy for a few points."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from llamoco.dataset_builder.problems.evaluators import ProblemEvaluator, Values
from llamoco.dataset_builder.problems.profiling.operation_profile import OperationProfile

if TYPE_CHECKING:
    from llamoco.dataset_builder.problems.evaluator import CompiledProblem
    from llamoco.dataset_builder.problems.symbolic.symbolic_problem import SymbolicProblem
    from llamoco.dataset_builder.problems.variables import Variables


class SymbolicEvaluator(ProblemEvaluator):
    """Evaluator of formulas, compiled at the first request.

    Args:
        system: makes the formulas; called once.
        lower, upper: bounds (A,) of the formulas' own variables.
        variables: map between them and the search box; None where they are the same. Fixed and unbounded variables are not taken.
    """

    def __init__(
        self,
        system: Callable[[], SymbolicProblem],
        lower: tuple[float, ...],
        upper: tuple[float, ...],
        variables: Variables | None = None,
    ) -> None:
        self._make, self._bounds, self._variables = system, (lower, upper), variables

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
        if not numba_is_installed():
            return None
        if self._variables is None or self._variables.plain:
            return compiled
        from llamoco.dataset_builder.problems.evaluator import RoundedProblem

        return RoundedProblem(compiled, self._variables.to_original)

    @cached_property
    def _by_numpy(self) -> Callable[[np.ndarray], Values]:
        from llamoco.dataset_builder.problems.evaluator import numpy_evaluator

        return numpy_evaluator(self.system)

    def evaluate(self, x: np.ndarray) -> Values:
        """See ``ProblemEvaluator``."""
        return self.evaluate_few(x) if self.compiled is None else self.compiled(x)

    def evaluate_few(self, x: np.ndarray) -> Values:
        """The values of ``evaluate``, up to rounding, for a few points, which do not pay for loading Numba."""
        self.compiled  # noqa: B018  (says what is wrong with the formulas)
        return self._by_numpy(self.to_original(x))

    @cached_property
    def profile(self) -> OperationProfile | None:
        """See ``ProblemEvaluator``."""
        from llamoco.dataset_builder.problems.profiling.symbolic_profile import profile_of_symbolic_problem

        variables = self._variables
        if variables is None or variables.plain:
            return profile_of_symbolic_problem(self.system, *self._bounds)
        return profile_of_symbolic_problem(
            self.system, variables.lower.tolist(), variables.upper.tolist(), variables.traced
        )

    @property
    def variable_map(self) -> Variables | None:
        """See ``ProblemEvaluator``."""
        return self._variables

    @property
    def start(self) -> np.ndarray | None:
        """See ``ProblemEvaluator``."""
        return None if self._variables is None else self._variables.start

    def to_original(self, x: np.ndarray) -> np.ndarray:
        """See ``ProblemEvaluator``."""
        return x if self._variables is None else self._variables.to_original(x)
