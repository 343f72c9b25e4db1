"""The convergence plot of the page: an SVG element in the page's own text colour, readable in light and dark."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib import ticker
from matplotlib.figure import Figure

INK = "#010203"  # stands for the page's text colour, whichever it is
LINE, POINT = "#2f81f7", "#e16f24"
LARGEST = 1e150  # more cannot be drawn

_STYLE = re.compile(r"<style.*?</style>", re.DOTALL)


def convergence(
    traces: Sequence[Sequence[Sequence[float]]], used: Sequence[int], problem: Mapping[str, Any]
) -> str:
    """The best feasible objective over the evaluations as an SVG element: each run thin, their median bold.

    Args:
        traces: for each run, its improvements as (evaluations used, best feasible objective).
        used: evaluations of each run.
        problem: with max_evals, and f_star where it is known.
    """
    budget = problem["max_evals"]
    figure = Figure(figsize=(7, 3.1), layout="constrained")
    axes = figure.add_subplot()
    grid = np.unique(np.geomspace(1, budget, 400).astype(int)) if budget > 1 else np.array([1])
    curves = []
    for trace, evals in zip(traces, used, strict=True):
        if not trace:
            continue
        at, f = np.array(trace, dtype=float).T
        f = np.clip(f, -LARGEST, LARGEST)
        axes.step([*at, max(evals, at[-1])], [*f, f[-1]], where="post", color=LINE, linewidth=1, alpha=0.45)
        position = np.searchsorted(at, grid, side="right") - 1
        curves.append(np.where((position >= 0) & (grid <= max(evals, at[-1])), f[position], np.nan))
    if len(curves) == 1:
        axes.lines[0].set(alpha=1, linewidth=2)
        last = next(trace for trace in traces if trace)[-1]
        axes.plot(last[0], np.clip(last[1], -LARGEST, LARGEST), "o", color=POINT, markersize=6)
    else:
        rows = np.array(curves)
        full = np.isfinite(rows).all(axis=0)  # a median of some runs only would jump
        axes.step(
            grid[full],
            np.median(rows[:, full], axis=0),
            where="post",
            color=LINE,
            linewidth=2.2,
            label="median",
        )
        axes.legend(frameon=False, labelcolor=INK, loc="upper right")
    _scale(axes, [np.clip(f, -LARGEST, LARGEST) for trace in traces for _, f in trace], problem.get("f_star"))
    axes.set_xlim(0, budget * 1.01)
    axes.set_xlabel(f"evaluations (budget {budget:,})", color=INK)
    axes.set_ylabel("best feasible f", color=INK)
    axes.tick_params(which="both", colors=INK, labelsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(INK)
    axes.grid(color=INK, alpha=0.12)
    written = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with matplotlib.rc_context({"svg.fonttype": "path", "svg.hashsalt": "llamoco"}):
        figure.savefig(written, format="svg", transparent=True, metadata=nothing)
    svg = written.getvalue()
    svg = svg[svg.index("<svg ") :].replace(INK, "currentColor")
    svg = _STYLE.sub("", svg)  # a rule for all elements of the page
    label = "Convergence: best feasible objective over evaluations"
    return svg.replace("<svg ", f'<svg role="img" aria-label="{label}" stroke-linejoin="round" ', 1)


def _scale(axes: Any, values: Sequence[float], f_star: float | None) -> None:
    """A logarithmic axis where a linear one would show nothing; f* as a line where it is known and near."""
    low, high = min(values), max(values)
    if low > 0 and high / low > 30:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(
            ticker.LogFormatterSciNotation(labelOnlyBase=False, minor_thresholds=(2, 0.5))
        )
    elif high - np.percentile(values, 60) > 20 * (np.percentile(values, 60) - low) > 0:
        axes.set_yscale("symlog", linthresh=max(np.percentile(values, 60) - low, 1e-12))
    if f_star is not None and (axes.get_yscale() == "linear" or f_star > 0):
        axes.axhline(f_star, color=INK, linewidth=1, linestyle=(0, (4, 4)), alpha=0.6)
        axes.annotate(
            "f*",
            (1, f_star),
            (3, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            color=INK,
        )
