"""Confined side of one run, in a child of the zygote: read the job, run the program, report the result."""

from __future__ import annotations

import _multiprocessing
import contextlib
import errno
import io
import json
import linecache
import os
import random
import socket
import sys
import traceback
import types
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from typing import Any, NoReturn

import numpy as np

from llamoco.dataset_builder.problems.calling import call_optimize
from llamoco.dataset_builder.problems.files.python.program_sections import problem_section
from llamoco.dataset_builder.problems.files.python.settings import maximize
from llamoco.dataset_builder.problems.files.python.source import PythonSource
from llamoco.dataset_builder.problems.files.python.variables import FileVariables
from llamoco.metrics.sandbox import client, protocol
from llamoco.metrics.sandbox.client import REPLIES, REQUESTS, InvalidPoint
from llamoco.metrics.sandbox.protocol import Kind

FILE = "<program>"
MODULE = "llamoco_program"
IMPORTABLE = ("numpy", "scipy", "cma", "deap", "nlopt")
MAX_FRAMES = 8
MAX_MESSAGE = 2000
DECLARED = ("X0", "INTEGER", "STEP", "MAXIMIZE")  # a solver's constants may have these names, too

# The kernel kills a program for these; it announces them beforehand, so that the record can show where it happened.
_FATAL_EVENTS = frozenset(
    {
        "os.fork",
        "os.forkpty",
        "os.exec",
        "os.posix_spawn",
        "os.spawn",
        "os.system",
        "subprocess.Popen",
        "os.kill",
    }
)


class Imports:
    """Refuses packages outside the contract, so that verdicts do not depend on what else is installed."""

    def __init__(self) -> None:
        loaded = {name.partition(".")[0] for name, module in sys.modules.items() if module} - {"llamoco"}
        self._allowed = loaded | set(sys.stdlib_module_names) | set(IMPORTABLE)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: types.ModuleType | None = None
    ) -> ModuleSpec | None:
        """Implement the finder protocol; None passes the name on to the other finders."""
        if name.partition(".")[0] in self._allowed:
            return None
        raise ModuleNotFoundError(
            f"No module named {name!r} (programs may import {', '.join(IMPORTABLE)}, the standard library)",
            name=name,
        )


class _ForkInstead:
    """Replacement for ``multiprocessing`` semaphores, which forks at once.

    A real semaphore needs a file. Whoever makes one is about to fork, which the zygote refuses; and only a fork is
    attested by the kernel, whatever the program says about itself.
    """

    SEM_VALUE_MAX = 0x7FFFFFFF

    def __new__(cls, *_: object) -> _ForkInstead:
        os.fork()
        raise OSError("a program may use one process")


def refuse_semaphores() -> None:
    """Make ``multiprocessing`` fork where it would first make a semaphore."""
    _multiprocessing.SemLock = _ForkInstead


def serve(imports: Imports) -> NoReturn:
    """Run the job that comes over the pipe, then end the process; nothing registered with atexit runs."""
    for number, name in ((1, "stdout"), (2, "stderr")):
        raw = io.FileIO(number, "w", closefd=False)
        setattr(sys, name, io.TextIOWrapper(raw, "utf-8", errors="backslashreplace", write_through=True))
    sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False), "utf-8")
    sys.meta_path.insert(0, imports)
    sys.addaudithook(_announce)
    protocol.write_all(REQUESTS, protocol.head(Kind.READY))
    job = json.loads(protocol.read_frame(REPLIES)[3])
    try:
        code = _compile(job["program"])
    except Exception as error:
        _answer(_failed(error, syntax=True))
    try:
        _answer(_run(code, job) if job["mode"] == "run" else _state(code, job["program"]))
    except BaseException as error:
        _answer(_failed(error))


def _answer(answer: bytes) -> NoReturn:
    with contextlib.suppress(Exception):
        sys.stdout.flush()
        sys.stderr.flush()
    with client.lock:
        protocol.write_all(REQUESTS, answer)
        os._exit(0)


def _run(code: types.CodeType, job: dict[str, Any]) -> bytes:
    random.seed(job["seed"])
    np.random.seed(job["seed"] % 2**32)
    optimize = _execute(code).get("optimize")
    if not callable(optimize):
        raise NameError(
            "the program defines no function optimize(objective, lower, upper, max_evals, seed, ...)"
        )
    lower, upper = np.array(job["lower"]), np.array(job["upper"])
    dim = len(lower)
    functions = client.connect(dim, job["n_inequality"], job["n_equality"])
    start = None if job["start"] is None else np.array(job["start"])
    x = call_optimize(optimize, functions, (lower, upper), job["max_evals"], job["seed"], start)
    return protocol.frame(Kind.RETURNED, _returned(x, dim)[None, :])


def _returned(x: Any, dim: int) -> np.ndarray:
    try:
        array = np.asarray(x)
    except Exception as error:
        raise InvalidPoint(
            f"optimize returned {type(x).__name__}, expected an array of shape ({dim},)"
        ) from error
    if array.dtype.kind not in "fiu" or array.shape != (dim,):
        what = f"{type(x).__name__} of dtype {array.dtype} and shape {array.shape}"
        raise InvalidPoint(f"optimize returned {what}, expected real numbers of shape ({dim},)")
    if not np.isfinite(array.astype(float)).all():
        raise InvalidPoint("optimize returned a point that is not finite")
    return array.astype(float)


