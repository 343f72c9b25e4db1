"""Arguments of ``minimize``: scipy's ways to write bounds and a starting point, and scipy's options that have no effect here."""

from __future__ import annotations

import numbers
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.files.python.return_values import describe

# Options of scipy.optimize's functions that choose or set the optimizer, which LLaMoCo does.
OF_SCIPY = frozenset(
    """
    method jac hess hessp options strategy maxiter popsize mutation recombination polish init atol updating
    disp minimizer_kwargs minimizer no_local_search initial_temp restart_temp_ratio visit accept niter T
    stepsize take_step accept_test interval target_accept_rate stepwise_factor niter_success n iters
    sampling_method eps locally_biased vol_tol len_tol f_min f_min_rtol finish Ns full_output
    """.split()  # noqa: SIM905
)
BUDGETS = ("maxfun", "maxfev", "max_nfev", "maxf", "maxeval")  # evaluations, in scipy's words
_POSITIONS = ("args", "method", "jac", "hess", "hessp")  # of scipy.optimize.minimize, after fun and x0
_LARGEST = 10**12


class IgnoredArgument(UserWarning):
    """An argument of scipy's that has no effect here."""


@dataclass(frozen=True)
class PlacedArguments:
    """Positional arguments and scipy's options by their meaning.

    Attributes:
        bounds, x0, args: as given; None and () where they were not.
        max_evals: a budget that one of scipy's options states; None if none does.
        with_gradient: whether the objective returns a pair of value and gradient (``jac=True``).
    """

    bounds: Any
    x0: Any
    args: tuple[Any, ...]
    max_evals: Any
    with_gradient: bool


def place(given: Sequence[Any], bounds: Any, x0: Any, args: Any, options: dict[str, Any]) -> PlacedArguments:
    """Assign the positional arguments after ``fun``, and warn of options that have no effect.

    Args:
        given: positional arguments: bounds, or in the order of ``scipy.optimize.minimize``.
        bounds, x0, args: keyword arguments; None, None and () if not given.
        options: further keyword arguments.

    Raises:
        TypeError: if there are too many, or one is unknown or given twice.
        ProblemError: if the second argument may be one or the other.
    """
    if given:
        if bounds is not None and x0 is not None:
            raise TypeError("minimize() got bounds and x0 by keyword and a second positional argument")
        if x0 is None and (bounds is not None or _is_point(given[0])):
            x0 = given[0]
            _refuse_pair(x0, bounds)
        else:
            bounds = given[0]
    if len(given) > 1 + len(_POSITIONS):
        raise TypeError(
            f"minimize() takes fun, bounds or x0, {', '.join(_POSITIONS)} by position; {len(given) + 1} arguments were given"
        )
    for name, value in zip(_POSITIONS, given[1:], strict=False):
        if name in options or (name == "args" and args != ()):
            raise TypeError(f"minimize() got two values for {name!r}")
        if name == "args":
            args = value
        else:
            options[name] = value
    unknown = sorted(set(options) - OF_SCIPY - set(BUDGETS) - {"vectorized", "rng"})
    if unknown:
        raise TypeError(f"minimize() got an unexpected keyword argument {unknown[0]!r}")
    if options.get("vectorized"):
        raise ProblemError("vectorized=True is not supported; give a function of one point x of shape (n,)")
    evals = _stated_budget(options)
    with_gradient = options.get("jac") is True
    _warn(options)
    return PlacedArguments(bounds, x0, args if isinstance(args, tuple) else (args,), evals, with_gradient)


def _is_point(value: Any) -> bool:
    """True for a starting point, a flat sequence of numbers or one number; False for bounds."""
    if hasattr(value, "lb") and hasattr(value, "ub"):
        return False
    try:
        return np.ndim(value) <= 1 and np.asarray(value).dtype.kind in "fiub" and np.size(value) > 0
    except ValueError:  # not of one shape
        return False


