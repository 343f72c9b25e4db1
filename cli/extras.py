"""Extras that commands need beyond the base install, and the message if one is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from llamoco.cli.common import fail

# Extras of setup.cfg, each with the packages (as they are imported) that it adds. Each of NESTED includes those before it.
EXTRAS = {
    "plot": ("matplotlib",),
    "data": (
        "numba",
        "llvmlite",
        "sklearn",
        "pyarrow",
        "datasets",
        "pandas",
        "yaml",
        "jinja2",
        "safetensors",
    ),
    "metric": ("evaluate", "openai", "httpx2"),
    "train": ("torch", "transformers", "trl", "accelerate", "peft"),
    "app": ("gradio",),
    "cluster": ("dask", "distributed"),
    "qlora": ("bitsandbytes",),
    "curves": ("tensorboard",),
    "report": ("nevergrad", "numdifftools"),
    "selection": ("smac", "ConfigSpace", "xgboost"),
}
NESTED = ("plot", "data", "metric", "train")
# Extra that a command always needs,
OF_COMMANDS = {
    "benchmark": "data",
    "build": "data",
    "calibrate": "data",
    "convert": "train",
    "report": "data",
    "push": "data",
    "paper": "data",
    "study": "data",
    "evaluate": "metric",
    "train": "train",
}
# and what more it may need.
BEYOND = {"evaluate": "; 'llamoco[train]' for a model that runs on this machine"}


def extra_for(command: str, package: str) -> str | None:
    """Name the extra to install if a command lacks a package; None if no extra has it.

    Args:
        command: name of the command.
        package: the package or a module of it, as it is imported.
    """
    top = package.split(".")[0]
    extra = next((name for name, packages in EXTRAS.items() if top in packages), None)
    always = OF_COMMANDS.get(command)
    if extra in NESTED and always is not None:
        return max(extra, always, key=NESTED.index)
    return extra


@contextmanager
def missing_extras(context: Any) -> Iterator[None]:
    """Exit with code 2 and name the extra to install if a command lacks a package.

    Args:
        context: of click, while the command runs.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        command = context.invoked_subcommand or ""
        extra = extra_for(command, error.name or "")
        if extra is None:
            raise
        package = str(error.name).split(".")[0]
        fail(
            f"`llamoco {command}` needs {package}, which is not in the base install: pip install 'llamoco[{extra}]' "
            f"(in a clone: pip install -c constraints.txt '.[{extra}]'){BEYOND.get(command, '')}"
        )
