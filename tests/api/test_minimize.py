"""``llamoco.minimize`` against scipy's own answers and against what a person counts on: sign, bounds, budget, their own exceptions."""

import json
import subprocess
import sys
import threading

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, NonlinearConstraint, OptimizeResult, rosen, rosen_der
from scipy.optimize import minimize as scipys

import llamoco


def sphere(x):
    return float(np.sum((x - 0.3) ** 2))


def test_a_line_solves_a_problem():
    result = llamoco.minimize(lambda x: (x[0] - 1) ** 2 + abs(x[1]), [(-5, 5), (-5, 5)])
    assert isinstance(result, OptimizeResult)
    assert result.success and result.status == 0 and result.maxcv == 0
    assert result.fun < 0.05 and result.x == pytest.approx([1, 0], abs=0.25)
    assert 0 < result.nfev <= 300  # the default budget, 100 (n + 1)
    assert result.optimizer in result.message and result.optimizer in result.program
    assert result.trace[-1][1] == result.fun
    assert "lines of Python" in repr(result) and "def " not in repr(result)


@pytest.mark.parametrize("place", ["position", "keyword"])
def test_a_call_of_scipys_minimize_becomes_ours_by_the_name(place):
    x0, bounds = [1.3, 0.7, 0.8, 1.9], Bounds(-2, [2, 2, 2, 3])
    cons = [
        {"type": "ineq", "fun": lambda x, least: x[0] - least, "args": (1.1,)},
        LinearConstraint([[1, 1, 0, 0]], -np.inf, 2.0),
        NonlinearConstraint(lambda x: x[2] * x[3], 0, 10),
    ]
    call = {"method": "SLSQP", "jac": rosen_der, "bounds": bounds, "constraints": cons, "tol": 1e-9}
    theirs = scipys(rosen, x0, **call)
    with pytest.warns(UserWarning, match="method, jac"):
        if place == "position":
            ours = llamoco.minimize(rosen, x0, (), **call, max_evals=3000)
        else:
            ours = llamoco.minimize(rosen, x0=x0, **call, max_evals=3000)
    assert ours.success and ours.maxcv <= 1e-6
    assert ours.fun <= theirs.fun + 0.02
    assert ours.x[0] >= 1.1 - 1e-6 and ours.x[0] + ours.x[1] <= 2 + 1e-6
    assert (ours.x >= bounds.lb).all() and (ours.x <= bounds.ub).all()


def test_what_the_objective_returns_may_be_any_one_number():
    seen = []
    for value in (np.float32(2), np.array(2), np.array([2]), [2], 2, np.array([[2.0]])):
        result = llamoco.minimize(lambda x, value=value: value, [(0, 1)], max_evals=5)
        seen.append(result.fun)
    assert seen == [2.0] * 6


def test_arguments_and_gradients_are_taken_as_scipy_does():
    def with_gradient(x, a, b):
        return a * sphere(x) + b, x

    result = llamoco.minimize(with_gradient, [(0, 1)] * 2, (2.0, 5.0), jac=True, max_evals=100)
    assert result.fun == pytest.approx(5, abs=1e-3)
    assert llamoco.minimize(lambda x, a: a, [(0, 1)], args=3, max_evals=5).fun == 3


def test_maximising_keeps_the_persons_sign():
    values = []

    def height(x):
        values.append(5 - sphere(x))
        return values[-1]

    seen = []
    result = llamoco.minimize(
        height,
        [(-1, 1)] * 2,
        maximize=True,
        max_evals=120,
        callback=lambda intermediate_result: seen.append(intermediate_result.fun),
    )
    assert result.fun == max(values) == max(seen) == result.trace[-1][1]
    assert 4.9 < result.fun <= 5
    assert [f for _, f in result.trace] == sorted(f for _, f in result.trace)


@pytest.mark.parametrize("fun", [sphere, rosen])
def test_the_budget_is_the_number_of_calls(fun):
    for evals, start in ((37, None), (1, [0.5, 0.5]), (2, [0.5, 0.5]), (50, [0.9, 0.1])):
        calls = []
        result = llamoco.minimize(
            lambda x, calls=calls: calls.append(x.copy()) or float(fun(x)),
            [(0, 1)] * 2,
            x0=start,
            max_evals=evals,
        )
        # What a program asks for again, as local searches do that begin anew where they ended, counts and is not called again.
        assert len({x.tobytes() for x in calls}) == len(calls) <= result.nfev <= evals
        if fun is rosen:  # in whose valley they are still under way
            assert len(calls) == result.nfev
        if start is not None:
            assert calls[0].tolist() == start
            assert result.fun <= fun(np.array(start))
        assert all(((x >= 0) & (x <= 1)).all() for x in calls)
    with pytest.warns(UserWarning, match="maxiter"):
        assert llamoco.minimize(sphere, [0.5], bounds=[(0, 1)], options={"maxfev": 7, "maxiter": 3}).nfev <= 7


