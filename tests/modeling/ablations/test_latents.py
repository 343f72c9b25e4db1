"""Separability of latents: against hand-made clusters and computations written out; latents against the trainer's definition."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tiny_models import tiny

from llamoco.modeling.ablations.latents import NEIGHBOURS, latents_of, plot_latents, separability
from llamoco.modeling.generation.torch_engine import TorchGenerator
from llamoco.modeling.training.tokenizer import train_tokenizer


def clusters(spread: float) -> tuple[np.ndarray, list[str]]:
    rng = np.random.default_rng(0)
    labels = ["a"] * 20 + ["b"] * 15 + ["c"] * 12
    centres = {"a": [5, 0, 0, 0], "b": [0, 5, 0, 0], "c": [0, 0, 5, 0]}
    points = np.array([centres[label] for label in labels]) + spread * rng.normal(size=(47, 4))
    return points * rng.uniform(0.1, 10, size=(47, 1)), labels  # only the direction counts


def test_clusters_far_apart_and_labels_without_a_say() -> None:
    points, labels = clusters(0.05)
    apart = separability(points, labels)
    assert apart["silhouette"] > 0.98
    assert apart["neighbours"] == 1.0
    assert apart["largest"] == 20 / 47
    shuffled = [labels[i] for i in np.random.default_rng(1).permutation(47)]
    mixed = separability(points, shuffled)
    assert mixed["silhouette"] < 0.05
    assert mixed["neighbours"] < 0.6


def test_the_numbers_are_those_of_a_computation_written_out() -> None:
    points, labels = clusters(3.0)
    unit = points / np.linalg.norm(points, axis=1, keepdims=True)
    distances = 1 - unit @ unit.T
    of_label = {name: [i for i, label in enumerate(labels) if label == name] for name in "abc"}
    silhouettes, right = [], []
    for i, label in enumerate(labels):
        own = np.mean([distances[i, j] for j in of_label[label] if j != i])
        others = min(np.mean(distances[i, of_label[name]]) for name in "abc" if name != label)
        silhouettes.append((others - own) / max(own, others))
        nearest = sorted((j for j in range(47) if j != i), key=lambda j: distances[i, j])[:NEIGHBOURS]
        votes = {name: sum(labels[j] == name for j in nearest) for name in "abc"}
        most = [name for name in "abc" if votes[name] == max(votes.values())]
        winner = labels[nearest[0]] if labels[nearest[0]] in most else most[0]
        right.append(winner == label)
    found = separability(points, labels)
    assert np.isclose(found["silhouette"], np.mean(silhouettes))
    assert 0.4 < np.mean(right) < 1.0
    assert np.isclose(found["neighbours"], np.mean(right))


def test_latents_are_the_last_block_at_the_last_token_of_each_prompt_alone() -> None:
    tokenizer = train_tokenizer(["# dimension: 3\n"] * 3, {"de": "import numpy\n"}, 300)
    generator = TorchGenerator(tiny(tokenizer), tokenizer, "tiny")
    prompts = ["# dimension: 3\n", "# dimension: 12\nmuch longer than the others\n", "x\n"]
    found = latents_of(generator, prompts)
    for prompt, latent in zip(prompts, found, strict=True):
        with torch.no_grad():
            inputs = tokenizer(prompt, return_tensors="pt")["input_ids"]
            expected = generator.model.model(inputs).last_hidden_state[0, -1].numpy()
        assert np.allclose(latent, expected, atol=1e-5)


def test_figure(tmp_path: Path) -> None:
    points, labels = clusters(0.5)
    file = tmp_path / "latents.png"
    plot_latents({"before": points, "after": points}, {"label": labels}, file)
    with Image.open(file) as picture:
        assert picture.width > picture.height > 200
