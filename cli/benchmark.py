"""Command `llamoco benchmark`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from llamoco.cli.benchmark_bar import benchmark_bar
from llamoco.cli.common import clear_errors, command_line, out


def benchmark(
    out_folder: Annotated[
        Path,
        typer.Option("--out", help="Folder of the run store. If it exists, the benchmark goes on from it."),
    ] = Path("runs/benchmark"),
    problems: Annotated[
        int, typer.Option(min=4, help="Number of problems; half of them are constrained.")
    ] = 400,
    seed: Annotated[int, typer.Option(min=0, help="Seed of problems and runs.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Number of processes.")] = os.cpu_count() or 1,
    scheduler: Annotated[
        str | None,
        typer.Option(
            help="Address of a Dask scheduler, such as tcp://10.0.0.1:8786. Its workers run the benchmark instead of local processes."
        ),
    ] = None,
    repeats: Annotated[
        int,
        typer.Option(min=0, help="Race N of the problems a second time, to measure how well labels repeat."),
    ] = 0,
) -> None:
    """Race the pool of optimizers on synthetic problems and derive the labels.

    Each problem is raced in rounds: every applicable optimizer runs once, the best run again, and the best three of these run on
    fresh seeds. Only the last round decides the label. On problems with a large evaluation budget fewer optimizers run.

    Writes OUT/labels.parquet and OUT/labels.json, from which [cyan]llamoco build[/] makes the instruction set. After Ctrl-C or a
    crash run the same command again: it repeats only the runs that were not finished.

    Example: [cyan]llamoco benchmark --out runs/mine --problems 400 --repeats 60[/]
    """
    from llamoco.dataset_builder.benchmark.benchmark import run_benchmark
    from llamoco.dataset_builder.benchmark.executors import open_executor
    from llamoco.dataset_builder.benchmark.label_table import write_labels
    from llamoco.dataset_builder.benchmark.labels import RARE, rare_members
    from llamoco.dataset_builder.benchmark.provenance import benchmark_meta

    with clear_errors():
        with benchmark_bar("races") as on_progress, open_executor(workers, scheduler) as (pool, width):
            labelled = run_benchmark(out_folder, problems, seed, pool, width, repeats, on_progress)
        meta = benchmark_meta(out_folder, labelled, problems, seed, repeats, command=command_line())
        write_labels(out_folder / "labels.parquet", labelled, meta)
    rare = ", ".join(rare_members(labelled.labels)) or "none"
    dropped = ", ".join(f"{count} {reason}" for reason, count in labelled.discarded.items()) or "none"
    out.print(f"{len(labelled.labels)} problems labelled, discarded: {dropped}")
    out.print(f"optimizers that win no more than {RARE:.1%} of the labels of either group: {rare}")
    out.print(
        f"labels: {out_folder / 'labels.parquet'}; for tables and figures: llamoco report {out_folder}",
    )