def test_variables_without_bounds_are_searched_round_the_start():
    result = llamoco.minimize(lambda x: (x[0] - 70) ** 2 + (x[1] + 3) ** 2, x0=[50.0, 0.0], max_evals=800)
    assert result.fun < 0.02 * 409  # its value at x0
    result = llamoco.minimize(lambda x: (x[0] - 7) ** 2 + x[1], [(None, None), (0, None)], max_evals=800)
    assert result.fun < 1 and result.x[1] >= 0


def test_integers_reach_the_objective_rounded():
    seen = []

    def cost(x):
        seen.append(x.copy())
        return (x[0] - 2.6) ** 2 + (x[1] - 0.4) ** 2

    result = llamoco.minimize(cost, [(0, 9), (0, 1)], integrality=[1, 0], max_evals=200)
    assert all(x[0] == round(x[0]) and 0 <= x[0] <= 9 for x in seen)
    assert result.x[0] == 3 and result.x[1] == pytest.approx(0.4, abs=0.05)


def test_an_infeasible_problem_says_by_how_much():
    cons = {"type": "ineq", "fun": lambda x: x[0] - 2}  # x is at most 1
    result = llamoco.minimize(sphere, [(0, 1)] * 2, constraints=cons, max_evals=200)
    assert not result.success and result.status == 1
    assert result.maxcv == pytest.approx(1, abs=0.05)
    assert result.x[0] == pytest.approx(1, abs=0.05)
    assert "no feasible point was found" in result.message and f"{result.maxcv:.3g}" in result.message


def test_the_same_call_gives_the_same_result_and_another_seed_another():
    first, again, other = (
        llamoco.minimize(rosen, [(-2, 2)] * 3, max_evals=150, one_program=True, seed=seed)
        for seed in (None, 0, 5)
    )
    assert first.x.tolist() == again.x.tolist() and first.trace == again.trace
    drawn = [
        llamoco.minimize(
            rosen, [(-2, 2)] * 3, max_evals=150, one_program=True, seed=np.random.default_rng(3)
        ).x.tolist()
        for _ in range(2)
    ]
    assert drawn[0] == drawn[1]
    assert other.nfev <= 150


HISTORY: list = []
CALLS = 0


def noted(x):
    global CALLS
    CALLS += 1
    HISTORY.append(x.copy())
    print("evaluated")
    return float(rosen(x))


def test_following_a_function_leaves_no_trace_in_it(capsys):
    HISTORY.clear()
    before = CALLS
    result = llamoco.minimize(noted, [(0, 1)] * 2, max_evals=30)
    assert CALLS - before == len(HISTORY) == result.nfev == capsys.readouterr().out.count("evaluated")
    assert all(type(value) is float for x in HISTORY for value in x.tolist())
    assert result.warning is None  # it was followed


class Simulator:
    def __init__(self):
        self.calls, self.log = 0, []

    def cost(self, x):
        self.calls += 1
        self.log.append(float(x[0]))
        return self.help(x) ** 2

    def help(self, x):
        return np.sqrt(abs(x[0])) + x[1]


def test_methods_are_followed_in_a_copy_of_their_object():
    simulator = Simulator()
    result = llamoco.minimize(simulator.cost, [(-1, 1)] * 2, max_evals=20)
    assert simulator.calls == result.nfev == len(simulator.log)
    assert result.warning is None


def test_threads_call_side_by_side():
    def call(number):
        return llamoco.minimize(lambda x: sphere(x) + number, [(0, 1)] * 2, max_evals=200, one_program=True)

    found = {}
    threads = [threading.Thread(target=lambda n=n: found.update({n: call(n)})) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[n].x.tolist() for n in range(3)] == [call(n).x.tolist() for n in range(3)]


