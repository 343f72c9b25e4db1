"""The paper's tables: its figures as printed, ours as recorded, and the command where a record is missing."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from llamoco.cli.main import app
from llamoco.dataset_builder.optimizers.catalogue import POOL
from llamoco.dataset_builder.optimizers.configuration import config_json
from llamoco.dataset_builder.optimizers.pool import configurations
from llamoco.hub_cards.paper import published
from llamoco.hub_cards.paper.claims import claims
from llamoco.hub_cards.paper.exhibit import COMMANDS, PaperError, Records
from llamoco.hub_cards.paper.granularity import granularities, in_half
from llamoco.hub_cards.paper.page import (
    EXHIBITS,
    exhibit_name,
    exhibits,
    figure_file,
    paper_page,
    write_paper,
)

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "hub_cards" / "records"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder of records with the shipped evaluation only."""
    folder = tmp_path / "records"
    folder.mkdir()
    shutil.copyfile(SHIPPED / "evaluation.json", folder / "evaluation.json")
    return folder


def write(folder: Path, name: str, content: dict[str, Any]) -> None:
    (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")


def selection(change: float, interval: list[float]) -> dict[str, Any]:
    """A record of selection in which SMAC3 changes Perf, and PIAS differs from the SBS."""

    def scored(title: str, perf: float) -> dict[str, Any]:
        compared = {"perf": {"difference": perf - 0.88, "interval": interval}}
        ends = {"perf": [perf - 0.02, perf + 0.02], "aocc": [0.4, 0.6]}
        return {
            "title": title,
            "perf": perf,
            "aocc": 0.5,
            "seconds": 1.25,
            "runs": 10,
            "problems": 10,
            "intervals": ends,
            "above_sbs": compared,
        }

    of_all = {
        name: scored(name.upper(), perf) for name, perf in (("sbs", 0.88), ("pias", 0.85), ("as_llm", 0.84))
    }
    tuned = {"above_untuned": {"perf": {"difference": change, "interval": [change - 0.01, change + 0.01]}}}
    of_all |= {
        f"{name}_smac": scored(f"{name} + SMAC3", row["perf"] + change) | tuned
        for name, row in list(of_all.items())
    }
    return {
        "command": "llamoco study selection runs/x",
        "settings": {"seed": 0, "tuning": "10 trials", "embedding": "TF-IDF"},
        "runs": 1,
        "machine": "m",
        "date": "d",
        "groups": {"all": of_all},
        "tools": {},
    }


def test_the_papers_own_figures_agree_where_it_prints_them_twice() -> None:
    """Tables I, IV, VI and VII repeat each other: a slip in one of ours would show."""
    for name, scores in published.TABLE_VII.items():
        if name in published.TABLE_I["all"]:
            assert published.TABLE_I["all"][name].err == scores.err, name
    best = published.TABLE_VII["LLaMoCo-S"].perf
    assert best == published.TABLE_IV["350M"][-1] == published.TABLE_VI["LLaMoCo-S"].test
    assert len(published.TABLE_III) == 16
    assert all(len(row) == len(published.SYSTEMS) for row in published.TABLE_III.values())
    assert all(0 < value < 100 for row in published.TABLE_III.values() for value in row)
    assert all(
        0 <= value <= 250
        for of_set in published.TABLE_I.values()
        for s in of_set.values()
        for value in s
        if value
    )


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Table VI", "table-6"),
        ("table-1", "table-1"),
        ("fig. 3", "figure-3"),
        ("Figure 7", "figure-7"),
        ("II", "table-2"),
    ],
)
def test_tables_and_figures_are_named_as_people_write_them(text: str, name: str) -> None:
    assert exhibit_name(text) == name


@pytest.mark.parametrize("text", ["Table 8", "figure 1", "figure vi i", "", "everything"])
def test_unknown_tables_are_refused_with_the_list(text: str) -> None:
    with pytest.raises(PaperError, match="expected a table or figure of the paper, one of table-1"):
        exhibit_name(text)


