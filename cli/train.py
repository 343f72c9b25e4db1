"""`llamoco train RECIPE.yaml`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from llamoco.cli.common import clear_errors, err, fail, out


def train(
    context: typer.Context,
    recipe: Annotated[Path, typer.Argument(help="Training recipe (YAML); see examples/recipes/.")],
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue from the last complete checkpoint.")
    ] = False,
) -> None:
    """Train a model: contrastive warm-up (Eq. 3, 4), then instruction tuning, both balanced (Eq. 5).

    Options after the recipe set its fields anew, such as [cyan]--learning_rate 1e-4 --max_steps 500[/].

    Reads the data set that [cyan]llamoco build[/] writes. An interrupted run, even one that was killed, continues with --resume and
    gives the same weights as one that was never interrupted.

    Example: [cyan]llamoco train examples/recipes/xs.yaml[/]

    On several GPUs: [cyan]accelerate launch --config_file examples/recipes/accelerate/ddp.yaml -m llamoco.cli train examples/recipes/s.yaml[/]
    """
    from llamoco.modeling.training.checkpointing import TrainingInterrupted
    from llamoco.modeling.training.train import run

    # Of several processes the first one speaks.
    out.quiet = err.quiet = os.environ.get("RANK", "0") != "0"
    with clear_errors():
        try:
            folder = run(recipe, context.args, resume)
        except TrainingInterrupted as stopped:
            fail(str(stopped), 128 + stopped.number)  # as shells report a signal
    out.print(f"model, run record and training curve are in {folder}")
