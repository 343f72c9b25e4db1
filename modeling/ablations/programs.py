"""Runs of the programs of all models of the study, which share them: most answers are programs of the pool."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from llamoco.dataset_builder.optimizers import pool
from llamoco.dataset_builder.problems.jsonl import append_jsonl
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics.run_records import row, run_of_row
from llamoco.metrics.runner import Prediction, Runner
from llamoco.metrics.scores import Run
from llamoco.modeling.evaluation.evaluation_folder import Key, Line, key_of, runs_file
from llamoco.modeling.evaluation.results import read_runs
from llamoco.modeling.evaluation.steps import SEED

CACHE = "all"  # a file of runs as an evaluation's, of all contestants


def runnable(completion: str) -> str:
    """What is run for an answer: a program of the pool without the comment above it, which says the same of every model's."""
    body = completion.partition("\n")[2]
    return body if pool.identify(body) else completion


def run_missing(
    out: Path, answers: Iterable[tuple[Problem, str]], runs: int = 5, workers: int | None = None
) -> int:
    """Run the programs that have no runs yet, in the sandbox, as `llamoco evaluate` does.

    Args:
        out: folder of the study.
        answers: problems with completions.
        runs: of each program on each problem.
        workers: sandboxes side by side; one for each processor that this process may use if None.

    Returns:
        Number of programs that were run.

    Raises:
        SandboxUnavailable: where programs cannot be confined.
    """
    done = read_runs(out, CACHE)
    missing: dict[Key, Prediction] = {}
    for problem, completion in answers:
        program = runnable(completion)
        key = key_of(problem.id, program)
        if key not in done:
            missing[key] = Prediction(program, problem)
    if not missing:
        return 0
    keys = list(missing)
    with append_jsonl(out / runs_file(CACHE)) as append, Runner(runs, SEED, workers=workers) as runner:
        for position, several in runner.run_all(list(missing.values())):
            problem_id, program = keys[position]
            lines = [_line(number, run) for number, run in enumerate(several)]
            append({"problem_id": problem_id, "program": program, "runs": lines})
    return len(missing)


def runs_of(done: Mapping[Key, Sequence[Line]], problem: Problem, completion: str) -> list[Run]:
    """The runs of an answer.

    Raises:
        KeyError: it was not run.
    """
    prediction = Prediction(completion, problem)
    return [run_of_row(line, prediction) for line in done[key_of(problem.id, runnable(completion))]]


def _line(number: int, run: Run) -> Line:
    line = row(0, number, run)
    del line["prediction"], line["repair"]
    return line
