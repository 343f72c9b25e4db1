"""Probes that a prompt states are charged to the model's runs, and to nobody else's."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest

from llamoco.dataset_builder.problems.oracle import Oracle
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.profiling.probes import probe_problem
from llamoco.dataset_builder.problems.symbolic.synthesis import draw_problem
from llamoco.metrics.runner import Prediction, Runner, _content
from llamoco.modeling.evaluation.evaluation_folder import key_of
from llamoco.modeling.evaluation.results import after_probes, prediction_of, run_key

# Fails unless it is given the rest of the budget and a starting point.
PROGRAM = """\
import numpy as np

def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None, x0=None):
    assert max_evals == {left} and x0 is not None
    for share in np.linspace(0.1, 0.9, max_evals):
        objective(lower + share * (upper - lower))
    return x0
"""


@pytest.fixture(scope="module", params=[False, True], ids=["unconstrained", "constrained"])
def problem(request: pytest.FixtureRequest) -> Problem:
    drawn = (draw_problem(5, number, request.param) for number in range(40))
    plain = (p for p in drawn if p.n_equality == 0 and p.start is None)
    return replace(next(plain), max_evals=400)


def test_a_run_after_probes_begins_at_the_best_of_them(problem: Problem) -> None:
    probes = probe_problem(problem)
    assert probes is not None
    oracle = Oracle(replace(problem, probes_first=True))
    assert oracle.evals == 20 and oracle.remaining == 380
    assert oracle.start is not None
    np.testing.assert_array_equal(oracle.start, probes.points[probes.best])
    assert all(evals <= 20 for evals, _ in oracle.trace)
    assert Oracle(replace(problem, probes_first=True, max_evals=50)).evals == 0


def test_the_sandbox_charges_them(problem: Problem) -> None:
    with Runner(runs=1, workers=1, allow_unsafe=True) as runner:
        predictions = [
            Prediction(PROGRAM.format(left=380), replace(problem, probes_first=True)),
            Prediction(PROGRAM.format(left=380), problem),
        ]
        done = dict(runner.run_all(predictions))
    probed, plain = (done[number][0].attempt for number in range(2))
    assert (probed.record.verdict, probed.record.evals) == ("ok", 400)
    assert plain.failed


def test_who_is_charged(problem: Problem) -> None:
    unknown = {"problem_id": problem.id, "facts_known": False}
    known = {"problem_id": problem.id, "facts_known": True}
    assert [after_probes(name, unknown) for name in ("model", "within_pool", "repair")] == [True] * 3
    assert not after_probes("sbs", unknown) and not after_probes("vbs", unknown)
    assert not any(after_probes(name, known) for name in ("model", "within_pool", "repair", "sbs"))
    assert not after_probes("model", {"problem_id": problem.id})
    assert run_key("sbs", unknown, "p") == run_key("model", known, "p") == key_of(problem.id, "p")
    assert run_key("model", unknown, "p") not in (key_of(problem.id, "p"), key_of(problem.id, "p\0"))
    one, other = (prediction_of(name, unknown, "p", {problem.id: problem}) for name in ("model", "sbs"))
    assert one.problem.probes_first and not other.problem.probes_first
    assert _content(one) != _content(other)
    assert pickle.loads(pickle.dumps(one.problem)).probes_first
    assert one.problem.to_json() == problem.to_json()
