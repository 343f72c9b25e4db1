"""Constraints: values by hand, and bounds that a certified point satisfies."""

import math

import numpy as np
import pytest

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.evaluator import compile_problem
from llamoco.dataset_builder.problems.functions.constraints import (
    CONSTRAINTS,
    EQUALITY_KINDS,
    Box,
    Parameters,
    equality,
    inequality,
    quantity,
    rounded_bound,
)
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.symbolic.expression import Expr
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import SymbolicProblem


def value(expression: Expr, x: list[float]) -> float:
    return float(compile_problem(SymbolicProblem(len(x), (), expression))(np.array([x]))[0][0])


X = [1.5, -0.5, 2.0]
BY_HAND: dict[str, tuple[Parameters, float]] = {
    "sum": ({}, 3.0),
    "weighted_sum": ({"c": 2.0}, 1.5 * math.cos(2) - 0.5 * math.cos(4) + 2 * math.cos(6)),
    "linear": ({"positions": [1, 3], "weights": [-2, 1]}, -1.0),
    "ball": ({"centre": -0.5}, 4 + 0 + 6.25),
    "ellipsoid": ({"centre": 1.0}, 0.25 + 2 * 2.25 + 3 * 1.0),
    "parabola": ({"j": 3, "k": 1, "a": 0.5}, 0.5 * 4 - 1.5),
    "product": ({"j": 1, "k": 2}, -0.75),
    "ratio": ({"j": 1, "k": 3}, 1.5 / 5),
    "sine": ({"c": 2.0}, 1.5 * math.sin(3) - 0.5 * math.sin(-1) + 2 * math.sin(4)),
    "cosine": ({"c": 2.0}, math.cos(3) + math.cos(1) + math.cos(4)),
    "rastrigin": ({"a": 10.0, "c": 2.0}, 6.5 - 10 * (math.cos(3) + math.cos(1) + math.cos(4))),
    "absolute": ({"centre": 1.0}, 0.5 + 1.5 + 1.0),
    "differences": ({}, 4.0 + 6.25),
    "exponential": ({"c": 0.5}, math.exp(0.75) + math.exp(-0.25) + math.exp(1)),
    "cosine_product": ({"a": 13.0, "c": 0.5}, 0.5 - math.cos(3) * math.cos(-1) * math.cos(4)),
    "cumulative": ({}, 1.5**2 + 1.0**2 + 3.0**2),
    "chain": ({"a": 2.0}, (4.5 + 0.5) ** 2 + (0.5 - 2) ** 2),
    "cosine_of_sum": ({"c": 0.5}, math.cos(1.5)),
    "bilinear": ({}, -0.75 - 1.0),
    "monomial": ({"j": 3, "k": 2}, 4 * -0.5),
    "norm": ({"centre": 0.5}, math.sqrt(1 + 1 + 2.25)),
    "quartic": ({"centre": 1.0}, 0.0625 + 5.0625 + 1),
    "log_sum_exp": ({"c": 2.0}, math.log(math.exp(3) + math.exp(-1) + math.exp(4))),
    "scaled_linear": ({"positions": [1, 3], "weights": [0.5, -2.0]}, 0.75 - 4.0),
    "monomials": ({"terms": [[2.0, [[1, 2], [3, -0.5]]], [-1, [[2, 1]]]]}, 2 * 2.25 / math.sqrt(2) + 0.5),
    "cosine_row": (
        {"row": 2},
        1.5 * math.cos(math.pi / 4) - 0.5 * math.cos(9 * math.pi / 12) + 2 * math.cos(15 * math.pi / 12),
    ),
    "rotated_ellipsoid": (
        {"centre": 0.0},
        sum(
            (j + 1) * sum(math.cos(math.pi * (i + 0.5) * (j + 0.5) / 3) * X[i] for i in range(3)) ** 2
            for j in range(3)
        ),
    ),
    "ill_scaled": ({"centre": 1.0, "p": 4}, 0.25 + 100 * 2.25 + 10000 * 1.0),
    "largest": ({}, 2.0),
    "smallest": ({}, -0.5),
    "largest_deviation": ({"centre": 1.0}, 1.5),
    "logarithm": ({"j": 1, "k": 3, "sign": 1, "mark": 1.0, "a": 0.5}, math.log(0.5) + 1.0),
    "root": ({"j": 1, "k": 2, "sign": -1, "mark": 3.5, "a": 2.0}, math.sqrt(2.0) + 1.0),
    "posynomial": ({"j": 1, "k": 2, "c": 2.0, "a": 0.5}, math.exp(3) + 0.5 * math.exp(-2)),
}


def test_every_kind_is_computed_by_hand_here() -> None:
    assert set(BY_HAND) == set(CONSTRAINTS)
    assert len(CONSTRAINTS) >= 20 and len(EQUALITY_KINDS) >= 3


@pytest.mark.parametrize("kind", CONSTRAINTS)
def test_quantity_by_hand(kind: str) -> None:
    parameters, expected = BY_HAND[kind]
    record = {"kind": kind, **parameters}
    assert value(quantity(record, 3), X) == pytest.approx(expected)
    assert value(inequality({**record, "sense": "<=", "bound": 0.75}, 3), X) == pytest.approx(expected - 0.75)
    assert value(inequality({**record, "sense": ">=", "bound": -0.75}, 3), X) == pytest.approx(
        -0.75 - expected
    )
    assert value(equality({**record, "bound": -2.0}, 3), X) == pytest.approx(expected + 2.0)


@pytest.mark.parametrize("kind", CONSTRAINTS)
@pytest.mark.parametrize("dim", [2, 9, 50])
def test_drawn_parameters_give_finite_values_that_vary_over_the_box(kind: str, dim: int) -> None:
    for number, (low, high) in enumerate([(-5.0, 5.0), (0.0, 1.0), (-100.0, 50.0)]):
        box = Box(np.full(dim, low), np.full(dim, high))
        kind_of = CONSTRAINTS[kind]
        drawn = kind_of.draw(PortableRng("t", kind, dim, number), box)
        assert drawn == kind_of.draw(PortableRng("t", kind, dim, number), box)
        record = {"kind": kind, **drawn}
        points = np.random.default_rng(number).uniform(low, high, (200, dim))
        values = compile_problem(SymbolicProblem(dim, (), quantity(record, dim)))(points)[0]
        if kind_of.partial:
            assert 0.01 < np.isnan(values).mean() < 0.45
            values = values[np.isfinite(values)]
        assert np.isfinite(values).all()
        assert np.std(values) > 1e-3 * np.abs(values).mean()


@pytest.mark.parametrize("number", [1.23456, -1.23456, 98765.4321, -0.000123456, 0.0, 5.0, 9.9999])
def test_rounded_bounds_stay_on_the_feasible_side(number: float) -> None:
    upper, lower = rounded_bound(number, "<="), rounded_bound(number, ">=")
    assert lower <= number <= upper
    assert upper - lower <= 2.1e-3 * abs(number)
    assert all(len(f"{abs(bound):.10g}".replace(".", "").lstrip("0")) <= 10 for bound in (lower, upper))


def test_unknown_kinds_and_variables_are_refused() -> None:
    with pytest.raises(ProblemError, match="unknown kind of constraint 'cone'"):
        quantity({"kind": "cone"}, 3)
    with pytest.raises(ProblemError, match="there are 1 to 3"):
        quantity({"kind": "product", "j": 1, "k": 4}, 3)
