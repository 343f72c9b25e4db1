"""Probes of the landscape: what a few evaluations tell of a problem whose functions cannot be traced.

At most 5% of the budget (``probe_points``). The features are of the kind that exploratory landscape analysis uses (Mersmann et al.
2011, doi:10.1145/2001576.2001690), as far as a handful of points can show them; ``prompts.probe_words`` puts them into the one line that a prompt
has room for.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import astuple, dataclass, fields
from typing import NamedTuple

import numpy as np

from llamoco.dataset_builder.problems.merit import merit, violations
from llamoco.dataset_builder.problems.problem import Evaluation, Problem
from llamoco.dataset_builder.problems.profiling.probe_points import (
    NEAR_STEP,
    ProbeDesign,
    probe_count,
    probe_design,
)

# Shares of the largest absolute value. Below, values are the same number, computed another way; differences are rounding.
EQUAL, ROUNDING, CURVED = 1e-12, 1e-13, 1e-11


@dataclass(frozen=True)
class LandscapeFeatures:
    """Features of one function of the point: the objective, or the largest violation. NaN: too few points to tell.

    Attributes:
        equal: share of the comparisons of neighbouring points in which both have the same value.
        turns: share of the places along the line at which values could turn and do: 0 monotone, 1 a zigzag.
        misfit: share of the line's variation that a parabola does not explain.
        noise: size of differences that small steps should not make, in units of the values' spread.
        slope: size of the differences that small steps do make, per step, in units of the spread along a step of the whole box.
        conditioning: log10 of the ratio of the largest to the smallest curvature along axes.
        nonconvex: share of the axes along which the curvature is negative.
        mixed: size of the mixed differences beside the effects of the single steps: 0 separable.
        dominance: share of the axes' effects that the strongest has, times their number: 1 equal.
        idle: share of the axes along which nothing changes.
        skew: where the median lies between the least and the largest value.
        decades: log10 of the largest over the median distance to the least value; NaN where half of the values are the least.
    """

    equal: float = math.nan
    turns: float = math.nan
    misfit: float = math.nan
    noise: float = math.nan
    slope: float = math.nan
    conditioning: float = math.nan
    nonconvex: float = math.nan
    mixed: float = math.nan
    dominance: float = math.nan
    idle: float = math.nan
    skew: float = math.nan
    decades: float = math.nan


# Of all numbers that probes give, see ``probe_numbers``.
FEATURE_NAMES = (
    "undefined",
    "feasible",
    *(f"{part}.{each.name}" for part in ("objective", "violation") for each in fields(LandscapeFeatures)),
)
UNKNOWN = -9.0  # in place of a feature that is not known, for models that need a number


class Probes(NamedTuple):
    """Evaluated probes.

    Attributes:
        points: (n, D) in the problem's box.
        values: of these points.
        best: row of the best one by merit.
        undefined: share of the points without a finite value.
        feasible: share of the points that satisfy the constraints.
        objective, violation: features of both; the violation's are all NaN without constraints.
    """

    points: np.ndarray
    values: Evaluation
    best: int
    undefined: float
    feasible: float
    objective: LandscapeFeatures
    violation: LandscapeFeatures


def probe_problem(
    problem: Problem,
    evaluate: Callable[[np.ndarray], Evaluation] | None = None,
    count: int | None = None,
) -> Probes | None:
    """Evaluate the probes of a problem; None if its budget affords none.

    Args:
        problem: the problem. Its starting point, or the centre of its box, is the first probe.
        evaluate: evaluates points (N, D); ``problem.evaluate`` if None.
        count: number of points; what the budget affords if None.
    """
    count = probe_count(problem.max_evals) if count is None else count
    if not count:
        return None
    lower, width = problem.lower_array, problem.upper_array - problem.lower_array
    start = None if problem.start is None else (problem.start - lower) / width
    design = probe_design(problem.dim, count, start)
    points = np.clip(lower + design.unit * width, lower, problem.upper_array)
    if problem.start is not None:
        points[0] = problem.start
    values = (evaluate or problem.evaluate)(points)
    return read_probes(problem, design, points, values)


def probe_numbers(probes: Probes | None) -> list[float]:
    """Features of probes in the order of ``FEATURE_NAMES``, NaN where they are not known."""
    if probes is None:
        return [math.nan] * len(FEATURE_NAMES)
    return [probes.undefined, probes.feasible, *astuple(probes.objective), *astuple(probes.violation)]


def read_probes(problem: Problem, design: ProbeDesign, points: np.ndarray, values: Evaluation) -> Probes:
    """What evaluated probes tell.

    Args:
        problem: whose tolerances decide what is feasible.
        design: the points' parts.
        points: the points (n, D) in the problem's box.
        values: of the points.
    """
    order = [merit(*row) for row in zip(values.f.tolist(), values.g, values.h, strict=True)]
    with np.errstate(all="ignore"):
        finite = np.isfinite(values.f) & np.isfinite(values.g).all(axis=1) & np.isfinite(values.h).all(axis=1)
        broken = violations(values.g, values.h)
        return Probes(
            points,
            values,
            min(range(len(points)), key=order.__getitem__),
            1 - float(finite.mean()),
            float(problem.feasible(values).mean()),
            landscape_features(design, values.f),
            landscape_features(design, broken) if problem.constrained else LandscapeFeatures(),
        )


def landscape_features(design: ProbeDesign, values: np.ndarray) -> LandscapeFeatures:
    """Features of a function.

    Args:
        design: of the points.
        values: of the points (n,); those that are not finite are left out.
    """
    y = np.where(np.isfinite(values), values, np.nan)
    known = np.sort(y[np.isfinite(y)])
    if len(known) < 2:
        return LandscapeFeatures()
    with np.errstate(all="ignore"):
        y = y / max(float(np.abs(known).max()), 1e-300)
        known = np.sort(y[np.isfinite(y)])
        low, high = known[0], known[-1]
        wide = [row for row in range(len(y)) if row not in design.near[1:]]
        spread = (
            float(np.nanquantile(y[wide], 0.75) - np.nanquantile(y[wide], 0.25)) or float(high - low) or 1.0
        )
        median = float(np.median(known))
        line, near = y[list(design.line)], y[list(design.near)]
        return LandscapeFeatures(
            equal=_equal(design, y),
            **_line(design, line),
            **_near(near, spread),
            **_axes(design, y),
            skew=(median - low) / (high - low) if high - low > EQUAL else 0.0,
            decades=math.log10((high - low) / (median - low)) if median - low > EQUAL else math.nan,
        )


def _equal(design: ProbeDesign, y: np.ndarray) -> float:
    """Share of neighbours with equal values: steps of the line, near it and along axes."""
    rows = [
        *zip(design.line, design.line[1:], strict=False),
        *zip(design.near, design.near[1:], strict=False),
    ]
    for _, one, two in design.axes:
        rows += [(0, one), (one, two)]
    pairs = y[np.array(rows)]
    pairs = pairs[np.isfinite(pairs).all(axis=1)]
    return float(np.mean(_snapped(pairs[:, 0] - pairs[:, 1]) == 0)) if len(pairs) else math.nan


def _snapped(differences: np.ndarray) -> np.ndarray:
    """Differences of scaled values, those that are rounding set to 0."""
    return np.where(np.abs(differences) <= EQUAL, 0.0, differences)


def _line(design: ProbeDesign, line: np.ndarray) -> dict[str, float]:
    there = np.isfinite(line)
    at = np.linalg.norm(design.unit[list(design.line)] - design.unit[design.line[0]], axis=1)[there]
    y = line[there]
    if len(y) < 4:
        return {}
    steps = np.sign(_snapped(np.diff(y)))
    steps = steps[steps != 0]
    turns = float(np.mean(steps[1:] != steps[:-1])) if len(steps) > 1 else 0.0
    parabola = np.polyval(np.polyfit(at / at[-1], y, 2), at / at[-1])
    return {"turns": turns, "misfit": min(float(np.var(y - parabola) / (np.var(y) + 1e-30)), 1.0)}


def _near(near: np.ndarray, spread: float) -> dict[str, float]:
    if len(near) < 4 or not np.isfinite(near).all():
        return {}
    # A polynomial of degree 2 has no third differences; those of white noise have 20 times its variance.
    third = np.diff(near, 3)
    noise = float(np.sqrt(np.mean(third**2) / 20))
    noise = 0.0 if noise <= ROUNDING else noise / spread
    slope = float(np.abs(_snapped(np.diff(near))).mean()) / spread / NEAR_STEP
    return {"noise": noise, "slope": slope}


def _axes(design: ProbeDesign, y: np.ndarray) -> dict[str, float]:
    if not design.axes:
        return {}
    first = _snapped(np.array([y[one] - y[0] for _, one, _ in design.axes]))
    second = np.array([y[two] - 2 * y[one] + y[0] for _, one, two in design.axes])
    effects = np.abs(first)[np.isfinite(first)]
    bends = second[np.isfinite(second)]
    found: dict[str, float] = {}
    if len(bends):
        felt = np.abs(bends)[np.abs(bends) > CURVED]
        found["nonconvex"] = float(np.mean(bends < -CURVED))
        if len(felt) > 1:
            found["conditioning"] = math.log10(felt.max() / felt.min())
    if len(effects) and effects.sum() > 0:
        found["dominance"] = float(effects.max() / effects.mean())
        found["idle"] = float(np.mean(effects == 0))
    mixed = []
    for a, b, both in design.pairs:
        scale = abs(first[a]) + abs(first[b])
        value = abs(y[both] - y[0] - first[a] - first[b])
        if np.isfinite(value) and scale > 0:
            mixed.append(0.0 if value <= EQUAL else min(value / scale, 1e3))
    if mixed:
        found["mixed"] = float(np.mean(mixed))
    return found
