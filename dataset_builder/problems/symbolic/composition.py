"""Eq. 2 of the paper: objectives put together from K basic functions, and the JSON that defines a synthetic problem.

A definition::

    {"form": "single" | "composition" | "hybrid",
     "components": [{"function": "rastrigin",       # a name in functions.FUNCTIONS
                     "coefficient": 0.0312,         # w_k of Eq. 2 over the typical size of f_k; a single may have 1
                     "positions": [3, 1] | null,    # s_k of Eq. 2, the 1-based variables that it sees (hybrid); null: all
                     "shift": {"values": [...]} | {"formula": [a, b, c]},   # o_i, or o_i = a + b sin(c i)
                     "scale": 0.5,                  # y = scale (x - o)
                     "reflection": null | [c, d]}], # z = y - 2 v (v.y) / (v.v), v_i = cos(c i + d)
     "inequalities": [{"kind": ..., "sense": "<=" | ">=", "bound": ..., parameters}],   # see constraints
     "equalities": [{"kind": ..., "bound": ..., parameters}]}
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import partial, reduce
from typing import Any, TypeVar

import numpy as np

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.functions.catalogue import FUNCTIONS
from llamoco.dataset_builder.problems.functions.constraints import equality, inequality
from llamoco.dataset_builder.problems.symbolic.expression import (
    Expr,
    Index,
    Name,
    Sum,
    Vec,
    cos,
    rename_vector,
    sin,
)
from llamoco.dataset_builder.problems.symbolic.families import family_system
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import (
    Data,
    Definition,
    Scalar,
    SymbolicProblem,
    Vector,
)
from llamoco.dataset_builder.problems.symbolic.terms import decorated

Positions = Sequence[int] | None  # 1-based; None: all variables
Value = TypeVar("Value", Expr, np.ndarray)


def composition(components: Sequence[Value], weights: Sequence[float]) -> Value:
    """Eq. 2, composition: f(x) = sum_i w_i f_i(x), every component over all variables.

    Args:
        components: f_i(x), expressions, or arrays of one shape.
        weights: w_i, as many. The synthesis draws them from U[0, 1] and divides each by the typical size of its component.
    """
    terms = [f if weight == 1 else weight * f for f, weight in zip(components, weights, strict=True)]
    return reduce(operator.add, terms)


def hybrid(components: Sequence[Callable[[Positions], Value]], partition: Sequence[Positions]) -> Value:
    """Eq. 2, hybrid: f(x) = sum_i f_i(x[s_i]), every component over variables of its own.

    Args:
        components: functions of s_i that give f_i(x[s_i]), an expression, or an array of one shape.
        partition: s_i, as many: the positions of the variables in x that component i sees, in its order.
    """
    return composition([f(s) for f, s in zip(components, partition, strict=True)], [1] * len(partition))


def build_symbolic_problem(definition: dict[str, Any], dim: int) -> SymbolicProblem:
    """The symbolic form of a synthetic problem in ``dim`` variables.

    Component k has the definitions ``p<k>`` (positions), ``o<k>`` (shift), ``y<k>`` (shifted and scaled),
    ``v<k>`` and ``r<k>`` (Householder reflection), ``z<k>`` (what the basic function sees) and ``f<k>``. What
    is trivial is left out, and what equals an earlier component's is shared with it: descriptions stay short.

    Raises:
        ProblemError: if a basic function or a kind of constraint is unknown, or a length does not fit; the
            message names the field.
    """
    records = definition["components"]
    terms = definition.get("terms", ())
    if definition.get("form") == "family":
        definitions, whole = family_system(definition, dim)
        return _with_constraints(definition, dim, definitions, decorated(whole, terms, dim))
    if not records:
        raise ProblemError("definition.components: expected at least one component")
    parts = _Components(dim)
    functions = [partial(parts.value, number, record) for number, record in enumerate(records, 1)]
    coefficients = [record["coefficient"] for record in records]
    partition = [record["positions"] for record in records]
    objective: Expr
    if partition == [None] * len(records):
        objective = composition([f(None) for f in functions], coefficients)
    else:
        objective = hybrid(
            [partial(_scaled, f, c) for f, c in zip(functions, coefficients, strict=True)], partition
        )
    return _with_constraints(definition, dim, parts.definitions, decorated(objective, terms, dim))


def _with_constraints(
    definition: dict[str, Any], dim: int, definitions: Sequence[Definition], objective: Expr
) -> SymbolicProblem:
    return SymbolicProblem(
        dim,
        tuple(definitions),
        objective,
        tuple(inequality(record, dim) for record in definition.get("inequalities", ())),
        tuple(equality(record, dim) for record in definition.get("equalities", ())),
    )


def _scaled(function: Callable[[Positions], Expr], coefficient: float, positions: Positions) -> Expr:
    return composition([function(positions)], [coefficient])


class _Components:
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

    def _once(self, key: str, new: Definition) -> str:
        """The name of a definition: the same content under the same prefix is written once."""
        if key not in self._shared:
            self._shared[key] = new.name
            self.definitions.append(new)
        return self._shared[key]

    def _argument(self, number: int, record: dict[str, Any], positions: Positions) -> str:
        """The name of the vector that a component's basic function sees."""
        once = self._once
        i = Index("i")
        x = Vec("x")
        shift, scale, reflection = (record[f] for f in ("shift", "scale", "reflection"))
        size = self._dim if positions is None else len(positions)
        seen: Expr = x[i]
        if positions is not None:
            name = once(
                f"p{positions}", Data(f"p{number}", tuple(float(p) for p in positions), positions=True)
            )
            seen = x[Vec(name)[i]]
        if "values" in shift:
            if len(shift["values"]) != size:
                raise ProblemError(
                    f"definition.components[{number - 1}].shift.values: expected {size} numbers, "
                    f"got {len(shift['values'])}"
                )
            origin = once(f"o{shift}", Data(f"o{number}", tuple(float(v) for v in shift["values"])))
        else:
            a, b, c = shift["formula"]
            origin = once(f"o{shift}{size}", Vector(f"o{number}", size, i, a + b * sin(c * i)))
        moved: Expr = seen - Vec(origin)[i]
        if scale != 1:
            moved = scale * moved
        if reflection is None:
            return once(f"z{positions}{shift}{scale}", Vector(f"z{number}", size, i, moved))
        c, d = reflection
        y = Vec(once(f"y{positions}{shift}{scale}", Vector(f"y{number}", size, i, moved)))
        v = Vec(once(f"v{reflection}{size}", Vector(f"v{number}", size, i, cos(c * i + d))))
        ratio = 2 * Sum(i, 1, v.size, v[i] * y[i]) / Sum(i, 1, v.size, v[i] ** 2)
        r = once(f"r{positions}{shift}{scale}{reflection}", Scalar(f"r{number}", ratio))
        return once(
            f"z{positions}{shift}{scale}{reflection}", Vector(f"z{number}", size, i, y[i] - Name(r) * v[i])
        )
