"""The scores of predictions from their runs, and of programs that are yet to run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from llamoco.metrics import scores
from llamoco.metrics.runs import Prediction, Runner, row
from llamoco.metrics.scores import Run
from llamoco.metrics.suitability import serves


def score(predictions: Sequence[Prediction], tokens: Sequence[int] | None, runner: Runner) -> dict[str, Any]:
    """Run and score programs; see ``scores`` for the definitions.

    Args:
        predictions: what to run.
        tokens: for each prediction, the tokens it cost, input and output.
        runner: where to run it.

    Returns:
        What ``summary`` returns, with tier, and records: one dict a run, see ``row``.
    """
    done = dict(runner.run_all(predictions))
    runs = [done[position] for position in range(len(predictions))]
    return summary(runs, tokens) | {
        "tier": runner.tier,
        "records": [row(i, j, run) for i, several in enumerate(runs) for j, run in enumerate(several)],
    }


def summary(runs: Sequence[Sequence[Run]], tokens: Sequence[int] | None) -> dict[str, Any]:
    """The scores of predictions from their runs.

    Args:
        runs: the runs of each prediction.
        tokens: for each prediction, the tokens it cost, input and output.

    Returns:
        err, rec, perf, comp, a3, faith, r_acc (floats, or None where there is nothing to take a mean of), and
        verdicts (numbers of runs by verdict).
    """
    every = [run for several in runs for run in several]
    firsts = [several[0] for several in runs]
    return {
        "err": scores.err(every),
        "rec": scores.rec(every),
        "perf": scores.perf(every),
        "comp": scores.comp(tokens),
        "a3": scores.a3_mean(every),
        "faith": scores.mean([float(r.attempt.faithful) for r in firsts if r.attempt.faithful is not None]),
        "r_acc": scores.mean([float(serves(r.attempt.program, r.problem)) for r in firsts]),
        "verdicts": dict(Counter(run.attempt.record.verdict for run in every)),
    }
