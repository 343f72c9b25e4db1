"""Targets of the shipped model, checked on its committed records; its card states each one that is missed."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from llamoco.modeling.evaluation.record import Contestant, Share, as_record

ROOT = Path(__file__).parents[2]
RECORDS = ROOT / "hub_cards" / "records"
EVALUATION = as_record(json.loads((RECORDS / "evaluation.json").read_text()))
SPEED = json.loads((RECORDS / "speed.json").read_text())
CARD = (ROOT / "modeling" / "llamoco-xs" / "README.md").read_text(encoding="utf-8")

KNOWN_MISSES = {
    "expected calibration error on test problems": "expected calibration error on test problems is 0.088, "
    "above the target of 0.05",
}
GROUPS = ("unconstrained", "constrained")


def targets() -> Iterator[tuple[str, bool]]:
    """Each target and whether it is met."""
    contestants: tuple[Contestant, ...] = (
        "model",
        "with_fallback",
    )  # what it writes, and what `llamoco solve` runs
    for name in contestants:
        scores = EVALUATION["tables"]["all"][name]
        yield f"Err of {name}", at_most(scores["err"], 0.005)
        yield f"r_acc of {name}", at_least(scores["r_acc"], 0.99)
        yield f"gap closed by {name}", at_least(scores["gap_closed_aocc"], 0.5)
        for kind in ("type", "budget", "dimension"):
            for of_kind, table in EVALUATION["groups"][kind].items():
                if of_kind != "11-25":
                    difference = table[name]["above_sbs"]["difference"]
                    yield (
                        f"AOCC of {name} above SBS, {kind} {of_kind}",
                        difference is not None and difference > 0,
                    )
        assert EVALUATION["baselines"] is not None
        for group in GROUPS:
            for tool, found in EVALUATION["baselines"]["groups"][group].items():
                for score, comparison in found["comparisons"][name].items():
                    ends = comparison["interval"]
                    yield f"{score} of {name} surely above {tool}, {group}", ends is not None and ends[0] > 0
    robustness = EVALUATION["robustness"]
    assert robustness is not None
    yield "gap closed lost in held-out writing patterns", at_most(value(robustness["held_out_loss"]), 0.05)
    yield "same decision after renaming", at_least(value(robustness["agreement"]["renamed"]), 0.9)
    yield "same decision in LaTeX", at_least(value(robustness["agreement"]["latex"]), 0.85)
    yield "seconds of an answer", at_most(SPEED["loaded"]["within the pool"]["seconds"], 1)
    yield "MB of llamoco solve", at_most(SPEED["command"]["peak_mib"] * 2**20 / 10**6, 600)
    yield "tokens of an answer", at_most(EVALUATION["tables"]["all"]["model"]["comp"], 1000)
    for problems, error in EVALUATION["with_fallback"]["ece"].items():
        yield f"expected calibration error on {problems}", at_most(error, 0.05)


def at_least(measured: float | None, limit: float) -> bool:
    return measured is not None and measured >= limit


def at_most(measured: float | None, limit: float) -> bool:
    return measured is not None and measured <= limit


def value(share: Share | None) -> float | None:
    return share and share["value"]


TARGETS = dict(targets())


@pytest.mark.parametrize("name", TARGETS)
def test_target_is_met_or_its_miss_is_in_the_card(name: str) -> None:
    if name in KNOWN_MISSES:
        assert not TARGETS[name], "met by now: remove it from the known misses"
        assert KNOWN_MISSES[name] in CARD
    else:
        assert TARGETS[name]


def test_known_misses_are_targets() -> None:
    assert KNOWN_MISSES.keys() <= TARGETS.keys()
