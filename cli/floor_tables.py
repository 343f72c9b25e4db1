"""Tables of what a shipped model is measured against: other people's tools, other descriptions, and the floors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from llamoco.cli.common import out
from llamoco.cli.table_parts import interval, number, table_of

FORMS = {"share": ".1%", "score": "+.3f", "tokens": ".0f", "seconds": ".2f", "MB": ".0f"}
SENSES = {"at least": ">=", "at most": "<=", "above": ">", "surely above": "interval >"}
MET = {True: Text("met", "green"), False: Text("missed", "red"), None: Text("not measured")}


def print_floors(record: Mapping[str, Any]) -> None:
    """Print an evaluation's baselines, robustness and floors, as far as it has them."""
    if record["baselines"] is not None:
        out.print(_baselines(record["baselines"]))
    if record["robustness"] is not None:
        out.print(_robustness(record["robustness"]))
    replaced = record["with_fallback"]["replaced"]
    shown = ", ".join(f"{reason} {count}" for reason, count in replaced.items()) or "none"
    out.print(f"with fallback, rows that SBS answers: {shown}")
    out.print(_floors(record["floors"]))


def _baselines(baselines: Mapping[str, Any]) -> Table:
    table = table_of(
        f"other people's tools, same problems and budgets ({baselines['date']}); differences are model minus tool"
    )
    for column in ("problems", "tool", "runs"):
        table.add_column(column, justify="right" if column == "runs" else "left")
    columns = ("AOCC", "Perf", "AOCC - tool", "95% interval", "Holm", "Perf - tool", "95% interval", "Holm")
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    for group, tools in baselines["groups"].items():
        for tool in tools.values():
            cells = []
            for score in ("aocc", "perf"):
                result = tool["comparisons"]["model"][score]
                cells += [number(result["difference"], "+.3f"), interval(result["interval"], "+.2f")]
                cells.append(number(result["adjusted"], ".1g"))
            table.add_row(
                f"{group} ({tool['problems']})",
                tool["title"],
                str(tool["runs"]),
                number(tool["aocc"], ".3f"),
                number(tool["perf"], ".3f"),
                *cells,
            )
        table.add_section()
    return table


def _robustness(robustness: Mapping[str, Any]) -> Table:
    table = table_of(
        f"other descriptions of the {robustness['problems']} problems (decisions alone, no runs)"
    )
    table.add_column("description")
    for column in ("decides as Python does", "95% interval", "gap closed (AOCC)", "95% interval"):
        table.add_column(column, justify="right")
    for way, closed in robustness["gap_closed"].items():
        same = robustness["agreement"].get(way)
        table.add_row(way, *_share(same), *_share(closed))
    table.add_row("lost in held-out patterns", "", "", *_share(robustness["held_out_loss"]))
    return table


def _share(share: Mapping[str, Any] | None) -> tuple[str, str]:
    return ("", "") if share is None else (f"{share['value']:.1%}", _ends(share["interval"], "share"))


def _floors(floors: list[dict[str, Any]]) -> Table:
    missed = sum(floor["met"] is False for floor in floors)
    table = table_of(f"floors: {sum(floor['met'] is True for floor in floors)} met, {missed} missed")
    table.add_column("what")
    for column in ("floor", "model", "95% interval", "", "with fallback"):
        table.add_column(column, justify="right" if column else "left", no_wrap=True)
    for floor in floors:
        form, fallback = FORMS[floor["unit"]], floor["with_fallback"] or {"value": None}
        table.add_row(
            floor["what"],
            f"{SENSES[floor['sense']]} {floor['floor']:{form.replace('+', '')}}",
            number(floor["value"], form),
            _ends(floor["interval"], floor["unit"]),
            MET[floor["met"]],
            number(fallback["value"], form),
        )
    return table


def _ends(ends: list[float] | None, unit: str) -> str:
    if unit == "share" and ends is not None:
        return interval([100 * end for end in ends], ".1f")
    return interval(ends, "+.3f" if unit == "score" else ".0f")
