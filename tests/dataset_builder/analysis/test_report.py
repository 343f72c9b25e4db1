"""The label report on tables whose truth is known."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from llamoco.dataset_builder.analysis.baseline_solvers import SOLVERS
from llamoco.dataset_builder.analysis.baselines import run_baseline
from llamoco.dataset_builder.analysis.report import label_report, problem_facts, repeat_report
from llamoco.dataset_builder.analysis.report_text import print_label_report, save_report
from llamoco.dataset_builder.analysis.selector import (
    PROMPT_MODELS,
    cross_validated_choices,
    gap_closed,
    gap_scores,
    prompt_features,
    random_forest,
    simple_rule,
)
from llamoco.dataset_builder.analysis.task_log import TASK_LOG_FORMAT
from llamoco.dataset_builder.benchmark.labels import Label, LabelsError, LabelTable, Repeat
from llamoco.dataset_builder.benchmark.race import Score
from llamoco.dataset_builder.optimizers.configuration import configured
from llamoco.dataset_builder.problems.symbolic.synthesis import draw_set

NAMES = ("de", "slsqp")


def label(problem, winner: str) -> Label:
    """A label where the winner scores 0.8 (w 0.9) and the other 0.2 (w 0.5)."""
    scores = tuple(
        Score(*configured(n, problem), 0.8 if n == winner else 0.2, 0.9 if n == winner else 0.5, 100)
        for n in NAMES
    )
    best = next(s for s in scores if s.optimizer == winner)
    problem = replace(
        problem, f0=problem.f0 or 1.0, f_star=0.0, provenance={"f_star": "known", "f0": "median"}
    )
    return Label(problem, "train", winner, best.config, best.aocc, best.w, False, scores, scores, scores)


@pytest.fixture(scope="module")
def problems():
    return draw_set(7, 120, constrained=False)


@pytest.fixture(scope="module")
def features(problems):
    return np.array([prompt_features(p) for p in problems])


def test_selectors_find_what_the_text_tells(problems, features):
    middle = np.median([p.dim for p in problems])
    labels = [label(p, "de" if p.dim <= middle else "slsqp") for p in problems]
    choices = cross_validated_choices(labels, features, PROMPT_MODELS)
    scores = gap_scores(labels, "de", "aocc")
    mean = np.mean([0.8 if p.dim <= middle else 0.2 for p in problems])
    assert scores == pytest.approx({"sbs": mean, "vbs": 0.8, "gap": 0.8 - mean})
    assert set(choices) == {*PROMPT_MODELS, "mean"}
    for chosen in choices.values():
        closed = gap_closed(labels, chosen, "de", "aocc")
        assert closed["gap_closed"] > 0.75 and closed["hits"] > 0.85
        low, high = closed["interval"]
        assert low <= closed["gap_closed"] <= high <= 1


def test_selector_finds_nothing_in_noise(problems, features):
    winners = np.random.default_rng(0).choice(NAMES, len(problems))
    labels = [label(p, str(w)) for p, w in zip(problems, winners, strict=True)]
    choices = cross_validated_choices(labels, features, {"forest": random_forest})["forest"]
    assert gap_closed(labels, choices, "de", "w")["gap_closed"] < 0.4


def test_a_perfect_selector_closes_the_gap_and_the_single_best_solver_none_of_it(problems):
    labels = [label(p, NAMES[n % 3 == 0]) for n, p in enumerate(problems)]
    perfect = gap_closed(labels, [lb.optimizer for lb in labels], "de", "aocc")
    assert perfect["gap_closed"] == pytest.approx(1) and perfect["interval"] == pytest.approx([1, 1])
    single = gap_closed(labels, ["de"] * len(labels), "de", "aocc")
    assert single["gap_closed"] == 0 and single["score"] == pytest.approx(0.8 * 2 / 3 + 0.2 / 3)
    no_gap = [label(p, "de") for p in problems]
    assert gap_closed(no_gap, ["de"] * len(no_gap), "de", "aocc")["gap_closed"] is None


def test_a_family_that_did_not_run_is_never_chosen(problems, features):
    labels = [label(p, "slsqp") for p in problems]
    labels[3] = replace(labels[3], raced=labels[3].raced[:1], finalists=labels[3].finalists[:1])
    choices = cross_validated_choices(labels, features, {"forest": random_forest})["forest"]
    assert choices[3] == "de" and set(choices[:3]) == {"slsqp"}


def test_the_simple_rule_is_the_best_optimizer_where_it_runs(problems):
    labels = [label(p, "slsqp") for p in problems]
    labels[0] = replace(labels[0], raced=tuple(s for s in labels[0].screen if s.optimizer == "de"))
    assert simple_rule(labels, "de") == ("slsqp", ["de", *["slsqp"] * (len(labels) - 1)])
    assert simple_rule([label(p, "de") for p in problems], "de") == ("de", ["de"] * len(problems))


def test_features_do_not_depend_on_what_a_prompt_does_not_state(problems):
    frozen = replace(problems[0], f0=1.0, f_star=-5.0, id="other", provenance={})
    assert prompt_features(frozen) == prompt_features(problems[0])
    assert len({len(prompt_features(p)) for p in (*problems, *draw_set(7, 10, constrained=True))}) == 1


def test_repeats_are_counted_by_hand(problems):
    base = label(problems[0], "de")
    same = Repeat("de", base.config, False, 0.7, 0.9)
    other = Repeat("slsqp", "{}", False, 0.8, 0.8)
    twice = [
        replace(base, repeat=same),
        replace(base, repeat=replace(same, config='{"X":1}')),
        replace(base, repeat=other),
        replace(base, repeat=replace(other, tie=True)),
        replace(base, repeat=same, tie=True),
        base,
    ]
    report = repeat_report(twice)
    assert {part: row["problems"] for part, row in report.items()} == {"all": 5, "untied": 3, "tied": 2}
    assert {part: row["same_family"] for part, row in report.items()} == pytest.approx(
        {"all": 3 / 5, "untied": 2 / 3, "tied": 1 / 2}
    )
    assert report["all"]["same_configuration"] == 2 / 5
    assert report["all"]["difference"] == pytest.approx({"aocc": 0.3 / 5, "w": 0.2 / 5})
    assert repeat_report([base])["all"]["same_family"] is None


def test_facts_are_those_of_the_problems(problems):
    facts = problem_facts([label(p, "de").problem for p in problems])
    assert facts["dimensions"][0] == min(p.dim for p in problems)
    assert sum(facts["forms"].values()) == len(problems) and facts["with_equalities"] == 0
    assert sum(facts["functions"].values()) == sum(len(p.definition["components"]) for p in problems)


@pytest.fixture(scope="module")
def folder(problems, tmp_path_factory):
    """A benchmark's folder as far as the report needs it, with a baseline study of one problem."""
    folder = tmp_path_factory.mktemp("benchmark")
    table = {"command": "llamoco benchmark", "seed": 0, "problems": 62, "machine": "m", "date": "d"}
    (folder / "labels.json").write_text(json.dumps(table))
    quick = replace(problems[0], max_evals=100, f0=problems[0].f0 or 1.0, f_star=0.0)
    head = {
        "format": TASK_LOG_FORMAT,
        "command": "me",
        "settings": {"seed": 0},
        "machine": "m",
        "date": "d",
    }
    rows = [
        {"key": f"{quick.id} {name}", **run_baseline(quick.to_json(), name, 1)}
        for name in SOLVERS
        if name != "nevergrad_ngopt"  # need not be installed
    ]
    rows.append(rows[0] | {"key": f"{quick.id} nevergrad_ngopt"})
    (folder / "baselines.jsonl").write_text("".join(json.dumps(line) + "\n" for line in (head, *rows)))
    return folder


