"""When one program for the whole budget is a bad bet: the problem is of a kind that the model did not learn, or it is not sure.

The model learnt on formulas: smooth, rugged or stepped ones, but none that count, take the least of some variables, or jump where an
``if`` decides. What a problem does is known free of charge (``problems.structure``); the kinds below do not occur in training, or are
so rare there that its choice is a guess. Then several programs share the budget (``portfolio``): measured in
``examples/benchmarks/robust.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from llamoco.dataset_builder.problems.problem import Problem

if TYPE_CHECKING:
    from llamoco.dataset_builder.problems.structure import Part

LEAST_CONFIDENCE = 0.2  # calibrated


def doubts(problem: Problem, confidence: float | None, calibrated: bool) -> tuple[str, ...]:
    """Why one program for the whole budget is a bad bet, a sentence each; empty if nothing speaks against it.

    Args:
        problem: what is to be solved.
        confidence: of the model's choice; None without one.
        calibrated: whether that is how often such a choice proved right.
    """
    found = []
    structure = problem.structure
    if structure is None:
        found.append(
            "what the functions do with the variables is unknown, so the model answers from the numbers alone"
        )
    else:
        found += [
            *_of_part("the objective", structure.objective),
            *(_of_part("a constraint", structure.constraints) if problem.constrained else []),
        ]
    if calibrated and confidence is not None and confidence < LEAST_CONFIDENCE:
        found.append(f"the model is not sure of its choice ({confidence:.0%})")
    return tuple(found)


def _of_part(what: str, part: Part) -> list[str]:
    found = []
    if 0 in part.degrees:
        found.append(f"{what} is constant but for jumps (degree 0)")
    elif "comparison" in part.operations:
        found.append(f"{what} compares values (min, max, if)")
    if "floor" in part.operations:
        found.append(f"{what} rounds values (floor, round)")
    return found
