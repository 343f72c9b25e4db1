"""Contest: resumed runs, runs taken over, and the record's means against the lines it was made from."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import fmean

import pytest
from study_rows import described

from llamoco.dataset_builder.analysis.task_log import TaskLogError
from llamoco.dataset_builder.optimizers.configuration import configured
from llamoco.dataset_builder.problems.portable_rng import run_seed
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.modeling.evaluation.baselines import problem_hash
from llamoco.modeling.selection.contest import (
    FILE,
    SEED,
    contest_record,
    contest_tasks,
    program_of,
    run_contest,
)
from llamoco.modeling.selection.stages import Plan, run_plan
from llamoco.modeling.selection.tables import selection_table
from llamoco.modeling.selection.training_set import first_rows

Plans = dict[str, dict[str, tuple[Plan, float]]]


@pytest.fixture
def problems() -> list[Problem]:
    rows = first_rows(described(20))
    found = sorted((Problem.from_json(row["problem"]) for row in rows), key=lambda p: p.max_evals)
    return [next(p for p in found if p.constrained == constrained) for constrained in (False, True)]


def plans(problems: list[Problem]) -> Plans:
    """SBS in name, a probing selector, and a portfolio, without training."""
    return {
        "sbs": {p.id: (Plan((configured("cobyla", p),)), 0.5) for p in problems},
        "pias": {p.id: (Plan((configured("slsqp", p),), probed=True), 1.5) for p in problems},
        "as_llm": {p.id: (Plan((configured("cobyla", p),)), 2.0) for p in problems},
        "portfolio": {p.id: (Plan((configured("slsqp", p), configured("cobyla", p))), 0.0) for p in problems},
    }


def run(out: Path, problems: list[Problem], known: dict[tuple[str, str, int], dict[str, object]]) -> None:
    run_contest(out, problems, plans(problems), 2, {"seed": SEED}, known, "llamoco", 1, lambda *_: None)


def test_contestants_with_the_same_plan_share_their_runs(problems: list[Problem]) -> None:
    assert len(contest_tasks(problems, plans(problems), 2, {})) == 2 * 2 * 3


def test_a_contest_resumes_and_its_record_follows_from_its_lines(
    problems: list[Problem], tmp_path: Path
) -> None:
    run(tmp_path, problems, {})
    whole = (tmp_path / FILE).read_text(encoding="utf-8")
    lines = whole.splitlines(keepends=True)
    (tmp_path / FILE).write_text("".join(lines[:5]) + lines[5][:20], encoding="utf-8")
    run(tmp_path, problems, {})

    def untimed(text: str) -> list[dict[str, object]]:
        read = [json.loads(line) for line in text.splitlines()[1:]]
        return sorted(({**one, "seconds": 0} for one in read), key=lambda one: one["key"])

    resumed = (tmp_path / FILE).read_text(encoding="utf-8")
    assert untimed(resumed) == untimed(whole)

    record = contest_record(tmp_path, problems, {p.id: "cobyla" for p in problems}, plans(problems), 2)
    read = [json.loads(line) for line in resumed.splitlines()[1:]]
    probed = [line for line in read if '"probed":true' in line["key"]]
    scored = record["groups"]["all"]["pias"]
    assert scored["aocc"] == pytest.approx(fmean(line["aocc"] for line in probed))
    assert scored["seconds"] == pytest.approx(fmean(line["seconds"] for line in probed) + 1.5)
    assert scored["runs"] == 4 and scored["optimizers"] == {"slsqp": 2} and scored["label_hits"] == 0
    assert record["groups"]["all"]["as_llm"]["above_sbs"]["aocc"]["difference"] == 0
    assert record["groups"]["all"]["as_llm"]["label_hits"] == 1
    assert record["groups"]["constrained"]["sbs"]["problems"] == 1
    assert [row[0] for row in selection_table(record).rows][:2] == ["SBS", "PIAS"]


def test_other_settings_are_refused_and_nothing_is_lost(problems: list[Problem], tmp_path: Path) -> None:
    run(tmp_path, problems[:1], {})
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(TaskLogError, match="other settings"):
        run_contest(tmp_path, problems, plans(problems), 2, {"seed": 1}, {}, "llamoco", 1, lambda *_: None)
    assert (tmp_path / FILE).read_bytes() == before


def test_known_runs_of_the_same_program_are_taken_over_and_no_others(
    problems: list[Problem], tmp_path: Path
) -> None:
    problem = problems[0]
    plan = plans(problems)["sbs"][problem.id][0]
    done = run_plan(problem, plan, run_seed(SEED, problem.id, 0)) | {"seconds": 123.0}
    run(tmp_path, problems, {(problem_hash(problem), program_of(plan), 0): done})
    lines = [json.loads(line) for line in (tmp_path / FILE).read_text(encoding="utf-8").splitlines()[1:]]
    taken = [line for line in lines if line["taken_over"]]
    assert len(taken) == 1 and taken[0]["seconds"] == 123.0
    again = run_plan(problem, plan, run_seed(SEED, problem.id, 0))
    assert again["aocc"] == taken[0]["aocc"]
