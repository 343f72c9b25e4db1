"""Leaderboard: entries follow from records, bad ones are refused by field, and the page sorts them."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from llamoco.cli.main import app
from llamoco.hub_cards.leaderboard import (
    LeaderboardError,
    check_entry,
    entry_of,
    leaderboard_page,
    leaderboard_table,
    read_entries,
    reference_entries,
    write_entry,
)
from llamoco.hub_cards.render import evaluation

FOLDER = Path(__file__).parents[2] / "hub_cards" / "records" / "leaderboard"


def test_every_committed_entry_is_one() -> None:
    entries = read_entries(FOLDER)
    assert {"llamoco-xs", "single-best-solver", "labelled-answer"} <= entries.keys()
    assert all(re.fullmatch(r"[a-z0-9._-]+", name) for name in entries)


def test_an_entry_has_the_scores_of_its_record() -> None:
    record, entry = evaluation(), entry_of(evaluation(), "Mine", "https://example.org/mine")
    for group in ("all", "unconstrained", "constrained"):
        table = record["tables"][group]
        assert table is not None
        for score in ("err", "perf", "aocc", "gap_closed_aocc", "comp"):
            assert entry["scores"][group][score] == table["model"][score], score  # type: ignore[literal-required]
    assert (entry["name"], entry["url"], entry["data_hash"]) == (
        "Mine",
        "https://example.org/mine",
        record["data_hash"],
    )


def test_references_close_none_and_all_of_the_gap() -> None:
    found = reference_entries(evaluation())
    assert found["single-best-solver"]["scores"]["all"]["gap_closed_aocc"] == 0
    assert found["labelled-answer"]["scores"]["all"]["gap_closed_aocc"] == 1


def broken(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """Sets a field of an entry, by its path."""

    def change(entry: dict[str, Any]) -> None:
        *inner, last = path.split(".")
        for name in inner:
            entry = entry[name]
        if value is None:
            del entry[last]
        else:
            entry[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (broken("name", ""), "name has to be a text of 1 to 80 characters"),
        (broken("kind", "human"), "kind has to be one of model, tool, reference"),
        (broken("url", "javascript:alert(1)"), r"url has to be a link"),
        (broken("runs", 0), "runs has to be a whole number from 1"),
        (broken("runs", True), "runs has to be a whole number from 1"),
        (broken("date", None), "the field date is missing"),
        (broken("scores.all.aocc", 1.5), r"scores.all: aocc has to be a fraction from 0 to 1"),
        (broken("scores.all.perf", float("nan")), "scores.all: perf has to be"),
        (broken("scores.all.intervals", {"aocc": [0.6, 0.5]}), "intervals has to be an object of"),
        (broken("scores.other", {}), "scores.other: expected one of all, unconstrained, constrained"),
        (broken("format", 2), "format has to be 1"),
    ],
)
def test_bad_entries_are_refused_by_field(change: Callable[[dict[str, Any]], None], message: str) -> None:
    entry = copy.deepcopy(entry_of(evaluation()))
    change(entry)
    with pytest.raises(LeaderboardError, match=message) as raised:
        check_entry(entry, "mine.json")
    assert str(raised.value).startswith("mine.json: ") and "llamoco report FOLDER --entry FILE" in str(
        raised.value
    )


def test_a_torn_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text('{"name": ', encoding="utf-8")
    with pytest.raises(LeaderboardError, match=r"mine\.json: expected JSON"):
        read_entries(tmp_path)


def test_entries_are_sorted_by_aocc_and_small_ones_are_marked() -> None:
    entries = []
    for name, aocc, problems, runs in (
        ("low", 0.2, 468, 5),
        ("high", 0.9, 468, 5),
        ("small", 0.95, 50, 5),
        ("few", 0.5, 468, 2),
    ):
        entry = copy.deepcopy(entry_of(evaluation(), name))
        entry["scores"]["all"]["aocc"] = aocc
        entries.append(entry | {"problems": problems, "runs": runs})
    rows = leaderboard_table(entries).rows
    assert [row[0] for row in rows] == ["small (50 problems)", "high", "few (2 runs)", "low"]


def test_other_test_sets_have_a_table_of_their_own() -> None:
    here = entry_of(evaluation())
    other = {**copy.deepcopy(here), "name": "elsewhere", "data_hash": "f" * 64}
    page = leaderboard_page({"a": here, "b": {**here, "name": "second"}, "c": other})
    first, second = page.split("\n## Split ")[1:3]
    assert "second" in first and "elsewhere" not in first and "elsewhere" in second


def test_the_command_writes_an_entry_from_an_evaluation_and_asks_for_one(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    folder.mkdir()
    record = json.loads((FOLDER.parent / "evaluation.json").read_text(encoding="utf-8"))
    (folder / "scores.json").write_text(json.dumps(record), encoding="utf-8")
    (folder / "settings.json").write_text(
        json.dumps({"data": None, "data_hash": record["data_hash"]}), encoding="utf-8"
    )
    entry = tmp_path / "board" / "mine.json"
    result = CliRunner().invoke(app, ["report", str(folder), "--entry", str(entry), "--name", "Mine"])
    assert result.exit_code == 0, result.output
    assert read_entries(entry.parent)["mine"] == entry_of(evaluation(), "Mine")
    write_entry(entry, entry_of(evaluation(), "Mine"))
    assert read_entries(entry.parent)["mine"]["name"] == "Mine"
    assert CliRunner().invoke(app, ["report", str(folder), str(folder), "--entry", str(entry)]).exit_code != 0
