"""Eq. 2 of the paper: objectives put together from K basic functions, and the JSON that defines a synthetic problem.

A definition::

    {"form": "single" | "composition" | "hybrid" | "maximum" | "family",   # for families see families
     "components": [{"function": "rastrigin",       # a name in functions.FUNCTIONS
                     "coefficient": 0.0312,         # w_k of Eq. 2 over the typical size of f_k; a single may have 1
                     "positions": [3, 1] | null,    # s_k of Eq. 2, the 1-based variables that it sees (hybrid); null: all
                     "shift": {"values": [...]} | {"formula": [a, b, c]},   # o_i, or o_i = a + b sin(c i)
                     "log": true,                   # y = scale log(x / o), or scale (log x - o) with a formula's o
                     "units": [...],                # y = scale (x - o) / s, a number for each variable that it sees
                     "scale": 0.5,                  # y = scale (x - o)
                     "scaling": {"power": p, "place": "before" | "after"},  # times 10^(p (i - 1)/(n - 1)), see place
                     "rotation": {"kind": ..., parameters},   # u = Q y, see rotations
                     "reflection": null | [c, d],   # u = y - 2 v (v.y) / (v.v), v_i = cos(c i + d), if it has no rotation
                     "rounding": q}],               # z = floor(q u + 1/2) / q
     "terms": [...],                                # added to the objective, see terms
     "variables": {...},                            # integer and stepped variables, a start, see variable_kinds
     "inequalities": [{"kind": ..., "sense": "<=" | ">=", "bound": ..., parameters}],   # see constraints
     "equalities": [{"kind": ..., "bound": ..., parameters}]}

"log", "units", "scaling", "rotation", "reflection", "rounding", "terms" and "variables" may be missing. A scaling comes before
the rotation (of the variables) or after it (along the axes that the basic function sees).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import partial, reduce
from typing import Any, TypeVar

import numpy as np

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.functions.constraints import equality, inequality
from llamoco.dataset_builder.problems.symbolic.components import Components, Positions
from llamoco.dataset_builder.problems.symbolic.expression import Expr, Extremum
from llamoco.dataset_builder.problems.symbolic.families import family_system
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import Definition, SymbolicProblem
from llamoco.dataset_builder.problems.symbolic.terms import decorated

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


def maximum(components: Sequence[Expr], weights: Sequence[float]) -> Expr:
    """f(x) = max_i w_i f_i(x), the worst of several objectives; arguments as for ``composition``."""
    terms = [composition([f], [weight]) for f, weight in zip(components, weights, strict=True)]
    return reduce(partial(Extremum, "max"), terms)


def build_symbolic_problem(definition: dict[str, Any], dim: int) -> SymbolicProblem:
    """The symbolic form of a synthetic problem in ``dim`` variables.

    Component k has the definitions ``p<k>`` (positions), ``o<k>`` (shift), ``u<k>`` (units), ``y<k>`` (shifted and scaled),
    ``v<k>`` and ``r<k>`` (Householder reflection), ``z<k>`` (what the basic function sees) and ``f<k>``. What
    is trivial is left out, and what equals an earlier component's is shared with it: descriptions stay short.

    Raises:
        ProblemError: if a basic function, a kind of constraint or another name is unknown, or a length does not fit; the
            message names the field.
    """
    definitions, objective = _objective(definition, dim)
    objective = decorated(objective, definition.get("terms", ()), dim)
    return SymbolicProblem(
        dim,
        tuple(definitions),
        objective,
        tuple(inequality(record, dim) for record in definition.get("inequalities", ())),
        tuple(equality(record, dim) for record in definition.get("equalities", ())),
    )


def _objective(definition: dict[str, Any], dim: int) -> tuple[list[Definition], Expr]:
    """Definitions and the objective, without constraints."""
    if definition.get("form") == "family":
        return family_system(definition, dim)
    records = definition["components"]
    if not records:
        raise ProblemError("definition.components: expected at least one component")
    parts = Components(dim)
    functions = [partial(parts.value, number, record) for number, record in enumerate(records, 1)]
    coefficients = [record["coefficient"] for record in records]
    partition = [record["positions"] for record in records]
    if definition.get("form") == "maximum":
        return parts.definitions, maximum([f(None) for f in functions], coefficients)
    if partition == [None] * len(records):
        return parts.definitions, composition([f(None) for f in functions], coefficients)
    weighted = [partial(_scaled, f, c) for f, c in zip(functions, coefficients, strict=True)]
    return parts.definitions, hybrid(weighted, partition)


def _scaled(function: Callable[[Positions], Expr], coefficient: float, positions: Positions) -> Expr:
    return composition([function(positions)], [coefficient])
