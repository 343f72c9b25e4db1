"""Compiled problems: bytecode, and the interpreter that evaluates points with it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from types import ModuleType
from typing import ClassVar

import numpy as np

from llamoco.dataset_builder.problems.evaluator import bytecode
from llamoco.dataset_builder.problems.evaluator.assembler import Program
from llamoco.dataset_builder.problems.evaluator.compiler import compile_to_bytecode
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import SymbolicProblem

# Of the registers for a block of points: 128 KiB, which stay in a processor's cache.
_BLOCK_ENTRIES = 16384
_BLOCK = (8, 128)  # fewest and most points of a block


@lru_cache(maxsize=1)
def numba_is_installed() -> bool:
    """True if Numba, which the interpreter needs, is installed; it is not loaded here."""
    return find_spec("numba") is not None


def compile_problem(system: SymbolicProblem) -> CompiledProblem:
    """Compile a symbolic problem to ``evaluate(X) -> (f, g, h)``.

    Raises:
        ValueError: if an index is out of range, unbound or of an unsupported form; the message names the vector.
        ArithmeticError: if a number of the formulas cannot be computed, such as 1 / 0.
    """
    return CompiledProblem(compile_to_bytecode(system))


class _Interpreter:
    """The interpreter, loaded when the first point is evaluated (Numba takes its time), and the memory that programs share."""

    kernels: ModuleType
    # The last one is used; another thread may be about to use an earlier one.
    memories: ClassVar[list[np.ndarray]] = []
    address = 0

    @classmethod
    def prepare(cls, entries: int) -> None:
        """Load the interpreter, and make the memory hold at least ``entries`` floats."""
        from llamoco.dataset_builder.problems.evaluator import interpreter

        cls.kernels = interpreter
        if not cls.memories or entries > len(cls.memories[-1]):
            cls.memories.append(np.empty(2 * max(entries, _BLOCK_ENTRIES)))
            cls.address = cls.memories[-1].ctypes.data


class CompiledProblem:
    """A compiled problem: ``compiled(X) -> (f, g, h)``.

    Attributes:
        dim, n_inequality, n_equality: D, Mg and Mh.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self.dim, self.n_inequality, self.n_equality = program.shape
        # The code holds an address, so it is this object's own.
        self._code = program.code.copy()
        self._code[bytecode.CONSTANTS] = program.constants.ctypes.data
        self._address = self._code.ctypes.data
        self._block = min(max(_BLOCK_ENTRIES // program.registers, _BLOCK[0]), _BLOCK[1])
        self._ready = False

    def __reduce__(self) -> tuple[type[CompiledProblem], tuple[Program]]:
        return CompiledProblem, (self._program,)

    def _prepare(self) -> None:
        # Constants may be spread behind the registers, no longer than these.
        _Interpreter.prepare(2 * self._program.registers * self._block)
        self._ready = True

    def __call__(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Evaluate points X (N, D).

        Returns:
            f (N,), g (N, Mg) and h (N, Mh). Overflow and invalid operations give non-finite values, no warnings.

        Raises:
            ValueError: if X is of another shape.
        """
        if points.ndim != 2 or points.shape[1] != self.dim:
            raise ValueError(f"expected points of shape (N, {self.dim}), got {points.shape}")
        if not (points.dtype == np.float64 and points.flags.carray):
            points = np.require(points, np.float64, ["C", "A"])
        n = len(points)
        out = np.empty(n * (1 + self.n_inequality + self.n_equality))
        self._evaluate(0, points, out)
        return self._split(out, n)

    def point_evaluator(
        self, lower: np.ndarray, upper: np.ndarray, tolerances: tuple[float, float]
    ) -> PointEvaluator:
        """See ``PointEvaluator``."""
        return PointEvaluator(self, lower, upper, tolerances)

    def _evaluate(self, box: int, points: np.ndarray, out: np.ndarray) -> float:
        if not self._ready:
            self._prepare()
        best = _Interpreter.kernels.evaluate(
            self._address, _Interpreter.address, self._block, box, points, out
        )
        return float(best)

    def _split(self, out: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        after_g = n * (1 + self.n_inequality)
        g = out[n:after_g].reshape(n, self.n_inequality)
        return out[:n], g, out[after_g : after_g + n * self.n_equality].reshape(n, self.n_equality)


class PointEvaluator:
    """Evaluator of points that also tells which may become the best: within the bounds, feasible, with a finite objective.

    The last single point and its values are kept until ``forget``.

    Args:
        system: the compiled system.
        lower, upper: bounds (D,).
        tolerances: what an inequality may be above 0 and an equality off 0 at a feasible point.
    """

    def __init__(
        self, system: CompiledProblem, lower: np.ndarray, upper: np.ndarray, tolerances: tuple[float, float]
    ) -> None:
        system._prepare()
        self._system = system
        self._box = np.concatenate([lower, upper, tolerances])
        self._last = np.zeros(2 + system.dim + system.n_inequality + system.n_equality)
        self._addresses = (system._address, self._box.ctypes.data, self._last.ctypes.data)
        self._request = _Interpreter.kernels.request
        self._numbers = self._last.data.cast("B").cast("d")  # an entry of it is a plain float
        self._f = 1 + system.dim

    def point(self, x: np.ndarray) -> float:
        """Evaluate x (D,), a C-contiguous float64 array.

        Returns:
            nan if x is the last point again, which is not evaluated then; f, or inf where x may not become the best.
        """
        code, box, last = self._addresses
        return self._request(code, _Interpreter.address, box, last, x)

    @property
    def f(self) -> float:
        """f at the last point."""
        return self._numbers[self._f]

    @property
    def g(self) -> np.ndarray:
        """g (Mg,) at the last point, a copy."""
        return self._last[self._f + 1 : self._f + 1 + self._system.n_inequality].copy()

    @property
    def h(self) -> np.ndarray:
        """h (Mh,) at the last point, a copy."""
        return self._last[self._f + 1 + self._system.n_inequality :].copy()

    @property
    def numbers(self) -> Sequence[float]:
        """f, g and h at the last point, one after the other."""
        return self._numbers[self._f :].tolist()

    @property
    def values(self) -> bytes:
        """f, g and h at the last point, float64 one after the other, a copy."""
        return self._last[self._f :].tobytes()

    def repeats(self, x: np.ndarray) -> bool:
        """True if x (D,) is the last point."""
        return bool(self._last[0]) and self._last[1 : self._f].tobytes() == x.tobytes()

    def forget(self) -> None:
        """Discard the last point."""
        self._last[0] = 0

    def batch(
        self, points: np.ndarray
    ) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], np.ndarray, float]:
        """Evaluate points (N, D).

        Returns:
            (f, g, h); f (N,) with inf where a point may not become the best; the least entry of that.
        """
        system, n = self._system, len(points)
        out = np.empty(n * (2 + system.n_inequality + system.n_equality))
        best = system._evaluate(self._addresses[1], points, out)
        return system._split(out, n), out[-n:], best
