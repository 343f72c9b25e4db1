"""Draws of constraints around a point that is certified as feasible."""

from __future__ import annotations

from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.evaluator import compile_problem
from llamoco.dataset_builder.problems.functions.constraints import (
    CONSTRAINTS,
    EQUALITY_KINDS,
    Box,
    quantity,
    rounded_bound,
)
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.symbolic.drawn_components import sample
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import SymbolicProblem

# Shares of problems with equalities. Beside a rugged objective they are rarer: hardly a solver of multimodal problems finds a
# point on them.
EQUALITY_SHARE, RUGGED_EQUALITY_SHARE = 0.24, 0.1
NARROW_SHARE = 0.22  # of the problems: bounds are close to the certified point, some from both sides
NARROW = 0.06  # of a quantity's spread over the box
MANY_SHARE = 0.08  # of the problems
MANY = (10, 60)  # short constraints of one or two variables, log-uniform
OWN_ENOUGH_SHARE = 0.6  # of the families that bring constraints: no others are added
SPREAD_POINTS = 256

Definition = dict[str, Any]


def draw_constraints(
    rng: PortableRng,
    definition: Definition,
    box: Box,
    optimum: np.ndarray,
    certified: np.ndarray,
    rugged: bool,
    decades: bool,
) -> bool:
    """Add constraints to a definition.

    Args:
        rng: the draw.
        definition: changed in place; it may have constraints of its own, which the certified point satisfies.
        box: bounds (D,) of the variables.
        optimum: a good point (D,) of the objective, which constraints cut off or leave.
        certified: the point (D,) that satisfies all of them.
        rugged: whether the objective has many minima.
        decades: whether bounds span decades or have units of their own.

    Returns:
        False if the draw is to be rejected, such as for a constraint that hardly tells points apart.
    """
    own = bool(definition["inequalities"] or definition["equalities"])
    if own and rng.chance(OWN_ENOUGH_SHARE):
        return True
    points = np.vstack([certified, optimum, rng.points(SPREAD_POINTS, box.lower, box.upper)])
    if rng.chance(MANY_SHARE):
        return _draw_many(rng, definition, box, points)
    narrow = rng.chance(NARROW_SHARE)
    n_equality = 0
    if rng.chance(RUGGED_EQUALITY_SHARE if rugged else EQUALITY_SHARE) and not definition["equalities"]:
        n_equality = 2 if box.dim >= 4 and rng.chance(0.25) else 1
    n_inequality = (
        rng.choice((0, 1, 2), (0.4, 0.4, 0.2)) if n_equality else rng.choice((1, 2, 3, 4), (4, 3, 2, 1))
    )
    kinds = [name for name in suited_kinds(box, decades) if not (name == "exponential" and box.dim > 30)]
    equalities = []
    for name in rng.sample([name for name in kinds if name in EQUALITY_KINDS], n_equality):
        if name == "ball" and box.half > 10:  # |h| <= 1e-4 is out of reach for sums of large squares
            name = "sum"
        equalities.append(name)
    unused = [name for name in kinds if name not in equalities]
    # Wavy constraints go with a rugged objective, and smooth ones with the others, mostly.
    weights = [3 if CONSTRAINTS[name].wavy == rugged else 1 for name in unused]
    for name in equalities:
        record = {"kind": name, "bound": 0.0, **CONSTRAINTS[name].draw(rng, box)}
        record["bound"] = round(float(_values(record, points[:1])[0]), 6)
        definition["equalities"].append(record)
    for name in sample(rng, unused, weights, n_inequality):
        record = {"kind": name, "sense": "<=", "bound": 0.0, **CONSTRAINTS[name].draw(rng, box)}
        values = _values(record, points)
        gap, spread = float(values[1] - values[0]), float(np.std(values[2:]))
        if not np.isfinite(values).all() or abs(gap) < 0.05 * spread:
            return False
        record["sense"] = "<=" if gap > 0 else ">="
        if narrow:
            slack = rng.uniform(0, NARROW) * spread / abs(gap)
        elif rng.chance(0.7):  # the bound lies between the certified point and the optimum, which it cuts off
            slack = 0.0 if rng.chance(0.25) else rng.uniform(0, 0.8)
        else:
            slack = rng.uniform(1.05, 1.5)
        record["bound"] = rounded_bound(float(values[0]) + slack * gap, record["sense"])
        definition["inequalities"].append(record)
        if narrow and rng.chance(0.4):  # a band
            sense = "<=" if gap < 0 else ">="
            other = float(values[0]) - rng.uniform(0, NARROW) * spread * (1 if gap > 0 else -1)
            definition["inequalities"].append(
                {**record, "sense": sense, "bound": rounded_bound(other, sense)}
            )
    return True


def suited_kinds(box: Box, decades: bool) -> list[str]:
    """Names of kinds of constraints that make sense for bounds."""
    if not decades:
        return list(CONSTRAINTS)
    return ["linear", "product", "ratio", "monomial"]


def _draw_many(rng: PortableRng, definition: Definition, box: Box, points: np.ndarray) -> bool:
    few, many = MANY
    count = int(few * (many / few) ** rng.unit() + 0.5)
    room = 0.3 if count > 25 else 0.15
    for _ in range(count):
        name = rng.choice(("linear", "product", "ratio"), (4, 1, 1))
        record = {"kind": name, "sense": "<=", "bound": 0.0, **CONSTRAINTS[name].draw(rng, box)}
        values = _values(record, points)
        spread = float(np.std(values[2:]))
        if not np.isfinite(values).all() or spread == 0:
            return False
        record["sense"] = rng.choice(("<=", ">="))
        slack = rng.uniform(0, 1) ** 2 * spread * (1 + room)
        bound = float(values[0]) + (slack if record["sense"] == "<=" else -slack)
        record["bound"] = rounded_bound(bound, record["sense"])
        definition["inequalities"].append(record)
    return True


def _values(record: Definition, points: np.ndarray) -> np.ndarray:
    """The quantity (N,) of a constraint at points (N, D)."""
    expression = quantity(record, points.shape[1])
    return np.asarray(
        compile_problem(SymbolicProblem(points.shape[1], (), expression))(points)[0], dtype=float
    )
