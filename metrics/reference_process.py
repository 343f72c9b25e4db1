"""Process that evaluates one reference of kind source: ``python -m llamoco.metrics.reference_process``.

A problem's JSON comes over standard input, then points; the starting point (NaN: none) and values go over standard output, one frame for each point (``sandbox.protocol``). The
person's code itself reads from and prints to nowhere. Only ``reference`` starts this.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
from typing import NoReturn

import numpy as np

from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics.sandbox import protocol
from llamoco.metrics.sandbox.protocol import Kind

MEMORY_LIMIT = 4 << 30  # bytes of addresses
MAX_ERROR = 4000  # characters
_SET_PARENT_DEATH_SIGNAL = 1


def main() -> NoReturn:
    """Serve until the other side closes the pipe, or the code fails."""
    requests, replies = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    _bound()
    try:
        _serve(requests, replies)
    except EOFError:
        os._exit(0)
    except BaseException as error:  # a person's code may raise anything, SystemExit too
        text = _described(error).encode("utf-8", "backslashreplace")
        with contextlib.suppress(OSError):
            protocol.write_all(replies, protocol.head(Kind.FAILED, len(text)) + text)
        os._exit(1)


def _serve(requests: int, replies: int) -> NoReturn:
    problem = Problem.from_json(protocol.read_frame(requests)[3].decode())
    centre = (problem.lower_array + problem.upper_array) / 2
    values = problem.evaluate(centre[None, :])
    counts = values.g.shape[1], values.h.shape[1]
    if counts != (problem.n_inequality, problem.n_equality):
        raise ValueError(
            f"it has {counts[0]} inequality and {counts[1]} equality constraints; n_inequality and n_equality say "
            f"{problem.n_inequality} and {problem.n_equality}"
        )
    start = np.full(problem.dim, np.nan) if problem.start is None else problem.start
    protocol.write_all(replies, protocol.head(Kind.READY) + protocol.frame(Kind.POINTS, start[None, :]))
    while True:
        _, rows, columns, body = protocol.read_frame(requests)
        for point in protocol.matrix(body, rows, columns):
            f, g, h = problem.evaluate(point[None, :])
            row = np.concatenate((f, g[0], h[0]))[None, :]
            protocol.write_all(replies, protocol.frame(Kind.VALUES, row))


def _bound() -> None:
    """End with the parent, and before the machine runs out of memory."""
    with contextlib.suppress(Exception):  # Linux alone has it
        import ctypes

        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")  # of all processes the kernel is to end this one
    for kind, most in ((resource.RLIMIT_AS, MEMORY_LIMIT), (resource.RLIMIT_CORE, 0)):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, most))


def _described(error: BaseException) -> str:
    name = type(error).__name__
    try:
        return f"{name}: {error}"[:MAX_ERROR]
    except BaseException:  # it has no text
        return name


if __name__ == "__main__":
    main()