def test_our_rows_are_those_of_the_record(place: Path) -> None:
    record = json.loads((place / "evaluation.json").read_text(encoding="utf-8"))
    record["tables"]["constrained"]["model"] |= {"perf": 0.4321, "err": 0.1234}
    record["tables"]["constrained"]["model"]["intervals"] |= {"perf": [0.4, 0.5], "err": [0.1, 0.2]}
    write(place, "evaluation", record)
    (table,) = exhibits(Records(place), ["table-1"])
    assert table.table is not None
    (ours,) = [row for row in table.table.rows if row and row[:3] == ["constrained", record["model"], "ours"]]
    assert ours[3] == "12.3% [10, 20]" and ours[5] == "43.2% [40, 50]"
    assert any(
        record["command"] in line and record["date"] in line and record["machine"] in line
        for line in table.sources
    )


def test_every_exhibit_names_its_records_or_the_command_that_makes_them(tmp_path: Path) -> None:
    empty = Records(tmp_path)
    for one in exhibits(empty):
        assert one.missing, one.name
        assert all("llamoco " in line for line in one.missing), one.name
        assert one.name == "table-5" or not one.sources
    assert not [claim for claim in claims(empty) if claim.verdict == "holds" and "grid" not in claim.text]
    page = paper_page(exhibits(empty), claims(empty))
    assert all(
        f"`{command}" in page
        for name, command in COMMANDS.items()
        if name in ("scaling", "selection", "realistic")
    )


def test_shipped_records_name_command_machine_and_date() -> None:
    for one in exhibits(Records(SHIPPED)):
        for line in one.sources:
            assert re.search(r"`\w+\.json`: `.+`.*, 20\d\d-\d\d-\d\d$", line), line


@pytest.mark.parametrize(
    ("change", "interval", "tuning", "single"),
    [
        (0.02, [-0.05, -0.01], "holds", "holds"),
        (-0.02, [0.01, 0.05], "fails", "fails"),
        (0.005, [-0.05, 0.05], "open", "open"),
    ],
)
def test_claims_follow_the_intervals(
    place: Path, change: float, interval: list[float], tuning: str, single: str
) -> None:
    write(place, "selection", selection(change, interval))
    found = {claim.text: claim.verdict for claim in claims(Records(place))}
    assert found["tuning the chosen optimizer with SMAC3 raises the Perf of every selector"] == tuning
    assert found["per-instance selection (PIAS, AS-LLM) stays below the single best solver"] == single


def test_selection_stands_beside_the_papers(place: Path) -> None:
    write(place, "selection", selection(0.01, [-0.1, 0.1]))
    (table,) = exhibits(Records(place), ["table-6"])
    assert table.table is not None and not table.missing
    rows = {(row[0], row[1]): row for row in table.table.rows}
    assert rows["PIAS", "ours"][2] == "85.0% [83, 87]" and rows["PIAS", "ours"][5] == "1.25"
    assert rows["PIAS", "paper"][2] == "62.341%"


def test_files_hold_what_the_tables_show(place: Path, tmp_path: Path) -> None:
    records = Records(place)
    shown = exhibits(records)
    written = write_paper(tmp_path / "out", shown, records)
    assert {path.name for path in written} >= {"paper.md", "table-1.csv", "figure-3.png", "figure-7.png"}
    for one in shown:
        if one.table is not None:
            read = list(csv.reader((tmp_path / "out" / f"{one.name}.csv").open(encoding="utf-8", newline="")))
            assert read == [list(one.table.columns), *(list(row) for row in one.table.rows if row)]
        if (name := figure_file(one)) is not None:
            assert (tmp_path / "out" / name).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
            assert f"]({name})" in (tmp_path / "out" / "paper.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("evaluation", '{"torn', "evaluation.json: expected a run record, found no JSON"),
        ("scaling", "[1]", "scaling.json: expected a run record, an object, found list"),
        ("evaluation_old", "{}", 'expected the record of `llamoco evaluate` .* found no "tables" in it'),
    ],
)
def test_records_that_are_none_are_named(place: Path, name: str, text: str, message: str) -> None:
    (place / f"{name}.json").write_text(text, encoding="utf-8")
    with pytest.raises(PaperError, match=message):
        exhibits(Records(place))


