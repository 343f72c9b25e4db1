"""The instruction set as models read it: a split of a data set, its single best solvers, its hash.

What trains, scores or calibrates models reads this data set, never the label table.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from datasets import Dataset, Features, NamedSplit, load_dataset
from datasets.config import HF_DATASETS_CACHE
from datasets.exceptions import DatasetsError
from huggingface_hub import DatasetCard, hf_hub_download

from llamoco.dataset_builder.benchmark.label_table import SHIPPED_LABELS
from llamoco.dataset_builder.benchmark.screening import SHIPPED_DECISIONS
from llamoco.dataset_builder.hub_folder import CARD_KEY, DECISIONS, folder_hash
from llamoco.dataset_builder.llamoco import DECISION_FEATURES, FEATURES, LLaMoCo, rows_of
from llamoco.dataset_builder.optimizers.catalogue import GROUPS
from llamoco.dataset_builder.optimizers.single_best import single_best_solver
from llamoco.dataset_builder.problems.errors import LlamocoError
from llamoco.dataset_builder.prompts.instruction_set import decision_rows

DEFAULT_CONFIG = LLaMoCo.DEFAULT_CONFIG_NAME
SPLITS = ("train", "test")  # of the shipped set
_BUILD = "`llamoco build` writes such a folder"


class DataError(LlamocoError, ValueError):
    """A data set that cannot be used; the message names it, what is missing and the next step."""


def open_data(place: str | None, split: str, config: str = DEFAULT_CONFIG) -> Dataset:
    """Open a split of a data set.

    Args:
        place: folder that ``llamoco build`` wrote (or any that ``load_dataset`` reads), or Hub id. None for the shipped set: the split
            is built from the shipped labels once (minutes for train, seconds for test) and kept in the cache of `datasets` under
            HF_HOME.
        split: such as "train" or "test".
        config: "default" or "paper", for the instruction set; "decisions", which has a train split only, for the problems that were
            screened.

    Raises:
        DataError: if there is no such data set, config or split, or it cannot be read.
    """
    if place is None:
        return _shipped_split(split, config)
    _refuse_missing_folder(place)
    cache = None
    if Path(place).is_dir():
        # The shared cache knows a folder by its name and card only: one that was built anew would be read as the old one.
        cache = str(Path(HF_DATASETS_CACHE) / folder_hash(Path(place))[:16])
    try:
        return load_dataset(place, None if config == DEFAULT_CONFIG else config, split=split, cache_dir=cache)
    except (OSError, ValueError, DatasetsError) as error:
        raise DataError(
            f"data set {place}: no split {split!r} of config {config!r} can be read ({error}). Give a folder ({_BUILD}) or a Hub id"
        ) from error


def require_columns(data: Dataset, place: str | None, columns: Collection[str]) -> None:
    """Refuse a data set that lacks columns.

    Raises:
        DataError: naming the columns that are missing.
    """
    if missing := sorted(set(columns) - set(data.column_names)):
        raise DataError(
            f"data set {place or 'llamoco (shipped)'}: no column {', '.join(missing)}; it has {', '.join(data.column_names)}. "
            f"Give an instruction set: {_BUILD}"
        )


def single_best_solvers(place: str | None) -> dict[str, str]:
    """The single best solver of each group, by mean AOCC over its train problems: "unconstrained", "constrained" -> optimizer.

    Args:
        place: as ``open_data``. The card of the data set (README.md) states them in its metadata.

    Raises:
        DataError: if there is no card, or it does not state them.
    """
    if place is None:
        return {group: single_best_solver(bool(number)) for number, group in enumerate(GROUPS)}
    path = _card_path(place)
    try:
        facts = DatasetCard.load(path).data.to_dict().get(CARD_KEY) or {}
        return {str(group): str(name) for group, name in facts["single_best_solvers"].items()}
    except (OSError, ValueError, AttributeError, KeyError, TypeError) as error:
        raise DataError(
            f"data set {place}: its card, README.md, does not state {CARD_KEY}.single_best_solvers (group: optimizer) in its "
            f"metadata ({error!r}). {_BUILD.capitalize()}"
        ) from error


def data_hash(place: str | None) -> str:
    """Hash that identifies the content of a data set.

    SHA-256 over the files of a folder; the commit of a Hub data set; of the shipped set SHA-256 over its label table, 16 digits.

    Raises:
        DataError: if there is no such data set.
    """
    if place is None:
        return _shipped_hash()[:16]
    if Path(place).is_dir():
        return folder_hash(Path(place))
    return _card_path(place).parent.name  # the cache has a folder a commit


@lru_cache(maxsize=4)
def _shipped_split(split: str, config: str) -> Dataset:
    known = [known.name for known in LLaMoCo.BUILDER_CONFIGS]
    if (split, config) == ("train", DECISIONS) and SHIPPED_DECISIONS.exists():
        screened = hashlib.sha256(SHIPPED_DECISIONS.read_bytes()).hexdigest()
        identity = f"{screened} {_code_hash()} {config}"
        return _cached_rows(decision_rows, DECISION_FEATURES, {"path": SHIPPED_DECISIONS}, split, identity)
    if split not in SPLITS or config not in known:
        raise DataError(
            f"the shipped data set has no split {split!r} of config {config!r}; it has splits {', '.join(SPLITS)} of configs "
            f"{', '.join(known)}{f', and split train of config {DECISIONS}' if SHIPPED_DECISIONS.exists() else ''}"
        )
    identity = f"{_shipped_hash()} {_code_hash()} {config} {split}"
    arguments = {"labels": SHIPPED_LABELS, "config": config, "split": split}
    return _cached_rows(rows_of, FEATURES, arguments, split, identity)


def _cached_rows(
    rows: Callable[..., Iterator[dict[str, Any]]],
    features: Features,
    arguments: dict[str, Any],
    split: str,
    identity: str,
) -> Dataset:
    """The rows that a generator gives for some arguments, from the cache of `datasets` if the same ``identity`` was made before."""
    fingerprint = hashlib.sha256(identity.encode()).hexdigest()[:16]
    return Dataset.from_generator(
        rows, features=features, gen_kwargs=arguments, split=NamedSplit(split), fingerprint=fingerprint
    )


@lru_cache(maxsize=1)
def _shipped_hash() -> str:
    return hashlib.sha256(SHIPPED_LABELS.read_bytes()).hexdigest()


@lru_cache(maxsize=1)
def _code_hash() -> str:
    """Hash of the code that makes rows, so that a cache of another version is not read."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _card_path(place: str) -> Path:
    folder = Path(place)
    if folder.is_dir():
        return folder / "README.md"
    _refuse_missing_folder(place)
    try:
        return Path(hf_hub_download(place, "README.md", repo_type="dataset"))
    except (OSError, ValueError) as error:
        raise DataError(f"no data set at {place} ({error}). Give a folder ({_BUILD}) or a Hub id") from error


def _refuse_missing_folder(place: str) -> None:
    """A path that is none is said at once; a Hub id, ``owner/name``, would be looked for on the Hub for half a minute."""
    path = Path(place)
    if (place.startswith((".", "~")) or path.is_absolute() or place.count("/") > 1) and not path.exists():
        raise DataError(
            f"no data set at {place}: there is no such folder. Give a folder ({_BUILD}) or a Hub id"
        )
