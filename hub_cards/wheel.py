"""Wheel of a checkout. The package is not on an index, so the metric's Space includes it."""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from llamoco.dataset_builder.problems.errors import LlamocoError

FIRST_DAY_OF_ZIP = "315532800"  # 1980: with fixed dates equal sources give an equal wheel
FILES = ("setup.cfg", "pyproject.toml", "README.md", "LICENSE")


class WheelError(LlamocoError, ValueError):
    """Failed build of the wheel. The message says why and what to do."""


def build_wheel(checkout: Path) -> tuple[str, bytes]:
    """Build the wheel of a checkout, offline and without touching the checkout.

    Equal sources give equal bytes, so that a repeated push changes nothing.

    Args:
        checkout: root folder of the repository.

    Returns:
        File name and content of the wheel.

    Raises:
        WheelError: ``checkout`` is not a checkout, or setuptools fails.
    """
    missing = [name for name in FILES if not (checkout / name).is_file()]
    if missing:
        raise WheelError(
            f"{checkout.resolve()} is not a checkout of llamoco ({', '.join(missing)} missing): the metric's Space "
            "includes the package as a wheel, so push the folder metrics/llamoco of a clone"
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
            # Runs of the benchmark are not part of the package (package_data).
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
                f"building a wheel from {checkout.resolve()} failed: {said[-1] if said else 'setuptools gave no reason'}\n"
                "setuptools 77 or later is needed in this environment (pip install -U setuptools)"
            )
        return built[0].name, built[0].read_bytes()
