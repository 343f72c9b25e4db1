"""The instruction set as a Hub-layout folder: parquet files and a README.md whose front matter ``load_dataset`` reads."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import nullcontext
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import DatasetInfo, SplitDict, SplitInfo
from datasets.info import DatasetInfosDict
from datasets.utils.metadata import MetadataConfigs
from huggingface_hub import DatasetCard, DatasetCardData

from llamoco.dataset_builder.benchmark.executors import process_executor
from llamoco.dataset_builder.benchmark.label_table import read_single_best_solvers
from llamoco.dataset_builder.benchmark.screening import SHIPPED_DECISIONS
from llamoco.dataset_builder.llamoco import DECISION_FEATURES, FEATURES, LLaMoCo, dataset_info
from llamoco.dataset_builder.problems.errors import LlamocoError
from llamoco.dataset_builder.prompts.instruction_set import (
    Row,
    answerable_labels,
    decision_rows,
    description_counts,
    paper_order,
    rows_of_labels,
)

CARD_KEY = "llamoco"  # of what the card's metadata state for models
CONFIGS = tuple(config.name for config in LLaMoCo.BUILDER_CONFIGS)
# Without the features as metadata: the README has them.
SCHEMA = pa.schema(list(FEATURES.arrow_schema))
DECISION_SCHEMA = pa.schema(list(DECISION_FEATURES.arrow_schema))
DECISIONS = "decisions"  # the config of screened problems
ROWS_AT_ONCE = 1000  # rows of a row group, 15 MB of text: what a reader holds in memory


class OutputFolderError(LlamocoError, ValueError):
    """The output folder holds something that is not an earlier build; the message says what to do."""


class BuildError(LlamocoError, RuntimeError):
    """The build could not go on; nothing was written."""


def build_folder(
    labels: Path,
    out: Path,
    workers: int = 1,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    add_files: Callable[[Path], None] = lambda folder: None,
) -> dict[str, dict[str, int]]:
    """Build the instruction set and write it as a folder that ``load_dataset(str(out))`` reads.

    The same label table gives the same bytes of parquet, however many workers there are. An earlier build at
    ``out`` is replaced in one step, after the new one is complete; an interruption leaves it as it was.

    Args:
        labels: the label table. If a table of screened problems, decisions.parquet, is beside it, there is a config of these, too.
        out: folder to write.
        workers: processes that make the rows; 1 for this one alone.
        on_progress: called with the rows made so far and in all, of all configs.
        add_files: called with the new folder before it takes its place, to add further files.

    Returns:
        Rows by config and split.

    Raises:
        LabelsError: if there is no label table at ``labels``, one of another version, or one that does not give
            the set.
        OutputFolderError: if ``out`` is a file or a folder that no build wrote.
        BuildError: if a worker process died.
    """
    table = answerable_labels(labels)  # refused here, before anything is written
    counts = description_counts(table)
    if out.exists() and not _is_build(out):
        raise OutputFolderError(
            f"{out} exists and is not an instruction set built before: give another --out, or remove it"
        )
    train = sum(count for label, count in zip(table, counts, strict=True) if label.split == "train")
    test = sum(counts) - train
    orders: dict[str, dict[str, Sequence[int]]] = {
        "default": {"train": range(train), "test": range(train, train + test)},
        "paper": dict(paper_order(train, test)),
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as work,
        process_executor(workers) if workers > 1 else nullcontext() as executor,
    ):
        folder = Path(work) / out.name
        infos, metadata = DatasetInfosDict(), MetadataConfigs()
        for number, name in enumerate(CONFIGS):
            try:
                rows = _table(rows_of_labels(table, counts, name, executor), sum(counts), number, on_progress)
            except BrokenProcessPool as error:
                raise BuildError(
                    "a worker process died (killed, or out of memory); nothing was written: run the command again"
                ) from error
            infos[name] = _write_config(folder / name, rows, orders[name])
            del rows  # half a gigabyte
            metadata[name] = {
                "data_files": [
                    {"split": split, "path": f"{name}/{split}-*.parquet"} for split in orders[name]
                ],
                **({"default": True} if name == LLaMoCo.DEFAULT_CONFIG_NAME else {}),
            }
        sizes = {name: {split: len(order) for split, order in orders[name].items()} for name in CONFIGS}
        screened = labels.with_name(SHIPPED_DECISIONS.name)
        if screened.exists():
            rows = pa.Table.from_pylist(list(decision_rows(screened)), schema=DECISION_SCHEMA)
            sizes[DECISIONS] = {"train": len(rows)}
            infos[DECISIONS] = _write_config(folder / DECISIONS, rows, {"train": range(len(rows))})
            metadata[DECISIONS] = {"data_files": [{"split": "train", "path": f"{DECISIONS}/train-*.parquet"}]}
        solvers = {group: best["aocc"] for group, best in read_single_best_solvers(labels).items()}
        card = DatasetCardData(license=infos[CONFIGS[0]].license, pretty_name="LLaMoCo")
        card[CARD_KEY] = {"single_best_solvers": solvers}
        infos.to_dataset_card_data(card)
        metadata.to_dataset_card_data(card)
        DatasetCard(f"---\n{card}\n---\n").save(folder / "README.md")
        add_files(folder)
        if out.exists():
            out.rename(Path(work) / "before")
        folder.rename(out)
    return sizes


def folder_hash(folder: Path) -> str:
    """SHA-256 over the data files of a folder, by name and content: the same on every machine under the pinned pyarrow.

    Data files are those of Parquet or, in a folder without any, all but the card.
    """
    files = sorted(folder.rglob("*.parquet")) or sorted(
        path for path in folder.rglob("*") if path.is_file() and path.name != "README.md"
    )
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _table(
    labelled: Iterable[list[Row]], total: int, number: int, on_progress: Callable[[int, int], None]
) -> pa.Table:
    """All rows of a config, in the order of the labels; ``number`` is its place among the configs."""

    def batches() -> Iterator[pa.RecordBatch]:
        done, waiting = 0, []
        for rows in labelled:
            waiting += rows
            done += len(rows)
            if len(waiting) >= ROWS_AT_ONCE or done == total:
                yield pa.RecordBatch.from_pylist(waiting, schema=SCHEMA)
                waiting = []
            on_progress(number * total + done, len(CONFIGS) * total)

    return pa.Table.from_batches(batches(), SCHEMA).combine_chunks()


def _write_config(folder: Path, rows: pa.Table, order: dict[str, Sequence[int]]) -> DatasetInfo:
    """Write one parquet file a split. Returns their description for the README."""
    folder.mkdir(parents=True)
    splits, texts, written = SplitDict(), 0, 0
    for split, numbers in order.items():
        path = folder / f"{split}-00000-of-00001.parquet"
        size = 0
        with pq.ParquetWriter(path, rows.schema, compression="zstd") as writer:
            for start in range(0, len(numbers), ROWS_AT_ONCE):
                part = rows.take(pa.array(numbers[start : start + ROWS_AT_ONCE]))
                size += part.nbytes
                writer.write_table(part)
        splits.add(SplitInfo(split, num_bytes=size, num_examples=len(numbers)))
        texts += size
        written += path.stat().st_size
    info = dataset_info(FEATURES if rows.schema == SCHEMA else DECISION_FEATURES)
    info.splits, info.dataset_size, info.download_size = splits, texts, written
    return info


def _is_build(folder: Path) -> bool:
    return (folder / "README.md").is_file() and all((folder / name).is_dir() for name in CONFIGS)
