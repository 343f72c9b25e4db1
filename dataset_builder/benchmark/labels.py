"""Labels: the answer for each problem, derived from the runs of its race."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean

from llamoco.dataset_builder.benchmark.plan import plan_for
from llamoco.dataset_builder.benchmark.race import (
    FINAL,
    SCREEN,
    Score,
    choose_winner,
    rank_scores,
    stage_scores,
)
from llamoco.dataset_builder.benchmark.references import ProblemRejected, freeze_references
from llamoco.dataset_builder.benchmark.run import CHECK, Job, Run
from llamoco.dataset_builder.optimizers.catalogue import GROUPS, POOL, group_of
from llamoco.dataset_builder.optimizers.configuration import Configuration, configured
from llamoco.dataset_builder.problems.errors import LlamocoError
from llamoco.dataset_builder.problems.problem import Problem

TEST_SHARE = 2570 / 32570  # as in the paper
TEST_MINIMUM = 30  # problems of each group, so that scores of small sets mean something; never over a fifth
SBS_SHARE = 0.95  # of a group's problems that a candidate for the single best solver ran on
RARE = 0.005  # share of the wins of a group


class LabelsError(LlamocoError, ValueError):
    """A label table that cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Repeat:
    """Outcome of an independent second race on the same problem: its winner, with its scores, and whether it ties."""

    optimizer: str
    config: str
    tie: bool
    aocc: float = 0.0
    w: float = 0.0


@dataclass(frozen=True)
class Label:
    """The answer for one problem, and its evidence.

    Attributes:
        problem: with frozen f0 and f_star.
        split: "train" or "test".
        optimizer, config: the winner and its configuration (canonical JSON).
        aocc, w: its mean scores over the fresh seeds of the last stage; in the screen where all finalists have left the pool.
        tie: whether another optimizer ties with the best within ``race.TIE``.
        finalists: scores of the finalists that are in the pool, on these seeds, best first; ``screen`` where none of them is.
        raced: scores of every optimizer that raced (first stage, one seed), best first, including those that have left the pool.
        check: scores of the answer and of the single best solvers on seeds that no choice has seen; None
            where there was no check.
        repeat: outcome of the second race, None if there was none.
        paper: the winner among the paper's optimizers, with its scores: over the fresh seeds if one of them is a finalist,
            else in the screen. None if none of them raced.
    """

    problem: Problem
    split: str
    optimizer: str
    config: str
    aocc: float
    w: float
    tie: bool
    finalists: tuple[Score, ...]
    raced: tuple[Score, ...]
    check: tuple[Score, ...] | None = None
    repeat: Repeat | None = None
    paper: Score | None = None

    @cached_property
    def screen(self) -> tuple[Score, ...]:
        """Scores of the pool's members in the first stage, best first."""
        return tuple(in_pool(self.raced))

    @property
    def group(self) -> str:
        """ "unconstrained" or "constrained"."""
        return group_of(self.problem.constrained)

    def checked(self, key: Configuration) -> Score:
        """Check score of a configured optimizer.

        Raises:
            LabelsError: if it was not checked on this problem.
        """
        for entry in self.check or ():
            if entry.key == key:
                return entry
        raise LabelsError(
            f"problem {self.problem.id}: {key[0]} was not checked; run the benchmark to its end"
        )


@dataclass(frozen=True)
class LabelTable:
    """A label table.

    Attributes:
        labels: one a problem.
        discarded: problems without a label, counted by group and reason.
        sbs: single best solver, in its configuration, by group and criterion ("aocc" or "w").
    """

    labels: tuple[Label, ...]
    discarded: dict[str, int]
    sbs: dict[str, dict[str, str]]


def derive_labels(problems: Iterable[Problem], runs: Mapping[str, Sequence[Run]]) -> LabelTable:
    """Labels from the runs of a benchmark.

    Args:
        problems: as drawn.
        runs: all runs by problem id; the main race of each problem finished.
    """
    frozen: list[tuple[Problem, Sequence[Run]]] = []
    screens: dict[str, list[Score]] = {}
    finals: dict[str, list[Score]] = {}
    discarded: Counter[str] = Counter()
    for problem in problems:
        try:
            kept = freeze_references(problem, runs[problem.id])
            screen, final = (
                rank_scores(stage_scores(kept, _of_race(runs[problem.id], 0), (stage,)))
                for stage in (SCREEN, FINAL)
            )
            if not final:
                raise ProblemRejected("runs of the screen could not be told apart")
        except ProblemRejected as reason:
            discarded[f"{group_of(problem.constrained)}: {reason}"] += 1
            continue
        frozen.append((kept, runs[problem.id]))
        screens[problem.id], finals[problem.id] = screen, final
    splits = assign_splits([problem for problem, _ in frozen])
    strength = {group: _strength(group, [p for p, _ in frozen], screens) for group in GROUPS}
    labels = []
    for problem, rows in frozen:
        group = group_of(problem.constrained)
        # Where no finalist is in the pool any more, the screen decides.
        finalists = in_pool(finals[problem.id]) or in_pool(screens[problem.id])
        winner, tie = choose_winner(finalists, strength[group])
        repeated = in_pool(stage_scores(problem, _of_race(rows, 1), (FINAL,)))
        repeat = None
        if repeated:
            other, other_tie = choose_winner(repeated, strength[group])
            repeat = Repeat(other.optimizer, other.config, other_tie, other.aocc, other.w)
        check = stage_scores(problem, rows, (CHECK,))
        labels.append(
            Label(
                problem=problem,
                split=splits[problem.id],
                optimizer=winner.optimizer,
                config=winner.config,
                aocc=winner.aocc,
                w=winner.w,
                tie=tie,
                finalists=tuple(finalists),
                raced=tuple(screens[problem.id]),
                paper=paper_winner(finals[problem.id], screens[problem.id], strength[group]),
                check=tuple(check) or None,
                repeat=repeat,
            )
        )
    return LabelTable(tuple(labels), dict(sorted(discarded.items())), single_best(labels))


