"""Command `llamoco`: arguments and printing only, one file for each command."""

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
from llamoco.cli.calibrate import calibrate
from llamoco.cli.common import help_text
from llamoco.cli.convert import convert
from llamoco.cli.evaluate import evaluate
from llamoco.cli.extras import missing_extras
from llamoco.cli.paper import paper
from llamoco.cli.process_exit import App, exit_if_held_up
from llamoco.cli.push import push
from llamoco.cli.report import report
from llamoco.cli.solve import solve
from llamoco.cli.study import study
from llamoco.cli.terminal import excepthook, guard
from llamoco.cli.train import train
from llamoco.dataset_builder.problems.printable import printable

# Read when torch loads: threads that spin while they wait make a model many times slower on a busy machine.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


class _Commands(TyperGroup):
    """Group of all commands. Messages about arguments repeat the arguments, so they are made printable."""

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """Read the arguments (click)."""
        with _printable_errors():
            return super().make_context(*arguments, **options)

    def invoke(self, context: Any) -> Any:
        """Run the command (click)."""
        with _printable_errors(), missing_extras(context):
            return super().invoke(context)


class _App(App):
    """Application; errors that end it are printed by ``terminal``."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Run with the arguments of the command line."""
        guard()
        try:
            return super().__call__(*arguments, **options)
        except Exception as error:
            excepthook(type(error), error, error.__traceback__)
            exit_if_held_up(1)
            sys.exit(1)


@contextmanager
def _printable_errors() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        # click's errors; typer bundles its own click, which has no public name.
        if hasattr(error, "format_message") and isinstance(getattr(error, "message", None), str):
            error.message = printable(error.message)  # type: ignore[attr-defined]
        raise


app = _App(
    cls=_Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Describe a continuous optimization problem; get a solution, and the optimizer program that won a benchmark on problems like it.",
)


def _print_version(requested: bool) -> None:
    if requested:
        print(f"llamoco {llamoco.__version__}")
        raise typer.Exit()


@app.callback()
def _before(
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and exit."),
    ] = False,
) -> None:
    """Options of the program itself."""


for command in (solve, benchmark, build, train, calibrate, convert, evaluate, report, paper, push):
    # The fields of a recipe are options of `train`.
    fields = command is train
    app.command(
        help=help_text(command),
        context_settings={"allow_extra_args": fields, "ignore_unknown_options": fields},
    )(command)
app.add_typer(study, name="study")
