"""Configuration of an optimizer for a problem: a function of dimension, evaluation budget and constraints.

``configurations.json`` holds, for each optimizer and group, a tree of at most two questions about the dimension
and the evaluation budget. ``analysis.configuration_trees`` fits it to the grid study.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from llamoco.dataset_builder.optimizers.catalogue import POOL, Config, group_of
from llamoco.dataset_builder.problems.problem import Problem

CONFIGURATIONS_FORMAT = 1
FILE_NAME = "configurations.json"

Configuration = tuple[str, str]  # optimizer, configuration as canonical JSON
Features = dict[str, float]
DecisionTree = dict[
    str, Any
]  # {"config": {...}} or {"fact": ..., "at_most": ..., "then": tree, "else": tree}


def features_of(dim: int, max_evals: int) -> Features:
    """What the trees ask about, by name: ``dim``, ``max_evals`` and ``max_evals / dim``."""
    return {"dim": dim, "max_evals": max_evals, "max_evals / dim": max_evals / dim}


def configuration_for(name: str, dim: int, max_evals: int, constrained: bool) -> Config:
    """The configuration of an optimizer on problems of a kind; its defaults where the grid study gives none.

    Args:
        name: the optimizer.
        dim: number of variables.
        max_evals: evaluation budget.
        constrained: whether there are constraints.

    Raises:
        ValueError: if the pool has no such optimizer, or ``configurations.json`` is of another format.
    """
    if name not in POOL:
        raise ValueError(f"unknown optimizer {name!r}; the pool has {', '.join(POOL)}")
    tree = configurations().get(name, {}).get(group_of(constrained))
    return POOL[name].defaults if tree is None else leaf_configuration(tree, features_of(dim, max_evals))


def leaf_configuration(tree: DecisionTree, features: Features) -> Config:
    """The configuration at the leaf of a tree to which features lead."""
    while "config" not in tree:
        tree = tree["then" if features[tree["fact"]] <= tree["at_most"] else "else"]
    return dict(tree["config"])


def configured(name: str, problem: Problem) -> Configuration:
    """An optimizer in the configuration that a problem's dimension, budget and constraints select."""
    return name, config_json(configuration_for(name, problem.dim, problem.max_evals, problem.constrained))


def config_json(config: Config) -> str:
    """A configuration as canonical JSON, as stores and tables name it."""
    return json.dumps(config, separators=(",", ":"))


@cache
def configurations() -> dict[str, dict[str, DecisionTree]]:
    """The shipped trees by optimizer and group.

    Raises:
        ValueError: if the file is of another format.
    """
    content = json.loads(resources.files(__package__).joinpath(FILE_NAME).read_text(encoding="utf-8"))
    if content.get("format") != CONFIGURATIONS_FORMAT:
        raise ValueError(
            f"{FILE_NAME} has format {content.get('format')!r}, this version of llamoco reads "
            f"{CONFIGURATIONS_FORMAT}: derive it again from the grid study"
        )
    trees: dict[str, dict[str, DecisionTree]] = content["optimizers"]
    return trees
