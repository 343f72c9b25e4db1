"""Targets of the shipped labels, checked on the committed label report."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

REPORT = json.loads((Path(__file__).parents[2] / "hub_cards" / "records" / "label_report.json").read_text())
GROUPS = REPORT["groups"]


@pytest.fixture(params=GROUPS)
def group(request: pytest.FixtureRequest) -> Any:
    return GROUPS[request.param]


def test_labels_repeat_and_can_be_told_from_the_prompt(group: Any) -> None:
    assert group["repeat"]["untied"]["same_family"] >= 0.7
    assert group["selectors"]["boosted trees"]["aocc"]["gap_closed"] >= 0.6


def test_few_problems_are_discarded(group: Any) -> None:
    assert group["discarded_share"] <= 0.1


def test_no_optimizer_dominates(group: Any) -> None:
    assert group["largest_share"] <= 0.35


def test_many_optimizers_win() -> None:
    counts = sum((Counter(group["labels"]) for group in GROUPS.values()), Counter[str]())
    assert sum(count >= 0.01 * counts.total() for count in counts.values()) >= 12


def test_problems_are_varied(group: Any) -> None:
    facts = group["facts"]
    assert facts["centre_above_w"] <= 0.02 and facts["varied_bounds"] >= 0.3


def test_equality_constraints_are_in_the_minority() -> None:
    assert GROUPS["constrained"]["facts"]["with_equalities"] <= 0.3
