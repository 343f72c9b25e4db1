"""`llamoco build`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from llamoco.cli.common import clear_errors, out


def build(
    labels: Annotated[Path | None, typer.Option(help="Label table; the shipped one by default.")] = None,
    out_folder: Annotated[Path, typer.Option("--out", help="Folder to write.")] = Path("llamoco"),
) -> None:
    """Build the instruction set from the label table, as a folder that load_dataset reads.

    The same table gives the same bytes on every machine. Then, in the folder beside it:
    [cyan]load_dataset("llamoco")[/] (configs: default, split by problem; paper_split, split by pair).
    """
    from llamoco.dataset_builder.benchmark.labels import SHIPPED_LABELS, LabelsError
    from llamoco.dataset_builder.hub_folder import OutputFolderError, build_folder, folder_hash
    from llamoco.hub_cards.cards import write_dataset_card

    with clear_errors(LabelsError, OutputFolderError):
        counts = build_folder(labels or SHIPPED_LABELS, out_folder)
        write_dataset_card(out_folder)
    for config, splits in counts.items():
        out.print(
            f"{config}: " + ", ".join(f"{rows:,} {split}" for split, rows in splits.items()), highlight=False
        )
    out.print(f"sha256 of the parquet files: {folder_hash(out_folder)}", highlight=False)
