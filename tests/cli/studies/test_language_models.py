"""`llamoco study solution-search` and the options of `llamoco evaluate` that ask for examples: from the command line to the files."""

import json
from pathlib import Path

import pytest
from datasets import Dataset
from scripted_server import scripted
from study_rows import described
from typer.testing import CliRunner

from llamoco.cli.main import app

CARD = "---\nllamoco:\n  single_best_solvers:\n    unconstrained: de\n    constrained: cobyla\n---\n"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("set")
    (folder / "data").mkdir()
    rows = [row | {"held_out_pattern": False} for row in described(6)]
    for split, some in (("train", rows[4:]), ("test", rows[:4])):
        Dataset.from_list(some).to_parquet(folder / "data" / f"{split}-00000-of-00001.parquet")
    (folder / "README.md").write_text(CARD)
    return folder


def run(*words: str) -> tuple[int, str]:
    found = CliRunner().invoke(app, list(words))
    return found.exit_code, found.output


def test_a_study_from_the_command_line(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ["study", "solution-search", "opro", "--data", str(data), "--limit", "1", "--runs", "2"]
    words += ["--max-requests", "3", "--out", str(out)]
    with scripted(lambda body: "no point") as server:
        code, output = run(*words, "--server", server.url, "--server-model", "m")
        assert code == 0, output
        assert {body["max_tokens"] for body in server.seen} == {1024} and len(server.seen) == 6
    record = json.loads((out / "scores.json").read_text())
    assert (record["problems"], record["runs"], record["requests_a_run"]) == (1, 2, 3)
    assert "temperature" not in record["settings"]["model"]
    code, output = run(*words)  # without a server: from the replies
    assert code == 0 and json.loads((out / "scores.json").read_text()) == record, output
    code, output = run(*words, "--max-requests", "4")
    assert code == 2 and "another max_requests" in output


def test_what_cannot_be_asked_is_refused(tmp_path: Path) -> None:
    code, output = run("evaluate", "--examples", "2", "--out", str(tmp_path / "a"))
    assert code == 2 and "--server" in output
    code, output = run(
        "evaluate", "--server", "http://127.0.0.1:1", "--nearest", "--out", str(tmp_path / "a")
    )
    assert code == 2 and "--examples" in output


def test_an_evaluation_with_examples(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ["evaluate", "--data", str(data), "--step", "generate", "--out", str(out), "--server-model", "m"]
    with scripted(lambda body: "```python\ndef optimize(): pass\n```") as server:
        code, output = run(*words, "--server", server.url, "--examples", "2", "--nearest", "--limit", "1")
        assert code == 0, output
        words[1:3] = []  # the folder's data set
        code, output = run(*words, "--server", server.url, "--examples", "2", "--nearest")
        assert code == 0, output
        assert [len(body["messages"]) for body in server.seen] == [5, 5, 5, 5]
        code, output = run(*words, "--server", server.url)
        assert code == 2 and "source.examples.choice" in output


def test_errors_of_an_evaluation_by_kind(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ALLOW_CODE_EVAL", "1")
    program = "import scipy.optimize as so\n\ndef optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None, x0=None):\n"
    texts = [program + "    return so.particle_swarm(objective)\n", "I would take CMA-ES."]
    answers = tmp_path / "answers.jsonl"
    answers.write_text(
        "".join(json.dumps({"row": i, "program": text}) + "\n" for i, text in enumerate(texts))
    )
    out = tmp_path / "out"
    words = [
        "evaluate",
        str(answers),
        "--data",
        str(data),
        "--runs",
        "2",
        "--workers",
        "1",
        "--out",
        str(out),
    ]
    code, output = run(*words, "--step", "generate", "--step", "run")
    assert code == 0, output
    code, output = run("study", "error-kinds", str(out))
    assert code == 0, output
    record = json.loads((out / "error-kinds.json").read_text())
    assert record["runs"] == 4 and {name: n for name, n in record["kinds"].items() if n} == {
        "interface": 2,
        "syntax": 2,
    }
    assert record["optimizers"] == {"no program": 1.0, "none found": 1.0}
