"""Designs: posynomials over positive ranges of decades, machine elements with drawn coefficients, portfolios, blending."""

from __future__ import annotations

import numpy as np

from llamoco.dataset_builder.problems.functions.constraints import Box, monomials, significant
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.symbolic.expression import Expr, Sum, Vec, cos, sqrt
from llamoco.dataset_builder.problems.symbolic.family import (
    Draft,
    Family,
    Parameters,
    System,
    i,
    inside,
    j,
    log_uniform,
    total,
    x,
)
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import Data

BOYD = "Boyd, Kim, Vandenberghe, Hassibi 2007, A tutorial on geometric programming, doi:10.1007/s11081-007-9001-7"
ARORA = "Arora 2016, Introduction to optimum design, doi:10.1016/C2013-0-15344-5"
VANDERPLAATS = (
    "Thanedar, Vanderplaats 1995, stepped cantilever beam, doi:10.1061/(ASCE)0733-9445(1995)121:2(301)"
)
MARKOWITZ = "Markowitz 1952, Portfolio selection, doi:10.2307/2975974"
HAVERLY = "Haverly 1978, pooling by recursion, doi:10.1145/1111237.1111238"

Term = list[object]  # [coefficient, [[variable, exponent], ...]], as in constraints.monomials
EXPONENTS = (-2, -1, -1, -0.5, 0.5, 1, 1, 1, 2, 3)


def _decades(rng: PortableRng, dim: int) -> Box:
    """Positive ranges of a half to four decades each."""
    low = [log_uniform(rng, 0.01, 10, 1) for _ in range(dim)]
    high = [significant(v * 10 ** rng.uniform(0.5, 4), 1) for v in low]
    return Box(np.array(low), np.array(high))


def _middle(rng: PortableRng, box: Box) -> np.ndarray:
    return inside(rng, box, [True] * box.dim)


def _term(rng: PortableRng, point: np.ndarray, exponents: dict[int, float], share: float) -> Term:
    """A monomial that is about ``share`` at a point (D,)."""
    size = float(np.prod([point[k - 1] ** e for k, e in exponents.items()]))
    return [significant(share / size, 2), [[k, e] for k, e in exponents.items()]]


def _draw_exponents(rng: PortableRng, variables: list[int]) -> dict[int, float]:
    return {k: rng.choice(EXPONENTS) for k in variables}


def _draw_posynomial(rng: PortableRng, dim: int, constrained: bool) -> Draft:
    box = _decades(rng, dim)
    point = _middle(rng, box)
    size = log_uniform(rng, 1, 1e4, 1)
    terms: list[Term] = []
    order = rng.shuffled(range(1, dim + 1))
    for start in range(0, dim, 2):  # every variable occurs
        picked = sorted({*order[start : start + 2], order[rng.integer(0, dim - 1)]})
        terms.append(_term(rng, point, _draw_exponents(rng, picked), size * rng.uniform(0.3, 1)))
    if not constrained:  # each variable also the other way, or the best point is a corner
        for k in order:
            powers = [e for _, pairs in terms for v, e in pairs if v == k]  # type: ignore[attr-defined]
            if all(e > 0 for e in powers) or all(e < 0 for e in powers):
                terms.append(
                    _term(rng, point, {k: -1.0 if powers[0] > 0 else 1.0}, size * rng.uniform(0.2, 1))
                )
    records: list[Parameters] = []
    if constrained:
        for _ in range(rng.integer(1, min(6, dim + 1))):
            count = rng.integer(1, 3)
            parts = [
                _term(
                    rng,
                    point,
                    {
                        k: -e
                        for k, e in _draw_exponents(
                            rng, sorted(rng.sample(order, min(dim, rng.integer(1, 3))))
                        ).items()
                    },
                    rng.uniform(0.3, 1),
                )
                for _ in range(count)
            ]
            records.append({"kind": "monomials", "terms": parts, "sense": "<="})
    return Draft({"terms": terms}, box, point, records)


def _posynomial(p: Parameters, dim: int) -> System:
    return [], monomials(p["terms"])


# A stepped cantilever: widths and heights of its parts; volume against bending stresses, deflection and slenderness.


