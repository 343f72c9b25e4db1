"""Several programs share one evaluation budget by turns, the last of them around the best point so far.

For problems whose kind is unknown or unlike those that the model learnt on: there one program for the whole budget is a bad bet.
Programs take no starting point: the last one's box is a part of the problem's, with the best point at its centre, where programs
begin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from llamoco.dataset_builder.problems.problem import Problem
from llamoco.modeling.solving.answer import Answer, pool_answer
from llamoco.modeling.solving.doubt import Doubt
from llamoco.modeling.solving.solution import (
    Progress,
    Runner,
    Solution,
    joined,
    overall,
    run_answer,
    run_json,
)


class Shares(NamedTuple):
    """How a budget is shared: by the model's choice, CMA-ES on the whole box, and a program around the best point so far."""

    model: float
    broad: float
    local: float
    program: str
    radius: float


# Measured in examples/benchmarks/robust.py, as "model, CMA-ES, CMA-ES in 10%" and "model, CMA-ES, DE in 20%".
OF_LEARNT_KINDS = Shares(0.35, 0.4, 0.25, "cma_es", 0.1)
OF_OTHER_KINDS = Shares(0.3, 0.35, 0.35, "de", 0.2)
# Where variables lack bounds, a local search begins where the person does: examples/benchmarks/unbounded.py measures it, and one of
# another kind after it.
FROM_START, FROM_START_SHARE = "from the starting point, as variables have no bounds", 0.7
LEAST_EVALS = 20  # that the shortest turn has to have


@dataclass(frozen=True)
class Turn:
    """One program's turn.

    Attributes:
        answer: the program.
        share: of the whole budget; the last turn has what is left, too.
        radius: half the width of its box, as a share of the problem's; None for the whole box.
    """

    answer: Answer
    share: float
    radius: float | None = None


@dataclass(frozen=True)
class Shared:
    """What programs found that shared a budget.

    Attributes:
        best: the best solution of all, with the evaluations and seconds of all of them.
        winner: the turn that found it, from 0.
        solutions: one a turn.
    """

    best: Solution
    winner: int
    solutions: tuple[Solution, ...]

    def source(self, turns: Sequence[Turn]) -> int:
        """The turn whose program is to be saved: the best of those that had the whole box, since others need its point to start from."""
        whole = [number for number in range(len(self.solutions)) if turns[number].radius is None]
        best = whole[0]
        for number in whole[1:]:
            if self.solutions[number].better_than(self.solutions[best]):
                best = number
        return best

    def as_json(self, turns: Sequence[Turn]) -> list[dict[str, Any]]:
        """What ``llamoco solve --json`` prints of it: one object a turn.

        Args:
            turns: what took turns.
        """
        return [
            {"optimizer": turn.answer.optimizer, "radius": turn.radius, "best": number == self.winner}
            | run_json(solution, turn.answer.problem)
            for number, (turn, solution) in enumerate(zip(turns, self.solutions, strict=False))
        ]


def robust_turns(answer: Answer, doubts: Sequence[Doubt]) -> list[Turn]:
    """The turns by which a problem is solved where one program is a bad bet.

    Args:
        answer: the model's.
        doubts: why it is.
    """
    problem = answer.problem
    if all(doubt.unbounded for doubt in doubts):
        second = "cobyla" if problem.constrained else "l_bfgs_b"
        turns = [Turn(pool_answer(answer, "slsqp", FROM_START), FROM_START_SHARE)]
        if affords_turns(problem):
            turns.append(Turn(pool_answer(answer, second, FROM_START), 1 - FROM_START_SHARE))
        return turns
    if any(doubt.unbounded for doubt in doubts):
        first = pool_answer(answer, "slsqp", FROM_START)
        broad = pool_answer(answer, "cma_es", "several programs share the budget")
        local = pool_answer(answer, "cma_es", "around the best point so far")
        return [Turn(first, 0.5), Turn(broad, 0.25), Turn(local, 0.25, 0.1)]
    shares = OF_LEARNT_KINDS if all(doubt.learnt for doubt in doubts) else OF_OTHER_KINDS
    broad = pool_answer(answer, "cma_es", "several programs share the budget")
    local = pool_answer(answer, shares.program, "around the best point so far")
    return [Turn(answer, shares.model), Turn(broad, shares.broad), Turn(local, shares.local, shares.radius)]


def affords_turns(problem: Problem) -> bool:
    """Whether a problem's budget is large enough to be shared."""
    return problem.max_evals * OF_LEARNT_KINDS.local >= max(LEAST_EVALS, problem.dim)


def take_turns(
    turns: Sequence[Turn], runner: Runner, seed: int, time_limit: float, progress: Progress | None = None
) -> Shared:
    """Run programs for one problem, each with its share of the budget.

    Args:
        turns: in their order.
        runner: runs them.
        seed: handed to each.
        time_limit: seconds that a run may take beside the objective's own time.
        progress: called with (evaluations used in all, best feasible objective or None).
    """
    whole = turns[0].answer.problem
    solutions: list[Solution] = []
    best: Solution | None = None
    winner = spent = 0
    for number, turn in enumerate(turns):
        left = whole.max_evals - spent
        evals = left if number == len(turns) - 1 else min(left, max(1, round(turn.share * whole.max_evals)))
        if evals <= 0:
            break
        problem = whole.with_budget(evals, start_evaluated=bool(solutions))
        if turn.radius is not None and best is not None and best.point is not None:
            problem = around(problem, np.array(best.point), turn.radius)
        shown = None if progress is None else overall(progress, spent, best)
        solution = run_answer(turn.answer, runner, seed, time_limit, shown, problem)
        solutions.append(solution)
        spent += solution.evals
        if best is None or solution.better_than(best):
            best, winner = solution, number
    assert best is not None
    best = replace(
        best,
        evals=spent,
        max_evals=whole.max_evals,
        seconds=sum(solution.seconds for solution in solutions),
        trace=joined((solution.evals, solution.trace) for solution in solutions),
    )
    return Shared(best, winner, tuple(solutions))


def around(problem: Problem, x: np.ndarray, radius: float) -> Problem:
    """The same problem on a part of its box, with x (D,) at the centre, or as near to it as the box allows.

    Args:
        problem: the problem.
        x: a point of its box.
        radius: half the width of the part, as a share of the box's.
    """
    lower, upper = problem.lower_array, problem.upper_array
    half = radius * (upper - lower)
    centre = np.clip(x, lower + half, upper - half)
    low, high = np.maximum(centre - half, lower), np.minimum(centre + half, upper)
    return replace(
        problem.with_budget(problem.max_evals), lower=tuple(low.tolist()), upper=tuple(high.tolist())
    )
