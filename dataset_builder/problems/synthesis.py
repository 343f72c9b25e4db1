"""Synthetic problems (paper, section IV-A1): single functions, compositions and hybrids (Eq. 2), constraints.

Every draw comes from a stream named by seed and number: problem 12 of seed 0 is the same whatever else is
drawn.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.compile import compile_system
from llamoco.dataset_builder.problems.constraints import (
    CONSTRAINTS,
    EQUALITY_KINDS,
    Box,
    inequality,
    quantity,
    rounded_bound,
    significant,
)
from llamoco.dataset_builder.problems.definition import build_system
from llamoco.dataset_builder.problems.draws import Draws
from llamoco.dataset_builder.problems.expression import Expr
from llamoco.dataset_builder.problems.functions import FUNCTIONS, BasicFunction
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.references import constrained_f0, random_median, with_references
from llamoco.dataset_builder.problems.scores import w
from llamoco.dataset_builder.problems.system import System

EXPLICIT_SHIFT_DIM = 12  # up to here a shift is a list of numbers, above a formula
SMOOTH_SHARE = 0.46  # problems whose components are all smooth and unimodal
VARIED_BOUNDS_SHARE = 0.4
EQUALITY_SHARE = 0.27  # of the constrained problems
CENTRE_W = 0.9  # the middle of the box must not score more
SPREAD_POINTS = 256

SMOOTH_UNIMODAL = tuple(f for f in FUNCTIONS.values() if f.smooth and f.unimodal)
OTHERS = tuple(f for f in FUNCTIONS.values() if not (f.smooth and f.unimodal))

Definition = dict[str, Any]


def draw_set(seed: int, count: int, constrained: bool) -> list[Problem]:
    """Problems number 0 to count - 1 of a seed."""
    return [draw_problem(seed, number, constrained) for number in range(count)]


def draw_problem(seed: int, number: int, constrained: bool) -> Problem:
    """Problem ``number`` of a seed, with its references as far as they are known without a benchmark.

    f* is 0 where all components share their minimum and no constraint cuts it off; elsewhere it is None until
    a benchmark fills it in. A draw whose middle of the box scores w > 0.9 is drawn again.
    """
    identifier = f"{'c' if constrained else 'nc'}-{seed}-{number:05d}"
    attempt = 0
    while True:
        problem = _attempt(identifier, Draws("problem", identifier, attempt), constrained)
        if problem is not None:
            return problem
        attempt += 1


def _attempt(identifier: str, draws: Draws, constrained: bool) -> Problem | None:
    """One draw; None if it is to be rejected."""
    dim = int(2 * 25.5 ** (draws.unit() ** 0.85))
    functions, form = _draw_functions(draws, dim)
    box, core = _draw_bounds(draws, dim, functions[0].z_range)
    definition, optima = _draw_objective(draws, functions, form, box, core)
    evaluate = compile_system(build_system(definition, dim))
    optimum = min(optima, key=lambda point: float(evaluate(point[None, :])[0][0]))
    feasible_point = None
    if constrained:
        feasible_point = _draw_constraints(draws, definition, box, optimum)
        if feasible_point is None:
            return None
    problem = Problem(
        id=identifier,
        kind="synthetic",
        lower=tuple(box.lower.tolist()),
        upper=tuple(box.upper.tolist()),
        max_evals=int(100 * 50 ** draws.unit() + 0.5),
        n_inequality=len(definition["inequalities"]),
        n_equality=len(definition["equalities"]),
        definition=definition,
        feasible_point=feasible_point,
    )
    return _referenced(problem, optima, optimum)


def _draw_functions(draws: Draws, dim: int) -> tuple[list[BasicFunction], str]:
    """K basic functions and how they are put together."""
    form = draws.choice(("single", "composition", "hybrid"), (0.3, 0.35, 0.35))
    most = min(5, dim // 2) if form == "hybrid" else 5
    if most < 2:
        form = "composition"
        most = 5
    count = 1 if form == "single" else draws.choice(range(2, most + 1), (0.4, 0.3, 0.2, 0.1)[: most - 1])
    if draws.chance(SMOOTH_SHARE):
        return draws.sample(SMOOTH_UNIMODAL, count), form
    first = draws.choice(OTHERS)
    others = [f for f in FUNCTIONS.values() if f is not first]
    return draws.shuffled([first, *draws.sample(others, count - 1)]), form


def _draw_bounds(draws: Draws, dim: int, z_range: float) -> tuple[Box, tuple[float, float]]:
    """Bounds, and an interval that lies within the bounds of every dimension."""
    half = z_range if draws.chance(0.5) else draws.choice((0.5, 1, 2, 3, 5, 8, 10, 20, 50, 100))
    middle = 0.0 if draws.chance(0.5) else half * draws.choice((-1, -0.6, -0.4, -0.2, 0.2, 0.4, 0.6, 1))
    if not draws.chance(VARIED_BOUNDS_SHARE):
        low, high = significant(middle - half, 3), significant(middle + half, 3)
        return Box(np.full(dim, low), np.full(dim, high)), (low, high)
    arms = (0.5, 0.75, 1, 1.5, 2)
    if dim <= EXPLICIT_SHIFT_DIM:
        sizes = [1] * dim
    else:
        blocks = draws.integer(2, 3)
        cuts = sorted(draws.sample(range(3, dim - 2), blocks - 1))
        sizes = [b - a for a, b in zip([0, *cuts], [*cuts, dim], strict=True)]
    while True:
        lows = [significant(middle - half * draws.choice(arms), 2) for _ in sizes]
        highs = [significant(middle + half * draws.choice(arms), 2) for _ in sizes]
        if len(set(zip(lows, highs, strict=True))) > 1:
            return Box(np.repeat(lows, sizes), np.repeat(highs, sizes)), (max(lows), min(highs))


def _draw_objective(
    draws: Draws, functions: list[BasicFunction], form: str, box: Box, core: tuple[float, float]
) -> tuple[Definition, list[np.ndarray]]:
    """The definition without constraints, and the points (D,) where the components have their minima."""
    dim = box.dim
    parts: list[list[int] | None] = [None] * len(functions)
    if form == "hybrid":
        order = draws.shuffled(range(1, dim + 1))
        cuts = [0, *_cuts(draws, dim, len(functions)), dim]
        parts = [order[a:b] for a, b in pairwise(cuts)]
    one_shift = form == "composition" and draws.chance(0.35)
    reflected = draws.integer(0, len(functions) - 1) if draws.chance(0.35) else None
    components: list[Definition] = []
    for number, (function, part) in enumerate(zip(functions, parts, strict=True)):
        columns = np.arange(dim) if part is None else np.array(part) - 1
        scale = significant(function.z_range / box.half, 2)
        components.append(
            {
                "function": function.name,
                "coefficient": 1,
                "positions": part,
                "shift": components[0]["shift"]
                if one_shift and components
                else _draw_shift(draws, box, columns, core),
                "scale": 1 if 0.75 <= scale <= 1.3 else scale,
                "reflection": [draws.uniform(0.3, 3, 1), draws.uniform(0, 3, 1)]
                if number == reflected
                else None,
            }
        )
    definition = {"form": form, "components": components, "inequalities": [], "equalities": []}
    if form != "single":
        points = draws.points(SPREAD_POINTS, box.lower, box.upper)
        for component in components:
            alone = compile_system(build_system({"components": [component]}, dim))
            median = float(np.median(np.abs(alone(points)[0])))
            weight = max(draws.uniform(0, 1, 2), 0.01) if form == "composition" else 1.0
            component["coefficient"] = significant(weight / median, 4) if median > 0 else weight
    shifts = [
        shift_values(c["shift"], dim if c["positions"] is None else len(c["positions"])) for c in components
    ]
    if form != "hybrid":
        return definition, shifts
    optimum = np.empty(dim)
    for part, values in zip(parts, shifts, strict=True):
        assert part is not None
        optimum[np.array(part) - 1] = values
    return definition, [optimum]


def _cuts(draws: Draws, dim: int, count: int) -> list[int]:
    """Where to cut ``dim`` variables into ``count`` parts of at least two."""
    spare = dim - 2 * count
    marks = sorted(draws.integer(0, spare) for _ in range(count - 1))
    return [mark + 2 * (number + 1) for number, mark in enumerate(marks)]


def _draw_shift(draws: Draws, box: Box, columns: np.ndarray, core: tuple[float, float]) -> Definition:
    """A shift that keeps the optimum inside the box and off its middle."""
    if box.dim <= EXPLICIT_SHIFT_DIM:
        values = []
        for column in columns:
            low, high = float(box.lower[column]), float(box.upper[column])
            offset = draws.uniform(0.25, 0.85) * draws.choice((-1, 1))
            digits = max(0, 3 - math.ceil(math.log10(high - low)))
            values.append(round((low + high) / 2 + offset * (high - low) / 2, digits))
        return {"values": values}
    middle, half = (core[0] + core[1]) / 2, (core[1] - core[0]) / 2
    centre = draws.uniform(0.2, 0.6) * draws.choice((-1, 1))
    swing = draws.uniform(0.1, 0.85 - abs(centre))
    return {
        "formula": [
            significant(middle + centre * half, 2),
            significant(swing * half, 2),
            draws.uniform(0.3, 3, 1),
        ]
    }


def shift_values(shift: Definition, size: int) -> np.ndarray:
    """The numbers o (size,) of a component's shift."""
    if "values" in shift:
        return np.array(shift["values"], dtype=float)
    a, b, c = shift["formula"]
    return a + b * np.sin(c * np.arange(1, size + 1))


