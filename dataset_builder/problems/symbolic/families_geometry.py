"""Distances, worst cases, packings, arms and systems of equations."""

from __future__ import annotations

import numpy as np

from llamoco.dataset_builder.problems.functions.constraints import significant
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.symbolic.expression import (
    PI,
    Expr,
    Extremum,
    Max,
    Reduce,
    Sum,
    Vec,
    absolute,
    cos,
    exp,
    lift,
    sin,
    sqrt,
)
from llamoco.dataset_builder.problems.symbolic.family import (
    Draft,
    Family,
    Parameters,
    System,
    even_box,
    i,
    inside,
    j,
    log_uniform,
    n,
    total,
    values_at,
    x,
)
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import Data

DREZNER = "Drezner, Hamacher 2002, Facility location, doi:10.1007/978-3-642-56082-8"
MINIMAX = "Luksan, Vlcek 2000, Test problems for nonsmooth optimization, technical report V-798"
PACKING = "Szabo et al. 2007, New approaches to circle packing in a square, doi:10.1007/978-0-387-45676-8"
ROBOT = "Craig 2005, Introduction to robotics, ISBN 978-0201543612"
MORE = "More, Garbow, Hillstrom 1981, doi:10.1145/355934.355936"
ANTENNA = "Balanis 2016, Antenna theory, ISBN 978-1118642061"


# Places (x_1, x_2), (x_3, x_4), ... that serve customers: each goes to the nearest.


