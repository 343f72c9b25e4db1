"""Tables of results, built once and rendered for a terminal or as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import rich.table

MISSING = "-"
Row = Sequence[str]


@dataclass(frozen=True)
class Table:
    """A table of texts.

    Attributes:
        title: printed above the table in a terminal; Markdown documents have their own headings.
        columns: headings.
        rows: cells, as many as columns; an empty row starts a new section in a terminal.
        text_columns: number of columns at the left that hold text; the others hold numbers and are right-aligned.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Row]
    text_columns: int = 1

    def to_rich(self) -> rich.table.Table:
        """Render for ``rich.console.Console.print``."""
        from rich import box
        from rich.table import Table as RichTable

        table = RichTable(
            title=self.title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False
        )
        for place, column in enumerate(self.columns):
            if place < self.text_columns:
                table.add_column(column, overflow="fold")
            else:
                table.add_column(column, justify="right", no_wrap=True)
        for row in self.rows:
            if row:
                table.add_row(*row)
            else:
                table.add_section()
        return table

    def to_markdown(self) -> str:
        """Render as a Markdown table, without the title."""
        alignment = ["---"] * self.text_columns + ["---:"] * (len(self.columns) - self.text_columns)
        cells = [[cell.replace("|", r"\|") for cell in row] for row in (self.columns, *self.rows) if row]
        return "\n".join(f"| {' | '.join(line)} |" for line in (cells[0], alignment, *cells[1:]))


def number(
    value: float | None, interval: Sequence[float] | None = None, digits: int = 3, signed: bool = False
) -> str:
    """Format a number, with its interval in brackets; an integer has no decimals.

    Args:
        value: None gives ``MISSING``.
        interval: lower and upper end.
        digits: decimals.
        signed: with a plus sign where positive.
    """
    if value is None:
        return MISSING
    form = f"{'+' if signed else ''},{'' if isinstance(value, int) else f'.{digits}f'}"
    return f"{value:{form}}" + ("" if interval is None else f" [{interval[0]:{form}}, {interval[1]:{form}}]")


def percent(value: float | None, interval: Sequence[float] | None = None, digits: int = 1) -> str:
    """Format a fraction as a percentage, with its interval in brackets, in whole percent.

    Args:
        value: None gives ``MISSING``.
        interval: lower and upper end, fractions.
        digits: decimals of the percentage.
    """
    if value is None:
        return MISSING
    ends = "" if interval is None else f" [{100 * interval[0]:.0f}, {100 * interval[1]:.0f}]"
    return f"{value:.{digits}%}{ends}"
