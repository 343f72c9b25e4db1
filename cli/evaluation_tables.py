"""Tables of evaluations, as `llamoco evaluate` and `llamoco report` print them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.table import Table

from llamoco.cli.common import out
from llamoco.cli.floor_tables import print_floors
from llamoco.cli.table_parts import ROOMY, interval, number, table_of

if TYPE_CHECKING:
    from llamoco.modeling.evaluation.comparison import Comparison

TITLES = {"model": "model", "sbs": "SBS", "vbs": "VBS"}
SCORED = {
    "model": "model, raw",
    "within_pool": "model, within the pool",
    "with_fallback": "with fallback",
    "sbs": "SBS",
    "vbs": "VBS",
}
LEGEND = (
    "gap closed: (AOCC - SBS) / (VBS - SBS); SBS: the single best solver of each type; VBS: the labelled answer, re-run;"
    " raw: as the model writes; within the pool: decoding is held to the pool's texts, as in llamoco solve;"
    " with fallback: that, and SBS answers where llamoco solve would let it; 95% intervals resample problems"
)
COMPARED = {"aocc": "AOCC", "perf": "Perf", "err": "Err"}


def print_evaluation(record: Mapping[str, Any]) -> None:
    """Print an evaluation's record: scores, groups, comparisons with the references, failures by cause."""
    from llamoco.metrics.failures import Cause, Example, as_text

    out.print(_scores(record))
    out.print(_more(record["tables"]["all"]))
    out.print(_groups(record))
    out.print(_references(record))
    print_floors(record)
    for name, title in SCORED.items():
        if found := record["failures"].get(name):
            out.print(f"what went wrong: {title}", style="italic")
            causes = [Cause(**{**each, "example": Example(**each["example"])}) for each in found]
            for line in as_text(causes).splitlines():
                out.print(line, soft_wrap=True)
            out.print()
    repairs = record["repairs"]
    if repairs["failing_rows"]:
        out.print(
            f"answers that failed in a run: {repairs['failing_rows']}, of these repaired: {repairs['repaired']}",
        )
    if record.get("within_pool"):
        differing = record["within_pool"]["differing"]
        out.print(
            f"answers that are others within the pool: {differing} of {record['rows']}", highlight=False
        )
    seconds = ", ".join(f"{step} {value:,.0f}" for step, value in record["seconds"].items())
    if seconds:
        out.print(f"seconds of work: {seconds}")
    out.print(LEGEND)
    if out.width < ROOMY:
        out.print("95% intervals are shown where there is room, and stand in scores.json")


def print_comparison(comparison: Comparison) -> None:
    """Print how models compare on what all of them answered."""
    what = f"{comparison.rows} common rows of " if comparison.rows else "all rows of "
    table = table_of(f"{what}{comparison.problems} common problems, paired by problem")
    for column in ("score", "first", "second"):
        table.add_column(column, overflow="fold")
    for column in ("difference", "95% interval", "Wilcoxon p", "Holm-adjusted", "wins / ties / losses"):
        table.add_column(column, justify="right", no_wrap=True)
    for pairing in comparison.pairings:
        result = pairing.result
        table.add_row(
            COMPARED[pairing.score],
            pairing.first,
            pairing.second,
            number(result["difference"], "+.3f"),
            interval(result["interval"], "+.3f"),
            number(result["p_value"], ".2g"),
            number(pairing.adjusted, ".2g"),
            f"{result['wins']} / {result['ties']} / {result['losses']}",
        )
    out.print(table)


