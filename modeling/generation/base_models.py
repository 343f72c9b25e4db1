"""Base models of adapters: where a machine without the Hub has them, and whether one is what an adapter was trained on."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel

from llamoco.modeling.generation.model_files import find, is_folder
from llamoco.modeling.model_error import ModelError

FOLDERS = "LLAMOCO_BASE_MODELS"  # environment variable: a folder with a model folder for each base model
BASE_FILE = "base_model.json"  # beside an adapter
SIZES = ("hidden_size", "num_hidden_layers", "vocab_size")

logger = logging.getLogger(__name__)


def base_folder(name: str) -> Path | None:
    """The folder in ``LLAMOCO_BASE_MODELS`` that holds a model of the Hub; None if there is none.

    It is called as the model is, with or without its owner; small letters and a name that ends earlier will do: that of
    ``HuggingFaceTB/SmolLM2-135M-Instruct`` can be ``smollm2-135m``.

    Args:
        name: Hub id, or a folder, which no other stands for.

    Raises:
        ModelError: the variable names no folder.
    """
    root = os.environ.get(FOLDERS)
    if not root or is_folder(name):
        return None
    place = Path(root).expanduser()
    if not place.is_dir():
        raise ModelError(
            f"{FOLDERS} is {root!r}, which is no folder: expected one with a folder for each base model"
        )
    if (place / name / "config.json").is_file():
        return place / name
    model = name.rpartition("/")[2].lower()
    named = [
        folder
        for folder in place.iterdir()
        if model.startswith(folder.name.lower()) and (folder / "config.json").is_file()
    ]
    return max(named, key=lambda folder: (len(folder.name), folder.name), default=None)


def describe_base(model: nn.Module) -> dict[str, Any]:
    """What tells a base model from others: its name, its sizes, and a hash of its weights in bfloat16, without an adapter's."""
    assert isinstance(model, PreTrainedModel)
    return {
        "model": model.name_or_path,
        "sizes": _sizes(model),
        "weights": weights_in_bfloat16(model),
    }


def weights_in_bfloat16(model: nn.Module) -> str:
    """SHA-256 of a model's weights, rounded to bfloat16, so that it is the same in whatever precision they are loaded."""
    digest = hashlib.sha256()
    for name, weights in sorted(_own_parameters(model)):
        digest.update(name.encode())
        digest.update(weights.to("cpu", torch.bfloat16).contiguous().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def read_base(adapter: str | Path) -> dict[str, Any] | None:
    """The description of the base model that lies beside an adapter; None if there is none.

    Raises:
        ModelError: it cannot be read.
    """
    path = find(adapter, BASE_FILE)
    if path is None:
        return None
    try:
        stated = dict(json.loads(path.read_text(encoding="utf-8")))
        if not (isinstance(stated["weights"], str) and isinstance(stated["sizes"], dict)):
            raise TypeError("weights and sizes are no text and mapping")
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelError(
            f"{path} cannot be read ({error}): expected the file that `llamoco train` writes beside an adapter"
        ) from error
    return stated


def check_base(adapter: str, stated: dict[str, Any], model: PreTrainedModel) -> None:
    """Refuse a base model of other sizes than the adapter's; warn of one with other weights.

    Other weights of the same sizes may be another revision, or the same one before its numbers were rounded to few bits: answers are
    then likely to be alike, but what was measured is not about them.

    Args:
        adapter: its name.
        stated: what lies beside it (``read_base``).
        model: the base model, before the adapter is put into it.

    Raises:
        ModelError: the sizes differ.
    """
    found = _sizes(model)
    if found != stated["sizes"]:
        differing = [
            f"{name} {found.get(name)} instead of {size}"
            for name, size in stated["sizes"].items()
            if found.get(name) != size
        ]
        raise ModelError(
            f"adapter {adapter!r} is for {stated['model']}, and {model.name_or_path} is another model ({', '.join(differing)}): give "
            f"the one, in {FOLDERS} or the Hub's cache"
        )
    if weights_in_bfloat16(model) != stated["weights"]:
        logger.warning(
            "the weights of %s are not those that the adapter %s was trained on (another revision, or rounded otherwise): "
            "what its card says was not measured with them",
            model.name_or_path,
            adapter,
        )


def _sizes(model: PreTrainedModel) -> dict[str, int]:
    config = model.config.get_text_config()
    return {name: int(getattr(config, name)) for name in SIZES if hasattr(config, name)}


def _own_parameters(model: nn.Module) -> list[tuple[str, torch.Tensor]]:
    """Parameters that are not an adapter's, by the names that they have without one."""
    return [
        (name.removeprefix("base_model.model.").replace(".base_layer.", "."), weights.detach())
        for name, weights in model.named_parameters()
        if "lora_" not in name
    ]
