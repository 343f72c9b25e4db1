"""Configuration trees, fitted to the grid study: a shallow decision tree for each optimizer and group.

Three candidates, each more complex than the one before: the optimizer's defaults; the configuration with the
highest mean AOCC; a tree of at most two questions about what a prompt states, with a configuration at each leaf. The
next is taken only if it scores more in cross-validation by problem, clearly (SEPARATED): what the data do not
separate stays as it is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np
import pyarrow as pa

from llamoco.dataset_builder.optimizers.catalogue import GROUPS
from llamoco.dataset_builder.optimizers.configuration import (
    CONFIGURATIONS_FORMAT,
    DecisionTree,
    Features,
    config_json,
    features_of,
    leaf_configuration,
)
from llamoco.dataset_builder.optimizers.pool import POOL, configurations

FOLDS = 10
DEPTH = 2
SEPARATED = 1.64  # standard errors of the paired difference: one-sided 5%
MIN_LEAF = 20  # problems
SHRINKAGE = 10.0  # problems: weight of a configuration's mean over all problems in a leaf's score
QUESTIONS = {
    "dim": (3, 5, 10, 20, 30),
    "max_evals": (200, 500, 1000, 2000, 3000),
    "max_evals / dim": (10, 30, 50, 100, 200, 500),
}


@dataclass(frozen=True)
class Grid:
    """Scores of one optimizer's grid on the problems of a group.

    Attributes:
        configs: canonical JSON of each configuration, the defaults first (m,).
        ids: of the problems (n,).
        features: features of the problems by name (``configuration.features_of``), (n,) each.
        aocc: scores (n, m).
    """

    configs: tuple[str, ...]
    ids: np.ndarray
    features: dict[str, np.ndarray]
    aocc: np.ndarray

    def rows(self, chosen: np.ndarray) -> Grid:
        """The same on some of the problems."""
        features = {fact: values[chosen] for fact, values in self.features.items()}
        return Grid(self.configs, self.ids[chosen], features, self.aocc[chosen])


@dataclass(frozen=True)
class TreeGain:
    """Gain of a configuration tree for an optimizer in a group: mean AOCC over the study's problems, cross-validated.

    Attributes:
        optimizer, group: which.
        problems: number of problems.
        defaults, single, tree: of the three candidates.
        best: of the best configuration for each problem, chosen by the very run that is scored: out of reach.
        chosen: "defaults", "single" or "tree".
        configurations: how many the chosen one uses.
    """

    optimizer: str
    group: str
    problems: int
    defaults: float
    single: float
    tree: float
    best: float
    chosen: str
    configurations: int


Learner = Callable[[Grid], DecisionTree]


def grid_of(table: pa.Table, optimizer: str, group: str) -> Grid:
    """The part of the study's table that is about one optimizer and group."""
    configs = tuple(config_json(config) for config in configurations(optimizer, max_n=10_000))
    column = {config: n for n, config in enumerate(configs)}
    names = ("problem_id", "group", "optimizer", "config", "dim", "max_evals", "aocc")
    scores: dict[str, np.ndarray] = {}
    features: dict[str, Features] = {}
    for row in zip(*(table[name].to_pylist() for name in names), strict=True):
        problem_id, its_group, name, config, dim, max_evals, aocc = row
        if (its_group, name) == (group, optimizer) and config in column:
            scores.setdefault(problem_id, np.full(len(configs), np.nan))[column[config]] = aocc
            features[problem_id] = features_of(dim, max_evals)
    complete = sorted(name for name, values in scores.items() if np.isfinite(values).all())
    aoccs = np.array([scores[name] for name in complete]).reshape(len(complete), len(configs))
    columns = {fact: np.array([features[name][fact] for name in complete]) for fact in QUESTIONS}
    return Grid(configs, np.array(complete), columns, aoccs)


def learn_defaults(grid: Grid) -> DecisionTree:
    """The optimizer's defaults, whatever the data."""
    return {"config": json.loads(grid.configs[0])}


def learn_single(grid: Grid) -> DecisionTree:
    """The configuration with the highest mean."""
    return {"config": json.loads(grid.configs[int(np.argmax(grid.aocc.mean(axis=0)))])}


