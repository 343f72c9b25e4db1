"""Which rows a model sees: pairs of the instruction set, whole or in part, and practice that is made from them.

A small model has two things to learn, and can practise each by itself: to choose by a prompt's facts, and to write the
program of the optimizer that it has named.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from itertools import accumulate
from math import exp
from typing import Any

from datasets import Dataset, concatenate_datasets

from llamoco.dataset_builder.benchmark.label_table import SHIPPED_LABELS, read_labels
from llamoco.dataset_builder.optimizers.configuration import configuration_for
from llamoco.dataset_builder.optimizers.pool import pool_for, render
from llamoco.dataset_builder.prompts.facts import facts_only
from llamoco.dataset_builder.prompts.instruction_set import is_for_calibration
from llamoco.modeling.training.recipe import DatasetSource, RecipeError

Row = dict[str, Any]

NAMED = "; optimizer: "  # which ends a decision line, before the name


def mixture(pairs: Dataset, source: DatasetSource) -> Dataset:
    """The rows of a recipe, out of the pairs of its data set.

    Args:
        pairs: columns prompt, completion, optimizer, and what the recipe asks for: problem_id, language, pattern, dim,
            max_evals, constrained.
        source: what the recipe says of its data.

    Raises:
        RecipeError: a column is missing, or no pair is left.
    """
    if "prompt" not in pairs.column_names:
        return pairs  # the trainer says what is missing
    chosen = pairs
    if source.hold_out:
        ids = _column(pairs, source, "problem_id", "hold_out")
        chosen = _rows(chosen, [not is_for_calibration(name) for name in ids])
    if source.language is not None:
        languages = _column(chosen, source, "language", "language")
        chosen = _rows(chosen, [language == source.language for language in languages])
    if source.patterns is not None:
        known = set(_column(chosen, source, "pattern", "patterns"))
        if unknown := [pattern for pattern in source.patterns if pattern not in known]:
            raise RecipeError(
                f"dataset.patterns: the pairs have no pattern {', '.join(unknown)}; they have {', '.join(sorted(known))}"
            )
        chosen = _rows(chosen, [pattern in source.patterns for pattern in chosen["pattern"]])
    if len(chosen) == 0:
        raise RecipeError(f"dataset: no pair of {source.path!r} is left by hold_out, language and patterns")
    scores = _scores(chosen, source) if source.decision_temperature else {}
    if source.programs_alone:
        for column in ("dim", "max_evals", "constrained"):
            _column(chosen, source, column, "programs_alone")
    kinds = (
        (source.descriptions, None),
        (source.facts_alone, lambda row: {"prompt": facts_only(row["prompt"])}),
        (source.decisions_alone, lambda row: _decision(row, scores, source.decision_temperature)),
        (source.programs_alone, _program),
    )
    seen = []
    for number, (share, change) in enumerate(kinds):
        drawn = _rows(chosen, [_draw(f"{number} {prompt}") < share for prompt in chosen["prompt"]])
        if len(drawn):
            seen.append(drawn if change is None else drawn.map(change, desc="Rows"))
    if not seen:
        raise RecipeError(
            "dataset: descriptions, facts_alone, decisions_alone and programs_alone leave no row: raise one of them"
        )
    return concatenate_datasets(seen)


def _decision(row: Row, scores: Mapping[str, Mapping[str, float]], temperature: float) -> Row:
    """Facts and the completion's first line, which names the label or, with scores, an optimizer drawn by them."""
    name = row["optimizer"]
    if scores:
        of_problem = scores[row["problem_id"]]
        best = max(of_problem.values())
        weights = [exp((score - best) / temperature) for score in of_problem.values()]
        mark = _draw(f"name {row['prompt']}") * sum(weights)
        reached = zip(of_problem, accumulate(weights), strict=True)
        name = next((name for name, total in reached if mark < total), name)
    return {
        "prompt": facts_only(row["prompt"]),
        "completion": _decision_line(row["completion"], name),
        "optimizer": name,
    }


def _program(row: Row) -> Row:
    """Facts and a decision as the prompt, the program as the completion, of any optimizer that serves the problem.

    Each equally often, however seldom it is the best: a program that is rarely written is not written well.
    """
    names = [optimizer.name for optimizer in pool_for(row["constrained"])]
    name = names[int(_draw(f"program {row['prompt']}") * len(names))]
    return {
        "prompt": facts_only(row["prompt"]) + _decision_line(row["completion"], name),
        "completion": render(name, configuration_for(name, row["dim"], row["max_evals"], row["constrained"])),
        "optimizer": name,
    }


def _decision_line(completion: str, name: str) -> str:
    """A completion's first line, with its newline, naming an optimizer."""
    return completion.split("\n", 1)[0].rpartition(NAMED)[0] + NAMED + name + "\n"


def _scores(pairs: Dataset, source: DatasetSource) -> dict[str, dict[str, float]]:
    """AOCC of each optimizer on each problem, over fresh seeds if it was a finalist, else in the screen."""
    scores = {
        label.problem.id: {entry.optimizer: entry.aocc for entry in (*label.screen, *label.finalists)}
        for label in read_labels(SHIPPED_LABELS).labels
    }
    unknown = set(_column(pairs, source, "problem_id", "decision_temperature")) - scores.keys()
    if unknown:
        raise RecipeError(
            f"dataset.decision_temperature: {source.path!r} has problems that the shipped label table lacks, such as "
            f"{min(unknown)}: leave it out, so that decisions name the labels"
        )
    return scores


def _column(pairs: Dataset, source: DatasetSource, name: str, field: str) -> list[str]:
    if name not in pairs.column_names:
        raise RecipeError(f"dataset.{field} needs the column {name}, which {source.path!r} lacks")
    return list(pairs[name])


def _rows(pairs: Dataset, wanted: list[bool]) -> Dataset:
    return pairs if all(wanted) else pairs.select([row for row, want in enumerate(wanted) if want])


def _draw(prompt: str) -> float:
    """A number in [0, 1) that follows from a text."""
    return int.from_bytes(hashlib.sha256(prompt.encode()).digest()[:6]) / 2**48
