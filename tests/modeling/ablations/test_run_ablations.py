"""The study from end to end on a tiny set: pairs, trainings, answers, runs, record; what is finished is not done again."""

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from datasets import Dataset
from PIL import Image
from study_rows import described, to_answer

from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.facts import facts_only
from llamoco.modeling.ablations import run_ablations
from llamoco.modeling.ablations.ablation import ANSWERS, completed, folder_of, one_each, read_answers
from llamoco.modeling.ablations.families import RECIPES, SCRATCH, SMOLLM2, Family
from llamoco.modeling.ablations.pairs import CONFIGS, PLAIN, write_nested_pairs, write_pairs
from llamoco.modeling.ablations.programs import run_missing, runnable
from llamoco.modeling.ablations.record import conclusion, majority, steps_until
from llamoco.modeling.ablations.run_ablations import compare_latents, work, write_record
from llamoco.modeling.ablations.scoring import reference_answers
from llamoco.modeling.evaluation.split_rows import Row
from llamoco.modeling.generation.model_answer import Decision

CHECKOUT = Path(__file__).parents[3]
NAMES = ("base", "no_warmup")


@pytest.fixture(scope="module")
def train_rows() -> list[Row]:
    """Rows of a train split of 12 problems, two descriptions each."""
    return described(12)


@pytest.fixture(scope="module")
def rows(train_rows: list[Row]) -> list[Row]:
    """Two problems with the smallest budgets, by their facts alone."""
    return [{**row, "prompt": facts_only(row["prompt"])} for row in to_answer(train_rows)]


@pytest.fixture(scope="module")
def source(train_rows: list[Row]) -> Dataset:
    return Dataset.from_list(train_rows)


