import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, NonlinearConstraint
from scipy.sparse import csr_array

from llamoco.dataset_builder.problems.callables.scipy_constraints import read_constraints
from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.profiling.operation_profile import trace_functions

LIMITS = st.tuples(st.sampled_from([-np.inf, -1.0, 0.0, 0.5]), st.sampled_from([0.5, 1.0, np.inf]))


def violation(constraints, x):
    inequality, equality = read_constraints(constraints, len(x))
    g = inequality(x) if inequality else []
    h = equality(x) if equality else []
    return sum(max(v, 0) for v in g) + sum(abs(v) for v in h)


def curve(x):
    return np.array([x[0] * x[1], np.sin(x[0]), x[0] - x[1] ** 2])


@settings(max_examples=60, deadline=None)
@given(st.lists(LIMITS, min_size=3, max_size=3), st.integers(0, 10**6))
def test_linear_and_nonlinear_constraints_are_broken_by_what_scipy_says(limits, seed):
    generator = np.random.default_rng(seed)
    lower, upper = np.array(limits).T
    x, matrix = generator.normal(size=2), generator.normal(size=(3, 2))
    for constraint, values in (
        (LinearConstraint(matrix, lower, upper), matrix @ x),
        (LinearConstraint(csr_array(matrix), lower, upper), matrix @ x),
        (NonlinearConstraint(curve, lower, upper), curve(x)),
    ):
        broken = np.maximum(lower - values, 0) + np.maximum(values - upper, 0)
        assert violation(constraint, x) == pytest.approx(broken.sum())
        assert violation([constraint, constraint], x) == pytest.approx(2 * broken.sum())


def test_signs_of_dicts_are_scipys():
    cons = [
        {"type": "ineq", "fun": lambda x, a, b: a * x[0] - b, "args": (2, 3)},  # 2 x0 >= 3
        {"type": "eq", "fun": lambda x: [x[1], x[0]]},
        {"type": "INEQ", "fun": lambda x: x},
    ]
    inequality, equality = read_constraints(cons, 2)
    x = np.array([5.0, -4.0])
    assert inequality(x) == [-7.0, -5.0, 4.0]
    assert equality(x) == [-4.0, 5.0]
    assert read_constraints((), 2) == read_constraints(None, 2) == (None, None)
    assert read_constraints(cons[1], 2)[0] is None


def test_equal_limits_are_equalities_and_infinite_ones_nothing():
    constraint = NonlinearConstraint(lambda x: [x[0], x[0], x[0]], [1, -np.inf, -np.inf], [1, 2, np.inf])
    inequality, equality = read_constraints(constraint, 1)
    assert inequality(np.array([5.0])) == [3.0]
    assert equality(np.array([5.0])) == [4.0]
    assert read_constraints(NonlinearConstraint(curve, -np.inf, np.inf), 2) == (None, None)


def test_a_function_is_called_once_a_point_and_cannot_change_it():
    points = []

    def once(x):
        points.append(x.tolist())
        x[:] = 99
        return points[-1]

    inequality, equality = read_constraints(NonlinearConstraint(once, [0, 1], [1, 1]), 2)
    for x in np.array([[1.0, 2.0], [3.0, 4.0]]):
        before = x.copy()
        equality(x), inequality(x), equality(x)
        assert (x == before).all()
    assert points == [[1.0, 2.0], [3.0, 4.0]]


def test_constraints_are_followed_and_pickled():
    cons = [LinearConstraint([[1, 0, 2]], ub=[3]), NonlinearConstraint(square, 1, 4)]
    inequality, _ = read_constraints(cons, 3)
    trace = trace_functions(lambda x: x.sum(), [inequality], [0.0] * 3, [1.0] * 3)
    assert trace.obstacle is None
    assert trace.profile.constraints.degrees == (1, 2, 2)
    assert pickle.loads(pickle.dumps(inequality))(np.ones(3)) == inequality(np.ones(3)) == [0, 0, -3]


def square(x):
    return x[0] ** 2


@pytest.mark.parametrize(
    ("constraints", "said"),
    [
        ({"type": "ineqq", "fun": abs}, r"constraints: 'type' is 'ineqq'; give 'ineq'"),
        ({"fun": abs}, "'type' is missing"),
        ([{"type": "eq"}], r"constraints\[0\]: 'fun' is missing"),
        ([{"type": "eq", "fun": 3}], "'fun' is int '3'"),
        ([abs], r"constraints\[0\] is a function; say what it has to be"),
        (Bounds([0], [1]), "constraints is a Bounds object; give it as the bounds"),
        (3, "constraints is int '3'; expected a dict"),
        ("ineq", "constraints is text"),
        (LinearConstraint([[1, 2, 3]], 0, 1), r"A has shape \(1, 3\) for 2 variables"),
        (LinearConstraint([[1, np.nan]], 0, 1), r"A\[0, 1\] is nan"),
        (NonlinearConstraint(square, np.nan, 1), r"lb\[0\] is NaN"),
        (NonlinearConstraint(square, [0, 0], [1, -1]), r"lb\[1\] = 0 is above ub\[1\] = -1"),
        (NonlinearConstraint(square, np.inf, np.inf), r"lb\[0\] is inf, which no value satisfies"),
        (NonlinearConstraint(square, [0, 0], [1, 1, 1]), "lb has 2 entries and ub 3"),
        (NonlinearConstraint(square, "a", 1), "lb is str 'a'"),
        (NonlinearConstraint(3, 0, 1), "fun is int '3'"),
    ],
)
def test_what_is_no_constraint_is_refused(constraints, said):
    with pytest.raises(ProblemError, match=said):
        read_constraints(constraints, 2)


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        (True, "returned a boolean"),
        (None, "returned None"),
        ("a", "returned str"),
        ([1, 2, 3], "returned 3 values"),
    ],
)
def test_what_a_function_must_not_return_is_said(returned, said):
    inequality, _ = read_constraints([NonlinearConstraint(lambda x: returned, [0, 0], [1, 1])], 2)
    with pytest.raises(ProblemError, match=r"constraints\[0\].*" + said):
        inequality(np.zeros(2))
