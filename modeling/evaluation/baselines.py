"""Other people's tools on the problems of a split: ``python -m llamoco.modeling.evaluation.baselines OUT``.

Their runs depend on the label table and on the tools, on no model: they are made once and shipped beside the labels, and
every evaluation compares with them (``floors``). OUT/baselines.jsonl gets a line a run, so that a command that was stopped
goes on; OUT/baselines.parquet (one row a run) and OUT/baselines.json (how it was made) follow from it.

Each tool gets what the model's programs get: the same problems and budgets, the same counting oracle, 5 runs. Two rules
are in the tools' favour: the best feasible point that the oracle saw counts, returned or not, and so it does after an
error or at the wall limit, where a program of the model would score 0.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from llamoco.dataset_builder.analysis.baselines import SOLVERS, execute_solver, load_nevergrad
from llamoco.dataset_builder.analysis.task_log import (
    MissingToolError,
    RecordsError,
    Row,
    complete,
    read_records,
)
from llamoco.dataset_builder.benchmark.executors import ExecutorError, process_executor
from llamoco.dataset_builder.benchmark.labels import SHIPPED_LABELS
from llamoco.dataset_builder.problems.oracle import Oracle
from llamoco.dataset_builder.problems.portable_rng import PortableRng, named_seed
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics.sandbox.record import Record
from llamoco.metrics.scores import Attempt, Run
from llamoco.modeling.evaluation.rows import evaluation_rows

SHIPPED_BASELINES = SHIPPED_LABELS.with_name("baselines.parquet")
TOOLS = {name: title for name, title in SOLVERS.items() if name != "centre"}  # which is no tool
SLOW = "nevergrad_ngopt"
SEED = 0
# Seconds. NGOpt's longest sound runs take 12 s of processor time; now and then it waits for a thread of its own for ever.
WALL_LIMIT = 150.0
FIELDS = ("problem_id", "problem_hash", "solver", "run", "seed", "status", "evals", "aocc", "perf", "seconds")


def tool_tasks(
    problems: Sequence[Problem], tools: Sequence[str], runs: int, seed: int = SEED
) -> dict[str, tuple[str, str, int, int]]:
    """Arguments of ``run_tool`` by key, in an order in which what is done when time is up says something.

    The quick tools come first; NGOpt, which takes nine tenths of the time, goes through the problems in random order, once,
    and then again.
    """
    order = [
        (name, problem, run) for name in tools if name != SLOW for run in range(runs) for problem in problems
    ]
    if SLOW in tools:
        shuffled = PortableRng("baselines", seed).shuffled(problems)
        order += [(SLOW, problem, run) for run in range(runs) for problem in shuffled]
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
    """What tells a problem from another of its name: of its definition and references."""
    return hashlib.sha256(problem.to_json().encode()).hexdigest()[:16]


def run_tool(problem_json: str, solver: str, run: int, seed: int) -> Row:
    """One run of a tool: ``FIELDS``, and the error's text. Called in worker processes."""
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
    """What an oracle saw, as the metric scores a program's run: the best feasible point is the one returned."""
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


def write_baselines(out: Path, problems: Sequence[Problem]) -> Path:
    """Write OUT/baselines.parquet and OUT/baselines.json from the runs in OUT/baselines.jsonl.

    Args:
        out: folder of ``main``.
        problems: of the split, all of them: what is missing is counted.

    Returns:
        Path of the table.
    """
    head, lines = read_records(out / "baselines.jsonl")
    rows = sorted(lines.values(), key=lambda row: (row["solver"], row["problem_id"], row["run"]))
    table = pa.table({name: [row[name] for row in rows] for name in FIELDS})
    path = out / SHIPPED_BASELINES.name
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


def main() -> None:
    """Read the arguments, run what is missing, write."""
    parser = argparse.ArgumentParser(
        description="Run other people's tools on a split's problems, at the same budgets; a stopped command goes on."
    )
    parser.add_argument("out", type=Path, help="folder of the runs and of the table")
    parser.add_argument("--split", choices=("test", "train"), default="test")
    parser.add_argument("--runs", type=int, default=5, help="of each tool on each problem")
    parser.add_argument(
        "--tool", choices=TOOLS, action="append", help="only this; can be given several times"
    )
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--limit", type=int, help="the first N problems only")
    parser.add_argument(
        "--table-only", action="store_true", help="no runs: the table of those that are finished so far"
    )
    asked = parser.parse_args()
    texts = {row["problem_id"]: row["problem"] for row in evaluation_rows(asked.split)}
    problems = [Problem.from_json(text) for text in texts.values()]
    try:
        if not asked.table_only:
            tools = asked.tool or list(TOOLS)
            load_nevergrad()
            settings = {"seed": SEED, "split": asked.split, "nevergrad": version("nevergrad")}
            _run(asked.out, tool_tasks(problems[: asked.limit], tools, asked.runs), settings, asked.workers)
        print(f"written: {write_baselines(asked.out, problems)}")
    except (RecordsError, MissingToolError, ExecutorError) as error:
        sys.exit(f"error: {error}")


def _run(
    out: Path, tasks: dict[str, tuple[str, str, int, int]], settings: dict[str, Any], workers: int
) -> None:
    command = "python -m llamoco.modeling.evaluation.baselines " + " ".join(sys.argv[1:])
    columns = (TextColumn("runs"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        Progress(*columns, console=Console(stderr=True), speed_estimate_period=600) as bar,
        process_executor(workers) as executor,
    ):
        task = bar.add_task("runs", total=len(tasks))

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        complete(out / "baselines.jsonl", settings, command, tasks, run_tool, executor, workers, show)


if __name__ == "__main__":
    main()
