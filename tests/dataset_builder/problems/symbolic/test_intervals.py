"""Interval arithmetic encloses what formulas take: against values at many points, and by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from llamoco.dataset_builder.problems.evaluator import numpy_evaluator
from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.problems.symbolic.expression import (
    FUNCTIONS,
    Call,
    Extremum,
    Item,
    Max,
    Num,
    Vec,
    lift,
)
from llamoco.dataset_builder.problems.symbolic.expression import Index as I
from llamoco.dataset_builder.problems.symbolic.intervals import EVERYTHING, Interval, constraint_ranges
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import SymbolicProblem
from llamoco.dataset_builder.problems.symbolic.synthesis import draw_problem

BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "sum": lambda a, b: a + b,
    "difference": lambda a, b: a - b,
    "product": lambda a, b: a * b,
    "quotient": lambda a, b: a / b,
    "power": lambda a, b: a**b,
}


@pytest.mark.parametrize("name", BINARY)
def test_every_value_of_an_operation_is_enclosed(name: str) -> None:
    random = np.random.default_rng(1)
    for _ in range(300):
        (a, b), (c, d) = np.sort(random.normal(size=(2, 2)) * 3).tolist()
        if name == "power":
            c = d = float(random.integers(-3, 5))
        found = BINARY[name](Interval(a, b), Interval(c, d))
        x, y = random.uniform(a, b, 200), random.uniform(c, d, 200) if c < d else np.full(200, c)
        with np.errstate(all="ignore"):
            values = BINARY[name](np.append(x, [a, b, a, b]), np.append(y, [c, d, d, c]))
        assert found.low <= values.min() and values.max() <= found.high


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_value_of_a_function_is_enclosed_and_simple_ones_are_tight(function: str) -> None:
    x, random = Vec("x"), np.random.default_rng(2)
    system = SymbolicProblem(1, (), Num(0.0), (Call(function, x[1]),), ())
    evaluate = numpy_evaluator(system)
    for scale in (0.1, 1.0, 10.0):
        for _ in range(60):
            low, high = np.sort(random.normal(size=2) * scale).tolist()
            [(least, most)] = constraint_ranges(system, [low], [high])
            values = evaluate(np.linspace(low, high, 2001)[:, None])[1]
            values = values[np.isfinite(values)]
            assert (least <= values).all() and (values <= most).all()
            if function in ("sin", "cos", "abs", "exp", "cosh", "arctan", "floor") and len(values):
                width = max(abs(least), abs(most))
                assert values.min() - least <= 1e-3 * width and most - values.max() <= 1e-3 * width


def test_extremes_and_overflows_by_hand() -> None:
    x = Vec("x")
    i = I("i")
    system = SymbolicProblem(
        3,
        (),
        Num(0.0),
        (
            Extremum("max", x[1], lift(-1.0)),
            Extremum("min", x[1], x[2]),
            Max(i, 1, 3, Item("x", i)),
            x[3] ** 400,
            lift(1.0) / x[2],
            (-x[3]) ** 401,
        ),
        (),
    )
    ranges = constraint_ranges(system, [-3.0, -2.0, 10.0], [-2.0, 1.0, 1e3])
    assert ranges[:3] == [(-1.0, -1.0), (-3.0, -2.0), (10.0, 1e3)]
    assert ranges[3][0] > 1e300 and ranges[3][1] == math.inf
    assert ranges[4] == (-math.inf, math.inf) == (EVERYTHING.low, EVERYTHING.high)
    assert ranges[5][0] == -math.inf and ranges[5][1] < -1e300


def test_drawn_constraints_stay_within_their_ranges() -> None:
    informative = 0
    for number in range(25):
        problem = draw_problem(7, number, constrained=True)
        system = problem.system
        ranges = np.array(constraint_ranges(system, problem.lower, problem.upper))
        width = problem.upper_array - problem.lower_array
        points = problem.lower_array + np.random.default_rng(number).random((400, problem.dim)) * width
        _, g, h = numpy_evaluator(system)(points)
        values = np.hstack([g, h])
        there = np.isfinite(values)  # others have no value
        assert ((values >= ranges[:, 0]) | ~there).all() and ((values <= ranges[:, 1]) | ~there).all()
        # A feasible point is certified, so no range excludes one.
        inequalities = problem.n_inequality
        assert (ranges[:inequalities, 0] <= 1e-6).all() and (ranges[inequalities:, 0] <= 1e-4).all()
        informative += int(np.isfinite(ranges).all(axis=1).sum())
    assert informative >= 25


def test_a_latex_problem_has_its_formulas_in_the_evaluator(tmp_path: Path) -> None:
    path = tmp_path / "p.tex"
    path.write_text(
        "$\\min_x x_1^2$ s.t. $x_1^2 + 3 \\cos x_2 \\le 2$, $x \\in [1, 2]^2$. Budget: 60 evaluations.\n"
    )
    symbolic = load_problem(path).active_evaluator.symbolic
    assert symbolic is not None and symbolic[1:] == ((1.0, 1.0), (2.0, 2.0))
    [(low, high)] = constraint_ranges(*symbolic)
    assert low == pytest.approx(1 + 3 * math.cos(2) - 2) and high == pytest.approx(4 + 3 * math.cos(1) - 2)
