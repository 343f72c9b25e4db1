"""Tables of the label report, for the terminal and for the data set's card."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from llamoco.dataset_builder.analysis.figures import TITLES
from llamoco.dataset_builder.analysis.prompt_facts import SETS
from llamoco.dataset_builder.analysis.table import Row, Table, number, percent

Record = Mapping[str, Any]
Cell = Callable[[Record], str]  # of a group
FORMS = ("single", "composition", "hybrid", "maximum", "family")
SHOWN_CANDIDATES = 6
SHOWN_ON_TEXTBOOKS = ("slsqp", "cma_es", "de")


def label_tables(record: Record) -> dict[str, Table]:
    """Build the tables of a label report.

    Args:
        record: what ``label_report`` returned.

    Returns:
        By name: "problems", "labels", "gap" (from single to virtual best solver), "candidates" (for the single best solver),
        "winners", "kinds" (of problems: who wins there), and of the studies that were run "baselines" and "textbook".
    """
    groups = record["groups"]
    tables = {
        "problems": _by_group("Problems", groups, _problem_rows()),
        "labels": _by_group("Labels", groups, _label_rows(record["tie_within_aocc"])),
        "gap": _gap(groups),
        "candidates": _candidates(groups),
        "winners": _winners(groups),
        "kinds": _kinds(groups),
    }
    if "baselines" in record:
        tables["baselines"] = _baselines(record["baselines"]["groups"])
    if "textbook" in record:
        tables["textbook"] = _textbook(record["textbook"]["groups"])
    return tables


def _by_group(title: str, groups: Record, rows: Mapping[str, Cell]) -> Table:
    return Table(
        title,
        ["", *groups],
        [[name, *(cell(group) for group in groups.values())] for name, cell in rows.items()],
    )


def _problem_rows() -> dict[str, Cell]:
    def share(name: str) -> Cell:
        return lambda group: percent(group["facts"][name])

    def quartiles(name: str) -> Cell:
        return lambda group: ", ".join(number(value, digits=0) for value in group["facts"][name])

    def forms(group: Record) -> str:
        found = group["facts"]["forms"]
        return " / ".join(number(found.get(form, 0)) for form in FORMS)

    return {
        "problems (of these in test)": lambda g: f"{g['problems']:,} ({g['test_problems']:,})",
        "dimension: minimum, quartiles, maximum": quartiles("dimensions"),
        "evaluation budget: minimum, quartiles, maximum": quartiles("budgets"),
        " / ".join(FORMS): forms,
        "bounds differ between variables": share("varied_bounds"),
        "with equality constraints": share("with_equalities"),
        "centre of the box scores w > 0.9": share("centre_above_w"),
        "optimum known": share("f_star_known"),
    }


def _label_rows(tie: float) -> dict[str, Cell]:
    def repeat(part: str) -> Cell:
        return lambda g: f"{percent(g['repeat'][part]['same_family'])} of {g['repeat'][part]['problems']}"

    def difference(criterion: str) -> Cell:
        return lambda g: number(g["repeat"]["all"]["difference"][criterion])

    return {
        "discarded": lambda g: f"{g['discarded']} ({percent(g['discarded_share'])})",
        "labels of the most frequent optimizer": lambda g: percent(g["largest_share"]),
        "optimizers with 1% of the labels or more": lambda g: number(g["one_percent"]),
        f"another family ties within {tie} AOCC": lambda g: percent(g["ties"]),
        "raced twice: the same family wins": repeat("all"),
        "raced twice and untied": repeat("untied"),
        "raced twice and tied": repeat("tied"),
        "the paper's pool has the same answer": lambda g: percent(g["paper"]["same_answer"]),
        "AOCC lost with the paper's pool": lambda g: number(g["paper"]["lost_aocc"]),
        **{f"difference in {title} between the two winners": difference(c) for c, title in TITLES.items()},
    }


def _by_criterion(title: str, groups: Record, rows: Iterator[Row]) -> Table:
    """A table with a column for each group and criterion."""
    return Table(title, ["", *(f"{group}: {name}" for group in groups for name in TITLES.values())], [*rows])


def _gap(groups: Record) -> Table:
    pairs = [(group, criterion) for group in groups.values() for criterion in TITLES]

    def rows() -> Iterator[Row]:
        yield ["problems", *(number(g["checked_problems"]) for g, _ in pairs)]
        yield ["single best solver", *(g["sbs"][c] for g, c in pairs)]
        yield ["its score", *(number(g["scores"][c]["sbs"]) for g, c in pairs)]
        yield ["labelled answers", *(number(g["scores"][c]["vbs"]) for g, c in pairs)]
        for name in next(iter(groups.values()))["selectors"]:
            yield []
            cells = [g["selectors"][name][c] for g, c in pairs]
            yield [f"selector: {name}", *map(_closed, cells)]
            yield ["names the label", *(percent(cell["hits"]) for cell in cells)]
        if all("landscape" in group for group in groups.values()):
            yield []
            yield [
                "problems with landscape features",
                *(number(g["landscape"]["problems"]) for g, _ in pairs),
            ]
            for name, title in (
                ("landscape", "random forest on these"),
                ("prompt", "random forest on the prompt, same problems"),
            ):
                yield [title, *(_closed(g["landscape"][name][c]) for g, c in pairs)]

        if all("probes" in group for group in groups.values()):
            yield []
            yield ["problems with probes", *(number(g["probes"]["problems"]) for g, _ in pairs)]
            for name in SETS:
                yield [f"random forest on {name}", *(_closed(g["probes"][name][c]) for g, c in pairs)]

    return _by_criterion("From the single best solver to the labelled answers", groups, rows())


def _candidates(groups: Record) -> Table:
    """Optimizers that ran almost everywhere, by their mean in the screen over the train problems."""
    return Table(
        "Candidates for the single best solver",
        ["group", "optimizer", *TITLES.values()],
        [
            [name, optimizer, *(number(means[c]) for c in TITLES)]
            for name, group in groups.items()
            for optimizer, means in list(group["candidates"].items())[:SHOWN_CANDIDATES]
        ],
        text_columns=2,
    )


def _kinds(groups: Record) -> Table:
    return Table(
        "Winners by kind of problem",
        ["group", "kind", "problems", "most frequent winners", "ties", "repeat, untied"],
        [
            [
                name,
                kind,
                number(entry["problems"]),
                ", ".join(
                    f"{optimizer} {percent(share, digits=0)}" for optimizer, share in entry["wins"].items()
                ),
                percent(entry["ties"], digits=0),
                f"{percent(entry['repeat'], digits=0)} of {entry['untied']}",
            ]
            for name, group in groups.items()
            for kind, entry in group["kinds"].items()
        ],
        text_columns=2,
    )


def _closed(cell: Record) -> str:
    """A selector's score and the share of the gap that it closes."""
    return f"{number(cell['score'])}, {percent(cell['gap_closed'], cell['interval'], digits=0)}"


