"""The references f0 ("nothing gained") and f* of the scores: computed once, rounded, stored."""

from __future__ import annotations

import dataclasses

import numpy as np

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.problem import Problem

REFERENCE_POINTS = 512
FEW_FEASIBLE = 16


def with_references(problem: Problem, f0: float, f_star: float | None, provenance: dict[str, str]) -> Problem:
    """The problem with frozen references.

    Args:
        problem: the problem.
        f0: objective value that scores w = 0.
        f_star: best known feasible objective value, scores w = 1; None if there is none yet.
        provenance: where each comes from, keys "f0" and "f_star"; keys that are left out keep what they were.

    Raises:
        ProblemError: if a reference is not finite or f0 does not exceed f_star.
    """
    if not np.isfinite(f0) or (f_star is not None and not (np.isfinite(f_star) and f0 > f_star)):
        raise ProblemError(
            f"problem {problem.id}: expected finite references with f0 > f_star, got {f0} and {f_star}"
        )
    return dataclasses.replace(problem, f0=f0, f_star=f_star, provenance=problem.provenance | provenance)


def random_median(problem: Problem) -> float:
    """Median objective of 512 random points of the box, the constraints set aside; nan if any value is."""
    points = PortableRng("f0", problem.id).points(REFERENCE_POINTS, problem.lower_array, problem.upper_array)
    return float(np.median(problem.evaluate(points).f))


def constrained_f0(problem: Problem) -> tuple[float, str, float]:
    """A first f0 of a constrained problem, before a benchmark knows what runs find first.

    The median objective of the feasible points among 512 random points of the box and 512 on the segments
    from the certified feasible point to them. Equalities leave none: then the median of all random points, or
    just more than the certified point's objective if that is larger.

    Returns:
        f0, where it comes from, and the best feasible objective that was seen.
    """
    certified = np.array(problem.feasible_point)
    rng = PortableRng("f0", problem.id)
    wide = rng.points(REFERENCE_POINTS, problem.lower_array, problem.upper_array)
    share = rng.points(REFERENCE_POINTS, np.zeros(1), np.ones(1)) ** 2
    values = problem.evaluate(np.vstack([certified, wide, certified + share * (wide - certified)]))
    found = values.f[problem.feasible(values)]
    if len(found) >= FEW_FEASIBLE:
        source = f"median objective of {len(found)} feasible points among random ones"
        return float(np.median(found)), source, float(found.min())
    anywhere, here = float(np.median(values.f[1 : 1 + REFERENCE_POINTS])), float(values.f[0])
    source = (
        f"median objective of {REFERENCE_POINTS} random points, feasible or not, "
        "more than the certified feasible point's"
    )
    return max(anywhere, here + abs(here) * 1e-3), source, float(found.min())
