"""Sets of constraints: many short ones, narrow bands, and those without a value in parts of the box.

Bounds are chosen from a certified point, which satisfies them all. A box whose sides span decades takes relative kinds only.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.evaluator import compile_problem
from llamoco.dataset_builder.problems.functions.constraints import (
    CONSTRAINTS,
    EQUALITY_KINDS,
    EVERYWHERE_KINDS,
    Box,
    quantity,
    rounded_bound,
    significant,
)
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import SymbolicProblem

Record = dict[str, Any]

EVEN_SIDES = 5.0  # sides of a box that differ by no more than this are alike
RELATIVE_KINDS = ("scaled_linear", "monomials")  # each variable by its own range
SPREAD_POINTS = 200
CROWDED = 35  # constraints, beyond which they are as short as they can be, since all have to be printed
MOST_CHARACTERS = 1500  # of all of them in LaTeX: a prompt has 2,400
TIGHT_SHARE = 0.3  # of many constraints: these hold with equality at the certified point
CUT_SHARE = 0.35  # of the others: these cut off the optimum where they can


def even(box: Box) -> bool:
    """Whether the sides of a box are alike."""
    sides = box.upper - box.lower
    return float(sides.max() / sides.min()) <= EVEN_SIDES


def suited_kinds(box: Box, equality: bool = False) -> tuple[str, ...]:
    """Kinds of constraints that have a value everywhere and vary with all of their variables in a box."""
    names = EQUALITY_KINDS if equality else EVERYWHERE_KINDS
    if even(box):
        return tuple(name for name in names if not (name == "exponential" and box.dim > 30))
    return tuple(name for name in names if name in RELATIVE_KINDS)


def many_constraints(
    rng: PortableRng, box: Box, certified: np.ndarray, optimum: np.ndarray, count: int
) -> list[Record]:
    """Draw ``count`` short inequalities that a certified point satisfies, all of one theme or mixed.

    Args:
        rng: the stream.
        box: bounds; at least two variables.
        certified: a point (D,) that has to satisfy all.
        optimum: a point (D,) that some of them cut off where they can.
        count: their number; fewer come back if there are not so many different ones.
    """
    crowded = count > CROWDED
    theme = rng.choice(("pairs", "differences", "products", "ordering", "mixed"), (3, 2, 2, 1.5, 2))
    records: list[Record] = []
    seen: set[str] = set()
    for attempt in range(4 * count):
        if len(records) == count:
            break
        record = _short(rng, box, theme, attempt, weighted=not crowded)
        if (key := str(sorted(record.items()))) in seen:
            continue
        seen.add(key)
        records.append(record)
    points = np.vstack([certified, optimum, rng.points(SPREAD_POINTS, box.lower, box.upper)])
    quantities = tuple(quantity(record, box.dim) for record in records)
    values = compile_problem(SymbolicProblem(box.dim, (), quantities[0], quantities))(points)[1]
    for record, spread in zip(records, values.T, strict=True):
        _bound(rng, record, spread, digits=2 if crowded else 4)
    lengths = np.cumsum([len(_printed(record)) for record in records])
    return records[: max(1, int(np.sum(lengths <= MOST_CHARACTERS)))]


def _printed(record: Record) -> str:
    """About what a constraint of two variables looks like in LaTeX."""
    if record["kind"] == "product":
        return f"x_{{{record['j']}}} x_{{{record['k']}}} \\le {record['bound']:g} \\\\\n"
    terms = [f"{w:g} x_{{{k}}}" for k, w in zip(record["positions"], record["weights"], strict=True)]
    return f"{' + '.join(terms).replace('1 x', 'x')} \\le {record['bound']:g} \\\\\n"


def _short(rng: PortableRng, box: Box, theme: str, number: int, weighted: bool) -> Record:
    """A constraint of two variables without sense and bound."""
    dim = box.dim
    if theme == "mixed":
        theme = rng.choice(("pairs", "differences", "products"))
    if theme == "ordering":
        first = number % (dim - 1) + 1
        pair = [first, first + 1]
    else:
        pair = sorted(rng.sample(range(1, dim + 1), 2))
    if theme == "products":
        return {"kind": "product", "j": pair[0], "k": pair[1]}
    weights: list[float] = [1, 1] if theme == "pairs" else [1, -1]
    if not even(box):
        sides = [float(box.upper[k - 1] - box.lower[k - 1]) for k in pair]
        weights = [w * significant(1 / side, 1) for w, side in zip(weights, sides, strict=True)]
    elif weighted and theme != "ordering" and rng.chance(0.4):
        weights = [weights[0] * rng.integer(1, 4), weights[1] * rng.integer(1, 4)]
    return {"kind": "linear", "positions": pair, "weights": weights}


def _bound(rng: PortableRng, record: Record, spread: np.ndarray, digits: int) -> None:
    """Set sense and bound from values at the certified point, the optimum and random points."""
    at_certified, at_optimum = float(spread[0]), float(spread[1])
    deviation = float(np.std(spread[2:]))
    gap = at_optimum - at_certified
    if abs(gap) < 0.02 * deviation:
        gap = deviation * rng.choice((-1, 1))
    record["sense"] = "<=" if gap > 0 else ">="
    if rng.chance(TIGHT_SHARE):
        slack = 0.0
    elif rng.chance(CUT_SHARE):
        slack = rng.uniform(0.1, 0.9) * gap
    else:
        slack = (abs(gap) + deviation * rng.uniform(0.1, 1.5)) * (1 if gap > 0 else -1)
    record["bound"] = _short_bound(at_certified + slack, at_certified, record["sense"], digits)


def _short_bound(value: float, at_certified: float, sense: str, most: int) -> float:
    """A bound of as few digits as the certified point allows, two or more; with ``most`` digits it is rounded away from that."""
    for digits in range(2, most):
        bound = significant(value, digits)
        if (bound >= at_certified) if sense == "<=" else (bound <= at_certified):
            return bound
    return rounded_bound(value, sense, most)


def narrow_band(rng: PortableRng, box: Box, certified: np.ndarray) -> list[Record]:
    """Draw two inequalities that leave a band: b - e <= q(x) <= b, with e from 0.3% to 10% of the deviation of q over the box."""
    kinds = [k for k in suited_kinds(box) if not CONSTRAINTS[k].wavy and k != "posynomial"]
    name = rng.choice(kinds)
    parameters = {"kind": name, **CONSTRAINTS[name].draw(rng, box)}
    points = np.vstack([certified, rng.points(SPREAD_POINTS, box.lower, box.upper)])
    values = compile_problem(SymbolicProblem(box.dim, (), quantity(parameters, box.dim)))(points)[0]
    at_certified, width = float(values[0]), float(np.std(values[1:])) * 10 ** rng.uniform(-2.5, -1)
    share = rng.uniform(0.2, 0.8)
    return [
        {**parameters, "sense": "<=", "bound": _fine(at_certified + share * width, width, "<=")},
        {**parameters, "sense": ">=", "bound": _fine(at_certified - (1 - share) * width, width, ">=")},
    ]


def _fine(value: float, width: float, sense: str) -> float:
    """A bound rounded outwards to a twentieth of the band's width."""
    digits = 1 - int(np.floor(np.log10(width)))
    step = 10.0**-digits
    steps = np.ceil(value / step) if sense == "<=" else np.floor(value / step)
    return float(round(float(steps) * step, max(digits, 0)))


def partial_constraint(rng: PortableRng, box: Box, certified: np.ndarray) -> Record | None:
    """Draw an inequality that has no value in some 3 to 30% of the box; None if the certified point lies there."""
    name = rng.choice([k for k, kind in CONSTRAINTS.items() if kind.partial])
    record: Record = {"kind": name, **CONSTRAINTS[name].draw(rng, box)}
    points = np.vstack([certified, rng.points(SPREAD_POINTS, box.lower, box.upper)])
    values = compile_problem(SymbolicProblem(box.dim, (), quantity(record, box.dim)))(points)[0]
    if not np.isfinite(values[0]):
        return None
    spread = values[1:][np.isfinite(values[1:])]
    upwards = bool(values[0] < np.median(spread)) or rng.chance(0.2)
    sense = "<=" if upwards else ">="
    slack = float(np.std(spread)) * rng.choice((0.0, 0.2, 0.6, 1.0)) * (1 if upwards else -1)
    return {**record, "sense": sense, "bound": rounded_bound(float(values[0]) + slack, sense)}
