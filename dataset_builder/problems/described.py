"""Problems described by untrusted text: the text is data, and values come from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.evaluators import (
    EvaluatorWrapper,
    ProblemEvaluator,
    SourceEvaluator,
    Values,
)
from llamoco.dataset_builder.problems.problem import Kind, Problem
from llamoco.dataset_builder.problems.problem_fields import FIELDS
from llamoco.dataset_builder.problems.profiling.operation_profile import OperationProfile


@dataclass(frozen=True, kw_only=True)
class DescribedProblem(Problem):
    """A problem whose text is never executed, whatever is asked of it.

    It has the kind "described" and an empty definition, and can have no other: neither ``dataclasses.replace`` nor
    JSON nor a copy makes it one that is executed. Prompt and program are made of ``description`` as text. Values
    and profile are handed over by whoever can compute them safely: a sandbox, or our own reader of LaTeX.

    Attributes:
        language: of the description, "python" or "latex".
        description: the text. Not part of the JSON.
        evaluator: whoever computes values; never one that executes a text here. Not part of the JSON, nor of a pickle,
            whose copy has no values; None if there is none.
        profile: what is known of its operations, or None.
    """

    kind: Kind = "described"
    definition: dict[str, Any] = field(default_factory=dict)
    language: str = "python"
    description: str = field(default="", repr=False)
    profile: OperationProfile | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.kind != "described" or self.definition:
            raise ProblemError(
                f"problem {self.id} was described by somebody else: it stays of the kind 'described', "
                "without a definition that could be executed"
            )
        evaluator = self.evaluator
        while isinstance(evaluator, EvaluatorWrapper):
            evaluator = evaluator.inner
        if isinstance(evaluator, SourceEvaluator):
            raise ProblemError(f"problem {self.id} was described by somebody else: its text is not executed")

    @classmethod
    def of(cls, problem: Problem, language: str, description: str) -> DescribedProblem:
        """A problem in symbols (synthetic, or read from LaTeX), to be evaluated and described, but never executed.

        Raises:
            ProblemError: if values of the problem come from Python.
        """
        if problem.active_evaluator.symbolic is None:
            raise ProblemError(f"problem {problem.id} is not given by formulas")
        own = {name: getattr(problem, name) for name in FIELDS if name not in ("kind", "definition")}
        return cls(
            **own,
            language=language,
            description=description,
            evaluator=problem.active_evaluator,
            profile=problem.profile,
        )

    @property
    def active_evaluator(self) -> ProblemEvaluator:
        """The evaluator of the problem, which never executes its text."""
        return self.evaluator or _Nowhere(self.id)

    def __deepcopy__(self, memo: dict[int, Any]) -> DescribedProblem:
        return self  # nothing in it changes, and what evaluates it cannot be copied


class _Nowhere(ProblemEvaluator):
    """No values.

    Args:
        name: of the problem.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def evaluate(self, x: np.ndarray) -> Values:
        """Refuse.

        Raises:
            ProblemError: always.
        """
        raise ProblemError(
            f"problem {self._name} was described by somebody else, and is evaluated only where it was read"
        )
