"""Journals: what was paid for is kept through kill -9, and a run that goes on equals one that was never interrupted."""

import contextlib
import errno
import io
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import rosen

import llamoco
from llamoco.dataset_builder.problems.wrappers.journal import Journal

EVALS = 90

# Values of every kind: negative zero, NaN, infinity, subnormal numbers; two constraints of one function.
SCRIPT = """
import json, math, sys, time
import numpy as np
from scipy.optimize import NonlinearConstraint
import llamoco

PAID = {paid!r}

def cost(x):
    with open(PAID, "a") as log:
        log.write(f"{{x[0].hex()}} {{x[1].hex()}}\\n")
    time.sleep(0.004)
    if x[0] > 0.95:
        return math.nan
    if x[1] > 0.97:
        return -math.inf if x[0] < -5 else math.inf
    return math.sin(5 * x[0]) + (x[1] - 0.1 / 3) ** 2 - 5e-324

def both(x):
    return [x[0] + x[1], x[0] - x[1]]

result = llamoco.minimize(
    cost, [(0, 1)] * 2, x0=[0.2, 0.3], constraints=NonlinearConstraint(both, [0.1, -2], [1.5, 0.7]), max_evals={evals},
    maximize=True, journal={journal!r}, workers={workers}, progress=False,
)
print(json.dumps([result.x.tolist(), result.fun, result.nfev, result.trace, result.optimizer, result.message]))
"""


def script(folder: Path, name: str, journal: Path | None, evals: int = EVALS, workers: int = 1) -> Path:
    path = folder / "script.py"
    paid = str(folder / f"{name}.paid")
    text = SCRIPT.format(
        paid=paid, journal=None if journal is None else str(journal), evals=evals, workers=workers
    )
    path.write_text(text)
    return path


