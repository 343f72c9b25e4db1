"""Rows of a small train split, for tests of the studies."""

from __future__ import annotations

import json
from pathlib import Path

from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.rows import rows_of_problem
from llamoco.modeling.ablations.ablation import one_each
from llamoco.modeling.evaluation.split_rows import Row

SAMPLE = Path(__file__).parents[2] / "dataset_builder" / "labels" / "sample.jsonl"


def described(problems: int) -> list[Row]:
    """Rows of problems, two descriptions each, with scores of the label and of three optimizers that win less."""
    found: list[Row] = []
    for row in map(json.loads, SAMPLE.read_text(encoding="utf-8").splitlines()[:problems]):
        scores = {"de": 0.85, "cma_es": 0.8, "pso": 0.7} | {row["optimizer"]: 0.9}
        made = rows_of_problem(
            Problem.from_json(row["problem"]), row["optimizer"], row["hyperparameters"], 0, 2
        )
        found += [{**one, "scores": json.dumps(scores)} for one in made]
    return found


def to_answer(train_rows: list[Row]) -> list[Row]:
    """Numbered rows of the two problems with the smallest budgets, one each, as if they were of the test split."""
    numbered = [{"row": number, **row} for number, row in enumerate(train_rows)]
    return sorted(one_each(numbered), key=lambda row: row["max_evals"])[:2]
