"""Every name that a problem FILE may define beside objective, LOWER, UPPER and MAX_EVALS: what it means, and what is wrong with it."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from llamoco.dataset_builder.problems.budget import default_budget
from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.problems.files.python_file import PythonFile, load_python
from llamoco.dataset_builder.problems.oracle import Oracle
from llamoco.dataset_builder.problems.problem import Problem

HEAD = "import numpy as np\nfrom scipy.optimize import Bounds, LinearConstraint, NonlinearConstraint\n"
SUM = "def objective(x):\n    return (x[0] - 3) ** 2 + (x[1] + 1) ** 2\n"
BOX = "LOWER, UPPER, MAX_EVALS = [-5, -5], [5, 5], 100\n"
POINTS = np.random.default_rng(0).uniform(-2, 2, (20, 2))


def file(*lines: str) -> PythonFile:
    return load_python(HEAD + "".join(lines), "p.py")


def full_box(own: PythonFile) -> tuple[list[float], list[float]]:
    """The person's values at the ends of the search box."""
    return own.to_original(own.lower).tolist(), own.to_original(own.upper).tolist()


OPEN_BOUNDS = {
    "None in the sequences": "LOWER, UPPER = [None, -5], [5, None]\n",
    "inf": "LOWER, UPPER = [-np.inf, -5], [5, float('inf')]\n",
    "scipy's pairs": "bounds = [(None, 5), (-5, None)]\n",
    "scipy's pairs with inf": "bounds = ((-np.inf, 5), (-5, np.inf))\n",
    "scipy's object": "bounds = Bounds([-np.inf, -5], [5, np.inf])\n",
    "an array": "BOUNDS = np.array([[-np.inf, 5], [-5, np.inf]])\n",
}


@pytest.mark.parametrize("name", OPEN_BOUNDS)
def test_bounds_may_be_open(name: str) -> None:
    own = file(SUM, OPEN_BOUNDS[name], "X0 = [1, 2]\nMAX_EVALS = 50\n")
    low, high = full_box(own)
    assert low[1] == -5 and high[0] == 5 and low[0] < -1e6 and high[1] > 1e6
    assert own.warnings == [] and not own.plain
    assert own.to_original(np.zeros(2)).tolist() == [1, 2]


@pytest.mark.parametrize("bounds", ["", "LOWER = UPPER = None\n", "LOWER, UPPER = [None] * 2, None\n"])
def test_without_bounds_the_start_tells_how_many_variables_there_are(bounds: str) -> None:
    own = file(SUM, bounds, "X0 = [1.5, 2]\nMAX_EVALS = 50\n")
    assert (own.lower.tolist(), own.upper.tolist()) == ([-1, -1], [1, 1])
    assert own.to_original(np.zeros((1, 2))).tolist() == [[1.5, 2]]
    assert own.evaluate(np.zeros((1, 2)))[0].tolist() == [1.5**2 + 9]


def test_one_variable_may_start_at_a_number() -> None:
    own = file("X0, MAX_EVALS = 2.5, 50\ndef objective(x):\n    return (x - 3) ** 2\n")
    assert own.to_original(np.zeros(1)).tolist() == [2.5] and own.evaluate(np.zeros((1, 1)))[0].tolist() == [
        0.25
    ]


def test_the_start_is_evaluated_first_and_counted_and_called_once(tmp_path: Path) -> None:
    text = "calls = []\ndef objective(x):\n    calls.append(x.tolist())\n    return sum((x - 0.5) ** 2)\n"
    (tmp_path / "p.py").write_text(HEAD + text + BOX + "X0 = [0.25, 1]\n")
    problem = load_problem(tmp_path / "p.py")
    oracle = Oracle(problem)
    assert oracle.evals == 0 and problem.start is not None
    oracle.evaluate(np.array([problem.start + 1e-16, [0.0, 0.0]]))
    assert oracle.evals == 2 and oracle.remaining == 98 and oracle.best_x is not None
    assert problem.to_original(oracle.best_x).tolist() == [0.25, 1]
    assert oracle.best_f == 0.25**2 + 0.5**2
    calls = sys.modules[problem.active_evaluator.file._text.module].calls  # type: ignore[attr-defined]
    assert calls.count([0.25, 1.0]) == 1  # what reading the file evaluated is not paid for again


