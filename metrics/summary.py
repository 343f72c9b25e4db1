"""Summary of scores: of all predictions, by group, and compared between models."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from llamoco.metrics import scores
from llamoco.metrics.reference import FAILED
from llamoco.metrics.run_records import row
from llamoco.metrics.runner import Prediction, Runner
from llamoco.metrics.scores import Run
from llamoco.metrics.statistics import TIE, ByProblem, interval, percentiles, wilcoxon

Compared = Literal["aocc", "perf", "err"]
COMPARED: Mapping[str, Callable[[Run], float | None]] = {
    "aocc": scores.aocc,
    "perf": scores.perf,
    "err": scores.err,
}

# First values of the classes; the last is where they end.
DIMENSIONS = (2, 6, 11, 26, 51)
BUDGETS = (20, 101, 301, 1001, 5001, 20_001)


def score(
    predictions: Sequence[Prediction],
    tokens: Sequence[int] | None,
    runner: Runner,
    on_done: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Run and score programs; see ``scores`` for the definitions.

    Args:
        predictions: what to run.
        tokens: for each prediction, the tokens it cost, input and output, its repair turn included.
        runner: where to run it.
        on_done: called whenever a prediction has all its runs.

    Returns:
        What ``summary`` returns, with tier, and records: one dict for each run, see ``row``.
    """
    done = {}
    for position, several in runner.run_all(predictions):
        done[position] = several
        on_done()
    runs = [done[position] for position in range(len(predictions))]
    return summary(runs, tokens) | {
        "tier": runner.tier,
        "records": [_row(i, j, run) for i, several in enumerate(runs) for j, run in enumerate(several)],
    }


def _row(prediction: int, number: int, run: Run) -> dict[str, Any]:
    """A run's record; where the reference failed, the reason names it."""
    record = row(prediction, number, run)
    for part in (record, record["repair"]):
        if part is not None and part["reason"].startswith(FAILED):
            part["reason"] = f"references[{prediction}]: {part['reason']}"
    return record


def summary(runs: Sequence[Sequence[Run]], tokens: Sequence[int] | None) -> dict[str, Any]:
    """Scores of predictions from their runs.

    Args:
        runs: the runs of each prediction, one or more.
        tokens: for each prediction, the tokens it cost, input and output, its repair turn included.

    Returns:
        err, rec, perf, comp, aocc, faith, r_acc, budget_exceeded: means, or None where there are no values.
        hit_rates: by tolerance. intervals: [low, high] of each of these, hit rates as "hit_1e-1", or None (see
        ``statistics.interval``). paper: err, rec, perf and comp by the paper's own definitions. verdicts: numbers
        of runs by verdict.

    Raises:
        ValueError: if tokens are given for another number of predictions.
    """
    every = [run for several in runs for run in several]
    firsts = [several[0] for several in runs]
    if tokens is not None and len(tokens) != len(runs):
        raise ValueError(f"tokens has {len(tokens)} entries for {len(runs)} predictions: give one each")
    values = {name: _gather(every, value) for name, value in scores.OF_RUNS.items()}
    values |= {name: _gather(firsts, value) for name, value in scores.OF_PREDICTIONS.items()}
    costs = zip(firsts, tokens or (), strict=tokens is not None)
    values["comp"] = ByProblem.gather((run.problem.id, scores.comp(count)) for run, count in costs)
    means = {name: gathered.mean for name, gathered in values.items()}
    intervals = {
        name: interval(gathered, None if name == "comp" else (0.0, 1.0)) for name, gathered in values.items()
    }
    paper = {name: _gather(every, value).mean for name, value in scores.PAPER.items()}
    if all(run.repair is None for run in every):
        paper["rec"] = None
    return {
        **{name: means[name] for name in means if not name.startswith("hit_")},
        "hit_rates": {tolerance: means[f"hit_{tolerance}"] for tolerance in scores.TOLERANCES},
        "intervals": {name: None if ends is None else list(ends) for name, ends in intervals.items()},
        "paper": paper | {"comp": means["comp"]},
        "verdicts": dict(Counter(run.attempt.record.verdict for run in every)),
    }


def groups(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, list[int]]]:
    """Group the rows of the instruction set; each grouping has every row in one class.

    Args:
        rows: with the columns constrained, language, pattern, held_out_pattern, dim and max_evals; facts are known where there is
            no column facts_known.

    Returns:
        Positions of rows by class, by grouping: type, facts, language, pattern, held-out pattern, dimension, budget. Classes
        without rows are left out.
    """
    groupings: dict[str, Callable[[Mapping[str, Any]], tuple[int, str]]] = {
        "type": lambda entry: (
            entry["constrained"],
            "constrained" if entry["constrained"] else "unconstrained",
        ),
        "facts": lambda entry: (0, "known") if entry.get("facts_known", True) else (1, "unknown"),
        "language": lambda entry: (0, entry["language"]),
        "pattern": lambda entry: (0, entry["pattern"]),
        "held-out pattern": lambda entry: (
            entry["held_out_pattern"],
            "held out" if entry["held_out_pattern"] else "seen in training",
        ),
        "dimension": lambda entry: _class(entry["dim"], DIMENSIONS),
        "budget": lambda entry: _class(entry["max_evals"], BUDGETS),
    }
    found: dict[str, dict[str, list[int]]] = {}
    for grouping, class_of in groupings.items():
        members: dict[tuple[int, str], list[int]] = {}
        for position, entry in enumerate(rows):
            members.setdefault(class_of(entry), []).append(position)
        found[grouping] = {name: members[rank, name] for rank, name in sorted(members)}
    return found


