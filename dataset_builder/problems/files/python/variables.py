"""Variables of a problem file: LOWER and UPPER, or ``bounds`` in scipy's form, X0, INTEGER and STEP."""

from __future__ import annotations

import numbers
import types
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.files.python.return_values import describe
from llamoco.dataset_builder.problems.files.python.source import PythonSource
from llamoco.dataset_builder.problems.files.python.suggestions import suggestion
from llamoco.dataset_builder.problems.variables import Variables, VariablesError

NAMES = {"lower": "LOWER", "upper": "UPPER", "start": "X0", "integer": "INTEGER", "step": "STEP"}
PAIRS = ("bounds", "BOUNDS")
_EACH = "give a sequence with one number for each variable, such as"


class FileVariables:
    """Variables that a file declares.

    Attributes:
        variables: the variables.
        scalar: whether they are stated by single numbers only: there is one.
        as_scipy: the name of the bounds that are given in scipy's form; None for LOWER and UPPER.
        plain: whether ``LOWER`` and ``UPPER`` as they stand are the bounds of the search box, and nothing else is said of it.
    """

    def __init__(self, text: PythonSource, module: types.ModuleType) -> None:
        self._text, self._values = text, module.__dict__
        self.as_scipy = next((name for name in PAIRS if self._takes(name)), None)
        self.scalar = False
        lower, upper = self._both()
        start = self._numbers("X0", "X0 = [0.0] * 10")
        size, stated = self._size(lower, upper, start)
        sides = [
            self._spread(name, side, size, stated) for name, side in (("LOWER", lower), ("UPPER", upper))
        ]
        if start is not None:
            start = np.atleast_1d(start)
        try:
            self.variables = Variables(
                sides[0], sides[1], start, self._integer(size), self._step(size), NAMES
            )
        except VariablesError as error:
            pairs = self.as_scipy if error.field in ("lower", "upper") else None
            raise text.error(pairs or NAMES[error.field], str(error)) from error
        self.plain = bool(
            self.variables.plain
            and not self.scalar
            and start is None
            and self.as_scipy is None
            and not any(isinstance(self._values.get(name), Mapping) for name in ("LOWER", "UPPER"))
        )

    @property
    def taken(self) -> list[str]:
        """Names that are read in addition to the fixed ones."""
        return [self.as_scipy] if self.as_scipy else []

    def _takes(self, name: str) -> bool:
        """Whether bounds are stated under a name, in scipy's form, and nowhere else."""
        value = self._values.get(name)
        if value is None or callable(value) or "LOWER" in self._values or "UPPER" in self._values:
            return False
        return hasattr(value, "lb") or isinstance(value, Iterable)

    def _both(self) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Both sides, () or (A,); None where the variables have no bound on it."""
        if self.as_scipy is not None:
            return self._pairs(self.as_scipy, self._values[self.as_scipy])
        for name, other in (("LOWER", "UPPER"), ("UPPER", "LOWER")):
            if name not in self._values:
                instead = suggestion(self._text, self._values, name)
                if instead or other in self._values or self._values.get("X0") is None:
                    side = "lower" if name == "LOWER" else "upper"
                    raise ProblemError(
                        f"{self._text.name}: {name} is not defined{instead}; give one number for each variable, such as "
                        f"{name} = [-5.0] * 10, or {name} = None if they have no {side} bounds"
                    )
        return tuple(
            self._numbers(name, f"{name} = [-5.0] * 10", missing)
            for name, missing in (("LOWER", -np.inf), ("UPPER", np.inf))
        )  # type: ignore[return-value]

    def _pairs(self, name: str, value: Any) -> tuple[np.ndarray, np.ndarray]:
        """Bounds in scipy's form: pairs (low, high), or a ``Bounds`` object."""
        if hasattr(value, "lb") and hasattr(value, "ub"):
            low, high = (np.array(side, dtype=float) for side in (value.lb, value.ub))
            low, high = np.broadcast_arrays(low, high)
            return low, high
        form = f"give a pair (low, high) for each variable, such as {name} = [(-5.0, 5.0)] * 10, with None for no bound"
        pairs = list(value.values()) if isinstance(value, Mapping) else list(value)
        if not pairs:
            raise self._text.error(name, f"{name} is empty; {form}")
        sides: list[list[float]] = [[], []]
        for index, pair in enumerate(pairs):
            entries = list(pair) if isinstance(pair, Iterable) and not isinstance(pair, str) else []
            if len(entries) != 2 or not all(entry is None or _real(entry) for entry in entries):
                raise self._text.error(name, f"{name}[{index}] is {describe(pair)}; {form}")
            for side, entry, missing in zip(sides, entries, (-np.inf, np.inf), strict=True):
                side.append(missing if entry is None else float(entry))
        return np.array(sides[0]), np.array(sides[1])

    def _numbers(self, name: str, example: str, missing: float | None = None) -> np.ndarray | None:
        """A name's numbers, () or (A,); None where it is not defined, or None.

        Args:
            name: the name.
            example: how it is written, for a message.
            missing: what an entry of None stands for; None where there may be none.
        """
        value = self._values.get(name)
        if value is None:
            return None
        entries = list(value.values()) if isinstance(value, Mapping) else value
        try:
            array = np.asarray(entries)
            if array.dtype == object:
                cells = [missing if cell is None else cell for cell in array.ravel().tolist()]
                array = np.array(cells, dtype=object).reshape(array.shape)
                if any(cell is None or isinstance(cell, bool) for cell in cells):
                    array = np.empty(0)
            array = array.astype(float) if array.dtype.kind in "fiuO" else np.empty(0)
        except (TypeError, ValueError, OverflowError):
            array = np.empty(0)
        if array.ndim > 1 or array.size == 0:
            raise self._text.error(
                name, f"{name} is {describe(value)}{_first_wrong(value, missing)}; {_EACH} {example}"
            )
        return array

    def _size(self, *given: np.ndarray | None) -> tuple[int, str]:
        """The number of variables, and which name states it."""
        for name, values in zip(("LOWER", "UPPER", "X0"), given, strict=True):
            if values is not None and values.ndim:
                return len(values), self.as_scipy or name
        if all(values is None for values in given):
            raise self._text.error(
                "LOWER",
                "LOWER and UPPER are None, which leaves the number of variables open; give a starting point, such as "
                "X0 = [0.0] * 10, or LOWER = [None] * 10",
            )
        self.scalar = True
        return 1, "X0" if given[2] is not None else "LOWER"

    def _spread(self, name: str, side: np.ndarray | None, size: int, stated: str) -> np.ndarray:
        """One side with an entry for each variable."""
        if side is None:
            return np.full(size, -np.inf if name == "LOWER" else np.inf)
        if side.ndim == 0 and not self.scalar:
            if size > 1:
                shown = describe(self._values[name])
                raise self._text.error(
                    name,
                    f"{name} is {shown} for {size} variables; give one number for each, "
                    f"such as {name} = [{float(side)!r}] * {size}",
                )
            return side[None]
        side = np.atleast_1d(side)
        if len(side) != size and stated == "LOWER":
            raise self._text.error(
                name, f"LOWER has {size} entries and {name} has {len(side)}; give both one for each variable"
            )
        return side

    def _integer(self, size: int) -> np.ndarray:
        """INTEGER: which variables take integers, bool (A,)."""
        value = self._values.get("INTEGER")
        whole = np.zeros(size, dtype=bool)
        form = "give the indices of the variables, such as INTEGER = [0, 2], or True for all"
        if value is None or value is False:
            return whole
        if value is True:
            return ~whole
        entries = (
            np.asarray(value).tolist() if isinstance(value, Iterable) and not isinstance(value, str) else None
        )
        if not isinstance(entries, list):
            raise self._text.error("INTEGER", f"INTEGER is {describe(value)}; {form}")
        if entries and all(isinstance(entry, bool) for entry in entries):
            if len(entries) != size:
                raise self._text.error(
                    "INTEGER", f"INTEGER has {len(entries)} entries for {size} variables; {form}"
                )
            return np.array(entries)
        for place, entry in enumerate(entries):
            if isinstance(entry, bool) or not isinstance(entry, int) or not -size <= entry < size:
                shown = entry if isinstance(entry, int) else describe(entry)
                raise self._text.error(
                    "INTEGER",
                    f"INTEGER[{place}] is {shown}, not the index of one of {size} variables; {form}",
                )
            if whole[entry]:
                mask = ", such as [True, False, ...]" if set(entries) <= {0, 1} else ""
                raise self._text.error(
                    "INTEGER",
                    f"INTEGER names variable {entry} twice; it holds indices, or a boolean for each variable{mask}",
                )
            whole[entry] = True
        return whole

    def _step(self, size: int) -> np.ndarray:
        """STEP: the step of each variable (A,); 0 for none."""
        steps = self._numbers("STEP", "STEP = [0.5, 0, 0]", 0.0)
        if steps is None:
            return np.zeros(size)
        if steps.ndim and len(steps) != size:
            raise self._text.error(
                "STEP",
                f"STEP has {len(steps)} entries for {size} variables; give one number for all, or one for each (0: no steps)",
            )
        return np.broadcast_to(steps, (size,))


def _real(entry: Any) -> bool:
    if isinstance(entry, np.ndarray):
        return entry.size == 1 and entry.dtype.kind in "fiu"
    return isinstance(entry, numbers.Real) and not isinstance(entry, bool)


def _first_wrong(value: Any, missing: float | None) -> str:
    """Name the entry that is no number, for a message."""
    if isinstance(value, list | tuple):
        for index, entry in enumerate(value):
            if entry is None and missing is not None:
                continue
            if isinstance(entry, bool) or not isinstance(entry, numbers.Real | np.ndarray):
                return f", of which entry {index} is {'None' if entry is None else describe(entry)}"
    return ""
