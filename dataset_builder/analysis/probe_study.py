"""Probe study: how much of the gap a selector closes from size alone, from facts, and from probes beside either.

Probes are what a solver may look at where the functions cannot be traced (``problems.profiling.probes``): 5% of the budget, 60
points at most. That they leave less for the search is not charged here, which flatters them by little.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from llamoco.dataset_builder.analysis.prompt_facts import feature_sets
from llamoco.dataset_builder.analysis.selector import Model, checked_labels, gap_closed, random_forest
from llamoco.dataset_builder.analysis.task_log import TaskResult
from llamoco.dataset_builder.benchmark.labels import Label
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.profiling.probes import FEATURE_NAMES, probe_numbers, probe_problem

# From a name, labels, features and models to choices by model: trains, or finds what was trained before.
Choose = Callable[[str, Sequence[Label], np.ndarray, Mapping[str, Model]], dict[str, list[str]]]


def probe_tasks(problems: Sequence[Problem]) -> dict[str, tuple[str]]:
    """Arguments of ``probe_record`` by problem id."""
    return {problem.id: (problem.to_json(),) for problem in problems}


def probe_record(problem_json: str) -> TaskResult:
    """Probes of a problem within its budget: those of their features that are known, by name; none where it affords no probes."""
    numbers = zip(FEATURE_NAMES, probe_numbers(probe_problem(Problem.from_json(problem_json))), strict=True)
    return {"features": {name: float(f"{value:.6g}") for name, value in numbers if np.isfinite(value)}}


def probe_report(
    group: str,
    labels: Sequence[Label],
    sbs: Mapping[str, str],
    rows: Mapping[str, TaskResult],
    choose: Choose,
) -> dict[str, Any]:
    """Share of the gap that a random forest closes from each set of features, all on the same problems.

    Args:
        group: of the labels.
        labels: of one group.
        sbs: its single best solver by criterion.
        rows: results of ``probe_record`` by problem id.
        choose: trains and chooses.
    """
    known = [label for label in labels if label.problem.id in rows]
    seen = [
        [rows[label.problem.id]["features"].get(name, np.nan) for name in FEATURE_NAMES] for label in known
    ]
    checked = checked_labels(known)
    scored = [known[number] for number in checked]
    report: dict[str, Any] = {"problems": len(known), "checked_problems": len(checked)}
    for name, features in feature_sets([label.problem for label in known], seen).items():
        chosen = choose(f"{group}, {name}", known, features, {"forest": random_forest})["forest"]
        picked = [chosen[number] for number in checked]
        report[name] = {c: gap_closed(scored, picked, sbs[c], c) for c in ("aocc", "w")}
    return report