@pytest.fixture(scope="module")
def recipes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped recipes on a tiny model, for a few steps."""
    folder = tmp_path_factory.mktemp("recipes")
    for name in NAMES:
        content = yaml.safe_load((CHECKOUT / RECIPES / f"{name}.yaml").read_text(encoding="utf-8"))
        content |= {
            "hidden_size": 16,
            "intermediate_size": 16,
            "num_hidden_layers": 1,
            "max_position_embeddings": 512,
            "contrastive_steps": min(content["contrastive_steps"], 2),
            "num_train_epochs": 0.5,
            "max_length": 512,
            "logging_steps": 1,
        }
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def out(
    recipes: Path, source: Dataset, rows: list[Row], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    out = tmp_path_factory.mktemp("study")
    write_pairs(source, out / "pairs")
    # What a kill in the middle of a training leaves behind.
    left = folder_of(out, "base", 0) / "checkpoints" / "checkpoint-1"
    left.mkdir(parents=True)
    for name in NAMES:
        work(out, recipes / f"{name}.yaml", name, 0, rows)
    yield out


def test_pairs_are_the_same_but_for_the_descriptions(out: Path, train_rows: list[Row]) -> None:
    tables = {name: pq.read_table(out / "pairs" / name / "train.parquet").to_pylist() for name in CONFIGS}
    facts = [
        [[row["problem_id"], row["completion"], facts_only(row["prompt"])] for row in table]
        for table in tables.values()
    ]
    assert all(others == facts[0] for others in facts)
    assert [fact[0] for fact in facts[0]] == list(dict.fromkeys(row["problem_id"] for row in train_rows))
    languages = {name: [row["language"] for row in table] for name, table in tables.items()}
    assert set(languages["python"]) == {"python"}
    assert set(languages["latex"]) == {"latex"}
    assert set(languages["both"]) == {"python", "latex"}
    assert languages["plain"] == languages["both"]
    assert all("optimizer: " in fact[1].splitlines()[0] and fact[1].count("\n") == 1 for fact in facts[0])
    prompts = {row["prompt"] for row in train_rows}
    assert all(row["prompt"] in prompts for name in ("both", "python", "latex") for row in tables[name])
    assert all(row["pattern"] == PLAIN[row["language"]] for row in tables["plain"])


def test_fewer_problems_are_the_same_for_all_descriptions(
    source: Dataset, train_rows: list[Row], tmp_path: Path
) -> None:
    only_python = [{**train_rows[0], "problem_id": "in Python only", "language": "python"}]
    write_pairs(Dataset.from_list([*train_rows, *only_python]), tmp_path / "pairs", 5)
    ids = [
        pq.read_table(tmp_path / "pairs" / name / "train.parquet")["problem_id"].to_pylist()
        for name in CONFIGS
    ]
    assert all(others == ids[0] for others in ids) and len(set(ids[0])) == 5
    assert "in Python only" not in ids[0]


def test_larger_sets_have_the_pairs_of_the_smaller_ones(source: Dataset, tmp_path: Path) -> None:
    sizes = {"5": 5, "12": 12, "24": 24}
    write_nested_pairs(source, tmp_path / "pairs", sizes)
    tables = [pq.read_table(tmp_path / "pairs" / name / "train.parquet").to_pylist() for name in sizes]
    assert [len(table) for table in tables] == list(sizes.values())
    for smaller, larger in itertools.pairwise(tables):
        assert larger[: len(smaller)] == smaller
    assert [len({row["problem_id"] for row in table}) for table in tables] == [3, 6, 12]
    assert all(row["completion"].count("\n") == 1 for row in tables[-1])


def test_record_has_the_rows_of_the_card(out: Path, rows: list[Row], tmp_path: Path) -> None:
    path = write_record(out, SCRATCH, rows, 1, tmp_path)
    assert path is not None
    record = json.loads(path.read_text(encoding="utf-8"))
    assert [row["recipe"] for row in record["rows"]] == [f"{RECIPES}/{name}.yaml" for name in NAMES]
    for row in record["rows"]:
        assert row["seeds"] == [0]
        for score in ("err", "r_acc", "perf", "aocc"):
            assert 0 <= row[score]["mean"] <= 1
            assert row[score]["sd"] is None
        # The model has learnt nothing: it names no optimizer.
        assert row["err"]["mean"] == 1
        assert row["aocc"]["mean"] == 0
    single, virtual = (record["references"]["all"][name] for name in ("sbs", "vbs"))
    assert single != virtual
    closed = record["rows"][0]["gap_closed"]
    assert (
        closed is None if virtual < single else closed["mean"] == pytest.approx(-single / (virtual - single))
    )
    assert record["rows"][1]["against_base"]["difference"] == 0
    assert {"setting", "command", "seed", "machine", "date", "parameters"} <= record.keys()
    setting = (
        r"a model of 0.0M parameters, trained on one description each of \d+ problems and their facts alone"
    )
    assert re.match(setting, record["setting"])
    assert list(record["figures"]) == ["warm_up.png"]
    with Image.open(tmp_path / "warm_up.png") as picture:
        assert picture.width > picture.height > 200
    assert [list(row["losses"]["warm_up"]) for row in record["rows"]] == [["1", "2"], []]
    assert {"facts known", "python", "latex"} & record["rows"][0]["groups"].keys()


def test_what_is_finished_is_not_done_again(out: Path, recipes: Path, rows: list[Row]) -> None:
    kept = {file: file.read_bytes() for file in out.glob("**/*") if file.is_file()}
    for name in NAMES:
        work(out, recipes / f"{name}.yaml", name, 0, rows)
    assert {file: file.read_bytes() for file in out.glob("**/*") if file.is_file()} == kept
    # Killed while answers were written.
    answers = folder_of(out, "base", 0) / ANSWERS
    answers.write_bytes(kept[answers][:-20])
    for name in NAMES:
        work(out, recipes / f"{name}.yaml", name, 0, rows)
    assert answers.read_bytes() == kept[answers]


def test_latents_of_four_states_and_their_figure(out: Path, recipes: Path, rows: list[Row]) -> None:
    more = [
        {**row, "constrained": bool(i % 2), "optimizer": "ab"[i % 2]} for i, row in enumerate([*rows, *rows])
    ]
    compare_latents(recipes, out, SCRATCH, more)
    measured = json.loads((out / "latents.json").read_text(encoding="utf-8"))["states"]
    assert list(measured) == [
        f"{which} warm-up, {when} tuning" for when in ("before", "after") for which in ("without", "with")
    ]
    assert (out / "latents.png").stat().st_size > 10_000


@pytest.mark.parametrize("family", [SCRATCH, SMOLLM2], ids=lambda family: family.name)
def test_one_seed_of_all_recipes_comes_before_the_next(
    family: Family, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record is written after each training, the latents are compared when both models are there."""
    done: list[str] = []
    monkeypatch.setattr(run_ablations, "evaluation_rows", lambda *_, **__: [])
    monkeypatch.setattr(
        run_ablations, "work", lambda _, recipe, name, seed, *__: done.append(f"{name} {seed}")
    )
    monkeypatch.setattr(run_ablations, "write_record", lambda *_: done.append("record"))
    monkeypatch.setattr(run_ablations, "compare_latents", lambda *_: done.append("latents"))
    (tmp_path / "pairs").mkdir()
    run_ablations.run_ablations(tmp_path, family, seeds=2)
    expected = [[word for name in family.about for word in (f"{name} {seed}", "record")] for seed in (0, 1)]
    assert done == [*expected[0], "latents", *expected[1], "record"]
    done.clear()
    run_ablations.run_ablations(tmp_path, family, names=["eq5"], seeds=1)
    assert done == ["eq5 0", "record", "record"]
    done.clear()
    run_ablations.run_ablations(tmp_path, family, record_only=True)
    assert done == ["record"]


