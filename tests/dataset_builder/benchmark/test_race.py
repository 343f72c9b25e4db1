"""Which runs a race asks for next, on results made by hand."""

from dataclasses import replace

import numpy as np
import pytest

from llamoco.dataset_builder.benchmark import plan
from llamoco.dataset_builder.benchmark.labels import derive_labels
from llamoco.dataset_builder.benchmark.plan import entrants, expected_evals
from llamoco.dataset_builder.benchmark.race import Score, choose_winner, next_jobs
from llamoco.dataset_builder.benchmark.refinement import refine_f_star
from llamoco.dataset_builder.benchmark.run import Job, Run
from llamoco.dataset_builder.benchmark.trace import pack_trace
from llamoco.dataset_builder.optimizers import pool
from llamoco.dataset_builder.optimizers.configuration import configured
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.symbolic.synthesis import draw_problem

SPHERE = "def objective(x): return float(sum(v * v for v in x))\nLOWER, UPPER, MAX_EVALS = [-1, -1], [1, 2], 1000\n"
PROBLEM = Problem("p", "source", (-1.0, -1.0), (1.0, 2.0), 1000, 0, 0, {"python": SPHERE}, f0=1.0, f_star=0.0)


def made(problem: Problem, stage: str, job, best: float, number: int = 0) -> Run:
    """A run that sees ``best`` at once and keeps it."""
    return Run(
        problem.id, number, *job[:2], job.seed_index, stage, "ok", "", best, best, best, 10, 10,
        pack_trace([(1, best)]), 0.0,
    )  # fmt: skip


def raced(problem: Problem, values: dict[str, float], worst: float = 0.9) -> list[tuple[str, list]]:
    """All stages of a race in which every optimizer always gets its value."""
    runs: list[Run] = []
    stages = []
    while (step := next_jobs(problem, runs, 0)) is not None:
        stages.append(step)
        runs += [made(problem, step[0], job, values.get(job.optimizer, worst)) for job in step[1]]
    return stages


def test_a_clear_winner_needs_no_more_seeds_than_it_must():
    stages = raced(PROBLEM, {"slsqp": 0.001, "de": 0.1, "pso": 0.3, "ga": 0.5, "madde": 0.6, "amcde": 0.7})
    names = [stage for stage, _ in stages]
    assert names == ["screen", "second", "final"]
    screen, second, final = (jobs for _, jobs in stages)
    assert {job.optimizer for job in screen} == {
        o.name for o in pool.pool_for(False, "all") if o.affords(2, 1000)
    }
    assert [job.optimizer for job in second] == ["slsqp", "de", "pso", "ga", "madde"]
    assert {job.optimizer for job in final} == {"slsqp", "de", "pso"} and len(final) == 9


def test_those_that_are_close_get_more_seeds():
    stages = raced(PROBLEM, {"slsqp": 0.01, "de": 0.0105, "pso": 0.3})
    assert [stage for stage, _ in stages] == ["screen", "second", "final", "final"]
    assert {(job.optimizer, job.seed_index) for job in stages[-1][1]} == {
        (name, seed) for name in ("slsqp", "de") for seed in (23, 24)
    }


def test_an_unknown_optimum_is_looked_for_with_longer_runs():
    stages = raced(replace(PROBLEM, f_star=None), {"slsqp": 0.01, "de": 0.2, "pso": 0.3})
    assert stages[-1][0] == "reference"
    assert [job.optimizer for job in stages[-1][1]] == ["slsqp", "de"]


@pytest.mark.parametrize(("budget", "finalists", "runs"), [(2000, 3, 6), (20_000, 2, 4), (20_001, 2, 2)])
def test_large_budgets_have_short_races(budget: int, finalists: int, runs: int):
    problem = replace(PROBLEM, max_evals=budget, f_star=None)
    stages = raced(problem, {"slsqp": 0.01, "amcde": 0.2, "madde": 0.3})
    assert [stage for stage, _ in stages] == ["screen", "final", "reference"][: 3 if budget <= 20_000 else 2]
    assert len({job.optimizer for job in stages[1][1]}) == finalists and len(stages[1][1]) == runs
    granted = sum(len(jobs) for _, jobs in stages) * budget
    assert granted <= expected_evals(problem) <= granted + 2 * budget


