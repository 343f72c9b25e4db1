"""`llamoco train RECIPE.yaml`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from llamoco.cli.common import clear_errors, out


def train(
    recipe: Annotated[Path, typer.Argument(help="Training recipe (YAML); see examples/recipes/.")],
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the last complete checkpoint.")
    ] = False,
) -> None:
    """Train a model: contrastive warm-up (Eq. 3, 4), then instruction tuning, both balanced (Eq. 5).

    Reads the data set that [cyan]llamoco build[/] wrote. An interrupted run, also one that was killed, goes on with --resume and
    gives the same weights as one that was never interrupted.

    Example: [cyan]llamoco train examples/recipes/xs.yaml[/]
    """
    from llamoco.modeling.recipe import RecipeError
    from llamoco.modeling.train import run

    with clear_errors(RecipeError):
        folder = run(recipe, resume)
    out.print(f"model, run record and training curve are in {folder}", highlight=False)
