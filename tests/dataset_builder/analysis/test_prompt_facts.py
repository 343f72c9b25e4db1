"""The study of which facts pay: its features, and that a selector picks what can run."""

from __future__ import annotations

import numpy as np

from llamoco.dataset_builder.analysis import prompt_facts
from llamoco.dataset_builder.benchmark.label_table import SHIPPED_LABELS, read_labels
from llamoco.dataset_builder.problems.profiling.probes import UNKNOWN, probe_numbers, probe_problem


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


def test_sets_of_facts_are_finite_and_nested() -> None:
    problems = [label.problem for label in read_labels(SHIPPED_LABELS).labels[:20]]
    sets = prompt_facts.feature_sets(problems, [probe_numbers(probe_problem(p)) for p in problems])
    assert tuple(sets) == prompt_facts.SETS
    widths = [features.shape[1] for features in sets.values()]
    assert widths[0] < widths[1] and widths[3] == widths[1] + widths[2] - widths[0]
    assert all(np.isfinite(features).all() for features in sets.values())
    assert (sets["size"] == sets["size and probes"][:, : widths[0]]).all()
    unknown = prompt_facts.feature_sets(problems, [probe_numbers(None)] * 20)["size and probes"]
    assert (unknown[:, widths[0] :] == UNKNOWN).all()
