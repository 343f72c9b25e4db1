"""Files of a model, in a folder or on the Hub, and the place of the model that ships with the project. Needs no engine."""

from __future__ import annotations

from pathlib import Path

SHIPPED_MODEL = Path(__file__).parents[1] / "llamoco-xs"


def display_name(place: str) -> str:
    """Name of a model for people and records: records name the shipped model, not where it is installed."""
    return SHIPPED_MODEL.name if place == str(SHIPPED_MODEL) else place


def is_folder(model: str | Path) -> bool:
    """Whether a name is that of a folder, existing or not; else it is a Hub id."""
    name = str(model)
    return isinstance(model, Path) or Path(name).exists() or name.startswith((".", "/", "~"))


def find(place: str | Path, file: str) -> Path | None:
    """Path of a model's file, downloaded from the Hub if necessary; None if there is no such file or the Hub does not answer.

    Args:
        place: model folder or Hub id.
        file: path within it, with slashes.
    """
    if is_folder(place):
        path = Path(place).expanduser() / file
        return path if path.is_file() else None
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(hf_hub_download(str(place), file))
    # No such repository or file, gated, offline and not cached, no Hub id, no network.
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError, ValueError):
        return None
