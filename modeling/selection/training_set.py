"""What selectors learn from: the labelled problems of a data set's train split, by group."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from llamoco.dataset_builder.instruction_data import open_data
from llamoco.dataset_builder.optimizers.catalogue import GROUPS, POOL, group_of
from llamoco.dataset_builder.problems.errors import LlamocoError
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.modeling.evaluation.split_rows import Row, evaluation_rows

FEWEST = 20  # problems of a group to learn from


class SelectionError(LlamocoError, ValueError):
    """Selection that cannot be done; the message says why and what to do."""


@dataclass(frozen=True)
class TrainingSet:
    """Labelled problems of one group (N), and the optimizers that ran on them (K).

    Attributes:
        group: "unconstrained" or "constrained".
        problems: the problems (N).
        prompts: one prompt of each (N).
        labels: the label of each: its best optimizer (N).
        names: of the optimizers, sorted (K).
        scores: AOCC (N, K), NaN where an optimizer did not run.
    """

    group: str
    problems: tuple[Problem, ...]
    prompts: tuple[str, ...]
    labels: tuple[str, ...]
    names: tuple[str, ...]
    scores: np.ndarray

    @property
    def relative(self) -> np.ndarray:
        """Scores (N, K) less each problem's mean: which is better, not how hard the problem is."""
        return np.asarray(self.scores - np.nanmean(self.scores, axis=1, keepdims=True))


def read_training_sets(data: str | None) -> dict[str, TrainingSet]:
    """Read the first description of every problem of a data set's train split.

    Args:
        data: folder or Hub id; None for the shipped set.

    Raises:
        DataError: if there is no such data set, or it lacks columns.
        SelectionError: if a group has too few problems.
    """
    problems = len(set(open_data(data, "train")["problem_id"]))
    return training_sets(evaluation_rows("train", problems, data))


def training_sets(rows: Iterable[Row]) -> dict[str, TrainingSet]:
    """Training sets by group, of rows of a data set: one a problem, the first that there is.

    Raises:
        SelectionError: if a group has too few problems, naming it.
    """
    first = first_rows(rows)
    found = {
        group: training_set(group, [row for row in first if group_of(row["constrained"]) == group])
        for group in GROUPS
    }
    for group, of_group in found.items():
        if len(of_group.problems) < FEWEST:
            raise SelectionError(
                f"the train split has {len(of_group.problems)} {group} problems, a selector needs {FEWEST}: name a larger data "
                "set with --data"
            )
    return found


def first_rows(rows: Iterable[Row]) -> list[Row]:
    """One row a problem, the first that there is."""
    first: dict[str, Row] = {}
    for row in rows:
        first.setdefault(row["problem_id"], row)
    return list(first.values())


def training_set(group: str, rows: Sequence[Row]) -> TrainingSet:
    """The training set of one group from its rows, one a problem. Only optimizers of the pool that answers are kept."""
    by_row = [json.loads(row["scores"]) for row in rows]
    names = tuple(sorted({name for scores in by_row for name in scores if POOL[name].in_default}))
    return TrainingSet(
        group,
        tuple(Problem.from_json(row["problem"]) for row in rows),
        tuple(row["prompt"] for row in rows),
        tuple(row["optimizer"] for row in rows),
        names,
        np.array([[scores.get(name, np.nan) for name in names] for scores in by_row]).reshape(
            len(rows), len(names)
        ),
    )
