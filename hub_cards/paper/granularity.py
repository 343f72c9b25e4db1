"""Granularity of the grid (Table V), from the runs of the grid study that ship with the labels.

As in the paper, half of a grid has the two ends of each hyper-parameter's values. Each configuration ran once on each problem, and the best run is
taken, which flatters the larger grid: luck is one of the things that more runs have more of.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from llamoco.dataset_builder.benchmark.label_table import SHIPPED_LABELS
from llamoco.dataset_builder.optimizers.catalogue import POOL

GRID = SHIPPED_LABELS.with_name("grid.parquet")


@dataclass(frozen=True)
class Granularity:
    """What a grid finds for a problem, on average.

    Attributes:
        configurations: number of configurations of all optimizers that run on a problem.
        perf, aocc: of the best of its runs by AOCC.
        seconds: of all its runs, processor time.
    """

    configurations: float
    perf: float
    aocc: float
    seconds: float


def in_half(optimizer: str, config: str) -> bool:
    """Whether a configuration is in half of an optimizer's grid: every value at an end of its hyper-parameter's."""
    values: dict[str, Any] = json.loads(config)
    grid = POOL[optimizer].grid
    return values.keys() == grid.keys() and all(
        float(values[constant]) in (min(map(float, of_constant)), max(map(float, of_constant)))
        for constant, of_constant in grid.items()
    )


def granularities(path: Path = GRID) -> dict[str, Granularity]:
    """ "half" and "ours" of a table of the grid study.

    Args:
        path: as ``analysis.grid.grid_table`` makes it; optimizers that have left the pool are passed over.
    """
    columns = ("problem_id", "optimizer", "config", "aocc", "w", "seconds")
    problem, optimizer, config, aocc, perf, seconds = (
        np.array(column) for column in pq.read_table(path, columns=list(columns)).to_pydict().values()
    )
    known = np.isin(optimizer, list(POOL))
    pairs = set(zip(optimizer[known].tolist(), config[known].tolist(), strict=True))
    halves = {pair for pair in pairs if in_half(*pair)}
    half = np.array([pair in halves for pair in zip(optimizer.tolist(), config.tolist(), strict=True)])
    found = {}
    for name, rows in (("half", half & known), ("ours", known)):
        _, place = np.unique(problem[rows], return_inverse=True)
        count = place.max() + 1
        best = np.lexsort((-aocc[rows], place))
        first = best[np.searchsorted(place[best], np.arange(count))]
        found[name] = Granularity(
            float(rows.sum() / count),
            float(perf[rows][first].mean()),
            float(aocc[rows][first].mean()),
            float(seconds[rows].sum() / count),
        )
    return found
