"""The training mixture: full pairs, facts-only pairs, rows that only decide and rows that only write.

A small model has two things to learn, and can practise each by itself: deciding by a prompt's facts, and writing the program
of the optimizer it has named.
"""

from __future__ import annotations

import hashlib
import json
from itertools import accumulate
from math import ceil
from typing import Any

from datasets import Dataset, concatenate_datasets

from llamoco.dataset_builder.analysis.soft_labels import soft_label
from llamoco.dataset_builder.optimizers.configuration import configuration_for
from llamoco.dataset_builder.optimizers.pool import pool_for, render
from llamoco.dataset_builder.prompts.completion import with_optimizer
from llamoco.dataset_builder.prompts.facts import facts_only, part_of, with_unknown_functions
from llamoco.modeling.training.recipe import DatasetSource, RecipeError

Row = dict[str, Any]

COLUMNS = (  # that training, and the description of its data, read
    "prompt",
    "completion",
    "optimizer",
    "problem_id",
    "language",
    "pattern",
    "scores",
    "expected",
    "probes",
    "dim",
    "max_evals",
    "constrained",
)


def mixture(
    pairs: Dataset, source: DatasetSource, calibration: bool = False, screened: Dataset | None = None
) -> Dataset:
    """Build the rows that a recipe describes from the pairs of its data set.

    Args:
        pairs: columns prompt, completion, optimizer, and what the recipe asks for: calibration, language, pattern, scores,
            dim, max_evals, constrained.
        source: the recipe's part on data.
        calibration: take the rows for calibration in place of the others.
        screened: rows of config ``decisions``, for ``screened_rows``; columns prompt, completion, optimizer, scores, probes.

    Raises:
        RecipeError: a column is missing, or no pair is left.
    """
    chosen = pairs
    if source.hold_out:
        held_out = required_column(pairs, source, "calibration", "hold_out")
        chosen = _select(chosen, [row == calibration for row in held_out])
    if source.language is not None:
        languages = required_column(chosen, source, "language", "language")
        chosen = _select(chosen, [language == source.language for language in languages])
    if source.patterns is not None:
        known = set(required_column(chosen, source, "pattern", "patterns"))
        if unknown := [pattern for pattern in source.patterns if pattern not in known]:
            raise RecipeError(
                f"patterns: the pairs have no pattern {', '.join(unknown)}; they have {', '.join(sorted(known))}"
            )
        chosen = _select(chosen, [pattern in source.patterns for pattern in chosen["pattern"]])
    chosen = chosen.select_columns([name for name in COLUMNS if name in chosen.column_names])
    chosen = _with_empty(chosen, source)
    if len(chosen) == 0:
        raise RecipeError(f"no pair of {_name(source)} is left by hold_out, language and patterns")
    for field in ("unknown_share", "described_unknown_share"):
        if getattr(source, field):
            required_column(chosen, source, "probes", field)
    if source.soft_label_temperature and (source.soft_choice or source.decides):
        required_column(chosen, source, "scores", "soft_label_temperature")
        if source.expected_share:
            required_column(chosen, source, "expected", "expected_share")
    if source.program_only_share:
        for column in ("dim", "max_evals", "constrained"):
            required_column(chosen, source, column, "program_only_share")
    kinds = (
        (source.full_share, lambda row: _with_choices(row, source)),
        (
            source.facts_only_share,
            lambda row: {"prompt": facts_only(row["prompt"]), **_with_choices(row, source)},
        ),
        (source.decision_only_share, lambda row: _decision(row, source)),
        (source.unknown_share, lambda row: _decision(row, source, "unknown ", known=False)),
        (source.program_only_share, _program_only),
        (source.described_share, lambda row: _decision(row, source, "described ", described=True)),
        (
            source.described_unknown_share,
            lambda row: _decision(row, source, "described unknown ", known=False, described=True),
        ),
    )
    parts = []
    for number, (share, change) in enumerate(kinds):
        drawn = _select(chosen, [_uniform(f"{number} {prompt}") < share for prompt in chosen["prompt"]])
        if len(drawn):
            parts.append(drawn.map(change, desc="Rows"))
    if screened is not None:
        kept = screened.select_columns([name for name in COLUMNS if name in screened.column_names])
        kept = _with_empty(kept, source)
        for copy in range(ceil(source.screened_rows)):
            share = source.screened_rows - copy
            drawn = _select(
                kept, [_uniform(f"screened {copy} {prompt}") < share for prompt in kept["prompt"]]
            )
            parts.append(drawn.map(lambda row, copy=copy: _screened_decision(row, source, copy), desc="Rows"))
    if not parts:
        raise RecipeError(
            "full_share, facts_only_share, decision_only_share, described_share, unknown_share, described_unknown_share, "
            "screened_rows and program_only_share leave no row: raise one of them"
        )
    rows = concatenate_datasets(parts)
    if source.reads == "both":
        return rows
    return rows.map(lambda row: {"prompt": part_of(row["prompt"], source.reads)}, desc="Rows")


