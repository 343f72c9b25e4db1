"""Integer and stepped variables of synthetic problems, and their starting points.

A definition may hold::

    "variables": {"integer": [1, 4],          # 1-based places of variables that are whole numbers
                  "step": [[2, 0.05]],        # places and steps, counted from the lower bound
                  "start": [1.0, ...] | null} # the starting point (D,), evaluated first and counted

all of it optional. As for problem files, the box that is searched has half a step more at either end, and evaluation rounds (see
``problems.variables``): ``lower`` and ``upper`` of the problem are that box. The person's own bounds follow from it.

How a synthesis uses it: ``draw_variables`` for the person's own box, ``variables_within`` for the map, whose ``lower`` and ``upper`` are
those of the problem; a certified point goes through ``Variables.to_original`` before bounds of constraints are taken from it. A minimum
of the formulas is none of the problem where its variables are stepped (``is_stepped``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.functions.constraints import Box, significant
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.variables import Variables

# Shares as in the questions that people bring (public cases and the realistic problems of Kumar et al. 2020,
# doi:10.1016/j.swevo.2020.100693: 12 of 57 have integers or sizes in steps; local codes ask everybody for x0).
STEPPED_SHARE = 0.12
ALL_STEPPED_SHARE = 0.3  # of those: no variable is continuous
STEP_SHARE = 0.3  # of those: sizes in steps rather than whole numbers
START_SHARE = 0.5
LISTED_DIM = 12  # up to here each variable has an entry of its own, above whole runs of equal bounds have one
FEWEST_VALUES = 4  # of an integer variable, else it has steps
STEPS = (6, 200)  # fewest and most steps between the bounds, log-uniform
ROUND_NUMBERS = (1, 2, 2.5, 5, 10)
DECADES = 100.0  # the ratio of positive bounds beyond which a start is drawn on a logarithmic scale
_NAMES = {
    "integer": "definition.variables.integer",
    "step": "definition.variables.step",
    "start": "definition.variables.start",
    "lower": "lower",
    "upper": "upper",
}

Record = dict[str, Any]


def draw_variables(rng: PortableRng, box: Box, optimum: np.ndarray, mixed_only: bool = False) -> Record:
    """Draw kinds of variables and a starting point.

    Args:
        rng: the draw.
        box: the person's own bounds (D,).
        optimum: a good point (D,) of the box; some starting points are guesses near it.
        mixed_only: whether some variable has to stay continuous, such as where an equality has to be met.

    Returns:
        ``definition["variables"]``, see the module; empty if all variables are continuous and there is no start.
    """
    record: Record = {}
    if rng.chance(STEPPED_SHARE):
        record |= _draw_kinds(rng, box, mixed_only)
    if rng.chance(START_SHARE):
        start = _draw_start(rng, box, optimum)
        # A start between two values would be rounded: it is stated as it is evaluated.
        record["start"] = variables_within(box, record).to_original(start).tolist()
    return record


def variables_within(box: Box, record: Record) -> Variables:
    """The map between the box that is searched and the person's variables, from their own bounds.

    Args:
        box: the person's own bounds (D,).
        record: what ``draw_variables`` gave.

    Raises:
        ProblemError: if the record does not fit; the message names the field.
    """
    dim = box.dim
    whole, steps = _places(record, dim)
    start = record.get("start")
    if start is not None and not isinstance(start, list | tuple):
        raise ProblemError(f"definition.variables.start: expected {dim} numbers or null, got {start!r:.60}")
    return Variables(box.lower, box.upper, start, whole, steps, _NAMES)


def variables_of(
    definition: Mapping[str, Any], lower: Sequence[float], upper: Sequence[float]
) -> tuple[Box, Variables]:
    """The person's own bounds, and the same map, from the box that is searched.

    Args:
        definition: of a synthetic problem.
        lower, upper: bounds (D,) of the problem.

    Raises:
        ProblemError: if ``definition["variables"]`` does not fit, or the box does not end half a step beyond values.
    """
    record = definition.get("variables") or {}
    if not isinstance(record, dict):
        raise ProblemError(f"definition.variables: expected an object, got {record!r:.60}")
    box = _own_box(record, lower, upper)
    variables = variables_within(box, record)
    for name, own, given in (("lower", variables.lower, lower), ("upper", variables.upper, upper)):
        wrong = np.flatnonzero(own != np.array(given)) if len(own) == len(given) else [0]
        if len(wrong):
            raise ProblemError(
                f"{name}[{wrong[0]}] = {given[wrong[0]]:g}: the bounds of stepped variables (definition.variables) end half a step "
                "beyond their first and last value, and leave room for two"
            )
    return box, variables


def _own_box(record: Record, lower: Sequence[float], upper: Sequence[float]) -> Box:
    """The person's own bounds, from those of the box that is searched."""
    whole, steps = _places(record, len(lower))
    half = np.where(whole & (steps == 0), 1.0, steps) / 2
    low, high = np.array(lower, dtype=float), np.array(upper, dtype=float)
    largest = np.maximum(np.maximum(np.abs(low), np.abs(high)), half)
    return Box(
        np.where(half > 0, [short_number(v, m) for v, m in zip(low + half, largest, strict=True)], low),
        np.where(half > 0, [short_number(v, m) for v, m in zip(high - half, largest, strict=True)], high),
    )


def short_number(value: float, largest: float) -> float:
    """A number rounded to 12 digits of the largest beside it: a bound or a value of a step, which are short, without its rounding error."""
    return round(float(value), 12 - math.ceil(math.log10(largest))) + 0.0 if largest else 0.0  # no -0