def test_report_is_a_record_a_table_and_figures(problems, folder: Path, tmp_path: Path):
    labels = tuple(label(p, NAMES[n % 3 == 0]) for n, p in enumerate(problems))
    labels = (replace(labels[0], split="test"), *labels[1:])
    sbs = {"unconstrained": {"aocc": "de", "w": "de"}}
    discarded = {"constrained: no run found a feasible point": 2, "unconstrained: f0 is not above f*": 3}
    labelled = LabelTable(labels, discarded, sbs)
    record = label_report(labelled, folder)
    group = record["groups"]["unconstrained"]
    assert group["labels"] == {"de": 80, "slsqp": 40} and group["problems"] == 120
    assert group["largest_share"] == 2 / 3 and group["one_percent"] == 2
    assert group["discarded"] == 3 and group["discarded_share"] == 3 / 123
    assert group["scores"]["w"]["vbs"] == pytest.approx(0.9)
    solvers = record["baselines"]["groups"]["unconstrained"]["solvers"]
    assert set(solvers) == set(SOLVERS) and all(0 <= row["w"] <= 1 for row in solvers.values())
    console = Console(record=True, width=160)
    print_label_report(record, console)
    text = console.export_text()
    assert "no run found a feasible point: 2" in text and "66.7%" in text and "pycma" in text
    paths = save_report(record, labels, tmp_path)
    assert json.loads(paths[0].read_text()) == record
    assert len(paths) == 5 and all(path.read_bytes()[:4] == b"\x89PNG" for path in paths[1:])


def test_selectors_are_not_trained_twice_and_not_kept_for_other_labels(problems, folder: Path, monkeypatch):
    labels = tuple(label(p, NAMES[n % 3 == 0]) for n, p in enumerate(problems))
    sbs = {"unconstrained": {"aocc": "de", "w": "de"}}
    first = label_report(LabelTable(labels, {}, sbs), folder)

    def forbidden(*arguments: object) -> list[str]:
        raise AssertionError("trained again")

    monkeypatch.setattr("llamoco.dataset_builder.analysis.report.cross_validated_choices", forbidden)
    assert label_report(LabelTable(labels, {}, sbs), folder) == first
    with pytest.raises(AssertionError, match="trained again"):
        label_report(LabelTable(labels[1:], {}, sbs), folder)


def test_a_table_without_check_scores_is_refused(problems, folder: Path):
    labels = tuple(replace(label(p, "de"), check=None) for p in problems)
    with pytest.raises(LabelsError, match="check scores"):
        label_report(LabelTable(labels, {}, {"unconstrained": {"aocc": "de", "w": "de"}}), folder)