def learn_tree(grid: Grid) -> DecisionTree:
    """The tree of at most DEPTH questions that fits best; leaves lean towards what is good everywhere."""
    prior = SHRINKAGE * grid.aocc.mean(axis=0)
    return _grow(grid, prior, DEPTH)[1]


def _grow(grid: Grid, prior: np.ndarray, depth: int) -> tuple[float, DecisionTree]:
    """The best subtree for some problems, and the sum of their scores under it."""
    sums = grid.aocc.sum(axis=0)
    leaf = int(np.argmax(sums + prior))
    best: tuple[float, DecisionTree] = (float(sums[leaf]), {"config": json.loads(grid.configs[leaf])})
    if depth:
        for fact, marks in QUESTIONS.items():
            for mark in marks:
                low = grid.features[fact] <= mark
                if min(low.sum(), (~low).sum()) >= MIN_LEAF:
                    then, other = (_grow(grid.rows(side), prior, depth - 1) for side in (low, ~low))
                    if then[1] != other[1] and then[0] + other[0] > best[0] + 1e-9:
                        node = {"fact": fact, "at_most": mark, "then": then[1], "else": other[1]}
                        best = (then[0] + other[0], node)
    return best


def cross_validated(grid: Grid, learn: Learner) -> np.ndarray:
    """AOCC on each problem (n,) under what is learned without its fold. Folds go by a hash of the problem's id."""
    order = np.argsort([hashlib.sha256(f"fold {name}".encode()).digest() for name in grid.ids])
    fold = np.empty(len(grid.ids), dtype=int)
    fold[order] = np.arange(len(grid.ids)) % FOLDS
    scores = np.empty(len(grid.ids))
    for held in np.unique(fold):
        learned = learn(grid.rows(fold != held))
        for row in np.flatnonzero(fold == held).tolist():
            scores[row] = grid.aocc[row, _column(grid, learned, row)]
    return scores


def _column(grid: Grid, learned: DecisionTree, row: int) -> int:
    features = {fact: values[row] for fact, values in grid.features.items()}
    return grid.configs.index(config_json(leaf_configuration(learned, features)))


def fit_tree(table: pa.Table, optimizer: str, group: str) -> tuple[DecisionTree, TreeGain | None]:
    """The tree of an optimizer in a group; its defaults, and no gain, where there are too few problems."""
    grid = grid_of(table, optimizer, group)
    if len(grid.ids) < 2 * FOLDS:
        return {"config": POOL[optimizer].defaults}, None
    learners: dict[str, Learner] = {"defaults": learn_defaults, "single": learn_single, "tree": learn_tree}
    scores = {name: cross_validated(grid, learn) for name, learn in learners.items()}
    chosen = "defaults"
    for name in ("single", "tree"):
        difference = scores[name] - scores[chosen]
        if difference.mean() > SEPARATED * difference.std(ddof=1) / sqrt(len(difference)):
            chosen = name
    result = learners[chosen](grid)
    if chosen == "tree" and "config" in result:
        chosen = "single"  # without a fold held out no question is worth asking
    means = {name: round(float(values.mean()), 4) for name, values in scores.items()}
    best = round(float(grid.aocc.max(axis=1).mean()), 4)
    count = len({config_json(config) for config in leaves(result)})
    return result, TreeGain(
        optimizer, group, len(grid.ids), **means, best=best, chosen=chosen, configurations=count
    )


def leaves(tree: DecisionTree) -> list[dict[str, int | float | bool]]:
    """The configurations at the leaves of a tree."""
    return [tree["config"]] if "config" in tree else leaves(tree["then"]) + leaves(tree["else"])


def derive_configurations(table: pa.Table) -> tuple[str, list[TreeGain]]:
    """The text of ``configurations.json``, and the gain of each tree.

    Args:
        table: the grid study's result, see ``grid.grid_table``; of no rows, all is as by default.
    """
    trees: dict[str, dict[str, DecisionTree]] = {}
    gains = []
    for name, optimizer in POOL.items():
        trees[name] = {}
        for constrained, group in enumerate(GROUPS):
            if optimizer.handles(bool(constrained)):
                trees[name][group], gain = fit_tree(table, name, group)
                gains += [gain] if gain else []
    content = {"format": CONFIGURATIONS_FORMAT, "optimizers": trees}
    return json.dumps(content, indent=1) + "\n", gains
