"""The `llamoco` command: arguments and printing only. Each command lives in a file of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import llamoco
from llamoco.cli.benchmark import benchmark
from llamoco.cli.build import build
from llamoco.cli.evaluate import evaluate
from llamoco.cli.extras import missing_extras
from llamoco.cli.leaving import App, end_if_held_up
from llamoco.cli.push import push
from llamoco.cli.report import report
from llamoco.cli.solve import solve
from llamoco.cli.terminal import excepthook, guard
from llamoco.cli.train import train
from llamoco.dataset_builder.problems.printable import printable

# Read when torch loads: threads that wait in a loop slow a model down many times on a machine that has other work.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


class _Commands(TyperGroup):
    """The commands. What is wrong with arguments is said with the arguments themselves, so these are made printable."""

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """Of click: read the arguments."""
        with _printable_errors():
            return super().make_context(*arguments, **options)

    def invoke(self, context: Any) -> Any:
        """Of click: run the command."""
        with _printable_errors(), missing_extras(context):
            return super().invoke(context)


class _App(App):
    """The program: whatever ends it is printed by ``terminal``."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Run it with the command line's arguments."""
        guard()
        try:
            return super().__call__(*arguments, **options)
        except Exception as error:
            excepthook(type(error), error, error.__traceback__)
            end_if_held_up(1)
            sys.exit(1)


@contextmanager
def _printable_errors() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        # click's errors; typer has a click of its own, which is no public name.
        if hasattr(error, "format_message") and isinstance(getattr(error, "message", None), str):
            error.message = printable(error.message)  # type: ignore[attr-defined]
        raise


app = _App(
    cls=_Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Describe a continuous optimization problem; get the optimizer program an expert would have found by benchmarking.",
)


def _version(asked: bool) -> None:
    if asked:
        print(f"llamoco {llamoco.__version__}")
        raise typer.Exit()


@app.callback()
def _before(
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_version, help="Print the version and end."),
    ] = False,
) -> None:
    """What is done before any command: nothing more than the options above."""


for command in (solve, benchmark, build, train, evaluate, report, push):
    # The fields of a recipe are options of `train`.
    fields = command is train
    app.command(context_settings={"allow_extra_args": fields, "ignore_unknown_options": fields})(command)
