"""Synthetic problems (paper, section III-A1): single functions, compositions and hybrids (Eq. 2), constraints.

Every draw comes from a stream named by seed and number: problem 12 of seed 0 is the same whatever else is
drawn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np

from llamoco.dataset_builder.problems.evaluator import compile_problem
from llamoco.dataset_builder.problems.functions.basic_function import BasicFunction
from llamoco.dataset_builder.problems.functions.catalogue import FUNCTIONS
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
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.references import with_drawn_references
from llamoco.dataset_builder.problems.symbolic.composition import build_symbolic_problem, composition
from llamoco.dataset_builder.problems.symbolic.expression import Name
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import SymbolicProblem

EXPLICIT_SHIFT_DIM = 12  # up to here a shift is a list of numbers, above a formula
# Components of one problem share a character, but for the mixed ones. Smooth problems are what most people
# bring, but with 5000 evaluations every good solver has finished one: their share falls with the budget.
SMOOTH_SHARES = (0.54, 0.17)  # at the smallest budget and at the largest, linear in its logarithm
OTHER_SHARES = {"rugged": 0.62, "nonsmooth": 0.14, "stepwise": 0.13, "mixed": 0.11}  # of the rest
# Constraints keep good solvers apart for longer, and with few evaluations one solver is ahead on whatever is smooth.
CONSTRAINED_SMOOTH_SHARES = (0.34, 0.38)
CONSTRAINED_OTHER_SHARES = {"rugged": 0.72, "nonsmooth": 0.12, "stepwise": 0.06, "mixed": 0.1}
# Evaluations per variable beyond which a smooth problem, and below which any other, says little about solvers:
# all good ones are at their end, or none has begun.
SMOOTH_MOST, CONSTRAINED_SMOOTH_MOST = 60, 100
OTHER_LEAST, CONSTRAINED_OTHER_LEAST = 25, 50
SUITABLE_SHARE = 0.8
FEW_VARIABLES, MOST_VARIABLES = 5, 50
CONSTRAINED_LEAST = 4  # variables of such others: with fewer, restarts of a local search cover the box
VARIED_BOUNDS_SHARE = 0.4
# Shares of problems with equalities. Beside a rugged objective they are rare: hardly a solver of multimodal
# problems finds a point on them, so the answer would follow from the count of equalities alone.
EQUALITY_SHARE, RUGGED_EQUALITY_SHARE = 0.22, 0.06
SPREAD_POINTS = 256
EASOM_DIM = 4  # a needle in more variables is found by nobody
# Half as often as others: multimodal, but a local search passes over the dents or finds a minimum as good; and smooth,
# but one steep direction makes up a random point's value, so whatever takes that step is at a thousandth of it.
HALF_AS_OFTEN = (
    "bohachevsky",
    "cosine_mixture",
    "griewank",
    "happycat",
    "hgbat",
    "qing",
    "discus",
    "ellipsoid",
    "zakharov",
)

Definition = dict[str, Any]
T = TypeVar("T")


def draw_set(seed: int, count: int, constrained: bool) -> list[Problem]:
    """Problems number 0 to count - 1 of a seed."""
    return [draw_problem(seed, number, constrained) for number in range(count)]


def draw_problem(seed: int, number: int, constrained: bool) -> Problem:
    """Problem ``number`` of a seed, with its references as far as they are known without a benchmark.

    f* is 0 where all components share their minimum and no constraint cuts it off; elsewhere it is None until
    a benchmark fills it in. A draw whose middle of the box scores w > 0.9 is drawn again, with the same budget
    and character, so that their shares stay what they are said to be.
    """
    identifier = f"{'c' if constrained else 'nc'}-{seed}-{number:05d}"
    rng = PortableRng("budget", identifier)
    level = rng.unit()
    max_evals = int(100 * 50**level + 0.5)
    character = _draw_character(rng, level, constrained)
    attempt = 0
    while True:
        problem = _attempt(
            identifier, PortableRng("problem", identifier, attempt), max_evals, character, constrained
        )
        if problem is not None:
            return problem
        attempt += 1


def _attempt(
    identifier: str, rng: PortableRng, max_evals: int, character: str, constrained: bool
) -> Problem | None:
    """One draw; None if it is to be rejected."""
    dim = _draw_dim(rng, character, max_evals, constrained)
    functions, form = _draw_functions(rng, character, dim)
    box, core = _draw_bounds(rng, dim, functions[0].z_range)
    definition, optima, optimum = _draw_objective(rng, functions, form, box, core)
    feasible_point = None
    if constrained:
        feasible_point = _draw_constraints(rng, definition, box, optimum, character)
        if feasible_point is None:
            return None
    problem = Problem(
        id=identifier,
        kind="synthetic",
        lower=tuple(box.lower.tolist()),
        upper=tuple(box.upper.tolist()),
        max_evals=max_evals,
        n_inequality=len(definition["inequalities"]),
        n_equality=len(definition["equalities"]),
        definition=definition,
        feasible_point=feasible_point,
    )
    return with_drawn_references(problem, optima, optimum)


def _draw_character(rng: PortableRng, level: float, constrained: bool) -> str:
    """Character of the components, for a budget at ``level`` (0: smallest, 1: largest)."""
    few, many = CONSTRAINED_SMOOTH_SHARES if constrained else SMOOTH_SHARES
    others = CONSTRAINED_OTHER_SHARES if constrained else OTHER_SHARES
    if rng.chance(few + (many - few) * level):
        return "smooth"
    return rng.choice(tuple(others), tuple(others.values()))


def _draw_dim(rng: PortableRng, character: str, max_evals: int, constrained: bool) -> int:
    """Number of variables in [2, 50], mostly where the budget suits the character; smooth problems are larger."""
    most = CONSTRAINED_SMOOTH_MOST if constrained else SMOOTH_MOST
    least = CONSTRAINED_OTHER_LEAST if constrained else OTHER_LEAST
    low, high, skew = 2.0, MOST_VARIABLES, 0.6 if character == "smooth" else 0.85
    if rng.chance(SUITABLE_SHARE):
        if character == "smooth":
            low = min(max(low, max_evals / most), 0.8 * high)
        else:
            low = CONSTRAINED_LEAST if constrained else low
            high = min(max(FEW_VARIABLES, max_evals // least), high)
    return int(low * ((high + 1) / low) ** (rng.unit() ** skew))


def _draw_functions(rng: PortableRng, character: str, dim: int) -> tuple[list[BasicFunction], str]:
    """K basic functions and how they are put together."""
    form = rng.choice(("single", "composition", "hybrid"), (0.3, 0.35, 0.35))
    most = min(5, dim // 2) if form == "hybrid" else 5
    if most < 2:
        form = "composition"
        most = 5
    fitting = [
        f
        for f in FUNCTIONS.values()
        if character in ("mixed", f.character) and (f.name != "easom" or dim <= EASOM_DIM)
    ]
    most = min(most, len(fitting))
    count = 1 if form == "single" else rng.choice(range(2, most + 1), (0.4, 0.3, 0.2, 0.1)[: most - 1])
    weights = [1 if f.name in HALF_AS_OFTEN else 2 for f in fitting]
    return _sample(rng, fitting, weights, count), form


def _sample(rng: PortableRng, options: Sequence[T], weights: Sequence[float], count: int) -> list[T]:
    """``count`` different options, one after the other by their weights."""
    left = dict(enumerate(weights))
    chosen = []
    for _ in range(count):
        number = rng.choice(tuple(left), tuple(left.values()))
        del left[number]
        chosen.append(options[number])
    return chosen


def _draw_bounds(rng: PortableRng, dim: int, z_range: float) -> tuple[Box, tuple[float, float]]:
    """Bounds, and an interval that lies within the bounds of every dimension."""
    half = z_range if rng.chance(0.5) else rng.choice((0.5, 1, 2, 3, 5, 8, 10, 20, 50, 100))
    middle = 0.0 if rng.chance(0.5) else half * rng.choice((-1, -0.6, -0.4, -0.2, 0.2, 0.4, 0.6, 1))
    if not rng.chance(VARIED_BOUNDS_SHARE):
        low, high = significant(middle - half, 3), significant(middle + half, 3)
        return Box(np.full(dim, low), np.full(dim, high)), (low, high)
    arms = (0.5, 0.75, 1, 1.5, 2)
    if dim <= EXPLICIT_SHIFT_DIM:
        sizes = [1] * dim
    else:
        blocks = rng.integer(2, 3)
        cuts = sorted(rng.sample(range(3, dim - 2), blocks - 1))
        sizes = [b - a for a, b in zip([0, *cuts], [*cuts, dim], strict=True)]
    while True:
        lows = [significant(middle - half * rng.choice(arms), 2) for _ in sizes]
        highs = [significant(middle + half * rng.choice(arms), 2) for _ in sizes]
        if len(set(zip(lows, highs, strict=True))) > 1:
            return Box(np.repeat(lows, sizes), np.repeat(highs, sizes)), (max(lows), min(highs))


def _draw_objective(
    rng: PortableRng, functions: list[BasicFunction], form: str, box: Box, core: tuple[float, float]
) -> tuple[Definition, list[np.ndarray], np.ndarray]:
    """The definition without constraints, the points (D,) where components are at their minima, the best of them."""
    dim = box.dim
    partition = _draw_partition(rng, dim, len(functions)) if form == "hybrid" else [None] * len(functions)
    one_shift = form == "composition" and rng.chance(0.35)
    reflected = rng.integer(0, len(functions) - 1) if rng.chance(0.35) else None
    components: list[Definition] = []
    for number, (function, part) in enumerate(zip(functions, partition, strict=True)):
        columns = np.arange(dim) if part is None else np.array(part) - 1
        scale = significant(function.z_range / box.half, 2)
        components.append(
            {
                "function": function.name,
                "coefficient": 1,
                "positions": part,
                "shift": components[0]["shift"]
                if one_shift and components
                else _draw_shift(rng, box, columns, core),
                "scale": 1 if 0.75 <= scale <= 1.3 else scale,
                "reflection": [rng.uniform(0.3, 3, 1), rng.uniform(0, 3, 1)] if number == reflected else None,
            }
        )
    definition = {"form": form, "components": components, "inequalities": [], "equalities": []}
    optima = _optima(components, dim)
    if form == "single":
        return definition, optima, optima[0]
    values = _component_values(
        definition, dim, np.vstack([*optima, rng.points(SPREAD_POINTS, box.lower, box.upper)])
    )
    for component, spread in zip(components, values[len(optima) :].T, strict=True):
        median = float(np.median(np.abs(spread)))
        weight = max(rng.uniform(0, 1, 2), 0.01) if form == "composition" else 1.0
        component["coefficient"] = significant(weight / median, 4) if median > 0 else weight
    totals = composition(
        list(values[: len(optima)].T), [component["coefficient"] for component in components]
    )
    return definition, optima, optima[int(np.argmin(totals))]


def _component_values(definition: Definition, dim: int, points: np.ndarray) -> np.ndarray:
    """Values (N, K) of the K basic functions, without their coefficients."""
    system = build_symbolic_problem(definition, dim)
    outputs = tuple(Name(f"f{number}") for number in range(1, len(definition["components"]) + 1))
    return compile_problem(SymbolicProblem(dim, system.definitions, outputs[0], outputs))(points)[1]


def _optima(components: list[Definition], dim: int) -> list[np.ndarray]:
    """Minimum points (D,) of the components, a single one for a hybrid."""
    shifts = [
        shift_values(c["shift"], dim if c["positions"] is None else len(c["positions"])) for c in components
    ]
    if components[0]["positions"] is None:
        return shifts
    optimum = np.empty(dim)
    for component, values in zip(components, shifts, strict=True):
        optimum[np.array(component["positions"]) - 1] = values
    return [optimum]


def _draw_partition(rng: PortableRng, dim: int, count: int) -> list[list[int]]:
    """The variables 1..dim in ``count`` random parts of at least two."""
    order = rng.shuffled(range(1, dim + 1))
    marks = sorted(rng.integer(0, dim - 2 * count) for _ in range(count - 1))
    cuts = [0, *(mark + 2 * (number + 1) for number, mark in enumerate(marks)), dim]
    return [order[a:b] for a, b in pairwise(cuts)]


def _draw_shift(rng: PortableRng, box: Box, columns: np.ndarray, core: tuple[float, float]) -> Definition:
    """A shift that keeps the optimum inside the box and off its middle."""
    if box.dim <= EXPLICIT_SHIFT_DIM:
        values = []
        for column in columns:
            low, high = float(box.lower[column]), float(box.upper[column])
            offset = rng.uniform(0.25, 0.85) * rng.choice((-1, 1))
            digits = max(0, 3 - math.ceil(math.log10(high - low)))
            values.append(round((low + high) / 2 + offset * (high - low) / 2, digits))
        return {"values": values}
    middle, half = (core[0] + core[1]) / 2, (core[1] - core[0]) / 2
    centre = rng.uniform(0.2, 0.6) * rng.choice((-1, 1))
    swing = rng.uniform(0.1, 0.85 - abs(centre))
    return {
        "formula": [
            significant(middle + centre * half, 2),
            significant(swing * half, 2),
            rng.uniform(0.3, 3, 1),
        ]
    }


def shift_values(shift: Definition, size: int) -> np.ndarray:
    """The numbers o (size,) of a component's shift."""
    if "values" in shift:
        return np.array(shift["values"], dtype=float)
    a, b, c = shift["formula"]
    return a + b * np.sin(c * np.arange(1, size + 1))


