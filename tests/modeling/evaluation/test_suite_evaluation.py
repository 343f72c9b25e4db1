"""Evaluation on a suite: runs go on after a stop, scores are those of the runs, and the comparison with rivals is counted by hand."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from llamoco.cli.main import app
from llamoco.dataset_builder.analysis.task_log import TaskLogError, read_task_log
from llamoco.dataset_builder.problems.scores import w
from llamoco.dataset_builder.problems.suites.suite import load_suite
from llamoco.modeling.evaluation.suite_evaluation import (
    RUNS_LOG,
    WAYS,
    evaluate_suite,
    read_suite_evaluation,
)
from llamoco.modeling.evaluation.suite_scores import RIVALS, suite_record, suite_tables
from llamoco.modeling.generation.engines import load_generator
from llamoco.modeling.solving.in_process import InProcessRunner

HEAD = {"command": "c", "settings": {"suite": "outside"}, "versions": {}, "machine": "m", "date": "d"}
PROBLEMS = {problem.id: problem for problem in load_suite("outside")}


def evaluation(out: Path, **more: Any) -> dict[str, Any]:
    return evaluate_suite(out, "outside", load_generator(), InProcessRunner(), runs=2, limit=3, **more)


def test_runs_are_scored_counted_and_go_on_after_a_kill(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    record = evaluation(whole)
    assert [entry["id"] for entry in record["problems"]] == list(PROBLEMS)[:3]
    _, lines = read_task_log(whole / RUNS_LOG)
    assert len(lines) == 3 * len(WAYS)
    for line in lines.values():
        problem = PROBLEMS[line["problem_id"]]
        assert [run["seed"] for run in line["runs"]] == [0, 1]
        for run in line["runs"]:
            assert 1 <= run["evals"] <= problem.max_evals
            assert problem.f0 is not None and problem.f_star is not None
            expected = w(run["f"], problem.f0, problem.f_star) if run["feasible"] else 0
            assert run["perf"] == pytest.approx(expected) and 0 <= run["aocc"] <= 1
    assert json.loads((whole / "suite.json").read_text()) == record == read_suite_evaluation(whole)

    evaluation(cut)
    text = (cut / RUNS_LOG).read_text()
    (cut / RUNS_LOG).write_text(text[: int(len(text) * 0.6)])
    again = evaluation(cut)
    assert again["problems"] == record["problems"] and again["ways"] == record["ways"]
    with pytest.raises(TaskLogError, match="other settings"):
        evaluation(cut, seed=5)


def run(perf: float) -> dict[str, float]:
    return {"perf": perf, "aocc": perf / 2}


def test_a_way_is_compared_with_the_best_rival_of_each_problem() -> None:
    names = ["beale", "branin", "g01", "g02"]
    perf = {
        "beale": (1.0, 0.96),
        "branin": (1.0, 0.94),
        "g01": (0.2, 0.9),
        "g02": (0.5, 0.1),
    }  # best rival, way
    lines = [
        {
            "way": way,
            "problem_id": name,
            "optimizer": "de",
            "runs": [run(perf[name][1] - 0.1), run(perf[name][1] + 0.1)],
        }
        for name in names
        for way in WAYS
    ]
    tools = {
        tool: [
            {"problem_id": name, **run(perf[name][0] if tool == "pycma" else 0.1)}
            for name in names
            if (tool, name) != ("scipy_cobyqa", "g02")  # not finished: no comparison there
        ]
        for tool in RIVALS
    }
    record = suite_record(HEAD, lines, PROBLEMS, tools)
    found = record["ways"]["solve"]["all"]
    assert found["problems"] == 4 and found["compared"] == 3
    assert found["within"] == pytest.approx(2 / 3) and found["behind"] == {"branin": pytest.approx(0.06)}
    assert found["perf"] == pytest.approx((0.96 + 0.94 + 0.9 + 0.1) / 4)
    assert found["virtual_best"] == pytest.approx(2.2 / 3) and found["rivals"]["pycma"] == pytest.approx(
        2.2 / 3
    )
    assert record["ways"]["plain"]["constrained"]["within"] == 1.0
    assert record["tools"]["scipy_cobyqa"]["constrained"]["problems"] == 1
    tables = suite_tables(record)
    [row] = tables["behind"].rows
    assert row[:3] == ["branin", "de", "pycma"]
    assert len(tables["scores"].rows) == 3 * (2 + len(RIVALS)) + 2


def test_an_evaluation_that_was_stopped_between_the_ways_of_a_problem_is_shown() -> None:
    """The second way of the last problem is missing."""
    lines = [{"way": "solve", "problem_id": "beale", "optimizer": "de", "runs": [run(0.5)]}]
    tools = {tool: [{"problem_id": "beale", **run(0.9)}] for tool in RIVALS}
    tables = suite_tables(suite_record(HEAD, lines, PROBLEMS, tools))
    assert tables["behind"].rows == [["beale", "(none)", RIVALS[0], "0.500", "-", "0.900"]]
    [alone] = [row for row in tables["scores"].rows if row[:2] == ["all", "the model's choice alone"]]
    assert alone[2:] == ["0", "-", "-", "-"]
    assert not suite_tables(suite_record(HEAD, [], PROBLEMS, tools))["scores"].rows


def test_a_log_without_runs_is_reported_and_one_of_another_study_refused(tmp_path: Path) -> None:
    head = {"format": 1, **HEAD}
    (tmp_path / RUNS_LOG).write_text(json.dumps(head) + "\n")
    empty = CliRunner().invoke(app, ["report", str(tmp_path)])
    assert empty.exit_code == 0 and "no problem is solved yet" in empty.output
    (tmp_path / RUNS_LOG).write_text(json.dumps(head | {"settings": {"seed": 0}}) + "\n")
    result = CliRunner().invoke(app, ["report", str(tmp_path)])
    assert result.exit_code == 2
    assert f"{RUNS_LOG}: its first line names no suite" in " ".join(result.output.split())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--suite", "inside"], "no suite is called 'inside'"),
        (["--suite", "outside", "--split", "test"], "--suite and --split"),
        (["--suite", "outside", "--workers", "2"], "leave --workers out"),
    ],
)
def test_bad_options_are_refused(options: list[str], message: str) -> None:
    result = CliRunner().invoke(app, ["evaluate", *options])
    assert result.exit_code == 2 and message in " ".join(result.output.split())
