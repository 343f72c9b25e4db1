"""Programs in pairs: what one leaves behind, or does meanwhile, the other must not come to see, be it a single bit.

A writer runs with ``BIT`` 0 or 1 and ends; a reader prints what it finds. In a pair of ``AFTER`` the reader is the next program
of the same sandbox, in one of ``MEANWHILE`` it runs in another sandbox while the writer waits. What readers print is compared
between the two bits. A writer may fail: then it had no way to write.
"""

from __future__ import annotations

from typing import NamedTuple

from hostile_programs import DONE, LIBC, NUMBER, WORK, body

from llamoco.metrics.sandbox.record import Record

# A large file that no program has a reason to read, which all may: the last page is where word is left.
FILE = (
    "import numpy, mmap, pathlib, contextlib",
    "path = max(pathlib.Path(numpy.__file__).parent.rglob('*.so'), key=lambda p: p.stat().st_size)",
    "f = os.open(path, os.O_RDONLY)",
    "size = os.fstat(f).st_size",
)
VIEW = (
    LIBC,
    "libc.mmap.restype = ctypes.c_void_p",
    "at = libc.mmap(None, ctypes.c_size_t(size), 1, 2, f, ctypes.c_long(0))",
)


class Pair(NamedTuple):
    """A writer, which has the bit as ``BIT``, and a reader, which prints."""

    name: str
    writer: tuple[str, ...]
    reader: tuple[str, ...]

    def write(self, bit: int) -> str:
        """The writer's program."""
        return body(f"BIT = {bit}", *self.writer, WORK, DONE)

    @property
    def read(self) -> str:
        """The reader's program."""
        return body(*self.reader, WORK, DONE)


def tried(*lines: str) -> tuple[str, ...]:
    """Lines whose errors say nothing but that they failed."""
    return (
        "try:",
        *(f"    {line}" for line in lines),
        "except (OSError, AssertionError) as error: print('no')",
    )


AFTER = [
    Pair(
        "page-cache",
        (*FILE, *tried("if BIT: os.posix_fadvise(f, 0, 0, os.POSIX_FADV_DONTNEED)")),
        (
            *FILE,
            *VIEW,
            "pages = (size + 4095) // 4096",
            "there = ctypes.create_string_buffer(pages)",
            "code = libc.mincore(ctypes.c_void_p(at), ctypes.c_size_t(size), there)",
            "print(code, sum(b & 1 for b in there.raw))",
        ),
    ),
    Pair(
        "page-cache-advice",
        (*FILE, *VIEW, "if BIT: libc.madvise(ctypes.c_void_p(at), ctypes.c_size_t(size), 21)"),
        (
            *FILE,
            *tried("import resource", "before = resource.getrusage(0).ru_majflt"),
            *tried(
                "os.pread(f, 1, size - 1); print(resource.getrusage(0).ru_majflt - before)",
            ),
        ),
    ),
    Pair(
        "flags-of-standard-input",
        ("import fcntl", *tried("if BIT: fcntl.fcntl(0, fcntl.F_SETFL, os.O_NONBLOCK | os.O_APPEND)")),
        ("import fcntl", "print([fcntl.fcntl(n, fcntl.F_GETFL) for n in range(5)])"),
    ),
    Pair(
        "position-of-standard-input",
        (*tried("if BIT: os.lseek(0, 4711, 0)"),),
        (*tried("print(os.lseek(0, 0, 1))"),),
    ),
    Pair(
        "lock-of-standard-input",
        ("import fcntl", *tried("if BIT: fcntl.flock(0, fcntl.LOCK_EX)")),
        ("import fcntl", *tried("fcntl.flock(0, fcntl.LOCK_EX | fcntl.LOCK_NB); print('free')")),
    ),
    Pair(
        "files",
        ("if BIT: os.makedirs('d/e'); open('d/e/f', 'w').write('x' * 9999)",),
        ("print(os.listdir('.'), os.listdir('..'), os.stat('..').st_nlink, os.stat('..').st_size)",),
    ),
    Pair(
        "access-time",
        (
            "import glob, encodings",
            "name = sorted(glob.glob(os.path.dirname(encodings.__file__) + '/*.py'))[-1]",
            "if BIT: open(name).read()",
        ),
        (
            "import glob, encodings",
            "print([os.stat(n).st_atime_ns for n in sorted(glob.glob(os.path.dirname(encodings.__file__) + '/*.py'))])",
        ),
    ),
    Pair("umask", ("if BIT: os.umask(0o777)",), ("print(os.umask(0))",)),
    Pair(
        "folder",
        ("if BIT: os.mkdir('d'); os.chdir('d')",),
        ("print(os.path.basename(os.getcwd()).isdigit())",),
    ),
    Pair(
        "signals",
        ("if BIT: signal.signal(signal.SIGUSR1, signal.SIG_IGN); signal.pthread_sigmask(0, [10])",),
        ("print(signal.getsignal(signal.SIGUSR1), signal.pthread_sigmask(0, []))",),
    ),
    Pair(
        "priority",
        (*tried("if BIT: os.nice(5)"), *tried("if BIT: os.sched_setaffinity(0, [0])")),
        (*tried("print(os.sched_getaffinity(0))"), *tried("print(os.nice(0))")),
    ),
    Pair(
        "keyring",
        (LIBC, NUMBER, "if BIT: libc.syscall(number(248, 217), b'user', b'x', b'1', 1, -4)"),
        (*tried("print(open('/proc/keys').read())"),),
    ),
    Pair(
        "shared-memory",
        (LIBC, NUMBER, "if BIT: libc.syscall(number(29, 194), 4711, 4096, 0o1666)"),
        (LIBC, NUMBER, "print(libc.syscall(number(29, 194), 4711, 4096, 0))"),
    ),
]

