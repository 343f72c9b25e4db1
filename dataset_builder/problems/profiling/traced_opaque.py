"""Opaque functions, whose inside cannot be traced: they run on plain values, and their results depend on all arguments."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.profiling.trace_recorder import TRANSCENDENTAL, Recorder
from llamoco.dataset_builder.problems.profiling.traced import Traced
from llamoco.dataset_builder.problems.profiling.traced_array import traced_array
from llamoco.dataset_builder.problems.profiling.traced_complex import TracedComplex

_FUNCTIONS = (types.FunctionType, types.MethodType, functools.partial)


def opaque(function: Callable[..., Any], operation: str | None, by_point: bool = False) -> Callable[..., Any]:
    """A function of another library as a traced file sees it.

    Args:
        function: what to call; it may also be a class, or give an object that is called in its turn.
        operation: what it is written down as; None for one that is linear in what goes in, as an integral is in its integrand.
        by_point: whether its first argument is a point or an array of them, each of which is evaluated on its own.
    """

    def single(*args: Any, **options: Any) -> Any:
        inputs = _Inputs()
        result = function(*inputs.plain(args), **inputs.plain(options))
        return inputs.outputs(result, operation, by_point)

    def call(*args: Any, **options: Any) -> Any:
        x = args[0] if args else None
        if (
            by_point
            and isinstance(x, list | tuple | np.ndarray)
            and np.ndim(x)
            and np.asarray(x).dtype == object
        ):
            array = np.asarray(x, dtype=object)
            values = [single(entry, *args[1:], **options) for entry in array.ravel().tolist()]
            if not any(isinstance(value, np.ndarray) for value in values):
                return traced_array(values).reshape(array.shape)
        return single(*args, **options)

    return call


def elementwise(function: Callable[..., Any], operation: str | None) -> Callable[..., Any]:
    """A function of numbers, or of arrays of them one by one (see ``opaque``)."""
    single = opaque(function, operation)

    def call(*args: Any, **options: Any) -> Any:
        arrays = [np.asarray(value) for value in args]
        if not any(array.dtype == object and array.ndim for array in arrays):
            return single(*args, **options)
        return traced_array(np.frompyfunc(single, len(args), 1)(*args))

    return call


class Opaque:
    """An object of another library: its results depend on the data that it was made of and on the arguments of calls."""

    def __init__(
        self, thing: Any, operation: str | None, inputs: _Inputs | None = None, by_point: bool = False
    ) -> None:
        self._thing, self._operation, self._by_point = thing, operation, by_point
        self._inputs = inputs or _Inputs()

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Call the object."""
        return opaque(self._bound(self._thing), self._operation, self._by_point)(*args, **options)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._thing, name)
        if isinstance(found, types.MethodType | types.BuiltinMethodType):
            return opaque(self._bound(found), self._operation, self._by_point)
        return self._inputs.outputs(found, self._operation, self._by_point)

    def __getitem__(self, key: Any) -> Any:
        return self._inputs.outputs(self._thing[key], self._operation, self._by_point)

    def __iter__(self) -> Any:
        return (self._inputs.outputs(entry, self._operation, self._by_point) for entry in self._thing)

    def _bound(self, function: Any) -> Callable[..., Any]:
        """The function; its values depend on the object's own data as well."""
        own = self._inputs

        def call(*args: Any, **options: Any) -> Any:
            result = function(*args, **options)
            return result if own.recorder is None else own.outputs(result, None)

        return call


class _Inputs:
    """Arguments of a call: plain values, and the variables that they depend on."""

    def __init__(self) -> None:
        self.recorder: Recorder | None = None
        self.variables = 0
        self.degree = 0
        self._values: list[float] = []
        self._returned = False  # whether something came from a function that was handed over

    def plain(self, value: Any) -> Any:
        """A plain value; traces in what functions within it return are found when they return."""
        if isinstance(value, Traced):
            self.recorder = value.recorder
            self.variables |= value.variables
            self.degree = max(self.degree, value.degree)
            self._values.append(value.value)
            return value.value
        if isinstance(value, TracedComplex):
            return complex(self.plain(value.real), self.plain(value.imag))
        if isinstance(value, Opaque):
            return self.plain(value._thing)
        if isinstance(value, np.ndarray) and value.dtype == object:
            return np.array([self.plain(entry) for entry in value.ravel().tolist()]).reshape(value.shape)
        if type(value) in (list, tuple):
            return type(value)(self.plain(entry) for entry in value)
        if type(value) is dict:
            return {key: self.plain(entry) for key, entry in value.items()}
        if isinstance(value, _FUNCTIONS):
            return self._function(value)
        return value

    def _function(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(*args: Any, **options: Any) -> Any:
            met = len(self._values)
            result = self.plain(function(*args, **options))
            del self._values[met:]  # the operations within are written down already
            return result

        return call

    def outputs(self, result: Any, operation: str | None, by_point: bool = False) -> Any:
        """Results as numbers that depend on the arguments; unchanged if no argument was traced."""
        if self.recorder is None:
            callable_object = callable(result) and not isinstance(
                result, type | types.FunctionType | np.ufunc
            )
            return Opaque(result, operation, self, by_point) if callable_object else result
        if operation is not None:
            self.recorder.note(operation, *self._values)
        if operation is not None or self._values:
            self.recorder.meet(self.variables, self.variables)
        linear = operation is None and not self._values
        return self._traced(result, self.degree if linear else TRANSCENDENTAL, operation, by_point)

    def _traced(self, value: Any, degree: int, operation: str | None, by_point: bool) -> Any:
        assert self.recorder is not None
        if isinstance(value, np.ndarray) and value.ndim == 0 and value.dtype.kind in "fc":
            value = value.item()
        if isinstance(value, float):
            self.recorder.step()
            return Traced(float(value), self.variables, degree, self.recorder)
        if isinstance(value, complex):
            return TracedComplex(
                *(self._traced(part, degree, operation, by_point) for part in (value.real, value.imag))
            )
        if isinstance(value, np.ndarray) and value.dtype.kind in "fc":
            entries = [self._traced(entry, degree, operation, by_point) for entry in value.ravel().tolist()]
            return traced_array(entries).reshape(value.shape)
        if value is None or isinstance(
            value, bool | int | str | np.generic | np.ndarray | Traced | TracedComplex
        ):
            return value
        if type(value) in (list, tuple):
            return type(value)(self._traced(entry, degree, operation, by_point) for entry in value)
        if isinstance(value, Mapping) and isinstance(value, dict):
            return type(value)(
                {key: self._traced(entry, degree, operation, by_point) for key, entry in value.items()}
            )
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return type(value)(*(self._traced(entry, degree, operation, by_point) for entry in value))
        return Opaque(value, operation, self, by_point)
