"""`llamoco evaluate MODEL`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from llamoco.cli.common import EXIT_NO_SANDBOX, clear_errors, err, fail, out


def evaluate(
    model: Annotated[
        str | None,
        typer.Argument(help="Model folder or Hub id; the shipped model by default.", show_default=False),
    ] = None,
    split: Annotated[str, typer.Option(help="train or test.")] = "test",
    runs: Annotated[int, typer.Option(min=1, help="Runs of each answer.")] = 5,
    limit: Annotated[
        int | None, typer.Option(min=1, help="The first N rows only: N different problems, while there are.")
    ] = None,
    out_folder: Annotated[
        Path | None, typer.Option("--out", help="Folder of records; runs/evaluate-MODEL by default.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the record as JSON and nothing else.")
    ] = False,
    unsafe: Annotated[
        bool,
        typer.Option(
            "--unsafe", help="Run generated code even where this machine cannot confine it (tier C)."
        ),
    ] = False,
) -> None:
    """Score a model on the instruction set: Err, Perf, A3, Comp and more, beside the single best solver and the labelled answers.

    Answers and runs are kept in OUT as they come: the same command goes on after Ctrl-C or kill -9.

    Example: [cyan]llamoco evaluate --limit 50[/]
    """
    from llamoco.dataset_builder.benchmark.labels import LabelsError
    from llamoco.metrics.sandbox.tiers import SandboxUnavailable
    from llamoco.modeling.evaluation import EvaluationError, Stage, evaluate_model
    from llamoco.modeling.generation import ModelError, load_generator
    from llamoco.modeling.shipped import SHIPPED_MODEL

    if split not in ("train", "test"):
        fail(f"--split: expected train or test, got {split!r}")
    with clear_errors(LabelsError, ModelError, EvaluationError):
        generator = load_generator(model or SHIPPED_MODEL)
        folder = out_folder or Path("runs") / f"evaluate-{Path(generator.name).name}"
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=err, disable=as_json) as bar:
            tasks: dict[str, TaskID] = {}

            def on_progress(stage: Stage) -> None:
                if stage.name not in tasks:
                    tasks[stage.name] = bar.add_task(stage.name, total=stage.total)
                bar.update(tasks[stage.name], completed=stage.done)

            try:
                record = evaluate_model(generator, folder, split, runs, limit, unsafe, on_progress)
            except SandboxUnavailable as error:
                fail(str(error), EXIT_NO_SANDBOX)
    if as_json:
        print(json.dumps(record))
        return
    show_scores(record)
    out.print(f"records are in {folder}", highlight=False)


def show_scores(record: dict[str, Any]) -> None:
    """Print the table of an evaluation's record."""
    title = f"{record['model']} on {record['rows']} descriptions of {record['problems']} {record['split']} problems"
    table = Table(title=f"{title}, {record['runs']} runs each, tier {record['tier']}")
    for column in ("", "", "Err", "r_acc", "Perf", "A3", "gap closed (A3)", "Comp"):
        table.add_column(column, justify="left" if not column else "right")
    titles = {"model": "model", "sbs": "single best solver", "vbs": "labelled answer (virtual best)"}
    for group, scores in record["tables"].items():
        for name, title in titles.items():
            if name in scores:
                entry = scores[name]
                closed = entry.get("gap_closed_a3")
                table.add_row(
                    group if name == "model" else "",
                    title,
                    f"{entry['err']:.1%}",
                    f"{entry['r_acc']:.1%}",
                    f"{entry['perf']:.3f}",
                    f"{entry['a3']:.3f}",
                    "" if closed is None else f"{closed:.0%}",
                    "" if entry["comp"] is None else f"{entry['comp']:.0f}",
                )
        table.add_section()
    out.print(table)