def _refuse_pair(x0: Any, bounds: Any) -> None:
    pair = isinstance(x0, tuple) and len(x0) == 2 and x0[0] < x0[1]
    if pair and bounds is None:
        raise ProblemError(
            f"{x0} may be a starting point of two variables or the bounds of one; write x0={x0} or bounds=[{x0}]"
        )


def _stated_budget(options: dict[str, Any]) -> Any:
    """The number of evaluations that one of scipy's options states, which is removed from them."""
    inner = options.get("options")
    inner = dict(inner) if isinstance(inner, Mapping) else {}
    found = None
    for name in BUDGETS:
        for place in (options, inner):
            if name in place:
                found = place.pop(name)
    if "options" in options:
        options["options"] = {name: value for name, value in inner.items() if name not in ("disp", "iprint")}
    return found


def _warn(options: dict[str, Any]) -> None:
    ignored = [
        name
        for name, value in options.items()
        if name in OF_SCIPY and name not in ("disp", "full_output") and value not in (None, {}, ())
        if not (name == "jac" and value is True)
    ]
    if not ignored:
        return
    named = ", ".join(
        f"options={sorted(options[name])}" if name == "options" and isinstance(options[name], dict) else name
        for name in ignored
    )
    iterations = "maxiter" in ignored or "maxiter" in (options.get("options") or ())
    warnings.warn(
        f"llamoco.minimize chooses the optimizer and its settings by itself: {named} is not used"
        + ("; max_evals bounds the evaluations" if iterations else ""),
        IgnoredArgument,
        stacklevel=4,
    )


def read_start(x0: Any) -> np.ndarray | None:
    """A starting point (A,).

    Raises:
        ProblemError: if it is no vector of finite numbers.
    """
    if x0 is None:
        return None
    wrong = ProblemError(f"x0 is {describe(x0)}; give a vector of numbers, one for each variable")
    try:
        given = np.asarray(x0)
        point = np.atleast_1d(given).astype(float) if given.dtype.kind in "fiuO" else None
    except (TypeError, ValueError) as error:
        raise wrong from error
    if point is None or point.ndim > 1 or point.size == 0:
        raise wrong
    bad = np.flatnonzero(~np.isfinite(point))
    if bad.size:
        raise ProblemError(f"x0[{bad[0]}] is {point[bad[0]]}; give a finite number")
    return point


