"""A race of the pool on one problem: the next runs, and the winner.

    screen      every optimizer that serves the group, in its configuration, one seed
    second      another seed for the best of the screen
    final       the best of these on fresh seeds, and more seeds for those that are still close: these alone decide
    reference   the best of the final once more, where the optimum is unknown: for f* only

How many run in each, and who is spared the longest runs, follows from the problem's budget (``plan``). An optimizer's
configuration follows from what the prompt states (``optimizers.configuration``); it is not searched problem by problem,
since such choices are noise: of per-problem configurations 24 to 33% repeat in a second race.

All is a pure function of the problem and the runs made so far, so that an interrupted benchmark goes on where
it was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from llamoco.dataset_builder.benchmark.plan import (
    CLOSE,
    REFERENCE_SEEDS,
    SCREEN_SEEDS,
    SECOND_SEEDS,
    entrants,
    plan_for,
)
from llamoco.dataset_builder.benchmark.references import REFERENCE, ProblemRejected, freeze_references
from llamoco.dataset_builder.benchmark.run import Job, Run, score_run
from llamoco.dataset_builder.optimizers import pool
from llamoco.dataset_builder.optimizers.configuration import Configuration
from llamoco.dataset_builder.problems.problem import Problem

SCREEN = "screen"
SECOND = "second"
FINAL = "final"
TIE = 0.01  # in AOCC


@dataclass(frozen=True)
class Score:
    """Mean scores of a configured optimizer over its runs of a stage.

    Attributes:
        optimizer, config: which one (configuration as canonical JSON).
        aocc, w, evals: means over the runs.
        runs: number of runs.
    """

    optimizer: str
    config: str
    aocc: float
    w: float
    evals: float
    runs: int = 1

    @property
    def key(self) -> Configuration:
        """(optimizer, config)."""
        return self.optimizer, self.config


def next_jobs(problem: Problem, runs: Sequence[Run], race: int) -> tuple[str, list[Job]] | None:
    """Stage and jobs that a race needs next; None when it is over or the runs cannot be compared.

    Args:
        problem: as drawn.
        runs: runs on it so far.
        race: 0 for the race that gives the label, 1 for the independent repeat.
    """
    try:
        return _next_jobs(problem, [run for run in runs if run.race == race], race)
    except ProblemRejected:  # by the runs on which the next decision rests
        return None


def _next_jobs(problem: Problem, mine: Sequence[Run], race: int) -> tuple[str, list[Job]] | None:
    plan = plan_for(problem)
    have = {(run.optimizer, run.config, run.seed_index) for run in mine}
    if missing := _missing(entrants(problem), SCREEN_SEEDS, have):
        return SCREEN, missing
    good = [s.key for s in _standing(problem, mine, SCREEN_SEEDS)]
    early: tuple[int, ...] = SCREEN_SEEDS
    if plan.second:
        good, early = good[: plan.second], SCREEN_SEEDS + SECOND_SEEDS
        if missing := _missing(good, SECOND_SEEDS, have):
            return SECOND, missing
    finalists = [s.key for s in _standing(problem, mine, early) if s.key in good][: plan.finalists]
    if missing := _missing(finalists, plan.final_seeds, have):
        return FINAL, missing
    final = _standing(problem, mine, plan.final_seeds, before=early)
    close = [s.key for s in final if s.aocc >= final[0].aocc - CLOSE]
    if len(close) > 1 and (missing := _missing(close, plan.more_final_seeds, have)):
        return FINAL, missing
    if race == 0 and problem.f_star is None and plan.references:
        budget = problem.max_evals * plan.reference_factor
        able = [s.key for s in final if pool.POOL[s.optimizer].affords(problem.dim, budget)]
        if missing := _missing(able[: plan.references], REFERENCE_SEEDS, have):
            return REFERENCE, missing
    return None


def _standing(
    problem: Problem, runs: Sequence[Run], seeds: tuple[int, ...], before: tuple[int, ...] = ()
) -> list[Score]:
    """Ranking by the runs with some seeds; f0 and f* from these and those before.

    Not from all runs there are: later ones must not change an earlier decision.
    """
    frozen = freeze_references(problem, [run for run in runs if run.seed_index in seeds + before])
    counted = [run for run in runs if run.seed_index in seeds]
    return rank_scores(stage_scores(frozen, counted, tuple({run.stage for run in counted})))


def _missing(
    entrants: Iterable[Configuration], seeds: Sequence[int], have: set[tuple[str, str, int]]
) -> list[Job]:
    return [Job(*key, seed) for key in entrants for seed in seeds if (*key, seed) not in have]


def stage_scores(frozen: Problem, runs: Iterable[Run], stages: Sequence[str]) -> list[Score]:
    """Mean AOCC, w and evaluations of every configured optimizer over its runs of the given stages.

    Args:
        frozen: the problem with f0 and f_star.
        runs: runs of one race on it.
        stages: names of stages.
    """
    assert frozen.f0 is not None and frozen.f_star is not None
    grouped: dict[Configuration, list[tuple[float, float, int]]] = defaultdict(list)
    for run in runs:
        if run.stage in stages:
            grouped[run.optimizer, run.config].append((*score_run(run, frozen.f0, frozen.f_star), run.evals))
    return [
        Score(
            *key,
            fmean(a for a, _, _ in rows),
            fmean(w for _, w, _ in rows),
            fmean(e for _, _, e in rows),
            len(rows),
        )
        for key, rows in sorted(grouped.items())
    ]


def rank_scores(scores: Iterable[Score]) -> list[Score]:
    """Sort scores, best first: by AOCC, then w, then fewer evaluations, then name."""
    return sorted(scores, key=lambda s: (-s.aocc, -s.w, s.evals, s.key))


def choose_winner(finalists: Sequence[Score], strength: Mapping[str, float]) -> tuple[Score, bool]:
    """The winner among the finalists, and whether another family ties with the best.

    Only those that were given all seeds can win: the others were too far behind after the first ones. The
    highest mean AOCC wins; of those within TIE of it the optimizer that is strongest over all problems of the
    group, then the one that used the fewest evaluations.

    Args:
        finalists: scores on fresh seeds.
        strength: of each optimizer over the problems of the group, see ``labels``.
    """
    seeds = max(s.runs for s in finalists)
    able = [s for s in finalists if s.runs == seeds]
    best = max(s.aocc for s in able)
    level = [s for s in able if s.aocc >= best - TIE]
    winner = min(level, key=lambda s: (-strength[s.optimizer], s.evals, -s.aocc, s.key))
    return winner, len({s.optimizer for s in level}) > 1
