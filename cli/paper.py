"""`llamoco paper [TABLE|FIGURE ...]`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from llamoco.cli.common import clear_errors, out


def paper(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TABLE|FIGURE]...",
            help="Such as `table-1`, `'Table VI'` or `figure-3`; all by default.",
            show_default=False,
        ),
    ] = None,
    out_folder: Annotated[
        Path | None,
        typer.Option(
            "--out", help="Folder to write into: paper.md, a CSV file a table, a PNG file a figure."
        ),
    ] = None,
    records: Annotated[
        Path | None, typer.Option(help="Folder of run records; those that ship by default.")
    ] = None,
) -> None:
    """Print the paper's Tables I-VII and Figures 3-7 from run records, ours beside the paper's own figures.

    Each names the command, seed, machine and date of its records; where a record is missing, the command that makes it.
    """
    from llamoco.hub_cards.paper.exhibit import PaperError, Records
    from llamoco.hub_cards.paper.page import exhibit_name, exhibits, write_paper

    with clear_errors():
        if records is not None and not records.is_dir():
            raise PaperError(
                f"{records} is no folder: give the folder of run records, such as hub_cards/records"
            )
        found = Records(records)
        shown = exhibits(found, [exhibit_name(name) for name in names or ()])
        for one in shown:
            out.print(f"\n{one.title}", style="bold", highlight=False, markup=False)
            if one.table is not None:
                out.print(one.table.to_rich())
            for line in (one.note, *(f"missing: {line}" for line in one.missing), *one.sources):
                if line:
                    out.print(line, style="dim", highlight=False, markup=False)
        if out_folder is not None:
            for path in write_paper(out_folder, shown, found):
                out.print(f"written: {path}", soft_wrap=True)
