"""Robust rule: the risk factors that make one program for the complete budget a bad bet.

The model was trained on formulas, most of which neither count, nor round, nor jump at an ``if``, nor take a minimum over variables. The
operations of a problem are known free of charge (``Problem.profile``). If any risk factor applies, several programs share the budget
(``portfolio``): a gain on problems as people bring them, a cost on the constrained problems of the test split; both are in
``hub_cards/records/robust.json``, measured by ``examples/benchmarks/robust.py``. A low confidence is none: sharing costs there.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from llamoco.dataset_builder.problems.problem import Problem

if TYPE_CHECKING:
    from llamoco.dataset_builder.problems.profiling.operation_profile import FunctionProfile

BRANCHING_NAMES = frozenset(
    ("where", "piecewise", "heaviside", "sign", "select", "choose", "digitize", "searchsorted")
)


@dataclass(frozen=True)
class RiskFactor:
    """Reason against one program for the complete budget.

    Attributes:
        reason: for a person.
        kind: "unfamiliar": of a kind that is rare in the training set, or not in it. "unbounded": variables lack bounds. The model
            was trained on boxes; what is searched here is a box mapped to the complete space, around a point that is worth
            starting from.
    """

    reason: str
    kind: Literal["unfamiliar", "unbounded"] = "unfamiliar"


def risk_factors(problem: Problem) -> tuple[RiskFactor, ...]:
    """Find the risk factors of a problem that is to be solved; empty if there are none."""
    profile = problem.profile
    unbounded = (
        [RiskFactor("variables have no bounds", "unbounded")] if problem.active_evaluator.unbounded else []
    )
    if profile is None:
        return (*unbounded, RiskFactor("what the functions do with the variables is unknown"))
    reasons: list[str] = []
    objective = profile.objective
    if 0 in objective.degrees:
        reasons.append("the objective is constant except for jumps (degree 0)")
    elif "comparison" in objective.operations and (objective.degrees[0] is not None or _branches(problem)):
        reasons.append("the objective compares values (if, min, max)")
    if "floor" in objective.operations:
        reasons.append("the objective rounds values")
    if problem.constrained:
        reasons += _constraint_reasons(profile.constraints)
    return (*unbounded, *map(RiskFactor, reasons))


def _constraint_reasons(constraints: FunctionProfile) -> list[str]:
    reasons: list[str] = []
    if 0 in constraints.degrees:
        reasons.append("a constraint is constant except for jumps (degree 0)")
    elif "comparison" in constraints.operations:
        reasons.append("a constraint compares values (if, min, max)")
    if "floor" in constraints.operations:
        reasons.append("a constraint rounds values")
    return reasons


def _branches(problem: Problem) -> bool:
    """Whether a person's Python compares by more than min, max and abs, so that it may jump. A formula does not."""
    text = (
        getattr(problem, "description", "")
        if problem.kind != "synthetic" and problem.language == "python"
        else ""
    )
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    names = {
        node.attr if isinstance(node, ast.Attribute) else node.id
        for node in nodes
        if isinstance(node, ast.Attribute | ast.Name)
    }
    return bool(names & BRANCHING_NAMES) or any(isinstance(node, ast.Compare) for node in nodes)
