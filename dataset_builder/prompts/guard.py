"""The main guard of a program: counts evaluations, runs ``optimize``, prints the result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from llamoco.dataset_builder.problems.adaptation import Adaptation
from llamoco.dataset_builder.problems.search_maps import as_text
from llamoco.dataset_builder.problems.stagnation import LEAST_PATIENCE, PATIENCE_PER_VARIABLE


class Probed(NamedTuple):
    """Probes of the landscape that a program continues from.

    Attributes:
        evals: evaluations of the budget that they took.
        start: the best of them (D,), in the box that the program searches; None if none had finite values.
    """

    evals: int
    start: tuple[float, ...] | None


_GUARD = '''\
def llamoco_main():
    """Solve the problem within its budget and print the result; a seed may be given on the command line."""
    import sys

    import numpy as np

    class BudgetExceeded(RuntimeError):
        """More evaluations were asked for than are left."""

{functions}{probed}    used, last, best = 0, (None, None), (np.inf, np.inf, (lower + upper) / 2)

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
{snap}        if points.tobytes() != last[0]:
{deadline}            if used + len(points) > budget:
                raise BudgetExceeded(f"all {budget} evaluations are used")
            used += len(points)
            rows = [values(point) for point in points]
            ranked = [(*merit(point, *row), point.copy()) for point, row in zip(points, rows)]
            best = min([best, *ranked], key=lambda entry: entry[:2])
            last = points.tobytes(), [np.array(column) for column in zip(*rows)]
{stagnation}        return last[1]

    def batch(number):
        """The objective (0), inequality (1) or equality (2) function of points (D,) or (N, D)."""

        def function(x):
            result = evaluate(x)[number] if number else evaluate(x)[0][:, 0]
            return result[0] if np.ndim(x) == 1 else result.copy()

        return function if sizes[number] else None

    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    try:
{begin}        x = optimize(batch(0), lower, upper, {left}, seed, inequality=batch(1), equality=batch(2){start})
    except BudgetExceeded as stop:
        print(f"stopped, {stop}")
        x = best[2]
    x = np.asarray(x, dtype=float)
{kept}    f, g, h = values(x)
    print(f"x = {{shown}.tolist()}")
    print(f"f = {{value}:.10g}")
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

# Where the problem's names alone do not state it (see ``Adaptation``).
_ADAPTED = '''\
    # How the names above state the problem, as they were read; who changes a bound there changes it here, too.
    budget = {budget}
{variables}
    def flat(value):
        """The numbers in a value, sequences in sequences included, in order."""
        if isinstance(value, dict):
            value = list(value.values())
        elif hasattr(value, "__array__"):
            value = np.ravel(value).tolist()
        if hasattr(value, "__iter__"):
            return [number for part in value for number in flat(part)]
        return [float(value)]

{stated}{parts}    sizes = {sizes}
'''

_SCIPY = '''\
    def stated(x):
        """What scipy's constraints state at x: numbers that have to be <= 0, and numbers that have to be 0."""
        single = isinstance({constraints}, dict) or not hasattr({constraints}, "__iter__")
        below, zero = [], []
        for each in [{constraints}] if single else {constraints}:
            if isinstance(each, dict):
                args = each.get("args", ())
                args = tuple(args) if isinstance(args, (tuple, list, np.ndarray)) else (args,)
                numbers = flat(each["fun"](x.copy(), *args))
                if each["type"].lower() == "eq":
                    zero += numbers
                else:
                    below += [-number for number in numbers]
                continue
            numbers = flat(np.ravel(each.A @ x) if hasattr(each, "A") else each.fun(x.copy()))
            lows, highs = (np.broadcast_to(np.ravel(side), len(numbers)).tolist() for side in (each.lb, each.ub))
            for number, low, high in zip(numbers, lows, highs):
                if low == high:
                    zero.append(number - low)
                    continue
                below += [low - number] if low > -np.inf else []
                below += [number - high] if high < np.inf else []
        return below, zero

