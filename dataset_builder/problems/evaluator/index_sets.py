"""IndexRanges of index variables and their combinations: how the entries of a value are laid out (see ``compiler``)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class IndexRange:
    """The values low..high of an index variable.

    Attributes:
        depth: how many index variables are bound around it.
        outer: the range that the bounds depend on, if any; low and high are then the extremes.
        lows, highs: bounds for each value of the outer index.
    """

    depth: int
    low: int
    high: int
    outer: IndexRange | None = None
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


IndexRanges = tuple[IndexRange, ...]  # by depth, all different


@dataclass(frozen=True)
class IndexSet:
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


class IndexSets:
    """Index sets and the projections from one to another, each computed once."""

    def __init__(self) -> None:
        self._sets: dict[IndexRanges, IndexSet] = {(): IndexSet((), np.array([0, 1]))}
        self._projections: dict[tuple[IndexRanges, IndexRanges], np.ndarray] = {}

    def of(self, ranges: IndexRanges) -> IndexSet:
        """All combinations of ranges."""
        found = self._sets.get(ranges)
        if found is None:
            found = self._sets[ranges] = self._combine(ranges)
        return found

    def size(self, ranges: IndexRanges) -> int:
        """Number of combinations."""
        if len(ranges) == 1:
            return ranges[0].size
        return self.of(ranges).size

    def projection(self, few: IndexRanges, many: IndexRanges) -> np.ndarray:
        """The combination of a few ranges, by its number, that each combination of many ranges holds."""
        found = self._projections.get((few, many))
        if found is None:
            found = self._projections[few, many] = self._project(few, many)
        return found

    def _combine(self, ranges: IndexRanges) -> IndexSet:
        *_, last = ranges
        before = self.of(ranges[:-1])
        if last.outer in ranges:
            assert last.outer is not None
            row = before.columns[ranges.index(last.outer)] - last.outer.low
            lows, ends = last.bounds[row].T
            starts = np.concatenate(([0], np.cumsum(ends - lows)))
            own = np.arange(starts[-1]) + np.repeat(lows - starts[:-1], ends - lows)
            return IndexSet((*(np.repeat(c, ends - lows) for c in before.columns), own), starts)
        starts = np.arange(before.size + 1) * last.size
        own = np.tile(last.values, before.size)
        return IndexSet((*(np.repeat(c, last.size) for c in before.columns), own), starts)

    def _project(self, few: IndexRanges, many: IndexRanges) -> np.ndarray:
        # Combinations as numbers, which rise: a range is a digit, the last one the least.
        columns = dict(zip(many, self.of(many).columns, strict=True))
        asked = np.zeros(self.size(many), dtype=np.int64)
        for r in few:
            asked = asked * r.size + (columns[r] - r.low)
        if len(few) <= 1:
            return asked
        given = np.zeros(self.size(few), dtype=np.int64)
        for r, column in zip(few, self.of(few).columns, strict=True):
            given = given * r.size + (column - r.low)
        return np.searchsorted(given, asked)
