"""What a person's code does to the process that it shares with the evaluator: an error of the file, never an end, a double or a wait."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading

import numpy as np
import pytest

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.files.python.process import MOST_PRINTED
from llamoco.dataset_builder.problems.files.python_file import load_python

HEAD = "import os, posix, signal, sys\nLOWER, UPPER, MAX_EVALS = [0, 0], [1, 1], 200\n"
POINTS = np.array([[0.25, 0.5], [0.75, 0.5]])


def late(line: str) -> str:
    """A file whose objective does something at the second of ``POINTS``."""
    return f"{HEAD}class Stop(BaseException):\n    pass\ndef objective(x):\n    if x[0] > 0.7:\n        {line}\n    return x[0]\n"


ENDS = {
    "os._exit(0)": "os._exit would have ended the evaluating process",
    "posix._exit(0)": "os._exit would have ended the evaluating process",
    "from os import _exit; _exit(1)": "os._exit would have ended",
    "os.abort()": "os.abort would have ended",
    "os.kill(os.getpid(), signal.SIGKILL)": "os.kill would have ended",
    "os.kill(0, 15)": "os.kill would have ended",
    "os.killpg(os.getpgrp(), signal.SIGTERM)": "os.killpg would have ended",
    "signal.raise_signal(signal.SIGTERM)": "signal.raise_signal would have ended",
    "os.execv('/bin/true', ['true'])": "os.execv would have ended",
    "os.execlp('true', 'true')": "os.execv would have ended",
    "sys.exit(0)": "SystemExit: 0",
    "sys.exit()": "SystemExit",
    "exit()": "SystemExit",
    "quit(3)": "SystemExit: 3",
    "raise SystemExit('done')": "SystemExit: done",
    "raise KeyboardInterrupt": "KeyboardInterrupt",
    "raise GeneratorExit": "GeneratorExit",
    "raise Stop('enough')": "Stop: enough",
    "input('? ')": "cannot read keyboard input",
    "sys.stdin.readline()": "cannot read keyboard input",
    "list(sys.stdin)": "cannot read keyboard input",
    "return objective(x)": "RecursionError",
    "while True: print('more' * 50)": "characters were printed in one call",
    "while True: sys.stderr.write('more and more')": "characters were printed in one call",
    "raise Stop": r"\(Stop at `raise Stop`\)",
    "raise RuntimeError('two\\nlines')": "RuntimeError: two lines",
}


@pytest.mark.parametrize("line", ENDS)
def test_what_would_end_the_process_or_wait_is_an_error_of_the_file(line: str) -> None:
    own = load_python(late(line), "p.py")
    assert own.evaluate(POINTS[:1])[0].tolist() == [0.25]
    streams = sys.stdin, sys.stdout, sys.stderr
    with pytest.raises(ProblemError, match=ENDS[line]) as told:
        own.evaluate(POINTS)
    assert str(told.value).startswith("p.py:") and "\n" not in str(told.value)
    assert (sys.stdin, sys.stdout, sys.stderr) == streams
    if "Stop" not in line and "return" not in line:
        with pytest.raises(ProblemError, match=rf"^p\.py:\d+: the file fails when it is run .*{ENDS[line]}"):
            load_python(f"{HEAD}def objective(x): return 1.0\n{line}\n", "p.py")


def test_elsewhere_ending_is_what_it_was() -> None:
    load_python(late("pass"), "p.py").evaluate(POINTS)
    child = os.fork()
    if not child:
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    child = os.fork()
    if not child:
        os.kill(os.getpid(), signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def test_a_trace_ends_nothing_either() -> None:
    """The text runs anew to be followed, and may do another thing then."""
    own = load_python(
        HEAD
        + "def objective(x):\n    return float(x[0]) if type(x[0]) is np.float64 else os._exit(1)\nimport numpy as np\n",
        "p.py",
    )
    assert own.trace.profile is None and "os._exit cannot be traced" in str(own.trace.obstacle)


def test_signals_that_do_not_end_the_process_may_be_sent() -> None:
    text = (
        late("os.kill(os.getpid(), 0); os.kill(os.getpid(), signal.SIGUSR1)")
        + "signal.signal(signal.SIGUSR1, lambda *_: None)\n"
    )
    before = signal.getsignal(signal.SIGUSR1)
    try:
        assert load_python(text, "p.py").evaluate(POINTS)[0].tolist() == [0.25, 0.75]
    finally:
        signal.signal(signal.SIGUSR1, before)


@pytest.mark.parametrize("where", ["objective", "module"])
def test_a_fork_does_not_go_on_as_a_second_evaluator(where: str, capfd: pytest.CaptureFixture[str]) -> None:
    read, write = os.pipe()
    own = load_python(
        late("os.fork()") if where == "objective" else HEAD + "os.fork()\ndef objective(x): return x[0]\n",
        "p.py",
    )
    assert own.evaluate(POINTS)[0].tolist() == [0.25, 0.75]
    os.write(write, b"evaluated\n")  # by each process that comes here
    os.close(write)
    with open(read, "rb") as pipe:
        assert pipe.read() == b"evaluated\n"
    assert os.waitpid(-1, 0)[1] == 0


def test_processes_of_its_own_may_work_for_it() -> None:
    text = (
        "import multiprocessing\nfork = multiprocessing.get_context('fork')\n"
        f"{HEAD}def square(v):\n    return v * v\n"
        "def objective(x):\n    with fork.Pool(2) as pool:\n        return sum(pool.map(square, x.tolist()))\n"
    )
    assert load_python(text, "p.py").evaluate(POINTS)[0].tolist() == [0.3125, 0.8125]


def test_ctrl_c_while_it_runs_is_no_error_of_the_file() -> None:
    own = load_python(late("while True: pass"), "p.py")
    timer = threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        own.evaluate(POINTS)
    timer.join()


def test_ctrl_c_stays_ctrl_c_whatever_the_file_sets() -> None:
    before = signal.getsignal(signal.SIGINT)
    ignored = "signal.signal(signal.SIGINT, signal.SIG_IGN)"
    own = load_python(late("pass") + ignored + "\n", "p.py")
    assert own.trace.profile is not None
    assert signal.getsignal(signal.SIGINT) is before


def test_output_goes_to_stderr_and_much_of_it_is_taken_call_by_call(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = io.StringIO()
    monkeypatch.setattr(sys, "stderr", seen)
    half = MOST_PRINTED * 2 // 3
    text = f"{HEAD}def objective(x):\n    print('x' * {half})\n    return 1.0\ndef inequality(x): return -1\n"
    load_python(text, "p.py").evaluate(np.zeros((3, 2)))
    assert seen.getvalue().count("x") == 4 * half
    logged = f"import logging\nlogger = logging.getLogger('own')\nlogger.addHandler(logging.StreamHandler())\nlogger.propagate = False\n{text}"
    load_python(logged.replace("print(", "logger.error("), "p.py").evaluate(np.zeros((3, 2)))
    assert seen.getvalue().count("x") == 8 * half
