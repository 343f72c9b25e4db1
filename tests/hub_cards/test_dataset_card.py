"""The data set's card says what the label report says, and the report is of the table that ships."""

import json
import re
from pathlib import Path

import pytest

from llamoco.dataset_builder.analysis.label_tables import label_tables
from llamoco.dataset_builder.benchmark.label_table import SHIPPED_LABELS
from llamoco.dataset_builder.optimizers.pool import POOL
from llamoco.hub_cards import cards
from llamoco.hub_cards.render import markdown

ROOT = Path(__file__).parents[2]
RECORD = cards.record("label_report")


@pytest.fixture(scope="module")
def body() -> str:
    splits = [{"name": "train", "num_examples": 30000}, {"name": "test", "num_examples": 2570}]
    return cards.dataset_card_body("0123abcd", [{"config_name": "default", "splits": splits}])


def test_the_shipped_report_is_of_the_shipped_table() -> None:
    table = json.loads(SHIPPED_LABELS.with_suffix(".json").read_text(encoding="utf-8"))
    assert RECORD["table"] == {key: table[key] for key in RECORD["table"]}, (
        "hub_cards/records is of another label table: llamoco report FOLDER --out hub_cards/records"
    )
    counts = {name: group["problems"] for name, group in RECORD["groups"].items()}
    assert counts == table["labels"]


def test_the_card_has_hash_sizes_licence_citation_and_its_figures(body: str) -> None:
    for text in ("`0123abcd`", "| default | 30,000 | 2,570 |", "Apache-2.0", "@article{ma2024llamoco"):
        assert text in body
    figures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", body)
    assert sorted(figures) == sorted(cards.LABEL_FIGURES)
    for name in figures:
        assert (ROOT / "hub_cards" / "records" / name).read_bytes()[:4] == b"\x89PNG"
    assert f"{len(POOL)} optimizers" in body and "{{" not in body and "None" not in body


def test_coverage_stands_in_the_card_if_it_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = {
        "unconstrained": {"problems": 40, "inside": 1.0, "outside": {}},
        "constrained": {"problems": 20, "inside": 0.9, "outside": {"g01": 0.9, "g02": 0.8}},
    }
    made = {"command": "c", "suite": "outside", "seed": 3, "machine": "m", "date": "d", "groups": groups}
    monkeypatch.setattr(cards, "record_if_any", lambda name: made if name == "coverage" else None)
    splits = [{"name": "train", "num_examples": 12345}]
    text = cards.dataset_card_body("0", [{"config_name": "decisions", "splits": splits}])
    assert "100% of the 40 unconstrained problems do;" in text
    assert "90% of the 20 constrained problems do, not g01, g02." in text and "`c`, seed 3, m, d." in text
    assert "| decisions | 12,345 | - |" in text and 'load_dataset("llamoco", "decisions"' in text
    monkeypatch.setattr(cards, "record_if_any", lambda name: None)
    assert "cover problems from elsewhere" not in cards.dataset_card_body("0", [])


def test_tables_are_well_formed_markdown() -> None:
    for name, table in markdown(label_tables(RECORD)).items():
        widths = {line.count("|") for line in table.splitlines()}
        assert len(widths) == 1 and len(table.splitlines()) > 2, name


def test_studies_that_were_not_run_are_left_out() -> None:
    without = {key: value for key, value in RECORD.items() if key not in ("baselines", "textbook")}
    assert set(label_tables(without)) == {"problems", "labels", "gap", "candidates", "winners", "kinds"}
