"""What a call may say, and one clear message for what it may not."""

import subprocess
import sys
import warnings

import numpy as np
import pytest
from scipy.optimize import Bounds, NonlinearConstraint

import llamoco
from llamoco import _arguments
from llamoco._arguments import IgnoredArgument, place, read_bounds, read_count, read_integrality, read_seed


def cost(x):
    return float(np.sum(x**2))


def placed(*given, **options):
    own = {
        name: options.pop(name, default) for name, default in (("bounds", None), ("x0", None), ("args", ()))
    }
    return place(given, options=options, **own)


PAIRS = [(0, 1), (0, 2)]


@pytest.mark.parametrize(
    ("call", "bounds", "x0"),
    [
        (placed(PAIRS), PAIRS, None),
        (placed([0.5, 1.0]), None, [0.5, 1.0]),
        (placed((0.5, 1.0), bounds=PAIRS), PAIRS, (0.5, 1.0)),
        (placed((2, 0)), None, (2, 0)),
        (placed(np.array([[0, 1], [0, 2]])), "array", None),
        (placed([(None, 1)], x0=[0.5]), [(None, 1)], [0.5]),
        (placed(0.5), None, 0.5),
        (placed(bounds=PAIRS, x0=[1, 1]), PAIRS, [1, 1]),
    ],
)
def test_the_second_argument_is_told_by_its_shape(call, bounds, x0):
    assert call.x0 == x0
    assert np.shape(call.bounds) == (2, 2) if isinstance(bounds, str) else call.bounds == bounds


def test_positions_of_scipys_minimize():
    with pytest.warns(IgnoredArgument, match="method, hess is not used"):
        call = placed([1.0, 2.0], (3, 4), "BFGS", True, abs)
    assert call.args == (3, 4) and call.with_gradient
    with pytest.raises(TypeError, match="two values for 'args'"):
        placed([1.0], (3,), args=(4,))
    with pytest.raises(TypeError, match="by position; 8 arguments"):
        placed([1.0], (), None, None, None, None, PAIRS)
    with pytest.raises(TypeError, match="unexpected keyword argument 'metod'"):
        placed([1.0], metod="BFGS")
    with pytest.raises(TypeError, match="by keyword and a second positional"):
        placed([1.0], bounds=PAIRS, x0=[1.0, 2.0])


def test_every_argument_of_scipys_functions_is_known():
    import inspect

    import scipy.optimize as scipys

    ours = set(inspect.signature(llamoco.minimize).parameters)
    known = _arguments.OF_SCIPY | set(_arguments.BUDGETS) | ours | {"vectorized", "rng"}
    for name in (
        "minimize",
        "differential_evolution",
        "dual_annealing",
        "basinhopping",
        "shgo",
        "direct",
        "brute",
    ):
        parameters = set(inspect.signature(getattr(scipys, name)).parameters) - {
            "ranges",
            "kwargs",
            "seed",
            "func",
        }
        assert parameters <= known, name


def test_budgets_in_scipys_words():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert placed(PAIRS, maxfun=50).max_evals == 50
        assert placed(PAIRS, options={"maxfev": 60, "disp": True}).max_evals == 60
        assert placed(PAIRS, jac=None, polish=None).max_evals is None
    with pytest.warns(IgnoredArgument, match=r"options=\['maxiter'\] is not used; max_evals bounds"):
        placed(PAIRS, options={"maxiter": 60})
    with pytest.warns(IgnoredArgument, match="popsize, strategy|strategy, popsize"):
        placed(PAIRS, strategy="best1bin", popsize=15)


@pytest.mark.parametrize(
    ("bounds", "lower", "upper"),
    [
        ([(0, None), (None, 2)], [0, -np.inf], [np.inf, 2]),
        ((0, 5), [0], [5]),
        ([None, 5], [-np.inf], [5]),
        (Bounds([0, 1], 5), [0, 1], [5, 5]),
        (Bounds(), [-np.inf] * 2, [np.inf] * 2),
        (np.array([[0, 1], [2, 3]]), [0, 2], [1, 3]),
        (zip([0, 1], [2, 3], strict=True), [0, 1], [2, 3]),
        (([0, 1], [2, 3]), [0, 2], [1, 3]),  # pairs, as scipy takes them
        (None, [-np.inf] * 2, [np.inf] * 2),
    ],
)
def test_bounds_in_every_form(bounds, lower, upper):
    start = np.zeros(2) if len(lower) == 2 else None
    low, high = read_bounds(bounds, start)
    assert low.tolist() == lower and high.tolist() == upper


