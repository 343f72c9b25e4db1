"""Tables of an evaluation record, for the terminal and for cards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from llamoco.dataset_builder.analysis.table import Row, Table, number, percent
from llamoco.modeling.evaluation.record import (
    Baselines,
    ClassScores,
    ClassTable,
    Comparison,
    Contestant,
    EvaluationRecord,
    Interval,
    Robustness,
    Score,
    ScoreTable,
    Share,
)

if TYPE_CHECKING:
    from llamoco.modeling.evaluation.comparison import ModelComparison

CONTESTANTS: Mapping[Contestant, str] = {
    "model": "{model}, raw",
    "within_pool": "{model}, within the pool",
    "with_fallback": "{model}, with fallback",
    "sbs": "single best solver (SBS)",
    "vbs": "virtual best solver (VBS)",
}
REFERENCES: Mapping[str, str] = {"sbs": "single best solver (SBS)", "vbs": "virtual best solver (VBS)"}
SCORES: Mapping[Score, str] = {"aocc": "AOCC", "perf": "Perf"}
COMPARED = {"aocc": "AOCC", "perf": "Perf", "err": "Err"}
CLASSES = {
    "budget": "budget {}",
    "dimension": "dimension {}",
    "facts": "facts about the functions {}",
    "language": "{}",
    "held-out pattern": "writing pattern {}",
    "pattern": "{}",
}
VARIANTS = {
    "python": "Python",
    "latex": "LaTeX",
    "renamed": "Python, every identifier renamed",
    "held-out python": "Python, in a pattern that training never saw",
    "held-out latex": "LaTeX, in a pattern that training never saw",
    "facts unknown": "Python, with probes in place of what the functions do",
}


def evaluation_tables(record: EvaluationRecord, intervals: bool = True) -> dict[str, Table]:
    """Build the tables of an evaluation.

    Args:
        record: of the evaluation.
        intervals: with 95% intervals beside the scores, which make tables wide.

    Returns:
        By name: "scores", "further" (scores), "groups" and "patterns" (classes of problems), "references" (paired comparisons
        with them), and where they were measured "baselines" and "robustness".
    """
    patterns = {"pattern": record["groups"].get("pattern", {})}
    classes = {kind: record["groups"].get(kind, {}) for kind in CLASSES if kind not in patterns}
    tables = {
        "scores": _scores(record, intervals),
        "further": _further_scores(record),
        "groups": _classes("Scores by class of problems", classes, intervals),
        "patterns": _classes("Scores by writing pattern", patterns, intervals),
        "references": _references(record),
    }
    if record["baselines"] is not None:
        tables["baselines"] = _baselines(record["baselines"])
    if record["robustness"] is not None:
        tables["robustness"] = _robustness(record["robustness"])
    return tables


def comparison_table(comparison: ModelComparison) -> Table:
    """Build the table of paired comparisons between the models of several evaluations."""
    what = f"{comparison.rows} common rows of " if comparison.rows else "all rows of "
    return Table(
        f"{what}{comparison.problems} common problems, paired by problem",
        ["score", "first", "second", "difference", "Wilcoxon p", "Holm-adjusted p", "wins / ties / losses"],
        [
            [
                COMPARED[pairing.score],
                pairing.first,
                pairing.second,
                *_paired(pairing.result, pairing.adjusted),
            ]
            for pairing in comparison.pairings
        ],
        text_columns=3,
    )


def contestants(record: EvaluationRecord) -> dict[Contestant, str]:
    """Titles of the contestants: the model as it was decoded, with fallback where that was used, and the references."""
    model = record["model"]
    names = {name: title.format(model=model) for name, title in CONTESTANTS.items()}
    if record["within_pool"] is None:
        del names["within_pool"]
        names["model"] = model
    if not record["with_fallback"]["replaced"]:
        del names["with_fallback"]
    return names


def _scores(record: EvaluationRecord, intervals: bool) -> Table:
    rows: list[Row] = []
    for group, table in record["tables"].items():
        for name, title in contestants(record).items():
            scores, ends = table[name], table[name]["intervals"] if intervals else {}
            generated = name in ("model", "within_pool")
            rows.append(
                [
                    f"{group} ({table['problems']})" if name == "model" else "",
                    title,
                    percent(scores["err"], ends.get("err")),
                    percent(scores["rec"]),
                    percent(scores["r_acc"]),
                    number(scores["perf"], ends.get("perf")),
                    number(scores["aocc"], ends.get("aocc")),
                    percent(scores.get("gap_closed_aocc"), ends.get("gap_closed_aocc"), digits=0),
                    number(scores["comp"] if generated else None, digits=0),
                ]
            )
        rows.append([])
    return Table(
        f"{record['model']} on {record['rows']} descriptions of {record['problems']} {record['split']} problems, "
        f"{record['runs']} runs each, sandbox tier {record['tier']}",
        ["problems", "answers of", "Err", "Rec", "r_acc", "Perf", "AOCC", "gap closed (AOCC)", "Comp"],
        rows,
        text_columns=2,
    )


def _further_scores(record: EvaluationRecord) -> Table:
    table: ScoreTable = record["tables"]["all"]
    tolerances = list(table["model"]["hit_rates"])
    paper = ("Err", "Rec", "Perf", "Comp")
    return Table(
        "Further scores, all problems",
        [
            "answers of",
            "Faith",
            "budget exceeded",
            *(f"gap <= {tolerance}" for tolerance in tolerances),
            *(f"{name} (paper)" for name in paper),
        ],
        [
            [
                title,
                percent(table[name]["faith"]),
                percent(table[name]["budget_exceeded"]),
                *(percent(table[name]["hit_rates"][tolerance]) for tolerance in tolerances),
                percent(table[name]["paper"]["err"]),
                percent(table[name]["paper"]["rec"]),
                number(table[name]["paper"]["perf"]),
                number(table[name]["paper"]["comp"], digits=0),
            ]
            for name, title in contestants(record).items()
        ],
    )


def _classes(title: str, kinds: Mapping[str, Mapping[str, ClassTable]], intervals: bool) -> Table:
    rows: list[Row] = []
    for kind, classes in kinds.items():
        for name, table in classes.items():
            model: ClassScores = table["model"]
            ends = model["intervals"] if intervals else {}
            above = model["above_sbs"]
            rows.append(
                [
                    CLASSES[kind].format(name),
                    number(table["problems"]),
                    percent(model["err"]),
                    number(model["perf"], ends.get("perf")),
                    number(model["aocc"], ends.get("aocc")),
                    number(table["sbs"]["aocc"]),
                    number(above["difference"], above["interval"] if intervals else None, signed=True),
                    percent(model.get("gap_closed_aocc"), ends.get("gap_closed_aocc"), digits=0),
                ]
            )
        rows.append([])
    return Table(
        title,
        ["class", "problems", "Err", "Perf", "AOCC", "AOCC of SBS", "AOCC minus SBS", "gap closed (AOCC)"],
        rows,
    )


def _references(record: EvaluationRecord) -> Table:
    return Table(
        "Model minus reference, paired by problem",
        ["problems", "reference", "score", "difference", "Wilcoxon p", "wins / ties / losses"],
        [
            [group, REFERENCES[reference], COMPARED[score], *_paired(result)]
            for group, references in record["comparisons"].items()
            for reference, scores in references.items()
            for score, result in scores.items()
        ],
        text_columns=3,
    )


def _paired(result: Comparison, adjusted: float | None = None) -> Row:
    p_values = [result["p_value"], *([] if adjusted is None else [adjusted])]
    return [
        number(result["difference"], result["interval"], signed=True),
        *(number(None) if p is None else f"{p:.2g}" for p in p_values),
        f"{result['wins']} / {result['ties']} / {result['losses']}",
    ]


def _baselines(baselines: Baselines) -> Table:
    rows: list[Row] = []
    for group, tools in baselines["groups"].items():
        for place, tool in enumerate(tools.values()):
            cells = []
            for score in SCORES:
                result = tool["comparisons"]["model"][score]
                cells += [
                    number(result["difference"], result["interval"], signed=True),
                    f"{result['adjusted']:.1g}",
                ]
            rows.append(
                [
                    group if place == 0 else "",
                    f"{tool['title']}, {tool['problems']} problems",
                    number(tool["runs"]),
                    number(tool["aocc"]),
                    number(tool["perf"]),
                    *cells,
                ]
            )
        rows.append([])
    columns = ["AOCC: model minus tool", "Holm-adjusted p", "Perf: model minus tool", "Holm-adjusted p"]
    return Table(
        f"Other tools, same problems and budgets ({baselines['date']}), paired by problem",
        ["problems", "tool", "runs", "its AOCC", "its Perf", *columns],
        rows,
        text_columns=2,
    )


def _robustness(found: Robustness) -> Table:
    rows: list[Row] = [
        [
            VARIANTS.get(variant, variant),
            "" if variant == "python" else _share(found["agreement"].get(variant)),
            _share(closed),
        ]
        for variant, closed in found["gap_closed"].items()
    ]
    return Table(
        f"Other descriptions of the {found['problems']} problems (decisions alone, nothing is run)",
        ["description", "same decision as on the Python one", "gap closed (AOCC)"],
        [*rows, ["lost in patterns that training never saw", "", _share(found["held_out_loss"])]],
    )


def _share(share: Share | None) -> str:
    ends: Interval = None if share is None else share["interval"]
    return percent(None if share is None else share["value"], ends, digits=0)