def _with_empty(rows: Dataset, source: DatasetSource) -> Dataset:
    """Rows with empty columns: `choices`, which those that decide fill, and `given`, which program-only rows fill."""
    columns = [("choices", source.soft_choice), ("given", source.program_only_share > 0)]
    for name, wanted in columns:
        rows = rows.add_column(name, [""] * len(rows)) if wanted else rows
    return rows


def _soft(row: Row, source: DatasetSource) -> dict[str, float]:
    """Probabilities of a row's optimizers: proportional to exp(AOCC / soft_label_temperature), and by `expected_share` what is expected."""
    own, share = soft_label(json.loads(row["scores"]), source.soft_label_temperature), source.expected_share
    if not share:
        return own
    expected: dict[str, float] = json.loads(row["expected"])
    return {name: (1 - share) * of_own + share * expected.get(name, 0.0) for name, of_own in own.items()}


def _with_choices(row: Row, source: DatasetSource) -> Row:
    """What `soft_choice` adds to a row that decides: all of the probabilities."""
    if not source.soft_choice:
        return {}
    return {"choices": json.dumps({name: round(share, 4) for name, share in _soft(row, source).items()})}


def _decision(
    row: Row, source: DatasetSource, salt: str = "", known: bool = True, described: bool = False
) -> Row:
    """Facts and the decision line, which names the label or, above temperature 0, an optimizer drawn by the scores.

    Args:
        row: of the data set.
        source: the recipe's part on data.
        salt: tells the draws of one problem apart.
        known: whether the facts tell what the functions do; else probes do, as where they cannot be traced.
        described: whether the description stays before the facts.
    """
    facts = facts_only(row["prompt"])
    prompt = row["prompt"] if described else facts
    if not known:
        prompt = prompt.removesuffix(facts) + with_unknown_functions(facts, row["probes"])
    name = label = row["optimizer"]
    if source.soft_label_temperature:
        shares = _soft(row, source)
        mark = _uniform(f"name {salt}{row['prompt']}")
        reached = zip(shares, accumulate(shares.values()), strict=True)
        name = next((other for other, up_to in reached if mark < up_to), name)
    return {
        "prompt": prompt,
        "completion": _decision_of(row, name),
        # Of all the names that a soft choice teaches, the label is what the problem's optimizer is.
        "optimizer": label if source.soft_choice else name,
        **_with_choices(row, source),
    }


def _screened_decision(row: Row, source: DatasetSource, copy: int) -> Row:
    """Decision-only row of a screened problem: number ``copy`` of those of the problem, each with an optimizer drawn anew."""
    known = _uniform(f"unknown {copy} {row['prompt']}") >= source.unknown_share
    return _decision(row, source, str(copy) if known else f"unknown {copy}", known)


def _program_only(row: Row) -> Row:
    """Facts as the prompt; the completion gives a decision, and teaches the program of any optimizer that can handle the problem.

    Each is drawn equally often, however seldom it is the best: a program that is rarely written is not written well.
    """
    names = [optimizer.name for optimizer in pool_for(row["constrained"])]
    name = names[int(_uniform(f"program {row['prompt']}") * len(names))]
    given = _decision_of(row, name)
    config = configuration_for(name, row["dim"], row["max_evals"], row["constrained"])
    return {
        "prompt": facts_only(row["prompt"]),
        "completion": given + render(name, config),
        "given": given,
        "optimizer": name,
    }


def _decision_of(row: Row, name: str) -> str:
    """A row's decision line, with its newline, naming an optimizer."""
    return with_optimizer(row["completion"].split("\n", 1)[0], name) + "\n"


def required_column(pairs: Dataset, source: DatasetSource, name: str, field: str) -> list[Any]:
    """A column that a field of the recipe reads.

    Raises:
        RecipeError: the pairs lack it.
    """
    if name not in pairs.column_names:
        raise RecipeError(f"{field} needs the column {name}, which {_name(source)} lacks")
    return list(pairs[name])


def _name(source: DatasetSource) -> str:
    return repr(source.dataset_name) if source.dataset_name else "the shipped data set"


def _select(pairs: Dataset, wanted: list[bool]) -> Dataset:
    return pairs if all(wanted) else pairs.select([row for row, want in enumerate(wanted) if want])


def _uniform(text: str) -> float:
    """A number in [0, 1) that follows from a text."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6]) / 2**48
