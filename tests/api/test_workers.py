"""Workers: side by side, in the order and with the values of one process, and with the person's own exceptions."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import cloudpickle
import numpy as np
import pytest

import llamoco
from llamoco.dataset_builder.optimizers.configuration import configuration_for
from llamoco.dataset_builder.optimizers.pool import POOL, render
from llamoco.dataset_builder.problems.callables.callable_evaluator import CallableEvaluator, Functions
from llamoco.dataset_builder.problems.described import DescribedProblem
from llamoco.dataset_builder.problems.evaluators import collect_values
from llamoco.dataset_builder.problems.variables import Variables
from llamoco.dataset_builder.problems.wrappers.journal import Journal
from llamoco.dataset_builder.problems.wrappers.workers import ParallelEvaluator, WorkersError
from llamoco.modeling.solving.answer import SEQUENTIAL
from llamoco.modeling.solving.in_process import InProcessRunner

cloudpickle.register_pickle_by_value(
    sys.modules[__name__]
)  # pytest's own way to import it is not known elsewhere

RNG = np.random.default_rng(0)
POINTS = RNG.random((12, 2))


def evaluator(fun, **options):
    functions = Functions(fun, (), {"type": "ineq", "fun": lambda x: x[0] - x[1]}, 2)
    return CallableEvaluator(functions, Variables([0, 0], [1, 1]), 100, **options)


def named(x):
    return x[0] ** 2 + x[1]


def test_values_and_order_are_those_of_one_process():
    here = os.getpid()
    seen = []

    def cost(x):
        time.sleep(0.05 * (x[0] < 0.3))  # the first to be asked for are not the first to be done
        seen.append(os.getpid())  # stays where it happens
        return np.sin(x[0]) if os.getpid() != here else np.nan

    inner = evaluator(cost, maximize=True)
    with ParallelEvaluator(inner, 2) as shared:
        values = shared.evaluate(POINTS)
        order = [row for row, _ in shared.evaluate_rows(POINTS)]
    expected = -np.sin(POINTS[:, 0])
    assert values[0].tobytes() == expected.tobytes()
    assert values[1].tobytes() == (POINTS[:, 1:] - POINTS[:, :1]).tobytes() and values[2].shape == (12, 0)
    assert sorted(order) == list(range(12))
    assert len(seen) <= 1  # the numbers of constraints are learned here


@pytest.mark.parametrize("kind", ["threads", "builtin", "pool"])
def test_a_map_is_taken(kind):
    expected = collect_values(evaluator(named).evaluate_rows(POINTS), 12)
    if kind == "builtin":
        values = ParallelEvaluator(evaluator(named), map).evaluate(POINTS)
    elif kind == "threads":
        with ThreadPoolExecutor(3) as executor:
            values = ParallelEvaluator(evaluator(named), executor.map).evaluate(POINTS)
    else:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            values = ParallelEvaluator(evaluator(lambda x: named(x)), pool.map).evaluate(POINTS)
    assert all(a.tobytes() == b.tobytes() for a, b in zip(values, expected, strict=True))


class Licence(Exception):
    def __init__(self, server, code):
        super().__init__(f"{server} said {code}")
        self.server, self.code = server, code

    def __reduce__(self):
        return Licence, (self.server, self.code)


def test_an_exception_comes_back_as_itself_after_what_was_paid_for():
    def cost(x):
        if x[0] == POINTS[1, 0]:
            time.sleep(0.2)
            raise Licence("alpha", 7)
        if x[0] == POINTS[3, 0]:
            raise ValueError("sooner, but later in the order")
        return x[0]

    with ParallelEvaluator(evaluator(cost), 2) as shared:
        found = []
        with pytest.raises(Licence, match="alpha said 7") as caught:
            found.extend(row for row, _ in shared.evaluate_rows(POINTS))
        assert caught.value.code == 7
        assert 0 in found and 1 not in found and 3 not in found
        assert shared.evaluate(POINTS[4:8])[0].tolist() == POINTS[4:8, 0].tolist()  # it goes on


def test_a_worker_that_dies_is_said_and_what_was_paid_for_is_kept(tmp_path):
    def cost(x):
        if (x[0] - 0.3) ** 2 < 0.01 and os.path.exists(flag):
            os.kill(os.getpid(), signal.SIGKILL)
        return (x[0] - 0.3) ** 2 + x[1]

    flag = str(tmp_path / "flag")
    call = {"bounds": [(0, 1)] * 2, "journal": tmp_path / "journal", "max_evals": 100, "workers": 2}
    call |= {"x0": [0.9, 0.9], "one_program": True}
    open(flag, "w").close()
    # Programs that ask for one point at a time would evaluate here, so a batch is asked for by hand.
    with ParallelEvaluator(evaluator(cost), 2) as shared, Journal(tmp_path / "other"):
        found = []
        with pytest.raises(WorkersError, match="a worker process died") as caught:
            found.extend(shared.evaluate_rows(np.vstack([POINTS, [[0.3, 0.3]]])))
        assert isinstance(caught.value, llamoco.LlamocoError)
        os.unlink(flag)
        assert shared.evaluate(np.array([[0.3, 0.3], [0.1, 0.1]]))[0][0] == 0.3  # with new processes


def test_what_cannot_be_sent_is_said():
    lock = threading.Lock()
    with pytest.raises(WorkersError, match="cannot be sent to other processes"):
        ParallelEvaluator(evaluator(lambda x: x[0] if lock else 0), 2).evaluate(POINTS)


@pytest.mark.parametrize("workers", [0, -2, 1.5, "all", True])
def test_what_is_no_number_of_workers_is_refused(workers):
    with pytest.raises(llamoco.LlamocoError, match="give a number of processes, -1 for one a core"):
        llamoco.minimize(named, [(0, 1)] * 2, workers=workers)


def test_minimize_gives_the_same_with_workers():
    here = os.getpid()

    def cost(x):
        if os.getpid() == here and several:
            alone.append(x)
        return 10 * 5 + sum(x**2 - 10 * np.cos(2 * np.pi * x))

    bounds, alone, several = [(-5, 5)] * 5, [], False
    # The built-in map shares nothing out, but goes the way of all workers.
    by_map = llamoco.minimize(cost, bounds, max_evals=400, workers=map)
    several = True
    two = llamoco.minimize(cost, bounds, max_evals=400, workers=2)
    assert two.x.tolist() == by_map.x.tolist() and two.trace == by_map.trace
    assert two.optimizer not in SEQUENTIAL
    assert len(alone) < 40  # the rest was evaluated elsewhere


@pytest.mark.parametrize("name", sorted(POOL))
def test_which_programs_ask_for_one_point_after_the_other(name):
    evals = 120
    problem = DescribedProblem(
        id="batches",
        lower=(-3.0,) * 3,
        upper=(5.0,) * 3,
        max_evals=evals,
        n_inequality=0,
        n_equality=0,
        evaluator=ParallelEvaluator(
            CallableEvaluator(Functions(bumps, (), (), 3), Variables([-3] * 3, [5] * 3), evals), map
        ),
    )
    sizes = []
    oracle = problem.active_evaluator.evaluate_rows
    problem.active_evaluator.evaluate_rows = lambda x: sizes.append(len(x)) or oracle(x)
    config = configuration_for(name, 3, evals, False)
    InProcessRunner().run(f"# any; optimizer: {name}\n{render(name, config)}", problem, 0)
    assert sum(sizes) >= evals - 5
    assert (len(sizes) > 0.8 * evals) == (name in SEQUENTIAL)


def bumps(x):
    return float(np.sum(x**2) + 3 * np.sum(np.cos(3 * x)))


FILE = """
import os
import helper
LOWER, UPPER, MAX_EVALS = [0.0] * 3, [1.0] * 3, 60
def objective(x):
    return helper.value(x)
