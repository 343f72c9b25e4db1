"""Return values of a person's functions as floats: any ordered container of real numbers is accepted, booleans are not."""

from __future__ import annotations

import decimal
import numbers
from collections.abc import Iterable, Mapping, Set
from typing import Any

import numpy as np

MOST_ENTRIES = 100_000  # an iterator may go on for ever


class UnsuitableValue(Exception):
    """A value that is no real number.

    Attributes:
        place: where in what was returned, such as ``[1][0]``; "" for all of it.
        value: what is there.
    """

    def __init__(self, place: str, value: object) -> None:
        super().__init__(f"{place}: {describe(value)}")
        self.place, self.value = place, value


class BooleanReturned(UnsuitableValue):
    """A truth value in place of a number."""


class ComplexReturned(ArithmeticError):
    """A complex number where a real one is needed: a root of a negative number in plain Python."""


def number(value: Any) -> float:
    """The one number that an objective returned: a real number of any type, or a container of one.

    Raises:
        UnsuitableValue: if it is something else.
        ComplexReturned: if it is a complex number.
    """
    if type(value) is float:
        return value
    if isinstance(value, Mapping | Set):
        raise UnsuitableValue("", value)
    try:
        entries = flat(value)
    except BooleanReturned:
        raise
    except UnsuitableValue as unfit:
        raise UnsuitableValue("", value) from unfit
    if len(entries) != 1:
        raise UnsuitableValue("", value)
    return entries[0]


def flat(value: Any, place: str = "") -> list[float]:
    """The real numbers in what a constraint function returned, sequences in sequences included, in order.

    Raises:
        UnsuitableValue: if anything in it is something else, a truth value included.
        ComplexReturned: if it holds a complex number.
    """
    if isinstance(value, np.ma.MaskedArray) and value.dtype.kind in "fiu":
        value = np.ma.filled(value.astype(float), np.nan)
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiu":
        return [float(entry) for entry in np.asarray(value).ravel().tolist()]  # a matrix stays one in ravel
    if isinstance(value, bool | np.bool_):
        raise BooleanReturned(place, value)
    if isinstance(value, np.timedelta64 | np.datetime64):
        raise UnsuitableValue(place, value)
    if isinstance(value, numbers.Real | decimal.Decimal):
        return [float(value)]
    if isinstance(value, numbers.Complex):
        raise ComplexReturned(f"the complex number {value}")
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "b" and value.size:
            raise BooleanReturned(place, value)
        if value.dtype.kind == "c":
            raise ComplexReturned("complex numbers")
        if value.dtype.kind != "O" and value.size:
            raise UnsuitableValue(place, value)
        return flat(np.asarray(value).tolist(), place)
    if value is None or isinstance(value, str | bytes | Set):
        raise UnsuitableValue(place, value)
    if isinstance(value, Mapping):
        return [entry for key, part in value.items() for entry in flat(part, f"{place}[{key!r}]")]
    if hasattr(value, "__array__"):  # a series, a frame, a tensor
        array = np.asarray(value)
        if type(array.tolist()) is not type(value):
            return flat(array, place)
    if isinstance(value, Iterable):
        entries: list[float] = []
        for index, part in enumerate(value):
            entries += flat(part, f"{place}[{index}]")
            if len(entries) > MOST_ENTRIES:
                raise UnsuitableValue(place, value)
        return entries
    if hasattr(type(value), "__float__"):  # a symbolic number, a number with a unit
        try:
            return [float(value)]
        except TypeError as error:
            raise UnsuitableValue(place, value) from error
    raise UnsuitableValue(place, value)


def describe(value: object) -> str:
    """Describe a value for a message."""
    if value is None:
        return "None (is a return statement missing?)"
    if isinstance(value, bool | np.bool_):
        return f"the boolean {value}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    if isinstance(value, list | tuple):
        return f"a {type(value).__name__} of {len(value)} entries"
    return (
        f"{type(value).__name__} {str(value)[:40]!r}"
        if isinstance(value, str | complex | int | float)
        else f"a {type(value).__name__}"
    )
