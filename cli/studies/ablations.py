"""`llamoco study ablations`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from llamoco.cli.common import fail
from llamoco.cli.training_study import Data, Limit, RecordOnly, carry_out


class FamilyName(StrEnum):
    """Families of ablations."""

    SCRATCH = "scratch"
    SMOLLM2 = "smollm2"


def command(
    family: Annotated[
        FamilyName,
        typer.Option(
            help="scratch: small models from random weights, 4 to 8 minutes a training. smollm2: LoRA on SmolLM2-135M-Instruct, up to "
            "22 minutes a training and 3 hours a seed on two cores; the base comes from the Hub, or from a folder by "
            "LLAMOCO_BASE_MODELS."
        ),
    ] = FamilyName.SCRATCH,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--out", help="Folder of the study; runs/ablations or runs/ablations_smollm2 by default."
        ),
    ] = None,
    recipes: Annotated[
        Path | None,
        typer.Option(help="Folder of the recipes; the family's in examples/recipes/ablations by default."),
    ] = None,
    data: Data = None,
    only: Annotated[list[str] | None, typer.Option(help="This recipe only; can be repeated.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Trainings of each recipe.")] = 3,
    limit: Limit = None,
    record: Annotated[
        Path | None, typer.Option(help="Folder for the record and its figures; the study's by default.")
    ] = None,
    record_only: RecordOnly = False,
) -> None:
    """Train each ablation of the method with several seeds, and score them.

    Each recipe of a family leaves out or changes one part of the method: what is read, the warm-up, balancing, languages, writing
    patterns. Seed 0 of all of them comes first, and the record is written after each training, so that there is something to read at
    any time. The same command continues after a stop, a training from its last checkpoint.
    """
    from llamoco.modeling.ablations.families import FAMILIES
    from llamoco.modeling.ablations.run_ablations import run_ablations

    chosen = FAMILIES[family]
    if unknown := sorted(set(only or ()) - set(chosen.about)):
        fail(f"--only: no recipe {', '.join(unknown)}; expected some of {', '.join(chosen.about)}")
    carry_out(
        lambda: run_ablations(
            folder or chosen.out,
            chosen,
            recipes=recipes,
            data=data,
            names=only,
            seeds=seeds,
            limit=limit,
            record=record,
            record_only=record_only,
        )
    )
