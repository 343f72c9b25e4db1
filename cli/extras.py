"""What commands need beyond the base install, told by one message where it is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from llamoco.cli.common import fail

# Extras of setup.cfg, each with the packages (as they are imported) that it adds. Up to train, each holds those before it.
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
}
NESTED = ("plot", "data", "metric", "train")
# What a command always needs,
OF_COMMANDS = {
    "benchmark": "data",
    "build": "data",
    "report": "data",
    "push": "data",
    "paper": "data",
    "study": "data",
    "evaluate": "metric",
    "train": "train",
}
# and at times.
BEYOND = {"evaluate": "; 'llamoco[train]' for a model that runs on this machine"}


def extra_for(command: str, package: str) -> str | None:
    """The extra to install where a command finds a package missing; None if no extra has it.

    Args:
        command: its name.
        package: as it is imported, a module of it or itself.
    """
    top = package.split(".")[0]
    extra = next((name for name, packages in EXTRAS.items() if top in packages), None)
    always = OF_COMMANDS.get(command)
    if extra in NESTED and always is not None:
        return max(extra, always, key=NESTED.index)
    return extra


@contextmanager
def missing_extras(context: Any) -> Iterator[None]:
    """Tell which extra a command needs if a package of one is missing, and leave with exit code 2.

    Args:
        context: of click.
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
            f"`llamoco {command}` needs {package}, which the base install leaves out: pip install 'llamoco[{extra}]' "
            f"(in a clone: pip install -c constraints.txt '.[{extra}]'){BEYOND.get(command, '')}"
        )
