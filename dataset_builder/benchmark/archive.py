"""Run archive: all runs of a benchmark as a few small Parquet files, to derive labels again or to go on elsewhere.

A folder of archive.json (format, seed, fingerprint of the code), problems.parquet and runs-NN.parquet.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from llamoco.dataset_builder.benchmark.run import Run
from llamoco.dataset_builder.benchmark.store import FILE_NAME, RunStore, StoreError, code_fingerprint
from llamoco.dataset_builder.benchmark.trace import join_trace, split_trace
from llamoco.dataset_builder.problems.problem import Problem

ARCHIVE_FORMAT = 1
PROBLEMS_PER_SHARD = 1500

_TEXTS = ("problem_id", "optimizer", "config", "stage", "status", "error")
# Columns that repeat what another says are left empty: a returned point is mostly the best one, and a trace mostly
# begins at the first feasible value and ends at the best.
_SCHEMA = pa.schema(
    [(name, pa.string()) for name in _TEXTS]
    + [("race", pa.int8()), ("seed_index", pa.int16()), ("evals", pa.int32()), ("max_evals", pa.int32())]
    + [("first_f", pa.float64()), ("best_f", pa.float64()), ("f_returned", pa.float64())]
    + [("returned_best", pa.bool_()), ("trace_ends", pa.binary())]
    + [("trace_evals", pa.binary()), ("trace_levels", pa.binary()), ("seconds", pa.float32())]
)
_PLAIN = tuple(
    field.name for field in fields(Run) if field.name in set(_SCHEMA.names) - {"f_returned", "seconds"}
)


@dataclass(frozen=True)
class Archive:
    """Content of an archive.

    Attributes:
        problems: as drawn, in order.
        runs: by problem id, in the order of their keys.
        seed: of the benchmark.
        code: fingerprint of the code that made the runs.
    """

    problems: tuple[Problem, ...]
    runs: dict[str, list[Run]]
    seed: int
    code: str


def export_runs(out: Path, seed: int, folder: Path) -> None:
    """Write the runs of a benchmark to an archive; the same runs give the same bytes under the same pyarrow.

    Args:
        out: folder of the run store.
        seed: the benchmark's seed.
        folder: of the archive; files of an earlier one are replaced.

    Raises:
        StoreError: if the store is of other code or another seed.
    """
    store = RunStore(out, seed)
    try:
        problems = store.problems()
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("runs-*.parquet"):
            old.unlink()
        texts = pa.table({"problem": [problem.to_json() for problem in problems]})
        pq.write_table(texts, folder / "problems.parquet", compression="zstd", compression_level=19)
        for shard, first in enumerate(range(0, len(problems), PROBLEMS_PER_SHARD)):
            rows = [
                _row(run)
                for problem in problems[first : first + PROBLEMS_PER_SHARD]
                for run in store.runs(problem.id)
            ]
            table = pa.Table.from_pylist(rows, schema=_SCHEMA)
            path = folder / f"runs-{shard:02d}.parquet"
            pq.write_table(table, path, compression="zstd", compression_level=19, use_dictionary=list(_TEXTS))
        meta = {
            "format": ARCHIVE_FORMAT,
            "code": code_fingerprint(),
            "seed": seed,
            "problems": len(problems),
            "runs": store.count_runs(),
        }
        (folder / "archive.json").write_text(json.dumps(meta, indent=1) + "\n", encoding="utf-8")
    finally:
        store.close()


def _row(run: Run) -> dict[str, Any]:
    values = asdict(run)
    ends, evals, levels = split_trace(run.trace)
    returned_best = run.f_returned is not None and run.f_returned == run.best_f
    return {name: values[name] for name in _PLAIN} | {
        "f_returned": None if returned_best else run.f_returned,
        "returned_best": returned_best,
        "trace_ends": None if ends == _ends(run.first_f, run.best_f) else ends,
        "trace_evals": evals,
        "trace_levels": levels,
        "seconds": float(f"{run.seconds:.3g}"),
    }


def _ends(first: float | None, best: float | None) -> bytes:
    return b"" if first is None or best is None else struct.pack("<dd", first, best)


def _run(row: dict[str, Any]) -> Run:
    ends = row["trace_ends"]
    ends = _ends(row["first_f"], row["best_f"]) if ends is None else ends
    return Run(
        **{name: row[name] for name in _PLAIN},
        f_returned=row["best_f"] if row["returned_best"] else row["f_returned"],
        trace=join_trace(ends, row["trace_evals"], row["trace_levels"]),
        seconds=row["seconds"],
    )


def read_archive(folder: Path) -> Archive:
    """Read an archive: ``derive_labels(archive.problems, archive.runs)`` gives the labels again.

    Raises:
        StoreError: if the folder holds none, one that is incomplete, or one of another format.
    """
    try:
        meta = json.loads((folder / "archive.json").read_text(encoding="utf-8"))
        if meta["format"] != ARCHIVE_FORMAT:
            raise StoreError(
                f"{folder} is an archive of format {meta['format']}, this version of llamoco reads "
                f"{ARCHIVE_FORMAT}: use the version that wrote it"
            )
        texts = pq.read_table(folder / "problems.parquet")["problem"].to_pylist()
        problems = tuple(Problem.from_json(text) for text in texts)
        runs: dict[str, list[Run]] = {problem.id: [] for problem in problems}
        for run in _runs(sorted(folder.glob("runs-*.parquet"))):
            runs[run.problem_id].append(run)
        seed, code, expected = int(meta["seed"]), str(meta["code"]), (meta["problems"], meta["runs"])
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        if isinstance(error, StoreError):
            raise
        raise StoreError(f"{folder} is not an archive of runs: {error}") from error
    if (len(problems), sum(map(len, runs.values()))) != expected:
        raise StoreError(f"{folder}: parts of the archive are missing; archive.json says what belongs to it")
    return Archive(problems, runs, seed, code)


def _runs(paths: Sequence[Path]) -> Iterator[Run]:
    for path in paths:
        for batch in pq.read_table(path, schema=_SCHEMA).to_batches(max_chunksize=4096):
            yield from map(_run, batch.to_pylist())


def import_runs(folder: Path, out: Path) -> int:
    """Make a run store from an archive, with which ``run_benchmark`` goes on. Returns its seed.

    Args:
        folder: of the archive.
        out: folder of the store to be made.

    Raises:
        StoreError: if there is a store already, the archive cannot be read, or other code made its runs. Nothing
            is written then.
    """
    archive = read_archive(folder)
    if archive.code != code_fingerprint():
        raise StoreError(
            f"{folder}: these runs were made by another optimizer pool, configurations or race ({archive.code!r}, "
            f"this is {code_fingerprint()!r}). Labels can be derived from them; to add runs use the version that "
            "made them."
        )
    if (out / FILE_NAME).exists():
        raise StoreError(f"{out} holds a run store already. Nothing was changed. Give another folder.")
    store = RunStore(out, archive.seed)
    try:
        store.add_problems(archive.problems)
        for runs in archive.runs.values():
            store.add_runs(runs)
    finally:
        store.close()
    return archive.seed
