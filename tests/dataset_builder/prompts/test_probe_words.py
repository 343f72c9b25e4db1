"""Probes in words."""

from __future__ import annotations

import numpy as np
import pytest

from llamoco.dataset_builder.problems.problem import Evaluation
from llamoco.dataset_builder.problems.profiling.probes import LandscapeFeatures, Probes, probe_problem
from llamoco.dataset_builder.problems.symbolic.synthesis import draw_problem
from llamoco.dataset_builder.prompts.probe_words import probe_words, words_of_problem

NO_VALUES = Evaluation(np.zeros(12), np.empty((12, 0)), np.empty((12, 0)))


def probes(undefined: float, feasible: float, **features: float) -> Probes:
    """Probes of twelve points."""
    objective = LandscapeFeatures(**features)
    return Probes(np.zeros((12, 2)), NO_VALUES, 0, undefined, feasible, objective, LandscapeFeatures())


def test_each_feature_has_its_word() -> None:
    found = probes(
        0.25,
        0.75,
        equal=0.1,
        noise=2e-3,
        slope=40.0,
        turns=0.9,
        misfit=0.5,
        nonconvex=1.0,
        conditioning=4.2,
        mixed=0.2,
        dominance=3.0,
        idle=0.0,
        skew=0.05,
        decades=2.6,
    )
    text = (
        "12 points, undefined some{}; plateaus few, noise 1e-3, slope 1e2; turns many, parabola far, concave all; "
        "conditioning 1e4, coupled, weights uneven, idle none; median low, range 1e3"
    )
    assert probe_words(found, False) == text.format("")
    assert probe_words(found, True) == text.format(", feasible most")


def test_what_is_not_known_is_left_out() -> None:
    assert probe_words(probes(0.0, 0.0), True) == "12 points, undefined none, feasible none"
    assert probe_words(probes(1.0, 0.0, noise=1e-14), False) == "12 points, undefined many; noise none"


@pytest.mark.parametrize("constrained", [False, True])
def test_words_of_drawn_problems_are_short_and_bear_the_last_digits_of_values(constrained: bool) -> None:
    same = asked = 0
    for number in range(30):
        problem = draw_problem(3, number, constrained)
        text = words_of_problem(problem)
        if text is None:
            continue
        assert len(text) <= 230 and "\n" not in text and "nan" not in text

        def rounded(x: np.ndarray, problem=problem) -> Evaluation:  # type: ignore[no-untyped-def]
            values = problem.evaluate(x)
            other = values.f * (1 + 2e-16 * np.cos(np.arange(len(x))))
            return Evaluation(other, values.g, values.h)

        again = probe_problem(problem, rounded)
        assert again is not None
        asked += 1
        same += probe_words(again, constrained) == text
    assert same == asked
