"""The label report: how far labels repeat, tie, spread and can be told from the text."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from llamoco.dataset_builder.benchmark.labels import GROUPS, Label, Labelled
from llamoco.dataset_builder.benchmark.race import TIE, Configured
from llamoco.dataset_builder.benchmark.selector import cross_validated_choices, gap_closed

CRITERIA = ("a3", "w")


def label_report(labelled: Labelled) -> dict[str, Any]:
    """The report as a JSON-able record.

    Args:
        labelled: the table of a finished benchmark.

    Raises:
        LabelsError: if the table was not checked.
    """
    record: dict[str, Any] = {"tie_within_a3": TIE, "discarded": labelled.discarded, "groups": {}}
    for group in GROUPS:
        members = [label for label in labelled.labels if label.group == group]
        if members:
            record["groups"][group] = _group_report(members, labelled.sbs[group])
    return record


def _group_report(labels: Sequence[Label], sbs: Mapping[str, Configured]) -> dict[str, Any]:
    counts = Counter(label.optimizer for label in labels)
    choices = cross_validated_choices(labels) if len(labels) >= 2 else [label.optimizer for label in labels]
    return {
        "problems": len(labels),
        "test_problems": sum(label.split == "test" for label in labels),
        "labels": dict(counts.most_common()),
        "ties": fmean(label.tie for label in labels),
        "repeat": repeat_report(labels),
        "sbs": {criterion: list(sbs[criterion]) for criterion in CRITERIA},
        "scores": {c: gap_closed(labels, choices, sbs[c], c) for c in CRITERIA},
        "selector_hits": fmean(c == label.optimizer for c, label in zip(choices, labels, strict=True)),
        "mean_default": {
            name: {c: fmean(values[c]) for c in CRITERIA} for name, values in _default_scores(labels).items()
        },
        "f_star_known": fmean(label.problem.provenance["f_star"].startswith("known") for label in labels),
    }


def _default_scores(labels: Sequence[Label]) -> dict[str, dict[str, list[float]]]:
    scores: dict[str, dict[str, list[float]]] = {}
    for label in labels:
        for entry in label.defaults:
            row = scores.setdefault(entry.optimizer, {c: [] for c in CRITERIA})
            row["a3"].append(entry.a3)
            row["w"].append(entry.w)
    return dict(sorted(scores.items(), key=lambda item: -fmean(item[1]["a3"])))


def repeat_report(labels: Sequence[Label]) -> dict[str, Any]:
    """How often two independent races name the same winner.

    Returns:
        problems raced twice; share with the same family, over all, over those where neither race has a tie
        (with their number); share with the very same configuration. None where there is nothing to count.
    """
    twice = [(label, label.repeat) for label in labels if label.repeat is not None]
    untied = [(label, other) for label, other in twice if not label.tie and not other.tie]
    return {
        "problems": len(twice),
        "same_family": _share([label.optimizer == other.optimizer for label, other in twice]),
        "untied_problems": len(untied),
        "same_family_untied": _share([label.optimizer == other.optimizer for label, other in untied]),
        "same_configuration": _share(
            [(label.optimizer, label.config) == (other.optimizer, other.config) for label, other in twice]
        ),
    }


def _share(hits: Sequence[bool]) -> float | None:
    return fmean(hits) if hits else None


def print_label_report(record: Mapping[str, Any], console: Console) -> None:
    """Print a report."""
    table = Table(title="Labels")
    table.add_column("")
    groups = record["groups"]
    for group in groups:
        table.add_column(group, justify="right")

    def row(name: str, *path: str, digits: int = 3) -> None:
        cells = []
        for group in groups.values():
            value: Any = group
            for key in path:
                value = value[key]
            cells.append(
                "-" if value is None else f"{value:.{digits}f}" if isinstance(value, float) else str(value)
            )
        table.add_row(name, *cells)

    row("problems", "problems")
    row("  of these in test", "test_problems")
    row(f"ties (another family within {record['tie_within_a3']} A3)", "ties")
    row("raced twice", "repeat", "problems")
    row("  same family", "repeat", "same_family")
    row("  untied", "repeat", "untied_problems")
    row("  same family, untied", "repeat", "same_family_untied")
    row("  same configuration", "repeat", "same_configuration")
    for criterion in CRITERIA:
        table.add_section()
        title = {"a3": "A3", "w": "w"}[criterion]
        table.add_row(f"single best by {title}", *(g["sbs"][criterion][0] for g in groups.values()))
        row(f"  its {title}", "scores", criterion, "sbs")
        row(f"virtual best: {title}", "scores", criterion, "vbs")
        row(f"selector on text features: {title}", "scores", criterion, "selector")
        row("  gap closed", "scores", criterion, "gap_closed")
    table.add_section()
    row("selector names the label's family", "selector_hits")
    console.print(table)
    spread = Table(title="Winners")
    for column in ("group", "optimizer", "labels", "share", "default A3", "default w"):
        spread.add_column(column, justify="left" if column in ("group", "optimizer") else "right")
    for name, group in groups.items():
        for optimizer, means in group["mean_default"].items():
            count = group["labels"].get(optimizer, 0)
            share = f"{count / group['problems']:.1%}"
            spread.add_row(name, optimizer, str(count), share, f"{means['a3']:.3f}", f"{means['w']:.3f}")
        spread.add_section()
    console.print(spread)
    for reason, count in record["discarded"].items():
        console.print(f"discarded, {reason}: {count}")


def save_report(record: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write the record and its figures (``label_report.json``, ``labels-*.png``) into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / name for name in ("label_report.json", "labels-winners.png", "labels-scores.png")]
    paths[0].write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    _winners_figure(record).savefig(paths[1], dpi=150)
    _scores_figure(record).savefig(paths[2], dpi=150)
    return paths


def _winners_figure(record: Mapping[str, Any]) -> Figure:
    groups = record["groups"]
    figure = Figure(figsize=(9, 4), layout="constrained")
    for axes, (name, group) in zip(
        figure.subplots(1, len(groups), squeeze=False)[0], groups.items(), strict=True
    ):
        names = list(group["labels"])[::-1]
        axes.barh(names, [100 * group["labels"][n] / group["problems"] for n in names], color="#3b6ea5")
        axes.set(title=f"{name} ({group['problems']} problems)", xlabel="share of labels, %")
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def _scores_figure(record: Mapping[str, Any]) -> Figure:
    groups = record["groups"]
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    bars = (
        ("sbs", "single best", "#b0b0b0"),
        ("selector", "selector", "#6fa3d8"),
        ("vbs", "virtual best", "#3b6ea5"),
    )
    for axes, criterion in zip(figure.subplots(1, 2), CRITERIA, strict=True):
        for offset, (key, title, colour) in enumerate(bars):
            heights = [group["scores"][criterion][key] for group in groups.values()]
            places = [number + 0.25 * (offset - 1) for number in range(len(groups))]
            axes.bar_label(axes.bar(places, heights, 0.23, label=title, color=colour), fmt="%.2f", fontsize=8)
        axes.set(title={"a3": "A3", "w": "w"}[criterion], ylim=(0, 1.1))
        axes.set_xticks(range(len(groups)), list(groups))
        axes.spines[["top", "right"]].set_visible(False)
    figure.legend(
        *figure.axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False
    )
    return figure