def compare(a: Sequence[Sequence[Run]], b: Sequence[Sequence[Run]], score: Compared) -> dict[str, Any]:
    """Paired comparison of two models by problem: the mean over predictions and runs, a's minus b's.

    Args:
        a, b: the runs of each prediction, on the same problems.
        score: "aocc", "perf" or "err".

    Returns:
        difference: mean over problems; interval: [low, high], 95%, or None (see ``statistics.interval``); p_value:
        Wilcoxon signed-rank test; problems: their number; wins, ties, losses: problems where a is better, as good
        (within 1e-9) or worse than b. Problems without a value on both sides are left out; if none is left,
        difference and p_value are None.

    Raises:
        ValueError: if the problems differ, or there is no such score.
    """
    first, second = _paired([a, b], score)
    return compare_values(first, second, score)


def compare_values(a: ByProblem, b: ByProblem, score: Compared) -> dict[str, Any]:
    """``compare`` from the values of a score, gathered by problem; problems that only one side has are left out."""
    first, second = _on_common_problems([a, b])
    if not first.problems:
        return dict.fromkeys(("difference", "interval", "p_value")) | dict.fromkeys(
            ("problems", "wins", "ties", "losses"), 0
        )
    differences = first.means - second.means
    differences[np.abs(differences) <= TIE] = 0.0
    ends = interval(ByProblem(first.problems, differences, np.ones(len(differences))))
    better = -differences if score == "err" else differences
    return {
        "difference": float(differences.mean()),
        "interval": None if ends is None else list(ends),
        "p_value": wilcoxon(np.round(differences, 9)),  # rounding noise makes no ranks
        "problems": len(differences),
        "wins": int((better > 0).sum()),
        "ties": int((better == 0).sum()),
        "losses": int((better < 0).sum()),
    }


def gap_closed(
    model: Sequence[Sequence[Run]],
    sbs: Sequence[Sequence[Run]],
    vbs: Sequence[Sequence[Run]],
    score: Compared,
) -> dict[str, Any] | None:
    """Gap closed = (model - SBS) / (VBS - SBS): 0 as good as the single best solver, 1 as the labelled answers.

    Args:
        model, sbs, vbs: the runs of each prediction, on the same problems.
        score: "aocc" or "perf".

    Returns:
        value, and interval: [low, high], 95%, all three means taken over the same resampled problems; it is None
        where more than 2.5% of the resamples have no gap, for then no value can be excluded. None where VBS is not
        above SBS.

    Raises:
        ValueError: if the problems differ, or there is no such score.
    """
    if score == "err":
        raise ValueError("the gap is one of performance: expected score 'aocc' or 'perf', got 'err'")
    own, single, virtual = _paired([model, sbs, vbs], score)
    if own.mean is None or single.mean is None or virtual.mean is None or virtual.mean <= single.mean:
        return None
    value = (own.mean - single.mean) / (virtual.mean - single.mean)
    if len(own.problems) < 2:
        return {"value": value, "interval": None}
    gap = virtual.resampled() - single.resampled()
    positive = gap > 0
    closed = (own.resampled() - single.resampled())[positive] / gap[positive]
    certain = positive.mean() >= 0.975
    return {"value": value, "interval": list(percentiles(closed, len(own.problems))) if certain else None}


def _gather(runs: Sequence[Run], value: Callable[[Run], float | None]) -> ByProblem:
    return ByProblem.gather((run.problem.id, value(run)) for run in runs)


def _paired(contestants: Sequence[Sequence[Sequence[Run]]], score: str) -> list[ByProblem]:
    """The contestants' values on the problems where all have some."""
    if score not in COMPARED:
        raise ValueError(f"score has to be one of {', '.join(COMPARED)}, got {score!r}")
    every = [[run for several in runs for run in several] for runs in contestants]
    ids = [{run.problem.id for run in runs} for runs in every]
    for other in ids[1:]:
        if differing := sorted(ids[0] ^ other):
            raise ValueError(
                f"contestants have to run on the same problems; {len(differing)} problems are not in all, "
                f"{differing[0]} first"
            )
    return _on_common_problems([_gather(runs, COMPARED[score]) for runs in every])


def _on_common_problems(gathered: Sequence[ByProblem]) -> list[ByProblem]:
    common = set.intersection(*(set(values.problems) for values in gathered))
    kept = []
    for values in gathered:
        chosen = [problem in common for problem in values.problems]
        kept.append(ByProblem(tuple(sorted(common)), values.sums[chosen], values.counts[chosen]))
    return kept


def _class(value: int, edges: Sequence[int]) -> tuple[int, str]:
    """Number and name of a value's class: "2-10"; "below 2" and "above 50" beyond the edges."""
    number = bisect_right(edges, value)
    if number == 0:
        return number, f"below {edges[0]}"
    if number == len(edges):
        return number, f"above {edges[-1] - 1}"
    return number, f"{edges[number - 1]}-{edges[number] - 1}"
