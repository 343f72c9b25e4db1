"""Hostile and broken programs and the verdict that each has to get, numbered by kind.

1 syntax error; 2 import outside the contract; 3 no entry point; 4 never calls the objective, or claims a value; 5 infinite loop,
sleep; 6 memory bomb; 7 processes; 8 ``workers=2``, benign; 9 thread bomb; 10 threads left running; 11 ``sys.exit``; 12 ``os._exit``;
13 signals to others; 14 segmentation fault, abort; 15 output flood; 16 files and environments of others; 17 network, writing
outside; 18 memory of others, undoing the confinement; 19 patched libraries; 20 looking for the problem; 21 points that are not
finite; 22 wrong shapes; 23 complex numbers; 24 objects; 25 out of bounds; 26 over budget; 27 over budget, swallowing errors; 28 a batch
larger than what is left; 29 bytes on the channel; 30 ignoring signals; 31 recursion; 32 work inside one C call; 33 returned objects
that run code where they are unpickled; 34 copies of the objective; 35 exceptions whose text hangs or raises; 36 ``atexit``; 37 control
characters and surrogates printed; 38 ``input()``; 39 the log files of cma; 40 a full disk; 41 the zygote killed from outside; 42 what
other programs do to the page cache, memory and disk; 43 room on the disk held by files that are no longer there; 44 many small threads;
45 locks; 46 other ways to leave word for another program; 47 questions about other processes; 48 a flood of a frame that is dropped;
49 an escape said to be ``workers=2``; 50 a text that begins with a byte order mark. Programs that work in pairs: ``covert_programs``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics.sandbox.record import Record

BUDGET = 40
SECTION = f"""\
import numpy as np
LOWER = [-5, -5]
UPPER = [5, 5]
MAX_EVALS = {BUDGET}
def objective(x):
    return float(np.sum((np.asarray(x) - 1.0) ** 2))
