"""Command `llamoco build`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from llamoco.cli.common import clear_errors, column, err, out

MAX_WORKERS = 8  # each takes 200 MB and a second to start


def build(
    labels: Annotated[
        Path | None, typer.Option(help="Label table (labels.parquet); the shipped one by default.")
    ] = None,
    out_folder: Annotated[Path, typer.Option("--out", help="Folder to write the data set to.")] = Path(
        "llamoco"
    ),
) -> None:
    """Build the instruction set from a label table, as a folder that load_dataset reads.

    The same table gives the same bytes on every machine. Nothing is written before it is complete: after Ctrl-C an earlier folder is
    as it was.

    Then, in Python, from the folder that holds it: [cyan]load_dataset("llamoco")[/]. Config "default" answers from the whole
    pool and is split by problem; config "paper" answers from the paper's 23 optimizers and is split by pair, as the paper is.
    """
    from llamoco.dataset_builder.benchmark.label_table import SHIPPED_LABELS
    from llamoco.dataset_builder.hub_folder import build_folder, folder_hash
    from llamoco.hub_cards.cards import write_dataset_card

    workers = min(os.cpu_count() or 1, MAX_WORKERS)
    columns = (column("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        clear_errors(),
        Progress(*columns, console=err, transient=True) as bar,
    ):
        task = bar.add_task("pairs", total=None)
        counts = build_folder(
            labels or SHIPPED_LABELS,
            out_folder,
            workers,
            on_progress=lambda done, total: bar.update(task, completed=done, total=total),
            # The card reports on the shipped labels; a table of the user's own gets none.
            add_files=write_dataset_card if labels is None else lambda folder: None,
        )
    for config, splits in counts.items():
        out.print(f"{config}: " + ", ".join(f"{rows:,} {split}" for split, rows in splits.items()))
    out.print(f"sha256 of the parquet files: {folder_hash(out_folder)}", soft_wrap=True)
