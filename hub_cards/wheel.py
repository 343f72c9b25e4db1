"""The wheel of a checkout: llamoco is on no package index, so the Space brings it along."""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from llamoco.dataset_builder.problems.errors import LlamocoError

FIRST_DAY_OF_ZIP = "315532800"  # 1980: files dated alike make equal sources an equal wheel
FILES = ("setup.cfg", "pyproject.toml", "README.md", "LICENSE")


class WheelError(LlamocoError, ValueError):
    """The wheel could not be built; the message says why and what to do."""


def build_wheel(checkout: Path) -> tuple[str, bytes]:
    """Build the wheel of a checkout, offline; the checkout stays as it is.

    Equal sources give equal bytes, so that what is pushed again has not changed.

    Args:
        checkout: root of the repository.

    Returns:
        File name and content.

    Raises:
        WheelError: ``checkout`` is no checkout, or setuptools refuses.
    """
    missing = [name for name in FILES if not (checkout / name).is_file()]
    if missing:
        raise WheelError(
            f"{checkout.resolve()} is no checkout of llamoco ({', '.join(missing)} missing): the metric's Space "
            "brings the package along as a wheel, so push it from a clone, by its folder metrics/llamoco"
        )
    setup = configparser.ConfigParser()
    setup.read(checkout / "setup.cfg", encoding="utf-8")
    folders = [line.split("=")[1].strip() for line in setup["options"]["package_dir"].strip().splitlines()]
    with tempfile.TemporaryDirectory() as work:
        sources, wheels = Path(work) / "sources", Path(work) / "wheels"
        sources.mkdir()
        for name in FILES:
            shutil.copyfile(checkout / name, sources / name)
        for name in folders:
            # Runs of the benchmark are of the checkout alone: no pattern of package_data takes them.
            shutil.copytree(
                checkout / name, sources / name, ignore=shutil.ignore_patterns("__pycache__", "runs")
            )
        wheels.mkdir()
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                f"from setuptools import build_meta; build_meta.build_wheel({str(wheels)!r})",
            ],
            cwd=sources,
            capture_output=True,
            text=True,
            env={**os.environ, "SOURCE_DATE_EPOCH": FIRST_DAY_OF_ZIP},
        )
        built = sorted(wheels.glob("*.whl"))
        if done.returncode or len(built) != 1:
            said = done.stderr.strip().splitlines()
            raise WheelError(
                f"no wheel came of {checkout.resolve()}: {said[-1] if said else 'setuptools said nothing'}\n"
                "it takes setuptools 77 or later in this environment (pip install -U setuptools)"
            )
        return built[0].name, built[0].read_bytes()