def test_the_committed_page_has_its_figures() -> None:
    for one in exhibits(Records(SHIPPED)):
        if (name := figure_file(one)) is not None:
            assert (ROOT / "docs" / "paper" / name).is_file(), f"{name}: run make cards"


def test_half_of_a_grid_has_the_ends_of_each_hyper_parameter() -> None:
    for name, optimizer in POOL.items():
        kept = [config for config in configurations(name, 10_000) if in_half(name, config_json(config))]
        expected = 1
        for values in optimizer.grid.values():
            expected *= min(2, len(values))
        assert len(kept) == expected, name


def test_the_larger_grid_finds_no_less() -> None:
    found = granularities()
    assert found["half"].aocc <= found["ours"].aocc <= 1
    assert found["half"].seconds < found["ours"].seconds
    assert found["half"].configurations < found["ours"].configurations


def test_exhibits_are_the_seven_tables_and_five_figures() -> None:
    assert len(EXHIBITS) == 12


def test_the_command_prints_and_writes_what_is_asked_for(place: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = CliRunner().invoke(app, ["paper", "Table II", "--records", str(place), "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert "10.546%" in result.output and "llamoco-xs" in result.output and "Table I " not in result.output
    assert {path.name for path in out.iterdir()} == {"paper.md", "table-2.csv"}
    for arguments, message in (
        (["Table IX"], "expected a table or figure of the paper"),
        (["--records", str(tmp_path / "none")], "give the folder of run records"),
    ):
        result = CliRunner().invoke(app, ["paper", *arguments])
        assert result.exit_code != 0 and message in " ".join(result.output.split())


def test_a_suites_record_fills_table_3(place: Path) -> None:
    suite = json.loads((SHIPPED / "outside.json").read_text(encoding="utf-8"))
    write(place, "realistic", suite)
    (table,) = exhibits(Records(place), ["table-3"])
    assert table.table is not None
    rows = [dict(zip(table.table.columns, row, strict=True)) for row in table.table.rows]
    (ours,) = [row for row in rows if row["problem"] == "alkylation"]
    scores = next(problem["scores"] for problem in suite["problems"] if problem["id"] == "alkylation")
    assert ours["pycma"] == f"{scores['pycma']['perf']:.1%}" and ours["OPRO"] == ""
    assert ours[suite["settings"]["model"]] == f"{scores['solve']['perf']:.1%}"
    assert sum(row["whose"] == "paper" for row in rows) == 16
    assert sum(row["whose"] == "ours" for row in rows) == len(suite["problems"])
    assert [line for line in table.missing if "realistic.json" in line] == []


def test_a_scaling_record_fills_table_4_and_its_claim(place: Path) -> None:
    rows = [
        {"title": title, "parameters": size, "pairs": pairs, "perf": perf, "aocc": perf / 2}
        for title, size, perfs in (("small", 100_000, (0.5, 0.6)), ("large", 2_000_000, (0.4, 0.7)))
        for pairs, perf in zip((1000, 30_000), perfs, strict=True)
    ]
    head = {"command": "llamoco study scaling", "seed": 0, "machine": "m", "date": "d"}
    write(place, "scaling", {**head, "rows": rows})
    (table,) = exhibits(Records(place), ["table-4"])
    assert table.table is not None
    assert ["large (2.0M)", "ours, Perf", "40.0%", "-", "-", "70.0%"] in [
        list(row) for row in table.table.rows
    ]
    assert ["small (0.1M)", "ours, AOCC", "0.250", "-", "-", "0.300"] in [
        list(row) for row in table.table.rows
    ]
    verdicts = {claim.text: claim.verdict for claim in claims(Records(place))}
    assert verdicts["more training pairs help at every size of the model"] == "holds"
    rows[0]["aocc"] = 0.9
    write(place, "scaling", {**head, "rows": rows})
    verdicts = {claim.text: claim.verdict for claim in claims(Records(place))}
    assert verdicts["more training pairs help at every size of the model"] == "fails"
