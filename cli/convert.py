"""`llamoco convert MODEL`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from llamoco.cli.common import clear_errors, fail, out


def convert(
    model: Annotated[Path, typer.Argument(help="Model folder, such as `llamoco train` wrote.")],
) -> None:
    """Convert a model for CTranslate2, which runs it without torch.

    Writes ctranslate2/ into the model's folder; nothing if the converted form answers test prompts differently. `llamoco solve` and
    `llamoco.minimize` then use it. Convert again after training.

    Example: [cyan]llamoco convert out/xs[/]
    """
    from llamoco.modeling.generation.convert import PROMPTS
    from llamoco.modeling.generation.convert import convert as run

    with clear_errors():
        try:
            target = run(model.expanduser())
        except OSError as error:
            fail(f"{model}: {error}")
    size = sum(path.stat().st_size for path in target.iterdir())
    out.print(f"{target}: {size / 1e6:.1f} MB, the same answers as torch on {PROMPTS} prompts")
