"""Ends of a run before its budget is used: exceptions, Ctrl-C, time limit and tolerance, each with the best point so far."""

import os
import signal
import sys
import time

import numpy as np
import pytest

import llamoco
from llamoco.dataset_builder.problems.budget import budget_in_time


def sphere(x):
    return float(np.sum((x - 0.3) ** 2))


class Slow(Exception):
    pass


def test_an_exception_of_the_objective_arrives_as_itself_with_the_best_so_far():
    values = []

    def fails(x):
        if len(values) == 10:
            raise Slow("licence server")
        values.append(sphere(x))
        return values[-1]

    with pytest.raises(Slow, match="licence server") as caught:
        llamoco.minimize(fails, [(0, 1)] * 2, max_evals=50)
    result = caught.value.result
    assert result.nfev == 10 and result.fun == min(values) and not result.success
    assert sphere(result.x) == result.fun
    assert any("best point so far" in note for note in caught.value.__notes__)
    frames = [frame.name for frame in caught.traceback]
    assert frames[-1] == "fails"
    # What comes next is as if nothing had been.
    assert llamoco.minimize(sphere, [(0, 1)] * 2, max_evals=50).success


def test_exceptions_that_programs_could_swallow_arrive_too():
    def fails(x):
        raise ZeroDivisionError("no value")

    def leaves(x):
        sys.exit(3)

    with pytest.raises(SystemExit, match="3"):
        llamoco.minimize(leaves, [(0, 1)])
    for start in (None, [0.5]):
        with pytest.raises(ZeroDivisionError) as caught:
            llamoco.minimize(fails, [(0, 1)], x0=start)
        assert caught.value.result is None


def test_a_time_limit_ends_the_run_with_the_best_so_far():
    def slow(x):
        time.sleep(0.02)
        return sphere(x)

    llamoco.minimize(sphere, [(0, 1)] * 2, max_evals=5)  # warm
    start = time.monotonic()
    result = llamoco.minimize(slow, [(0, 1)] * 2, max_evals=5000, time_limit=0.5)
    assert time.monotonic() - start < 2
    assert result.status == 3 and result.success and "time limit" in result.message
    assert 2 < result.nfev < 60
    # Within a request of many points, too.
    start = time.monotonic()
    result = llamoco.minimize(
        lambda x: time.sleep(0.2) or sphere(x), [(0, 1)] * 9, max_evals=5000, time_limit=0.5, workers=map
    )
    assert time.monotonic() - start < 2 and result.status == 3 and result.success and result.nfev < 6


def test_ctrl_c_gives_the_best_so_far():
    values = []

    def interrupted(x):
        values.append(sphere(x))
        if len(values) == 9:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1)
        return values[-1]

    result = llamoco.minimize(interrupted, [(0, 1)] * 2, max_evals=500)
    assert result.status == 4 and not result.success and "interrupted" in result.message
    assert result.fun == min(values[:8]) and sphere(result.x) == result.fun
    assert llamoco.minimize(sphere, [(0, 1)] * 2, max_evals=50).success


def test_ctrl_c_before_anything_is_known_stays_ctrl_c():
    def interrupted(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        llamoco.minimize(interrupted, [(0, 1)] * 2)


def test_a_tolerance_ends_a_run_that_has_stopped_moving():
    whole = llamoco.minimize(sphere, [(-5, 5)] * 2, max_evals=2000)
    early = llamoco.minimize(sphere, [(-5, 5)] * 2, max_evals=2000, tol=1e-3)
    assert 100 < early.nfev < whole.nfev and early.success and early.status == 0
    assert "stopped moving" in early.message and early.fun <= whole.fun + 1e-2


@pytest.mark.parametrize("start", [None, [0.5, 0.5]])
def test_a_time_without_a_budget_is_planned_for(start):
    calls = []

    def slow(x):
        if type(x[0]) is not float and not isinstance(x[0], np.floating):
            return x[0]  # followed, not run
        calls.append(time.perf_counter())
        time.sleep(0.01)
        return ((x - 0.3) ** 2).sum()

    began = time.perf_counter()
    result = llamoco.minimize(slow, [(-1, 1)] * 2, x0=start, time_limit=0.6)
    assert 20 <= result.nfev <= 60 and result.success
    assert time.perf_counter() - began < 8 and calls[-1] - calls[0] < 2.5
    assert budget_in_time(2, 1.5, 0.01) == 150
    assert (budget_in_time(2, 1e9, 1e-9), budget_in_time(2, 1, 100)) == (20_000, 30)
