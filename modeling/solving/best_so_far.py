"""Best point of all runs on a problem so far, in case they are interrupted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from llamoco.dataset_builder.problems.oracle import Oracle
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.wrappers.incumbent import Incumbent
from llamoco.modeling.solving.solution import Runner, Solution, join_traces, largest_violation

if TYPE_CHECKING:
    from llamoco.metrics.sandbox.record import Record


class BestSoFar:
    """Watches the runs on a problem.

    A compiled problem is watched where evaluations are counted; others where they are made, so that of a batch that fails in its
    middle the points before that count.

    Args:
        problem: the problem.

    Attributes:
        problem: the same problem, with a watched evaluator.
    """

    def __init__(self, problem: Problem) -> None:
        self._incumbent = Incumbent(problem)
        self._oracles: list[Oracle] = []
        self.problem = self._incumbent.problem

    def watch(self, oracle: Oracle) -> None:
        """Watch what an oracle counts, too."""
        self._oracles.append(oracle)

    def watching(self, runner: Runner) -> Runner:
        """A runner whose runs are watched."""
        return _Watched(runner, self.watch)

    def solution(self, verdict: str, reason: str, seed: int) -> Solution:
        """The best point so far; without a feasible one, the point with the least violation.

        Args:
            verdict: why the runs ended.
            reason: the same in a sentence.
            seed: of the first run.
        """
        problem, watched = self.problem, self._incumbent
        found = [oracle.best for oracle in self._oracles if oracle.best is not None]
        seen = min(found, key=lambda best: best.f, default=None)
        feasible = seen is not None or watched.x is not None
        if not feasible:
            least = [
                oracle.least_infeasible for oracle in self._oracles if oracle.least_infeasible is not None
            ]
            seen = min(least, key=lambda one: largest_violation(one.g, one.h), default=None)
        x, f = (None, None) if seen is None else (seen.x, seen.f)
        if watched.x is not None and (f is None or watched.f < f):
            x, f, seen = watched.x, watched.f, None
        counted = sum(oracle.evals for oracle in self._oracles)
        trace = join_traces((oracle.evals, oracle.trace) for oracle in self._oracles)
        return Solution(
            x=None if x is None else problem.to_original(x).tolist(),
            f=f,
            feasible=feasible,
            evals=max(counted, watched.evals),
            max_evals=problem.max_evals,
            verdict=verdict,
            reason=reason,
            seed=seed,
            tier="",
            seconds=0.0,
            trace=trace,
            point=None if x is None else x.tolist(),
            seen=seen,
        )


class _Watched:
    """A runner that reports its oracles."""

    def __init__(self, inner: Runner, note: Callable[[Oracle], None]) -> None:
        self._inner, self._note = inner, note
        self.tier = inner.tier

    def run(
        self,
        program: str,
        problem: Problem,
        seed: int,
        time_limit: float = 300.0,
        *,
        on_progress: Callable[[int, float | None], None] | None = None,
        on_oracle: Callable[[Oracle], None] | None = None,
    ) -> Record:
        """See ``Runner``."""
        return self._inner.run(
            program, problem, seed, time_limit, on_progress=on_progress, on_oracle=self._note
        )
