"""`llamoco study coverage`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from llamoco.cli.common import clear_errors, command_line, out


def command(
    suite: Annotated[
        str, typer.Argument(help="A suite of problems that share no generator with the set.")
    ] = "outside",
    problems: Annotated[
        int, typer.Option(min=20, help="Problems of each group to draw from the set.")
    ] = 3000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the set.")] = 0,
    out_file: Annotated[Path, typer.Option("--out", help="Record to write (JSON).")] = Path("coverage.json"),
) -> None:
    """Measure whether the problems of a suite lie inside the problem set: distance to the nearest neighbour in it.

    A problem lies inside if its nearest neighbour, by facts and probes, is no farther than those of 95% of the set's own problems.
    """
    from llamoco.dataset_builder.analysis.coverage import coverage_record

    with clear_errors():
        out_file.parent.mkdir(parents=True, exist_ok=True)  # before the minutes of work
        record = coverage_record(suite, problems, seed, command_line())
    out_file.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    out.print(f"written: {out_file}", soft_wrap=True)
