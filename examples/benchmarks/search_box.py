"""How well programs of the pool do in the boxes that stand for open bounds, starting points and integers (docs/search-box.md).

    python examples/benchmarks/search_box.py open       maps for variables without bounds, beside scipy's SLSQP with the same start and budget
    python examples/benchmarks/search_box.py start      programs that begin at X0: never (it is only evaluated), always, where X0 is better than the centre
    python examples/benchmarks/search_box.py integers   half a step more at either end of the box

Integers take two minutes on one core, the others up to an hour. Seeds are in the text.
"""

from __future__ import annotations

import sys
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import numpy as np
from scipy.optimize import minimize

from llamoco.dataset_builder.optimizers.configuration import configurations
from llamoco.dataset_builder.optimizers.pool import optimizer_function, render
from llamoco.dataset_builder.problems.oracle import BudgetExceeded, Oracle
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.suites.suite import load_suite
from llamoco.dataset_builder.problems.symbolic.synthesis import draw_problem

Function = Callable[[np.ndarray], Any]
BUDGETS = (200, 1000)


def program(name: str, constrained: bool = False) -> Callable[..., np.ndarray]:
    """A program of the pool with its usual settings, those for large budgets where they differ."""
    tree: Any = configurations()[name]["constrained" if constrained else "unconstrained"]
    while "config" not in tree:
        tree = tree["else"]
    return optimizer_function(render(name, tree["config"]))


def _chain(x: np.ndarray) -> Any:
    return (100 * (x[..., 1:] - x[..., :-1] ** 2) ** 2 + (1 - x[..., :-1]) ** 2).sum(-1)


def _booth(x: np.ndarray) -> Any:
    return (x[..., 0] + 2 * x[..., 1] - 7) ** 2 + (2 * x[..., 0] + x[..., 1] - 5) ** 2


def _beale(x: np.ndarray) -> Any:
    a, b = x[..., 0], x[..., 1]
    return (1.5 - a + a * b) ** 2 + (2.25 - a + a * b**2) ** 2 + (2.625 - a + a * b**3) ** 2


def _wood(x: np.ndarray) -> Any:
    a, b, c, d = (x[..., i] for i in range(4))
    first = 100 * (a * a - b) ** 2 + (a - 1) ** 2 + (c - 1) ** 2 + 90 * (c * c - d) ** 2
    return first + 10.1 * ((b - 1) ** 2 + (d - 1) ** 2) + 19.8 * (b - 1) * (d - 1)


def _powell(x: np.ndarray) -> Any:
    a, b, c, d = (x[..., i] for i in range(4))
    return (a + 10 * b) ** 2 + 5 * (c - d) ** 2 + (b - 2 * c) ** 4 + 10 * (a - d) ** 4


def _himmelblau(x: np.ndarray) -> Any:
    return (x[..., 0] ** 2 + x[..., 1] - 11) ** 2 + (x[..., 0] + x[..., 1] ** 2 - 7) ** 2


def _rotated(x: np.ndarray) -> Any:
    i = np.arange(x.shape[-1])
    v = np.cos(i + 1.0)
    y = x - 2 * (x @ v)[..., None] * v / (v @ v)
    return (10.0 ** (3 * i / (len(i) - 1)) * y**2).sum(-1)


