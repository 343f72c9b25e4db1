"""A benchmark run: an optimizer's text, executed on one problem through the counting oracle."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from types import FrameType
from typing import Any, NamedTuple

import numpy as np

from llamoco.dataset_builder.benchmark.refinement import refine_f_star
from llamoco.dataset_builder.benchmark.trace import pack_trace, unpack_trace
from llamoco.dataset_builder.optimizers import pool
from llamoco.dataset_builder.problems.calling import call_optimize
from llamoco.dataset_builder.problems.files.python.process import Interruption
from llamoco.dataset_builder.problems.oracle import BudgetExceeded, Oracle
from llamoco.dataset_builder.problems.portable_rng import race_seed
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.scores import aocc, w

REFERENCE = "reference"  # the stage whose runs only serve to find f*
CHECK = "check"  # the stage whose runs only score what was chosen, on fresh seeds
TIME_LIMIT = 10.0  # seconds of CPU time a run; no other limit decides who can be the single best solver
WALL_FACTOR = 12  # times as long a run may take by the clock: for one that waits, or a machine that is busy
SOLVED_GAP = 1e-4  # of f0 - f*: AOCC counts nothing below 1e-3, w below this changes by 1e-4 at most


class Job(NamedTuple):
    """A run to make: optimizer, configuration (canonical JSON), number of the seed."""

    optimizer: str
    config: str
    seed_index: int


@dataclass(frozen=True)
class Task:
    """Runs of one problem in one stage of a race: the unit of work of a worker process.

    ``budget_factor`` multiplies the problem's budget (for reference runs; 1 otherwise). ``time_limit`` is in seconds of
    CPU time a run.
    """

    problem: str
    race: int
    stage: str
    jobs: tuple[Job, ...]
    seed: int
    budget_factor: int = 1
    time_limit: float = TIME_LIMIT


@dataclass(frozen=True)
class Run:
    """Result of one run. Scores follow from it once f0 and f* of its problem are frozen.

    Attributes:
        problem_id, race, optimizer, config, seed_index: which run; together the key.
        stage: stage of the race for which it was made first.
        status: "ok", "solved" (ended early: nothing was left to gain, see ``run_task``), "budget_exceeded" (asked for
            more than the budget; scored at its best), "error" or "timeout" (score 0).
        error: the message, empty if there is none.
        f_returned: objective at the returned point, None where that point is infeasible or outside the
            bounds.
        best_f, first_f: best and first feasible objective seen, None where nothing feasible was found. The best of
            a reference run was refined, see ``refine_f_star``.
        evals, max_evals: evaluations used and allowed.
        trace: improvements, see ``trace.pack_trace``.
        seconds: CPU time; the only field that differs between two runs of the same key.
    """

    problem_id: str
    race: int
    optimizer: str
    config: str
    seed_index: int
    stage: str
    status: str
    error: str
    f_returned: float | None
    best_f: float | None
    first_f: float | None
    evals: int
    max_evals: int
    trace: bytes
    seconds: float

    @property
    def failed(self) -> bool:
        """True if the run scores 0 whatever it found."""
        return self.status in ("error", "timeout")


class RunTimeout(Interruption):
    """The time limit of a run. Not an Exception: an optimizer that catches those must not catch this."""


class Solved(Interruption):
    """Raised in a run as soon as nothing is left to gain."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise RunTimeout in the block after seconds of CPU time, and again each second should it be swallowed.

    Also after WALL_FACTOR times as many seconds by the clock.

    Signals reach the main thread of a process only: in another thread there is no limit. The ``executors`` run tasks
    in main threads.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def expire(number: int, frame: FrameType | None) -> None:
        raise RunTimeout(f"no end after {seconds:g} s")

    before = [(number, signal.signal(number, expire)) for number in (signal.SIGPROF, signal.SIGALRM)]
    signal.setitimer(signal.ITIMER_PROF, seconds, 1.0)
    signal.setitimer(signal.ITIMER_REAL, seconds * WALL_FACTOR, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        for number, handler in before:
            signal.signal(number, handler)


def execute(
    problem: Problem, text: str, seed: int, limit: float = TIME_LIMIT, oracle: Oracle | None = None
) -> dict[str, Any]:
    """Run an optimizer's text on a problem within its budget.

    Args:
        problem: the problem.
        text: a module that defines ``optimize`` (see ``pool``).
        seed: seed that ``optimize`` gets.
        limit: seconds of CPU time.
        oracle: a fresh one on ``problem``, for a caller that reads it afterwards; made here if None.

    Returns:
        The measured fields of ``Run``: status, error, f_returned, best_f, first_f, evals, max_evals, trace,
        seconds.
    """
    oracle = Oracle(problem) if oracle is None else oracle
    status, error, f_returned = "ok", "", None
    started = time.thread_time()
    try:
        with time_limit(limit), np.errstate(all="ignore"):
            x = call_optimize(
                pool.optimizer_function(text),
                (oracle.objective, oracle.inequality, oracle.equality),
                (problem.lower_array.copy(), problem.upper_array.copy()),
                problem.max_evals,
                seed,
                problem.start,
            )
            f_returned = _value_at(problem, x)
    except RunTimeout as timeout:
        status, error = "timeout", str(timeout)
    except Solved:
        status, f_returned = "solved", oracle.best_f
    except BudgetExceeded as exceeded:
        status, error = "budget_exceeded", str(exceeded)
        f_returned = oracle.best_f if oracle.best_x is not None else None
    except Exception as failure:
        status, error = "error", f"{type(failure).__name__}: {failure}"[:500]
    seconds = time.thread_time() - started
    if status == "ok" and oracle.refused:
        status, error = "budget_exceeded", f"{oracle.refused} requests beyond the budget were refused"
    return {
        "status": status,
        "error": error,
        "f_returned": f_returned,
        "best_f": oracle.best_f if oracle.best_x is not None else None,
        "first_f": oracle.trace[0][1] if oracle.trace else None,
        "evals": oracle.evals,
        "max_evals": problem.max_evals,
        "trace": pack_trace(oracle.trace),
        "seconds": seconds,
    }


def _value_at(problem: Problem, x: Any) -> float | None:
    point = np.asarray(x, dtype=float)
    if point.shape != (problem.dim,):
        raise ValueError(f"optimize returned shape {point.shape}, expected ({problem.dim},)")
    values = problem.evaluate(point[None, :])
    if bool(problem.feasible(values)[0]) and bool(problem.inside(point[None, :])[0]):
        return float(values.f[0])
    return None


def run_task(task: Task) -> list[Run]:
    """Make the runs of a task, in a worker process: arguments and result can be pickled.

    Runs of a race end as soon as they are within SOLVED_GAP of a known optimum, which saves the most where the budget is
    large; those of the check use their whole budget, as a program does that a person runs.
    """
    problem = _read_problem(task.problem, task.budget_factor)
    runs = []
    for job in task.jobs:
        pool.check_serves(job.optimizer, problem.constrained)
        text = pool.render(job.optimizer, json.loads(job.config))
        seed = race_seed(task.seed, problem.id, task.race, *job)
        oracle = Oracle(problem, _until_solved(problem) if task.stage != CHECK else None)
        measured = execute(problem, text, seed, task.time_limit, oracle)
        if task.stage == REFERENCE and oracle.best_x is not None:
            measured["best_f"] = refine_f_star(problem, oracle.best_x)
        runs.append(Run(problem_id=problem.id, race=task.race, stage=task.stage, **job._asdict(), **measured))
    return runs


def _until_solved(problem: Problem) -> Callable[[int, float | None], None] | None:
    """What raises Solved within SOLVED_GAP of the optimum; None where f0 or f* is not known before the runs."""
    if problem.f0 is None or problem.f_star is None or problem.constrained:
        return None
    target = problem.f_star + SOLVED_GAP * (problem.f0 - problem.f_star)

    def stop(evals: int, best: float | None) -> None:
        if best is not None and best <= target:
            raise Solved

    return stop


@lru_cache(maxsize=4)
def _read_problem(text: str, budget_factor: int) -> Problem:
    # The stages of a race come one after the other: a worker compiles the problem once for most of them.
    problem = Problem.from_json(text)
    return replace(problem, max_evals=problem.max_evals * budget_factor)


def score_run(run: Run, f0: float, f_star: float) -> tuple[float, float]:
    """(AOCC, w) of a run: w at the returned point, AOCC over its trace; (0, 0) for a failed run."""
    if run.failed:
        return 0.0, 0.0
    final = run.f_returned if run.f_returned is not None else float("inf")
    return aocc(unpack_trace(run.trace), run.max_evals, f0, f_star), w(final, f0, f_star)
