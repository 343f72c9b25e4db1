"""Mutants: programs of the pool, whole scripts and hostile programs, broken at random in the ways that models and attackers break them.

``python tests/metrics/sandbox/mutants.py SEED`` prints one. The texts hold the words CANARY_FOLDER and CANARY_PORT where they reach outside:
whoever runs them puts in a folder and a port that nothing may touch.
"""

from __future__ import annotations

import ast
import io
import random
import re
import struct
import sys
import tokenize
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

from hostile_programs import CASES, SECTION

from llamoco.dataset_builder.optimizers.pool import POOL, source
from llamoco.metrics.sandbox.protocol import HEADER, MAGIC, Kind

MAIN = """\
if __name__ == "__main__":
    x = optimize(objective, np.array(LOWER), np.array(UPPER), MAX_EVALS, 0)
    print(x, objective(x))
"""
# These take their time, or most of the memory they may: seldom.
SLOW = ("05", "06", "15", "30", "31", "32", "35", "40")

WILD = (
    """
None|0|-1|1e308|float('nan')|float('inf')|-1e9|10**30|1j|''|'x' * 10**6|b'\\0'|[]|[[]]|{}|lambda *a: 0|object()|True|...
np.zeros(0)|np.zeros((2, 2))|np.full(2, np.nan)|np.full(2, -np.inf)|np.array([1j, 2])|np.array(['a', 'b'])|np.array(None)
np.zeros((2, 10**5))|np.ma.masked_array([1., 2.], [1, 0])|np.matrix([1., 2.])|lower|upper + 1|lower - 1e-12|(lower, 0.0)|x|objective
np.float128(1) * lower|np.longdouble('1e4000') * upper|np.array([2**70, 1])|np.datetime64('2020')|range(2)|iter([1.0, 2.0])|type|NotImplemented
np.lib.stride_tricks.as_strided(lower, (2, 10**6), (0, 0))|np.broadcast_to(lower, (10**4, 2))|memoryview(lower)|lower[::-1]|[True, False]
type('A', (), {'__array__': lambda *a, **k: 1 / 0})()|type('A', (np.ndarray,), {'tobytes': lambda s: b'x'})((2,))|-0.0 * lower
type('F', (float,), {'__float__': lambda s: -1e9})(1)|type('L', (list,), {'__len__': lambda s: 10**9})([1, 2])
""".replace("\n", "|")
    .strip("|")
    .split("|")
)

