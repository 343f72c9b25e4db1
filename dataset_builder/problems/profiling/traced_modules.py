"""Modules and built-ins that take ``Traced`` numbers as well, for a person's file while it is traced.

Modules that are imported by others than the file itself are the real ones.
"""

from __future__ import annotations

import builtins
import cmath
import math
import sys
import types
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.profiling.trace_recorder import ELEMENTARY
from llamoco.dataset_builder.problems.profiling.traced import Traced, combined, plain
from llamoco.dataset_builder.problems.profiling.traced_complex import TracedComplex, arctan2
from llamoco.dataset_builder.problems.profiling.traced_linalg import det, inv, solve, with_traces
from llamoco.dataset_builder.problems.profiling.traced_numpy import (
    CLASSIFYING,
    dist,
    elementary,
    fmod,
    hypot,
    modf,
    norm,
    numpy_functions,
    sumprod,
)
from llamoco.dataset_builder.problems.profiling.traced_opaque import elementwise
from llamoco.dataset_builder.problems.profiling.traced_scipy import scipy_functions
from llamoco.dataset_builder.problems.profiling.traced_types import (
    ComplexOrTraced,
    FloatOrTraced,
    IntOfTraced,
)

_LINEAR_ALGEBRA: dict[str, Callable[..., Any]] = {"solve": solve, "inv": inv, "det": det}


@cache
def modules() -> Mapping[str, types.ModuleType]:
    """The modules by name, without those of scipy."""
    numpy = _like(np, numpy_functions())
    linalg = _like(np.linalg, {"norm": norm} | _linear_algebra(np.linalg))
    vars(numpy)["linalg"] = linalg
    return {
        "numpy": numpy,
        "numpy.linalg": linalg,
        "math": _like(math, _math_functions()),
        "cmath": _like(cmath, _cmath_functions()),
    }


@cache
def _scipy(name: str) -> types.ModuleType:
    """An imported module of scipy; its submodules are loaded when they are used."""
    module = sys.modules[name]
    functions = scipy_functions(module)
    if name == "scipy.linalg":
        functions |= {"norm": norm} | _linear_algebra(module)
    copy = _like(module, functions)

    def attribute(part: str) -> Any:
        found = getattr(module, part)
        return (
            _scipy(found.__name__)
            if isinstance(found, types.ModuleType) and _is_scipy(found.__name__)
            else found
        )

    for part in [part for part, value in vars(copy).items() if isinstance(value, types.ModuleType)]:
        del vars(copy)[part]
    vars(copy)["__getattr__"] = attribute
    return copy


def _is_scipy(name: str) -> bool:
    return name.split(".")[0] == "scipy" and "._" not in name and name in sys.modules


def namespace() -> dict[str, Any]:
    """Initial namespace of a traced file: built-ins whose import gives ``modules`` and whose types let traced numbers through."""

    def importing(
        name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0
    ) -> Any:
        if level == 0 and name in modules():
            return modules()[name if fromlist else name.split(".")[0]]
        module = builtins.__import__(name, globals, locals, fromlist, level)
        return _scipy(module.__name__) if level == 0 and _is_scipy(module.__name__) else module

    changed = {
        "__import__": importing,
        "float": FloatOrTraced,
        "int": IntOfTraced,
        "complex": ComplexOrTraced,
    }
    return {"__builtins__": {**vars(builtins), **changed}}


def _like(module: types.ModuleType, changed: Mapping[str, Any]) -> types.ModuleType:
    copy = types.ModuleType(module.__name__)
    vars(copy).update(vars(module))
    vars(copy).update(changed)
    return copy


def _linear_algebra(module: types.ModuleType) -> dict[str, Callable[..., Any]]:
    return {name: with_traces(getattr(module, name), traced) for name, traced in _LINEAR_ALGEBRA.items()}


def _math_functions() -> dict[str, Any]:
    functions: dict[str, Any] = {name: elementary(name) for name in ELEMENTARY if hasattr(math, name)}
    functions |= {
        f"a{name}": elementary(f"arc{name}") for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")
    }
    functions |= {"pow": pow, "fabs": abs, "fsum": sum, "hypot": hypot, "dist": dist, "sumprod": sumprod}
    functions |= {"atan2": arctan2, "modf": _of_traced(math.modf, modf), "fmod": _of_traced(math.fmod, fmod)}
    functions |= {"radians": lambda x: x * math.radians(1.0), "degrees": lambda x: x * math.degrees(1.0)}
    functions |= {"gamma": _written(math.gamma, "exp"), "lgamma": _written(math.lgamma, "log")}
    functions |= {"copysign": _written(math.copysign, "comparison"), "isclose": _isclose}
    return functions | CLASSIFYING


def _cmath_functions() -> dict[str, Any]:
    names = (
        "sqrt",
        "sin",
        "cos",
        "tan",
        "sinh",
        "cosh",
        "tanh",
        "asin",
        "acos",
        "atan",
        "asinh",
        "acosh",
        "atanh",
    )
    functions: dict[str, Any] = {
        name: elementwise(getattr(cmath, name), name.replace("a", "arc", 1) if name[0] == "a" else name)
        for name in names
    }
    functions |= {name: elementwise(getattr(cmath, name), "log") for name in ("log", "log10")}
    functions["exp"] = elementary("exp")
    functions["phase"] = lambda z: arctan2(z.imag, z.real)
    functions["polar"] = lambda z: (abs(z), arctan2(z.imag, z.real))
    functions["rect"] = lambda r, phi: TracedComplex(r * elementary("cos")(phi), r * elementary("sin")(phi))
    return functions


def _written(function: Callable[..., float], operation: str) -> Callable[..., Any]:
    return lambda *numbers: combined(operation, function(*map(plain, numbers)), *numbers)


def _of_traced(function: Callable[..., Any], traced: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *numbers: (traced if any(isinstance(n, Traced) for n in numbers) else function)(*numbers)


def _isclose(a: Any, b: Any, **options: float) -> bool:
    combined("comparison", 0.0, a, b)
    return math.isclose(plain(a), plain(b), **options)
