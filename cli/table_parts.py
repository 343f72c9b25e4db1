"""What the tables of evaluations are made of."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.table import Table

ROOMY = 130  # columns of a terminal that has room for intervals beside the scores


def table_of(title: str) -> Table:
    """An empty table."""
    return Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)


def interval(ends: Sequence[float] | None, form: str) -> str:
    """An interval in brackets; nothing without one."""
    return "" if ends is None else f"[{ends[0]:{form}}, {ends[1]:{form}}]"


def number(value: float | None, form: str) -> str:
    """A number; nothing without one."""
    return "" if value is None else f"{value:{form}}"
