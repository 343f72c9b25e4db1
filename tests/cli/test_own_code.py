"""`llamoco solve` on files that end, stop or hold up what evaluates them: one message, an exit code, and the best point so far."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from llamoco.cli.main import app

HEAD = "import os, signal, sys, threading, time\nLOWER, UPPER, MAX_EVALS = [0, 0], [1, 1], 200\n"
PLAIN = HEAD + "def objective(x):\n    return float(x[0] + x[1])\n"
LATE = (
    HEAD
    + "n = 0\ndef objective(x):\n    global n\n    n += 1\n    if n > 40:\n        {}\n    return float(x[0] + x[1])\n"
)
ENDLESS = "def loop():\n    while True:\n        time.sleep(0.1)\n"


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def solve(text: str, *options: str) -> Result:
    Path("p.py").write_text(text)
    return CliRunner(env={"COLUMNS": "300"}).invoke(app, ["solve", "p.py", *options])


def solve_in_a_process(text: str, *options: str) -> subprocess.Popen[str]:
    Path("p.py").write_text(text)
    command = [sys.executable, "-m", "llamoco.cli", "solve", "p.py", *options]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
    )


@pytest.mark.parametrize("line", ["os._exit(0)", "return x[0] > 0"])
def test_a_failure_in_mid_run_keeps_the_best_point(line: str) -> None:
    done = solve(LATE.format(line))
    assert done.exit_code == 2 and "Traceback" not in done.stderr
    # 40 calls, of which the look at the start is the program's first, too.
    best = done.stderr.index("best point so far, after 40 evaluations: f = ")
    assert done.stderr.index("error: p.py:") > best and "at x = [" in done.stderr
    assert Path("llamoco-out/p_program.py").exists()


def test_a_failure_in_mid_run_is_an_object_with_json() -> None:
    done = solve(LATE.format("raise MemoryError('no more')"), "--json")
    answer = json.loads(done.stdout)
    assert done.exit_code == 2 and answer["verdict"] == "problem_error" and "no more" in answer["reason"]
    assert answer["feasible"] and answer["evals"] == 40 and answer["f"] == pytest.approx(sum(answer["x"]))


def test_an_alarm_that_goes_off_between_two_calls_is_an_error_of_the_file() -> None:
    text = LATE.format("signal.setitimer(signal.ITIMER_REAL, 0.002)") + (
        "def late(*_):\n    raise RuntimeError('too slow')\nsignal.signal(signal.SIGALRM, late)\n"
    )
    before = signal.getsignal(signal.SIGALRM)
    try:
        done = solve(text.replace("200", "5000"))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert (
        done.exit_code == 2 and "RuntimeError: too slow" in done.stderr and "best point so far" in done.stderr
    )


def test_unread_names_and_unknown_facts_are_told() -> None:
    text = (
        "import numpy as np\n"
        + PLAIN.replace("float(x[0] + x[1])", "abs(np.linalg.eigvals(np.diag(x))).max()")
        + "x0 = [0, 0]\n"
    )
    answer = json.loads(solve(text, "--json", "--program-only").stdout)
    assert [line.split(":")[0] for line in answer["warning"].splitlines()] == [
        "`x0` (line 6) looks like a starting point, but nothing that defines the problem reads it",
        "what the functions do with the variables is unknown",
    ]
    done = solve(text, "--program-only")
    assert (
        "warning: what the functions do with the variables is unknown: numpy.linalg.eigvals cannot be traced, line 5."
        in done.stderr
    )
    assert "The model answers from dimension, bounds, budget and numbers of constraints alone" in done.stderr
    assert "risk: what the functions do with the variables is unknown" in done.stderr
    assert json.loads(solve(PLAIN, "--json", "--program-only").stdout)["warning"] is None


def test_a_fixed_variable_is_in_the_answer_and_in_its_program() -> None:
    text = PLAIN.replace("[0, 0], [1, 1]", "[0, 0.25], [1, 0.25]")
    answer = json.loads(solve(text, "--json").stdout)
    assert answer["feasible"] and answer["x"] == [pytest.approx(0, abs=1e-3), 0.25]
    assert "1 variable and 1 fixed" in solve(text, "--program-only").stdout
    alone = subprocess.run(
        [sys.executable, "llamoco-out/p_program.py"], capture_output=True, text=True, timeout=60
    )
    assert alone.returncode == 0 and alone.stdout.splitlines()[0].endswith(", 0.25]"), alone.stderr


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{HEAD}os._exit(0)\n", "os._exit would have ended the evaluating process"),
        (f"{HEAD}{ENDLESS}threading.Thread(target=loop).start()\n", "no objective"),
        (
            f"{HEAD}import multiprocessing\n{ENDLESS}multiprocessing.Process(target=loop).start()\n",
            "no objective",
        ),
    ],
)
def test_a_bad_file_ends_the_command_whatever_it_started(text: str, expected: str) -> None:
    process = solve_in_a_process(text)
    printed, complaints = process.communicate(timeout=60)
    assert process.returncode == 2 and printed == ""
    assert expected in complaints and complaints.startswith("error: p.py") and "Traceback" not in complaints


@pytest.mark.slow
@pytest.mark.parametrize("started", ["threading.Thread", "__import__('multiprocessing').Process"])
def test_what_a_file_left_running_does_not_hold_up_the_end(started: str) -> None:
    process = solve_in_a_process(f"{PLAIN}{ENDLESS}{started}(target=loop).start()\n", "--json")
    printed, complaints = process.communicate(timeout=120)
    assert process.returncode == 0 and json.loads(printed)["feasible"], complaints


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_ctrl_c_in_mid_run_keeps_the_best_point(options: tuple[str, ...]) -> None:
    process = solve_in_a_process(LATE.format("open('running', 'w'); time.sleep(0.05)"), *options)
    while not Path("running").exists():
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    printed, complaints = process.communicate(timeout=60)
    assert process.returncode == 130 and "interrupted" in complaints and "Traceback" not in complaints
    if options:
        assert json.loads(printed)["verdict"] == "interrupted" and json.loads(printed)["feasible"]
    else:
        assert "best point so far, after" in complaints
