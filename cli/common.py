"""What the commands share: consoles, exit codes, and errors as one clear message."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from llamoco.dataset_builder.problems.errors import ProblemError

# Into a file or a pipe tables are as wide as they need, not 80 columns.
out = Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else 160)
err = Console(stderr=True)

EXIT_UNSOLVED = 1
EXIT_BAD_INPUT = 2
EXIT_NO_SANDBOX = 3
EXIT_INTERRUPTED = 130


def fail(message: str, code: int = EXIT_BAD_INPUT) -> NoReturn:
    """Print one message that names the place and the cure, and leave with an exit code."""
    err.print("[bold red]error:[/]", escape(message), highlight=False, soft_wrap=True)
    raise typer.Exit(code)


@contextmanager
def clear_errors(*kinds: type[Exception]) -> Iterator[None]:
    """Turn expected errors into one message and an exit code; what is not expected keeps its traceback.

    Args:
        kinds: exceptions whose message already names the place and the cure.
    """
    try:
        yield
    except (ProblemError, *kinds) as error:  # type: ignore[misc]  # mypy does not unpack tuples of exceptions
        fail(str(error))
    except KeyboardInterrupt:
        err.print("interrupted")
        raise typer.Exit(EXIT_INTERRUPTED) from None
