"""Converted form of a model for CTranslate2: the folder ``ctranslate2`` in the model's folder, checked against its weights."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass
from pathlib import Path

from llamoco.modeling.calibration.thresholds import Calibration, read_calibration
from llamoco.modeling.generation import model_files
from llamoco.modeling.generation.model_files import display_name
from llamoco.modeling.generation.tokenizers import TOKENIZER_FILE
from llamoco.modeling.model_error import ModelError
from llamoco.modeling.strict_json import strict_json

FOLDER = "ctranslate2"
DESCRIPTION = "conversion.json"
FILES = ("config.json", "model.bin", "vocabulary.json")  # as CTranslate2 names them
FORMAT = 1
_SAMPLE = 1 << 20  # bytes at either end of a file of weights that are looked at

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Converted:
    """A model's converted form.

    Attributes:
        place: folder of the model or Hub id.
        folder: of the converted form.
        tokenizer: its tokenizer.json.
        max_length: positions that model and tokenizer can hold.
        eos_token_ids: tokens that end an answer.
    """

    place: str
    folder: Path
    tokenizer: Path
    max_length: int
    eos_token_ids: tuple[int, ...]

    @property
    def name(self) -> str:
        """Of the model."""
        return display_name(self.place)

    @property
    def calibration(self) -> Calibration | None:
        """Of the model's decisions.

        Raises:
            ModelError: if it cannot be read.
        """
        return read_calibration(self.place)


def fingerprint(weights: list[Path]) -> str:
    """A hash of files of weights: their sizes and the first and last MiB of each, which every training changes."""
    digest = hashlib.sha256()
    for path in sorted(weights):
        size = path.stat().st_size
        digest.update(f"{path.name} {size}\n".encode())
        with path.open("rb") as file:
            digest.update(file.read(_SAMPLE))
            file.seek(max(size - _SAMPLE, 0))
            digest.update(file.read(_SAMPLE))
    return digest.hexdigest()


def weights_of(folder: Path) -> list[Path]:
    """The files of a model's weights in its folder."""
    return sorted(folder.glob("*.safetensors"))


def describe(weights: list[Path], max_length: int, eos_token_ids: set[int]) -> str:
    """Content of ``conversion.json``."""
    content = {
        "format": FORMAT,
        "weights": fingerprint(weights),
        "max_length": max_length,
        "eos_token_ids": sorted(eos_token_ids),
    }
    return json.dumps(content, indent=2) + "\n"


def find_converted(model: str | Path) -> Converted | None:
    """The converted form of a model; None if it has none, or one of other weights, which a warning tells.

    Args:
        model: its folder or Hub id. On the Hub a revision is taken to be of one piece.

    Raises:
        ModelError: if there is one that cannot be read.
    """
    folder = Path(model).expanduser() if model_files.is_folder(model) else None
    place = str(model) if folder is None else str(folder)
    description = model_files.find(place, f"{FOLDER}/{DESCRIPTION}")
    if description is None:
        return None
    try:
        content = strict_json(description.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise ValueError(f"format {content['format']!r}, expected {FORMAT}")
        max_length, ends = int(content["max_length"]), tuple(int(token) for token in content["eos_token_ids"])
        of_weights = str(content["weights"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{description}: no description of a converted model ({error}). Convert it again with "
            f"`llamoco convert {place}`, or delete the folder to go without"
        ) from error
    weights = weights_of(folder) if folder else []
    if weights and fingerprint(weights) != of_weights:
        logger.warning(
            "%s: the converted form belongs to other weights and is not used; convert these with "
            "`llamoco convert %s`",
            description.parent,
            place,
        )
        return None
    found = {
        file: model_files.find(place, file)
        for file in (*(f"{FOLDER}/{file}" for file in FILES), TOKENIZER_FILE)
    }
    missing = [file for file, path in found.items() if path is None]
    tokenizer = found[TOKENIZER_FILE]
    if missing or tokenizer is None:
        raise ModelError(
            f"model {place!r} has a converted form, but no {', '.join(missing)}. Convert it again with "
            f"`llamoco convert {place}`, or delete the folder {FOLDER} to go without"
        )
    return Converted(place, description.parent, tokenizer, max_length, ends)
