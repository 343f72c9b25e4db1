"""Tables I to VII of the paper: ours beside its own figures, which are of other problems, other optimizers and other models."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from llamoco.dataset_builder.analysis.table import MISSING, Table, number, percent
from llamoco.hub_cards.paper import published
from llamoco.hub_cards.paper.exhibit import COMMANDS, Exhibit, Records, missing, source
from llamoco.hub_cards.paper.granularity import GRID, granularities
from llamoco.hub_cards.paper.published import Scores

OURS, PAPERS = "ours", "paper"
TEST_SETS = ("unconstrained", "constrained", "all")


def table_1(records: Records) -> Exhibit:
    """Err, Rec, Perf and Comp by test set."""
    evaluations = records.evaluations()
    rows: list[list[str]] = []
    for group in TEST_SETS:
        for record in evaluations.values():
            rows += [[group, *row] for row in _of_evaluation(record, group)]
        rows += [
            [group, f"{name}", PAPERS, *_printed(scores), MISSING]
            for name, scores in published.TABLE_I[group].items()
        ]
        rows.append([])
    columns = ("test set", "system", "whose", "Err", "Rec", "Perf", "Comp", "AOCC")
    return Exhibit(
        "table-1",
        _title("I", "code error rate, recovery cost, performance and tokens"),
        Table("", columns, rows[:-1], text_columns=3),
        sources=[source(name, record) for name, record in evaluations.items()],
        missing=[] if evaluations else [missing("evaluation")],
        note=published.NOTES["I"],
    )


def table_2(records: Records) -> Exhibit:
    """Few-shot prompting."""
    found = {name: record for name, record in records.evaluations().items() if "few" in name}
    own = {
        name: record
        for name, record in records.evaluations().items()
        if name in ("evaluation", "evaluation_s")
    }
    rows = [row for record in (found | own).values() for row in _of_evaluation(record, "all")]
    rows += [[name, PAPERS, *_printed(scores), MISSING] for name, scores in published.TABLE_II.items()]
    return Exhibit(
        "table-2",
        _title("II", "few-shot prompting of general models beside tuned ones"),
        Table("", ("system", "whose", "Err", "Rec", "Perf", "Comp", "AOCC"), rows, text_columns=2),
        sources=[source(name, record) for name, record in (found | own).items()],
        missing=[] if found else [_no_evaluation("few_shot", "with examples in the prompt")],
        note=published.NOTES["II"],
    )


def table_3(records: Records) -> Exhibit:
    """Perf on realistic problems, one a row."""
    found = {name: records.find(name) for name in ("realistic", "rw57", "outside")}
    suites = {name: record for name, record in found.items() if record is not None}
    columns = ["problem", "whose", *published.SYSTEMS]
    rows = [
        [name, PAPERS, *(_as_printed(value) for value in values)]
        for name, values in published.TABLE_III.items()
    ]
    realistic = suites.get("realistic")
    if realistic is not None:
        tools = list(realistic["tools"])
        ours = [realistic["settings"]["model"], *(f"{realistic['settings']['model']}, plain",), *tools]
        columns += ours
        rows = [[*row, *[""] * len(ours)] for row in rows]
        for problem in realistic["problems"]:
            perf = [problem["scores"].get(name, {}).get("perf") for name in ("solve", "plain", *tools)]
            rows.append(
                [problem["id"], OURS, *[""] * len(published.SYSTEMS), *(percent(value) for value in perf)]
            )
    notes = [published.NOTES["III"]]
    for name, record in suites.items():
        way = record["ways"]["solve"]["all"]
        beside = ", ".join(
            f"{tool} {percent(of_tool['all']['perf'])}" for tool, of_tool in record["tools"].items()
        )
        notes.append(
            f"Ours on the suite `{name}` ({way['problems']} problems): Perf {percent(way['perf'])} for "
            f"`{record['settings']['model']}`; {beside}."
        )
    return Exhibit(
        "table-3",
        _title("III", "performance on realistic problems"),
        Table("", columns, rows, text_columns=2),
        sources=[source(name, record) for name, record in suites.items()],
        missing=[missing(name) for name in ("realistic", "rw57") if name not in suites],
        note=" ".join(notes),
    )


def table_4(records: Records) -> Exhibit:
    """Perf by model size and training pairs."""
    scaling = records.find("scaling")
    columns = ["model", "whose", *published.TABLE_IV_PAIRS]
    rows = [
        [name, f"{PAPERS}, Perf", *(_as_printed(value) for value in values)]
        for name, values in published.TABLE_IV.items()
    ]
    if scaling is not None:
        sizes = [1000 * int(size[:-1]) for size in published.TABLE_IV_PAIRS]
        measured: dict[str, dict[int, Any]] = {}
        for row in scaling["rows"]:
            size = min(
                sizes, key=lambda size: abs(size - row["pairs"])
            )  # a set may lack a few pairs of its size
            measured.setdefault(f"{row['title']} ({row['parameters'] / 1e6:.1f}M)", {})[size] = row
        for score in ("perf", "aocc"):
            rows += [
                [title, f"{OURS}, {'Perf' if score == 'perf' else 'AOCC'}"]
                + [
                    MISSING
                    if size not in by_size or by_size[size].get(score) is None
                    else percent(by_size[size][score])
                    if score == "perf"
                    else number(by_size[size][score])
                    for size in sizes
                ]
                for title, by_size in measured.items()
            ]
    return Exhibit(
        "table-4",
        _title("IV", "model sizes and training set sizes"),
        Table("", columns, rows, text_columns=2),
        sources=[] if scaling is None else [source("scaling", scaling)],
        missing=[missing("scaling")] if scaling is None else [],
        note=published.NOTES["IV"],
    )


def table_5(records: Records) -> Exhibit:
    """Grids of several granularities."""
    rows = [
        [name, PAPERS, _as_printed(performance), MISSING, number(seconds, digits=0), MISSING]
        for name, (performance, seconds) in published.TABLE_V.items()
    ]
    grids = granularities()
    rows += [
        [
            name,
            OURS,
            percent(grid.perf / grids["ours"].perf),
            percent(grid.aocc / grids["ours"].aocc),
            number(grid.seconds, digits=1),
            number(grid.configurations, digits=0),
        ]
        for name, grid in grids.items()
    ]
    meta = json.loads(GRID.with_suffix(".json").read_text(encoding="utf-8"))
    columns = ("grid", "whose", "Perf", "AOCC", "seconds a problem", "configurations a problem")
    return Exhibit(
        "table-5",
        _title("V", "granularity of the grid search, relative to one's own grid"),
        Table("", columns, rows, text_columns=2),
        sources=[source("grid", meta)],
        missing=["no runs of a grid twice as fine: the grid study has none (`llamoco study grid` runs ours)"],
        note=f"{published.NOTES['V']} Ours: one run a configuration on {meta['problems']} problems, the best of them by AOCC, which flatters "
        "the larger grid.",
    )


def table_6(records: Records) -> Exhibit:
    """Algorithm selection."""
    selection, evaluation = records.find("selection"), records.find("evaluation")
    rows = [
        [
            name,
            PAPERS,
            _as_printed(row.test),
            MISSING,
            _as_printed(row.realistic),
            number(row.seconds, digits=1),
            "",
        ]
        for name, row in published.TABLE_VI.items()
    ]
    if selection is not None:
        for scored in [*selection["groups"]["all"].values(), *selection["tools"].values()]:
            rows.append(
                [
                    scored["title"],
                    OURS,
                    percent(scored["perf"], scored["intervals"]["perf"]),
                    number(scored["aocc"], scored["intervals"]["aocc"]),
                    MISSING,
                    number(scored["seconds"], digits=2),
                    number(scored["runs"]),
                ]
            )
    if evaluation is not None:
        table = evaluation["tables"]["all"]
        of = f" (all {table['problems']} problems)"
        for title, name in ((evaluation["model"] + of, "model"), ("SBS" + of, "sbs"), ("VBS" + of, "vbs")):
            scored = table[name]
            rows.append(
                [
                    title,
                    OURS,
                    percent(scored["perf"], scored["intervals"]["perf"]),
                    number(scored["aocc"], scored["intervals"]["aocc"]),
                    MISSING,
                    MISSING,
                    number(evaluation["runs"] * table["problems"]),
                ]
            )
    columns = ("system", "whose", "Perf", "AOCC", "Perf, realistic problems", "seconds an instance", "runs")
    sources = {"selection": selection, "evaluation": evaluation}
    return Exhibit(
        "table-6",
        _title("VI", "algorithm selection on the test problems"),
        Table("", columns, rows, text_columns=2),
        sources=[source(name, record) for name, record in sources.items() if record is not None],
        missing=[missing(name) for name, record in sources.items() if record is None],
        note="" if selection is None else _about_selection(selection),
    )


def table_7(records: Records) -> Exhibit:
    """Latest general models, and vector search."""
    evaluations = records.evaluations()
    others = [name for name in evaluations if name not in ("evaluation", "evaluation_s")]
    rows = [row for record in evaluations.values() for row in _of_evaluation(record, "all")]
    rows += [[name, PAPERS, *_printed(scores), MISSING] for name, scores in published.TABLE_VII.items()]
    return Exhibit(
        "table-7",
        _title("VII", "general models, asked directly or with the nearest training pair"),
        Table("", ("system", "whose", "Err", "Rec", "Perf", "Comp", "AOCC"), rows, text_columns=2),
        sources=[source(name, record) for name, record in evaluations.items()],
        missing=[] if others else [_no_evaluation("NAME", "of a general model")],
        note=published.NOTES["VII"],
    )


def _about_selection(selection: Mapping[str, Any]) -> str:
    settings, scored = selection["settings"], next(iter(selection["groups"]["all"].values()))
    return (
        "Ours: the probes of PIAS (at most 5% of the budget) and the trials of SMAC3 "
        f"({settings['tuning']}) are charged to the problem's budget; AS-LLM embeds texts by {settings['embedding']} instead of a large "
        f"language model; selection ran on {scored['problems']} of the test problems, {selection['runs']} run(s) each: compare it with the "
        "SBS on the same problems, above, and not with the rows of all problems."
    )


def _title(roman: str, what: str) -> str:
    return f"Table {roman} (section {published.SECTIONS[roman]}): {what}"


def _no_evaluation(name: str, what: str) -> str:
    return f"no record `evaluation_{name}.json` {what} yet: `{COMMANDS['evaluation']} --server URL --server-model NAME`, its scores.json"


def _of_evaluation(record: Mapping[str, Any], group: str) -> list[list[str]]:
    """Rows of an evaluated model: as it writes, and held to the pool."""
    table = record["tables"].get(group)
    if table is None:
        return []
    rows = []
    for title, name in ((record["model"], "model"), (f"{record['model']}, within the pool", "within_pool")):
        scored = table.get(name)
        if scored is not None:
            rows.append([title, OURS, *_measured(scored)])
    return rows


def _measured(scored: Mapping[str, Any]) -> list[str]:
    ends = scored["intervals"]
    comp = scored.get("comp")
    return [
        percent(scored["err"], ends.get("err")),
        percent(scored.get("rec")),
        percent(scored["perf"], ends.get("perf")),
        MISSING if comp is None else f"{comp / 1000:.1f}k",
        number(scored["aocc"], ends.get("aocc")),
    ]


def _printed(scores: Scores) -> list[str]:
    shares = (MISSING if value is None else _as_printed(value) for value in scores[:3])
    return [*shares, MISSING if scores.comp is None else f"{scores.comp:g}k"]


def _as_printed(value: float) -> str:
    return f"{value:.3f}%"


TABLES: Sequence[Any] = (table_1, table_2, table_3, table_4, table_5, table_6, table_7)
