"""Terms that people add to an objective, whatever it is: penalties, regions without value, ripple, plateaus, kinks.

In a definition: ``"terms": [record, ...]``; a record is one of::

    {"kind": "penalty", "weight": w, "power": 1 | 2, "quantity": {"kind": ..., parameters}, "sense": "<=" | ">=", "bound": b}
    {"kind": "undefined", "function": "log" | "sqrt", "weight": w, "quantity": {...}, "sense": ..., "bound": b}
    {"kind": "ripple", "amplitude": a, "frequency": c}          # a sin(c sum_i i^(1/2) x_i)
    {"kind": "kink", "weight": w, "quantity": {...}, "bound": b}         # w |q(x) - b|
    {"kind": "plateau", "levels": q}                                     # floor(q F) / q of the whole objective F
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.evaluator import compile_problem
from llamoco.dataset_builder.problems.functions.constraint_sets import even
from llamoco.dataset_builder.problems.functions.constraints import (
    CONSTRAINTS,
    Box,
    less,
    quantity,
    significant,
)
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.symbolic.expression import (
    Call,
    Expr,
    Extremum,
    Index,
    Neg,
    Sum,
    Vec,
    absolute,
    lift,
    log,
    sin,
    sqrt,
)
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import SymbolicProblem

Record = dict[str, Any]

# Exact penalties: Nocedal, Wright 2006, Numerical optimization, chapter 17, doi:10.1007/978-0-387-40065-5. Ripple as
# deterministic noise: More, Wild 2009, Benchmarking derivative-free optimization algorithms, doi:10.1137/080724083.
TERM_SHARES: Mapping[str, float] = MappingProxyType(
    {"penalty": 0.08, "undefined": 0.06, "ripple": 0.05, "kink": 0.03, "plateau": 0.03}
)
SPREAD_POINTS = 200
_EVEN = ("sum", "linear", "ball", "weighted_sum", "product", "largest", "absolute")
_UNEVEN = ("scaled_linear",)

x = Vec("x")
i = Index("i")


def draw_terms(
    rng: PortableRng, box: Box, typical: float, shares: Mapping[str, float] = TERM_SHARES
) -> list[Record]:
    """Draw the terms of one objective, each kind by its share; most objectives have none.

    Args:
        rng: the stream.
        box: bounds.
        typical: typical size of the objective, its median absolute value or its spread over the box, > 0.
        shares: probability of each kind.
    """
    return [draw_term(kind, rng, box, typical) for kind, share in shares.items() if rng.chance(share)]


def draw_term(kind: str, rng: PortableRng, box: Box, typical: float) -> Record:
    """Draw a term of a kind (see ``draw_terms``)."""
    if kind == "ripple":
        # The sum runs over some thousands of periods from one end of the box to the other.
        frequency = 10 ** rng.uniform(3, 5) / float(np.max(np.abs([box.lower, box.upper])))
        amplitude = typical * 10 ** rng.uniform(-3, -1.5)
        return {"kind": kind, "amplitude": significant(amplitude, 1), "frequency": significant(frequency, 2)}
    if kind == "plateau":
        return {"kind": kind, "levels": significant(10 ** rng.uniform(1, 2.3) / typical, 1)}
    inner, spread = _draw_quantity(rng, box)
    if kind == "kink":
        at = float(np.quantile(spread, rng.uniform(0.2, 0.8)))
        weight = typical * rng.uniform(0.2, 2) / float(np.std(spread))
        return {
            "kind": kind,
            "weight": significant(weight, 1),
            "quantity": inner,
            "bound": significant(at, 3),
        }
    upwards = rng.chance(0.5)
    sense = "<=" if upwards else ">="
    if kind == "undefined":
        without = rng.uniform(0.05, 0.4)
        bound = significant(float(np.quantile(spread, 1 - without if upwards else without)), 3)
        function = rng.choice(("log", "sqrt"))
        reach = float(np.std(spread))
        size = typical * rng.uniform(0.05, 0.5) / (1 if function == "log" else reach**0.5)
        return {
            "kind": kind,
            "function": function,
            "weight": significant(size, 1),
            "quantity": inner,
            "sense": sense,
            "bound": bound,
        }
    if kind == "penalty":
        violated = rng.uniform(0.2, 0.8)
        bound = significant(float(np.quantile(spread, 1 - violated if upwards else violated)), 3)
        return {
            "kind": kind,
            "weight": float(10 ** rng.integer(2, 6)),
            "power": rng.choice((1, 2)),
            "quantity": inner,
            "sense": sense,
            "bound": bound,
        }
    raise ProblemError(f"a term of kind {kind!r} is unknown, expected one of {', '.join(TERM_SHARES)}")


def _draw_quantity(rng: PortableRng, box: Box) -> tuple[Record, np.ndarray]:
    """A quantity that suits the box, and its values at random points."""
    name = rng.choice(_EVEN if even(box) else _UNEVEN)
    record = {"kind": name, **CONSTRAINTS[name].draw(rng, box)}
    points = rng.points(SPREAD_POINTS, box.lower, box.upper)
    return record, compile_problem(SymbolicProblem(box.dim, (), quantity(record, box.dim)))(points)[0]


def term(record: Record, dim: int) -> Expr:
    """What a record adds to the objective; a plateau adds nothing and has no term.

    Raises:
        ProblemError: if its kind is unknown, or its quantity is (see ``constraints.quantity``).
    """
    match record["kind"]:
        case "ripple":
            phase = record["frequency"] * Sum(i, 1, x.size, sqrt(i) * x[i])
            return record["amplitude"] * sin(phase)
        case "kink":
            return record["weight"] * absolute(less(quantity(record["quantity"], dim), record["bound"]))
        case "penalty":
            excess = Extremum("max", lift(0), _excess(record, dim, 1))
            return record["weight"] * (excess**2 if record["power"] == 2 else excess)
        case "undefined":
            room = _excess(record, dim, -1)
            if record["function"] == "sqrt":
                return -(record["weight"] * sqrt(room))
            return -(record["weight"] * log(room))
    raise ProblemError(
        f"definition.terms: {record['kind']!r} is unknown, expected one of {', '.join(TERM_SHARES)}"
    )


def _excess(record: Record, dim: int, sign: int) -> Expr:
    """What the quantity is beyond its bound, or with sign -1 what is left up to it."""
    q = quantity(record["quantity"], dim)
    if (record["sense"] == "<=") == (sign > 0):
        return less(q, record["bound"])
    return record["bound"] - q


def decorated(objective: Expr, records: Sequence[Record], dim: int) -> Expr:
    """The objective with all its terms, and rounded down to a level last.

    Raises:
        ProblemError: as ``term``.
    """
    for record in records:
        if record["kind"] != "plateau":
            added = term(record, dim)
            objective = objective - added.arg if isinstance(added, Neg) else objective + added
    for record in records:
        if record["kind"] == "plateau":
            objective = Call("floor", record["levels"] * objective) / record["levels"]
    return objective


def terms_observations(records: Sequence[Record]) -> tuple[bool, bool, bool]:
    """Whether an objective stays smooth, unimodal and separable with these terms.

    Small ripple leaves an objective smooth and unimodal at large: that is how people see it.
    """
    smooth = all(
        record["kind"] in ("ripple", "undefined") or (record["kind"] == "penalty" and record["power"] == 2)
        for record in records
    )
    separable = all(record["kind"] == "plateau" for record in records)
    return smooth, not any(record["kind"] == "kink" for record in records), separable