def _winners(groups: Record) -> Table:
    return Table(
        "Winners",
        ["group", "optimizer", "labels", "share", "AOCC in the screen", "w in the screen"],
        [
            [
                name,
                optimizer,
                number(group["labels"].get(optimizer, 0)),
                percent(group["labels"].get(optimizer, 0) / group["problems"]),
                number(means["aocc"]),
                number(means["w"]),
            ]
            for name, group in groups.items()
            for optimizer, means in group["mean_screen"].items()
        ],
        text_columns=2,
    )


def _baselines(groups: Record) -> Table:
    pairs = [(group, criterion) for group in groups.values() for criterion in TITLES]

    def rows() -> Iterator[Row]:
        yield ["problems", *(number(g["problems"]) for g, _ in pairs)]
        for solver, entry in next(iter(groups.values()))["solvers"].items():
            yield [entry["title"], *(number(g["solvers"][solver][c]) for g, c in pairs)]
        yield ["single best solver", *(number(g[c]["sbs"]) for g, c in pairs)]
        yield ["labelled answers", *(number(g[c]["vbs"]) for g, c in pairs)]

    return _by_criterion("Other tools, same problems and budgets", groups, rows())


def _textbook(groups: Record) -> Table:
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
    return Table("Textbook problems", ["", "problems", "wins", "mean w"], rows)
