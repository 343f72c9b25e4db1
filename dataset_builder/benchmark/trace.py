"""Compact improvement traces: at most MAX_POINTS steps, chosen so that the anytime score hardly changes."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence

import numpy as np

MAX_POINTS = 60
_FLOOR = 1e-6  # of the trace's own range: far below the floor of A3, as f0 and f* are not known yet


def thin_trace(trace: Sequence[tuple[int, float]], limit: int = MAX_POINTS) -> list[tuple[int, float]]:
    """The most telling ``limit`` improvements, first and last among them.

    Dropping step i lets the value before it stand until the next step: the log value's area lost is
    (evals[i+1] - evals[i]) * (v[i-1] - v[i]). The step that loses least goes first.

    Args:
        trace: improvements as (evaluations used, best objective), in order.
        limit: number of steps to keep, >= 2.
    """
    steps = list(trace)
    if len(steps) <= limit:
        return steps
    last = steps[-1][1]
    scale = max(steps[0][1] - last, 1e-300)
    levels = [math.log10(max((f - last) / scale, _FLOOR)) for _, f in steps]
    before = [i - 1 for i in range(len(steps))]
    after = [i + 1 for i in range(len(steps))]
    alive = [True] * len(steps)

    def loss(i: int) -> float:
        return (steps[after[i]][0] - steps[i][0]) * (levels[before[i]] - levels[i])

    heap = [(loss(i), i) for i in range(1, len(steps) - 1)]
    current = {i: value for value, i in heap}
    heapq.heapify(heap)
    surplus = len(steps) - limit
    while surplus:
        value, i = heapq.heappop(heap)
        if not alive[i] or value != current[i]:
            continue
        alive[i], surplus = False, surplus - 1
        left, right = before[i], after[i]
        after[left], before[right] = right, left
        for neighbour in (left, right):
            if 0 < neighbour < len(steps) - 1:
                current[neighbour] = loss(neighbour)
                heapq.heappush(heap, (current[neighbour], neighbour))
    return [step for step, kept in zip(steps, alive, strict=True) if kept]


def pack_trace(trace: Sequence[tuple[int, float]]) -> bytes:
    """The thinned trace as bytes: n little-endian uint32 (evaluations), then n float64 (objective)."""
    steps = thin_trace(trace)
    evals = np.array([e for e, _ in steps], dtype="<u4")
    return evals.tobytes() + np.array([f for _, f in steps], dtype="<f8").tobytes()


def unpack_trace(packed: bytes) -> list[tuple[int, float]]:
    """What ``pack_trace`` wrote, as (evaluations, objective) pairs."""
    count = len(packed) // 12
    evals = np.frombuffer(packed, dtype="<u4", count=count)
    values = np.frombuffer(packed, dtype="<f8", count=count, offset=4 * count)
    return list(zip(evals.tolist(), values.tolist(), strict=True))
