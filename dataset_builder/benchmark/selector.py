"""How much of the gap from single best to virtual best solver a simple selector closes.

The selector is a forest that predicts the A3 of every family; it picks the family with the highest. It stands
for "can the winner be told from the text at all": its features are what the description spells out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import fmean

import numpy as np
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import KFold

from llamoco.dataset_builder.benchmark.labels import Label
from llamoco.dataset_builder.benchmark.race import Configured
from llamoco.dataset_builder.problems.expression import FUNCTIONS, Call, Div, Extremum, Mul, Pow, Reduce, walk
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.system import Data, Scalar, Vector

FOLDS = 10


def prompt_features(problem: Problem) -> list[float]:
    """Numbers that a prompt states, from its header and its formulas, as a feature vector.

    Dimension, budget, budget per dimension, numbers of constraints, facts about the bounds, how many
    definitions of each kind there are, and how often each operation is written in the objective's and in the
    constraints' formulas.
    """
    width = problem.upper_array - problem.lower_array
    header = [
        problem.dim,
        np.log(problem.max_evals),
        np.log(problem.max_evals / problem.dim),
        problem.n_inequality,
        problem.n_equality,
        np.log(width.mean()),
        np.log(width.max() / width.min()),
        float(np.mean(np.abs(problem.lower_array + problem.upper_array) / width)),
    ]
    system = problem.system
    kinds = Counter(type(definition).__name__ for definition in system.definitions)
    positions = sum(isinstance(d, Data) and d.positions for d in system.definitions)
    reflections = sum(d.name.startswith("r") for d in system.definitions)
    formulas = [system.objective]
    for definition in system.definitions:
        match definition:
            case Vector(_, _, _, body) | Scalar(_, body):
                formulas.append(body)
    definitions = [kinds["Data"], kinds["Vector"], kinds["Scalar"], positions, reflections]
    constraints = [*system.inequalities, *system.equalities]
    return [float(v) for v in (*header, *definitions, *_operations(formulas), *_operations(constraints))]


def _operations(formulas: Sequence) -> list[int]:
    nodes = [node for formula in formulas for node in walk(formula)]
    calls = Counter(node.function for node in nodes if isinstance(node, Call))
    reductions = Counter(node.kind for node in nodes if isinstance(node, Reduce))
    kinds = Counter(type(node) for node in nodes)
    return [
        *(calls[name] for name in FUNCTIONS),
        *(reductions[name] for name in ("sum", "prod", "max", "min")),
        *(kinds[kind] for kind in (Pow, Div, Mul, Extremum)),
        len(nodes),
    ]


def cross_validated_choices(labels: Sequence[Label]) -> list[str]:
    """The family that a selector picks for each problem, trained on the other problems.

    Args:
        labels: labels of one group.

    Returns:
        An optimizer's name for each label, in order.
    """
    names = sorted({entry.optimizer for label in labels for entry in label.defaults})
    features = np.array([prompt_features(label.problem) for label in labels])
    targets = np.array([_family_scores(label, names) for label in labels])
    run = [{entry.optimizer for entry in label.defaults} for label in labels]
    eligible = np.array([[name in members for name in names] for members in run])
    targets -= targets.mean(axis=1, keepdims=True)  # which family is better, not how hard the problem is
    chosen = np.empty(len(labels), dtype=int)
    folds = KFold(min(FOLDS, len(labels)), shuffle=True, random_state=0)
    for train, test in folds.split(features):
        forest = RandomForestRegressor(100, min_samples_leaf=3, max_features=0.5, random_state=0, n_jobs=1)
        predicted = forest.fit(features[train], targets[train]).predict(features[test])
        chosen[test] = np.where(eligible[test], predicted, -np.inf).argmax(axis=1)
    return [names[index] for index in chosen]


def _family_scores(label: Label, names: Sequence[str]) -> list[float]:
    """A3 of each family: over the fresh seeds if it was a finalist, else of its defaults, 0 if not run."""
    final = {entry.optimizer: entry.a3 for entry in label.finalists}
    default = {entry.optimizer: entry.a3 for entry in label.defaults}
    return [final.get(name, default.get(name, 0.0)) for name in names]


def gap_closed(
    labels: Sequence[Label], choices: Sequence[str], sbs: Configured, criterion: str
) -> dict[str, float]:
    """Mean scores of selector, single and virtual best solver, and the share of the gap that is closed.

    Where the selector picks the label's family, or the single best solver's, its score is the check score of
    that program; elsewhere that of the family's default configuration in the first stage of the race (2
    seeds).

    Args:
        labels: labels of one group, checked.
        choices: a family for each.
        sbs: the group's single best solver.
        criterion: "a3" or "w".
    """
    virtual = fmean(getattr(label.checked((label.optimizer, label.config)), criterion) for label in labels)
    single = fmean(getattr(label.checked(sbs), criterion) for label in labels)
    scores = []
    for label, name in zip(labels, choices, strict=True):
        if name == label.optimizer:
            entry = label.checked((label.optimizer, label.config))
        elif name == sbs[0]:
            entry = label.checked(sbs)
        else:
            entry = next(default for default in label.defaults if default.optimizer == name)
        scores.append(getattr(entry, criterion))
    selector = fmean(scores)
    closed = (selector - single) / (virtual - single) if virtual > single else float("nan")
    return {"sbs": single, "vbs": virtual, "selector": selector, "gap_closed": closed}