# Each is inserted somewhere in a program, at the indentation found there.
SPLICES = [
    "import os; os._exit({small})",
    "import os; os.fork()",
    "import os; os.kill({pid}, 23)",
    "import os, signal; os.kill(os.getpid(), {signal})",
    "import signal; signal.raise_signal({signal})",
    "import signal; signal.signal({signal}, signal.SIG_IGN)",
    "import signal; signal.alarm(1); signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)",
    "import sys; sys.exit({wild})",
    "raise SystemExit({wild})",
    "raise {error}({wild})",
    "raise {error}({wild}) from {error}('why')",
    "import os; os.write({fd}, {bytes})",
    "import os\nfor fd in range(16):\n    try: os.write(fd, {bytes})\n    except OSError: pass",
    "import os; os.write(3, {frame})",
    "import os; os.write(3, {frame} + {frame} + {bytes})",
    "import os; os.write(3, {frame} * {small})",
    "import os; os.write({fd}, {frame}); os.read({fd}, {small})",
    "import os; os.close({fd})",
    "import os; os.dup2({fd}, {fd})",
    "import os; os.closerange(0, {small}); os.open('x', os.O_CREAT | os.O_RDWR)",
    "import os; os.set_blocking({fd}, False)",
    "import os, fcntl; fcntl.fcntl({fd}, {small}, {small})",
    "import os, fcntl; fcntl.ioctl({fd}, {small}, b'x' * 64)",
    "import socket; socket.create_connection(('127.0.0.1', CANARY_PORT), 0.2).send(b'x')",
    "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', CANARY_PORT))",
    "import socket; s = socket.socket(fileno={fd}); s.shutdown(2)",
    "import urllib.request; urllib.request.urlopen('http://127.0.0.1:CANARY_PORT/', timeout=0.2)",
    "open('CANARY_FOLDER/new', 'w').write('x')",
    "open('CANARY_FOLDER/kept', '{mode}').write('x')",
    "print(open('CANARY_FOLDER/kept').read())",
    "import os; os.unlink('CANARY_FOLDER/kept')",
    "import os; os.rename('CANARY_FOLDER/kept', 'mine')",
    "import os; os.link('CANARY_FOLDER/kept', 'mine'); open('mine', 'w').write('x')",
    "import os; os.symlink('CANARY_FOLDER/kept', 'mine'); open('mine', 'w').write('x')",
    "import os; os.chmod('CANARY_FOLDER/kept', 0o777); os.utime('CANARY_FOLDER/kept'); os.truncate('CANARY_FOLDER/kept', 0)",
    "import os\nfor call in (os.mkdir, os.mkfifo, os.rmdir, os.listdir, os.chdir, os.chroot):\n    try: call('CANARY_FOLDER/other')\n    except OSError: pass",
    "import shutil; shutil.rmtree('CANARY_FOLDER', ignore_errors=True)",
    "import os; os.mkdir('d', 0); os.chmod('.', 0)",
    "import os; os.umask(0o777); os.makedirs('a/b/c'); open('a/f', 'w')",
    "open('big', 'wb').truncate({huge})",
    "for n in range({small}): open(f'f{{n}}', 'w').write('x')",
    "import tempfile; f = tempfile.NamedTemporaryFile(delete=False); f.write(b'x')",
    "import ctypes; ctypes.memset({address}, 0, {small})",
    "import ctypes; ctypes.string_at({address}, {small})",
    "import ctypes; ctypes.memset(id({wild}) + {small}, {small} & 255, {small})",
    "import ctypes; print(ctypes.CDLL(None).syscall({call}, {word}, {word}, {word}, {word}))",
    "import ctypes; ctypes.CDLL(None).syscall(62, {pid}, 23)",
    "import ctypes; ctypes.CDLL(None).prctl({small}, {word}, 0, 0, 0)",
    "import ctypes; ctypes.pythonapi.Py_Exit({small})",
    "import ctypes; ctypes.pythonapi.Py_FatalError(b'x')",
    "import mmap; m = mmap.mmap(-1, {small} + 1); m[:] = m",
    "import gc\nfor o in gc.get_objects():\n    if isinstance(o, (list, bytearray)) and len(o) < 5: o.clear()",
    "import gc\nfor o in gc.get_objects():\n    if type(o) is dict and {name!r} in o: o[{name!r}] = {wild}",
    "import gc; gc.set_threshold(1); gc.freeze(); gc.collect()",
    "import sys\nf = sys._getframe()\nwhile f:\n    f.f_locals.clear(); f.f_globals.update({name}={wild}); f = f.f_back",
    "import sys; sys.settrace(lambda *a: {wild})",
    "import sys; sys.setprofile(lambda *a: 1 / 0)",
    "import sys; sys.modules.clear()",
    "import sys; sys.modules['numpy'] = sys.modules['json'] = {wild}",
    "import sys\nfor m in list(sys.modules):\n    if 'sandbox' in m: del sys.modules[m]",
    "import sys; sys.meta_path.clear(); sys.path[:] = ['.']",
    "import sys; sys.stdout = sys.stderr = {wild}",
    "import sys; sys.stdout.close()",
    "import sys; sys.setrecursionlimit({huge} & 0x7fffffff)",
    "import sys; sys.setswitchinterval(1e-9)",
    "import builtins; builtins.{builtin} = {wild}",
    "import builtins; builtins.__import__ = lambda *a, **k: {wild}",
    "import time; time.time = time.perf_counter = time.monotonic = lambda: {wild}",
    "import json; json.dumps = lambda *a, **k: {text!r}",
    "import traceback; traceback.extract_tb = lambda *a: {wild}",
    "np.asarray = np.array = np.isfinite = lambda *a, **k: {wild}",
    "np.asarray = lambda x, *a, **k: np.zeros(len(lower))",
    "from llamoco.metrics.sandbox import client, protocol; client.{client} = {wild}",
    "from llamoco.metrics.sandbox import client, protocol; protocol.{protocol} = {wild}",
    "from llamoco.metrics.sandbox import protocol; protocol.{protocol} = lambda *a, **k: {bytes}",
    "from llamoco.metrics.sandbox import child; child.{program} = lambda *a, **k: {wild}",
    "from llamoco.metrics.sandbox import child; child._answer({frame})",
    "from llamoco.metrics.sandbox import child; print(child._failed({error}('x')))",
    "import os, random\nwrite = os.write\ndef noisy(fd, data):\n    data = bytearray(data); data[random.randrange(len(data))] ^= 1 << {bit}; return write(fd, data)\nos.write = noisy",
    "import os\nwrite = os.write\nos.write = lambda fd, data: write(fd, bytes(data)[:{small}])",
    "import os\nwrite = os.write\nos.write = lambda fd, data: (write(fd, data), write(fd, data))[0]",
    "import os; os.read = lambda fd, size: {bytes}",
    "import os, time\nread = os.read\nos.read = lambda fd, size: (time.sleep(0.001), read(fd, min(size, 3)))[1]",
    "import threading\nfor _ in range({threads}): threading.Thread(target=lambda: [objective(lower + i * 1e-3) for i in range(30)]).start()",
    "import threading, os\nthreading.Thread(target=lambda: [os.write(3, {frame}) for _ in range(20)]).start()",
    "import threading, os\nthreading.Thread(target=lambda: [os.read({fd}, 64) for _ in range(5)], daemon=True).start()",
    "import threading; from llamoco.metrics.sandbox import client\nthreading.Thread(target=client.lock.acquire).start()",
    "import threading; threading.Thread(target=objective, args=({wild},)).start()",
    "objective({wild})",
    "objective(np.array([lower] * {small}))",
    "objective(np.vstack([lower, upper, {wild}]))",
    "(inequality or equality or objective)({wild})",
    "while True: objective(np.random.uniform(lower, upper))",
    "for _ in range({small}): objective(lower)",
    "try: objective(np.zeros((10**4, len(lower))))\nexcept BaseException: pass",
    "import copy; objective = copy.deepcopy(objective)",
    "import pickle; print(len(pickle.dumps(objective)))",
    "objective = lambda x: -1e9",
    "objective.__closure__[0].cell_contents = {wild}",
    "for c in objective.__closure__:\n    try: print(c.cell_contents); c.cell_contents = {wild}\n    except Exception: pass",
    "max_evals = {huge}",
    "print('x' * 300000)",
    "print({text!r})",
    "print({wild}, flush=True)",
    "def f(): f()\nf()",
    "x = []\nfor _ in range(10**5): x = [x]\nprint(x)",
    "raise MemoryError",
    "np.ones(10**9) + 1",
    "bytearray({huge})",
    "[0] * {huge}",
    "input()",
    "import atexit; atexit.register(lambda: open('CANARY_FOLDER/atexit', 'w'))",
    "import subprocess; subprocess.run(['/bin/touch', 'CANARY_FOLDER/touched'])",
    "import os; os.system('touch CANARY_FOLDER/touched')",
    "import os; os.execv('/bin/touch', ['touch', 'CANARY_FOLDER/touched'])",
    "import multiprocessing; multiprocessing.Process(target=print).start()",
    "import resource; resource.setrlimit(resource.RLIMIT_{limit}, (-1, -1))",
    "import os; os.setuid({small}); os.setsid(); os.nice(-20)",
    "import os; os.sched_setaffinity(0, {{0}}); os.sched_setscheduler(0, 1, os.sched_param(1))",
    "import os; os.memfd_create('x'); os.pidfd_open(os.getppid())",
    "import faulthandler; faulthandler.dump_traceback_later(0.01, exit=True)",
    "import asyncio; asyncio.run(asyncio.sleep(0))",
    "import time; time.sleep(0.05)",
    "return {wild}",
    "yield objective(lower)",
    "del {name}",
    "{name} = {wild}",
    "global {name}; {name} = {wild}",
    "assert {name} is {wild}",
    "eval({text!r}); exec({text!r})",
]
ERRORS = [
    "ValueError",
    "KeyError",
    "OSError",
    "PermissionError",
    "ImportError",
    "MemoryError",
    "RecursionError",
    "SystemExit",
    "KeyboardInterrupt",
    "GeneratorExit",
    "StopIteration",
    "ExceptionGroup",
]
NAMES = [
    "objective",
    "lower",
    "upper",
    "max_evals",
    "seed",
    "inequality",
    "equality",
    "np",
    "x",
    "best",
    "optimize",
    "client",
    "protocol",
    "CHANNEL",
    "lock",
    "code",
    "job",
]
OPERATORS = [
    "+",
    "-",
    "*",
    "/",
    "**",
    "//",
    "%",
    "@",
    "<",
    ">",
    "<=",
    ">=",
    "==",
    "!=",
    "=",
    "+=",
    "-=",
    "*=",
    ",",
    ":",
    ".",
    "(",
    ")",
    "[",
    "]",
    "and",
    "or",
    "not",
    "in",
    "is",
    "if",
    "else",
    "for",
    "while",
    "~",
    "&",
    "|",
    "^",
    ":=",
]


