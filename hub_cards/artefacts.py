"""What `llamoco push` would upload, and all that is wrong with it: read from disk alone, no network."""

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
# The rule of this project, so that models live in a repository too. Parquet has its own shards.
MAX_FILE_MIB: Mapping[Kind, float] = {"model": 15, "dataset": float("inf"), "metric": 15}
PRIVATE_SPACE = (
    "a private Space cannot install the package: it fetches its own wheel without a token. Push without --private, or run "
    "the page on your machine: python metrics/llamoco/app.py"
)
CARD_FIELDS: Mapping[Kind, tuple[str, ...]] = {
    "model": ("license", "library_name", "pipeline_tag", "tags"),
    "dataset": ("license", "configs", "dataset_info", "task_categories", "tags"),
    "metric": ("title", "sdk", "sdk_version", "app_file", "license", "tags"),
}
# Weights are safetensors: what else may lie in a folder of weights (pickles, checkpoints, logs) is left out.
TAKEN: Mapping[Kind, tuple[str, ...]] = {
    "model": ("*.json", "*.safetensors", "*.md", "*.png", "*.txt", "*.jinja", "*.model"),
    "dataset": ("README.md", "*.png", "*.parquet"),
    "metric": ("README.md", "*.py", "requirements.txt", "examples/*"),
}
# Of a model's converted form, which runs without torch.
CONVERTED = frozenset(f"{converted.FOLDER}/{name}" for name in (converted.DESCRIPTION, *converted.FILES))
_CARDS: Mapping[Kind, type[RepoCard]] = {"model": ModelCard, "dataset": DatasetCard, "metric": SpaceCard}
_IMAGE = re.compile(r"!\[[^][]*\]\((?!https?:)([^)\s]+)\)")


@dataclass(frozen=True)
class Artefact:
    """What would be uploaded.

    Attributes:
        kind: model, dataset or metric.
        repo: name of the repository, with or without a namespace.
        files: by path in the repository; made on the way where they are bytes.
        card: metadata of README.md, in its own order.
        left_out: paths in the folder that are not taken.
        faults: what is wrong; nothing may be uploaded while there are any.
    """

    kind: Kind
    repo: str
    files: dict[str, Path | bytes]
    card: dict[str, Any] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def repo_type(self) -> str:
        """As the Hub calls it: a metric is a Space."""
        return REPO_TYPES[self.kind]

    def size(self, path: str) -> int:
        """Bytes of a file."""
        content = self.files[path]
        return len(content) if isinstance(content, bytes) else content.stat().st_size

    def text(self, path: str) -> str:
        """Content of a file of text; what is no UTF-8 is replaced."""
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
    """Collect what would be uploaded and check it.

    Args:
        kind: model, dataset or metric.
        folder: of a trained model (or LoRA adapter), of a built data set, or metrics/llamoco of a checkout.
        repo: NAME or NAMESPACE/NAME.
        max_file_mib: the largest file that is let through, in MiB, a metric's wheel apart; ``MAX_FILE_MIB`` if None.
        private: whether nobody else is to see it.
        branch: that it is for.
        card: writes the README.md of a folder without one.

    Returns:
        The artefact. What is wrong with it is in its ``faults``: nothing is raised.
    """
    found = Artefact(kind, repo, {})
    try:
        validate_repo_id(repo)
    except HFValidationError as error:
        found.faults.append(str(error))
    if not folder.is_dir():
        found.faults.append(f"no folder {folder}: {_HINTS[kind]}")
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
                f"README.md is missing, and no card could be made of run_record.json: {error!r}"
            )
    most = MAX_FILE_MIB[kind] if max_file_mib is None else max_file_mib
    for name in found.files:
        if found.size(name) > most * 2**20:
            found.faults.append(
                f"{name} has {found.size(name) / 2**20:.1f} MiB, more than {most:g}: save the weights in smaller "
                "shards (max_shard_size), or allow it with --max-file"
            )
    _check_card(found)
    try:
        _CHECKS[kind](found, folder)
    except (AttributeError, KeyError, TypeError) as error:  # metadata or an index of another form
        found.faults.append(f"README.md or a JSON file in {folder} is of an unknown form: {error!r}")
    if kind == "metric":
        _add_wheel(found, folder, private, branch)
    return found


_HINTS: Mapping[Kind, str] = {
    "model": "give the output folder of `llamoco train`, or none for the model that ships",
    "dataset": "`llamoco build` makes it",
    "metric": "it is metrics/llamoco of a checkout",
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
                f"{converted.FOLDER}/ is of other weights: `python -m llamoco.modeling.generation.convert {folder}`, or remove it"
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
        found.faults.extend(f"{name} is missing, a shard of the weights" for name in sorted(shards - weights))
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
            "the card states another SHA-256 than the parquet files have: `llamoco build` again"
        )


def rows_stated(card: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Rows by configuration and split, as the card of a data set states them."""
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
    """The package as a wheel in the Space, and its address in requirements.txt.

    A Space installs with requirements.txt alone in sight, so a path beside it is not found; and since the layer is
    cached by that file's text, the wheel's hash has it installed anew when the package changed.
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
        found.faults.append(f"{name} is no JSON: {error}")
        return None
