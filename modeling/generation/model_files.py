"""Files of a model, in a folder or on the Hub, and the places of the models that ship with the project. Needs no engine."""

from __future__ import annotations

from pathlib import Path

RUN_RECORD = "run_record.json"  # beside a model that `llamoco train` made
SHIPPED_MODEL = Path(__file__).parents[1] / "llamoco-xs"
READING_MODEL = SHIPPED_MODEL.with_name("llamoco-s")  # an adapter: it takes torch and its base model
SHIPPED = {folder.name: folder for folder in (SHIPPED_MODEL, READING_MODEL)}


def display_name(place: str) -> str:
    """Name of a model for people and records: records name a shipped model, not where it is installed."""
    return next((name for name, folder in SHIPPED.items() if place == str(folder)), place)


def with_shipped(model: str | Path) -> str | Path:
    """A model's place: of a shipped model its folder where its bare name is given and no folder here is called so."""
    name = str(model)
    return SHIPPED[name] if name in SHIPPED and not Path(name).exists() else model


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
