"""Leaderboard: one JSON file a system in hub_cards/records/leaderboard, made from the record of an evaluation, checked and sorted.

`llamoco report FOLDER --entry FILE` writes an entry; a pull request adds it (docs/leaderboard.md says how). Entries are compared only if
they were scored on the same problems: the same data set, split and number of problems.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from llamoco.dataset_builder.analysis.table import Table, number, percent
from llamoco.dataset_builder.problems.errors import LlamocoError
from llamoco.hub_cards.render import render
from llamoco.metrics.run_records import Check, checked, is_text, or_none, real_number, whole_number
from llamoco.modeling.evaluation.record import EvaluationRecord
from llamoco.modeling.strict_json import strict_json

ENTRY_FORMAT = 1
GROUPS = ("all", "unconstrained", "constrained")
KINDS = {"model": "model", "tool": "tool", "reference": "reference"}
FEWEST_RUNS = 5
SCORES = ("err", "r_acc", "perf", "aocc", "gap_closed_aocc", "comp")

Entry = dict[str, Any]


class LeaderboardError(LlamocoError, ValueError):
    """An entry that cannot be used; the message names file and field, what was expected and the next step."""


def _ends(value: Any) -> bool:
    share = real_number(-1e6, 1e6)
    return value is None or (
        isinstance(value, list) and len(value) == 2 and all(map(share, value)) and value[0] <= value[1]
    )


_share = or_none(real_number(0, 1))
_SCORE_FIELDS: Mapping[str, tuple[Check, str]] = {
    **{name: (_share, "a fraction from 0 to 1, or null") for name in ("err", "r_acc")},
    **{name: (real_number(0, 1), "a fraction from 0 to 1") for name in ("perf", "aocc")},
    "gap_closed_aocc": (or_none(real_number(-1e6, 1)), "a fraction up to 1, or null"),
    "comp": (or_none(real_number(0, 1e9)), "tokens, or null"),
    "intervals": (
        lambda value: isinstance(value, dict) and all(map(_ends, value.values())),
        "an object of [low, high] or null",
    ),
}
_FIELDS: Mapping[str, tuple[Check, str]] = {
    "format": (lambda value: value == ENTRY_FORMAT, f"{ENTRY_FORMAT}"),
    "name": (lambda value: is_text(value) and 0 < len(value) <= 80, "a text of 1 to 80 characters"),
    "kind": (lambda value: value in KINDS, f"one of {', '.join(KINDS)}"),
    "url": (
        or_none(lambda value: is_text(value) and re.match(r"https?://\S+$", value) is not None),
        "a link (https://...), or null",
    ),
    "split": (is_text, "a text"),
    "data_hash": (is_text, "a text"),
    "problems": (whole_number(1, 10**6), "a whole number from 1"),
    "runs": (whole_number(1, 1000), "a whole number from 1"),
    "seed": (or_none(whole_number(0, 2**53)), "a whole number from 0, or null"),
    "scores": (lambda value: isinstance(value, dict) and "all" in value, 'an object with "all" in it'),
    **{name: (is_text, "a text") for name in ("command", "machine", "date")},
}


def entry_of(record: EvaluationRecord, name: str | None = None, url: str | None = None) -> Entry:
    """The entry of an evaluated model, raw.

    Args:
        record: of `llamoco evaluate`, of any number of rows.
        name: shown; the model's if None.
        url: where the system is described.

    Raises:
        LeaderboardError: if the record lacks what an entry needs.
    """
    return _entry(record, name or record["model"], "model", "model", url)


def reference_entries(record: EvaluationRecord) -> dict[str, Entry]:
    """Entries of the references and tools of an evaluation, by file name."""
    found = {
        "single-best-solver": _entry(record, "single best solver (SBS)", "reference", "sbs", None),
        "labelled-answer": _entry(record, "labelled answer (VBS)", "reference", "vbs", None),
    }
    baselines = record["baselines"]
    if baselines is not None:
        for tool, of_all in baselines["groups"]["all"].items():
            found[tool.replace("_", "-")] = check_entry(
                {
                    **_head(record, of_all["title"], "tool", None),
                    "problems": of_all["problems"],
                    "runs": max(1, round(of_all["runs"] / of_all["problems"])),
                    "seed": baselines["settings"].get("seed"),
                    **{field: baselines[field] for field in ("command", "machine", "date")},
                    "scores": {
                        group: _scores(baselines["groups"][group][tool], record, group)
                        for group in GROUPS
                        if tool in baselines["groups"].get(group, {})
                    },
                },
                f"tool {tool}",
            )
    return found


def _entry(record: Any, name: str, kind: str, contestant: str, url: str | None) -> Entry:
    return check_entry(
        {
            **_head(record, name, kind, url),
            "problems": record["tables"]["all"]["problems"],
            "runs": record["runs"],
            "seed": record["seed"],
            **{field: record[field] for field in ("command", "machine", "date")},
            "scores": {
                group: _scores(record["tables"][group][contestant], record, group)
                for group in GROUPS
                if record["tables"].get(group) is not None
            },
        },
        f"the record of {name}",
    )


def _head(record: Any, name: str, kind: str, url: str | None) -> Entry:
    head = {"format": ENTRY_FORMAT, "name": name, "kind": kind, "url": url}
    return head | {field: record[field] for field in ("split", "data_hash")}


def _scores(scored: Any, record: Any, group: str) -> Entry:
    """Scores of a contestant; the share of the gap from SBS to VBS is that of the same evaluation."""
    found = {name: scored.get(name) for name in SCORES}
    if found["gap_closed_aocc"] is None and scored["aocc"] is not None:
        sbs, vbs = (record["tables"][group][name]["aocc"] for name in ("sbs", "vbs"))
        found["gap_closed_aocc"] = (scored["aocc"] - sbs) / (vbs - sbs) if vbs > sbs else None
    return found | {"intervals": {name: scored["intervals"].get(name) for name in ("err", "perf", "aocc")}}


def check_entry(content: Any, place: str) -> Entry:
    """An entry, if it is one.

    Args:
        content: read from JSON.
        place: of it, for messages.

    Raises:
        LeaderboardError: naming place and field.
    """
    try:
        entry = checked(content, _FIELDS, tuple(_FIELDS))
        for group, scores in entry["scores"].items():
            if group not in GROUPS:
                raise ValueError(f"scores.{group}: expected one of {', '.join(GROUPS)}")
            try:
                checked(scores, _SCORE_FIELDS, tuple(_SCORE_FIELDS))
            except ValueError as error:
                raise ValueError(f"scores.{group}: {error}") from error
    except ValueError as error:
        raise LeaderboardError(
            f"{place}: expected an entry of the leaderboard ({error}). Make it with `llamoco report FOLDER --entry FILE` from a "
            "finished `llamoco evaluate`"
        ) from error
    return entry


def read_entries(folder: Path) -> dict[str, Entry]:
    """The entries of a folder by the name of their file.

    Raises:
        LeaderboardError: if a file is no entry, naming it.
    """
    found = {}
    for path in sorted(folder.glob("*.json")):
        try:
            content = strict_json(path.read_bytes())
        except ValueError as error:
            raise LeaderboardError(
                f"{path}: expected JSON ({error}); remove the file or make it again"
            ) from error
        found[path.stem] = check_entry(content, str(path))
    return found


def entry_json(entry: Entry) -> str:
    """An entry as its file has it."""
    return json.dumps(entry, indent=1) + "\n"


def write_entry(path: Path, entry: Entry) -> None:
    """Write an entry."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(entry_json(entry), encoding="utf-8")


