"""The oracle counts, caps, caches the last request, and never lets a bad point become the best."""

import dataclasses
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from llamoco.dataset_builder.problems.evaluators import EvaluatorWrapper, FunctionEvaluator
from llamoco.dataset_builder.problems.oracle import BudgetExceeded, Oracle
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.symbolic.synthesis import draw_problem

SPHERE = {
    "form": "single",
    "components": [
        {
            "function": "sphere",
            "coefficient": 1,
            "positions": None,
            "shift": {"values": [0.0, 0.0]},
            "scale": 1,
            "reflection": None,
        }
    ],
}


def sphere(max_evals: int = 10) -> Problem:
    return Problem("sphere", "synthetic", (-2.0, -2.0), (2.0, 2.0), max_evals, 0, 0, SPHERE)


def constrained(max_evals: int = 10) -> Problem:
    """x_1 + x_2 >= 1 and x_1 = x_2."""
    definition = SPHERE | {
        "inequalities": [{"kind": "sum", "sense": ">=", "bound": 1.0}],
        "equalities": [{"kind": "linear", "bound": 0.0, "positions": [1, 2], "weights": [1, -1]}],
    }
    return Problem("sphere-c", "synthetic", (-2.0, -2.0), (2.0, 2.0), max_evals, 1, 1, definition)


def test_a_point_and_a_batch_count_their_rows() -> None:
    oracle = Oracle(sphere())
    value = oracle.objective(np.array([1.0, 1.0]))
    assert value == 2.0 and isinstance(value, float)
    values = oracle.objective(np.array([[1.0, 0.0], [0.0, 2.0], [0.5, 0.5]]))
    assert isinstance(values, np.ndarray) and values.tolist() == [1.0, 4.0, 0.5]
    assert oracle.evals == 4 and oracle.remaining == 6
    assert oracle.best_f == 0.5 and oracle.best_x is not None and oracle.best_x.tolist() == [0.5, 0.5]
    assert oracle.trace == [(1, 2.0), (2, 1.0), (4, 0.5)]


def test_unconstrained_problems_have_no_constraint_functions() -> None:
    oracle = Oracle(sphere())
    assert oracle.inequality is None and oracle.equality is None


def test_the_three_functions_of_one_argument_are_one_evaluation() -> None:
    oracle = Oracle(constrained())
    assert oracle.inequality is not None and oracle.equality is not None
    x = np.array([0.25, 0.5])
    assert np.asarray(oracle.equality(x)).tolist() == [-0.25]
    assert np.asarray(oracle.inequality(x)).tolist() == [0.25]
    assert oracle.objective(x) == 0.3125
    assert oracle.evals == 1
    # The same content in another array, and as a batch of one, is the same request.
    assert np.asarray(oracle.objective(x[None, :].copy())).tolist() == [0.3125]
    assert oracle.evals == 1
    batch = np.array([[1.0, 1.0], [0.5, 0.5]])
    assert np.asarray(oracle.objective(batch)).tolist() == [2.0, 0.5]
    assert oracle.inequality(batch).shape == (2, 1) and oracle.equality(batch).shape == (2, 1)
    assert oracle.evals == 3


def test_a_point_asked_again_later_counts_again() -> None:
    oracle = Oracle(sphere())
    for x in ([1.0, 1.0], [0.0, 1.0], [1.0, 1.0]):
        oracle.objective(np.array(x))
    assert oracle.evals == 3
    # Only the repeated request is free, and it adds nothing.
    oracle.objective(np.array([1.0, 1.0]))
    assert oracle.evals == 3 and oracle.trace == [(1, 2.0), (2, 1.0)]


def test_results_are_the_caller_s_to_change() -> None:
    oracle = Oracle(constrained())
    batch = np.array([[1.0, 1.0]])
    assert oracle.inequality is not None
    np.asarray(oracle.objective(batch))[:] = -99
    oracle.inequality(batch)[:] = -99
    assert np.asarray(oracle.objective(batch)).tolist() == [2.0]
    assert np.asarray(oracle.inequality(batch)).tolist() == [[-1.0]]
    batch[:] = 0.7
    assert oracle.best_x is not None and oracle.best_x.tolist() == [1.0, 1.0]
    oracle.objective(batch)
    assert oracle.evals == 2


