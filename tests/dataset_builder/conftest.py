"""What several tests look at, made once: a tiny benchmark, a few labels, the instruction set of these."""

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from llamoco.dataset_builder.benchmark.benchmark import run_benchmark
from llamoco.dataset_builder.benchmark.label_table import SHIPPED_LABELS, read_labels, write_labels
from llamoco.dataset_builder.benchmark.labels import Label, LabelTable
from llamoco.dataset_builder.benchmark.store import FILE_NAME
from llamoco.dataset_builder.hub_folder import build_folder
from llamoco.dataset_builder.optimizers.catalogue import GROUPS
from llamoco.dataset_builder.prompts.instruction_set import is_for_calibration


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


@pytest.fixture(scope="session")
def shipped() -> LabelTable:
    """The label table that ships."""
    return read_labels(SHIPPED_LABELS)


@pytest.fixture(scope="session")
def small_labels(shipped: LabelTable, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of 16 labels of the shipped one: 4 of each group and split, one of train problems for calibration."""

    def first(group: str, split: str, calibration: bool, count: int) -> list[Label]:
        chosen = [x for x in shipped.labels if x.group == group and x.split == split]
        return [x for x in chosen if is_for_calibration(x.problem.id) is calibration][:count]

    labels = [
        label
        for group in GROUPS
        for part in (
            first(group, "train", True, 1),
            first(group, "train", False, 3),
            first(group, "test", False, 4),
        )
        for label in part
    ]
    path = tmp_path_factory.mktemp("labels") / "labels.parquet"
    write_labels(path, LabelTable(tuple(labels), shipped.discarded, shipped.sbs), {"seed": 0})
    return path


@pytest.fixture(scope="session")
def built(small_labels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The instruction set of the small table, as a folder; not to be written to."""
    out = tmp_path_factory.mktemp("built") / "llamoco"
    build_folder(small_labels, out)
    return out
