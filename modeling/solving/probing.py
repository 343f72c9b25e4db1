"""Probes while a problem is solved: evaluated before the model is asked, where nothing else is known of the functions.

They count as evaluations: programs get what is left of the budget, and start at the best probe.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from llamoco.dataset_builder.problems.oracle import Oracle
from llamoco.dataset_builder.problems.problem import Evaluation, Problem
from llamoco.dataset_builder.problems.profiling.probe_points import probe_count
from llamoco.dataset_builder.problems.profiling.probes import probe_problem
from llamoco.dataset_builder.prompts.guard import Probed
from llamoco.dataset_builder.prompts.probe_words import probe_words
from llamoco.modeling.solving.solution import Progress, Solution, join_traces


@dataclass(frozen=True)
class Probing:
    """Evaluated probes.

    Attributes:
        words: what they tell, for the prompt.
        problem: what programs run on: the rest of the budget, with the best probe as the starting point.
        found: the best probe.
    """

    words: str
    problem: Problem
    found: Solution

    @property
    def probed(self) -> Probed:
        """What a saved program is told of them."""
        point = self.found.point
        return Probed(self.found.evals, None if point is None else tuple(point))

    def joined(self, solution: Solution, seconds: bool = True) -> Solution:
        """Solution of a run with the probes as its first evaluations.

        Args:
            solution: of a program on ``problem``.
            seconds: whether the time of the probes is this run's.
        """
        found, best = self.found, solution
        if found.better_than(solution):
            best = replace(
                solution, x=found.x, f=found.f, feasible=found.feasible, point=found.point, seen=found.seen
            )
        return replace(
            best,
            evals=found.evals + solution.evals,
            max_evals=found.max_evals,
            evals_before=found.evals + solution.evals_before,
            trace=join_traces(((found.evals, found.trace), (solution.evals, solution.trace))),
            seconds=solution.seconds + (found.seconds if seconds else 0.0),
        )


def needs_probes(problem: Problem) -> bool:
    """Whether what the functions do is unknown, and the budget affords probes."""
    return probe_count(problem.max_evals) > 0 and problem.profile is None


def probe(
    problem: Problem, progress: Progress, together: bool, on_oracle: Callable[[Oracle], None]
) -> Probing:
    """Evaluate the probes of a problem.

    Args:
        problem: one that ``needs_probes``.
        progress: called with (evaluations used, best feasible objective or None).
        together: whether all points are requested at once, so that workers evaluate them side by side.
        on_oracle: receives the counting oracle before the first evaluation.

    Raises:
        Exception: whatever the problem's own functions or ``progress`` raise.
    """
    started = time.perf_counter()
    oracle = Oracle(problem, progress)
    on_oracle(oracle)

    def evaluate(points: np.ndarray) -> Evaluation:
        if together:
            return oracle.evaluate(points)
        rows = [oracle.evaluate(point[None, :]) for point in points]
        return Evaluation(*(np.concatenate(parts) for parts in zip(*rows, strict=True)))

    probes = probe_problem(problem, evaluate)
    assert probes is not None
    seen = oracle.best or oracle.least_infeasible
    found = Solution(
        x=None if seen is None else problem.to_original(seen.x).tolist(),
        f=None if seen is None else seen.f,
        feasible=oracle.best is not None,
        evals=oracle.evals,
        max_evals=problem.max_evals,
        verdict="ok",
        reason="",
        seed=0,
        tier="",
        seconds=time.perf_counter() - started,
        trace=oracle.trace,
        point=None if seen is None else seen.x.tolist(),
        seen=seen,
    )
    rest = problem.with_budget(problem.max_evals - oracle.evals, start_evaluated=True)
    if seen is not None:
        values = Evaluation(np.array([seen.f]), seen.g[None, :], seen.h[None, :])
        rest = rest.with_start(seen.x, values)
    return Probing(probe_words(probes, problem.constrained), rest, found)
