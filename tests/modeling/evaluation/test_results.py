"""Files of an evaluation that came from elsewhere: every number and text in them is looked at, and named by file, line and field."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llamoco.metrics.run_records import RUN_FIELDS, run_of_row
from llamoco.modeling.calibration.thresholds import Calibration
from llamoco.modeling.evaluation.evaluation_folder import (
    EvaluationError,
    read_lines,
    read_settings,
)
from llamoco.modeling.evaluation.record import read_record
from llamoco.modeling.evaluation.results import (
    _step,
    read_answers,
    read_decisions,
    read_repairs,
    read_runs,
)
from llamoco.modeling.evaluation.steps import _Work

ROOT = Path(__file__).parents[3]
HUGE = 10**400
RUN = {
    "run": 0,
    "problem_id": "p",
    "w": 0.5,
    "aocc": 0.5,
    "faithful": None,
    "verdict": "ok",
    "reason": "returned a point",
    "tier": "A",
    "seed": 7,
    "source_hash": "00",
    "benign": False,
    "exception": None,
    "message": None,
    "frames": [],
    "output": "",
    "exit_status": 0,
    "evals": 10,
    "refused": 0,
    "x": [0.5, 1.0],
    "f": 1.5,
    "feasible": True,
    "best_x": [0.5, 1.0],
    "best_f": 1.5,
    "trace": [[1, 2.5], [4, 1.5]],
    "seconds": 0.25,
    "wall": 0.5,
    "cpu": 0.25,
    "max_rss": 30.5,
    "versions": {"numpy": "2.0"},
}
ANSWER = {"row": 3, "generation": {"completion": "x", "confidence": 0.5, "tokens": 10, "finished": True}}
RUNS = {"problem_id": "p", "program": "00", "runs": [RUN]}
DECISIONS = {"problem_id": "p", "decisions": {"python": "de", "latex": None}}
STEP = {
    "step": "run",
    "seconds": 1.5,
    "command": "llamoco evaluate",
    "date": "2026-01-01",
    "machine": "Linux",
    "versions": {"numpy": "2.0"},
}


def steps(folder: Path) -> list[dict[str, Any]]:
    return read_lines(folder / "steps.jsonl", _step)


READERS: dict[str, tuple[Callable[[Path], Any], dict[str, Any]]] = {
    "generations.jsonl": (read_answers, ANSWER),
    "repairs.jsonl": (read_repairs, ANSWER),
    "runs-model.jsonl": (lambda folder: read_runs(folder, "model"), RUNS),
    "robustness.jsonl": (read_decisions, DECISIONS),
    "steps.jsonl": (steps, STEP),
}
NO_NUMBERS = ["7", True, [7], {"a": 7}, HUGE, -HUGE]
NO_TEXTS = [7, True, ["x"], {"a": "x"}]
HALF = "x\ud800"


def changed(content: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy of nested content with another value at a place."""
    if not path:
        return value
    copy = dict(content) if isinstance(content, dict) else list(content)
    copy[path[0]] = changed(content[path[0]], path[1:], value)
    return copy


CASES = [
    *(("generations.jsonl", ("row",), "row", value) for value in [*NO_NUMBERS, -1, 1.5, None]),
    *(("repairs.jsonl", ("generation", "tokens"), "tokens", value) for value in [*NO_NUMBERS, -1, 1.5, None]),
    *(("generations.jsonl", ("generation", "confidence"), "confidence", v) for v in [*NO_NUMBERS, -0.1, 1.1]),
    *(("generations.jsonl", ("generation", "completion"), "completion", v) for v in [*NO_TEXTS, None]),
    *(("generations.jsonl", ("generation", "finished"), "finished", value) for value in [1, "yes", None]),
    *(("generations.jsonl", ("generation",), "an object", value) for value in [None, [], "x"]),
    *(("runs-model.jsonl", ("runs",), "runs", value) for value in [None, [], {}, "x", 7]),
    *(("runs-model.jsonl", ("problem_id",), "problem_id", value) for value in [*NO_TEXTS, None]),
    *(("robustness.jsonl", ("decisions", "python"), "decisions", value) for value in NO_TEXTS),
    *(("robustness.jsonl", ("decisions",), "decisions", value) for value in [None, [], "x"]),
    *(("steps.jsonl", ("seconds",), "seconds", value) for value in [*NO_NUMBERS, -1, None]),
    *(("steps.jsonl", ("versions",), "versions", value) for value in [{"numpy": 2}, [], None]),
    *(
        ("runs-model.jsonl", ("runs", 0, field), field, value)
        for field in RUN_FIELDS
        for value in [HUGE, {"a": [7]}, [[["x"]]]]
    ),
    *(
        ("runs-model.jsonl", ("runs", 0, field), field, value)
        for field in ("seed", "evals", "refused", "seconds", "wall", "cpu", "max_rss", "f", "best_f")
        for value in ["7", True]
    ),
    *(
        ("runs-model.jsonl", ("runs", 0, "trace"), "trace", v)
        for v in [[[1]], [[1, HUGE]], [[-1, 2.0]], [["1", 2.0]], [[1, None]]]
    ),
    *(("runs-model.jsonl", ("runs", 0, field), field, HALF) for field in ("reason", "message", "output")),
    ("runs-model.jsonl", ("problem_id",), "problem_id", HALF),
    ("runs-model.jsonl", ("runs", 0, "frames"), "frames", [HALF]),
    ("steps.jsonl", ("command",), "command", HALF),
    *(("runs-model.jsonl", ("runs", 0, "verdict"), "verdict", value) for value in ["fine", None, 7]),
]


