"""Provenance of a label table: the record in its JSON file."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from llamoco.dataset_builder.benchmark.labels import LabelTable
from llamoco.dataset_builder.benchmark.store import RunStore, code_fingerprint
from llamoco.dataset_builder.optimizers.catalogue import GROUPS

PACKAGES = ("numpy", "scipy", "cma", "deap", "nlopt", "pyarrow")


def benchmark_meta(
    out: Path, labelled: LabelTable, problems: int, seed: int, repeats: int, command: str
) -> dict[str, Any]:
    """Command, seed, counts, cost, failures, versions, machine class and date of a finished benchmark.

    Args:
        out: folder of the run store.
        labelled: what ``run_benchmark`` returned.
        problems, seed, repeats: what it was called with.
        command: the command line.
    """
    return {
        "command": command,
        "seed": seed,
        "problems": problems,
        "repeats": repeats,
        "labels": {group: sum(label.group == group for label in labelled.labels) for group in GROUPS},
        "discarded": labelled.discarded,
        "single_best_solvers": labelled.sbs,
        **store_meta(out, seed),
    }


def store_meta(out: Path, seed: int) -> dict[str, Any]:
    """Counts, cost and failures of the runs in a store, fingerprint of the code, versions, machine class and date."""
    store = RunStore(out, seed)
    try:
        summary = store.summary()
    finally:
        store.close()
    return {**summary, "code": code_fingerprint(), **environment()}


def environment() -> dict[str, Any]:
    """Versions, machine class and date."""
    return {
        "versions": {"python": platform.python_version()} | {name: version(name) for name in PACKAGES},
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "date": datetime.now(UTC).date().isoformat(),
    }
