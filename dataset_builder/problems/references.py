"""References f0 ("nothing gained") and f* of the scores: computed once, rounded, stored."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.functions.constraints import significant
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.scores import w

REFERENCE_POINTS = 512
FEW_FEASIBLE = 16
CENTRE_W = 0.9  # of a drawn problem: the middle of its box must not score more


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


def without_penalties(problem: Problem) -> Problem:
    """The problem without the penalties in its objective: beside them, all that a search gains later would not count."""
    terms = problem.definition.get("terms", [])
    if not any(record["kind"] == "penalty" for record in terms):
        return problem
    kept = [record for record in terms if record["kind"] != "penalty"]
    return dataclasses.replace(problem, definition=problem.definition | {"terms": kept}, evaluator=None)


def random_median(problem: Problem) -> float:
    """Median objective of those of 512 random points of the box that have one, constraints and penalties set aside.

    Returns:
        The median; nan if less than a quarter of the points has a value.
    """
    return _median(without_penalties(problem).evaluate(random_points(problem)).f)


def random_points(problem: Problem) -> np.ndarray:
    """The 512 random points (512, D) of the box that f0 rests on."""
    return PortableRng("f0", problem.id).points(REFERENCE_POINTS, problem.lower_array, problem.upper_array)


def _median(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if 4 * len(finite) >= len(values) else math.nan


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
    points = np.vstack([certified, wide, certified + share * (wide - certified)])
    values = problem.evaluate(points)
    feasible = problem.feasible(values)
    found = values.f[feasible]
    plain = without_penalties(problem).evaluate(points).f
    if len(found) >= FEW_FEASIBLE:
        source = f"median objective of {len(found)} feasible points among random ones"
        return float(np.median(plain[feasible])), source, float(found.min())
    anywhere, here = _median(plain[1 : 1 + REFERENCE_POINTS]), float(values.f[0])
    source = (
        f"median objective of {REFERENCE_POINTS} random points, feasible or not, "
        "more than the certified feasible point's"
    )
    return max(anywhere, here + abs(here) * 1e-3), source, float(found.min())


def with_drawn_references(
    problem: Problem, optima: list[np.ndarray], optimum: np.ndarray, exact: bool
) -> Problem | None:
    """A drawn problem with f0, and with f* where the draw gives it; None if the problem is to be drawn again (see ``draw_problem``).

    Args:
        problem: the problem.
        optima: good points (D,), such as those where its components have their minima.
        optimum: the best of them (D,).
        exact: whether it is where the objective has its minimum 0.
    """
    known = exact
    if problem.constrained:
        certified = problem.evaluate(np.array([problem.feasible_point]))
        if not problem.feasible(certified)[0]:
            return None
        known = known and bool(problem.feasible(problem.evaluate(optimum[None, :]))[0])
        f0, f0_source, best = constrained_f0(problem)
    else:
        f0, f0_source = random_median(problem), "median objective of 512 random points"
        points = np.array(optima)
        if problem.definition.get("terms"):  # they move the best point
            points = np.vstack([points, random_points(problem)])
        values = problem.evaluate(points).f
        best = float(values[np.isfinite(values)].min(initial=math.inf))
    if not (math.isfinite(f0) and math.isfinite(best)):
        return None
    f0 = significant(f0, 6)
    best = 0.0 if known else best
    if f0 <= best:
        return None
    middle = (problem.lower_array + problem.upper_array) / 2
    for point in (middle, problem.start):
        if point is None:
            continue
        values_there = problem.evaluate(point[None, :])
        if point is not middle and not all(np.isfinite(part).all() for part in values_there):
            return None  # where a person starts, everything has a value
        if problem.feasible(values_there)[0] and w(float(values_there.f[0]), f0, best) > CENTRE_W:
            return None
    f_star_source = (
        "known: 0 at the components' common minimum" if known else "unknown: to be filled in by a benchmark"
    )
    return with_references(problem, f0, 0.0 if known else None, {"f0": f0_source, "f_star": f_star_source})
