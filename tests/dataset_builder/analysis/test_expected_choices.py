"""Expected choices: what they follow, and that no problem's own scores are in what is expected of it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from llamoco.dataset_builder.analysis.expected_choices import Scored, expected_choices
from llamoco.dataset_builder.benchmark.labels import LabelTable
from llamoco.dataset_builder.problems.problem import Problem

TEMPERATURE = 0.05


def good_for(problem: Problem) -> str:
    """A rule that facts of the prompt decide."""
    return "slsqp" if problem.max_evals > 100 * problem.dim else "cobyla"


def by_the_rule(problem: Problem, noise: float = 0.0) -> dict[str, float]:
    scores = {"slsqp": 0.5, "cobyla": 0.5, "bobyqa": 0.4 + noise}
    scores[good_for(problem)] = 0.6
    return scores


def same(first: list[dict[str, float]], second: list[dict[str, float]]) -> bool:
    """But for the order in which trees are added up."""
    return all(
        a.keys() == b.keys() and all(math.isclose(a[name], b[name], abs_tol=1e-9) for name in a)
        for a, b in zip(first, second, strict=True)
    )


@pytest.fixture(scope="module")
def scored(shipped: LabelTable) -> list[Scored]:
    rng = np.random.default_rng(0)
    chosen = [
        [label.problem for label in shipped.labels if label.problem.constrained == constrained][:80]
        for constrained in (False, True)
    ]
    return [Scored(p, by_the_rule(p, rng.normal(0, 0.02))) for part in chosen for p in part]


def test_problems_are_expected_to_be_like_those_that_resemble_them(scored: list[Scored]) -> None:
    expected = expected_choices(scored, TEMPERATURE)
    for one, shares in zip(scored, expected, strict=True):
        assert set(shares) <= set(one.scores) and sum(shares.values()) == pytest.approx(1)
    right = [
        max(shares, key=lambda name: shares[name]) == good_for(one.problem)
        for one, shares in zip(scored, expected, strict=True)
    ]
    assert np.mean(right) > 0.9
    # As likely as its scores make it: a softmax of them (noise aside).
    best = math.exp(0.6 / TEMPERATURE)
    own = best / (best + math.exp(0.5 / TEMPERATURE) + math.exp(0.4 / TEMPERATURE))
    assert np.mean([max(shares.values()) for shares in expected]) == pytest.approx(own, abs=0.08)


def test_what_is_expected_of_a_problem_does_not_depend_on_its_own_scores(scored: list[Scored]) -> None:
    number = 7
    upside_down = {name: 1 - score for name, score in scored[number].scores.items()}
    changed = [replace(one, scores=upside_down) if n == number else one for n, one in enumerate(scored)]
    before, after = expected_choices(scored, TEMPERATURE), expected_choices(changed, TEMPERATURE)
    assert same(before[number : number + 1], after[number : number + 1])
    assert not same(before, after), "others learn from it"


def test_nothing_is_learnt_from_problems_that_are_held_out(scored: list[Scored]) -> None:
    def held_out(turned: bool) -> list[Scored]:
        return [
            replace(
                one,
                scores={name: 1 - s if turned else s for name, s in one.scores.items()},
                held_out=True,
            )
            if n % 4 == 0
            else one
            for n, one in enumerate(scored)
        ]

    assert same(expected_choices(held_out(True), TEMPERATURE), expected_choices(held_out(False), TEMPERATURE))


def test_of_optimizers_that_cannot_serve_a_problem_nothing_is_expected(scored: list[Scored]) -> None:
    without = [
        replace(one, scores={name: s for name, s in one.scores.items() if n % 2 or name != "slsqp"})
        for n, one in enumerate(scored)
    ]
    for one, shares in zip(without, expected_choices(without, TEMPERATURE), strict=True):
        assert set(shares) <= set(one.scores) and sum(shares.values()) == pytest.approx(1)


def test_of_few_problems_the_mean_is_expected(scored: list[Scored]) -> None:
    [first, second] = expected_choices(scored[:2], TEMPERATURE)
    assert first == pytest.approx(second)
    assert expected_choices([], TEMPERATURE) == []
