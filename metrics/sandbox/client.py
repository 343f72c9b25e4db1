"""Objective and constraints as a confined program sees them: functions that ask the evaluator for values."""

from __future__ import annotations

import os
import struct
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from llamoco.metrics.sandbox import protocol
from llamoco.metrics.sandbox.protocol import HEADER, Kind

# Descriptors of the confined process: frames to the evaluator, frames from it.
REQUESTS, REPLIES = 3, 4

VectorFunction = Callable[[Any], Any]

# A program may ask from several threads: requests and answers must not interleave.
lock = threading.RLock()

_FLOAT = np.dtype(float)
_ONE = struct.Struct("<d")


class BudgetExceeded(RuntimeError):
    """More evaluations were requested than are left."""


class InvalidPoint(ValueError):
    """Neither a point nor a batch of points of the search space."""


def as_points(x: Any, dim: int) -> tuple[np.ndarray, bool]:
    """Convert points to a batch, and tell whether a single one was given.

    Args:
        x: real numbers of shape (D,) or (N, D), N >= 1.
        dim: D.

    Returns:
        The batch (N, D) and True if x was of shape (D,).

    Raises:
        InvalidPoint: if the shape is wrong or the numbers are complex.
        TypeError: if these are not numbers.
    """
    array = np.asarray(x)
    if array.dtype.kind == "c":
        raise InvalidPoint("x is complex: the search space is real")
    if array.dtype.kind not in "fiub":
        raise TypeError(f"x has to be an array of real numbers, got dtype {array.dtype}")
    if array.ndim not in (1, 2) or array.shape[-1] != dim or array.shape[0] == 0:
        raise InvalidPoint(f"expected x of shape ({dim},) or (N, {dim}), got {array.shape}")
    return np.asarray(array, dtype=float).reshape(-1, dim), array.ndim == 1


def connect(
    dim: int, n_inequality: int, n_equality: int
) -> tuple[VectorFunction, VectorFunction | None, VectorFunction | None]:
    """Make objective, inequality and equality over the evaluation pipes; None where there are no constraints.

    The values of the last argument are kept, so that asking for the constraints of a point just evaluated
    costs no request.
    """
    width = 1 + n_inequality + n_equality
    shape = (dim,)
    ask_one = protocol.head(Kind.EVALUATE, 1, dim)
    last, answer = b"", b""

    def request(x: Any) -> tuple[bytes, int]:
        """The evaluator's frame of values at x, and the number of points in a batch; 0 for a point (D,)."""
        nonlocal last, answer
        if type(x) is np.ndarray and x.dtype is _FLOAT and x.shape == shape:
            wanted, rows = x.tobytes(), 0
        else:
            points, single = as_points(x, dim)
            wanted, rows = points.tobytes(), 0 if single else len(points)
        with lock:
            if wanted != last:
                if rows > 1:
                    answer = _ask(protocol.head(Kind.EVALUATE, rows, dim) + wanted, rows, width)
                else:
                    answer = _ask(ask_one + wanted, 1, width)
                last = wanted
            return answer, rows

    def part(x: Any, before: int, columns: int) -> Any:
        """``columns`` values of each point that follow ``before`` others of each."""
        values, rows = request(x)
        points = rows or 1
        array = np.frombuffer(values, _FLOAT, points * columns, HEADER.size + 8 * points * before).copy()
        return array.reshape(rows, columns) if rows else array

    def objective(x: Any) -> Any:
        values, rows = request(x)
        if not rows:
            return _ONE.unpack_from(values, HEADER.size)[0]
        return np.frombuffer(values, _FLOAT, rows, HEADER.size).copy()

    def inequality(x: Any) -> Any:
        return part(x, 1, n_inequality)

    def equality(x: Any) -> Any:
        return part(x, 1 + n_inequality, n_equality)

    return objective, inequality if n_inequality else None, equality if n_equality else None


def _ask(question: bytes, rows: int, width: int) -> bytes:
    """Send a request for values of ``rows`` points, and read the frame that answers it."""
    sent = os.write(REQUESTS, question)
    if sent < len(question):
        protocol.write_all(REQUESTS, question[sent:])
    size = HEADER.size + 8 * rows * width
    answer = os.read(REPLIES, size)
    if len(answer) < size:
        if not answer:
            raise EOFError("the evaluator has gone")
        # A header arrives complete: it is written at once.
        if protocol.parse_header(answer)[0] == Kind.REFUSED:
            raise BudgetExceeded(f"evaluation budget exhausted: {rows} more asked than are left")
        answer += protocol.read_exactly(REPLIES, size - len(answer))
    return answer
