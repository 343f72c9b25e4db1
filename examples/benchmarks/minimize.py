"""How much time ``llamoco.minimize`` takes beside the objective: cold, in a fresh process, and warm, from the second call on.

    python examples/benchmarks/minimize.py [--repeats 20] [--processes 5]

The objective is trivial, the budget 200 evaluations, in 2, 10 and 30 variables, with and without a constraint. scipy's Nelder-Mead with as many
evaluations (COBYLA where there is a constraint) is what it is compared with. Prints one JSON object; seconds, medians and the largest.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

EVALS = 200
CASES = [(dim, constrained) for dim in (2, 10, 30) for constrained in (False, True)]
LIMIT = {"type": "ineq", "fun": lambda x: float(x[0]) + 2}
COLD = """
import time
started = time.perf_counter()
import scipy.optimize
scipy = time.perf_counter() - started
import llamoco
result = llamoco.minimize(lambda x: float(x[0]) ** 2 + float(x[1]) ** 2, [(-5, 5)] * 2, max_evals=200)
print(scipy, time.perf_counter() - started)
"""


def cost(x):
    return float(((x - 0.3) ** 2).sum())


def seconds(call: Callable[[], object], repeats: int) -> list[float]:
    call()
    found = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        found.append(time.perf_counter() - start)
    return found


def warm(dim: int, constrained: bool, repeats: int) -> dict:
    from scipy.optimize import minimize

    import llamoco

    bounds = [(-5, 5)] * dim
    constraints = [LIMIT] if constrained else []
    ours = seconds(lambda: llamoco.minimize(cost, bounds, constraints=constraints, max_evals=EVALS), repeats)
    method, options = ("COBYLA", {"maxiter": EVALS}) if constrained else ("Nelder-Mead", {"maxfev": EVALS})
    theirs = seconds(
        lambda: minimize(
            cost, [0.0] * dim, method=method, bounds=bounds, constraints=constraints, options=options
        ),
        repeats,
    )
    optimizer = llamoco.minimize(cost, bounds, constraints=constraints, max_evals=EVALS).optimizer
    return {
        "dim": dim,
        "constrained": constrained,
        "optimizer": optimizer,
        "median": round(statistics.median(ours), 4),
        "largest": round(max(ours), 4),
        "scipy_median": round(statistics.median(theirs), 4),
        "overhead": round(statistics.median(ours) - statistics.median(theirs), 4),
    }


def cold(processes: int) -> dict:
    runs = []
    for _ in range(processes):
        done = subprocess.run([sys.executable, "-c", COLD], capture_output=True, text=True, check=True)
        runs.append([float(value) for value in done.stdout.split()])
    importing, whole = (statistics.median(column) for column in zip(*runs, strict=True))
    return {
        "import_scipy_optimize": round(importing, 3),
        "whole": round(whole, 3),
        "ratio": round(whole / importing, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--processes", type=int, default=5)
    given = parser.parse_args()
    found = {"cold": cold(given.processes), "warm": [warm(*case, given.repeats) for case in CASES]}
    print(json.dumps(found | {"machine": platform.machine(), "python": platform.python_version()}, indent=1))


if __name__ == "__main__":
    main()
