"""Command `llamoco study suite-references`."""

from __future__ import annotations

from typing import Annotated

import typer

from llamoco.cli.common import clear_errors, err, out


def command(
    suite: Annotated[str, typer.Argument(metavar="SUITE", help="Name of the suite.")],
) -> None:
    """Compute f0 of those problems of a suite that have none yet, and write it to the suite's references.

    Without constraints f0 comes from random points, with constraints from the first feasible points of runs of the pool. Run it after
    a problem was added to a suite; the problem's x_star has to be in the references by then.
    """
    with clear_errors():
        from rich.progress import Progress

        from llamoco.dataset_builder.benchmark.suite_references import freeze_suite
        from llamoco.dataset_builder.problems.suites.suite import references_path

        with Progress(console=err) as bar:
            task = bar.add_task("problems", total=None)
            freeze_suite(suite, lambda done, total: bar.update(task, completed=done, total=total))
        out.print(f"written: {references_path(suite)}", soft_wrap=True)
