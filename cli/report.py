"""`llamoco report DIR ...`."""

from __future__ import annotations

import json
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from llamoco.cli.common import clear_errors, err, fail, out


class Study(StrEnum):
    """What can be run for a report."""

    baselines = "baselines"
    landscape = "landscape"
    textbook = "textbook"


def report(
    folders: Annotated[
        list[Path],
        typer.Argument(
            help="Folders that benchmark, train or evaluate wrote. Models of several evaluations are also compared.",
            show_default=False,
        ),
    ],
    out_folder: Annotated[
        Path | None,
        typer.Option(
            "--out", help="Folder of figures, and of a benchmark's record; by default the one reported."
        ),
    ] = None,
    studies: Annotated[
        list[Study] | None,
        typer.Option(
            "--study",
            help="First run, or go on with, a study on a benchmark's problems: other tools at the same budgets, "
            "landscape features, the pool on textbook problems. Can be given several times.",
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option(min=1, help="Problems of each group in a study, those of the test split first.")
    ] = 200,
    workers: Annotated[int, typer.Option(min=1, help="Processes of a study.")] = os.cpu_count() or 1,
) -> None:
    """Tables and figures from run records: labels of a benchmark, losses of a training, scores of an evaluation."""
    from llamoco.dataset_builder.analysis.report import label_report
    from llamoco.dataset_builder.analysis.report_text import print_label_report, save_report
    from llamoco.dataset_builder.benchmark.labels import read_labels

    evaluations = []
    with clear_errors():
        for folder in folders:
            for study in studies or ():
                _run_study(study, folder, limit, workers)
            if (folder / "labels.parquet").is_file():
                labelled = read_labels(folder / "labels.parquet")
                record = label_report(labelled, folder)
                print_label_report(record, out)
                for path in save_report(record, labelled.labels, out_folder or folder):
                    out.print(f"written: {path}")
            elif (folder / "settings.json").is_file():
                evaluations.append(folder)
                _report_evaluation(folder, out_folder)
            elif (folder / "run_record.json").is_file():
                out.print_json(data=_run_record(folder / "run_record.json"))
            elif not studies:
                fail(
                    f"{folder} holds no labels.parquet, settings.json or run_record.json: "
                    "name a folder that llamoco benchmark, evaluate or train wrote"
                )
    if len(evaluations) > 1:
        _compare(evaluations)


def _run_record(path: Path) -> Any:
    """What `llamoco train` wrote of a run."""
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        fail(
            f"{path}: expected the record that llamoco train wrote, found no JSON ({error}); name another folder"
        )


def _report_evaluation(folder: Path, out_folder: Path | None) -> None:
    """Tables and figure of an evaluation: of its scores.json or, where it was not scored, of its other files."""
    from llamoco.cli.evaluation_tables import print_evaluation
    from llamoco.modeling.evaluation.evaluation_folder import SCORES, EvaluationError, read_record
    from llamoco.modeling.evaluation.figure import save_evaluation_figure
    from llamoco.modeling.evaluation.record import evaluation_record
    from llamoco.modeling.evaluation.results import read_results

    with clear_errors():
        scored = read_record(folder)
        record = scored or evaluation_record(read_results(folder))
        try:
            print_evaluation(record)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            if scored is None:
                raise
            raise EvaluationError(
                f"{folder / SCORES}: expected the record that llamoco evaluate wrote, found something else "
                f"({type(error).__name__}: {error}); make it again with --step score"
            ) from error
        figure = (
            folder / "scores.png"
            if out_folder is None
            else out_folder / f"scores-{folder.resolve().name}.png"
        )
        figure.parent.mkdir(parents=True, exist_ok=True)
        save_evaluation_figure(record, figure)
        out.print(f"written: {figure}", soft_wrap=True)


def _compare(folders: list[Path]) -> None:
    from llamoco.cli.evaluation_tables import print_comparison
    from llamoco.modeling.evaluation.comparison import compare_evaluations

    with clear_errors():
        print_comparison(compare_evaluations(folders))


def _run_study(study: Study, folder: Path, limit: int, workers: int) -> None:
    from llamoco.dataset_builder.analysis.report_studies import run_study
    from llamoco.dataset_builder.benchmark.executors import process_executor

    command = "llamoco " + " ".join(sys.argv[1:])
    with Progress(console=err) as bar, process_executor(workers) as executor:
        task = bar.add_task(study.value, total=None)

        def on_progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        run_study(study.value, folder, limit, command, executor, workers, on_progress)
