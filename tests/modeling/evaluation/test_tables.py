"""Tables of an evaluation: every row as wide as the heading, the record's figures in both renderings."""

import copy
import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from llamoco.modeling.evaluation.comparison import ModelComparison, Pairing
from llamoco.modeling.evaluation.record import EvaluationRecord, as_record
from llamoco.modeling.evaluation.tables import comparison_table, evaluation_tables

SHIPPED = Path(__file__).parents[3] / "hub_cards" / "records" / "evaluation.json"


@pytest.fixture
def record() -> EvaluationRecord:
    return as_record(json.loads(SHIPPED.read_text()))


@pytest.mark.parametrize("intervals", [False, True])
def test_rows_are_as_wide_as_headings(record: EvaluationRecord, intervals: bool) -> None:
    tables = evaluation_tables(record, intervals)
    assert set(tables) == {
        "scores",
        "further",
        "groups",
        "patterns",
        "references",
        "baselines",
        "robustness",
    }
    for table in tables.values():
        assert table.rows and {len(row) for row in table.rows if row} == {len(table.columns)}


def test_terminal_and_markdown_have_the_same_cells(record: EvaluationRecord) -> None:
    table = evaluation_tables(record)["scores"]
    console = Console(width=250, record=True, file=StringIO())
    console.print(table.to_rich())
    shown, markdown = console.export_text(), table.to_markdown()
    scores = record["tables"]["all"]["model"]
    low, high = scores["intervals"]["aocc"] or [0.0, 0.0]
    assert scores["aocc"] is not None
    cell = f"{scores['aocc']:.3f} [{low:.3f}, {high:.3f}]"
    assert cell in shown and f"| {cell} |" in markdown
    assert all(cell in shown for row in table.rows for cell in row)


def test_without_intervals_scores_are_bare(record: EvaluationRecord) -> None:
    assert "[" not in evaluation_tables(record, intervals=False)["scores"].to_markdown()


def test_fallback_has_rows_only_where_it_was_used(record: EvaluationRecord) -> None:
    assert "with fallback" not in evaluation_tables(record)["scores"].to_markdown()
    used = copy.deepcopy(record)
    used["with_fallback"]["replaced"] = {"unsure": 3}
    assert "with fallback" in evaluation_tables(used)["scores"].to_markdown()


def test_comparison_of_models(record: EvaluationRecord) -> None:
    result = record["comparisons"]["all"]["sbs"]["aocc"]
    table = comparison_table(ModelComparison(["a", "b"], 0, 7, [Pairing("a", "b", "aocc", result, 0.5)]))
    assert table.title == "all rows of 7 common problems, paired by problem"
    assert len(table.rows[0]) == len(table.columns) and table.rows[0][5] == "0.5"
