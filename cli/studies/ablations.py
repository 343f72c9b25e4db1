"""`llamoco study ablations`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from llamoco.cli.common import clear_errors, fail, out


def command(
    folder: Annotated[Path, typer.Option("--out", help="Folder of the study.")] = Path("runs/ablations"),
    recipes: Annotated[
        Path | None, typer.Option(help="Folder of the recipes; examples/recipes/ablations by default.")
    ] = None,
    data: Annotated[
        str | None, typer.Option(help="Folder or Hub id of the instruction set; the shipped one by default.")
    ] = None,
    only: Annotated[list[str] | None, typer.Option(help="This recipe only; can be repeated.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Trainings of each recipe.")] = 3,
    limit: Annotated[int | None, typer.Option(min=1, help="Number of test problems; all by default.")] = None,
    record: Annotated[
        Path | None, typer.Option(help="Folder for the record and its figure; the study's by default.")
    ] = None,
    record_only: Annotated[
        bool,
        typer.Option("--record-only", help="Train and run nothing; write the record of what is finished."),
    ] = False,
) -> None:
    """Train each ablation of the method with several seeds, and score them. The same command continues after a stop."""
    from llamoco.modeling.ablations.ablation import ABLATIONS, RECIPES
    from llamoco.modeling.ablations.run_ablations import run_ablations
    from llamoco.modeling.training.checkpointing import TrainingInterrupted

    if unknown := sorted(set(only or ()) - set(ABLATIONS)):
        fail(f"--only: no recipe {', '.join(unknown)}; expected some of {', '.join(ABLATIONS)}")
    with clear_errors():
        try:
            written = run_ablations(
                folder,
                recipes=recipes or RECIPES,
                data=data,
                names=only or list(ABLATIONS),
                seeds=seeds,
                limit=limit,
                record=record,
                record_only=record_only,
            )
        except TrainingInterrupted as stopped:
            fail(f"{stopped}. The same command continues", 128 + stopped.number)
    out.print("nothing is finished yet" if written is None else f"written: {written}")