MEANWHILE = [
    Pair(
        "record-lock",
        ("import fcntl", *FILE, *tried("fcntl.lockf(f, fcntl.LOCK_SH, 1, BIT * 10)"), "time.sleep(60)"),
        (
            "import fcntl, struct",
            *FILE,
            *tried(
                "found = [fcntl.fcntl(f, 5, struct.pack('hhqqi4x', 1, 0, n, 1, 0))[:2] for n in (0, 10)]",
                "print(found)",
            ),
        ),
    ),
    Pair(
        "whole-file-lock",
        ("import fcntl", *FILE, *tried("if BIT: fcntl.flock(f, fcntl.LOCK_EX)"), "time.sleep(60)"),
        ("import fcntl", *FILE, *tried("fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB); print('free')")),
    ),
    Pair(
        "abstract-socket",
        ("import socket", *tried("s = socket.socket(1); s.bind('\\0llamoco' + str(BIT))"), "time.sleep(60)"),
        ("import socket", *tried("s = socket.socket(1); s.bind('\\0llamoco1'); print('free')")),
    ),
    Pair(
        "room-on-the-disk",
        (*tried("if BIT: open('x', 'wb').write(bytes(15 << 20))"), "time.sleep(60)"),
        (
            *tried("room = os.statvfs('/tmp'); print(room.f_bfree >> 8)"),
            *tried("print(os.statvfs('.').f_bfree)"),
        ),
    ),
    Pair(
        "free-memory",
        ("held = np.ones(BIT * 30_000_000); time.sleep(60)",),
        (
            LIBC,
            "told = ctypes.create_string_buffer(128)",
            "code = libc.sysinfo(told)",
            "print(code, int.from_bytes(told.raw[40:48], 'little') >> 27)",
            *tried("print(open('/proc/meminfo').read()[:200])"),
        ),
    ),
    Pair(
        "futex",
        (
            *FILE,
            *VIEW,
            NUMBER,
            "word = ctypes.c_uint32.from_address(at).value",
            "wait = lambda: libc.syscall(number(202, 98), ctypes.c_void_p(at), 0, word, 0, 0, 0)",
            "threading.stack_size(1 << 16)",
            "for _ in range(5 * BIT): threading.Thread(target=wait).start()",
            "time.sleep(60)",
        ),
        (*FILE, *VIEW, NUMBER, "print(libc.syscall(number(202, 98), ctypes.c_void_p(at), 1, 100, 0, 0, 0))"),
    ),
    Pair(
        "threads",
        (
            "threading.stack_size(1 << 16)",
            "for _ in range(BIT * 40): threading.Thread(target=time.sleep, args=(60,)).start()",
            "time.sleep(60)",
        ),
        (
            "found = []",
            "for n in range(max(os.getpid() - 1000, 1), os.getpid() + 1000):",
            "    try: found.append(os.stat(f'/proc/{n}/task').st_nlink)",
            "    except OSError: pass",
            "print(max(found, default=0) > 30)",
        ),
    ),
    Pair(
        "processes",
        (
            "threading.stack_size(1 << 16)",
            "for _ in range(BIT * 20): threading.Thread(target=time.sleep, args=(60,)).start()",
            "time.sleep(60)",
        ),
        (
            "told = 0",
            "for n in range(os.getpid() - 200, os.getpid() + 200):",
            "    try: os.sched_getaffinity(n); told += n != os.getpid()",
            "    except OSError: pass",
            "    try: time.clock_gettime(~n << 3 | 2); told += n != os.getpid()",
            "    except OSError: pass",
            "print(told)",
        ),
    ),
]

# Landlock lets a program ask whether a file is there, those of /proc among them.
NEEDS_NAMESPACES = frozenset({"threads"})


def judge_pair(silent: Record, told: Record) -> None:
    """Raise AssertionError unless a reader, which may be refused, found the same for both bits."""
    assert silent.verdict in ("ok", "security_violation", "runtime_error"), silent
    assert (told.verdict, told.reason, told.output) == (silent.verdict, silent.reason, silent.output)