def test_past_the_budget_it_raises_and_evaluates_nothing() -> None:
    oracle = Oracle(sphere(max_evals=3))
    oracle.objective(np.array([[2.0, 2.0], [1.0, 1.0]]))
    with pytest.raises(BudgetExceeded, match="2 asked, 1 of 3 left"):
        oracle.objective(np.zeros((2, 2)))
    assert oracle.evals == 2 and oracle.best_f == 2.0 and oracle.refused == 1
    assert oracle.objective(np.array([1.0, 0.0])) == 1.0
    assert oracle.objective(np.array([1.0, 0.0])) == 1.0  # free, so still answered
    with pytest.raises(RuntimeError):
        oracle.objective(np.zeros(2))
    assert oracle.evals == 3 and oracle.refused == 2 and oracle.best_f == 1.0


def test_points_outside_count_but_never_become_best() -> None:
    oracle = Oracle(sphere())
    oracle.objective(np.array([[-2.0001, 0.0], [2.0, 2.0]]))
    assert oracle.evals == 2 and oracle.best_f == 8.0
    oracle.objective(np.array([np.nan, 0.0]))
    assert oracle.evals == 3 and oracle.best_f == 8.0


def test_infeasible_points_never_become_best() -> None:
    oracle = Oracle(constrained())
    oracle.objective(np.array([[0.0, 0.0], [1.0, 0.5], [0.5, 0.5 - 1e-3]]))
    assert oracle.best_x is None and oracle.best_f == np.inf and oracle.trace == []
    oracle.objective(np.array([[1.0, 1.0], [0.5, 0.5]]))
    assert oracle.best_f == 0.5 and oracle.trace == [(4, 2.0), (5, 0.5)]


def test_non_finite_values_are_worst_never_best() -> None:
    text = (
        "import math\nLOWER = [-1]\nUPPER = [1]\nMAX_EVALS = 9\n\n"
        "def objective(x):\n    return math.nan if x[0] < -0.5 else -math.inf if x[0] > 0.5 else x[0]\n"
    )
    oracle = Oracle(Problem("holes", "source", (-1.0,), (1.0,), 9, 0, 0, {"python": text}))
    values = oracle.objective(np.array([[-0.9], [0.9], [0.3], [-0.7], [0.1]]))
    assert np.isnan(np.asarray(values)[0])
    assert oracle.best_f == 0.1 and oracle.trace == [(3, 0.3), (5, 0.1)]


@pytest.mark.parametrize("shape", [(3,), (4, 3), (0, 2), (1, 1, 2), ()])
def test_other_shapes_are_refused_uncounted(shape: tuple[int, ...]) -> None:
    oracle = Oracle(sphere())
    with pytest.raises(ValueError, match="shape"):
        oracle.objective(np.zeros(shape))
    assert oracle.evals == 0


@pytest.mark.parametrize("x", [np.array(["a", "b"]), np.array([1j, 0]), np.array([None, 1.0])])
def test_what_is_not_real_is_refused_uncounted(x: np.ndarray) -> None:
    oracle = Oracle(sphere())
    with pytest.raises(ValueError, match="real numbers"):
        oracle.objective(x)
    assert oracle.evals == 0


def test_integers_are_taken() -> None:
    oracle = Oracle(sphere())
    assert oracle.objective(np.array([1, 2])) == 5.0
    assert np.asarray(oracle.objective(np.array([[1, 1]], dtype=np.int64))).tolist() == [2.0]


def test_progress_is_told_after_each_paid_request() -> None:
    told: list[tuple[int, float | None]] = []
    oracle = Oracle(constrained(), on_progress=lambda evals, best: told.append((evals, best)))
    for x in ([0.0, 0.0], [0.0, 0.0], [1.0, 1.0]):
        oracle.objective(np.array(x))
    assert told == [(1, None), (2, 2.0)]


