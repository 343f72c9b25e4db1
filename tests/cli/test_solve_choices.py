"""`llamoco solve` where there is a choice: low confidence, several seeds, several programs."""

import json
import shutil
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
from tiny_models import learnt
from typer.testing import CliRunner, Result

from llamoco.cli.main import app
from llamoco.dataset_builder.benchmark.label_table import SHIPPED_LABELS, read_labels
from llamoco.dataset_builder.optimizers import pool
from llamoco.dataset_builder.optimizers.configuration import configuration_for
from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.prompts.prompt import PROMPT_LIMIT, make_prompt
from llamoco.modeling.calibration.thresholds import Calibration
from llamoco.modeling.training.tokenizer import train_tokenizer

FILE = """\
LOWER, UPPER, MAX_EVALS = [0, 0], [1, 1], 400
calls = 0


def objective(x):
    global calls
    calls += 1
    open("calls", "w").write(str(calls))
    return float(x[0] + x[1])
"""
SINGLE_BEST = read_labels(SHIPPED_LABELS).sbs["unconstrained"]["aocc"]
CHOICE, *OTHERS = [name for name in ("de", "pso", "glpso", "madde") if name != SINGLE_BEST][:3]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model that answers the one problem with ``CHOICE`` half of the time, and knows ``OTHERS``."""
    folder = tmp_path_factory.mktemp("model")
    (folder / "problem.py").write_text(FILE)
    with chdir(folder):  # where the problem notes its calls
        prompt, _ = make_prompt(load_problem(folder / "problem.py"), PROMPT_LIMIT)
    tokenizer = train_tokenizer([prompt], {name: pool.source(name) for name in pool.POOL}, 1000)
    texts = {
        name: f"# rough; optimizer: {name}\n{pool.render(name, configuration_for(name, 2, 400, constrained=False))}"
        for name in (CHOICE, *OTHERS)
    }
    answers = [texts[CHOICE], *texts.values()]
    learnt(tokenizer, [(prompt, answer) for answer in answers], steps=400).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "problem.py").write_text(FILE)


def solve(*options: str, code: int = 0) -> Result:
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["solve", "problem.py", *options])
    assert done.exit_code == code, done.output
    return done


def solved(*options: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(solve("--json", *options).stdout)
    return answer


@pytest.fixture
def unsure(model: Path, tmp_path: Path) -> str:
    """The same model, whose choices hardly ever prove right."""
    folder = shutil.copytree(model, tmp_path / "unsure")
    (folder / "calibration.json").write_text(Calibration((0.0, 1.0), (0.2, 0.2), 0.3, {}).to_json())
    return str(folder)


def test_an_unsure_model_gives_way_to_the_single_best_solver(unsure: str) -> None:
    answer = solved("--model", unsure)
    assert answer["optimizer"] == SINGLE_BEST and answer["feasible"]
    assert (
        answer["replaced"] == "its confidence of 20% is under 30%, where the single best solver does better"
    )
    written = solved("--model", unsure, "--program-only")
    assert written["optimizer"] == SINGLE_BEST and written["replaced"] == answer["replaced"]
    said = solve("--model", unsure)
    assert "confidence of 20% is under 30%" in said.stderr
    assert "the benchmark's single best solver answers instead" in said.stderr
    assert f"optimizer: {SINGLE_BEST}" in Path("llamoco-out/problem_program.py").read_text()


def test_the_fallback_can_be_refused_and_needs_a_calibration(unsure: str, model: Path) -> None:
    answer = solved("--model", unsure, "--no-fallback", "--candidates", "1")
    assert (answer["optimizer"], answer["replaced"], answer["calibrated"]) == (CHOICE, None, True)
    assert answer["confidence"] == pytest.approx(0.2)
    raw = solved("--model", str(model))
    assert (raw["optimizer"], raw["replaced"], raw["calibrated"]) == (CHOICE, None, False)
    assert (
        raw["confidence"] == pytest.approx(0.5, abs=0.2)
        and raw["candidates"] is None
        and len(raw["runs"]) == 1
    )
    assert "it has no calibration" in solve("--model", str(model), "--program-only").stdout


def test_an_unsure_model_shares_the_budget_if_it_has_no_fallback(unsure: str) -> None:
    answer = solved("--model", unsure, "--no-fallback")
    assert answer["doubts"] == ["the model is not sure of its choice (20%)"]
    assert answer["candidates"][0]["optimizer"] == CHOICE and answer["replaced"] is None


def test_every_seed_is_shown(model: Path) -> None:
    answer = solved("--model", str(model), "--runs", "3", "--seed", "4")
    assert [run["seed"] for run in answer["runs"]] == [4, 5, 6]
    assert answer["f"] == min(run["f"] for run in answer["runs"]) and all(
        run["evals"] <= 400 for run in answer["runs"]
    )
    shown = solve("--model", str(model), "--runs", "2").stdout
    assert "seed" in shown and shown.count(" ok") >= 3


def test_candidates_share_one_budget(model: Path, unsure: str) -> None:
    answer = solved("--model", str(model), "--candidates", "3")
    raced = answer["candidates"]
    assert raced[0]["optimizer"] == CHOICE
    assert {row["optimizer"] for row in raced if row["rung"] == 0} == {CHOICE, *OTHERS}
    assert [row["rung"] for row in raced] == [0, 0, 0, 1, 1, 2]
    assert sum(row["evals"] for row in raced) == answer["evals"] <= 400
    assert answer["f"] == min(row["f"] for row in raced if row["f"] is not None)
    # Beyond the budget are only looks at starts and ends, which are not counted.
    assert int(Path("calls").read_text()) <= 400 + 3 * len(raced)
    shown = solve("--model", str(model), "--candidates", "2").stdout
    assert "successive halving" in shown and "dropped" in shown
    # An unsure model's candidates compete with the single best solver.
    hedged = solved("--model", unsure, "--candidates", "2")["candidates"]
    assert [row["optimizer"] for row in hedged[:2]] == [SINGLE_BEST, CHOICE]


JUMPS = """\
LOWER, UPPER, MAX_EVALS = [0, 0], [1, 1], 400


