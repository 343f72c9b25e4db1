"""Command `llamoco study NAME`: the measurements that published tables and design choices rest on."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from llamoco.cli import studies
from llamoco.cli.common import help_text


class _Studies(TyperGroup):
    """The modules of ``llamoco.cli.studies``, each imported when its command is asked for."""

    def list_commands(self, context: Any) -> list[str]:
        """Names of the studies: of their files, with dashes."""
        return sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(studies.__path__))

    def get_command(self, context: Any, name: str) -> Any:
        """The command of a study; None if there is none of this name."""
        if name not in self.list_commands(context):
            return None
        module = import_module(f"{studies.__name__}.{name.replace('-', '_')}")
        single = typer.Typer(rich_markup_mode="rich", add_completion=False)
        single.command(name, help=help_text(module.command))(module.command)
        return typer.main.get_command(single)


study = typer.Typer(
    cls=_Studies,
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="Run one of the studies that the published tables and design choices rest on.\n\n"
    "Some take hours on two cores; run the same command again after an interruption, and it goes on. "
    "[cyan]llamoco study NAME --help[/] says what a study measures and what it needs.",
)


@study.callback()
def _before() -> None:
    """Nothing: without a callback typer takes a group without commands of its own for an error."""