def requests(problem: Problem, count: int, seed: int) -> list[tuple[str, np.ndarray]]:
    """Points and batches, inside and outside, repeated and not, of several memory layouts, to the three functions."""
    rng = np.random.default_rng(seed)
    names = [
        "objective",
        *(["inequality"] * bool(problem.n_inequality)),
        *(["equality"] * bool(problem.n_equality)),
    ]
    asked: list[tuple[str, np.ndarray]] = []
    for _ in range(count):
        rows = int(rng.choice([1, 1, 2, 7]))
        points = rng.uniform(problem.lower, problem.upper, (rows, problem.dim))
        points[rng.random(points.shape) < 0.1] *= 2
        points[rng.random(points.shape) < 0.02] = np.nan
        if asked and rng.random() < 0.4:
            points = np.atleast_2d(asked[-1][1]).copy()
        if rng.random() < 0.3:
            points = np.asfortranarray(points)
        points.flags.writeable = bool(rng.random() < 0.8)
        one = len(points) == 1 and rng.random() < 0.7
        asked.append((str(rng.choice(names)), points[0] if one else points))
    return asked


@pytest.mark.parametrize("number", range(12))
def test_the_short_ways_do_what_the_plain_one_does(number: int) -> None:
    problem = dataclasses.replace(draw_problem(21, number, constrained=number % 3 > 0), max_evals=200)
    told: dict[str, list[tuple[int, float | None]]] = {"short": [], "plain": []}
    short = Oracle(problem, on_progress=lambda *news: told["short"].append(news))
    plain = Oracle(problem, on_progress=lambda *news: told["plain"].append(news))
    plain._compiled = None  # as for a person's Python: everything by Problem.evaluate, feasible and inside
    for name, x in requests(problem, 200, seed=number):
        answers = []
        for oracle in (short, plain):
            try:
                answers.append(np.asarray(getattr(oracle, name)(x)))
            except BudgetExceeded as error:
                answers.append(np.array(str(error)))
        assert answers[0].shape == answers[1].shape and np.array_equal(
            *answers, equal_nan=answers[0].dtype == float
        )
        for attribute in ("evals", "refused", "best_f", "trace"):
            assert getattr(short, attribute) == getattr(plain, attribute)
        assert np.array_equal(np.asarray(short.best_x), np.asarray(plain.best_x))
    assert told["short"] == told["plain"]
    assert short.evals > 190 and short.refused > 0
    assert number % 3 > 0 or len(short.trace) > 1


def test_minus_zero_is_another_request_than_zero() -> None:
    oracle = Oracle(sphere())
    oracle.objective(np.array([0.0, 0.0]))
    oracle.objective(np.array([0.0, -0.0]))
    oracle.objective(np.array([np.nan, 0.0]))
    oracle.objective(np.array([np.nan, 0.0]))
    assert oracle.evals == 3


@pytest.mark.parametrize("make", [sphere, constrained])
def test_values_are_those_of_evaluate(make: Callable[[int], Problem]) -> None:
    oracle, other = Oracle(make(3)), Oracle(make(3))
    for x in np.random.default_rng(0).uniform(-2, 2, (3, 2)):
        expected = np.concatenate([part[0] for part in map(np.atleast_2d, other.evaluate(x[None, :]))])
        for given in (x, np.array(x)):  # repetitions are free
            assert np.frombuffer(oracle.values(given)).tolist() == expected.tolist()
    assert (oracle.evals, oracle.trace, oracle.best_f) == (3, other.trace, other.best_f)
    with pytest.raises(BudgetExceeded):
        oracle.values(np.array([-3.0, 0.0]))
    assert oracle.refused == 1


class Started(EvaluatorWrapper):
    """Another evaluator, whose person gave a starting point."""

    start = np.array([1.0, 2.0])


def _rounded(start: np.ndarray) -> np.ndarray:
    """A starting point as programs reach it, through the unit box."""
    low, high = np.full(2, -4.1), np.full(2, 3.7)
    return np.asarray(low + (start - low) / (high - low) * (high - low))


