"""From how a run ended to its record: text made safe to show, the point returned evaluated on our side."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.oracle import Oracle
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics.sandbox.ending import Ending
from llamoco.metrics.sandbox.verdicts import Record, escaped

MAX_SHOWN_OUTPUT = 4096
MAX_SHOWN_MESSAGE = 1000
MAX_SHOWN_FRAMES = 8


def record_of(ending: Ending, oracle: Oracle, common: dict[str, Any]) -> Record:
    """The record of a run that came to an end.

    Args:
        ending: how it did.
        oracle: what it was evaluated by.
        common: fields that do not depend on the run.
    """
    record = Record(
        verdict=ending.verdict,
        reason=escaped(ending.reason, MAX_SHOWN_MESSAGE),
        benign=ending.benign,
        exception=None if ending.exception is None else escaped(ending.exception, MAX_SHOWN_MESSAGE),
        message=None if ending.message is None else escaped(ending.message, MAX_SHOWN_MESSAGE),
        frames=[escaped(frame, 200) for frame in ending.frames[:MAX_SHOWN_FRAMES]],
        output=escaped(ending.output.decode(errors="replace"), MAX_SHOWN_OUTPUT),
        exit_status=ending.exit_status,
        evals=oracle.evals,
        refused=oracle.refused,
        best_x=None if oracle.best_x is None else oracle.best_x.tolist(),
        best_f=None if oracle.best_x is None else oracle.best_f,
        trace=list(oracle.trace),
        seconds=ending.seconds,
        wall=ending.wall,
        cpu=ending.cpu,
        max_rss=ending.max_rss,
        seen=oracle.best or oracle.least_infeasible,
        **common,
    )
    if ending.x is not None:
        return _at(record, oracle.problem, ending.x)
    if record.verdict in ("ok", "budget_exceeded"):
        return replace(record, x=record.best_x, f=record.best_f, feasible=record.best_x is not None)
    return record


def _at(record: Record, problem: Problem, x: np.ndarray) -> Record:
    """The record, scored at a point that the program returned: evaluated here, uncounted."""
    width = problem.upper_array - problem.lower_array
    nearest = np.clip(x, problem.lower_array, problem.upper_array)
    # What rounding puts outside is inside.
    x = nearest if (np.abs(x - nearest) <= 1e-9 * width).all() else x
    values = problem.evaluate(x[None, :])
    feasible = bool(problem.feasible(values)[0] and problem.inside(x[None, :])[0])
    return replace(record, x=x.tolist(), f=float(values.f[0]), feasible=feasible)
