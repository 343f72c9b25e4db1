"""`llamoco study prompt-facts`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from llamoco.cli.common import clear_errors, command_line, out


def command(
    out_file: Annotated[Path, typer.Option("--out", help="Record to write (JSON).")] = Path(
        "prompt_facts.json"
    ),
) -> None:
    """Ablate the facts of the prompt: gap closed by a classifier that sees a subset of them.

    The classifier is trained on the shipped labels; the gap is that from single to virtual best solver on test problems.
    """
    from llamoco.dataset_builder.analysis.prompt_facts import prompt_facts_record

    with clear_errors():
        record = prompt_facts_record(command_line())
    out_file.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    out.print(f"written: {out_file}", soft_wrap=True)
