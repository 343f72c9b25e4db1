"""The training mixture: shares, kinds of rows, and what is left out."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path

import pytest
from datasets import Dataset

from llamoco.dataset_builder.optimizers import pool
from llamoco.dataset_builder.optimizers.configuration import configuration_for
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.completion import parse_completion
from llamoco.dataset_builder.prompts.facts import FACTS, fact_lines, part_of
from llamoco.dataset_builder.prompts.probe_words import words_of_problem
from llamoco.dataset_builder.prompts.rows import fact_lines_of_rows, rows_of_problem
from llamoco.modeling.training.mixture import COLUMNS, mixture
from llamoco.modeling.training.recipe import DatasetSource, RecipeError

SAMPLE = Path(__file__).parents[3] / "dataset_builder" / "labels" / "sample.jsonl"
PROBLEMS = [
    Problem.from_json(json.loads(line)["problem"]) for line in SAMPLE.read_text(encoding="utf-8").splitlines()
]
SCORES = {"slsqp": 0.9, "de_rand": 0.85, "cobyla": 0.7, "cmaes": 0.1}


@pytest.fixture(scope="module")
def rows() -> Dataset:
    return Dataset.from_list(
        [
            {**row, "scores": json.dumps(SCORES), "calibration": number % 5 == 0}
            for number, problem in enumerate(PROBLEMS)
            for row in rows_of_problem(problem, "slsqp", "{}", 0, 4)
        ]
    )


def source(**fields: object) -> DatasetSource:
    return DatasetSource("llamoco", **fields)  # type: ignore[arg-type]


def test_whole_pairs_by_default(rows: Dataset) -> None:
    kept = [name for name in COLUMNS if name in rows.column_names]
    assert mixture(rows, source()).to_list() == rows.select_columns(kept).to_list()


def test_three_kinds_of_rows(rows: Dataset) -> None:
    seen = mixture(rows, source(full_share=0.5, facts_only_share=1, decision_only_share=1))
    known = {problem.id: fact_lines_of_rows(problem) for problem in PROBLEMS}
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


def test_rows_for_calibration_and_other_languages_and_patterns_are_left_out(rows: Dataset) -> None:
    held_out = {problem.id for problem in PROBLEMS[::5]}
    kept = {row["problem_id"] for row in mixture(rows, source(hold_out=True))}
    assert kept == {problem.id for problem in PROBLEMS} - held_out
    validation = mixture(rows, source(hold_out=True, validation=True), calibration=True)
    assert set(validation["problem_id"]) == held_out
    assert set(mixture(rows, source(language="latex"))["language"]) == {"latex"}
    pattern = rows[0]["pattern"]
    assert set(mixture(rows, source(patterns=[pattern]))["pattern"]) == {pattern}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"patterns": ["python_nonsense"]}, "no pattern python_nonsense; they have"),
        ({"language": "cobol"}, "no pair of 'llamoco' is left"),
        ({"full_share": 0.0}, "leave no row"),
    ],
)
def test_what_leaves_nothing_is_refused(rows: Dataset, fields: dict[str, object], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        mixture(rows, source(**fields))


@pytest.mark.parametrize(
    ("fields", "column"),
    [
        ({"hold_out": True}, "calibration"),
        ({"decision_only_share": 1.0, "soft_label_temperature": 0.05}, "scores"),
        ({"program_only_share": 0.5}, "max_evals"),
    ],
)
def test_a_missing_column_is_named(rows: Dataset, fields: dict[str, object], column: str) -> None:
    name = list(fields)[-1]
    with pytest.raises(RecipeError, match=rf"{name} needs the column {column}"):
        mixture(rows.remove_columns(column), source(**fields))


def test_unknown_rows_read_as_the_prompts_of_problems_that_cannot_be_traced(rows: Dataset) -> None:
    seen = mixture(rows, source(full_share=0, unknown_share=1))
    assert len(seen) > 0
    by_id = {problem.id: problem for problem in PROBLEMS}
    for row in seen:
        problem = by_id[row["problem_id"]]
        assert row["prompt"] == fact_lines(problem, False, words_of_problem(problem))
        assert row["completion"].count("\n") == 1


def test_screened_problems_give_decisions_drawn_anew(rows: Dataset) -> None:
    problem = PROBLEMS[0]
    screened = Dataset.from_list(
        [
            {
                "prompt": f"{fact_lines(problem)}# number: {number}\n",
                "completion": "# smooth; optimizer: slsqp\n",
                "problem_id": f"s{number}",
                "probes": "60 points",
                "optimizer": "slsqp",
                "scores": json.dumps(SCORES),
            }
            for number in range(400)
        ]
    )
    made = source(full_share=1, screened_rows=3, unknown_share=0.4, soft_label_temperature=0.1)
    seen = mixture(rows, made, screened=screened)
    mine = [row for row in seen if row["problem_id"].startswith("s")]
    assert len(mine) == 1200 and len(seen) > 1200
    unknown = [row for row in mine if "\n# objective: unknown\n" in row["prompt"]]
    assert all("\n# probes: 60 points\n" in row["prompt"] for row in unknown)
    assert len(unknown) == pytest.approx(0.4 * 1200, abs=5 * (0.24 * 1200) ** 0.5)
    names = Counter(row["optimizer"] for row in mine)
    weights = {name: math.exp(score / 0.1) for name, score in SCORES.items()}
    for name, weight in weights.items():
        share = weight / sum(weights.values())
        assert names[name] / 1200 == pytest.approx(share, abs=5 * (share * (1 - share) / 1200) ** 0.5 + 1e-3)
    # Of one problem not always the same.
    assert any(len({row["optimizer"] for row in mine if row["problem_id"] == f"s{n}"}) > 1 for n in range(20))


def test_program_only_rows_practise_every_applicable_optimizer_equally_often() -> None:
    problem = next(problem for problem in PROBLEMS if problem.constrained)
    described = rows_of_problem(problem, "slsqp", "{}", 0, 4)
    many = [{**row, "prompt": f"# {n}\n{row['prompt']}"} for n in range(100) for row in described]
    seen = mixture(Dataset.from_list(many), source(full_share=0, program_only_share=1))
    serving = [optimizer.name for optimizer in pool.pool_for(constrained=True)]
    counts = Counter(seen["optimizer"])
    share = len(seen) / len(serving)
    assert set(counts) == set(serving)
    # Five standard deviations of a binomial count.
    assert all(abs(count - share) < 5 * share**0.5 for count in counts.values())
    for row in {row["optimizer"]: row for row in seen}.values():
        known = row["prompt"].splitlines()
        assert [fact.partition(":")[0] for fact in known] == [f"# {name}" for name in FACTS]
        line, body, name = parse_completion(row["completion"])
        assert row["given"] == line + "\n" and name == row["optimizer"]
        config = configuration_for(name, row["dim"], row["max_evals"], constrained=True)
        assert pool.identify(body) == (name, config)


def test_decisions_name_optimizers_as_often_as_their_scores_say() -> None:
    [row] = rows_of_problem(PROBLEMS[0], "slsqp", "{}", 0, 1)
    many = Dataset.from_list(
        [{**row, "prompt": f"# {n}\n{row['prompt']}", "scores": json.dumps(SCORES)} for n in range(4000)]
    )
    seen = mixture(many, source(full_share=0, decision_only_share=1, soft_label_temperature=0.1))
    scores = SCORES
    weights = {name: math.exp(score / 0.1) for name, score in scores.items()}
    counts = Counter(seen["optimizer"])
    assert set(counts) <= set(scores) and len(counts) >= 3
    for name, weight in weights.items():
        share = weight / sum(weights.values())
        assert abs(counts[name] / 4000 - share) < 5 * (share * (1 - share) / 4000) ** 0.5 + 1e-3, name
    lines = {completion: name for completion, name in zip(seen["completion"], seen["optimizer"], strict=True)}
    for line, name in lines.items():
        assert line.count("\n") == 1 and parse_completion(line).optimizer == name
    sharp = mixture(many, source(full_share=0, decision_only_share=1, soft_label_temperature=1e-6))
    assert set(sharp["optimizer"]) == {max(scores, key=lambda name: scores[name])}


def test_a_soft_choice_has_all_probabilities_wherever_a_row_decides() -> None:
    described = rows_of_problem(PROBLEMS[0], "slsqp", "{}", 0, 4)
    many = Dataset.from_list(
        [
            {**row, "prompt": f"# {n}\n{row['prompt']}", "scores": json.dumps(SCORES)}
            for n in range(20)
            for row in described
        ]
    )
    shares = {"full_share": 0.5, "facts_only_share": 0.5, "decision_only_share": 1, "program_only_share": 1}
    seen = mixture(many, source(**shares, soft_label_temperature=0.1, soft_choice=True))
    total = sum(math.exp(score / 0.1) for score in SCORES.values())
    expected = {name: math.exp(score / 0.1) / total for name, score in SCORES.items()}
    named = set()
    for row in seen:
        if row["given"]:
            assert row["choices"] == ""  # it has decided
        else:
            assert json.loads(row["choices"]) == pytest.approx(expected, abs=1e-4)
            assert row["optimizer"] == "slsqp"
            named.add(parse_completion(row["completion"]).optimizer)
    assert named >= {"slsqp", "de_rand"}, (
        "lines name optimizers by their probabilities, of which later tokens follow"
    )
    assert Counter(bool(choices) for choices in seen["choices"])[False] == len(many)


def test_described_decisions_keep_the_description(rows: Dataset) -> None:
    seen = mixture(rows, source(full_share=0, described_share=1, described_unknown_share=1))
    assert len(seen) == 2 * len(rows)
    prompts = set(rows["prompt"])
    by_id = {problem.id: problem for problem in PROBLEMS}
    known = [row for row in seen if row["prompt"] in prompts]
    assert len(known) >= len(rows)
    descriptions = {part_of(prompt, "description") for prompt in prompts}
    for row in seen:
        assert row["completion"].count("\n") == 1
        if row["prompt"] not in prompts:
            problem = by_id[row["problem_id"]]
            facts = fact_lines(problem, False, words_of_problem(problem))
            assert row["prompt"].endswith(f"\n{facts}") and row["prompt"].removesuffix(facts) in descriptions


@pytest.mark.parametrize("part", ["facts", "description"])
def test_a_model_reads_the_part_that_its_recipe_says(rows: Dataset, part: str) -> None:
    both, read = (
        mixture(rows, source(full_share=0, described_share=1, reads=reads)) for reads in ("both", part)
    )
    assert [part_of(prompt, part) for prompt in both["prompt"]] == read["prompt"][:]
    assert both["completion"][:] == read["completion"][:]
