"""Runs of contestants: budgets are shared, everything is counted, and a plain run is the benchmark's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from llamoco.dataset_builder.benchmark.run import execute
from llamoco.dataset_builder.benchmark.trace import unpack_trace
from llamoco.dataset_builder.optimizers import pool
from llamoco.dataset_builder.optimizers.catalogue import POOL
from llamoco.dataset_builder.optimizers.configuration import configured
from llamoco.dataset_builder.problems.oracle import Oracle
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.profiling.probe_points import probe_count
from llamoco.dataset_builder.problems.scores import aocc, w
from llamoco.modeling.selection.stages import Plan, Stages, run_plan, trial_cost
from llamoco.modeling.selection.tuning import TRIALS, trial_plan, tune

SAMPLE = Path(__file__).parents[3] / "dataset_builder" / "labels" / "sample.jsonl"


def problems(constrained: bool) -> list[Problem]:
    """Problems of a group with a budget that affords trials and is quick to use."""
    rows = map(json.loads, SAMPLE.read_text(encoding="utf-8").splitlines())
    found = (Problem.from_json(row["problem"]) for row in rows)
    return [p for p in found if p.constrained == constrained and 400 <= p.max_evals <= 1500 and p.dim <= 12]


def test_a_plan_of_one_program_is_the_benchmarks_run() -> None:
    problem = problems(False)[0]
    plan = Plan((configured("pso", problem),))
    found = run_plan(problem, plan, 7)
    name, config = plan.programs[0]
    measured = execute(problem, pool.render(name, json.loads(config)), 7)
    assert problem.f0 is not None and problem.f_star is not None
    assert found["evals"] == measured["evals"]
    assert found["perf"] == w(measured["f_returned"], problem.f0, problem.f_star)
    trace = unpack_trace(measured["trace"])  # rounded there
    expected = aocc(trace, problem.max_evals, problem.f0, problem.f_star)
    assert found["aocc"] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("constrained", [False, True])
@pytest.mark.parametrize(("probed", "tuned"), [(True, False), (False, True), (True, True)])
def test_probes_and_trials_are_charged_and_the_best_of_all_is_returned(
    constrained: bool, probed: bool, tuned: bool
) -> None:
    problem = problems(constrained)[0]
    plan = Plan((configured("cobyla", problem),), probed, tuned)
    if probed:
        stages = Stages(problem, 3)
        stages.probe()
        assert stages.evals == probe_count(problem.max_evals) > 0
    found = run_plan(problem, plan, 3)
    assert 0 < found["evals"] <= problem.max_evals
    assert (found["trials"] > 0) == tuned
    assert 0 <= found["aocc"] <= 1 and 0 <= found["perf"] <= 1
    assert run_plan(problem, plan, 3) | {"seconds": 0} == found | {"seconds": 0}, "not repeatable"


def test_a_portfolio_shares_the_budget_and_joins_the_traces() -> None:
    problem = problems(False)[0]
    stages = Stages(problem, 1)
    alone = []
    for name, config in (configured("de", problem), configured("slsqp", problem)):
        before = stages.evals
        oracle = stages.run(name, json.loads(config), problem.max_evals // 2)
        alone.append(oracle.best_f)
        assert oracle.evals <= problem.max_evals // 2
        assert stages.evals == before + oracle.evals
    assert stages.best_f == min(alone)
    values = [f for _, f in stages.trace]
    assert values == sorted(values, reverse=True) and values[-1] == min(alone)
    assert stages.trace[-1][0] <= stages.evals


def test_plans_survive_json() -> None:
    plan = Plan((("slsqp", '{"EPS":1e-07}'), ("de", "{}")), True, False)
    assert Plan.from_json(plan.to_json()) == plan


def test_trials_fit_the_budget_and_the_grid() -> None:
    assert trial_plan("slsqp", 30, 2) == (0, 0)  # not even two trials
    trials, evals = trial_plan("slsqp", 1000, 5)
    assert trials == TRIALS and trials * evals <= 500
    trials, evals = trial_plan("slsqp", 200, 30)
    assert trials == 0 or evals >= 60
    for name, optimizer in POOL.items():
        sizes = 1
        for values in optimizer.grid.values():
            sizes *= len(values)
        assert trial_plan(name, 10**6, 2)[0] <= sizes


def test_tuning_finds_the_best_configuration_of_a_small_grid() -> None:
    grid = POOL["cobyla"].grid
    wanted = {name: values[-1] for name, values in grid.items()}
    tried = []

    def cost(config: dict[str, float]) -> float:
        tried.append(config)
        return -float(sum(config[name] == value for name, value in wanted.items()))

    start = POOL["cobyla"].defaults
    everything = 1
    for values in grid.values():
        everything *= len(values)
    best = tune("cobyla", start, everything, cost, 0)
    assert best == wanted, "costs below 0 are costs, too"
    assert start in tried
    assert all(config[name] in grid[name] for config in tried for name in grid)
    assert len({json.dumps(config) for config in tried}) == everything


def test_the_cost_of_a_trial_orders_feasible_before_infeasible() -> None:
    problem = problems(True)[0]
    assert problem.feasible_point is not None
    good, none = Oracle(problem), Oracle(problem)
    good.objective(problem.feasible_point)
    assert trial_cost(good) < trial_cost(none)
    bad = Oracle(problem)
    for corner in (problem.lower_array, problem.upper_array):
        bad.objective(corner)
    if bad.best_x is None:
        assert trial_cost(good) < trial_cost(bad) <= trial_cost(none)


@pytest.mark.slow
def test_every_grid_of_the_pool_can_be_tuned() -> None:
    for name, optimizer in POOL.items():
        trials = trial_plan(name, 10**6, 2)[0]
        if trials:
            costs = iter(range(1000))
            best = tune(name, optimizer.defaults, trials, lambda config, costs=costs: -float(next(costs)), 1)
            pool.render(name, best)  # raises on a constant that is none
            assert all(best[constant] in values for constant, values in optimizer.grid.items())