# SIGURG (23 above), which does no harm where it arrives and is seen there, stands for all signals to others. Likewise no system calls by
# number with which root ends a machine, should one get through: signals, reboot, clocks, names, swap, mounts, modules.
CALLS = sorted(
    {*range(460)}
    - {
        39,
        40,
        62,
        106,
        129,
        *range(129, 132),
        138,
        142,
        *range(161, 177),
        200,
        224,
        225,
        227,
        234,
        240,
        246,
        297,
        305,
    }
)
TOLD = [
    '{"kind": "exit", "type": "SystemExit", "message": "", "frames": []}',
    '{"kind": "syntax", "type": 1, "message": {"a": [null]}, "frames": [[], {}, 1e999], "parallel": "yes"}',
    '{"kind": "invalid", "type": "\\ud800", "message": "\\u001b[2J", "frames": ["\\u0007"]}',
    '{"event": "os.fork", "frames": [], "parallel": true}',
    '{"event": "\\u001b]0;x\\u0007", "frames": ["' + "x" * 3000 + '"]}',
    '{"frames": ' + "[" * 3000 + "]" * 3000 + "}",
    '{"kind": "' + "k" * 70000 + '", "frames": []}',
    '{"kind": "error", "message": ' + "9" * 5000 + ', "frames": []}',
    '{"frames": {}}',
    "[]",
    "NaN",
    "\ud800",
    "",
]
_FLOAT = struct.Struct("<d")


