"""A person's own variables, and the box that programs search.

A program searches a box with finite bounds, in continuous variables. A person may leave bounds out, fix variables, or have them take
steps. ``Variables`` lies between the two. Of the person's A variables those that can move, D, span the search box:

- *Bounded* on both sides: the search box has the person's bounds and the person's values.
- *Without bounds*: t in [-1, 1] stands for x = c + s t / (1 - q t^2)^3, with c the starting point, s = 4 sqrt(|c|) (4 if c
  is 0) and q = 0.99. The centre of the search box is the starting point; x moves with slope s there and ever faster outward, to c +- 10^6 s at
  the ends. It is odd, smooth and strictly increasing. Without a starting point c is 0 and s is 10.
- *With one bound* e: towards the bound x = e + (c - e) (1 - |t|), which reaches it at the end; away from it the same as without bounds,
  with s = |c - e|. The two parts join with two continuous derivatives. Where the starting point lies on the bound, or there is none, c is
  max(1, |e|) away from the bound.
- *Stepped*: x is rounded to the nearest step; the search box has half a step more at either end, so that all values
  have equal shares of it. Integers have steps of 1; other steps are counted from the lower bound, or from 0 if there is none.
- *Fixed* (equal bounds): no part of the search box.

The figures behind the choice of the maps are in docs/search-box.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.search_maps import SLACK, Stepped, Unbounded, as_text

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
    """Map between a person's variables and the search box, see the module.

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
        unbounded: whether a variable lacks a bound.
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
        low, high = np.array(lower, dtype=float), np.array(upper, dtype=float)
        self.size = len(low)
        check = _Checks(NAMES | dict(names or {}), self.size)
        check.bounds(low, high)
        whole = np.zeros(self.size, dtype=bool) if integer is None else np.array(integer, dtype=bool)
        steps = np.zeros(self.size) if step is None else np.array(step, dtype=float)
        check.lengths(integer=whole, step=steps)
        check.steps(whole, steps)
        given = None if start is None else np.array(start, dtype=float)
        if given is not None:
            check.start(given, low, high)
        if whole.any():
            low, high = check.drawn_in(low, high, whole)
        steps = np.where(whole & (steps == 0), 1.0, steps)
        free, high = _movable(low, high, steps)
        check.room(free)
        self._free, self._fixed_at = free, np.where(free, 0.0, low)
        self._set(low[free], high[free], steps[free], None if given is None else given[free])

    def _set(self, low: np.ndarray, high: np.ndarray, step: np.ndarray, start: np.ndarray | None) -> None:
        """The free variables: their maps, and the search box."""
        stepped = np.flatnonzero(step > 0)
        self._stepped = Stepped(stepped, low[stepped], high[stepped], step[stepped])
        half = np.where(step > 0, step / 2, 0.0)
        low, high = low - half, high + half
        if start is not None:
            start = start.copy()
            start[stepped] = self._stepped.to_original(start[stepped])
        far = ~(np.isfinite(low) & np.isfinite(high))
        index = np.flatnonzero(far)
        self._maps: list[Unbounded] = []
        if len(index):
            self._maps.append(
                Unbounded(index, low[index], high[index], None if start is None else start[index])
            )
        self.lower, self.upper = np.where(far, -1.0, low), np.where(far, 1.0, high)
        self.start = None if start is None else self._searched(start)
        self.unbounded = bool(self._maps)
        self.plain = bool(self._free.all() and not len(self._stepped.index) and not self._maps)

    @property
    def kinds(self) -> tuple[int, int]:
        """Numbers of those of the D variables that take whole numbers only, and of those that take other steps."""
        whole = self._stepped.whole()
        return int(whole.sum()), int((~whole).sum())

    def to_original(self, z: np.ndarray) -> np.ndarray:
        """The person's variables (..., A) at points (..., D) of the search box. Bit for bit the same for one point and many."""
        z = np.asarray(z, dtype=float)
        if self.plain:
            return z
        x = self._unrounded(z)
        index = self._stepped.index
        if len(index):
            x[..., index] = self._stepped.to_original(x[..., index])
        return self._inserted(x)

    def _unrounded(self, z: np.ndarray) -> np.ndarray:
        x = z.copy()
        for each in self._maps:
            x[..., each.index] = each.to_original(x[..., each.index])
        return x

    def _inserted(self, x: np.ndarray) -> np.ndarray:
        """Free variables (..., D), floats or objects, among the fixed ones: (..., A), a new array."""
        points = np.empty((*x.shape[:-1], self.size), dtype=x.dtype)
        points[:] = self._fixed_at
        points[..., self._free] = x
        return points

    def to_search(self, x: Sequence[float] | np.ndarray) -> np.ndarray:
        """The points (..., D) of the search box at which the person's variables are x (..., A), or as near as they come to it."""
        y = np.asarray(x, dtype=float)[..., self._free]
        index = self._stepped.index
        if len(index):
            y[..., index] = self._stepped.to_original(y[..., index])
        return self._searched(y)

    def _searched(self, x: np.ndarray) -> np.ndarray:
        """Free variables (..., D) in the search box."""
        z = x.copy()
        for each in self._maps:
            z[..., each.index] = each.to_search(x[..., each.index])
        return np.asarray(np.minimum(np.maximum(z, self.lower), self.upper))

    def traced(self, z: np.ndarray) -> np.ndarray:
        """The person's variables (A,) of D ``Traced`` numbers: where they lie leaves no trace, that they are rounded does."""
        at = np.array([number.value for number in z], dtype=float)
        places, values = self._unrounded(at).tolist(), self.to_original(at)[self._free].tolist()
        x = np.empty(len(z), dtype=object)
        for i, number in enumerate(z):
            x[i] = number.at(places[i])
            if i in self._stepped.index:
                x[i] = round(x[i]).at(values[i])
        return self._inserted(x)

    def source(self) -> list[str]:
        """Lines of Python that give ``lower``, ``upper``, ``start`` and ``full(z)`` in a program that has numpy as ``np``."""
        lines = [
            f"lower, upper = {as_text(self.lower)}, {as_text(self.upper)}",
            f"start = {None if self.start is None else as_text(self.start)}",
            "",
            "def full(z):",
            '    """The problem\'s own variables at a point of the box that the solver searches."""',
            "    x = np.array(z, dtype=float)",
        ]
        maps: list[Unbounded | Stepped] = [*self._maps]
        if len(self._stepped.index):
            maps.append(self._stepped)
        for each in maps:
            lines += [f"    {line}" for line in each.source()]
        if self._free.all():
            return [*lines, "    return x"]
        return [
            *lines,
            f"    point = {as_text(self._fixed_at)}",
            f"    point[{np.flatnonzero(self._free).tolist()}] = x",
            "    return point",
        ]


