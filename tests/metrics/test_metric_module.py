"""The evaluate module, end to end: programs in, scores out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import evaluate
import numpy as np
import pytest

from llamoco.dataset_builder.optimizers.pool import render
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics import runs
from llamoco.metrics.sandbox import tiers

SECTION = """\
import numpy as np

LOWER = [-5, -5, -4]
UPPER = [5, 5, 6]
MAX_EVALS = 200


def objective(x):
    return float(np.sum((np.asarray(x) - 1.0) ** 2))


def inequality(x):
    return [x[0] - 0.5, -4 - x[1]]
"""
PROBLEM = Problem(
    id="shifted-sphere",
    kind="source",
    lower=(-5.0, -5.0, -4.0),
    upper=(5.0, 5.0, 6.0),
    max_evals=200,
    n_inequality=2,
    n_equality=0,
    definition={"python": SECTION},
    f0=25.25,
    f_star=0.25,
)
RANDOM_SEARCH = """\
import numpy as np


def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None):
    rng = np.random.default_rng(seed)
    X = rng.uniform(lower, upper, (max_evals, len(lower)))
    f, g = objective(X), inequality(X)
    return X[np.argmin(np.where((g <= 0).all(axis=1), f, np.inf))]
"""
BROKEN = RANDOM_SEARCH.replace("np.argmin", "np.argmini")
GUARD = "\n\nif __name__ == '__main__':\n    raise SystemExit('the guard ran')\n"
FOLDER = str(Path(__file__).parents[2] / "metrics" / "llamoco")


@pytest.fixture(scope="module")
def metric(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    patch = pytest.MonkeyPatch()
    patch.setenv("HF_ALLOW_CODE_EVAL", "1")
    yield evaluate.load(FOLDER, cache_dir=str(tmp_path_factory.mktemp("cache")))
    patch.undo()


def test_the_same_point_as_without_a_sandbox(metric: Any) -> None:
    given: dict[str, Any] = {
        "predictions": [RANDOM_SEARCH],
        "references": [PROBLEM.to_json()],
        "runs": 2,
        "seed": 7,
    }
    result = metric.compute(**given, tokens=[1200])
    assert [result[name] for name in ("err", "rec", "comp", "faith", "r_acc")] == [0, None, 1200, None, 1]
    assert result["verdicts"] == {"ok": 2} and result["tier"] in "ABC"
    for record in result["records"]:
        rng = np.random.default_rng(record["seed"])
        points = rng.uniform(PROBLEM.lower, PROBLEM.upper, (200, 3))
        f = np.where((points[:, 0] <= 0.5) & (points[:, 1] >= -4), np.sum((points - 1) ** 2, axis=1), np.inf)
        assert (record["evals"], record["refused"]) == (200, 0)
        assert record["f"] == pytest.approx(f.min())
        assert record["w"] == pytest.approx(1 - (f.min() - 0.25) / 25)
        assert record["trace"][0] == (1 + int(np.argmax(np.isfinite(f))), pytest.approx(f[np.isfinite(f)][0]))
    assert result["perf"] == pytest.approx(np.mean([record["w"] for record in result["records"]]))
    assert 0 < result["a3"] < 1
    again = metric.compute(**given)
    assert again["perf"] == result["perf"] and again["a3"] == result["a3"]


def test_errors_repairs_and_whole_scripts(metric: Any) -> None:
    whole = SECTION + "\n\n" + RANDOM_SEARCH + GUARD
    other = whole.replace("- 1.0) ** 2", "- 1.1) ** 2")
    reordered = whole.replace("[x[0] - 0.5, -4 - x[1]]", "(-4 - x[1], x[0] - 0.5)")
    result = metric.compute(
        predictions=[RANDOM_SEARCH, BROKEN, whole, other, reordered],
        references=[PROBLEM.to_json()] * 5,
        runs=1,
        repairs=[None, RANDOM_SEARCH, None, None, None],
    )
    records = result["records"]
    assert [record["verdict"] for record in records] == ["ok", "runtime_error", "ok", "ok", "ok"]
    assert [record["faithful"] for record in records] == [None, None, True, False, True]
    assert result["err"] == pytest.approx(2 / 5)
    assert result["faith"] == pytest.approx(2 / 3)
    assert result["rec"] == pytest.approx(1 / len(BROKEN.splitlines()))
    assert records[1]["repair"]["verdict"] == "ok"
    assert [record["w"] > 0 for record in records] == [True, True, True, False, True]
    assert len({record["w"] for record in records}) == 2
    assert records[1]["frames"] and "in optimize" in records[1]["frames"][0]


def test_suitability(metric: Any) -> None:
    ignores = RANDOM_SEARCH.replace(", inequality(X)", ", np.zeros((max_evals, 1))  # not inequality")
    known, unfit = render("cobyla"), render("l_bfgs_b")
    programs = [RANDOM_SEARCH, ignores, known, unfit, "nonsense ("]
    result = metric.compute(predictions=programs, references=[PROBLEM.to_json()] * 5, runs=1)
    assert result["r_acc"] == pytest.approx(2 / 5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"predictions": [], "references": []}, "at least one"),
        ({"predictions": [RANDOM_SEARCH], "references": []}, "references has to be a list"),
        ({"predictions": [RANDOM_SEARCH] * 2, "references": [PROBLEM.to_json()]}, "2 predictions for 1"),
        ({"predictions": [3], "references": [PROBLEM.to_json()]}, r"predictions\[0\] is of type int"),
        ({"predictions": [RANDOM_SEARCH], "references": ["{"]}, r"references\[0\]: not a problem"),
        ({"predictions": [RANDOM_SEARCH], "references": ["{}"]}, r"references\[0\]: .*format"),
        ({"predictions": ["x"], "references": [PROBLEM.to_json()], "tokens": [1, 2]}, "tokens has 2 entries"),
        ({"predictions": ["x"], "references": [PROBLEM.to_json()], "repairs": [7]}, r"repairs\[0\]"),
        ({"predictions": ["x"], "references": [PROBLEM.to_json()], "runs": 0}, "at least 1"),
    ],
)
def test_bad_input_is_named(metric: Any, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        metric.compute(**arguments)


def test_bad_input_leaves_nothing_behind(metric: Any) -> None:
    with pytest.raises(ValueError, match=r"references\[1\]"):
        metric.compute(predictions=["x ="] * 2, references=[PROBLEM.to_json(), "{"])
    result = metric.compute(predictions=["x ="], references=[PROBLEM.to_json()], runs=2)
    assert result["err"] == 1 and len(result["records"]) == 2


def test_running_code_has_to_be_allowed(metric: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_ALLOW_CODE_EVAL")
    with pytest.raises(ValueError, match="HF_ALLOW_CODE_EVAL"):
        metric.compute(predictions=["x"], references=[PROBLEM.to_json()])
    assert "HF_ALLOW_CODE_EVAL" not in os.environ


def test_a_machine_that_cannot_confine_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    # A zygote that never starts is the nearest thing to be had on a machine that can confine.
    monkeypatch.setattr(tiers, "bubblewrap_works", lambda: True)
    monkeypatch.setattr(tiers, "bubblewrap", lambda scratch: ["false"])
    with pytest.raises(tiers.SandboxUnavailable, match="did not start"):
        runs.Runner()
