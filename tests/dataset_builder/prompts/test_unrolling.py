"""A system written out is the same problem, without vectors and sums."""

import numpy as np
import pytest

from llamoco.dataset_builder.problems.evaluator import compile_problem
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.symbolic.expression import Index, Num, Reduce, Sub, Sum, Vec, walk
from llamoco.dataset_builder.problems.symbolic.index_expressions import evaluate_index
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import Data, Scalar, SymbolicProblem
from llamoco.dataset_builder.problems.symbolic.synthesis import draw_problem
from llamoco.dataset_builder.prompts.unrolling import unroll

SMALL = [p for n in range(60) if (p := draw_problem(9, n, n % 2 == 0)).dim <= 6]


@pytest.mark.parametrize("problem", SMALL, ids=lambda p: p.id)
def test_values_stay_and_sums_go(problem: Problem) -> None:
    system = unroll(problem.system, 6)
    assert all(isinstance(d, Scalar | Data) for d in system.definitions)
    trees = [d.value for d in system.definitions if isinstance(d, Scalar)]
    trees += [system.objective, *system.inequalities, *system.equalities]
    sums = [e for tree in trees for e in walk(tree) if isinstance(e, Reduce)]
    short = [e for e in sums if evaluate_index(Sub(e.high, e.low), {}) < 5]
    assert not short
    points = problem.to_original(
        np.random.default_rng(2).uniform(problem.lower, problem.upper, (6, problem.dim))
    )
    for got, truth in zip(compile_problem(system)(points), problem.evaluate(points), strict=True):
        np.testing.assert_allclose(got, truth, rtol=1e-9, atol=1e-9)


def test_arithmetic_of_numbers_is_done() -> None:
    i, x = Index("i"), Vec("x")
    body = Sum(i, 1, 3, Num(10) ** (2 * (i - 1)) * x[i])
    assert unroll(SymbolicProblem(3, (), body), 3).objective == x[1] + 100 * x[2] + 10000 * x[3]


def test_too_many_variables_are_refused() -> None:
    i, x = Index("i"), Vec("x")
    with pytest.raises(ValueError, match="7 variables"):
        unroll(SymbolicProblem(7, (), Sum(i, 1, 7, x[i])), 6)