def _draw_constraints(
    draws: Draws, definition: Definition, box: Box, optimum: np.ndarray
) -> tuple[float, ...] | None:
    """Add constraints to a definition; returns a point (D,) that satisfies all, None for a rejected draw."""
    dim = box.dim
    shares = draws.points(1, np.full(dim, 0.15), np.full(dim, 0.85))[0]
    digits = max(0, 3 - math.ceil(math.log10(2 * box.half)))
    certified = np.round(box.lower + shares * (box.upper - box.lower), digits)
    points = np.vstack([certified, optimum, draws.points(SPREAD_POINTS, box.lower, box.upper)])
    n_equality = 0
    if draws.chance(EQUALITY_SHARE):
        n_equality = 2 if dim >= 4 and draws.chance(0.2) else 1
    n_inequality = (
        draws.choice((0, 1, 2), (0.4, 0.4, 0.2)) if n_equality else draws.choice((1, 2, 3, 4), (4, 3, 2, 1))
    )
    kinds = [name for name in CONSTRAINTS if not (name == "exponential" and dim > 30)]
    for name in draws.sample(EQUALITY_KINDS, n_equality):
        if name == "ball" and box.half > 10:  # |h| <= 1e-4 is out of reach for sums of large squares
            name = "sum"
        record: Definition = {"kind": name, "bound": 0.0, **CONSTRAINTS[name].draw(draws, box)}
        values = _values(quantity(record, dim), points, dim)
        record["bound"] = round(float(values[0]), 6)
        definition["equalities"].append(record)
    used = {record["kind"] for record in definition["equalities"]}
    for name in draws.sample([name for name in kinds if name not in used], n_inequality):
        record = {"kind": name, "sense": "<=", "bound": 0.0, **CONSTRAINTS[name].draw(draws, box)}
        values = _values(quantity(record, dim), points, dim)
        at_certified, at_optimum = float(values[0]), float(values[1])
        gap = at_optimum - at_certified
        if not np.isfinite(values).all() or abs(gap) < 0.05 * float(np.std(values)):
            return None
        record["sense"] = "<=" if gap > 0 else ">="
        if draws.chance(0.7):  # the bound lies between the certified point and the optimum, which it cuts off
            slack = 0.0 if draws.chance(0.25) else draws.uniform(0, 0.8)
        else:
            slack = draws.uniform(1.05, 1.5)
        record["bound"] = rounded_bound(at_certified + slack * gap, record["sense"])
        definition["inequalities"].append(record)
    checks = [_values(inequality(record, dim), points, dim)[0] for record in definition["inequalities"]]
    return tuple(certified.tolist()) if all(value <= 0 for value in checks) else None