TEXTBOOK: dict[str, tuple[Function, list[float]]] = {
    "rosenbrock 2": (_chain, [1] * 2),
    "rosenbrock 5": (_chain, [1] * 5),
    "rosenbrock 10": (_chain, [1] * 10),
    "sphere 3": (lambda x: (x**2).sum(-1), [0] * 3),
    "sphere 10": (lambda x: (x**2).sum(-1), [0] * 10),
    "ellipsoid 5": (lambda x: (10.0 ** np.arange(5) * x**2).sum(-1), [0] * 5),
    "booth": (_booth, [1, 3]),
    "beale": (_beale, [3, 0.5]),
    "wood": (_wood, [1] * 4),
    "powell": (_powell, [0] * 4),
    "himmelblau": (_himmelblau, [3, 2]),
    "rastrigin 3": (lambda x: (x**2 + 10 * (1 - np.cos(2 * np.pi * x))).sum(-1), [0] * 3),
    "rotated 6": (_rotated, [0] * 6),
    "sum of |x| 4": (lambda x: np.abs(x).sum(-1), [0] * 4),
    "log cosh 3": (lambda x: np.log(np.cosh(np.clip(x, -300, 300))).sum(-1), [0] * 3),
}
_T = np.linspace(0.1, 8, 15)
FITS: dict[str, tuple[Function, list[float], list[float]]] = {  # model, parameters, X0
    "decay": (lambda b: b[:, :1] * np.exp(-b[:, 1:2] * _T) + b[:, 2:3], [5, 0.7, 1], [1, 1, 0]),
    "decay, far": (
        lambda b: b[:, :1] * np.exp(-b[:, 1:2] * _T) + b[:, 2:3],
        [500, 0.05, -100],
        [1, 1, 1],
    ),
    "michaelis-menten": (lambda b: b[:, :1] * _T / (b[:, 1:2] + _T), [12, 2.5], [1, 1]),
    "michaelis-menten, large": (lambda b: b[:, :1] * _T / (b[:, 1:2] + _T), [2100, 640], [1000, 100]),
    "misra, start 1": (
        lambda b: b[:, :1] * (1 - np.exp(-b[:, 1:2] * _T * 100)),
        [238.9, 5.5e-4],
        [500, 1e-4],
    ),
    "misra, start 2": (
        lambda b: b[:, :1] * (1 - np.exp(-b[:, 1:2] * _T * 100)),
        [238.9, 5.5e-4],
        [250, 5e-4],
    ),
    "peak": (lambda b: b[:, :1] * np.exp(-(((_T - b[:, 1:2]) / b[:, 2:3]) ** 2)), [30, 4, 1], [10, 3, 2]),
    "logistic": (lambda b: b[:, :1] / (1 + np.exp(b[:, 1:2] - b[:, 2:3] * _T)), [70, 3, 1.2], [100, 1, 1]),
    "logistic from 0": (
        lambda b: b[:, :1] / (1 + np.exp(b[:, 1:2] - b[:, 2:3] * _T)),
        [7, 3, 1.2],
        [0, 0, 0],
    ),
}


def unbounded() -> Iterable[tuple[str, Function, np.ndarray, float, float]]:
    """Group, objective, X0, unit of the gap and optimal value of each problem."""
    rng = np.random.default_rng(5)
    for f, optimum in TEXTBOOK.values():
        best, dim = np.array(optimum, dtype=float), len(optimum)
        for mode in ("zero", "optimum", "both"):
            for distance in (0.1, 1.0, 10.0, 100.0, 1e4):
                if mode == "both" and distance > 10:
                    continue
                u = rng.uniform(-1, 1, dim)
                u /= np.abs(u).max()
                if mode == "zero":
                    start, at = np.zeros(dim), distance * u
                elif mode == "optimum":
                    start, at = best + distance * u, best
                else:
                    at = 1000 * np.sign(u) * (1 + np.abs(u))
                    start = at + distance * rng.uniform(-1, 1, dim)

                def moved(x: np.ndarray, f: Function = f, shift: np.ndarray = best - at) -> Any:
                    return f(x + shift)

                sphere = rng.normal(size=(50, dim))
                sphere /= np.linalg.norm(sphere, axis=1)[:, None]
                value = float(moved(at[None])[0])
                unit = float(np.median(moved(at + min(distance, 1) * sphere)) - value)
                far = "<= 1" if distance <= 1 else "10 to 100" if distance <= 100 else "10,000"
                yield ("large X0, " if mode == "both" else "") + far, moved, start, unit, value
    for model, parameters, given in FITS.values():
        data = model(np.array([parameters], dtype=float))[0]

        def squares(x: np.ndarray, model: Function = model, data: np.ndarray = data) -> Any:
            return (((model(np.atleast_2d(x)) - data) ** 2).mean(-1) / np.mean(data**2)).reshape(x.shape[:-1])

        start = np.array(given, dtype=float)
        first = float(squares(start[None])[0])
        yield "fits", squares, start, first if np.isfinite(first) else 1.0, 0.0


def _pole(core: float, power: int, reach: float = 1e6) -> Function:
    q = 1 - (reach / core) ** (-1 / power)
    return lambda t: core * t / (1 - q * t * t) ** power


