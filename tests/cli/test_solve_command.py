"""`llamoco solve` as a person or a script uses it, with the shipped model."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM
from typer.testing import CliRunner, Result

from llamoco.cli.main import app
from llamoco.dataset_builder.benchmark.label_table import SHIPPED_LABELS, read_labels
from llamoco.dataset_builder.optimizers.configuration import configuration_for
from llamoco.dataset_builder.optimizers.pool import POOL, identify, render
from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.prompts.completion import parse_completion
from llamoco.modeling.generation.engines import load_generator
from llamoco.modeling.generation.generator import Generator
from llamoco.modeling.generation.model_answer import Generation
from llamoco.modeling.generation.model_files import SHIPPED_MODEL

EXAMPLES = sorted(
    path
    for path in (Path(__file__).parents[2] / "examples" / "problems").iterdir()
    if path.suffix in (".py", ".tex") and not path.stem.endswith("_program")  # which `solve` wrote
)
UNKNOWN = """\
import numpy as np


def objective(x):
    return abs(np.array([float(str(v)) for v in x]) @ [1, 2]) + x[1]


def inequality(x):
    return [float(str(x[0])) ** 2 + x[1] - k for k in range(1, 6)]


LOWER, UPPER, MAX_EVALS = [-np.pi] * 2, [np.pi] * 2, 2000
"""
GOOD = "LOWER, UPPER, MAX_EVALS = [0, 0], [1, 1], 200\ndef objective(x):\n    return float(x[0] + x[1])\n"


# The others spare the seconds that imports take.
IN_PROCESSES_OF_THEIR_OWN = ("enzyme_kinetics.py", "spring.tex")


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def solve(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, ["solve", *arguments])


def solve_in_a_process(*arguments: str) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "llamoco.cli", "solve", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout, done.stderr


def solved(*arguments: str) -> dict[str, Any]:
    done = solve(*arguments, "--json")
    assert done.exit_code == 0, done.output
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_every_example_is_solved_and_its_program_runs_alone(example: Path, tmp_path: Path) -> None:
    program, plot = tmp_path / "program.py", tmp_path / "plot.png"
    arguments = (str(example), "--json", "--out", str(program), "--plot", str(plot))
    if example.name in IN_PROCESSES_OF_THEIR_OWN:
        code, said, complaints = solve_in_a_process(*arguments)
    else:
        done = solve(*arguments)
        code, said, complaints = done.exit_code, done.stdout, done.stderr
    answer = json.loads(said)
    assert code == (0 if answer["feasible"] else 1), complaints
    assert answer["verdict"] == "ok", answer
    assert 0 < answer["evals"] <= answer["max_evals"]
    assert answer["fallback"] or 0 <= answer["confidence"] <= 1
    assert plot.read_bytes().startswith(b"\x89PNG")
    problem = load_problem(example)
    if answer["feasible"]:
        values = problem.evaluate(np.array([answer["x"]]))
        assert problem.feasible(values)[0] and values.f[0] == pytest.approx(answer["f"])
    text = program.read_text()
    if example.suffix == ".py":
        assert example.read_text() in text, "the person's code has to be spliced unchanged"
    alone = subprocess.run(
        [sys.executable, "-I", str(program)], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert alone.returncode == 0, alone.stderr
    assert "evaluations = " in alone.stdout


BAD = {
    "no objective": ("LOWER, UPPER, MAX_EVALS = [0], [1], 100\n", "objective"),
    "bounds of different lengths": (GOOD.replace("[1, 1]", "[1, 1, 1]"), "2"),
    "lower above upper": (GOOD.replace("[0, 0]", "[0, 2]"), "LOWER"),
    "objective returns an array": (GOOD.replace("float(x[0] + x[1])", "x"), "float"),
    "objective is NaN at the start": (GOOD.replace("float(x[0] + x[1])", "float('nan')"), "NaN"),
    "syntax error": (GOOD.replace("):", ")"), "bad.py:2"),
    "missing import": ("import no_such_module\n" + GOOD, "no_such_module"),
    "budget not positive": (GOOD.replace("200", "0"), "MAX_EVALS"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_gets_one_clear_message(name: str, tmp_path: Path) -> None:
    text, expected = BAD[name]
    (tmp_path / "bad.py").write_text(text)
    done = solve("bad.py")
    assert done.exit_code == 2
    assert expected in done.stderr and "bad.py" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert not (tmp_path / "llamoco-out").exists()


def test_a_tex_file_that_cannot_be_read_names_the_place(tmp_path: Path) -> None:
    (tmp_path / "bad.tex").write_text(
        "Minimise $f(x) = \\foo{x_1}$ with $0 \\le x_1 \\le 1$ within 100 evaluations.\n"
    )
    done = solve("bad.tex")
    assert (
        done.exit_code == 2
        and "bad.tex, line 1" in done.stderr
        and "foo" in done.stderr
        and "Traceback" not in done.stderr
    )


def test_prose_that_may_restrict_is_refused_or_left_out_with_a_warning(tmp_path: Path) -> None:
    text = "$\\min_x (x_1 - 1)^2 + x_2^2$, $x \\in [0, 5]^2$.\nThe shares [of $x$] add up to one.\nBudget: 60 evaluations.\n"
    (tmp_path / "shares.tex").write_text(text)
    done = solve("shares.tex", "--json")
    assert done.exit_code == 2 and not done.stdout
    assert "shares.tex, line 2" in done.stderr and "--ignore-prose" in done.stderr
    answer = solved("shares.tex", "--ignore-prose")
    assert answer["feasible"] and answer["warning"] == (
        "left out of the problem: line 2: The shares [of $x$] add up to one"
    )
    done = solve("shares.tex", "--ignore-prose", "--program-only")
    assert done.exit_code == 0 and "line 2: The shares [of $x$] add up to one" in done.stderr


def test_a_missing_model_folder_and_a_missing_file_are_named(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(GOOD)
    done = solve("good.py", "--model", "./nowhere")
    assert done.exit_code == 2 and "nowhere" in done.stderr and "Traceback" not in done.stderr
    done = solve("other.py")
    assert done.exit_code == 2 and "other.py" in done.stderr


def test_program_only_writes_the_program_and_runs_nothing(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(GOOD)
    answer = solved("good.py", "--program-only")
    assert answer["verdict"] is None and answer["x"] is None
    assert (tmp_path / answer["program"]).read_text().startswith(GOOD)


@pytest.fixture
def random_model(tmp_path: Path) -> str:
    """A tiny random model: what it writes by itself is no program."""
    tokenizer = AutoTokenizer.from_pretrained(SHIPPED_MODEL)
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), **sizes)).save_pretrained(tmp_path / "random")
    tokenizer.save_pretrained(tmp_path / "random")
    return "./random"


def test_a_model_that_writes_nonsense_answers_within_the_pool(random_model: str, tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(GOOD)
    answer = solved("good.py", "--model", random_model)
    assert answer["fallback"] is None and answer["known_code"] and not answer["calibrated"]
    assert POOL[answer["optimizer"]].handles(False) and 0 < answer["confidence"] < 1
    body = render(answer["optimizer"], answer["config"])
    assert f"; optimizer: {answer['optimizer']}\n{body}" in (tmp_path / answer["program"]).read_text()
    assert answer["feasible"] and answer["verdict"] in ("ok", "budget_exceeded")


@pytest.mark.parametrize("by_itself", ["a program", "nonsense"])
def test_constraints_unknown_facts_and_angles_do_not_break_the_program(
    by_itself: str, random_model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the model by itself would write a program, as the shipped one does, or would not."""
    asked: list[tuple[str, str]] = []
    within_pool = Generator.answer_within_pool

    def noted(self: Generator, prompts: list[str], *more: Any) -> list[Generation]:
        answers = within_pool(self, prompts, *more)
        asked.extend((prompt, a.completion) for prompt, a in zip(prompts, answers, strict=True))
        return answers

    monkeypatch.setattr(Generator, "answer_within_pool", noted)
    model = str(SHIPPED_MODEL) if by_itself == "a program" else random_model
    (tmp_path / "odd.py").write_text(UNKNOWN)
    answer = solved("odd.py", "--no-fallback", "--model", model)
    assert answer["known_code"] and answer["fallback"] is None and answer["feasible"]
    assert POOL[answer["optimizer"]].handles(True)
    body = render(answer["optimizer"], answer["config"])
    assert body in (tmp_path / answer["program"]).read_text()
    [(prompt, within)] = asked
    assert "# inequality constraints: 5\n" in prompt and "# objective: unknown\n" in prompt
    [raw] = load_generator(model).answer([prompt])
    written, kept = (identify(parse_completion(text).body) for text in (raw.completion, within))
    assert kept is not None and kept[0] == answer["shares"][0]["optimizer"]
    # Where it writes a program, being held to the pool changes nothing; where it does not, that is what gives one.
    assert written == (kept if by_itself == "a program" else None)