BAD_START = {
    "X0 = [1, 6]": r"p\.py:6: X0\[1\] = 6 is above UPPER\[1\] = 5; give a starting point within the bounds",
    "X0 = [1]": r"p\.py:6: X0 has 1 entries for 2 variables",
    "X0 = [1, float('nan')]": r"p\.py:6: X0\[1\] is nan; give a finite number",
    "X0 = [1, None]": r"p\.py:6: X0 is a list of 2 entries",
    "X0 = 'here'": r"p\.py:6: X0 is str 'here'; give a sequence",
    "X0 = [[1, 2]]": r"p\.py:6: X0 is a list of 1 entries",
}


@pytest.mark.parametrize("start", BAD_START)
def test_a_start_that_is_none_is_named(start: str) -> None:
    with pytest.raises(ProblemError, match=BAD_START[start]):
        file(SUM, BOX, start + "\n")


def test_a_start_without_a_value_is_refused_with_the_cure() -> None:
    with pytest.raises(ProblemError, match=r"p\.py:5: objective\(x\) is NaN at X0; return .* or change X0"):
        file(BOX, "X0 = [-1, 0]\n", "def objective(x):\n    return np.log(x[0])\n")
    with pytest.raises(
        ProblemError, match=r"p\.py:6: inequality\(x\) fails at X0; .* so .* change X0 \(ZeroDiv"
    ):
        file(BOX, "X0, objective = [0, 0], sum\n", "def inequality(x):\n    return 1 / float(x[0])\n")


