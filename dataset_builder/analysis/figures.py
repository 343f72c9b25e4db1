"""Figures of the label report and of the data set's card, from a label table and a report."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from llamoco.dataset_builder.benchmark.labels import Label
from llamoco.dataset_builder.benchmark.run import execute
from llamoco.dataset_builder.benchmark.trace import unpack_trace
from llamoco.dataset_builder.optimizers import pool
from llamoco.dataset_builder.optimizers.catalogue import GROUPS
from llamoco.dataset_builder.problems.portable_rng import race_seed
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.scores import GAP_FLOOR, relative_gap

BLUE, LIGHT, GREY, RED = "#3b6ea5", "#6fa3d8", "#b0b0b0", "#b5473c"
COLOURS = (BLUE, RED, "#6a9a48", "#8a6bb1", "#c98a2b", GREY)
TITLES = {"aocc": "AOCC", "w": "w"}
EXAMPLES = 2  # a group
RUNS = 5  # of each optimizer in an example
EXAMPLE_RACE = 9  # names seeds of the runs drawn as examples; 0 and 1 are the benchmark's


def save_figures(record: Mapping[str, Any], labels: Sequence[Label], folder: Path) -> list[Path]:
    """Draw all figures into a folder.

    Args:
        record: what ``report.label_report`` returned.
        labels: the table it is about.
        folder: exists.
    """
    figures = {
        "labels-winners.png": winners_figure(record["groups"]),
        "labels-scores.png": scores_figure(record),
        "labels-problems.png": problems_figure(labels),
        "labels-convergence.png": convergence_figure(labels),
    }
    paths = []
    for name, figure in figures.items():
        figure.savefig(folder / name, dpi=110)
        paths.append(folder / name)
    return paths


def winners_figure(groups: Mapping[str, Any]) -> Figure:
    """Bars: the share of labels of each optimizer of the pool, by group."""
    figure = Figure(figsize=(9, 5), layout="constrained")
    for axes, (name, group) in zip(_row(figure, len(groups)), groups.items(), strict=True):
        shares = {o: 100 * group["labels"].get(o, 0) / group["problems"] for o in group["mean_screen"]}
        names = sorted(shares, key=shares.__getitem__)
        bars = axes.barh(names, [shares[n] for n in names], color=BLUE)
        axes.bar_label(bars, fmt="%.1f", fontsize=7, padding=2)
        axes.axvline(1, color=GREY, linewidth=0.8, linestyle=":")
        axes.tick_params(axis="y", labelsize=8)
        axes.set(title=f"{name} ({group['problems']} problems)", xlabel="share of labels, %")
        _plain(axes)
    return figure


def scores_figure(record: Mapping[str, Any]) -> Figure:
    """Bars: mean AOCC and w of single best solver, selectors, virtual best solver, and other tools where they were run."""
    groups = record["groups"]
    figure = Figure(figsize=(9, 3.2 * len(groups)), layout="constrained")
    panels = np.atleast_2d(np.asarray(figure.subplots(len(groups), 2)))
    for row, (name, group) in zip(panels, groups.items(), strict=True):
        for axes, criterion in zip(row, TITLES, strict=True):
            bars = {
                f"single best: {group['sbs'][criterion]}": (group["scores"][criterion]["sbs"], GREY),
                "selector, from the prompt": (
                    group["selectors"]["boosted trees"][criterion]["score"],
                    LIGHT,
                ),
                "virtual best (labels)": (group["scores"][criterion]["vbs"], BLUE),
            }
            tools = record.get("baselines", {}).get("groups", {}).get(name, {"solvers": {}})
            for tool in tools["solvers"].values():
                bars[f"{tool['title']} ({tools['problems']} problems)"] = (tool[criterion], RED)
            names = list(bars)[::-1]
            drawn = axes.barh(names, [bars[n][0] for n in names], color=[bars[n][1] for n in names])
            axes.bar_label(drawn, fmt="%.3f", fontsize=7, padding=2)
            axes.tick_params(axis="y", labelsize=8)
            axes.set(title=f"{name}: mean {TITLES[criterion]}", xlim=(0, 1.1))
            _plain(axes)
    return figure


def problems_figure(labels: Sequence[Label]) -> Figure:
    """Histograms: dimensions and budgets of the problems, by group."""
    figure = Figure(figsize=(9, 3), layout="constrained")
    panels = _row(figure, 3)
    bins = (np.arange(1.5, 51, 3), np.geomspace(100, 5001, 18), np.geomspace(2, 2500, 18))
    for group, colour in zip(GROUPS, (BLUE, RED), strict=True):
        problems = [label.problem for label in labels if label.group == group]
        dims = np.array([problem.dim for problem in problems])
        budgets = np.array([problem.max_evals for problem in problems])
        for axes, values, edges in zip(panels, (dims, budgets, budgets / dims), bins, strict=True):
            counts, _ = np.histogram(values, edges)
            axes.stairs(counts, edges, label=group, color=colour, linewidth=1.5)
    panels[0].set(xlabel="variables", ylabel="problems")
    panels[1].set(xlabel="evaluation budget", xscale="log")
    panels[2].set(xlabel="budget / variables", xscale="log")
    for axes in panels:
        _plain(axes)
    panels[0].legend(frameon=False, fontsize=8)
    return figure


def convergence_figure(labels: Sequence[Label]) -> Figure:
    """Convergence of labels and of what raced against them, geometric means of RUNS fresh runs, on a few problems."""
    chosen = [label for group in GROUPS for label in _examples([lb for lb in labels if lb.group == group])]
    rows = max(1, (len(chosen) + 1) // 2)
    figure = Figure(figsize=(9, 2.9 * rows), layout="constrained")
    panels = np.asarray(figure.subplots(rows, 2, squeeze=False)).ravel()
    for axes in panels[len(chosen) :]:
        axes.axis("off")
    for axes, label in zip(panels, chosen, strict=False):
        problem = label.problem
        others = label.screen[:: max(1, len(label.screen) // 3)]
        shown = {entry.optimizer: entry.config for entry in (*label.finalists, *others)}
        for (name, config), colour in zip(shown.items(), COLOURS, strict=False):
            evals, gaps = _mean_gaps(problem, name, config)
            width = 2.4 if name == label.optimizer else 1.0
            axes.step(evals, gaps, where="post", label=name, color=colour, linewidth=width)
        counts = f", {problem.n_inequality} + {problem.n_equality} constraints" if problem.constrained else ""
        axes.set(yscale="log", xlabel="evaluations", ylim=(GAP_FLOOR * 0.8, 1.3))
        axes.set_title(f"{problem.id}: {problem.dim} variables{counts}", fontsize=9)
        axes.legend(frameon=False, fontsize=7)
        _plain(axes)
    for axes in panels[::2]:
        axes.set_ylabel("relative gap to f*")
    return figure


def _mean_gaps(problem: Problem, name: str, config: str) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of evaluations, and the mean relative gap (of its logarithm) reached by then."""
    assert problem.f0 is not None and problem.f_star is not None
    evals = np.unique(np.linspace(1, problem.max_evals, 300).astype(int))
    logs = np.zeros(len(evals))
    for number in range(RUNS):
        seed = race_seed(0, problem.id, EXAMPLE_RACE, name, config, number)
        trace = unpack_trace(execute(problem, pool.render(name, json.loads(config)), seed)["trace"])
        gaps = np.array([1.0, *(relative_gap(f, problem.f0, problem.f_star) for _, f in trace)])
        reached = np.searchsorted([e for e, _ in trace], evals, side="right")
        logs += np.log(np.maximum(gaps, GAP_FLOOR))[reached]
    return evals, np.exp(logs / RUNS)


def _examples(labels: Sequence[Label]) -> list[Label]:
    """Untied test problems, of different winners, in the order of the table."""
    chosen: dict[str, Label] = {}
    for label in labels:
        if label.split == "test" and not label.tie:
            chosen.setdefault(label.optimizer, label)
    return list(chosen.values())[:EXAMPLES]


def _row(figure: Figure, count: int) -> list[Axes]:
    return list(np.asarray(figure.subplots(1, count, squeeze=False))[0])


def _plain(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
