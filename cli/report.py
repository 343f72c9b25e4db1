"""`llamoco report DIR ...`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from llamoco.cli.common import clear_errors, fail, out


def report(
    folders: Annotated[
        list[Path],
        typer.Argument(help="Folders that benchmark, train or evaluate wrote.", show_default=False),
    ],
    out_folder: Annotated[
        Path | None, typer.Option("--out", help="Also write record and figures of a benchmark there.")
    ] = None,
) -> None:
    """Tables and figures from run records: labels of a benchmark, losses of a training, scores of an evaluation."""
    from llamoco.cli.evaluate import show_scores
    from llamoco.dataset_builder.benchmark.labels import LabelsError, read_labels
    from llamoco.dataset_builder.benchmark.report import label_report, print_label_report, save_report

    with clear_errors(LabelsError):
        for folder in folders:
            if (folder / "labels.parquet").is_file():
                record = label_report(read_labels(folder / "labels.parquet"))
                print_label_report(record, out)
                for path in save_report(record, out_folder or folder):
                    out.print(f"written: {path}", highlight=False)
            elif (folder / "scores.json").is_file():
                show_scores(json.loads((folder / "scores.json").read_text(encoding="utf-8")))
            elif (folder / "run_record.json").is_file():
                out.print_json((folder / "run_record.json").read_text(encoding="utf-8"))
            else:
                fail(
                    f"{folder} holds no labels.parquet, scores.json or run_record.json: "
                    "name a folder that llamoco benchmark, evaluate or train wrote"
                )
