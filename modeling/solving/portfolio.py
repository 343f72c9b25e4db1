"""Portfolio: several programs take turns within one evaluation budget, the last of them around the best point so far.

For problems with a risk factor (``robust_rule``). The last program's box is a part of the problem's with the best point at its
centre, where a program begins that is given no starting point. Only the first program is given the person's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.problem import Problem
from llamoco.modeling.solving.answer import Answer, pool_answer
from llamoco.modeling.solving.robust_rule import RiskFactor
from llamoco.modeling.solving.solution import (
    Progress,
    Runner,
    Solution,
    join_traces,
    progress_in_total,
    run_answer,
    run_json,
)

# Shares of the budget: of the model's choice, CMA-ES on the complete box, and CMA-ES around the best point so far, with its radius.
# Measured by examples/benchmarks/robust.py as "model, CMA-ES, CMA-ES in 10%".
MODEL_SHARE, BROAD_SHARE, LOCAL_SHARE, RADIUS = 0.35, 0.4, 0.25, 0.1
# Where variables lack bounds, a local search begins where the person does, and one of another kind follows it:
# measured by examples/benchmarks/unbounded.py.
FROM_START, FROM_START_SHARE = "from the starting point, as variables have no bounds", 0.7
MIN_EVALS = 20  # of the shortest turn


@dataclass(frozen=True)
class Turn:
    """One program's turn.

    Attributes:
        answer: the program.
        share: of the budget; the last turn also has what is left.
        radius: half the width of its box, as a share of the problem's; None for the complete box.
    """

    answer: Answer
    share: float
    radius: float | None = None


@dataclass(frozen=True)
class PortfolioResult:
    """Result of all turns.

    Attributes:
        best: the best solution, with the evaluations and seconds of all turns.
        winner: the turn that found it, from 0.
        solutions: one a turn.
    """

    best: Solution
    winner: int
    solutions: tuple[Solution, ...]

    def turn_to_save(self, turns: Sequence[Turn]) -> int:
        """The turn whose program is saved: the best of those that had the complete box, since the others start from its point."""
        candidates = [number for number in range(len(self.solutions)) if turns[number].radius is None]
        best = candidates[0]
        for number in candidates[1:]:
            if self.solutions[number].better_than(self.solutions[best]):
                best = number
        return best

    def as_json(self, turns: Sequence[Turn]) -> list[dict[str, Any]]:
        """One object a turn, as ``llamoco solve --json`` prints it.

        Args:
            turns: the turns of this result.
        """
        return [
            {"optimizer": turn.answer.optimizer, "radius": turn.radius, "best": number == self.winner}
            | run_json(solution, turn.answer.problem)
            for number, (turn, solution) in enumerate(zip(turns, self.solutions, strict=False))
        ]


def robust_turns(answer: Answer, risks: Sequence[RiskFactor]) -> list[Turn]:
    """The turns for a problem with risk factors.

    Args:
        answer: the model's.
        risks: of the problem.
    """
    problem, kinds = answer.problem, {risk.kind for risk in risks}
    if kinds == {"unbounded"}:
        second = "cobyla" if problem.constrained else "l_bfgs_b"
        turns = [Turn(pool_answer(answer, "slsqp", FROM_START), FROM_START_SHARE)]
        if affords_turns(problem):
            turns.append(Turn(pool_answer(answer, second, FROM_START), 1 - FROM_START_SHARE))
        return turns
    broad = pool_answer(answer, "cma_es", "several programs share the budget")
    local = pool_answer(answer, "cma_es", "around the best point so far")
    if "unbounded" in kinds:
        first = pool_answer(answer, "slsqp", FROM_START)
        return [Turn(first, 0.5), Turn(broad, 0.25), Turn(local, 0.25, RADIUS)]
    return [Turn(answer, MODEL_SHARE), Turn(broad, BROAD_SHARE), Turn(local, LOCAL_SHARE, RADIUS)]


def affords_turns(problem: Problem) -> bool:
    """Whether a problem's budget is large enough to be shared."""
    return problem.max_evals * LOCAL_SHARE >= max(MIN_EVALS, problem.dim)


def take_turns(
    turns: Sequence[Turn],
    runner: Runner,
    seed: int,
    time_limit: float,
    progress: Progress | None = None,
    problem: Problem | None = None,
) -> PortfolioResult:
    """Run programs on one problem, each with its share of the budget.

    Args:
        turns: in their order.
        runner: runs them.
        seed: handed to each.
        time_limit: seconds that a run may take beside the objective's own time.
        progress: called with (evaluations used in total, best feasible objective or None).
        problem: the problem to run on, if not the answers' own: with what is left of its budget.
    """
    complete = problem or turns[0].answer.problem
    solutions: list[Solution] = []
    best: Solution | None = None
    winner = spent = 0
    for number, turn in enumerate(turns):
        left = complete.max_evals - spent
        last = number == len(turns) - 1
        evals = left if last else min(left, max(1, round(turn.share * complete.max_evals)))
        if evals <= 0:
            break
        part = complete.with_budget(evals, start_evaluated=bool(solutions))
        if turn.radius is not None and best is not None and best.point is not None:
            part = around(part, np.array(best.point), turn.radius)
        total = None if progress is None else progress_in_total(progress, spent, best)
        solution = run_answer(turn.answer, runner, seed, time_limit, total, part)
        solutions.append(solution)
        spent += solution.evals
        if best is None or solution.better_than(best):
            best, winner = solution, number
    assert best is not None
    best = replace(
        best,
        evals=spent,
        max_evals=complete.max_evals,
        seconds=sum(solution.seconds for solution in solutions),
        trace=join_traces((solution.evals, solution.trace) for solution in solutions),
    )
    return PortfolioResult(best, winner, tuple(solutions))


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
