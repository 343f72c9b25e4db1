"""Failed runs grouped by cause: the first thing to read when improving a model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from llamoco.metrics.sandbox.outcome import ERRORS
from llamoco.metrics.sandbox.record import escaped

Kind = Literal["error", "several processes", "over budget", "harness"]

READ_MESSAGE = 2000  # characters of a message that its cause is told by
SHOWN_MESSAGE = 300
SHOWN_CAUSE = 120
WIDTH = 110
_TITLES: Mapping[Kind, str] = {
    "error": "Errors",
    "several processes": "Attempts to use several processes: errors, not attacks",
    "over budget": "Over the evaluation budget: scored at the best point so far, not errors",
    "harness": "Failures of the sandbox, or of a reference's own code: in no score",
}

# In this order. Quotes within words are apostrophes; digits within words belong to names (float64).
_PARTICULARS = (
    (re.compile(r"[.;]? Did you mean:? .*"), ""),
    (re.compile(r" \(<program>, line \d+\)"), ""),
    (re.compile(r"(?<!\w)(['\"`]).*?\1(?!\w)"), "'…'"),
    (re.compile(r"\b0x[0-9a-fA-F]+\b"), "0x…"),
    (re.compile(r"(?<![\w.])[-+]?(\d+(?:\.\d*)?|\.\d+|nan|inf)(e[-+]?\d+)?(?!\w)", re.IGNORECASE), "N"),
    (re.compile(r"\((N[,\s]*)+\)"), "(N)"),
    (re.compile(r"\[(N[,\s]*)+(\.\.\.[,\s]*(N[,\s]*)*)?\]"), "[N]"),
    (re.compile(r"\s+"), " "),
)


@dataclass(frozen=True)
class Example:
    """One run with a given cause: numbers of prediction and run, the message, and the program's frames (innermost last)."""

    prediction: int
    run: int
    message: str
    frames: list[str]


@dataclass(frozen=True)
class Cause:
    """Runs that failed in the same way.

    Attributes:
        kind: kind of failure; "error" and "several processes" count in Err.
        verdict: the runs' verdict, or "unfaithful" for whole scripts that run and state another problem than the
            one given.
        cause: exception type and message, or the reason, without the particulars: names in quotes, numbers, addresses.
        count, share: number of runs, and share of all runs.
        programs: number of predictions.
        repaired, mended: predictions of these that had a repair turn, and those of them whose repair no longer
            fails in any of these runs.
        example: the first such run.
    """

    kind: Kind
    verdict: str
    cause: str
    count: int
    share: float
    programs: int
    repaired: int
    mended: int
    example: Example


def causes(rows: Iterable[Mapping[str, Any]]) -> list[Cause]:
    """Group the failed runs.

    A run that fails and states another problem is grouped by its failure: where a script breaks, its problem section
    mostly cannot be evaluated either.

    Args:
        rows: one for each run, see ``run_records.row``.

    Returns:
        The most frequent first; kinds one after the other in the order of ``Kind``.
    """
    total = 0
    groups: dict[tuple[Kind, str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        total += 1
        if (key := _key(row)) is not None:
            groups.setdefault(key, []).append(row)
    found = [_cause(*key, group, total) for key, group in groups.items()]
    return sorted(found, key=lambda cause: (list(_TITLES).index(cause.kind), -cause.count))


def as_text(found: Sequence[Cause]) -> str:
    """A report for a terminal, an example with each cause."""
    parts = []
    for kind, title in _TITLES.items():
        of_kind = [cause for cause in found if cause.kind == kind]
        if not of_kind:
            continue
        count, share = sum(cause.count for cause in of_kind), sum(cause.share for cause in of_kind)
        parts.append(f"{title} ({_runs(count)}, {share:.1%})")
        for cause in of_kind:
            parts.append(
                f"  {cause.count:5} {cause.share:6.1%}  {cause.verdict}: {cause.cause}{_particulars(cause)}"
            )
            parts.append(" " * 16 + _shown(cause.example))
    return "\n".join(parts) if parts else "No run failed."


def _key(row: Mapping[str, Any]) -> tuple[Kind, str, str] | None:
    """Kind, verdict and cause; None for a run that did not fail."""
    verdict = row["verdict"]
    if verdict == "harness_error":
        return "harness", verdict, _without_particulars(row["reason"])
    if row.get("benign"):
        return "several processes", verdict, _without_particulars(row["reason"])
    if verdict in ERRORS:
        message = f"{row['exception']}: {row['message']}" if row.get("exception") else row["reason"]
        return "error", verdict, _without_particulars(message)
    if row.get("faithful") is False:
        return "error", "unfaithful", "states another problem"
    if verdict == "budget_exceeded":
        return "over budget", verdict, _without_particulars(row["reason"])
    return None


def _without_particulars(message: str) -> str:
    line = message[:READ_MESSAGE].strip().partition("\n")[0]
    for pattern, general in _PARTICULARS:
        line = pattern.sub(general, line)
    return _cut(escaped(line.strip(" :"), SHOWN_MESSAGE), SHOWN_CAUSE)


def _cause(kind: Kind, verdict: str, cause: str, group: list[Mapping[str, Any]], total: int) -> Cause:
    mended: dict[int, bool] = {}
    for row in group:
        if (repair := row.get("repair")) is not None:
            number = row["prediction"]
            mended[number] = mended.get(number, True) and _sound(repair)
    first = group[0]
    message = first["reason"] if first.get("message") is None else f"{first['exception']}: {first['message']}"
    if verdict == "unfaithful":
        message = "its bounds, budget, objective or constraints differ from the problem's"
    return Cause(
        kind=kind,
        verdict=verdict,
        cause=cause,
        count=len(group),
        share=len(group) / total,
        programs=len({row["prediction"] for row in group}),
        repaired=len(mended),
        mended=sum(mended.values()),
        example=Example(
            first["prediction"],
            first["run"],
            escaped(message, SHOWN_MESSAGE),
            [escaped(frame, SHOWN_CAUSE) for frame in first.get("frames", [])],
        ),
    )


def _sound(repair: Mapping[str, Any]) -> bool:
    return repair["verdict"] in ("ok", "budget_exceeded") and repair.get("faithful") is not False


def _particulars(cause: Cause) -> str:
    several = f" ({cause.programs} predictions)" if cause.programs > 1 else ""
    return f"{several}; repair mends {cause.mended} of {cause.repaired}" if cause.repaired else several


def _shown(example: Example) -> str:
    where = f", {example.frames[-1]}" if example.frames else ""
    return _cut(f"prediction {example.prediction}{where}: {' '.join(example.message.split())}", WIDTH)


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count} runs"


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
