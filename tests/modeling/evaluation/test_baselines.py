"""Other people's tools beside a model: scored as the metric scores programs, paired by problem, gone on with after a stop."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from llamoco.dataset_builder.analysis.task_log import read_task_log, run_missing_tasks
from llamoco.dataset_builder.benchmark.run import execute
from llamoco.dataset_builder.problems.oracle import Oracle
from llamoco.dataset_builder.problems.portable_rng import run_seed
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics.runner import Prediction, Runner
from llamoco.metrics.sandbox.record import Record
from llamoco.metrics.scores import Attempt, Run
from llamoco.modeling.evaluation.baseline_comparison import Baselines, compare_with_baselines, read_baselines
from llamoco.modeling.evaluation.baselines import (
    SHIPPED_BASELINES,
    SLOW,
    TOOLS,
    problem_hash,
    run_of_oracle,
    run_tool,
    tool_tasks,
    write_baselines,
)
from llamoco.modeling.evaluation.split_rows import evaluation_rows

ROWS = evaluation_rows("test", 12)
PROBLEMS = [Problem.from_json(row["problem"]) for row in ROWS]
QUICK = ("scipy_de", "slsqp_multistart")


def ended(problem: Problem, gap: float) -> Run:
    """A run whose only improvement, at the first evaluation, leaves a relative gap."""
    assert problem.f0 is not None and problem.f_star is not None
    f = problem.f_star + gap * (problem.f0 - problem.f_star)
    record = Record(
        verdict="ok", reason="", tier="", seed=0, source_hash="", f=f, feasible=True, trace=[(1, f)]
    )
    return Run(problem, Attempt("", record, None))


def test_programs_score_the_same_in_the_sandbox_and_on_the_oracle() -> None:
    assert {problem.constrained for problem in PROBLEMS[:6]} == {False, True}
    texts = [row["completion"] for row in ROWS[:6]]
    predictions = [Prediction(text, problem) for text, problem in zip(texts, PROBLEMS, strict=False)]
    same_point = 0
    with Runner(1, seed=0, workers=1) as runner:
        for position, [confined] in runner.run_all(predictions):
            problem = PROBLEMS[position]
            oracle, seed = Oracle(problem), run_seed(0, problem.id, 0)
            measured = execute(problem, texts[position], seed, oracle=oracle)
            here = run_of_oracle(oracle, seed)
            assert measured["status"] in ("ok", "budget_exceeded") and not confined.attempt.failed
            assert here.aocc == confined.aocc and confined.aocc is not None
            record = confined.attempt.record
            assert here.attempt.record.evals == record.evals
            assert here.attempt.record.f == (record.best_f if record.best_x is not None else None)
            if record.f == record.best_f:
                same_point += 1
                assert here.w == confined.w
    assert same_point >= 4


def test_tasks_come_in_an_order_in_which_any_part_is_fair() -> None:
    tasks = list(tool_tasks(PROBLEMS, tuple(TOOLS), 2).values())
    assert len(tasks) == len(PROBLEMS) * len(TOOLS) * 2 and len({seed for *_, seed in tasks}) == len(tasks)
    slow = [task for task in tasks if task[1] in SLOW]
    assert tasks[-len(slow) :] == slow and len(SLOW) == 2
    assert [run for _, _, run, _ in slow] == ([0] * 12 + [1] * 12) * 2
    first, again = slow[:12], slow[12:24]
    assert [task[0] for task in first] == [task[0] for task in again] != [p.to_json() for p in PROBLEMS]
    constrained = [Problem.from_json(task[0]).constrained for task in first]
    assert set(constrained[:8]) == {False, True}


def test_runs_go_on_after_a_stop_and_make_a_table(tmp_path: Path) -> None:
    tasks = tool_tasks(PROBLEMS[:2], QUICK, 2)
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    with ThreadPoolExecutor(1) as executor:
        for folder in (whole, cut):
            run_missing_tasks(folder / "baselines.jsonl", {"seed": 0}, "c", tasks, run_tool, executor, 1)
        lines = (cut / "baselines.jsonl").read_text().splitlines(keepends=True)
        (cut / "baselines.jsonl").write_text("".join(lines[:5])[:-20])  # as kill -9 leaves it
        run_missing_tasks(cut / "baselines.jsonl", {"seed": 0}, "c", tasks, run_tool, executor, 1)
    rows = {folder: read_task_log(folder / "baselines.jsonl")[1] for folder in (whole, cut)}
    assert len(rows[whole]) == 8
    for key, row in rows[whole].items():
        assert {**row, "seconds": 0} == {**rows[cut][key], "seconds": 0}
        assert row["evals"] <= next(p.max_evals for p in PROBLEMS if p.id == row["problem_id"])
    path = write_baselines(whole, PROBLEMS)
    meta = json.loads(path.with_suffix(".json").read_text())
    assert meta["tools"]["scipy_de"]["problems"] == 2 and meta["tools"]["scipy_de"]["runs"] == 4
    changed = replace(PROBLEMS[1], f_star=-1e9)
    found = read_baselines([PROBLEMS[0], changed, *PROBLEMS[2:]], path)
    assert found is not None and found.provenance["command"] == "c"
    assert {row["problem_id"] for row in found.rows["scipy_de"]} == {PROBLEMS[0].id}
    assert [row["aocc"] for row in found.rows["scipy_de"]] == [
        row["aocc"]
        for row in sorted(rows[whole].values(), key=lambda row: row["run"])
        if (row["solver"], row["problem_id"]) == ("scipy_de", PROBLEMS[0].id)
    ]
    assert read_baselines(PROBLEMS[3:], path) is None and read_baselines(PROBLEMS, tmp_path / "no") is None


def test_tools_beside_a_model_by_hand() -> None:
    a, b, c = PROBLEMS[:3]
    model = [[ended(a, 0.1), ended(a, 0.001)], [ended(b, 0.01)], [ended(c, 1.0)]]
    rows = {
        "pycma": [
            {"problem_id": name, "aocc": value, "perf": value, "status": "ok"}
            for name, value in ((a.id, 0.5), (a.id, 0.1), (b.id, 0.2))
        ],
        "scipy_de": [{"problem_id": c.id, "aocc": 0.25, "perf": 0.5, "status": "timeout"}],
    }
    found = compare_with_baselines({"model": model}, Baselines(rows, {}))
    # AOCC of a gap of 10^-k that stands from the first evaluation on is k / 3.
    assert found["pycma"]["contestants"]["model"]["aocc"] == pytest.approx((1 / 3 + 1 + 2 / 3) / 3)
    result = found["pycma"]["comparisons"]["model"]["aocc"]
    assert result["difference"] == pytest.approx((2 / 3 - 0.3 + 2 / 3 - 0.2) / 2)
    assert (result["problems"], result["wins"]) == (2, 2) and found["pycma"]["problems"] == 2
    lost = found["scipy_de"]["comparisons"]["model"]["perf"]
    assert (lost["difference"], lost["losses"], lost["interval"]) == (-0.5, 1, None)
    assert found["scipy_de"]["statuses"] == {"timeout": 1}
    p = [found[tool]["comparisons"]["model"]["aocc"]["p_value"] for tool in ("pycma", "scipy_de")]
    assert found["pycma"]["comparisons"]["model"]["aocc"]["adjusted"] == min(1, 2 * min(p))
    assert list(found) == [name for name in TOOLS if name in rows]


def test_the_shipped_runs_are_on_the_shipped_problems() -> None:
    hashes = {p.id: problem_hash(p) for p in PROBLEMS}
    found = read_baselines(PROBLEMS)
    assert SHIPPED_BASELINES.stat().st_size < 2_000_000
    assert found is not None and {"scipy_de", "pycma", "slsqp_multistart"} <= set(found.rows) <= set(TOOLS)
    for tool, rows in found.rows.items():
        assert all(row["problem_hash"] == hashes[row["problem_id"]] for row in rows)
        # Every tool but the slow ones has run on every problem equally often, twice at least.
        runs = Counter(row["problem_id"] for row in rows)
        assert tool in SLOW or (
            runs.keys() == hashes.keys() and len(set(runs.values())) == 1 and runs.total() >= 2 * len(runs)
        )
        assert all(0 <= row["aocc"] <= 1 and 0 <= row["perf"] <= 1 for row in rows)
