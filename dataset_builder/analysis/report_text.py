"""Label report: tables on the console; record and figures as files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from llamoco.dataset_builder.analysis.figures import save_figures
from llamoco.dataset_builder.analysis.label_tables import label_tables
from llamoco.dataset_builder.benchmark.labels import RARE, Label


def print_label_report(record: Mapping[str, Any], console: Console) -> None:
    """Print a report as tables."""
    for table in label_tables(record).values():
        console.print(table.to_rich())
    for name, group in record["groups"].items():
        console.print(f"simple rule, {name}: {group['rule']}", highlight=False)
    rare = ", ".join(record["rare"]) or "none"
    console.print(f"optimizers that win no more than {RARE:.1%} of the labels of a group: {rare}")
    for reason, count in record["discarded"].items():
        console.print(f"discarded, {reason}: {count}")


def save_report(record: Mapping[str, Any], labels: Sequence[Label], folder: Path) -> list[Path]:
    """Write ``label_report.json`` and the figures ``labels-*.png`` into a folder; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "label_report.json"
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return [path, *save_figures(record, labels, folder)]
