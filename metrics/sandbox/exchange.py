"""The evaluator's side of one run: answers requests, keeps the clock, decides how the program ended."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import time
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from llamoco.dataset_builder.problems.oracle import BudgetExceeded, Oracle
from llamoco.metrics.sandbox import protocol
from llamoco.metrics.sandbox.protocol import HEADER, MAX_TEXT_BYTES, Kind, ProtocolError
from llamoco.metrics.sandbox.scratch import MAX_ENTRIES, overfull
from llamoco.metrics.sandbox.verdicts import Verdict

MAX_OUTPUT = 1 << 20
KEPT_OUTPUT = 4096
MAX_REFUSED = 5
MAX_STATED_COLUMNS = 1000
TICK = 0.25

_FAILURES: dict[str, Verdict] = {
    "syntax": "syntax_error",
    "memory": "memory",
    "import": "import_error",
    "permission": "security_violation",
    "invalid": "invalid_result",
    "error": "runtime_error",
}


class Statement(NamedTuple):
    """The problem that a whole script states: bounds (D,), budget, values f (N,), g (N, Mg), h (N, Mh)."""

    lower: np.ndarray
    upper: np.ndarray
    max_evals: float
    f: np.ndarray
    g: np.ndarray
    h: np.ndarray


@dataclass(frozen=True)
class Ending:
    """How a conversation ended; the fields are those of ``verdicts.Record``. ``x`` is the point returned."""

    verdict: Verdict
    reason: str
    benign: bool = False
    exception: str | None = None
    message: str | None = None
    frames: list[str] = field(default_factory=list)
    x: np.ndarray | None = None
    statement: Statement | None = None
    gone: bool = False
    output: bytes = b""
    exit_status: int | None = None
    seconds: float = 0.0
    wall: float = 0.0
    cpu: float = 0.0
    max_rss: float = 0.0


class _Over(Exception):
    """The conversation is over."""

    def __init__(self, ending: Ending) -> None:
        self.ending = ending


class Exchange:
    """Talks to one program until it ends or has to be ended.

    Args:
        channel: this end of the evaluation channel.
        output: descriptor from which the program's output is read.
        scratch: the folder it may write to.
        time_limit: seconds for the program itself.
        job: what it is told to do.
        oracle: what it optimizes; None when only its problem section is asked for.
        points: where its problem section is asked, (N, D).
    """

    def __init__(
        self,
        channel: socket.socket,
        output: int,
        scratch: str,
        time_limit: float,
        job: dict[str, Any],
        oracle: Oracle | None,
        points: np.ndarray | None,
    ) -> None:
        self._channel = channel
        self._channel.setblocking(False)
        self._output = output
        os.set_blocking(output, False)
        self._scratch = scratch
        self._time_limit = time_limit
        self._job = job
        self._oracle = oracle
        self._points = points
        self._poll = select.poll()
        self._poll.register(channel, select.POLLIN)
        self._poll.register(output, select.POLLIN)
        self._buffer = bytearray()
        self._to_drop = 0
        self._largest_batch = 0
        self._started = time.perf_counter()
        self._seconds = 0.0
        self._next_look = TICK
        self._printed = 0
        self._output_closed = False
        self._head = bytearray()
        self._confined = False
        self._note: dict[str, Any] | None = None
        self._box: np.ndarray | None = None

    def follow(self) -> Ending:
        """Answer until the conversation is over. The program may still be running then: it has to be killed.

        Raises:
            Exception: whatever the problem's own objective raises.
        """
        try:
            self._send(protocol.text_frame(Kind.JOB, self._job))
            if self._points is not None:
                self._send(protocol.frame(Kind.POINTS, self._points))
            while True:
                self._wait()
                self._receive()
        except _Over as over:
            return over.ending
        except ProtocolError as error:
            return Ending("security_violation", f"protocol: {error}")

    def closed(self, ending: Ending, ended: dict[str, Any]) -> Ending:
        """Complete an ending with how the process went, as the zygote tells."""
        if ending.gone:
            ending = self._explain(ending, ended["status"], ended["alive"])
            ending = replace(ending, exit_status=ended["status"])
        if self._oracle is not None and self._oracle.refused and ending.verdict != "harness_error":
            over = f"asked for more than its {self._oracle.problem.max_evals} evaluations"
            ending = replace(ending, verdict="budget_exceeded", reason=over, x=None)
        self._drain_output()
        return replace(
            ending,
            output=bytes(self._head),
            seconds=self._seconds,
            wall=time.perf_counter() - self._started,
            cpu=ended["cpu"],
            max_rss=ended["max_rss"],
        )

    def _send(self, data: bytes) -> None:
        """Send all of it, waiting while the program reads."""
        view = memoryview(data)
        while view:
            try:
                view = view[self._channel.send(view) :]
            except BlockingIOError:
                self._poll.modify(self._channel, select.POLLOUT)
                try:
                    self._wait()
                finally:
                    self._poll.modify(self._channel, select.POLLIN)
            except (BrokenPipeError, ConnectionResetError):
                return

    def _wait(self) -> None:
        """Wait for the program, on its clock; see to its output meanwhile."""
        while True:
            left = self._time_limit - self._seconds
            if left <= 0:
                raise _Over(Ending("timeout", f"more than {self._time_limit:g} s of its own"))
            before = time.perf_counter()
            events = self._poll.poll(1000 * min(left, TICK) + 1)
            self._seconds += time.perf_counter() - before
            if self._seconds >= self._next_look:
                self._next_look = self._seconds + TICK
                if overfull(self._scratch):
                    raise _Over(
                        Ending("runtime_error", f"scratch_full: more than {MAX_ENTRIES} files and folders")
                    )
            ready = False
            for descriptor, _ in events:
                if descriptor == self._output:
                    self._drain_output()
                    if self._printed > MAX_OUTPUT:
                        raise _Over(
                            Ending("runtime_error", f"output_flood: more than {MAX_OUTPUT >> 20} MiB printed")
                        )
                else:
                    ready = True
            if ready:
                return

    def _drain_output(self) -> None:
        while self._printed <= MAX_OUTPUT:
            try:
                part = os.read(self._output, 1 << 16)
            except BlockingIOError:
                return
            if not part:
                if not self._output_closed:
                    self._poll.unregister(self._output)
                    self._output_closed = True
                return
            self._printed += len(part)
            self._head += part[: KEPT_OUTPUT - len(self._head)]

    def _receive(self) -> None:
        try:
            part = self._channel.recv(1 << 18)
        except BlockingIOError:
            return
        except ConnectionResetError:
            part = b""
        if not part:
            raise _Over(Ending("runtime_error", "ended without a word", gone=True))
        self._buffer += part
        while True:
            if self._to_drop:
                dropped = min(self._to_drop, len(self._buffer))
                del self._buffer[:dropped]
                self._to_drop -= dropped
                if self._to_drop:
                    return
                self._refuse()
            if len(self._buffer) < HEADER.size:
                return
            kind, rows, columns, size = protocol.parse_header(self._buffer)
            self._check(kind, rows, columns)
            if kind == Kind.EVALUATE and rows > self._evaluable():
                del self._buffer[: HEADER.size]
                self._to_drop = size
                continue
            if len(self._buffer) < HEADER.size + size:
                return
            body = bytes(self._buffer[HEADER.size : HEADER.size + size])
            del self._buffer[: HEADER.size + size]
            self._handle(kind, rows, columns, body)

    def _evaluable(self) -> int:
        """Rows that a request may have: what is left, or a repetition of the batch before, which is free."""
        assert self._oracle is not None
        return max(self._oracle.remaining, self._largest_batch)

    def _check(self, kind: Kind, rows: int, columns: int) -> None:
        """Refuse, before reading its body, a frame that no honest client sends."""
        if kind in protocol.TEXT_KINDS:
            good = kind != Kind.JOB and rows <= MAX_TEXT_BYTES
        elif kind == Kind.READY:
            good = rows == columns == 0 and not self._confined
        elif self._oracle is not None:
            fits = columns == self._oracle.problem.dim
            good = fits and ((kind == Kind.EVALUATE and rows > 0) or (kind == Kind.RETURNED and rows == 1))
        else:
            assert self._points is not None
            stated = kind == Kind.STATED and rows == len(self._points) and 2 <= columns <= MAX_STATED_COLUMNS
            good = stated or (kind == Kind.BOX and rows == 3 and columns <= MAX_STATED_COLUMNS)
        if not good:
            raise ProtocolError(f"unexpected {kind.name} frame of shape ({rows}, {columns})")

    def _handle(self, kind: Kind, rows: int, columns: int, body: bytes) -> None:
        if kind == Kind.EVALUATE:
            self._evaluate(protocol.matrix(body, rows, columns))
        elif kind == Kind.READY:
            self._confined = True
        elif kind == Kind.NOTE:
            self._note = _read_text(body)
        elif kind == Kind.FAILED:
            raise _Over(self._failure(_read_text(body)))
        elif kind == Kind.RETURNED:
            raise _Over(self._returned(protocol.matrix(body, rows, columns)[0]))
        elif kind == Kind.BOX:
            self._box = protocol.matrix(body, rows, columns)
        else:
            raise _Over(self._stated(protocol.matrix(body, rows, columns)))

    def _evaluate(self, points: np.ndarray) -> None:
        assert self._oracle is not None
        try:
            values = self._oracle.evaluate(points)
        except BudgetExceeded:
            self._oracle.refused -= 1
            self._refuse()
            return
        self._largest_batch = len(points)
        self._send(
            protocol.frame(Kind.VALUES, np.concatenate((values.f[:, None], values.g, values.h), axis=1))
        )

    def _refuse(self) -> None:
        assert self._oracle is not None
        self._oracle.refused += 1
        if self._oracle.refused >= MAX_REFUSED:
            raise _Over(Ending("budget_exceeded", "kept asking"))
        self._send(protocol.frame(Kind.REFUSED))

    def _returned(self, x: np.ndarray) -> Ending:
        assert self._oracle is not None
        if not np.isfinite(x).all():
            return Ending("invalid_result", "returned a point that is not finite")
        if self._oracle.evals == 0 and not self._oracle.refused:
            return Ending("invalid_result", "never called the objective")
        return Ending("ok", "returned a point", x=x)

    def _stated(self, values: np.ndarray) -> Ending:
        if self._box is None:
            raise ProtocolError("values without a box")
        lower, upper, budget = self._box
        n_inequality = int(np.clip(np.nan_to_num(values[0, 0]), 0, values.shape[1] - 2))
        g, h = values[:, 2 : 2 + n_inequality], values[:, 2 + n_inequality :]
        max_evals = float(budget[0]) if len(budget) else 0.0
        return Ending(
            "ok", "stated a problem", statement=Statement(lower, upper, max_evals, values[:, 1], g, h)
        )

    def _failure(self, told: dict[str, Any]) -> Ending:
        kind, name, message = (str(told.get(key, "")) for key in ("kind", "type", "message"))
        frames = [str(entry) for entry in told.get("frames", [])]
        told_all: dict[str, Any] = {"exception": name, "message": message, "frames": frames}
        if kind == "exit":
            if self._oracle is not None and self._oracle.best_x is not None:
                return Ending("ok", "left by sys.exit: scored at the best point so far", **told_all)
            return Ending("invalid_result", "left by sys.exit with no feasible point seen", **told_all)
        verdict = _FAILURES.get(kind, "runtime_error")
        benign = verdict == "security_violation" and bool(told.get("parallel"))
        reason = f"{name}: {message}"
        if benign:
            reason = "tried to use several processes: a program may use one"
        return Ending(verdict, reason, benign=benign, **told_all)

    def _explain(self, ending: Ending, status: int, alive: bool) -> Ending:
        """The verdict for a program that said no last word."""
        if not self._confined:
            return replace(
                ending, verdict="harness_error", reason=f"ended with status {status} before it was confined"
            )
        if alive:
            return replace(
                ending, verdict="security_violation", reason="protocol: closed the evaluation channel"
            )
        if status == -signal.SIGSYS:
            note = self._note or {}
            benign = bool(note.get("parallel"))
            reason = "tried to use several processes: a program may use one"
            if not benign:
                reason = f"forbidden system call ({note.get('event', 'killed by the kernel')})"
            frames = [str(entry) for entry in note.get("frames", [])]
            return replace(ending, verdict="security_violation", reason=reason, benign=benign, frames=frames)
        if status == -signal.SIGKILL:
            return replace(ending, verdict="memory", reason="killed by the kernel, out of memory")
        if status == -signal.SIGXCPU:
            return replace(ending, verdict="timeout", reason="out of processor time")
        how = f"status {status}" if status >= 0 else f"signal {signal.strsignal(-status) or -status}"
        return replace(ending, reason=f"ended with {how}, returning nothing")


def _read_text(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("text that is no JSON") from error
    if not isinstance(content, dict) or not isinstance(content.get("frames"), list):
        raise ProtocolError("text of another form")
    return content