"""
PROBLEM = Problem(
    id="sphere",
    kind="source",
    lower=(-5.0, -5.0),
    upper=(5.0, 5.0),
    max_evals=BUDGET,
    n_inequality=0,
    n_equality=0,
    definition={"python": SECTION},
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
    """A program, the verdict, and what else to look for: words of the reason, best value, evaluations, all that it printed."""

    name: str
    program: str
    verdict: str
    reason: str = ""
    best_f: float | None = None
    evals: int | None = None
    time_limit: float = 30.0
    output: str | None = None
    benign: bool = False
    kills_zygote: bool = False  # not the program: whoever watches it does, at its first evaluation


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
SYSCALL_OF = "libc.syscall"
NUMBER = "number = lambda x86, arm: x86 if os.uname().machine == 'x86_64' else arm"
STDLIB = "path = os.__file__"
MEMORY = "open('/proc/self/mem', 'r+b')"
REDUCE = "class Evil:\n    def __reduce__(self): return (__import__('os').system, ('touch /tmp/owned',))\n"
HANG = "class Hang(Exception):\n    def __str__(self):\n        while True: pass\n"
BROKEN = "class Broken(Exception):\n    def __str__(self):\n        raise ValueError('no')\n"

# Files of 1 MiB, each mapped, closed and, where that is allowed, removed: their blocks stay.
HOLD = (
    "import contextlib",
    "libc = ctypes.CDLL(None)",
    "for n in range(200):",
    "    descriptor = os.open(f'{n}', os.O_CREAT | os.O_RDWR)",
    "    os.write(descriptor, bytes(1 << 20))",
    "    libc.mmap(None, ctypes.c_size_t(1 << 20), 1, 2, descriptor, ctypes.c_long(0)); os.close(descriptor)",
    "    with contextlib.suppress(OSError): os.unlink(f'{n}')",
)
# Threads with stacks of 16 KiB that wait, from C: as many as there may be.
PTHREADS = (
    "libc = ctypes.CDLL(None)",
    "attribute = ctypes.create_string_buffer(256)",
    "libc.pthread_attr_init(attribute); libc.pthread_attr_setstacksize(attribute, ctypes.c_size_t(16384))",
    "started = 0",
    "while started < 3000 and not libc.pthread_create(ctypes.byref(ctypes.c_ulong()), attribute, libc.pause, None):",
    "    started += 1",
    "raise ValueError(f'{started} threads')",
)
REFUSED = "assert ctypes.get_errno() == 1, ctypes.get_errno(); raise PermissionError('refused')"
LIBC = "libc = ctypes.CDLL(None, use_errno=True)"

HEADER = "from llamoco.metrics.sandbox.protocol import HEADER, MAGIC, Kind"
# Both sides of the exchange stay busy for seconds where floods are not noticed, not for good.
FLOOD = "for _ in range(300): os.write(3, data)"
PRINTED = "a\x1b[31mb\0c\ud800"

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
    Case("08-workers", body(*WORKERS), "security_violation", "several processes", benign=True),
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
        "29-forged-return",
        body(
            HEADER,
            "os.write(3, HEADER.pack(MAGIC, Kind.RETURNED, 1, 2) + np.ones(2).tobytes()); time.sleep(5)",
        ),
        "invalid_result",
        "never called",
    ),
    Case(
        "29-forged-values",
        body(HEADER, WORK, "os.write(3, HEADER.pack(MAGIC, Kind.VALUES, 1, 1) + bytes(8)); time.sleep(5)"),
        "security_violation",
        "protocol",
        1.0,
        2,
    ),
    Case(
        "29-note-flood",
        body(
            HEADER,
            'text = b\'{"event": "x", "frames": []}\'',
            "data = (HEADER.pack(MAGIC, Kind.NOTE, len(text), 0) + text) * 1000",
            FLOOD,
        ),
        "security_violation",
        "protocol",
    ),
    Case(
        "29-repetition-flood",  # repetitions are free, and the clock stands still while the evaluator is at work
        body(
            HEADER,
            WORK,
            "data = (HEADER.pack(MAGIC, Kind.EVALUATE, 1, 2) + best.tobytes()) * 1000",
            "def read():",
            "    while True: os.read(4, 1 << 20)",
            "threading.Thread(target=read).start()",
            FLOOD,
        ),
        "security_violation",
        "protocol",
        1.0,
        3,
    ),
    Case(
        "29-endless-batch",
        body(
            HEADER,
            WORK,
            "os.write(3, HEADER.pack(MAGIC, Kind.EVALUATE, 1 << 50, 2))",
            "while True: os.write(3, bytes(1 << 16))",
        ),
        "timeout",
        "",
        1.0,
        2,
        time_limit=0.5,
    ),
    Case(
        "29-told-at-length",
        body(
            HEADER,
            'text = b\'{"kind": "error", "type": "\\\\u001b[2J", "message": "\' + b\'m\' * 9999 + b\'", "frames": [\' + b\'1, \' * 9999 + b\'1]}\'',
            "os.write(3, HEADER.pack(MAGIC, Kind.FAILED, len(text), 0) + text); time.sleep(5)",
        ),
        "runtime_error",
        "\\x1b[2J: mmm",
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
    Case("35-raising-text", BROKEN + body("raise Broken()"), "runtime_error", "not available"),
    Case(
        "36-atexit",
        body("import atexit; atexit.register(print, 'ran')", WORK, DONE),
        "ok",
        "",
        1.0,
        output="",
    ),
    Case(
        "37-output",
        body(f"print({PRINTED!r})", WORK, DONE),
        "ok",
        "",
        1.0,
        output="a\\x1b[31mb\\x00c\\ud800\n",
    ),
    Case(
        "37-bytes", body(r"os.write(1, b'\xff\xfe\r')", WORK, DONE), "ok", "", 1.0, output="\ufffd\ufffd\\r"
    ),
    Case(
        "37-exception",
        body(f"raise ValueError({PRINTED!r})"),
        "runtime_error",
        "ValueError: a\\x1b[31mb\\x00c\\ud800",
    ),
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
    Case(
        "40-locked-folders",
        body("os.mkdir('d', 0); os.mkdir('e'); os.umask(0o777); os.mkdir('e/f')", WORK, DONE),
        "ok",
        "",
        1.0,
    ),
    Case(
        "40-disk",
        body(
            "for n in range(24): os.posix_fallocate(os.open(f'{n}', os.O_CREAT | os.O_WRONLY), 0, 15 << 20)",
            "time.sleep(1)",
            WORK,
            DONE,
        ),
        "runtime_error",
        "scratch_full",
    ),
    Case("41-killed-zygote", body(WORK, DONE), "ok", "", 1.0, 2, kills_zygote=True),
    Case(
        "42-mincore",
        body(
            LIBC,
            "import mmap",
            STDLIB,
            "view = mmap.mmap(os.open(path, os.O_RDONLY), 4096, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE)",
            "at = ctypes.addressof(ctypes.c_char.from_buffer(view))",
            "assert libc.mincore(ctypes.c_void_p(at), ctypes.c_size_t(4096), ctypes.create_string_buffer(1)) == -1",
            REFUSED,
        ),
        "security_violation",
        "refused",
    ),
    *(
        Case(
            f"42-madvise-{name}",
            body(
                LIBC,
                "import mmap",
                "view = mmap.mmap(-1, 4096)",
                "at = ctypes.addressof(ctypes.c_char.from_buffer(view))",
                f"assert libc.madvise(ctypes.c_void_p(at), ctypes.c_size_t(4096), {advice}) == -1",
                REFUSED,
            ),
            "security_violation",
            "refused",
        )
        for name, advice in (("cold", 20), ("pageout", 21), ("mergeable", 12), ("populate", 22))
    ),
    Case(
        "42-fadvise",
        body(STDLIB, "os.posix_fadvise(os.open(path, os.O_RDONLY), 0, 0, os.POSIX_FADV_DONTNEED)"),
        "security_violation",
    ),
    *(
        Case(
            f"42-{name}",
            body(
                LIBC,
                NUMBER,
                STDLIB,
                "f = os.open(path, os.O_RDONLY)",
                f"assert {SYSCALL_OF}({call}) == -1",
                REFUSED,
            ),
            "security_violation",
            "refused",
        )
        for name, call in (
            ("readahead", "number(187, 213), f, 0, 4096"),
            ("cachestat", "451, f, 0, 0, 0"),
            ("preadv2", "number(327, 286), f, 0, 0, 0, 0, 8"),
            ("sync-file-range", "number(277, 84), f, 0, 4096, 2"),
            ("mlock", "number(149, 228), 0, 4096"),
        )
    ),
    *(
        Case(f"42-{name}", body(f"import shutil, resource; {call}"), "runtime_error", "Errno 38")
        for name, call in (
            ("statvfs", "os.statvfs('/')"),
            ("disk-usage", "shutil.disk_usage('.')"),
            ("faults", "resource.getrusage(resource.RUSAGE_SELF).ru_majflt"),
        )
    ),
    Case(
        "42-free-memory",
        body(LIBC, "assert libc.sysinfo(ctypes.create_string_buffer(256)) == -1", WORK, DONE),
        "ok",
        "",
        1.0,
    ),
    Case("43-held-by-mappings", body(*HOLD, "time.sleep(1)", WORK, DONE), "runtime_error", "scratch_full"),
    Case(
        "43-held-by-descriptors",
        body(
            "held = []",
            "for n in range(40):",
            "    f = open(f'{n}', 'wb'); held.append(f); f.write(bytes(10 << 20)); f.flush()",
            "    try: os.unlink(f'{n}')",
            "    except OSError: pass",
            "time.sleep(1)",
            WORK,
            DONE,
        ),
        "runtime_error",
        "scratch_full",
    ),
    Case("43-large-file", body("open('big', 'wb').write(bytes(40 << 20))"), "runtime_error", "scratch_full"),
    Case("44-small-threads", body(*PTHREADS), "runtime_error", "63 threads"),
    Case(
        "44-one-after-the-other",
        body(
            "for _ in range(200):",
            "    thread = threading.Thread(target=int); thread.start(); thread.join()",
            WORK,
            DONE,
        ),
        "ok",
        "",
        1.0,
    ),
    *(
        Case(
            f"45-{name}",
            body("import fcntl, struct", STDLIB, "f = os.open(path, os.O_RDONLY)", call),
            "security_violation",
        )
        for name, call in (
            ("record-lock", "fcntl.lockf(f, fcntl.LOCK_SH)"),
            ("who-locks", "fcntl.fcntl(f, 5, struct.pack('hhqqi4x', 1, 0, 0, 0, 0))"),
            ("flock", "fcntl.flock(f, fcntl.LOCK_SH)"),
            ("open-file-lock", "fcntl.fcntl(f, 37, struct.pack('hhqqi4x', 0, 0, 0, 0, 0))"),
            ("lease", "fcntl.fcntl(f, 1024, 0)"),
            ("notify", "fcntl.fcntl(os.open('.', os.O_RDONLY), 1026, 2)"),
            ("pipe-size", "fcntl.fcntl(os.pipe()[0], 1031, 1 << 20)"),
        )
    ),
    *(
        Case(
            f"46-{name}",
            body(LIBC, NUMBER, f"assert {SYSCALL_OF}({call}) == -1", REFUSED),
            "security_violation",
            "refused",
        )
        for name, call in (
            ("shmget", "number(29, 194), 4711, 4096, 0o1666"),
            ("semget", "number(64, 190), 4711, 1, 0o1666"),
            ("msgget", "number(68, 186), 4711, 0o1666"),
            ("mq-open", "number(240, 180), b'/llamoco', 0o102, 0o666, 0"),
            ("memfd", "number(319, 279), b'x', 0"),
            ("abstract-socket", "number(41, 198), 1, 2, 0"),
            ("inotify", "number(294, 26), 0"),
            ("utimensat", "number(280, 88), -100, b'.', 0, 0"),
            ("setxattr", "number(188, 5), b'.', b'user.x', b'1', 1, 0"),
            ("setpriority", "number(141, 140), 0, 0, 5"),
            ("sched-setaffinity", "number(203, 122), 0, 8, bytes(8)"),
        )
    ),
    Case(
        "46-shared-memory",
        body("from multiprocessing.shared_memory import SharedMemory", "SharedMemory('x', True, 8)"),
        "security_violation",
    ),
    Case(
        "46-keyring",
        body(NUMBER, f"{SYSCALL}(number(248, 217), b'user', b'x', b'1', 1, -3)"),
        "security_violation",
        "add_key",
    ),
    *(
        Case(f"47-{name}", body("import resource", call), verdict)
        for name, call, verdict in (
            ("affinity", "os.sched_getaffinity(os.getppid())", "security_violation"),
            ("group", "os.getpgid(os.getppid())", "security_violation"),
            ("session", "os.getsid(os.getppid())", "security_violation"),
            ("limits", "resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE)", "security_violation"),
            ("processor-time", "time.clock_gettime(~os.getppid() << 3 | 2)", "runtime_error"),
        )
    ),
    Case(
        "48-dropped-flood",
        body(
            HEADER,
            WORK,
            "os.write(3, HEADER.pack(MAGIC, Kind.EVALUATE, 1 << 50, 2))",
            "data = bytes(1 << 20)",
            "def flood():",
            "    while True: os.write(3, data)",
            "for _ in range(2): threading.Thread(target=flood).start()",
            "flood()",
        ),
        "timeout",
        "",
        1.0,
        2,
        time_limit=1.0,
    ),
    *(
        Case(
            f"49-{name}",
            body(
                HEADER,
                WORK,
                'text = b\'{"kind": "permission", "event": "os.fork", "frames": [], "parallel": true}\'',
                f"os.write(3, HEADER.pack(MAGIC, Kind.{kind}, len(text), 0) + text)",
                f"time.sleep(.2); {deed}",
            ),
            "security_violation",
            reason,
            1.0,
        )
        for name, kind, deed, reason in (
            ("ptrace", "NOTE", f"{SYSCALL}(101 if os.uname().machine == 'x86_64' else 117, 0)", "ptrace"),
            (
                "namespaces",
                "NOTE",
                f"{NUMBER}; {SYSCALL}(number(56, 220), 0x08000011, 0, 0, 0, 0)",
                "clone(0x8000011)",
            ),
            ("kill", "NOTE", "os.kill(os.getppid(), 9)", "kill"),
            ("exec", "NOTE", "os.execv('/bin/true', ['true'])", "execve"),
            ("seccomp", "NOTE", "ctypes.CDLL(None).prctl(22, 0, 0, 0, 0)", "system call"),
            ("files", "FAILED", "open('/etc/passwd')", ""),
        )
    ),
    Case("50-byte-order-mark", "\ufeff" + body(WORK, DONE), "ok", "", 1.0),
]
HONEST = body(WORK, DONE)

# What only the kernel stops: no verdict to be had, and harm to be done, where programs are not confined.
NEEDS_CONFINEMENT = frozenset(
    case.name
    for case in CASES
    if case.name[:2] in ("07", "08", "13", "16", "17", "18", "42", "43", "44", "45", "46", "47", "49")
    and case.name not in ("16-own-environ", "44-one-after-the-other")
)

# On other machines than the best: what their kernel decides, and every third of the rest, which is the evaluator's own doing.
_KERNEL = ("09", "15", "40", "44")
CASES_OF_THE_KERNEL = [case for case in CASES if case.name in NEEDS_CONFINEMENT or case.name[:2] in _KERNEL]
CASES_OF_THE_EVALUATOR = [case for case in CASES if case not in CASES_OF_THE_KERNEL]


def judge(case: Case, record: Record) -> None:
    """Raise AssertionError unless the record is what the table says."""
    assert record.verdict == case.verdict, record
    assert case.reason in record.reason, record
    assert record.benign == case.benign, record
    if case.best_f is not None:
        assert record.best_f == case.best_f
    if case.evals is not None:
        assert record.evals == case.evals
    if case.output is not None:
        assert record.output == case.output
    assert record.evals <= BUDGET
    assert record.verdict != "timeout" or record.wall < case.time_limit + 3, record.wall
    assert record.failed == (case.verdict not in ("ok", "budget_exceeded"))
    if case.verdict in ("ok", "budget_exceeded"):
        assert record.f is not None and record.x is not None
        assert record.f == pytest.approx(float(np.sum((np.array(record.x) - 1) ** 2)))
    else:
        assert record.f is None
    shown = record.output, record.reason, record.message or "", *record.frames
    assert len(record.frames) <= 8 and max(map(len, shown)) < 10_000
    assert all(c.isprintable() or c == "\n" for text in shown for c in text)
