"""Command `llamoco study suite-references`."""

from __future__ import annotations

from typing import Annotated

import typer

from llamoco.cli.common import clear_errors, err, out


def command(
    suite: Annotated[str, typer.Argument(metavar="SUITE", help="Name of the suite.")],
) -> None:
    """Freeze f0 of a suite's problems: random points, or first feasible points of runs of the pool. For whoever adds a problem to a suite."""
    with clear_errors():
        from rich.progress import Progress

        from llamoco.dataset_builder.benchmark.suite_references import freeze_suite
        from llamoco.dataset_builder.problems.suites.suite import references_path

        with Progress(console=err) as bar:
            task = bar.add_task("problems", total=None)
            freeze_suite(suite, lambda done, total: bar.update(task, completed=done, total=total))
        out.print(f"written: {references_path(suite)}", soft_wrap=True)
