"""The study of which facts pay: its features, and that a selector picks what can run."""

from __future__ import annotations

import numpy as np

from llamoco.dataset_builder.analysis import prompt_facts
from llamoco.dataset_builder.benchmark.label_table import SHIPPED_LABELS, read_labels
from llamoco.dataset_builder.problems.evaluators import FunctionEvaluator


def test_a_selector_learns_from_the_train_split_and_picks_what_ran() -> None:
    table = read_labels(SHIPPED_LABELS)
    labels = [label for label in table.labels if label.group == "constrained"][:160]
    labels += [label for label in table.labels if label.group == "constrained" and label.split == "test"][:10]
    wanted = [number for number, label in enumerate(labels) if label.split == "test"]
    features = np.array(
        [
            [*prompt_facts.stated_features(label.problem), *prompt_facts.traced_features(label.problem)]
            for label in labels
        ]
    )
    assert np.isfinite(features).all()
    chosen = prompt_facts.classifier_choices(labels, features, wanted)
    trained = {label.optimizer for label in labels if label.split == "train"}
    for number, name in zip(wanted, chosen, strict=True):
        assert name in trained and name in {entry.optimizer for entry in labels[number].screen}


def test_probes_are_the_same_for_the_same_problem_and_cost_a_twentieth() -> None:
    problem = next(
        label.problem for label in read_labels(SHIPPED_LABELS).labels if label.problem.max_evals > 1000
    )
    assert prompt_facts.probed_features(problem) == prompt_facts.probed_features(problem)
    points = []
    counted = FunctionEvaluator(lambda x: (points.append(len(x)), tuple(problem.evaluate(x)))[1])
    prompt_facts.probed_features(problem.with_evaluator(counted))
    assert sum(points) == int(prompt_facts.PROBE_SHARE * problem.max_evals)
