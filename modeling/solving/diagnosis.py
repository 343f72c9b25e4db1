"""Diagnosis of a missing feasible point: the violated constraints, and whether the problem is provably infeasible.

"proven" is said only where it is: where a formula cannot take an allowed value in the box (interval arithmetic), or where the
constraints that are linear, alone, have no point in the box. The latter needs their coefficients, from D + 1 points beside the budget,
which are looked at only where they cost next to nothing.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.problem import EQUALITY_TOLERANCE, INEQUALITY_TOLERANCE, Problem
from llamoco.dataset_builder.problems.symbolic.intervals import constraint_ranges
from llamoco.modeling.solving.solution import Solution

CHECKS = 16  # random points at which a constraint has to be what its coefficients say
MOST_SECONDS = 2.0  # that looking at points beside the budget may take
AGREEMENT = 1e-9  # of a linear constraint with its coefficients, relative
PROVEN = 1e-6  # what the least violation of the linear constraints has to be above, relative
# Operations after which a function that was followed along one path may be another one elsewhere.
BRANCHING = ("comparison", "floor", "abs")


@dataclass(frozen=True)
class Broken:
    """A constraint that does not hold at a point.

    Attributes:
        constraint: such as ``inequality[2]``, counted from 0 as in Python.
        violation: how far g is above 0, or h off 0.
        line: of the function that returns it, in a person's Python; None elsewhere.
    """

    constraint: str
    violation: float
    line: int | None = None

    @property
    def name(self) -> str:
        """For a person."""
        return self.constraint + (f" (line {self.line})" if self.line else "")


@dataclass(frozen=True)
class Diagnosis:
    """Findings on a problem without a feasible point.

    Attributes:
        broken: the constraints that do not hold at the point that breaks them least, the worst first; empty if no point had finite values.
        infeasible: "proven" where there is no feasible point; "not_found" where that is not known.
        reason: the proof, or what was tried and what to try next.
    """

    broken: tuple[Broken, ...]
    infeasible: Literal["proven", "not_found"]
    reason: str

    def as_json(self) -> dict[str, Any]:
        """``violation`` and ``infeasible`` of ``solve --json``."""
        violation = None
        if self.broken:
            worst = self.broken[0]
            rows = [
                {"constraint": one.constraint, "violation": one.violation, "line": one.line}
                for one in self.broken
            ]
            violation = {"largest": worst.violation, "constraint": worst.constraint, "all": rows}
        return {"violation": violation, "infeasible": self.infeasible, "infeasible_reason": self.reason}


def diagnose(problem: Problem, solution: Solution) -> Diagnosis:
    """Find out why there is no feasible point.

    Args:
        problem: the problem; it is evaluated beside its budget where that is cheap.
        solution: an infeasible one.
    """
    broken = _broken(problem, solution)
    share = f"{solution.evals} of {solution.max_evals} evaluations were spent"
    proof = _range_proof(problem) or _linear_proof(problem, solution)
    if proof is not None:
        return Diagnosis(broken, "proven", proof)
    if not broken:
        return Diagnosis(
            (), "not_found", f"no point had finite values of objective and constraints; {share}: {_NO_VALUES}"
        )
    return Diagnosis(
        broken, "not_found", f"not found, which proves nothing; {share}: {_advice(problem, solution)}"
    )


_NO_VALUES = "draw the bounds closer to where the functions have values"


def _advice(problem: Problem, solution: Solution) -> str:
    if solution.evals < problem.max_evals / 2:
        return "the program ended early; try another --seed, or --runs 5"
    most = "give a larger budget (MAX_EVALS), a starting point X0 that is feasible or nearly so, or --runs 5"
    return f"{most}; equalities are held to {EQUALITY_TOLERANCE:g}" if problem.n_equality else most


def _broken(problem: Problem, solution: Solution) -> tuple[Broken, ...]:
    seen = solution.seen
    if seen is None:
        return ()
    lines = _lines(problem)
    found = [
        Broken(f"inequality[{i}]", float(value), lines.get("inequality"))
        for i, value in enumerate(seen.g)
        if value > INEQUALITY_TOLERANCE
    ]
    found += [
        Broken(f"equality[{i}]", float(abs(value)), lines.get("equality"))
        for i, value in enumerate(seen.h)
        if abs(value) > EQUALITY_TOLERANCE
    ]
    return tuple(sorted(found, key=lambda one: -one.violation))


def _lines(problem: Problem) -> dict[str, int]:
    """Lines on which a user's Python defines its functions."""
    try:
        text = problem.description
        if problem.language != "python":
            return {}
        tree = ast.parse(text)
    except (ProblemError, SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    return {node.name: node.lineno for node in tree.body if isinstance(node, ast.FunctionDef)}


def _range_proof(problem: Problem) -> str | None:
    """Proof that one formula alone has no feasible point in the box; None without one, or if the problem is not given by formulas."""
    symbolic = problem.active_evaluator.symbolic
    if symbolic is None:
        return None
    ranges = constraint_ranges(*symbolic)
    for number, (low, high) in enumerate(ranges):
        equality = number >= problem.n_inequality
        allowed = EQUALITY_TOLERANCE if equality else INEQUALITY_TOLERANCE
        if low > allowed or (equality and high < -allowed):
            return f"no point of the box is feasible: {_name(problem, number)} lies in [{low:.6g}, {high:.6g}] there, {_has_to_be(equality)}"
    return None


def _name(problem: Problem, number: int) -> str:
    """Name of a constraint by its number, inequalities first."""
    inequalities = problem.n_inequality
    return f"inequality[{number}]" if number < inequalities else f"equality[{number - inequalities}]"


def _has_to_be(equality: bool) -> str:
    return f"and has to be {'= 0' if equality else '<= 0'}"


def _linear_proof(problem: Problem, solution: Solution) -> str | None:
    """Proof that the linear constraints alone have no feasible point in the box; None without one."""
    profile = problem.profile
    if profile is None or any(name in profile.constraints.operations for name in BRANCHING):
        return None
    degrees = profile.constraints.degrees
    linear = [number for number, degree in enumerate(degrees) if degree is not None and degree <= 1]
    looks = problem.dim + 1 + CHECKS
    each = solution.seconds / solution.evals if solution.evals else 0.0
    if not linear or len(degrees) != problem.n_inequality + problem.n_equality or looks * each > MOST_SECONDS:
        return None
    fitted = _coefficients(problem, linear)
    return None if fitted is None else _least_violation(problem, linear, *fitted)


def _coefficients(problem: Problem, linear: list[int]) -> tuple[np.ndarray, np.ndarray] | None:
    """A (n, D) and b (n,) of constraints A u + b, u in the unit box; None if that is not what they are."""
    dim = problem.dim
    corners = np.vstack([np.full(dim, 0.25), np.full((dim, dim), 0.25) + 0.5 * np.eye(dim)])
    units = np.vstack([corners, np.random.default_rng(0).random((CHECKS, dim))])
    try:
        points = problem.lower_array + units * (problem.upper_array - problem.lower_array)
        values = problem.evaluate(points)
    except ProblemError:
        return None
    columns = np.hstack([values.g, values.h])[:, linear]
    if not np.isfinite(columns).all():
        return None
    slopes = ((columns[1 : dim + 1] - columns[0]) / 0.5).T
    offsets = columns[0] - slopes @ units[0]
    size = np.abs(slopes).sum(axis=1) + np.abs(offsets) + 1e-12
    off = np.abs(units @ slopes.T + offsets - columns) / size
    return (slopes, offsets) if off.max() <= AGREEMENT else None


def _least_violation(
    problem: Problem, linear: list[int], slopes: np.ndarray, offsets: np.ndarray
) -> str | None:
    """The proof by a linear program: the least t for which every constraint is broken by t times its size at most."""
    from scipy.optimize import linprog

    size = np.abs(slopes).sum(axis=1) + np.abs(offsets) + 1e-12
    equality = np.array([number >= problem.n_inequality for number in linear])
    tolerance = np.where(equality, EQUALITY_TOLERANCE, INEQUALITY_TOLERANCE)
    # slopes u + offsets - tolerance <= t size; for equalities the negative as well.
    rows = np.vstack([slopes, -slopes[equality]]) / np.concatenate([size, size[equality]])[:, None]
    bounds = np.concatenate([tolerance - offsets, (tolerance + offsets)[equality]])
    bounds /= np.concatenate([size, size[equality]])
    found = linprog(
        np.append(np.zeros(problem.dim), 1.0),
        A_ub=np.hstack([rows, -np.ones((len(rows), 1))]),
        b_ub=bounds,
        bounds=[(0, 1)] * problem.dim + [(0, None)],
    )
    if found.status != 0 or found.fun <= PROVEN:
        return None
    names = [_name(problem, number) for number in linear]
    low = offsets + np.minimum(slopes, 0).sum(axis=1)
    high = offsets + np.maximum(slopes, 0).sum(axis=1)
    for name, least, most, is_equality, allowed in zip(names, low, high, equality, tolerance, strict=True):
        if least > allowed or (is_equality and most < -allowed):
            return f"no point of the box is feasible: {name} is linear and lies in [{least:.6g}, {most:.6g}] there, {_has_to_be(bool(is_equality))}"
    return f"no point of the box is feasible: {', '.join(names)} are linear and cannot all hold (shown by a linear program)"
