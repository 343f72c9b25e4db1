"""Families of objectives as engineers bring them: fits to data, simulations, designs, geometry.

A family's member is defined by JSON::

    {"form": "family", "family": "hill", "parameters": {...}, "components": [],
     "inequalities": [...], "equalities": [...]}      # as for other forms, see composition

A member's number of variables follows from its family and need not be the one that was asked for: use
``drawn.box.dim``. ``points`` are two different points or more, of which the first has a low objective:
``with_drawn_references(problem, drawn.points, drawn.points[0])`` works and leaves f* unknown. The definition's own
constraints already have bounds, and ``feasible_point`` satisfies them: constraints that are added (many boxes span decades:
``constraint_sets.suited_kinds``) take it as their certified point.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.evaluator import compile_problem
from llamoco.dataset_builder.problems.functions.constraints import Box, quantity, rounded_bound
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.symbolic.expression import Call, Expr, Extremum, Name, Reduce, walk
from llamoco.dataset_builder.problems.symbolic.families_designs import DESIGNS
from llamoco.dataset_builder.problems.symbolic.families_fits import FITS
from llamoco.dataset_builder.problems.symbolic.families_geometry import GEOMETRY
from llamoco.dataset_builder.problems.symbolic.families_simulations import SIMULATIONS
from llamoco.dataset_builder.problems.symbolic.family import Draft, Family, inside, values_at
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import Definition, Scalar, SymbolicProblem

FAMILIES: dict[str, Family] = {f.name: f for f in (*FITS, *SIMULATIONS, *DESIGNS, *GEOMETRY)}
TIGHT_SHARE = 0.3  # of the inequalities: their bound is just what the certified point needs
DECADES = 20.0  # a positive range with a larger ratio of its ends is one of decades
SEARCH_ROUNDS, SEARCH_POINTS = 8, 60
GROUP_SHARES = {"fit": 0.35, "simulation": 0.25, "design": 0.25, "geometry": 0.15}


@dataclass(frozen=True)
class DrawnFamily:
    """A drawn member of a family.

    Attributes:
        definition: its JSON.
        box: bounds.
        points: different points (D,), at least two; the first has a low objective.
        feasible_point: a point (D,) that satisfies the definition's constraints; where there are none, some point.
    """

    definition: dict[str, Any]
    box: Box
    points: list[np.ndarray]
    feasible_point: np.ndarray


def draw_family(
    rng: PortableRng, dim: int, constrained: bool = False, group: str | None = None
) -> DrawnFamily:
    """Draw a member of a family.

    Args:
        rng: the stream.
        dim: the number of variables that is wanted; the member has the nearest that its family can have.
        constrained: whether it may bring constraints of its own. Families without any are drawn too: the caller adds some.
        group: restricts the draw to a group of families; None draws one by ``GROUP_SHARES``.
    """
    group = group or rng.choice(tuple(GROUP_SHARES), tuple(GROUP_SHARES.values()))
    members = [f for f in FAMILIES.values() if f.group == group and (constrained or f.free)]
    near = [f for f in members if _distance(f, dim) <= max(2, dim // 3)] or members
    family = rng.choice(near, [f.weight * (2 if constrained and f.constrained else 1) for f in near])
    return draw_member(rng, family, min(family.dims, key=lambda d: (abs(d - dim), d)), constrained)


def draw_member(rng: PortableRng, family: Family, size: int, constrained: bool) -> DrawnFamily:
    """Draw a member of a given family, with ``size`` variables, one of its ``dims`` (see ``draw_family``)."""
    draft = family.draw(rng, size, constrained)
    certified = draft.good if draft.certified is None else draft.certified
    inequalities, equalities = _bounded(rng, draft, certified) if constrained else ([], [])
    if (
        constrained and not inequalities and not equalities
    ):  # the caller's constraints ask for a point that is not the best
        decades = [
            low > 0 and high / low > DECADES
            for low, high in zip(draft.box.lower, draft.box.upper, strict=True)
        ]
        certified = inside(rng, draft.box, decades)
    definition = {
        "form": "family",
        "family": family.name,
        "parameters": draft.parameters,
        "components": [],
        "inequalities": inequalities,
        "equalities": equalities,
    }
    definitions, objective = family.system(draft.parameters, size)
    points = _low_points(rng, SymbolicProblem(size, tuple(definitions), objective), draft)
    return DrawnFamily(definition, draft.box, points, certified)


def _low_points(rng: PortableRng, system: SymbolicProblem, draft: Draft) -> list[np.ndarray]:
    """The best point of a short random search around the draft's good one, then that one (or the middle, where they are the same)."""
    box = draft.box
    evaluate = compile_problem(system)
    best, reach = draft.good, 1.0
    for _ in range(SEARCH_ROUNDS):
        sides = reach * (box.upper - box.lower)
        tried = rng.points(
            SEARCH_POINTS, np.maximum(box.lower, best - sides), np.minimum(box.upper, best + sides)
        )
        tried = np.vstack([best, tried])
        values = evaluate(tried)[0]
        best = tried[int(np.argmin(np.where(np.isfinite(values), values, np.inf)))]
        reach /= 2
    other = draft.good if not np.array_equal(best, draft.good) else (box.lower + box.upper) / 2
    return [best, other]


def _distance(family: Family, dim: int) -> int:
    return min(abs(d - dim) for d in family.dims)


def _bounded(
    rng: PortableRng, draft: Draft, certified: np.ndarray
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The constraints of a draft with bounds that the certified point satisfies; one that has a bound keeps it."""
    dim = draft.box.dim
    inequalities, equalities = [], []
    for record in draft.inequalities:
        bound = record.get("bound")
        if bound is None:
            value = float(values_at([quantity(record, dim)], certified)[0])
            room = 0.0 if rng.chance(TIGHT_SHARE) else rng.uniform(0.02, 0.6) * abs(value)
            bound = rounded_bound(value + (room if record["sense"] == "<=" else -room), record["sense"])
        inequalities.append({**record, "bound": bound})
    for record in draft.equalities:
        value = float(values_at([quantity(record, dim)], certified)[0])
        equalities.append({**record, "bound": round(value, 6)})
    return inequalities, equalities


def family_system(definition: dict[str, Any], dim: int) -> tuple[list[Definition], Expr]:
    """The definitions of a family's member, the last of which is the scalar f1, and its objective f1.

    Raises:
        ProblemError: if there is no such family, or it has no members with ``dim`` variables.
    """
    name = definition["family"]
    if name not in FAMILIES:
        raise ProblemError(f"definition.family: {name!r} is unknown, expected one of {', '.join(FAMILIES)}")
    family = FAMILIES[name]
    if dim not in family.dims:
        raise ProblemError(f"definition.family: {name!r} has no members with {dim} variables")
    definitions, objective = family.system(definition["parameters"], dim)
    return [*definitions, Scalar("f1", objective)], Name("f1")


def family_observations(definition: dict[str, Any], dim: int) -> tuple[bool, bool, bool]:
    """Whether a family's member is smooth, unimodal, separable."""
    family = FAMILIES[definition["family"]]
    definitions, _ = family_system(definition, dim)
    nodes = [node for d in definitions if isinstance(d, Scalar) for node in walk(d.value)]
    rough = any(
        isinstance(node, Extremum)
        or (isinstance(node, Reduce) and node.kind in ("max", "min"))
        or (isinstance(node, Call) and node.function in ("abs", "floor"))
        for node in nodes
    )
    return not rough, family.unimodal, family.separable