def _draw_constraints(
    rng: PortableRng, definition: Definition, box: Box, optimum: np.ndarray, character: str
) -> tuple[float, ...] | None:
    """Add constraints to a definition; returns a point (D,) that satisfies all, None for a rejected draw."""
    dim = box.dim
    shares = rng.points(1, np.full(dim, 0.15), np.full(dim, 0.85))[0]
    digits = max(0, 3 - math.ceil(math.log10(2 * box.half)))
    certified = np.round(box.lower + shares * (box.upper - box.lower), digits)
    points = np.vstack([certified, optimum, rng.points(SPREAD_POINTS, box.lower, box.upper)])
    n_equality = 0
    if rng.chance(RUGGED_EQUALITY_SHARE if character == "rugged" else EQUALITY_SHARE):
        n_equality = 2 if dim >= 4 and rng.chance(0.2) else 1
    n_inequality = (
        rng.choice((0, 1, 2), (0.4, 0.4, 0.2)) if n_equality else rng.choice((1, 2, 3, 4), (4, 3, 2, 1))
    )
    kinds = [name for name in EVERYWHERE_KINDS if not (name == "exponential" and dim > 30)]
    equalities = []
    for name in rng.sample(EQUALITY_KINDS, n_equality):
        if name == "ball" and box.half > 10:  # |h| <= 1e-4 is out of reach for sums of large squares
            name = "sum"
        equalities.append(name)
    unused = [name for name in kinds if name not in equalities]
    # Wavy constraints go with a rugged objective, and smooth ones with the others, mostly.
    weights = [3 if CONSTRAINTS[name].wavy == (character == "rugged") else 1 for name in unused]
    records: list[Definition] = [
        {"kind": name, "bound": 0.0, **CONSTRAINTS[name].draw(rng, box)} for name in equalities
    ]
    for name in _sample(rng, unused, weights, n_inequality):
        records.append({"kind": name, "sense": "<=", "bound": 0.0, **CONSTRAINTS[name].draw(rng, box)})
    quantities = tuple(quantity(record, dim) for record in records)
    values = compile_problem(SymbolicProblem(dim, (), quantities[0], quantities))(points)[1]
    for record, spread in zip(records, values.T, strict=True):
        at_certified, at_optimum = float(spread[0]), float(spread[1])
        if "sense" not in record:
            record["bound"] = round(at_certified, 6)
            definition["equalities"].append(record)
            continue
        gap = at_optimum - at_certified
        if not np.isfinite(spread).all() or abs(gap) < 0.05 * float(np.std(spread)):
            return None
        record["sense"] = "<=" if gap > 0 else ">="
        if rng.chance(0.7):  # the bound lies between the certified point and the optimum, which it cuts off
            slack = 0.0 if rng.chance(0.25) else rng.uniform(0, 0.8)
        else:
            slack = rng.uniform(1.05, 1.5)
        record["bound"] = rounded_bound(at_certified + slack * gap, record["sense"])
        definition["inequalities"].append(record)
    return tuple(certified.tolist())
