"""Fallback to the single best solver: the one rule, for ``solve``, ``minimize``, ``evaluate`` and the demo.

The single best solver of the benchmark replaces the model's answer for the first of these reasons that applies:

- unsuited: the program is one of the pool, byte for byte, and does not handle the problem's constraints. Only a model that
  writes freely chooses such a program.
- unsure: the calibrated confidence is below the calibration's threshold, under which the single best solver did better on
  held-out problems. Answers without a confidence and models without a calibration are not judged by it.
- never began: the program failed before its first evaluation, so that it has used none of the budget. Probes and the starting point
  come before, whatever the program.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from llamoco.dataset_builder.optimizers.pool import POOL, identify
from llamoco.dataset_builder.prompts.completion import parse_completion

if TYPE_CHECKING:
    from llamoco.modeling.calibration.thresholds import Calibration


class FallbackReason(StrEnum):
    """Why the single best solver replaces an answer, as records name it."""

    UNSURE = "unsure"
    UNSUITED = "unsuited"
    NEVER_BEGAN = "never began"


@dataclass(frozen=True)
class Fallback:
    """Decision that the single best solver replaces an answer.

    Attributes:
        reason: the rule that applied.
        explanation: the same for a person, with its figures.
    """

    reason: FallbackReason
    explanation: str


def before_run(
    completion: str, constrained: bool, confidence: float | None, calibration: Calibration | None
) -> Fallback | None:
    """Judge an answer before it runs; None if it stands.

    Args:
        completion: the model's.
        constrained: whether the problem has constraints beside its bounds.
        confidence: the model's probability of its decision, not calibrated; None if there is no decision.
        calibration: of the model, None if it has none.
    """
    known = identify(parse_completion(completion).body)
    if known is not None and not POOL[known[0]].handles(constrained):
        kind = "constrained" if constrained else "unconstrained"
        return Fallback(FallbackReason.UNSUITED, f"{known[0]} does not handle {kind} problems")
    if calibration is None or confidence is None:
        return None
    calibrated = calibration(confidence)
    if calibrated >= calibration.threshold:
        return None
    return Fallback(
        FallbackReason.UNSURE,
        f"its confidence of {calibrated:.0%} is below {calibration.threshold:.0%}, where the single best solver does better",
    )


def after_run(failed: bool, evals: int, said: str) -> Fallback | None:
    """Judge an answer after its run; None if it stands.

    Args:
        failed: whether the run counts as an error of the program.
        evals: evaluations that the program used.
        said: verdict and reason of the run.
    """
    return Fallback(FallbackReason.NEVER_BEGAN, said) if failed and evals == 0 else None
