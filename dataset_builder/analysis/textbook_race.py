"""Race of the pool, in its configurations, on problems of textbooks (the suite "outside")."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from statistics import fmean
from typing import Any

from llamoco.dataset_builder.analysis.task_log import TaskResult
from llamoco.dataset_builder.benchmark.race import SCREEN, TIE, Score, entrants, rank_scores, stage_scores
from llamoco.dataset_builder.benchmark.references import ProblemRejected, freeze_references
from llamoco.dataset_builder.benchmark.run import Job, Run, Task, run_task
from llamoco.dataset_builder.optimizers.catalogue import GROUPS, group_of
from llamoco.dataset_builder.problems.problem import Problem

SEEDS = (0, 1, 2)


def textbook_tasks(problems: Sequence[Problem], seed: int) -> dict[str, tuple[str, str, str, int]]:
    """Arguments of ``run_on_textbook`` by "problem optimizer"."""
    return {
        f"{problem.id} {name}": (problem.to_json(), name, config, seed)
        for problem in problems
        for name, config in entrants(problem)
    }


def run_on_textbook(problem_json: str, name: str, config: str, seed: int) -> TaskResult:
    """The runs of an optimizer on a problem, one a seed."""
    jobs = tuple(Job(name, config, number) for number in SEEDS)
    runs = [asdict(run) for run in run_task(Task(problem_json, 0, SCREEN, jobs, seed))]
    return {"runs": [run | {"trace": b64encode(run["trace"]).decode()} for run in runs]}


def textbook_report(problems: Sequence[Problem], rows: Mapping[str, TaskResult]) -> dict[str, Any]:
    """Winners and mean scores of every optimizer, by group.

    Args:
        problems: those that were run.
        rows: results of ``run_on_textbook`` by key.

    Returns:
        By group: problems; winners (by mean AOCC; the best of them where several tie); ties (share where another is
        within ``race.TIE``); mean AOCC and w of each optimizer that ran on all of them; problems left out, with why.
    """
    report: dict[str, Any] = {}
    for group in GROUPS:
        standings: dict[str, list[Score]] = {}
        left_out: dict[str, str] = {}
        for problem in problems:
            if group_of(problem.constrained) != group:
                continue
            runs = [
                Run(**run | {"trace": b64decode(run["trace"])})
                for key, row in rows.items()
                if key.split()[0] == problem.id
                for run in row["runs"]
            ]
            try:
                standings[problem.id] = rank_scores(
                    stage_scores(freeze_references(problem, runs), runs, (SCREEN,))
                )
            except ProblemRejected as reason:
                left_out[problem.id] = str(reason)
        if standings:
            report[group] = _group(standings) | {"left_out": left_out}
    return report


def _group(standings: Mapping[str, Sequence[Score]]) -> dict[str, Any]:
    winners = {name: standing[0] for name, standing in standings.items()}
    scores: dict[str, list[Score]] = {}
    for standing in standings.values():
        for entry in standing:
            scores.setdefault(entry.optimizer, []).append(entry)
    means = {
        name: {"aocc": fmean(e.aocc for e in entries), "w": fmean(e.w for e in entries)}
        for name, entries in scores.items()
        if len(entries) == len(standings)
    }
    return {
        "problems": len(standings),
        "winners": dict(Counter(winner.optimizer for winner in winners.values()).most_common()),
        "ties": fmean(standing[1].aocc >= standing[0].aocc - TIE for standing in standings.values()),
        "virtual_best": {c: fmean(getattr(winner, c) for winner in winners.values()) for c in ("aocc", "w")},
        "means": dict(sorted(means.items(), key=lambda item: -item[1]["w"])),
        "by_problem": {name: winner.optimizer for name, winner in winners.items()},
    }
