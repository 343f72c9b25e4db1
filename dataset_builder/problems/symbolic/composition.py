"""From a synthetic problem's definition (a small JSON object) to its symbolic form.

A definition::

    {"form": "single" | "composition" | "hybrid",
     "components": [{"function": "rastrigin",       # a name in functions.FUNCTIONS
                     "coefficient": 0.0312,         # c_k of Eq. 2; a single may have 1
                     "positions": [3, 1] | null,    # 1-based variables that it sees (hybrid); null: all
                     "shift": {"values": [...]} | {"formula": [a, b, c]},   # o_i, or o_i = a + b sin(c i)
                     "scale": 0.5,                  # y = scale (x - o)
                     "reflection": null | [c, d]}], # z = y - 2 v (v.y) / (v.v), v_i = cos(c i + d)
     "inequalities": [{"kind": ..., "sense": "<=" | ">=", "bound": ..., parameters}],   # see constraints
     "equalities": [{"kind": ..., "bound": ..., parameters}]}
"""

from __future__ import annotations

from typing import Any

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
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import (
    Data,
    Definition,
    Scalar,
    SymbolicProblem,
    Vector,
)


def build_symbolic_problem(definition: dict[str, Any], dim: int) -> SymbolicProblem:
    """The symbolic form of a synthetic problem in ``dim`` variables.

    Component k has the definitions ``p<k>`` (positions), ``o<k>`` (shift), ``y<k>`` (shifted and scaled),
    ``v<k>`` and ``r<k>`` (Householder reflection), ``z<k>`` (what the basic function sees) and ``f<k>``. What
    is trivial is left out, and what equals an earlier component's is shared with it: descriptions stay short.

    Raises:
        ProblemError: if a basic function or a kind of constraint is unknown, or a length does not fit; the
            message names the field.
    """
    definitions: list[Definition] = []
    shared: dict[str, str] = {}
    objective: Expr | None = None
    for number, component in enumerate(definition["components"], 1):
        argument = _argument(component, number, dim, definitions, shared)
        if component["function"] not in FUNCTIONS:
            raise ProblemError(
                f"definition.components[{number - 1}].function: {component['function']!r} is unknown, "
                f"expected one of {', '.join(FUNCTIONS)}"
            )
        basic = rename_vector(FUNCTIONS[component["function"]].expression, "z", argument)
        definitions.append(Scalar(f"f{number}", basic))
        coefficient = component["coefficient"]
        term: Expr = Name(f"f{number}") if coefficient == 1 else coefficient * Name(f"f{number}")
        objective = term if objective is None else objective + term
    if objective is None:
        raise ProblemError("definition.components: expected at least one component")
    return SymbolicProblem(
        dim,
        tuple(definitions),
        objective,
        tuple(inequality(record, dim) for record in definition.get("inequalities", ())),
        tuple(equality(record, dim) for record in definition.get("equalities", ())),
    )


def _argument(
    component: dict[str, Any], number: int, dim: int, definitions: list[Definition], shared: dict[str, str]
) -> str:
    """Add the definitions of the vector that a component's basic function sees; returns its name."""

    def once(key: str, new: Definition) -> str:
        # The same content under the same prefix is written once.
        if key not in shared:
            shared[key] = new.name
            definitions.append(new)
        return shared[key]

    i = Index("i")
    x = Vec("x")
    positions, shift, scale, reflection = (
        component[f] for f in ("positions", "shift", "scale", "reflection")
    )
    size = dim if positions is None else len(positions)
    seen: Expr = x[i]
    if positions is not None:
        name = once(f"p{positions}", Data(f"p{number}", tuple(float(p) for p in positions), positions=True))
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