def problems_of(entry: Mapping[str, Any]) -> tuple[str, str]:
    """Which problems an entry is about, by data set and split: only entries of the same are compared."""
    return entry["data_hash"], entry["split"]


def leaderboard_table(entries: Sequence[Entry]) -> Table:
    """Entries of one test set, best first by AOCC; those that ran on fewer problems or fewer runs than most are marked."""
    most = max((entry["problems"] for entry in entries), default=0)
    rows = []
    for entry in sorted(entries, key=lambda entry: -entry["scores"]["all"]["aocc"]):
        scores = entry["scores"]["all"]
        marks = [f"{entry['problems']} problems"] * (entry["problems"] < most)
        marks += [f"{entry['runs']} runs"] * (entry["runs"] < FEWEST_RUNS)
        name = f"[{entry['name']}]({entry['url']})" if entry["url"] else entry["name"]
        rows.append(
            [
                f"{name} ({', '.join(marks)})" if marks else name,
                entry["kind"],
                number(scores["aocc"], scores["intervals"]["aocc"]),
                number(scores["perf"], scores["intervals"]["perf"]),
                percent(scores["gap_closed_aocc"], digits=0),
                percent(scores["err"]),
                percent(scores["r_acc"]),
                *(number(entry["scores"].get(group, {}).get("aocc")) for group in GROUPS[1:]),
                entry["date"],
            ]
        )
    columns = (
        "system",
        "kind",
        "AOCC",
        "Perf",
        "gap closed",
        "Err",
        "r_acc",
        "AOCC, unconstrained",
        "AOCC, constrained",
        "date",
    )
    return Table("", columns, rows, text_columns=2)


def leaderboard_page(entries: Mapping[str, Entry]) -> str:
    """The page of the leaderboard in Markdown: a table for each test set, that with most entries first."""
    by_set: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries.values():
        by_set.setdefault(problems_of(entry), []).append(entry)
    ordered = sorted(by_set.items(), key=lambda item: (-len(item[1]), item[0]))
    return render(
        "leaderboard.md.j2",
        tables=[(split, data_hash, leaderboard_table(members)) for (data_hash, split), members in ordered],
        fewest_runs=FEWEST_RUNS,
    )
