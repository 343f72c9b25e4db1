"""Arrays of ``Traced`` numbers with the conversions of arrays of floats."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.profiling.traced import Traced


class TracedArray(np.ndarray):
    """An array of objects, traced and plain numbers; operations on it are operations on these."""

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        """The number itself where a result has no dimension, such as that of ``v @ x``: arrays of results hold numbers."""
        return array[()] if array.ndim == 0 else super().__array_wrap__(array, context, return_scalar)

    def astype(self, dtype: Any, *args: Any, **options: Any) -> Any:
        """A copy: truncated for integers, compared with 0 for booleans, unchanged for floats."""
        kind = np.dtype(dtype).kind
        if self.dtype != object or kind not in "fiubc":
            return super().astype(dtype, *args, **options)
        if kind in "fc":
            return self.copy()
        if kind == "b":
            return each(bool, self).astype(bool)
        return each(math.trunc, self)

    def round(self, decimals: int = 0, out: None = None) -> Any:  # type: ignore[override]
        """Each number rounded."""
        return rounded(self, decimals)

    @property  # type: ignore[misc]  # numpy's can be set
    def real(self) -> Any:
        """Real parts."""
        return each(lambda value: value.real, self)

    @property  # type: ignore[misc]
    def imag(self) -> Any:
        """Imaginary parts."""
        return each(lambda value: value.imag, self)


def each(function: Any, x: Any) -> Any:
    """A function of each entry of an array of objects: an array, or what it gives for a single number."""
    if isinstance(x, np.ndarray | list | tuple):
        return np.frompyfunc(function, 1, 1)(traced_array(x))
    return function(x)


def rounded(x: Any, decimals: int = 0) -> Any:
    """``np.round`` of a number or an array: what ``round`` gives for each."""
    return each(lambda value: round(value, decimals) if decimals else _round(value), x)


def _round(value: Any) -> Any:
    return round(value) if isinstance(value, Traced) else np.round(value)


def traced_array(x: Any) -> Any:
    """An array, or nested sequences of numbers, as an array of objects."""
    return np.asarray(x, dtype=object).view(TracedArray)