'''

# Each function is called on its own.
_SEPARATE = """\
    def adapted(expression):
        \"\"\"A function of a point of the search box that returns a flat list.\"\"\"
        return lambda z: flat(expression(full(z)))

    functions = [{functions}]
"""

# One function gives everything, and is called once a point.
_TOGETHER = """\
    at, given = None, None

    def part(number):
        \"\"\"One of the three values that are given together, at a point of the search box, as a flat list.\"\"\"

        def function(z):
            nonlocal at, given
            x = full(z)
            if x.tobytes() != at:
                value = {together}
                at, given = x.tobytes(), [*(value if isinstance(value, tuple) else (value,)), (), ()][:3]
                given = [flat(() if entry is None else entry) for entry in given]
{more}            return {sign}given[number]

        return function

    functions = [part(number) for number in range(3)]
"""


def guard(
    names: Mapping[str, str], adaptation: Adaptation | None = None, probed: Probed | None = None
) -> str:
    """The guard of a problem section.

    Args:
        names: what the section calls each name of the contract, ``None`` for one that it has not.
        adaptation: what has to be done where the names alone do not state the problem; None for one whose names do.
        probed: probes that came before the program was chosen; None where there were none.
    """
    text = _GUARD.replace("{functions}", _PLAIN) if adaptation is None else _adapted(adaptation)
    given = adaptation is not None and adaptation.variables.start is not None
    if probed is not None:
        text = text.replace("{probed}", _probed(probed, given))
        given = probed.start is not None
    if given:
        text = _with_start(text, "counted" if adaptation is not None else "evaluate")
    for blank in ("probed", "snap", "deadline", "stagnation", "begin", "kept"):
        text = text.replace(f"{{{blank}}}", "")
    text = (
        text.replace("{left}", "budget")
        .replace("{start}", "")
        .replace("{shown}", "x")
        .replace("{value}", "f[0]")
    )
    for name, called in names.items():
        text = text.replace(f"{{{name}}}", called)
    return text


def _adapted(adaptation: Adaptation) -> str:
    """The guard with the adaptation filled in, and the problem's names in braces."""
    sign = "-" if adaptation.maximize else ""
    source = "\n".join(f"    {line}".rstrip() for line in adaptation.variables.source())
    setting = {
        "budget": str(adaptation.max_evals),
        "variables": f"{source}\n",
        "stated": _SCIPY if adaptation.scipy else "",
        "parts": _together(adaptation) if adaptation.together else _separate(adaptation),
        "sizes": str([*adaptation.sizes]),
    }
    text = _ADAPTED
    for name, value in setting.items():
        text = text.replace(f"{{{name}}}", value)
    # ``evaluate`` is a name of the problem's here; without bounds an objective may well overflow.
    text = (
        _GUARD.replace("evaluate(", "counted(")
        .replace("0 * f)", "np.where(np.isfinite(f), 0, np.nan))")
        .replace("{functions}", text)
        .replace("{shown}", "full(x)")
        .replace("{value}", f"{sign}f[0]")
    )
    if adaptation.time_limit is not None:
        text = text.replace(
            "    used, last, best = 0,",
            f"    ends = time.monotonic() + {adaptation.time_limit!r}\n    used, last, best = 0,",
        )
        text = text.replace(
            "    import sys\n\n    import numpy", "    import sys\n    import time\n\n    import numpy"
        )
        text = text.replace("{deadline}", _DEADLINE.replace("{limit}", f"{adaptation.time_limit:g}"))
    if adaptation.tolerance is not None:
        text = text.replace(
            "used, last, best = 0, (None, None),", "used, last, moved, best = 0, (None, None), None,"
        )
        text = text.replace("nonlocal used, last, best", "nonlocal used, last, moved, best")
        patience = max(LEAST_PATIENCE, PATIENCE_PER_VARIABLE * len(adaptation.variables.lower))
        stagnation = _STAGNATION.replace("{tolerance}", repr(adaptation.tolerance))
        text = text.replace("{stagnation}", stagnation.replace("{patience}", str(patience)))
    return text


def _with_start(text: str, evaluate: str) -> str:
    """The guard with its starting point evaluated first, by the function of that name."""
    begin = _BEGIN.replace("counted(", f"{evaluate}(")
    text = text.replace("{begin}", begin).replace("{left}", "budget - used").replace("{kept}", _KEPT)
    text = text.replace("{start}", ", **begin").replace("{snap}", _SNAP)
    return text.replace("    import sys\n", "    import inspect\n    import sys\n", 1)


def _probed(probed: Probed, given: bool) -> str:
    """Lines that take the probes off the budget, and start at the best of them."""
    count = probed.evals
    lines = [
        f"budget -= {count}  # evaluations went to probes of the landscape, before this program was chosen"
    ]
    if probed.start is not None:
        best = as_text(np.array(probed.start))
        lines.append(
            f"start = {best}  # the best of them{', in place of the starting point' if given else ''}"
        )
    return "".join(f"    {line}\n" for line in lines)


_DEADLINE = """\
            if time.monotonic() > ends:
                raise BudgetExceeded("the time limit of {limit} s is reached")
"""
_STAGNATION = """\
            if best[0] == 0 and (moved is None or moved[1] - best[1] > {tolerance} * (1 + abs(moved[1]))):
                moved = used, best[1]
            if moved is not None and used - moved[0] >= {patience}:
                raise BudgetExceeded("the best value has stopped moving by more than the tolerance, {tolerance}")
"""
_SNAP = """\
        if (np.abs(points[0] - start) <= 1e-15 * (np.abs(lower) + np.abs(upper))).all():  # rounding apart
            points = np.vstack([start, points[1:]])
"""
_BEGIN = """\
        # The starting point comes first: in a program that takes none, here.
        begin = {"x0": start} if "x0" in inspect.signature(optimize).parameters else {}
        if not begin:
            counted(start)
        first = best
        if used == budget:
            raise BudgetExceeded(f"all {budget} evaluations are used")
"""
_KEPT = """\
    if first[:2] < merit(x, *values(x)):  # nothing better than the starting point
        x = first[2]
"""


def _separate(adaptation: Adaptation) -> str:
    expressions = []
    for name, calls in adaptation.calls.items():
        value = calls[0] if len(calls) == 1 else f"[{', '.join(calls)}]"
        if name == "objective" and adaptation.maximize:
            value = f"[-number for number in flat({value})]"
        expressions.append(f"adapted(lambda x: {value})" if calls else "None")
    return _SEPARATE.replace("{functions}", ", ".join(expressions))


def _together(adaptation: Adaptation) -> str:
    text = _TOGETHER.replace("{together}", adaptation.together)
    more = "                given[1:] = [own + more for own, more in zip(given[1:], stated(x))]\n"
    text = text.replace("{more}", more if adaptation.scipy else "")
    sign = "[-value for value in given[0]] if number == 0 else " if adaptation.maximize else ""
    return text.replace("{sign}", sign)
