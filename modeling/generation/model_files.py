"""Files of a model, in a folder or on the Hub, and the place of the model that ships with the project. Needs no engine."""

from __future__ import annotations

from pathlib import Path

SHIPPED_MODEL = Path(__file__).parents[1] / "llamoco-xs"


def display_name(place: str) -> str:
    """Name of a model for people and records: records name the shipped model, not where it is installed."""
    return SHIPPED_MODEL.name if place == str(SHIPPED_MODEL) else place


def is_folder(model: str | Path) -> bool:
    """Whether a model is named by a folder, be it there or not; else by a Hub id."""
    name = str(model)
    return isinstance(model, Path) or Path(name).exists() or name.startswith((".", "/", "~"))


def find(place: str | Path, file: str) -> Path | None:
    """A file of a model, fetched from the Hub if it has to be; None where there is none or the Hub has no answer.

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
