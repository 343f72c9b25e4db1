"""Consoles, exit codes and error messages of all commands."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import typer
from rich.progress import TextColumn
from rich.text import Text

from llamoco.cli.terminal import SafeConsole
from llamoco.dataset_builder.problems.errors import LlamocoError
from llamoco.dataset_builder.problems.printable import printable

# Tables that go into a file or a pipe are as wide as they need, not 80 columns.
out = SafeConsole(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else 160)
err = SafeConsole(stderr=True)

EXIT_UNSOLVED = 1
EXIT_BAD_INPUT = 2
EXIT_NO_SANDBOX = 3
EXIT_INTERRUPTED = 130

MAX_MESSAGE = 4000  # characters


def fail(message: str, code: int = EXIT_BAD_INPUT) -> NoReturn:
    """Print one message and exit.

    Args:
        message: names the place, what was expected and the next step.
        code: exit code.
    """
    say("error:", message, "bold red")
    raise typer.Exit(code)


def say(kind: str, message: str, style: str) -> None:
    """Print a message on stderr, after its kind (such as "note:") in a style of its own."""
    err.print(Text(kind, style), printable(message, MAX_MESSAGE), soft_wrap=True)


def help_text(command: Callable[..., Any]) -> str:
    """Join the lines of each paragraph of a command's docstring: the terminal wraps them anew."""
    return "\n\n".join(
        paragraph.replace("\n", " ") for paragraph in (inspect.getdoc(command) or "").split("\n\n")
    )


def column(text: str) -> TextColumn:
    """Make a text column of a progress bar, without markup."""
    return TextColumn(text, markup=False)


@contextmanager
def clear_errors() -> Iterator[None]:
    """Turn expected errors into one message and an exit code; others keep their traceback."""
    try:
        yield
    except LlamocoError as error:
        fail(str(error))
    except KeyboardInterrupt:
        err.print("interrupted")
        raise typer.Exit(EXIT_INTERRUPTED) from None


def command_line(server: str | None = None) -> str:
    """The command line for the record, without the secrets that a server's URL may hold."""
    words = sys.argv[1:]
    if server:
        from llamoco.modeling.providers.server_url import shown_url

        words = [word.replace(server, shown_url(server)) for word in words]
    return "llamoco " + " ".join(words)
