"""Probes while a problem is solved: counted, told to the model, the start of the programs, and kept whatever ends the run."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from llamoco.dataset_builder.problems.evaluators import EvaluatorWrapper, Values
from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.problems.oracle import Oracle
from llamoco.dataset_builder.problems.problem import Evaluation, Problem
from llamoco.dataset_builder.prompts.facts import facts_only
from llamoco.modeling.generation.engines import load_generator
from llamoco.modeling.solving.in_process import InProcessRunner
from llamoco.modeling.solving.outcome_json import as_json
from llamoco.modeling.solving.pipeline import Listener, Options, Outcome, Stop, solve_problem
from llamoco.modeling.solving.probing import Probing
from llamoco.modeling.solving.solution import Solution

UNKNOWN = """\
import json

LOWER, UPPER, MAX_EVALS = [-3.0, -2.0, 0.0], [5.0, 4.0, 2.0], 400


def objective(x):
    y = json.loads(json.dumps([float(v) for v in x]))
    return (y[0] - 1.3) ** 2 + (y[1] - 0.4) ** 4 + y[2]
"""
CONSTRAINED = UNKNOWN + "\n\ndef inequality(x):\n    return 1.0 - json.loads(json.dumps(float(x[2])))\n"


class Noting(EvaluatorWrapper):
    """Notes every point; may fail at one of them."""

    def __init__(self, problem: Problem, at: int = 10**9, error: BaseException | None = None) -> None:
        super().__init__(problem.active_evaluator)
        self.points: list[list[float]] = []
        self._at, self._error = at, error

    def evaluate(self, x: np.ndarray) -> Values:
        self.points += x.tolist()
        if len(self.points) >= self._at and self._error is not None:
            raise self._error
        return self.inner.evaluate(x)


class Told(Listener):
    """Notes the progress, and when the model was asked."""

    def __init__(self) -> None:
        self.evals: list[int] = []
        self.best: list[float | None] = []
        self.probed_before: int | None = None

    def chosen(self, answer: Any, risks: tuple[str, ...]) -> None:
        self.probed_before = len(self.evals)

    def progress(self, evals: int, best_f: float | None) -> None:
        self.evals.append(evals)
        self.best.append(best_f)


@pytest.fixture(scope="module")
def generator() -> Any:
    return load_generator()


def problem_of(folder: Path, text: str = UNKNOWN) -> Problem:
    path = folder / "p.py"
    path.write_text(text)
    return load_problem(path)


def solved(plain: Problem, generator: Any, noting: Noting, **options: Any) -> tuple[Outcome, Told]:
    told = Told()
    problem = plain.with_evaluator(noting)
    return solve_problem(problem, generator, InProcessRunner(), Options(**options), told), told


@pytest.mark.parametrize("text", [UNKNOWN, CONSTRAINED], ids=["unconstrained", "constrained"])
@pytest.mark.parametrize("runs", [1, 2])
def test_probes_come_first_and_are_counted(text: str, runs: int, generator: Any, tmp_path: Path) -> None:
    noting = Noting(plain := problem_of(tmp_path, text))
    outcome, told = solved(plain, generator, noting, runs=runs)
    solution, shares = outcome.solution, outcome.shares
    assert outcome.probes is not None and outcome.probes.startswith("20 points, undefined none")
    assert ("feasible" in outcome.probes) == plain.constrained
    assert solution is not None and shares is not None and solution.feasible
    assert told.probed_before == 20 and told.evals == sorted(told.evals)
    assert told.evals[:20] == list(range(1, 21)) and told.evals[-1] <= 400 * runs
    first = sum(share["evals"] for share in shares if share["seed"] == 0)
    assert outcome.runs[0].evals == 20 + first <= 400
    assert solution.max_evals == outcome.answer.problem.max_evals == 400
    # Beside the budget: the point that each program returns.
    assert len(noting.points) <= 20 + runs * 380 + len(shares)
    known = [f for f in told.best if f is not None]
    assert (solution.f == min(known) and known[20:] == sorted(known[20:], reverse=True)) or runs > 1
    assert solution.trace[-1][1] == solution.f
    assert as_json(outcome, "p", "m")["probes"] == outcome.probes
    assert as_json(outcome, "p", "m")["evals"] == solution.evals


def test_the_first_program_starts_at_the_best_probe_and_does_not_pay_for_it(
    generator: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noting = Noting(plain := problem_of(tmp_path))
    started: list[tuple[np.ndarray | None, int, int]] = []
    runner = InProcessRunner()
    inner = runner.run

    def run(program: str, problem: Problem, *args: Any, **more: Any) -> Any:
        start = problem.start
        started.append((start, problem.max_evals, len(noting.points)))
        oracle = Oracle(problem)
        if start is not None:
            oracle.objective(start)
            assert oracle.evals == 0 and oracle.best is not None
        return inner(program, problem, *args, **more)

    monkeypatch.setattr(runner, "run", run)
    solve_problem(plain.with_evaluator(noting), generator, runner)
    probes = np.array(noting.points[:20])
    values = plain.evaluate(probes).f
    start, budget, before = started[0]
    assert start is not None and before == 20
    np.testing.assert_array_equal(start, probes[np.argmin(values)])
    assert all(one[0] is None for one in started[1:])
    assert budget < 380


def test_the_model_is_told_and_so_is_the_person(
    generator: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompts: list[str] = []

    class Asked:
        def __getattr__(self, name: str) -> Any:
            return getattr(generator, name)

        def answer_within_pool(self, asked: list[str], names: Any) -> Any:
            prompts.extend(asked)
            return generator.answer_within_pool(asked, names)

    outcome = solve_problem(problem_of(tmp_path), Asked(), InProcessRunner())  # type: ignore[arg-type]
    assert facts_only(prompts[0]).splitlines()[-1] == f"# probes: {outcome.probes}"
    assert "budget, numbers of constraints and 20 probes of the landscape" in (outcome.answer.warning or "")


def test_nothing_is_probed_where_nothing_may_be_evaluated_or_all_is_known(
    generator: Any, tmp_path: Path
) -> None:
    noting = Noting(plain := problem_of(tmp_path))
    unrun = solve_problem(plain.with_evaluator(noting), generator, None)
    assert unrun.probes is None and not noting.points and unrun.answer.probed is None
    assert solved(plain, generator, Noting(plain), one_program=True)[0].probes is None
    small = problem_of(tmp_path, UNKNOWN.replace("400", "59"))
    assert solved(small, generator, Noting(small))[0].probes is None
    known = problem_of(tmp_path, UNKNOWN.replace("json.loads(json.dumps([float(v) for v in x]))", "x"))
    assert solved(known, generator, Noting(known))[0].probes is None


ENDS = {
    "problem_error": MemoryError("no more"),
    "interrupted": KeyboardInterrupt(),
    "stopped": Stop("enough"),
}


@pytest.mark.parametrize("verdict", ENDS)
def test_what_ends_the_probes_early_leaves_the_best_of_them(
    verdict: str, generator: Any, tmp_path: Path
) -> None:
    noting = Noting(plain := problem_of(tmp_path), 7, ENDS[verdict])
    outcome, _ = solved(plain, generator, noting)
    solution = outcome.solution
    assert solution is not None and solution.verdict == verdict and solution.evals == 6
    assert outcome.error is (None if verdict == "stopped" else ENDS[verdict])
    assert solution.f == plain.evaluate(np.array(noting.points[:6])).f.min()
    assert outcome.answer.known and outcome.probes is None


@pytest.mark.parametrize("early", [False, True], ids=["while it answers", "and during the probes"])
def test_ctrl_c_while_the_model_answers_keeps_the_best_probe(
    early: bool, generator: Any, tmp_path: Path
) -> None:
    class Interrupted:
        def __getattr__(self, name: str) -> Any:
            if name == "answer_within_pool":
                raise KeyboardInterrupt
            return getattr(generator, name)

    ended = KeyboardInterrupt()
    noting = (
        Noting(plain := problem_of(tmp_path), 7, ended) if early else Noting(plain := problem_of(tmp_path))
    )
    outcome, _ = solved(plain, Interrupted(), noting)
    solution = outcome.solution
    assert solution is not None and solution.verdict == "interrupted"
    assert isinstance(outcome.error, KeyboardInterrupt) and (outcome.error is ended or not early)
    count = 6 if early else 20
    assert solution.evals == count and solution.f == plain.evaluate(np.array(noting.points[:count])).f.min()
    assert outcome.answer.known and "single best solver" in outcome.answer.decision
    with pytest.raises(KeyboardInterrupt):  # nothing was evaluated
        solve_problem(plain, Interrupted(), None)  # type: ignore[arg-type]


def test_the_saved_program_goes_on_from_the_best_probe_with_the_rest_of_the_budget(
    generator: Any, tmp_path: Path
) -> None:
    for number, text in enumerate((UNKNOWN, CONSTRAINED, UNKNOWN + "X0 = [4.0, 3.0, 1.5]\n")):
        noting = Noting(plain := problem_of(tmp_path, text))
        outcome, _ = solved(plain, generator, noting)
        point = outcome.answer.probed and outcome.answer.probed.start
        assert point is not None and point in [tuple(x) for x in noting.points[:20]]
        program = outcome.answer.program
        assert "    budget -= 20  # evaluations went to probes of the landscape" in program
        assert f"    start = np.array({list(point)})  # the best of them" in program
        (script := tmp_path / f"program_{number}.py").write_text(program)
        done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
        assert done.stdout.rstrip().endswith("of 380") and "feasible = yes" in done.stdout


def test_of_a_run_and_the_probes_the_better_point_counts() -> None:
    def solution(f: float | None, evals: int, seconds: float, trace: list[tuple[int, float]]) -> Solution:
        x = None if f is None else [f]
        return Solution(x, f, f is not None, evals, 100, "ok", "", 0, "", seconds, trace, point=x)

    found = solution(2.0, 5, 1.0, [(1, 4.0), (3, 2.0)])
    probing = Probing("words", Problem("p", "source", (0.0,), (1.0,), 95, 0, 0, {}), found)
    better = probing.joined(replace(solution(1.0, 40, 3.0, [(1, 2.0), (9, 1.0)]), max_evals=95))
    assert (better.f, better.evals, better.max_evals, better.evals_before) == (1.0, 45, 100, 5)
    assert better.trace == [(1, 4.0), (3, 2.0), (14, 1.0)] and better.seconds == 4.0
    worse = probing.joined(solution(None, 0, 3.0, []), seconds=False)
    assert (worse.f, worse.x, worse.feasible, worse.evals, worse.seconds) == (2.0, [2.0], True, 5, 3.0)


def test_a_known_starting_point_is_free_once(tmp_path: Path) -> None:
    plain = problem_of(tmp_path)
    x = np.array([1.0, 0.5, 0.25])
    values = plain.evaluate(x[None, :])
    oracle = Oracle(plain.with_start(x, values))
    assert oracle.objective(x) == values.f[0] and oracle.evals == 0 and oracle.best_f == values.f[0]
    oracle.objective(x + 0.1)
    oracle.objective(x)
    assert oracle.evals == 2
    unknown = Oracle(plain.with_start(x, Evaluation(np.array([np.nan]), *values[1:])))
    assert unknown.best is None and np.isnan(unknown.objective(x))