def _movable(low: np.ndarray, high: np.ndarray, step: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mask (A,) of the variables that can move, and upper bounds (A,), of stepped variables the last step."""
    index = np.flatnonzero(step > 0)
    high = high.copy()
    high[index] = Stepped(index, low[index], high[index], step[index]).high
    return low < high, high


class _Checks:
    """Checks of a person's bounds, steps and starting point; messages use the person's names."""

    def __init__(self, names: Mapping[str, str], size: int) -> None:
        self._names, self._size = names, size

    def bounds(self, low: np.ndarray, high: np.ndarray) -> None:
        """Bounds (A,): of one length, no NaN, in order."""
        names = self._names
        if low.ndim != 1 or low.shape != high.shape or self._size == 0:
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

    def lengths(self, **given: np.ndarray) -> None:
        """Arguments with an entry for each variable."""
        for field, values in given.items():
            if values.shape != (self._size,):
                raise VariablesError(
                    field,
                    f"{self._names[field]} has {values.size} entries for {self._size} variables; give one for each variable",
                )

    def steps(self, whole: np.ndarray, steps: np.ndarray) -> None:
        """Steps (A,)."""
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

    def start(self, start: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
        """A starting point (A,) within the bounds."""
        names = self._names
        self.lengths(start=start)
        slack = 1e-12 * np.maximum(np.abs(start), 1)
        for index, value in enumerate(start.tolist()):
            if not np.isfinite(value):
                raise VariablesError("start", f"{names['start']}[{index}] is {value}; give a finite number")
            for field, side, bounds, beyond in (
                ("lower", "below", low, start + slack < low),
                ("upper", "above", high, start - slack > high),
            ):
                if beyond[index]:
                    raise VariablesError(
                        "start",
                        f"{names['start']}[{index}] = {value:.10g} is {side} {names[field]}[{index}] = {bounds[index]:.10g}; "
                        "give a starting point within the bounds, or widen them",
                    )

    def drawn_in(self, low: np.ndarray, high: np.ndarray, whole: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Bounds (A,) with those of integers drawn in to the next one."""
        first = np.where(whole, np.ceil(low - SLACK), low) + 0.0  # no -0
        last = np.where(whole, np.floor(high + SLACK), high) + 0.0
        for index in np.flatnonzero(first > last).tolist():
            raise VariablesError(
                "integer",
                f"there is no integer between {self._names['lower']}[{index}] = {low[index]:g} and "
                f"{self._names['upper']}[{index}] = {high[index]:g}; widen them, or take {index} out of {self._names['integer']}",
            )
        return first, last

    def room(self, free: np.ndarray) -> None:
        """At least one variable that can move."""
        if not free.any():
            raise VariablesError(
                "upper",
                f"{self._names['lower']} equals {self._names['upper']} for every variable, so there is nothing to search; "
                "give at least one variable room",
            )
