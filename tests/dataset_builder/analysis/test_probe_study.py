"""The probe study: its records, and a report on labels whose truth is known."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from llamoco.dataset_builder.analysis.probe_study import probe_record, probe_report, probe_tasks
from llamoco.dataset_builder.analysis.prompt_facts import SETS
from llamoco.dataset_builder.analysis.selector import cross_validated_choices
from llamoco.dataset_builder.benchmark.labels import Label
from llamoco.dataset_builder.benchmark.race import Score
from llamoco.dataset_builder.optimizers.configuration import configured
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.symbolic.synthesis import draw_set

NAMES = ("de", "slsqp")


@pytest.fixture(scope="module")
def problems() -> list[Problem]:
    return [replace(problem, max_evals=1200) for problem in draw_set(7, 80, constrained=False)]


def label(problem: Problem, winner: str) -> Label:
    scores = tuple(
        Score(
            *configured(name, problem),
            0.8 if name == winner else 0.2,
            0.9 if name == winner else 0.5,
            100,
        )
        for name in NAMES
    )
    best = next(score for score in scores if score.optimizer == winner)
    return Label(problem, "train", winner, best.config, best.aocc, best.w, False, scores, scores, scores)


def test_records_hold_what_is_known(problems: list[Problem]) -> None:
    tasks = probe_tasks(problems)
    assert list(tasks) == [problem.id for problem in problems]
    record = probe_record(*tasks[problems[0].id])
    assert record["features"]["undefined"] >= 0 and "objective.turns" in record["features"]
    assert not any(name.startswith("violation") for name in record["features"])
    assert json.loads(json.dumps(record)) == record == probe_record(*tasks[problems[0].id])
    assert probe_record(replace(problems[0], max_evals=30).to_json()) == {"features": {}}


def test_a_selector_on_probes_finds_what_only_they_tell(problems: list[Problem]) -> None:
    rows: dict[str, Any] = {name: probe_record(*task) for name, task in probe_tasks(problems).items()}
    skews = [rows[problem.id]["features"].get("objective.skew", 0.0) for problem in problems]
    labels = [label(p, NAMES[int(skew > np.median(skews))]) for p, skew in zip(problems, skews, strict=True)]

    def choose(name: str, *args: Any) -> dict[str, list[str]]:
        assert name.startswith("unconstrained, ")
        return cross_validated_choices(*args)

    sbs = {"aocc": "de", "w": "de"}
    report = probe_report("unconstrained", labels, sbs, rows, choose)
    assert report["problems"] == report["checked_problems"] == len(problems)
    closed = {name: report[name]["aocc"]["gap_closed"] for name in SETS}
    assert closed["size and probes"] > 0.8 > closed["size"] + 0.2
    assert closed["size, operations and probes"] > closed["size and operations"]
