"""The model and the processes that are kept between calls, in threads, forks and where something dies."""

import os
import signal
import time
import warnings

import numpy as np
from scipy.optimize import rosen

import llamoco


def sphere(x):
    return float(np.sum((x - 0.3) ** 2))


def test_a_forked_child_calls_for_itself():
    llamoco.minimize(sphere, [(0, 1)] * 2, max_evals=20)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of forks beside threads
        child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if llamoco.minimize(sphere, [(0, 1)] * 2, max_evals=20).success else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert llamoco.minimize(sphere, [(0, 1)] * 2, max_evals=20).success


def test_known_code_runs_here_where_nothing_confines_it(monkeypatch):
    from llamoco import _warm
    from llamoco.metrics.sandbox.tiers import SandboxUnavailable

    def unavailable():
        raise SandboxUnavailable("no fork on this system")

    confined = llamoco.minimize(rosen, [(-2, 2)] * 3, max_evals=100)
    _warm.close()
    monkeypatch.setattr(_warm, "_sandbox", unavailable)
    here = llamoco.minimize(rosen, [(-2, 2)] * 3, max_evals=100)
    assert here.x.tolist() == confined.x.tolist() and here.trace == confined.trace


def test_a_process_that_was_killed_between_calls_is_replaced():
    from llamoco import _warm

    first = llamoco.minimize(sphere, [(0, 1)] * 2, max_evals=50)
    for sandbox in _warm._idle:
        os.killpg(sandbox._zygote._process.pid, signal.SIGKILL)
    assert llamoco.minimize(sphere, [(0, 1)] * 2, max_evals=50).trace == first.trace


def test_a_warm_call_takes_less_than_a_third_of_a_second():
    llamoco.minimize(sphere, [(0, 1)] * 2, max_evals=200)
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        llamoco.minimize(sphere, [(0, 1)] * 2, max_evals=200)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) <= 0.3
