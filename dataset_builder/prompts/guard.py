"""The main guard of a program: counts evaluations, runs ``optimize``, prints the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_GUARD = '''\
def llamoco_main():
    """Solve the problem within its budget and print the result; a seed may be given on the command line."""
    import sys

    import numpy as np

    class BudgetExceeded(RuntimeError):
        """More evaluations were asked for than are left."""

{functions}    used, last, best = 0, (None, None), (np.inf, np.inf, (lower + upper) / 2)

    def values(x):
        """f, g and h at one point; NaN where the formulas have no value."""
        try:
            with np.errstate(all="ignore"):
                results = [[] if function is None else function(x.copy()) for function in functions]
            return [np.array(result, dtype=float).reshape(size) for result, size in zip(results, sizes)]
        except (ArithmeticError, ValueError, TypeError):
            return [np.full(size, np.nan) for size in sizes]

    def merit(x, f, g, h):
        """Largest violation beyond the tolerances, bounds included, then f."""
        excess = np.concatenate((lower - x, x - upper, g - 1e-6, np.abs(h) - 1e-4, 0 * f))
        violation = np.max(excess, initial=0)
        return (violation, f[0]) if np.isfinite(violation) else (np.inf, np.inf)

    def evaluate(x):
        """Values at one point or many; a request that repeats the one before is free."""
        nonlocal used, last, best
        points = np.atleast_2d(np.asarray(x, dtype=float))
        if points.tobytes() != last[0]:
            if used + len(points) > budget:
                raise BudgetExceeded(f"all {budget} evaluations are used")
            used += len(points)
            rows = [values(point) for point in points]
            ranked = [(*merit(point, *row), point.copy()) for point, row in zip(points, rows)]
            best = min([best, *ranked], key=lambda entry: entry[:2])
            last = points.tobytes(), [np.array(column) for column in zip(*rows)]
        return last[1]

    def batch(number):
        """The objective (0), inequality (1) or equality (2) function of points (D,) or (N, D)."""

        def function(x):
            result = evaluate(x)[number] if number else evaluate(x)[0][:, 0]
            return result[0] if np.ndim(x) == 1 else result.copy()

        return function if sizes[number] else None

    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    try:
        x = optimize(batch(0), lower, upper, budget, seed, inequality=batch(1), equality=batch(2))
    except BudgetExceeded as stop:
        print(f"stopped, {stop}")
        x = best[2]
    x = np.asarray(x, dtype=float)
    f, g, h = values(x)
    print(f"x = {{shown}.tolist()}")
    print(f"f = {f[0]:.10g}")
    print(f"largest constraint violation = {max(np.max(g, initial=0), np.max(np.abs(h), initial=0)):.3g}")
    print(f"feasible = {'yes' if merit(x, f, g, h)[0] == 0 else 'no'}")
    print(f"evaluations = {used} of {budget}")


if __name__ == "__main__":
    llamoco_main()
'''

# What follows is the same for every problem whose own names state it to a program as they are.
_PLAIN = """\
    lower, upper, budget = np.array({LOWER}, dtype=float), np.array({UPPER}, dtype=float), int({MAX_EVALS})
    functions = [{objective}, {inequality}, {equality}]
    sizes = [0 if function is None else np.size(function((lower + upper) / 2)) for function in functions]
"""

# Fixed variables, bounds that are single numbers, values in nested sequences, no values at the centre of the box.
_ADAPTED = '''\
    low, high = (np.ravel(np.array(side, dtype=float)) for side in ({LOWER}, {UPPER}))
    free = low < high  # the solver sees the free variables only
    lower, upper, budget = low[free], high[free], int({MAX_EVALS})

    def full(x):
        """All variables, fixed ones included."""
        point = low.copy()
        point[free] = x
        return point

    def flat(value):
        """The numbers in a value, sequences in sequences included, in order."""
        if isinstance(value, dict):
            value = list(value.values())
        elif hasattr(value, "__array__"):
            value = np.ravel(value).tolist()
        if hasattr(value, "__iter__"):
            return [number for part in value for number in flat(part)]
        return [float(value)]

    def adapted(function):
        """A function of the free variables that returns a flat list."""
        return None if function is None else lambda x: flat(function(full(x)))

    functions = [adapted(function) for function in ({objective}, {inequality}, {equality})]
    sizes = {sizes}
'''


def guard(names: Mapping[str, str], sizes: Sequence[int] | None = None) -> str:
    """The guard of a problem section.

    Args:
        names: what the section calls each name of the contract, ``None`` for one that it has not.
        sizes: how many numbers objective, inequality and equality give, for a problem that has to be adapted; None for one whose
            names state it as they are.
    """
    text = _GUARD.replace("{functions}", _PLAIN if sizes is None else _ADAPTED)
    text = text.replace("{shown}", "x" if sizes is None else "full(x)").replace(
        "{sizes}", str(sizes and [*sizes])
    )
    for name, called in names.items():
        text = text.replace(f"{{{name}}}", called)
    return text
