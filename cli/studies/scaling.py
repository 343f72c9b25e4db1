"""`llamoco study scaling`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from llamoco.cli.training_study import Data, Limit, RecordOnly, carry_out


class Model(StrEnum):
    """Models of the study, by their recipes."""

    XS_64 = "xs_64"
    XS_128 = "xs_128"
    XS_256 = "xs_256"
    SMOLLM2 = "smollm2"


class Pairs(StrEnum):
    """Sizes of the training set."""

    K1 = "1k"
    K5 = "5k"
    K15 = "15k"
    K30 = "30k"


def command(
    model: Annotated[
        list[Model] | None,
        typer.Option(
            help="This model only; can be repeated. The base of smollm2 comes from the Hub, or from a folder by LLAMOCO_BASE_MODELS."
        ),
    ] = None,
    pairs: Annotated[
        list[Pairs] | None, typer.Option(help="This size of the set only; can be repeated.")
    ] = None,
    folder: Annotated[Path, typer.Option("--out", help="Folder of the study.")] = Path("runs/scaling"),
    recipes: Annotated[
        Path | None, typer.Option(help="Folder of the recipes; examples/recipes/scaling by default.")
    ] = None,
    data: Data = None,
    limit: Limit = None,
    record: Annotated[
        Path | None, typer.Option(help="Folder for the record; the study's by default.")
    ] = None,
    record_only: RecordOnly = False,
) -> None:
    """Train models of four sizes on 1,000 to 30,000 pairs each, and score them: Table IV of the paper.

    Three models from random weights decide by the facts alone, as the shipped one; SmolLM2 with LoRA reads the descriptions, too. Each
    sees every pair equally often, however many they are. Cheap trainings come first: those from random weights take 2 hours in all on
    two cores, SmolLM2 takes 17 minutes for 1,000 pairs, then 1, 3 and 6 hours. The record is written after each. The same command
    continues after a stop, a training from its last checkpoint.
    """
    from llamoco.modeling.ablations.scaling import RECIPES, run_scaling

    carry_out(
        lambda: run_scaling(
            folder,
            recipes or RECIPES,
            data=data,
            models=model,
            sizes=pairs,
            limit=limit,
            record=record,
            record_only=record_only,
        )
    )
