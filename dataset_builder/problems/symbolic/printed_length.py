"""About how long a description of a problem gets, before one is written."""

from __future__ import annotations

from typing import Any

from llamoco.dataset_builder.problems.functions.constraints import Box
from llamoco.dataset_builder.problems.symbolic.composition import build_symbolic_problem
from llamoco.dataset_builder.problems.symbolic.expression import walk
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import Data, Vector

# Least squares over the medians of nine patterns for each of 300 drawn problems, Python and LaTeX alike: the residuals' deviation
# is 150 characters.
FIXED, OF_DEFINITION, OF_NODE = 460, 20, 4.2


def printed_length(definition: dict[str, Any], box: Box) -> int:
    """Characters of a prompt of a definition, as the middle of the writing patterns gives it.

    Args:
        definition: of a synthetic problem.
        box: its bounds (D,).
    """
    system = build_symbolic_problem(definition, box.dim)
    nodes, numbers = 0, 0
    for part in system.definitions:
        if isinstance(part, Data):
            numbers += sum(len(repr(value)) + 2 for value in part.values)
        else:
            nodes += sum(1 for _ in walk(part.entry if isinstance(part, Vector) else part.value))
    for expression in (system.objective, *system.inequalities, *system.equalities):
        nodes += sum(1 for _ in walk(expression))
    bounds = [*zip(box.lower.tolist(), box.upper.tolist(), strict=True)]
    if len(set(bounds)) > 1:
        numbers += len(str(bounds)) // 4
    numbers += len(str(definition.get("variables", ""))) // 3
    return int(FIXED + OF_DEFINITION * len(system.definitions) + OF_NODE * nodes + numbers)
