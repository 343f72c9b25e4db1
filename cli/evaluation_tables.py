"""Tables of evaluations, as `llamoco evaluate` and `llamoco report` print them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich import box
from rich.markup import escape
from rich.table import Table

from llamoco.cli.common import out

if TYPE_CHECKING:
    from llamoco.modeling.evaluation.comparison import Comparison

TITLES = {"model": "model", "sbs": "SBS", "vbs": "VBS"}
LEGEND = (
    "gap closed: (A3 - SBS) / (VBS - SBS); SBS: the single best solver of each type; VBS: the labelled answer, re-run;"
    " 95% intervals resample problems"
)
COMPARED = {"a3": "A3", "perf": "Perf", "err": "Err"}
ROOMY = 130  # columns of a terminal that has room for intervals beside the scores


def print_evaluation(record: Mapping[str, Any]) -> None:
    """Print an evaluation's record: scores, groups, comparisons with the references, failures by cause."""
    from llamoco.metrics.failures import Cause, Example, as_text

    out.print(_scores(record))
    out.print(_more(record["tables"]["all"]))
    out.print(_groups(record))
    out.print(_references(record))
    for name, title in TITLES.items():
        if found := record["failures"][name]:
            out.print(f"what went wrong: {title}", style="italic")
            causes = [Cause(**{**each, "example": Example(**each["example"])}) for each in found]
            out.print(as_text(causes), markup=False, highlight=False, soft_wrap=True)
            out.print()
    repairs = record["repairs"]
    if repairs["failing_rows"]:
        out.print(
            f"answers that failed in a run: {repairs['failing_rows']}, of these repaired: {repairs['repaired']}",
            highlight=False,
        )
    seconds = ", ".join(f"{step} {value:,.0f}" for step, value in record["seconds"].items())
    if seconds:
        out.print(f"seconds of work: {seconds}", highlight=False)
    out.print(LEGEND, highlight=False)
    if out.width < ROOMY:
        out.print("95% intervals are shown where there is room, and stand in scores.json", highlight=False)


def print_comparison(comparison: Comparison) -> None:
    """Print how models compare on what all of them answered."""
    what = f"{comparison.rows} common rows of " if comparison.rows else "all rows of "
    table = _table(f"{what}{comparison.problems} common problems, paired by problem")
    for column in ("score", "first", "second"):
        table.add_column(column, overflow="fold")
    for column in ("difference", "95% interval", "Wilcoxon p", "Holm-adjusted", "wins / ties / losses"):
        table.add_column(column, justify="right", no_wrap=True)
    for pairing in comparison.pairings:
        result = pairing.result
        table.add_row(
            COMPARED[pairing.score],
            escape(pairing.first),
            escape(pairing.second),
            _number(result["difference"], "+.3f"),
            _interval(result["interval"], "+.3f"),
            _number(result["p_value"], ".2g"),
            _number(pairing.adjusted, ".2g"),
            f"{result['wins']} / {result['ties']} / {result['losses']}",
        )
    out.print(table)


def _scores(record: Mapping[str, Any]) -> Table:
    name = escape(str(record["model"]))
    title = (
        f"{name} on {record['rows']} descriptions of {record['problems']} {record['split']} problems, "
        f"{record['runs']} runs each, tier {record['tier']}"
    )
    table = _table(title)
    columns = ("problems", "of", "Err", "Rec", "r_acc", "Perf", "A3", "gap closed", "Comp")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number < 2 else "right", no_wrap=number > 0)
    for group, scores in record["tables"].items():
        for contestant, title in TITLES.items():
            entry = scores[contestant]
            table.add_row(
                f"{group} ({scores['problems']})" if contestant == "model" else "",
                title,
                _with_interval(entry, "err", ".1%", ".0f"),
                _number(entry["rec"], ".1%"),
                _number(entry["r_acc"], ".1%"),
                _with_interval(entry, "perf", ".3f", ".2f"),
                _with_interval(entry, "a3", ".3f", ".2f"),
                _with_interval(entry, "gap_closed_a3", ".0%", ".0f"),
                _number(entry["comp"], ".0f"),
            )
        table.add_section()
    return table


def _more(scores: Mapping[str, Any]) -> Table:
    table = _table("all problems, further scores")
    table.add_column("of")
    tolerances = list(scores["model"]["hit_rates"])
    hits = (f"gap <= {tolerance}" for tolerance in tolerances)
    paper = ("Err", "Rec", "Perf", "Comp")
    for column in ("Faith", "budget exceeded", *hits, *(f"{name} of the paper" for name in paper)):
        table.add_column(column, justify="right")
    for contestant, title in TITLES.items():
        entry = scores[contestant]
        table.add_row(
            title,
            _number(entry["faith"], ".1%"),
            _number(entry["budget_exceeded"], ".1%"),
            *(_number(entry["hit_rates"][tolerance], ".1%") for tolerance in tolerances),
            _number(entry["paper"]["err"], ".1%"),
            _number(entry["paper"]["rec"], ".1%"),
            _number(entry["paper"]["perf"], ".3f"),
            _number(entry["paper"]["comp"], ".0f"),
        )
    return table


def _groups(record: Mapping[str, Any]) -> Table:
    table = _table("by group")
    for column in ("group", "rows"):
        table.add_column(column, justify="left" if column == "group" else "right")
    for column in ("Err", "Perf", "A3", "A3 of SBS", "A3 of VBS", "gap closed"):
        table.add_column(column, justify="right", no_wrap=True)
    for kind, classes in record["groups"].items():
        for name, scores in classes.items():
            table.add_row(
                f"{kind}: {escape(name)}",
                str(scores["rows"]),
                _number(scores["model"]["err"], ".1%"),
                _with_interval(scores["model"], "perf", ".3f", ".2f"),
                _with_interval(scores["model"], "a3", ".3f", ".2f"),
                _number(scores["sbs"]["a3"], ".3f"),
                _number(scores["vbs"]["a3"], ".3f"),
                _number(scores["model"]["gap_closed_a3"], ".0%"),
            )
        table.add_section()
    return table


def _references(record: Mapping[str, Any]) -> Table:
    table = _table("model minus reference, paired by problem")
    for column in ("problems", "reference", "score"):
        table.add_column(column)
    for column in ("difference", "95% interval", "Wilcoxon p", "wins / ties / losses"):
        table.add_column(column, justify="right")
    for group, references in record["comparisons"].items():
        for reference, scores in references.items():
            for score, result in scores.items():
                table.add_row(
                    group,
                    TITLES[reference],
                    COMPARED[score],
                    _number(result["difference"], "+.3f"),
                    _interval(result["interval"], "+.3f"),
                    _number(result["p_value"], ".2g"),
                    f"{result['wins']} / {result['ties']} / {result['losses']}",
                )
        table.add_section()
    return table


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)


def _with_interval(entry: Mapping[str, Any], score: str, form: str, form_of_ends: str) -> str:
    value = entry.get(score)
    if value is None:
        return ""
    interval = entry["intervals"].get(score) if out.width >= ROOMY else None
    if interval is not None and "%" in form:
        interval = [100 * end for end in interval]
    return f"{_number(value, form)} {_interval(interval, form_of_ends)}".rstrip()


def _interval(interval: list[float] | None, form: str) -> str:
    return "" if interval is None else f"\\[{interval[0]:{form}}, {interval[1]:{form}}]"


def _number(value: float | None, form: str) -> str:
    return "" if value is None else f"{value:{form}}"
