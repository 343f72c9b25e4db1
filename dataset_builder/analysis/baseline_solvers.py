"""scipy's optimizers behind the interface of the pool's: baselines of the labels; and the list of all baselines.

Those that know no budget start anew whenever they end, until the oracle refuses. Points asked for again cost nothing, since some
tools ask for f, g and h of a point at different times. A starting point is where a tool begins, if it can begin anywhere.
"""

from __future__ import annotations

from contextlib import suppress

import numpy as np
from scipy.optimize import Bounds, NonlinearConstraint, differential_evolution, dual_annealing, minimize

from llamoco.dataset_builder.analysis.other_solvers import (
    lq_cma_es,
    nevergrad_ngiohtuned,
    nevergrad_ngopt,
    nlopt_bobyqa,
    pycma,
)
from llamoco.dataset_builder.analysis.solver_points import Function, PointCache, penalised, unit_point
from llamoco.dataset_builder.problems.problem import EQUALITY_TOLERANCE


def centre(
    objective: Function,
    lower: np.ndarray,
    upper: np.ndarray,
    max_evals: int,
    seed: int,
    inequality: Function | None = None,
    equality: Function | None = None,
    x0: np.ndarray | None = None,
) -> np.ndarray:
    """The centre of the box; one evaluation."""
    objective((lower + upper) / 2)
    return (lower + upper) / 2


def scipy_de(
    objective: Function,
    lower: np.ndarray,
    upper: np.ndarray,
    max_evals: int,
    seed: int,
    inequality: Function | None = None,
    equality: Function | None = None,
    x0: np.ndarray | None = None,
) -> np.ndarray:
    """scipy's differential_evolution with its defaults; constraints as NonlinearConstraint (feasibility rules)."""
    points = PointCache(objective, max_evals, inequality, equality)
    constraints = []
    if inequality is not None:
        constraints.append(NonlinearConstraint(points.g, -np.inf, 0.0))
    if equality is not None:
        constraints.append(NonlinearConstraint(points.h, -EQUALITY_TOLERANCE, EQUALITY_TOLERANCE))
    random = np.random.default_rng(seed)
    while True:
        differential_evolution(
            points.f, Bounds(lower, upper), constraints=constraints, maxiter=max_evals, rng=random, x0=x0
        )


def scipy_dual_annealing(
    objective: Function,
    lower: np.ndarray,
    upper: np.ndarray,
    max_evals: int,
    seed: int,
    inequality: Function | None = None,
    equality: Function | None = None,
    x0: np.ndarray | None = None,
) -> np.ndarray:
    """scipy's dual_annealing with its defaults; constraints by ``penalised``."""
    points = PointCache(objective, max_evals, inequality, equality)
    random = np.random.default_rng(seed)
    merit = penalised(points, lower, upper, random)
    while True:
        dual_annealing(merit, Bounds(lower, upper), maxiter=max_evals, rng=random, x0=x0)


def slsqp_multistart(
    objective: Function,
    lower: np.ndarray,
    upper: np.ndarray,
    max_evals: int,
    seed: int,
    inequality: Function | None = None,
    equality: Function | None = None,
    x0: np.ndarray | None = None,
) -> np.ndarray:
    """scipy's SLSQP with its defaults and finite differences, from the starting point, if there is one, and uniform random ones."""
    points = PointCache(objective, max_evals, inequality, equality)
    constraints = []
    if inequality is not None:
        constraints.append({"type": "ineq", "fun": lambda x: -points.g(x)})
    if equality is not None:
        constraints.append({"type": "eq", "fun": points.h})
    random = np.random.default_rng(seed)
    start = x0
    while True:
        if start is None:
            start = lower + random.random(len(lower)) * (upper - lower)
        minimize(points.f, start, method="SLSQP", bounds=Bounds(lower, upper), constraints=constraints)
        start = None


def scipy_cobyqa(
    objective: Function,
    lower: np.ndarray,
    upper: np.ndarray,
    max_evals: int,
    seed: int,
    inequality: Function | None = None,
    equality: Function | None = None,
    x0: np.ndarray | None = None,
) -> np.ndarray:
    """scipy's COBYQA in the unit box, first radius 0.2, from the centre or the starting point, then from uniform random ones.

    Its own scaling (``scale``) loses nonlinear constraints; first radii of 0.1 and 0.5 did no better on four textbook problems.
    """
    points = PointCache(objective, max_evals, inequality, equality)

    def place(u: np.ndarray) -> np.ndarray:
        return np.asarray(np.clip(lower + u * (upper - lower), lower, upper))

    constraints = []
    if inequality is not None:
        constraints.append(NonlinearConstraint(lambda u: points.g(place(u)), -np.inf, 0.0))
    if equality is not None:
        constraints.append(NonlinearConstraint(lambda u: points.h(place(u)), 0.0, 0.0))
    random = np.random.default_rng(seed)
    box = Bounds(np.zeros(len(lower)), np.ones(len(lower)))
    options = {"initial_tr_radius": 0.2, "maxfev": max_evals}
    start = unit_point(x0, lower, upper)
    while True:
        with suppress(ValueError, ArithmeticError, np.linalg.LinAlgError):  # of its models of wild values
            minimize(
                lambda u: points.f(place(u)),
                start,
                method="COBYQA",
                bounds=box,
                constraints=constraints,
                options=options,
            )
        start = random.random(len(lower))


SOLVERS = {
    "centre": "centre of the box",
    "scipy_de": "scipy differential_evolution",
    "scipy_dual_annealing": "scipy dual_annealing",
    "scipy_cobyqa": "scipy COBYQA, restarts",
    "pycma": "pycma, restarts",
    "lq_cma_es": "lq-CMA-ES, restarts",
    "slsqp_multistart": "scipy SLSQP, multistart",
    "nlopt_bobyqa": "NLopt BOBYQA, restarts",
    "nevergrad_ngopt": "nevergrad NGOpt",
    "nevergrad_ngiohtuned": "nevergrad NgIohTuned",
}
FUNCTIONS = {
    function.__name__: function
    for function in (
        centre,
        scipy_de,
        scipy_dual_annealing,
        scipy_cobyqa,
        pycma,
        lq_cma_es,
        slsqp_multistart,
        nlopt_bobyqa,
        nevergrad_ngopt,
        nevergrad_ngiohtuned,
    )
}
