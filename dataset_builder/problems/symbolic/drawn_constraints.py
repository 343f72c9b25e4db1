"""Draws of constraints around a point that is certified as feasible."""

from __future__ import annotations

from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.evaluator import compile_problem
from llamoco.dataset_builder.problems.functions.constraint_sets import (
    many_constraints,
    narrow_band,
    partial_constraint,
    suited_kinds,
)
from llamoco.dataset_builder.problems.functions.constraints import CONSTRAINTS, Box, quantity, rounded_bound
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.symbolic.drawn_components import sample
from llamoco.dataset_builder.problems.symbolic.printed_length import printed_length
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import SymbolicProblem

# Shares of problems with equalities. Beside a rugged objective they are rarer: hardly a solver of multimodal problems finds a
# point on them.
EQUALITY_SHARE, RUGGED_EQUALITY_SHARE = 0.24, 0.1
NARROW_SHARE = 0.22  # of the problems: a band around the certified point, other bounds close to it
NARROW = 0.06  # of a quantity's spread over the box
PARTIAL_SHARE = 0.06  # of the problems: a constraint has no value in parts of the box
MANY_SHARE = 0.14  # of the problems with enough variables
MANY, MANY_LEAST_DIM = (10, 60), 4  # short constraints of two variables, log-uniform
ONE_OF_MANY = 26  # characters at least
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
    longest: int,
) -> bool:
    """Add constraints to a definition.

    Args:
        rng: the draw.
        definition: changed in place; it may have constraints of its own, which the certified point satisfies.
        box: bounds (D,) of the variables.
        optimum: a good point (D,) of the objective, which constraints cut off or leave.
        certified: the point (D,) that satisfies all of them.
        rugged: whether the objective has many minima.
        longest: characters of a prompt (see ``printed_length``); many constraints are fewer where the objective is long.

    Returns:
        False if the draw is to be rejected, such as for a constraint that hardly tells points apart.
    """
    own = bool(definition["inequalities"] or definition["equalities"])
    if own and rng.chance(OWN_ENOUGH_SHARE):
        return True
    if box.dim >= MANY_LEAST_DIM and rng.chance(MANY_SHARE):
        few, many = MANY
        count = int(few * (many / few) ** rng.unit() + 0.5)
        count = min(count, (longest - printed_length(definition, box)) // ONE_OF_MANY)
        if count < few:
            return False
        own_ones = definition["inequalities"]
        drawn = many_constraints(rng, box, certified, optimum, count)
        while len(drawn) > few:  # until the description is short enough
            definition["inequalities"] = own_ones + drawn
            excess = printed_length(definition, box) - longest
            if excess <= 0:
                break
            drawn = drawn[: -max(1, excess // (2 * ONE_OF_MANY))]
        definition["inequalities"] = own_ones + drawn
        return True
    points = np.vstack([certified, optimum, rng.points(SPREAD_POINTS, box.lower, box.upper)])
    narrow = rng.chance(NARROW_SHARE)
    if narrow:
        definition["inequalities"] += narrow_band(rng, box, certified)
    if rng.chance(PARTIAL_SHARE):
        record = partial_constraint(rng, box, certified)
        definition["inequalities"] += [record] if record else []
    n_equality = 0
    if rng.chance(RUGGED_EQUALITY_SHARE if rugged else EQUALITY_SHARE) and not definition["equalities"]:
        n_equality = 2 if box.dim >= 4 and rng.chance(0.25) else 1
    least = 0 if definition["inequalities"] else 1
    n_inequality = (
        rng.choice((0, 1, 2), (0.4, 0.4, 0.2))
        if n_equality
        else rng.integer(least, 4 - rng.integer(0, 3 - least))
    )
    equalities = []
    for name in rng.sample(suited_kinds(box, equality=True), n_equality):
        if name == "ball" and box.half > 10:  # |h| <= 1e-4 is out of reach for sums of large squares
            name = "sum"
        equalities.append(name)
    unused = [name for name in suited_kinds(box) if name not in equalities] or list(suited_kinds(box))
    # Wavy constraints go with a rugged objective, and smooth ones with the others, mostly.
    weights = [3 if CONSTRAINTS[name].wavy == rugged else 1 for name in unused]
    if len(unused) < n_inequality:
        unused, weights = unused * n_inequality, weights * n_inequality
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
    return True


def _values(record: Definition, points: np.ndarray) -> np.ndarray:
    """The quantity (N,) of a constraint at points (N, D)."""
    expression = quantity(record, points.shape[1])
    return np.asarray(
        compile_problem(SymbolicProblem(points.shape[1], (), expression))(points)[0], dtype=float
    )
