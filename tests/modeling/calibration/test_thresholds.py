"""Calibration against hand computation and against decisions whose true probability is known."""

import json
from pathlib import Path

import numpy as np
import pytest

from llamoco.dataset_builder.instruction_data import DataError
from llamoco.dataset_builder.optimizers.pool import POOL
from llamoco.modeling.calibration.calibrate import outcome, outcomes, plot_reliability, rows_in_turn
from llamoco.modeling.calibration.thresholds import (
    Calibration,
    Outcome,
    expected_calibration_error,
    fallback_threshold,
    fit,
)
from llamoco.modeling.generation.model_answer import Decision


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


def test_rows_come_one_a_problem_in_turn() -> None:
    rows = [
        {"problem_id": name, "prompt": f"{name}{n}"}
        for name, count in (("a", 3), ("b", 1), ("c", 2))
        for n in range(count)
    ]
    assert [row["prompt"] for row in rows_in_turn(rows, None)] == ["a0", "b0", "c0"]
    assert [row["prompt"] for row in rows_in_turn(rows, 9)] == ["a0", "b0", "c0", "a1", "c1", "a2"]
    assert [row["prompt"] for row in rows_in_turn(rows, 4)] == ["a0", "b0", "c0", "a1"]
    assert rows_in_turn([], None) == []


def test_outcomes_follow_from_the_scores_of_a_row() -> None:
    scores = {"slsqp": 0.5, "de": 0.4, "cma_es": 0.7}
    row = {"problem_id": "p", "optimizer": "cma_es", "constrained": True, "scores": json.dumps(scores)}
    right = outcome(row, Decision("", "cma_es", 0.7), "slsqp")
    assert right == Outcome("p", 0.7, True, 0.7, 0.5)
    assert outcome(row, Decision("", "de", 0.5), "slsqp") == Outcome("p", 0.5, False, 0.4, 0.5)
    assert outcome(row, Decision("", "cobyla", 0.5), "slsqp").aocc is None  # it serves, but did not race
    assert (
        outcome(row, Decision("", "de", 0.5), "cobyqa").single_best_aocc == 0.4
    )  # it did not run: the worst
    unconstrained = next(optimizer.name for optimizer in POOL.values() if not optimizer.handles(True))
    for name in (None, "gurobi", unconstrained):
        wrong = outcome(row, Decision("", name, 0.5), "slsqp")
        assert not wrong.hit and wrong.aocc == 0.0


class Decider:
    """A model that names DE whatever it is asked."""

    def truncate_prompt(self, prompt: str) -> str:
        return prompt

    def decisions(self, prompts: list[str]) -> list[Decision]:
        assert all(prompt.endswith("\n") for prompt in prompts)
        return [Decision("", "de", 0.5) for _ in prompts]


def test_a_model_is_asked_on_the_rows_held_out_for_calibration(tmp_path: Path) -> None:
    def row(problem: str, chosen: bool, constrained: bool) -> dict[str, object]:
        scores = json.dumps({"slsqp": 0.25, "de": 0.5, "corana_sa": 0.125})
        return {
            **{"prompt": f"{problem}\n", "problem_id": problem, "optimizer": "de", "scores": scores},
            **{"calibration": chosen, "constrained": constrained},
        }

    rows = [row(f"p{n // 2}", n // 2 % 3 == 0, n // 2 % 2 == 0) for n in range(24)]
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))
    with pytest.raises(DataError, match=r"does not state llamoco\.single_best_solvers"):
        outcomes(Decider(), str(tmp_path))
    solvers = "---\nllamoco:\n  single_best_solvers: {unconstrained: corana_sa, constrained: slsqp}\n---\n"
    (tmp_path / "README.md").write_text(solvers)
    found = outcomes(Decider(), str(tmp_path))
    assert [(o.problem_id, o.single_best_aocc) for o in found] == [
        *(("p0", 0.25), ("p3", 0.125), ("p6", 0.25), ("p9", 0.125))
    ]
    assert all(o.hit and o.aocc == 0.5 for o in found)
    assert len(outcomes(Decider(), str(tmp_path), rows=6)) == 6
    with pytest.raises(DataError, match="no column calibration"):
        (tmp_path / "train.jsonl").write_text(
            json.dumps({k: v for k, v in rows[0].items() if k != "calibration"}) + "\n"
        )
        outcomes(Decider(), str(tmp_path))


def test_a_reliability_diagram_is_drawn(tmp_path: Path) -> None:
    plot_reliability(overconfident(120), tmp_path / "r.png")
    assert (tmp_path / "r.png").read_bytes().startswith(b"\x89PNG")
