"""What the commands of studies that train models share: options, and how they end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from llamoco.cli.common import clear_errors, fail, out

Data = Annotated[
    str | None, typer.Option(help="Folder or Hub id of the instruction set; the shipped one by default.")
]
Limit = Annotated[int | None, typer.Option(min=1, help="Number of test problems; all by default.")]
RecordOnly = Annotated[
    bool,
    typer.Option("--record-only", help="Train and run nothing; write the record of what is finished."),
]


def carry_out(study: Callable[[], Path | None]) -> None:
    """Run a study, which gives the file of its record, and say what came of it.

    Args:
        study: gives None if nothing is finished yet.
    """
    from llamoco.modeling.training.checkpointing import TrainingInterrupted

    with clear_errors():
        try:
            written = study()
        except TrainingInterrupted as stopped:
            fail(f"{stopped}. The same command continues", 128 + stopped.number)
    out.print("nothing is finished yet" if written is None else f"written: {written}")
