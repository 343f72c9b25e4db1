"""Racing the pool on one problem: which runs come next, and which configured optimizer wins.

    defaults    every optimizer that serves the group, default configuration, 2 seeds
    configs     the 3 best families, their other configurations, 1 seed
    final       the best configuration of each of these families, 5 fresh seeds: these alone decide
    reference   the two best of the final at 5 times the budget, where the optimum is unknown: for f* only

All is a pure function of the problem and the runs made so far, so that an interrupted benchmark goes on where
it was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from llamoco.dataset_builder.benchmark.references import REFERENCE, Discarded, freeze
from llamoco.dataset_builder.benchmark.run import Job, Run, config_json, score
from llamoco.dataset_builder.optimizers import pool
from llamoco.dataset_builder.problems.problem import Problem

DEFAULTS = "defaults"
CONFIGS = "configs"
FINAL = "final"
DEFAULT_SEEDS = (0, 1)
CONFIG_SEEDS = (10,)
FINAL_SEEDS = (20, 21, 22, 23, 24)
REFERENCE_SEEDS = (30,)
CHECK_SEEDS = (40, 41, 42)
FAMILIES = 3
CONFIGURATIONS = 6  # a family: the default and, in grids of two or three constants, each single change of it
REFERENCE_RUNS = 2
REFERENCE_BUDGET_FACTOR = 5
TIE = 0.01  # in A3

Configured = tuple[str, str]  # optimizer, configuration as canonical JSON


@dataclass(frozen=True)
class Score:
    """Mean scores of a configured optimizer over its runs of a stage."""

    optimizer: str
    config: str
    a3: float
    w: float
    evals: float

    @property
    def key(self) -> Configured:
        """(optimizer, config)."""
        return self.optimizer, self.config


def next_jobs(problem: Problem, runs: Sequence[Run], race: int) -> tuple[str, list[Job]] | None:
    """Stage and jobs that a race needs next; None when it is over or nothing feasible was found.

    Args:
        problem: as drawn.
        runs: runs on it so far.
        race: 0 for the race that gives the label, 1 for the independent repeat.
    """
    mine = [run for run in runs if run.race == race]
    have = {(run.optimizer, run.config, run.seed_index) for run in mine}
    defaults = default_configurations(problem)
    if missing := _missing(defaults, DEFAULT_SEEDS, have):
        return DEFAULTS, missing
    try:
        families = [s.optimizer for s in _standing(problem, mine, (DEFAULTS,))[:FAMILIES]]
    except Discarded:
        return None
    others = [
        (name, config_json(config))
        for name in families
        for config in pool.configurations(name, CONFIGURATIONS)[1:]
    ]
    if missing := _missing(others, CONFIG_SEEDS, have):
        return CONFIGS, missing
    standing = _standing(problem, mine, (DEFAULTS, CONFIGS))
    finalists = [next(s for s in standing if s.optimizer == name).key for name in families]
    if missing := _missing(finalists, FINAL_SEEDS, have):
        return FINAL, missing
    long_budget = problem.max_evals * REFERENCE_BUDGET_FACTOR
    if race == 0 and problem.f_star is None:
        able = [s.key for s in _standing(problem, mine, (FINAL,)) if _runs(s.optimizer, long_budget)]
        best = able[:REFERENCE_RUNS]
        if missing := _missing(best, REFERENCE_SEEDS, have):
            return REFERENCE, missing
    return None


def default_configurations(problem: Problem) -> list[Configured]:
    """The optimizers that are run on a problem, by kind and evaluation budget, each with its defaults."""
    return [
        (optimizer.name, config_json(optimizer.defaults))
        for optimizer in pool.pool_for(problem.constrained)
        if _runs(optimizer.name, problem.max_evals)
    ]


def _runs(name: str, max_evals: int) -> bool:
    limit = pool.POOL[name].max_evals_limit
    return limit is None or max_evals <= limit


def _standing(problem: Problem, runs: Sequence[Run], stages: Sequence[str]) -> list[Score]:
    """Ranking by some stages alone, f0 and f* included: later runs must not change an earlier decision."""
    counted = [run for run in runs if run.stage in stages]
    return ranked(stage_scores(freeze(problem, counted), counted, stages))


def _missing(
    configured: Iterable[Configured], seeds: Sequence[int], have: set[tuple[str, str, int]]
) -> list[Job]:
    return [Job(*key, seed) for key in configured for seed in seeds if (*key, seed) not in have]


def stage_scores(frozen: Problem, runs: Iterable[Run], stages: Sequence[str]) -> list[Score]:
    """Mean A3, w and evaluations of every configured optimizer over its runs of the given stages.

    Args:
        frozen: the problem with f0 and f_star.
        runs: runs of one race on it.
        stages: names of stages.
    """
    assert frozen.f0 is not None and frozen.f_star is not None
    grouped: dict[Configured, list[tuple[float, float, int]]] = defaultdict(list)
    for run in runs:
        if run.stage in stages:
            grouped[run.optimizer, run.config].append((*score(run, frozen.f0, frozen.f_star), run.evals))
    return [
        Score(*key, fmean(a for a, _, _ in rows), fmean(w for _, w, _ in rows), fmean(e for _, _, e in rows))
        for key, rows in sorted(grouped.items())
    ]


def ranked(scores: Iterable[Score]) -> list[Score]:
    """Best first: by A3, then w, then fewer evaluations, then name."""
    return sorted(scores, key=lambda s: (-s.a3, -s.w, s.evals, s.key))


def choose(finalists: Sequence[Score], strength: Mapping[str, float]) -> tuple[Score, bool]:
    """The winner among the finalists, and whether another family ties with the best.

    The highest mean A3 wins; of those within TIE of it the optimizer that is strongest over all problems of
    the group, then the one that used the fewest evaluations.

    Args:
        finalists: scores on fresh seeds.
        strength: of each optimizer over the problems of the group, see ``labels``.
    """
    best = max(s.a3 for s in finalists)
    level = [s for s in finalists if s.a3 >= best - TIE]
    winner = min(level, key=lambda s: (-strength[s.optimizer], s.evals, -s.a3, s.key))
    return winner, len({s.optimizer for s in level}) > 1
