"""Answers of `llamoco solve`: the model's, or the single best solver's where the fallback rules say so.

Nothing is run here: the single best solver has run on every problem with the same seeds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.profiling.probe_points import probe_count
from llamoco.metrics.scores import Run
from llamoco.modeling.calibration.thresholds import Calibration, expected_calibration_error
from llamoco.modeling.solving.fallback import after_run, before_run

if TYPE_CHECKING:
    from llamoco.modeling.generation.model_answer import Generation


@dataclass(frozen=True)
class WithFallback:
    """Model with its fallback. Lists have one entry per row.

    Attributes:
        runs: of the model or of the single best solver.
        replaced: reason for which the single best solver answered; None where the model did.
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
    """Replace answers as ``llamoco solve`` does, by the rules of ``solving.fallback``; "never began" run by run.

    Repairs are left out, since ``solve`` has none.

    Args:
        answers: the model's; within the pool where it was held to it, as ``solve`` does.
        model: runs of these answers.
        single_best: runs of the single best solver, with the same seeds.
        calibration: of the model, None if it has none.
    """
    runs: list[list[Run]] = []
    replaced: list[str | None] = []
    for answer, own, single in zip(answers, model, single_best, strict=True):
        fallback = before_run(answer.completion, own[0].problem.constrained, answer.confidence, calibration)
        if fallback is not None:
            chosen = list(single)
        else:
            chosen = []
            for run, other in zip(own, single, strict=True):
                record = run.attempt.record
                # Most runs do not fail, and a problem's start takes its evaluator.
                own_evals = (
                    max(record.evals - _evals_before(run.problem), 0) if record.failed else record.evals
                )
                never_began = after_run(record.failed, own_evals, record.reason)
                chosen.append(other if never_began else _unrepaired(run))
                fallback = fallback or never_began
        runs.append(chosen)
        replaced.append(None if fallback is None else fallback.reason.value)
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


def _evals_before(problem: Problem) -> int:
    """Evaluations that say nothing about a program, as in ``solving.solution``: probes, or the starting point."""
    return probe_count(problem.max_evals) if problem.probes_first else int(problem.start is not None)


def _unrepaired(run: Run) -> Run:
    return run if run.repair is None else Run(run.problem, run.attempt)
