"""What running a program in the sandbox costs: start, calls of the objective, and a whole set of programs.

    python examples/benchmarks/sandbox.py [--labels N | --all] [--workers W] [--json]

Of start and calls the least of many repetitions is printed: what they cost where nothing else runs. The set are the labelled
answers to all descriptions of N problems of the test split (--all: of every one), 5 runs each. It is put beside a bound: the
processor time that the same optimizers take without a sandbox, same seeds, and an allowance for each call, each point of
a batch and each run.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from llamoco.dataset_builder.benchmark.executors import (
    BLAS_THREADS,
    calls_of,
    completed_calls,
    process_executor,
)
from llamoco.dataset_builder.benchmark.label_table import SHIPPED_LABELS
from llamoco.dataset_builder.benchmark.provenance import environment
from llamoco.dataset_builder.optimizers.pool import optimizer_function
from llamoco.dataset_builder.problems.oracle import BudgetExceeded, Oracle
from llamoco.dataset_builder.problems.portable_rng import run_seed
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.instruction_set import rows_of_split
from llamoco.metrics.runner import Prediction, Runner
from llamoco.metrics.sandbox import Sandbox

COLD_START = "import numpy, scipy.optimize, cma"
STARTS, PROGRAMS, CALLS, BATCH, CHUNK = 5, 200, 20_000, 100, 40
DIMENSIONS = 4  # problems that calls are timed on
RUNS, SEED = 5, 0
ALLOWED_CALL, ALLOWED_POINT, ALLOWED_RUN = 25e-6, 1e-6, 10e-3  # seconds, beside the optimizer's own time

TRIVIAL = """\
def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None):
    objective(lower)
    return lower
