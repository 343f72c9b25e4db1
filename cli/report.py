"""`llamoco report DIR ...`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from llamoco.cli.common import clear_errors, fail, out


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
    entry: Annotated[
        Path | None,
        typer.Option(
            "--entry", help="Write the leaderboard's entry of the (only) evaluation into this file."
        ),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name in that entry; the model's by default.")] = None,
    url: Annotated[str | None, typer.Option(help="Link in that entry.")] = None,
) -> None:
    """Tables and figures from run records: labels of a benchmark, losses of a training, scores of an evaluation."""
    from llamoco.dataset_builder.analysis.report import label_report
    from llamoco.dataset_builder.analysis.report_text import print_label_report, save_report
    from llamoco.dataset_builder.benchmark.label_table import read_labels

    evaluations = []
    with clear_errors():
        for folder in folders:
            if (folder / "labels.parquet").is_file():
                labelled = read_labels(folder / "labels.parquet")
                record = label_report(labelled, folder)
                print_label_report(record, out)
                for path in save_report(record, labelled.labels, out_folder or folder):
                    out.print(f"written: {path}")
            elif (folder / "settings.json").is_file():
                evaluations.append(folder)
                _report_evaluation(folder, out_folder)
            elif (folder / "suite-runs.jsonl").is_file():
                from llamoco.cli.evaluate_suite import print_suite
                from llamoco.modeling.evaluation.suite_evaluation import read_suite_evaluation

                print_suite(read_suite_evaluation(folder))
            elif (folder / "run_record.json").is_file():
                out.print_json(data=_run_record(folder / "run_record.json"))
            else:
                fail(
                    f"{folder} holds no labels.parquet, settings.json, suite-runs.jsonl or run_record.json: "
                    "name a folder that llamoco benchmark, evaluate or train wrote"
                )
    if len(evaluations) > 1:
        _compare(evaluations)
    if entry is not None:
        if len(evaluations) != 1:
            fail(
                f"--entry: expected the folder of one evaluation, got {len(evaluations)}; name one that llamoco evaluate wrote"
            )
        _write_entry(evaluations[0], entry, name, url)


def _run_record(path: Path) -> Any:
    """What `llamoco train` wrote of a run."""
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        fail(
            f"{path}: expected the record that llamoco train wrote, found no JSON ({error}); name another folder"
        )


def _report_evaluation(folder: Path, out_folder: Path | None) -> None:
    """Tables and figure of an evaluation: from its scores.json or, where it was not scored, from its other files."""
    from llamoco.cli.evaluation_tables import print_evaluation
    from llamoco.modeling.evaluation.figure import save_evaluation_figure
    from llamoco.modeling.evaluation.record import read_record
    from llamoco.modeling.evaluation.results import read_results
    from llamoco.modeling.evaluation.scoring import score_evaluation

    with clear_errors():
        record = read_record(folder) or score_evaluation(read_results(folder))
        print_evaluation(record)
        figure = (
            folder / "scores.png"
            if out_folder is None
            else out_folder / f"scores-{folder.resolve().name}.png"
        )
        figure.parent.mkdir(parents=True, exist_ok=True)
        save_evaluation_figure(record, figure)
        out.print(f"written: {figure}", soft_wrap=True)


def _write_entry(folder: Path, entry: Path, name: str | None, url: str | None) -> None:
    """The leaderboard's entry of an evaluation."""
    from llamoco.hub_cards.leaderboard import entry_of, write_entry
    from llamoco.modeling.evaluation.record import read_record
    from llamoco.modeling.evaluation.results import read_results
    from llamoco.modeling.evaluation.scoring import score_evaluation

    with clear_errors():
        write_entry(entry, entry_of(read_record(folder) or score_evaluation(read_results(folder)), name, url))
    out.print(f"written: {entry}", soft_wrap=True)


def _compare(folders: list[Path]) -> None:
    from llamoco.modeling.evaluation.comparison import compare_evaluations
    from llamoco.modeling.evaluation.tables import comparison_table

    with clear_errors():
        out.print(comparison_table(compare_evaluations(folders)).to_rich())
