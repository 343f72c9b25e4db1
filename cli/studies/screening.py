"""`llamoco study screening DIR`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from llamoco.cli.benchmark_bar import benchmark_bar
from llamoco.cli.common import clear_errors, command_line, out


def command(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder of the run store.", show_default=False)
    ],
    problems: Annotated[
        int, typer.Option(min=2, help="Problems to screen, half of them constrained.")
    ] = 10_000,
    most_evals: Annotated[
        int,
        typer.Option(
            min=20,
            help="Largest evaluation budget of a problem. Larger ones are passed over: they cost the most.",
        ),
    ] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of problems and runs.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = os.cpu_count() or 1,
) -> None:
    """Run every optimizer of the pool once on many more problems, for scores to train decisions on; no labels are derived.

    Writes DIR/decisions.parquet, from which [cyan]llamoco build[/] makes the configuration "decisions" of the data set. After an
    interruption run the same command again.
    """
    from llamoco.dataset_builder.benchmark.executors import process_executor
    from llamoco.dataset_builder.benchmark.provenance import store_meta
    from llamoco.dataset_builder.benchmark.screening import draw_screened, run_screening, write_decisions

    line = command_line()
    with clear_errors():
        with benchmark_bar("drawing") as on_progress:
            drawn = draw_screened(problems, seed, most_evals)
            with process_executor(workers) as executor:
                found = run_screening(folder, drawn, seed, executor, workers, on_progress)
        meta = {"command": line, "seed": seed, "problems": len(found), **store_meta(folder, seed)}
        write_decisions(folder / "decisions.parquet", found, meta)
    out.print(f"{len(found)} problems screened: {folder / 'decisions.parquet'}", soft_wrap=True)
