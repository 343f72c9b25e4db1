"""Artefacts for the Hub: the files that `llamoco push` would upload, and their checks. Reads the disk only, no network."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Any, Literal, get_args

import pyarrow.parquet as pq
import yaml
from huggingface_hub import DatasetCard, ModelCard, RepoCard, SpaceCard, constants
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id
from safetensors import SafetensorError, safe_open

from llamoco.dataset_builder.hub_folder import folder_hash
from llamoco.hub_cards.wheel import WheelError, build_wheel
from llamoco.modeling.generation import converted
from llamoco.modeling.generation.model_files import SHIPPED_MODEL
from llamoco.modeling.model_error import ModelError

Kind = Literal["model", "dataset", "metric"]
KINDS: tuple[Kind, ...] = get_args(Kind)
REPO_TYPES: Mapping[Kind, str] = {"model": "model", "dataset": "dataset", "metric": "space"}
FOLDERS: Mapping[Kind, Path] = {
    "model": SHIPPED_MODEL,
    "dataset": Path("llamoco"),
    "metric": Path("metrics/llamoco"),
}
# So that models can be kept in a Git repository, too. Parquet files are split into shards anyway.
MAX_FILE_MIB: Mapping[Kind, float] = {"model": 15, "dataset": float("inf"), "metric": 15}
PRIVATE_SPACE = (
    "a private Space cannot install the package, since it downloads its own wheel without a token. Push without --private, or "
    "run the page on your machine: python metrics/llamoco/app.py"
)
CARD_FIELDS: Mapping[Kind, tuple[str, ...]] = {
    "model": ("license", "library_name", "pipeline_tag", "tags"),
    "dataset": ("license", "configs", "dataset_info", "task_categories", "tags"),
    "metric": ("title", "sdk", "sdk_version", "app_file", "license", "tags"),
}
# Weights are safetensors; other files of a model's folder (pickles, checkpoints, logs) are left out.
TAKEN: Mapping[Kind, tuple[str, ...]] = {
    "model": ("*.json", "*.safetensors", "*.md", "*.png", "*.txt", "*.jinja", "*.model"),
    "dataset": ("README.md", "*.png", "*.parquet"),
    "metric": ("README.md", "*.py", "requirements.txt", "examples/*"),
}
# Files of a model's converted form, which runs without torch.
CONVERTED = frozenset(f"{converted.FOLDER}/{name}" for name in (converted.DESCRIPTION, *converted.FILES))
_CARDS: Mapping[Kind, type[RepoCard]] = {"model": ModelCard, "dataset": DatasetCard, "metric": SpaceCard}
_IMAGE = re.compile(r"!\[[^][]*\]\((?!https?:)([^)\s]+)\)")


@dataclass(frozen=True)
class Artefact:
    """Files and metadata to upload.

    Attributes:
        kind: model, dataset or metric.
        repo: name of the repository, with or without a namespace.
        files: paths on disk or generated contents, by path in the repository.
        card: metadata of README.md, in their order there.
        left_out: paths in the folder that are not uploaded.
        faults: messages about what is wrong; an artefact with faults is not uploaded.
    """

    kind: Kind
    repo: str
    files: dict[str, Path | bytes]
    card: dict[str, Any] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def repo_type(self) -> str:
        """Type of the repository on the Hub: a metric is a Space."""
        return REPO_TYPES[self.kind]

    def size(self, path: str) -> int:
        """Size of a file in bytes."""
        content = self.files[path]
        return len(content) if isinstance(content, bytes) else content.stat().st_size

    def text(self, path: str) -> str:
        """Content of a text file; bytes that are not UTF-8 are replaced."""
        content = self.files[path]
        return (content if isinstance(content, bytes) else content.read_bytes()).decode(
            "utf-8", errors="replace"
        )


def artefact(
    kind: Kind,
    folder: Path,
    repo: str,
    *,
    max_file_mib: float | None = None,
    private: bool = False,
    branch: str = "main",
    card: Callable[[Path], str] | None = None,
) -> Artefact:
    """Collect the files to upload and check them.

    Args:
        kind: model, dataset or metric.
        folder: of a trained model (or LoRA adapter), of a built data set, or metrics/llamoco of a checkout.
        repo: NAME or NAMESPACE/NAME.
        max_file_mib: largest file to accept, in MiB (a metric's wheel excepted); ``MAX_FILE_MIB`` if None.
        private: whether a new repository is private.
        branch: branch that it is for.
        card: writes the README.md of a folder that has none.

    Returns:
        The artefact. Errors are collected in its ``faults``; nothing is raised.
    """
    found = Artefact(kind, repo, {})
    try:
        validate_repo_id(repo)
    except HFValidationError as error:
        found.faults.append(str(error))
    if not folder.is_dir():
        found.faults.append(f"there is no folder {folder}: {_HINTS[kind]}")
        return found
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        hidden = any(part.startswith(".") or part == "__pycache__" for part in PurePosixPath(name).parts)
        nested = kind == "model" and "/" in name
        taken = name in CONVERTED if nested else any(fnmatch(name, pattern) for pattern in TAKEN[kind])
        if taken and not hidden:
            found.files[name] = path
        elif "__pycache__" not in name:
            found.left_out.append(name)
    if card is not None and "README.md" not in found.files:
        try:
            found.files["README.md"] = card(folder).encode()
        except (OSError, ValueError, KeyError) as error:
            found.faults.append(
                f"README.md is missing, and no card could be made from run_record.json: {error!r}"
            )
    most = MAX_FILE_MIB[kind] if max_file_mib is None else max_file_mib
    for name in found.files:
        if found.size(name) > most * 2**20:
            found.faults.append(
                f"{name} has {found.size(name) / 2**20:.1f} MiB, more than {most:g}: save the weights in smaller "
                "shards (max_shard_size), or raise the limit with --max-file"
            )
    _check_card(found)
    try:
        _CHECKS[kind](found, folder)
    except (AttributeError, KeyError, TypeError) as error:  # metadata or an index in an unknown form
        found.faults.append(f"README.md or a JSON file in {folder} has an unknown form: {error!r}")
    if kind == "metric":
        _add_wheel(found, folder, private, branch)
    return found


_HINTS: Mapping[Kind, str] = {
    "model": "name the output folder of `llamoco train`, or none for the shipped model",
    "dataset": "write it with `llamoco build`",
    "metric": "it is the folder metrics/llamoco of a checkout",
}


def _check_card(found: Artefact) -> None:
    if "README.md" not in found.files:
        found.faults.append(f"README.md, the card, is missing: {_HINTS[found.kind]}")
        return
    text = found.text("README.md")
    try:
        metadata = _CARDS[found.kind](text).data.to_dict()
    except (yaml.YAMLError, ValueError, KeyError, TypeError) as error:
        found.faults.append(f"README.md: its metadata cannot be read: {error}")
        return
    if not metadata:
        found.faults.append("README.md has no metadata: a card begins with YAML between two lines of ---")
        return
    found.card.update(metadata)
    fields = CARD_FIELDS[found.kind]
    if "adapter_config.json" in found.files:
        fields += ("base_model",)
    found.faults.extend(
        f"README.md: its metadata lacks {name!r}" for name in fields if not metadata.get(name)
    )
    found.faults.extend(
        f"README.md shows {name}, which is not there"
        for name in _IMAGE.findall(text)
        if name not in found.files
    )


def _check_model(found: Artefact, folder: Path) -> None:
    if (folder / "identity.json").exists():
        found.faults.append(f"the training in {folder} is not finished: `llamoco train RECIPE --resume`")
    try:
        there = converted.find_converted(folder)
        if there is None and (folder / converted.FOLDER / converted.DESCRIPTION).is_file():
            found.faults.append(
                f"{converted.FOLDER}/ belongs to other weights: run `python -m llamoco.modeling.generation.convert {folder}`, or remove the folder"
            )
    except ModelError as error:
        found.faults.append(str(error))
    adapter = "adapter_config.json" in found.files
    expected = [
        "adapter_config.json" if adapter else "config.json",
        "tokenizer_config.json",
        "run_record.json",
    ]
    expected += [] if adapter else ["generation_config.json"]
    found.faults.extend(f"{name} is missing" for name in expected if name not in found.files)
    if not {"tokenizer.json", "tokenizer.model", "vocab.json"} & set(found.files):
        found.faults.append("the tokenizer is missing: tokenizer.json")
    read = {name: _json(found, name) for name in found.files if name.endswith(".json")}
    weights = {name for name in found.files if name.endswith(".safetensors")}
    index = read.get("model.safetensors.index.json")
    if isinstance(index, dict):
        shards = set(index.get("weight_map", {}).values())
        found.faults.extend(
            f"{name}, a shard of the weights, is missing" for name in sorted(shards - weights)
        )
        found.faults.extend(
            f"{name} belongs to other weights: remove it" for name in sorted(weights - shards)
        )
    elif not weights:
        found.faults.append("there are no weights: *.safetensors")
    for name in sorted(weights):
        try:
            with safe_open(folder / name, framework="np") as tensors:
                tensors.keys()
        except (SafetensorError, OSError) as error:
            found.faults.append(f"{name} is damaged: {error}")


def _check_dataset(found: Artefact, folder: Path) -> None:
    for config, splits in rows_stated(found.card).items():
        for split, stated_rows in splits.items():
            prefix = f"{config}/{split}-"
            parts = [name for name in found.files if name.startswith(prefix)]
            try:
                rows = sum(pq.read_metadata(folder / name).num_rows for name in parts)
            except (OSError, ValueError) as error:
                found.faults.append(f"{prefix}*.parquet is damaged: {error}")
                continue
            if rows != stated_rows:
                found.faults.append(
                    f"{prefix}*.parquet holds {rows:,} rows, the card says {stated_rows:,}: {_HINTS['dataset']}"
                )
    stated = re.search(r"\b[0-9a-f]{64}\b", found.text("README.md")) if "README.md" in found.files else None
    if stated and stated[0] != folder_hash(folder):
        found.faults.append(
            "the SHA-256 in the card is not that of the parquet files: run `llamoco build` again"
        )


def rows_stated(card: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Read the number of rows by configuration and split from the card of a data set."""
    infos = card.get("dataset_info") or []
    return {
        info.get("config_name", "default"): {split["name"]: split["num_examples"] for split in info["splits"]}
        for info in (infos if isinstance(infos, list) else [infos])
    }


def _check_metric(found: Artefact, folder: Path) -> None:
    name = found.repo.rpartition("/")[2]
    expected = {f"{name}.py": "evaluate.load", "app.py": "the Space", "requirements.txt": "the Space"}
    found.faults.extend(
        f"{path} is missing, which {reader} reads"
        + (": call the repository llamoco" if path == f"{name}.py" else "")
        for path, reader in expected.items()
        if path not in found.files
    )


_CHECKS: Mapping[Kind, Callable[[Artefact, Path], None]] = {
    "model": _check_model,
    "dataset": _check_dataset,
    "metric": _check_metric,
}


def _add_wheel(found: Artefact, folder: Path, private: bool, branch: str) -> None:
    """Add the package as a wheel, and its address to requirements.txt.

    A Space sees only requirements.txt when it installs, so a relative path would not be found. The layer is cached by the
    text of that file, so the wheel's hash makes it reinstall a package that has changed.
    """
    if private:
        found.faults.append(PRIVATE_SPACE)
    if found.faults:  # nothing will be uploaded, and a wheel takes seconds
        return
    try:
        name, content = build_wheel(folder.resolve().parents[1])
    except WheelError as error:
        found.faults.append(str(error))
        return
    found.files[name] = content
    if "requirements.txt" in found.files:
        address = f"{constants.ENDPOINT}/spaces/{found.repo}/resolve/{branch}/{name}"
        line = f"llamoco[app] @ {address}#sha256={hashlib.sha256(content).hexdigest()}\n"
        found.files["requirements.txt"] = (found.text("requirements.txt") + line).encode()


def _json(found: Artefact, name: str) -> Any:
    try:
        return json.loads(found.text(name))
    except ValueError as error:
        found.faults.append(f"{name} is not valid JSON: {error}")
        return None
