"""Runs of other tools on the problems of a split.

They depend on the data set and on the tools, on no model: they are made once (`llamoco study baselines`) and shipped beside the labels, and
every evaluation compares with them. OUT/baselines.jsonl gets a line a run, so that a command that was stopped
continues; OUT/baselines.parquet (one row a run) and OUT/baselines.json (how it was made) follow from it.

Each tool gets what the model's programs get: the same problems and budgets, the same counting oracle, 5 runs. Two rules
favour the tools: the best feasible point that the oracle saw counts, returned or not, also after an
error or at the wall limit, where a program of the model would score 0.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from llamoco.dataset_builder.analysis.baseline_solvers import SOLVERS
from llamoco.dataset_builder.analysis.baselines import execute_solver
from llamoco.dataset_builder.analysis.other_solvers import load_nevergrad
from llamoco.dataset_builder.analysis.task_log import TaskResult, read_task_log, run_missing_tasks
from llamoco.dataset_builder.benchmark.executors import process_executor
from llamoco.dataset_builder.problems.oracle import Oracle
from llamoco.dataset_builder.problems.portable_rng import PortableRng, named_seed
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics.sandbox.record import Record
from llamoco.metrics.scores import Attempt, Run

SHIPPED_BASELINES = Path(
    str(resources.files("llamoco.dataset_builder").joinpath("labels", "baselines.parquet"))
)
TOOLS = {name: title for name, title in SOLVERS.items() if name != "centre"}  # which is no tool
SLOW = ("nevergrad_ngiohtuned", "nevergrad_ngopt")
SEED = 0
# Seconds. COBYQA takes 5 ms an evaluation, NGOpt up to 20; now and then NGOpt waits for a thread of its own for ever.
WALL_LIMIT = 600.0
FIELDS = ("problem_id", "problem_hash", "solver", "run", "seed", "status", "evals", "aocc", "perf", "seconds")


def tool_tasks(
    problems: Sequence[Problem], tools: Sequence[str], runs: int, seed: int = SEED
) -> dict[str, tuple[str, str, int, int]]:
    """Arguments of ``run_tool`` by key, ordered so that an unfinished study is informative.

    The quick tools come first; nevergrad's, which take nine tenths of the time, go through the problems in random order, once,
    and then again.
    """
    order = [
        (name, problem, run)
        for name in tools
        if name not in SLOW
        for run in range(runs)
        for problem in problems
    ]
    shuffled = PortableRng("baselines", seed).shuffled(problems)
    for slow in [name for name in SLOW if name in tools]:
        order += [(slow, problem, run) for run in range(runs) for problem in shuffled]
    return {
        f"{name} {problem.id} {problem_hash(problem)} {run}": (
            problem.to_json(),
            name,
            run,
            named_seed("baseline", seed, problem.id, name, run) % 2**31,
        )
        for name, problem, run in order
    }


def problem_hash(problem: Problem) -> str:
    """Hash of a problem's definition and references, which ids alone do not tell apart."""
    return hashlib.sha256(problem.to_json().encode()).hexdigest()[:16]


def run_tool(problem_json: str, solver: str, run: int, seed: int) -> TaskResult:
    """Run a tool once: ``FIELDS``, and the error's text. Called in worker processes."""
    problem = Problem.from_json(problem_json)
    oracle = Oracle(problem)
    measured = execute_solver(problem, solver, seed, WALL_LIMIT, oracle)
    scored = run_of_oracle(oracle, seed)
    return {
        "problem_id": problem.id,
        "problem_hash": problem_hash(problem),
        "solver": solver,
        "run": run,
        "seed": seed,
        "status": measured["status"],
        "error": measured["error"],
        "evals": measured["evals"],
        "aocc": scored.aocc,
        "perf": scored.w,
        "seconds": round(measured["seconds"], 3),
    }


def run_of_oracle(oracle: Oracle, seed: int) -> Run:
    """Score what an oracle saw as the metric scores a program's run: the best feasible point is the one returned."""
    found = oracle.best_x is not None
    record = Record(
        verdict="ok",
        reason="best feasible point seen",
        tier="",
        seed=seed,
        source_hash="",
        evals=oracle.evals,
        f=oracle.best_f if found else None,
        feasible=found,
        trace=oracle.trace,
    )
    return Run(oracle.problem, Attempt("", record, None))


def shipped_baselines(suite: str | None = None) -> Path:
    """Path of the shipped table of the test split, or of a suite."""
    return SHIPPED_BASELINES if suite is None else SHIPPED_BASELINES.with_name(f"baselines-{suite}.parquet")


def write_baselines(out: Path, problems: Sequence[Problem], suite: str | None = None) -> Path:
    """Write the table (OUT/baselines.parquet, of a suite OUT/baselines-SUITE.parquet) and a .json beside it from the runs in
    OUT/baselines.jsonl.

    Args:
        out: folder of ``run_baselines``.
        problems: of the split or suite, all of them: what is missing is counted.
        suite: its name; None for a split.

    Returns:
        Path of the table.
    """
    head, lines = read_task_log(out / "baselines.jsonl")
    rows = sorted(lines.values(), key=lambda row: (row["solver"], row["problem_id"], row["run"]))
    table = pa.table({name: [row[name] for row in rows] for name in FIELDS})
    path = out / shipped_baselines(suite).name
    pq.write_table(table, path, compression="zstd")
    tools = {}
    for name in dict.fromkeys(row["solver"] for row in rows):
        of_tool = [row for row in rows if row["solver"] == name]
        tools[name] = {
            "title": TOOLS[name],
            "problems": len({row["problem_id"] for row in of_tool}),
            "runs": len(of_tool),
            "statuses": dict(Counter(row["status"] for row in of_tool)),
            "seconds": round(sum(row["seconds"] for row in of_tool), 1),
        }
    meta = {**head, "split_problems": len(problems), "wall_limit": WALL_LIMIT, "tools": tools}
    path.with_suffix(".json").write_text(json.dumps(meta, indent=1) + "\n", encoding="utf-8")
    return path


def run_baselines(
    out: Path,
    problems: Sequence[Problem],
    tools: Sequence[str],
    runs: int,
    settings: Mapping[str, Any],
    command: str,
    workers: int,
    on_progress: Callable[[int, int], None],
) -> None:
    """Do the runs that OUT/baselines.jsonl does not have yet.

    Args:
        out: folder of the runs, made if missing.
        problems: on which tools run.
        tools: names in ``TOOLS``.
        runs: of each tool on each problem.
        settings: for the record; a record with other settings is refused.
        command: the command line, for the record.
        workers: processes.
        on_progress: called with (runs done, runs).

    Raises:
        MissingToolError: if nevergrad is not installed.
        RecordsError: if the record there has other settings.
    """
    load_nevergrad()
    settings = {"seed": SEED, **settings, "nevergrad": version("nevergrad")}
    tasks = tool_tasks(problems, tools, runs)
    with process_executor(workers) as executor:
        run_missing_tasks(
            out / "baselines.jsonl", settings, command, tasks, run_tool, executor, workers, on_progress
        )