def test_a_program_that_fails_before_it_begins_gives_way_to_the_single_best_solver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "good.py").write_text(GOOD)
    written = Generator.answer_within_pool

    def broken(self: Generator, *asked: Any) -> list[Generation]:
        return [replace(a, completion="import no_such_module\n") for a in written(self, *asked)]

    monkeypatch.setattr(Generator, "answer_within_pool", broken)
    answer = solved("good.py")
    name = read_labels(SHIPPED_LABELS).sbs["unconstrained"]["aocc"]
    assert answer["fallback"] and answer["confidence"] is None
    assert (answer["optimizer"], answer["config"]) == (
        name,
        configuration_for(name, 2, 200, constrained=False),
    )
    assert answer["feasible"] and answer["f"] == pytest.approx(0, abs=1e-3)
    assert "optimizer: " + name in (tmp_path / answer["program"]).read_text()


def test_several_runs_keep_the_best(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(GOOD)
    one = solved("good.py", "--seed", "3")
    three = solved("good.py", "--seed", "3", "--runs", "3")
    assert three["f"] <= one["f"] and three["seed"] in (3, 4, 5)


def test_the_objective_sees_the_exact_budget(tmp_path: Path) -> None:
    """The person's own function counts its calls: never more than the budget plus the uncounted look at the start and the end."""
    (tmp_path / "counted.py").write_text(
        "calls = 0\n"
        + GOOD.replace(
            "    return",
            "    global calls\n    calls += 1\n    open('calls', 'w').write(str(calls))\n    return",
        )
    )
    answer = solved("counted.py")
    calls = int((tmp_path / "calls").read_text())
    assert answer["evals"] <= calls <= answer["evals"] + 3