def _draw_location(rng: PortableRng, dim: int, constrained: bool) -> Draft:
    side = rng.choice((1.0, 10.0, 100.0))
    count = rng.integer(5, 9) if dim <= 4 else rng.integer(7, 12)
    digits = 2 if side < 100 else 0
    a = [round(rng.uniform(0, side), digits) for _ in range(count)]
    b = [round(rng.uniform(0, side), digits) for _ in range(count)]
    box = even_box(dim, 0.0, side)
    good = [v for k in rng.sample(range(count), dim // 2) for v in (a[k], b[k])]
    weights = [float(rng.integer(1, 9)) for _ in range(count)] if rng.chance(0.5) else []
    return Draft({"a": a, "b": b, "weights": weights, "squared": rng.chance(0.25)}, box, np.array(good))


def _location(p: Parameters, dim: int) -> System:
    a, b, w = Vec("o1"), Vec("o2"), Vec("p1")
    places = dim // 2

    def squared(c: Expr, d: Expr) -> Expr:
        return (c - a[i]) ** 2 + (d - b[i]) ** 2

    apart = squared(x[1], x[2]) if places == 1 else squared(x[2 * j - 1], x[2 * j])
    distance = apart if p["squared"] else sqrt(apart)
    nearest = distance if places == 1 else Reduce("min", j, lift(1), lift(places), distance)
    data = [Data("o1", tuple(p["a"])), Data("o2", tuple(p["b"]))]
    if p["weights"]:
        data.append(Data("p1", tuple(p["weights"])))
        nearest = w[i] * nearest
    return [*data], Sum(i, 1, a.size, nearest)


# The worst of some scenarios, each a quadratic or a distance from a point given by a formula.


def _draw_scenarios(rng: PortableRng, dim: int, constrained: bool) -> Draft:
    half = rng.choice((1.0, 2.0, 5.0, 10.0))
    box = even_box(dim, -half, half)
    parameters = {
        "count": rng.integer(3, 8),
        "form": rng.choice(("quadratic", "linear")),
        "swing": significant(half * rng.uniform(0.3, 0.9), 2),
        "frequency": rng.uniform(0.5, 2.5, 1),
        "slope": rng.uniform(0.1, 1, 1),
    }
    return Draft(parameters, box, inside(rng, box))


def _scenarios(p: Parameters, dim: int) -> System:
    point = p["swing"] * cos(p["frequency"] * i * j)
    if p["form"] == "quadratic":
        body: Expr = Sum(i, 1, n, (x[i] - point) ** 2) + p["slope"] * j
    else:
        body = absolute(Sum(i, 1, n, cos(p["frequency"] * i * j) * x[i]) - p["slope"] * j)
    worst = Max(j, 1, p["count"], body)
    return [], worst if p["form"] == "quadratic" else worst + 0.1 * p["slope"] * total(x[i] ** 2) / dim


# Points of the plane that are spread: the energy of charges, the overlap of discs that hardly fit, a molecule.


def _draw_packing(rng: PortableRng, dim: int, constrained: bool) -> Draft:
    side = rng.choice((1.0, 10.0))
    box = even_box(dim, 0.0, side)
    form = rng.choice(("energy", "overlap", "molecule"))
    distance = significant(side * rng.uniform(0.7, 1.1) / (dim / 2) ** 0.5, 2)
    return Draft({"form": form, "distance": distance}, box, inside(rng, box))


def _packing(p: Parameters, dim: int) -> System:
    places = dim // 2
    apart = (x[2 * i - 1] - x[2 * j - 1]) ** 2 + (x[2 * i] - x[2 * j]) ** 2
    if p["form"] == "energy":
        pair: Expr = 1 / sqrt(apart + 1e-4)
    elif p["form"] == "overlap":
        pair = Extremum("max", lift(0), p["distance"] - sqrt(apart))
    else:  # Morse's potential, which has a value wherever the points are
        pair = (1 - exp(-4 * (sqrt(apart) / p["distance"] - 1))) ** 2
    return [], Sum(i, 1, places - 1, Sum(j, i + 1, places, pair))


# Equations with a known solution: the sum of their squared (or absolute) residuals.


def _draw_equations(rng: PortableRng, dim: int, constrained: bool) -> Draft:
    half = rng.choice((1.0, 2.0, 5.0))
    box = even_box(dim, -half, half)
    truth = inside(rng, box, digits=2)
    form = rng.choice(("quadratic", "cubic", "sine", "broyden"))
    parameters: Parameters = {
        "form": form,
        "a": rng.uniform(0.3, 2, 1),
        "b": rng.uniform(0.3, 2, 1),
        "loss": rng.choice(("squares", "absolute"), (4, 1)),
    }
    quantities = [_left(parameters, k, dim) for k in range(1, dim + 1)]
    parameters["values"] = [significant(v, 4) for v in values_at(quantities, truth).tolist()]
    return Draft(parameters, box, truth)


def _left(p: Parameters, k: int, dim: int) -> Expr:
    """The left side of equation k, written for one k (see ``_equations`` for the formula in i)."""
    return _side(p, x[k], x[k + 1] if k < dim else x[1])


def _side(p: Parameters, own: Expr, other: Expr) -> Expr:
    a, b = p["a"], p["b"]
    if p["form"] == "quadratic":
        return a * own**2 + own * other
    if p["form"] == "cubic":
        return own**3 - a * own + b * other
    if p["form"] == "sine":
        return a * own + sin(b * other)
    return (3 - a * own) * own - b * other


def _equations(p: Parameters, dim: int) -> System:
    d = Vec("d1")

    def loss(residual: Expr) -> Expr:
        return residual**2 if p["loss"] == "squares" else absolute(residual)

    inner = Sum(i, 1, n - 1, loss(_side(p, x[i], x[i + 1]) - d[i]))
    last = loss(_side(p, x[n], x[1]) - d[n])
    return [Data("d1", tuple(p["values"]))], inner + last


# A planar arm: joint angles that bring its end to a place, with little bending.


def _draw_arm(rng: PortableRng, dim: int, constrained: bool) -> Draft:
    reach = dim * rng.uniform(0.3, 0.8)
    angle = rng.uniform(-3, 3)
    box = even_box(dim, -3.14, 3.14)
    parameters = {
        "place": [round(reach * float(np.cos(angle)), 1), round(reach * float(np.sin(angle)), 1)],
        "effort": log_uniform(rng, 1e-3, 0.1, 1) if rng.chance(0.7) else 0.0,
    }
    return Draft(parameters, box, inside(rng, box))


def _arm(p: Parameters, dim: int) -> System:
    a, b = p["place"]
    bend = Sum(j, 1, i, x[j])
    value = (total(cos(bend)) - a) ** 2 + (total(sin(bend)) - b) ** 2
    return [], value + p["effort"] * total(x[i] ** 2) if p["effort"] else value


# Weights of an antenna's elements: the largest side lobe, against the main lobe.


def _draw_antenna(rng: PortableRng, dim: int, constrained: bool) -> Draft:
    box = even_box(dim, 0.0, 1.0)
    parameters = {
        "first": rng.uniform(0.15, 0.4, 2),
        "step": rng.uniform(0.04, 0.1, 2),
        "count": rng.integer(5, 9),
    }
    return Draft(parameters, box, inside(rng, box))


def _antenna(p: Parameters, dim: int) -> System:
    lobe = Sum(i, 1, n, x[i] * cos(PI * (i - 0.5) * (p["first"] + p["step"] * j)))
    main = total(x[i])
    return [], Max(j, 1, p["count"], absolute(lobe)) / (main + 0.01)


GEOMETRY = (
    Family("location", "geometry", DREZNER, range(2, 13, 2), _draw_location, _location, weight=1.5),
    Family("scenarios", "geometry", MINIMAX, range(2, 21), _draw_scenarios, _scenarios, unimodal=True),
    Family("packing", "geometry", PACKING, range(6, 21, 2), _draw_packing, _packing),
    Family("equations", "geometry", MORE, range(2, 13), _draw_equations, _equations, weight=1.5),
    Family("arm", "geometry", ROBOT, range(2, 9), _draw_arm, _arm),
    Family("antenna", "geometry", ANTENNA, range(4, 17), _draw_antenna, _antenna),
)
