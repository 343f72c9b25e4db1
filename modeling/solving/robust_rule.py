"""Robust rule: the risk factors that make one program for the complete budget a bad bet.

The model was trained on formulas: smooth, rugged or stepped ones, with constraints that are formulas, too. It was not trained on
objectives that count, take a minimum over variables, or jump at an ``if``. The operations of a problem are known free of charge
(``Problem.profile``). If any risk factor applies, several programs share the budget (``portfolio``); gain and cost are measured by
``examples/benchmarks/robust.py``. On the test split only rounding and low confidence occur among these; there it costs nothing.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from llamoco.dataset_builder.problems.problem import Problem

if TYPE_CHECKING:
    from llamoco.dataset_builder.problems.profiling.operation_profile import FunctionProfile

# Calibrated; only without constraints, where the portfolio does as well as the model at such a confidence. With constraints it does not.
MIN_CONFIDENCE = 0.3
BRANCHING_NAMES = frozenset(
    ("where", "piecewise", "heaviside", "sign", "select", "choose", "digitize", "searchsorted")
)


@dataclass(frozen=True)
class RiskFactor:
    """Reason against one program for the complete budget.

    Attributes:
        reason: for a person.
        kind: "unfamiliar": of a kind that is not in the training set. "unsure": familiar, but the model's confidence is low.
            "unbounded": variables lack bounds. The model was trained on boxes; what is searched here is a box mapped to the
            complete space, around a point that is worth starting from.
    """

    reason: str
    kind: Literal["unfamiliar", "unsure", "unbounded"] = "unfamiliar"


def risk_factors(problem: Problem, confidence: float | None, calibrated: bool) -> tuple[RiskFactor, ...]:
    """Find the risk factors of a problem; empty if there are none.

    Args:
        problem: what is to be solved.
        confidence: of the model's choice; None without one.
        calibrated: whether the confidence is calibrated.
    """
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
    found = [*unbounded, *map(RiskFactor, reasons)]
    unsure = calibrated and confidence is not None and confidence < MIN_CONFIDENCE
    if unsure and not problem.constrained and not unbounded:
        found.append(RiskFactor(f"the model is not sure of its choice ({confidence:.0%})", "unsure"))
    return tuple(found)


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
