"""Where `llamoco solve` writes its program, and what it says of a program that does not run alone there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from llamoco.cli.main import app

OWN = "from parts import weight\n\nLOWER, UPPER, MAX_EVALS = [0, 0], [1, 1], 60\n\n\ndef objective(x):\n    return float(weight * x[0] + x[1])\n"


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine").mkdir()
    Path("mine/parts.py").write_text("weight = 2.0\n")
    Path("mine/p.py").write_text(OWN)


def solve(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "300"}).invoke(app, ["solve", *arguments])


def run_alone(path: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, path]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, env={**os.environ, **environment}
    )


def test_nothing_is_written_beside_the_persons_file(tmp_path: Path) -> None:
    before = sorted(path.name for path in Path("mine").iterdir())
    answer = json.loads(solve("mine/p.py", "--json").stdout)
    assert answer["program"] == str(Path("llamoco-out/p_program.py"))
    assert (tmp_path / answer["program"]).is_file()
    after = sorted(path.name for path in Path("mine").iterdir() if path.name != "__pycache__")
    assert after == before


def test_modules_beside_the_file_are_named_with_two_ways_that_work() -> None:
    done = solve("mine/p.py", "--program-only")
    folder = Path("mine").resolve()
    assert f"note: the program imports parts from {folder}" in done.stderr
    assert run_alone("llamoco-out/p_program.py").returncode != 0
    first = run_alone("llamoco-out/p_program.py", PYTHONPATH=str(folder))
    assert first.returncode == 0, first.stderr
    done = solve("mine/p.py", "--program-only", "--out", str(folder / "p_program.py"))
    assert "note:" not in done.stderr
    assert run_alone("mine/p_program.py").returncode == 0


def test_a_file_that_asks_for_its_own_place_is_told_and_others_are_not() -> None:
    Path("mine/q.py").write_text(
        OWN.replace("from parts import weight", "import os, math\nweight = len(os.path.dirname(__file__))")
    )
    assert "__file__" in solve("mine/q.py", "--program-only").stderr
    Path("mine/r.py").write_text(OWN.replace("from parts import weight", "import math\nweight = math.pi"))
    assert "note:" not in solve("mine/r.py", "--program-only").stderr


def test_a_place_that_cannot_be_written_is_told() -> None:
    Path("llamoco-out").write_text("a file\n")
    done = solve("mine/p.py", "--program-only")
    assert done.exit_code == 2 and "llamoco-out" in done.stderr and "--out" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_infeasible_problem_says_what_is_in_the_way() -> None:
    Path("mine/s.py").write_text(
        OWN.replace("from parts import weight\n", "weight = 1\n")
        + "\n\ndef inequality(x):\n    return [x[0] - 0.5, 3 - x[0] - x[1]]\n"
    )
    done = solve("mine/s.py", "--json")
    answer = json.loads(done.stdout)
    assert done.exit_code == 1 and answer["feasible"] is False and answer["infeasible"] == "proven"
    worst = answer["violation"]
    assert worst["constraint"] == "inequality[1]" and worst["all"][0]["line"] == 10
    assert worst["largest"] == pytest.approx(3 - sum(answer["x"])) and worst["largest"] >= 1
    done = solve("mine/s.py")
    assert done.exit_code == 1 and "violated: inequality[1] (line 10) by" in done.stderr
    assert "infeasible as posed: no point of the box is feasible: inequality[1] is linear" in done.stderr
    Path("mine/s.py").write_text(Path("mine/s.py").read_text().replace("3 - x[0] - x[1]", "5 + x[0] * x[1]"))
    done = solve("mine/s.py")
    assert "no feasible point: not found, which proves nothing" in done.stderr and "MAX_EVALS" in done.stderr
