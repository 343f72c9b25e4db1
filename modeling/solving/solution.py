"""What running a program found, and how one is run."""

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
    """What runs programs: ``metrics.sandbox.Sandbox``, or another object that calls a program's ``optimize`` on a problem."""

    @property
    def tier(self) -> str:
        """How it confines them, see ``metrics.sandbox.tiers``. On tier C only known code runs. A sandbox may be waited for."""

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
        """Run a completion once, on the whole budget of a problem; ``on_oracle`` is given what counts before it begins."""
        ...


@dataclass(frozen=True)
class Solution:
    """What a run found.

    Where no feasible point was found (``feasible`` False), ``x`` is the one that breaks the constraints least; None if no point had
    finite values.

    Attributes:
        x: the person's own variables (A,).
        f: the objective there, minimised (see ``Problem.maximize``).
        feasible, evals, max_evals, verdict, reason, seed, tier, trace: see ``metrics.sandbox.record.Record``.
        seconds: wall time.
        point: x in the search box (D,).
        seen: x in the search box with the values of the constraints there.
        begun: evaluations that were made before the program was asked: 1 where the person gave a starting point.
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
    begun: int = 0
    seen: EvaluatedPoint | None = field(default=None, repr=False, compare=False)

    @property
    def failed(self) -> bool:
        """Whether the program failed."""
        return self.verdict in ERRORS

    @property
    def maxcv(self) -> float | None:
        """The largest violation of a constraint at x, tolerances not taken off; 0 without constraints, None where x is not known."""
        return None if self.seen is None else largest_violation(self.seen.g, self.seen.h)

    def better_than(self, other: Solution) -> bool:
        """Feasible first, then the lower objective; of infeasible ones the less broken."""
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
        answer: what to run.
        runner: runs it.
        seed: handed to the program.
        time_limit: seconds a run may take beside the objective's own time.
        progress: called with (evaluations used, best feasible objective or None).
        problem: what it is run on, if not the answer's problem: a share of its budget, a part of its box.
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
        begun=int(problem.start is not None),
        seen=seen,
    )


def largest_violation(g: np.ndarray, h: np.ndarray) -> float:
    """By how much the constraint that is broken most is broken: inequalities g (Mg,) above 0, equalities h (Mh,) off 0."""
    return float(max(g.max(initial=0.0), np.abs(h).max(initial=0.0)))


def best_of(solutions: Sequence[Solution]) -> Solution:
    """The best of several runs: feasible first, then the lower objective, then the earlier; with the seconds of all."""
    best = solutions[0]
    for solution in solutions[1:]:
        if solution.better_than(best):
            best = solution
    return replace(best, seconds=sum(solution.seconds for solution in solutions))


def run_json(solution: Solution, problem: Problem) -> dict[str, Any]:
    """One of several runs, as ``llamoco solve --json`` prints it.

    Args:
        solution: of the run.
        problem: whose solution it is.
    """
    names = ("seed", "feasible", "evals", "max_evals", "verdict")
    facts = {name: getattr(solution, name) for name in names}
    return {"f": own_sign(problem, solution.f)} | facts | {"seconds": round(solution.seconds, 3)}


def own_sign(problem: Problem, f: float | None) -> float | None:
    """An objective value as the person knows it: negated where they maximise."""
    return -f if f is not None and problem.maximize else f


def joined(runs: Iterable[tuple[int, Sequence[tuple[int, float]]]]) -> list[tuple[int, float]]:
    """One trace of runs that came one after the other.

    Args:
        runs: evaluations and trace of each.
    """
    trace: list[tuple[int, float]] = []
    before = 0
    for evals, of_run in runs:
        trace += [(before + at, f) for at, f in of_run if not trace or f < trace[-1][1]]
        before += evals
    return trace


def overall(progress: Progress, before: int, best: Solution | None) -> Progress:
    """Progress of the whole, told by one of its runs.

    Args:
        progress: what to tell.
        before: evaluations used before this run.
        best: of the runs before.
    """
    incumbent = best.f if best is not None and best.feasible else None

    def tell(evals: int, value: float | None) -> None:
        progress(before + evals, min((v for v in (value, incumbent) if v is not None), default=None))

    return tell
