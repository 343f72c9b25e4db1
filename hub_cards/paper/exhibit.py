"""Exhibits: a table or figure of the paper, from our run records, and what they rest on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llamoco.dataset_builder.analysis.table import Table
from llamoco.dataset_builder.problems.errors import LlamocoError
from llamoco.hub_cards.render import folder

Record = Mapping[str, Any]
Draw = Callable[[Path], None]

# The command that makes each record.
COMMANDS: Mapping[str, str] = {
    "evaluation": "llamoco evaluate",
    "evaluation_s": "llamoco evaluate MODEL",
    "selection": "llamoco study selection OUT",
    "scaling": "llamoco study scaling --record hub_cards/records",
    "ablations": "llamoco study ablations --record hub_cards/records",
    "ablations_smollm2": "llamoco study ablations --family smollm2 --record hub_cards/records",
    "realistic": "llamoco evaluate --suite realistic",
    "rw57": "llamoco evaluate --suite rw57",
    "outside": "llamoco evaluate --suite outside",
    "label_report": "llamoco report FOLDER --out hub_cards/records",
}


class PaperError(LlamocoError, ValueError):
    """An exhibit that cannot be made; the message says why and what to do."""


@dataclass(frozen=True)
class Exhibit:
    """A table or figure of the paper, with ours.

    Attributes:
        name: "table-1" ... "table-7", "figure-3" ... "figure-7".
        title: such as "Table I: ...".
        table: ours beside the paper's; None for a figure without numbers, or where nothing is there.
        draw: draws the figure into a file; None for a table, or where its record is missing.
        image: name of a figure of ``records`` that stands for it; None if it is drawn, or there is none.
        sources: one line a record: command, seed, machine and date.
        missing: one line for what is missing: the record, and the command that makes it.
        note: what a reader has to know.
    """

    name: str
    title: str
    table: Table | None = None
    draw: Draw | None = None
    image: str | None = None
    sources: Sequence[str] = ()
    missing: Sequence[str] = ()
    note: str = ""


class Records:
    """The run records of a folder, each read once.

    Args:
        place: a folder of records; None for those that ship.
    """

    def __init__(self, place: Path | None = None) -> None:
        self.place = Path(str(folder("records"))) if place is None else place
        self._read: dict[str, Any] = {}

    def find(self, name: str) -> Any:
        """A record by name, such as "evaluation"; None if there is none.

        Raises:
            PaperError: if the file is not the JSON object that a record is.
        """
        if name not in self._read:
            path = self.place / f"{name}.json"
            try:
                found = json.loads(path.read_bytes()) if path.is_file() else None
            except (ValueError, RecursionError) as error:
                raise PaperError(
                    f"{path}: expected a run record, found no JSON ({error}); restore it"
                ) from error
            if found is not None and not isinstance(found, dict):
                raise PaperError(
                    f"{path}: expected a run record, an object, found {type(found).__name__}; restore it"
                )
            self._read[name] = found
        return self._read[name]

    def evaluations(self) -> dict[str, Any]:
        """The records of `llamoco evaluate` by name: "evaluation" (the shipped model) first, then "evaluation_..."."""
        names = sorted(path.stem for path in self.place.glob("evaluation*.json"))
        found = {
            name: self.find(name) for name in sorted(names, key=lambda name: (name != "evaluation", name))
        }
        for name, record in found.items():
            if not isinstance(record.get("tables"), dict):
                raise PaperError(
                    f'{self.place / name}.json: expected the record of `llamoco evaluate` (its scores.json), found no "tables" in it; '
                    "a record of another version: score it anew with `llamoco evaluate --step score`"
                )
        return found


def source(name: str, record: Record) -> str:
    """One line about a record: command, seed, machine and date."""
    made = record.get("table", record) if name == "label_report" else record
    settings = made.get("settings", {})
    seed = made.get("seed", settings.get("seed") if isinstance(settings, dict) else None)
    command = made.get("command") or COMMANDS.get(name, "")
    parts = [
        f"`{command}`",
        f"seed {seed}" if seed is not None else "",
        made.get("machine"),
        made.get("date"),
    ]
    return f"`{name}.json`: " + ", ".join(part for part in parts if part)


def missing(name: str, what: str = "") -> str:
    """One line about a record that is missing, and the command that makes it."""
    return f"no record `{name}.json` yet{what}: `{COMMANDS[name]}`"
