"""Files of ready programs: which rows they answer, and what is refused with file, line and field."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from llamoco.modeling.generation.model_answer import Generation
from llamoco.modeling.model_error import ModelError
from llamoco.modeling.providers import open_provider
from llamoco.modeling.providers.answer_file import AnswerFile
from llamoco.modeling.providers.provider import Failure

ROWS = [
    {"prompt": f"# dimension: {dim}\nx\n"} for dim in (2, 3, 4, 3, 6)
]  # rows 1 and 3 have the same prompt


def write(path: Path, *records: Any) -> Path:
    path.write_text("".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in records))
    return path


def answers(source: AnswerFile, prompts: list[str]) -> dict[int, Generation]:
    came: dict[int, Generation] = {}
    source.answer_all(prompts, came.__setitem__)
    return came


def test_answers_by_row_and_by_prompt(tmp_path: Path) -> None:
    path = write(
        tmp_path / "mine.jsonl",
        {"row": 4, "program": "a = 1\n", "tokens": 7, "model": "other fields are passed over"},
        "",
        {"prompt": "# dimension: 3\nx", "completion": "b\u2028 = '```python'\n"},
        {"row": 0, "prompt": "# dimension: 2\nx\n", "program": "", "tokens": None},
    )
    source = open_provider(str(path))
    assert isinstance(source, AnswerFile) and source.name == "mine" and not source.can_repair
    assert source.rows_answered(ROWS) == [0, 1, 3, 4]
    # Asked in any order; texts are taken as they are.
    came = answers(source, [ROWS[number]["prompt"] for number in (4, 3, 0, 1)])
    assert came[0] == Generation("a = 1\n", None, 7, True)
    assert came[1] == came[3] and came[1].completion == "b\u2028 = '```python'\n"
    assert came[1].tokens == -(-(len(ROWS[1]["prompt"]) + len(came[1].completion)) // 4)
    assert came[2] == Generation("", None, 5, True)
    with pytest.raises(ModelError, match="has no answer to the prompt that begins with '# dimension: 4"):
        answers(source, [ROWS[2]["prompt"]])


def test_rows_may_stand_in_another_order(tmp_path: Path) -> None:
    rows = [{"row": number} | ROWS[number] for number in (4, 0, 2, 1)]
    source = AnswerFile(write(tmp_path / "a.jsonl", {"row": 1, "program": "b"}, {"row": 4, "program": "a"}))
    assert source.rows_answered(rows) == [0, 3]
    assert answers(source, [rows[0]["prompt"]])[0].completion == "a"


def test_repairs_are_those_of_the_file(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.jsonl",
        {"row": 0, "program": "a", "repair": "b = 1"},
        {"row": 1, "program": "c", "repair": None},
    )
    source = AnswerFile(path)
    assert source.can_repair and source.rows_answered(ROWS) == [0, 1, 3]
    came: dict[int, Generation] = {}
    failures = [Failure(ROWS[number]["prompt"], "c", "E: x") for number in (1, 0)]
    source.repair_all(failures, came.__setitem__)
    assert came == {1: Generation("b = 1", None, -(-(len(ROWS[0]["prompt"]) + 1 + 4 + 5) // 4), True)}


def test_the_content_is_the_identity(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", {"row": 0, "program": "a"})
    before = AnswerFile(path).settings()
    assert before["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert str(tmp_path) not in json.dumps(before)
    write(path, {"row": 0, "program": "b"})
    assert AnswerFile(path).settings() != before


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ('{"row": 0, "program": "a"', r"no JSON .*one object a line"),
        ("[" * 100_000, "no JSON"),
        ([1], "expected an object, got list"),
        ({"row": 0}, "completion and program are missing"),
        ({"row": 0, "program": "a", "completion": "a"}, "completion and program are both given"),
        ({"program": "a"}, "prompt and row are missing"),
        ({"row": 0, "program": 3}, "program has to be text, got 3"),
        ({"row": 0, "program": None}, "program has to be text, got null"),
        ({"row": 0, "completion": ["a"]}, r'completion has to be text, got \["a"\]'),
        ({"row": 0, "program": "a", "repair": 1}, "repair has to be text, got 1"),
        ({"prompt": {}, "program": "a"}, "prompt has to be text"),
        ({"row": 0, "program": "x\ud800"}, "program has half of a surrogate pair at character 1"),
        ({"row": -1, "program": "a"}, r"row has to be an integer from 0 to \d+, got -1"),
        ({"row": 1.0, "program": "a"}, r"row has to be an integer from 0 to \d+, got 1.0"),
        ({"row": True, "program": "a"}, r"row has to be an integer from 0 to \d+, got true"),
        (
            {"row": 0, "program": "a", "tokens": 10**400},
            r"tokens has to be an .*, got a whole number of 1329 bits",
        ),
        ({"row": 10**400, "program": "a"}, "row has to be an integer from 0"),
        ({"row": 0, "program": "a", "tokens": 2**62}, "tokens has to be an integer from 0"),
        ({"row": 0, "program": "a", "tokens": True}, "tokens has to be an integer from 0"),
        ('{"row": 0, "program": "a", "tokens": ' + "1" * 5000 + "}", "no JSON .*5000 digits"),
        ('{"row": 0, "program": "a", "tokens": NaN}', r"no JSON \(NaN is no JSON\)"),
        ('{"row": 0, "program": "a", "tokens": 1e999}', "no JSON .*more than a float"),
        ('{"row": 0, "row": 1, "program": "a"}', "no JSON .*'row' occurs twice"),
        (
            {"row": json.loads("[" * 900 + "]" * 900), "program": "a"},
            r"row has to be an integer from 0 to \d+, got ",
        ),
        ({"row": 0, "program": "a", "tokens": "9"}, r'tokens has to be an integer from 0 to \d+, got "9"'),
    ],
)
def test_a_line_that_is_no_answer(tmp_path: Path, record: Any, message: str) -> None:
    path = write(tmp_path / "a.jsonl", {"row": 0, "program": "a"}, "", record)
    with pytest.raises(ModelError, match=rf"a\.jsonl, line 3: {message}"):
        AnswerFile(path)


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ([{"row": 5, "program": "a"}], "line 1: row is 5, but the split has the rows 0 to 4"),
        ([{"prompt": "who?", "program": "a"}], "line 1: prompt is no prompt of this split"),
        ([{"row": 2, "prompt": ROWS[0]["prompt"], "program": "a"}], "prompt is not the prompt of row 2"),
        ([{"row": 0, "program": "a"}] * 2, "line 2: row is answered in line 1 already"),
        (
            [{"row": 0, "program": "a"}, {"prompt": ROWS[0]["prompt"], "program": "a"}],
            "line 2: prompt is answered in line 1 already",
        ),
        ([{"row": 1, "program": "a"}, {"row": 3, "program": "a"}], "line 2: row is answered in line 1"),
    ],
)
def test_answers_that_fit_no_row_or_one_twice(
    tmp_path: Path, records: list[dict[str, Any]], message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        AnswerFile(write(tmp_path / "a.jsonl", *records)).rows_answered(ROWS)


def test_files_that_hold_nothing(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"gone\.jsonl cannot be read: No such file"):
        open_provider(str(tmp_path / "gone.jsonl"))
    with pytest.raises(ModelError, match="is empty: expected lines"):
        AnswerFile(write(tmp_path / "a.jsonl", "", "  "))
    (tmp_path / "b.jsonl").write_bytes(b'{"row": 0, "program": "\xff"}\n')
    with pytest.raises(ModelError, match="is not UTF-8 text"):
        AnswerFile(tmp_path / "b.jsonl")
    # As some editors on Windows save it, and a program that was read from such a file.
    (tmp_path / "c.txt").write_bytes(b'\xef\xbb\xbf{"row": 0, "program": "\xef\xbb\xbfa"}\r\n')
    source = open_provider(str(tmp_path / "c.txt"))
    assert isinstance(source, AnswerFile) and source.rows_answered(ROWS) == [0]
    assert answers(source, [ROWS[0]["prompt"]])[0].completion == "a"
