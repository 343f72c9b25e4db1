"""The one pipeline, with the shipped model: budgets, starting points, and every way in which a run may end early."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.evaluators import EvaluatorWrapper, FunctionEvaluator, Values
from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics.sandbox import Sandbox
from llamoco.metrics.sandbox.tiers import SandboxUnavailable
from llamoco.modeling.generation.engines import load_generator
from llamoco.modeling.solving.in_process import InProcessRunner
from llamoco.modeling.solving.pipeline import Listener, Options, Outcome, Stop, solve_problem
from llamoco.modeling.solving.solution import Runner

SMOOTH = "LOWER, UPPER, MAX_EVALS = [-3.0, -2.0], [5.0, 4.0], 400\n\n\ndef objective(x):\n    return float((x[0] - 1) ** 2 + x[1] ** 2)\n"
JUMPS = SMOOTH.replace("return float", "return 1e9 if x[0] < 1.5 else float")
LATEX = "$\\min_x (x_1 - 1)^2 + 3 (x_2 + 0.5)^2$, $x \\in [-4, 5]^2$. Budget: 400 evaluations.\n"


@pytest.fixture(scope="module")
def generator() -> Any:
    return load_generator()


@pytest.fixture(scope="module", params=["sandbox", "in process"])
def runner(request: pytest.FixtureRequest) -> Iterator[Runner]:
    if request.param == "in process":
        yield InProcessRunner()
        return
    try:
        with Sandbox() as opened:
            yield opened
    except SandboxUnavailable:
        pytest.skip("no sandbox on this machine")


def problem_of(folder: Path, text: str) -> Problem:
    path = folder / ("p.tex" if text.startswith("$") else "p.py")
    path.write_text(text)
    return load_problem(path)


class Counting(EvaluatorWrapper):
    """Notes every point that is evaluated; may fail or stop at one of them."""

    def __init__(self, problem: Problem, at: int = 10**9, error: BaseException | None = None) -> None:
        super().__init__(problem.active_evaluator)
        self.points: list[np.ndarray] = []
        self._at, self._error = at, error

    def evaluate(self, x: np.ndarray) -> Values:
        self.points += list(x)
        if len(self.points) >= self._at and self._error is not None:
            raise self._error
        return self.inner.evaluate(x)


class Started(Counting):
    start = np.array([1.5, 0.0])


def test_one_program_has_the_whole_budget_without_risk_factors(
    runner: Runner, generator: Any, tmp_path: Path
) -> None:
    outcome = solve_problem(problem_of(tmp_path, SMOOTH), generator, runner)
    assert outcome.risks == () and outcome.shares is None and outcome.diagnosis is None
    assert outcome.solution is not None and outcome.solution.f == pytest.approx(0, abs=1e-6)
    assert outcome.solution.maxcv == 0 and outcome.answer.known


def test_with_a_risk_factor_programs_share_one_budget(runner: Runner, generator: Any, tmp_path: Path) -> None:
    counting = Counting(plain := problem_of(tmp_path, JUMPS))
    told: list[tuple[int, float | None]] = []

    class Told(Listener):
        def progress(self, evals: int, best_f: float | None) -> None:
            told.append((evals, best_f))

    problem = plain.with_evaluator(counting)
    outcome = solve_problem(problem, generator, runner, Options(seed=2), Told())
    solution, shares = outcome.solution, outcome.shares
    assert solution is not None and shares is not None and outcome.risks
    assert len({share["optimizer"] for share in shares}) >= 2
    assert sum(share["evals"] for share in shares) == solution.evals <= 400
    # Beside the budget: the point that each program returns.
    assert len(counting.points) <= solution.evals + len(shares)
    assert solution.f == min(share["f"] for share in shares) == pytest.approx(0.25, abs=1e-2)
    assert solution.f == min(f for _, f in told if f is not None)
    assert [evals for evals, _ in told] == sorted(evals for evals, _ in told)
    assert all(plain.inside(np.array(counting.points)))
    alone = solve_problem(plain, generator, runner, Options(seed=2, one_program=True))
    assert alone.shares is None and alone.risks == () and alone.solution is not None


def test_the_starting_point_is_paid_for_once_and_never_lost(
    runner: Runner, generator: Any, tmp_path: Path
) -> None:
    needle = "return 1e9 + x[0] if abs(x[0] - 1.5) > 1e-9 else float"
    plain = problem_of(tmp_path, SMOOTH.replace("return float", needle))
    started = Started(plain)
    outcome = solve_problem(plain.with_evaluator(started), generator, runner)
    solution = outcome.solution
    assert solution is not None and solution.x == [1.5, 0.0] and solution.f == 0.25
    assert solution.evals <= 400
    np.testing.assert_array_equal(started.points[0], Started.start)


ENDS = {
    "error of the problem": ProblemError("p.py:3: no more"),
    "Ctrl-C": KeyboardInterrupt(),
    "stop": Stop("the callback has had enough"),
    "anything": MemoryError("no more"),
}


@pytest.mark.parametrize("text", [SMOOTH, JUMPS], ids=["one program", "shared"])
@pytest.mark.parametrize("name", ENDS)
def test_whatever_ends_a_run_early_the_best_point_is_kept(
    name: str, text: str, runner: Runner, generator: Any, tmp_path: Path
) -> None:
    plain = problem_of(tmp_path, text)
    counting = Counting(plain, 320, ENDS[name])
    outcome = solve_problem(plain.with_evaluator(counting), generator, runner)
    expected = {"error of the problem": "problem_error", "Ctrl-C": "interrupted", "stop": "stopped"}
    solution = outcome.solution
    assert solution is not None and solution.verdict == expected.get(name, "problem_error")
    assert outcome.error is (None if name == "stop" else ENDS[name])
    assert str(ENDS[name]) in solution.reason
    seen = np.array(counting.points[:-1])
    values = plain.evaluate(seen)
    best = int(np.argmin(np.where(plain.feasible(values) & plain.inside(seen), values.f, np.inf)))
    assert solution.f == values.f[best] and solution.x == seen[best].tolist() and solution.feasible
    assert 250 <= solution.evals <= 320
    # The next problem is solved as if nothing had been.
    again = solve_problem(plain, generator, runner)
    assert again.error is None and again.solution is not None and again.solution.evals > 320


def test_a_listener_stops_a_compiled_problem(runner: Runner, generator: Any, tmp_path: Path) -> None:
    class Enough(Listener):
        def progress(self, evals: int, best_f: float | None) -> None:
            if evals >= 37:
                raise Stop("37 are enough")

    problem = problem_of(tmp_path, LATEX)
    outcome = solve_problem(problem, generator, runner, Options(), Enough())
    solution = outcome.solution
    assert solution is not None and solution.x is not None and outcome.error is None
    assert solution.verdict == "stopped" and solution.reason == "37 are enough"
    assert 37 <= solution.evals <= 80 and solution.feasible
    assert problem.evaluate(np.array([solution.x])).f[0] == solution.f == solution.trace[-1][1]


def test_a_time_limit_ends_it_with_the_best_point(runner: Runner, generator: Any, tmp_path: Path) -> None:
    problem = problem_of(tmp_path, SMOOTH.replace("return", "__import__('time').sleep(0.01)\n    return"))
    began = time.monotonic()
    outcome = solve_problem(problem, generator, runner, Options(wall_limit=0.5))
    assert time.monotonic() - began < 3.0
    solution = outcome.solution
    assert solution is not None and solution.verdict == "time_limit" and "0.5 s" in solution.reason
    assert solution.feasible and 5 < solution.evals < 100 and outcome.error is None


def test_the_time_limit_of_the_problem_is_kept(runner: Runner, generator: Any, tmp_path: Path) -> None:
    slow = SMOOTH.replace("return", "__import__('time').sleep(0.01)\n    return")
    solution = solve_problem(
        problem_of(tmp_path, slow + "\n\nTIME_LIMIT = 0.5\n"), generator, runner
    ).solution
    assert solution is not None and solution.verdict == "time_limit" and "0.5 s" in solution.reason


def test_nothing_feasible_is_diagnosed_early_or_late(runner: Runner, generator: Any, tmp_path: Path) -> None:
    problem = problem_of(tmp_path, SMOOTH + "\n\ndef inequality(x):\n    return 10 + x[0] - x[1]\n")

    class Enough(Listener):
        def progress(self, evals: int, best_f: float | None) -> None:
            if evals >= 20:
                raise Stop("enough")

    for listener in (Enough(), Listener()):
        outcome = solve_problem(problem, generator, runner, Options(), listener)
        solution, diagnosis = outcome.solution, outcome.diagnosis
        assert solution is not None and diagnosis is not None and not solution.feasible
        assert diagnosis.infeasible == "proven" and diagnosis.broken[0].constraint == "inequality[0]"
        assert solution.x is not None
        assert diagnosis.broken[0].violation == pytest.approx(10 + solution.x[0] - solution.x[1])
        assert solution.maxcv == pytest.approx(diagnosis.broken[0].violation)
    assert solution.maxcv == pytest.approx(3.0, abs=1e-3)  # the corner (-3, 4)


def test_several_runs_spend_the_budget_several_times(runner: Runner, generator: Any, tmp_path: Path) -> None:
    for text in (SMOOTH, JUMPS):
        outcome = solve_problem(problem_of(tmp_path, text), generator, runner, Options(seed=4, runs=2))
        assert [run.seed for run in outcome.runs] == [4, 5]
        assert outcome.solution is not None
        assert outcome.solution.f == min(run.f for run in outcome.runs if run.f is not None)


def test_without_a_runner_there_is_the_program_alone(generator: Any, tmp_path: Path) -> None:
    counting = Counting(plain := problem_of(tmp_path, JUMPS))
    outcome: Outcome = solve_problem(plain.with_evaluator(counting), generator, None)
    assert outcome.solution is None and counting.points == [] and outcome.answer.program.startswith(JUMPS)


def test_unknown_code_is_not_run_without_confinement(generator: Any, tmp_path: Path) -> None:
    class Broken:
        def __getattr__(self, name: str) -> Any:
            return getattr(generator, name)

        def answer_within_pool(self, *asked: Any) -> Any:
            return [
                replace(answer, completion="import os\n") for answer in generator.answer_within_pool(*asked)
            ]

    problem = problem_of(tmp_path, SMOOTH)
    broken: Any = Broken()
    with pytest.raises(SandboxUnavailable, match="benchmarked pool"):
        solve_problem(problem, broken, InProcessRunner())
    with pytest.raises(ValueError, match="not a program of the pool"):
        InProcessRunner().run("import os\n", problem, 0)


def test_a_program_that_swallows_an_error_of_the_problem_does_not_hide_it(tmp_path: Path) -> None:
    """In process: nlopt and scipy call back through compiled code."""
    from llamoco.dataset_builder.optimizers.pool import POOL, render

    plain = problem_of(tmp_path, SMOOTH)
    for name in POOL:
        if POOL[name].handles(False) and name not in ("gp_ei", "la_mcts"):
            counting = Counting(plain, 40, ProblemError("p.py:3: no more"))
            completion = f"# a test; optimizer: {name}\n{render(name)}"
            with pytest.raises(ProblemError, match="no more"):
                InProcessRunner().run(completion, plain.with_evaluator(counting), 0)


def test_to_solve_imports_nothing_heavy() -> None:
    code = (
        "import sys, llamoco.modeling.solving.pipeline, llamoco.modeling.solving.in_process, llamoco.modeling.solving.outcome_json\n"
        "heavy = {'torch', 'transformers', 'numba', 'sklearn', 'pandas', 'pyarrow', 'datasets', 'scipy', 'rich', 'typer'}\n"
        "print(*sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and not done.stdout.strip(), done.stdout + done.stderr


def test_a_described_problem_is_solved_like_any_other(runner: Runner, generator: Any) -> None:
    def values(x: np.ndarray) -> Values:
        return np.abs(x - 0.25).sum(axis=1), np.empty((len(x), 0)), np.empty((len(x), 0))

    from llamoco.dataset_builder.problems.described import DescribedProblem

    problem = DescribedProblem(
        id="p",
        lower=(-1.0, -1.0),
        upper=(2.0, 2.0),
        max_evals=300,
        n_inequality=0,
        n_equality=0,
        description="def objective(x):\n    return abs(x[0] - 0.25) + abs(x[1] - 0.25)\n",
        evaluator=FunctionEvaluator(values),
    )
    outcome = solve_problem(problem, generator, runner)
    assert outcome.risks and outcome.solution is not None and outcome.solution.f is not None
    assert outcome.solution.f < 1e-2
