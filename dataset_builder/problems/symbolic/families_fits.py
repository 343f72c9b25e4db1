"""Fits of a model to data: least squares, least absolute residuals, or the largest residual.

The data are a model at a drawn truth, with errors, rounded to three or four digits; formulas stand for x = parameters of the model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from llamoco.dataset_builder.problems.functions.constraints import Box, significant
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.symbolic.expression import (
    Expr,
    Max,
    Sum,
    Vec,
    absolute,
    cos,
    exp,
    lift,
    log,
    sin,
    tanh,
)
from llamoco.dataset_builder.problems.symbolic.family import (
    Draft,
    Family,
    Parameters,
    System,
    bell,
    i,
    inside,
    j,
    values_at,
    x,
)
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import Data

BATES_WATTS = "Bates, Watts 1988, Nonlinear regression analysis, doi:10.1002/9780470316757"
NIST = "NIST/ITL statistical reference datasets, nonlinear regression, doi:10.18434/T43G6C"
SEBER = "Seber, Wild 1989, Nonlinear regression, doi:10.1002/0471725315"
BISHOP = "Bishop 1995, Neural networks for pattern recognition, ISBN 978-0198538646"
LOSSES = ("squares", "absolute", "largest")
LOSS_WEIGHTS = (0.75, 0.14, 0.11)

Limits = tuple[float, float, bool]  # lower, upper, whether the truth is drawn on a logarithmic scale


@dataclass(frozen=True)
class Model:
    """A model m(x, t).

    Attributes:
        formula: m from the number of parameters and t.
        limits: bounds of the parameters, from their number, for t in units of 1 and data in units of 1.
        span: t runs from the first to the second.
        logarithmic: t is spaced evenly on a logarithmic scale.
    """

    formula: Callable[[int, Expr], Expr]
    limits: Callable[[int], list[Limits]]
    span: tuple[float, float]
    logarithmic: bool = False


def _summed(count: int, per: int, body: Callable[[list[Expr]], Expr]) -> Expr:
    """The sum over blocks of ``per`` parameters each; one or two blocks are written out."""
    blocks = count // per
    if blocks <= 2:
        terms = [body([x[per * b + k + 1] for k in range(per)]) for b in range(blocks)]
        return terms[0] if blocks == 1 else terms[0] + terms[1]
    return Sum(
        j, 1, blocks, body([x[per * j - (per - k - 1)] if k < per - 1 else x[per * j] for k in range(per)])
    )


def _exponentials(count: int, t: Expr) -> Expr:
    return _summed(count, 2, lambda p: p[0] * exp(-p[1] * t))


def _damped(count: int, t: Expr) -> Expr:
    wave = x[1] * exp(-x[2] * t) * cos(x[3] * t + x[4])
    return wave if count == 4 else wave + x[5]


def _logistic(count: int, t: Expr) -> Expr:
    curve = x[1] / (1 + exp(-x[2] * (t - x[3])))
    return curve if count == 3 else curve + x[4]


def _hill(count: int, t: Expr) -> Expr:
    if count == 2:
        return x[1] * t / (x[2] + t)
    curve = x[1] * t ** x[3] / (x[2] ** x[3] + t ** x[3])
    return curve if count == 3 else curve + x[4]


def _peaks(count: int, t: Expr) -> Expr:
    return _summed(count, 3, lambda p: p[0] * exp(-(((t - p[1]) / p[2]) ** 2)))


def _rational(count: int, t: Expr) -> Expr:
    if count == 3:
        return (x[1] + x[2] * t) / (1 + x[3] * t)
    return (x[1] + x[2] * t + x[3] * t**2) / (1 + x[4] * t + x[5] * t**2)


def _power(count: int, t: Expr) -> Expr:
    return x[1] * t ** x[2] if count == 2 else x[1] * t ** x[2] + x[3]


def _waves(count: int, t: Expr) -> Expr:
    return _summed(count, 2, lambda p: p[0] * sin(p[1] * t))


def _network(count: int, t: Expr) -> Expr:
    return _summed(count, 3, lambda p: p[0] * tanh(p[1] * t + p[2]))


def _gompertz(count: int, t: Expr) -> Expr:
    return x[1] * exp(-x[2] * exp(-x[3] * t))


def _antoine(count: int, t: Expr) -> Expr:
    return x[1] - x[2] / (t + x[3])


def _saturating(count: int, t: Expr) -> Expr:
    return x[1] + x[2] * log(t + x[3])


def _blocks(*limits: Limits) -> Callable[[int], list[Limits]]:
    return lambda count: list(limits) * (count // len(limits))


def _first(*limits: Limits) -> Callable[[int], list[Limits]]:
    return lambda count: list(limits[:count])


_AMPLITUDE: Limits = (0.0, 10.0, False)

MODELS: dict[str, tuple[Model, tuple[int, ...], str]] = {
    "exponentials": (
        Model(_exponentials, _blocks(_AMPLITUDE, (0.01, 10.0, True)), (0, 4)),
        (2, 4, 6, 8),
        NIST,
    ),
    "damped_oscillation": (
        Model(
            _damped,
            _first(_AMPLITUDE, (0.0, 2.0, False), (0.5, 12.0, False), (-3.0, 3.0, False), (-5.0, 5.0, False)),
            (0, 4),
        ),
        (4, 5),
        BATES_WATTS,
    ),
    "logistic_growth": (
        Model(
            _logistic,
            _first((0.1, 20.0, True), (0.1, 10.0, True), (0.0, 4.0, False), (-2.0, 2.0, False)),
            (0, 4),
        ),
        (3, 4),
        NIST,
    ),
    "gompertz_growth": (
        Model(_gompertz, _first((0.1, 20.0, True), (0.1, 100.0, True), (0.05, 10.0, True)), (0, 4)),
        (3,),
        SEBER,
    ),
    "hill": (
        Model(
            _hill,
            _first((0.1, 20.0, True), (0.01, 10.0, True), (0.5, 5.0, False), (0.0, 2.0, False)),
            (0.02, 8),
            True,
        ),
        (2, 3, 4),
        BATES_WATTS,
    ),
    "gaussian_peaks": (
        Model(_peaks, _blocks(_AMPLITUDE, (0.0, 4.0, False), (0.1, 2.0, True)), (0, 4)),
        (3, 6, 9, 12),
        NIST,
    ),
    "rational": (
        Model(
            _rational,
            lambda c: [(-10.0, 10.0, False)] * (c // 2 + 1) + [(0.0, 5.0, False)] * (c // 2),
            (0, 4),
        ),
        (3, 5),
        NIST,
    ),
    "power_law": (
        Model(_power, _first((0.01, 100.0, True), (-2.0, 3.0, False), (-5.0, 5.0, False)), (0.2, 4), True),
        (2, 3),
        NIST,
    ),
    "waves": (Model(_waves, _blocks((-5.0, 5.0, False), (0.1, 8.0, False)), (0, 4)), (2, 4, 6, 8), SEBER),
    "network": (
        Model(_network, _blocks((-5.0, 5.0, False), (-5.0, 5.0, False), (-10.0, 10.0, False)), (-2, 2)),
        (6, 9, 12, 15, 18, 24, 30),
        BISHOP,
    ),
    "vapour_pressure": (
        Model(_antoine, _first((1.0, 100.0, True), (1.0, 1000.0, True), (0.5, 50.0, True)), (0, 10)),
        (3,),
        SEBER,
    ),
    "logarithmic_response": (
        Model(_saturating, _first((-10.0, 10.0, False), (0.1, 10.0, True), (0.01, 5.0, True)), (0, 10)),
        (3,),
        SEBER,
    ),
}


def _draw(name: str) -> Callable[[PortableRng, int, bool], Draft]:
    model = MODELS[name][0]

    def draw(rng: PortableRng, dim: int, constrained: bool) -> Draft:
        limits = model.limits(dim)
        box = Box(np.array([low for low, _, _ in limits]), np.array([high for _, high, _ in limits]))
        truth = inside(rng, box, [logarithmic for _, _, logarithmic in limits])
        count = min(max(rng.integer(6, 16), dim + 2), 20)
        first, last = model.span
        steps = np.arange(count) / (count - 1)
        if model.logarithmic:
            times = [significant(first * (last / first) ** s, 2) for s in steps.tolist()]
        else:
            times = [round(first + (last - first) * s, 2) for s in steps.tolist()]
        exact = values_at([model.formula(dim, lift(t)) for t in times], truth)
        error = rng.choice((0.0, 0.005, 0.02, 0.06)) * float(np.std(exact))
        digits = 3 if count > 12 else rng.integer(3, 4)
        data = [significant(value + error * bell(rng), digits) for value in exact.tolist()]
        loss = rng.choice(LOSSES, LOSS_WEIGHTS)
        return Draft({"t": times, "y": data, "loss": loss, "mean": rng.chance(0.2)}, box, truth)

    return draw


def _system(name: str) -> Callable[[Parameters, int], System]:
    model = MODELS[name][0]

    def system(parameters: Parameters, dim: int) -> System:
        times, data = Data("t1", tuple(parameters["t"])), Data("d1", tuple(parameters["y"]))
        t, d = Vec("t1"), Vec("d1")
        residual = d[i] - model.formula(dim, t[i])
        if parameters["loss"] == "largest":
            return [times, data], Max(i, 1, t.size, absolute(residual))
        body = residual**2 if parameters["loss"] == "squares" else absolute(residual)
        value: Expr = Sum(i, 1, t.size, body)
        return [times, data], value / t.size if parameters["mean"] else value

    return system


FITS = tuple(
    Family(name, "fit", reference, dims, _draw(name), _system(name))
    for name, (_, dims, reference) in MODELS.items()
)