def _draw_beam(rng: PortableRng, dim: int, constrained: bool) -> Draft:
    parts = dim // 2
    box = Box(np.array([1.0, 20.0] * parts), np.array([10.0, 100.0] * parts))
    point = np.array([v for k in range(parts) for v in (rng.uniform(3, 5, 1), rng.uniform(45, 70, 1))])
    length = float(rng.integer(40, 120))
    load = float(rng.integer(10, 80) * 1000)
    volume: list[Term] = [[length, [[2 * k + 1, 1], [2 * k + 2, 1]]] for k in range(parts)]
    records: list[Parameters] = []
    bend: list[Term] = []
    for k in range(parts):
        arm = length * (parts - k)
        records.append(
            {
                "kind": "monomials",
                "terms": [[significant(6 * load * arm, 3), [[2 * k + 1, -1], [2 * k + 2, -2]]]],
                "sense": "<=",
            }
        )
        lever = ((parts - k) ** 3 - (parts - k - 1) ** 3) * length**3
        bend.append([significant(4 * load * lever / 2e7, 3), [[2 * k + 1, -1], [2 * k + 2, -3]]])
    records.append({"kind": "monomials", "terms": bend, "sense": "<="})
    records += [
        {
            "kind": "linear",
            "positions": [2 * k + 1, 2 * k + 2],
            "weights": [-20, 1],
            "sense": "<=",
            "bound": 0.0,
        }
        for k in range(parts)
    ]
    return Draft({"terms": volume}, box, point, records)


# A vessel and a spring: cost and weight with drawn coefficients.


def _draw_vessel(rng: PortableRng, dim: int, constrained: bool) -> Draft:
    box = Box(np.array([0.1, 0.1, 10.0, 10.0]), np.array([5.0, 5.0, 200.0, 240.0]))
    radius, length = rng.uniform(35, 90, 1), rng.uniform(40, 180, 1)
    shell, head = rng.uniform(0.015, 0.03, 4), rng.uniform(0.006, 0.015, 4)
    point = np.array([round(shell * radius * 1.2, 2), round(head * radius * 1.2, 2), radius, length])
    costs: list[Term] = [
        [rng.uniform(0.3, 1, 4), [[1, 1], [3, 1], [4, 1]]],
        [rng.uniform(1, 3, 4), [[2, 1], [3, 2]]],
        [rng.uniform(2, 5, 4), [[1, 2], [4, 1]]],
        [rng.uniform(10, 25, 2), [[1, 2], [3, 1]]],
    ]
    records: list[Parameters] = [
        {"kind": "monomials", "terms": [[shell, [[3, 1]]], [-1, [[1, 1]]]], "sense": "<=", "bound": 0.0},
        {"kind": "monomials", "terms": [[head, [[3, 1]]], [-1, [[2, 1]]]], "sense": "<=", "bound": 0.0},
        {"kind": "monomials", "terms": [[3.1416, [[3, 2], [4, 1]]], [4.1888, [[3, 3]]]], "sense": ">="},
    ]
    return Draft({"terms": costs}, box, point, records)


def _draw_spring(rng: PortableRng, dim: int, constrained: bool) -> Draft:
    box = Box(np.array([0.05, 0.25, 2.0]), np.array([2.0, 1.3, 15.0]) * rng.choice((1, 1, 2)))
    point = np.array([rng.uniform(0.07, 0.2, 3), rng.uniform(0.4, 1.1, 2), rng.uniform(4, 12, 1)])
    weight: list[Term] = [[1, [[1, 2], [2, 1], [3, 1]]], [rng.integer(1, 3), [[1, 2], [2, 1]]]]
    records: list[Parameters] = [
        {"kind": "monomials", "terms": [_term(rng, point, {2: 3.0, 3: 1.0, 1: -4.0}, 1.0)], "sense": ">="},
        {
            "kind": "monomials",
            "terms": [_term(rng, point, {2: 1.0, 1: -3.0}, 0.7), _term(rng, point, {1: -2.0}, 0.3)],
            "sense": "<=",
        },
        {"kind": "monomials", "terms": [_term(rng, point, {1: 1.0, 2: -2.0, 3: -1.0}, 1.0)], "sense": ">="},
        {"kind": "linear", "positions": [1, 2], "weights": [1, 1], "sense": "<="},
    ]
    return Draft({"terms": weight}, box, point, records)


# A truss: areas of bars; weight against displacements and stresses, each a sum of c / area.


def _draw_truss(rng: PortableRng, dim: int, constrained: bool) -> Draft:
    box = Box(np.full(dim, 0.1), np.full(dim, float(rng.choice((5, 10, 40)))))
    point = _middle(rng, box)
    lengths = [float(rng.integer(20, 400)) for _ in range(dim)]
    weight: list[Term] = [[length, [[k, 1]]] for k, length in enumerate(lengths, 1)]
    records: list[Parameters] = []
    for _ in range(rng.integer(1, 3)):
        bars = sorted(rng.sample(range(1, dim + 1), min(dim, rng.integer(2, 5))))
        records.append(
            {
                "kind": "monomials",
                "terms": [_term(rng, point, {k: -1.0}, rng.uniform(0.2, 1)) for k in bars],
                "sense": "<=",
            }
        )
    return Draft({"terms": weight}, box, point, records)


# Shares x of assets: risk by factors and by asset, return; shares sum to one, or are divided by their sum.


