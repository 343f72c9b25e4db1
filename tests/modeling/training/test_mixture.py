"""Which rows a recipe sees: shares, kinds of rows, and what is left out."""

from __future__ import annotations

from collections import Counter

import pytest
from datasets import Dataset

from llamoco.dataset_builder.problems.synthesis import draw_problem
from llamoco.dataset_builder.prompts.pairs import pairs
from llamoco.dataset_builder.prompts.prompt import facts
from llamoco.modeling.held_out import held_out
from llamoco.modeling.training.mixture import mixture
from llamoco.modeling.training.recipe import DatasetSource, RecipeError

PROBLEMS = [draw_problem(0, number, False) for number in range(40)]


@pytest.fixture(scope="module")
def rows() -> Dataset:
    return Dataset.from_list([row for problem in PROBLEMS for row in pairs(problem, "slsqp", "{}", 0, 4)])


def source(**fields: object) -> DatasetSource:
    return DatasetSource("llamoco", **fields)  # type: ignore[arg-type]


def test_whole_pairs_by_default(rows: Dataset) -> None:
    assert mixture(rows, source()).to_list() == rows.to_list()


def test_three_kinds_of_rows(rows: Dataset) -> None:
    seen = mixture(rows, source(descriptions=0.5, facts_alone=1, decisions_alone=1))
    known = {problem.id: facts(problem) for problem in PROBLEMS}
    whole = [row for row in seen if row["prompt"] != known[row["problem_id"]]]
    short = [row for row in seen if row["prompt"] == known[row["problem_id"]]]
    assert len(short) == 2 * len(rows)
    assert 0.3 * len(rows) < len(whole) < 0.7 * len(rows)
    originals = {(row["prompt"], row["completion"]) for row in rows}
    assert all((row["prompt"], row["completion"]) in originals for row in whole)
    lines = Counter(row["completion"].count("\n") for row in short)
    assert lines[1] == len(rows), "decisions are first lines, with their newline"
    assert all(
        row["completion"].endswith("optimizer: slsqp\n")
        for row in short
        if row["completion"].count("\n") == 1
    )


def test_held_out_problems_and_other_languages_and_patterns_are_left_out(rows: Dataset) -> None:
    assert any(held_out(problem.id) for problem in PROBLEMS)
    kept = {row["problem_id"] for row in mixture(rows, source(hold_out=True))}
    assert kept == {problem.id for problem in PROBLEMS if not held_out(problem.id)}
    assert set(mixture(rows, source(language="latex"))["language"]) == {"latex"}
    pattern = rows[0]["pattern"]
    assert set(mixture(rows, source(patterns=[pattern]))["pattern"]) == {pattern}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"patterns": ["python_nonsense"]}, "no pattern python_nonsense; they have"),
        ({"language": "cobol"}, "no pair of 'llamoco' is left"),
        ({"descriptions": 0.0}, "leave no row"),
    ],
)
def test_what_leaves_nothing_is_refused(rows: Dataset, fields: dict[str, object], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        mixture(rows, source(**fields))


def test_a_missing_column_is_named(rows: Dataset) -> None:
    with pytest.raises(RecipeError, match=r"dataset\.hold_out needs the column problem_id"):
        mixture(rows.remove_columns("problem_id"), source(hold_out=True))
