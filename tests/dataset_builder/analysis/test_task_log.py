"""Task logs of studies: whatever stops one, it goes on where it was, and never under other settings."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from llamoco.dataset_builder.analysis.task_log import (
    TaskLogError,
    read_task_log,
    run_missing_tasks,
    sample_problems,
)
from llamoco.dataset_builder.benchmark.labels import assign_splits
from llamoco.dataset_builder.problems.problem import Problem

calls: list[int] = []


def square(number: int) -> dict[str, int]:
    calls.append(number)
    return {"square": number**2}


def do(path: Path, count: int, seed: int = 0) -> None:
    with ThreadPoolExecutor(2) as executor:
        run_missing_tasks(
            path, {"seed": seed}, "me", {str(n): (n,) for n in range(count)}, square, executor, 2
        )


def test_a_log_is_completed_not_made_again(tmp_path: Path) -> None:
    path = tmp_path / "squares.jsonl"
    do(path, 5)
    path.write_bytes(path.read_bytes()[:-4])  # killed while writing the last line
    last = int(json.loads(path.read_text().splitlines()[-2])["key"])
    assert len(read_task_log(path)[1]) == 4
    calls.clear()
    do(path, 8)
    head, rows = read_task_log(path)
    assert {int(key): row["square"] for key, row in rows.items()} == {n: n * n for n in range(8)}
    assert len(calls) == 4 and last not in calls
    assert head["command"] == "me" and head["settings"] == {"seed": 0} and "machine" in head


def test_other_settings_and_other_files_are_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "squares.jsonl"
    do(path, 2)
    before = path.read_bytes()
    with pytest.raises(TaskLogError, match="other settings"):
        do(path, 3, seed=1)
    assert path.read_bytes() == before
    for text, message in (
        ("hello\n", "not the task log"),
        ("[]\n", "not the task log"),
        (json.dumps({"format": 99}) + "\n", "format 99"),
        ("", "not the task log"),
    ):
        path.write_text(text)
        with pytest.raises(TaskLogError, match=message):
            do(path, 3)
        assert path.read_text() == text
    with pytest.raises(TaskLogError, match="no task log"):
        read_task_log(tmp_path / "nowhere.jsonl")


def test_samples_take_the_test_split_first_then_the_first_drawn() -> None:
    problems = [
        Problem(f"{kind}-{n:03d}", "source", (0.0,), (1.0,), 10, int(kind == "c"), 0, {})
        for n in range(200)
        for kind in ("c", "nc")
    ]
    splits = assign_splits(problems)
    sample = sample_problems(problems, 50)
    assert len(sample) == 100 and sum(p.constrained for p in sample) == 50
    for constrained in (False, True):
        members = [p.id for p in sample if p.constrained == constrained]
        test = [p.id for p in problems if p.constrained == constrained and splits[p.id] == "test"]
        train = [p.id for p in problems if p.constrained == constrained and splits[p.id] == "train"]
        assert members == sorted(test) + sorted(train)[: 50 - len(test)]