def _draw_portfolio(rng: PortableRng, dim: int, constrained: bool) -> Draft:
    box = Box(np.zeros(dim), np.full(dim, 1.0))
    parts = [rng.unit() + 0.05 for _ in range(dim)]
    shares = [round(part / sum(parts), 3) for part in parts]
    shares[0] = round(shares[0] + 1 - sum(shares), 3)
    parameters = {
        "returns": [rng.uniform(0.01, 0.2, 3) for _ in range(dim)],
        "factors": rng.integer(1, 4),
        "frequency": rng.uniform(0.5, 2.5, 1),
        "own": rng.uniform(0.02, 0.3, 2),
        "form": "shares" if constrained else "ratio",
        "price": rng.uniform(0.5, 4, 1),
    }
    records: list[Parameters] = []
    if constrained and rng.chance(0.5):
        few = sorted(rng.sample(range(1, dim + 1), min(dim, 3)))
        records.append({"kind": "linear", "positions": few, "weights": [1] * len(few), "sense": "<="})
    equalities: list[Parameters] = [{"kind": "sum"}] if constrained else []
    return Draft(parameters, box, np.array(shares), records, equalities)


def _portfolio(p: Parameters, dim: int) -> System:
    d = Vec("d1")
    exposure = Sum(j, 1, dim, cos(p["frequency"] * i * j) * x[j])
    risk: Expr = Sum(i, 1, p["factors"], exposure**2) + p["own"] * total(x[i] ** 2)
    gain = total(d[i] * x[i])
    data = Data("d1", tuple(p["returns"]))
    if p["form"] == "ratio":
        return [data], -(gain / sqrt(risk + 1e-4))
    return [data], p["price"] * risk - gain


# Blending: flows of sources into two products by a pool, bilinear in flows and the pool's quality x_1.


def _draw_blending(rng: PortableRng, dim: int, constrained: bool) -> Draft:
    flows = range(2, dim + 1)
    sources = list(flows)[: (dim - 1) // 2]
    products = [k for k in flows if k not in sources]
    box = Box(
        np.array([0.5, *[0.0] * (dim - 1)]),
        np.array([4.0, *[float(rng.choice((100, 200, 300)))] * (dim - 1)]),
    )
    qualities = [rng.uniform(0.5, 4, 1) for _ in sources]
    amounts = [float(rng.integer(10, 80)) for _ in sources]
    mixed = sum(q * a for q, a in zip(qualities, amounts, strict=True)) / sum(amounts)
    out = [sum(amounts) / len(products)] * len(products)
    point = np.array([mixed, *amounts, *out])
    costs: list[Term] = [[rng.integer(3, 16), [[k, 1]]] for k in sources]
    costs += [[-rng.integer(6, 20), [[k, 1]]] for k in products]
    equalities: list[Parameters] = [
        {
            "kind": "linear",
            "positions": [*sources, *products],
            "weights": [*[1] * len(sources), *[-1] * len(products)],
        },
        {
            "kind": "monomials",
            "terms": [
                *[[q, [[k, 1]]] for q, k in zip(qualities, sources, strict=True)],
                *[[-1, [[1, 1], [k, 1]]] for k in products],
            ],
        },
    ]
    records: list[Parameters] = [
        {
            "kind": "monomials",
            "terms": [[1, [[1, 1], [k, 1]]], [-round(mixed + rng.uniform(0.05, 0.6), 1), [[k, 1]]]],
            "sense": "<=",
            "bound": 0.0,
        }
        for k in products[:2]
    ]
    return Draft({"terms": costs}, box, point, records, equalities)


DESIGNS = (
    Family(
        "posynomial",
        "design",
        BOYD,
        range(2, 13),
        _draw_posynomial,
        _posynomial,
        unimodal=True,
        constrained=True,
        weight=3,
    ),
    Family(
        "beam",
        "design",
        VANDERPLAATS,
        range(4, 13, 2),
        _draw_beam,
        _posynomial,
        unimodal=True,
        constrained=True,
        free=False,
    ),
    Family("vessel", "design", ARORA, (4,), _draw_vessel, _posynomial, constrained=True, free=False),
    Family("spring", "design", ARORA, (3,), _draw_spring, _posynomial, constrained=True, free=False),
    Family(
        "truss",
        "design",
        ARORA,
        range(2, 16),
        _draw_truss,
        _posynomial,
        unimodal=True,
        constrained=True,
        free=False,
    ),
    Family(
        "portfolio",
        "design",
        MARKOWITZ,
        range(3, 31),
        _draw_portfolio,
        _portfolio,
        unimodal=True,
        constrained=True,
    ),
    Family(
        "blending", "design", HAVERLY, range(5, 12), _draw_blending, _posynomial, constrained=True, free=False
    ),
)