@pytest.mark.parametrize(("name", "place", "field", "value"), CASES, ids=lambda part: f"{part!r:.40}")
def test_a_field_that_is_not_what_it_has_to_be(
    name: str, place: tuple[Any, ...], field: str, value: Any, tmp_path: Path
) -> None:
    read, good = READERS[name]
    text = json.dumps(good)
    (tmp_path / name).write_text(f"{text}\n{json.dumps(changed(good, place, value))}\n{text}\n")
    with pytest.raises(EvaluationError, match=rf"{name}, line 2: .*{field}") as caught:
        read(tmp_path)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("name", READERS)
def test_lines_that_are_no_records(name: str, tmp_path: Path) -> None:
    read, good = READERS[name]
    text = json.dumps(good)
    for line in (
        "[" * 100_000,
        '{"a": ' * 100_000,
        "7",
        "null",
        '"text"',
        "[1, 2]",
        "{}",
        text[:-5],
        text.replace("{", '{"row": NaN, ', 1),
        text.replace("{", '{"row": 1e999, ', 1),
        text.replace("{", '{"twice": 1, "twice": 2, ', 1),
        text.replace("{", '{"row": ' + "1" * 5000 + ", ", 1),
        "\x00",
        '{"a": "\\ud800"}',
    ):
        (tmp_path / name).write_text(f"{text}\n{line}\n")
        with pytest.raises(EvaluationError, match=rf"{name}, line 2: expected a record") as caught:
            read(tmp_path)
        assert len(str(caught.value)) < 1000
    (tmp_path / name).write_bytes(b"\xff\xfe\n")
    with pytest.raises(EvaluationError, match="line 1"):
        read(tmp_path)
    # As some editors on Windows save it.
    (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + text.encode() + b"\r\n")
    assert len(read(tmp_path)) == 1


def test_answers_of_any_characters_are_programs(tmp_path: Path) -> None:
    for name, read in (("generations.jsonl", read_answers), ("repairs.jsonl", read_repairs)):
        lines = [changed(ANSWER, ("generation", "completion"), text) for text in ("\ufeffx = 1", HALF)]
        lines[1]["row"] = 4
        (tmp_path / name).write_text("".join(json.dumps(line) + "\n" for line in lines))
        assert [answer.completion for answer in read(tmp_path).values()] == ["x = 1", "x\ufffd"]


def test_a_command_line_with_a_name_that_is_no_text_can_be_read_back(tmp_path: Path) -> None:
    with _Work(tmp_path, {}, "llamoco evaluate \udcff.jsonl", lambda stage: None)._timed("run", 1):
        pass
    [line] = steps(tmp_path)
    assert line["command"] == "llamoco evaluate \ufffd.jsonl"


@pytest.mark.parametrize("field", ["runs", "seed", "limit", "rows", "split_rows"])
@pytest.mark.parametrize("value", [HUGE, "7", True, -1, 2.5, [7]], ids=lambda value: f"{value!r:.10}")
def test_settings(field: str, value: Any, tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text(
        json.dumps({"runs": 5, "data": None, "data_hash": "00", field: value})
    )
    with pytest.raises(EvaluationError, match=rf"settings\.json: .*{field} has to be"):
        read_settings(tmp_path)


@pytest.mark.parametrize("text", ["[", "[]", "7", '{"runs": NaN}', '{"runs": 5, "runs": 6}', "[" * 100_000])
def test_settings_that_are_none(text: str, tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text(text)
    with pytest.raises(EvaluationError, match=r"settings\.json: expected the settings"):
        read_settings(tmp_path)


@pytest.mark.parametrize("value", ["7", True, [], {}])
def test_record(value: Any, tmp_path: Path) -> None:
    record = json.loads((ROOT / "hub_cards" / "records" / "evaluation.json").read_text())
    (tmp_path / "scores.json").write_text(json.dumps(record))
    assert read_record(tmp_path) == record
    record["tables"]["all"]["sbs"]["aocc"] = value
    (tmp_path / "scores.json").write_text(json.dumps(record))
    with pytest.raises(
        EvaluationError, match=r"scores\.json: .*tables\.all\.sbs\.aocc has to be a number.*--step score"
    ):
        read_record(tmp_path)


def test_a_calibration_of_a_strangers_model() -> None:
    good = {"format": 1, "raw": [0.0, 1.0], "calibrated": [0.1, 0.9], "threshold": 0.5, "measures": {}}
    good["format"] = json.loads(Calibration((0.0, 1.0), (0.1, 0.9), 0.5, {}).to_json())["format"]
    assert Calibration.from_json(json.dumps(good)).threshold == 0.5
    for field, value in (
        ("threshold", HUGE),
        ("raw", [0.0, HUGE]),
        ("raw", 7),
        ("calibrated", None),
        ("threshold", []),
    ):
        with pytest.raises(ValueError, match=r"is no number|lie in"):
            Calibration.from_json(json.dumps(good | {field: value}))
    with pytest.raises(ValueError, match="nested too deep"):
        Calibration.from_json("[" * 100_000)


def test_records_of_the_metric_are_looked_at_in_the_same_way() -> None:
    from llamoco.dataset_builder.problems.problem import Problem
    from llamoco.metrics.runner import Prediction

    problem = Problem("p", "source", (0.0,), (1.0,), 10, 0, 0, {"python": ""})
    assert run_of_row(RUN, Prediction("x", problem)).attempt.record.trace == [(1, 2.5), (4, 1.5)]
    for field, value in (("evals", HUGE), ("seed", "7"), ("trace", [[HUGE, 1.0]]), ("faithful", 1)):
        with pytest.raises(ValueError, match=f"{field} has to be"):
            run_of_row(RUN | {field: value}, Prediction("x", problem))
