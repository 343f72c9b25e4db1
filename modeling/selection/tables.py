"""Table of a contest of selectors, from its record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llamoco.dataset_builder.analysis.table import Table, number, percent

COLUMNS = ("contestant", "Perf", "AOCC", "AOCC above SBS", "label hit", "tuned", "s an instance", "runs")


def selection_table(record: Mapping[str, Any], group: str = "all") -> Table:
    """Contestants and other tools, with 95% intervals; SBS is the single best solver.

    Args:
        record: see ``contest.contest_record``; of a finished contest or not.
        group: "all", "unconstrained" or "constrained".
    """
    rows = []
    for scored in record["groups"][group].values():
        above = scored.get("above_sbs", {}).get("aocc", {})
        rows.append(
            [
                scored["title"],
                number(scored["perf"], scored["intervals"]["perf"]),
                number(scored["aocc"], scored["intervals"]["aocc"]),
                number(above.get("difference"), above.get("interval"), signed=True),
                percent(scored["label_hits"], digits=0),
                percent(scored["tuned_share"], digits=0),
                number(scored["seconds"], digits=2),
                number(scored["runs"]),
            ]
        )
    if group == "all":
        rows += [
            [
                tool["title"],
                number(tool["perf"], tool["intervals"]["perf"]),
                number(tool["aocc"], tool["intervals"]["aocc"]),
                *["" for _ in range(3)],
                number(tool["seconds"], digits=2),
                number(tool["runs"]),
            ]
            for tool in record["tools"].values()
        ]
    return Table("Algorithm selection on the test problems", COLUMNS, rows)
