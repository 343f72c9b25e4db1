"""The benchmark as a process that is killed, resumed and interrupted: real pool, real problems."""

import dataclasses
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from llamoco.dataset_builder.benchmark.benchmark import draw_problems, run_benchmark
from llamoco.dataset_builder.benchmark.provenance import benchmark_meta
from llamoco.dataset_builder.benchmark.store import FILE_NAME, RunStore, StoreError
from llamoco.dataset_builder.problems.synthesis import draw_problem

PROBLEMS, SEED = 2, 54

SCRIPT = f"""
import sys
from pathlib import Path
from llamoco.dataset_builder.benchmark.benchmark import run_benchmark
from llamoco.dataset_builder.benchmark.executors import process_executor
print("started", flush=True)
with process_executor(2) as executor:
    run_benchmark(Path(sys.argv[1]), {PROBLEMS}, {SEED}, executor, 2, repeats=1,
                  on_progress=lambda progress: print(progress.share, flush=True))
"""


def start(out: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(out)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def rows(out: Path) -> list[tuple]:
    """All runs but for their timings."""
    with sqlite3.connect(out / FILE_NAME) as db:
        columns = [name for _, name, *_ in db.execute("PRAGMA table_info(runs)") if name != "seconds"]
        return db.execute(
            f"SELECT {', '.join(columns)} FROM runs ORDER BY problem_id, race, optimizer, config, seed_index"
        ).fetchall()


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("finished")
    process = start(out)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return out


def test_killed_and_resumed_store_equals_uninterrupted(finished: Path, tmp_path: Path):
    rng = np.random.default_rng(0)
    for _ in range(4):
        process = start(tmp_path)
        assert process.stdout is not None and process.stdout.readline() == "started\n"
        time.sleep(rng.uniform(0.5, 2.5))
        process.kill()
        process.communicate()
    process = start(tmp_path)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert rows(tmp_path) == rows(finished)


def test_same_command_again_runs_nothing_and_gives_the_labels(finished: Path):
    before = rows(finished)
    seen: list = []
    with ThreadPoolExecutor(1) as executor:
        labelled = run_benchmark(finished, PROBLEMS, SEED, executor, 1, repeats=1, on_progress=seen.append)
    assert seen == [] and rows(finished) == before
    meta = benchmark_meta(finished, labelled, PROBLEMS, SEED, 1, "llamoco benchmark")
    assert meta["runs"] == len(before) and meta["failures"] == {}
    assert len(labelled.labels) + sum(labelled.discarded.values()) == PROBLEMS
    for label in labelled.labels:
        twice = label.group == "unconstrained"
        assert (label.repeat is not None) == twice
        assert (label.check is not None) == (twice or label.split == "test")


def test_interrupt_ends_at_once_and_keeps_what_was_done(tmp_path: Path):
    process = start(tmp_path)
    assert process.stdout is not None and process.stdout.readline() == "started\n"
    process.stdout.readline()  # the first task is done
    process.send_signal(signal.SIGINT)
    started = time.monotonic()
    _, errors = process.communicate(timeout=30)
    assert time.monotonic() - started < 10
    assert process.returncode != 0 and errors.count("Traceback") <= 2
    assert rows(tmp_path)


def test_more_problems_only_add():
    assert draw_problems(PROBLEMS, SEED) == draw_problems(PROBLEMS + 2, SEED)[:PROBLEMS]


def test_foreign_stores_are_refused_and_untouched(tmp_path: Path):
    store = RunStore(tmp_path, seed=0)
    problem = draw_problem(0, 0, False)
    store.add_problems([problem])
    store.close()
    before = (tmp_path / FILE_NAME).read_bytes()
    with pytest.raises(StoreError, match="another seed"):
        RunStore(tmp_path, seed=1)
    assert (tmp_path / FILE_NAME).read_bytes() == before
    with sqlite3.connect(tmp_path / FILE_NAME) as db:
        db.execute("UPDATE meta SET value = 'other' WHERE key = 'code'")
    db.close()
    with pytest.raises(StoreError, match="another optimizer pool"):
        RunStore(tmp_path, seed=0)
    (tmp_path / FILE_NAME).write_bytes(b"notes of mine " * 100)
    with pytest.raises(StoreError, match="not a run store"):
        RunStore(tmp_path, seed=0)
    assert (tmp_path / FILE_NAME).read_bytes() == b"notes of mine " * 100


def test_a_problem_drawn_otherwise_is_refused(tmp_path: Path):
    store = RunStore(tmp_path, seed=0)
    problem = draw_problem(0, 0, False)
    store.add_problems([problem])
    other = dataclasses.replace(problem, max_evals=7)
    with pytest.raises(StoreError, match="drawn otherwise"):
        store.add_problems([draw_problem(0, 1, False), other])
    store.add_problems([problem])
    store.close()
