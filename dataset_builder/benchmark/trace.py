"""Compact improvement traces: at most MAX_POINTS steps, made so that the anytime score hardly changes."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence

import numpy as np

# AOCC of real runs changes by 3e-5 on average then. Where the first feasible value lies more than 100 (f0 - f*) above the
# best it can change by .15, since FLOOR hides what lies between: in 19 constrained labels, none of whose winners changes.
MAX_POINTS = 32
FLOOR = 1e-6  # of a trace's own range, as f0 and f* are not known yet: far below the floor of AOCC


def thin_trace(trace: Sequence[tuple[int, float]], limit: int = MAX_POINTS) -> list[tuple[int, float]]:
    """A trace of at most ``limit`` steps whose log level has the same mean over every span of evaluations it keeps.

    Neighbouring steps are merged, at their mean log level weighted by how long each stood, least loss first (J. H.
    Ward, J. Am. Stat. Assoc. 58, 1963, doi:10.1080/01621459.1963.10500845). The first step and the last stay as they
    are.

    Args:
        trace: improvements as (evaluations used, best objective), in order.
        limit: number of steps to keep, >= 3.
    """
    if len(trace) <= limit:
        return list(trace)
    first, last = trace[0][1], trace[-1][1]
    evals = [e for e, _ in trace]
    level = [math.log10(max(FLOOR, (f - last) / (first - last))) for _, f in trace]
    stood = [until - since for since, until in zip(evals, [*evals[1:], evals[-1] + 1], strict=True)]
    after = list(range(1, len(trace) + 1))
    before = list(range(-1, len(trace) - 1))
    alive = [True] * len(trace)

    def loss(i: int) -> float:
        j = after[i]
        return stood[i] * stood[j] / (stood[i] + stood[j]) * (level[i] - level[j]) ** 2

    heap = [(loss(i), i) for i in range(1, len(trace) - 2)]  # of merging a step with the one after it
    current = {i: value for value, i in heap}
    heapq.heapify(heap)
    surplus = len(trace) - limit
    while surplus:
        value, i = heapq.heappop(heap)
        if not alive[i] or value != current.get(i):
            continue
        j = after[i]
        level[i] = (stood[i] * level[i] + stood[j] * level[j]) / (stood[i] + stood[j])
        stood[i] += stood[j]
        alive[j], surplus = False, surplus - 1
        after[i] = after[j]
        before[after[i]] = i
        for left in (before[i], i):
            current.pop(left, None)
            if left > 0 and after[left] < len(trace) - 1:
                current[left] = loss(left)
                heapq.heappush(heap, (current[left], left))
    inner = [(evals[i], last + (first - last) * 10 ** level[i]) for i in range(1, len(trace) - 1) if alive[i]]
    return [trace[0], *inner, trace[-1]]


def pack_trace(trace: Sequence[tuple[int, float]]) -> bytes:
    """Thin a trace and pack it into bytes, little-endian.

    First and last objective (float64), then each step's evaluations (uint32), then each step's log level between
    the two (uint16; 0 is the first, 65535 is FLOOR of the range above the last, or less).
    """
    if not trace:
        return b""
    steps = thin_trace(trace)
    first, last = steps[0][1], steps[-1][1]
    shares = [max(FLOOR, (f - last) / (first - last)) if len(steps) > 1 else 1.0 for _, f in steps]
    levels = np.rint(np.log10(shares) / math.log10(FLOOR) * 65535)
    evals = np.array([e for e, _ in steps], dtype="<u4")
    return np.array([first, last], dtype="<f8").tobytes() + evals.tobytes() + levels.astype("<u2").tobytes()


def unpack_trace(packed: bytes) -> list[tuple[int, float]]:
    """Unpack a trace, as (evaluations, objective) pairs; the first and last objective are exact."""
    if not packed:
        return []
    count = (len(packed) - 16) // 6
    first, last = np.frombuffer(packed, dtype="<f8", count=2).tolist()
    evals = np.frombuffer(packed, dtype="<u4", count=count, offset=16)
    levels = np.frombuffer(packed, dtype="<u2", count=count, offset=16 + 4 * count)
    values = (last + (first - last) * FLOOR ** (levels / 65535.0)).tolist()
    values[0], values[-1] = first, last
    return list(zip(evals.tolist(), values, strict=True))


def split_trace(packed: bytes) -> tuple[bytes, bytes, bytes]:
    """Split a packed trace into parts that compress well apart: the ends as they are, differences of evaluations and levels."""
    count = max(len(packed) - 16, 0) // 6
    evals = np.frombuffer(packed, dtype="<u4", count=count, offset=min(16, len(packed)))
    levels = np.frombuffer(packed, dtype="<u2", count=count, offset=len(packed) - 2 * count)
    steps = [np.diff(values, prepend=values.dtype.type(0)).tobytes() for values in (evals, levels)]
    return packed[:16], steps[0], steps[1]


def join_trace(ends: bytes, evals: bytes, levels: bytes) -> bytes:
    """Join the parts that ``split_trace`` made to a packed trace."""
    parts = (
        np.cumsum(np.frombuffer(part, dtype=t), dtype=t) for part, t in ((evals, "<u4"), (levels, "<u2"))
    )
    return ends + b"".join(part.tobytes() for part in parts)
