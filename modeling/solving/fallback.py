"""When the single best solver answers instead of the model: the one rule, for ``solve``, ``minimize``, ``evaluate`` and the page.

The rules, in their order:

- unsuited: the program is known, byte for byte one of the pool, and does not handle the problem's constraints. Only a model that
  wrote freely does that.
- unsure: the calibrated confidence is below the calibration's threshold, under which the single best solver did better on
  problems that were held out. Answers without a confidence and models without a calibration are not judged by it.
- never began: the program failed before its first evaluation, so that the budget is untouched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llamoco.dataset_builder.optimizers.pool import POOL, identify
from llamoco.dataset_builder.prompts.completion import parse_completion

if TYPE_CHECKING:
    from llamoco.modeling.calibration.thresholds import Calibration

UNSURE, UNSUITED, NEVER_BEGAN = "unsure", "unsuited", "never began"


@dataclass(frozen=True)
class Fallback:
    """Why the single best solver answers.

    Attributes:
        rule: ``UNSURE``, ``UNSUITED`` or ``NEVER_BEGAN``.
        reason: for a person.
    """

    rule: str
    reason: str


def before_run(
    completion: str, constrained: bool, confidence: float | None, calibration: Calibration | None
) -> Fallback | None:
    """Whether an answer gives way before anything is run; None if not.

    Args:
        completion: the model's.
        constrained: whether the problem has constraints beside its bounds.
        confidence: what the model gave to its decision, not calibrated; None if there is no decision.
        calibration: of the model, None if it has none.
    """
    known = identify(parse_completion(completion).body)
    if known is not None and not POOL[known[0]].handles(constrained):
        kind = "constrained" if constrained else "unconstrained"
        return Fallback(UNSUITED, f"{known[0]} does not serve {kind} problems")
    if calibration is None or confidence is None:
        return None
    believed = calibration(confidence)
    if believed >= calibration.threshold:
        return None
    return Fallback(
        UNSURE,
        f"its confidence of {believed:.0%} is under {calibration.threshold:.0%}, where the single best solver does better",
    )


def after_run(failed: bool, evals: int, said: str) -> Fallback | None:
    """Whether an answer gives way after a run; None if not.

    Args:
        failed: whether the run counts as an error of the program.
        evals: evaluations that the program used.
        said: verdict and reason of the run.
    """
    return Fallback(NEVER_BEGAN, said) if failed and evals == 0 else None
