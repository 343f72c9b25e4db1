"""Evaluator of a problem in LaTeX: its formulas, and the map between the search box and the file's variables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property

import numpy as np

from llamoco.dataset_builder.problems.adaptation import Adaptation
from llamoco.dataset_builder.problems.budget import default_budget
from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.evaluator import CompiledProblem
from llamoco.dataset_builder.problems.evaluators import ProblemEvaluator, Values
from llamoco.dataset_builder.problems.files.latex_file import LatexFile
from llamoco.dataset_builder.problems.profiling.operation_profile import OperationProfile
from llamoco.dataset_builder.problems.profiling.symbolic_profile import profile_of_symbolic_problem
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import SymbolicProblem
from llamoco.dataset_builder.problems.symbolic_evaluator import SymbolicEvaluator
from llamoco.dataset_builder.problems.variables import Variables, VariablesError

_NAMES = {
    "lower": "lower bounds",
    "upper": "upper bounds",
    "start": "the starting point",
    "integer": "the integers",
    "step": "the steps",
}


MANY = 30_000


class LatexEvaluator(ProblemEvaluator):
    """See the module. Points are of the search box (D,); the formulas see the file's variables (A,).

    Args:
        read: reads the file; called once.
    """

    def __init__(self, read: Callable[[], LatexFile]) -> None:
        self._read = read

    @cached_property
    def file(self) -> LatexFile:
        """The file."""
        return self._read()

    @cached_property
    def _formulas(self) -> SymbolicEvaluator:
        file = self.file
        return SymbolicEvaluator(lambda: file.system, file.lower, file.upper)

    @cached_property
    def variables(self) -> Variables:
        """The file's variables and the search box.

        Raises:
            ProblemError: if bounds, starting point and integers do not fit.
        """
        file = self.file
        whole = np.isin(np.arange(len(file.lower)), file.integer)
        try:
            return Variables(file.lower, file.upper, file.x0, whole, file.step or None, _NAMES)
        except VariablesError as error:
            listed = ", ".join(f"{k}: {name}" for k, name in enumerate(file.names))
            raise ProblemError(f"{error} (variables by their number: {listed})") from None

    @property
    def max_evals(self) -> int:
        """The evaluation budget."""
        return self.file.max_evals or default_budget(len(self.variables.lower))

    def evaluate(self, x: np.ndarray) -> Values:
        """See ``ProblemEvaluator``."""
        formulas, points = self._formulas, self.variables.to_original(x)
        return formulas.evaluate(points) if self._many else formulas.evaluate_few(points)

    def evaluate_few(self, x: np.ndarray) -> Values:
        """See ``SymbolicEvaluator``."""
        return self._formulas.evaluate_few(self.variables.to_original(x))

    @property
    def compiled(self) -> CompiledProblem | None:
        """See ``ProblemEvaluator``."""
        return self._formulas.compiled if self._many and self.variables.plain else None

    @property
    def _many(self) -> bool:
        """Whether the budget is worth loading Numba, which takes as long as MANY evaluations by NumPy."""
        return self.max_evals > MANY

    @property
    def symbolic(self) -> tuple[SymbolicProblem, tuple[float, ...], tuple[float, ...]]:
        """See ``ProblemEvaluator``."""
        return self.file.system, self.file.lower, self.file.upper

    @cached_property
    def profile(self) -> OperationProfile | None:
        """See ``ProblemEvaluator``."""
        variables = self.variables
        full = None if variables.plain else variables.traced
        return profile_of_symbolic_problem(
            self.file.system, variables.lower.tolist(), variables.upper.tolist(), full
        )

    @property
    def warnings(self) -> list[str]:
        """See ``ProblemEvaluator``."""
        told = [*self.file.notes]
        if self.file.max_evals is None:
            dim = len(self.variables.lower)
            told.append(
                f"no evaluation budget is stated: {self.max_evals:,} evaluations are used, 100 (D + 1) for D = {dim}, limited to 200 to "
                "5,000; write 'Evaluation budget: ...' if you can afford more or fewer"
            )
        return told

    @property
    def maximize(self) -> bool:
        """See ``ProblemEvaluator``."""
        return self.file.maximize

    @property
    def unbounded(self) -> bool:
        """See ``ProblemEvaluator``."""
        return self.variables.unbounded

    @property
    def variable_map(self) -> Variables:
        """See ``ProblemEvaluator``."""
        return self.variables

    @property
    def start(self) -> np.ndarray | None:
        """See ``ProblemEvaluator``."""
        return self.variables.start

    def to_original(self, x: np.ndarray) -> np.ndarray:
        """See ``ProblemEvaluator``."""
        return self.variables.to_original(x)

    @property
    def adaptation(self) -> Adaptation | None:
        """See ``ProblemEvaluator``."""
        file, variables = self.file, self.variables
        if variables.plain and variables.start is None and not file.maximize:
            return None
        counts = {
            "objective": 1,
            "inequality": len(file.system.inequalities),
            "equality": len(file.system.equalities),
        }
        calls = {name: (f"{{{name}}}(x)",) if count else () for name, count in counts.items()}
        return Adaptation(
            (1, counts["inequality"], counts["equality"]),
            variables,
            self.max_evals,
            file.maximize,
            calls=calls,
        )


def as_stated(file: LatexFile) -> LatexFile:
    """Return the file with the objective in the sign as written, and its budget or the default one."""
    budget = file.max_evals or LatexEvaluator(lambda: file).max_evals
    system = replace(file.system, objective=file.objective)
    return replace(file, system=system, max_evals=budget)
