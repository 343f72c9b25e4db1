"""Best point so far of `llamoco solve`, after Ctrl-C or a failure of the user's own function."""

from __future__ import annotations

import traceback
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape

from llamoco.cli.common import err
from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.modeling.solving.solution import user_objective

if TYPE_CHECKING:
    from llamoco.modeling.solving.pipeline import Outcome


def blame_file(outcome: Outcome, file: Path) -> Outcome:
    """The outcome, with an error from the user's file outside of a call turned into an error of the file.

    A signal handler, say: its exception arrives through whatever code is running.
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
    blamed = ProblemError(reason)
    blamed.__cause__ = error
    return replace(outcome, error=blamed, solution=replace(outcome.solution, reason=reason))


def show_best_so_far(outcome: Outcome) -> None:
    """Print the best point on stderr, before the error is raised."""
    solution = outcome.solution
    if solution is None:
        return
    if solution.feasible and solution.x is not None:
        point = ", ".join(repr(value) for value in solution.x)
        f = user_objective(outcome.answer.problem, solution.f)
        text = f"best point so far, after {solution.evals} evaluations: f = {f:.8g} at x = [{point}]"
        err.print(escape(text), highlight=False, soft_wrap=True)
    elif solution.evals:
        err.print(f"no feasible point was found in {solution.evals} evaluations", highlight=False)
