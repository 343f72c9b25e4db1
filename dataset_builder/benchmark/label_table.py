"""Label table: Parquet (zstd), one row a problem, with a JSON file of the same name that says how it was made.

From it alone the instruction set is built and the label report is written. One table ships with the package.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from llamoco.dataset_builder.benchmark.labels import Label, LabelsError, LabelTable, Repeat
from llamoco.dataset_builder.benchmark.race import Score
from llamoco.dataset_builder.problems.problem import Problem

LABELS_FORMAT = 4
SHIPPED_LABELS = Path(__file__).parents[1] / "labels" / "labels.parquet"

_FORMAT_KEY = b"llamoco_labels_format"
_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("problem_id", "group", "split", "problem", "optimizer", "config")]
    + [("aocc", pa.float64()), ("w", pa.float64()), ("tie", pa.bool_())]
    + [(name, pa.string()) for name in ("finalists", "screen", "paper", "check", "repeat")],
)


def write_labels(path: Path, table: LabelTable, meta: Mapping[str, Any]) -> None:
    """Write a label table and its JSON file; the same labels give the same bytes of Parquet under the same pyarrow.

    Args:
        path: of the Parquet file; the JSON file of the same name goes beside it.
        table: what to write.
        meta: how it was made, JSON-able.
    """
    rows = [
        {
            "problem_id": label.problem.id,
            "group": label.group,
            "split": label.split,
            "problem": label.problem.to_json(),
            "optimizer": label.optimizer,
            "config": label.config,
            "aocc": label.aocc,
            "w": label.w,
            "tie": label.tie,
            "finalists": _scores_json(label.finalists),
            "screen": _scores_json(label.raced),
            "paper": None if label.paper is None else _scores_json([label.paper]),
            "check": None if label.check is None else _scores_json(label.check),
            "repeat": None if label.repeat is None else json.dumps(asdict(label.repeat)),
        }
        for label in table.labels
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    schema = _SCHEMA.with_metadata(
        {
            _FORMAT_KEY: str(LABELS_FORMAT),
            b"discarded": json.dumps(table.discarded),
            b"single_best_solvers": json.dumps(table.sbs),
        }
    )
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path, compression="zstd", compression_level=19)
    text = json.dumps({"format": LABELS_FORMAT, **meta}, indent=2)
    path.with_suffix(".json").write_text(text + "\n", encoding="utf-8")


def _scores_json(scores: Iterable[Score]) -> str:
    return json.dumps(
        [[s.optimizer, s.config, round(s.aocc, 6), round(s.w, 6), s.evals, s.runs] for s in scores]
    )


def _scores(text: str) -> tuple[Score, ...]:
    return tuple(Score(*entry) for entry in json.loads(text))


def read_labels(path: Path) -> LabelTable:
    """Read a label table. It takes a second, so the rows are kept until the file changes.

    Raises:
        LabelsError: if there is no such file, it is no label table, or one of another format version.
    """
    metadata = _metadata(path)
    file = path.stat()
    labels = _read_rows(path.resolve(), (file.st_ino, file.st_mtime_ns, file.st_size))
    return LabelTable(
        labels, json.loads(metadata[b"discarded"]), json.loads(metadata[b"single_best_solvers"])
    )


def read_single_best_solvers(path: Path) -> dict[str, dict[str, str]]:
    """Read the single best solvers of a label table (``LabelTable.sbs``) without its rows.

    Raises:
        LabelsError: as ``read_labels``.
    """
    return dict(json.loads(_metadata(path)[b"single_best_solvers"]))


def _metadata(path: Path) -> dict[bytes, bytes]:
    try:
        schema = pq.read_schema(path)
    except FileNotFoundError as error:
        raise LabelsError(f"no label table at {path}: make one with `llamoco benchmark`") from error
    except (pa.ArrowException, OSError) as error:
        raise LabelsError(f"{path} is not a label table: {error}") from error
    metadata = dict(schema.metadata or {})
    version = metadata.get(_FORMAT_KEY, b"none").decode()
    if version != str(LABELS_FORMAT) or schema.names != _SCHEMA.names:
        raise LabelsError(
            f"{path} is a label table of format {version}, this version of llamoco reads {LABELS_FORMAT}: "
            "use the version that wrote it, or make the labels again with `llamoco benchmark`"
        )
    return metadata


@lru_cache(maxsize=2)
def _read_rows(path: Path, state: tuple[int, ...]) -> tuple[Label, ...]:
    """Read the labels of a table; ``state`` is the file's inode, time and size."""
    try:
        rows = pq.read_table(path).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise LabelsError(f"{path} is not a label table: {error}") from error
    return tuple(
        Label(
            problem=Problem.from_json(row["problem"]),
            split=row["split"],
            optimizer=row["optimizer"],
            config=row["config"],
            aocc=row["aocc"],
            w=row["w"],
            tie=row["tie"],
            finalists=_scores(row["finalists"]),
            raced=_scores(row["screen"]),
            paper=None if row["paper"] is None else _scores(row["paper"])[0],
            check=None if row["check"] is None else _scores(row["check"]),
            repeat=None if row["repeat"] is None else Repeat(**json.loads(row["repeat"])),
        )
        for row in rows
    )