def run(path: Path) -> list:
    """What the script prints, here: only runs that are killed need a process of their own."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(path.read_text(), str(path), "exec"), {"__name__": "__main__"})
    return json.loads(printed.getvalue())


def paid(folder: Path, name: str) -> list[str]:
    file = folder / f"{name}.paid"
    return file.read_text().splitlines() if file.exists() else []


def killed_until_done(folder: Path, kills: int, seed: int, workers: int = 1) -> int:
    """Run the script with a journal, killing it at random moments, then to its end; how often it died."""
    journal, dice, died = folder / "journal", random.Random(seed), 0
    path = script(folder, "killed", journal, workers=workers)
    for _ in range(kills):
        lines = len(paid(folder, "killed"))
        process = subprocess.Popen([sys.executable, path], stdout=subprocess.DEVNULL, start_new_session=True)
        after = lines + dice.randrange(1, 25)
        deadline = time.monotonic() + 60
        while process.poll() is None and len(paid(folder, "killed")) < after and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(dice.random() * 0.006)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            died += 1
        process.wait()
    return died


def check_killed_equals_whole(folder: Path, kills: int, seed: int, workers: int = 1) -> None:
    whole = run(script(folder, "whole", None, workers=workers))
    died = killed_until_done(folder, kills, seed, workers)
    again = run(script(folder, "killed", folder / "journal", workers=workers))
    assert died > 0
    assert again[:5] == whole[:5]
    records = (folder / "journal").read_text().splitlines()[1:]
    points = [tuple(record["x"]) for line in records if "facts" not in (record := json.loads(line))]
    assert len(points) == len(set(points))
    # No more was paid twice than what was under way when a process died.
    calls = paid(folder, "killed")
    # With workers also what they had done and not yet handed over.
    assert len(calls) - len(set(calls)) <= died * (1 if workers == 1 else 2 * workers)


def test_a_killed_run_goes_on_as_if_it_had_not_been(tmp_path):
    check_killed_equals_whole(tmp_path, 1, 0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 7))
def test_runs_that_are_killed_often(tmp_path, seed):
    check_killed_equals_whole(tmp_path, 6, seed, workers=1 + seed % 2)


def cost(x):
    return float(np.sum((x - 0.3) ** 2))


CALLS: list = []


def counted(x):
    CALLS.append(x.copy())
    return cost(x)


def counted_valley(x):
    CALLS.append(x.copy())
    return float(rosen(x))


@pytest.mark.parametrize("fun", [counted, counted_valley])
def test_nothing_is_paid_twice_and_a_larger_budget_goes_on(tmp_path, fun):
    CALLS.clear()
    call = {"bounds": [(0, 1)] * 2, "journal": tmp_path / "journal", "one_program": True}
    first = llamoco.minimize(fun, max_evals=40, **call)
    paid_for = len(CALLS)
    # A local search that is done begins anew where it ended: nothing is paid for that either.
    assert 30 < paid_for <= first.nfev and (paid_for == first.nfev or fun is counted)
    again = llamoco.minimize(fun, max_evals=40, **call)
    assert len(CALLS) == paid_for  # nothing more
    assert again.x.tolist() == first.x.tolist() and again.trace == first.trace and again.nfev == first.nfev
    assert f"; {paid_for} evaluations came from the journal" in again.message
    longer = llamoco.minimize(fun, max_evals=60, **call)
    assert longer.fun <= first.fun and longer.nfev > first.nfev
    assert len({x.tobytes() for x in CALLS}) == len(CALLS)


def test_points_that_round_to_one_are_paid_once(tmp_path):
    CALLS.clear()
    call = {"bounds": [(0, 3)] * 2, "integrality": 1, "journal": tmp_path / "journal"}
    result = llamoco.minimize(counted, max_evals=100, **call)
    assert result.nfev > len(CALLS) <= 16


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"bounds": [(0, 1)] * 3}, "2 variables, and this problem 3"),
        ({"bounds": [(0, 1), (0, 2)]}, r"upper bounds differ: 1.0 there and 2.0 here for x\[1\]"),
        ({"bounds": [(None, 1), (0, 1)]}, "lower bounds differ: 0.0 there and None here"),
        (
            {"constraints": {"type": "ineq", "fun": cost}},
            "number of inequalities differs: 0 there and 1 here",
        ),
        ({"integrality": [0, 1]}, "integer or stepped"),
        ({"fun": counted}, "the objective differs: cost there and counted here"),
        ({"args": (3,), "fun": lambda x, a: a}, "the objective differs"),
    ],
)
def test_a_journal_of_another_problem_is_refused(tmp_path, changes, said):
    call = {"fun": cost, "bounds": [(0, 1)] * 2, "journal": tmp_path / "journal", "max_evals": 5}
    llamoco.minimize(**call)
    before = (tmp_path / "journal").read_bytes()
    with pytest.raises(llamoco.LlamocoError, match=said):
        llamoco.minimize(**call | changes)
    assert (tmp_path / "journal").read_bytes() == before


def made(text):
    names = {"np": np}
    source = f"def cost(x, *more):\n    {text}\n"
    import linecache

    linecache.cache[text] = (len(source), None, source.splitlines(keepends=True), text)
    exec(compile(source, text, "exec"), names)
    return names["cost"]


def test_a_changed_text_is_noticed_and_a_comment_is_not(tmp_path):
    call = {"bounds": [(0, 1)], "journal": tmp_path / "journal", "max_evals": 5}
    llamoco.minimize(made("return x[0] * 2"), **call)
    llamoco.minimize(made("return x[0]*2  # twice"), **call)
    with pytest.raises(llamoco.LlamocoError, match="text of the functions has changed"):
        llamoco.minimize(made("return x[0] * 3"), **call)
    with pytest.raises(llamoco.LlamocoError, match="text of the functions has changed"):
        llamoco.minimize(made("return x[0] * 2"), args=(np.ones(2),), **call)
    first, *rest = (tmp_path / "journal").read_text().splitlines()
    header = json.loads(first) | {"source": None}
    (tmp_path / "journal").write_text("\n".join([json.dumps(header), *rest, ""]))
    llamoco.minimize(made("return x[0] * 3"), **call)  # on the person's word


def test_two_runs_do_not_share_a_journal(tmp_path):
    with Journal(tmp_path / "journal"), pytest.raises(llamoco.LlamocoError, match="another run writes"):
        llamoco.minimize(cost, [(0, 1)], journal=tmp_path / "journal")
    assert llamoco.minimize(cost, [(0, 1)], journal=tmp_path / "journal", max_evals=5).success


def test_a_journal_that_cannot_be_written_loses_nothing(tmp_path, monkeypatch):
    for path in (tmp_path / "no" / "journal", tmp_path):
        with pytest.raises(llamoco.LlamocoError, match=r"cannot be opened \("):
            llamoco.minimize(cost, [(0, 1)], journal=path)
    calls = []

    def fills(x):
        calls.append(cost(x))
        if len(calls) == 4:
            monkeypatch.setattr(os, "fsync", full)
        return calls[-1]

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(
        llamoco.LlamocoError, match=r"No space left on device.*keeps its 3 evaluations"
    ) as caught:
        llamoco.minimize(fills, [(0, 1)] * 2, journal=tmp_path / "journal")
    monkeypatch.undo()
    assert caught.value.result.fun == min(calls) and len(calls) == 4
    with Journal(tmp_path / "journal") as journal:
        assert len(journal) == 3


def test_a_full_disk_keeps_what_was_written(tmp_path):
    calls = []
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with pytest.raises(llamoco.LlamocoError, match="File too large") as caught:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
        try:
            llamoco.minimize(
                lambda x: calls.append(cost(x)) or calls[-1], [(0, 1)] * 2, journal=tmp_path / "journal"
            )
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.result.fun == min(calls)
    with Journal(tmp_path / "journal") as journal:
        assert 3 < len(journal) == len(calls) - 1
    with pytest.raises(llamoco.LlamocoError, match="give a file"):
        llamoco.minimize(cost, [(0, 1)], journal="/dev/null")


FILE = """
import math
LOWER, UPPER, MAX_EVALS = [0.0, 0.0], [1.0, 1.0], {evals}

