"""What an evaluation is about: rows of the instruction set, and the two programs that every model is put beside."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any

from llamoco.dataset_builder.benchmark.label_table import SHIPPED_LABELS, read_single_best_solvers
from llamoco.dataset_builder.benchmark.labels import Label
from llamoco.dataset_builder.optimizers import pool
from llamoco.dataset_builder.optimizers.catalogue import group_of
from llamoco.dataset_builder.optimizers.configuration import configured
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.instruction_set import answerable_labels, described, description_counts

Row = dict[str, Any]


@lru_cache(maxsize=4)
def evaluation_rows(split: str, limit: int | None = None, labels: Path = SHIPPED_LABELS) -> list[Row]:
    """Rows of a split for an evaluation: first one description of every problem, then the second ones, and so on.

    So the first N rows are N different problems, as long as there are so many; of both groups early, whatever the
    order of the table, since they come in the order of a hash.

    Args:
        split: "test" or "train".
        limit: so many rows only.
        labels: the label table.

    Returns:
        The columns of the data set, and "row": position in the split as ``load_dataset`` gives it. Not to be changed.
    """
    chosen = _labels_of(split, labels)
    starts = accumulate((count for _, count in chosen), initial=0)
    order = sorted(
        zip(starts, chosen, strict=False),
        key=lambda entry: hashlib.sha256(entry[1][0].problem.id.encode()).digest(),
    )[:limit]  # a problem beyond these has no description among the first rows
    labelled, numbers = [pair[0] for _, pair in order], [pair[1] for _, pair in order]
    of_problems = [
        [{"row": start + rank, **row} for rank, row in enumerate(rows)]
        for (start, _), rows in zip(order, described(labelled, numbers), strict=True)
    ]
    most = max(map(len, of_problems), default=0)
    return [rows[rank] for rank in range(most) for rows in of_problems if rank < len(rows)][:limit]


def split_size(split: str, labels: Path = SHIPPED_LABELS) -> int:
    """Number of rows of a split."""
    return sum(count for _, count in _labels_of(split, labels))


@lru_cache(maxsize=2)
def _labels_of(split: str, labels: Path) -> list[tuple[Label, int]]:
    """The labels of a split with the numbers of their descriptions, in the order of the table."""
    table = answerable_labels(labels)
    counts = description_counts(table)
    return [(label, count) for label, count in zip(table, counts, strict=True) if label.split == split]


def labels_hash(labels: Path = SHIPPED_LABELS) -> str:
    """A short hash of the label table, from which rows and reference programs follow."""
    return hashlib.sha256(labels.read_bytes()).hexdigest()[:16]


@lru_cache(maxsize=2)
def single_best_solvers(labels: Path = SHIPPED_LABELS) -> dict[str, str]:
    """The optimizer that is best on average over the train problems of each group, by AOCC."""
    return {group: best["aocc"] for group, best in read_single_best_solvers(labels).items()}


def single_best_program(solvers: dict[str, str], problem: Problem) -> str:
    """The single best solver's program for a problem."""
    optimizer, config = configured(solvers[group_of(problem.constrained)], problem)
    return pool.render(optimizer, json.loads(config))


def named_optimizer(completion: str) -> str | None:
    """The optimizer whose benchmarked program a completion is; None for other code."""
    known = pool.identify(completion.partition("\n")[2])
    return known[0] if known else None
