"""What `llamoco solve` would have answered: the model where it is sure enough and can be, else the single best solver.

Nothing is run for it: the single best solver has run on every problem with the same seeds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from llamoco.dataset_builder.optimizers.pool import POOL, identify
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.program import parse_completion
from llamoco.metrics.scores import Run
from llamoco.modeling.calibration import Calibration, expected_calibration_error
from llamoco.modeling.generation import Generation

UNSURE, UNSUITED, NEVER_BEGAN = "unsure", "unsuited", "never began"


@dataclass(frozen=True)
class WithFallback:
    """A model with its fallback. Lists have one entry a row.

    Attributes:
        runs: what ran in the end.
        replaced: why the single best solver answered, None where it did not.
    """

    runs: list[list[Run]]
    replaced: list[str | None]

    @property
    def reasons(self) -> dict[str, int]:
        """Rows by reason."""
        return dict(Counter(reason for reason in self.replaced if reason is not None))


def with_fallback(
    answers: Sequence[Generation],
    model: Sequence[Sequence[Run]],
    single_best: Sequence[Sequence[Run]],
    calibration: Calibration | None,
) -> WithFallback:
    """Replace answers as ``llamoco solve`` does, by these rules, in this order.

    - "unsuited": the program is known, byte for byte one of the pool, and does not handle the problem's constraints. Only a
      model that wrote freely does that.
    - "unsure": the calibrated confidence is below the threshold. Answers without a confidence (no decision line) and
      models without a calibration are not judged by it.
    - "never began": the program failed before its first evaluation, so that the budget is untouched; run by run.

    A repair turn is no part of it: ``solve`` has none.

    Args:
        answers: the model's; within the pool where it was held to it, as ``solve`` does.
        model: runs of these answers.
        single_best: runs of the single best solver, with the same seeds.
        calibration: of the model, None if it has none.
    """
    runs: list[list[Run]] = []
    replaced: list[str | None] = []
    for answer, own, single in zip(answers, model, single_best, strict=True):
        reason = _reason(answer, own[0].problem, calibration)
        if reason is not None:
            chosen = list(single)
        else:
            pairs = zip(own, single, strict=True)
            chosen = [other if _never_began(run) else _unrepaired(run) for run, other in pairs]
            if any(map(_never_began, own)):
                reason = NEVER_BEGAN
        runs.append(chosen)
        replaced.append(reason)
    return WithFallback(runs, replaced)


def calibration_error(
    answers: Sequence[Generation], hits: Sequence[bool], calibration: Calibration
) -> float | None:
    """Expected calibration error of the calibrated confidence of some answers; None if none has a confidence.

    Args:
        answers: a model's.
        hits: whether each names the label.
        calibration: of the model.
    """
    pairs = [(a.confidence, hit) for a, hit in zip(answers, hits, strict=True) if a.confidence is not None]
    if not pairs:
        return None
    believed = np.array([calibration(confidence) for confidence, _ in pairs])
    return expected_calibration_error(believed, np.array([hit for _, hit in pairs], dtype=float))


def _reason(answer: Generation, problem: Problem, calibration: Calibration | None) -> str | None:
    known = identify(parse_completion(answer.completion).body)
    if known is not None and not POOL[known[0]].handles(problem.constrained):
        return UNSUITED
    if (
        calibration is not None
        and answer.confidence is not None
        and calibration(answer.confidence) < calibration.threshold
    ):
        return UNSURE
    return None


def _never_began(run: Run) -> bool:
    return run.attempt.record.failed and run.attempt.record.evals == 0


def _unrepaired(run: Run) -> Run:
    return run if run.repair is None else Run(run.problem, run.attempt)
