"""Calibration against hand computation and against decisions whose true probability is known."""

from pathlib import Path

import numpy as np
import pytest

from llamoco.dataset_builder.benchmark.labels import SHIPPED_LABELS, LabelTable, read_labels
from llamoco.dataset_builder.optimizers.pool import POOL
from llamoco.dataset_builder.prompts.facts import fact_lines
from llamoco.modeling.calibration.calibrate import held_out_prompts, outcome, plot_reliability
from llamoco.modeling.calibration.held_out import held_out
from llamoco.modeling.calibration.thresholds import (
    Calibration,
    Outcome,
    expected_calibration_error,
    fallback_threshold,
    fit,
)
from llamoco.modeling.generation.load import Decision


@pytest.fixture(scope="module")
def labelled() -> LabelTable:
    return read_labels(SHIPPED_LABELS)


def overconfident(count: int, gain: float = 0.0, noise: float = 0.05, seed: int = 0) -> list[Outcome]:
    """Decisions that are right with the square of the stated probability; unsure ones lose ``gain`` to the single best solver."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(count):
        raw = float(rng.uniform(0.1, 1))
        aocc = 0.5 + rng.normal(0, noise) - (gain if raw < 0.5 else -gain)
        found.append(Outcome(f"p{number // 3}", raw, bool(rng.random() < raw**2), aocc, 0.5))
    return found


def test_the_error_of_four_decisions_by_hand() -> None:
    believed, hits = np.array([0.1, 0.12, 0.9, 1.0]), np.array([0.0, 1.0, 1.0, 1.0])
    # Bins [0.1, 0.2): mean 0.11, half right. [0.9, 1]: mean 0.95, all right.
    assert expected_calibration_error(believed, hits) == pytest.approx(0.5 * 0.39 + 0.5 * 0.05)
    # Four rows in ten bins of equal count: each is a bin of its own.
    assert expected_calibration_error(believed, hits, adaptive=True) == pytest.approx(
        (0.1 + 0.88 + 0.1 + 0) / 4
    )


def test_a_known_overconfidence_is_found() -> None:
    calibration = fit(overconfident(2400))
    for raw in (0.2, 0.4, 0.6, 0.8, 0.95):
        assert calibration(raw) == pytest.approx(raw**2, abs=0.06)
    assert calibration.measures["ece_raw"] == pytest.approx(
        np.mean([u - u**2 for u in np.linspace(0.1, 1, 999)]), abs=0.03
    )
    assert calibration.measures["ece"] < 0.03 and calibration.measures["ece_adaptive"] < 0.04
    assert calibration.measures["brier"] < calibration.measures["brier_raw"]
    assert 0 < calibration.measures["ece_chance"] < 0.03
    assert calibration(0.0) == calibration.calibrated[0] and calibration(1.0) == calibration.calibrated[-1]
    assert Calibration.from_json(calibration.to_json()) == calibration
    assert (np.diff(calibration.calibrated) >= 0).all()
    with pytest.raises(ValueError, match="too few"):
        fit(overconfident(27))


def test_the_fallback_begins_where_it_pays() -> None:
    found = overconfident(1500, gain=0.1)
    raw = np.array([o.probability for o in found])
    assert fallback_threshold(raw, found) == pytest.approx(0.5, abs=0.01)
    measures = fit(found).measures
    assert measures["aocc_fallback"] > max(measures["aocc"], measures["aocc_single_best"]) + 0.03
    # Always worse: the single best solver always answers.
    worse = [Outcome(o.problem_id, o.probability, False, 0.1, 0.5) for o in found]
    assert fallback_threshold(np.minimum(raw, 0.99), worse) == 1.0
    assert (
        fallback_threshold(raw, [Outcome(o.problem_id, o.probability, o.hit, None, 0.5) for o in found])
        == 0.0
    )


def test_no_threshold_is_learnt_from_noise() -> None:
    thresholds = []
    for seed in range(20):
        found = overconfident(300, gain=0.0, noise=0.2, seed=seed)
        thresholds.append(fallback_threshold(np.array([o.probability for o in found]), found))
    # Two standard errors, the best of 300 thresholds: a few may pass.
    assert sum(threshold > 0 for threshold in thresholds) <= 6
    # Rows of one problem that agree are no evidence of their own: the same number, all of four problems.
    few = [Outcome(f"p{n % 4}", o.probability, o.hit, o.aocc, 0.5) for n, o in enumerate(overconfident(300))]
    signs = {"p0": 1.0, "p1": -0.9, "p2": 1.0, "p3": -0.9}
    few = [Outcome(o.problem_id, 0.3, o.hit, 0.5 - 0.1 * signs[o.problem_id], 0.5) for o in few]
    assert fallback_threshold(np.full(300, 0.3), few) == 0.0


def test_prompts_are_of_held_out_training_problems_in_turn(labelled: LabelTable) -> None:
    labels = labelled.labels[:300]
    chosen = [label for label in labels if label.split == "train" and held_out(label.problem.id)]
    asked = held_out_prompts(labels, 2 * len(chosen))
    assert len(asked) == 2 * len(chosen)
    ids = [label.problem.id for label, _ in asked]
    assert ids[: len(chosen)] == ids[len(chosen) :] == [label.problem.id for label in chosen]
    assert len({prompt for _, prompt in asked}) == len(asked)
    assert all(prompt.endswith(fact_lines(label.problem)) for label, prompt in asked)
    assert (
        held_out_prompts(labels, 5) == held_out_prompts(labels, 5) and len(held_out_prompts(labels, 5)) == 5
    )


def test_outcomes_are_those_of_the_label_table(labelled: LabelTable) -> None:
    label = next(label for label in labelled.labels if label.group == "constrained")
    single = labelled.sbs["constrained"]["aocc"]
    right = outcome(label, Decision("", label.optimizer, 0.7), single)
    assert right.hit and right.aocc == pytest.approx(label.aocc, abs=1e-5) and right.probability == 0.7
    finals = [entry.optimizer for entry in label.finalists]
    screened = next(entry for entry in label.screen if entry.optimizer not in finals)
    assert outcome(label, Decision("", screened.optimizer, 0.5), single).aocc == screened.aocc
    assert outcome(label, Decision("", single, 0.5), single).aocc == right.single_best_aocc
    unconstrained = next(optimizer.name for optimizer in POOL.values() if not optimizer.handles(True))
    for name in (None, "gurobi", unconstrained):
        wrong = outcome(label, Decision("", name, 0.5), single)
        assert not wrong.hit and wrong.aocc == 0.0


def test_a_reliability_diagram_is_drawn(tmp_path: Path) -> None:
    plot_reliability(overconfident(120), tmp_path / "r.png")
    assert (tmp_path / "r.png").read_bytes().startswith(b"\x89PNG")
