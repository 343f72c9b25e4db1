"""NumPy's functions as a person's file sees them while it is traced.

numpy works on objects by itself, except where it is asked for floats (``np.array(x, dtype=float)``, ``np.zeros(n)``) or for an
elementary function of arrays that hold plain numbers and traced ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.profiling.trace_recorder import ELEMENTARY
from llamoco.dataset_builder.problems.profiling.traced import Traced, plain
from llamoco.dataset_builder.problems.profiling.traced_array import TracedArray, each, rounded, traced_array
from llamoco.dataset_builder.problems.profiling.traced_complex import TracedComplex, arctan2
from llamoco.dataset_builder.problems.profiling.traced_opaque import elementwise, opaque
from llamoco.dataset_builder.problems.profiling.traced_types import FloatOrTraced, IntOfTraced

# Functions of numbers that numpy does not do on objects, and what they are written down as.
_OPAQUE = {
    "heaviside": "comparison",
    "copysign": "comparison",
    "sinc": "sin",
    "logaddexp": "exp",
    "logaddexp2": "exp",
    "i0": "exp",
}


def elementary(name: str) -> Callable[..., Any]:
    """An elementary function by numpy's name, of a number, traced or not, or of an array of them."""
    compute = ELEMENTARY[name][0]
    whole = getattr(np, name, None)

    def one(value: Any) -> Any:
        if isinstance(value, Traced | TracedComplex):
            return getattr(value, name)()
        return getattr(np, name)(value) if isinstance(value, complex) else compute(float(value))

    apply = np.frompyfunc(one, 1, 1)

    def function(x: Any, *args: Any, **options: Any) -> Any:
        if isinstance(x, Traced | TracedComplex):
            return getattr(x, name)()
        if holds_objects(x):
            return traced_array(apply(np.asarray(x, dtype=object)))
        return compute(x) if whole is None else whole(x, *args, **options)

    return function


def holds_objects(x: Any) -> bool:
    """True if an array or (nested) sequence holds anything but plain numbers."""
    if isinstance(x, Traced | TracedComplex):
        return True
    if isinstance(x, np.ndarray):
        return x.dtype == object
    return isinstance(x, list | tuple) and any(map(holds_objects, x))


def numpy_functions() -> dict[str, Any]:
    """Functions of numpy by name, as a traced file sees them."""
    functions: dict[str, Any] = {name: elementary(name) for name in ELEMENTARY if hasattr(np, name)}
    functions |= {
        name: _converting(getattr(np, name))
        for name in ("array", "asarray", "asanyarray", "ascontiguousarray")
    }
    functions |= {name: _making(getattr(np, name)) for name in ("zeros", "empty", "ones", "full")}
    functions |= {
        f"{name}_like": _making(getattr(np, f"{name}_like")) for name in ("zeros", "empty", "ones", "full")
    }
    functions |= {name: _each(compute) for name, compute in CLASSIFYING.items()}
    functions |= {
        "absolute": np.abs,
        "fabs": np.abs,
        "hypot": hypot,
        **dict.fromkeys(("float64", "float32", "double"), FloatOrTraced),
        **dict.fromkeys(("int64", "int32", "int_", "intp"), IntOfTraced),
        "fromiter": _fromiter,
    }
    return functions | {
        name: _where_traced(getattr(np, name), traced) for name, traced in _of_objects().items()
    }


def _of_objects() -> dict[str, Callable[..., Any]]:
    """Replacements of NumPy's functions for traced numbers."""
    functions: dict[str, Callable[..., Any]] = dict.fromkeys(("round", "around", "rint"), rounded)
    functions |= dict.fromkeys(("fix", "trunc"), lambda x: each(math.trunc, x))
    functions |= {
        "real": lambda x: each(lambda value: value.real, x),
        "imag": lambda x: each(lambda value: value.imag, x),
        "angle": lambda x: each(_angle, x),
        "std": lambda x, *args, **options: elementary("sqrt")(np.var(x, *args, **options)),
        "fmod": np.frompyfunc(fmod, 2, 1),
        "modf": modf,
        "interp": opaque(np.interp, "comparison", by_point=True),
        **dict.fromkeys(("arctan2", "atan2"), np.frompyfunc(arctan2, 2, 1)),
    }
    functions |= {name: elementwise(getattr(np, name), operation) for name, operation in _OPAQUE.items()}
    functions |= {name: _scaled(getattr(np, name)) for name in ("deg2rad", "radians", "rad2deg", "degrees")}
    return functions


