"""Call of a program's ``optimize``, with a starting point where the problem has one and the program takes it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

ArrayFunction = Callable[[np.ndarray], Any]


def takes_start(optimize: Callable[..., Any]) -> bool:
    """Whether a function names an argument ``x0``. Older programs, and some that models write, do not."""
    try:
        parameters = inspect.signature(optimize).parameters
    except (TypeError, ValueError):  # it has no signature to read
        return False
    return "x0" in parameters


def call_optimize(
    optimize: Callable[..., Any],
    functions: tuple[ArrayFunction, ArrayFunction | None, ArrayFunction | None],
    box: tuple[np.ndarray, np.ndarray],
    max_evals: int,
    seed: int,
    start: np.ndarray | None = None,
) -> Any:
    """Call ``optimize`` on a problem. A starting point is evaluated first, by the program or, if it takes none, on its behalf.

    Args:
        optimize: the program's.
        functions: objective, inequality and equality; None where there are no such constraints.
        box: lower and upper bounds (D,).
        max_evals: evaluations that are left, the one of the starting point included.
        seed: handed to it.
        start: the starting point (D,); None for none.

    Returns:
        What the program returns.
    """
    objective, inequality, equality = functions
    more = {}
    if start is not None:
        if takes_start(optimize):
            more["x0"] = start
        else:
            objective(start)
            max_evals -= 1
    return optimize(objective, *box, max_evals, seed, inequality=inequality, equality=equality, **more)
