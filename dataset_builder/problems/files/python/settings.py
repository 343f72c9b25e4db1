"""Settings of a problem file: MAX_EVALS, TIME_LIMIT, TOLERANCE, MAXIMIZE, ARGS."""

from __future__ import annotations

import numbers
import types
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.budget import budget_in_time, default_budget
from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.files.python.return_values import describe
from llamoco.dataset_builder.problems.files.python.source import PythonSource
from llamoco.dataset_builder.problems.files.python.suggestions import suggestion

MOST_EVALS = 10**12
_AFFORDED = "give the number of evaluations you can afford, such as MAX_EVALS = 1000"


def budget(text: PythonSource, module: types.ModuleType) -> int | None:
    """MAX_EVALS, checked; None if there is none.

    Raises:
        ProblemError: if it is no budget, or another name looks like it.
    """
    value = module.__dict__.get("MAX_EVALS")
    if value is None:
        instead = suggestion(text, module.__dict__, "MAX_EVALS")
        if instead:
            raise ProblemError(f"{text.name}: MAX_EVALS is not defined{instead}; {_AFFORDED}")
        return None
    value = _scalar(value)
    real = _is_real(value)
    if not real or not 1 <= value <= MOST_EVALS or value != int(value):
        shown = describe(value) if not isinstance(value, numbers.Real) else str(value)[:40]
        raise text.error(
            "MAX_EVALS",
            f"MAX_EVALS is {shown}, not an integer of at least 1"
            + f" and at most {MOST_EVALS:,}" * (real and value > 1)
            + f"; {_AFFORDED}",
        )
    return int(value)


def assumed_budget(dim: int, seconds: float | None, each: float) -> tuple[int, str]:
    """Default budget of a file that states none, and a warning about it.

    Args:
        dim: number of variables D of the search box.
        seconds: the time limit by which it is reckoned; None for the default.
        each: seconds that one evaluation took.
    """
    if seconds is not None:
        evals = budget_in_time(dim, seconds, each)
        return evals, (
            f"no MAX_EVALS: {evals:,} evaluations are planned, as many as fit into TIME_LIMIT, judging by the first one ({each:.2g} s), "
            "limited to 10 (D + 1) to 20,000"
        )
    evals = default_budget(dim)
    return evals, (
        f"no MAX_EVALS: {evals:,} evaluations are used, 100 (D + 1) for D = {dim}, limited to 200 to 5,000; "
        "set MAX_EVALS = ... if you can afford more or fewer"
    )


def time_limit(text: PythonSource, module: types.ModuleType) -> float | None:
    """TIME_LIMIT in seconds, checked; None if there is none."""
    return _positive(
        text,
        module,
        "TIME_LIMIT",
        "give the total number of seconds the search may take, such as TIME_LIMIT = 60",
    )


def tolerance(text: PythonSource, module: types.ModuleType) -> float | None:
    """TOLERANCE, checked; None if there is none."""
    return _positive(
        text,
        module,
        "TOLERANCE",
        "give the improvement of the objective, relative to 1 + |f|, below which the search may end, such as TOLERANCE = 1e-6",
    )


def _positive(text: PythonSource, module: types.ModuleType, name: str, cure: str) -> float | None:
    value = _scalar(module.__dict__.get(name))
    if value is None:
        return None
    if not _is_real(value) or not 0 < value < float("inf"):
        shown = describe(value) if not isinstance(value, numbers.Real) else str(value)[:40]
        raise text.error(name, f"{name} is {shown}; {cure}")
    return float(value)


def maximize(text: PythonSource, module: types.ModuleType) -> bool:
    """MAXIMIZE, checked."""
    value = _scalar(module.__dict__.get("MAXIMIZE"))
    if value is None or isinstance(value, bool | np.bool_):
        return bool(value)
    raise text.error("MAXIMIZE", f"MAXIMIZE is {describe(value)}; give True or False")


def arguments(module: types.ModuleType) -> tuple[Any, ...]:
    """ARGS, further arguments of the functions after x; as in scipy, anything but a tuple is one argument."""
    value = module.__dict__.get("ARGS")
    return value if isinstance(value, tuple) else () if value is None else (value,)


def _scalar(value: Any) -> Any:
    return value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value


def _is_real(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_)
