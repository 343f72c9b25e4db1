"""Single best solvers of the shipped labels: the answers where a model has none."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources

from llamoco.dataset_builder.optimizers.catalogue import group_of


def single_best_solver(constrained: bool) -> str:
    """The optimizer with the highest mean AOCC on a group's problems of the train split."""
    return _solvers()[group_of(constrained)]["aocc"]


@cache
def _solvers() -> dict[str, dict[str, str]]:
    # The label table's JSON file states them, too, and is read without pyarrow.
    path = resources.files("llamoco.dataset_builder").joinpath("labels", "labels.json")
    return dict(json.loads(path.read_text(encoding="utf-8"))["single_best_solvers"])