def is_stepped(definition: Mapping[str, Any]) -> bool:
    """Whether a variable takes integers or steps."""
    record = definition.get("variables") or {}
    return bool(record.get("integer") or record.get("step"))


def _places(record: Record, dim: int) -> tuple[np.ndarray, np.ndarray]:
    """Masks of integers (D,), steps (D,) with 0 where there is none."""
    whole, steps = np.zeros(dim, dtype=bool), np.zeros(dim)
    listed = record.get("integer") or []
    pairs = record.get("step") or []
    if not isinstance(listed, list) or not all(_is_place(place, dim) for place in listed):
        raise ProblemError(
            f"definition.variables.integer: expected a list of places from 1 to {dim}, got {listed!r:.60}"
        )
    given: list[Any] = pairs if isinstance(pairs, list) else [pairs]
    for pair in given:
        fits = isinstance(pair, list) and len(pair) == 2 and _is_place(pair[0], dim)
        if not fits or isinstance(pair[1], bool) or not isinstance(pair[1], int | float):
            raise ProblemError(
                f"definition.variables.step: expected a list of [place, step] with places from 1 to {dim}, got {pairs!r:.60}"
            )
        steps[pair[0] - 1] = pair[1]
    whole[[place - 1 for place in listed]] = True
    return whole, steps


def _is_place(value: Any, dim: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= dim


def _draw_kinds(rng: PortableRng, box: Box, mixed_only: bool) -> Record:
    """Which variables take integers or steps, and which steps."""
    dim = box.dim
    if rng.chance(ALL_STEPPED_SHARE) and not mixed_only:
        chosen = list(range(dim))
    else:
        count = rng.integer(1, max(1, dim // 2))
        if dim <= LISTED_DIM:
            chosen = sorted(rng.sample(range(dim), count))
        else:  # the first ones or the last ones
            first = rng.choice((0, dim - count))
            chosen = list(range(first, first + count))
    in_steps = rng.chance(STEP_SHARE)
    integer: list[int] = []
    step: list[list[float]] = []
    widths: dict[tuple[float, float], float] = {}
    for k in chosen:
        low, high = float(box.lower[k]), float(box.upper[k])
        largest = max(abs(low), abs(high))
        if (short_number(low, largest), short_number(high, largest)) != (low, high):
            continue  # its own bounds would not be found again from the search box
        values = math.floor(high) - math.ceil(low) + 1
        if not in_steps and values >= FEWEST_VALUES:
            integer.append(k + 1)
            continue
        if (low, high) not in widths:
            few, many = STEPS
            widths[low, high] = _round_number((high - low) / (few * (many / few) ** rng.unit()))
        step.append([k + 1, widths[low, high]])
    return {"integer": integer, "step": step}


def _round_number(value: float) -> float:
    """The nearest of 1, 2, 2.5 and 5 times a power of ten, on a logarithmic scale."""
    power = math.floor(math.log10(value))
    mantissa = min(ROUND_NUMBERS, key=lambda m: abs(math.log10(m) + power - math.log10(value)))
    return float(f"{mantissa}e{power}")


def _draw_start(rng: PortableRng, box: Box, optimum: np.ndarray) -> np.ndarray:
    """A starting point (D,) as people choose them: near the middle, a bound, a guess, anything, all zeros or ones."""
    kind = rng.choice(("middle", "bound", "guess", "anywhere", "constant"), (2, 1, 3, 2, 2))
    start = np.empty(box.dim)
    if kind == "constant":
        fitting = [v for v in (0.0, 1.0) if (box.lower <= v).all() and (v <= box.upper).all()]
        if fitting:
            start[:] = rng.choice(fitting)
            return start
        kind = "anywhere"
    side = rng.choice((0.0, 1.0), (3, 1))
    for columns in _runs(box):
        low, high = float(box.lower[columns[0]]), float(box.upper[columns[0]])
        scale = _Scale(low, high)
        if kind == "guess":
            share = scale.share(float(np.mean(optimum[columns]))) + rng.uniform(-0.2, 0.2)
        else:
            share = {
                "middle": rng.uniform(0.35, 0.65),
                "bound": side,
                "anywhere": rng.uniform(0, 1),
            }[kind]
        start[columns] = scale.value(min(max(share, 0.0), 1.0))
    return start


def _runs(box: Box) -> list[list[int]]:
    """Columns that get one number together: each alone, or in many variables those of equal bounds."""
    if box.dim <= LISTED_DIM:
        return [[k] for k in range(box.dim)]
    pairs = list(zip(box.lower.tolist(), box.upper.tolist(), strict=True))
    return [list(members) for _, members in groupby(range(box.dim), key=lambda k: pairs[k])]


class _Scale:
    """The range of a variable, linear or over decades."""

    def __init__(self, low: float, high: float) -> None:
        self._low, self._high = low, high
        self._log = low > 0 and high / low >= DECADES

    def share(self, value: float) -> float:
        """Where a value lies between the bounds, 0 to 1."""
        if self._log:
            return math.log(max(value, self._low) / self._low) / math.log(self._high / self._low)
        return (value - self._low) / (self._high - self._low)

    def value(self, share: float) -> float:
        """A short number near a share of the range; the bounds themselves at 0 and 1."""
        if share in (0.0, 1.0):
            return self._high if share else self._low
        if self._log:
            value = significant(self._low * (self._high / self._low) ** share, 2)
        else:
            digits = 2 - math.ceil(math.log10(self._high - self._low))
            value = round(self._low + share * (self._high - self._low), digits)
        return float(min(max(value, self._low), self._high))
