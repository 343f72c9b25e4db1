"""Frozen references of a problem: f0 ("nothing gained") and f* ("nothing left to gain").

Frozen from the runs of all races and the long reference runs, never from the run that is scored; check runs
come later and change nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import median

import numpy as np

from llamoco.dataset_builder.benchmark.run import CHECK, REFERENCE, Run
from llamoco.dataset_builder.problems.problem import Problem

MIN_RELATIVE_RANGE = 1e-9  # f0 - f* below this share of |f*| is rounding, not room for improvement


class ProblemRejected(Exception):
    """A problem on which runs cannot be compared; the message is the reason."""


def freeze_references(problem: Problem, runs: Sequence[Run]) -> Problem:
    """The problem with f0 and f_star set and their provenance.

    f* is the known optimum, else the best feasible value of any run or of the certified feasible point. f0 is
    as drawn with the problem (median of random points) if unconstrained, else the median over runs of the
    first feasible objective value.

    Args:
        problem: as drawn.
        runs: runs on it; those of the check stage are left out.

    Raises:
        ProblemRejected: no run finds a feasible point, or f0 <= f*.
    """
    counted = [run for run in runs if run.stage != CHECK and not run.failed]
    best = min((run.best_f for run in counted if run.best_f is not None), default=None)
    first = [run.first_f for run in counted if run.first_f is not None and run.stage != REFERENCE]
    if best is None or not first:
        raise ProblemRejected("no run found a feasible point")
    provenance = dict(problem.provenance)
    f_star = problem.f_star
    if f_star is None:
        f_star = best
        provenance["f_star"] = f"best feasible value of {len(counted)} runs" + (
            ", some of them longer and polished" if any(run.stage == REFERENCE for run in counted) else ""
        )
        if problem.feasible_point is not None:
            certified = problem.evaluate(np.array([problem.feasible_point]))
            if problem.feasible(certified)[0] and certified.f[0] < best:
                f_star = float(certified.f[0])
                provenance["f_star"] = "certified feasible point"
    elif best < f_star - MIN_RELATIVE_RANGE * max(1.0, abs(f_star)):
        provenance["f_star"] = f"best of {len(counted)} runs, below the value drawn as optimum, {f_star!r}"
        f_star = best
    f0 = problem.f0
    if problem.constrained or f0 is None:
        f0 = float(median(first))
        provenance["f0"] = f"median first feasible objective of {len(first)} runs"
    if f0 - f_star <= MIN_RELATIVE_RANGE * max(1.0, abs(f_star)):
        raise ProblemRejected("f0 is not above f*")
    return replace(problem, f0=f0, f_star=f_star, provenance=provenance)