def objective(x):
    return 1e9 if x[0] + x[1] < 0.5 else float(x[0] + x[1])
"""


def test_where_there_is_doubt_several_programs_share_the_budget(model: Path) -> None:
    Path("problem.py").write_text(JUMPS)
    answer = solved("--model", str(model))
    assert answer["doubts"] == ["the objective compares values (if, min, max)"]
    turns = answer["candidates"]
    assert turns[-1]["radius"] == 0.2 and [turn["radius"] for turn in turns[:-1]] == [None, None]
    assert sum(turn["evals"] for turn in turns) == answer["evals"] <= 400
    assert answer["f"] == min(turn["f"] for turn in turns) == pytest.approx(0.5, abs=0.02)
    # The program that is kept begins where others do, in the whole box.
    whole = min(turns[:-1], key=lambda turn: turn["f"])
    assert answer["optimizer"] == whole["optimizer"]
    assert f"optimizer: {answer['optimizer']}\n" in Path(answer["program"]).read_text()
    said = solve("--model", str(model))
    assert (
        "doubt: the objective compares values" in said.stderr and "--candidates 1 has it alone" in said.stderr
    )
    assert "around the best point so far" in said.stdout and "programs took turns" in said.stdout
    alone = solved("--model", str(model), "--candidates", "1")
    assert (alone["candidates"], alone["doubts"]) == (None, [])
    twice = solved("--model", str(model), "--runs", "2")
    assert [run["seed"] for run in twice["runs"]] == [0, 1] and len(twice["candidates"]) == 6


def test_what_does_not_go_together_is_refused() -> None:
    for wrong in ("0", "two", "-1", "1.5"):
        assert "give auto, or a whole number" in solve("--candidates", wrong, code=2).stderr
    for other in (("--runs", "2"), ("--program-only",)):
        assert other[0] in solve("--candidates", "2", *other, code=2).stderr
