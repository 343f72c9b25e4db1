"""Single runs: what a program may do wrong, and what the run then says."""

import time
from dataclasses import replace

import numpy as np
import pytest

from llamoco.dataset_builder.benchmark.run import CHECK, SOLVED_GAP, Job, Task, execute, run_task, score_run
from llamoco.dataset_builder.problems.problem import Problem

SIGNATURE = "objective, lower, upper, max_evals, seed, inequality=None, equality=None"
HEADER = f"import numpy as np\n\n\ndef optimize({SIGNATURE}):\n"


@pytest.fixture
def sphere() -> Problem:
    bounds = "LOWER, UPPER, MAX_EVALS = [-1, -1], [1, 1], 50"
    python = f"{bounds}\n\ndef objective(x):\n    return x[0] ** 2 + x[1] ** 2\n"
    return Problem("sphere", "source", (-1.0, -1.0), (1.0, 1.0), 50, 0, 0, {"python": python})


def test_a_sound_run(sphere):
    text = HEADER + (
        "    rng = np.random.default_rng(seed)\n    X = rng.uniform(lower, upper, (max_evals, 2))\n"
        "    return X[np.argmin(objective(X))]\n"
    )
    first, second = execute(sphere, text, 3), execute(sphere, text, 3)
    assert first["status"] == "ok" and first["evals"] == first["max_evals"] == 50
    X = np.random.default_rng(3).uniform(-1, 1, (50, 2))
    assert first["best_f"] == first["f_returned"] == pytest.approx((X**2).sum(axis=1).min())
    assert first["first_f"] == pytest.approx((X[0] ** 2).sum())
    assert {k: v for k, v in first.items() if k != "seconds"} == {
        k: v for k, v in second.items() if k != "seconds"
    }


@pytest.mark.parametrize(
    ("body", "status", "message", "returned"),
    [
        ("    objective(lower)\n    raise KeyError('lost')\n", "error", "KeyError: 'lost'", None),
        ("    return 3.0\n", "error", "shape", None),
        ("    return objective(lower + 1)\n", "error", "shape", None),
        ("    return upper + 1\n", "ok", "", None),
        (
            "    while True:\n        objective(lower + max_evals / 100)\n        objective(lower)\n",
            "budget_exceeded",
            "",
            0.5,
        ),
        (
            "    objective(lower)\n    try:\n        objective(np.zeros((99, 2)))\n    except RuntimeError:\n"
            "        pass\n    return lower\n",
            "budget_exceeded",
            "1 requests",
            2.0,
        ),
        ("    retur lower\n", "error", "SyntaxError", None),
    ],
)
def test_what_goes_wrong_is_recorded(sphere, body, status, message, returned):
    measured = execute(sphere, HEADER + body, 0)
    assert measured["status"] == status and message in measured["error"]
    assert measured["f_returned"] == returned
    assert measured["evals"] <= 50


def test_a_hung_run_ends_even_if_it_catches_everything(sphere):
    spin = "            while True:\n                pass\n"
    body = f"    while True:\n        try:\n{spin}        except Exception:\n            pass\n"
    started = time.process_time()  # the limit is of CPU time: a busy machine takes longer by the clock
    measured = execute(sphere, HEADER + body, 0, limit=0.3)
    assert measured["status"] == "timeout" and time.process_time() - started < 2


def test_a_race_ends_a_run_where_nothing_is_left_to_gain(sphere):
    known = replace(sphere, max_evals=400, f0=0.7, f_star=0.0)
    jobs = tuple(Job(name, "{}", 0) for name in ("slsqp", "de", "cma_es"))
    short, whole = (run_task(Task(known.to_json(), 0, stage, jobs, 0)) for stage in ("screen", CHECK))
    for ended, full in zip(short, whole, strict=True):
        assert ended.status == "solved" and full.status == "ok" and not ended.failed
        assert ended.evals < full.evals and ended.best_f is not None and ended.best_f <= SOLVED_GAP * 0.7
        (aocc, w), (full_aocc, full_w) = (score_run(run, 0.7, 0.0) for run in (ended, full))
        assert aocc == pytest.approx(full_aocc, abs=1e-4) and w == pytest.approx(full_w, abs=1.1 * SOLVED_GAP)
    unknown = replace(known, f_star=None)
    assert {run.status for run in run_task(Task(unknown.to_json(), 0, "screen", jobs, 0))} == {"ok"}
