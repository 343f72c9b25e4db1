"""Task log of a study: JSON Lines, so that a study that was interrupted goes on where it was.

The first line is the head (format, command, settings, versions, machine class, date); every other line is the result of a task,
under its key. The label report reads the logs of several studies.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from llamoco.dataset_builder.benchmark.executors import calls_of, completed_calls
from llamoco.dataset_builder.benchmark.labels import assign_splits
from llamoco.dataset_builder.benchmark.provenance import environment
from llamoco.dataset_builder.problems.errors import LlamocoError
from llamoco.dataset_builder.problems.jsonl import append_jsonl, read_jsonl
from llamoco.dataset_builder.problems.problem import Problem

TASK_LOG_FORMAT = 1

TaskResult = dict[str, Any]


class TaskLogError(LlamocoError, ValueError):
    """A task log that cannot be used; the message says why and what to do."""


class MissingToolError(LlamocoError, RuntimeError):
    """A package that only a study needs is not installed; the message says how to get it."""


def run_missing_tasks(
    path: Path,
    settings: Mapping[str, Any],
    command: str,
    tasks: Mapping[str, tuple[Any, ...]],
    function: Callable[..., TaskResult],
    executor: Executor,
    max_in_flight: int,
    on_progress: Callable[[int, int], None] | None = None,
) -> None:
    """Run the tasks whose results a log does not have yet.

    Args:
        path: of the log; made if there is none.
        settings: on which the results depend besides the tasks, JSON-able.
        command: the command line, for the first line.
        tasks: arguments of ``function`` by key.
        function: does a task and returns its result, JSON-able; of a module, since another process may run it.
        executor: runs the tasks.
        max_in_flight: number of tasks that it runs at once.
        on_progress: called with (tasks done, tasks) after each.

    Raises:
        TaskLogError: if ``path`` holds something else, or results under other settings. It is left as it is.
    """
    done: set[str] = set()
    if path.exists():
        head, rows = read_task_log(path)
        if head["settings"] != dict(settings):
            raise TaskLogError(
                f"{path} was made with other settings or problems. Nothing was changed. Move it away, or use the "
                "version that made it."
            )
        done = set(rows)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        head = {"format": TASK_LOG_FORMAT, "command": command, "settings": dict(settings), **environment()}
        with append_jsonl(path) as append:
            append(head)
    left = [(key, arguments) for key, arguments in tasks.items() if key not in done]
    results = completed_calls(executor, max_in_flight, function, calls_of(left))
    with append_jsonl(path) as append:
        for finished, (key, result) in enumerate(results, len(tasks) - len(left) + 1):
            append({"key": key, **result})
            if on_progress is not None:
                on_progress(finished, len(tasks))


def read_task_log(path: Path) -> tuple[TaskResult, dict[str, TaskResult]]:
    """The head of a task log and the results by key; a torn last line is left out.

    Raises:
        TaskLogError: if there is no such file, it is no task log, or one of another format version.
    """
    try:
        head, *lines = [json.loads(line) for _, line in read_jsonl(path)]
        version = head["format"]
        results = {line.pop("key"): line for line in lines}
    except FileNotFoundError as error:
        raise TaskLogError(
            f"no task log at {path}: make it with `llamoco study label-studies DIR --study {path.stem}`"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise TaskLogError(f"{path} is not the task log of a study ({error}): move it away") from error
    if version != TASK_LOG_FORMAT:
        raise TaskLogError(
            f"{path} is a task log of format {version}, this version of llamoco reads {TASK_LOG_FORMAT}: move it away"
        )
    return head, results


def sample_problems(problems: Sequence[Problem], limit: int) -> list[Problem]:
    """At most ``limit`` problems of each group: those of the test split, then the first drawn, which are raced twice.

    Args:
        problems: all of a benchmark, as drawn or labelled.
        limit: problems of each group.
    """
    splits = assign_splits(problems)
    order = sorted(problems, key=lambda problem: (splits[problem.id] != "test", problem.id))
    return [
        p for constrained in (False, True) for p in [q for q in order if q.constrained == constrained][:limit]
    ]
