"""A tiny benchmark, run once for all tests that look at one."""

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from llamoco.dataset_builder.benchmark.benchmark import run_benchmark
from llamoco.dataset_builder.benchmark.labels import LabelTable
from llamoco.dataset_builder.benchmark.store import FILE_NAME


class Tiny(NamedTuple):
    """An uninterrupted benchmark run in this very process; not to be written to."""

    out: Path
    problems: int
    seed: int
    repeats: int
    labelled: LabelTable


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Tiny:
    out = tmp_path_factory.mktemp("tiny")
    with ThreadPoolExecutor(1) as executor:
        labelled = run_benchmark(
            out, 2, 331, executor, 1, repeats=1
        )  # small, but beyond the budget limit of gp_ei
    return Tiny(out, 2, 331, 1, labelled)


@pytest.fixture(scope="session")
def stored() -> Callable[[Path], list[tuple]]:
    """What a store in a folder holds, but for timings."""

    def rows(out: Path) -> list[tuple]:
        with sqlite3.connect(out / FILE_NAME) as db:
            columns = [name for _, name, *_ in db.execute("PRAGMA table_info(runs)") if name != "seconds"]
            order = "problem_id, race, optimizer, config, seed_index"
            runs = db.execute(f"SELECT {', '.join(columns)} FROM runs ORDER BY {order}").fetchall()
            return runs + db.execute("SELECT * FROM problems ORDER BY rowid").fetchall()

    return rows
