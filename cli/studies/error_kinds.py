"""Command `llamoco study error-kinds`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from llamoco.cli.common import clear_errors, out


def command(
    folder: Annotated[Path, typer.Argument(help="Folder that `llamoco evaluate` wrote.")],
    limit: Annotated[int | None, typer.Option(min=1, help="The first N rows only.")] = None,
) -> None:
    """Errors of an evaluation by the paper's kinds, and the optimizers that its programs choose (Fig. 7): FOLDER/error-kinds.json.

    Everything is read from records and texts; nothing is run, and no model is needed.
    """
    with clear_errors():
        from llamoco.metrics.chosen_optimizers import histogram
        from llamoco.metrics.error_kinds import KINDS, error_kinds
        from llamoco.modeling.evaluation.evaluation_folder import write_json
        from llamoco.modeling.evaluation.results import read_results

        results = read_results(folder, limit)
        runs = [run for several in results.runs["model"] for run in several]
        rows = results.records["model"]
        kinds = error_kinds(zip(rows, (run.attempt.program for run in runs), strict=True))
        firsts = [several[0] for several in results.runs["model"]]
        constrained = [run for run in firsts if run.problem.constrained]
        record = {
            "runs": len(runs),
            "kinds": dict(kinds),
            "programs": len(firsts),
            "constrained_programs": len(constrained),
            "unsuited_to_constraints": sum(not run.suitable for run in constrained),
            "optimizers": histogram(run.attempt.program for run in firsts),
        }
        write_json(folder / "error-kinds.json", record)
        for kind, title in KINDS.items():
            out.print(f"{title}: {kinds[kind]} of {len(runs)} runs")
        out.print(json.dumps(record["optimizers"], indent=1))
        out.print(f"written: {folder / 'error-kinds.json'}", soft_wrap=True)