"""


def test_a_file_is_executed_in_each_worker(tmp_path):
    (tmp_path / "helper.py").write_text("def value(x):\n    return float(x @ x)\n")
    (tmp_path / "problem.py").write_text(FILE)
    problem = llamoco.load_problem(tmp_path / "problem.py")
    points = RNG.random((6, 3))
    with ParallelEvaluator(problem.active_evaluator, 2) as shared:
        assert shared.evaluate(points)[0].tolist() == [float(x @ x) for x in points]


def test_who_asks_for_one_point_at_a_time_gains_nothing():
    with pytest.warns(UserWarning, match="workers could not help: .* one point at a time"):
        llamoco.minimize(lambda x: x[0] ** 2, [(-1, 1)], x0=[0.5], max_evals=1, workers=2)


INTERRUPTED = """
import time
import llamoco

def cost(x):
    time.sleep(0.05)
    return float(x @ x)

result = llamoco.minimize(
    cost, [(-1, 1)] * 4, max_evals=5000, workers=2, callback=lambda xk: print("request", flush=True)
)
print(result.status, result.fun == cost(result.x), result.message)
"""


def test_ctrl_c_ends_workers_and_keeps_the_best(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert [process.stdout.readline() for _ in range(2)] == ["request\n"] * 2
    time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: workers hear of it, too
    out, err = process.communicate(timeout=20)
    assert "\n4 True interrupted after " in f"\n{out}", out + err
    assert err == ""
