"""The instruction set as rows: every label of a split, described 4-6 times and answered once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from llamoco.dataset_builder.benchmark.labels import Label, read_labels
from llamoco.dataset_builder.problems.draws import Draws
from llamoco.dataset_builder.prompts.pairs import pairs

SEED = 0


def rows_of_split(labels: Path, split: str) -> Iterator[dict[str, Any]]:
    """Rows of the by-problem split, in the order of the table: no problem of the test split has a description in train.

    Writing patterns that are held out occur in the test split only.

    Args:
        labels: path of the label table.
        split: "train" or "test".
    """
    for label in read_labels(labels).labels:
        if label.split == split:
            yield from _rows(label)


def paper_split(labels: Path, split: str) -> list[dict[str, Any]]:
    """The same rows split by pair, as in the paper (section IV-A1): as many test rows as ``rows_of_split`` gives, drawn at random."""
    train, test = (list(rows_of_split(labels, part)) for part in ("train", "test"))
    shuffled = Draws("paper_split", SEED).shuffled(train + test)
    return shuffled[: len(test)] if split == "test" else shuffled[len(test) :]


def _rows(label: Label) -> list[dict[str, Any]]:
    return pairs(label.problem, label.optimizer, label.config, seed=SEED, held_out=label.split == "test")
