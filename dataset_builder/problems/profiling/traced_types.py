"""The number types of Python as a person's file sees them while it is traced."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.profiling.traced import Traced
from llamoco.dataset_builder.problems.profiling.traced_complex import TracedComplex


class _FloatType(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, float | Traced)


class FloatOrTraced(float, metaclass=_FloatType):
    """``float`` that leaves a traced number as it is."""

    def __new__(cls, value: Any = 0.0) -> Any:
        """The number itself, or a float."""
        value = _single(value)
        if cls is not FloatOrTraced:
            return super().__new__(cls, value)
        return value if isinstance(value, Traced) else float(value)


class _IntType(type):
    dtype = np.dtype(int)  # numpy takes the type for int

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, int)

    def __subclasscheck__(cls, other: type) -> bool:
        return issubclass(other, int)


class IntOfTraced(int, metaclass=_IntType):
    """``int`` that truncates a traced number."""

    def __new__(cls, value: Any = 0, *base: Any, **options: Any) -> Any:
        """The whole number."""
        value = _single(value)
        if cls is not IntOfTraced:
            return super().__new__(cls, value, *base, **options)
        return math.trunc(value) if isinstance(value, Traced) else int(value, *base, **options)


class _ComplexType(type):
    dtype = np.dtype(complex)

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, complex | TracedComplex)


class ComplexOrTraced(complex, metaclass=_ComplexType):
    """``complex`` that takes traced numbers."""

    def __new__(cls, real: Any = 0.0, imag: Any = 0.0) -> Any:
        """The complex number."""
        real, imag = _single(real), _single(imag)
        if isinstance(real, TracedComplex) or (not isinstance(real, Traced) and not isinstance(imag, Traced)):
            return (
                real
                if isinstance(real, TracedComplex)
                else complex(real)
                if imag == 0
                else complex(real, imag)
            )
        return TracedComplex(real, imag)


def _single(value: Any) -> Any:
    """The entry of an array of objects with a single one."""
    return (
        value.item() if isinstance(value, np.ndarray) and value.dtype == object and value.size == 1 else value
    )
