"""What a problem FILE has to define, looked up in its module and checked: functions, bounds, budget."""

from __future__ import annotations

import difflib
import numbers
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.python.returned import describe
from llamoco.dataset_builder.problems.python.text import CONTRACT, Text

# Names that other libraries, and people, give to what the contract calls otherwise.
OTHER_NAMES = {
    "objective": "f fun func fn function cost loss fitness obj target objective_function cost_function objectivefunction",
    "LOWER": "lb lo low lows lower_bound lower_bounds lower_limit lowerbound lowerbounds xl x_min xmin bounds bnds",
    "UPPER": "ub hi up high highs upper_bound upper_bounds upper_limit upperbound upperbounds xu x_max xmax bounds bnds",
    "MAX_EVALS": (
        "max_eval max_evaluations maxevals maxeval max_fevals maxfev max_nfev maxfun max_fun evals n_evals nevals budget "
        "evaluations num_evals max_iter maxiter max_iterations iterations n_iter"
    ),
}
PAIRS = {"bounds", "bnds"}
MOST_EVALS = 10**12


class Box:
    """Bounds of all variables, and which of them are free.

    Attributes:
        lower, upper: bounds of the free variables (D,).
        free: which of all variables are free, bool (A,).
        scalar: whether LOWER and UPPER are single numbers, of one variable.
    """

    def __init__(self, lower: np.ndarray, upper: np.ndarray, scalar: bool) -> None:
        self.free = lower < upper
        self.lower, self.upper, self.scalar = lower[self.free], upper[self.free], scalar
        self._values = lower

    @classmethod
    def read(cls, text: Text, module: types.ModuleType) -> Box:
        """LOWER and UPPER of a file, checked."""
        lower, upper = (_side(text, module, name) for name in ("LOWER", "UPPER"))
        for name, side, other in (("LOWER", lower, upper), ("UPPER", upper, lower)):
            if side.ndim < other.ndim and len(other) > 1:
                shown = describe(module.__dict__[name])
                raise text.error(
                    name,
                    f"{name} is {shown} for {len(other)} variables; give one number for each, "
                    f"such as {name} = [{float(side)!r}] * {len(other)}",
                )
        scalar = lower.ndim == upper.ndim == 0
        lower, upper = np.atleast_1d(lower), np.atleast_1d(upper)
        if len(lower) != len(upper):
            raise text.error(
                "UPPER",
                f"LOWER has {len(lower)} entries and UPPER has {len(upper)}; give both one for each variable",
            )
        for index in np.flatnonzero(lower > upper).tolist():
            raise text.error(
                "UPPER",
                f"LOWER[{index}] = {lower[index]:g} is above UPPER[{index}] = {upper[index]:g}; swap them",
            )
        if (lower == upper).all():
            raise text.error(
                "UPPER",
                "LOWER equals UPPER for every variable, so there is nothing to search; give at least one variable room",
            )
        return cls(lower, upper, scalar)

    @property
    def fixed(self) -> bool:
        """Whether a variable cannot move."""
        return not self.free.all()

    def full(self, x: np.ndarray) -> np.ndarray:
        """All variables (..., A) of points of the free ones (..., D), floats or objects, in a new array."""
        points = np.empty((*x.shape[:-1], len(self.free)), dtype=x.dtype)
        points[:] = self._values
        points[..., self.free] = x
        return points


def function(text: Text, module: types.ModuleType, name: str) -> Callable[[np.ndarray], Any] | None:
    """A function by name; None for a constraint function that is absent."""
    value = module.__dict__.get(name)
    if value is None:
        if name == "objective":
            defined = name in text.lines
            missing = "objective is None" if defined else "no objective(x) is defined"
            raise ProblemError(f"{text.name}: {missing}{_meant(text, module, name)}; {CONTRACT}")
        return None
    if not callable(value):
        raise text.error(name, f"{name} is {describe(value)}; it has to be a function of x")
    return value


