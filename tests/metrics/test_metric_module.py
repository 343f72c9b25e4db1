"""The evaluate module, end to end: programs in, scores out."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import datasets
import evaluate
import numpy as np
import pytest

from llamoco.dataset_builder.optimizers.pool import render
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics.runner import Runner
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
        "workers": 1,
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
    assert 0 < result["aocc"] < 1
    again = metric.compute(**given)
    assert again["perf"] == result["perf"] and again["aocc"] == result["aocc"]


def test_errors_repairs_and_whole_scripts(metric: Any) -> None:
    whole = SECTION + "\n\n" + RANDOM_SEARCH + GUARD
    other = whole.replace("- 1.0) ** 2", "- 1.1) ** 2")
    reordered = whole.replace("[x[0] - 0.5, -4 - x[1]]", "(-4 - x[1], x[0] - 0.5)")
    result = metric.compute(
        predictions=[RANDOM_SEARCH, BROKEN, whole, other, reordered],
        references=[PROBLEM.to_json()] * 5,
        runs=1,
        workers=1,
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


def steady(given: Any) -> Any:
    """What has to be the same in two calls: all but times and memory."""
    if isinstance(given, dict):
        varying = ("seconds", "wall", "cpu", "max_rss")
        return {name: steady(value) for name, value in given.items() if name not in varying}
    return [steady(entry) for entry in given] if isinstance(given, list) else given


def test_pairs_added_one_by_one_or_in_batches_score_as_in_one_call(metric: Any) -> None:
    programs = [RANDOM_SEARCH, BROKEN, render("cobyla"), ""]
    options: dict[str, Any] = {
        "runs": 2,
        "workers": 1,
        "tokens": [1, 2, 3, 4],
        "repairs": [None, RANDOM_SEARCH, None, None],
    }
    once = metric.compute(predictions=programs, references=[PROBLEM.to_json()] * 4, **options)
    metric.add(prediction=programs[0], reference=PROBLEM.to_json())
    metric.add_batch(predictions=programs[1:3], references=[PROBLEM.to_json()] * 2)
    assert len(metric) == 3
    with pytest.raises(ValueError, match="repairs has 4 entries for 3"):
        metric.compute(**options)
    with pytest.raises(ValueError, match="runs"):
        metric.compute(runs=0)
    with pytest.raises(ValueError, match=r"references\[0\]"):
        metric.add(prediction="x", reference="{}")
    added = metric.compute(predictions=programs[3:], references=[PROBLEM.to_json()], **options)
    assert steady(added) == steady(once)
    assert added["comp"] == 2.5 and len(metric) == 0


def test_works_among_combined_modules_and_on_columns(metric: Any) -> None:
    other = evaluate.load(FOLDER, keep_in_memory=True)
    both = evaluate.combine({"one": metric, "other": other})
    data = datasets.Dataset.from_dict({"completion": [RANDOM_SEARCH], "problem": [PROBLEM.to_json()]})
    columns = {"predictions": data["completion"], "references": np.array(data["problem"])}
    both.add(BROKEN, PROBLEM.to_json())
    result = both.compute(**columns, runs=1, workers=1)
    assert result["one_perf"] == result["other_perf"] > 0
    for records in (result["one_records"], result["other_records"]):
        assert [record["verdict"] for record in records] == ["runtime_error", "ok"]


def test_texts_that_are_no_programs_fail_as_programs(metric: Any) -> None:
    texts = ["", "\n# nothing", "optimize = 3", "\ud800 = 1", "x = '\x00'"]
    result = metric.compute(predictions=texts, references=[PROBLEM.to_json()] * len(texts), runs=1, workers=1)
    verdicts = [record["verdict"] for record in result["records"]]
    assert verdicts == ["runtime_error"] * 3 + ["syntax_error"] * 2
    assert (result["err"], result["perf"], result["aocc"], result["r_acc"]) == (1, 0, 0, 0)


def test_without_reference_values_the_other_scores_are_given(metric: Any) -> None:
    references = [replace(PROBLEM, **{unknown: None}).to_json() for unknown in ("f0", "f_star")]
    result = metric.compute(
        predictions=[RANDOM_SEARCH] * 2, references=references, runs=2, workers=1, tokens=[7, 9]
    )
    assert (result["perf"], result["aocc"]) == (None, None)
    assert (result["err"], result["comp"], result["r_acc"]) == (0, 8, 1)
    assert all(record["w"] is record["aocc"] is None and record["f"] > 0 for record in result["records"])


def changed(**fields: Any) -> str:
    return json.dumps(json.loads(PROBLEM.to_json()) | fields)


ONE: dict[str, Any] = {"predictions": ["x ="], "references": [PROBLEM.to_json()]}
TWO: dict[str, Any] = {"predictions": ["x ="] * 2, "references": [PROBLEM.to_json()] * 2}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"predictions": [], "references": []}, "predictions has to be a list with at least one"),
        ({"predictions": [RANDOM_SEARCH], "references": []}, "references has to be a list"),
        ({"predictions": [RANDOM_SEARCH]}, "references has to be a list"),
        ({"references": [PROBLEM.to_json()]}, "predictions has to be a list"),
        ({"predictions": RANDOM_SEARCH, "references": PROBLEM.to_json()}, "predictions has to be a list"),
        (ONE | {"predictions": {"a": "b"}}, "predictions has to be a list"),
        (ONE | {"predictions": iter(["x"])}, "predictions has to be a list"),
        (ONE | {"predictions": ["x ="] * 2}, "2 predictions for 1 references"),
        (TWO | {"references": [PROBLEM.to_json()]}, "2 predictions for 1 references"),
        (ONE | {"predictions": [None]}, r"predictions\[0\] is of type NoneType"),
        (TWO | {"predictions": ["x", b"x"]}, r"predictions\[1\] is of type bytes"),
        (ONE | {"predictions": [3]}, r"predictions\[0\] is of type int"),
        (TWO | {"predictions": ["x", ["x"]]}, r"predictions\[1\] is of type list"),
        (ONE | {"references": [PROBLEM]}, r"references\[0\] is of type Problem"),
        (ONE | {"references": ["{"]}, r"references\[0\]: not a problem"),
        (ONE | {"references": [""]}, r"references\[0\]: not a problem"),
        (ONE | {"references": ["[" * 100_000]}, r"references\[0\]: "),
        (ONE | {"references": ["[1, 2]"]}, r"references\[0\]: not a problem"),
        (ONE | {"references": ["null"]}, r"references\[0\]: not a problem"),
        (ONE | {"references": ["{}"]}, r"references\[0\]: .*format"),
        (TWO | {"references": [PROBLEM.to_json(), changed(format=99)]}, r"references\[1\]: .*format 99"),
        (ONE | {"references": ['{"format": 1, "id": "p"}']}, r"references\[0\]: .*missing fields \['def"),
        (ONE | {"references": [changed(colour="red")]}, r"references\[0\]: .*unknown fields \['colour'\]"),
        (ONE | {"references": [changed(id=7)]}, r"references\[0\]: .*id is 7"),
        (ONE | {"references": [changed(lower=5)]}, r"references\[0\]: .*lower is 5"),
        (ONE | {"references": [changed(lower=[0.0])]}, r"references\[0\]: .*lower has 1 entries and upper 3"),
        (ONE | {"references": [changed(upper=[5, -5, 6])]}, r"references\[0\]: lower has to be below"),
        (
            ONE | {"references": [changed(upper=[5, float("inf"), 6])]},
            r"references\[0\]: .*upper\[1\] is inf",
        ),
        (ONE | {"references": [changed(max_evals=0)]}, r"references\[0\]: .*max_evals"),
        (ONE | {"references": [changed(max_evals="10")]}, r"references\[0\]: .*max_evals"),
        (ONE | {"references": [changed(n_equality=-1)]}, r"references\[0\]: .*n_equality"),
        (ONE | {"references": [changed(n_inequality=10**400)]}, r"references\[0\]: .*n_inequality"),
        (ONE | {"references": [changed(n_inequality=True)]}, r"references\[0\]: .*n_inequality"),
        (ONE | {"references": [changed(max_evals=10**400)]}, r"references\[0\]: .*max_evals"),
        (ONE | {"references": [changed(max_evals=2.0**31)]}, r"references\[0\]: .*max_evals"),
        (ONE | {"references": [changed(upper=[10**400, 5, 6])]}, r"references\[0\]: "),
        (ONE | {"references": [changed(lower=[0.0] * 20_000, upper=[1.0] * 20_000)]}, "20000 variables"),
        (ONE | {"references": [changed(f0="25", f_star="0")]}, r"references\[0\]: .*f0 is '25'"),
        (ONE | {"references": [changed(f0=10**400)]}, r"references\[0\]: .*f0 is inf"),
        (ONE | {"references": [changed(f_star=False)]}, r"references\[0\]: .*f_star is False"),
        (ONE | {"references": [changed(feasible_point=[0.0])]}, r"references\[0\]: .*feasible_point"),
        (ONE | {"references": [changed(feasible_point=[0.0, 0.0, float("nan")])]}, "feasible_point"),
        (ONE | {"references": [changed(definition={})]}, r"references\[0\]: definition of a problem of kind"),
        (
            ONE | {"references": [changed(definition={"python": 7})]},
            r"references\[0\]: definition.python is of",
        ),
        (
            ONE | {"references": [changed(definition={"latex": None})]},
            r"references\[0\]: definition.latex is of",
        ),
        (ONE | {"references": [changed(definition={"python": "x ="})]}, r"references\[0\]: "),
        (ONE | {"references": [changed(kind="synthetic")]}, r"references\[0\]: its definition"),
        (ONE | {"references": [changed(f0=0.25)]}, r"references\[0\]: f0, 0.25, has to be above"),
        (ONE | {"references": [changed(f_star=float("nan"))]}, r"references\[0\]: .*f_star is nan"),
        (ONE | {"tokens": [1, 2]}, "tokens has 2 entries for 1"),
        (ONE | {"tokens": []}, "tokens has to be a list"),
        (ONE | {"tokens": 7}, "tokens has to be a list"),
        (TWO | {"tokens": [1, -1]}, r"tokens\[1\] has to be from 0"),
        (TWO | {"tokens": [1, True]}, r"tokens\[1\] has to be a whole number"),
        (TWO | {"tokens": [None, 1]}, r"tokens\[0\] has to be a whole number"),
        (ONE | {"tokens": [10**400]}, r"tokens\[0\] has to be from 0 to 1000000000000, got a number of 1329"),
        (ONE | {"runs": 10**400}, "runs has to be from 1"),
        (ONE | {"workers": 10**400}, "workers has to be from 1"),
        (ONE | {"tokens": [2.5]}, r"tokens\[0\] has to be a whole number"),
        (ONE | {"repairs": [7]}, r"repairs\[0\] is of type int"),
        (TWO | {"repairs": ["x"]}, "repairs has 1 entries for 2"),
        (ONE | {"repairs": "x"}, "repairs has to be a list"),
        (ONE | {"runs": 0}, "runs has to be from 1"),
        (ONE | {"runs": -5}, "runs has to be from 1"),
        (ONE | {"runs": 2.0}, "runs has to be a whole number"),
        (ONE | {"runs": True}, "runs has to be a whole number"),
        (ONE | {"runs": np.array([1, 2])}, "runs has to be a whole number"),
        (ONE | {"runs": "5"}, "runs has to be a whole number"),
        (ONE | {"seed": None}, "seed has to be a whole number"),
        (ONE | {"seed": 1.0}, "seed has to be a whole number"),
        (ONE | {"seed": -1}, "seed has to be from 0"),
        (ONE | {"seed": 2**63}, "seed has to be from 0"),
        (ONE | {"workers": 0}, "workers has to be from 1"),
        (ONE | {"workers": 1.5}, "workers has to be a whole number"),
    ],
)
def test_bad_input_is_named_and_nothing_runs(
    metric: Any, monkeypatch: pytest.MonkeyPatch, arguments: dict[str, Any], message: str
) -> None:
    def started(*_: Any, **__: Any) -> None:
        raise AssertionError("a sandbox was started")

    monkeypatch.setattr(sys.modules[type(metric).__module__], "Runner", started)
    with pytest.raises(ValueError, match=message):
        metric.compute(**arguments)


def test_a_references_code_runs_where_it_is_needed_and_nowhere_else(metric: Any, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    text = f"import os\nopen({str(mark)!r}, 'a').write(f'{{os.getpid()}}\\n')\n{SECTION}"
    good, leaves, raises = (
        replace(PROBLEM, id=str(number), definition={"python": code}).to_json()
        for number, code in enumerate(
            (text, f"raise SystemExit(0)\n{SECTION}", SECTION.replace("np.sum(", "[][len(x)] + ("))
        )
    )
    metric.add(prediction=RANDOM_SEARCH, reference="\ufeff" + good)
    assert not mark.exists(), "it ran in the process that only takes it in"
    result = metric.compute(
        predictions=[RANDOM_SEARCH] * 3, references=[leaves, raises, good], runs=2, workers=1
    )
    assert [record["verdict"] for record in result["records"]] == ["ok"] * 2 + ["harness_error"] * 4 + [
        "ok"
    ] * 2
    assert result["err"] == 0 and result["perf"] > 0 and result["verdicts"] == {"ok": 4, "harness_error": 4}
    reasons = [record["reason"] for record in result["records"]]
    assert "SystemExit" in reasons[2] and reasons[2].startswith("references[1]: ")
    assert "IndexError" in reasons[4] and reasons[4].startswith("references[2]: ")
    pids = set(map(int, mark.read_text().split()))
    assert pids and os.getpid() not in pids


def test_a_call_that_fails_leaves_nothing_behind(metric: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sys.modules[type(metric).__module__], "score", interrupted)
        with pytest.raises(KeyboardInterrupt):
            metric.compute(**ONE)
    assert not list(Path(metric.data_dir).glob("*.arrow"))
    # The file's lock is free, or the base class would take another file.
    metric.add(prediction="x =", reference=PROBLEM.to_json())
    assert Path(metric.cache_file_name).name == "default_experiment-1-0.arrow"
    result = metric.compute(runs=np.int64(2), seed=np.int64(3), workers=1)
    assert result["err"] == 1 and len(result["records"]) == 2
    # What is given back is described.
    assert [name for name in result if name not in metric.compute.__doc__] == []


SCRIPT = """\
import os, sys, threading
os.environ["HF_ALLOW_CODE_EVAL"] = "1"
import datasets, evaluate

