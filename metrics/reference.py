"""Evaluation of references of kind source (a person's own text) in a process of their own.

A person's Python runs with the rights of whoever calls the metric. It is not confined, but it is kept apart: from the caller, from the
worker that counts evaluations and holds the sandbox, and from other references. Whatever it does (raise, exit, hang, fork, print,
allocate), it ends its own runs, as a ``harness_error`` that says so, and nothing else.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.evaluators import FunctionEvaluator, Values
from llamoco.dataset_builder.problems.printable import printable
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.program_text import clean_text
from llamoco.metrics.sandbox import protocol
from llamoco.metrics.sandbox.protocol import HEADER, MAX_TEXT_BYTES, Kind

START_LIMIT = 120.0  # seconds for reading the text, the process's start included
POINT_LIMIT = 60.0  # seconds for one point
TOTAL_LIMIT = 3600.0  # seconds for all evaluations of a prediction
SHOWN = 500  # characters of an error
FAILED = "the reference's own code cannot be evaluated"  # how each failure begins
_COMMAND = (sys.executable, "-P", "-m", "llamoco.metrics.reference_process")
_READ = 1 << 16
_LOOK = 0.5  # seconds between looks whether the process is still there


class ReferenceFailure(ProblemError):
    """A reference's own code cannot be evaluated, or no longer; the message says why."""


@contextmanager
def evaluated_apart(problem: Problem) -> Iterator[Problem]:
    """Evaluate a problem of kind source in a process of its own until the block is left.

    Yields:
        The problem itself, or a copy that asks the process. Its ``evaluate`` raises ReferenceFailure.

    Raises:
        ReferenceFailure: if its text cannot be read, or states other numbers of constraints.
    """
    if problem.kind != "source":
        yield problem
        return
    # Half characters could not be handed over, and a byte order mark is no Python.
    texts = {
        name: clean_text(text) if isinstance(text, str) else text for name, text in problem.definition.items()
    }
    apart = replace(problem, definition=texts)
    process = _Process(apart)
    try:
        yield apart.with_evaluator(_Evaluator(process.evaluate, process.start()))
    finally:
        process.end()


class _Evaluator(FunctionEvaluator):
    """Values from the process, and the person's starting point (D,), if any, which is evaluated first."""

    def __init__(self, function: Callable[[np.ndarray], Values], start: np.ndarray | None) -> None:
        super().__init__(function)
        self._start = start

    @property
    def start(self) -> np.ndarray | None:
        """See ``ProblemEvaluator``."""
        return self._start


class _Process:
    """The process that evaluates a problem (``reference_process``), and the pipes to it."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._width = 1 + problem.n_inequality + problem.n_equality
        self._left = TOTAL_LIMIT
        self._end = self._deadline = 0.0
        self._limit = START_LIMIT
        self._failed: ReferenceFailure | None = None
        self._child = subprocess.Popen(
            _COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            bufsize=0,
        )
        assert self._child.stdin is not None and self._child.stdout is not None
        self._to, self._from = self._child.stdin.fileno(), self._child.stdout.fileno()
        for descriptor in (self._to, self._from):
            os.set_blocking(descriptor, False)

    def start(self) -> np.ndarray | None:
        """Hand the problem over and wait until its text is read: the person's starting point (D,), or None."""
        with self._failing():
            text = self._problem.to_json().encode()
            self._write(protocol.head(Kind.JOB, len(text)) + text)
            self._hear(Kind.READY, 0, 0)
            start = self._hear(Kind.POINTS, 1, self._problem.dim)[0]
            if not (np.isnan(start).all() or self._problem.inside(start[None, :])[0]):
                raise _failure("X0 is not within the bounds")
        self._limit = POINT_LIMIT
        return None if np.isnan(start).all() else start

    def evaluate(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Values of points (N, D): f (N,), g (N, Mg), h (N, Mh)."""
        with self._failing():
            self._write(protocol.frame(Kind.EVALUATE, x))
            rows = [self._hear(Kind.VALUES, 1, self._width)[0] for _ in x]
        values = np.array(rows).reshape(len(x), self._width)
        h = 1 + self._problem.n_inequality
        return values[:, 0], values[:, 1:h], values[:, h:]

    def end(self) -> None:
        """Kill the process and what it started; a grandchild that left its process group stays."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            assert pipe is not None
            with contextlib.suppress(OSError):
                pipe.close()

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Repeat a failure in each later call: the process may be in any state."""
        if self._failed is not None:
            raise self._failed
        begun = time.monotonic()
        self._end = begun + self._left
        try:
            yield
        except ReferenceFailure as failure:
            self._failed = failure
            raise
        finally:
            self._left -= time.monotonic() - begun

    def _hear(self, kind: Kind, rows: int, columns: int) -> np.ndarray:
        """Read the body of the next frame, which has to be of this kind and shape; raise the error that it reports."""
        self._deadline = min(time.monotonic() + self._limit, self._end)
        try:
            found, *shape, size = protocol.parse_header(self._read(HEADER.size))
            if found == Kind.FAILED and size <= MAX_TEXT_BYTES:
                raise _failure(self._read(size).decode(errors="replace"))
            if (found, *shape) != (kind, rows, columns):
                raise _failure("what evaluates it answers something else")
        except protocol.ProtocolError as error:
            raise _failure("what evaluates it answers something else") from error
        return protocol.matrix(self._read(size), rows, columns)

    def _read(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            self._wait(self._from, select.POLLIN)
            part = os.read(self._from, min(size - len(data), _READ))
            if not part:
                raise self._gone()
            data += part
        return bytes(data)

    def _write(self, data: bytes) -> None:
        self._deadline = min(time.monotonic() + self._limit, self._end)
        view = memoryview(data)
        while view:
            self._wait(self._to, select.POLLOUT)
            try:
                view = view[os.write(self._to, view[:_READ]) :]
            except BlockingIOError:
                continue
            except BrokenPipeError as error:
                raise self._gone() from error

    def _wait(self, descriptor: int, event: int) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        while (left := self._deadline - time.monotonic()) > 0:
            # Looked at first: what it wrote before it ended is there then.
            ended = self._child.poll() is not None
            if poll.poll(0 if ended else 1000 * min(left, _LOOK)):
                return
            if ended:  # and a child of its own keeps the pipe open
                raise self._gone()
        if self._deadline == self._end:
            raise _failure(f"takes more than {TOTAL_LIMIT:g} s in all")
        what = "a point" if self._limit == POINT_LIMIT else "being read"
        raise _failure(f"takes more than {self._limit:g} s for {what}")

    def _gone(self) -> ReferenceFailure:
        try:
            status: Any = self._child.wait(_LOOK)
        except subprocess.TimeoutExpired:  # it closed its pipes
            status = None
        if status is not None and status < 0:
            return _failure(f"its process was ended by {signal.strsignal(-status) or f'signal {-status}'}")
        return _failure(f"its process ended (exit status {status})")


def _failure(what: str) -> ReferenceFailure:
    return ReferenceFailure(f"{FAILED}: {printable(what, SHOWN)}")
