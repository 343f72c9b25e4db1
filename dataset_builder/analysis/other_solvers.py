"""pycma's, NLopt's and nevergrad's optimizers behind the interface of the pool's; see ``baseline_solvers``."""

from __future__ import annotations

from contextlib import chdir, suppress
from tempfile import TemporaryDirectory
from typing import Any

import cma
import nlopt
import numpy as np

from llamoco.dataset_builder.analysis.solver_points import (
    Function,
    PointCache,
    penalised,
    unit_point,
    violations,
)
from llamoco.dataset_builder.analysis.task_log import MissingToolError

STEP = 0.4  # BOBYQA's first, of the unit box
PRECISION = 1e-8  # of x in the unit box, at which BOBYQA ends


def pycma(
    objective: Function,
    lower: np.ndarray,
    upper: np.ndarray,
    max_evals: int,
    seed: int,
    inequality: Function | None = None,
    equality: Function | None = None,
    x0: np.ndarray | None = None,
) -> np.ndarray:
    """pycma in the unit box, sigma 0.3: fmin2 with restarts (IPOP); constraints by fmin_con, its augmented Lagrangian."""
    points = PointCache(objective, max_evals, inequality, equality)
    random = np.random.default_rng(seed)
    start = unit_point(x0, lower, upper)

    def place(u: np.ndarray) -> np.ndarray:
        return np.asarray(np.clip(lower + np.asarray(u) * (upper - lower), lower, upper))

    while True:
        options = {"bounds": [0, 1], "verbose": -9, "seed": int(random.integers(1, 2**31))}
        if inequality is None and equality is None:
            cma.fmin2(lambda u: points.f(place(u)), start, 0.3, options, restarts=9)
        else:
            # fmin_con makes a folder for logs where it runs, whatever its options say.
            with TemporaryDirectory() as scratch, chdir(scratch):
                cma.fmin_con(
                    lambda u: points.f(place(u)),
                    start,
                    0.3,
                    g=lambda u: list(points.g(place(u))),
                    h=lambda u: list(points.h(place(u))),
                    archiving=False,
                    options=options,
                )
        start = random.random(len(lower))


def lq_cma_es(
    objective: Function,
    lower: np.ndarray,
    upper: np.ndarray,
    max_evals: int,
    seed: int,
    inequality: Function | None = None,
    equality: Function | None = None,
    x0: np.ndarray | None = None,
) -> np.ndarray:
    """pycma's lq-CMA-ES (a linear-quadratic model in front of CMA-ES), sigma 0.3 in the unit box; constraints by ``penalised``."""
    points = PointCache(objective, max_evals, inequality, equality)
    random = np.random.default_rng(seed)
    start = unit_point(x0, lower, upper)
    merit = penalised(points, lower, upper, random)

    def value(u: np.ndarray) -> float:
        return merit(np.clip(lower + np.asarray(u) * (upper - lower), lower, upper))

    while True:
        options = {"bounds": [0, 1], "verbose": -9, "seed": int(random.integers(1, 2**31))}
        with suppress(ValueError, ArithmeticError, np.linalg.LinAlgError):  # of its models of wild values
            cma.fmin_lq_surr(value, start, 0.3, options)
        start = random.random(len(lower))


def nlopt_bobyqa(
    objective: Function,
    lower: np.ndarray,
    upper: np.ndarray,
    max_evals: int,
    seed: int,
    inequality: Function | None = None,
    equality: Function | None = None,
    x0: np.ndarray | None = None,
) -> np.ndarray:
    """NLopt's BOBYQA in the unit box from the centre or the starting point, then from random ones; constraints by its augmented Lagrangian."""
    points = PointCache(objective, max_evals, inequality, equality)
    random = np.random.default_rng(seed)
    start = unit_point(x0, lower, upper)

    def place(u: np.ndarray) -> np.ndarray:
        return np.asarray(np.clip(lower + u * (upper - lower), lower, upper))

    while True:
        local = nlopt.opt(nlopt.LN_BOBYQA, len(lower))
        local.set_xtol_abs(PRECISION)
        local.set_initial_step(STEP)
        search = local
        if points.constrained:
            search = nlopt.opt(nlopt.AUGLAG, len(lower))
            search.set_local_optimizer(local)
            search.set_xtol_abs(PRECISION)
            _, g, h = points(place(start))
            if len(g):
                search.add_inequality_mconstraint(
                    lambda into, u, _: into.__setitem__(slice(None), points.g(place(u))),
                    np.full(len(g), 1e-8),
                )
            if len(h):
                search.add_equality_mconstraint(
                    lambda into, u, _: into.__setitem__(slice(None), points.h(place(u))),
                    np.full(len(h), 1e-6),
                )
        search.set_lower_bounds(np.zeros(len(lower)))
        search.set_upper_bounds(np.ones(len(lower)))
        search.set_min_objective(lambda u, _: points.f(place(u)))
        with suppress(ValueError, ArithmeticError, nlopt.RoundoffLimited):
            search.optimize(start)
        start = random.random(len(lower))


def nevergrad_ngopt(
    objective: Function,
    lower: np.ndarray,
    upper: np.ndarray,
    max_evals: int,
    seed: int,
    inequality: Function | None = None,
    equality: Function | None = None,
    x0: np.ndarray | None = None,
) -> np.ndarray:
    """nevergrad's NGOpt, told the budget; constraint violations as nevergrad takes them (its growing penalty)."""
    return _nevergrad("NGOpt", objective, lower, upper, max_evals, seed, inequality, equality, x0)


def nevergrad_ngiohtuned(
    objective: Function,
    lower: np.ndarray,
    upper: np.ndarray,
    max_evals: int,
    seed: int,
    inequality: Function | None = None,
    equality: Function | None = None,
    x0: np.ndarray | None = None,
) -> np.ndarray:
    """nevergrad's NgIohTuned, as ``nevergrad_ngopt``."""
    return _nevergrad("NgIohTuned", objective, lower, upper, max_evals, seed, inequality, equality, x0)


def _nevergrad(
    name: str,
    objective: Function,
    lower: np.ndarray,
    upper: np.ndarray,
    max_evals: int,
    seed: int,
    inequality: Function | None,
    equality: Function | None,
    x0: np.ndarray | None,
) -> np.ndarray:
    nevergrad = load_nevergrad()
    points = PointCache(objective, max_evals, inequality, equality)
    space = nevergrad.p.Array(init=(lower + upper) / 2 if x0 is None else x0).set_bounds(lower, upper)
    space.random_state.seed(seed)
    optimizer = nevergrad.optimizers.registry[name](parametrization=space, budget=max_evals, num_workers=1)
    for _ in range(max_evals):
        candidate = optimizer.ask()
        f, g, h = points(candidate.value)
        broken = violations(g, h)
        optimizer.tell(candidate, f, broken if len(broken) else None)
    return np.asarray(optimizer.recommend().value)


def load_nevergrad() -> Any:
    """Import nevergrad, patched to work with numpy 2.4.

    Raises:
        MissingToolError: if it is not installed.
    """
    try:
        import nevergrad
        from nevergrad.optimization import metamodel
    except ImportError as error:
        raise MissingToolError(
            f"the baselines need nevergrad ({error}): pip install 'llamoco[report]'"
        ) from error
    # nevergrad 1.0.12 does float(array of one element), which numpy 2.4 refuses; in this module `float` now takes it.
    metamodel.float = lambda value: np.asarray(value, dtype=float).item()
    return nevergrad