metric = evaluate.load("llamoco", cache_dir=sys.argv[1])
given = {"predictions": [sys.argv[2]], "references": [sys.argv[3]], "runs": 2}
scores = [metric.compute(**given, workers=1)["perf"]]
print("| quiet", file=sys.stderr)
with sys.modules[type(metric).__module__]._bar(8, False) as advance:  # progress=False
    advance(8)
datasets.disable_progress_bars()
thread = threading.Thread(target=lambda: scores.append(metric.compute(**given, workers=1)["perf"]))
thread.start()
thread.join()
print(*scores)
"""


def test_a_plain_script_computes_again_and_in_a_thread_with_a_bar_on_a_terminal(tmp_path: Path) -> None:
    script = tmp_path / "score.py"
    script.write_text(SCRIPT)
    terminal, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, script, tmp_path / "cache", RANDOM_SEARCH, PROBLEM.to_json()],
            cwd=Path(FOLDER).parent,  # the metric is loaded by its bare name here
            env=os.environ | {"TERM": "xterm", "COLUMNS": "100"},
            stdout=subprocess.PIPE,
            stderr=theirs,
            timeout=120,
        )
        os.close(theirs)
        shown = b""
        while part := _read(terminal):
            shown += part
    finally:
        os.close(terminal)
    scores = done.stdout.decode().split()
    assert done.returncode == 0 and len(scores) == 2 and len(set(scores)) == 1, shown.decode()
    before, _, after = shown.decode().partition("| quiet")
    assert "running programs" in before and "2/2" in before
    assert "running programs" not in after


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # nobody writes any more
        return b""


def test_it_says_what_it_is(metric: Any) -> None:
    assert list(metric.features) == ["predictions", "references"]
    assert metric.info.license == "Apache-2.0" and "arxiv.org/abs/2403.01131" in metric.info.reference_urls[0]
    assert "runs of each prediction" in metric.compute.__doc__


def test_running_code_has_to_be_allowed(metric: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_ALLOW_CODE_EVAL")
    with pytest.raises(ValueError, match="HF_ALLOW_CODE_EVAL"):
        metric.compute(predictions=["x"], references=[PROBLEM.to_json()])
    assert "HF_ALLOW_CODE_EVAL" not in os.environ


def test_a_machine_that_cannot_confine_refuses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # A zygote that never starts is the nearest thing to be had on a machine that can confine.
    bubblewrap = tmp_path / "bwrap"
    bubblewrap.write_text('#!/bin/sh\ncase "$*" in *sandbox.zygote*) exit 1 ;; esac\necho works\n')
    bubblewrap.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(tiers.SandboxUnavailable, match="did not start"):
        Runner()
