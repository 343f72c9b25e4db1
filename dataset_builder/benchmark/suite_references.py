"""Frozen f0 of a suite's problems: what "nothing gained" is on each of them.

Without constraints f0 is the median objective of random points of the box; with constraints the median over runs of the pool of the first
feasible objective, as for the problems that are drawn (``references``). Optima are published, not computed: ``suites.suite``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np

from llamoco.dataset_builder.benchmark.references import MIN_RELATIVE_RANGE
from llamoco.dataset_builder.benchmark.run import execute
from llamoco.dataset_builder.optimizers.configuration import configuration_for
from llamoco.dataset_builder.optimizers.pool import render
from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.portable_rng import PortableRng, named_seed
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.references import REFERENCE_POINTS
from llamoco.dataset_builder.problems.suites.suite import (
    read_problem,
    read_references,
    references_path,
    suite_files,
)

OPTIMIZERS = (
    "slsqp",
    "cobyla",
    "de",
    "pso",
    "constrained_ga",
)  # which reach a feasible point in different ways
SEEDS = 4
LIMIT = 60.0  # seconds of CPU time a run
DIGITS = 10
WITHOUT_POINTS = {"rw57"}  # whose guidelines publish best known values, but no points
LEAST_RANGE = 0.01  # f0 - f* of a constrained problem, as a share of |f*|


def freeze_suite(name: str, on_progress: Callable[[int, int], None] = lambda done, total: None) -> None:
    """Compute f0 of the problems of a suite that have none yet; what is frozen stays as it is.

    Args:
        name: of the suite.
        on_progress: called with (problems done, problems).

    Raises:
        ProblemError: if there is no such suite, its references lack a problem's ``x_star``, or f0 does not exceed f*.
    """
    known = read_references(name)
    files = [
        path for path in suite_files(name) if path.parent.name == name
    ]  # others are frozen with their own suite
    for done, path in enumerate(files, 1):
        entry = known.setdefault(path.stem, {})
        if "x_star" not in entry and name not in WITHOUT_POINTS:
            raise ProblemError(
                f"{references_path(name)}: give x_star of {path.stem}, a point of its best known value"
            )
        if "f0" not in entry:
            problem = read_problem(path)
            f0, source = first_objective(problem)
            assert problem.f_star is not None
            if not f0 - problem.f_star > MIN_RELATIVE_RANGE * max(abs(f0), abs(problem.f_star)):
                raise ProblemError(f"{path}: f0 = {f0!r} ({source}) is not above f* = {problem.f_star!r}")
            entry |= {"f0": f0, "f0_source": source}
            _write(name, {path.stem: known[path.stem] for path in files if path.stem in known})
        on_progress(done, len(files))


def first_objective(problem: Problem) -> tuple[float, str]:
    """f0, rounded, and where it comes from."""
    rng = PortableRng("suite f0", problem.id)
    values = problem.evaluate(rng.points(REFERENCE_POINTS, problem.lower_array, problem.upper_array)).f
    finite = values[np.isfinite(values)]
    anywhere = float(np.median(finite))
    if not problem.constrained:
        return _rounded(anywhere), f"median objective of {len(finite)} random points"
    found = []
    for optimizer in OPTIMIZERS:
        config = configuration_for(optimizer, problem.dim, problem.max_evals, problem.constrained)
        for number in range(SEEDS):
            seed = named_seed("suite f0", problem.id, optimizer, number)
            run = execute(problem, render(optimizer, config), seed, LIMIT)
            if run["first_f"] is not None:
                found.append(run["first_f"])
    assert problem.f_star is not None
    first, least = median(found or [-np.inf]), problem.f_star + LEAST_RANGE * abs(problem.f_star)
    if first > least:
        return _rounded(first), f"median first feasible objective of {len(found)} runs"
    # No run was feasible, or equalities leave next to nothing but the optimum.
    source = f"median objective of {len(finite)} random points, feasible or not, at least 1% above f*"
    return _rounded(max(anywhere, least)), source


def _write(name: str, problems: dict[str, dict[str, Any]]) -> None:
    """Write a suite's references, one problem a line."""
    lines = [f"{json.dumps(problem)}: {json.dumps(entry)}" for problem, entry in problems.items()]
    text = '{"problems": {\n' + ",\n".join(lines) + "\n}}\n"
    references_path(name).write_text(text, encoding="utf-8")


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
