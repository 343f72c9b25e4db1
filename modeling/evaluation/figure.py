"""Figure of an evaluation: AOCC and Perf by class of problems, and convergence."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from llamoco.dataset_builder.problems.printable import printable
from llamoco.dataset_builder.problems.scores import GAP_FLOOR
from llamoco.modeling.evaluation.record import ClassTable, Contestant, EvaluationRecord, Score, ScoreTable

STYLES: Mapping[Contestant, tuple[str, str]] = {
    "sbs": ("#b0b0b0", "s"),
    "vbs": ("#6fa3d8", "D"),
    "model": ("#b5473c", "o"),
}  # the model on top
TITLES = {"aocc": "AOCC", "perf": "Perf"}
CURVES_HEIGHT = 4.5  # inches


def save_evaluation_figure(record: EvaluationRecord, path: Path) -> None:
    """Draw an evaluation.

    Args:
        record: of the evaluation.
        path: of the image; its suffix sets the format.
    """
    names: dict[Contestant, str] = {
        "sbs": "single best solver",
        "vbs": "labelled answer",
        "model": _legend_name(record["model"]),
    }
    classes: dict[str, ScoreTable | ClassTable] = {f"all ({record['rows']})": record["tables"]["all"]}
    for kind, of_kind in record["groups"].items():
        classes |= {f"{kind}: {name} ({table['rows']})": table for name, table in of_kind.items()}
    height = 2 + 0.24 * len(classes)
    figure = Figure(figsize=(12, height), layout="constrained")
    curves = min(height - 0.1, CURVES_HEIGHT)
    grid = figure.add_gridspec(2, 3, width_ratios=(1, 1, 1.2), height_ratios=(curves, height - curves))
    left, middle = (figure.add_subplot(grid[:, column]) for column in (0, 1))
    _dots(left, classes, "aocc")
    _dots(middle, classes, "perf")
    middle.tick_params(axis="y", labelleft=False)
    right = figure.add_subplot(grid[0, 2])
    _convergence(right, record["convergence"])
    handles = [left.plot([], [], marker, color=colour)[0] for colour, marker in STYLES.values()]
    right.legend(handles, [names[name] for name in STYLES], frameon=False, fontsize=9)
    figure.savefig(path, dpi=110)


def _legend_name(name: str) -> str:
    """A printable name with its dollar signs escaped, between which matplotlib expects mathematics."""
    return printable(name, 80).replace("$", r"\$")


def _dots(axes: Axes, classes: Mapping[str, ScoreTable | ClassTable], score: Score) -> None:
    for offset, (name, (colour, marker)) in zip((0.25, 0.0, -0.25), STYLES.items(), strict=True):
        for height, table in enumerate(classes.values()):
            value, interval = table[name][score], table[name]["intervals"].get(score)
            if value is None:
                continue
            if interval is not None:
                axes.plot(interval, [height + offset] * 2, color=colour, linewidth=1.2)
            axes.plot([value], [height + offset], marker, color=colour, markersize=4)
    axes.set_yticks(range(len(classes)), list(classes), fontsize=8)
    axes.set(title=f"{TITLES[score]}, with 95% intervals", ylim=(len(classes) - 0.4, -0.6))
    axes.grid(axis="x", color="#e5e5e5", linewidth=0.8)
    _plain(axes)


def _convergence(axes: Axes, curves: Mapping[str, list[float]]) -> None:
    for name, (colour, _) in STYLES.items():
        if curves[name]:
            axes.step(curves["budget_share"], curves[name], where="post", color=colour, linewidth=1.8)
    axes.set(
        title="relative gap (geometric mean)",
        xlabel="share of the evaluation budget",
        yscale="log",
        ylim=(GAP_FLOOR, 1.1),
        xlim=(0, 1),
    )
    axes.grid(color="#e5e5e5", linewidth=0.8)
    _plain(axes)


def _plain(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_axisbelow(True)
