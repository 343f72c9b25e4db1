"""Comparison of the contestants of an evaluation with the shipped runs of other tools (``baselines``)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics.scores import Run
from llamoco.metrics.statistics import ByProblem, Interval, holm, interval
from llamoco.metrics.summary import COMPARED, Compared, compare_values
from llamoco.modeling.evaluation.baselines import SHIPPED_BASELINES, TOOLS, problem_hash
from llamoco.modeling.evaluation.evaluation_folder import Line

SCORES: tuple[Compared, ...] = ("aocc", "perf")
PROVENANCE = ("command", "settings", "versions", "machine", "date", "wall_limit")


@dataclass(frozen=True)
class Baselines:
    """Runs of tools on the problems of an evaluation.

    Attributes:
        rows: of the table, by tool, on these problems only.
        provenance: how they were made.
    """

    rows: dict[str, list[Line]]
    provenance: dict[str, Any]


def read_baselines(problems: Iterable[Problem], path: Path = SHIPPED_BASELINES) -> Baselines | None:
    """Read the runs on some problems; None if there is no table, or it has none of them.

    A run counts if its problem is the same in every respect, references included.

    Args:
        problems: of an evaluation.
        path: of the table.
    """
    if not path.is_file():
        return None
    known = {problem.id: problem_hash(problem) for problem in problems}
    rows: dict[str, list[Line]] = {}
    for row in pq.read_table(path).to_pylist():
        if known.get(row["problem_id"]) == row["problem_hash"]:
            rows.setdefault(row["solver"], []).append(row)
    if not rows:
        return None
    meta = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    return Baselines(rows, {name: meta[name] for name in PROVENANCE})


def compare_with_baselines(
    contestants: Mapping[str, Sequence[Sequence[Run]]], baselines: Baselines
) -> dict[str, dict[str, Any]]:
    """Compare each tool with the contestants, paired by problem, on the problems that it ran on.

    Args:
        contestants: runs by name, all on the same problems.
        baselines: runs of tools.

    Returns:
        By tool: title, problems, runs, statuses, aocc, perf, intervals; contestants: each one's aocc and perf on the same
        problems; comparisons: for each contestant and score what ``summary.compare`` returns, contestant minus tool, and
        adjusted: the p-value, adjusted (Holm) for the tools.
    """
    values = {name: {score: _gathered(runs, score) for score in SCORES} for name, runs in contestants.items()}
    members = {run.problem.id for runs in contestants.values() for several in runs for run in several}
    found: dict[str, dict[str, Any]] = {}
    for tool, title in TOOLS.items():
        rows = [row for row in baselines.rows.get(tool, []) if row["problem_id"] in members]
        if rows:
            found[tool] = {"title": title, **_of_tool(rows, values)}
    for name in contestants:
        for score in SCORES:
            results = [entry["comparisons"][name][score] for entry in found.values()]
            p_values = [1.0 if result["p_value"] is None else result["p_value"] for result in results]
            for result, adjusted in zip(results, holm(p_values), strict=True):
                result["adjusted"] = adjusted
    return found


def _of_tool(rows: Sequence[Line], values: Mapping[str, Mapping[Compared, ByProblem]]) -> dict[str, Any]:
    own = {score: ByProblem.gather((row["problem_id"], row[score]) for row in rows) for score in SCORES}
    problems = set(own["aocc"].problems)
    return {
        "problems": len(problems),
        "runs": len(rows),
        "statuses": dict(Counter(row["status"] for row in rows)),
        **{score: own[score].mean for score in SCORES},
        "intervals": {score: _as_list(interval(own[score], (0.0, 1.0))) for score in SCORES},
        "contestants": {
            name: {score: _mean_on(by_score[score], problems) for score in SCORES}
            for name, by_score in values.items()
        },
        "comparisons": {
            name: {score: compare_values(by_score[score], own[score], score) for score in SCORES}
            for name, by_score in values.items()
        },
    }


def _gathered(runs: Sequence[Sequence[Run]], score: Compared) -> ByProblem:
    return ByProblem.gather((run.problem.id, COMPARED[score](run)) for several in runs for run in several)


def _mean_on(values: ByProblem, problems: Collection[str]) -> float | None:
    chosen = [name in problems for name in values.problems]
    count = values.counts[chosen].sum()
    return float(values.sums[chosen].sum() / count) if count else None


def _as_list(ends: Interval | None) -> list[float] | None:
    return None if ends is None else list(ends)
