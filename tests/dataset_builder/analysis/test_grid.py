"""The grid study on three families: interrupted, resumed, read back."""

from concurrent.futures import Executor, Future
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from llamoco.dataset_builder.analysis.grid import (
    draw_grid_problems,
    grid_table,
    read_grid,
    run_grid,
    write_grid,
)
from llamoco.dataset_builder.benchmark.run import execute
from llamoco.dataset_builder.benchmark.store import RunStore, StoreError
from llamoco.dataset_builder.benchmark.trace import unpack_trace
from llamoco.dataset_builder.optimizers import pool
from llamoco.dataset_builder.problems.oracle import Oracle
from llamoco.dataset_builder.problems.scores import aocc

FAMILIES = ("slsqp", "pso", "la_mcts")
PROBLEMS, SEED = 4, 7


class Inline(Executor):
    """Runs what it is given at once; after ``limit`` tasks it is interrupted."""

    def __init__(self, limit: int = 1000) -> None:
        self.left = limit

    def submit(self, fn, /, *args, **kwargs):
        if not self.left:
            raise KeyboardInterrupt
        self.left -= 1
        future: Future = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def untimed(table):
    return table.drop_columns(["seconds"]).to_pylist()


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("grid")
    shares = []
    run_grid(out, PROBLEMS, SEED, Inline(), 1, lambda runs, share, left: shares.append(share), FAMILIES)
    assert shares == sorted(shares) and shares[-1] == 1.0
    return out


def test_study_is_the_full_product_once(finished: Path, tmp_path: Path):
    table = grid_table(finished, PROBLEMS, SEED, FAMILIES)
    rows = [row for row in table.to_pylist() if row["status"] in ("ok", "solved")]
    assert len(rows) == table.num_rows
    for problem in draw_grid_problems(PROBLEMS, SEED):
        expected = 0
        for name in FAMILIES:
            optimizer = pool.POOL[name]
            affordable = optimizer.affords(problem.dim, problem.max_evals)
            if optimizer.handles(problem.constrained) and affordable:
                expected += int(np.prod([len(values) for values in optimizer.grid.values()]))
        mine = [row for row in rows if row["problem_id"] == problem.id]
        assert len({(row["optimizer"], row["config"]) for row in mine}) == len(mine) == expected
        assert {(row["dim"], row["max_evals"]) for row in mine} == {(problem.dim, problem.max_evals)}
        assert max(row["aocc"] for row in mine) > 0 and all(0 <= row["w"] <= 1 for row in mine)
    write_grid(tmp_path / "grid.parquet", table)
    assert read_grid(tmp_path / "grid.parquet").to_pylist() == table.to_pylist()


def test_interrupted_study_goes_on_and_gives_the_same(finished: Path, tmp_path: Path):
    with pytest.raises(KeyboardInterrupt):
        run_grid(tmp_path, PROBLEMS, SEED, Inline(4), 1, optimizers=FAMILIES)
    partial = grid_table(tmp_path, PROBLEMS, SEED, FAMILIES)
    whole = grid_table(finished, PROBLEMS, SEED, FAMILIES)
    assert 0 < partial.num_rows < whole.num_rows
    done = set(partial["problem_id"].to_pylist())
    assert untimed(partial) == [row for row in untimed(whole) if row["problem_id"] in done]
    run_grid(tmp_path, PROBLEMS, SEED, Inline(), 1, optimizers=FAMILIES)
    assert untimed(grid_table(tmp_path, PROBLEMS, SEED, FAMILIES)) == untimed(whole)


def test_stores_of_study_and_benchmark_are_not_mixed(finished: Path, tmp_path: Path):
    with pytest.raises(StoreError, match="another optimizer pool"):
        RunStore(finished, SEED)
    with pytest.raises(StoreError, match="another seed"):
        run_grid(finished, PROBLEMS, SEED + 1, Inline(), 1, optimizers=FAMILIES)


def test_foreign_tables_are_refused(tmp_path: Path, finished: Path):
    (tmp_path / "notes.parquet").write_bytes(b"notes")
    table = grid_table(finished, PROBLEMS, SEED, FAMILIES)
    pq.write_table(table, tmp_path / "bare.parquet")
    for name in ("notes", "bare", "none"):
        with pytest.raises(ValueError, match=r"grid study"):
            read_grid(tmp_path / f"{name}.parquet")


def test_stored_traces_score_as_whole_ones():
    """Real runs, whole traces against stored ones, whatever f* is."""
    worst = 0.0
    for problem in draw_grid_problems(4, 7):
        for optimizer in pool.pool_for(problem.constrained, "all"):
            if optimizer.name in ("de", "slsqp", "cma_es", "simulated_annealing"):
                oracle = Oracle(problem)
                stored = execute(problem, pool.source(optimizer.name), 1, oracle=oracle)["trace"]
                if len(oracle.trace) < 3:
                    continue
                f0, last = oracle.trace[0][1], oracle.trace[-1][1]
                for f_star in (last, last - 0.01 * (f0 - last), last - (f0 - last)):
                    whole = aocc(oracle.trace, problem.max_evals, f0, f_star)
                    worst = max(worst, abs(whole - aocc(unpack_trace(stored), problem.max_evals, f0, f_star)))
    assert worst < 1e-4
