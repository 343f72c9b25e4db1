"""Expected choices: how likely each optimizer is to be a problem's best, by trees that never saw the problem's own scores.

The scores of one problem are a few noisy runs. What problems like it say is a calmer target for a model to learn (distillation: Hinton
et al. 2015, arXiv 1503.02531; the teachers here are extremely randomised trees, Geurts et al. 2006, doi:10.1007/s10994-006-6226-1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.model_selection import KFold

from llamoco.dataset_builder.analysis.prompt_facts import stated_features, traced_features
from llamoco.dataset_builder.analysis.selector import FOLDS, prompt_features
from llamoco.dataset_builder.analysis.soft_labels import soft_label
from llamoco.dataset_builder.problems.problem import Problem

TREES = 200


@dataclass(frozen=True)
class Scored:
    """A problem and what is known of the optimizers on it.

    Attributes:
        problem: the problem.
        scores: AOCC by optimizer, of those that can serve it.
        held_out: whether nothing may be learnt from its scores.
    """

    problem: Problem
    scores: Mapping[str, float]
    held_out: bool = False


def expected_choices(scored: Sequence[Scored], temperature: float) -> list[dict[str, float]]:
    """Expected probabilities of the optimizers of each problem, by its formulas and facts and the scores of the others.

    The trees predict the probabilities proportional to exp(AOCC / temperature). Those for a problem were grown on the other four of five
    folds of its group, those for problems held out on all that are not.

    Args:
        scored: problems (N), constrained or not.
        temperature: in AOCC.

    Returns:
        Probabilities by optimizer, of those that the problem has scores of; they sum to one.
    """
    expected: list[dict[str, float]] = [{} for _ in scored]
    features = np.array([features_of(one.problem) for one in scored]) if scored else np.empty((0, 0))
    for constrained in (False, True):
        group = [n for n, one in enumerate(scored) if one.problem.constrained == constrained]
        if not group:
            continue
        names = sorted({name for n in group for name in scored[n].scores})
        labels = [soft_label(scored[n].scores, temperature) for n in group]
        targets = np.array([[label.get(name, 0.0) for name in names] for label in labels])
        held_out = np.array([scored[n].held_out for n in group])
        predicted = _predicted(features[group], targets, held_out)
        for n, row in zip(group, predicted, strict=True):
            known = np.array([name in scored[n].scores for name in names])
            shares = np.where(known, row, 0.0)
            if not shares.any():  # nothing like it has a good one among them
                shares = known.astype(float)
            shares /= shares.sum()
            expected[n] = {name: float(share) for name, share in zip(names, shares, strict=True) if share}
    return expected


def features_of(problem: Problem) -> list[float]:
    """What the trees see of a problem: facts and formulas of its prompt, as finite numbers."""
    seen = np.array([*stated_features(problem), *traced_features(problem), *prompt_features(problem)])
    return [float(value) for value in np.clip(np.nan_to_num(seen, nan=-1.0), -1e30, 1e30)]


def _predicted(features: np.ndarray, targets: np.ndarray, held_out: np.ndarray) -> np.ndarray:
    """Predictions (N, K) for the problems of a group; the mean of the targets where too few problems are left to learn from."""
    free, kept = np.flatnonzero(~held_out), np.flatnonzero(held_out)
    predicted = np.tile(targets[free].mean(axis=0) if len(free) else 1.0, (len(targets), 1))
    if len(free) < 2 * FOLDS:
        return predicted
    for train, test in KFold(FOLDS, shuffle=True, random_state=0).split(free):
        predicted[free[test]] = _grown(features[free[train]], targets[free[train]], features[free[test]])
    if len(kept):
        predicted[kept] = _grown(features[free], targets[free], features[kept])
    return predicted


def _grown(features: np.ndarray, targets: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    forest = ExtraTreesRegressor(TREES, min_samples_leaf=3, max_features=0.4, random_state=0, n_jobs=-1)
    return np.asarray(forest.fit(features, targets).predict(wanted)).reshape(len(wanted), -1)
