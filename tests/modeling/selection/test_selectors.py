"""Selectors: what they learn from labels, and what they may choose."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from study_rows import described

from llamoco.dataset_builder.benchmark.label_table import SHIPPED_LABELS, read_labels
from llamoco.dataset_builder.optimizers.catalogue import POOL
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.rows import rows_of_problem
from llamoco.modeling.evaluation.split_rows import Row
from llamoco.modeling.selection.selectors import (
    AsLlm,
    Pias,
    best_affordable,
    fixed_portfolio,
    landscape_of,
    matched,
    text_embedding,
)
from llamoco.modeling.selection.training_set import (
    SelectionError,
    TrainingSet,
    training_set,
    training_sets,
)


def ruled(rule: Callable[[Row], bool]) -> TrainingSet:
    """Test problems of the shipped labels, in either language, on which SLSQP is best where a rule holds and BOBYQA elsewhere."""
    labels = [label for label in read_labels(SHIPPED_LABELS).labels if label.split == "test"]
    labels = [label for label in labels if not label.problem.constrained and label.problem.max_evals <= 5000]
    rows = [
        rows_of_problem(label.problem, "slsqp", "{}", 0, 2)[n % 2] for n, label in enumerate(labels[:120])
    ]
    for row in rows:
        holds = rule(row)
        row["scores"] = json.dumps(
            {"slsqp": 0.9 if holds else 0.2, "bobyqa": 0.2 if holds else 0.9, "coordinate_search": 0.3}
        )
        row["optimizer"] = "slsqp" if holds else "bobyqa"
    return training_set("unconstrained", rows)


# What each selector can see: PIAS the size, AS-LLM the text.
RULES: dict[type[Pias] | type[AsLlm], Callable[[Row], bool]] = {
    Pias: lambda row: row["dim"] <= 10,
    AsLlm: lambda row: row["language"] == "latex",
}


@pytest.fixture(scope="module")
def training() -> TrainingSet:
    return ruled(RULES[Pias])


def test_one_row_a_problem_is_kept(training: TrainingSet) -> None:
    assert len({problem.id for problem in training.problems}) == len(training.problems) >= 40
    assert training.scores.shape == (len(training.problems), 3)
    assert training.names == ("bobyqa", "coordinate_search", "slsqp")
    assert np.allclose(training.relative.mean(axis=1), 0)


def test_too_few_problems_are_refused() -> None:
    with pytest.raises(
        SelectionError,
        match=r"unconstrained problems, a selector needs 20: name a larger data set with --data",
    ):
        training_sets(described(6))


@pytest.mark.parametrize("kind", [Pias, AsLlm])
def test_a_selector_learns_a_rule_that_shows_in_what_it_sees(
    kind: type[Pias] | type[AsLlm],
) -> None:
    training = ruled(RULES[kind])
    free = range(0, len(training.problems), 3)
    kept = [n for n in range(len(training.problems)) if n % 3]
    known = TrainingSet(
        training.group,
        tuple(training.problems[n] for n in kept),
        tuple(training.prompts[n] for n in kept),
        tuple(training.labels[n] for n in kept),
        training.names,
        training.scores[kept],
    )
    selector = kind(known)
    right = [selector.choose(training.prompts[n], training.problems[n]) == training.labels[n] for n in free]
    assert sum(right) >= 0.9 * len(free)
    again = kind(known)
    assert [again.choose(training.prompts[n], training.problems[n]) for n in list(free)[:5]] == [
        selector.choose(training.prompts[n], training.problems[n]) for n in list(free)[:5]
    ]


def test_only_optimizers_that_serve_and_afford_a_problem_are_chosen(training: TrainingSet) -> None:
    limited = next(o for o in POOL.values() if o.max_evals_limit and o.handles(False))
    assert limited.max_evals_limit is not None
    names, values = ("slsqp", limited.name), np.array([0.1, 0.9])
    within = replace(training.problems[0], max_evals=limited.max_evals_limit)
    small = next((p for p in training.problems if limited.affords(p.dim, 100)), training.problems[0])
    assert best_affordable(names, values, replace(small, max_evals=limited.max_evals_limit + 1)) == "slsqp"
    if limited.affords(within.dim, within.max_evals):
        assert best_affordable(names, values, within) == limited.name
    constrained = next(p for row in described(20) if (p := Problem.from_json(row["problem"])).constrained)
    assert best_affordable(("l_bfgs_b", "slsqp"), np.array([0.9, 0.1]), constrained) == "slsqp"


def test_the_landscape_of_a_budget_without_probes_is_unknown(training: TrainingSet) -> None:
    problem = replace(training.problems[0], max_evals=20)
    assert np.isnan(landscape_of(problem)[5:]).all()
    assert np.isfinite(landscape_of(problem)[:5]).all()


def test_texts_are_embedded_as_unit_vectors_and_matched_by_their_cosine(training: TrainingSet) -> None:
    embedding = text_embedding(training.prompts)
    vectors = embedding.transform(training.prompts[:8])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    assert np.allclose(matched(vectors, vectors)[:, -1], 1)
    swapped = matched(vectors, vectors[::-1])
    assert np.allclose(swapped[:, -1], np.sum(vectors * vectors[::-1], axis=1))


def test_a_portfolio_takes_what_complements_and_not_what_is_second(training: TrainingSet) -> None:
    scores = np.array([[0.9, 0.8, 0.1], [0.9, 0.8, 0.1], [0.1, 0.0, 0.7]])
    small = replace_scores(training, scores)
    assert fixed_portfolio(small, 2) == (small.names[0], small.names[2])
    assert len(set(fixed_portfolio(small, 9))) == 3


def replace_scores(training: TrainingSet, scores: np.ndarray) -> TrainingSet:
    """The same optimizers with other scores, on as many problems."""
    n = len(scores)
    return TrainingSet(
        training.group,
        training.problems[:n],
        training.prompts[:n],
        training.labels[:n],
        training.names,
        scores,
    )
