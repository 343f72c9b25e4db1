"""The grid study: every configuration of the full grids, once, on problems that are not of the set.

It is run once, published as data (``labels/grid.parquet``), and ``configuration_trees`` derives from it the few configurations
that the race uses.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from llamoco.dataset_builder.benchmark.executors import calls_of, completed_calls
from llamoco.dataset_builder.benchmark.references import ProblemRejected, freeze_references
from llamoco.dataset_builder.benchmark.run import Job, Run, Task, run_task, score_run
from llamoco.dataset_builder.benchmark.store import RunStore, fingerprint, pool_state
from llamoco.dataset_builder.benchmark.trace import MAX_POINTS
from llamoco.dataset_builder.optimizers import pool
from llamoco.dataset_builder.optimizers.catalogue import group_of
from llamoco.dataset_builder.optimizers.configuration import config_json
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.symbolic.synthesis import draw_problem

GRID = "grid"
FIRST_NUMBER = 100_000  # of the study's problems; those of the set count from 0
GRID_FORMAT = 2

_SCHEMA = pa.schema(
    {
        "problem_id": pa.string(),
        "group": pa.string(),
        "dim": pa.int16(),
        "max_evals": pa.int32(),
        "f0": pa.float64(),
        "f_star": pa.float64(),
        "optimizer": pa.string(),
        "config": pa.string(),
        "status": pa.string(),
        "aocc": pa.float32(),
        "w": pa.float32(),
        "evals": pa.int32(),
        "seconds": pa.float32(),
    }
)
_FORMAT_KEY = b"llamoco_grid_format"


def draw_grid_problems(count: int, seed: int) -> list[Problem]:
    """The study's problems: half unconstrained, half constrained, alternating. None is in the set."""
    return [draw_problem(seed, FIRST_NUMBER + n // 2, bool(n % 2)) for n in range(count)]


def grid_jobs(problem: Problem, optimizers: Sequence[str]) -> Iterator[tuple[Job, ...]]:
    """The runs of the study on a problem: the full grid of each optimizer that serves it, one seed."""
    for optimizer in pool.pool_for(problem.constrained, "all"):
        if optimizer.name in optimizers and optimizer.affords(problem.dim, problem.max_evals):
            configs = pool.configurations(optimizer.name, max_n=10_000)
            yield tuple(Job(optimizer.name, config_json(config), 0) for config in configs)


def grid_store(out: Path, seed: int) -> RunStore:
    """The study's run store in a folder, made if there is none.

    Raises:
        StoreError: if there is one of other code or another seed; it is left as it is.
    """
    grids = {name: member.grid for name, member in pool.POOL.items()}
    return RunStore(out, seed, code=fingerprint(GRID, pool_state(), grids, MAX_POINTS))


def run_grid(
    out: Path,
    problems: int,
    seed: int,
    executor: Executor,
    max_in_flight: int,
    on_progress: Callable[[int, float, float | None], None] | None = None,
    optimizers: Sequence[str] = tuple(pool.POOL),
) -> None:
    """Run the rest of the study. Problems are finished one after the other.

    Args:
        out: folder of the run store.
        problems: number of problems, half of them constrained.
        seed: seed of problems and runs.
        executor: runs the tasks; see ``executors``.
        max_in_flight: number of tasks that the executor runs at once.
        on_progress: called after each task with the runs in the store, the share of the work done, and an
            estimate of the seconds left (None until there is one).
        optimizers: names; others are left out.

    Raises:
        StoreError: if ``out`` holds a store of another study; it is left as it is.
    """
    store = grid_store(out, seed)
    try:
        drawn = draw_grid_problems(problems, seed)
        store.add_problems(drawn)
        total = sum(p.max_evals * len(jobs) for p in drawn for jobs in grid_jobs(p, optimizers))
        used = sum(store.evals_granted().values())
        before, started = used, time.monotonic()
        tasks = ((task.problem, (task,)) for task in _tasks(drawn, store, seed, optimizers))
        for _, runs in completed_calls(executor, max_in_flight, run_task, calls_of(tasks)):
            store.add_runs(runs)
            used += sum(run.max_evals for run in runs)
            if on_progress is not None:
                left = (total - used) / (used - before) * (time.monotonic() - started)
                on_progress(store.count_runs(), used / total, left)
    finally:
        store.close()


def _tasks(
    problems: Iterable[Problem], store: RunStore, seed: int, optimizers: Sequence[str]
) -> Iterator[Task]:
    for problem in problems:
        have = {(run.optimizer, run.config) for run in store.runs(problem.id)}
        for jobs in grid_jobs(problem, optimizers):
            if missing := tuple(job for job in jobs if job[:2] not in have):
                yield Task(problem.to_json(), 0, GRID, missing, seed)


def grid_table(out: Path, problems: int, seed: int, optimizers: Sequence[str] = tuple(pool.POOL)) -> pa.Table:
    """The study's result so far: one row a problem, optimizer and configuration.

    Only of problems that are finished, and on which runs can be told apart: f0 and f* are frozen from all runs
    of a problem, as for labels.

    Args:
        out, problems, seed, optimizers: as ``run_grid`` got them.
    """
    store = grid_store(out, seed)
    rows = []
    try:
        for problem in draw_grid_problems(problems, seed):
            runs = store.runs(problem.id)
            if len(runs) < sum(map(len, grid_jobs(problem, optimizers))):
                continue
            try:
                frozen = freeze_references(problem, runs)
            except ProblemRejected:
                continue
            rows += [_row(frozen, run) for run in runs]
    finally:
        store.close()
    return pa.Table.from_pylist(rows, schema=_SCHEMA)


def _row(frozen: Problem, run: Run) -> dict[str, object]:
    assert frozen.f0 is not None and frozen.f_star is not None
    aocc, w = score_run(run, frozen.f0, frozen.f_star)
    return {
        "problem_id": run.problem_id,
        "group": group_of(frozen.constrained),
        "dim": frozen.dim,
        "max_evals": frozen.max_evals,
        "f0": frozen.f0,
        "f_star": frozen.f_star,
        "optimizer": run.optimizer,
        "config": run.config,
        "status": run.status,
        "aocc": round(aocc, 4),
        "w": round(w, 4),
        "evals": run.evals,
        "seconds": float(f"{run.seconds:.3g}"),
    }


def write_grid(path: Path, table: pa.Table) -> None:
    """Write the study's result as Parquet."""
    table = table.replace_schema_metadata({_FORMAT_KEY: str(GRID_FORMAT)})
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd", compression_level=19)


def read_grid(path: Path) -> pa.Table:
    """Read the study's result.

    Raises:
        ValueError: if the file is none, or of another format version.
    """
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"{path} is not the result of a grid study: {error}") from error
    version = (table.schema.metadata or {}).get(_FORMAT_KEY, b"none").decode()
    if version != str(GRID_FORMAT) or not table.schema.equals(_SCHEMA):
        raise ValueError(
            f"{path} is the result of a grid study of format {version}, this version of llamoco reads "
            f"{GRID_FORMAT}: run the study again"
        )
    return table
