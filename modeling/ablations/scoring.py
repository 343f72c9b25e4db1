"""Scores of finished trainings on the test problems, which the records of the studies are made of."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from llamoco.dataset_builder.instruction_data import single_best_solvers
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics import scores
from llamoco.metrics.scores import Run
from llamoco.metrics.statistics import ByProblem
from llamoco.modeling.ablations.ablation import read_answers
from llamoco.modeling.ablations.programs import CACHE, runs_of
from llamoco.modeling.evaluation.results import read_runs
from llamoco.modeling.evaluation.split_rows import Row, benchmarked_optimizer, single_best_program
from llamoco.modeling.training.checkpointing import STATE_FILE
from llamoco.modeling.training.saving import RUN_RECORD, WARM_UP_STATE

SCORES = {"err": scores.err, "r_acc": scores.r_acc, "perf": scores.perf, "aocc": scores.aocc}
Spread = dict[str, float | None]
Values = Mapping[str, float | None]  # of an answer, by score: means over its runs
Log = Sequence[Mapping[str, float]]


@dataclass(frozen=True)
class Scored:
    """The answers of a training, scored. Lists have one entry a row."""

    seed: int
    values: list[Values]
    hits: list[bool]  # whether the label's optimizer was named
    training: dict[str, Any]  # its run record
    log: Log  # of the instruction tuning
    warm_up: Log  # empty without one


class Scorer:
    """Scores the answers to the rows of a study by the runs of its programs.

    Args:
        out: folder of the study.
        rows: what was answered, one a problem.

    Attributes:
        references: scores of the single best solver ("sbs") and of the labels ("vbs"); None while they have no runs.
    """

    def __init__(self, out: Path, rows: Sequence[Row]) -> None:
        self.rows = rows
        self._done = read_runs(out, CACHE)
        self._problems = [Problem.from_json(row["problem"]) for row in rows]
        self._known: dict[tuple[str, str], Values] = {}
        self.references: dict[str, list[Values]] | None
        try:
            self.references = {name: self._scored(texts) for name, texts in reference_answers(rows).items()}
        except KeyError:
            self.references = None

    def training(self, folder: Path, seed: int) -> Scored | None:
        """A training's answers with their scores; None if not all of it is finished, answered and run."""
        answers = read_answers(folder) if (folder / RUN_RECORD).exists() else {}
        if any(row["row"] not in answers for row in self.rows):
            return None
        completions = [answers[row["row"]] for row in self.rows]
        try:
            values = self._scored(completions)
        except KeyError:  # not all run yet
            return None
        hits = [
            benchmarked_optimizer(text) == row["optimizer"]
            for text, row in zip(completions, self.rows, strict=True)
        ]
        warm_up = folder / WARM_UP_STATE
        return Scored(
            seed,
            values,
            hits,
            json.loads((folder / RUN_RECORD).read_text(encoding="utf-8")),
            _log(folder / STATE_FILE),
            _log(warm_up) if warm_up.exists() else [],
        )

    def by_problem(self, several: Sequence[Scored]) -> ByProblem:
        """AOCC of trainings, gathered by problem."""
        return ByProblem.gather(
            (row["problem_id"], values["aocc"])
            for one in several
            for row, values in zip(self.rows, one.values, strict=True)
        )

    def closed(self, values: Sequence[Values], members: Sequence[int]) -> float | None:
        """(model - SBS) / (VBS - SBS) of the means of AOCC; None where VBS is not above SBS."""
        assert self.references is not None
        own, single, virtual = (
            mean_of(v, members, "aocc") for v in (values, self.references["sbs"], self.references["vbs"])
        )
        if own is None or single is None or virtual is None or virtual <= single:
            return None
        return (own - single) / (virtual - single)

    def summary(self, several: Sequence[Scored]) -> dict[str, Any]:
        """Err, r_acc, Perf, AOCC, gap_closed, label_hits and minutes of trainings of one recipe: mean and sd over seeds."""
        every = range(len(self.rows))
        return {
            **{score: spread([mean_of(one.values, every, score) for one in several]) for score in SCORES},
            "gap_closed": spread([self.closed(one.values, every) for one in several]),
            "label_hits": spread([mean(one.hits) for one in several]),
            "minutes": spread([one.training["seconds"] / 60 for one in several]),
        }

    def _scored(self, completions: Sequence[str]) -> list[Values]:
        found = []
        for problem, completion in zip(self._problems, completions, strict=True):
            key = (problem.id, completion)
            if key not in self._known:
                self._known[key] = _values(runs_of(self._done, problem, completion))
            found.append(self._known[key])
        return found


def reference_answers(rows: Sequence[Row]) -> dict[str, list[str]]:
    """Programs of the single best solver and of the labels (virtual best), a row each."""
    solvers = single_best_solvers(None)
    return {
        "sbs": [single_best_program(solvers, Problem.from_json(row["problem"])) for row in rows],
        "vbs": [row["completion"] for row in rows],
    }


def mean_of(values: Sequence[Values], members: Sequence[int], score: str) -> float | None:
    """Mean of a score over some of the rows; None where no row has one."""
    known = [value for i in members if (value := values[i][score]) is not None]
    return mean(known) if known else None


def spread(values: Sequence[float | None]) -> Spread | None:
    """Mean and standard deviation over seeds, the latter None of one; None where a value is missing."""
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return None
    return {"mean": mean(known), "sd": stdev(known) if len(known) > 1 else None}


def _values(runs: Sequence[Run]) -> Values:
    found: dict[str, float | None] = {}
    for name, of_run in SCORES.items():
        values = [value for run in runs if (value := of_run(run)) is not None]
        found[name] = mean(values) if values else None
    return found


def _log(file: Path) -> Log:
    history: Log = json.loads(file.read_text(encoding="utf-8"))["log_history"]
    return history