MAPS: dict[str, Function] = {
    **{f"+-{reach:g} s": lambda t, reach=reach: reach * t for reach in (10, 100, 1e4)},  # type: ignore[misc]
    "sinh(12 t)": lambda t: np.sinh(12 * t),
    "10 t + 1e5 t^15": lambda t: 10 * t + 1e5 * t**15,
    "4 t + 1e5 t^9": lambda t: 4 * t + 1e5 * t**9,
    "pole, p = 1": _pole(1, 1),
    "pole, p = 2": _pole(1, 2),
    "pole, p = 3": _pole(1, 3),
    "4 x pole, p = 3": _pole(4, 3),
}
SCALES: dict[str, Function] = {
    "max(1, |X0|)": lambda x: np.maximum(1, np.abs(x)),
    "root of |X0|": lambda x: np.where(x == 0, 1, np.sqrt(np.abs(x))),
}


def study_open() -> None:
    """Mean log10 gap, and share of gaps below 1e-3, by group of problems."""
    programs = {name: program(name) for name in ("slsqp", "cobyla", "cma_es")}
    gaps: dict[tuple[str, int, str], list[float]] = defaultdict(list)
    for group, f, start, unit, value in unbounded():
        for budget in BUDGETS:
            best = _scipy(f, start, budget)
            gaps["scipy's SLSQP", budget, group].append((best - value) / unit)
            for scaled, scale in SCALES.items():
                for mapped, phi in MAPS.items():
                    for name, optimize in programs.items():
                        best = _in_box(f, start, scale(start), phi, optimize, budget)
                        for shown in (name, "all"):
                            key = f"{mapped}, s = {scaled}: {shown}"
                            gaps[key, budget, group].append((best - value) / unit)
    groups = list(dict.fromkeys(group for _, _, group in gaps))
    print("budget", groups)
    for name, budget in sorted({key[:2] for key in gaps}, key=lambda pair: pair[::-1]):
        rows = [np.array(gaps[name, budget, group]) for group in groups]
        cells = [f"{_logs(row).mean():6.2f} {100 * (row < 1e-3).mean():3.0f}%" for row in rows]
        print(f"{budget:5} {name:45}", *cells)


def _logs(gaps: np.ndarray) -> np.ndarray:
    known = np.where(np.isnan(gaps), np.inf, np.maximum(gaps, 1e-30))
    return np.clip(np.log10(known), -6, 4)


def _in_box(
    f: Function, start: np.ndarray, scale: np.ndarray, phi: Function, optimize: Any, budget: int
) -> float:
    best = [float(f(start[None])[0])]

    def objective(t: np.ndarray) -> Any:
        values = np.asarray(f(start + scale * phi(t)), dtype=float)
        best[0] = min(best[0], float(np.min(np.where(np.isfinite(values), values, np.inf))))
        return values

    with suppress(ArithmeticError, ValueError):
        optimize(objective, -np.ones(len(start)), np.ones(len(start)), budget - 1, 0)
    return best[0]


class _Spent(Exception):
    pass


def _scipy(f: Function, start: np.ndarray, budget: int) -> float:
    values: list[float] = []

    def objective(x: np.ndarray) -> float:
        if len(values) == budget:
            raise _Spent
        value = float(f(x[None])[0])
        values.append(value if np.isfinite(value) else np.inf)
        return value if np.isfinite(value) else 1e30

    with suppress(_Spent):
        minimize(objective, start, method="SLSQP", options={"maxiter": 100_000})
    return min(values)


def study_start() -> None:
    """Mean area under the curve of log10 gaps (0 to 6 decades as 0 to 1) of 600 evaluations or fewer."""
    drawn = [draw_problem(77, number, constrained) for number in range(40) for constrained in (False, True)]
    area: dict[tuple[str, str, bool, str], list[float]] = defaultdict(list)
    for number, problem in enumerate(p for p in (*drawn, *load_suite("outside")) if p.dim <= 20):
        names = ("slsqp", "cobyla", "l_bfgs_b", "cma_es", "de")
        programs = [
            program(name, problem.constrained)
            for name in names
            if name != "l_bfgs_b" or not problem.constrained
        ]
        rng, low, high = np.random.default_rng(number), problem.lower_array, problem.upper_array
        known = min((_run(problem, each, None, False, 1, 2000) for each in programs), key=lambda o: o.best_f)
        if known.best_x is None:
            continue
        budget = min(problem.max_evals, 600)
        found: list[tuple[str, str, Oracle]] = []
        for near, share in (("5 %", 0.05), ("20 %", 0.2), ("anywhere", None)):
            if share is None:
                start = rng.uniform(low, high)
            else:
                start = np.clip(known.best_x + share * (high - low) * rng.uniform(-1, 1, len(low)), low, high)
            better = _merit(problem, start) < _merit(problem, (low + high) / 2)
            for optimize in programs:
                plain = _run(problem, optimize, start, False, 7, budget)
                begun = _run(problem, optimize, start, True, 7, budget)
                found += [(near, "never", plain), (near, "always", begun)]
                found.append((near, "where better", begun if better else plain))
        best = min(known.best_f, *(oracle.best_f for _, _, oracle in found))
        firsts = [oracle.trace[0][1] for *_, oracle in found if oracle.trace]
        unit = max(max(firsts, default=best + 1) - best, 1e-12)
        kind = "drawn" if problem.kind == "synthetic" else "textbook"
        for near, rule, oracle in found:
            area[kind, near, problem.constrained, rule].append(_area(oracle, best, unit, budget))
    for key in sorted(area):
        print(*key, f"{np.mean(area[key]):.3f} over {len(area[key])} runs")


