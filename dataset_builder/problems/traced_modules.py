"""numpy, math and a few built-ins as a person's file sees them while it is traced: they take ``Traced`` numbers, too.

numpy works on objects by itself, except where it is asked for floats (``np.array(x, dtype=float)``, ``np.zeros(n)``) or for an
elementary function of arrays that hold plain numbers and traced ones; ``math`` knows floats only. Modules that are imported by
others than the file itself are the real ones.
"""

from __future__ import annotations

import builtins
import math
import types
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.traced import ELEMENTARY, Traced


def elementary(name: str) -> Callable[..., Any]:
    """An elementary function by numpy's name, of a number, traced or not, or of an array of them."""
    compute = ELEMENTARY[name][0]
    whole = getattr(np, name, None)

    def one(value: Any) -> Any:
        return getattr(value, name)() if isinstance(value, Traced) else compute(float(value))

    each = np.frompyfunc(one, 1, 1)

    def function(x: Any, *args: Any, **options: Any) -> Any:
        if isinstance(x, Traced):
            return getattr(x, name)()
        if holds_objects(x):
            return each(np.asarray(x, dtype=object))
        return compute(x) if whole is None else whole(x, *args, **options)

    return function


def holds_objects(x: Any) -> bool:
    """Whether an array or (nested) sequence holds other things than plain numbers."""
    if isinstance(x, Traced):
        return True
    if isinstance(x, np.ndarray):
        return x.dtype == object
    return isinstance(x, list | tuple) and any(map(holds_objects, x))


@cache
def modules() -> Mapping[str, types.ModuleType]:
    """The modules by name."""
    numpy = _like(np, _numpy_functions())
    linalg = _like(np.linalg, {"norm": _norm})
    vars(numpy)["linalg"] = linalg
    return {"numpy": numpy, "numpy.linalg": linalg, "math": _like(math, _math_functions())}


def namespace() -> dict[str, Any]:
    """What a traced file starts with: built-ins whose import gives ``modules`` and whose float lets traced numbers through."""

    def importing(
        name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0
    ) -> Any:
        if level == 0 and name in modules():
            return modules()[name if fromlist else name.split(".")[0]]
        return builtins.__import__(name, globals, locals, fromlist, level)

    return {"__builtins__": {**vars(builtins), "__import__": importing, "float": _Float}}


class _FloatType(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, float | Traced)


class _Float(float, metaclass=_FloatType):
    """``float`` that leaves a traced number as it is."""

    def __new__(cls, value: Any = 0.0) -> Any:
        if isinstance(value, np.ndarray) and value.dtype == object and value.size == 1:
            value = value.item()
        return value if isinstance(value, Traced) else float(value)


def _like(module: types.ModuleType, changed: Mapping[str, Any]) -> types.ModuleType:
    copy = types.ModuleType(module.__name__)
    vars(copy).update(vars(module))
    vars(copy).update(changed)
    return copy


def _numpy_functions() -> dict[str, Any]:
    functions: dict[str, Any] = {name: elementary(name) for name in ELEMENTARY if hasattr(np, name)}
    functions |= {
        name: _converting(getattr(np, name))
        for name in ("array", "asarray", "asanyarray", "ascontiguousarray")
    }
    functions |= {name: _making(getattr(np, name)) for name in ("zeros", "empty", "ones", "full")}
    functions |= {
        f"{name}_like": _making(getattr(np, f"{name}_like")) for name in ("zeros", "empty", "ones", "full")
    }
    functions |= {name: _each(compute) for name, compute in _ELEMENTWISE.items()}
    functions |= {
        "absolute": np.abs,
        "fabs": np.abs,
        "hypot": _hypot,
        "float64": _Float,
        "fromiter": _fromiter,
    }
    return functions


def _math_functions() -> dict[str, Any]:
    functions: dict[str, Any] = {name: elementary(name) for name in ELEMENTARY if hasattr(math, name)}
    functions |= {
        f"a{name}": elementary(f"arc{name}") for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")
    }
    functions |= {"pow": pow, "fabs": abs, "fsum": sum, "hypot": _hypot, "dist": _dist, "sumprod": _sumprod}
    return functions | _ELEMENTWISE


def _value(x: Any) -> Any:
    return x.value if isinstance(x, Traced) else x


_ELEMENTWISE: dict[str, Callable[[Any], Any]] = {
    "isfinite": lambda x: math.isfinite(_value(x)),
    "isnan": lambda x: math.isnan(_value(x)),
    "isinf": lambda x: math.isinf(_value(x)),
}


def _each(compute: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return np.vectorize(compute, otypes=[bool])


def _converting(make: Callable[..., Any]) -> Callable[..., Any]:
    """np.array and its like: what holds traced numbers becomes an array of objects, whatever was asked for."""

    def function(x: Any, dtype: Any = None, **options: Any) -> Any:
        return make(x, dtype=object if holds_objects(x) else dtype, **options)

    return function


def _making(make: Callable[..., Any]) -> Callable[..., Any]:
    """np.zeros and its like: floats that may be replaced by traced numbers."""

    def function(*args: Any, dtype: Any = None, **options: Any) -> Any:
        made = make(*args, dtype=dtype, **options)
        return made.astype(object) if made.dtype.kind == "f" else made

    return function


def _fromiter(values: Any, dtype: Any = None, count: int = -1) -> Any:
    items = list(values)
    return np.array(items, dtype=object if holds_objects(items) else dtype)


def _hypot(*values: Any) -> Any:
    return elementary("sqrt")(sum(value * value for value in values))


def _dist(p: Sequence[Any], q: Sequence[Any]) -> Any:
    return elementary("sqrt")(sum((a - b) * (a - b) for a, b in zip(p, q, strict=True)))


def _sumprod(p: Sequence[Any], q: Sequence[Any]) -> Any:
    return sum(a * b for a, b in zip(p, q, strict=True))


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
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
