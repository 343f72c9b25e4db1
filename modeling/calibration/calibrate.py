"""Calibrate a model on the training problems that no model is trained on.

    python -m llamoco.modeling.calibration.calibrate MODEL

writes ``calibration.json`` and ``reliability.png`` into the model's folder. The model only decides; how its decisions
would have scored is in the label table.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import matplotlib
import numpy as np
from rich.console import Console
from rich.progress import track

from llamoco.dataset_builder.benchmark.labels import SHIPPED_LABELS, Label, LabelsError, read_labels
from llamoco.dataset_builder.optimizers.pool import POOL
from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.prompts.rows import rows_of_problem
from llamoco.modeling.calibration.held_out import held_out
from llamoco.modeling.calibration.thresholds import (
    CALIBRATION_FILE,
    Calibration,
    Outcome,
    bins,
    cross_validated,
    expected_calibration_error,
    fit,
)
from llamoco.modeling.generation.load import Decision, Generator, ModelError
from llamoco.modeling.generation.shipped import SHIPPED_MODEL
from llamoco.modeling.generation.torch_engine import load_torch_generator

matplotlib.use("Agg")

BATCH = 8
SEED = 0  # of the descriptions
FIGURE = "reliability.png"


def held_out_prompts(labels: Sequence[Label], rows: int | None) -> list[tuple[Label, str]]:
    """Prompts of held-out training problems, in writing patterns of the train split; a description of each problem, then a second, ...

    Args:
        labels: a label table.
        rows: so many at most; None for one a problem. More of a problem are not independent: errors look surer than they are.
    """
    chosen = [label for label in labels if label.split == "train" and held_out(label.problem.id)]
    rows = len(chosen) if rows is None else rows
    count = -(-rows // max(len(chosen), 1))
    described: list[list[tuple[Label, str]]] = []
    for label in chosen[:rows]:
        try:
            written = rows_of_problem(label.problem, label.optimizer, label.config, SEED, count)
        except ProblemError:  # too long for the set
            continue
        described.append([(label, row["prompt"]) for row in written])
    return list(islice((entry for turn in zip(*described, strict=True) for entry in turn), rows))


def outcome(label: Label, decision: Decision, single_best: str) -> Outcome:
    """How a decision would have done, by the label table: over fresh seeds where a finalist is meant, else in the screen.

    Args:
        label: of the problem.
        decision: the model's.
        single_best: the single best solver of the problem's group.
    """
    aocc: dict[str, float | None] = {
        entry.optimizer: entry.aocc for entry in (*label.screen, *label.finalists)
    }
    name = decision.optimizer
    serves = name in POOL and POOL[name].handles(label.problem.constrained)
    single_best_aocc = aocc[single_best]
    assert single_best_aocc is not None  # it raced on every problem
    return Outcome(
        problem_id=label.problem.id,
        probability=decision.probability,
        hit=name == label.optimizer,
        # One that serves but did not race has a budget limit, and might have done well.
        aocc=aocc.get(str(name)) if serves else 0.0,
        single_best_aocc=single_best_aocc,
    )


def outcomes(generator: Generator, rows: int | None) -> list[Outcome]:
    """What a model decides on held-out prompts, and how that would have done.

    Raises:
        LabelsError: if the label table cannot be read.
        ValueError: if a prompt leaves no room for an answer.
    """
    labelled = read_labels(SHIPPED_LABELS)
    asked = sorted(held_out_prompts(labelled.labels, rows), key=lambda entry: len(entry[1]))
    batches = [asked[start : start + BATCH] for start in range(0, len(asked), BATCH)]
    found = []
    for batch in track(batches, "deciding", console=Console(stderr=True), transient=True):
        decisions = generator.decisions([generator.shown(prompt) for _, prompt in batch])
        for (label, _), decision in zip(batch, decisions, strict=True):
            found.append(outcome(label, decision, labelled.sbs[label.group]["aocc"]))
    return found


def plot_reliability(found: Sequence[Outcome], path: Path) -> None:
    """Reliability diagram: share of right decisions over confidence, raw and calibrated (cross-validated).

    Args:
        found: outcomes.
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


def calibrate(folder: Path, rows: int | None = None) -> Calibration:
    """Calibrate the model in a folder, and write ``calibration.json`` and ``reliability.png`` there.

    Raises:
        ModelError: if there is no model there.
        LabelsError: if the label table cannot be read.
        ValueError: if a prompt leaves no room for an answer, or there are too few problems.
        OSError: if the folder cannot be written to.
    """
    found = outcomes(load_torch_generator(folder), rows)
    calibration = fit(found)
    plot_reliability(found, folder / FIGURE)
    unfinished = folder / f".{CALIBRATION_FILE}"
    unfinished.write_text(calibration.to_json(), encoding="utf-8")
    os.replace(unfinished, folder / CALIBRATION_FILE)
    return calibration


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m llamoco.modeling.calibration.calibrate",
        description="Calibrate a model's confidence on held-out training problems.",
    )
    parser.add_argument(
        "model",
        nargs="?",
        type=Path,
        default=SHIPPED_MODEL,
        help="model folder; the shipped model by default",
    )
    parser.add_argument("--rows", type=int, help="descriptions; one of each held-out problem by default")
    arguments = parser.parse_args()
    try:
        calibration = calibrate(arguments.model, arguments.rows)
    except (ModelError, LabelsError, ValueError, OSError) as error:
        sys.exit(f"error: {error}")
    for name, value in {**calibration.measures, "threshold": calibration.threshold}.items():
        print(f"{name:16} {value:g}")


if __name__ == "__main__":
    main()