"""
# Prints the least time per point, in microseconds, of calls in a row.
TIMED = """\
import time
import numpy as np
def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None):
    points = np.random.uniform(lower, upper, (max_evals // {size}, {size}, len(lower)))
    calls = [batch if {size} > 1 else batch[0] for batch in points]
    least = float("inf")
    for start in range(0, len(calls), {chunk}):
        some = calls[start : start + {chunk}]
        before = time.perf_counter()
        for x in some:
            objective(x)
        least = min(least, (time.perf_counter() - before) / len(some) / {size})
    print(least * 1e6)
    return lower
"""


@dataclass
class Cost:
    """Of one run in a process without a sandbox: processor seconds, and what would have crossed over."""

    seconds: float
    calls: int
    points: int
    evals: int


def start(sandbox: Sandbox, problem: Problem) -> dict[str, float]:
    """Milliseconds of a cold start and of a program in the sandbox."""
    environment = os.environ | dict.fromkeys(BLAS_THREADS, "1")

    def cold() -> None:
        subprocess.run([sys.executable, "-W", "ignore", "-c", COLD_START], env=environment, check=True)

    fresh = min(seconds(cold) for _ in range(STARTS))
    program = min(seconds(lambda: sandbox.run(TRIVIAL, problem, SEED)) for _ in range(PROGRAMS))
    return {"cold start, ms": fresh * 1e3, "program, ms": program * 1e3, "ratio": fresh / program}


def calls(sandbox: Sandbox, problem: Problem) -> dict[str, float]:
    """Microseconds of a call, and per point of a batch, inside and in this process."""
    problem = replace(problem, max_evals=CALLS)
    figures: dict[str, float] = {}
    for name, size, chunk in (("call", 1, CHUNK), (f"point of a batch of {BATCH}", BATCH, 1)):
        text = TIMED.format(size=size, chunk=chunk)
        figures[f"{name}, sandbox"] = float(sandbox.run(text, problem, SEED).output)
        with tempfile.TemporaryFile("w+") as printed, contextlib.redirect_stdout(printed):
            in_process(text, problem, SEED, Oracle(problem))
            printed.seek(0)
            figures[f"{name}, in process"] = float(printed.read())
        figures[f"{name}, difference"] = figures[f"{name}, sandbox"] - figures[f"{name}, in process"]
    return figures


def seconds(call: Any) -> float:
    """How long a call takes."""
    before = time.perf_counter()
    call()
    return time.perf_counter() - before


def in_process(text: str, problem: Problem, seed: int, oracle: Oracle) -> None:
    """Run an optimizer of ours as the sandbox does, but here."""
    random.seed(seed)
    np.random.seed(seed)
    with contextlib.suppress(BudgetExceeded):
        optimizer_function(text)(
            oracle.objective,
            problem.lower_array,
            problem.upper_array,
            problem.max_evals,
            seed,
            inequality=oracle.inequality,
            equality=oracle.equality,
        )


def cost(text: str, problem: Problem, seed: int) -> Cost:
    """What a run takes without a sandbox, and, from a second one, how many calls and points it asks for."""
    found = Cost(0.0, 0, 0, 0)

    def count(evals: int, best_f: float | None) -> None:
        new = evals - found.evals
        found.evals = evals
        if new == 1:
            found.calls += 1
        else:
            found.points += new

    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):  # cma writes files
        in_process(text, problem, seed, Oracle(problem, count))
        before = time.process_time()
        in_process(text, problem, seed, Oracle(problem))
        found.seconds = time.process_time() - before
    return found


def rows(problems: int | None) -> Iterator[dict[str, Any]]:
    """The rows of the first problems of the test split, or of all."""
    seen: set[str] = set()
    for row in rows_of_split(SHIPPED_LABELS, "test"):
        seen.add(row["problem_id"])
        if problems is not None and len(seen) > problems:
            return
        yield row


def answers(problems: int | None, workers: int | None) -> dict[str, float]:
    """Run the labelled answers, and compare with the bound."""
    predictions = [Prediction(row["completion"], Problem.from_json(row["problem"])) for row in rows(problems)]
    different = {(p.program, p.problem.id): p for p in predictions}
    begun = time.perf_counter()
    with Runner(RUNS, SEED, workers=workers) as runner:
        width = runner.workers
        opened, ticks = time.perf_counter(), busy_ticks()
        done = dict(runner.run_all(predictions))
        wall = time.perf_counter() - opened
        busy = busy_ticks() - ticks
    evals = {
        (p.program, p.problem.id, run.attempt.record.seed): run.attempt.record.evals
        for position, p in enumerate(predictions)
        for run in done[position]
    }
    pairs = [(p, run_seed(SEED, p.problem.id, number)) for p in different.values() for number in range(RUNS)]
    with process_executor(width) as executor:
        arguments = ((k, (p.program, replace(p.problem), seed)) for k, (p, seed) in enumerate(pairs))
        costs = dict(completed_calls(executor, width, cost, calls_of(arguments)))
    same = sum(evals[p.program, p.problem.id, seed] == costs[k].evals for k, (p, seed) in enumerate(pairs))
    own, called, batched = (
        sum(getattr(c, name) for c in costs.values()) for name in ("seconds", "calls", "points")
    )
    bound = own + ALLOWED_CALL * called + ALLOWED_POINT * batched + ALLOWED_RUN * len(pairs)
    return {
        "predictions": len(predictions),
        "runs asked for": RUNS * len(predictions),
        "runs made (equal predictions share)": len(pairs),
        "runs with the evaluations of a run in process": same,
        "verdicts ok": sum(run.attempt.record.verdict == "ok" for runs in done.values() for run in runs),
        "workers": width,
        "start of the workers, s": opened - begun,
        "wall, s": wall,
        "cores busy, share of the workers'": busy / os.sysconf("SC_CLK_TCK") / wall / width,
        "cost (wall x workers), core-seconds": wall * width,
        "optimizers in process, core-seconds": own,
        "scalar calls": called,
        "batched points": batched,
        "bound of the runs made, core-seconds": bound,
        "cost / bound": wall * width / bound,
        "cost, ms a run made": wall * width / len(pairs) * 1e3,
    }


def busy_ticks() -> int:
    """Clock ticks that the machine's processors have been busy, all together; 0 where the kernel does not tell."""
    path = Path("/proc/stat")
    if not path.exists():
        return 0
    user, nice, system, _, _, irq, softirq, *_ = map(int, path.read_text().split("\n", 1)[0].split()[1:])
    return user + nice + system + irq + softirq


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labels", type=int, default=100, metavar="N", help="problems of the set; 0: no set")
    parser.add_argument("--all", action="store_true", help="the whole test split")
    parser.add_argument("--workers", type=int, help="processes side by side")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    examples = [Problem.from_json(row["problem"]) for row in rows(4 * DIMENSIONS)]
    problems = sorted({p.id: p for p in examples}.values(), key=lambda p: p.dim)[::DIMENSIONS]
    report: dict[str, dict[str, float]] = {}
    pinned = hasattr(os, "sched_getaffinity")
    allowed = os.sched_getaffinity(0) if pinned else set()
    if pinned:
        os.sched_setaffinity(0, {max(allowed)})  # as a runner's workers are
    with Sandbox() as sandbox:
        report["start"] = start(sandbox, problems[0])
        for problem in problems:
            kind = f"{problem.n_inequality} + {problem.n_equality} constraints"
            report[f"D = {problem.dim}, {kind}, us"] = calls(sandbox, problem)
    if pinned:
        os.sched_setaffinity(0, allowed)
    if options.all or options.labels:
        report["labelled answers of the test split"] = answers(
            None if options.all else options.labels, options.workers
        )
    if options.json:
        here = environment()
        made = {"command": " ".join(["python examples/benchmarks/sandbox.py", *sys.argv[1:]]), "seed": SEED}
        print(json.dumps({**made, "machine": here["machine"], "date": here["date"], **report}, indent=2))
        return
    for title, figures in report.items():
        print(title)
        for name, value in figures.items():
            print(f"    {name:48s} {value:12,.3f}".rstrip("0").rstrip("."))


if __name__ == "__main__":
    main()
