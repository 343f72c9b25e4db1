"""Draws of the bounds of synthetic problems, and of places inside them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from llamoco.dataset_builder.problems.functions.constraints import Box, significant
from llamoco.dataset_builder.problems.portable_rng import PortableRng

EXPLICIT_DIM = 12  # up to here a shift is a list of numbers, above a formula
# Shares of the kinds of bounds. Textbook suites have one range for all variables; in the realistic problems of Kumar et al.
# 2020 (doi:10.1016/j.swevo.2020.100693) and in questions that people ask, variables are of different units more often than not.
EQUAL_SHARE, VARIED_SHARE, DECADES_SHARE, LOG_SHARE = 0.42, 0.3, 0.19, 0.09
LOG_DECADES = (2, 3, 4, 6)

Kind = Literal["equal", "varied", "decades", "log"]


@dataclass(frozen=True)
class Bounds:
    """Drawn bounds.

    Attributes:
        box: the bounds (D,).
        kind: "equal" for all variables, "varied" within a factor of 4, over "decades" (each variable in a unit of its own), or
            "log": positive, over decades, and what counts is the logarithm.
        core: an interval that lies within the bounds of every variable; of logarithms for "log". Not for "decades".
    """

    box: Box
    kind: Kind
    core: tuple[float, float]

    def units(self, columns: np.ndarray, z_range: float) -> list[float] | None:
        """For "decades": short numbers that bring the variables of some columns to a range of about ``z_range``; else None."""
        if self.kind != "decades":
            return None
        widths = (self.box.upper - self.box.lower)[columns] / 2
        return [significant(float(width) / z_range, 1) for width in widths]

    def scale(self, z_range: float) -> float:
        """The factor y = scale (x - o) that brings the variables to a range of about ``z_range``."""
        if self.kind == "decades":
            return 1
        half = (self.core[1] - self.core[0]) / 2 if self.kind == "log" else self.box.half
        scale = significant(z_range / half, 2)
        return 1 if 0.75 <= scale <= 1.3 else scale


def draw_bounds(rng: PortableRng, dim: int, z_range: float) -> Bounds:
    """Bounds for a component whose usual search box has the half-width ``z_range``."""
    kinds: tuple[Kind, ...] = ("equal", "varied", "decades", "log")
    kind = rng.choice(
        kinds, (EQUAL_SHARE, VARIED_SHARE, DECADES_SHARE if dim <= EXPLICIT_DIM else 0, LOG_SHARE)
    )
    if kind == "log":
        return _draw_log(rng, dim)
    if kind == "decades":
        return _draw_decades(rng, dim)
    half = z_range if rng.chance(0.5) else rng.choice((0.5, 1, 2, 3, 5, 8, 10, 20, 50, 100))
    middle = 0.0 if rng.chance(0.5) else half * rng.choice((-1, -0.6, -0.4, -0.2, 0.2, 0.4, 0.6, 1))
    if kind == "equal":
        low, high = significant(middle - half, 3), significant(middle + half, 3)
        return Bounds(Box(np.full(dim, low), np.full(dim, high)), kind, (low, high))
    arms = (0.5, 0.75, 1, 1.5, 2)
    if dim <= EXPLICIT_DIM:
        sizes = [1] * dim
    else:
        blocks = rng.integer(2, 3)
        cuts = sorted(rng.sample(range(3, dim - 2), blocks - 1))
        sizes = [b - a for a, b in zip([0, *cuts], [*cuts, dim], strict=True)]
    while True:
        lows = [significant(middle - half * rng.choice(arms), 2) for _ in sizes]
        highs = [significant(middle + half * rng.choice(arms), 2) for _ in sizes]
        if len(set(zip(lows, highs, strict=True))) > 1:
            box = Box(np.repeat(lows, sizes), np.repeat(highs, sizes))
            return Bounds(box, kind, (max(lows), min(highs)))


def _draw_log(rng: PortableRng, dim: int) -> Bounds:
    """Positive bounds that span decades, the same for all variables."""
    decades = rng.choice(LOG_DECADES, (3, 3, 2, 1))
    low = rng.choice((1, 1, 2, 5)) * 10.0 ** rng.integer(-4, max(-4, 3 - decades))
    low = significant(low, 1)
    high = significant(low * 10.0**decades, 1)
    box = Box(np.full(dim, low), np.full(dim, high))
    return Bounds(box, "log", (math.log(low), math.log(high)))


def _draw_decades(rng: PortableRng, dim: int) -> Bounds:
    """Bounds in a unit of its own for each variable: positive ones, or around zero."""
    positive = rng.chance(0.65)
    lows, highs = [], []
    for _ in range(dim):
        high = rng.choice((1, 2, 3, 5, 8)) * 10.0 ** rng.integer(-3, 3)
        if positive:
            low = rng.choice((0.0, high / 10, high / 100, high / 2), (3, 3, 2, 2))
        else:
            low = -high * rng.choice((1, 1, 0.5, 0.2))
        lows.append(significant(low, 2))
        highs.append(significant(high, 2))
    return Bounds(Box(np.array(lows), np.array(highs)), "decades", (0.0, 0.0))


def draw_shift(rng: PortableRng, bounds: Bounds, columns: np.ndarray) -> dict[str, Any]:
    """A shift that keeps the optimum inside the box and off its middle; the middle of the logarithms for "log"."""
    box, logarithmic = bounds.box, bounds.kind == "log"
    if box.dim <= EXPLICIT_DIM:
        values = []
        for column in columns:
            low, high = float(box.lower[column]), float(box.upper[column])
            offset = rng.uniform(0.25, 0.85) * rng.choice((-1, 1))
            if logarithmic:
                values.append(significant(low * (high / low) ** ((1 + offset) / 2), 3))
                continue
            digits = max(0, 3 - math.ceil(math.log10(high - low)))
            values.append(round((low + high) / 2 + offset * (high - low) / 2, digits))
        return {"values": values}
    middle, half = (bounds.core[0] + bounds.core[1]) / 2, (bounds.core[1] - bounds.core[0]) / 2
    centre = rng.uniform(0.2, 0.6) * rng.choice((-1, 1))
    swing = rng.uniform(0.1, 0.85 - abs(centre))
    start, width = middle + centre * half, swing * half
    if logarithmic:
        return {"formula": [round(start, 2), round(width, 2), rng.uniform(0.3, 3, 1)]}
    return {"formula": [significant(start, 2), significant(width, 2), rng.uniform(0.3, 3, 1)]}


def draw_inside(rng: PortableRng, box: Box, logarithmic: bool = False) -> np.ndarray:
    """A short point (D,) in the middle 70% of each variable's range, of its logarithm if asked for."""
    shares = rng.points(1, np.full(box.dim, 0.15), np.full(box.dim, 0.85))[0]
    widths = box.upper - box.lower
    values = box.lower * (box.upper / box.lower) ** shares if logarithmic else box.lower + shares * widths
    return np.array(
        [
            significant(float(v), 3)
            if logarithmic
            else round(float(v), max(0, 3 - math.ceil(math.log10(width))))
            for v, width in zip(values, widths, strict=True)
        ]
    )
