"""What a program costs in the sandbox, at the floors that were promised; the least of many repetitions counts."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from llamoco.dataset_builder.problems.oracle import BudgetExceeded, Oracle
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.synthesis import draw_problem
from llamoco.metrics.sandbox.slot import Sandbox

CALL, POINT = 25.0, 1.0  # microseconds: a scalar call, a point of a batch of 100
TIMES_A_COLD_START = 20
ENTRY = "import time\nimport numpy as np\ndef optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None):\n"
TIMED = (
    ENTRY
    + """\
    points = np.random.uniform(lower, upper, (max_evals, len(lower)))
    least = float("inf")
    for start in range(0, max_evals, 100):
        some = points[start : start + 100]
        before = time.perf_counter()
        CALL
        least = min(least, time.perf_counter() - before)
    print(least * 1e4)
    return lower
"""
)


@pytest.fixture(scope="module")
def pinned() -> Iterator[Sandbox]:
    """On one core, as a runner's workers are."""
    if not hasattr(os, "sched_getaffinity"):
        pytest.skip("processes cannot be pinned here")
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        with Sandbox(allow_unsafe=True) as started:
            yield started
    finally:
        os.sched_setaffinity(0, allowed)


@pytest.mark.parametrize("constrained", [False, True])
@pytest.mark.parametrize(
    ("call", "floor"), [("for x in some: objective(x)", CALL), ("objective(some)", POINT)]
)
def test_a_call_costs_little(pinned: Sandbox, constrained: bool, call: str, floor: float) -> None:
    problem = replace(small_problem(constrained), max_evals=20_000)
    found: list[float] = []
    while len(found) < 5 and (not found or min(found) > floor):
        record = pinned.run(TIMED.replace("CALL", call), problem, seed=1)
        assert record.verdict == "ok", record
        found.append(float(record.output))
    assert min(found) <= floor


def test_a_program_costs_a_small_part_of_a_cold_start(pinned: Sandbox) -> None:
    problem = small_problem(False)

    def cold() -> None:
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", "import numpy, scipy.optimize, cma"], check=True
        )

    def program() -> None:
        assert pinned.run(ENTRY + "    objective(lower)\n    return lower\n", problem, seed=1).verdict == "ok"

    assert least(cold, 2) >= TIMES_A_COLD_START * least(program, 60)


def test_collections_of_garbage_leave_the_libraries_alone(pinned: Sandbox) -> None:
    text = ENTRY + "    import gc\n    objective(lower)\n    print(len(gc.get_objects()))\n    return lower\n"
    assert int(pinned.run(text, small_problem(False), seed=1).output) < 5000


@pytest.mark.parametrize("constrained", [False, True])
def test_values_are_those_of_evaluate(constrained: bool) -> None:
    problem = replace(small_problem(constrained), max_evals=3)
    oracle, other = Oracle(problem), Oracle(problem)
    for x in np.random.default_rng(0).uniform(problem.lower, problem.upper, (3, problem.dim)):
        expected = np.concatenate([part[0] for part in map(np.atleast_2d, other.evaluate(x[None, :]))])
        for given in (x, x.tolist(), np.array(x)):  # repetitions are free
            assert np.frombuffer(oracle.values(np.asarray(given))).tolist() == expected.tolist()
    assert (oracle.evals, oracle.trace, oracle.best_f) == (3, other.trace, other.best_f)
    with pytest.raises(BudgetExceeded):
        oracle.values(problem.lower_array - 1)
    assert oracle.refused == 1


def small_problem(constrained: bool) -> Problem:
    drawn = (draw_problem(11, number, constrained=constrained) for number in range(200))
    return next(problem for problem in drawn if problem.dim <= 8)


def least(call: object, times: int) -> float:
    assert callable(call)
    found = []
    for _ in range(times):
        before = time.perf_counter()
        call()
        found.append(time.perf_counter() - before)
    return min(found)
