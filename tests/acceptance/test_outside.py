"""Targets of the shipped model on problems from outside, checked on the committed record; each that is missed is named here."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from llamoco.dataset_builder.problems.suites.suite import load_suite
from llamoco.modeling.evaluation.suite_scores import ALL, RIVALS

RECORD = Path(__file__).parents[2] / "hub_cards" / "records" / "outside.json"
WITHIN = 0.9
KNOWN_MISSES: set[str] = set()

if not RECORD.is_file():
    pytest.skip("no record of the suite yet: llamoco evaluate --suite outside", allow_module_level=True)
OUTSIDE = json.loads(RECORD.read_text(encoding="utf-8"))
SOLVE = OUTSIDE["ways"]["solve"][ALL]


def targets() -> Iterator[tuple[str, bool]]:
    """Each target and whether it is met."""
    yield f"at most 0.05 behind the best rival on {WITHIN:.0%} of the problems", SOLVE["within"] >= WITHIN
    for tool in RIVALS:
        yield f"mean w above {tool}", SOLVE["perf_compared"] > SOLVE["rivals"][tool]


TARGETS = dict(targets())


@pytest.mark.parametrize("name", TARGETS)
def test_target_is_met_or_a_known_miss(name: str) -> None:
    assert TARGETS[name] != (name in KNOWN_MISSES)


def test_the_record_is_of_the_shipped_suite() -> None:
    assert [entry["id"] for entry in OUTSIDE["problems"]] == [problem.id for problem in load_suite("outside")]
    assert SOLVE["compared"] == SOLVE["problems"] == len(OUTSIDE["problems"])
    assert TARGETS.keys() >= KNOWN_MISSES
