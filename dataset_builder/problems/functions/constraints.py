"""The set Omega of constraints (paper, section III-A1), after the CEC 2017 constrained suite.

A constraint compares a quantity q(x) with a bound: q(x) <= b, q(x) >= b or q(x) = b. The synthesis chooses b
from the value of q at a point that it certifies as feasible, so every combination of constraints is
consistent. The suite itself (Wu, Mallipeddi, Suganthan 2017, technical report) is defined for four dimensions
only; these are its types of formula with a few parameters of our own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.symbolic.expression import (
    PI,
    Expr,
    Index,
    Max,
    Prod,
    Reduce,
    Sum,
    Vec,
    absolute,
    cos,
    exp,
    lift,
    log,
    sin,
    sqrt,
)

Parameters = dict[str, Any]

x = Vec("x")
n = x.size
i = Index("i")
j = Index("j")


@dataclass(frozen=True)
class Box:
    """Bounds (D,), which the parameters of constraints are drawn to fit."""

    lower: np.ndarray
    upper: np.ndarray

    @property
    def dim(self) -> int:
        """Number of variables."""
        return len(self.lower)

    @property
    def half(self) -> float:
        """Mean half-width."""
        return float(np.mean(self.upper - self.lower) / 2)

    def centre(self, rng: PortableRng) -> float:
        """A short number around the mean of the middles, within a quarter of the box."""
        middle = float(np.mean(self.upper + self.lower) / 2)
        return significant(middle + self.half * rng.uniform(-0.25, 0.25), 2)


@dataclass(frozen=True)
class ConstraintKind:
    """A member of Omega.

    Attributes:
        quantity: q(x) as a tree in x, from the parameters.
        draw: random parameters that fit a box.
        smooth: continuously differentiable.
        equality: may be used as an equality too.
        wavy: has many local minima, deep enough to stop a local search.
        partial: has no value in parts of the box.
    """

    quantity: Callable[[Parameters], Expr]
    draw: Callable[[PortableRng, Box], Parameters]
    smooth: bool = True
    equality: bool = False
    wavy: bool = False
    partial: bool = False


def significant(value: float, digits: int) -> float:
    """A number rounded to ``digits`` significant digits."""
    return float(f"{value:.{digits - 1}e}")


def total(body: Expr) -> Expr:
    """Sum of body over all variables."""
    return Sum(i, 1, n, body)


def less(e: Expr, value: float) -> Expr:
    """``e - value`` as it is written: ``e`` for 0, ``e + 3`` for -3."""
    if value == 0:
        return e
    return e - value if value > 0 else e + -value


def _two(rng: PortableRng, box: Box) -> tuple[int, int]:
    first, second = rng.sample(range(1, box.dim + 1), 2)
    return first, second


def _draw_sparse(rng: PortableRng, box: Box) -> Parameters:
    count = min(box.dim, rng.integer(2, 3))
    positions = sorted(rng.sample(range(1, box.dim + 1), count))
    return {
        "positions": positions,
        "weights": [rng.integer(1, 9) * rng.choice((-1, 1)) for _ in positions],
    }


def _sparse(p: Parameters) -> Expr:
    result: Expr | None = None
    for position, weight in zip(p["positions"], p["weights"], strict=True):
        term: Expr = x[position] if abs(weight) == 1 else abs(weight) * x[position]
        if result is None:
            result = -term if weight < 0 else term
        else:
            result = result - term if weight < 0 else result + term
    assert result is not None
    return result


def _draw_pair(rng: PortableRng, box: Box) -> Parameters:
    j, k = _two(rng, box)
    return {"j": j, "k": k}


def _draw_centre(rng: PortableRng, box: Box) -> Parameters:
    return {"centre": box.centre(rng)}


def _draw_parabola(rng: PortableRng, box: Box) -> Parameters:
    j, k = _two(rng, box)
    return {"j": j, "k": k, "a": significant(rng.uniform(0.3, 1.5) / box.half, 2)}


def _draw_frequency(rng: PortableRng, box: Box) -> Parameters:
    return {"c": significant(rng.uniform(2, 6) / box.half, 2)}


def _draw_scaled(rng: PortableRng, box: Box) -> Parameters:
    """Few variables, each over its own range: what a box needs whose sides differ by decades."""
    positions = sorted(rng.sample(range(1, box.dim + 1), min(box.dim, rng.integer(2, 4))))
    sides = [float(box.upper[k - 1] - box.lower[k - 1]) for k in positions]
    return {
        "positions": positions,
        "weights": [significant(rng.uniform(0.4, 2) / side, 1) * rng.choice((-1, 1, 1)) for side in sides],
    }


def monomials(terms: Sequence[Any]) -> Expr:
    """sum_k c_k prod_j x_j^(a_kj) from terms ``[c, [[j, a], ...]]``; a negative c is subtracted."""
    result: Expr | None = None
    for coefficient, pairs in terms:
        top, bottom = _powers(pairs, 1), _powers(pairs, -1)
        size = abs(coefficient)
        term: Expr = lift(size) if top is None else top if size == 1 else size * top
        term = term if bottom is None else term / bottom
        if result is None:
            result = -term if coefficient < 0 else term
        else:
            result = result - term if coefficient < 0 else result + term
    assert result is not None
    return result


def _powers(pairs: Sequence[tuple[int, float]], sign: int) -> Expr | None:
    """The product of the powers whose exponent has a sign; None if there are none."""
    result: Expr | None = None
    for position, exponent in pairs:
        if exponent * sign <= 0:
            continue
        power: Expr = x[position] if abs(exponent) == 1 else x[position] ** abs(exponent)
        result = power if result is None else result * power
    return result


def _draw_monomials(rng: PortableRng, box: Box) -> Parameters:
    """One or two monomials, each about 1 in the middle; negative powers only of what stays positive."""
    terms: list[Any] = []
    for _ in range(rng.integer(1, 2)):
        size, pairs = 1.0, []
        for position in sorted(rng.sample(range(1, box.dim + 1), min(box.dim, rng.integer(1, 3)))):
            low, high = float(box.lower[position - 1]), float(box.upper[position - 1])
            exponent = rng.choice((-2, -1, 0.5, 1, 2)) if low > 0 else rng.choice((1, 2))
            pairs.append([position, exponent])
            size *= (math.sqrt(low * high) if low > 0 else (high - low) / 2) ** exponent
        terms.append([significant(rng.uniform(0.4, 2) / size, 2), pairs])
    return {"terms": terms}


def _draw_partial(rng: PortableRng, box: Box) -> Parameters:
    """q has a value where x_j is above, or below, a mark in the outer third of its range."""
    at, k = _two(rng, box)
    low, high = float(box.lower[at - 1]), float(box.upper[at - 1])
    share, sign = rng.uniform(0.03, 0.3), rng.choice((-1, 1))
    mark = low + (share if sign > 0 else 1 - share) * (high - low)
    weight = significant(rng.uniform(0.5, 2) / float(box.upper[k - 1] - box.lower[k - 1]), 1)
    return {"j": at, "k": k, "sign": sign, "mark": significant(mark, 2), "a": weight}


def _above(p: Parameters) -> Expr:
    return less(x[p["j"]], p["mark"]) if p["sign"] > 0 else p["mark"] - x[p["j"]]


def _draw_row(rng: PortableRng, box: Box) -> Parameters:
    return {"row": rng.integer(1, box.dim)}


def _draw_exponent(rng: PortableRng, box: Box) -> Parameters:
    return {"c": significant(rng.uniform(1, 2) / float(np.abs([box.lower, box.upper]).max()), 2)}


CONSTRAINTS: dict[str, ConstraintKind] = {
    "sum": ConstraintKind(lambda p: total(x[i]), lambda d, b: {}, equality=True),
    "weighted_sum": ConstraintKind(
        lambda p: total(cos(p["c"] * i) * x[i]), lambda d, b: {"c": d.uniform(0.5, 3, 1)}, equality=True
    ),
    "linear": ConstraintKind(_sparse, _draw_sparse, equality=True),
    "ball": ConstraintKind(lambda p: total(less(x[i], p["centre"]) ** 2), _draw_centre, equality=True),
    "ellipsoid": ConstraintKind(lambda p: total(i * less(x[i], p["centre"]) ** 2), _draw_centre),
    "parabola": ConstraintKind(lambda p: p["a"] * x[p["j"]] ** 2 - x[p["k"]], _draw_parabola, equality=True),
    "product": ConstraintKind(lambda p: x[p["j"]] * x[p["k"]], _draw_pair, equality=True),
    "ratio": ConstraintKind(lambda p: x[p["j"]] / (1 + x[p["k"]] ** 2), _draw_pair),
    "sine": ConstraintKind(lambda p: total(x[i] * sin(p["c"] * x[i])), _draw_frequency, wavy=True),
    "cosine": ConstraintKind(lambda p: total(cos(p["c"] * x[i])), _draw_frequency, wavy=True),
    "rastrigin": ConstraintKind(
        lambda p: total(x[i] ** 2 - p["a"] * cos(p["c"] * x[i])),
        lambda d, b: {"a": significant(b.half**2 * d.uniform(0.1, 0.4), 2), **_draw_frequency(d, b)},
        wavy=True,
    ),
    "absolute": ConstraintKind(
        lambda p: total(absolute(less(x[i], p["centre"]))), _draw_centre, smooth=False
    ),
    "differences": ConstraintKind(lambda p: Sum(i, 1, n - 1, (x[i + 1] - x[i]) ** 2), lambda d, b: {}),
    "exponential": ConstraintKind(lambda p: total(exp(p["c"] * x[i])), _draw_exponent),
    "cosine_product": ConstraintKind(
        lambda p: total(x[i] ** 2) / p["a"] - Prod(i, 1, n, cos(x[i] / p["c"])),
        lambda d, b: {
            "a": significant(b.dim * b.half**2 * d.uniform(0.5, 1.5), 2),
            "c": significant(b.half * d.uniform(0.2, 0.6), 2),
        },
    ),
    # C08 and C09 of the suite, as inequalities.
    "cumulative": ConstraintKind(lambda p: total(Sum(j, 1, i, x[j]) ** 2), lambda d, b: {}),
    "chain": ConstraintKind(
        lambda p: Sum(i, 1, n - 1, (p["a"] * x[i] ** 2 - x[i + 1]) ** 2),
        lambda d, b: {"a": significant(d.uniform(0.3, 1.5) / b.half, 2)},
    ),
    # As C20 of the suite.
    "cosine_of_sum": ConstraintKind(
        lambda p: cos(p["c"] * total(x[i])),
        lambda d, b: {"c": significant(d.uniform(1.5, 3) / (b.half * math.sqrt(b.dim)), 2)},
        wavy=True,
    ),
    "bilinear": ConstraintKind(lambda p: Sum(i, 1, n - 1, x[i] * x[i + 1]), lambda d, b: {}),
    "monomial": ConstraintKind(lambda p: x[p["j"]] ** 2 * x[p["k"]], _draw_pair),
    "norm": ConstraintKind(lambda p: sqrt(total(less(x[i], p["centre"]) ** 2)), _draw_centre, smooth=False),
    "quartic": ConstraintKind(lambda p: total(less(x[i], p["centre"]) ** 4), _draw_centre),
    "log_sum_exp": ConstraintKind(lambda p: log(total(exp(p["c"] * x[i]))), _draw_exponent),
    # A posynomial of two variables in the form in which geometric programs are convex.
    "posynomial": ConstraintKind(
        lambda p: exp(p["c"] * x[p["j"]]) + p["a"] * exp(-p["c"] * (x[p["j"]] + x[p["k"]])),
        lambda d, b: {**_draw_pair(d, b), **_draw_exponent(d, b), "a": d.uniform(0.2, 2, 1)},
    ),
    "scaled_linear": ConstraintKind(_sparse, _draw_scaled, equality=True),
    "monomials": ConstraintKind(lambda p: monomials(p["terms"]), _draw_monomials),
    # A row of the DCT-IV, and an ellipsoid whose axes are its rows.
    "cosine_row": ConstraintKind(
        lambda p: total(cos(PI * (p["row"] - 0.5) * (i - 0.5) / n) * x[i]), _draw_row, equality=True
    ),
    "rotated_ellipsoid": ConstraintKind(
        lambda p: Sum(j, 1, n, j * total(cos(PI * (i - 0.5) * (j - 0.5) / n) * less(x[i], p["centre"])) ** 2),
        _draw_centre,
    ),
    "ill_scaled": ConstraintKind(
        lambda p: total(lift(10) ** (p["p"] * (i - 1) / (n - 1)) * less(x[i], p["centre"]) ** 2),
        lambda d, b: {**_draw_centre(d, b), "p": d.integer(1, 4)},
    ),
    "largest": ConstraintKind(lambda p: Max(i, 1, n, x[i]), lambda d, b: {}, smooth=False),
    "smallest": ConstraintKind(lambda p: Reduce("min", i, lift(1), n, x[i]), lambda d, b: {}, smooth=False),
    "largest_deviation": ConstraintKind(
        lambda p: Max(i, 1, n, absolute(less(x[i], p["centre"]))), _draw_centre, smooth=False
    ),
    "logarithm": ConstraintKind(lambda p: log(_above(p)) + p["a"] * x[p["k"]], _draw_partial, partial=True),
    "root": ConstraintKind(lambda p: sqrt(_above(p)) - p["a"] * x[p["k"]], _draw_partial, partial=True),
}

EVERYWHERE_KINDS = tuple(name for name, kind in CONSTRAINTS.items() if not kind.partial)
EQUALITY_KINDS = tuple(name for name, kind in CONSTRAINTS.items() if kind.equality)


def quantity(record: Parameters, dim: int) -> Expr:
    """q(x) of a constraint record ``{"kind": ..., parameters}``.

    Raises:
        ProblemError: if the kind is unknown or a position lies outside 1..dim.
    """
    if record["kind"] not in CONSTRAINTS:
        raise ProblemError(
            f"definition: unknown kind of constraint {record['kind']!r}; known: {', '.join(CONSTRAINTS)}"
        )
    used = [*record.get("positions", ()), *(record[p] for p in ("j", "k", "row") if p in record)]
    used += [position for _, pairs in record.get("terms", ()) for position, _ in pairs]
    if any(not 1 <= position <= dim for position in used):
        raise ProblemError(
            f"definition: constraint {record['kind']!r} uses variables {used}, there are 1 to {dim}"
        )
    return CONSTRAINTS[record["kind"]].quantity(record)


def inequality(record: Parameters, dim: int) -> Expr:
    """g(x) of an inequality g(x) <= 0: q(x) - b ("<=") or b - q(x) (">="). Raises as ``quantity``."""
    q = quantity(record, dim)
    return less(q, record["bound"]) if record["sense"] == "<=" else record["bound"] - q


def equality(record: Parameters, dim: int) -> Expr:
    """h(x) of an equality h(x) = 0: q(x) - b. Raises as ``quantity``."""
    return less(quantity(record, dim), record["bound"])


def rounded_bound(value: float, sense: str, digits: int = 4) -> float:
    """A bound of four significant digits (or ``digits``) that a point of quantity ``value`` still satisfies.

    A value that is such a number but for rounding errors stays: else the last bit of a sum would decide.
    """
    if value == 0:
        return 0.0
    step = 10.0 ** (math.floor(math.log10(abs(value))) - digits + 1)
    steps = math.ceil(value / step - 1e-9) if sense == "<=" else math.floor(value / step + 1e-9)
    return float(f"{steps * step:.{digits - 1}e}")
