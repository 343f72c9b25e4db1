"""The one configuration that an optimizer gets on a problem: a function of what every prompt states.

``configurations.json`` holds, for each optimizer and group, a tree of at most two questions about the dimension
and the evaluation budget. ``benchmark.keying`` derives it from the grid study.
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
Tree = dict[str, Any]  # {"config": {...}} or {"fact": ..., "at_most": ..., "then": tree, "else": tree}


def facts(dim: int, max_evals: int) -> dict[str, float]:
    """What trees ask about, by the name they use: ``dim``, ``max_evals`` and ``max_evals / dim``."""
    return {"dim": dim, "max_evals": max_evals, "max_evals / dim": max_evals / dim}


def configuration_for(name: str, dim: int, max_evals: int, constrained: bool) -> Config:
    """The configuration of an optimizer on problems of a kind; its defaults where the grid study had no say.

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
    return POOL[name].defaults if tree is None else select(tree, facts(dim, max_evals))


def select(tree: Tree, known: dict[str, float]) -> Config:
    """The configuration at the leaf of a tree where a problem's ``facts`` lead."""
    while "config" not in tree:
        tree = tree["then" if known[tree["fact"]] <= tree["at_most"] else "else"]
    return dict(tree["config"])


def configured(name: str, problem: Problem) -> Configuration:
    """An optimizer in the configuration that a problem's dimension, budget and constraints select."""
    return name, config_json(configuration_for(name, problem.dim, problem.max_evals, problem.constrained))


def config_json(config: Config) -> str:
    """A configuration as canonical JSON, as stores and tables name it."""
    return json.dumps(config, separators=(",", ":"))


@cache
def configurations() -> dict[str, dict[str, Tree]]:
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
    trees: dict[str, dict[str, Tree]] = content["optimizers"]
    return trees
