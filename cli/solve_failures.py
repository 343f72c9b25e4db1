"""What `llamoco solve` leaves where a person's own function fails in mid-run, or they press Ctrl-C: the best point so far."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.markup import escape

from llamoco.cli.common import err
from llamoco.dataset_builder.problems.errors import ProblemError

if TYPE_CHECKING:
    from llamoco.dataset_builder.problems.incumbent import Incumbent

Report = Callable[[str, str], dict[str, Any]]


@contextmanager
def best_kept(incumbent: Incumbent, file: Path, report: Report | None) -> Iterator[None]:
    """Say what the best point is before a failure of the person's code, or Ctrl-C, goes on its way.

    Args:
        incumbent: what watched the problem.
        file: the person's file. An exception that comes from it at any other time than in a call, as of a signal handler,
            is told as an error of the file.
        report: gives the JSON object to print for a verdict and a reason; None to tell a person.

    Raises:
        ProblemError: the failure.
        KeyboardInterrupt: after Ctrl-C.
    """
    try:
        yield
    except typer.Exit:
        raise
    except ProblemError as error:
        _tell(incumbent, report, "problem_error", str(error))
        raise
    except KeyboardInterrupt:
        _tell(incumbent, report, "interrupted", "interrupted")
        raise
    except BaseException as error:
        frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == str(file)]
        if frames:
            reason = f"{file}:{frames[-1].lineno}: the file's own code stopped the run ({type(error).__name__}: {error})"
            _tell(incumbent, report, "problem_error", reason)
            raise ProblemError(reason) from error
        raise


def _tell(incumbent: Incumbent, report: Report | None, verdict: str, reason: str) -> None:
    if report is not None:
        print(json.dumps(report(verdict, reason)))
    elif incumbent.x is not None:
        point = ", ".join(repr(value) for value in incumbent.problem.full(incumbent.x).tolist())
        err.print(
            escape(
                f"best point so far, after {incumbent.evals} evaluations: f = {incumbent.f:.8g} at x = [{point}]"
            ),
            highlight=False,
            soft_wrap=True,
        )
    elif incumbent.evals:
        err.print(f"no feasible point was found in {incumbent.evals} evaluations", highlight=False)
