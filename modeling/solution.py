"""What running a program found, and how one is run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics.sandbox.verdicts import ERRORS

if TYPE_CHECKING:
    from llamoco.metrics.sandbox.verdicts import Record
    from llamoco.modeling.answer import Answer

Progress = Callable[[int, float | None], None]


@dataclass(frozen=True)
class Solution:
    """What a run found.

    ``x`` and ``f`` are None if no feasible point was found, unless the program returned an infeasible one (``feasible`` False).
    """

    x: list[float] | None
    f: float | None
    feasible: bool
    evals: int
    max_evals: int
    verdict: str
    reason: str
    seed: int
    tier: str
    seconds: float
    trace: list[tuple[int, float]]

    @property
    def never_began(self) -> bool:
        """Whether the program failed before it evaluated anything: the budget is untouched."""
        return self.verdict in ERRORS and self.evals == 0

    def better_than(self, other: Solution) -> bool:
        """Feasible first, then the lower objective."""
        if self.feasible != other.feasible:
            return self.feasible
        return self.f is not None and (other.f is None or self.f < other.f)


def run_answer(
    answer: Answer,
    sandbox: Sandbox,
    seed: int,
    time_limit: float,
    progress: Progress | None = None,
    max_evals: int | None = None,
) -> Solution:
    """Run an answer once in the sandbox. The objective stays in this process; the generated code is confined.

    Args:
        answer: what to run.
        sandbox: where to run it.
        seed: handed to the program.
        time_limit: seconds a run may take beside the objective's own time.
        progress: called with (evaluations used, best feasible objective or None).
        max_evals: evaluations it may use; the problem's budget if None.
    """
    problem = answer.problem if max_evals is None else answer.problem.within(max_evals)
    record = sandbox.run(answer.completion, problem, seed, time_limit=time_limit, on_progress=progress)
    feasible = record.best_x is not None
    # Where nothing feasible was met, the point that the program returned is shown, marked as infeasible.
    x, f = (record.best_x, record.best_f) if feasible else (record.x, record.f)
    return Solution(
        x=None if x is None else answer.problem.full(np.array(x)).tolist(),
        f=f if f is not None and np.isfinite(f) else None,
        feasible=feasible,
        evals=record.evals,
        max_evals=problem.max_evals,
        verdict=record.verdict,
        reason=record.reason,
        seed=seed,
        tier=record.tier,
        seconds=record.wall,
        trace=record.trace,
    )


def best_of(solutions: Sequence[Solution]) -> Solution:
    """The best of several runs: feasible first, then the lower objective, then the earlier; with the seconds of all."""
    best = solutions[0]
    for solution in solutions[1:]:
        if solution.better_than(best):
            best = solution
    return replace(best, seconds=sum(solution.seconds for solution in solutions))


def run_json(solution: Solution) -> dict[str, Any]:
    """One of several runs, as ``llamoco solve --json`` prints it."""
    names = ("seed", "f", "feasible", "evals", "max_evals", "verdict")
    return {name: getattr(solution, name) for name in names} | {"seconds": round(solution.seconds, 3)}


