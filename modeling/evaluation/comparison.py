"""Paired comparison of several evaluations, on the rows that all of them have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import cast

from llamoco.metrics.scores import Run
from llamoco.metrics.statistics import holm
from llamoco.metrics.summary import Compared, compare
from llamoco.modeling.evaluation.evaluation_folder import EvaluationError
from llamoco.modeling.evaluation.record import Comparison
from llamoco.modeling.evaluation.results import Results, read_results

SCORES: tuple[Compared, ...] = ("aocc", "perf", "err")


@dataclass(frozen=True)
class Pairing:
    """Comparison of two models by a score.

    Attributes:
        first, second: their names.
        score: "aocc", "perf" or "err".
        result: what ``metrics.summary.compare`` returns, first minus second.
        adjusted: its p-value, adjusted (Holm) for all pairs on this score.
    """

    first: str
    second: str
    score: str
    result: Comparison
    adjusted: float


@dataclass(frozen=True)
class ModelComparison:
    """Comparison of models on the rows that all of them answered.

    Attributes:
        names: of the models; their folders if two have the same name.
        rows: common rows; 0 where only problems are common.
        problems: common problems.
        pairings: each pair of models on each score.
    """

    names: list[str]
    rows: int
    problems: int
    pairings: list[Pairing]


def compare_evaluations(folders: Sequence[Path]) -> ModelComparison:
    """Compare the models of several evaluations.

    Args:
        folders: of finished evaluations of the same label table.

    Raises:
        EvaluationError: if a folder is not finished, or they have no problem in common.
    """
    results = [read_results(folder) for folder in folders]
    models = [str(each.settings["model"]) for each in results]
    names = models if len(set(models)) == len(models) else [str(folder) for folder in folders]
    rows = set.intersection(*({_identity(each, i) for i in range(len(each.rows))} for each in results))
    problems = set.intersection(*({str(row["problem_id"]) for row in each.rows} for each in results))
    if not problems:
        raise EvaluationError(
            f"{', '.join(map(str, folders))} have no problem in common: evaluate them on the same split and rows"
        )
    runs = [_common(each, rows, problems) for each in results]
    pairings = []
    for score in SCORES:
        pairs = list(combinations(range(len(folders)), 2))
        compared = [compare(runs[i], runs[j], score) for i, j in pairs]
        # Without references of a problem (f0, f*) there is no score and no p-value.
        adjusted = holm([1.0 if result["p_value"] is None else result["p_value"] for result in compared])
        pairings += [
            Pairing(names[i], names[j], score, cast(Comparison, result), p)
            for (i, j), result, p in zip(pairs, compared, adjusted, strict=True)
        ]
    shared = {str(name) for name, _ in rows} if rows else problems
    return ModelComparison(names, len(rows), len(shared), pairings)


def _identity(results: Results, position: int) -> tuple[str, str]:
    row = results.rows[position]
    return row["problem_id"], row["prompt"]


def _common(results: Results, rows: set[tuple[str, str]], problems: set[str]) -> list[list[Run]]:
    """The model's runs on the common rows; without any, on all rows of the common problems."""
    return [
        runs
        for i, runs in enumerate(results.runs["model"])
        if (_identity(results, i) in rows if rows else results.rows[i]["problem_id"] in problems)
    ]
