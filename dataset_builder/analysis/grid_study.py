"""The grid study as a command: ``python -m llamoco.dataset_builder.analysis.grid_study OUT``.

Runs the grids, or what is left of them, and writes OUT/grid.parquet, how it was made (OUT/grid.json), and the
OUT/configurations.json that follows from it. What ships in ``labels/`` and ``optimizers/`` are copies of these.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from llamoco.dataset_builder.analysis.configuration_trees import derive_configurations
from llamoco.dataset_builder.analysis.grid import GRID_FORMAT, grid_store, grid_table, run_grid, write_grid
from llamoco.dataset_builder.benchmark.executors import ExecutorError, open_executor
from llamoco.dataset_builder.benchmark.provenance import environment
from llamoco.dataset_builder.benchmark.store import StoreError

REPORT_SECONDS = 20.0


def main() -> None:
    """Read the arguments, run, write."""
    parser = argparse.ArgumentParser(
        description="Run the pool's full grids; key configurations to the prompt."
    )
    parser.add_argument("out", type=Path, help="folder of the run store and the results; goes on by itself")
    parser.add_argument("--problems", type=int, default=200, help="how many, half of them constrained")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--scheduler", help="address of a Dask scheduler, instead of processes here")
    parser.add_argument(
        "--derive-only", action="store_true", help="no runs: results from what is stored so far"
    )
    asked = parser.parse_args()
    try:
        if not asked.derive_only:
            with open_executor(asked.workers, asked.scheduler) as (executor, width):
                run_grid(asked.out, asked.problems, asked.seed, executor, width, progress_printer())
        write_results(asked.out, asked.problems, asked.seed)
    except (StoreError, ExecutorError) as error:
        sys.exit(f"error: {error}")


def progress_printer() -> Callable[[int, float, float | None], None]:
    """Prints a line now and then; for ``run_grid``."""
    printed = time.monotonic()

    def show(runs: int, share: float, seconds_left: float | None) -> None:
        nonlocal printed
        if time.monotonic() - printed >= REPORT_SECONDS:
            printed = time.monotonic()
            left = "" if seconds_left is None else f", about {seconds_left / 60:.0f} min left"
            print(f"{runs:,} runs, {share:.1%}{left}", file=sys.stderr, flush=True)

    return show


def write_results(out: Path, problems: int, seed: int) -> None:
    """Write grid.parquet, grid.json and configurations.json from the runs stored in a folder, and print the gains.

    Args:
        out, problems, seed: as ``run_grid`` got them.
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
    meta = {
        "format": GRID_FORMAT,
        "command": "python -m llamoco.dataset_builder.analysis.grid_study " + " ".join(sys.argv[1:]),
        "seed": seed,
        "problems": len(set(table["problem_id"].to_pylist())),
        "rows": table.num_rows,
        **summary,
        "keys": [asdict(gain) for gain in gains],
        **environment(),
    }
    (out / "grid.json").write_text(json.dumps(meta, indent=1) + "\n", encoding="utf-8")
    print(f"{'optimizer':24}{'group':15}{'n':>4} defaults  single    tree    best  chosen")
    for g in gains:
        print(
            f"{g.optimizer:24}{g.group:15}{g.problems:4}{g.defaults:9.3f}{g.single:8.3f}{g.tree:8.3f}{g.best:8.3f}"
            f"  {g.chosen} ({g.configurations})"
        )


if __name__ == "__main__":
    main()
