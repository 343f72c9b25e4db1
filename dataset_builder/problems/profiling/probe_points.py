"""Points at which a problem is probed: a deterministic design around a point, for any number of evaluations.

The parts of the design, in the order in which they are evaluated; a small budget has the first ones only:

- *line*: across the box through the point where the search would start, slanted in all variables;
- *near*: steps of 1e-4 of the box from there, of the same direction: noise and plateaus show (differences of values at equal
  steps, as More and Wild 2011, doi:10.1137/100786125, estimate noise);
- *axes*: two equal steps along single variables: their weight and curvature;
- *pairs*: one step along two variables at once: with the axes' values a mixed difference, 0 if they are separable;
- *spread*: an additive recurrence of low discrepancy all over the box (as ``operation_profile.starting_points``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SHARE = 0.05  # of the budget
FEWEST, MOST = 3, 60
NEAR_STEP = 1e-4  # of the box
AXIS_STEP = 0.05
MARGIN = 0.04  # of the box, that the ends of the line keep from its faces
GOLDEN = 0.6180339887498949


@dataclass(frozen=True)
class ProbeDesign:
    """Where the points of each part are, as rows of ``unit``. The first row is the point in the middle of everything.

    Attributes:
        unit: points (n, D) in the unit box.
        line: rows along the line, from one face to the opposite one.
        near: rows of equal small steps.
        axes: (variable, row of one step, row of two steps) each.
        pairs: (place in ``axes`` of the one, of the other, row of both steps) each.
        spread: rows of the other points.
    """

    unit: np.ndarray
    line: tuple[int, ...]
    near: tuple[int, ...]
    axes: tuple[tuple[int, int, int], ...]
    pairs: tuple[tuple[int, int, int], ...]
    spread: tuple[int, ...]


def probe_count(max_evals: int) -> int:
    """Number of probes for a budget: 5% of it, 60 at most; 0 where that is fewer than 3."""
    count = min(int(SHARE * max_evals), MOST)
    return count if count >= FEWEST else 0


def probe_design(dim: int, count: int, start: np.ndarray | None = None) -> ProbeDesign:
    """The design of ``count`` points.

    Args:
        dim: number of variables D.
        count: number of points, at least 3.
        start: the point to begin with (D,) in the unit box; None for its centre.

    Raises:
        ValueError: if there are fewer than 3 points.
    """
    if count < FEWEST:
        raise ValueError(f"a design has at least {FEWEST} points, got {count}")
    middle = np.full(dim, 0.5) if start is None else np.clip(np.asarray(start, dtype=float), 0.0, 1.0)
    on_line, near, axes, pairs, spread = _sizes(dim, count)
    points = [middle]

    def add(point: np.ndarray) -> int:
        points.append(np.clip(point, 0.0, 1.0))
        return len(points) - 1

    ends = _ends(middle)
    before, after = (on_line - 1) // 2, on_line - 1 - (on_line - 1) // 2
    down = [add(middle + (ends[0] - middle) * _along(k, before)) for k in range(before, 0, -1)]
    up = [add(middle + (ends[1] - middle) * _along(k, after)) for k in range(1, after + 1)]
    heading = np.sign(ends[1] - ends[0]) * (0.5 + 0.5 * _fractions(dim))
    inward = np.where(middle > 0.5, -1.0, 1.0)
    heading = np.where((middle < 0.01) | (middle > 0.99), inward * np.abs(heading), heading)
    close = [add(middle + NEAR_STEP * k * heading) for k in range(1, near + 1)]
    chosen = [int(place) for place in np.floor((np.arange(axes) + 0.5) * dim / max(axes, 1))]
    steps = AXIS_STEP * inward[:, None] * np.eye(dim)
    single = [(i, add(middle + steps[i]), add(middle + 2 * steps[i])) for i in chosen]
    mixed = [(a, b, add(middle + steps[chosen[a]] + steps[chosen[b]])) for a, b in _neighbours(axes, pairs)]
    rest = [add(point) for point in _recurrence(dim, spread)]
    return ProbeDesign(
        np.array(points), (*down, 0, *up), (0, *close), tuple(single), tuple(mixed), tuple(rest)
    )


def _sizes(dim: int, count: int) -> tuple[int, int, int, int, int]:
    """Points on the line (the first one included), near it, axes, pairs, spread points."""
    on_line = min(count, max(5, min(13, round(0.3 * count))))
    left = count - on_line
    near = 0 if left < 3 else 3 if count < 30 else 4
    left -= near
    spread = round(0.15 * left)
    axes = min(dim, int((left - spread) / 2.5))
    pairs = min(left - spread - 2 * axes, axes * (axes - 1) // 2, axes)
    return on_line, near, axes, pairs, left - 2 * axes - pairs


def _fractions(dim: int) -> np.ndarray:
    """D numbers in (0, 1) without a pattern."""
    return np.asarray(GOLDEN * np.arange(1, dim + 1) % 1)


def _along(step: int, steps: int) -> float:
    """Where on the way to an end of the line a step is; not evenly, or a periodic function could look smooth."""
    return (step - 0.35 * (GOLDEN * step % 1) * (step < steps)) / steps


def _ends(middle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the line: one beyond the middle in the variables' signs, and the opposite one."""
    fractions = _fractions(len(middle))
    high = 1 - MARGIN - 0.25 * fractions
    low = MARGIN + 0.25 * fractions
    up = np.where(np.arange(len(middle)) % 3 == 1, low, high)
    return np.where(up == low, high, low), up


def _neighbours(axes: int, pairs: int) -> list[tuple[int, int]]:
    """Pairs of axes: neighbours first, around the circle, then those two apart."""
    found: list[tuple[int, int]] = []
    for apart in range(1, axes):
        for a in range(axes):
            pair = min(a, (a + apart) % axes), max(a, (a + apart) % axes)
            if pair not in found and len(found) < pairs:
                found.append(pair)
    return found


def _recurrence(dim: int, count: int) -> np.ndarray:
    """Points (count, D) of the additive recurrence with steps 1 / g, 1 / g^2, ..., g^(D + 1) = g + 1."""
    g = 2.0
    for _ in range(60):
        g = (1 + g) ** (1 / (dim + 1))
    steps = np.array([g ** -(i + 1) for i in range(dim)])
    return np.asarray((0.5 + np.arange(1, count + 1)[:, None] * steps) % 1).reshape(count, dim)
