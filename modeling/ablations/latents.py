"""Separability of prompts' latents by kind of problem and by optimizer: the effect of the contrastive warm-up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import numpy as np
import torch
from matplotlib import pyplot as plt
from sklearn.manifold import TSNE
from sklearn.metrics import silhouette_score
from sklearn.neighbors import NearestNeighbors

from llamoco.modeling.generation.torch_engine import TorchGenerator
from llamoco.modeling.training.contrastive import last_token_latents

NEIGHBOURS = 10
BATCH = 16
COLOURED = 6  # optimizers with a colour of their own
SEED = 0


@torch.inference_mode()
def latents_of(generator: TorchGenerator, prompts: Sequence[str]) -> np.ndarray:
    """o(q) of prompts, as the trainer's warm-up takes it from the last block (`contrastive.last_token_latents`).

    Args:
        generator: a model with its tokenizer.
        prompts: texts.

    Returns:
        Shape (N, H).
    """
    order = sorted(range(len(prompts)), key=lambda position: len(prompts[position]))
    found: list[torch.Tensor] = [torch.empty(0)] * len(prompts)
    for start in range(0, len(order), BATCH):
        batch = order[start : start + BATCH]
        inputs = generator.tokenizer(
            [prompts[i] for i in batch], return_tensors="pt", padding=True, padding_side="right"
        )
        tokens = {name: inputs[name].to(generator.model.device) for name in ("input_ids", "attention_mask")}
        outputs = generator.model(**tokens, output_hidden_states=True, logits_to_keep=1, use_cache=False)
        last = last_token_latents(outputs.hidden_states[-1], tokens["attention_mask"])
        for position, latent in zip(batch, last.float().cpu(), strict=True):
            found[position] = latent
    return torch.stack(found).numpy()


def separability(latents: np.ndarray, labels: Sequence[str]) -> dict[str, float]:
    """Separability of latents by label, by the angle between them, as in the warm-up's distance (Eq. 3).

    Args:
        latents: shape (N, H).
        labels: of the N prompts, two different ones at least.

    Returns:
        silhouette: mean silhouette (Rousseeuw 1987, doi:10.1016/0377-0427(87)90125-7), from -1 to 1; neighbours: share of
        prompts that have the label of most of their 10 nearest neighbours (of as many, the nearest one's), 0 to 1;
        largest: share of the most frequent label, which guessing gets right.
    """
    names, numbers = np.unique(np.asarray(labels), return_inverse=True)
    count = min(NEIGHBOURS, len(numbers) - 1)
    nearest = (
        NearestNeighbors(n_neighbors=count, metric="cosine").fit(latents).kneighbors(return_distance=False)
    )
    votes = np.zeros((len(numbers), len(names)))
    for rank in range(count):
        votes[np.arange(len(numbers)), numbers[nearest[:, rank]]] += 1 + (rank == 0) / 2
    return {
        "silhouette": float(silhouette_score(latents, numbers, metric="cosine")),
        "neighbours": float((votes.argmax(axis=1) == numbers).mean()),
        "largest": float(np.bincount(numbers).max() / len(numbers)),
    }


def plot_latents(
    states: Mapping[str, np.ndarray], labellings: Mapping[str, Sequence[str]], file: Path
) -> None:
    """t-SNE (van der Maaten and Hinton 2008) of latents: a column a state of the model, a row a labelling.

    Args:
        states: latents of the same prompts, shape (N, H) each, by title.
        labellings: labels of the prompts by title; the most frequent ones are coloured.
        file: the picture to write.
    """
    figure, axes = plt.subplots(
        len(labellings),
        len(states),
        figsize=(3.1 * len(states), 3.2 * len(labellings)),
        squeeze=False,
        layout="constrained",
    )
    for column, (title, latents) in enumerate(states.items()):
        perplexity = min(30.0, (len(latents) - 1) / 3)
        plane = TSNE(metric="cosine", init="random", perplexity=perplexity, random_state=SEED).fit_transform(
            latents
        )
        axes[0, column].set_title(title, fontsize=10)
        for row, labels in enumerate(labellings.values()):
            _scatter(axes[row, column], plane, np.asarray(labels))
    for row, title in enumerate(labellings):
        axes[row, 0].set_ylabel(title)
        axes[row, -1].legend(fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    figure.savefig(file, dpi=110)
    plt.close(figure)


def _scatter(axes: plt.Axes, plane: np.ndarray, labels: np.ndarray) -> None:
    names, counts = np.unique(labels, return_counts=True)
    order = [str(name) for name in names[np.argsort(-counts, kind="stable")]]
    rest = ~np.isin(labels, order[:COLOURED])
    if rest.any():
        axes.scatter(plane[rest, 0], plane[rest, 1], s=5, color="0.8", label="others")
    for name in order[:COLOURED]:
        members = labels == name
        axes.scatter(plane[members, 0], plane[members, 1], s=6, label=name)
    axes.set_xticks([])
    axes.set_yticks([])
