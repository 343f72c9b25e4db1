"""Two models on the same problems, paired, where facts are known and where they are not: what tells which of them should answer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from llamoco.dataset_builder.benchmark.provenance import environment
from llamoco.dataset_builder.optimizers.catalogue import GROUPS, group_of
from llamoco.metrics.statistics import ByProblem
from llamoco.metrics.summary import compare, compare_values, groups, summary
from llamoco.modeling.evaluation.evaluation_folder import EvaluationError
from llamoco.modeling.evaluation.results import Results, read_results
from llamoco.modeling.evaluation.robustness import UNKNOWN


def reading_record(own: Path, other: Path, command: str) -> dict[str, Any]:
    """Compare two evaluations by AOCC, paired by problem, with 95% intervals.

    Args:
        own, other: folders of finished evaluations of the same rows; answers of a model that was held to the pool
            are taken within it.
        command: for the record.

    Returns:
        Names of the models; "runs", by class of problems (all, by type, facts known or unknown): mean AOCC of both, and
        ``metrics.summary.compare``; "decisions", the same by type on the problems that both decided on as if nothing were known of their functions
        (variant ``robustness.UNKNOWN``), where the AOCC of a decision is that in the benchmark: None where either lacks it.

    Raises:
        EvaluationError: a folder is not finished, or they are of other rows.
    """
    first, second = read_results(own), read_results(other)
    if [row["row"] for row in first.rows] != [row["row"] for row in second.rows] or (
        first.settings["data_hash"] != second.settings["data_hash"]
    ):
        raise EvaluationError(f"{own} and {other} are of other rows: evaluate both models on the same")
    answers = ["model" if each.within_pool is None else "within_pool" for each in (first, second)]
    return {
        "command": command,
        "seed": first.settings["seed"],
        **environment(),
        "models": [str(each.settings["model"]) for each in (first, second)],
        "answers": answers,
        "runs": {
            name: _compared_runs(
                [
                    [each.runs[way][i] for i in members]
                    for each, way in zip((first, second), answers, strict=True)
                ]
            )
            for name, members in _classes(first).items()
        },
        "decisions": {
            name: _compared_decisions(values) for name, values in _hidden(first, second) if values is not None
        }
        or None,
    }


def _classes(results: Results) -> dict[str, Sequence[int]]:
    classes = groups(results.rows)
    known = {f"facts {name}": rows for name, rows in classes["facts"].items()}
    return {"all": range(len(results.rows)), **classes["type"], **known}


def _compared_runs(runs: Sequence[Any]) -> dict[str, Any]:
    means = [summary(each, None)["aocc"] for each in runs]
    return {"aocc": means, **compare(runs[0], runs[1], "aocc")}


def _hidden(first: Results, second: Results) -> Iterator[tuple[str, tuple[ByProblem, ByProblem] | None]]:
    decided = [
        {line["problem_id"] for line in each.decisions if UNKNOWN in line["decisions"]}
        for each in (first, second)
    ]
    rows = {row["problem_id"]: row for row in first.rows if row["problem_id"] in decided[0] & decided[1]}
    for name in ("all", *GROUPS):
        chosen = [n for n, row in rows.items() if name in ("all", group_of(row["constrained"]))]
        found = [_scored(each, rows, chosen) for each in (first, second)]
        yield name, (found[0], found[1]) if all(each.problems for each in found) else None


def _scored(results: Results, rows: Mapping[str, Any], chosen: Sequence[str]) -> ByProblem:
    """AOCC in the benchmark of what a model chose where facts are unknown; 0 of what cannot serve the problem."""
    decisions = {line["problem_id"]: line["decisions"] for line in results.decisions}
    return ByProblem.gather(
        (name, json.loads(rows[name]["scores"]).get(decisions[name][UNKNOWN], 0.0)) for name in chosen
    )


def _compared_decisions(values: tuple[ByProblem, ByProblem]) -> dict[str, Any]:
    return {"aocc": [each.mean for each in values], **compare_values(*values, "aocc")}
