"""Ablation of the prompt's facts: gap closed by a classifier that sees a subset of them.

Sets of facts, each with those before it: dimension, budget and numbers of constraints; what the functions do with the variables,
by tracing (``Problem.profile``, free of charge); values at a few points (5% of the budget, which a solver would lack then: the
score here does not charge it, so it flatters them).
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
from llamoco.dataset_builder.problems.portable_rng import named_seed
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.profiling.operation_profile import FunctionProfile, OperationProfile
from llamoco.dataset_builder.problems.profiling.trace_recorder import OPERATIONS

PROBE_SHARE, FEWEST_PROBES = 0.05, 8
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


def probed_features(problem: Problem) -> list[float]:
    """Shape, fits and feasibility of objective and violation at a few points, half of them along a line."""
    count = max(FEWEST_PROBES, int(PROBE_SHARE * problem.max_evals))
    random = np.random.default_rng(named_seed("probes", problem.id))
    along = np.linspace(0, 1, count // 2)[:, None]
    start, end = random.random((2, problem.dim))
    unit = np.vstack([start + along * (end - start), random.random((count - count // 2, problem.dim))])
    values = problem.evaluate(problem.lower_array + unit * (problem.upper_array - problem.lower_array))
    feasible = float(problem.feasible(values).mean())
    return [feasible, *_shape(unit, along, values.f), *_shape(unit, along, problem.total_violation(values))]


def _shape(unit: np.ndarray, along: np.ndarray, values: np.ndarray) -> list[float]:
    y = np.clip(np.nan_to_num(values, nan=1e30), -1e30, 1e30)
    y = (y - y.min()) / (np.ptp(y) or 1.0)
    line, rest = y[: len(along)], y[len(along) :]
    bends = np.diff(line, 2)
    turns = float(np.mean(np.sign(np.diff(line))[1:] != np.sign(np.diff(line))[:-1]))
    parabola = line - np.polyval(np.polyfit(along[:, 0], line, 2), along[:, 0])
    plane = np.hstack([np.ones((len(rest), 1)), unit[len(along) :]])
    off = rest - plane @ np.linalg.lstsq(plane, rest, rcond=None)[0]
    misfits = [float(part.var() / (total.var() + 1e-30)) for part, total in ((parabola, line), (off, rest))]
    return [
        turns,
        *misfits,
        float(np.abs(bends).max()),
        float(rest.mean()),
        float(rest.std()),
        float(np.median(rest)),
    ]


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
        columns = {
            "dimension, budget, numbers of constraints": [stated_features(label.problem) for label in labels],
            "and operations, by tracing": [traced_features(label.problem) for label in labels],
            "and probes of 5% of the budget": [probed_features(label.problem) for label in labels],
        }
        features = np.empty((len(labels), 0))
        for name, more in columns.items():
            features = np.hstack([features, np.nan_to_num(np.array(more), posinf=1e30, neginf=-1e30)])
            chosen = classifier_choices(labels, features, test)
            result = gap_closed([labels[number] for number in test], chosen, table.sbs[group]["aocc"], "aocc")
            sets.setdefault(name, {})[group] = {"problems": len(test), **result}
    return {"command": command, "seed": 0, **environment(), "sets": sets}