BAD = [
    ({"bounds": None}, "neither bounds nor x0"),
    ({"bounds": []}, "bounds is empty"),
    ({"bounds": 3}, "bounds is int '3'; give a pair"),
    ({"bounds": [(0, 1), 2]}, r"bounds\[1\] is 2; give a pair"),
    ({"bounds": [(0, 1, 2)] * 2}, r"bounds\[0\] is \(0, 1, 2\)"),
    ({"bounds": [("a", 1)]}, r"bounds\[0\] is \('a', 1\)"),
    ({"bounds": [(1, 0)]}, r"\[0\] = 1 is (above|not below)"),
    ({"bounds": [(0, float("nan"))]}, r"\[0\] is nan"),
    ({"bounds": [(0, 0)]}, "nothing to search"),
    ({"x0": [0.5] * 3}, "2 bounds and x0 has 3 entries"),
    ({"x0": [0.5, float("nan")]}, r"x0\[1\] is nan"),
    ({"x0": [0.5, float("inf")]}, r"x0\[1\] is inf"),
    ({"x0": [0.5, 7]}, r"x0\[1\] = 7 .*upper bound"),
    ({"x0": [[0.5, 0.5]]}, "x0 is a list of 1 entries; give a vector"),
    ({"x0": "middle"}, "x0 is str 'middle'"),
    ({"x0": [1j, 0]}, "x0 is a list"),
    ({"fun": 3}, "fun is int '3'; give the function"),
    ({"fun": lambda x: None}, r"fun\(x\) returned None \(is a return statement missing\?\) at x = \["),
    ({"fun": lambda x: x}, r"fun\(x\) returned an array of shape \(2,\)"),
    ({"fun": lambda x: x[0] > 0}, r"fun\(x\) returned a boolean at x"),
    ({"fun": lambda x: "low"}, r"fun\(x\) returned str 'low'"),
    ({"fun": lambda x: 1j}, r"fun\(x\) returned complex"),
    ({"fun": lambda x: float("nan"), "x0": [0.5, 0.5]}, r"fun\(x0\) is NaN; start where"),
    ({"constraints": {"type": "ineq", "fun": lambda x: x[0] > 0}}, "constraints: fun.x. returned a boolean"),
    ({"constraints": [{"type": "ineq"}]}, r"constraints\[0\]: 'fun' is missing"),
    (
        {"constraints": NonlinearConstraint(lambda x: [1, 2], [0, 0, 0], 3)},
        "returned 2 values, and lb and ub are for 3",
    ),
    ({"max_evals": 0}, "max_evals is 0; give a whole number"),
    ({"max_evals": 1.5}, "max_evals is 1.5"),
    ({"max_evals": True}, "max_evals is True"),
    ({"time_limit": -1}, "time_limit is -1; give a number above 0, such as 60"),
    ({"time_limit": "1 h"}, "time_limit is '1 h'"),
    ({"tol": 0}, "tol is 0; give a number above 0"),
    ({"integrality": [0, 1, 0]}, "integrality is a list of 3 entries for 2 variables"),
    ({"integrality": [0, 2]}, "integrality has the entry 2"),
    ({"seed": -1}, "seed is -1"),
    ({"seed": 1.5}, "seed is 1.5"),
    ({"callback": 3}, "callback is int '3'"),
    ({"workers": 0}, "workers is 0"),
    ({"vectorized": True}, "vectorized=True is not supported"),
]


@pytest.mark.parametrize(("changes", "said"), BAD)
def test_bad_input_is_one_clear_message(changes, said):
    call = {"fun": cost, "bounds": PAIRS} | changes
    with pytest.raises(llamoco.LlamocoError, match=said) as caught:
        llamoco.minimize(call.pop("fun"), **call)
    assert "\n" not in str(caught.value)


def test_a_flat_pair_that_may_be_either_is_asked_about():
    with pytest.raises(llamoco.LlamocoError, match=r"write x0=\(0, 5\) or bounds=\[\(0, 5\)\]"):
        llamoco.minimize(cost, (0, 5))
    assert llamoco.minimize(cost, bounds=(0, 5), max_evals=5).x.shape == (1,)


def test_constraints_may_not_change_their_number():
    calls = []

    def changing(x):
        calls.append(x)
        return np.ones(1 if len(calls) < 4 else 2)

    with pytest.raises(llamoco.LlamocoError, match=r"gave 2 values at x = .* and 1 before"):
        llamoco.minimize(cost, PAIRS, constraints={"type": "ineq", "fun": changing})


def test_integrality_counts_and_seeds():
    assert read_integrality(1, 2).tolist() == [True, True]
    assert read_integrality([0, 1], 2).tolist() == [False, True]
    assert read_integrality(False, 2) is None
    assert read_count("n", 5.0) == 5 and read_count("n", None) is None
    assert read_seed(None) == 0 and read_seed(np.int64(4)) == 4
    assert 0 <= read_seed(np.random.RandomState(0)) < 2**31


def test_importing_takes_next_to_nothing_and_solving_no_torch():
    code = (
        "import sys, llamoco; assert 'numpy' not in sys.modules\n"
        "r = llamoco.minimize(lambda x: x[0] ** 2, [(-1, 1)], max_evals=20); assert r.success\n"
        "heavy = 'torch transformers numba sklearn pandas pyarrow datasets matplotlib'.split()\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout == "[]\n", done.stderr
