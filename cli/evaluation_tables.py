"""Evaluations, as `llamoco evaluate` and `llamoco report` print them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from llamoco.cli.common import out

if TYPE_CHECKING:
    from llamoco.modeling.evaluation.record import EvaluationRecord

ROOMY = 130  # columns of a terminal that has room for intervals beside the scores
LEGEND = (
    "gap closed: (AOCC - SBS) / (VBS - SBS); SBS: single best solver of each type; VBS: virtual best solver, the labelled answers on fresh seeds; "
    "raw: as the model writes; within the pool: decoding restricted to the pool's programs, as in llamoco solve; "
    "with fallback: the same, but SBS answers where llamoco solve would let it; 95% intervals resample problems"
)


def print_evaluation(record: EvaluationRecord) -> None:
    """Print an evaluation's record: scores, comparisons, failures by cause."""
    from llamoco.metrics.failures import Cause, Example, as_text
    from llamoco.modeling.evaluation.tables import contestants, evaluation_tables

    for table in evaluation_tables(record, intervals=out.width >= ROOMY).values():
        if table.rows:
            out.print(table.to_rich())
    for name, title in contestants(record).items():
        if found := record["failures"].get(name):
            out.print(f"failures: {title}", style="italic")
            causes = [Cause(**{**cast(Any, each), "example": Example(**each["example"])}) for each in found]
            for line in as_text(causes).splitlines():
                out.print(line, soft_wrap=True)
            out.print()
    repairs, within_pool = record["repairs"], record["within_pool"]
    if repairs["failing_rows"]:
        out.print(
            f"answers that failed in a run: {repairs['failing_rows']}, of these repaired: {repairs['repaired']}"
        )
    if within_pool is not None:
        out.print(f"answers that differ within the pool: {within_pool['differing']} of {record['rows']}")
    replaced = record["with_fallback"]["replaced"]
    shown = ", ".join(f"{reason} {count}" for reason, count in replaced.items()) or "none"
    out.print(f"rows that SBS would answer as fallback: {shown}")
    if (spent := record.get("spending")) is not None:
        cost = "" if spent["us_dollars"] is None else f", {spent['us_dollars']:,.4f} US dollars"
        out.print(
            f"tokens of {spent['answers']:,} answers: {spent['tokens_in']:,} in, {spent['tokens_out']:,} out{cost}"
        )
    seconds = ", ".join(f"{step} {value:,.0f}" for step, value in record["seconds"].items())
    if seconds:
        out.print(f"seconds of work: {seconds}")
    out.print(LEGEND)
    if out.width < ROOMY:
        out.print(f"A terminal of {ROOMY} columns shows 95% intervals; scores.json has them, too.")
