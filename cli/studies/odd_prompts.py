"""Command `llamoco study odd-prompts`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from llamoco.cli.common import clear_errors


def command(
    model: Annotated[
        str | None,
        typer.Argument(help="Folder or Hub id of a model; the shipped one by default.", show_default=False),
    ] = None,
    prompts: Annotated[int, typer.Option(min=1, help="Number of prompts.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the prompts.")] = 0,
    file: Annotated[
        Path | None,
        typer.Option("--out", help="File of the record; printed by default.", show_default=False),
    ] = None,
) -> None:
    """Count answers that are no program of the pool, raw and within it, on prompts unlike those of the training set."""
    with clear_errors():
        from llamoco.dataset_builder.benchmark.provenance import environment
        from llamoco.modeling.evaluation.odd_prompts import measure
        from llamoco.modeling.generation.engines import load_generator
        from llamoco.modeling.generation.model_files import SHIPPED_MODEL

        generator = load_generator(model or str(SHIPPED_MODEL))
        record = {
            "model": generator.name,
            "engine": generator.engine,
            "command": " ".join(["llamoco", *sys.argv[1:]]),
            "seed": seed,
            **{name: environment()[name] for name in ("machine", "date")},
            **measure(generator, prompts, seed),
        }
        text = json.dumps(record, indent=1) + "\n"
        if file is None:
            print(text, end="")
        else:
            file.write_text(text, encoding="utf-8")
