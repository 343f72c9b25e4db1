"""Which programs should search where variables have no bounds: the model's choice, or local searches from the starting point?

    python examples/benchmarks/unbounded.py [--into hub_cards/records/unbounded.json]

Functions that people minimise without bounds, from their usual starting points, and textbook problems whose bounds are dropped (of the
constrained ones they become constraints), from a random point within the bounds; 100 (D + 1) evaluations or the textbook's budget, at
most 1,500; 2 seeds. A score is the mean of -log10 of the relative gap to the best known value, floored at 1e-8, as a share of 8;
0 where nothing feasible was found. scipy's default (BFGS, at its own cost) stands beside the first set.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize as scipy_minimize
from scipy.optimize import rosen

from llamoco.dataset_builder.problems.budget import default_budget
from llamoco.dataset_builder.problems.callables.callable_evaluator import CallableEvaluator, Functions
from llamoco.dataset_builder.problems.described import DescribedProblem
from llamoco.dataset_builder.problems.suites.suite import load_suite
from llamoco.dataset_builder.problems.variables import Variables
from llamoco.modeling.generation.engines import load_generator
from llamoco.modeling.generation.model_files import SHIPPED_MODEL
from llamoco.modeling.solving.answer import answer_problem, pool_answer
from llamoco.modeling.solving.in_process import InProcessRunner
from llamoco.modeling.solving.portfolio import Turn, take_turns

FLOOR, SEEDS, MOST_EVALS, TEXTBOOK_DIM = 1e-8, 2, 1500, 10
T = np.linspace(0, 4, 20)
DECAY = 3.2 * np.exp(-1.3 * T) + 0.5
DRAWS = np.random.default_rng(0)
A, B = DRAWS.normal(size=(20, 6)), DRAWS.normal(size=20)
ROTATION = np.linalg.qr(DRAWS.normal(size=(6, 6)))[0]


def beale(x):
    return sum((c - x[0] + x[0] * x[1] ** k) ** 2 for k, c in enumerate((1.5, 2.25, 2.625), 1))


def powell(x):
    return (x[0] + 10 * x[1]) ** 2 + 5 * (x[2] - x[3]) ** 2 + (x[1] - 2 * x[2]) ** 4 + 10 * (x[0] - x[3]) ** 4


def wood(x):
    first = 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2 + 90 * (x[3] - x[2] ** 2) ** 2 + (1 - x[2]) ** 2
    return first + 10.1 * ((x[1] - 1) ** 2 + (x[3] - 1) ** 2) + 19.8 * (x[1] - 1) * (x[3] - 1)


def log_sum(x):
    return np.log(np.exp(x[0] + 3 * x[1] - 0.1) + np.exp(x[0] - 3 * x[1] - 0.1) + np.exp(-x[0] - 0.1))


def ackley(x):
    return 20 + np.e - 20 * np.exp(-0.2 * np.sqrt((x**2).mean())) - np.exp(np.cos(2 * np.pi * x).mean())


FUNCTIONS: dict[str, tuple[Callable[[Any], Any], list[float], float | None]] = {
    "rosenbrock 2": (rosen, [-1.2, 1], 0),
    "rosenbrock 5": (rosen, [1.3, 0.7, 0.8, 1.9, 1.2], 0),
    "rosenbrock 10": (rosen, [-1.2, 1] * 5, 0),
    "beale": (beale, [1, 1], 0),
    "booth": (lambda x: (x[0] + 2 * x[1] - 7) ** 2 + (2 * x[0] + x[1] - 5) ** 2, [0, 0], 0),
    "far sphere": (lambda x: ((x - np.array([500, -300, 40])) ** 2).sum(), [0, 0, 0], 0),
    "powell": (powell, [3, -1, 0, 1], 0),
    "wood": (wood, [-3, -1, -3, -1], 0),
    "decay": (lambda p: ((p[0] * np.exp(-p[1] * T) + p[2] - DECAY) ** 2).sum(), [1, 1, 0], 0),
    "log sum": (log_sum, [1, 1], None),
    "quartic 20": (lambda x: ((x - np.arange(20)) ** 4).sum(), [0] * 20, 0),
    "lasso": (lambda x: ((A @ x - B) ** 2).sum() + 5 * np.abs(x).sum(), [0] * 6, None),
    "rastrigin": (lambda x: (x**2 - 10 * np.cos(2 * np.pi * x) + 10).sum(), [2.2, -1.7, 3.1, 0.6], 0),
    "ackley": (ackley, [3, -2, 4, 1, -1], 0),
    "largest": (lambda x: np.abs(x - np.array([3, -7, 2])).max(), [0, 0, 0], 0),
    "ellipsoid": (lambda x: (10.0 ** np.arange(6) * (ROTATION @ (x - 2)) ** 2).sum(), [0] * 6, 0),
}
RULES: dict[str, dict[bool, tuple[tuple[str, float], ...]]] = {
    "the model's choice": dict.fromkeys((False, True), (("", 1.0),)),
    "SLSQP": dict.fromkeys((False, True), (("slsqp", 1.0),)),
    "L-BFGS-B, or COBYLA": {False: (("l_bfgs_b", 1.0),), True: (("cobyla", 1.0),)},
    "SLSQP 70%, then L-BFGS-B, or COBYLA": {
        False: (("slsqp", 0.7), ("l_bfgs_b", 0.3)),
        True: (("slsqp", 0.7), ("cobyla", 0.3)),
    },
    "SLSQP 50%, then L-BFGS-B, or COBYLA": {
        False: (("slsqp", 0.5), ("l_bfgs_b", 0.5)),
        True: (("slsqp", 0.5), ("cobyla", 0.5)),
    },
}


def problem_of(name: str, fun: Any, x0: Any, lower: Any, constraints: Any, budget: int) -> DescribedProblem:
    """A problem as ``llamoco.minimize`` makes it."""
    variables = Variables(lower, [np.inf] * len(x0), x0)
    evaluator = CallableEvaluator(Functions(fun, (), constraints, len(x0)), variables, budget)
    return DescribedProblem(
        id=name,
        lower=tuple(variables.lower.tolist()),
        upper=tuple(variables.upper.tolist()),
        max_evals=budget,
        n_inequality=evaluator.n_inequality,
        n_equality=evaluator.n_equality,
        evaluator=evaluator,
        profile=evaluator.profile,
    )


def cases() -> dict[str, list[tuple[DescribedProblem, float, float | None]]]:
    """Problems by set, each with its first and its best known value."""
    sets: dict[str, list[tuple[DescribedProblem, float, float | None]]] = {"functions": []}
    for name, (fun, x0, best) in FUNCTIONS.items():
        problem = problem_of(name, fun, x0, [-np.inf] * len(x0), (), default_budget(len(x0)))
        sets["functions"].append((problem, float(fun(np.array(x0, dtype=float))), best))
    for given in load_suite("outside"):
        if given.dim > TEXTBOOK_DIM:
            continue
        low, high = given.lower_array, given.upper_array
        x0 = low + np.random.default_rng(7).random(given.dim) * (high - low)
        fun = _objective(given)
        for kept in (False, True):
            kind = "constrained" if given.constrained else "unconstrained"
            lower = low if kept else np.full(given.dim, -np.inf)
            problem = problem_of(
                given.id, fun, x0, lower, _constraints(given), min(given.max_evals, MOST_EVALS)
            )
            named = f"textbook, {kind}, {'lower bounds kept' if kept else 'no bounds'}"
            sets.setdefault(named, []).append((problem, fun(x0), given.f_star))
    return sets


def _objective(given: Any) -> Callable[[Any], float]:
    return lambda x: float(given.evaluate(np.atleast_2d(x)).f[0])


def _constraints(given: Any) -> list[dict[str, Any]]:
    if not given.constrained:
        return []
    low, high = given.lower_array, given.upper_array
    found = [{"type": "ineq", "fun": lambda x: np.concatenate([x - low, high - x])}]
    if given.n_inequality:
        found.append({"type": "ineq", "fun": lambda x: -given.evaluate(np.atleast_2d(x)).g[0]})
    if given.n_equality:
        found.append({"type": "eq", "fun": lambda x: given.evaluate(np.atleast_2d(x)).h[0]})
    return found


def solved(problem: DescribedProblem, rule: str, generator: Any, seed: int) -> float | None:
    """The value that a rule finds, None without a feasible point."""
    own = answer_problem(problem, generator)
    turns = [
        Turn(pool_answer(own, name, "from the starting point") if name else own, share)
        for name, share in RULES[rule][problem.constrained]
    ]
    best = take_turns(turns, InProcessRunner(), seed, 60.0).best
    return best.f if best.feasible else None


def score(found: float | None, first: float, best: float) -> float:
    if found is None:
        return 0.0
    gap = (found - best) / max(abs(first - best), 1e-9)
    return float(-np.log10(np.clip(gap, FLOOR, 1)) / -np.log10(FLOOR))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--into", type=Path, help="write a record here, too")
    into = parser.parse_args().into
    generator, table = load_generator(SHIPPED_MODEL), dict[str, dict[str, float]]()
    for name, problems in cases().items():
        found: dict[str, list[list[float | None]]] = {rule: [] for rule in RULES}
        if name == "functions":
            found["scipy's default"] = []
        for problem, _, _ in problems:
            for rule in RULES:
                found[rule].append([solved(problem, rule, generator, seed) for seed in range(SEEDS)])
            if name == "functions":
                fun, x0, _ = FUNCTIONS[problem.id]
                found["scipy's default"].append([float(scipy_minimize(fun, x0).fun)])
        table[name] = {}
        for rule, values in found.items():
            scores = []
            for place, (_, first, best) in enumerate(problems):
                every = [f for rows in found.values() for f in rows[place] if f is not None]
                least = min(every) if best is None else best
                scores += [np.mean([score(f, first, least) for f in values[place]])]
            table[name][rule] = round(float(np.mean(scores)), 3)
        print(f"{name} ({len(problems)})")
        for rule, value in table[name].items():
            print(f"  {rule:40s} {value:.3f}")
    if into is not None:
        record = {
            "command": "python examples/benchmarks/unbounded.py --into hub_cards/records/unbounded.json",
            "seed": 0,
            "date": datetime.now(UTC).date().isoformat(),
            "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
            "scores": table,
        }
        into.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
