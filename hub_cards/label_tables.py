"""Tables of the data set's card, in Markdown, from the record of the label report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from llamoco.dataset_builder.analysis.figures import TITLES
from llamoco.dataset_builder.analysis.report_text import number, percent

Record = Mapping[str, Any]
SHOWN_ON_TEXTBOOKS = ("slsqp", "cma_es", "de")


def label_tables(record: Record) -> dict[str, str]:
    """Markdown tables by name: "problems", "labels", "gap", "floors", and of the studies that were run."""
    tables = {
        "problems": _problems(record["groups"]),
        "labels": _labels(record["groups"], record["tie_within_aocc"]),
        "gap": _gap(record["groups"]),
        "floors": _floors(record["floors"]),
    }
    if "baselines" in record:
        tables["baselines"] = _baselines(record["baselines"]["groups"])
    if "textbook" in record:
        tables["textbook"] = _textbook(record["textbook"]["groups"])
    return tables


def markdown(columns: Sequence[str], rows: Sequence[Sequence[str]], texts: int = 1) -> str:
    """A table: its first columns, texts, to the left, the others, numbers, to the right."""
    lines = [columns, ["---"] * texts + ["---:"] * (len(columns) - texts), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _by_group(groups: Record, rows: Mapping[str, Callable[[Record], str]]) -> str:
    return markdown(
        ["", *groups], [[title, *(cell(group) for group in groups.values())] for title, cell in rows.items()]
    )


def _problems(groups: Record) -> str:
    def fact(name: str) -> Callable[[Record], str]:
        return lambda group: percent(group["facts"][name])

    def quartiles(name: str) -> Callable[[Record], str]:
        return lambda group: ", ".join(f"{value:,.0f}" for value in group["facts"][name])

    def forms(group: Record) -> str:
        found = group["facts"]["forms"]
        return " / ".join(number(found.get(form, 0)) for form in ("single", "composition", "hybrid"))

    return _by_group(
        groups,
        {
            "problems (of these in test)": lambda g: f"{g['problems']:,} ({g['test_problems']:,})",
            "variables: least, quartiles, most": quartiles("dimensions"),
            "evaluation budget, likewise": quartiles("budgets"),
            "single / composition / hybrid": forms,
            "bounds differ between variables": fact("varied_bounds"),
            "with equality constraints": fact("with_equalities"),
            "box's centre scores w > 0.9": fact("centre_above_w"),
            "optimum known": fact("f_star_known"),
        },
    )


def _labels(groups: Record, tie: float) -> str:
    def repeat(part: str) -> Callable[[Record], str]:
        return lambda g: f"{percent(g['repeat'][part]['same_family'])} of {g['repeat'][part]['problems']}"

    def difference(criterion: str) -> Callable[[Record], str]:
        return lambda g: number(g["repeat"]["all"]["difference"][criterion])

    return _by_group(
        groups,
        {
            "discarded": lambda g: f"{g['discarded']} ({percent(g['discarded_share'])})",
            "labels of the most frequent optimizer": lambda g: percent(g["largest_share"]),
            "optimizers with 1% of the labels or more": lambda g: str(g["one_percent"]),
            f"another family ties within {tie} AOCC": lambda g: percent(g["ties"]),
            "raced twice: the same family wins": repeat("all"),
            "raced twice and untied": repeat("untied"),
            "raced twice and tied": repeat("tied"),
            **{f"the two winners' {title} differ by": difference(c) for c, title in TITLES.items()},
        },
    )


def _by_pair(groups: Record, rows: Mapping[str, Callable[[Record, str], str]]) -> str:
    """A table with a column for each group and criterion."""
    pairs = [(group, criterion) for group in groups.values() for criterion in TITLES]
    return markdown(
        ["", *(f"{group}: {title}" for group in groups for title in TITLES.values())],
        [[title, *(cell(group, criterion) for group, criterion in pairs)] for title, cell in rows.items()],
    )


def _gap(groups: Record) -> str:
    rows: dict[str, Callable[[Record, str], str]] = {
        "problems": lambda g, c: number(g["checked_problems"]),
        "single best solver": lambda g, c: g["sbs"][c],
        "its score": lambda g, c: number(g["scores"][c]["sbs"]),
        "labelled answers": lambda g, c: number(g["scores"][c]["vbs"]),
    }
    for name in next(iter(groups.values()))["selectors"]:
        rows[f"selector: {name}"] = lambda g, c, name=name: _closed(g["selectors"][name][c])  # type: ignore[misc]
    if all("landscape" in group for group in groups.values()):
        rows["problems with landscape features"] = lambda g, c: number(g["landscape"]["problems"])
        for name, title in (
            ("landscape", "random forest on these"),
            ("prompt", "random forest on the prompt, there"),
        ):
            rows[title] = lambda g, c, name=name: _closed(g["landscape"][name][c])  # type: ignore[misc]
    return _by_pair(groups, rows)


def _closed(cell: Record) -> str:
    if cell["interval"] is None:
        return f"{number(cell['score'])}, {percent(cell['gap_closed'])}"
    low, high = cell["interval"]
    return f"{number(cell['score'])}, {cell['gap_closed']:.0%} [{low:.0%}, {high:.0%}]"


def _baselines(groups: Record) -> str:
    solvers = next(iter(groups.values()))["solvers"]
    rows: dict[str, Callable[[Record, str], str]] = {"problems": lambda g, c: number(g["problems"])}
    for name, entry in solvers.items():
        rows[entry["title"]] = lambda g, c, name=name: number(g["solvers"][name][c])  # type: ignore[misc]
    rows["single best solver"] = lambda g, c: number(g[c]["sbs"])
    rows["labelled answers"] = lambda g, c: number(g[c]["vbs"])
    return _by_pair(groups, rows)


def _textbook(groups: Record) -> str:
    rows = []
    for name, group in groups.items():
        wins = ", ".join(f"{optimizer} {count}" for optimizer, count in group["winners"].items())
        means = [
            f"{optimizer} {number(group['means'][optimizer]['w'])}"
            for optimizer in SHOWN_ON_TEXTBOOKS
            if optimizer in group["means"]
        ]
        best = f"best of each problem {number(group['virtual_best']['w'])}"
        rows.append([name, number(group["problems"]), wins, ", ".join([*means, best])])
    return markdown(["", "problems", "wins", "mean w"], rows)


def _floors(floors: Sequence[Record]) -> str:
    rows = []
    for floor in floors:
        show = number if isinstance(floor["floor"], int) else percent
        met = {True: "met", False: "**missed**", None: "not measured"}[floor["met"]]
        asked, aim, value = (show(floor[name]) for name in ("floor", "aim", "value"))
        rows.append([floor["what"], floor["group"], f"{floor['sense']} {asked}", aim, value, met])
    return markdown(["", "group", "asked", "aim", "is", ""], rows)
