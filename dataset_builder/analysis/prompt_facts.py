"""Ablation of the prompt's facts: gap closed by a classifier that sees a subset of them.

Sets of facts: size, which is dimension, budget and numbers of constraints; beside it probes of the landscape (5% of the budget, which
a solver lacks then: the score here does not charge it, so it flatters them), or what the functions do with the variables, by tracing
(``Problem.profile``, free of charge), or both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier

from llamoco.dataset_builder.analysis.selector import gap_closed
from llamoco.dataset_builder.benchmark.label_table import SHIPPED_LABELS, read_labels
from llamoco.dataset_builder.benchmark.labels import Label
from llamoco.dataset_builder.benchmark.provenance import environment
from llamoco.dataset_builder.optimizers.catalogue import GROUPS
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.profiling.operation_profile import FunctionProfile, OperationProfile
from llamoco.dataset_builder.problems.profiling.probes import UNKNOWN, probe_numbers, probe_problem
from llamoco.dataset_builder.problems.profiling.trace_recorder import OPERATIONS

SETS = ("size", "size and probes", "size and operations", "size, operations and probes")
BALANCE_EXPONENT = 0.25
TREES = 300


def stated_features(problem: Problem) -> list[float]:
    """Dimension, budget, both together, numbers of constraints."""
    evals, dim = problem.max_evals, problem.dim
    return [dim, np.log(evals), np.log(evals / dim), problem.n_inequality, problem.n_equality]


def traced_features(problem: Problem) -> list[float]:
    """Operations, coupling and degrees of the objective and of the constraints, by tracing."""
    profile = problem.profile or OperationProfile(FunctionProfile({}, (), 0.0), FunctionProfile({}, (), 0.0))
    features = []
    for part in (profile.objective, profile.constraints):
        counts = np.array([part.operations.get(name, 0) for name in OPERATIONS]) / problem.dim
        degrees = Counter(part.degrees)
        features += [
            *counts,
            part.mean_interactions / problem.dim,
            degrees[1],
            degrees[2],
            degrees[None],
            len(degrees),
        ]
    return [float(feature) for feature in features]


def feature_sets(
    problems: Sequence[Problem], probed: Sequence[Sequence[float]] | np.ndarray
) -> dict[str, np.ndarray]:
    """Features (N, F) of problems by set of facts, finite.

    Args:
        problems: the problems (N).
        probed: of each the ``probe_numbers``; NaN where one is not known.
    """
    size, traced = (np.array([f(p) for p in problems]) for f in (stated_features, traced_features))
    seen = np.clip(np.nan_to_num(np.array(probed, dtype=float), nan=UNKNOWN), -1e30, 1e30)
    parts = (size,), (size, seen), (size, traced), (size, traced, seen)
    return {name: np.hstack(columns) for name, columns in zip(SETS, parts, strict=True)}


def classifier_choices(labels: Sequence[Label], features: np.ndarray, wanted: Sequence[int]) -> list[str]:
    """Choices of a classifier for some of the problems, trained on the labels of the train split.

    Args:
        labels: labels of one group (N).
        features: of their problems (N, F).
        wanted: numbers of the problems to choose for.
    """
    train = [number for number, label in enumerate(labels) if label.split == "train"]
    names = [labels[number].optimizer for number in train]
    counts = Counter(names)
    forest = ExtraTreesClassifier(TREES, min_samples_leaf=3, max_features=0.5, random_state=0, n_jobs=-1)
    forest.fit(features[train], names, [counts[name] ** -BALANCE_EXPONENT for name in names])
    ran = [{entry.optimizer for entry in labels[number].screen} for number in wanted]
    likely = forest.predict_proba(features[list(wanted)])
    allowed = np.array([[name in each for name in forest.classes_] for each in ran])
    return [str(forest.classes_[best]) for best in np.where(allowed, likely, -1).argmax(axis=1)]


def prompt_facts_record(command: str) -> dict[str, object]:
    """Gap closed on the test problems, by set of facts and group, with 95% intervals, and how this was made.

    Args:
        command: the command line, for the record.

    Raises:
        LabelsError: if the shipped label table cannot be read.
    """
    table = read_labels(SHIPPED_LABELS)
    sets: dict[str, dict[str, object]] = {}
    for group in GROUPS:
        labels = [label for label in table.labels if label.group == group]
        test = [number for number, label in enumerate(labels) if label.split == "test" and label.check]
        problems = [label.problem for label in labels]
        for name, features in feature_sets(
            problems, [probe_numbers(probe_problem(p)) for p in problems]
        ).items():
            chosen = classifier_choices(labels, features, test)
            result = gap_closed([labels[number] for number in test], chosen, table.sbs[group]["aocc"], "aocc")
            sets.setdefault(name, {})[group] = {"problems": len(test), **result}
    return {"command": command, "seed": 0, **environment(), "sets": sets}
