"""Variables of a synthetic problem as a person declares them in a problem file."""

from __future__ import annotations

from dataclasses import dataclass

from llamoco.dataset_builder.problems.problem import Problem


@dataclass(frozen=True)
class DeclaredVariables:
    """The person's own bounds, kinds of variables and starting point.

    Attributes:
        lower, upper: own bounds (D,). The box that is searched is half a step larger at either end.
        integer: places (0-based) of variables that are whole numbers.
        steps: steps (D,), 0 where there is none.
        start: the starting point (D,); None for none.
    """

    lower: tuple[float, ...]
    upper: tuple[float, ...]
    integer: tuple[int, ...] = ()
    steps: tuple[float, ...] = ()
    start: tuple[float, ...] | None = None

    @property
    def dim(self) -> int:
        """Number of variables."""
        return len(self.lower)


def declared_variables(problem: Problem) -> DeclaredVariables:
    """The variables that a file of a synthetic problem declares."""
    record = problem.definition.get("variables") or {}
    symbolic = problem.active_evaluator.symbolic
    assert symbolic is not None
    _, lower, upper = symbolic
    steps = [0.0] * problem.dim
    for place, step in record.get("step", ()):
        steps[place - 1] = float(step)
    start = record.get("start")
    return DeclaredVariables(
        lower,
        upper,
        tuple(place - 1 for place in record.get("integer", ())),
        tuple(steps),
        None if start is None else tuple(float(v) for v in start),
    )
