"""Hostile and broken programs and the verdict that each has to get, numbered by kind."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics.sandbox import exchange, tiers
from llamoco.metrics.sandbox.slot import Sandbox
from llamoco.metrics.sandbox.verdicts import Record

BUDGET = 40
OBJECTIVE = "import numpy as np\ndef objective(x):\n    return float(np.sum((np.asarray(x) - 1.0) ** 2))\n"
PROBLEM = Problem(
    id="sphere",
    kind="source",
    lower=(-5.0, -5.0),
    upper=(5.0, 5.0),
    max_evals=BUDGET,
    n_inequality=0,
    n_equality=0,
    definition={"python": OBJECTIVE + f"LOWER = [-5, -5]\nUPPER = [5, 5]\nMAX_EVALS = {BUDGET}\n"},
    f0=50.0,
    f_star=0.0,
)

ENTRY = "def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None):\n"


def body(*lines: str) -> str:
    """A program whose optimize has these lines."""
    head = "import os, sys, time, signal, threading, ctypes\nimport numpy as np\n"
    return head + ENTRY + "".join(f"    {line}\n" for line in lines)


WORK = "best = np.array([1.0, 0.0]); objective(best); objective(np.array([3.0, 3.0]))"
DONE = "return best"


class Case(NamedTuple):
    """A program, the verdict, and what else to look for."""

    name: str
    program: str
    verdict: str
    reason: str = ""
    best_f: float | None = None
    evals: int | None = None
    time_limit: float = 30.0


WORKERS = (
    "import scipy.optimize as so",
    "box = list(zip(lower, upper))",
    "return so.differential_evolution(objective, box, workers=2, maxiter=1, updating='deferred').x",
)
SWALLOW = (
    "best = lower",
    "while True:",
    "    try: objective(np.random.uniform(lower, upper))",
    "    except BaseException: pass",
)
SYSCALL = "ctypes.CDLL(None).syscall"
MEMORY = "open('/proc/self/mem', 'r+b')"
REDUCE = "class Evil:\n    def __reduce__(self): return (__import__('os').system, ('touch /tmp/owned',))\n"
HANG = "class Hang(Exception):\n    def __str__(self):\n        while True: pass\n"
BROKEN = "class Broken(Exception):\n    def __str__(self):\n        raise ValueError('no')\n"

CASES = [
    Case("01-syntax", "def optimize(:\n", "syntax_error"),
    Case("01-null-byte", "x = 1\0", "syntax_error"),
    Case("01-surrogate", "x = '\ud800'", "syntax_error"),
    Case("01-nested", "(" * 5000 + ")" * 5000, "syntax_error"),
    Case("01-eval-at-run-time", body(WORK, "eval('1 +')"), "runtime_error", "SyntaxError", 1.0),
    Case("02-import", "import no_such_package\n" + body(DONE), "import_error", "no_such_package"),
    Case("02-outside-contract", "import evaluate\n" + body(DONE), "import_error", "programs may import"),
    Case("03-no-entry", "x = 1\n", "runtime_error", "no function optimize"),
    Case("04-never-calls", body("return (lower + upper) / 2"), "invalid_result", "never called"),
    Case("04-claims-a-value", body(WORK, "return -1e9"), "invalid_result", "expected real numbers"),
    Case("05-loop", body(WORK, "while True: pass"), "timeout", "", 1.0, 2, time_limit=0.5),
    Case("05-sleep", body("time.sleep(60)"), "timeout", time_limit=0.5),
    Case("06-numpy-bomb", body("a = [np.ones(10**7) for _ in range(1000)]"), "memory"),
    Case("06-bytearray", body("bytearray(10**12)"), "memory"),
    Case("07-fork", body(WORK, "while True: os.fork()"), "security_violation", "os.fork", 1.0),
    Case("07-popen", body("import subprocess; subprocess.Popen(['true'])"), "security_violation", "Popen"),
    Case(
        "07-raw-fork", body(f"{SYSCALL}(57)", f"{SYSCALL}(220, 17, 0, 0, 0, 0)", DONE), "security_violation"
    ),
    Case("08-workers", body(*WORKERS), "security_violation", "several processes"),
    Case(
        "09-threads",
        body("while True: threading.Thread(target=time.sleep, args=(9,)).start()"),
        "runtime_error",
    ),
    Case(
        "10-threads-left",
        body(WORK, "threading.Thread(target=time.sleep, args=(9,)).start()", DONE),
        "ok",
        "",
        1.0,
    ),
    Case("11-exit", body(WORK, "sys.exit(3)"), "ok", "sys.exit", 1.0),
    Case("12-os-exit", body(WORK, "os._exit(0)"), "runtime_error", "status 0", 1.0),
    Case(
        "13-kill-parent", body("os.kill(os.getppid(), 9)", "time.sleep(5)"), "security_violation", "os.kill"
    ),
    Case("13-signal-by-fcntl", body("import fcntl; fcntl.fcntl(3, 8, os.getppid())"), "security_violation"),
    Case("14-segfault", body(WORK, "ctypes.string_at(0)"), "runtime_error", "Segmentation", 1.0),
    Case("14-abort", body("os.abort()"), "runtime_error", "Abort"),
    Case("15-flood", body("while True: print('x' * 1000)"), "runtime_error", "output_flood"),
    Case("16-passwd", body("return open('/etc/passwd').read()"), "security_violation"),
    Case(
        "16-environ-of-others",
        body("return open(f'/proc/{os.getppid()}/environ').read()"),
        "security_violation",
    ),
    Case("16-own-environ", body(WORK, "assert not os.environ", DONE), "ok", "", 1.0),
    Case(
        "17-network", body("import socket; socket.create_connection(('127.0.0.1', 9))"), "security_violation"
    ),
    Case(
        "17-name-lookup",
        body("import socket; socket.gethostbyname('localhost.example')"),
        "security_violation",
    ),
    Case("17-write-outside", body("open('/tmp/llamoco-outside', 'w')"), "security_violation"),
    Case("18-memory", body(MEMORY), "security_violation"),
    Case(
        "18-seccomp-off", body("ctypes.CDLL(None).prctl(22, 0, 0, 0, 0)"), "security_violation", "system call"
    ),
    Case(
        "18-ptrace",
        body(f"{SYSCALL}(101 if os.uname().machine == 'x86_64' else 117, 0)"),
        "security_violation",
    ),
    Case(
        "19-patching", body("time.time = lambda: 0; np.sum = lambda *a, **k: -1e9", WORK, DONE), "ok", "", 1.0
    ),
    Case(
        "20-gc",
        body(
            "import gc",
            "assert not [o for o in gc.get_objects() if 'Problem' in type(o).__name__ "
            "or 'Oracle' in type(o).__name__]",
            WORK,
            DONE,
        ),
        "ok",
        "",
        1.0,
    ),
    Case(
        "21-nan-points",
        body(
            "objective(np.full(2, np.nan)); objective(np.full(2, 1e300)); objective(np.full(2, np.inf))",
            WORK,
            DONE,
        ),
        "ok",
        "",
        1.0,
        5,
    ),
    Case("22-shape", body(WORK, "objective(np.zeros(3))"), "invalid_result", "shape", 1.0, 2),
    Case("22-empty", body("objective(np.zeros((0, 2)))"), "invalid_result", "shape"),
    Case("22-returns-shape", body(WORK, "return np.zeros(3)"), "invalid_result", "shape"),
    Case("22-returns-nan", body(WORK, "return best * np.nan"), "invalid_result", "not finite"),
    Case("23-complex", body("objective(np.zeros(2) + 1j)"), "invalid_result", "complex"),
    Case("24-object", body("objective(np.array([None, object()]))"), "runtime_error", "real numbers"),
    Case("25-out-of-bounds", body("objective(np.array([9.0, 9.0]))", WORK, DONE), "ok", "", 1.0, 3),
    Case(
        "26-over-budget",
        body("while True: objective(np.random.uniform(lower, upper))"),
        "budget_exceeded",
        "",
        None,
        BUDGET,
    ),
    Case(
        "26-over-budget-returns",
        body(
            "try:",
            "    while True: objective(np.random.uniform(lower, upper))",
            "except RuntimeError: return lower",
        ),
        "budget_exceeded",
        "",
        None,
        BUDGET,
    ),
    Case("27-swallows", body(*SWALLOW), "budget_exceeded", "", None, BUDGET),
    Case(
        "28-large-batch", body(WORK, f"objective(np.zeros(({BUDGET - 1}, 2)))"), "budget_exceeded", "", 1.0, 2
    ),
    Case("28-huge-batch", body(WORK, "objective(np.zeros((10**6, 2)))"), "budget_exceeded", "", 1.0, 2),
    Case(
        "29-raw-bytes",
        body(
            WORK,
            "for fd in range(64):",
            "    try: os.write(fd, b'ok' * 100)",
            "    except OSError: pass",
            "time.sleep(5)",
        ),
        "security_violation",
        "protocol",
        1.0,
    ),
    Case(
        "29-closes-channel", body(WORK, "os.close(3); time.sleep(5)"), "security_violation", "protocol", 1.0
    ),
    Case(
        "30-signals",
        body(
            "for s in range(1, 32):",
            "    try: signal.signal(s, signal.SIG_IGN)",
            "    except (OSError, ValueError): pass",
            "while True: pass",
        ),
        "timeout",
        time_limit=0.5,
    ),
    Case("31-recursion", body("def f(): f()", "f()"), "runtime_error", "RecursionError"),
    Case(
        "31-deep-recursion",
        body(
            "sys.setrecursionlimit(10**9)",
            "repr_me = []",
            "for _ in range(10**6): repr_me = [repr_me]",
            "repr(repr_me)",
        ),
        "runtime_error",
    ),
    Case("32-huge-int", body("sys.set_int_max_str_digits(0); str(7 ** 10**8)"), "timeout", time_limit=0.5),
    Case("33-reduce", REDUCE + body(WORK, "return Evil()"), "invalid_result", "Evil", 1.0),
    Case(
        "33-float-subclass",
        "class F(float): pass\n" + body(WORK, "return F(1)"),
        "invalid_result",
        "F of",
        1.0,
    ),
    Case(
        "34-deepcopy",
        body(
            "import copy",
            "f = copy.deepcopy(objective)",
            "while True:",
            "    f(np.random.uniform(lower, upper)); objective(np.random.uniform(lower, upper))",
        ),
        "budget_exceeded",
        "",
        None,
        BUDGET,
    ),
    Case("35-looping-text", HANG + body("raise Hang()"), "timeout", time_limit=0.5),
    Case("35-raising-text", BROKEN + body("raise Broken()"), "runtime_error", "cannot be had"),
    Case("36-atexit", body("import atexit; atexit.register(print, 'ran')", WORK, DONE), "ok", "", 1.0),
    Case("38-input", body("input()"), "runtime_error", "EOFError"),
    Case(
        "39-cma-logger",
        body(
            "import cma",
            "es = cma.CMAEvolutionStrategy(lower + 4, 1.0, {'popsize': 6, 'seed': 1})",
            "for _ in range(3):",
            "    X = es.ask(); es.tell(X, list(objective(np.array(X))))",
            "    es.logger.add()",
            "return es.result.xbest",
        ),
        "ok",
        "",
        None,
        18,
    ),
    Case(
        "40-files",
        body("n = 0", "while True:", "    n += 1; open(f'{n}.txt', 'w').write('x')"),
        "runtime_error",
        "scratch_full",
    ),
    Case("40-folders", body("while True: os.mkdir('d'); os.chdir('d')"), "runtime_error"),
    Case(
        "40-large-file", body("f = open('big', 'wb')", "while True: f.write(bytes(10**6))"), "runtime_error"
    ),
]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """In bubblewrap where it works."""
    with Sandbox(allow_unsafe=True) as started:
        if started.tier == "C":
            pytest.skip("this machine cannot confine programs")
        yield started


@pytest.fixture(scope="module")
def plain() -> Iterator[Sandbox]:
    """Without bubblewrap."""
    patch = pytest.MonkeyPatch()
    patch.setattr(tiers, "bubblewrap_works", lambda: False)
    with Sandbox(allow_unsafe=True) as started:
        if started.tier == "C":
            pytest.skip("this machine cannot confine programs")
        assert started.tier == "B"
        yield started
    patch.undo()


def run(sandbox: Sandbox, program: str, time_limit: float = 30.0, problem: Problem = PROBLEM) -> Record:
    return sandbox.run(program, problem, seed=3, time_limit=time_limit, memory_limit=512)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_verdict(sandbox: Sandbox, case: Case) -> None:
    judge(sandbox, case)


# Of these bubblewrap alone might have stopped something.
@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case.name[:2] in ("07", "08", "13", "16", "17", "18", "39")],
    ids=lambda case: case.name,
)
def test_verdict_without_bubblewrap(plain: Sandbox, case: Case) -> None:
    judge(plain, case)


def judge(sandbox: Sandbox, case: Case) -> None:
    record = run(sandbox, case.program, case.time_limit)
    assert record.verdict == case.verdict, record
    assert case.reason in record.reason
    if case.best_f is not None:
        assert record.best_f == case.best_f
    if case.evals is not None:
        assert record.evals == case.evals
    assert record.evals <= BUDGET
    assert record.failed == (case.verdict not in ("ok", "budget_exceeded"))
    if case.verdict in ("ok", "budget_exceeded"):
        assert record.f is not None and record.x is not None
        assert record.f == pytest.approx(float(np.sum((np.array(record.x) - 1) ** 2)))
    else:
        assert record.f is None
    honest = run(sandbox, body(WORK, DONE))
    assert (honest.verdict, honest.f, honest.evals) == ("ok", 1.0, 2)


def test_several_processes_are_marked_benign(sandbox: Sandbox) -> None:
    assert run(sandbox, body(*WORKERS)).benign
    assert not run(sandbox, body("os.fork()")).benign


def test_a_program_that_keeps_asking_is_stopped(sandbox: Sandbox) -> None:
    assert run(sandbox, body(*SWALLOW)).refused == exchange.MAX_REFUSED


def test_atexit_does_not_run_and_output_is_escaped(sandbox: Sandbox) -> None:
    program = body("print('a\\x1b[31mb\\0c', chr(0xd800)); os.write(1, b'\\xff\\xfe')", WORK, DONE)
    record = run(sandbox, program)
    assert record.verdict == "ok"
    assert all(c.isprintable() or c == "\n" for c in record.output)
    assert "a\\x1b[31mb\\x00c" in record.output
    assert "ran" not in run(sandbox, next(c.program for c in CASES if c.name == "36-atexit")).output


def test_nothing_is_unpickled_or_written_outside(sandbox: Sandbox) -> None:
    for case in CASES:
        if case.name in ("33-reduce", "17-write-outside"):
            run(sandbox, case.program)
    assert not os.path.exists("/tmp/owned") and not os.path.exists("/tmp/llamoco-outside")


def test_a_killed_zygote_is_replaced_and_the_run_retried(sandbox: Sandbox) -> None:
    killed: list[int] = []

    def kill_once(evals: int, best_f: float | None) -> None:
        for pid in [] if killed else zygotes(sandbox._scratch):
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)

    record = sandbox.run(body(WORK, DONE), PROBLEM, seed=3, on_progress=kill_once)
    assert killed and (record.verdict, record.f, record.evals) == ("ok", 1.0, 2)


def test_a_zygote_that_keeps_dying_is_not_charged_to_the_program(sandbox: Sandbox) -> None:
    def kill(evals: int, best_f: float | None) -> None:
        for pid in zygotes(sandbox._scratch):
            os.kill(pid, signal.SIGKILL)

    record = sandbox.run(body(WORK, DONE), PROBLEM, seed=3, on_progress=kill)
    assert record.verdict == "harness_error" and not record.failed
    assert run(sandbox, body(WORK, DONE)).verdict == "ok"


def test_an_error_of_the_objective_is_its_owners(sandbox: Sandbox) -> None:
    def fail(evals: int, best_f: float | None) -> None:
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        sandbox.run(body(WORK, DONE), PROBLEM, seed=3, on_progress=fail)
    assert run(sandbox, body(WORK, DONE)).verdict == "ok"


def test_nothing_is_left_behind() -> None:
    with Sandbox(allow_unsafe=True) as sandbox:
        scratch = sandbox._scratch
        run(sandbox, body("while True: pass"), time_limit=0.3)
        run(sandbox, body("threading.Thread(target=time.sleep, args=(60,)).start()", WORK, DONE))
        assert os.listdir(scratch) == []
        assert len(zygotes(scratch)) == 1
    deadline = time.monotonic() + 5
    while zygotes(scratch) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not zygotes(scratch) and not os.path.exists(scratch)


def zygotes(scratch: str) -> list[int]:
    """The processes of one sandbox: the zygote and its children, not bubblewrap's own."""
    found = []
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        with contextlib.suppress(OSError):
            command, environment = (
                Path(f"/proc/{pid}/{name}").read_bytes() for name in ("cmdline", "environ")
            )
            ours = b"sandbox.zygote" in command and scratch.encode() in environment
            if ours and b"bwrap" not in command:
                found.append(pid)
    return found
