"""Several programs share one evaluation budget by successive halving.

Successive halving (Jamieson & Talwalkar 2016, arXiv 1502.07943) gives each candidate a small share of the budget, drops
the worse half, and gives the rest larger shares. Programs cannot be resumed: each rung runs its programs anew, with
their share as the whole budget and a seed of the rung's own. All evaluations count; the best point of all rungs is kept.

The last rung has one program and half of the budget, with whatever others left unused; the rungs before it share the
other half equally. So 4 programs of 2000 evaluations get 125 each, then the better 2 get 250 each, then the best 1000.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from llamoco.modeling.solving.answer import Answer
from llamoco.modeling.solving.solution import (
    Progress,
    Runner,
    Solution,
    joined,
    overall,
    run_answer,
    run_json,
)

LEAST_EVALS = 20  # that a program gets in the first rung, and
LEAST_PER_VARIABLE = 2  # times the number of variables, if that is more


@dataclass(frozen=True)
class Trial:
    """One program's run in one rung.

    Attributes:
        rung: from 0.
        candidate: which program, from 0.
        solution: what came of it; its ``max_evals`` is the share it had.
        kept: whether the program went on to the next rung; true in the last one.
    """

    rung: int
    candidate: int
    solution: Solution
    kept: bool


@dataclass(frozen=True)
class Halving:
    """What a race found.

    Attributes:
        best: the best solution of all rungs, with the evaluations and seconds of all of them.
        winner: the program that found it.
        trials: all runs, in their order.
    """

    best: Solution
    winner: int
    trials: tuple[Trial, ...]

    def as_json(self, answers: Sequence[Answer]) -> list[dict[str, Any]]:
        """What ``llamoco solve --json`` prints of it: one object a run.

        Args:
            answers: the programs.
        """
        return [
            {"rung": trial.rung, "optimizer": answers[trial.candidate].optimizer}
            | {"confidence": answers[trial.candidate].confidence, "kept": trial.kept}
            | run_json(trial.solution, answers[0].problem)
            for trial in self.trials
        ]


def rungs(candidates: int) -> list[int]:
    """How many programs run in each rung: all, half of them (rounded up), ..., one."""
    sizes = [candidates]
    while sizes[-1] > 1:
        sizes.append(-(-sizes[-1] // 2))
    return sizes


def share(rung: int, sizes: Sequence[int], max_evals: int, spent: int) -> int:
    """Evaluations that each program of a rung may use.

    Args:
        rung: which one.
        sizes: programs in each rung.
        max_evals: the whole budget.
        spent: evaluations used in the rungs before.
    """
    if rung == len(sizes) - 1:
        return max_evals - spent
    return max_evals // 2 // (len(sizes) - 1) // sizes[rung]


def affordable(candidates: int, max_evals: int, dim: int) -> int:
    """How many programs a budget can try: each has to get 20 evaluations in the first rung, and 2 a variable.

    Args:
        candidates: so many at most.
        max_evals: the whole budget.
        dim: number of variables.
    """
    least = max(LEAST_EVALS, LEAST_PER_VARIABLE * dim)
    while candidates > 1 and share(0, rungs(candidates), max_evals, 0) < least:
        candidates -= 1
    return candidates


def halve(
    answers: Sequence[Answer],
    runner: Runner,
    seed: int,
    time_limit: float,
    progress: Progress | None = None,
) -> Halving:
    """Run programs for one problem by successive halving.

    Args:
        answers: the programs, the likeliest first, which wins ties; no more than ``affordable``.
        runner: runs them.
        seed: of the first rung; the next has the next.
        time_limit: seconds that a run may take beside the objective's own time.
        progress: called with (evaluations used in all, best feasible objective or None).
    """
    max_evals = answers[0].problem.max_evals
    going = list(range(len(answers)))
    sizes = rungs(len(answers))
    trials: list[Trial] = []
    best: Solution | None = None
    winner = spent = 0
    for rung, size in enumerate(sizes):
        evals = share(rung, sizes, max_evals, spent)
        found: dict[int, Solution] = {}
        for candidate in going[:size]:
            shown = None if progress is None else overall(progress, spent, best)
            problem = answers[0].problem.with_budget(evals, start_evaluated=bool(trials or found))
            solution = run_answer(answers[candidate], runner, seed + rung, time_limit, shown, problem)
            found[candidate] = solution
            spent += solution.evals
            if best is None or solution.better_than(best):
                best, winner = solution, candidate
        going = _ranked(found)
        following = sizes[rung + 1] if rung + 1 < len(sizes) else 1
        trials += [Trial(rung, c, s, c in going[:following]) for c, s in found.items()]
    assert best is not None
    best = replace(
        best,
        evals=spent,
        max_evals=max_evals,
        seconds=sum(trial.solution.seconds for trial in trials),
        trace=joined((trial.solution.evals, trial.solution.trace) for trial in trials),
    )
    return Halving(best, winner, tuple(trials))


def _ranked(found: dict[int, Solution]) -> list[int]:
    """Candidates, best first: feasible before infeasible, then by objective; the likelier where both are equal."""
    ranked: list[int] = []
    for candidate, solution in found.items():
        place = next((n for n, other in enumerate(ranked) if solution.better_than(found[other])), len(ranked))
        ranked.insert(place, candidate)
    return ranked
