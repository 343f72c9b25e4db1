"""`llamoco evaluate --suite NAME`: runs and tables."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from llamoco.cli.common import EXIT_NO_SANDBOX, clear_errors, column, err, fail, out


def run_suite(
    suite: str,
    model: str | None,
    runs: int,
    seed: int,
    limit: int | None,
    folder: Path,
    as_json: bool,
    unsafe: bool,
) -> None:
    """Evaluate a model of this machine on a suite; arguments as of ``evaluate``."""
    with clear_errors():
        from llamoco.dataset_builder.problems.jsonl import to_jsonable
        from llamoco.dataset_builder.problems.suites.suite import suite_files
        from llamoco.metrics.sandbox.sandbox import Sandbox
        from llamoco.metrics.sandbox.tiers import SandboxUnavailable
        from llamoco.modeling.evaluation.suite_evaluation import evaluate_suite
        from llamoco.modeling.generation.engines import load_generator
        from llamoco.modeling.generation.model_files import SHIPPED_MODEL

        suite_files(suite)  # an unknown name is refused before the model is loaded
        generator = load_generator(model or SHIPPED_MODEL)
        columns = (column("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=err, disable=as_json, speed_estimate_period=600) as bar:
            task = bar.add_task(suite, total=None)
            try:
                with Sandbox(allow_unsafe=True) as sandbox:
                    record = evaluate_suite(
                        folder,
                        suite,
                        generator,
                        sandbox,
                        runs=runs,
                        seed=seed,
                        limit=limit,
                        unsafe=unsafe,
                        command=" ".join(["llamoco", *sys.argv[1:]]),
                        place=model or SHIPPED_MODEL,
                        on_progress=lambda done, total: bar.update(task, completed=done, total=total),
                    )
            except SandboxUnavailable as error:
                fail(str(error), EXIT_NO_SANDBOX)
        if as_json:
            print(json.dumps(to_jsonable(record), allow_nan=False))
            return
        print_suite(record)
        out.print(f"written: {folder}", soft_wrap=True)


def print_suite(record: dict[str, object]) -> None:
    """Print the tables of a suite's record."""
    from llamoco.modeling.evaluation.suite_scores import suite_tables

    if not record["problems"]:
        out.print("no problem is solved yet: run the command that was stopped again")
    for table in suite_tables(record).values():
        if table.rows:
            out.print(table.to_rich())