def test_what_a_program_makes_of_the_starting_point_is_the_starting_point() -> None:
    start = np.array([1.1, 2.3])
    assert (_rounded(start) != start).any()
    plain = Problem("p", "source", (-4.1, -4.1), (3.7, 3.7), 9, 0, 0, {})
    for problem in (
        plain.with_evaluator(FunctionEvaluator(_sphere)).with_start(start),
        replace(constrained(9), lower=(-4.1, -4.1), upper=(3.7, 3.7)).with_start(start),
    ):
        oracle = Oracle(problem)
        assert (oracle.evals, oracle.best_x) == (0, None)
        oracle.objective(_rounded(start))
        oracle.evaluate(_rounded(start)[None, :])
        assert oracle.evals == 1  # asked for again, it is free
        exact = problem.evaluate(start[None, :])
        assert oracle.objective(_rounded(start)) == exact.f[0]
        batch = np.array([_rounded(start), [3.0, 3.0]])
        assert oracle.evaluate(batch).f.tolist() == [exact.f[0], problem.evaluate(batch[1:]).f[0]]
        assert batch[0].tolist() == _rounded(start).tolist()  # the program's own array is left alone
        assert oracle.evals == 3
        near = start + 1e-13
        assert oracle.evaluate(near[None, :]).f[0] == problem.evaluate(near[None, :]).f[0] != exact.f[0]


def test_which_starting_point_a_problem_has() -> None:
    plain = Problem("p", "source", (-4.0, -4.0), (4.0, 4.0), 3, 0, 0, {})
    assert plain.with_evaluator(FunctionEvaluator(_sphere)).start is None
    problem = plain.with_evaluator(Started(FunctionEvaluator(_sphere)))
    assert problem.start is not None and problem.start.tolist() == [1.0, 2.0]
    later = problem.with_budget(2, start_evaluated=True)  # a second run that shares the budget
    assert later.start is None
    given = later.with_start(np.array([0.5, 0.0]))
    assert given.start is not None and given.start.tolist() == [0.5, 0.0]
    assert given.with_budget(2, start_evaluated=True).start is None


def _sphere(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return (x**2).sum(axis=1), np.empty((len(x), 0)), np.empty((len(x), 0))


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("size", [1, 7])
def test_the_least_violating_point_is_kept_until_there_is_a_feasible_one(compiled: bool, size: int) -> None:
    """Against plain loops over the definition: the largest violation beyond the tolerances, within the bounds, finite."""
    problem = constrained(1000)
    if not compiled:
        problem = problem.with_evaluator(FunctionEvaluator(problem.evaluate))
    oracle = Oracle(problem)
    points = np.random.default_rng(3).uniform(-2.2, 2.2, (70, 2))
    least, expected = np.inf, None
    for start in range(0, len(points), size):
        batch = points[start : start + size]
        oracle.objective(batch if size > 1 else batch[0])
        for a, b in batch.tolist():
            broken = max(1 - a - b - 1e-6, abs(a - b) - 1e-4, 0)
            if broken < least and max(abs(a), abs(b)) <= 2:
                least, expected = broken, (a, b)
    assert oracle.best is None and oracle.least_infeasible is not None and expected is not None
    assert tuple(oracle.least_infeasible.x.tolist()) == expected and 0 < least < 0.2
    a, b = expected
    assert oracle.least_infeasible.f == pytest.approx(a * a + b * b)
    assert oracle.least_infeasible.g.tolist() == [pytest.approx(1 - a - b)]
    assert oracle.least_infeasible.h.tolist() == [pytest.approx(a - b)]
    oracle.objective(np.array([1.0, 1.0]))
    assert (
        oracle.best is not None and oracle.best.x.tolist() == [1.0, 1.0] and oracle.best.g.tolist() == [-1.0]
    )


def test_points_without_finite_values_are_not_the_least_violating() -> None:
    def values(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        f = np.where(x[:, 0] > 1, np.nan, x[:, 0])
        g = np.where(x[:, :1] < 0, np.nan, x[:, :1] + 5)
        return f, g, np.empty((len(x), 0))

    plain = Problem("p", "source", (-4.0, -4.0), (4.0, 4.0), 30, 1, 0, {})
    oracle = Oracle(plain.with_evaluator(FunctionEvaluator(values)))
    for x in (2.0, -1.0):
        oracle.objective(np.array([x, 0.0]))
    assert oracle.least_infeasible is None
    oracle.objective(np.array([[3.0, 0.0], [0.75, 0.0], [0.5, 0.0], [-2.0, 0.0]]))
    assert oracle.least_infeasible is not None and oracle.least_infeasible.x.tolist() == [0.5, 0.0]
