"""Rows of a data set in the order of an evaluation, and the single best solver's program for a problem."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from llamoco.dataset_builder.instruction_data import open_data, require_columns
from llamoco.dataset_builder.optimizers import pool
from llamoco.dataset_builder.optimizers.catalogue import group_of
from llamoco.dataset_builder.optimizers.configuration import configured
from llamoco.dataset_builder.problems.problem import Problem

Row = dict[str, Any]

COLUMNS = (
    "prompt",
    "completion",
    "problem_id",
    "language",
    "pattern",
    "held_out_pattern",
    "facts_known",
    "optimizer",
    "dim",
    "constrained",
    "max_evals",
    "problem",
    "scores",
)


@lru_cache(maxsize=4)
def evaluation_rows(split: str, limit: int | None = None, data: str | None = None) -> list[Row]:
    """Read the rows of a split: first one description of every problem, then the second ones, and so on.

    The first N rows are therefore N different problems, as long as there are N; problems come in the order of a hash of their
    ids, so that both groups occur early.

    Args:
        split: "test" or "train".
        limit: number of rows; None for all.
        data: folder or Hub id of the data set; None for the shipped one.

    Returns:
        ``COLUMNS``, and "row": position in the split as ``load_dataset`` gives it. Not to be changed.

    Raises:
        DataError: if there is no such data set or split, or it lacks columns.
    """
    dataset = open_data(data, split)
    require_columns(dataset, data, COLUMNS)
    seen: Counter[str] = Counter()
    ranks = []
    for position, name in enumerate(dataset["problem_id"]):
        ranks.append((seen[name], hashlib.sha256(name.encode()).digest(), position))
        seen[name] += 1
    chosen = [position for _, _, position in sorted(ranks)[:limit]]
    rows = dataset.select_columns(list(COLUMNS)).select(chosen)
    return [{"row": position, **row} for position, row in zip(chosen, rows, strict=True)]


def split_size(split: str, data: str | None = None) -> int:
    """Number of rows of a split."""
    return len(open_data(data, split))


def single_best_program(solvers: Mapping[str, str], problem: Problem) -> str:
    """The single best solver's program for a problem.

    Args:
        solvers: optimizer by group, as ``single_best_solvers`` of the data set gives them.
        problem: of either group.
    """
    optimizer, config = configured(solvers[group_of(problem.constrained)], problem)
    return pool.render(optimizer, json.loads(config))


def benchmarked_optimizer(completion: str) -> str | None:
    """The optimizer whose benchmarked program a completion is; None for other code."""
    known = pool.identify(completion.partition("\n")[2])
    return known[0] if known else None
