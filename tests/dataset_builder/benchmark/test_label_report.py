"""The label report on tables whose truth is known."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from llamoco.dataset_builder.benchmark.labels import Label, Labelled, Repeat
from llamoco.dataset_builder.benchmark.race import Score
from llamoco.dataset_builder.benchmark.report import (
    label_report,
    print_label_report,
    repeat_report,
    save_report,
)
from llamoco.dataset_builder.benchmark.selector import cross_validated_choices, gap_closed, prompt_features
from llamoco.dataset_builder.problems.synthesis import draw_set


def label(problem, winner: str) -> Label:
    """A label where the winner scores 0.8 and the other 0.2, with a as single best solver."""
    scores = tuple(
        Score(n, "{}", 0.8 if n == winner else 0.2, 0.9 if n == winner else 0.5, 100) for n in "ab"
    )
    best = next(s for s in scores if s.optimizer == winner)
    return Label(problem, "train", winner, "{}", best.a3, best.w, False, scores, scores, scores)


@pytest.fixture(scope="module")
def problems():
    return draw_set(7, 40, constrained=False)


def test_selector_finds_what_the_text_tells(problems):
    middle = np.median([p.dim for p in problems])
    labels = [label(p, "a" if p.dim <= middle else "b") for p in problems]
    report = gap_closed(labels, cross_validated_choices(labels), ("a", "{}"), "a3")
    assert report["vbs"] == pytest.approx(0.8)
    assert report["sbs"] == pytest.approx(np.mean([0.8 if p.dim <= middle else 0.2 for p in problems]))
    assert report["gap_closed"] > 0.8


def test_selector_finds_nothing_in_noise(problems):
    winners = np.random.default_rng(0).choice(["a", "b"], len(problems))
    labels = [label(p, str(w)) for p, w in zip(problems, winners, strict=True)]
    assert gap_closed(labels, cross_validated_choices(labels), ("a", "{}"), "w")["gap_closed"] < 0.4


def test_features_do_not_depend_on_what_a_prompt_does_not_state(problems):
    frozen = replace(problems[0], f0=1.0, f_star=-5.0, id="other", provenance={})
    assert prompt_features(frozen) == prompt_features(problems[0])
    assert len({len(prompt_features(p)) for p in problems}) == 1


def test_repeats_are_counted_by_hand(problems):
    same, other = Repeat("a", "{}", False), Repeat("b", "{}", False)
    base = label(problems[0], "a")
    twice = [
        replace(base, repeat=same),
        replace(base, repeat=replace(same, config='{"X":1}')),
        replace(base, repeat=other),
        replace(base, repeat=replace(other, tie=True)),
        replace(base, repeat=same, tie=True),
        base,
    ]
    report = repeat_report(twice)
    assert (report["problems"], report["same_family"], report["same_configuration"]) == (5, 3 / 5, 2 / 5)
    assert (report["untied_problems"], report["same_family_untied"]) == (3, 2 / 3)
    assert repeat_report([base])["same_family"] is None


def test_report_is_a_record_a_table_and_figures(problems, tmp_path: Path):
    labels = tuple(label(p, "a" if n % 3 else "b") for n, p in enumerate(problems))
    sbs = {"unconstrained": {"a3": ("a", "{}"), "w": ("a", "{}")}}
    record = label_report(Labelled(labels, {"constrained: no run found a feasible point": 2}, sbs))
    group = record["groups"]["unconstrained"]
    assert group["labels"] == {"a": 26, "b": 14} and group["problems"] == 40
    assert group["scores"]["w"]["vbs"] == pytest.approx(0.9)
    console = Console(record=True, width=120)
    print_label_report(record, console)
    text = console.export_text()
    assert "no run found a feasible point: 2" in text and "65.0%" in text
    paths = save_report(record, tmp_path)
    assert json.loads(paths[0].read_text()) == record
    assert all(path.read_bytes()[:4] == b"\x89PNG" for path in paths[1:])
