"""What a family of objectives consists of: a way to draw parameters and bounds, and the formulas that they give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from llamoco.dataset_builder.problems.evaluator import compile_problem
from llamoco.dataset_builder.problems.functions.constraints import Box, significant
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.symbolic.expression import Expr, Index, Sum, Vec
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import Definition, SymbolicProblem

Parameters = dict[str, Any]
System = tuple[list[Definition], Expr]

x = Vec("x")
n = x.size
i = Index("i")
j = Index("j")


@dataclass(frozen=True)
class Draft:
    """Parameters of a member of a family, with what goes with them.

    Attributes:
        parameters: JSON, what the formulas take.
        box: bounds.
        good: a point (D,) of low objective, such as the truth behind the data of a fit.
        inequalities, equalities: records of ``constraints.quantity`` that belong to the family, without bounds; an inequality has
            its sense.
        certified: the point (D,) from which their bounds are chosen, so that it is feasible; None: ``good``.
    """

    parameters: Parameters
    box: Box
    good: np.ndarray
    inequalities: list[Parameters] = field(default_factory=list)
    equalities: list[Parameters] = field(default_factory=list)
    certified: np.ndarray | None = None


@dataclass(frozen=True)
class Family:
    """Objectives of one kind.

    Attributes:
        name: unique name, in a problem's JSON.
        group: what people do with it.
        reference: where such problems are described.
        dims: numbers of variables that it can have, ascending.
        draw: a member with one of these numbers of variables; the last argument tells whether constraints are wanted.
        system: definitions and objective from parameters and the number of variables.
        unimodal: a member has one local minimum (or is so near to it that local searches find it).
        separable: a sum of functions of one variable each.
        constrained: its members bring constraints of their own.
        free: its members make sense without them.
        weight: how often it is drawn, against the other families.
    """

    name: str
    group: Literal["fit", "simulation", "design", "geometry"]
    reference: str
    dims: Sequence[int]
    draw: Callable[[PortableRng, int, bool], Draft]
    system: Callable[[Parameters, int], System]
    unimodal: bool = False
    separable: bool = False
    constrained: bool = False
    free: bool = True
    weight: float = 1.0


def total(body: Expr) -> Expr:
    """Sum of body over all variables."""
    return Sum(i, 1, n, body)


def even_box(dim: int, low: float, high: float) -> Box:
    """A box with the same bounds for each of ``dim`` variables."""
    return Box(np.full(dim, low), np.full(dim, high))


def values_at(
    quantities: Sequence[Expr], point: np.ndarray, definitions: Sequence[Definition] = ()
) -> np.ndarray:
    """Values (N,) of expressions in x at a point (D,)."""
    system = SymbolicProblem(len(point), tuple(definitions), quantities[0], tuple(quantities))
    return np.asarray(compile_problem(system)(point[None, :])[1][0])


def log_uniform(rng: PortableRng, low: float, high: float, digits: int = 2) -> float:
    """A number whose logarithm is uniform, of ``digits`` significant digits."""
    return significant(low * (high / low) ** rng.unit(), digits)


def bell(rng: PortableRng) -> float:
    """A draw with mean 0 and variance 1, in [-3, 3]: near normal, the sum of three uniform ones."""
    return 2 * (rng.unit() + rng.unit() + rng.unit() - 1.5)


def inside(
    rng: PortableRng, box: Box, logarithmic: Sequence[bool] | None = None, digits: int = 3
) -> np.ndarray:
    """A short point (D,) in the middle 70% of each side, of a side's logarithm where ``logarithmic`` says so."""
    values = []
    for k, (low, high) in enumerate(zip(box.lower.tolist(), box.upper.tolist(), strict=True)):
        share = rng.uniform(0.15, 0.85)
        if logarithmic is not None and logarithmic[k]:
            values.append(significant(low * (high / low) ** share, digits))
        else:
            values.append(min(max(significant(low + share * (high - low), digits), low), high))
    return np.array(values)
