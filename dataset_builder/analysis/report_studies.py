"""Studies of the label report: their problems and settings."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from llamoco.dataset_builder.analysis.baselines import baseline_tasks, run_baseline
from llamoco.dataset_builder.analysis.landscape import landscape_features, landscape_tasks
from llamoco.dataset_builder.analysis.probe_study import probe_record, probe_tasks
from llamoco.dataset_builder.analysis.task_log import TaskResult, run_missing_tasks, sample_problems
from llamoco.dataset_builder.analysis.textbook_race import run_on_textbook, textbook_tasks
from llamoco.dataset_builder.benchmark.label_table import read_labels
from llamoco.dataset_builder.benchmark.labels import LabelsError
from llamoco.dataset_builder.benchmark.store import FILE_NAME
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.suites.suite import load_suite

SEED = 0


def run_study(
    name: str,
    folder: Path,
    limit: int,
    command: str,
    executor: Executor,
    max_in_flight: int,
    on_progress: Callable[[int, int], None] | None = None,
) -> None:
    """Run the rest of a study, into ``folder/NAME.jsonl``.

    Args:
        name: "baselines", "landscape", "probes" (on problems of the benchmark in the folder) or "textbook".
        folder: of a benchmark; its labels may still be missing.
        limit: problems of each group (not for "probes" and "textbook", which run on all).
        command: for the record.
        executor, max_in_flight, on_progress: see ``task_log.run_missing_tasks``.

    Raises:
        RecordsError: if the folder holds results of other problems or settings.
        LabelsError: if the folder holds no benchmark.
        MissingToolError: if nevergrad or pflacco is missing.
    """
    settings: dict[str, Any] = {"seed": SEED}
    tasks: Mapping[str, tuple[Any, ...]]
    function: Callable[..., TaskResult]
    if name == "textbook":
        problems = load_suite("outside")
        settings["problems"] = [problem.to_json() for problem in problems]
        tasks, function = textbook_tasks(problems, SEED), run_on_textbook
    elif name == "baselines":
        tasks, function = baseline_tasks(sample_problems(benchmark_problems(folder), limit)), run_baseline
    elif name == "probes":
        tasks, function = probe_tasks(benchmark_problems(folder)), probe_record
    else:
        tasks, function = (
            landscape_tasks(sample_problems(benchmark_problems(folder), limit)),
            landscape_features,
        )
    run_missing_tasks(
        folder / f"{name}.jsonl", settings, command, tasks, function, executor, max_in_flight, on_progress
    )


def benchmark_problems(folder: Path) -> list[Problem]:
    """The problems of a benchmark: those labelled, or all drawn so far where there are no labels yet.

    Raises:
        LabelsError: if there is neither a label table nor a run store.
    """
    if (folder / "labels.parquet").is_file():
        return [label.problem for label in read_labels(folder / "labels.parquet").labels]
    if not (folder / FILE_NAME).is_file():
        raise LabelsError(f"{folder} holds no benchmark: make one with `llamoco benchmark --out {folder}`")
    store = sqlite3.connect(f"{(folder / FILE_NAME).resolve().as_uri()}?mode=ro", uri=True)
    try:
        return [Problem.from_json(text) for (text,) in store.execute("SELECT json FROM problems ORDER BY id")]
    finally:
        store.close()