class Mutant(NamedTuple):
    """A program and on what to run it: one of the numbered problems of the test."""

    seed: int
    program: str
    problem: int


@cache
def bases() -> tuple[list[str], list[str], list[str], list[str]]:
    """Texts of the pool, whole scripts, hostile programs, and slow ones of these."""
    pool = [source(name) for name in POOL]
    scripts = [f"{SECTION}\n{text}\n\n{MAIN}" for text in pool[::4]]
    hostile = [case.program for case in CASES if case.name[:2] not in SLOW and len(case.program) < 5000]
    slow = [case.program for case in CASES if case.name[:2] in SLOW]
    return pool, scripts, hostile, slow


def mutant(seed: int) -> Mutant:
    """The mutant of a seed. Most that do not compile are drawn again: they all end the same way."""
    rng = random.Random(seed)
    while True:
        text = rng.choice(rng.choices(bases(), (50, 14, 34, 2))[0])
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            change = rng.choices(list(CHANGES), list(CHANGES.values()))[0]
            text = change(text, rng)
        if _compiles(text) or rng.random() < 0.2:
            return Mutant(seed, text, rng.randrange(4))


def _compiles(text: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(text, "mutant", "exec")
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
            return False
    return True


def _bytes(text: str, rng: random.Random) -> str:
    at = rng.randrange(len(text) + 1)
    junk = "".join(
        rng.choice("\0\t\r\n ()[]{}:;,.'\"\\=x1eE_\u00e9\u202e\ud800\U0001f600")
        for _ in range(rng.randint(0, 3))
    )
    return text[:at] + junk + text[at + rng.choice((0, 1, 1, 2, 40)) :]


def _lines(text: str, rng: random.Random) -> str:
    lines = text.splitlines(keepends=True) or ["\n"]
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    kind = rng.randrange(5)
    if kind == 0:
        del lines[one]
    elif kind == 1:
        lines.insert(other, lines[one])
    elif kind == 2:
        lines[one], lines[other] = lines[other], lines[one]
    elif kind == 3:
        lines[one] = rng.choice(("    ", "  ", "\t")) + lines[one]
    else:
        del lines[min(one, other) : min(one, other) + 6]
    return "".join(lines)


def _tokens(text: str, rng: random.Random) -> str:
    """Change an operator, a number, a string or a name for another of its kind, or for one of the program's own."""
    try:
        found = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError, IndentationError, UnicodeError):
        return _lines(text, rng)
    found = [t for t in found if t.type in (tokenize.OP, tokenize.NUMBER, tokenize.NAME, tokenize.STRING)]
    if not found:
        return text
    old, own = rng.choice(found), rng.choice(found).string
    new = {
        tokenize.OP: rng.choice(OPERATORS),
        tokenize.NUMBER: rng.choice(
            ("0", "-1", "1e308", "1e-320", "2**63", "10**9", "0.5", "1j", "None", own)
        ),
        tokenize.NAME: rng.choice((rng.choice(NAMES), own)),
        tokenize.STRING: rng.choice(("''", "b'x'", "None", own)),
    }[old.type]
    lines = text.splitlines(keepends=True)
    row, start, end = old.start[0] - 1, old.start[1], old.end[1]
    if old.end[0] - 1 == row and row < len(lines):
        lines[row] = lines[row][:start] + new + lines[row][end:]
    return "".join(lines)


