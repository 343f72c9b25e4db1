"""What honest programs may rely on in the sandbox, and what callers may."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from processes import with_environment

from llamoco.dataset_builder.optimizers.pool import POOL, optimizer_function, render
from llamoco.dataset_builder.problems.oracle import Oracle
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics.faithfulness import agrees
from llamoco.metrics.sandbox import Sandbox

SECTION = """\
import numpy as np
LOWER = [-5, -5, -4]
UPPER = [5, 5, 6]
MAX_EVALS = 150
def objective(x):
    return float(np.sum((np.asarray(x) - 1.0) ** 2 * [1, 10, 100]))
def inequality(x):
    return [x[0] - 0.5, -4 - x[1]]
def equality(x):
    return x[1] + x[2] - 2
"""
UNCONSTRAINED = Problem(
    id="ellipsoid",
    kind="source",
    lower=(-5.0, -5.0, -4.0),
    upper=(5.0, 5.0, 6.0),
    max_evals=150,
    n_inequality=0,
    n_equality=0,
    definition={"python": SECTION.partition("def inequality")[0]},
)
CONSTRAINED = Problem(
    id="ellipsoid-c",
    kind="source",
    lower=(-5.0, -5.0, -4.0),
    upper=(5.0, 5.0, 6.0),
    max_evals=150,
    n_inequality=2,
    n_equality=1,
    definition={"python": SECTION},
)
ENTRY = "def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None):\n"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(allow_unsafe=True) as started:
        yield started


@pytest.mark.parametrize("name", POOL)
def test_the_pool_does_the_same_inside_and_outside(sandbox: Sandbox, name: str) -> None:
    problem = CONSTRAINED if POOL[name].handles(True) else UNCONSTRAINED
    text = render(name)
    record = sandbox.run(text, problem, seed=5)
    assert record.verdict == "ok", record
    oracle = Oracle(problem)
    x = optimizer_function(text)(
        oracle.objective,
        problem.lower_array,
        problem.upper_array,
        problem.max_evals,
        5,
        inequality=oracle.inequality,
        equality=oracle.equality,
    )
    assert record.x == x.tolist()
    assert (record.evals, record.refused, record.trace) == (oracle.evals, 0, oracle.trace)


def test_shapes_values_and_free_repetitions(sandbox: Sandbox) -> None:
    program = ENTRY + textwrap.indent(
        textwrap.dedent("""\
            import numpy as np
            assert lower.shape == upper.shape == (3,) and max_evals == 150 and seed == 11
            x = np.array([0.0, 1.0, 2.0])
            f, g, h = objective(x), inequality(x), equality(x)
            assert isinstance(f, float) and f == 101.0, f
            assert g.tolist() == [-0.5, -5.0] and h.tolist() == [1.0]
            X = np.stack((x, x + 1))
            F, G, H = objective(X), inequality(X), equality(X)
            assert F.shape == (2,) and G.shape == (2, 2) and H.shape == (2, 1) and F[0] == f
            F[:] = 0
            assert objective(X)[0] == f
            assert objective([0, 1, 1]) == 1.0
            return x
            """),
        "    ",
    )
    record = sandbox.run(program, CONSTRAINED, seed=11)
    assert (record.verdict, record.evals) == ("ok", 4), record
    assert (record.f, record.feasible) == (101.0, False)
    assert record.best_x == [0.0, 1.0, 1.0]


def test_constraint_functions_are_none_without_constraints_and_the_seed_is_set(sandbox: Sandbox) -> None:
    program = (
        "import random, numpy as np\n"
        + ENTRY
        + "    assert inequality is None and equality is None\n    objective(lower)\n"
        + "    print(random.random(), np.random.random())\n    return lower\n"
    )
    first, again, other = (sandbox.run(program, UNCONSTRAINED, seed=seed) for seed in (1, 1, 2))
    assert first.verdict == "ok" and first.output == again.output != other.output


def test_threads_may_share_the_objective(sandbox: Sandbox) -> None:
    program = (
        "import numpy as np\nfrom concurrent.futures import ThreadPoolExecutor\n"
        + ENTRY
        + "    X = np.random.uniform(lower, upper, (100, 3))\n    pool = ThreadPoolExecutor(4)\n"
        + "    assert list(pool.map(objective, X)) == list(objective(X))\n    return X[0]\n"
    )
    record = sandbox.run(program, replace(UNCONSTRAINED, max_evals=200), seed=1)
    assert (record.verdict, record.evals) == ("ok", 200), record


def test_progress_is_told(sandbox: Sandbox) -> None:
    seen: list[tuple[int, float | None]] = []
    program = ENTRY + "    objective(lower)\n    objective(lower + 1.0)\n    return lower\n"
    sandbox.run(program, UNCONSTRAINED, seed=1, on_progress=lambda evals, best: seen.append((evals, best)))
    assert [evals for evals, _ in seen] == [1, 2]
    assert seen[-1][1] == pytest.approx(25 + 250 + 1600)


def test_the_clock_stands_still_while_the_objective_computes(sandbox: Sandbox) -> None:
    program = ENTRY + "    objective(lower)\n    return lower\n"
    record = sandbox.run(
        program, UNCONSTRAINED, seed=1, time_limit=1.0, on_progress=lambda *_: time.sleep(1.2)
    )
    assert record.verdict == "ok" and record.wall > 1.2 and record.seconds < 1


def test_a_point_that_rounding_put_outside_is_inside(sandbox: Sandbox) -> None:
    program = ENTRY + "    objective(lower)\n    return lower - {}\n"
    near, far = (sandbox.run(program.format(step), UNCONSTRAINED, seed=1) for step in (1e-12, 1e-3))
    assert near.verdict == far.verdict == "ok"
    assert (near.feasible, near.x) == (True, [-5.0, -5.0, -4.0]) and not far.feasible


def test_a_script_states_its_problem(sandbox: Sandbox) -> None:
    points = np.array([[0.0, 1.0, 2.0], [3.0, -1.0, 4.0]])
    stated = sandbox.stated_problem(SECTION + ENTRY + "    return lower\n", points)
    assert stated is not None and stated.f.tolist() == [101.0, 4 + 40 + 900]
    assert stated.g.tolist() == [[-0.5, -5.0], [2.5, -3.0]] and stated.h.tolist() == [[1.0], [1.0]]
    assert stated.lower.tolist() == [-5, -5, -4] and stated.max_evals == 150
    assert agrees(stated, points, CONSTRAINED) and not agrees(stated, points, UNCONSTRAINED)
    broken = ("raise ValueError", "while True: pass", "os._exit(0)", "return np.zeros(10**9)", "return 'x'")
    for line in broken:
        program = "import os\n" + SECTION.replace("return float(", f"{line}\n    return float(")
        assert sandbox.stated_problem(program, points, time_limit=0.5, memory_limit=256) is None
    assert sandbox.stated_problem("x = 1\n", points) is None
    assert sandbox.stated_problem(SECTION.replace("MAX_EVALS = 150", ""), points) is None


def test_nothing_outlives_a_killed_evaluator() -> None:
    program = ENTRY + "    objective(lower)\n    while True: pass\n"
    script = f"""\
import sys
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics.sandbox import Sandbox
problem = Problem.from_json({UNCONSTRAINED.to_json()!r})
with Sandbox(allow_unsafe=True) as sandbox:
    print(sandbox._scratch, flush=True)
    sandbox.run({program!r}, problem, 1, on_progress=lambda *_: print("running", flush=True))
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as evaluator:
        assert evaluator.stdout is not None
        scratch = evaluator.stdout.readline().strip()
        assert evaluator.stdout.readline() == "running\n"
        assert len(with_environment(scratch)) >= 2
        evaluator.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while (with_environment(scratch) or os.path.exists(scratch)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert with_environment(scratch) == [] and not os.path.exists(scratch)
