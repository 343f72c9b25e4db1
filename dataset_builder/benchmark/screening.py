"""Screening: every member of the pool, once, on more problems: scores to train decisions on, cheaply.

A race spends most of its runs on telling the best few apart, for a label. To learn who does well where, one run of each member
on many problems is worth more than many runs on few. The problems are drawn as those of the labels are, with numbers of
their own, and small budgets only: three quarters of the cost of a benchmark go to budgets beyond 5,000 evaluations.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from llamoco.dataset_builder.benchmark.benchmark import ProgressCallback, run_tasks
from llamoco.dataset_builder.benchmark.labels import LabelsError, in_pool
from llamoco.dataset_builder.benchmark.plan import SCREEN_SEEDS, entrants
from llamoco.dataset_builder.benchmark.race import SCREEN, rank_scores, stage_scores
from llamoco.dataset_builder.benchmark.references import ProblemRejected, freeze_references
from llamoco.dataset_builder.benchmark.run import Job, Run, Task
from llamoco.dataset_builder.benchmark.store import RunStore
from llamoco.dataset_builder.optimizers.catalogue import POOL
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.symbolic.synthesis import draw_problem

# Of these problems. Those of the set are below; the grid study counts from the same number, so some of its problems are screened too.
FIRST_NUMBER = 100_000
MOST_EVALS = 2000
DECISIONS_FORMAT = 1
SHIPPED_DECISIONS = Path(__file__).parents[1] / "labels" / "decisions.parquet"

_FORMAT_KEY = b"llamoco_decisions_format"
_SCHEMA = pa.schema([(name, pa.string()) for name in ("problem_id", "problem", "scores")])


@dataclass(frozen=True)
class ScreenedProblem:
    """A problem, with frozen f0 and f_star, and the AOCC of each member of the pool that ran on it, best first."""

    problem: Problem
    scores: dict[str, float]


def draw_screened(count: int, seed: int, most_evals: int = MOST_EVALS) -> list[Problem]:
    """The first ``count`` problems to screen, half of them constrained.

    Args:
        count: number of problems.
        seed: of the problems.
        most_evals: largest evaluation budget, at least 20; problems with larger ones are passed over.
    """
    drawn: list[Problem] = []
    for constrained in (False, True):
        wanted, number = (count + (not constrained)) // 2, FIRST_NUMBER
        while wanted:
            problem = draw_problem(seed, number, constrained)
            number += 1
            if problem.max_evals <= most_evals:
                drawn.append(problem)
                wanted -= 1
    return drawn


def run_screening(
    out: Path,
    problems: Sequence[Problem],
    seed: int,
    executor: Executor,
    max_in_flight: int,
    on_progress: ProgressCallback | None = None,
) -> tuple[ScreenedProblem, ...]:
    """Run the rest of a screening.

    Args:
        out: folder of the run store.
        problems: what to screen.
        seed: of the runs.
        executor: runs the tasks; see ``executors``.
        max_in_flight: number of tasks that the executor runs at once.
        on_progress: called after each task.

    Raises:
        StoreError: if ``out`` holds a store of another benchmark; it is left as it is.
    """
    store = RunStore(out, seed)
    try:
        store.add_problems(problems)

        def screen_task(problem: Problem) -> Task | None:
            have = {(run.optimizer, run.config, run.seed_index) for run in store.runs(problem.id)}
            jobs = [job for job in _jobs(problem) if tuple(job) not in have]
            return Task(problem.to_json(), 0, SCREEN, tuple(jobs), seed) if jobs else None

        expected = {problem.id: float(len(_jobs(problem)) * problem.max_evals) for problem in problems}
        run_tasks("screening", executor, max_in_flight, problems, screen_task, store, expected, on_progress)
        return screened_problems(problems, {problem.id: store.runs(problem.id) for problem in problems})
    finally:
        store.close()


def _jobs(problem: Problem) -> list[Job]:
    return [
        Job(*configuration, seed)
        for configuration in entrants(problem)
        if POOL[configuration[0]].in_default
        for seed in SCREEN_SEEDS
    ]


def screened_problems(
    problems: Sequence[Problem], runs: Mapping[str, Sequence[Run]]
) -> tuple[ScreenedProblem, ...]:
    """Scores from the runs of a screening; problems whose runs cannot be compared, or all score 0, are left out."""
    found = []
    for problem in problems:
        try:
            frozen = freeze_references(problem, runs[problem.id])
        except ProblemRejected:
            continue
        scores = in_pool(rank_scores(stage_scores(frozen, runs[problem.id], (SCREEN,))))
        if scores and scores[0].aocc > 0:
            found.append(ScreenedProblem(frozen, {score.optimizer: round(score.aocc, 6) for score in scores}))
    return tuple(found)


def write_decisions(path: Path, found: Sequence[ScreenedProblem], meta: Mapping[str, Any]) -> None:
    """Write a table of screened problems, and beside it a JSON file of the same name that says how it was made."""
    rows = [
        {
            "problem_id": one.problem.id,
            "problem": one.problem.to_json(),
            "scores": json.dumps(one.scores, separators=(",", ":")),
        }
        for one in found
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    schema = _SCHEMA.with_metadata({_FORMAT_KEY: str(DECISIONS_FORMAT)})
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path, compression="zstd", compression_level=19)
    text = json.dumps({"format": DECISIONS_FORMAT, **meta}, indent=2)
    path.with_suffix(".json").write_text(text + "\n", encoding="utf-8")


def read_decisions(path: Path) -> Iterator[ScreenedProblem]:
    """Read a table of screened problems.

    Raises:
        LabelsError: if there is no such table, or it is of another format.
    """
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise LabelsError(
            f"{path} is no table of decisions ({error}): make one with `llamoco study screening`"
        ) from error
    version = (table.schema.metadata or {}).get(_FORMAT_KEY, b"none").decode()
    if version != str(DECISIONS_FORMAT) or table.schema.names != _SCHEMA.names:
        raise LabelsError(
            f"{path} is a table of decisions of format {version}, this version of llamoco reads {DECISIONS_FORMAT}: "
            "make it again with `llamoco study screening`"
        )
    for row in table.to_pylist():
        yield ScreenedProblem(Problem.from_json(row["problem"]), json.loads(row["scores"]))
