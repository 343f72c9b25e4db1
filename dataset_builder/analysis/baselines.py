"""Runs of other people's optimizers on the benchmark's problems, at the same budgets, counted and capped by the same oracle.

The best feasible point seen counts, returned or not.
"""

from __future__ import annotations

import math
import warnings
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from llamoco.dataset_builder.analysis.baseline_solvers import FUNCTIONS, SOLVERS
from llamoco.dataset_builder.analysis.other_solvers import load_nevergrad
from llamoco.dataset_builder.analysis.task_log import TaskResult
from llamoco.dataset_builder.benchmark.run import execute
from llamoco.dataset_builder.benchmark.trace import unpack_trace
from llamoco.dataset_builder.problems.oracle import Oracle
from llamoco.dataset_builder.problems.portable_rng import named_seed
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.scores import aocc, w

WALL_LIMIT = 600.0  # seconds; NGOpt needs up to 20 ms an evaluation


def baseline_tasks(problems: Sequence[Problem]) -> dict[str, tuple[str, str, int]]:
    """Arguments of ``run_baseline`` by "problem solver": every solver on every problem.

    Raises:
        MissingToolError: if nevergrad is not installed.
    """
    load_nevergrad()
    return {
        f"{p.id} {name}": (p.to_json(), name, named_seed("baseline", p.id, name) % 2**31)
        for p in problems
        for name in SOLVERS
    }


def execute_solver(
    problem: Problem, name: str, seed: int, limit: float = WALL_LIMIT, oracle: Oracle | None = None
) -> dict[str, Any]:
    """Run a solver on a problem; arguments and result are those of ``run.execute``, the solver's name for its text."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return execute(
            problem, f"from {FUNCTIONS[name].__module__} import {name} as optimize\n", seed, limit, oracle
        )


def run_baseline(problem_json: str, name: str, seed: int) -> TaskResult:
    """One run of a solver: how it ended, evaluations, seconds, and its trace."""
    measured = execute_solver(Problem.from_json(problem_json), name, seed)
    return {
        "status": measured["status"],
        "error": measured["error"],
        "evals": measured["evals"],
        "seconds": round(measured["seconds"], 3),
        "trace": b64encode(measured["trace"]).decode(),
    }


def baseline_scores(
    rows: Mapping[str, TaskResult], problems: Mapping[str, Problem]
) -> dict[str, dict[str, tuple[float, float]]]:
    """(AOCC, w) of each solver on each problem with references, by solver and problem id.

    Args:
        rows: results of ``run_baseline`` by key.
        problems: with f0 and f_star, by id; runs on others are left out.
    """
    scores: dict[str, dict[str, tuple[float, float]]] = {name: {} for name in SOLVERS}
    for key, row in rows.items():
        identifier, name = key.split()
        if identifier in problems:
            problem = problems[identifier]
            assert problem.f0 is not None and problem.f_star is not None
            trace = unpack_trace(b64decode(row["trace"]))
            best = trace[-1][1] if trace else math.inf
            scores[name][identifier] = (
                aocc(trace, problem.max_evals, problem.f0, problem.f_star),
                w(best, problem.f0, problem.f_star),
            )
    return scores
