"""Records of side studies: one JSON object a line, so that a study that is stopped goes on where it was.

The first line says what the study is (name, format, settings, versions, machine class, date); every other one
is the result of a task, under its key. Several of them together make the label report.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from llamoco.dataset_builder.benchmark.executors import completed
from llamoco.dataset_builder.benchmark.labels import assign_splits
from llamoco.dataset_builder.benchmark.provenance import environment
from llamoco.dataset_builder.problems.errors import LlamocoError
from llamoco.dataset_builder.problems.problem import Problem

RECORDS_FORMAT = 1

Row = dict[str, Any]


class RecordsError(LlamocoError, ValueError):
    """A record that cannot be used; the message says why and what to do."""


class MissingToolError(LlamocoError, RuntimeError):
    """A package that only a study needs is not installed; the message says how to get it."""


def complete(
    path: Path,
    settings: Mapping[str, Any],
    command: str,
    tasks: Mapping[str, tuple[Any, ...]],
    function: Callable[..., Row],
    executor: Executor,
    width: int,
    on_progress: Callable[[int, int], None] | None = None,
) -> None:
    """Do the tasks whose results a record does not have yet.

    Args:
        path: of the record; made if there is none.
        settings: what the results depend on beside the tasks, JSON-able.
        command: the command line, for the first line.
        tasks: arguments of ``function`` by key.
        function: does a task and returns its result, JSON-able; a function of a module, it runs elsewhere.
        executor: where tasks run.
        width: how many it runs at once.
        on_progress: called with (tasks done, tasks) after each.

    Raises:
        RecordsError: if ``path`` holds something else, or results under other settings. It is left as it is.
    """
    done: set[str] = set()
    if path.exists():
        head, rows = read_records(path)
        if head["settings"] != dict(settings):
            raise RecordsError(
                f"{path} was made with other settings or problems. Nothing was changed. Move it away, or use the "
                "version that made it."
            )
        done = set(rows)
        _drop_torn_line(path)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        head = {"format": RECORDS_FORMAT, "command": command, "settings": dict(settings), **environment()}
        path.write_text(json.dumps(head) + "\n", encoding="utf-8")
    left = [(key, arguments) for key, arguments in tasks.items() if key not in done]
    results = completed(executor, width, function, left)
    with path.open("a", encoding="utf-8") as file:
        for finished, (key, row) in enumerate(results, len(tasks) - len(left) + 1):
            file.write(json.dumps({"key": key, **row}) + "\n")
            file.flush()
            if on_progress is not None:
                on_progress(finished, len(tasks))


def read_records(path: Path) -> tuple[Row, dict[str, Row]]:
    """The head of a record and its results by key; a last line that was not written to its end is left out.

    Raises:
        RecordsError: if there is no such file, it is no record, or one of another format version.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    except FileNotFoundError as error:
        raise RecordsError(
            f"no record at {path}: make it with `llamoco report DIR --study {path.stem}`"
        ) from error
    whole = [line for line in lines if line.endswith("\n")]
    try:
        head, *rows = [json.loads(line) for line in whole]
        version = head["format"]
        results = {row.pop("key"): row for row in rows}
    except (ValueError, KeyError, TypeError) as error:
        raise RecordsError(f"{path} is not a record of a study ({error}): move it away") from error
    if version != RECORDS_FORMAT:
        raise RecordsError(
            f"{path} is a record of format {version}, this version of llamoco reads {RECORDS_FORMAT}: move it away"
        )
    return head, results


def sample_of(problems: Sequence[Problem], most: int) -> list[Problem]:
    """At most so many problems of each group: those of the test split, then the first drawn, which are raced twice.

    Args:
        problems: all of a benchmark, as drawn or labelled.
        most: in each group.
    """
    splits = assign_splits(problems)
    order = sorted(problems, key=lambda problem: (splits[problem.id] != "test", problem.id))
    return [
        p for constrained in (False, True) for p in [q for q in order if q.constrained == constrained][:most]
    ]


def _drop_torn_line(path: Path) -> None:
    content = path.read_bytes()
    if not content.endswith(b"\n"):
        path.write_bytes(content[: content.rfind(b"\n") + 1])
