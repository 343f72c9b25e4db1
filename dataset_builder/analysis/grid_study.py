"""Results of the grid study: the table of its runs, the configuration trees that follow from it, and how it was made."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from llamoco.dataset_builder.analysis.configuration_trees import TreeGain, derive_configurations
from llamoco.dataset_builder.analysis.grid import GRID_FORMAT, grid_store, grid_table, write_grid
from llamoco.dataset_builder.benchmark.provenance import environment


def write_grid_results(out: Path, problems: int, seed: int, command: str) -> list[TreeGain]:
    """Write grid.parquet, grid.json and configurations.json from the runs stored in a folder.

    What ships in ``labels/`` and ``optimizers/`` are copies of these.

    Args:
        out, problems, seed: as for ``run_grid``.
        command: the command line, for the record.

    Returns:
        The gain of each tree.

    Raises:
        StoreError: if ``out`` holds a store of another study.
    """
    table = grid_table(out, problems, seed)
    write_grid(out / "grid.parquet", table)
    text, gains = derive_configurations(table)
    (out / "configurations.json").write_text(text, encoding="utf-8")
    store = grid_store(out, seed)
    try:
        summary = store.summary()
    finally:
        store.close()
    record = {
        "format": GRID_FORMAT,
        "command": command,
        "seed": seed,
        "problems": len(set(table["problem_id"].to_pylist())),
        "rows": table.num_rows,
        **summary,
        "keys": [asdict(gain) for gain in gains],
        **environment(),
    }
    (out / "grid.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return gains
