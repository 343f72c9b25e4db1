"""When one program for the whole budget is a bad bet: the problem is of a kind that the model did not learn, or it is not sure.

The model learnt on formulas: smooth, rugged or stepped ones, with constraints that are formulas, too. It did not learn on what counts,
takes the least of some variables, or jumps where an ``if`` decides. What a problem does is known free of charge
(``Problem.profile``). Where there is doubt, several programs share the budget (``portfolio``); what that gains and costs is measured
in ``examples/benchmarks/robust.py``. On the test split only rounding and low confidence occur among these; there it costs nothing.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llamoco.dataset_builder.problems.problem import Problem

if TYPE_CHECKING:
    from llamoco.dataset_builder.problems.profiling.operation_profile import FunctionProfile

# Calibrated; only without constraints, where the portfolio does as well as the model at such a confidence. With constraints it does not.
LEAST_CONFIDENCE = 0.3
DECIDING = frozenset(
    ("where", "piecewise", "heaviside", "sign", "select", "choose", "digitize", "searchsorted")
)


@dataclass(frozen=True)
class Doubt:
    """Why one program for the whole budget is a bad bet.

    Attributes:
        reason: for a person.
        learnt: whether the problem is still of a kind that the model learnt on: it is not sure, that is all.
        unbounded: whether it is that variables lack bounds. The model learnt on boxes; what is searched here is a box that was
            bent to reach everywhere, around a point that is worth starting from.
    """

    reason: str
    learnt: bool = False
    unbounded: bool = False


def doubts(problem: Problem, confidence: float | None, calibrated: bool) -> tuple[Doubt, ...]:
    """Why one program for the whole budget is a bad bet; empty if nothing speaks against it.

    Args:
        problem: what is to be solved.
        confidence: of the model's choice; None without one.
        calibrated: whether that is how often such a choice proved right.
    """
    profile = problem.profile
    without = (
        [Doubt("variables have no bounds", unbounded=True)] if problem.active_evaluator.unbounded else []
    )
    if profile is None:
        return (*without, Doubt("what the functions do with the variables is unknown"))
    found: list[str] = []
    objective = profile.objective
    if 0 in objective.degrees:
        found.append("the objective is constant but for jumps (degree 0)")
    elif "comparison" in objective.operations and (objective.degrees[0] is not None or _decides(problem)):
        found.append("the objective compares values (if, min, max)")
    if "floor" in objective.operations:
        found.append("the objective rounds values")
    if problem.constrained:
        found += _of_constraints(profile.constraints)
    doubted = [*without, *(Doubt(reason) for reason in found)]
    unsure = calibrated and confidence is not None and confidence < LEAST_CONFIDENCE
    if unsure and not problem.constrained and not without:
        doubted.append(Doubt(f"the model is not sure of its choice ({confidence:.0%})", learnt=True))
    return tuple(doubted)


def _of_constraints(constraints: FunctionProfile) -> list[str]:
    found: list[str] = []
    if 0 in constraints.degrees:
        found.append("a constraint is constant but for jumps (degree 0)")
    elif "comparison" in constraints.operations:
        found.append("a constraint compares values (if, min, max)")
    if "floor" in constraints.operations:
        found.append("a constraint rounds values")
    return found


def _decides(problem: Problem) -> bool:
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
    return bool(names & DECIDING) or any(isinstance(node, ast.Compare) for node in nodes)