def test_who_runs_on_large_budgets():
    names = {
        budget: {name for name, _ in entrants(replace(PROBLEM, max_evals=budget))}
        for budget in (2000, 20_000, 20_001)
    }
    assert names[2000] - names[20_000] == plan.SHORT_RUNS_ONLY["unconstrained"]
    assert names[20_001] == plan.LONGEST_RUNS["unconstrained"] < names[20_000]
    for groups in (plan.SHORT_RUNS_ONLY, plan.LONGEST_RUNS):
        for number, members in enumerate(groups.values()):
            assert members <= {optimizer.name for optimizer in pool.pool_for(bool(number), "all")}


def test_a_race_in_which_nothing_differs_has_a_winner_that_ties():
    runs: list[Run] = []
    while (step := next_jobs(PROBLEM, runs, 0)) is not None:
        runs += [made(PROBLEM, step[0], job, 1.0) for job in step[1]]
    (label,) = derive_labels([PROBLEM], {"p": runs}).labels
    assert label.tie and label.aocc == label.w == 0.0


def test_the_second_race_does_not_see_the_first():
    runs = [made(PROBLEM, "screen", Job(*key, 0), 0.5) for key in entrants(PROBLEM)]
    assert next_jobs(PROBLEM, runs, 0)[0] == "second"  # type: ignore[index]
    assert next_jobs(PROBLEM, runs, 1)[0] == "screen"  # type: ignore[index]


def test_a_race_without_a_feasible_point_ends():
    screen = next_jobs(PROBLEM, [], 0)
    assert screen is not None
    nothing = [
        replace(made(PROBLEM, "screen", job, 1.0), best_f=None, first_f=None, f_returned=None, trace=b"")
        for job in screen[1]
    ]
    assert next_jobs(PROBLEM, nothing, 0) is None


def test_a_race_ends_where_its_runs_cannot_be_told_apart_any_more():
    """f0 is the median first feasible value: the second seeds' low first values take it down to f*."""
    problem = replace(PROBLEM, n_inequality=1, f0=None, f_star=None)
    screen = next_jobs(problem, [], 0)
    assert screen is not None
    half = len(screen[1]) // 2
    runs = [made(problem, "screen", job, 0.5 if n < half else 1.0) for n, job in enumerate(screen[1])]
    second = next_jobs(problem, runs, 0)
    assert second is not None and second[0] == "second"
    assert next_jobs(problem, runs + [made(problem, "second", job, 0.5) for job in second[1]], 0) is None


def test_limits_of_the_pool_are_kept():
    for optimizer in pool.pool_for(False, "all"):
        for field, limit in (("max_evals", optimizer.max_evals_limit), ("dim", optimizer.dim_limit)):
            for more in (0, 1):
                size = {"max_evals": 100, "dim": 2} | ({field: limit + more} if limit else {})
                bounds = {name: (float(n),) * size["dim"] for n, name in enumerate(("lower", "upper"))}
                problem = replace(PROBLEM, max_evals=size["max_evals"], **bounds)
                assert (configured(optimizer.name, problem) in entrants(problem)) == (not limit or not more)


def test_who_was_dropped_early_cannot_win():
    strength = {"de": 0.5, "pso": 0.5}
    dropped, full = Score("de", "{}", 0.8, 1, 100, 3), Score("pso", "{}", 0.7, 1, 100, 5)
    assert choose_winner([dropped, full], strength) == (full, False)


@pytest.mark.parametrize("number", range(4))
def test_polish_reaches_the_optimum_of_a_smooth_problem_and_never_worsens(number: int):
    assert refine_f_star(PROBLEM, PROBLEM.upper_array * 0.5) == pytest.approx(0.0, abs=1e-12)
    problem = draw_problem(5, number, True)
    assert problem.feasible_point is not None
    point = np.array(problem.feasible_point)
    assert refine_f_star(problem, point) <= float(problem.evaluate(point[None, :]).f[0])
