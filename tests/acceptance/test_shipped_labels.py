"""Targets of the shipped labels, checked on the committed label report, whose tables the data set's card shows."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

REPORT = json.loads((Path(__file__).parents[2] / "hub_cards" / "records" / "label_report.json").read_text())
GROUPS = REPORT["groups"]
# Targets that are missed, by test and group: of the gap to the honest SBS a selector closes less than hoped for, and COBYLA wins
# 39% of the constrained problems.
KNOWN_MISSES = {("told", "unconstrained"), ("told", "constrained"), ("largest", "constrained")}


@pytest.fixture(params=GROUPS)
def group(request: pytest.FixtureRequest) -> Any:
    return GROUPS[request.param]


def test_labels_repeat(group: Any) -> None:
    assert group["repeat"]["untied"]["same_family"] >= 0.8


@pytest.mark.parametrize("name", GROUPS)
def test_labels_can_be_told_from_the_prompt(name: str) -> None:
    closed = GROUPS[name]["selectors"]["boosted trees"]["aocc"]["gap_closed"]
    assert (closed >= 0.6) != (("told", name) in KNOWN_MISSES)


def test_few_problems_are_discarded(group: Any) -> None:
    assert group["discarded_share"] <= 0.1


@pytest.mark.parametrize("name", GROUPS)
def test_no_optimizer_dominates(name: str) -> None:
    assert (GROUPS[name]["largest_share"] <= 0.35) != (("largest", name) in KNOWN_MISSES)


def test_many_optimizers_win() -> None:
    counts = sum((Counter(group["labels"]) for group in GROUPS.values()), Counter[str]())
    assert sum(count >= 0.01 * counts.total() for count in counts.values()) >= 12


def test_problems_are_varied(group: Any) -> None:
    facts = group["facts"]
    assert facts["centre_above_w"] <= 0.02 and facts["varied_bounds"] >= 0.3


def test_equality_constraints_are_in_the_minority() -> None:
    assert GROUPS["constrained"]["facts"]["with_equalities"] <= 0.3
