"""Figures 3 to 7 of the paper, drawn from our records. The paper's own are pictures without numbers, so that none stands beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from llamoco.dataset_builder.analysis.table import Table, number, percent
from llamoco.dataset_builder.problems.scores import GAP_FLOOR
from llamoco.hub_cards.paper.exhibit import Exhibit, Records, missing, source

COLOURS = ("#b5473c", "#b0b0b0", "#6fa3d8", "#5c9e6b", "#c29a3a", "#7d64a8", "#444444")
SHARES = (0.02, 0.1, 0.2, 0.5, 1.0)
STUDIES = ("ablations", "ablations_smollm2")


def figure_3(records: Records) -> Exhibit:
    """Performance curves."""
    found = {
        name: r for name, r in records.evaluations().items() if (r.get("convergence") or {}).get("model")
    }
    curves = {record["model"]: record["convergence"]["model"] for record in found.values()}
    shares: list[float] = []
    if "evaluation" in found:
        shares = found["evaluation"]["convergence"]["budget_share"]
        curves |= {
            "single best solver": found["evaluation"]["convergence"]["sbs"],
            "labelled answer": found["evaluation"]["convergence"]["vbs"],
        }
    places = [shares.index(share) for share in SHARES] if shares else []
    rows = [[name, *(number(curve[place]) for place in places)] for name, curve in curves.items()]
    return Exhibit(
        "figure-3",
        "Figure 3 (section IV-B1): performance over the budget, test problems",
        Table("", ("contestant", *(f"{share:.0%} of the budget" for share in SHARES)), rows)
        if shares
        else None,
        draw=(lambda path: _draw_curves(path, shares, curves)) if shares else None,
        sources=[source(name, record) for name, record in found.items()],
        missing=[] if shares else [missing("evaluation")],
        note="Mean relative gap to the best known value, geometric, floored at 1e-3; lower is better.",
    )


def figure_4(records: Records) -> Exhibit:
    """Diversity of descriptions, and balanced sampling."""
    return _ablation(
        records,
        "figure-4",
        "Figure 4 (section IV-C1, 2): diversity of the descriptions, and balanced sampling",
        ("pattern", "only", "balanc", "the method"),
        {"majority": "frequent labels", "minority": "rare labels"},
    )


def figure_5(records: Records) -> Exhibit:
    """Latents with and without the warm-up."""
    return _picture(
        records,
        "figure-5",
        "Figure 5 (section IV-C4): latents of prompts with and without the warm-up",
        "latents",
    )


def figure_6(records: Records) -> Exhibit:
    """Training curves with and without the warm-up."""
    return _picture(
        records, "figure-6", "Figure 6 (section IV-C4): training with and without the warm-up", "warm_up"
    )


def figure_7(records: Records) -> Exhibit:
    """Histogram of the optimizers chosen."""
    evaluations = {name: r for name, r in records.evaluations().items() if r.get("optimizers")}
    counts = {r["model"]: {o: c["model"] for o, c in r["optimizers"].items()} for r in evaluations.values()}
    if "evaluation" in evaluations:
        counts = {
            "labels": {o: c["label"] for o, c in evaluations["evaluation"]["optimizers"].items()}
        } | counts
    names = list(dict.fromkeys(name for of_system in counts.values() for name in of_system))
    rows = [
        [name, *(percent(of_system.get(name, 0) / sum(of_system.values())) for of_system in counts.values())]
        for name in names
    ]
    others = [name for name in evaluations if name not in ("evaluation", "evaluation_s")]
    return Exhibit(
        "figure-7",
        "Figure 7 (section IV-D1): which optimizers are chosen",
        Table("", ("optimizer", *counts), rows) if counts else None,
        draw=(lambda path: _draw_histogram(path, names, counts)) if counts else None,
        sources=[source(name, record) for name, record in evaluations.items()],
        missing=([] if counts else [missing("evaluation")])
        + (
            []
            if others
            else [
                "no record `evaluation_NAME.json` of a general model yet: `llamoco evaluate --server URL --server-model NAME`"
            ]
        ),
    )


def _ablation(
    records: Records, name: str, title: str, wanted: Sequence[str], classes: Mapping[str, str]
) -> Exhibit:
    """Rows of the ablations whose names have one of some words."""
    found = {study: r for study in STUDIES if (r := records.find(study)) is not None}
    rows, bars = [], {}
    for study, record in found.items():
        for row in record["rows"]:
            if any(word in row["name"] for word in wanted):
                against = row.get("against_base", {})
                by_class = [row.get("groups", {}).get(c, {}).get("aocc", {}).get("mean") for c in classes]
                rows.append(
                    [
                        row["name"],
                        study,
                        number(row["aocc"]["mean"]),
                        number(against.get("difference"), against.get("interval"), signed=True),
                        *(number(value) for value in by_class),
                    ]
                )
                bars[row["name"] + ("" if study == "ablations" else " (SmolLM2)")] = row["aocc"]
    columns = ("variant", "record", "AOCC", "beside the method", *(f"AOCC, {c}" for c in classes.values()))
    return Exhibit(
        name,
        title,
        Table("", columns, rows, text_columns=2) if rows else None,
        draw=(lambda path: _draw_bars(path, bars)) if bars else None,
        sources=[source(study, record) for study, record in found.items()],
        missing=[missing(study) for study in STUDIES if study not in found],
    )


def _picture(records: Records, name: str, title: str, kind: str) -> Exhibit:
    """A figure that the ablations have drawn."""
    for study, suffix in (("ablations_smollm2", "_smollm2"), ("ablations", "")):
        record, image = records.find(study), f"{kind}{suffix}.png"
        if record is not None and image in record.get("figures", {}) and (records.place / image).is_file():
            return Exhibit(
                name, title, image=image, sources=[source(study, record)], note=record["figures"][image]
            )
    return Exhibit(
        name,
        title,
        missing=[f"no picture `{kind}.png` yet: `llamoco study ablations --record hub_cards/records`"],
    )


def _axes(path: Path, size: tuple[float, float]) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    path.parent.mkdir(parents=True, exist_ok=True)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_axisbelow(True)
    return figure, axes


def _draw_curves(path: Path, shares: Sequence[float], curves: Mapping[str, Sequence[float]]) -> None:
    figure, axes = _axes(path, (6.5, 4.2))
    for (name, curve), colour in zip(curves.items(), COLOURS * 9, strict=False):
        axes.step(shares, curve, where="post", color=colour, label=name, linewidth=1.8)
    axes.set(
        xlabel="share of the evaluation budget",
        ylabel="relative gap (geometric mean)",
        yscale="log",
        ylim=(GAP_FLOOR, 1.1),
        xlim=(0, 1),
    )
    axes.grid(color="#e5e5e5", linewidth=0.8)
    axes.legend(frameon=False, fontsize=9)
    figure.savefig(path, dpi=110)


def _draw_histogram(path: Path, names: Sequence[str], counts: Mapping[str, Mapping[str, int]]) -> None:
    figure, axes = _axes(path, (9, 4.2))
    width = 0.8 / len(counts)
    for place, ((title, of_system), colour) in enumerate(zip(counts.items(), COLOURS * 9, strict=False)):
        total = sum(of_system.values())
        heights = [100 * of_system.get(name, 0) / total for name in names]
        axes.bar([n + place * width for n in range(len(names))], heights, width, color=colour, label=title)
    axes.set_xticks(range(len(names)), names, rotation=60, ha="right", fontsize=8)
    axes.set(ylabel="% of the answers")
    axes.grid(axis="y", color="#e5e5e5", linewidth=0.8)
    axes.legend(frameon=False, fontsize=9)
    figure.savefig(path, dpi=110)


def _draw_bars(path: Path, bars: Mapping[str, Mapping[str, float]]) -> None:
    figure, axes = _axes(path, (9, 0.8 + 0.42 * len(bars)))
    axes.barh(
        range(len(bars)),
        [bar["mean"] for bar in bars.values()],
        xerr=[bar["sd"] for bar in bars.values()],
        color=COLOURS[2],
    )
    axes.set_yticks(range(len(bars)), list(bars), fontsize=8)
    axes.invert_yaxis()
    axes.set(xlabel="AOCC, mean and standard deviation over seeds")
    figure.savefig(path, dpi=110)


FIGURES = (figure_3, figure_4, figure_5, figure_6, figure_7)
