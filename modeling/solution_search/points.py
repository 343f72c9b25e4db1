"""Points in prompts and replies: written with six significant digits, read from square brackets, ranked by ``merit``.

How constraints are told: a point that breaks any is written with the largest violation beyond the tolerances in place of a plain value
(``infeasible, constraints broken by 0.5, value 3``), and ranks behind every feasible point and those that break them less.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from llamoco.dataset_builder.problems.merit import WORST

NUMBER_LIMIT = 40  # characters of a number in a reply
_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
_NAME = re.compile(r"^x_?\d{1,3}\s*[=:]\s*")
_SEPARATOR = re.compile(r"[,;\s]+")

CONSTRAINTS_NOTE = (
    "Some points break constraints; these are infeasible. Any feasible point is better than every infeasible one, "
    "and of infeasible ones the one that breaks the constraints by less is better.\n"
)


@dataclass(frozen=True)
class Scored:
    """An evaluated point: x (D,), and its ``merit`` (violation, objective)."""

    x: tuple[float, ...]
    merit: tuple[float, float]


def point_text(x: Sequence[float]) -> str:
    """A point as prompts show it: ``[0.5, -1.25]``."""
    return f"[{', '.join(f'{value:.6g}' for value in x)}]"


def score_text(scored: Scored) -> str:
    """The score of a point as prompts show it."""
    violation, f = scored.merit
    if scored.merit == WORST:
        return "not a finite number"
    return (
        f"{f:.6g}" if violation == 0 else f"infeasible, constraints broken by {violation:.3g}, value {f:.6g}"
    )


def worst_first(points: Sequence[Scored], count: int) -> list[Scored]:
    """The best ``count`` points, the best of them last; of equal ones the earlier is better."""
    return sorted(points, key=lambda point: point.merit)[:count][::-1]


def read_points(text: str, dim: int) -> list[tuple[float, ...]]:
    """All points of ``dim`` finite numbers in square brackets in a text, in their order; other brackets are passed over."""
    found = (_numbers(inside) for inside in _BRACKETS.findall(text))
    return [numbers for numbers in found if numbers is not None and len(numbers) == dim]


def box_text(lower: np.ndarray, upper: np.ndarray) -> str:
    """Bounds (D,) in words, one text for all variables where they are equal."""
    if (lower == lower[0]).all() and (upper == upper[0]).all():
        return f"each between {lower[0]:.6g} and {upper[0]:.6g}"
    pairs = zip(lower, upper, strict=True)
    return ", ".join(f"x{i} between {low:.6g} and {high:.6g}" for i, (low, high) in enumerate(pairs, 1))


def _numbers(text: str) -> tuple[float, ...] | None:
    """Numbers between brackets, with or without names (``x1=0.5``); None if there is anything else."""
    numbers = []
    for part in _SEPARATOR.split(re.sub(r"\s*([=:])\s*", r"\1", text.strip())):
        part = _NAME.sub("", part)
        try:
            numbers.append(float(part) if len(part) <= NUMBER_LIMIT else math.nan)
        except ValueError:
            return None
    return tuple(numbers) if all(map(math.isfinite, numbers)) else None
