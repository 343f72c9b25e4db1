"""Maps between the box that programs search and a person's own variables, each for some of the variables.

Only +, -, *, / and rounding are used, so that a generated script (``source``) computes the same bits on every machine. Each map knows
its ``source``: lines of Python that turn ``x[index]`` from the search box's values into the person's.
"""

from __future__ import annotations

from fractions import Fraction
from math import lcm

import numpy as np

REACH = 1e6  # of a variable without bounds, in units of its scale
CORE = 4.0  # its scale, where the starting point is 1; it goes with the root
_Q = 0.99  # 1 - REACH ** (-1 / 3)
_NEAREST = (
    1e-3  # of max(1, |bound|): a starting point that is nearer to its bound leaves no room between them
)
_ZERO = 1e-8  # a starting point below says nothing of a variable's size
UNKNOWN = 10.0  # scale of a variable of which neither a bound nor a starting point is known
_SHORT = 10_000  # the largest denominator of a short fraction
SLACK = 1e-9  # of a step: 0.3 is three steps of 0.1


class Unbounded:
    """Map of variables that lack a bound, for t in [-1, 1]: x = c + s t / (1 - q t^2)^3 outward, x = e + (c - e) (1 - |t|) towards a bound e.

    Args:
        index: which of the free variables.
        low, high: their bounds, -inf and inf where there is none.
        start: the starting point; None if there is none.
    """

    def __init__(
        self, index: np.ndarray, low: np.ndarray, high: np.ndarray, start: np.ndarray | None
    ) -> None:
        self.index = index
        above = np.isfinite(low)
        one = above | np.isfinite(high)
        end = np.where(above, low, np.where(one, high, 0.0))
        centre = end if start is None else start
        room = np.maximum(1.0, np.abs(end))
        apart = np.where(above, 1.0, -1.0) * room
        self._centre = np.where(one & (np.abs(centre - end) < _NEAREST * room), end + apart, centre)
        unit = CORE * np.where(np.abs(centre) < _ZERO, 1.0, np.sqrt(np.abs(centre)))
        if start is None:
            unit[:] = UNKNOWN
        self._scale = np.where(one, np.abs(self._centre - end), unit)
        self._end = np.where(one, end, np.nan)

    def to_original(self, z: np.ndarray) -> np.ndarray:
        """The person's values (..., K)."""
        t = np.minimum(np.maximum(z, -1.0), 1.0)
        w = 1.0 - _Q * t * t
        inward = self._end + (self._centre - self._end) * (1.0 - np.abs(t))
        return np.where(
            (self._end - self._centre) * t > 0, inward, self._centre + self._scale * t / (w * w * w)
        )

    def to_search(self, x: np.ndarray) -> np.ndarray:
        """The search box's values (..., K)."""
        offset = (x - self._centre) / self._scale
        inner = np.minimum(np.abs(offset), 1.0)
        toward = (self._end - self._centre) * offset > 0
        return np.where(toward, inner, _inverse(np.abs(offset))) * np.sign(offset)

    def source(self) -> list[str]:
        """See the module."""
        return [
            f"far = {self.index.tolist()}  # without a bound: from a centre outward ever faster, or inward to the end",
            f"centre, scale = {as_text(self._centre)}, {as_text(self._scale)}",
            f"end, t = {as_text(self._end)}, np.minimum(np.maximum(x[far], -1.0), 1.0)",
            f"w = 1.0 - {_Q!r} * t * t",
            "inward = end + (centre - end) * (1.0 - np.abs(t))",
            "x[far] = np.where((end - centre) * t > 0, inward, centre + scale * t / (w * w * w))",
        ]


class Stepped:
    """Map of stepped variables, rounded to the nearest step.

    Step k is (origin + k stride) / parts, so that three steps of 0.1 are 3 / 10, not 0.1 + 0.1 + 0.1.

    Args:
        index: which of the free variables.
        low, high: their bounds, -inf and inf where there is none. Steps are counted from the lower one, or from 0.
        step: their steps, above 0.

    Attributes:
        low, high: the first value and the last.
    """

    def __init__(self, index: np.ndarray, low: np.ndarray, high: np.ndarray, step: np.ndarray) -> None:
        self.index, self._step = index, step
        self._base = np.where(np.isfinite(low), low, 0.0)
        self._least = np.where(np.isfinite(low), 0.0, -np.inf)
        self._most = np.floor((high - self._base) / step + SLACK)
        columns = [_fraction(b, s) for b, s in zip(self._base.tolist(), step.tolist(), strict=True)]
        self._origin, self._stride, self._parts = np.array(columns).reshape(-1, 3).T
        self.low = low
        self.high = np.where(
            np.isfinite(high), (self._origin + self._most * self._stride) / self._parts, high
        )

    def whole(self) -> np.ndarray:
        """Mask (K,) of those whose values are all whole numbers."""
        return np.asarray((self._base == np.rint(self._base)) & (self._step == np.rint(self._step)))

    def to_original(self, x: np.ndarray) -> np.ndarray:
        """The nearest steps (..., K)."""
        k = np.minimum(np.maximum(np.rint((x - self._base) / self._step), self._least), self._most)
        return np.asarray((self._origin + k * self._stride) / self._parts)

    def source(self) -> list[str]:
        """See the module."""
        return [
            f"stepped = {self.index.tolist()}  # rounded to the nearest step",
            f"base, step = {as_text(self._base)}, {as_text(self._step)}",
            f"least, most = {as_text(self._least)}, {as_text(self._most)}",
            "k = np.minimum(np.maximum(np.rint((x[stepped] - base) / step), least), most)",
            f"origin, stride, parts = {as_text(self._origin)}, {as_text(self._stride)}, {as_text(self._parts)}",
            "x[stepped] = (origin + k * stride) / parts",
        ]


def _fraction(base: float, step: float) -> tuple[float, float, float]:
    """Origin, stride and parts of steps: fractions where both numbers are short ones."""
    start, width = (Fraction(number).limit_denominator(_SHORT) for number in (base, step))
    if (float(start), float(width)) != (base, step):
        return base, step, 1.0
    parts = lcm(start.denominator, width.denominator)
    return float(start * parts), float(width * parts), float(parts)


def _inverse(y: np.ndarray) -> np.ndarray:
    """t in [0, 1] with t / (1 - q t^2)^3 = y >= 0, by bisection; 1 where y is beyond reach."""
    low, high = np.zeros(y.shape), np.ones(y.shape)
    for _ in range(64):
        t = (low + high) / 2
        w = 1.0 - _Q * t * t
        below = t / (w * w * w) < y
        low, high = np.where(below, t, low), np.where(below, high, t)
    return np.where(y == 0, 0.0, high)


def as_text(values: np.ndarray) -> str:
    """An array (K,) as an expression of numpy."""
    entries = [repr(value).replace("nan", "np.nan").replace("inf", "np.inf") for value in values.tolist()]
    if len(entries) > 3 and len(set(entries)) == 1:
        return f"np.full({len(entries)}, {entries[0]})"
    return f"np.array([{', '.join(entries)}])"
