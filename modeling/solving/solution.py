"""Run a program on a problem: the runner's interface, and the solution."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics.sandbox.outcome import ERRORS

if TYPE_CHECKING:
    from llamoco.dataset_builder.problems.oracle import EvaluatedPoint, Oracle
    from llamoco.metrics.sandbox.record import Record
    from llamoco.modeling.solving.answer import Answer

Progress = Callable[[int, float | None], None]


class Runner(Protocol):
    """Runs programs: ``metrics.sandbox.slot.Sandbox``, or another object that calls a program's ``optimize`` on a problem."""

    @property
    def tier(self) -> str:
        """Level of confinement, see ``metrics.sandbox.tiers``; only known code runs on tier C. Waits for a sandbox that is still starting."""

    def run(
        self,
        program: str,
        problem: Problem,
        seed: int,
        time_limit: float = ...,
        *,
        on_progress: Callable[[int, float | None], None] | None = None,
        on_oracle: Callable[[Oracle], None] | None = None,
    ) -> Record:
        """Run a completion once, on the complete budget of a problem; ``on_oracle`` receives the counting oracle before the run."""
        ...


@dataclass(frozen=True)
class Solution:
    """Result of a run.

    Where no feasible point was found (``feasible`` False), ``x`` is the point with the least violation; None if no point had
    finite values.

    Attributes:
        x: the person's own variables (A,).
        f: the objective there, minimised (see ``Problem.maximize``).
        feasible, evals, max_evals, verdict, reason, seed, tier, trace: see ``metrics.sandbox.record.Record``.
        seconds: wall time.
        point: x in the search box (D,).
        seen: x in the search box with the values of the constraints there.
        evals_before: evaluations that say nothing about the program: probes, and the starting point, which any program evaluates first.
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
    point: list[float] | None = None
    evals_before: int = 0
    seen: EvaluatedPoint | None = field(default=None, repr=False, compare=False)

    @property
    def failed(self) -> bool:
        """Whether the program failed."""
        return self.verdict in ERRORS

    @property
    def maxcv(self) -> float | None:
        """Largest constraint violation at x, tolerances not subtracted; 0 without constraints, None without x."""
        return None if self.seen is None else largest_violation(self.seen.g, self.seen.h)

    def better_than(self, other: Solution) -> bool:
        """Feasible before infeasible, then the lower objective, or the smaller violation."""
        if self.feasible != other.feasible:
            return self.feasible
        if not self.feasible and self.maxcv != other.maxcv:
            return other.maxcv is None or (self.maxcv is not None and self.maxcv < other.maxcv)
        return self.f is not None and (other.f is None or self.f < other.f)


def run_answer(
    answer: Answer,
    runner: Runner,
    seed: int,
    time_limit: float,
    progress: Progress | None = None,
    problem: Problem | None = None,
) -> Solution:
    """Run an answer once. The objective stays in this process, whatever confines the program.

    Args:
        answer: the program.
        runner: runs it.
        seed: handed to the program.
        time_limit: seconds a run may take beside the objective's own time.
        progress: called with (evaluations used, best feasible objective or None).
        problem: the problem to run on, if not the answer's own: a share of its budget, a part of its box.
    """
    problem = answer.problem if problem is None else problem
    record = runner.run(answer.completion, problem, seed, time_limit=time_limit, on_progress=progress)
    feasible = record.best_x is not None
    seen = record.seen
    x, f = (record.x, record.f) if seen is None else (seen.x.tolist(), seen.f)
    return Solution(
        x=None if x is None else problem.to_original(np.array(x)).tolist(),
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
        point=x,
        evals_before=int(problem.start is not None and problem.start_values is None),
        seen=seen,
    )


def largest_violation(g: np.ndarray, h: np.ndarray) -> float:
    """Largest violation of inequalities g (Mg,), by which they exceed 0, and equalities h (Mh,), by which they differ from 0."""
    return float(max(g.max(initial=0.0), np.abs(h).max(initial=0.0)))


def best_of(solutions: Sequence[Solution]) -> Solution:
    """The best of several runs, the earlier of equals, with the seconds of all."""
    best = solutions[0]
    for solution in solutions[1:]:
        if solution.better_than(best):
            best = solution
    return replace(best, seconds=sum(solution.seconds for solution in solutions))


def run_json(solution: Solution, problem: Problem) -> dict[str, Any]:
    """One of several runs, as ``llamoco solve --json`` prints it.

    Args:
        solution: of the run.
        problem: the problem.
    """
    names = ("seed", "feasible", "evals", "max_evals", "verdict")
    facts = {name: getattr(solution, name) for name in names}
    return {"f": user_objective(problem, solution.f)} | facts | {"seconds": round(solution.seconds, 3)}


def user_objective(problem: Problem, f: float | None) -> float | None:
    """Objective value in the user's own sense: negated where they maximise."""
    return -f if f is not None and problem.maximize else f


def join_traces(runs: Iterable[tuple[int, Sequence[tuple[int, float]]]]) -> list[tuple[int, float]]:
    """Join the traces of consecutive runs.

    Args:
        runs: evaluations and trace of each.
    """
    trace: list[tuple[int, float]] = []
    before = 0
    for evals, of_run in runs:
        trace += [(before + at, f) for at, f in of_run if not trace or f < trace[-1][1]]
        before += evals
    return trace


def progress_in_total(progress: Progress, before: int, best: Solution | None) -> Progress:
    """Progress of one of several runs as progress in total.

    Args:
        progress: receives the total.
        before: evaluations used before this run.
        best: best solution of the runs before.
    """
    incumbent = best.f if best is not None and best.feasible else None

    def tell(evals: int, value: float | None) -> None:
        progress(before + evals, min((v for v in (value, incumbent) if v is not None), default=None))

    return tell