def read_bounds(bounds: Any, start: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper bounds (A,), -inf and inf where there are none.

    Args:
        bounds: a ``scipy.optimize.Bounds``, a sequence of pairs (lower, upper) with None where there is none, or one pair for one
            variable; None for no bounds, for as many variables as the starting point has.
        start: the starting point (A,), or None.

    Raises:
        ProblemError: if they are none of it, or not as many as the starting point has entries.
    """
    if bounds is None:
        if start is None:
            raise ProblemError(
                "neither bounds nor x0 are given, so the number of variables is unknown; give bounds as pairs, such as "
                "[(0, 1), (None, 5)], a starting point x0, or both"
            )
        return np.full(len(start), -np.inf), np.full(len(start), np.inf)
    if hasattr(bounds, "lb") and hasattr(bounds, "ub"):
        lower, upper = _of_object(bounds, start)
    else:
        lower, upper = _of_pairs(bounds)
    if start is not None and len(lower) != len(start):
        raise ProblemError(
            f"there are {len(lower)} bounds and x0 has {len(start)} entries; give one pair for each variable"
        )
    return lower, upper


def _of_object(bounds: Any, start: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    sides = []
    for name in ("lb", "ub"):
        try:
            side = np.atleast_1d(np.asarray(getattr(bounds, name), dtype=float))
        except (TypeError, ValueError) as error:
            raise ProblemError(f"bounds.{name} is {describe(getattr(bounds, name))}; give numbers") from error
        if side.ndim != 1:
            raise ProblemError(f"bounds.{name} has shape {side.shape}; give one number for each variable")
        sides.append(side)
    size = max(*(len(side) for side in sides), 1 if start is None else len(start))
    if any(len(side) not in (1, size) for side in sides):
        raise ProblemError(
            f"bounds.lb has {len(sides[0])} entries and bounds.ub {len(sides[1])}; give one of each for each variable"
        )
    lower, upper = (np.array(np.broadcast_to(side, size)) for side in sides)
    return lower, upper


def _of_pairs(bounds: Any) -> tuple[np.ndarray, np.ndarray]:
    try:
        pairs = list(bounds)
    except TypeError as error:
        raise ProblemError(
            f"bounds is {describe(bounds)}; give a pair (lower, upper) for each variable"
        ) from error
    if len(pairs) == 2 and all(side is None or np.ndim(side) == 0 for side in pairs):
        pairs = [tuple(pairs)]
    if not pairs:
        raise ProblemError("bounds is empty; give a pair (lower, upper) for each variable")
    lower, upper = np.empty(len(pairs)), np.empty(len(pairs))
    for index, pair in enumerate(pairs):
        try:
            low, high = pair
            lower[index] = -np.inf if low is None else low
            upper[index] = np.inf if high is None else high
        except (TypeError, ValueError) as error:
            raise ProblemError(
                f"bounds[{index}] is {pair!r:.60}; give a pair (lower, upper) of numbers, None where there is no bound"
            ) from error
    return lower, upper


def read_integrality(integrality: Any, size: int) -> np.ndarray | None:
    """Mask (A,) of the integer variables; None if there are none.

    Raises:
        ProblemError: if it is not 0 or 1 (False or True), one for all or one for each variable.
    """
    if integrality is None:
        return None
    given = np.asarray(integrality)
    if given.ndim > 1 or given.dtype.kind not in "fiub" or (given.ndim == 1 and given.size not in (1, size)):
        raise ProblemError(
            f"integrality is {describe(integrality)} for {size} variables; give 0 or 1, one for all or one for each variable"
        )
    given = np.broadcast_to(given, size)
    if not np.isin(given, (0, 1)).all():
        raise ProblemError(
            f"integrality has the entry {given[~np.isin(given, (0, 1))][0]}; give 1 for an integer and 0 for a continuous variable"
        )
    return given.astype(bool) if given.any() else None


def read_count(name: str, value: Any) -> int | None:
    """A whole number of at least 1.

    Raises:
        ProblemError: if it is something else.
    """
    if value is None:
        return None
    number = _number(value)
    if number is None or not 1 <= number <= _LARGEST or number != int(number):
        raise ProblemError(f"{name} is {value!r:.60}; give a whole number of at least 1")
    return int(value)


def read_positive(name: str, value: Any, example: str) -> float | None:
    """A number above 0; None for None.

    Args:
        name: of the argument.
        value: the argument.
        example: a number that a message gives.

    Raises:
        ProblemError: if it is something else.
    """
    if value is None:
        return None
    number = _number(value)
    if number is None or not number > 0:
        raise ProblemError(f"{name} is {value!r:.60}; give a number above 0, such as {example}")
    return number


def read_seed(seed: Any) -> int:
    """A seed: a whole number, or drawn from a generator of numpy's; 0 for None, so that the same call gives the same result.

    Raises:
        ProblemError: if it is something else.
    """
    if seed is None:
        return 0
    if isinstance(seed, np.random.Generator):
        return int(seed.integers(2**31))
    if isinstance(seed, np.random.RandomState):
        return int(seed.randint(2**31 - 1))
    number = _number(seed)
    if not isinstance(seed, numbers.Integral) or number is None or not 0 <= number < 2**31:
        raise ProblemError(
            f"seed is {seed!r:.60}; give a whole number from 0 to 2147483647, or a numpy Generator"
        )
    return int(seed)


def _number(value: Any) -> float | None:
    """A real number; None for anything else, a truth value included."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real):
        return None
    return float(value)
