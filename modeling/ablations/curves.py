"""Losses with and without the contrastive warm-up, over the steps of both phases (Fig. 5 of the paper)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot as plt

Curve = Mapping[str, float]  # by the step, as JSON keeps it


def plot_losses(losses: Mapping[str, Mapping[str, Curve]], file: Path) -> None:
    """Plot the loss of the warm-up, and loss and accuracy of the choice of the optimizer, mean over seeds.

    Args:
        losses: curves "warm_up", "choice" and "accuracy" of each model, by its title; empty where it has none.
        file: the picture to write.
    """
    panels = {
        "warm_up": "contrastive loss (Eq. 4)",
        "choice": "loss on the optimizer's name, nats",
        "accuracy": "optimizer named right (training pairs)",
    }
    figure, axes = plt.subplots(1, len(panels), figsize=(3.6 * len(panels), 3.2), layout="constrained")
    for panel, (what, label) in zip(axes, panels.items(), strict=True):
        for number, (title, curves) in enumerate(losses.items()):
            if curve := curves[what]:
                marker = "." if len(curve) < 3 else None
                panel.plot(
                    [int(step) for step in curve],
                    list(curve.values()),
                    label=title,
                    color=f"C{number}",
                    marker=marker,
                )
        panel.set_ylabel(label)
        panel.set_xlabel("step of the warm-up" if what == "warm_up" else "step of instruction tuning")
        if panel.has_data():
            panel.legend(fontsize=8, frameon=False)
    figure.savefig(file, dpi=110)
    plt.close(figure)
