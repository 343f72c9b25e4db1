"""A person's own variables, and the box that programs search.

A program searches a box with finite bounds, in continuous variables. A person may leave bounds out, fix variables, or have them take
steps. ``Variables`` lies between the two. Of the person's A variables those that can move, D, span the search box:

- *Bounded* on both sides: the search box has the person's bounds and the person's values.
- *Without bounds*: t in [-1, 1] stands for x = c + s t / (1 - q t^2)^2, with c the starting point, s = max(1, |c|) and
  q = 1 - REACH^(-1/2). The centre of the search box is the starting point (0 if there is none); x moves with slope s there and ever
  faster outward, to c +- REACH s at the ends. It is odd, smooth and strictly increasing.
- *With one bound* e: towards the bound x = e + (c - e) (1 - |t|), which reaches it at the end; away from it the same as without bounds,
  with s = |c - e|. The two parts join with two continuous derivatives. Where the starting point lies on the bound, or there is none, c is
  max(1, |e|) away from the bound.
- *Stepped*: x is rounded to the nearest multiple; the search box has half a step more at either end, so that all values
  have equal shares of it. Integers are multiples of 1; other steps are counted from the lower bound, or from 0 if there is none.
- *Fixed* (equal bounds): no part of the search box.

Only +, -, *, / and rounding are used, so that a generated script (``source``) computes the same bits on every machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import lcm

import numpy as np

from llamoco.dataset_builder.problems.errors import ProblemError

REACH = 1e6  # of a variable without bounds, in units of its scale
_Q = 0.999  # 1 - REACH ** (-1 / 2)
NAMES = {
    "lower": "the lower bound of x",
    "upper": "the upper bound of x",
    "start": "x0",
    "integer": "integer",
    "step": "step",
}


class VariablesError(ProblemError):
    """Bounds, steps or a starting point that do not fit.

    Attributes:
        field: which of them: "lower", "upper", "start", "integer" or "step".
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class Variables:
    """See the module.

    Args:
        lower, upper: the person's bounds (A,); -inf and inf where there is none.
        start: the person's starting point X0 (A,). Entries of stepped variables are rounded.
        integer: which variables take integers, bool (A,).
        step: steps of variables (A,); 0 where there is none.
        names: what messages call each argument, by the names here.

    Attributes:
        lower, upper: the search box (D,), finite.
        start: the starting point in the search box (D,); None if there is none.
        size: number of the person's variables A.
        plain: whether the search box is all there is to say: no variable is fixed, stepped, or lacks a bound.

    Raises:
        VariablesError: if they do not fit; the message says which entry and what to do.
    """

    def __init__(
        self,
        lower: Sequence[float] | np.ndarray,
        upper: Sequence[float] | np.ndarray,
        start: Sequence[float] | np.ndarray | None = None,
        integer: Sequence[bool] | np.ndarray | None = None,
        step: Sequence[float] | np.ndarray | None = None,
        names: Mapping[str, str] | None = None,
    ) -> None:
        self._names = NAMES | dict(names or {})
        low, high = np.array(lower, dtype=float), np.array(upper, dtype=float)
        self.size = len(low)
        self._check_bounds(low, high)
        whole = np.zeros(self.size, dtype=bool) if integer is None else np.array(integer, dtype=bool)
        steps = np.zeros(self.size) if step is None else np.array(step, dtype=float)
        self._check_lengths(integer=whole, step=steps)
        self._check_steps(whole, steps)
        steps = np.where(whole & (steps == 0), 1.0, steps)
        given = None if start is None else np.array(start, dtype=float)
        if given is not None:
            self._check_start(given, low, high)
        if whole.any():
            low, high = self._whole(low, high, whole)
        low, high = self._set_steps(low, high, steps)
        self._free = low < high
        if not self._free.any():
            raise VariablesError(
                "upper",
                f"{self._names['lower']} equals {self._names['upper']} for every variable, so there is nothing to search; "
                "give at least one variable room",
            )
        self._fixed_at = np.where(self._free, 0.0, low)
        for name in ("_stepped", "_step", "_base", "_least", "_most", "_origin", "_stride", "_parts"):
            setattr(self, name, getattr(self, name)[self._free])
        self._set_far(low[self._free], high[self._free], None if given is None else given[self._free])
        self.plain = bool(self._free.all() and not self._stepped.any() and not self._far.any())
        self.start = None if given is None else self.search(given)

    def _set_steps(
        self, low: np.ndarray, high: np.ndarray, steps: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Stepped variables: step k is (origin + k stride) / parts, for the least k to the most. Gives the first and the last value (A,)."""
        self._stepped = steps > 0
        self._step = np.where(self._stepped, steps, 1.0)
        self._base = np.where(np.isfinite(low), low, 0.0)
        with np.errstate(invalid="ignore"):
            self._least = np.where(np.isfinite(low), 0.0, -np.inf)
            self._most = np.floor((high - self._base) / self._step + _SLACK)
        self._origin, self._stride, self._parts = (
            np.array(column)
            for column in zip(*map(_fraction, self._base.tolist(), self._step.tolist()), strict=True)
        )
        last = (self._origin + self._most * self._stride) / self._parts
        return low, np.where(self._stepped & np.isfinite(high), last, high)

    def _set_far(self, low: np.ndarray, high: np.ndarray, start: np.ndarray | None) -> None:
        """Bounds of the search box; centre, scale and end (NaN for none) of each free variable that lacks a bound."""
        half = np.where(self._stepped, self._step / 2, 0.0)
        low, high = low - half, high + half
        self._far = ~(np.isfinite(low) & np.isfinite(high))
        self._end = np.where(np.isfinite(low), low, np.where(np.isfinite(high), high, np.nan))
        inward = np.where(np.isfinite(low), 1.0, -1.0)
        one = np.isfinite(self._end)
        if start is None:
            centre, away = np.zeros(len(low)), np.zeros(len(low))
        else:
            centre = np.where(self._stepped, self._rounded(start), start)
            away = np.where(one, np.abs(centre - self._end), 0.0)
        reach = np.maximum(1.0, np.abs(np.where(one, self._end, centre)))
        near = one & (away < _NEAREST * reach)
        self._centre = np.where(near, np.where(one, self._end, 0.0) + inward * reach, centre)
        self._scale = np.where(one, np.abs(self._centre - np.where(one, self._end, 0.0)), reach)
        self.lower = np.where(self._far, -1.0, low)
        self.upper = np.where(self._far, 1.0, high)

    def _rounded(self, x: np.ndarray) -> np.ndarray:
        """The nearest steps to values of the free variables (..., D)."""
        k = np.minimum(np.maximum(np.rint((x - self._base) / self._step), self._least), self._most)
        return np.asarray((self._origin + k * self._stride) / self._parts)

    def full(self, z: np.ndarray) -> np.ndarray:
        """The person's variables (..., A) at points (..., D) of the search box. Bit for bit the same for one point and many."""
        z = np.asarray(z, dtype=float)
        return z if self.plain else self._inserted(self._values(z))

    def _values(self, z: np.ndarray) -> np.ndarray:
        """The free variables (..., D)."""
        x = self._unrounded(z)
        return np.where(self._stepped, self._rounded(x), x) if self._stepped.any() else x

    def _unrounded(self, z: np.ndarray) -> np.ndarray:
        if not self._far.any():
            return z
        t = np.minimum(np.maximum(z, -1.0), 1.0)
        w = 1.0 - _Q * t * t
        inward = self._end + (self._centre - self._end) * (1.0 - np.abs(t))
        away = self._centre + self._scale * t / (w * w)
        return np.where(self._far, np.where((self._end - self._centre) * t > 0, inward, away), z)

    def _inserted(self, x: np.ndarray) -> np.ndarray:
        """Free variables (..., D), floats or objects, among the fixed ones: (..., A), a new array."""
        points = np.empty((*x.shape[:-1], self.size), dtype=x.dtype)
        points[:] = self._fixed_at
        points[..., self._free] = x
        return points

    def search(self, x: Sequence[float] | np.ndarray) -> np.ndarray:
        """The points (..., D) of the search box at which the person's variables are x (..., A), or as near as they come to it."""
        x = np.asarray(x, dtype=float)[..., self._free]
        y = np.where(self._stepped, self._rounded(x), x)
        if not self._far.any():
            return np.minimum(np.maximum(y, self.lower), self.upper)
        with np.errstate(invalid="ignore", divide="ignore"):
            offset = (y - self._centre) / self._scale
            toward = (self._end - self._centre) * offset > 0
            inner = np.minimum(np.abs(offset), 1.0)
        t = np.where(toward, inner, _pole_inverse(np.abs(offset))) * np.sign(offset)
        return np.where(self._far, t, np.minimum(np.maximum(y, self.lower), self.upper))

    def traced(self, z: np.ndarray) -> np.ndarray:
        """The person's variables (A,) of D ``Traced`` numbers: where they lie leaves no trace, that they are rounded does."""
        places = self._unrounded(np.array([number.value for number in z], dtype=float))
        x = np.empty(len(z), dtype=object)
        for i, (number, place) in enumerate(zip(z, places.tolist(), strict=True)):
            x[i] = number.at(place)
            if self._stepped[i]:
                base, step = float(self._base[i]), float(self._step[i])
                x[i] = base + step * round((x[i] - base) / step)
        return self._inserted(x)

    def source(self) -> list[str]:
        """Lines of Python that give ``lower``, ``upper``, ``start`` and ``full(z)`` in a program that has numpy as ``np``."""
        lines = [
            f"lower, upper = {_text(self.lower)}, {_text(self.upper)}",
            f"start = {None if self.start is None else _text(self.start)}",
            "",
            "def full(z):",
            '    """The problem\'s own variables at a point of the box that the solver searches."""',
            "    x = np.array(z, dtype=float)",
        ]
        far, stepped = np.flatnonzero(self._far), np.flatnonzero(self._stepped)
        if len(far):
            lines += [
                f"    far = {far.tolist()}  # without a bound: from a centre outward ever faster, or inward to the end",
                f"    centre, scale = {_text(self._centre[far])}, {_text(self._scale[far])}",
                f"    end, t = {_text(self._end[far])}, np.minimum(np.maximum(x[far], -1.0), 1.0)",
                f"    w = 1.0 - {_Q!r} * t * t",
                "    inward = end + (centre - end) * (1.0 - np.abs(t))",
                "    x[far] = np.where((end - centre) * t > 0, inward, centre + scale * t / (w * w))",
            ]
        if len(stepped):
            lines += [
                f"    stepped = {stepped.tolist()}  # rounded to the nearest step",
                f"    base, step = {_text(self._base[stepped])}, {_text(self._step[stepped])}",
                f"    least, most = {_text(self._least[stepped])}, {_text(self._most[stepped])}",
                "    k = np.minimum(np.maximum(np.rint((x[stepped] - base) / step), least), most)",
                f"    origin, stride, parts = {', '.join(_text(column[stepped]) for column in (self._origin, self._stride, self._parts))}",
                "    x[stepped] = (origin + k * stride) / parts",
            ]
        if self._free.all():
            return [*lines, "    return x"]
        return [
            *lines,
            f"    point = {_text(self._fixed_at)}",
            f"    point[{np.flatnonzero(self._free).tolist()}] = x",
            "    return point",
        ]

    def _check_bounds(self, low: np.ndarray, high: np.ndarray) -> None:
        names = self._names
        if low.ndim != 1 or low.shape != high.shape or self.size == 0:
            raise VariablesError(
                "upper",
                f"{names['lower']} has {low.size} entries and {names['upper']} has {high.size}; give both one for each variable",
            )
        for field, bounds, never in (("lower", low, np.inf), ("upper", high, -np.inf)):
            for index, bound in enumerate(bounds.tolist()):
                if np.isnan(bound):
                    raise VariablesError(
                        field, f"{names[field]}[{index}] is nan; give a number, or {-never} for none"
                    )
                if bound == never:
                    raise VariablesError(
                        field,
                        f"{names[field]}[{index}] is {bound}, which no value satisfies; give {-never} for no bound",
                    )
        for index in np.flatnonzero(low > high).tolist():
            raise VariablesError(
                "upper",
                f"{names['lower']}[{index}] = {low[index]:g} is above {names['upper']}[{index}] = {high[index]:g}; swap them",
            )

    def _check_lengths(self, **given: np.ndarray) -> None:
        for field, values in given.items():
            if values.shape != (self.size,):
                raise VariablesError(
                    field,
                    f"{self._names[field]} has {values.size} entries for {self.size} variables; give one for each variable",
                )

    def _check_steps(self, whole: np.ndarray, steps: np.ndarray) -> None:
        name = self._names["step"]
        for index, step in enumerate(steps.tolist()):
            if not 0 <= step < np.inf:
                raise VariablesError(
                    "step", f"{name}[{index}] is {step:g}; give a step above 0, or 0 for none"
                )
            if whole[index] and step != np.rint(step):
                raise VariablesError(
                    "step",
                    f"{name}[{index}] is {step:g} for a variable that is in {self._names['integer']}; give a whole step, or one of the two",
                )

    def _check_start(self, start: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
        names = self._names
        self._check_lengths(start=start)
        slack = 1e-12 * np.maximum(np.abs(start), 1)
        for index, value in enumerate(start.tolist()):
            if not np.isfinite(value):
                raise VariablesError("start", f"{names['start']}[{index}] is {value}; give a finite number")
            for field, bound, beyond in (
                ("lower", low[index], start + slack < low),
                ("upper", high[index], start - slack > high),
            ):
                if beyond[index]:
                    side = "below" if field == "lower" else "above"
                    raise VariablesError(
                        "start",
                        f"{names['start']}[{index}] = {value:.10g} is {side} {names[field]}[{index}] = {bound:.10g}; "
                        "give a starting point within the bounds, or widen them",
                    )

    def _whole(self, low: np.ndarray, high: np.ndarray, whole: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Bounds (A,) with those of integers drawn in to the next one."""
        first = np.where(whole, np.ceil(low - _SLACK), low) + 0.0  # no -0
        last = np.where(whole, np.floor(high + _SLACK), high) + 0.0
        for index in np.flatnonzero(first > last).tolist():
            raise VariablesError(
                "integer",
                f"there is no integer between {self._names['lower']}[{index}] = {low[index]:g} and "
                f"{self._names['upper']}[{index}] = {high[index]:g}; widen them, or take {index} out of {self._names['integer']}",
            )
        return first, last


_SLACK = 1e-9  # of a step: 0.3 is three steps of 0.1
_SHORT = 10_000  # the largest denominator of a short fraction
_NEAREST = 1e-3  # of its scale: a starting point that is nearer to its bound leaves no room between them


def _fraction(base: float, step: float) -> tuple[float, float, float]:
    """Steps as fractions, where both numbers are short ones: three steps of 0.1 are 3 / 10, not 0.1 + 0.1 + 0.1."""
    parts = Fraction(base).limit_denominator(_SHORT), Fraction(step).limit_denominator(_SHORT)
    if (float(parts[0]), float(parts[1])) != (base, step):
        return base, step, 1.0
    whole = lcm(parts[0].denominator, parts[1].denominator)
    return float(parts[0] * whole), float(parts[1] * whole), float(whole)


def _pole_inverse(y: np.ndarray) -> np.ndarray:
    """t in [0, 1] with t / (1 - q t^2)^2 = y >= 0, by bisection; 1 where y is beyond reach."""
    low, high = np.zeros(y.shape), np.ones(y.shape)
    for _ in range(64):
        t = (low + high) / 2
        w = 1.0 - _Q * t * t
        below = t / (w * w) < y
        low, high = np.where(below, t, low), np.where(below, high, t)
    return np.where(y == 0, 0.0, high)


def _text(values: np.ndarray) -> str:
    """An array as an expression of numpy."""
    entries = [repr(value).replace("nan", "np.nan").replace("inf", "np.inf") for value in values.tolist()]
    if len(entries) > 3 and len(set(entries)) == 1:
        return f"np.full({len(entries)}, {entries[0]})"
    return f"np.array([{', '.join(entries)}])"
