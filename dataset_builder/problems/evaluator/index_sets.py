"""Ranges of index variables and their combinations, in which values of a formula are laid out (see ``lowering``)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class Range:
    """The values low..high of an index variable.

    Attributes:
        depth: how many index variables are bound around it.
        outer: the range that the bounds depend on, if any; low and high are then the extremes.
        lows, highs: bounds for each value of the outer index.
    """

    depth: int
    low: int
    high: int
    outer: Range | None = None
    lows: tuple[int, ...] = ()
    highs: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        """Number of values."""
        return self.high - self.low + 1

    @cached_property
    def values(self) -> np.ndarray:
        """low..high."""
        return np.arange(self.low, self.high + 1)

    @cached_property
    def bounds(self) -> np.ndarray:
        """First value and one past the last (n, 2) for each of the n values of the outer index."""
        lows = np.array(self.lows)
        return np.array([lows, np.maximum(np.array(self.highs) + 1, lows)]).T


Ranges = tuple[Range, ...]  # by depth, all different


@dataclass(frozen=True)
class Space:
    """All combinations of ranges that occur together, the last range fastest.

    Attributes:
        columns: for each range the value of its index in each combination.
        starts: where the combinations of each combination of all ranges but the last one begin, and the end.
    """

    columns: tuple[np.ndarray, ...]
    starts: np.ndarray

    @property
    def size(self) -> int:
        """Number of combinations."""
        return int(self.starts[-1])


class Spaces:
    """Spaces and the ways from one to another, each worked out once."""

    def __init__(self) -> None:
        self._spaces: dict[Ranges, Space] = {(): Space((), np.array([0, 1]))}
        self._rows: dict[tuple[Ranges, Ranges], np.ndarray] = {}

    def space(self, ranges: Ranges) -> Space:
        """All combinations of ranges."""
        found = self._spaces.get(ranges)
        if found is None:
            found = self._spaces[ranges] = self._combine(ranges)
        return found

    def size(self, ranges: Ranges) -> int:
        """Number of combinations."""
        if len(ranges) == 1:
            return ranges[0].size
        return self.space(ranges).size

    def rows(self, few: Ranges, many: Ranges) -> np.ndarray:
        """For each combination of many ranges the number of its combination of a few of them."""
        found = self._rows.get((few, many))
        if found is None:
            found = self._rows[few, many] = self._find(few, many)
        return found

    def _combine(self, ranges: Ranges) -> Space:
        *_, last = ranges
        before = self.space(ranges[:-1])
        if last.outer in ranges:
            assert last.outer is not None
            row = before.columns[ranges.index(last.outer)] - last.outer.low
            lows, ends = last.bounds[row].T
            starts = np.concatenate(([0], np.cumsum(ends - lows)))
            own = np.arange(starts[-1]) + np.repeat(lows - starts[:-1], ends - lows)
            return Space((*(np.repeat(c, ends - lows) for c in before.columns), own), starts)
        starts = np.arange(before.size + 1) * last.size
        own = np.tile(last.values, before.size)
        return Space((*(np.repeat(c, last.size) for c in before.columns), own), starts)

    def _find(self, few: Ranges, many: Ranges) -> np.ndarray:
        # Combinations as numbers, which rise: a range is a digit, the last one the least.
        columns = dict(zip(many, self.space(many).columns, strict=True))
        asked = np.zeros(self.size(many), dtype=np.int64)
        for r in few:
            asked = asked * r.size + (columns[r] - r.low)
        if len(few) <= 1:
            return asked
        given = np.zeros(self.size(few), dtype=np.int64)
        for r, column in zip(few, self.space(few).columns, strict=True):
            given = given * r.size + (column - r.low)
        return np.searchsorted(given, asked)
