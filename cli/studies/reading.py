"""`llamoco study reading`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from llamoco.cli.common import clear_errors, command_line, out


def command(
    own: Annotated[
        Path, typer.Argument(help="Folder of a finished `llamoco evaluate` of the model that reads.")
    ],
    other: Annotated[Path, typer.Argument(help="Folder of the same of the model to compare it with.")],
    out_file: Annotated[Path, typer.Option("--out", help="Record to write (JSON).")] = Path("reading.json"),
) -> None:
    """Compare two models, paired by problem, where facts are known and where they are not.

    It says where the model that reads descriptions is the better one, by which `llamoco solve` chooses between the two that ship.
    """
    from llamoco.modeling.evaluation.reading import reading_record

    with clear_errors():
        record = reading_record(own, other, command_line())
    out_file.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    out.print(f"written: {out_file}", soft_wrap=True)
