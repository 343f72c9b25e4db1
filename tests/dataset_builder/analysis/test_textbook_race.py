"""The textbook slice on real runs of small problems, counted by hand."""

from dataclasses import replace

from llamoco.dataset_builder.analysis.task_log import TaskResult
from llamoco.dataset_builder.analysis.textbook_race import (
    SEEDS,
    run_on_textbook,
    textbook_report,
    textbook_tasks,
)
from llamoco.dataset_builder.benchmark.race import entrants
from llamoco.dataset_builder.problems.suites.suite import load_suite

SMALL = [
    replace(next(p for p in load_suite("outside") if p.constrained == c), max_evals=100)
    for c in (False, True)
]


def test_every_optimizer_that_serves_a_problem_runs_on_it() -> None:
    tasks = textbook_tasks(SMALL, 0)
    assert set(tasks) == {f"{p.id} {name}" for p in SMALL for name, _ in entrants(p)}


def test_winners_and_means_follow_from_the_runs() -> None:
    names = ("slsqp", "de")
    rows: dict[str, TaskResult] = {
        key: run_on_textbook(*arguments)
        for key, arguments in textbook_tasks(SMALL[:1], 0).items()
        if key.split()[1] in names
    }
    assert all(len(row["runs"]) == len(SEEDS) for row in rows.values())
    group = textbook_report(SMALL, rows)["unconstrained"]
    assert group["problems"] == 1 and set(group["means"]) == set(names)
    winner = max(names, key=lambda name: group["means"][name]["aocc"])
    assert group["winners"] == {winner: 1} and group["by_problem"] == {SMALL[0].id: winner}
    assert group["virtual_best"] == group["means"][winner]
    # Nothing was run on the other one: left out, and said so.
    assert "constrained" not in textbook_report(SMALL, rows)
