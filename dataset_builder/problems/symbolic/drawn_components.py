"""Draws of objectives that are put together from basic functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np

from llamoco.dataset_builder.problems.evaluator import compile_problem
from llamoco.dataset_builder.problems.functions.basic_function import BasicFunction
from llamoco.dataset_builder.problems.functions.catalogue import FUNCTIONS
from llamoco.dataset_builder.problems.functions.constraints import Box, significant
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.symbolic.components import shift_values
from llamoco.dataset_builder.problems.symbolic.composition import build_symbolic_problem
from llamoco.dataset_builder.problems.symbolic.drawn_bounds import Bounds, draw_bounds, draw_shift
from llamoco.dataset_builder.problems.symbolic.expression import Name
from llamoco.dataset_builder.problems.symbolic.rotations import DENSE
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import SymbolicProblem

FORM_SHARES = {"single": 0.32, "composition": 0.29, "hybrid": 0.29, "maximum": 0.1}
ROTATED_SHARE = 0.62  # of the problems: at least 60% of those that are not separable
WHOLE_ROTATION_SHARE = 0.6  # of those: every component is rotated, and in the same way
# Kinds of rotations. A reflection is cheap and short; a Givens rotation couples pairs only, as in structured problems.
ROTATIONS = {"dct": 0.24, "dst": 0.2, "hartley": 0.16, "givens": 0.16, "reflection": 0.24}
SCALED_SHARE = 0.3  # of the components that can be
ROUNDED_SHARE = 0.05  # of the problems: variables count in steps inside the formulas
LEVELS = (10, 200)  # of such a variable, log-uniform
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
# Functions that stay finite and of use however far they are stretched, and powers of ten of the stretching: condition
# numbers of 10 to 1e6. Others are squeezed only (negative powers), or in between as BBOB does it (Hansen et al. 2009).
STRETCHED = (
    "sphere",
    "hyper_ellipsoid",
    "schwefel_1_2",
    "least_squares",
    "cauchy",
    "trid",
    "ratios",
    "rosenbrock",
)
POWERS = (0.5, 1, 1.5, 2, 2.5, 3)
OTHER_POWERS = (0.5, 1, 1.5)
RUGGED_POWERS = (0.25, 0.5, 1)
ILL_CONDITIONED = ("ellipsoid", "bent_cigar", "discus")  # as they are

Definition = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True)
class DrawnObjective:
    """A drawn objective.

    Attributes:
        definition: its JSON, without constraints.
        bounds: bounds for it.
        optima: the points (D,) where its components are at their minima.
        optimum: the best of them.
    """

    definition: Definition
    bounds: Bounds
    optima: list[np.ndarray]
    optimum: np.ndarray


def draw_components(rng: PortableRng, character: str, dim: int) -> DrawnObjective | None:
    """An objective whose basic functions share a character, or are "mixed"; None for a draw to be rejected."""
    functions, form = _draw_functions(rng, character, dim)
    bounds = draw_bounds(rng, dim, functions[0].z_range)
    components = _draw_records(rng, functions, form, bounds)
    definition = {"form": form, "components": components, "inequalities": [], "equalities": []}
    optima = component_optima(components, dim)
    if form == "single":
        return DrawnObjective(definition, bounds, optima, optima[0])
    box = bounds.box
    points = np.vstack([*optima, rng.points(SPREAD_POINTS, box.lower, box.upper)])
    values = _component_values(definition, dim, points)
    if not np.isfinite(values).all():
        return None
    for component, spread in zip(components, values[len(optima) :].T, strict=True):
        median = float(np.median(np.abs(spread)))
        weight = 1.0
        if form != "hybrid":  # of the worst of several, none may be so small that it never is the worst
            weight = max(rng.uniform(0 if form == "composition" else 0.4, 1, 2), 0.01)
        component["coefficient"] = significant(weight / median, 4) if median > 0 else weight
    weighted = values[: len(optima)] * np.array([component["coefficient"] for component in components])
    totals = weighted.max(axis=1) if form == "maximum" else weighted.sum(axis=1)
    return DrawnObjective(definition, bounds, optima, optima[int(np.argmin(totals))])


def _draw_functions(rng: PortableRng, character: str, dim: int) -> tuple[list[BasicFunction], str]:
    """K basic functions and how they are put together."""
    form = rng.choice(tuple(FORM_SHARES), tuple(FORM_SHARES.values()))
    most = {"hybrid": min(5, dim // 2), "maximum": 3}.get(form, 5)
    if most < 2:
        form, most = "composition", 5
    fitting = [
        f
        for f in FUNCTIONS.values()
        if character in ("mixed", f.character) and (f.name != "easom" or dim <= EASOM_DIM)
    ]
    most = min(most, len(fitting))
    count = 1 if form == "single" else rng.choice(range(2, most + 1), (0.4, 0.3, 0.2, 0.1)[: most - 1])
    weights = [1 if f.name in HALF_AS_OFTEN else 2 for f in fitting]
    return sample(rng, fitting, weights, count), form


def sample(rng: PortableRng, options: Sequence[T], weights: Sequence[float], count: int) -> list[T]:
    """``count`` different options, one after the other by their weights."""
    left = dict(enumerate(weights))
    chosen = []
    for _ in range(count):
        number = rng.choice(tuple(left), tuple(left.values()))
        del left[number]
        chosen.append(options[number])
    return chosen


def _draw_records(
    rng: PortableRng, functions: list[BasicFunction], form: str, bounds: Bounds
) -> list[Definition]:
    """The records of the components, their coefficients still 1."""
    dim, count = bounds.box.dim, len(functions)
    partition = _draw_partition(rng, dim, count) if form == "hybrid" else [None] * count
    one_shift = form in ("composition", "maximum") and rng.chance(0.35)
    rotations = _draw_rotations(rng, count, dim, form == "hybrid")
    rounding = None
    if rng.chance(ROUNDED_SHARE):
        few, many = LEVELS
        rounding = few * (many / few) ** rng.unit() / 2  # over the half-width of the range
    components: list[Definition] = []
    for number, (function, part) in enumerate(zip(functions, partition, strict=True)):
        columns = np.arange(dim) if part is None else np.array(part) - 1
        record: Definition = {
            "function": function.name,
            "coefficient": 1,
            "positions": part,
            "shift": components[0]["shift"] if one_shift and components else draw_shift(rng, bounds, columns),
            "scale": bounds.scale(function.z_range),
        }
        if bounds.kind == "log":
            record["log"] = True
        units = bounds.units(columns, function.z_range)
        if units is not None:
            record["units"] = units
        scaling = _draw_scaling(rng, function)
        if scaling is not None:
            record["scaling"] = scaling
        record |= rotations[number]
        if rounding is not None:
            record["rounding"] = significant(rounding / function.z_range, 2)
        components.append(record)
    return components


def _draw_rotations(rng: PortableRng, count: int, dim: int, hybrid: bool) -> list[Definition]:
    """The fields "rotation" and "reflection" of the components."""
    none: Definition = {}
    if not rng.chance(ROTATED_SHARE):
        return [none] * count
    kind = rng.choice(tuple(ROTATIONS), tuple(ROTATIONS.values()))
    if kind == "reflection":
        field: Definition = {"reflection": [rng.uniform(0.3, 3, 1), rng.uniform(0, 3, 1)]}
    elif kind == "givens":
        # The pairs of a few variables are turned by more than a little, those of many all by different angles.
        field = {
            "rotation": {
                "kind": kind,
                "rate": rng.uniform(0.4, 1.4, 1) if dim <= 12 else rng.uniform(0.1, 0.9, 1),
            }
        }
    else:
        assert kind in DENSE
        field = {"rotation": {"kind": kind}}
    if rng.chance(WHOLE_ROTATION_SHARE):
        return [field] * count
    chosen = rng.integer(0, count - 1)
    return [field if number == chosen else none for number in range(count)]


def _draw_scaling(rng: PortableRng, function: BasicFunction) -> Definition | None:
    if function.name in ILL_CONDITIONED or not rng.chance(SCALED_SHARE):
        return None
    if function.name in STRETCHED:
        power = rng.choice(POWERS) * rng.choice((1, -1))
    elif function.character == "rugged":
        power = rng.choice(RUGGED_POWERS) * rng.choice((1, -1))
    elif function.character == "stepwise":
        power = rng.choice((0.5, 1))  # squeezed, a step would be as wide as the box
    else:
        power = -rng.choice(OTHER_POWERS)
    return {"power": power, "place": rng.choice(("before", "after"))}


def _draw_partition(rng: PortableRng, dim: int, count: int) -> list[list[int]]:
    """The variables 1..dim in ``count`` random parts of at least two."""
    order = rng.shuffled(range(1, dim + 1))
    marks = sorted(rng.integer(0, dim - 2 * count) for _ in range(count - 1))
    cuts = [0, *(mark + 2 * (number + 1) for number, mark in enumerate(marks)), dim]
    return [order[a:b] for a, b in pairwise(cuts)]


def component_optima(components: list[Definition], dim: int) -> list[np.ndarray]:
    """Minimum points (D,) of the components, a single one for a hybrid."""
    shifts = [
        shift_values(c["shift"], dim if c["positions"] is None else len(c["positions"]), c.get("log", False))
        for c in components
    ]
    if components[0]["positions"] is None:
        return shifts
    optimum = np.empty(dim)
    for component, values in zip(components, shifts, strict=True):
        optimum[np.array(component["positions"]) - 1] = values
    return [optimum]


def _component_values(definition: Definition, dim: int, points: np.ndarray) -> np.ndarray:
    """Values (N, K) of the K basic functions, without their coefficients."""
    system = build_symbolic_problem(definition, dim)
    outputs = tuple(Name(f"f{number}") for number in range(1, len(definition["components"]) + 1))
    return compile_problem(SymbolicProblem(dim, system.definitions, outputs[0], outputs))(points)[1]


def draw_typical(definition: Definition, box: Box, rng: PortableRng) -> float:
    """The typical size of an objective: the median of its absolute values, over random points that have one; nan if hardly any has."""
    values = compile_problem(build_symbolic_problem(definition, box.dim))(
        rng.points(SPREAD_POINTS, box.lower, box.upper)
    )[0]
    finite = np.abs(values[np.isfinite(values)])
    return float(np.median(finite)) if len(finite) >= SPREAD_POINTS // 4 else float("nan")
