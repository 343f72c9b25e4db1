"""What the commands share: consoles, exit codes, and errors as one clear message."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer
from rich.progress import TextColumn
from rich.text import Text

from llamoco.cli.terminal import SafeConsole
from llamoco.dataset_builder.problems.errors import LlamocoError
from llamoco.dataset_builder.problems.printable import printable

# Into a file or a pipe tables are as wide as they need, not 80 columns.
out = SafeConsole(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else 160)
err = SafeConsole(stderr=True)

EXIT_UNSOLVED = 1
EXIT_BAD_INPUT = 2
EXIT_NO_SANDBOX = 3
EXIT_INTERRUPTED = 130

LONGEST_MESSAGE = 4000  # characters


def fail(message: str, code: int = EXIT_BAD_INPUT) -> NoReturn:
    """Print one message that names the place and the cure, and leave with an exit code."""
    say("error:", message, "bold red")
    raise typer.Exit(code)


def say(kind: str, message: str, style: str) -> None:
    """Print a message on stderr, what kind of message it is in a style before it."""
    err.print(Text(kind, style), printable(message, LONGEST_MESSAGE), soft_wrap=True)


def column(text: str) -> TextColumn:
    """A column of a progress bar, without markup."""
    return TextColumn(text, markup=False)


@contextmanager
def clear_errors() -> Iterator[None]:
    """Turn expected errors into one message and an exit code; what is not expected keeps its traceback."""
    try:
        yield
    except LlamocoError as error:
        fail(str(error))
    except KeyboardInterrupt:
        err.print("interrupted")
        raise typer.Exit(EXIT_INTERRUPTED) from None
