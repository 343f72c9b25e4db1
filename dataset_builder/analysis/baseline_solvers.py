"""Other people's optimizers behind the interface of the pool's: baselines of the labels.

Those that know no budget start anew whenever they end, until the oracle refuses. Points asked for again cost nothing, since some
tools ask for f, g and h of a point at different times.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import chdir
from tempfile import TemporaryDirectory
from typing import Any

import cma
import numpy as np
from scipy.optimize import Bounds, NonlinearConstraint, differential_evolution, dual_annealing, minimize

from llamoco.dataset_builder.analysis.task_log import MissingToolError
from llamoco.dataset_builder.problems.oracle import BudgetExceeded
from llamoco.dataset_builder.problems.problem import EQUALITY_TOLERANCE

WORST = 1e300  # instead of non-finite values, on which some tools stop
CALLS_A_EVALUATION = 20

Function = Callable[[np.ndarray], Any]


class PointCache:
    """Cache of evaluated points, each paid for once: f, g (Mg,) and h (Mh,) as plain finite numbers."""

    def __init__(
        self, objective: Function, max_evals: int, inequality: Function | None, equality: Function | None
    ) -> None:
        self._functions = (objective, inequality, equality)
        self._known: dict[bytes, tuple[float, np.ndarray, np.ndarray]] = {}
        self._calls_left = CALLS_A_EVALUATION * max_evals

    def __call__(self, x: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """f, g and h at a point (D,).

        Raises:
            BudgetExceeded: past the budget, and if a tool keeps asking for the same points.
        """
        self._calls_left -= 1
        if self._calls_left < 0:
            raise BudgetExceeded("the tool goes round in circles")
        point = np.array(x, dtype=float)
        key = point.tobytes()
        if key not in self._known:
            objective, inequality, equality = self._functions
            f = float(objective(point))
            g = np.empty(0) if inequality is None else inequality(point)
            h = np.empty(0) if equality is None else equality(point)
            self._known[key] = (_finite(f).item(), _finite(g), _finite(h))
        return self._known[key]

    def f(self, x: np.ndarray) -> float:
        """The objective at a point."""
        return self(x)[0]

    def g(self, x: np.ndarray) -> np.ndarray:
        """The inequality constraints, <= 0."""
        return self(x)[1]

    def h(self, x: np.ndarray) -> np.ndarray:
        """The equality constraints, = 0."""
        return self(x)[2]


def _finite(values: Any) -> np.ndarray:
    return np.nan_to_num(np.asarray(values, dtype=float), nan=WORST, posinf=WORST, neginf=-WORST)


def _violations(g: np.ndarray, h: np.ndarray) -> np.ndarray:
    """Violation of each constraint, (Mg + Mh,); 0 where it is satisfied."""
    return np.concatenate([np.maximum(g, 0), np.maximum(np.abs(h) - EQUALITY_TOLERANCE, 0)])


def centre(
    objective: Function,
    lower: np.ndarray,
    upper: np.ndarray,
    max_evals: int,
    seed: int,
    inequality: Function | None = None,
    equality: Function | None = None,
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
            points.f, Bounds(lower, upper), constraints=constraints, maxiter=max_evals, rng=random
        )


def scipy_dual_annealing(
    objective: Function,
    lower: np.ndarray,
    upper: np.ndarray,
    max_evals: int,
    seed: int,
    inequality: Function | None = None,
    equality: Function | None = None,
) -> np.ndarray:
    """scipy's dual_annealing with its defaults; constraints, of which it knows none, by a penalty in the objective's units.

    Five random points, of the budget, say what these are: a typical violation weighs a hundred times the objective's
    spread, the rule of the pool's own dual_annealing. Fixed weights of 1e3 and 1e5 and Deb's feasibility rules do no
    better on problems of the train split.
    """
    points = PointCache(objective, max_evals, inequality, equality)
    random = np.random.default_rng(seed)
    penalty = 0.0
    if inequality is not None or equality is not None:
        sample = [points(lower + random.random(len(lower)) * (upper - lower)) for _ in range(5)]
        spread = np.ptp([f for f, _, _ in sample]) + 1e-12
        penalty = 100 * spread / (np.median([_violations(g, h).sum() for _, g, h in sample]) + 1e-12)

    def penalised(x: np.ndarray) -> float:
        f, g, h = points(x)
        return float(_finite(f + penalty * _violations(g, h).sum()))

    while True:
        dual_annealing(penalised, Bounds(lower, upper), maxiter=max_evals, rng=random)


def pycma(
    objective: Function,
    lower: np.ndarray,
    upper: np.ndarray,
    max_evals: int,
    seed: int,
    inequality: Function | None = None,
    equality: Function | None = None,
) -> np.ndarray:
    """pycma in the unit box, sigma 0.3: fmin2 with restarts (IPOP); constraints by fmin_con, its augmented Lagrangian."""
    points = PointCache(objective, max_evals, inequality, equality)
    random = np.random.default_rng(seed)
    start = np.full(len(lower), 0.5)

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


def slsqp_multistart(
    objective: Function,
    lower: np.ndarray,
    upper: np.ndarray,
    max_evals: int,
    seed: int,
    inequality: Function | None = None,
    equality: Function | None = None,
) -> np.ndarray:
    """scipy's SLSQP with its defaults and finite differences, from uniform random starts."""
    points = PointCache(objective, max_evals, inequality, equality)
    constraints = []
    if inequality is not None:
        constraints.append({"type": "ineq", "fun": lambda x: -points.g(x)})
    if equality is not None:
        constraints.append({"type": "eq", "fun": points.h})
    random = np.random.default_rng(seed)
    while True:
        start = lower + random.random(len(lower)) * (upper - lower)
        minimize(points.f, start, method="SLSQP", bounds=Bounds(lower, upper), constraints=constraints)


def nevergrad_ngopt(
    objective: Function,
    lower: np.ndarray,
    upper: np.ndarray,
    max_evals: int,
    seed: int,
    inequality: Function | None = None,
    equality: Function | None = None,
) -> np.ndarray:
    """nevergrad's NGOpt, told the budget; constraint violations as nevergrad takes them (its growing penalty)."""
    nevergrad = load_nevergrad()
    points = PointCache(objective, max_evals, inequality, equality)
    space = nevergrad.p.Array(init=(lower + upper) / 2).set_bounds(lower, upper)
    space.random_state.seed(seed)
    optimizer = nevergrad.optimizers.NGOpt(parametrization=space, budget=max_evals, num_workers=1)
    for _ in range(max_evals):
        candidate = optimizer.ask()
        f, g, h = points(candidate.value)
        broken = _violations(g, h)
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


SOLVERS = {
    "centre": "centre of the box",
    "scipy_de": "scipy differential_evolution",
    "scipy_dual_annealing": "scipy dual_annealing",
    "pycma": "pycma, restarts",
    "slsqp_multistart": "scipy SLSQP, multistart",
    "nevergrad_ngopt": "nevergrad NGOpt",
}