def _values(expression: Expr, points: np.ndarray, dim: int) -> np.ndarray:
    """An expression in x at points (N, D): (N,)."""
    return compile_system(System(dim, (), expression))(points)[0]


def _referenced(problem: Problem, optima: list[np.ndarray], optimum: np.ndarray) -> Problem | None:
    """The problem with f0, and f* if it is known; None if it is to be rejected (see ``draw_problem``)."""
    known = len({point.tobytes() for point in optima}) == 1
    if problem.constrained:
        certified = problem.evaluate(np.array([problem.feasible_point]))
        if not problem.feasible(certified)[0]:
            return None
        known = known and bool(problem.feasible(problem.evaluate(optimum[None, :]))[0])
        f0, f0_source, best = constrained_f0(problem)
    else:
        f0, f0_source = random_median(problem), "median objective of 512 random points"
        best = float(problem.evaluate(np.array(optima)).f.min())
    f0 = significant(f0, 6)
    best = 0.0 if known else best
    if not math.isfinite(f0) or f0 <= best:
        return None
    centre = problem.evaluate((problem.lower_array + problem.upper_array)[None, :] / 2)
    if problem.feasible(centre)[0] and w(float(centre.f[0]), f0, best) > CENTRE_W:
        return None
    f_star_source = (
        "known: 0 at the components' common minimum" if known else "unknown: to be filled in by a benchmark"
    )
    return with_references(problem, f0, 0.0 if known else None, {"f0": f0_source, "f_star": f_star_source})
