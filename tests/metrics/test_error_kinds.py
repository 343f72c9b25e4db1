"""Kinds of errors: real errors of real libraries, run in the sandbox, and the rule on records by hand."""

from typing import Any

import pytest

from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics.error_kinds import KINDS, error_kind, error_kinds
from llamoco.metrics.run_records import row
from llamoco.metrics.runner import Prediction, Runner

HEAD = "def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None, x0=None):\n"
SPHERE = {
    "structure": "single",
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
PROBLEM = Problem("s", "synthetic", (-2.0, -2.0), (2.0, 2.0), 50, 0, 0, SPHERE)


def program(*lines: str, before: str = "") -> str:
    return (
        "import numpy as np\nimport scipy.optimize as so\nimport cma\n"
        + before
        + HEAD
        + "".join(f"    {line}\n" for line in lines)
    )


REAL = {
    "syntax": ["def optimize(:\n", "I would use CMA-ES.", "x = 1\n"],
    "interface": [
        program("return so.particle_swarm(objective)"),
        program("return 1", before="from scipy.optimize import genetic\n"),
        program("return 1", before="import pygmo_of_dreams\n"),
        program("return so.differential_evolution(objective, list(zip(lower, upper)), generations=9).x"),
        program("return so.minimize(objective, lower, method='PSO').x"),
        program("return so.differential_evolution().x"),
        program("return np.array(lower).clip_to(0)"),
    ],
    "hyper_parameter": [
        program(
            "return so.differential_evolution(objective, list(zip(lower, upper)), mutation=(5.0, 9.0), rng=1).x"
        ),
        program(
            "return so.dual_annealing(objective, list(zip(lower, upper)), restart_temp_ratio=9.0, initial_temp=9).x"
        ),
        program("return cma.fmin(objective, lower, 0.5, {'populationsize': 5})[0]"),
    ],
    "constraint": [
        program("return so.dual_annealing(objective, list(zip(lower, upper)), constraints=()).x"),
        program("return lower if inequality(lower)[0] < 0 else upper"),
    ],
    "problem": [program("return objective(np.zeros(7))"), program("return np.zeros(3)")],
    "limits": [program("open('/etc/passwd')", "import socket; socket.socket()", "return lower")],
    "other": [
        program("return own(1, 2)", before="def own(a):\n    return a\n"),
        program("return undefined_name"),
        program("return lower[99] + 1 / 0"),
    ],
}
CASES = [(kind, text) for kind, texts in REAL.items() for text in texts]


def test_errors_of_real_programs() -> None:
    wrong = []
    with Runner(1, seed=0, workers=1) as runner:
        for position, [run] in runner.run_all([Prediction(text, PROBLEM) for _, text in CASES]):
            kind, text = CASES[position]
            record = row(position, 0, run)
            if (found := error_kind(record, text)) != kind:
                wrong.append((kind, found, record["verdict"], record["exception"], record["message"], text))
    assert not wrong


def record(verdict: str, **fields: Any) -> dict[str, Any]:
    return {"verdict": verdict, "reason": "", "exception": None, "message": None, "frames": []} | fields


def test_what_is_no_error_has_no_kind() -> None:
    for verdict in ("ok", "budget_exceeded", "harness_error"):
        assert error_kind(record(verdict), "") is None
    assert error_kind(record("ok", faithful=False), "") == "problem"
    counts = error_kinds([(record("timeout"), ""), (record("ok"), ""), (record("memory"), "")])
    assert counts == dict.fromkeys(KINDS, 0) | {"limits": 2}


@pytest.mark.parametrize(
    "text", ["'" * 100_000, "constraint" * 50_000, "x." * 100_000 + "f() got", "\0" * 1000]
)
def test_hostile_messages_take_no_time(text: str) -> None:
    found = error_kind(record("runtime_error", exception="TypeError", message=text), text)
    assert found in KINDS