def _where_traced(function: Callable[..., Any], traced: Callable[..., Any]) -> Callable[..., Any]:
    """NumPy's own function unless an argument holds traced numbers."""

    def call(*args: Any, **options: Any) -> Any:
        return traced(*args, **options) if any(map(holds_objects, args)) else function(*args, **options)

    return call


def _scaled(function: Callable[[float], float]) -> Callable[[Any], Any]:
    factor = float(function(1.0))
    return lambda x: each(lambda value: value * factor, x)


def fmod(x: Any, y: Any) -> Any:
    """``math.fmod`` of numbers, traced or plain."""
    return x - y * math.trunc(x / y)


def modf(x: Any) -> tuple[Any, Any]:
    """``np.modf`` of a number or an array."""
    whole = each(math.trunc, x)
    return x - whole, whole


def _angle(value: Any) -> Any:
    return arctan2(value.imag, value.real)


CLASSIFYING: dict[str, Callable[[Any], Any]] = {
    "isfinite": lambda x: math.isfinite(plain(x)),
    "isnan": lambda x: math.isnan(plain(x)),
    "isinf": lambda x: math.isinf(plain(x)),
}


def _each(compute: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return np.vectorize(compute, otypes=[bool])


def _converting(make: Callable[..., Any]) -> Callable[..., Any]:
    """``np.array`` and its like: traced numbers become an array of objects, whatever dtype was asked for."""

    def function(x: Any, dtype: Any = None, **options: Any) -> Any:
        if not holds_objects(x):
            return make(x, dtype=dtype, **options)
        array = make(x, dtype=object, **options).view(TracedArray)
        return array.astype(dtype) if dtype is not None and np.dtype(dtype).kind in "iub" else array

    return function


def _making(make: Callable[..., Any]) -> Callable[..., Any]:
    """np.zeros and its like: floats that may be replaced by traced numbers."""

    def function(*args: Any, dtype: Any = None, **options: Any) -> Any:
        made = make(*args, dtype=dtype, **options)
        return made.astype(object).view(TracedArray) if made.dtype.kind in "fc" else made

    return function


def _fromiter(values: Any, dtype: Any = None, count: int = -1) -> Any:
    items = list(values)
    return np.array(items, dtype=object if holds_objects(items) else dtype)


def hypot(*values: Any) -> Any:
    """``math.hypot``."""
    return elementary("sqrt")(sum(value * value for value in values))


def dist(p: Sequence[Any], q: Sequence[Any]) -> Any:
    """``math.dist``."""
    return elementary("sqrt")(sum((a - b) * (a - b) for a, b in zip(p, q, strict=True)))


def sumprod(p: Sequence[Any], q: Sequence[Any]) -> Any:
    """``math.sumprod``."""
    return sum(a * b for a, b in zip(p, q, strict=True))


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """``np.linalg.norm``."""
    if not holds_objects(x):
        return np.linalg.norm(x, ord, axis, keepdims)
    array = np.asarray(x, dtype=object)
    if axis is None and (ord is None or array.ndim == 1):
        array, axis = array.ravel(), 0
    if ord is None or ord == 2:
        return elementary("sqrt")((array * array).sum(axis=axis, keepdims=keepdims))
    if ord == 1:
        return abs(array).sum(axis=axis, keepdims=keepdims)
    if ord == np.inf:
        return abs(array).max(axis=axis, keepdims=keepdims)
    return (abs(array) ** ord).sum(axis=axis, keepdims=keepdims) ** (1 / ord)
