"""Targets: which values meet them."""

import pytest

from llamoco.hub_cards.targets import Target, missed


@pytest.mark.parametrize(
    ("measured", "least", "strict", "met"),
    [
        (0.7, True, False, True),
        (0.6, True, False, True),
        (0.6, True, True, False),
        (0.5, True, False, False),
        (0.5, False, False, True),
        (0.6, False, True, False),
        (0.7, False, False, False),
        (None, True, False, False),
        (None, False, False, False),
    ],
)
def test_met(measured: float | None, least: bool, strict: bool, met: bool) -> None:
    target = Target("share", measured, 0.6, least, strict)
    assert target.met == met
    assert missed(iter([target])) == ([] if met else [target])


def test_demand() -> None:
    assert Target("a", 0, 0.6).demand == "at least 0.6"
    assert Target("a", 0, 0, strict=True).demand == "above 0"
    assert Target("a", 0, 1, False).demand == "at most 1"