def _state(code: types.CodeType, program: str) -> bytes:
    """Evaluate the program's own problem section at the points that the evaluator sends.

    Points and bounds are those of the search box that follows from what it declares, as for a problem file: what the problem's own
    functions see is rounded to integers and steps.
    """
    section = problem_section(program)
    # What only a file's reader reads is taken from the section itself: the rest of the module may use its names otherwise.
    declared = None if section is None else _execute(_compile(section.text))
    namespace = _execute(code)
    if not callable(namespace.get("objective")):
        raise NameError("the program states no problem: it defines no objective(x)")
    declared = namespace if declared is None else declared
    text, file = PythonSource(program, FILE, None), types.ModuleType(MODULE)
    file.__dict__.update({name: declared[name] for name in DECLARED if name in declared})
    file.__dict__.update({name: namespace[name] for name in ("LOWER", "UPPER")})
    variables, sign = FileVariables(text, file).variables, -1.0 if maximize(text, file) else 1.0
    box = np.stack(
        (variables.lower, variables.upper, np.full(len(variables.lower), float(namespace["MAX_EVALS"])))
    )
    _, rows, columns, body = protocol.read_frame(REPLIES)
    points = variables.to_original(protocol.matrix(body, rows, columns))
    functions = [namespace.get(name) for name in ("objective", "inequality", "equality")]
    f, g, h = (_stated_values(function, points) for function in functions)
    counts = np.full((len(points), 1), float(g.shape[1]))
    return protocol.frame(Kind.BOX, box) + protocol.frame(Kind.STATED, np.hstack((counts, sign * f, g, h)))


def _stated_values(function: Any, points: np.ndarray) -> np.ndarray:
    """Values (N, M) of one function of the problem, row by row; NaN at points outside the domain of its formulas."""
    if function is None:
        return np.zeros((len(points), 0))
    found: list[np.ndarray | None] = []
    failure: Exception | None = None
    for x in points:
        try:
            found.append(np.ravel(np.asarray(function(x.copy()), dtype=float)))
        except (ArithmeticError, ValueError, TypeError) as error:  # as in a program's main guard
            failure = error
            found.append(None)
    sizes = {len(values) for values in found if values is not None}
    if failure is not None and not sizes:
        raise failure  # it has a value nowhere
    (size,) = sizes
    return np.stack([np.full(size, np.nan) if values is None else values for values in found])


def _compile(text: str) -> types.CodeType:
    text = text.removeprefix("\ufeff")  # some editors put it before a text
    linecache.cache[FILE] = (len(text), None, text.splitlines(keepends=True), FILE)
    return compile(text, FILE, "exec", dont_inherit=True)


def _execute(code: types.CodeType) -> dict[str, Any]:
    module = types.ModuleType(MODULE)
    sys.modules[MODULE] = module
    exec(code, module.__dict__)
    return module.__dict__


def _failed(error: BaseException, syntax: bool = False) -> bytes:
    try:
        message = str(error)[:MAX_MESSAGE]
    except Exception as broken:
        message = f"(its text is not available: {type(broken).__name__})"
    frames = traceback.extract_tb(error.__traceback__)
    kinds = {
        "memory": MemoryError,
        "import": ImportError,
        "invalid": InvalidPoint,
        "exit": SystemExit,
    }
    kind = next((name for name, base in kinds.items() if isinstance(error, base)), "error")
    if syntax:
        kind = "syntax"
    elif _breaks_rules(error):
        kind = "permission"
    elif isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EFBIG):
        kind = "disk"
    content = {
        "kind": kind,
        "type": type(error).__name__[:200],
        "message": message,
        "frames": _shown([(frame.filename, frame.lineno or 0, frame.name) for frame in frames]),
        "parallel": _parallel([frame.filename for frame in frames]),
    }
    return protocol.text_frame(Kind.FAILED, content)


def _breaks_rules(error: BaseException) -> bool:
    """Whether the kernel refused something: permission, writing to a read-only folder, hidden processes, looking up a name."""
    cause: BaseException | None = error
    for _ in range(MAX_FRAMES):
        if isinstance(cause, PermissionError | socket.gaierror):
            return True
        if isinstance(cause, OSError) and cause.errno == errno.EROFS:
            return True
        if isinstance(cause, FileNotFoundError) and str(cause.filename).startswith("/proc/"):
            return True
        if cause is None:
            return False
        cause = cause.__cause__ or cause.__context__
    return False


def _announce(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in _FATAL_EVENTS:
        return
    frames: list[tuple[str, int, str]] = []
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None:
        frames.insert(0, (frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
        frame = frame.f_back
    names = [name for name, _, _ in frames]
    with client.lock:
        note = {"event": event, "frames": _shown(frames), "parallel": _parallel(names)}
        protocol.write_all(REQUESTS, protocol.text_frame(Kind.NOTE, note))


def _shown(frames: list[tuple[str, int, str]]) -> list[str]:
    """The program's own frames, and the innermost one wherever it is."""
    last = len(frames) - 1
    kept = [entry for number, entry in enumerate(frames) if entry[0] == FILE or number == last]
    return [f"{_place(file)}line {line}, in {name[:80]}" for file, line, name in kept[-MAX_FRAMES:]]


def _place(file: str) -> str:
    return "" if file == FILE else f"{os.path.basename(file)[:80]} "


def _parallel(files: list[str]) -> bool:
    """Whether an attempt to use several processes, as scipy's ``workers=2`` makes, is among the frames."""
    return any(
        f"{os.sep}{package}{os.sep}" in file
        for file in files
        for package in ("multiprocessing", "concurrent")
    )