def test_points_outside_the_domain_are_worst():
    result = llamoco.minimize(lambda x: np.nan if x[0] < 0.5 else x[0], [(0, 1)], max_evals=100)
    assert result.success and 0.5 <= result.fun < 0.6
    result = llamoco.minimize(lambda x: np.inf, [(0, 1)], max_evals=10)
    assert not result.success and "not finite" in result.message


def test_the_program_is_a_script_that_runs(tmp_path, monkeypatch):
    (tmp_path / "mine_to_import.py").write_text("def cost(x):\n    return -((x[0] - 3) ** 2) - x[1]\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    from mine_to_import import cost

    result = llamoco.minimize(
        cost,
        [(None, 9), (0, 5)],
        x0=[1, 2],
        maximize=True,
        integrality=[0, 1],
        one_program=True,
        max_evals=300,
    )
    (tmp_path / "program.py").write_text(result.program)
    done = subprocess.run([sys.executable, "program.py"], cwd=tmp_path, capture_output=True, text=True)
    assert done.stderr == ""
    said = dict(line.split(" = ") for line in done.stdout.splitlines())
    assert json.loads(said["x"]) == result.x.tolist()
    assert float(said["f"]) == pytest.approx(result.fun) and said["feasible"] == "yes"


def test_a_program_says_where_a_function_goes_that_no_text_stands_for(tmp_path):
    result = llamoco.minimize(
        lambda x: x[0], [(0, 1)], constraints={"type": "eq", "fun": lambda x: x[0] - 0.5}
    )
    names: dict = {"__name__": "program"}
    exec(compile(result.program, "program.py", "exec"), names)
    assert (names["LOWER"], names["UPPER"]) == ([0.0], [1.0])
    for name, said in (("objective", "the function that was given"), ("equality", "1 values that are = 0")):
        with pytest.raises(NotImplementedError, match=said):
            names[name]([0.0])


@pytest.mark.parametrize("x0", [None, [0.5, 0.5]])
@pytest.mark.parametrize("followed", [True, False])
def test_one_function_may_return_objective_and_constraints(x0: list[float] | None, followed: bool) -> None:
    calls = []

    def simulated(x: np.ndarray) -> tuple[float, list[float], float]:
        calls.append(x)
        if not followed:
            float(x[0])  # what is done after it cannot be known
        return (x[0] - 3) ** 2 + (x[1] - 2) ** 2, [x[0] + x[1] - 4], x[0] - 2 * x[1]

    result = llamoco.minimize(simulated, [(0, 5), (0, 5)], x0=x0, max_evals=400)
    assert result.success and result.x == pytest.approx([8 / 3, 4 / 3], abs=1e-3)
    assert len(calls) <= result.nfev + 3  # the program's own point is evaluated again, and a copy followed
    seen = [tuple(np.asarray(x, dtype=float)) for x in calls if np.asarray(x).dtype == float]
    assert x0 is None or seen.count(tuple(x0)) == 1


def test_constraints_that_are_no_numbers_are_one_message() -> None:
    with pytest.raises(
        llamoco.LlamocoError, match=r"the inequalities that fun\(x\) returned hold no real number"
    ):
        llamoco.minimize(lambda x: (x[0], ["a"]), [(0, 1)], max_evals=50)


@pytest.mark.parametrize("start", [[1.9, -1.4], [-4.5, 3.5], [5, 4]], ids=["near", "far", "corner"])
def test_a_starting_point_is_the_first_call_and_is_paid_for_once(start):
    calls = []

    def fun(x):
        calls.append(x.tolist())
        return 100 * (x[1] + 2.5 - (x[0] - 1) ** 2) ** 2 + (x[0] - 2) ** 2  # a valley: 0 at (2, -1.5)

    result = llamoco.minimize(fun, [(-5, 5), (-5, 4)], x0=start, max_evals=60)
    calls = [x for x in calls if all(type(value) is float for value in x)]
    assert calls[0] == start and calls.count(start) == 1
    assert len(calls) == result.nfev <= 60 and result.success
    assert result.fun <= result.trace[0][1] == fun(np.array(start)) and result.trace[0][0] == 1


def test_without_bounds_a_local_search_begins_at_the_starting_point():
    target = np.array([500.0, -300.0, 40.0])
    result = llamoco.minimize(lambda x: ((x - target) ** 2).sum(), [0, 0, 0])
    assert result.optimizer in ("slsqp", "l_bfgs_b") and result.fun < 1e-3
    assert llamoco.minimize(lambda x: ((x - 3) ** 2).sum(), [0, 0, 0], max_evals=30).optimizer == "slsqp"