def test_a_program_runs_once_whatever_its_comment_says(out: Path, rows: list[Row]) -> None:
    row = rows[0]
    text = reference_answers([row])["vbs"][0]
    program = text.partition("\n")[2]
    assert runnable(text) == runnable(program) == runnable(f"# another; optimizer: x\n{program}") == program
    assert runnable("# a\nprint(1)\n") == "# a\nprint(1)\n"
    before = (out / "runs-all.jsonl").read_bytes()
    assert run_missing(out, [(Problem.from_json(row["problem"]), f"# smooth\n{program}")]) == 0
    assert (out / "runs-all.jsonl").read_bytes() == before
    assert len(read_answers(folder_of(out, "base", 0))) == len(rows)


def test_a_right_decision_is_answered_by_the_labelled_program(train_rows: list[Row]) -> None:
    for row in train_rows:
        problem, line = Problem.from_json(row["problem"]), row["completion"].split("\n", 1)[0]
        assert completed(Decision(line, row["optimizer"], 1.0), problem) == row["completion"]
        assert completed(Decision(line, "no_such_one", 1.0), problem) == f"{line}\n"
        assert completed(Decision("", None, 0.0), problem) == "\n"


def test_languages_take_turns(train_rows: list[Row]) -> None:
    chosen = one_each(train_rows)
    assert [row["problem_id"] for row in chosen] == list(
        dict.fromkeys(row["problem_id"] for row in train_rows)
    )
    assert [row["language"] for row in chosen] == [("python", "latex")[i % 2] for i in range(len(chosen))]


def test_majority_is_the_half_of_all() -> None:
    assert majority(["a"] * 3 + ["b"] * 2 + ["c"] * 3 + ["d"] * 2) == ["a", "c"]
    assert majority(["a", "a", "b"]) == ["a"]


def test_steps_until_a_choice_loss_are_those_of_five_entries_mean() -> None:
    losses = [2.8, 2.4, 2.0, 2.0, 2.0, 2.0, 1.8, 1.8]
    history = [{"step": 10 * i + 25, "choice_loss": loss} for i, loss in enumerate(losses)]
    # Means of five: 2.24, 2.08, 1.96, 1.92
    assert steps_until(history, (2.2, 2.0, 1.9)) == {
        "2.2": 75,
        "2.0": 85,
        "1.9": None,
    }


def test_conclusion_says_what_the_intervals_say() -> None:
    def row(name: str, difference: float, low: float, high: float) -> dict[str, Any]:
        return {"name": name, "against_base": {"difference": difference, "interval": [low, high]}}

    assert conclusion([{"name": "the method"}]) is None
    text = conclusion(
        [
            {"name": "the method"},
            row("a", -0.1, -0.2, -0.05),
            row("b", 0.1, -0.01, 0.2),
            row("c", 0.2, 0.1, 0.3),
        ]
    )
    assert text is not None
    worse, better, same, _ = text.split(". ")
    assert worse == "Worse than the method by AOCC: a (-0.100 [-0.200, -0.050])"
    assert better.startswith("Better than the method by AOCC: c (+0.200")
    assert same.startswith("Not to be told from the method by AOCC: b (+0.100")
