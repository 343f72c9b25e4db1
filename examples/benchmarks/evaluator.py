"""Evaluation speed beside two libraries of benchmark functions, and what a call through the oracle costs.

    pip install ioh opfunu "setuptools<81"      # opfunu asks for pkg_resources, which later setuptools lack
    python examples/benchmarks/evaluator.py [--json]

All have the same points in the same process, on one thread. What is compared takes turns, so that a busy machine slows all
alike; printed are medians over the rounds. ioh (BBOB, instance 1) takes a list of points, opfunu a point at a time. Functions are
the nearest there are: BBOB's ellipsoid and Rastrigin bend their variables too, which costs ioh something; its sphere and
Rosenbrock are the very same formulas, and so are those of opfunu.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from llamoco.dataset_builder.problems.evaluator import compile_problem, numpy_evaluator
from llamoco.dataset_builder.problems.oracle import Oracle
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.symbolic.composition import build_symbolic_problem
from llamoco.dataset_builder.problems.symbolic.synthesis import draw_problem

POINTS = 1000
ROUNDS = 31
CALLS = 200
BBOB = {"sphere": 1, "ellipsoid": 2, "rastrigin": 3, "rosenbrock": 8}
CEC = {
    "sphere": "cec2008.F12008",
    "rosenbrock": "cec2008.F32008",
    "rastrigin": "cec2008.F42008",
    "griewank": "cec2008.F52008",
    "ackley": "cec2008.F62008",
    "ellipsoid": "cec2010.F12010",
    "schwefel_1_2": "cec2005.F22005",
}
DRAWN = 30  # problems about each dimension


def shifted(function: str, dim: int) -> Problem:
    """A basic function with its minimum at a given point."""
    component = {
        "function": function,
        "coefficient": 1,
        "positions": None,
        "shift": {"values": np.linspace(-2, 2, dim).round(2).tolist()},
        "scale": 1,
        "reflection": None,
    }
    definition = {"form": "single", "components": [component]}
    return Problem(function, "synthetic", (-5.0,) * dim, (5.0,) * dim, 10**9, 0, 0, definition)


def medians(ways: dict[str, tuple[Callable[[], object], int]]) -> dict[str, float]:
    """Microseconds per evaluation of each way, a pair of a call and the evaluations it makes; the ways take turns."""
    for call, _ in ways.values():
        call()
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, (call, evaluations) in ways.items():
            start = time.perf_counter()
            call()
            times[name].append((time.perf_counter() - start) / evaluations * 1e6)
    return {name: statistics.median(values) for name, values in times.items()}


def each(function: Callable[[np.ndarray], object], rows: list[np.ndarray]) -> Callable[[], None]:
    """Call a function with one point after the other."""

    def call() -> None:
        for row in rows:
            function(row)

    return call


def together(functions: list[Callable[[np.ndarray], object]], rows: list[np.ndarray]) -> Callable[[], None]:
    """Call functions with one point after the other, all of them with each."""

    def call() -> None:
        for row in rows:
            for function in functions:
                function(row)

    return call


def compare(function: str, dim: int) -> dict[str, float]:
    """Microseconds per point of a basic function, in all the ways there are."""
    import ioh
    from opfunu import cec_based

    problem = shifted(function, dim)
    system = build_symbolic_problem(problem.definition, dim)
    compiled, plain = compile_problem(system), numpy_evaluator(system)
    points = np.random.default_rng(0).uniform(-5, 5, (POINTS, dim))
    rows = [row.copy() for row in points[:CALLS]]
    requests = problem.point_evaluator()
    assert requests is not None
    ways: dict[str, tuple[Callable[[], object], int]] = {
        "llamoco, batch": (lambda: compiled(points), POINTS),
        "numpy, batch": (lambda: plain(points), POINTS),
        "llamoco, point": (each(requests.point, rows), CALLS),
        "llamoco, point by the oracle": (each(Oracle(problem).objective, rows), CALLS),
    }
    if function in BBOB:
        bbob = ioh.get_problem(BBOB[function], 1, dim, ioh.ProblemClass.BBOB)
        as_lists = points.tolist()
        ways["ioh, batch"] = (lambda: bbob(as_lists), POINTS)
        ways["ioh, point"] = (each(bbob, rows), CALLS)
    if function in CEC:
        module, name = CEC[function].split(".")
        cec = getattr(getattr(cec_based, module), name)(ndim=dim)
        ways["opfunu, point"] = (each(cec.evaluate, rows), CALLS)
    return medians(ways)


def typical(dim: int) -> dict[str, float]:
    """Microseconds per call at drawn problems of about a dimension: medians, and the slowest tenth's least."""
    figures: dict[str, list[float]] = {
        name: [] for name in ("point", "objective", "all three", "batch of 20", "compile")
    }
    found = number = 0
    while found < DRAWN:
        problem = draw_problem(2, number, constrained=number % 2 == 1)
        number += 1
        if abs(problem.dim - dim) > 0.1 * dim:
            continue
        found += 1
        problem = replace(problem, max_evals=10**9)
        points = np.random.default_rng(0).uniform(problem.lower, problem.upper, (CALLS, problem.dim))
        rows = [row.copy() for row in points]
        oracle, requests, system = Oracle(problem), problem.point_evaluator(), problem.system
        assert requests is not None
        given: list[Callable[[np.ndarray], object]] = [oracle.objective]
        given += [f for f in (oracle.inequality, oracle.equality) if f is not None]
        ways: dict[str, tuple[Callable[[], object], int]] = {
            "point": (each(requests.point, rows), CALLS),
            "objective": (each(oracle.objective, rows), CALLS),
            "all three": (together(given, rows), CALLS),
            "batch of 20": (
                each(oracle.objective, [points[k : k + 20] for k in range(0, CALLS, 20)]),
                CALLS // 20,
            ),
            "compile": (partial(compile_problem, system), 1),
        }
        for name, value in medians(ways).items():
            figures[name].append(value)
    result = {name: statistics.median(values) for name, values in figures.items()}
    return result | {f"{name}, 90%": float(np.quantile(values, 0.9)) for name, values in figures.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    as_json = parser.parse_args().json
    warnings.simplefilter("ignore")
    start = time.perf_counter()
    shifted("sphere", 2).evaluate(np.zeros((1, 2)))
    report: dict[str, dict[str, float]] = {
        "start": {"seconds to the first value": time.perf_counter() - start}
    }
    for dim in (10, 50):
        for function in CEC:
            figures = compare(function, dim)
            for other in ("ioh, batch", "opfunu, point"):
                if other in figures:
                    figures[f"times as fast as {other}"] = figures[other] / figures["llamoco, batch"]
            report[f"{function}, D = {dim}, us per point"] = figures
        report[f"drawn problems, D about {dim}, us"] = typical(dim)
    if as_json:
        print(json.dumps(report, indent=2))
        return
    for title, figures in report.items():
        print(title)
        for name, value in figures.items():
            print(f"    {name:34s} {value:10.3f}")


if __name__ == "__main__":
    main()
