"""Tables of an evaluation for cards, in Markdown. A table whose part of the record is missing is left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from llamoco.hub_cards.label_tables import markdown

Record = Mapping[str, Any]
CONTESTANTS = {
    "within_pool": "{model}, within the pool",
    "with_fallback": "{model}, with fallback",
    "sbs": "single best solver",
    "vbs": "labelled answer, re-run",
}
CLASSES = {
    "budget": "budget {}",
    "dimension": "D {}",
    "language": "{}",
    "held-out pattern": "writing pattern {}",
}
SENSES = {"at least": "≥", "at most": "≤", "above": ">", "surely above": "interval >"}
UNITS = {
    "share": (100, "%", 1),
    "score": (1, "", 3),
    "tokens": (1, "", 0),
    "seconds": (1, " s", 2),
    "MB": (1, " MB", 0),
}
WAYS = {
    "python": "Python",
    "latex": "LaTeX",
    "renamed": "Python, every identifier renamed",
    "held-out python": "Python, in a pattern that training never saw",
    "held-out latex": "LaTeX, in a pattern that training never saw",
}


def score_tables(record: Record) -> dict[str, str]:
    """Markdown tables by name: "scores", "groups", "baselines", "robustness", "floors".

    Args:
        record: of an evaluation (``modeling.evaluation.record``); older ones lack parts.
    """
    tables = {"scores": _scores(record), "groups": _groups(record.get("groups", {}))}
    if record.get("baselines"):
        tables["baselines"] = _baselines(record["baselines"]["groups"])
    if record.get("robustness"):
        tables["robustness"] = _robustness(record["robustness"])
    if record.get("floors"):
        tables["floors"] = _floors(record["floors"])
    return tables


def missed_floors(record: Record) -> list[str]:
    """What the model was to reach and did not."""
    return [floor["what"] for floor in record.get("floors") or [] if floor["met"] is False]


def _scores(record: Record) -> str:
    columns = ["problems", "answers of", "Err", "Rec", "r_acc", "Perf", "AOCC", "gap closed (AOCC)", "Comp"]
    raw = f"{record['model']}, raw" if record.get("within_pool") else record["model"]
    names = {"model": raw} | {
        name: title.format(model=record["model"]) for name, title in CONTESTANTS.items()
    }
    rows = []
    for group, table in record["tables"].items():
        for name, title in names.items():
            if not table or not (row := table.get(name)):
                continue
            own = name in ("model", "within_pool")
            rows.append(
                [
                    f"{group} ({table['problems']})" if name == "model" else "",
                    title,
                    share(row["err"], row["intervals"].get("err"), digits=1),
                    share(row["rec"], digits=1) if name == "model" else "",
                    share(row["r_acc"], digits=1),
                    score(row["perf"], row["intervals"].get("perf")),
                    score(row["aocc"], row["intervals"].get("aocc")),
                    share(row.get("gap_closed_aocc"), row["intervals"].get("gap_closed_aocc"))
                    if "gap_closed_aocc" in row
                    else "",
                    f"{row['comp']:,.0f}" if own and row["comp"] is not None else "",
                ]
            )
    return markdown(columns, rows, texts=2)


def _groups(classes: Record) -> str:
    """The model beside the single best solver in each class of problems."""
    columns = ["", "problems", "Err", "AOCC", "single best solver", "gap closed (AOCC)"]
    with_fallback = any("with_fallback" in table for _, _, table in _members(classes))
    columns += ["with fallback"] if with_fallback else []
    rows = []
    for kind, name, table in _members(classes):
        model = table["model"]
        row = [
            CLASSES[kind].format(name),
            f"{table['problems']:,}",
            share(model["err"], digits=1),
            score(model["aocc"]),
            score(table["sbs"]["aocc"]),
        ]
        for one in (model, *([table["with_fallback"]] if with_fallback else [])):
            row.append(share(one.get("gap_closed_aocc"), one["intervals"].get("gap_closed_aocc")))
        rows.append(row)
    return markdown(columns, rows)


def _members(classes: Record) -> Iterator[tuple[str, str, Record]]:
    for kind in CLASSES:
        for name, table in classes.get(kind, {}).items():
            if table:
                yield kind, name, table


def _baselines(groups: Record) -> str:
    columns = [
        "problems",
        "tool",
        "runs",
        "its AOCC",
        "its Perf",
        "AOCC: model minus tool",
        "Perf: model minus tool",
    ]
    rows = []
    for group, tools in groups.items():
        for place, tool in enumerate(tools.values()):
            cells = []
            for name in ("aocc", "perf"):
                result = tool["comparisons"]["model"][name]
                cells.append(score(result["difference"], result["interval"], signed=True))
            rows.append(
                [
                    group if place == 0 else "",
                    f"{tool['title']}, {tool['problems']} problems",
                    f"{tool['runs']:,}",
                    score(tool["aocc"]),
                    score(tool["perf"]),
                    *cells,
                ]
            )
    return markdown(columns, rows, texts=2)


def _robustness(found: Record) -> str:
    rows = [
        [
            WAYS.get(way, way),
            "" if way == "python" else _of(found["agreement"].get(way)),
            _of(found["gap_closed"].get(way)),
        ]
        for way in found["gap_closed"]
    ]
    return markdown(["description", "decides as on the Python one", "gap closed (AOCC)"], rows)


def _of(measured: Record | None) -> str:
    return share(measured["value"], measured["interval"]) if measured else "–"


def _floors(floors: Sequence[Record]) -> str:
    rows = []
    for floor in floors:
        fallback = floor["with_fallback"]
        factor, unit, digits = UNITS[floor["unit"]]
        rows.append(
            [
                floor["what"],
                f"{SENSES[floor['sense']]} {factor * floor['floor']:,.{digits}f}{unit}",
                _measured(floor),
                _verdict(floor["met"]),
                f"{_measured(fallback | {'unit': floor['unit']})}, {_verdict(fallback['met'])}"
                if fallback
                else "",
            ]
        )
    return markdown(["what", "floor", "the model", "", "with fallback"], rows)


def _measured(floor: Record) -> str:
    factor, unit, digits = UNITS[floor["unit"]]
    return _value(floor["value"], floor["interval"], factor, unit, digits)


def _verdict(met: bool | None) -> str:
    return {True: "met", False: "**missed**", None: "not measured"}[met]


def share(value: float | None, ends: Sequence[float] | None = None, digits: int = 0) -> str:
    """A fraction as a percentage, with its interval."""
    return _value(value, ends, 100, "%", digits)


def score(value: float | None, ends: Sequence[float] | None = None, signed: bool = False) -> str:
    """A score or a difference of scores, with its interval."""
    return _value(value, ends, 1, "", 3, "+" if signed else "")


def _value(
    value: float | None, ends: Sequence[float] | None, factor: float, unit: str, digits: int, sign: str = ""
) -> str:
    if value is None:
        return "–"
    text = f"{factor * value:{sign},.{digits}f}{unit}"
    if ends is None:
        return text
    digits = 0 if unit == "%" else digits
    low, high = (f"{factor * end:{sign},.{digits}f}" for end in ends)
    return f"{text} [{low}, {high}]"
