"""The floors that a shipped model has to stand on, each beside what an evaluation measured. Misses are said plainly.

A floor is met or missed by the raw model; where it has a meaning for what `llamoco solve` runs (the model within the pool, with its
fallback), that is given beside it.
A share or a difference meets its floor by its value, and its interval says how sure that is; only against other people's
tools has the whole paired interval to be above 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from llamoco.dataset_builder.optimizers.catalogue import GROUPS

Sense = Literal["at least", "at most", "above", "surely above"]
Unit = Literal["share", "score", "tokens", "seconds", "MB"]
Measured = Mapping[str, Any]  # value and interval; empty where nothing was measured

SCORES = {"aocc": "AOCC", "perf": "Perf"}
MB_A_MIB = 2**20 / 10**6
LARGE, SMALL = ("26-50", "above 50"), ("2-10",)  # dimensions that have to be above the single best solver


def floors(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every floor with its measured value.

    Args:
        record: of an evaluation (``evaluation_record``).

    Returns:
        Of each floor: what, sense, floor, unit; value, interval (None if there is none) and met of the model, all None
        where nothing was measured; with_fallback: value, interval and met likewise, or None.
    """
    return [*_correct(record), *_above_sbs(record), *_above_tools(record), *_steady(record), *_cheap(record)]


def _correct(record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    model, fallback = (record["tables"]["all"][name] for name in ("model", "with_fallback"))
    for what, sense, limit, score in (
        ("Err", "at most", 0.005, "err"),
        ("r_acc", "at least", 0.99, "r_acc"),
        ("gap closed from SBS to VBS, AOCC", "at least", 0.5, "gap_closed_aocc"),
    ):
        yield _floor(what, sense, limit, "share", _of_table(model, score), _of_table(fallback, score))


def _above_sbs(record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    groups = record["groups"]
    classes = {
        **{name: groups["type"].get(name) for name in GROUPS},
        **{f"budget {name}": table for name, table in groups["budget"].items()},
        **{f"D {name}": groups["dimension"].get(name) for name in (*SMALL, *LARGE)},
    }
    for name, table in classes.items():
        if table is not None:
            values = [_of_comparison(table[of]["above_sbs"]) for of in ("model", "with_fallback")]
            yield _floor(f"AOCC minus SBS's, {name}", "above", 0.0, "score", *values)


def _above_tools(record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    measured = record["baselines"]
    if measured is None:
        yield _floor("AOCC and Perf minus other tools'", "surely above", 0.0, "score", {})
        return
    for group in GROUPS:
        for tool in measured["groups"].get(group, {}).values():
            for score, title in SCORES.items():
                values = [_of_comparison(tool["comparisons"][of][score]) for of in ("model", "with_fallback")]
                what = f"{title} minus {tool['title']}'s, {group}"
                if tool["problems"] < record["tables"][group]["problems"]:
                    what += f" ({tool['problems']} of {record['tables'][group]['problems']} problems)"
                yield _floor(what, "surely above", 0.0, "score", *values)


def _steady(record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    measured = record["robustness"] or {"agreement": {}, "held_out_loss": None}
    lost, same = measured["held_out_loss"] or {}, measured["agreement"]
    yield _floor("gap closed lost in held-out writing patterns", "at most", 0.05, "share", lost)
    changed = _complement(same.get("renamed") or {})
    yield _floor("decisions that change with the identifiers", "at most", 0.1, "share", changed)
    yield _floor("Python and LaTeX decide alike", "at least", 0.85, "share", same.get("latex") or {})


def _cheap(record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    speed = record["speed"]
    # Older benchmarks of solve lack the first, which is how it decodes now.
    loaded = speed and (speed["loaded"].get("within the pool") or speed["loaded"]["drafts"])
    seconds = {"value": loaded["seconds"]} if loaded else {}
    memory = {"value": speed["command"]["peak_mib"] * MB_A_MIB} if speed else {}
    yield _floor("a program, model loaded (median)", "at most", 1.0, "seconds", seconds)
    yield _floor("peak memory of solve --program-only", "at most", 600.0, "MB", memory)
    yield _floor("Comp", "at most", 1000.0, "tokens", _of_table(record["tables"]["all"]["model"], "comp"))
    for where, value in record["with_fallback"]["ece"].items():
        yield _floor(
            f"calibration error (ECE), {where}",
            "at most",
            0.05,
            "share",
            {} if value is None else {"value": value},
        )


def _of_table(table: Mapping[str, Any], score: str) -> Measured:
    if table[score] is None:
        return {}
    return {"value": table[score], "interval": table["intervals"].get(score)}


def _of_comparison(result: Mapping[str, Any]) -> Measured:
    if result["difference"] is None:
        return {}
    return {"value": result["difference"], "interval": result["interval"]}


def _complement(share: Measured) -> Measured:
    if not share:
        return {}
    ends = share["interval"]
    return {"value": 1 - share["value"], "interval": ends and [1 - ends[1], 1 - ends[0]]}


def _floor(
    what: str, sense: Any, floor: float, unit: Any, model: Measured, fallback: Measured | None = None
) -> dict[str, Any]:
    return {
        "what": what,
        "sense": sense,
        "floor": floor,
        "unit": unit,
        **_judged(sense, floor, model),
        "with_fallback": _judged(sense, floor, fallback) if fallback else None,
    }


def _judged(sense: Sense, floor: float, measured: Measured) -> dict[str, Any]:
    if not measured:
        return dict.fromkeys(("value", "interval", "met"))
    value, ends = measured["value"], measured.get("interval")
    met = {
        "at least": value >= floor,
        "at most": value <= floor,
        "above": value > floor,
        "surely above": ends is not None and ends[0] > floor,
    }[sense]
    return {"value": value, "interval": ends, "met": met}
