"""Rows of the instruction set: every label of a table, described 4-6 times and answered once.

Config ``default`` answers from the whole pool and splits by problem. Config ``paper`` answers from the paper's 23 optimizers
and splits by pair, as the paper does.

A table that is large enough gives exactly the paper's 30,000 + 2,570 pairs. Everything follows
from the table: splits, numbers of descriptions, patterns and styles.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from itertools import cycle
from pathlib import Path
from typing import Any

from llamoco.dataset_builder.benchmark.label_table import read_labels
from llamoco.dataset_builder.benchmark.labels import Label, LabelsError
from llamoco.dataset_builder.benchmark.race import Score
from llamoco.dataset_builder.benchmark.screening import read_decisions
from llamoco.dataset_builder.optimizers.catalogue import POOL
from llamoco.dataset_builder.optimizers.pool import render
from llamoco.dataset_builder.problems.functions.catalogue import FUNCTIONS
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.prompts.facts import fact_lines
from llamoco.dataset_builder.prompts.probe_words import words_of_problem
from llamoco.dataset_builder.prompts.rows import labelled_decision, rows_of_problem

SEED = 0
SIZES = {"train": 30_000, "test": 2_570}  # pairs, as in the paper (section IV-A1)
FEWEST, MOST = 4, 6  # descriptions a problem
CALIBRATION_SHARE = 0.06  # of the problems of the train split
SAMPLE_ROWS = 20
LABELS_AT_ONCE = 16  # labels that a worker process gets at a time

Row = dict[str, Any]


def answerable_labels(path: Path) -> list[Label]:
    """Read the labels of a table and check them; those of the train split come first.

    Raises:
        LabelsError: if there is no such table, it is of another version, or it names unknown optimizers, constants
            or basic functions.
    """
    labels = read_labels(path).labels
    known: set[tuple[str, str]] = set()
    for label in labels:
        try:
            if (
                unknown := {c["function"] for c in label.problem.definition.get("components", ())}
                - FUNCTIONS.keys()
            ):
                raise ValueError(f"unknown basic functions {', '.join(sorted(unknown))}")
            answers = [(label.optimizer, label.config), *([label.paper.key] if label.paper else [])]
            for optimizer, config in set(answers) - known:
                render(optimizer, json.loads(config))
                known.add((optimizer, config))
        except ValueError as error:
            raise LabelsError(
                f"{path}, problem {label.problem.id}: {error}. Use the version of llamoco that wrote the "
                "table, or make the labels again with `llamoco benchmark`"
            ) from error
    return sorted(labels, key=lambda label: list(SIZES).index(label.split))


def description_counts(labels: Sequence[Label]) -> list[int]:
    """Number of descriptions of each problem, drawn from 4 to 6.

    Where a table is large enough for the complete set, single draws are then raised or lowered until the splits
    have exactly the sizes of ``SIZES``.

    Raises:
        LabelsError: if a table that is large enough has too few or too many problems in a split.
    """
    counts = [PortableRng("descriptions", SEED, label.problem.id).integer(FEWEST, MOST) for label in labels]
    if len(labels) * MOST < sum(SIZES.values()):
        return counts
    for split, size in SIZES.items():
        mine = [number for number, label in enumerate(labels) if label.split == split]
        if not FEWEST * len(mine) <= size <= MOST * len(mine):
            raise LabelsError(
                f"the label table has {len(mine):,} problems in its {split} split; with {FEWEST} to {MOST} "
                f"descriptions each, {size:,} pairs take {-(-size // MOST):,} to {size // FEWEST:,} problems: "
                "label a number of problems in that range"
            )
        missing = size - sum(counts[number] for number in mine)
        step = 1 if missing > 0 else -1
        order = cycle(PortableRng("descriptions", SEED, split).shuffled(mine))
        while missing:
            number = next(order)
            if FEWEST <= counts[number] + step <= MOST:
                counts[number] += step
                missing -= step
    return counts


def rows_of_labels(
    labels: Iterable[Label], counts: Iterable[int], config: str, executor: Executor | None = None
) -> Iterator[list[Row]]:
    """The rows of each label, in the order given.

    Args:
        labels: of the problems to describe.
        counts: descriptions of each label.
        config: "default" or "paper": who may be the answer.
        executor: makes the rows; None for this process.
    """
    rows = _paper_rows if config == "paper" else _rows
    if executor is None:
        return map(rows, labels, counts)
    return executor.map(rows, labels, counts, chunksize=LABELS_AT_ONCE)


def rows_of_split(labels: Path, split: str) -> Iterator[Row]:
    """Rows of the by-problem split, in the order of the table: no problem of the test split has a description in train.

    Writing patterns that are held out occur in the test split only.

    Args:
        labels: path of the label table.
        split: "train" or "test".
    """
    table = answerable_labels(labels)
    chosen = [pair for pair in zip(table, description_counts(table), strict=True) if pair[0].split == split]
    for label, count in chosen:
        yield from _rows(label, count)


def paper_rows_of_split(labels: Path, split: str) -> list[Row]:
    """Rows of config ``paper``: the same problems and numbers of descriptions, answered from the paper's 23 optimizers and split
    by pair, as in the paper (section IV-A1): see ``paper_order``.
    """
    table = answerable_labels(labels)
    counts = description_counts(table)
    rows = [row for label, count in zip(table, counts, strict=True) for row in _paper_rows(label, count)]
    train = sum(count for label, count in zip(table, counts, strict=True) if label.split == "train")
    return [rows[number] for number in paper_order(train, len(rows) - train)[split]]


def paper_order(train: int, test: int) -> dict[str, list[int]]:
    """Numbers of the rows in each split of config ``paper``, drawn at random; those of train problems are counted first."""
    order = PortableRng("paper_split", SEED).shuffled(range(train + test))
    return {"train": order[test:], "test": order[:test]}


def decision_rows(path: Path) -> Iterator[Row]:
    """Rows of config ``decisions``: of each screened problem its facts and the decision line of the best, without a description.

    Args:
        path: of the table of screened problems.

    Raises:
        LabelsError: if there is no such table, or it is of another version.
    """
    for one in read_decisions(path):
        problem, best = one.problem, next(iter(one.scores))
        yield {
            "prompt": fact_lines(problem),
            "completion": labelled_decision(problem, best) + "\n",
            "problem_id": problem.id,
            "probes": words_of_problem(problem),
            "optimizer": best,
            "dim": problem.dim,
            "constrained": problem.constrained,
            "max_evals": problem.max_evals,
            "f0": problem.f0,
            "f_star": problem.f_star,
            "problem": problem.to_json(),
            "scores": json.dumps(one.scores),
        }


def sample_jsonl(labels: Path) -> str:
    """A few rows of the set as JSON Lines, of problems from all over the table: the sample that ships with it."""
    table = answerable_labels(labels)
    counts = description_counts(table)
    size = min(SAMPLE_ROWS, len(table))
    places = [number * len(table) // size for number in range(size)]
    # Of one problem the first description, of the next the second, ...: all patterns are seen.
    rows = [_rows(table[place], counts[place])[number % FEWEST] for number, place in enumerate(places)]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def is_for_calibration(problem_id: str) -> bool:
    """True if a problem of the train split is held out for calibration: 6% of them, by a hash of the id.

    By problem, as the splits are: another description of a problem that was trained on would look easier than a new problem
    is, and the confidence would be calibrated too high.
    """
    digest = hashlib.sha256(f"held out {problem_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < CALIBRATION_SHARE * 2**64


def _rows(label: Label, count: int) -> list[Row]:
    return _answered_rows(label, count, label.optimizer, label.config, label.screen)


def _paper_rows(label: Label, count: int) -> list[Row]:
    if label.paper is None:
        raise LabelsError(
            f"problem {label.problem.id}: none of the paper's optimizers raced, so config paper has no answer"
        )
    raced = [entry for entry in label.raced if POOL[entry.optimizer].edition == "paper"]
    return _answered_rows(label, count, label.paper.optimizer, label.paper.config, raced)


def _answered_rows(
    label: Label, count: int, optimizer: str, config: str, raced: Sequence[Score]
) -> list[Row]:
    """Rows of a label with an answer; ``raced`` are the screen's scores of the optimizers that it was chosen from."""
    rows = rows_of_problem(label.problem, optimizer, config, SEED, count, held_out=label.split == "test")
    # Of a finalist the scores on fresh seeds, which come second, replace those of the screen.
    names = {entry.optimizer for entry in raced}
    scores = {e.optimizer: e.aocc for e in (*raced, *label.finalists) if e.optimizer in names}
    more = {
        "scores": json.dumps(scores),
        "calibration": label.split == "train" and is_for_calibration(label.problem.id),
    }
    return [row | more for row in rows]
