"""The objective and the constraints as a confined program sees them: the evaluator is asked for values."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from llamoco.metrics.sandbox import protocol
from llamoco.metrics.sandbox.protocol import Kind

CHANNEL = 3

VectorFunction = Callable[[Any], Any]

# A program may ask from several threads: a request and its answer belong together.
lock = threading.RLock()


class BudgetExceeded(RuntimeError):
    """More evaluations were asked for than are left."""


class InvalidPoint(ValueError):
    """Not a point, or a batch of points, of the search space."""


def as_points(x: Any, dim: int) -> tuple[np.ndarray, bool]:
    """Points as a batch, and whether a single one was given.

    Args:
        x: real numbers of shape (D,) or (N, D), N >= 1.
        dim: D.

    Returns:
        The batch (N, D) and True if x was of shape (D,).

    Raises:
        InvalidPoint: if the shape is wrong or the numbers are complex.
        TypeError: if these are no numbers.
    """
    array = np.asarray(x)
    if array.dtype.kind == "c":
        raise InvalidPoint("x is complex: the search space is real")
    if array.dtype.kind not in "fiub":
        raise TypeError(f"x has to be an array of real numbers, got dtype {array.dtype}")
    if array.ndim not in (1, 2) or array.shape[-1] != dim or array.shape[0] == 0:
        raise InvalidPoint(f"expected x of shape ({dim},) or (N, {dim}), got {array.shape}")
    return np.array(array, dtype=float, ndmin=2), array.ndim == 1


def connect(
    dim: int, n_inequality: int, n_equality: int
) -> tuple[VectorFunction, VectorFunction | None, VectorFunction | None]:
    """objective, inequality and equality over the evaluation channel; None where there are no constraints.

    The values of the last argument are kept, so that asking for the constraints of a point just evaluated
    does not cross over.
    """
    last: list[Any] = [b"", None]

    def request(x: Any) -> tuple[np.ndarray, bool]:
        points, single = as_points(x, dim)
        key = points.tobytes()
        with lock:
            if last[0] == key:
                return last[1], single
            protocol.write_all(CHANNEL, protocol.frame(Kind.EVALUATE, points))
            kind, rows, columns, body = protocol.read_frame(CHANNEL)
            if kind == Kind.REFUSED:
                raise BudgetExceeded(f"evaluation budget exhausted: {len(points)} more asked than are left")
            values = protocol.matrix(body, rows, columns)
            last[:] = key, values
            return values, single

    def objective(x: Any) -> Any:
        values, single = request(x)
        return float(values[0, 0]) if single else values[:, 0].copy()

    def inequality(x: Any) -> Any:
        values, single = request(x)
        g = values[:, 1 : 1 + n_inequality]
        return g[0].copy() if single else g.copy()

    def equality(x: Any) -> Any:
        values, single = request(x)
        h = values[:, 1 + n_inequality :]
        return h[0].copy() if single else h.copy()

    return objective, inequality if n_inequality else None, equality if n_equality else None
