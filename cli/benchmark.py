"""`llamoco benchmark`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TimeElapsedColumn

from llamoco.cli.common import clear_errors, column, err, out


def benchmark(
    out_folder: Annotated[
        Path, typer.Option("--out", help="Folder of the run store; an interrupted benchmark goes on.")
    ] = Path("runs/benchmark"),
    problems: Annotated[int, typer.Option(min=4, help="Number of problems, half of them constrained.")] = 400,
    seed: Annotated[int, typer.Option(min=0, help="Seed of problems and runs.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = os.cpu_count() or 1,
    scheduler: Annotated[
        str | None,
        typer.Option(
            help="Address of a Dask scheduler, such as tcp://10.0.0.1:8786: its workers run the benchmark instead of processes here."
        ),
    ] = None,
    repeats: Annotated[
        int, typer.Option(min=0, help="race this many problems twice, to see how labels repeat.")
    ] = 0,
) -> None:
    """Race the pool of optimizers on synthetic problems and derive the labels.

    Writes OUT/labels.parquet with OUT/labels.json, from which [cyan]llamoco build[/] makes the instruction set. Ctrl-C and kill -9
    lose at most the work in flight: run the same command again.
    """
    from llamoco.dataset_builder.benchmark.benchmark import BenchmarkProgress, run_benchmark
    from llamoco.dataset_builder.benchmark.executors import open_executor
    from llamoco.dataset_builder.benchmark.label_table import write_labels
    from llamoco.dataset_builder.benchmark.provenance import benchmark_meta

    columns = (column("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with clear_errors():
        with (
            Progress(*columns, column("{task.fields[state]}"), console=err) as bar,
            open_executor(workers, scheduler) as (pool, width),
        ):
            task = bar.add_task("races", total=1.0, state="")

            def on_progress(state: BenchmarkProgress) -> None:
                left = "" if state.seconds_left is None else f", about {state.seconds_left / 60:.0f} min left"
                bar.update(
                    task, description=state.phase, completed=state.share, state=f"{state.runs:,} runs{left}"
                )

            labelled = run_benchmark(out_folder, problems, seed, pool, width, repeats, on_progress)
        meta = benchmark_meta(
            out_folder, labelled, problems, seed, repeats, command="llamoco " + " ".join(sys.argv[1:])
        )
        write_labels(out_folder / "labels.parquet", labelled, meta)
    dropped = ", ".join(f"{count} {reason}" for reason, count in labelled.discarded.items()) or "none"
    out.print(f"{len(labelled.labels)} problems labelled, discarded: {dropped}")
    out.print(
        f"labels: {out_folder / 'labels.parquet'}; look at them with `llamoco report {out_folder}`",
    )
