"""Tables: the same cells in a terminal and in Markdown."""

from io import StringIO

import pytest
from rich.console import Console

from llamoco.dataset_builder.analysis.table import Table, number, percent

TABLE = Table("Scores", ["name", "AOCC"], [["a|b", "0.5"], [], ["c", "-"]])


def test_markdown() -> None:
    assert TABLE.to_markdown().splitlines() == [
        "| name | AOCC |",
        "| --- | ---: |",
        r"| a\|b | 0.5 |",
        "| c | - |",
    ]


def test_terminal_shows_title_and_every_cell() -> None:
    console = Console(width=40, record=True, file=StringIO())
    console.print(TABLE.to_rich())
    shown = console.export_text()
    assert [line.split() for line in shown.splitlines() if line.strip(" ─")] == [
        ["Scores"],
        ["name", "AOCC"],
        ["a|b", "0.5"],
        ["c", "-"],
    ]


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (number(None), "-"),
        (number(1234), "1,234"),
        (number(0.12345), "0.123"),
        (number(0.5, [0.25, 0.75], signed=True), "+0.500 [+0.250, +0.750]"),
        (number(1234.5, digits=0), "1,234"),
        (percent(None), "-"),
        (percent(0.1234), "12.3%"),
        (percent(0.5, [0.404, 0.6], digits=0), "50% [40, 60]"),
        (percent(-0.1), "-10.0%"),
    ],
)
def test_formats(shown: str, text: str) -> None:
    assert shown == text
