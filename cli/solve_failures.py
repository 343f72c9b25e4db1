"""What `llamoco solve` leaves where a person's own function fails in mid-run, or they press Ctrl-C: the best point so far."""

from __future__ import annotations

import traceback
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape

from llamoco.cli.common import err
from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.modeling.solving.solution import own_sign

if TYPE_CHECKING:
    from llamoco.modeling.solving.pipeline import Outcome


def told_by_file(outcome: Outcome, file: Path) -> Outcome:
    """An outcome whose error, if it comes from the person's file at any other time than in a call, is an error of the file.

    As of a signal handler: what it raises comes through whatever is being done.
    """
    error = outcome.error
    if error is None or isinstance(error, ProblemError | KeyboardInterrupt) or outcome.solution is None:
        return outcome
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == str(file)]
    if not frames:
        raise error
    reason = (
        f"{file}:{frames[-1].lineno}: the file's own code stopped the run ({type(error).__name__}: {error})"
    )
    told = ProblemError(reason)
    told.__cause__ = error
    return replace(outcome, error=told, solution=replace(outcome.solution, reason=reason))


def show_best_so_far(outcome: Outcome) -> None:
    """Say on stderr what the best point is, before the error is raised."""
    solution = outcome.solution
    if solution is None:
        return
    if solution.feasible and solution.x is not None:
        point = ", ".join(repr(value) for value in solution.x)
        f = own_sign(outcome.answer.problem, solution.f)
        text = f"best point so far, after {solution.evals} evaluations: f = {f:.8g} at x = [{point}]"
        err.print(escape(text), highlight=False, soft_wrap=True)
    elif solution.evals:
        err.print(f"no feasible point was found in {solution.evals} evaluations", highlight=False)