def _tree(text: str, rng: random.Random) -> str:
    """Change, remove or repeat a node of the syntax tree: the outcome nearly always compiles."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _lines(text, rng)
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.expr | ast.stmt)]
    if not nodes:
        return text
    node, other = rng.choice(nodes), rng.choice(nodes)
    if isinstance(node, ast.Constant):
        node.value = rng.choice((0, -1, 1e308, 10**12, None, "", 1j, True, node.value))
    elif isinstance(node, ast.BinOp):
        node.op = rng.choice(
            (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.Mod, ast.MatMult, ast.LShift)
        )()
    elif isinstance(node, ast.Compare):
        node.ops = [rng.choice((ast.Lt, ast.GtE, ast.Eq, ast.NotEq, ast.Is, ast.In))() for _ in node.ops]
    elif isinstance(node, ast.Return):
        node.value = ast.parse(rng.choice(WILD), mode="eval").body
    elif isinstance(node, ast.Call) and node.args:
        rng.shuffle(node.args)
        if rng.random() < 0.3:
            node.args.pop()
    elif isinstance(node, ast.If | ast.While):
        node.test = ast.Constant(rng.random() < 0.5)
    elif isinstance(node, ast.For | ast.FunctionDef | ast.With):
        rng.shuffle(node.body)
    elif isinstance(node, ast.Name) and isinstance(other, ast.Name):
        node.id = other.id
    elif isinstance(node, ast.Attribute):
        node.attr = other.attr if isinstance(other, ast.Attribute) else "x"
    elif isinstance(node, ast.Assign):
        node.value = ast.parse(rng.choice(WILD), mode="eval").body
    try:
        return ast.unparse(ast.fix_missing_locations(tree))
    except (ValueError, TypeError, AttributeError, RecursionError):
        return text


def _splice(text: str, rng: random.Random) -> str:
    """Put a hostile fragment before some line of a function, at its indentation."""
    lines = text.splitlines() or [""]
    inner = [number for number, line in enumerate(lines) if re.match(r"\s+\S", line)] or [0]
    at = rng.choice(inner)
    indent = re.match(r"\s*", lines[at])[0]
    return (
        "\n".join([*lines[:at], *(indent + line for line in fragment(rng).splitlines()), *lines[at:]]) + "\n"
    )


def _wild_return(text: str, rng: random.Random) -> str:
    return re.sub(r"\breturn\b.*", lambda _: f"return {rng.choice(WILD)}", text)


def fragment(rng: random.Random) -> str:
    """A hostile fragment with its particulars drawn."""
    return rng.choice(SPLICES).format(
        small=rng.choice((0, 1, 2, 3, 4, 7, 15, 36, 255, 1030)),
        huge=rng.choice((10**7, 10**9, 2**31, 2**40, 2**63 - 1)),
        pid=rng.choice(("-1", "0", "1", "os.getppid()", "os.getpid()", "-os.getpgrp()")),
        signal=rng.randint(1, 64),
        wild=rng.choice(WILD),
        error=rng.choice(ERRORS),
        fd=rng.randrange(-1, 8),
        bytes=_literal(rng.randbytes(rng.choice((1, 8, 24, 40, 5000)))),
        frame=_literal(frame(rng)),
        mode=rng.choice(("w", "a", "r+", "x")),
        address=rng.choice(("0", "1", "id(None)", "id(objective)", "2**47", "id(1) + 8")),
        call=rng.choice((*CALLS, 56, 57, 101, 157, 317, 435, 444)),
        word=rng.choice(("0", "1", "-1", "17", "2**63 - 1", "b'x'", "None")),
        name=rng.choice(NAMES),
        builtin=rng.choice(
            ("len", "isinstance", "str", "bytes", "print", "Exception", "BaseException", "memoryview", "type")
        ),
        text=rng.choice(
            ("\x1b[2J\r\0", "\ud800\u202e", "1 +", "{}", "(" * 300, '{"kind": 1}', "os._exit(0)")
        ),
        client=rng.choice(
            ("lock", "REQUESTS", "REPLIES", "as_points", "protocol", "connect", "BudgetExceeded")
        ),
        protocol=rng.choice(
            (
                "HEADER",
                "MAGIC",
                "frame",
                "text_frame",
                "read_frame",
                "write_all",
                "read_exactly",
                "head",
                "Kind",
            )
        ),
        program=rng.choice(("_failed", "_returned", "_run", "_shown", "_answer", "np", "traceback")),
        bit=rng.randrange(8),
        threads=rng.choice((1, 2, 8)),
        limit=rng.choice(("AS", "CPU", "NOFILE", "FSIZE", "CORE")),
    )


def frame(rng: random.Random) -> bytes:
    """A frame that starts well and may be of any kind, size and content, of the shape it claims or not."""
    kind = rng.choice((*Kind, Kind.RETURNED, Kind.EVALUATE, Kind.NOTE, Kind.FAILED, 0, 99, 2**32 - 1))
    wild = (-(2**63), -1, 0, 1, 2, 3, 40, 10**6, 2**31, 2**60, 2**63 - 1)
    rows, columns = rng.choice(((1, 2), (1, 3), (3, 2), (0, 0), (rng.choice(wild), rng.choice(wild))))
    if rng.random() < 0.4:
        body = rng.choice(TOLD).encode("utf-8", errors="surrogatepass")
        rows, columns = rng.choice((len(body), len(body), rows)), 0
    else:
        numbers = [
            rng.choice((0.0, 1.0, -1e9, float("nan"), float("inf"), rng.uniform(-5, 5))) for _ in range(6)
        ]
        body = b"".join(_FLOAT.pack(number) for number in numbers[: max(0, min(6, rows * columns))])
    return HEADER.pack(rng.choice((MAGIC, MAGIC, MAGIC, MAGIC, MAGIC, b"LMC9")), kind, rows, columns) + body


def _literal(data: bytes) -> str:
    return repr(data) if len(data) < 500 else f"b'{chr(92)}x{data[0]:02x}' * {len(data)}"


CHANGES: dict[Callable[[str, random.Random], str], int] = {
    _bytes: 8,
    _lines: 16,
    _tokens: 16,
    _tree: 22,
    _splice: 32,
    _wild_return: 6,
}

if __name__ == "__main__":
    sys.stdout.buffer.write(mutant(int(sys.argv[1])).program.encode("utf-8", errors="surrogatepass"))
