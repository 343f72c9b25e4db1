"""Which rows a model sees: pairs of the instruction set, whole, with the prompt's facts alone, or the decision alone."""

from __future__ import annotations

import hashlib

from datasets import Dataset, concatenate_datasets

from llamoco.dataset_builder.prompts.prompt import facts_alone
from llamoco.modeling.held_out import held_out
from llamoco.modeling.training.recipe import DatasetSource, RecipeError


def mixture(pairs: Dataset, source: DatasetSource) -> Dataset:
    """The rows of a recipe, out of the pairs of its data set.

    Args:
        pairs: columns prompt, completion, optimizer, and what the recipe chooses by: problem_id, language, pattern.
        source: what the recipe says of its data.

    Raises:
        RecipeError: a column is missing, or no pair is left.
    """
    if "prompt" not in pairs.column_names:
        return pairs  # the trainer says what is missing
    chosen = pairs
    if source.hold_out:
        ids = _column(pairs, source, "problem_id", "hold_out")
        chosen = _rows(chosen, [not held_out(name) for name in ids])
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
    kinds = (
        (source.descriptions, None),
        (source.facts_alone, lambda row: {"prompt": facts_alone(row["prompt"])}),
        (
            source.decisions_alone,
            lambda row: {"prompt": facts_alone(row["prompt"]), "completion": _decision(row)},
        ),
    )
    seen = []
    for number, (share, change) in enumerate(kinds):
        drawn = _rows(chosen, [_draw(f"{number} {prompt}") < share for prompt in chosen["prompt"]])
        if len(drawn):
            seen.append(drawn if change is None else drawn.map(change, desc="Rows"))
    if not seen:
        raise RecipeError(
            "dataset: descriptions, facts_alone and decisions_alone leave no row: raise one of them"
        )
    return concatenate_datasets(seen)


def _decision(row: dict[str, str]) -> str:
    return row["completion"].split("\n", 1)[0] + "\n"


def _column(pairs: Dataset, source: DatasetSource, name: str, field: str) -> list[str]:
    if name not in pairs.column_names:
        raise RecipeError(f"dataset.{field} needs the column {name}, which {source.path!r} lacks")
    return list(pairs[name])


def _rows(pairs: Dataset, wanted: list[bool]) -> Dataset:
    return pairs if all(wanted) else pairs.select([row for row, want in enumerate(wanted) if want])


def _draw(prompt: str) -> float:
    """A number in [0, 1) that follows from a text."""
    return int.from_bytes(hashlib.sha256(prompt.encode()).digest()[:6]) / 2**48
