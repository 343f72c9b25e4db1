"""Session with one program, on the evaluator's side: answers requests until it is over."""

from __future__ import annotations

import json
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.oracle import BudgetExceeded, Oracle
from llamoco.metrics.sandbox import protocol
from llamoco.metrics.sandbox.outcome import Outcome, SessionEnded, StatedProblem, explain, failure
from llamoco.metrics.sandbox.pipes import Pipes
from llamoco.metrics.sandbox.protocol import HEADER, MAX_TEXT_BYTES, Kind, ProtocolError

MAX_REFUSED = 5
MAX_NOTES = 100
MAX_REPEATED = 100  # free, so it has to be bounded; the client keeps the last values and asks no such thing
MAX_STATED_COLUMNS = 1000


class Session:
    """Answers one program until it ends or must be ended.

    Args:
        pipes: the pipes to it.
        job: its job.
        oracle: counts and evaluates its requests; None if only its problem section is evaluated.
        points: where its problem section is evaluated, (N, D).
    """

    def __init__(
        self, pipes: Pipes, job: dict[str, Any], oracle: Oracle | None, points: np.ndarray | None
    ) -> None:
        self._pipes = pipes
        self._job = job
        self._oracle = oracle
        self._points = points
        self._buffer = bytearray()
        self._to_drop = 0
        self._largest_batch = 0
        self._started = perf_counter()
        self._seconds = 0.0
        self._confined = False
        self._notes = 0
        self._repeated = 0
        self._note: dict[str, Any] | None = None
        self._box: np.ndarray | None = None
        self._asks_one, self._size_of_one, self._tells_one = b"", 0, b""
        if oracle is not None:
            dim, width = oracle.problem.dim, 1 + oracle.problem.n_inequality + oracle.problem.n_equality
            self._asks_one = protocol.head(Kind.EVALUATE, 1, dim)
            self._size_of_one = HEADER.size + 8 * dim
            self._tells_one = protocol.head(Kind.VALUES, 1, width)

    def follow(self) -> Outcome:
        """Answer until the session is over. The program may still be running then, and has to be killed.

        Raises:
            Exception: whatever the problem's own objective raises.
        """
        try:
            self._pipes.send(protocol.text_frame(Kind.JOB, self._job))
            if self._points is not None:
                self._pipes.send(protocol.frame(Kind.POINTS, self._points))
            while True:
                self._receive(self._pipes.receive())
        except SessionEnded as over:
            return over.outcome
        except ProtocolError as error:
            return Outcome("security_violation", f"protocol: {error}")
        finally:
            self._seconds = self._pipes.seconds

    def closed(self, outcome: Outcome, ended: dict[str, Any]) -> Outcome:
        """Complete an outcome with the zygote's report on the process."""
        if outcome.gone:
            outcome = explain(outcome, ended, self._confined, self._note)
            outcome = replace(outcome, exit_status=ended["status"])
        if self._oracle is not None and self._oracle.refused and outcome.verdict != "harness_error":
            over = f"asked for more than its {self._oracle.problem.max_evals} evaluations"
            outcome = replace(outcome, verdict="budget_exceeded", reason=over, benign=False, x=None)
        self._pipes.drain()
        return replace(
            outcome,
            output=bytes(self._pipes.head),
            seconds=self._seconds,
            wall=perf_counter() - self._started,
            cpu=ended["cpu"],
            max_rss=ended["max_rss"],
        )

    def _receive(self, part: bytes) -> None:
        """Take data from the program, and answer the frames that are complete."""
        if not part:
            raise SessionEnded(Outcome("runtime_error", "ended without a word", gone=True))
        # Most frames by far: a request for a single point, on its own.
        alone = len(part) == self._size_of_one and not self._buffer and not self._to_drop
        if alone and part.startswith(self._asks_one):
            # Writable, as the oracle's short way asks for.
            self._evaluate_one(np.frombuffer(bytearray(part), float, offset=HEADER.size))
            return
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
            body = self._buffer[HEADER.size : HEADER.size + size]
            del self._buffer[: HEADER.size + size]
            self._handle(kind, rows, columns, body)

    def _evaluable(self) -> int:
        """Rows that a request may have: the remaining budget, or those of the previous batch, whose repetition is free."""
        assert self._oracle is not None
        return max(self._oracle.remaining, self._largest_batch)

    def _check(self, kind: Kind, rows: int, columns: int) -> None:
        """Reject, before its body is read, a frame that no honest client sends."""
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
            box = kind == Kind.BOX and rows == 3 and columns <= MAX_STATED_COLUMNS and self._box is None
            good = stated or box
        if not good:
            raise ProtocolError(f"unexpected {kind.name} frame of shape ({rows}, {columns})")

    def _handle(self, kind: Kind, rows: int, columns: int, body: bytearray) -> None:
        if kind == Kind.EVALUATE:
            self._evaluate(protocol.matrix(body, rows, columns))
        elif kind == Kind.READY:
            self._confined = True
        elif kind == Kind.NOTE:
            self._notes += 1
            if self._notes > MAX_NOTES:
                raise ProtocolError("too many notes")
            self._note = _read_text(body)
        elif kind == Kind.FAILED:
            found = self._oracle is not None and self._oracle.best_x is not None
            raise SessionEnded(failure(_read_text(body), found))
        elif kind == Kind.RETURNED:
            raise SessionEnded(self._returned(protocol.matrix(body, rows, columns)[0]))
        elif kind == Kind.BOX:
            self._box = protocol.matrix(body, rows, columns)
        else:
            raise SessionEnded(self._stated(protocol.matrix(body, rows, columns)))

    def _evaluate(self, points: np.ndarray) -> None:
        assert self._oracle is not None
        before = self._oracle.evals
        try:
            with self._pipes.paused_clock():
                values = self._oracle.evaluate(points)
        except BudgetExceeded:
            self._oracle.refused -= 1
            self._refuse()
            return
        self._note_repetition(before)
        self._largest_batch = len(points)
        width = 1 + values.g.shape[1] + values.h.shape[1]
        parts = [protocol.head(Kind.VALUES, len(points), width), *(part.tobytes() for part in values)]
        self._pipes.send(b"".join(parts))

    def _evaluate_one(self, x: np.ndarray) -> None:
        assert self._oracle is not None
        before, start = self._oracle.evals, perf_counter()
        try:
            values = self._oracle.values(x)
        except BudgetExceeded:
            self._oracle.refused -= 1
            self._refuse()
            return
        self._pipes.paused += perf_counter() - start
        self._note_repetition(before)
        self._largest_batch = 1
        self._pipes.send(self._tells_one + values)

    def _note_repetition(self, before: int) -> None:
        """Bound the requests that cost no evaluation; ``before``: evaluations used before this one."""
        assert self._oracle is not None
        if self._oracle.evals == before:
            self._repeated += 1
            if self._repeated > MAX_REPEATED:
                raise ProtocolError("repeats requests for values that it already has")

    def _refuse(self) -> None:
        assert self._oracle is not None
        self._oracle.refused += 1
        if self._oracle.refused >= MAX_REFUSED:
            raise SessionEnded(Outcome("budget_exceeded", "kept asking"))
        self._pipes.send(protocol.head(Kind.REFUSED))

    def _returned(self, x: np.ndarray) -> Outcome:
        assert self._oracle is not None
        if not np.isfinite(x).all():
            return Outcome("invalid_result", "returned a point that is not finite")
        if self._oracle.evals == 0 and not self._oracle.refused:
            return Outcome("invalid_result", "never called the objective")
        return Outcome("ok", "returned a point", x=x)

    def _stated(self, values: np.ndarray) -> Outcome:
        if self._box is None:
            raise ProtocolError("values without a box")
        lower, upper, budget = self._box
        n_inequality = int(np.clip(np.nan_to_num(values[0, 0]), 0, values.shape[1] - 2))
        g, h = values[:, 2 : 2 + n_inequality], values[:, 2 + n_inequality :]
        max_evals = float(budget[0]) if len(budget) else 0.0
        return Outcome(
            "ok", "stated a problem", statement=StatedProblem(lower, upper, max_evals, values[:, 1], g, h)
        )


def _read_text(body: bytearray) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("text that is not JSON") from error
    if not isinstance(content, dict) or not isinstance(content.get("frames"), list):
        raise ProtocolError("text of another form")
    return content