def _of_race(runs: Sequence[Run], race: int) -> list[Run]:
    return [run for run in runs if run.race == race]


def _strength(
    group: str, problems: Sequence[Problem], screens: Mapping[str, Sequence[Score]]
) -> dict[str, float]:
    """Strength of each optimizer over a group: its mean AOCC in the screen, above the mean on each problem.

    Above the mean, since an optimizer with a budget limit does not run on every problem.
    """
    scores: dict[str, list[float]] = defaultdict(list)
    for problem in problems:
        if group_of(problem.constrained) == group:
            middle = fmean(entry.aocc for entry in screens[problem.id])
            for entry in screens[problem.id]:
                scores[entry.optimizer].append(entry.aocc - middle)
    return {name: fmean(values) for name, values in scores.items()}


def in_pool(scores: Iterable[Score]) -> list[Score]:
    """The scores of members of the pool: without those of optimizers that have left it."""
    return [score for score in scores if POOL[score.optimizer].in_default]


def paper_winner(
    finalists: Sequence[Score], screen: Sequence[Score], strength: Mapping[str, float]
) -> Score | None:
    """The winner among the paper's optimizers: by the final if one of them is in it, else by the screen."""
    for scores in (finalists, screen):
        if members := [score for score in scores if POOL[score.optimizer].edition == "paper"]:
            return choose_winner(members, strength)[0]
    return None


def single_best(labels: Sequence[Label]) -> dict[str, dict[str, str]]:
    """The single best solver of each group, by AOCC and by w: highest mean in the screen over train.

    Every optimizer that ran on SBS_SHARE of the problems is a candidate, chains too. Where it did not run, for its own time or
    that of the benchmark (``plan``), it scores as the worst that ran.
    """
    best: dict[str, dict[str, str]] = {}
    for group in GROUPS:
        members = [label for label in labels if label.group == group and label.split == "train"]
        means = screen_means(members)
        if means:
            best[group] = {
                criterion: min(means, key=lambda name: (-means[name][column], name))
                for column, criterion in enumerate(("aocc", "w"))
            }
    return best


def screen_means(labels: Sequence[Label]) -> dict[str, tuple[float, float]]:
    """Mean AOCC and w in the screen of each optimizer that ran on SBS_SHARE of the problems, over all of them.

    Args:
        labels: of one group.
    """
    ran = Counter(entry.optimizer for label in labels for entry in label.screen)
    names = [name for name, count in ran.items() if count >= SBS_SHARE * len(labels)]
    rows: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for label in labels:
        scores = {entry.optimizer: (entry.aocc, entry.w) for entry in label.screen}
        worst = min(aocc for aocc, _ in scores.values()), min(w for _, w in scores.values())
        for name in names:
            rows[name].append(scores.get(name, worst))
    return {name: (fmean(a for a, _ in row), fmean(w for _, w in row)) for name, row in sorted(rows.items())}


def win_shares(labels: Sequence[Label]) -> dict[str, dict[str, float]]:
    """Share of the labels of each group that each optimizer wins, by optimizer and group; 0 for those that raced and never won."""
    shares: dict[str, dict[str, float]] = {}
    for group in GROUPS:
        members = [label for label in labels if label.group == group]
        wins = Counter(label.optimizer for label in members)
        for name in sorted({entry.optimizer for label in members for entry in label.screen}):
            shares.setdefault(name, {})[group] = wins[name] / len(members)
    return shares


def rare_members(labels: Sequence[Label], share: float = RARE) -> dict[str, dict[str, float]]:
    """The optimizers that win no more than a share of the labels of any group, with their shares: candidates to leave the pool.

    Args:
        labels: of a pilot, say, of 400 problems.
        share: of the labels of a group.
    """
    return {name: groups for name, groups in win_shares(labels).items() if max(groups.values()) <= share}


def assign_splits(problems: Sequence[Problem]) -> dict[str, str]:
    """Split by problem id: the lowest hashes are test, TEST_SHARE of every group, TEST_MINIMUM at least."""
    splits: dict[str, str] = {}
    for constrained in (False, True):
        ids = [problem.id for problem in problems if problem.constrained == constrained]
        ids.sort(key=lambda name: hashlib.sha256(f"split {name}".encode()).digest())
        count = max(round(len(ids) * TEST_SHARE), min(TEST_MINIMUM, len(ids) // 5), min(1, len(ids) - 1))
        splits |= {name: "test" if rank < count else "train" for rank, name in enumerate(ids)}
    return splits


def check_jobs(label: Label, sbs: Mapping[str, Mapping[str, str]], runs: Sequence[Run]) -> list[Job]:
    """Runs that score the answer and its group's single best solvers on seeds that no choice has seen."""
    have = {(run.optimizer, run.config, run.seed_index) for run in runs if run.stage == CHECK}
    singles = [configured(name, label.problem) for name in sbs[label.group].values()]
    keys = dict.fromkeys([(label.optimizer, label.config), *singles])
    return [
        Job(*key, seed)
        for key in keys
        for seed in plan_for(label.problem).check_seeds
        if (*key, seed) not in have
    ]
