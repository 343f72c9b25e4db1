"""Kinds of problems: what a definition says against what a report counts."""

from dataclasses import replace

import pytest

from llamoco.dataset_builder.analysis.problem_kinds import kind_report, kinds_of
from llamoco.dataset_builder.benchmark.labels import Label, Repeat
from llamoco.dataset_builder.problems.symbolic.synthesis import draw_set


@pytest.fixture(scope="module")
def problems():
    return [*draw_set(7, 60, constrained=False), *draw_set(7, 60, constrained=True)]


def test_kinds_are_what_the_definition_says(problems):
    for problem in problems:
        kinds, text = kinds_of(problem), problem.to_json()
        assert len(kinds) == len(set(kinds))
        assert ("starting point" in kinds) == (problem.start is not None)
        assert any(kind.startswith("family: ") for kind in kinds) == ('"form":"family"' in text)
        assert ("term: penalty" in kinds) == ('"kind":"penalty"' in text)
        assert ("equalities" in kinds) == (problem.n_equality > 0)
        (budget,) = (kind.removeprefix("budget: ") for kind in kinds if kind.startswith("budget: "))
        low, high = {
            "<= 100": (0, 100),
            "101 to 1,000": (101, 1000),
            "1,001 to 5,000": (1001, 5000),
            "5,001 to 20,000": (5001, 20_000),
            "> 20,000": (20_001, 10**9),
        }[budget]
        assert low <= problem.max_evals <= high


def test_kinds_are_counted_by_hand(problems):
    base = replace(problems[0], max_evals=50)
    won = [
        Label(base, "train", name, "{}", 0.5, 0.5, tie, (), (), None, repeat)
        for name, tie, repeat in (
            ("de", False, Repeat("de", "{}", False)),
            ("de", False, Repeat("pso", "{}", False)),
            ("pso", True, Repeat("de", "{}", False)),
            ("de", False, None),
        )
    ]
    other = Label(replace(base, max_evals=500), "train", "ga", "{}", 0.5, 0.5, False, (), ())
    report = kind_report([*won, other])
    assert report["budget: <= 100"] == {
        "problems": 4,
        "wins": {"de": 0.75, "pso": 0.25},
        "ties": 0.25,
        "untied": 2,
        "repeat": 0.5,
    }
    assert report["budget: 101 to 1,000"]["wins"] == {"ga": 1.0}
    assert report["budget: 101 to 1,000"]["repeat"] is None
    assert sum(entry["problems"] for kind, entry in report.items() if kind.startswith("variables")) == 5