def test_what_is_maximised_is_negated_inside(tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text(HEAD + BOX + SUM + "MAXIMIZE = True\n")
    problem = load_problem(tmp_path / "p.py")
    assert problem.maximize and problem.warnings == []
    np.testing.assert_array_equal(
        problem.evaluate(POINTS).f, -((POINTS[:, 0] - 3) ** 2 + (POINTS[:, 1] + 1) ** 2)
    )
    again = Problem.from_json(problem.to_json())
    assert again.maximize and again.evaluate(POINTS).f.tolist() == problem.evaluate(POINTS).f.tolist()
    with pytest.raises(ProblemError, match=r"p\.py:6: MAXIMIZE is str 'yes'; give True or False"):
        file(BOX, SUM, "MAXIMIZE = 'yes'\n")
    with pytest.raises(ProblemError, match="return the number to be maximised"):
        file(BOX, "objective = lambda x: bool(x[0] > 0)\nMAXIMIZE = True\n")


INTEGERS = {
    "INTEGER = [1]": (False, True),
    "INTEGER = True": (True, True),
    "INTEGER = False": (False, False),
    "INTEGER = [-1]": (False, True),
    "INTEGER = [True, False]": (True, False),
    "INTEGER = np.array([False, True])": (False, True),
    "INTEGER = (0, 1)": (True, True),
    "INTEGER = []": (False, False),
    "INTEGER = range(2)": (True, True),
}


@pytest.mark.parametrize("integer", INTEGERS)
def test_integers_are_rounded_before_the_functions_see_them(integer: str) -> None:
    own = file(BOX, "objective = lambda x: x[0] + 100 * x[1]\n", integer + "\n")
    f = own.evaluate(POINTS)[0]
    x = np.where(INTEGERS[integer], np.rint(POINTS), POINTS)
    np.testing.assert_allclose(f, x[:, 0] + 100 * x[:, 1], rtol=0, atol=1e-12)
    assert own.lower.tolist() == [-5.5 if each else -5 for each in INTEGERS[integer]]


BAD_INTEGERS = {
    "INTEGER = [2]": r"INTEGER\[0\] is 2, not the index of one of 2 variables",
    "INTEGER = 1": r"INTEGER is int '1'; give the indices",
    "INTEGER = [1, 1]": r"names variable 1 twice; .*such as \[True, False, \.\.\.\]",
    "INTEGER = [True]": "INTEGER has 1 entries for 2 variables",
    "INTEGER = 'x'": "INTEGER is str 'x'",
    "INTEGER = [0.5]": r"INTEGER\[0\] is float '0.5'",
    "STEP = [0.5]": "STEP has 1 entries for 2 variables; give one number for all",
    "STEP = -1": r"STEP\[0\] is -1; give a step above 0",
    "STEP, INTEGER = 0.5, [1]": "STEP\\[1\\] is 0.5 for a variable that is in INTEGER",
    "STEP = 'fine'": "STEP is str 'fine'",
    "TIME_LIMIT = 0": "TIME_LIMIT is 0; give the total number of seconds",
    "TIME_LIMIT = '1 h'": "TIME_LIMIT is str '1 h'",
    "TOLERANCE = 0": "TOLERANCE is 0; give the improvement",
    "inequality = [lambda x: x[0], 3]": "inequality is a list of 2 entries, of which entry 1 is int '3'",
    "equality = 3": "equality is int '3'; it must be a function of x, or a list",
    "constraints = [{'type': 'greater', 'fun': sum}]": r"constraints\[0\]: 'type' is 'greater'; give 'ineq'",
    "constraints = LinearConstraint([[1, 1, 1]], 0, 1)": r"constraints: A has shape \(1, 3\) for 2 variables",
    "constraints = {'type': 'ineq', 'fun': lambda x: x > 1}": r"constraints: fun\(x\) returned a boolean",
}


@pytest.mark.parametrize("text", BAD_INTEGERS)
def test_what_is_wrong_is_named_with_its_line(text: str) -> None:
    with pytest.raises(ProblemError, match=r"^p\.py:6: .*" + BAD_INTEGERS[text]):
        file(BOX, SUM, text + "\n")


def test_steps() -> None:
    own = file(BOX, "objective = lambda x: x[0]\nSTEP = [0.1, None]\n")
    f = own.evaluate(POINTS)[0]
    np.testing.assert_allclose(f, np.rint((POINTS[:, 0] + 5) / 0.1) * 0.1 - 5, atol=1e-12)
    assert set(file(BOX, "objective = lambda x: x[1]\nSTEP = 2\n").evaluate(POINTS)[0].tolist()) <= {
        -3,
        -1,
        1,
        3,
    }
    assert own.profile().objective.operations == {"floor": 1}  # type: ignore[union-attr]


def test_a_list_of_constraints_is_taken_in_order() -> None:
    own = file(
        BOX,
        SUM,
        "inequality = [lambda x: x[0], lambda x: [x[1], 1 - x[0]]]\n",
        "equality = (lambda x, k=2: x[0] - k,)\nARGS = ()\n",
    )
    _, g, h = own.evaluate(POINTS)
    np.testing.assert_array_equal(g, np.column_stack([POINTS, 1 - POINTS[:, 0]]))
    np.testing.assert_array_equal(h, POINTS[:, :1] - 2)


SCIPY = (
    "constraints = [\n"
    "    {'type': 'ineq', 'fun': lambda x: x[0] - 1},\n"
    "    {'type': 'eq', 'fun': lambda x, k: [x[1] - k], 'args': (2,)},\n"
    "    NonlinearConstraint(lambda x: [x[0] * x[1], x[0]], [-1, 0.5], [4, 0.5]),\n"
    "    LinearConstraint([[1, 2]], -np.inf, 3),\n"
    "]\n"
)


def test_scipys_constraints_are_taken_with_scipys_signs() -> None:
    own = file(BOX, SUM, "def inequality(x):\n    return x[1] - 9\n", SCIPY)
    assert own.warnings == []
    _, g, h = own.evaluate(POINTS)
    a, b = POINTS.T
    np.testing.assert_allclose(
        g, np.column_stack([b - 9, 1 - a, -1 - a * b, a * b - 4, a + 2 * b - 3]), atol=1e-12
    )
    np.testing.assert_allclose(h, np.column_stack([b - 2, a - 0.5]), atol=1e-12)
    profile = own.profile()
    assert profile is not None and profile.constraints.operations == {"product": 1}


def test_constraints_that_the_functions_read_are_not_taken_twice() -> None:
    text = "constraints = [{'type': 'ineq', 'fun': lambda x: x[0] - 1}]\n"
    own = file(BOX, SUM, text, "def inequality(x):\n    return [-c['fun'](x) for c in constraints]\n")
    assert own.n_inequality == 1
    penalty = "def objective(x):\n    return x[0] + sum(max(0, -c['fun'](x)) for c in constraints)\n"
    assert file(BOX, text, penalty).n_inequality == 0


TOGETHER = {
    "all three": ("x[0], [x[1], 2.0], x[0] - x[1]", 2, 1),
    "no equality": ("x[0], (x[1],)", 1, 0),
    "no inequality": ("x[0], None, x[1]", 0, 1),
    "nothing but the objective": ("x[0]", 0, 0),
}


@pytest.mark.parametrize("name", TOGETHER)
def test_one_function_may_give_everything_and_is_called_once_a_point(name: str) -> None:
    returned, n_inequality, n_equality = TOGETHER[name]
    own = file(BOX, f"calls = []\ndef evaluate(x):\n    calls.append(1)\n    return {returned}\n")
    assert (own.n_inequality, own.n_equality) == (n_inequality, n_equality)
    calls = sys.modules[own._text.module].calls
    before = len(calls)
    f, g, _ = own.evaluate(POINTS)
    assert len(calls) - before == len(POINTS)
    np.testing.assert_array_equal(f, POINTS[:, 0])
    if n_inequality:
        np.testing.assert_array_equal(g[:, 0], POINTS[:, 1])
    assert own.profile() is not None


BAD_TOGETHER = {
    "x[0], x[1] > 0": r"p\.py:5: inequality of evaluate\(x\) is a boolean",
    "x, x[0]": r"p\.py:5: the objective that evaluate\(x\) returned is an array of shape \(2,\) .*return a tuple",
    "1, 2, 3, 4": r"p\.py:5: evaluate\(x\) returned a tuple of 4 entries at .*; return a tuple: the objective",
    "x[0], ['a']": r"p\.py:5: inequality of evaluate\(x\) returned str 'a' as entry \[0\]",
    "np.nan, 1": r"p\.py:5: the objective of evaluate\(x\) is NaN at the centre",
    "1 / 0": r"p\.py:6: evaluate\(x\) fails at the centre of the box .*somewhere \(ZeroDivisionError",
}


@pytest.mark.parametrize("returned", BAD_TOGETHER)
def test_what_evaluate_must_not_return_is_named(returned: str) -> None:
    with pytest.raises(ProblemError, match="^" + BAD_TOGETHER[returned]):
        file(BOX, "\ndef evaluate(x):\n    return " + returned + "\n")


def test_evaluate_is_a_helper_where_there_is_an_objective() -> None:
    own = file(BOX, "def evaluate(a, b):\n    return a + b\n", "def objective(x):\n    return evaluate(*x)\n")
    np.testing.assert_array_equal(own.evaluate(POINTS)[0], POINTS.sum(axis=1))
    with pytest.raises(
        ProblemError, match=r"p\.py:6: evaluate\(x\) gives the constraints with the objective"
    ):
        file(BOX, "def evaluate(x):\n    return x[0]\n", "def inequality(x):\n    return x[0]\n")
    sometimes = "def evaluate(x):\n    return x[0], [1.0] * (2 if x[0] > 0 else 1)\n"
    with pytest.raises(ProblemError, match=r"2 values of inequality at x = .* and 1 at the centre"):
        file(BOX, sometimes).evaluate(np.ones((1, 2)))


def test_args_follow_x() -> None:
    own = file(
        BOX,
        "ARGS = (2, [3, 4])\n",
        "def objective(x, a, data):\n    return a * x[0] + data[1]\n",
        "def inequality(x):\n    return x[0]\n",
        "equality = [lambda x, a, data: x[0] - a, lambda x, k=7: x[0] - k]\n",
    )
    f, g, h = own.evaluate(POINTS)
    np.testing.assert_array_equal(f, 2 * POINTS[:, 0] + 4)
    np.testing.assert_array_equal(g[:, 0], POINTS[:, 0])
    np.testing.assert_array_equal(h, POINTS[:, :1] - [2, 7])
    one = file(BOX, "ARGS = np.array([5.0])\n", "def objective(x, a):\n    return x[0] + a[0]\n")
    np.testing.assert_array_equal(one.evaluate(POINTS)[0], POINTS[:, 0] + 5)
    with pytest.raises(ProblemError, match=r"objective\(x\) fails .*missing 1 required positional argument"):
        file(BOX, "def objective(x, a):\n    return x[0]\n")


@pytest.mark.parametrize("dim", [1, 2, 10, 48, 49, 200])
def test_without_a_budget_one_is_taken_and_told(dim: int) -> None:
    own = file(f"LOWER, UPPER = [0] * {dim}, [1] * {dim}\nobjective = sum\n")
    assert own.max_evals == default_budget(dim) == min(max(100 * (dim + 1), 200), 5000)
    assert own.warnings == [
        f"no MAX_EVALS: {own.max_evals:,} evaluations are used, 100 (D + 1) for D = {dim}, limited to 200 to 5,000; "
        "set MAX_EVALS = ... if you can afford more or fewer"
    ]


def test_a_number_of_the_persons_model_is_no_budget() -> None:
    own = file("LOWER, UPPER, n_iter = [0], [1], 5\ndef objective(x):\n    return x[0] * n_iter\n")
    assert own.max_evals == 200
    with pytest.raises(ProblemError, match=r"did you mean `n_iter`, line 3\? call it MAX_EVALS"):
        file("LOWER, UPPER, n_iter = [0], [1], 5\ndef objective(x):\n    return x[0]\n")


def test_a_time_limit_reaches_the_problem(tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text(HEAD + BOX + SUM + "TIME_LIMIT = 1.5\n")
    problem = load_problem(tmp_path / "p.py")
    assert problem.time_limit == 1.5 and problem.with_budget(7).time_limit == 1.5


MISSING_SIDE = {
    "UPPER = [1, 1]\n": "LOWER is not defined; .*or LOWER = None if they have no lower bounds",
    "LOWER = [1, 1]\nX0 = [2, 2]\n": "UPPER is not defined; .*UPPER = None if they have no upper bounds",
    "lb = [1, 1]\nX0 = [2, 2]\n": r"LOWER is not defined \(did you mean `lb`, line 5\? call it LOWER\)",
    "": "LOWER is not defined",
    "bounds = [(0, 1), (0, 1, 2)]\n": r"p\.py:5: bounds\[1\] is a tuple of 3 entries; give a pair \(low, high\)",
    "bounds = [0, 1]\n": r"p\.py:5: bounds\[0\] is int '0'; give a pair",
    "bounds = []\n": r"p\.py:5: bounds is empty",
    "bounds = [(0, 1), (2, 1)]\n": r"p\.py:5: LOWER\[1\] = 2 is above UPPER\[1\] = 1; swap them",
}


@pytest.mark.parametrize("bounds", MISSING_SIDE)
def test_what_is_wrong_with_open_bounds_is_named(bounds: str) -> None:
    with pytest.raises(ProblemError, match=MISSING_SIDE[bounds]):
        file(SUM, bounds, "MAX_EVALS = 10\n")
