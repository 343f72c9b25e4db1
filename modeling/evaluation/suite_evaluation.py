"""Evaluation of a model on a suite of problems that no generator drew (``problems.suites``).

The model answers each problem twice, with every seed: as `llamoco solve` does ("solve": robust rule, fallback) and with the program that it
chooses, alone ("plain"). OUT/suite-runs.jsonl gets a line for each problem and way, so that a command that was stopped continues;
OUT/suite.json, the record, follows from it and from the shipped runs of other tools (``suite_scores``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llamoco.dataset_builder.analysis.task_log import (
    TaskLogError,
    TaskResult,
    read_task_log,
    run_missing_tasks,
)
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.scores import aocc, w
from llamoco.dataset_builder.problems.suites.suite import load_suite
from llamoco.modeling.evaluation.baselines import problem_hash
from llamoco.modeling.evaluation.evaluation_folder import write_json
from llamoco.modeling.evaluation.suite_scores import SuiteRecord, suite_record
from llamoco.modeling.solving.pipeline import Options, Outcome, solve_problem
from llamoco.modeling.solving.solution import Runner, Solution

if TYPE_CHECKING:
    from llamoco.modeling.generation.generator import Generator

RUNS_LOG, RECORD = "suite-runs.jsonl", "suite.json"
WAYS: dict[str, dict[str, bool]] = {"solve": {}, "plain": {"one_program": True, "fallback": False}}


def evaluate_suite(
    out: Path,
    suite: str,
    generator: Generator,
    runner: Runner,
    runs: int = 5,
    seed: int = 0,
    limit: int | None = None,
    unsafe: bool = False,
    command: str = "",
    place: str | Path = "",
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> SuiteRecord:
    """Do the runs that OUT does not have yet, and write the record.

    Args:
        out: folder, made if missing; one that holds the same evaluation is continued.
        suite: name of the suite.
        generator: the model.
        runner: runs the programs.
        runs: of each problem in each way, with seeds ``seed``, ``seed`` + 1, ...
        seed: of the first run.
        limit: solve the first N problems only; what OUT holds of others stays in the record.
        unsafe: see ``pipeline.Options``.
        command: the command line, for the record.
        place: folder of the model: runs of other weights under the same name are not continued. Its name if empty.
        on_progress: called with (problems solved in a way, all).

    Raises:
        ProblemError: if there is no such suite.
        TaskLogError: if OUT holds another evaluation.
        ModelError: the model cannot answer.
        SandboxUnavailable: the runner does not confine programs, and an answer is no program of the pool.
    """
    problems = load_suite(suite)[:limit]
    by_id = {problem.id: problem for problem in problems}

    def solve(way: str, problem_id: str) -> TaskResult:
        problem = by_id[problem_id]
        options = Options(seed=seed, runs=runs, unsafe=unsafe, **WAYS[way])
        outcome = solve_problem(problem, generator, runner, options)
        if outcome.error is not None:
            raise outcome.error
        return {
            "way": way,
            "problem_id": problem.id,
            "problem_hash": problem_hash(problem),
            **_answer_facts(outcome),
            "runs": [_run_facts(problem, solution) for solution in _solutions(outcome)],
        }

    tasks = {
        f"{way} {problem.id} {problem_hash(problem)}": (way, problem.id)
        for problem in problems
        for way in WAYS
    }
    settings: dict[str, Any] = {"suite": suite, "model": generator.name, "runs": runs, "seed": seed}
    settings["weights"] = weights_hash(place or generator.name)
    run_missing_tasks(out / RUNS_LOG, settings, command, tasks, solve, _Inline(), 1, on_progress)
    record = read_suite_evaluation(out)
    write_json(out / RECORD, record)
    return record


def read_suite_evaluation(out: Path) -> SuiteRecord:
    """The record of an evaluation, from its log and the shipped runs of other tools.

    Raises:
        TaskLogError: if there is no log, it cannot be read, or it is of something else.
        ProblemError: if this version has no suite of that name.
    """
    head, lines = read_task_log(out / RUNS_LOG)
    if "suite" not in head["settings"]:
        raise TaskLogError(
            f"{out / RUNS_LOG}: its first line names no suite in settings; give a folder that "
            "`llamoco evaluate --suite NAME` wrote"
        )
    problems = {problem.id: problem for problem in load_suite(head["settings"]["suite"])}
    # Runs on a problem that has changed since do not count.
    known = [
        line
        for line in lines.values()
        if line["problem_id"] in problems
        and line["problem_hash"] == problem_hash(problems[line["problem_id"]])
    ]
    return suite_record(head, known, problems)


def weights_hash(place: str | Path) -> str | None:
    """Hash of the weights in a model's folder, since models of one name may differ; None if there is no such folder, as for a Hub id."""
    files = sorted(Path(place).glob("*.safetensors")) if Path(place).is_dir() else []
    if not files:
        return None
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _answer_facts(outcome: Outcome) -> dict[str, Any]:
    answer = outcome.answer
    return {
        "optimizer": answer.optimizer,
        "confidence": answer.confidence,
        "risks": list(outcome.risks),
        "fallback": outcome.fallback is not None,
    }


def _solutions(outcome: Outcome) -> Sequence[Solution]:
    if outcome.runs:
        return outcome.runs
    return [] if outcome.solution is None else [outcome.solution]


def _run_facts(problem: Problem, solution: Solution) -> dict[str, Any]:
    assert problem.f0 is not None and problem.f_star is not None
    best = solution.f if solution.feasible and not solution.failed else None
    trace = [] if best is None else solution.trace
    return {
        "seed": solution.seed,
        "verdict": solution.verdict,
        "feasible": solution.feasible,
        "evals": solution.evals,
        "f": solution.f,
        "perf": 0.0 if best is None else w(best, problem.f0, problem.f_star),
        "aocc": aocc(trace, problem.max_evals, problem.f0, problem.f_star),
        "seconds": round(solution.seconds, 3),
    }


class _Inline(Executor):
    """Runs each call at once, in this thread, where the model and the sandbox are."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """See ``Executor``; an exception of the call is raised here."""
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future
