"""`llamoco study label-studies DIR`."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, TaskID

from llamoco.cli.common import clear_errors, command_line, err, out


class Study(StrEnum):
    """A study that the label report reads."""

    baselines = "baselines"
    landscape = "landscape"
    probes = "probes"
    textbook = "textbook"


def command(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder that llamoco benchmark wrote.", show_default=False)
    ],
    studies: Annotated[
        list[Study] | None,
        typer.Option(
            "--study",
            help="Other tools at the same budgets, landscape features, probes within the budget, or the pool on textbook problems. "
            "Can be given several times; all by default.",
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option(min=1, help="Problems of each group, those of the test split first.")
    ] = 200,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = os.cpu_count() or 1,
) -> None:
    """Run the studies of the label report on a benchmark's problems, or what is left of them.

    [cyan]llamoco report DIR[/] reads the results, DIR/baselines.jsonl, DIR/landscape.jsonl, DIR/probes.jsonl and DIR/textbook.jsonl.
    """
    from llamoco.dataset_builder.analysis.report_studies import run_study
    from llamoco.dataset_builder.benchmark.executors import process_executor

    line = command_line()
    for study in studies or list(Study):
        with clear_errors(), Progress(console=err) as bar, process_executor(workers) as executor:
            task = bar.add_task(study.value, total=None)

            def show(done: int, total: int, bar: Progress = bar, task: TaskID = task) -> None:
                bar.update(task, completed=done, total=total)

            run_study(study.value, folder, limit, line, executor, workers, show)
        out.print(f"written: {folder / study.value}.jsonl", soft_wrap=True)
