"""Functions that are handed over are followed as a file's are, and neither they nor what they refer to notice."""

import functools
import math
from collections import defaultdict
from math import sin
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from numpy import cos

from llamoco.dataset_builder.problems.callables.callable_evaluator import CallableEvaluator, Functions
from llamoco.dataset_builder.problems.callables.process_copies import traced_copy
from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.problems.profiling.operation_profile import trace_functions
from llamoco.dataset_builder.problems.variables import Variables

PROBLEMS = Path(__file__).parents[4] / "examples" / "problems"


@pytest.mark.parametrize("path", sorted(PROBLEMS.glob("*.py")), ids=lambda path: path.stem)
def test_the_facts_are_those_of_the_file(path):
    names: dict = {"__name__": "problem"}
    exec(compile(path.read_text(), str(path), "exec"), names)
    constraints = []
    if "inequality" in names:
        constraints.append(
            {"type": "ineq", "fun": lambda x: [-g for g in np.atleast_1d(names["inequality"](x))]}
        )
    if "equality" in names:
        constraints.append({"type": "eq", "fun": names["equality"]})
    lower, upper = np.array(names["LOWER"], dtype=float), np.array(names["UPPER"], dtype=float)
    functions = Functions(names["objective"], (), constraints, len(lower))
    evaluator = CallableEvaluator(functions, Variables(lower, upper), 100)
    expected = load_problem(path).profile
    assert evaluator.trace_obstacle is None
    assert evaluator.profile.objective == expected.objective
    ours, theirs = evaluator.profile.constraints, expected.constraints
    assert (ours.operations, ours.degrees, ours.mean_interactions) == (
        theirs.operations,
        theirs.degrees,
        theirs.mean_interactions,
    )


HISTORY: list = []
SEEN: set = set()
BY_NAME = defaultdict(int)
LAST = np.zeros(2)
COUNT = 0


def helper(x):
    BY_NAME["helper"] += 1
    return math.exp(x)


def busy(x, offset=(1.0,), *, log=HISTORY):
    global COUNT
    COUNT += 1
    log.append(x)
    SEEN.add(COUNT)
    LAST[:] = 7
    print("called")
    return sin(x[0]) + cos(x[1]) * helper(x[0]) - offset[0]


class Model:
    calls = 0

    def __init__(self, rate):
        self.rate, self.log = rate, []

    def __call__(self, x):
        self.calls += 1
        self.log.append(x)
        return math.log(self.scaled(x)[0] + 20) + super().__sizeof__() * 0

    def scaled(self, x):
        return self.rate * x


class Registered:
    known: ClassVar[list] = []

    def __init_subclass__(cls):
        Registered.known.append(cls)

    def cost(self, x):
        return x[0] ** 2


def test_a_class_that_counts_its_subclasses_counts_none():
    assert operations(Registered().cost) == {"square"}
    assert Registered.known == []


def counted():
    calls, total = [], 0

    def inner(x):
        nonlocal total
        total += 1
        calls.append(x)
        return float(x[0]) ** 2 + float(np.round(x[1]))

    return inner, lambda: (calls, total)


def factorial(x, n=3):
    return x[0] if n == 0 else factorial(x, n - 1) * x[1]


def operations(function):
    trace = trace_functions(traced_copy(function), [], [-1.0, -1.0], [2.0, 2.0], None, __file__)
    assert trace.obstacle is None
    return set(trace.profile.objective.operations)


def test_what_a_function_refers_to_is_copied(capsys):
    assert operations(busy) == {"sin", "cos", "exp", "product"}
    assert (HISTORY, SEEN, dict(BY_NAME), LAST.tolist(), COUNT) == ([], set(), {}, [0, 0], 0)
    assert capsys.readouterr().out == ""


def test_objects_closures_partials_and_recursion_are_followed():
    model = Model(2.0)
    assert operations(model) == operations(model.__call__) == {"log"}
    assert (model.calls, model.log) == (0, [])
    inner, state = counted()
    assert operations(inner) == {"square", "floor"}
    assert state() == ([], 0)
    assert operations(factorial) == operations(functools.partial(factorial, n=3)) == {"product"}
    assert operations(lambda x: np.linalg.norm(x)) == {"square", "sqrt"}


def test_what_cannot_be_followed_is_named():
    def compiled(x):
        return np.linalg.eigvals(np.diag(x))[0]

    trace = trace_functions(traced_copy(compiled), [], [0.0] * 2, [1.0] * 2, None, __file__)
    assert trace.profile is None and "numpy.linalg.eigvals cannot be traced" in trace.obstacle


def test_what_ends_the_process_or_never_ends_does_neither():
    def leaves(x):
        raise SystemExit

    def runs_on(x):
        while True:
            x = x * 1.0

    for function in (leaves, runs_on):
        assert trace_functions(traced_copy(function), [], [0.0] * 2, [1.0] * 2).profile is None
