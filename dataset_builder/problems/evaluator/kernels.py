"""Numba's side of the ``interpreter``: kernels that are kept on disk, and pointers made of addresses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

# Mutable arrays are converted to read-only ones for free, not the other way round.
POINT = types.Array(types.float64, 1, "C", readonly=True)
POINTS = types.Array(types.float64, 2, "C", readonly=True)
INT = types.int64

Function = TypeVar("Function", bound=Callable[..., Any])


def kernel(signature: Any) -> Callable[[Function], Function]:
    """Compile for a signature, keeping the result on disk where there is a place for it."""

    def compile_(function: Function) -> Function:
        try:
            compiled = njit(signature, cache=True, error_model="numpy")(function)
        except (RuntimeError, OSError):  # neither the package's folder nor the user's can be written to
            compiled = njit(signature, error_model="numpy")(function)
        return cast(Function, compiled)

    return compile_


def _pointer(numba_type: Any, llvm_type: ir.Type) -> Any:
    """A function that makes a pointer of an address."""

    @intrinsic
    def pointer(typing_context: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.inttoptr(arguments[0], ir.PointerType(llvm_type))

        return types.CPointer(numba_type)(types.int64), generate

    return pointer


floats = _pointer(types.float64, ir.DoubleType())
integers = _pointer(types.int64, ir.IntType(64))