def _run(
    problem: Problem, optimize: Any, start: np.ndarray | None, begin: bool, seed: int, budget: int
) -> Oracle:
    """A run; ``start`` is evaluated first, and the program begins at it or at the centre."""
    oracle = Oracle(problem.with_budget(budget, start_evaluated=True))
    with suppress(BudgetExceeded):
        if start is not None and not begin:
            oracle.evaluate(start[None])
        optimize(
            oracle.objective,
            problem.lower_array,
            problem.upper_array,
            oracle.remaining,
            seed,
            inequality=oracle.inequality,
            equality=oracle.equality,
            x0=start if begin else None,
        )
    return oracle


def _merit(problem: Problem, x: np.ndarray) -> tuple[float, float]:
    values = problem.evaluate(x[None])
    broken = max([0.0, *(values.g[0] - 1e-6), *(np.abs(values.h[0]) - 1e-4)])
    f = float(values.f[0])
    return (broken, f) if np.isfinite(broken) and np.isfinite(f) else (np.inf, np.inf)


def _area(oracle: Oracle, best: float, unit: float, budget: int) -> float:
    decades = np.zeros(budget)
    for evals, f in oracle.trace:
        decades[evals - 1 :] = np.maximum(
            decades[evals - 1 :], np.clip(-np.log10(max((f - best) / unit, 1e-12)), 0, 6)
        )
    return float(decades.mean() / 6)


def study_integers() -> None:
    """Share of runs that find the optimum of problems with 2 to 8 integers."""
    programs = {name: program(name) for name in ("slsqp", "cobyla", "cma_es", "de", "pso")}
    rng, found = np.random.default_rng(1), defaultdict(list)
    for case in range(120):
        dim, last = int(rng.choice([2, 4, 8])), int(rng.choice([1, 2, 4, 10, 50]))
        optimum, matrix = rng.integers(0, last + 1, dim).astype(float), rng.normal(size=(dim, dim))
        kinds: list[Function] = [
            lambda y: (y**2).sum(-1),
            lambda y, matrix=matrix: ((y @ matrix) ** 2).sum(-1),  # type: ignore[misc]
            lambda y: np.abs(y).sum(-1) + (y != 0).sum(-1),
        ]
        for budget in BUDGETS:
            for room in (0.0, 0.5):
                for name, optimize in programs.items():
                    best = [np.inf]

                    def objective(
                        z: np.ndarray,
                        f: Function = kinds[case % 3],
                        c: np.ndarray = optimum,
                        last: int = last,
                        best: list[float] = best,
                    ) -> Any:
                        values = np.asarray(f(np.clip(np.rint(z), 0, last) - c), dtype=float)
                        best[0] = min(best[0], float(values.min()))
                        return values

                    optimize(objective, np.full(dim, -room), np.full(dim, last + room), budget, case)
                    found[budget, name, "2 or 3 values" if last <= 2 else "more", room].append(best[0] == 0)
    for key in sorted(found):
        print(*key, f"{100 * np.mean(found[key]):.0f}% of {len(found[key])}")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    studies = {"open": study_open, "start": study_start, "integers": study_integers}
    if len(sys.argv) != 2 or sys.argv[1] not in studies:
        sys.exit(f"say which: {', '.join(studies)}")
    studies[sys.argv[1]]()