def _side(text: Text, module: types.ModuleType, name: str) -> np.ndarray:
    """LOWER or UPPER as floats, () or (A,)."""
    value = _required(text, module, name, f"give one number for each variable, such as {name} = [-5.0] * 10")
    if value is None:
        raise text.error(name, f"{name} is None: {_UNBOUNDED}")
    try:
        entries = list(value.values()) if isinstance(value, dict) else value
        array = np.asarray(entries)
        shown = array.ravel().tolist() if array.dtype == object else []
        array = array.astype(float) if array.dtype.kind in "fiuO" else np.empty(0)
    except (TypeError, ValueError, OverflowError):
        array = np.empty(0)
    if array.ndim > 1 or array.size == 0:
        raise text.error(
            name,
            f"{name} is {describe(value)}{_first_wrong(value)}; give a sequence with one number for each variable, "
            f"such as {name} = [-5.0] * 10",
        )
    for index, bound in enumerate(array.ravel().tolist()):
        place = f"{name}[{index}]" if array.ndim else name
        if shown and shown[index] is None:
            raise text.error(name, f"{place} is None: {_UNBOUNDED}")
        if np.isinf(bound):
            raise text.error(name, f"{place} is {bound}: {_UNBOUNDED}")
        if np.isnan(bound):
            raise text.error(name, f"{place} is nan; give a finite number")
    return array


_UNBOUNDED = (
    "variables without bounds are not supported yet (a later version will take them); until then give a finite bound, "
    "a wide one if in doubt"
)


def _first_wrong(value: Any) -> str:
    """Which entry is no number, for a message."""
    if isinstance(value, list | tuple):
        for index, entry in enumerate(value):
            if isinstance(entry, bool) or not isinstance(entry, numbers.Real | np.ndarray | None):
                return f", of which entry {index} is {describe(entry)}"
    return ""


def budget(text: Text, module: types.ModuleType) -> int:
    """MAX_EVALS, checked."""
    cure = "give the number of evaluations that you can afford, such as MAX_EVALS = 1000"
    value = _required(text, module, "MAX_EVALS", cure)
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    real = isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_)
    if not real or not 1 <= value <= MOST_EVALS or value != int(value):
        shown = describe(value) if not isinstance(value, numbers.Real) else str(value)[:40]
        raise text.error(
            "MAX_EVALS",
            f"MAX_EVALS is {shown}, not an integer of at least 1"
            + f" and at most {MOST_EVALS:,}" * (real and value > 1)
            + f"; {cure}",
        )
    return int(value)


def _required(text: Text, module: types.ModuleType, name: str, cure: str) -> Any:
    """A value by name."""
    if name not in module.__dict__:
        raise ProblemError(f"{text.name}: {name} is not defined{_meant(text, module, name)}; {cure}")
    return module.__dict__[name]


def _meant(text: Text, module: types.ModuleType, name: str) -> str:
    """Which other name of the file was perhaps meant, for a message; "" if none."""
    names = [other for other in text.lines if other in module.__dict__ and other != name]
    if name == "objective":
        names = [other for other in names if callable(module.__dict__[other])]
    else:
        names = [other for other in names if not callable(module.__dict__[other])]
    by_case = [other for other in names if other.lower() == name.lower()]
    usual = [other for other in names if other.lower().strip("_") in OTHER_NAMES[name].split()]
    lowered = {other.lower(): other for other in names}
    near = [lowered[match] for match in difflib.get_close_matches(name.lower(), lowered, 1, 0.75)]
    for other in (*by_case, *near, *usual):
        line = text.lines[other]
        if other.lower() in PAIRS:
            side = "low" if name == "LOWER" else "high"
            return f" (did you mean `{other}`, line {line}? write {name} = [{side} for low, high in {other}])"
        return f" (did you mean `{other}`, line {line}? call it {name})"
    return ""
