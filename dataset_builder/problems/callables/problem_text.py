"""Text of a problem FILE for a call of ``minimize``: what a model reads and what the program begins with.

A function that can be imported is imported; one whose source needs nothing else is copied; any other has a placeholder.
"""

from __future__ import annotations

import inspect
import sys
import textwrap
import types
from collections.abc import Sequence
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.callables.callable_evaluator import CallableEvaluator


def problem_file_text(
    evaluator: CallableEvaluator,
    lower: np.ndarray,
    upper: np.ndarray,
    max_evals: int,
    start: np.ndarray | None,
    integer: np.ndarray | None,
) -> str:
    """Text of the FILE for a call.

    Args:
        evaluator: evaluates the person's functions.
        lower, upper: their bounds (A,).
        max_evals: evaluation budget.
        start: their starting point (A,), or None.
        integer: which variables are integers, bool (A,); None if none is.
    """
    lines = [
        f"LOWER = {_list(lower)}",
        f"UPPER = {_list(upper)}",
        f"MAX_EVALS = {max_evals}",
    ]
    if start is not None:
        lines.append(f"X0 = {start.tolist()}")
    if integer is not None:
        lines.append(f"INTEGER = {np.flatnonzero(integer).tolist()}")
    if evaluator.maximize:
        lines.append("MAXIMIZE = True")
    functions = evaluator.functions
    plain = not functions.args and not functions.with_gradient
    objective = _stated(functions.fun, "objective") if plain else None
    parts = [
        "\n".join(lines),
        objective or _placeholder("objective", "the function that was given to minimize"),
    ]
    for name, side, count in (
        ("inequality", functions.inequality, evaluator.n_inequality),
        ("equality", functions.equality, evaluator.n_equality),
    ):
        if side is not None:
            sense = "<= 0" if name == "inequality" else "= 0"
            parts.append(_placeholder(name, f"{count} values that are {sense} where x is allowed"))
    return "\n\n\n".join(parts) + "\n"


def _list(bounds: np.ndarray) -> str:
    return f"[{', '.join(repr(bound) if np.isfinite(bound) else 'None' for bound in bounds.tolist())}]"


def _placeholder(name: str, what: str) -> str:
    return f'def {name}(x):\n    raise NotImplementedError("put here: {what}")'


def _stated(function: Any, name: str) -> str | None:
    """Source that binds a function to a name; None if there is none."""
    if (
        not isinstance(function, types.FunctionType)
        or "<" in function.__qualname__
        or "." in function.__qualname__
    ):
        return None
    module = function.__module__ or "__main__"
    called = function.__name__
    if module != "__main__" and getattr(sys.modules.get(module), called, None) is function:
        return f"from {module} import {called} as {name}"
    if function.__closure__:
        return None
    try:
        text = textwrap.dedent(inspect.getsource(function)).strip()
    except (OSError, TypeError):
        return None
    if not text.startswith("def "):
        return None
    needed = _needed(function)
    if needed is None:
        return None
    bound = [] if function.__name__ == name else [f"{name} = {function.__name__}"]
    return "\n\n\n".join(part for part in ("\n".join(needed), text, *bound) if part)


def _needed(function: types.FunctionType) -> Sequence[str] | None:
    """Lines that bind the global names that a function reads; None if one cannot be written."""
    lines = []
    for name in sorted(set(function.__code__.co_names) & set(function.__globals__)):
        value = function.__globals__[name]
        if isinstance(value, types.ModuleType):
            full = str(value.__name__)
            lines.append(f"import {full}" + (f" as {name}" if name != full else ""))
        elif isinstance(value, bool | int | float | str):
            lines.append(f"{name} = {value!r}")
        else:
            return None
    return lines
