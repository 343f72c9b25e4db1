"""`llamoco study screening DIR`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TimeElapsedColumn

from llamoco.cli.common import clear_errors, column, err, out


def command(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder of the run store.", show_default=False)
    ],
    problems: Annotated[
        int, typer.Option(min=2, help="Problems to screen, half of them constrained.")
    ] = 10_000,
    most_evals: Annotated[
        int, typer.Option(min=20, help="Largest evaluation budget: larger ones cost the most.")
    ] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of problems and runs.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = os.cpu_count() or 1,
) -> None:
    """Run every member of the pool once on more problems: scores to train decisions on, without labels.

    Writes DIR/decisions.parquet, from which [cyan]llamoco build[/] makes the configuration "decisions" of the data set. After an
    interruption run the same command again.
    """
    from llamoco.dataset_builder.benchmark.benchmark import BenchmarkProgress
    from llamoco.dataset_builder.benchmark.executors import process_executor
    from llamoco.dataset_builder.benchmark.provenance import store_meta
    from llamoco.dataset_builder.benchmark.screening import draw_screened, run_screening, write_decisions

    line = "llamoco " + " ".join(sys.argv[1:])
    columns = (column("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with clear_errors():
        with Progress(*columns, column("{task.fields[state]}"), console=err) as bar:
            task = bar.add_task("drawing", total=1.0, state="")
            drawn = draw_screened(problems, seed, most_evals)

            def on_progress(state: BenchmarkProgress) -> None:
                left = "" if state.seconds_left is None else f", about {state.seconds_left / 60:.0f} min left"
                bar.update(
                    task, description=state.phase, completed=state.share, state=f"{state.runs:,} runs{left}"
                )

            with process_executor(workers) as executor:
                found = run_screening(folder, drawn, seed, executor, workers, on_progress)
        meta = {"command": line, "seed": seed, "problems": len(found), **store_meta(folder, seed)}
        write_decisions(folder / "decisions.parquet", found, meta)
    out.print(f"{len(found)} problems screened: {folder / 'decisions.parquet'}", soft_wrap=True)