def _scores(record: Mapping[str, Any]) -> Table:
    name = str(record["model"])
    title = (
        f"{name} on {record['rows']} descriptions of {record['problems']} {record['split']} problems, "
        f"{record['runs']} runs each, tier {record['tier']}"
    )
    table = table_of(title)
    columns = ("problems", "of", "Err", "Rec", "r_acc", "Perf", "AOCC", "gap closed", "Comp")
    for place, column in enumerate(columns):
        table.add_column(column, justify="left" if place < 2 else "right", no_wrap=place > 0)
    for group, scores in record["tables"].items():
        for contestant, title in SCORED.items():
            if contestant not in scores:
                continue
            entry = scores[contestant]
            table.add_row(
                f"{group} ({scores['problems']})" if contestant == "model" else "",
                title,
                _with_interval(entry, "err", ".1%", ".0f"),
                number(entry["rec"], ".1%"),
                number(entry["r_acc"], ".1%"),
                _with_interval(entry, "perf", ".3f", ".2f"),
                _with_interval(entry, "aocc", ".3f", ".2f"),
                _with_interval(entry, "gap_closed_aocc", ".0%", ".0f"),
                number(entry["comp"], ".0f"),
            )
        table.add_section()
    return table


def _more(scores: Mapping[str, Any]) -> Table:
    table = table_of("all problems, further scores")
    table.add_column("of")
    tolerances = list(scores["model"]["hit_rates"])
    hits = (f"gap <= {tolerance}" for tolerance in tolerances)
    paper = ("Err", "Rec", "Perf", "Comp")
    for column in ("Faith", "budget exceeded", *hits, *(f"{name} of the paper" for name in paper)):
        table.add_column(column, justify="right")
    for contestant, title in SCORED.items():
        if contestant not in scores:
            continue
        entry = scores[contestant]
        table.add_row(
            title,
            number(entry["faith"], ".1%"),
            number(entry["budget_exceeded"], ".1%"),
            *(number(entry["hit_rates"][tolerance], ".1%") for tolerance in tolerances),
            number(entry["paper"]["err"], ".1%"),
            number(entry["paper"]["rec"], ".1%"),
            number(entry["paper"]["perf"], ".3f"),
            number(entry["paper"]["comp"], ".0f"),
        )
    return table


def _groups(record: Mapping[str, Any]) -> Table:
    table = table_of("by group")
    for column in ("group", "rows"):
        table.add_column(column, justify="left" if column == "group" else "right")
    for column in ("Err", "Perf", "AOCC", "AOCC of SBS", "AOCC - SBS", "AOCC of VBS", "gap closed"):
        table.add_column(column, justify="right", no_wrap=True)
    for kind, classes in record["groups"].items():
        for name, scores in classes.items():
            table.add_row(
                f"{kind}: {name}",
                str(scores["rows"]),
                number(scores["model"]["err"], ".1%"),
                _with_interval(scores["model"], "perf", ".3f", ".2f"),
                _with_interval(scores["model"], "aocc", ".3f", ".2f"),
                number(scores["sbs"]["aocc"], ".3f"),
                _difference(scores["model"]["above_sbs"]),
                number(scores["vbs"]["aocc"], ".3f"),
                number(scores["model"]["gap_closed_aocc"], ".0%"),
            )
        table.add_section()
    return table


def _references(record: Mapping[str, Any]) -> Table:
    table = table_of("model minus reference, paired by problem")
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
                    number(result["difference"], "+.3f"),
                    interval(result["interval"], "+.3f"),
                    number(result["p_value"], ".2g"),
                    f"{result['wins']} / {result['ties']} / {result['losses']}",
                )
        table.add_section()
    return table


def _difference(result: Mapping[str, Any]) -> str:
    """A paired difference, with its interval where there is room."""
    ends = interval(result["interval"], "+.2f") if out.width >= ROOMY else ""
    return f"{number(result['difference'], '+.3f')} {ends}".rstrip()


def _with_interval(entry: Mapping[str, Any], score: str, form: str, form_of_ends: str) -> str:
    value = entry.get(score)
    if value is None:
        return ""
    ends = entry["intervals"].get(score) if out.width >= ROOMY else None
    if ends is not None and "%" in form:
        ends = [100 * end for end in ends]
    return f"{number(value, form)} {interval(ends, form_of_ends)}".rstrip()