def objective(x):
    with open({paid!r}, "a") as log:
        log.write(f"{{x[0]}} {{x[1]}}\\n")
    return (x[0] - 0.3) ** 2 + math.cos(x[1])

def inequality(x):
    return x[0] + x[1] - 1
"""


def test_a_file_has_a_journal_too(tmp_path):
    file, log = tmp_path / "problem.py", tmp_path / "paid"
    file.write_text(FILE.format(evals=30, paid=str(log)))
    first = llamoco.solve(file, journal=tmp_path / "journal")
    assert first.success and first.maxcv <= 1e-6
    file.write_text("# longer now\n" + FILE.format(evals=50, paid=str(log)))
    log.unlink()
    longer = llamoco.solve(file, journal=tmp_path / "journal")
    assert longer.nfev > first.nfev and longer.fun <= first.fun
    # Beside what reading the file takes, only new points are paid for.
    assert len(log.read_text().splitlines()) <= longer.nfev - first.nfev + 2
    file.write_text(FILE.format(evals=50, paid=str(log)).replace("0.3", "0.4"))
    with pytest.raises(llamoco.LlamocoError, match="text of the functions has changed"):
        llamoco.solve(file, journal=tmp_path / "journal")


def test_the_best_point_of_earlier_runs_counts(tmp_path):
    call = {"bounds": [(0, 1)] * 2, "journal": tmp_path / "journal"}
    long = llamoco.minimize(cost, max_evals=200, **call)
    short = llamoco.minimize(cost, max_evals=5, seed=3, **call)
    assert short.nfev == 5 and short.fun == long.fun and short.x.tolist() == long.x.tolist()
    assert "the best point is of an earlier run" in short.message
    assert "earlier" not in llamoco.minimize(cost, max_evals=200, **call).message


def test_a_function_that_returns_its_constraints_is_paid_once_too(tmp_path):
    CALLS.clear()

    def together(x):
        CALLS.append(x.copy())
        return cost(x), [0.4 - x[0]]

    for start in (None, [0.9, 0.9]):
        call = {"bounds": [(0, 1)] * 2, "x0": start, "journal": tmp_path / f"{start}", "max_evals": 40}
        first = llamoco.minimize(together, **call)
        assert first.success and first.x[0] >= 0.4 - 1e-6
        CALLS.clear()
        assert llamoco.minimize(together, **call).trace == first.trace
        assert not CALLS


@pytest.mark.parametrize("start", ["", "X0 = [0.9, 0.8]\n"])
def test_a_file_with_a_journal_is_read_and_followed_once(tmp_path, start):
    calls = tmp_path / "calls"
    (tmp_path / "p.py").write_text(
        f"{start}LOWER, UPPER, MAX_EVALS = [0, 0], [1, 1], 40\n"
        f"def objective(x):\n    with open({str(calls)!r}, 'a') as file:\n        file.write('call\\n')\n"
        "    return (x[0] - 0.3) ** 2 + x[1] ** 2\n"
        "def inequality(x):\n    return [[0.4 - x[0]], x[1] - 0.9]\n"
    )
    first = llamoco.solve(tmp_path / "p.py", journal=tmp_path / "j")
    paid = calls.read_text().count("call")
    assert paid <= 40 + 2  # beside the budget: the middle, or where it is followed
    again = llamoco.solve(tmp_path / "p.py", journal=tmp_path / "j")
    assert calls.read_text().count("call") == paid
    assert (again.trace, again.x.tolist(), again.optimizer) == (
        first.trace,
        first.x.tolist(),
        first.optimizer,
    )
    assert again.warning == first.warning


def test_a_file_that_is_no_problem_leaves_no_journal(tmp_path):
    (tmp_path / "p.py").write_text("LOWER = [0]\n")
    with pytest.raises(llamoco.LlamocoError):
        llamoco.solve(tmp_path / "p.py", journal=tmp_path / "j")
    assert not (tmp_path / "j").exists()
