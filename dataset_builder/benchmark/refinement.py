"""Refinement of f*: the best point of a reference run, improved by a local method."""

from __future__ import annotations

import numpy as np

from llamoco.dataset_builder.problems.problem import Problem

MAX_ITERATIONS = 200
MARGIN = 5e-7  # for the inequalities, inside the tolerance g <= 1e-6


def refine_f_star(problem: Problem, x: np.ndarray) -> float:
    """The lowest feasible objective that SLSQP reaches from a feasible point; no more than the point's own.

    Not counted against any budget: this is for the reference value f*, not for a score.

    Args:
        problem: the problem.
        x: a feasible point (D,) within the bounds.
    """
    from scipy.optimize import minimize  # solving a problem imports this module, and refines nothing

    lower, width = problem.lower_array, problem.upper_array - problem.lower_array
    best = float(problem.evaluate(x[None, :]).f[0])
    scale = max(1.0, abs(best))
    last: list[tuple[bytes, tuple[float, np.ndarray, np.ndarray]]] = []

    def at(z: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        nonlocal best
        if not last or last[0][0] != z.tobytes():
            point = np.clip(lower + z * width, lower, problem.upper_array)[None, :]
            values = problem.evaluate(point)
            if problem.feasible(values)[0]:
                best = min(best, float(values.f[0]))
            f, g, h = (np.nan_to_num(a[0], nan=1e30, posinf=1e30, neginf=-1e30) for a in values)
            last[:] = [(z.tobytes(), (float(f) / scale, g, h))]
        return last[0][1]

    constraints = []
    if problem.n_inequality:
        constraints.append({"type": "ineq", "fun": lambda z: MARGIN - at(z)[1]})
    if problem.n_equality:
        constraints.append({"type": "eq", "fun": lambda z: at(z)[2]})
    with np.errstate(all="ignore"):
        minimize(
            lambda z: at(z)[0],
            (x - lower) / width,
            method="SLSQP",
            bounds=[(0.0, 1.0)] * problem.dim,
            constraints=constraints,
            options={"maxiter": MAX_ITERATIONS, "ftol": 1e-12},
        )
    return best
