"""`llamoco study grid OUT`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TimeElapsedColumn
from rich.table import Table

from llamoco.cli.common import clear_errors, column, command_line, err, out


def command(
    out_folder: Annotated[
        Path,
        typer.Argument(
            metavar="OUT", help="Folder of the run store and the results; an interrupted study goes on."
        ),
    ],
    problems: Annotated[int, typer.Option(min=2, help="Number of problems, half of them constrained.")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="Seed of problems and runs.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = os.cpu_count() or 1,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler, whose workers run the study.")
    ] = None,
    derive_only: Annotated[
        bool, typer.Option("--derive-only", help="Run nothing: results from the runs stored so far.")
    ] = False,
) -> None:
    """Run the full configuration grid of every optimizer, and fit the configuration trees.

    Writes OUT/grid.parquet with OUT/grid.json, and the OUT/configurations.json that follows from it.
    """
    from llamoco.dataset_builder.analysis.grid import run_grid
    from llamoco.dataset_builder.analysis.grid_study import write_grid_results
    from llamoco.dataset_builder.benchmark.executors import open_executor

    columns = (BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), column("{task.fields[state]}"))
    with clear_errors():
        if not derive_only:
            with (
                Progress(*columns, console=err) as bar,
                open_executor(workers, scheduler) as (executor, max_in_flight),
            ):
                task = bar.add_task("grid", total=1.0, state="")

                def show(runs: int, share: float, seconds_left: float | None) -> None:
                    left = "" if seconds_left is None else f", about {seconds_left / 60:.0f} min left"
                    bar.update(task, completed=share, state=f"{runs:,} runs{left}")

                run_grid(out_folder, problems, seed, executor, max_in_flight, show)
        gains = write_grid_results(out_folder, problems, seed, command_line())
    table = Table("optimizer", "group", "problems", "defaults", "single", "tree", "best", "chosen")
    for gain in gains:
        means = (f"{mean:.3f}" for mean in (gain.defaults, gain.single, gain.tree, gain.best))
        chosen = f"{gain.chosen} ({gain.configurations})"
        table.add_row(gain.optimizer, gain.group, str(gain.problems), *means, chosen)
    out.print(table)
