"""What the components of a synthetic objective see of the variables: shifted, scaled, rotated, rounded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.functions.catalogue import FUNCTIONS
from llamoco.dataset_builder.problems.symbolic.expression import (
    Call,
    Expr,
    Index,
    Name,
    Num,
    Sum,
    Vec,
    cos,
    lift,
    log,
    rename_vector,
    sin,
)
from llamoco.dataset_builder.problems.symbolic.rotations import rotated
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import Data, Definition, Scalar, Vector

Positions = Sequence[int] | None  # 1-based; None: all variables


def shift_values(shift: dict[str, Any], size: int, logarithmic: bool = False) -> np.ndarray:
    """The numbers o (size,) of a component's shift, in the variables' own units.

    Args:
        shift: as in a definition.
        size: number of variables that the component sees.
        logarithmic: whether it sees logarithms, whose shift a formula gives.
    """
    if "values" in shift:
        return np.array(shift["values"], dtype=float)
    a, b, c = shift["formula"]
    values = a + b * np.sin(c * np.arange(1, size + 1))
    return np.exp(values) if logarithmic else values


class Components:
    """The components of a problem, and the definitions of what they see."""

    def __init__(self, dim: int) -> None:
        self.definitions: list[Definition] = []
        self._dim = dim
        self._shared: dict[str, str] = {}

    def value(self, number: int, record: dict[str, Any], positions: Positions) -> Expr:
        """f_k(x[s_k]) of component ``number``, a defined scalar."""
        argument = self._argument(number, record, positions)
        if record["function"] not in FUNCTIONS:
            raise ProblemError(
                f"definition.components[{number - 1}].function: {record['function']!r} is unknown, "
                f"expected one of {', '.join(FUNCTIONS)}"
            )
        basic = rename_vector(FUNCTIONS[record["function"]].expression, "z", argument)
        self.definitions.append(Scalar(f"f{number}", basic))
        return Name(f"f{number}")

    def _once(self, new: Definition) -> str:
        """The name of a definition: the same content with the same letter is written once."""
        key = new.name[0] + repr(
            (new.values, new.positions)
            if isinstance(new, Data)
            else (new.size, new.entry)
            if isinstance(new, Vector)
            else new.value
        )
        if key not in self._shared:
            self._shared[key] = new.name
            self.definitions.append(new)
        return self._shared[key]

    def _argument(self, number: int, record: dict[str, Any], positions: Positions) -> str:
        """The name of the vector that a component's basic function sees."""
        i = Index("i")
        size = self._dim if positions is None else len(positions)
        entry = self._moved(number, record, positions, i)
        scaling, rotation, reflection = (record.get(f) for f in ("scaling", "rotation", "reflection"))
        if scaling is not None and scaling["place"] == "before":
            entry = _scaled(entry, scaling, size, i)
        if rotation is not None:
            y = self._once(Vector(f"y{number}", size, i, entry))
            entry = rotated(rotation, y, i, f"definition.components[{number - 1}].rotation")
        elif reflection is not None:
            entry = self._reflected(number, reflection, Vector(f"y{number}", size, i, entry))
        if scaling is not None and scaling["place"] == "after":
            entry = _scaled(entry, scaling, size, i)
        if record.get("rounding"):
            q = record["rounding"]
            entry = Call("floor", q * entry + 0.5) / q
        return self._once(Vector(f"z{number}", size, i, entry))

    def _moved(self, number: int, record: dict[str, Any], positions: Positions, i: Index) -> Expr:
        """Entry i of the variables, shifted and scaled."""
        place = f"definition.components[{number - 1}]"
        size = self._dim if positions is None else len(positions)
        seen: Expr = Vec("x")[i]
        if positions is not None:
            name = self._once(Data(f"p{number}", tuple(float(p) for p in positions), positions=True))
            seen = Vec("x")[Vec(name)[i]]
        origin = self._shift(number, record["shift"], size, i)
        if record.get("log"):
            moved: Expr = log(seen / origin) if "values" in record["shift"] else log(seen) - origin
        else:
            moved = seen - origin
        if record.get("units") is not None:
            units = record["units"]
            if len(units) != size:
                raise ProblemError(f"{place}.units: expected {size} numbers, got {len(units)}")
            moved = moved / Vec(self._once(Data(f"u{number}", tuple(float(v) for v in units))))[i]
        return moved if record["scale"] == 1 else record["scale"] * moved

    def _shift(self, number: int, shift: dict[str, Any], size: int, i: Index) -> Expr:
        """Entry i of a shift."""
        if "values" not in shift:
            a, b, c = shift["formula"]
            return Vec(self._once(Vector(f"o{number}", size, i, lift(a) + b * sin(c * i))))[i]
        if len(shift["values"]) != size:
            raise ProblemError(
                f"definition.components[{number - 1}].shift.values: expected {size} numbers, got {len(shift['values'])}"
            )
        return Vec(self._once(Data(f"o{number}", tuple(float(v) for v in shift["values"]))))[i]

    def _reflected(self, number: int, reflection: Sequence[float], moved: Vector) -> Expr:
        """Entry i of the Householder reflection of a vector."""
        i = moved.index
        c, d = reflection
        y = Vec(self._once(moved))
        v = Vec(self._once(Vector(f"v{number}", moved.size, i, cos(c * i + d))))
        ratio = 2 * Sum(i, 1, v.size, v[i] * y[i]) / Sum(i, 1, v.size, v[i] ** 2)
        return y[i] - Name(self._once(Scalar(f"r{number}", ratio))) * v[i]


def _scaled(entry: Expr, scaling: dict[str, Any], size: int, i: Index) -> Expr:
    """10^(p (i - 1)/(n - 1)) times entry i of n."""
    power = scaling["power"]
    factor = Num(10) ** ((abs(power) * (i - 1)) / Num(size - 1))
    return entry / factor if power < 0 else factor * entry
