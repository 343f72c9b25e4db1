"""Calibration of a model's confidence on the training problems that are held out for it.

The model only decides; how its decisions score is in the data set's columns ``optimizer`` and ``scores``.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from rich.console import Console
from rich.progress import track

from llamoco.dataset_builder.instruction_data import open_data, require_columns, single_best_solvers
from llamoco.dataset_builder.optimizers.catalogue import POOL, group_of
from llamoco.modeling.calibration.thresholds import (
    CALIBRATION_FILE,
    Calibration,
    Outcome,
    bins,
    cross_validated,
    expected_calibration_error,
    fit,
)
from llamoco.modeling.generation.generator import Generator
from llamoco.modeling.generation.model_answer import Decision
from llamoco.modeling.generation.torch_engine import load_torch_generator

matplotlib.use("Agg")

BATCH = 8
FIGURE = "reliability.png"
COLUMNS = ("prompt", "problem_id", "optimizer", "constrained", "scores", "calibration")

Row = Mapping[str, Any]


def rows_in_turn(rows: Iterable[Row], limit: int | None) -> list[Row]:
    """One description of each problem, then a second of each, and so on.

    Args:
        rows: of a data set.
        limit: number of rows at most; None for one a problem. More of a problem are not independent: errors look surer than they are.
    """
    of_problems: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        of_problems[row["problem_id"]].append(row)
    turns = chain.from_iterable(zip_longest(*of_problems.values()))
    limit = len(of_problems) if limit is None else limit
    return list(islice((row for row in turns if row is not None), limit))


def outcome(row: Row, decision: Decision, single_best: str) -> Outcome:
    """Score a decision on a row's problem.

    Args:
        row: of a data set, with ``COLUMNS``.
        decision: the model's.
        single_best: the single best solver of the problem's group.
    """
    scores: dict[str, float] = json.loads(row["scores"])
    name = decision.optimizer
    serves = name in POOL and POOL[name].handles(row["constrained"])
    return Outcome(
        problem_id=row["problem_id"],
        probability=decision.probability,
        hit=name == row["optimizer"],
        # One that serves but did not race has a budget limit, and might have done well.
        aocc=scores.get(str(name)) if serves else 0.0,
        # As where it was chosen (``labels.single_best``): where it did not run, the score of the worst that did.
        single_best_aocc=scores.get(single_best, min(scores.values())),
    )


def outcomes(generator: Generator, place: str | None = None, rows: int | None = None) -> list[Outcome]:
    """Decisions of a model on the rows that are held out for calibration, scored.

    Args:
        generator: the model.
        place: the data set, see ``open_data``.
        rows: see ``rows_in_turn``.

    Raises:
        DataError: if the data set cannot be read, lacks a column, or does not state its single best solvers.
        ValueError: if a prompt leaves no room for an answer.
    """
    solvers = single_best_solvers(place)
    data = open_data(place, "train")
    require_columns(data, place, COLUMNS)
    held_out = np.flatnonzero(data["calibration"])
    asked = rows_in_turn(data.select_columns(list(COLUMNS)).select(held_out), rows)
    asked.sort(key=lambda row: len(row["prompt"]))
    batches = [asked[start : start + BATCH] for start in range(0, len(asked), BATCH)]
    found = []
    for batch in track(batches, "deciding", console=Console(stderr=True), transient=True):
        decisions = generator.decisions([generator.truncate_prompt(row["prompt"]) for row in batch])
        for row, decision in zip(batch, decisions, strict=True):
            found.append(outcome(row, decision, solvers[group_of(row["constrained"])]))
    return found


def plot_reliability(found: Sequence[Outcome], path: Path) -> None:
    """Draw a reliability diagram: share of right decisions over confidence, raw and calibrated (cross-validated).

    Args:
        found: decisions and how they did.
        path: the image to write.
    """
    from matplotlib import pyplot

    hits = np.array([o.hit for o in found], dtype=float)
    raw = np.array([o.probability for o in found])
    figure, panels = pyplot.subplots(1, 2, figsize=(9, 4.4), layout="constrained", sharey=True)
    for axes, title, believed in zip(
        panels, ("raw", "calibrated"), (raw, cross_validated(found)), strict=True
    ):
        groups = bins(believed)
        confidence = [believed[rows].mean() for rows in groups]
        share = [hits[rows].mean() for rows in groups]
        # Wilson's interval without its shift of the centre, for the eye.
        error = [
            1.96 * (max(s * (1 - s), 1 / len(r)) / len(r)) ** 0.5 for s, r in zip(share, groups, strict=True)
        ]
        axes.plot([0, 1], [0, 1], color="0.7", linestyle=":")
        axes.errorbar(confidence, share, yerr=error, fmt="o-", color="#1f5fa8", capsize=2)
        for x, y, rows in zip(confidence, share, groups, strict=True):
            axes.annotate(
                str(len(rows)), (x, y), textcoords="offset points", xytext=(5, -11), fontsize=7, color="0.4"
            )
        axes.set_title(f"{title}: ECE {expected_calibration_error(believed, hits):.3f}", loc="left")
        axes.set_xlabel("confidence")
        axes.set(xlim=(0, 1), ylim=(0, 1))
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("share of decisions that are the label")
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def calibrate(folder: Path, place: str | None = None, rows: int | None = None) -> Calibration:
    """Calibrate the model in a folder, and write ``calibration.json`` and ``reliability.png`` there.

    Args:
        folder: of the model.
        place: the data set, see ``open_data``; the shipped one if None.
        rows: see ``rows_in_turn``.

    Raises:
        ModelError: if there is no model there.
        DataError: see ``outcomes``.
        ValueError: if a prompt leaves no room for an answer, or there are too few problems.
        OSError: if the folder cannot be written to.
    """
    found = outcomes(load_torch_generator(folder), place, rows)
    calibration = fit(found)
    plot_reliability(found, folder / FIGURE)
    unfinished = folder / f".{CALIBRATION_FILE}"
    unfinished.write_text(calibration.to_json(), encoding="utf-8")
    os.replace(unfinished, folder / CALIBRATION_FILE)
    return calibration
