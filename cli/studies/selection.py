"""Command `llamoco study selection`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from llamoco.cli.common import clear_errors, err, fail, out


def command(
    folder: Annotated[Path, typer.Argument(metavar="OUT", help="Folder of the runs and of the record.")],
    data: Annotated[
        str | None, typer.Option(help="Folder or Hub id of the data set; the shipped one by default.")
    ] = None,
    runs: Annotated[int, typer.Option(min=1, help="Runs of each contestant on each problem.")] = 5,
    contestants: Annotated[
        list[str] | None,
        typer.Option("--contestant", help="Only this one (can be given several times); all by default."),
    ] = None,
    evaluation: Annotated[
        list[Path] | None,
        typer.Option(
            "--evaluation",
            help="Folder of a finished `llamoco evaluate` (can be given several times): its runs of single programs are taken over.",
        ),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    limit: Annotated[int | None, typer.Option(min=1, help="The first N test problems only.")] = None,
) -> None:
    """Run algorithm selection on the test problems: SBS, PIAS, AS-LLM, each also with SMAC3, and a fixed portfolio (Table VI).

    The selectors are trained on the train split's labels, which takes minutes. Probes and trials are charged to the budget of the problem.
    The same command continues after Ctrl-C or kill -9. Needs `llamoco\\[selection]`.
    """
    with clear_errors():
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

        from llamoco.cli.common import column
        from llamoco.dataset_builder.instruction_data import data_hash
        from llamoco.dataset_builder.problems.problem import Problem
        from llamoco.modeling.evaluation.split_rows import evaluation_rows
        from llamoco.modeling.selection.contest import (
            CONTESTANTS,
            RECORD,
            contest_record,
            contest_settings,
            known_runs,
            plans_for,
            run_contest,
        )
        from llamoco.modeling.selection.tables import selection_table
        from llamoco.modeling.selection.training_set import first_rows, read_training_sets

        names = contestants or list(CONTESTANTS)
        if unknown := [name for name in names if name not in CONTESTANTS]:
            fail(f"--contestant {unknown[0]}: expected one of {', '.join(CONTESTANTS)}")
        known = {key: run for place in evaluation or () for key, run in known_runs(place).items()}
        rows = first_rows(evaluation_rows("test", data=data))[:limit]
        problems = [Problem.from_json(row["problem"]) for row in rows]
        with err.status("training the selectors"):
            plans = plans_for(rows, read_training_sets(data), names)
        columns = (column("runs"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=err, speed_estimate_period=600) as bar:
            task = bar.add_task("runs", total=None)
            run_contest(
                folder,
                problems,
                plans,
                runs,
                contest_settings("test", data_hash(data)),
                known,
                " ".join(["llamoco", *sys.argv[1:]]),
                workers,
                lambda done, total: bar.update(task, completed=done, total=total),
            )
        labels = {row["problem_id"]: row["optimizer"] for row in rows}
        record = contest_record(folder, problems, labels, plans, runs)
        path = folder / RECORD
        path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        out.print(selection_table(record).to_rich())
        out.print(f"written: {path}", soft_wrap=True)
