"""`llamoco solve` with choices: low confidence, several seeds, several programs."""

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
    """A tiny model that answers the one problem with ``CHOICE`` half of the time, else with ``OTHERS``."""
    folder = tmp_path_factory.mktemp("model")
    (folder / "problem.py").write_text(FILE)
    with chdir(folder):  # where the problem notes its calls
        prompt, _ = make_prompt(load_problem(folder / "problem.py"), PROMPT_LIMIT)
    tokenizer = train_tokenizer([prompt], {name: pool.source(name) for name in pool.POOL}, 1300)
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
        answer["fallback"] == "its confidence of 20% is below 30%, where the single best solver does better"
    )
    written = solved("--model", unsure, "--program-only")
    assert written["optimizer"] == SINGLE_BEST and written["fallback"] == answer["fallback"]
    said = solve("--model", unsure)
    assert "confidence of 20% is below 30%" in said.stderr
    assert "the benchmark's single best solver answers instead" in said.stderr
    assert f"optimizer: {SINGLE_BEST}" in Path("llamoco-out/problem_program.py").read_text()


def test_the_fallback_can_be_refused_and_needs_a_calibration(unsure: str, model: Path) -> None:
    answer = solved("--model", unsure, "--no-fallback", "--one-program")
    assert (answer["optimizer"], answer["fallback"], answer["calibrated"]) == (CHOICE, None, True)
    assert answer["confidence"] == pytest.approx(0.2)
    raw = solved("--model", str(model))
    assert (raw["optimizer"], raw["fallback"], raw["calibrated"]) == (CHOICE, None, False)
    assert (
        raw["confidence"] == pytest.approx(0.5, abs=0.2) and raw["shares"] is None and len(raw["runs"]) == 1
    )
    assert "it has no calibration" in solve("--model", str(model), "--program-only").stdout


def test_an_unsure_model_without_a_fallback_keeps_the_whole_budget(unsure: str) -> None:
    answer = solved("--model", unsure, "--no-fallback")
    assert (answer["optimizer"], answer["fallback"]) == (CHOICE, None)
    assert (answer["risks"], answer["shares"]) == ([], None)


def test_every_seed_is_shown(model: Path) -> None:
    answer = solved("--model", str(model), "--runs", "3", "--seed", "4")
    assert [run["seed"] for run in answer["runs"]] == [4, 5, 6]
    assert answer["f"] == min(run["f"] for run in answer["runs"]) and all(
        run["evals"] <= 400 for run in answer["runs"]
    )
    shown = solve("--model", str(model), "--runs", "2").stdout
    assert "seed" in shown and shown.count(" ok") >= 3


JUMPS = """\
LOWER, UPPER, MAX_EVALS = [0, 0], [1, 1], 400


def objective(x):
    return 1e9 if x[0] + x[1] < 0.5 else float(x[0] + x[1])
"""


def test_with_a_risk_factor_several_programs_share_the_budget(model: Path) -> None:
    Path("problem.py").write_text(JUMPS)
    answer = solved("--model", str(model))
    assert answer["risks"] == ["the objective compares values (if, min, max)"]
    turns = answer["shares"]
    assert turns[-1]["radius"] == 0.1 and [turn["radius"] for turn in turns[:-1]] == [None, None]
    assert sum(turn["evals"] for turn in turns) == answer["evals"] <= 400
    assert answer["f"] == min(turn["f"] for turn in turns) == pytest.approx(0.5, abs=0.02)
    # The program that is kept begins where others do, in the whole box.
    whole = min(turns[:-1], key=lambda turn: turn["f"])
    assert answer["optimizer"] == whole["optimizer"]
    assert f"optimizer: {answer['optimizer']}\n" in Path(answer["program"]).read_text()
    said = solve("--model", str(model))
    assert (
        "risk: the objective compares values" in said.stderr
        and "--one-program to have it alone" in said.stderr
    )
    assert "around the best point so far" in said.stdout and "programs took turns" in said.stdout
    alone = solved("--model", str(model), "--one-program")
    assert (alone["shares"], alone["risks"]) == (None, [])
    twice = solved("--model", str(model), "--runs", "2")
    assert [run["seed"] for run in twice["runs"]] == [0, 1] and len(twice["shares"]) == 6
