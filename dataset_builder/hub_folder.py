"""The instruction set as a Hub-layout folder: parquet shards and a README.md whose front matter ``load_dataset`` reads."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path

from datasets import Dataset, DatasetDict
from datasets.info import DatasetInfosDict
from datasets.utils.metadata import MetadataConfigs
from huggingface_hub import DatasetCard, DatasetCardData

from llamoco.dataset_builder.benchmark.labels import read_labels
from llamoco.dataset_builder.llamoco import LLaMoCo

CONFIGS = ("default", "paper_split")


class OutputFolderError(ValueError):
    """The output folder holds something that is not an earlier build; the message says what to do."""


def build_folder(labels: Path, out: Path) -> dict[str, dict[str, int]]:
    """Build the instruction set and write it as a folder that ``load_dataset(str(out))`` reads.

    An earlier build at ``out`` is replaced, as a whole and only after the new one is complete.

    Args:
        labels: the label table.
        out: folder to write.

    Returns:
        Rows by config and split.

    Raises:
        LabelsError: if there is no label table at ``labels``, or one of another version.
        OutputFolderError: if ``out`` is a file or a folder that no build wrote.
    """
    read_labels(labels)  # refused here, before anything is written
    if out.exists() and not _is_build(out):
        raise OutputFolderError(
            f"{out} exists and is not an instruction set built before: give another --out, or remove it"
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as work:
        folder = Path(work) / out.name
        card, counts = DatasetCardData(license="apache-2.0", pretty_name="LLaMoCo"), {}
        infos, metadata = DatasetInfosDict(), MetadataConfigs()
        for name in CONFIGS:
            splits = _splits(name, labels, Path(work) / "cache")
            for split, rows in splits.items():
                path = folder / name / f"{split}-00000-of-00001.parquet"
                path.parent.mkdir(parents=True, exist_ok=True)
                rows.to_parquet(path)
            infos[name] = splits["train"].info.copy()
            metadata[name] = {
                "data_files": [{"split": s, "path": f"{name}/{s}-*.parquet"} for s in splits],
                **({"default": True} if name == "default" else {}),
            }
            counts[name] = {split: len(rows) for split, rows in splits.items()}
        infos.to_dataset_card_data(card)
        metadata.to_dataset_card_data(card)
        DatasetCard(f"---\n{card}\n---\n").save(folder / "README.md")
        if out.exists():
            shutil.rmtree(out)
        folder.rename(out)
    return counts


def folder_hash(folder: Path) -> str:
    """SHA-256 over the parquet files of a folder, by name and content: the same on every machine under the pinned pyarrow."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.parquet")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _splits(config: str, labels: Path, cache: Path) -> dict[str, Dataset]:
    builder = LLaMoCo(config_name=config, dataset_name="llamoco", cache_dir=str(cache), labels=str(labels))
    builder.download_and_prepare()
    splits = builder.as_dataset()
    assert isinstance(splits, DatasetDict)
    return {str(name): rows for name, rows in splits.items()}


def _is_build(folder: Path) -> bool:
    return (folder / "README.md").is_file() and all((folder / name).is_dir() for name in CONFIGS)
