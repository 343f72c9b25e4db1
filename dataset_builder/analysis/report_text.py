"""The label report for people: tables on the console; record and figures as files."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from llamoco.dataset_builder.analysis.figures import TITLES, save_figures
from llamoco.dataset_builder.benchmark.labels import Label

Groups = Mapping[str, Mapping[str, Any]]


def print_label_report(record: Mapping[str, Any], console: Console) -> None:
    """Print a report as tables."""
    groups = record["groups"]
    console.print(_labels_table(groups, record["tie_within_aocc"]))
    console.print(_scores_table(groups))
    for name, group in groups.items():
        console.print(f"simple rule, {name}: {group['rule']}", highlight=False)
    console.print(_winners_table(groups))
    if "baselines" in record:
        console.print(_baselines_table(record["baselines"]["groups"]))
    if "textbook" in record:
        console.print(_textbook_table(record["textbook"]["groups"]))
    console.print(_floors_table(record["floors"]))
    for reason, count in record["discarded"].items():
        console.print(f"discarded, {reason}: {count}")


def save_report(record: Mapping[str, Any], labels: Sequence[Label], folder: Path) -> list[Path]:
    """Write ``label_report.json`` and the figures ``labels-*.png`` into a folder; returns what was written."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "label_report.json"
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return [path, *save_figures(record, labels, folder)]


def number(value: float | None, digits: int = 3) -> str:
    """A number for a table, "-" for None."""
    return "-" if value is None else f"{value:.{digits}f}" if isinstance(value, float) else f"{value:,}"


def percent(value: float | None) -> str:
    """A share as a percentage, "-" for None."""
    return "-" if value is None else f"{value:.1%}"


def _table(title: str, first: str, columns: Sequence[str]) -> Table:
    table = Table(title=title)
    table.add_column(first)
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _labels_table(groups: Groups, tie: float) -> Table:
    table = _table("Labels", "", list(groups))

    def row(name: str, cell: Callable[[Mapping[str, Any]], str]) -> None:
        table.add_row(name, *(cell(group) for group in groups.values()))

    row("problems (in test)", lambda g: f"{g['problems']} ({g['test_problems']})")
    row("discarded", lambda g: f"{g['discarded']} ({percent(g['discarded_share'])})")
    row("most frequent optimizer", lambda g: percent(g["largest_share"]))
    row("optimizers with 1% or more", lambda g: number(g["one_percent"]))
    row(f"ties (another family within {tie} AOCC)", lambda g: percent(g["ties"]))
    table.add_section()
    for part, title in (("all", "raced twice"), ("untied", "  untied"), ("tied", "  tied")):
        row(title, lambda g, part=part: number(g["repeat"][part]["problems"]))  # type: ignore[misc]
        row("    same family", lambda g, part=part: percent(g["repeat"][part]["same_family"]))  # type: ignore[misc]
    for criterion, title in TITLES.items():
        row(
            f"  winners' {title} differ by",
            lambda g, c=criterion: number(g["repeat"]["all"]["difference"][c]),  # type: ignore[misc]
        )
    table.add_section()
    row("box's centre scores w > 0.9", lambda g: percent(g["facts"]["centre_above_w"]))
    row("f* known", lambda g: percent(g["facts"]["f_star_known"]))
    return table


def _scores_table(groups: Groups) -> Table:
    table = _table(
        "From single to virtual best solver", "", [f"{g}, {t}" for g in groups for t in TITLES.values()]
    )
    pairs = [(group, criterion) for group in groups.values() for criterion in TITLES]
    table.add_row("problems, on fresh seeds", *(number(g["checked_problems"]) for g, _ in pairs))
    table.add_row("single best solver", *(g["sbs"][c] for g, c in pairs))
    table.add_row("  its score", *(number(g["scores"][c]["sbs"]) for g, c in pairs))
    table.add_row("virtual best solver (labels)", *(number(g["scores"][c]["vbs"]) for g, c in pairs))
    for name in next(iter(groups.values()))["selectors"]:
        table.add_section()
        table.add_row(f"selector: {name}", *(number(g["selectors"][name][c]["score"]) for g, c in pairs))
        table.add_row("  gap closed", *(_closed(g["selectors"][name][c]) for g, c in pairs))
        table.add_row("  names the label", *(percent(g["selectors"][name][c]["hits"]) for g, c in pairs))
    known = [group.get("landscape") for group in groups.values()]
    if all(known):
        table.add_section()
        table.add_row(
            "with landscape features: problems", *(number(g["landscape"]["problems"]) for g, _ in pairs)
        )
        for name, title in (
            ("landscape", "random forest on these"),
            ("prompt", "random forest on the prompt"),
        ):
            cells = [g["landscape"][name][c] for g, c in pairs]
            table.add_row(f"  gap closed: {title}", *(_closed(cell) for cell in cells))
    return table


def _closed(cell: Mapping[str, Any]) -> str:
    if cell["interval"] is None:
        return percent(cell["gap_closed"])
    low, high = cell["interval"]
    return f"{percent(cell['gap_closed'])} [{low:.0%}, {high:.0%}]"


def _winners_table(groups: Groups) -> Table:
    table = _table(
        "Winners", "group", ["optimizer", "labels", "share", "AOCC in the screen", "w in the screen"]
    )
    for name, group in groups.items():
        for optimizer, means in group["mean_screen"].items():
            count = group["labels"].get(optimizer, 0)
            share = percent(count / group["problems"])
            table.add_row(name, optimizer, number(count), share, number(means["aocc"]), number(means["w"]))
        table.add_section()
    return table


def _baselines_table(groups: Groups) -> Table:
    table = _table(
        "Other tools, same problems and budgets", "", [f"{g}, {t}" for g in groups for t in TITLES.values()]
    )
    pairs = [(group, criterion) for group in groups.values() for criterion in TITLES]
    table.add_row("problems", *(number(g["problems"]) for g, _ in pairs))
    for solver, entry in next(iter(groups.values()))["solvers"].items():
        table.add_row(entry["title"], *(number(g["solvers"][solver][c]) for g, c in pairs))
    table.add_row("single best solver", *(number(g[c]["sbs"]) for g, c in pairs))
    table.add_row("virtual best solver (labels)", *(number(g[c]["vbs"]) for g, c in pairs))
    return table


def _textbook_table(groups: Groups) -> Table:
    table = _table("Textbook problems", "group", ["optimizer", "wins", "mean AOCC", "mean w"])
    for name, group in groups.items():
        for optimizer, means in group["means"].items():
            wins = group["winners"].get(optimizer, 0)
            table.add_row(name, optimizer, number(wins), number(means["aocc"]), number(means["w"]))
        best = group["virtual_best"]
        table.add_row(
            name, "virtual best", number(group["problems"]), number(best["aocc"]), number(best["w"])
        )
        table.add_section()
    return table


def _floors_table(floors: Sequence[Mapping[str, Any]]) -> Table:
    table = _table("Floors", "", ["group", "asked", "is", "met"])
    for row in floors:
        counted = isinstance(row["floor"], int)
        value, limit = [number(v) if counted else percent(v) for v in (row["value"], row["floor"])]
        met = {True: "yes", False: "NO", None: "-"}[row["met"]]
        table.add_row(row["what"], row["group"], f"{row['sense']} {limit}", value, met)
    return table
