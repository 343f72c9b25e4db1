"""Command `llamoco study baselines`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from llamoco.cli.common import clear_errors, err, fail, out


def command(
    folder: Annotated[Path, typer.Argument(metavar="OUT", help="Folder of the runs and of the table.")],
    split: Annotated[str, typer.Option(help="Split of the data set.")] = "test",
    suite: Annotated[
        str | None, typer.Option(help="Run on the problems of this suite instead, such as `outside`.")
    ] = None,
    data: Annotated[
        str | None, typer.Option(help="Folder or Hub id of the data set; the shipped one by default.")
    ] = None,
    runs: Annotated[int, typer.Option(min=1, help="Runs of each tool on each problem.")] = 5,
    tools: Annotated[
        list[str] | None,
        typer.Option("--tool", help="Only this tool (can be given several times); all by default."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    limit: Annotated[int | None, typer.Option(min=1, help="The first N problems only.")] = None,
    table_only: Annotated[
        bool, typer.Option("--table-only", help="No runs: write the table of those that are finished.")
    ] = False,
) -> None:
    """Run other tools (scipy, pycma, NLopt, nevergrad) on the problems of a split or a suite, at the same budgets.

    The same command continues after Ctrl-C or kill -9.
    """
    with clear_errors():
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

        from llamoco.cli.common import column
        from llamoco.dataset_builder.problems.problem import Problem
        from llamoco.dataset_builder.problems.suites.suite import load_suite
        from llamoco.modeling.evaluation.baselines import TOOLS, run_baselines, write_baselines
        from llamoco.modeling.evaluation.split_rows import evaluation_rows

        if unknown := [name for name in tools or () if name not in TOOLS]:
            fail(f"--tool {unknown[0]}: expected one of {', '.join(TOOLS)}")
        if suite is not None and data is not None:
            fail("--suite and --data: give one of them; the problems of a suite are no data set's")
        if suite is None:
            texts = {row["problem_id"]: row["problem"] for row in evaluation_rows(split, data=data)}
            problems = [Problem.from_json(text) for text in texts.values()]
        else:
            problems = list(load_suite(suite))
        if not table_only:
            columns = (column("runs"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            with Progress(*columns, console=err, speed_estimate_period=600) as bar:
                task = bar.add_task("runs", total=None)
                run_baselines(
                    folder,
                    problems[:limit],
                    tools or list(TOOLS),
                    runs,
                    {"split": split, "data": data} if suite is None else {"suite": suite},
                    " ".join(["llamoco", *sys.argv[1:]]),
                    workers,
                    lambda done, total: bar.update(task, completed=done, total=total),
                )
        out.print(f"written: {write_baselines(folder, problems, suite)}", soft_wrap=True)
