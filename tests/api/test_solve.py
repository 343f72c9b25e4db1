"""``llamoco.solve`` of files, and ``llamoco solve --journal --workers``."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import llamoco
from llamoco.cli.main import app

PROBLEMS = Path(__file__).parents[2] / "examples" / "problems"

FILE = """
import numpy as np
LOWER, UPPER, X0, MAXIMIZE = [None, 0.0], [None, 1.0], [40.0, 0.5], True

def objective(x):
    with open({paid!r}, "a") as log:
        log.write("paid\\n")
    return -((x[0] - 43) ** 2) + np.round(4 * x[1])

def inequality(x):
    return x[0] - 42
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tank.py"
    path.write_text(FILE.format(paid=str(tmp_path / "paid")))
    return path


def test_a_file_with_all_that_people_want(file):
    result = llamoco.solve(file)
    assert result.success and result.nfev <= 300  # 100 (n + 1)
    assert result.x[0] == pytest.approx(42, abs=0.2) and result.fun == pytest.approx(3, abs=0.5)
    assert result.fun == -((result.x[0] - 43) ** 2) + np.round(4 * result.x[1])  # the person's sign
    assert [f for _, f in result.trace] == sorted(f for _, f in result.trace)
    problem = llamoco.load_problem(file)
    assert isinstance(problem, llamoco.Problem)
    assert llamoco.solve(problem).x.tolist() == result.x.tolist()
    assert llamoco.solve(problem, max_evals=7).nfev <= 7


def test_latex_is_solved_by_its_formulas():
    result = llamoco.solve(PROBLEMS / "spring.tex", max_evals=400)
    problem = llamoco.load_problem(PROBLEMS / "spring.tex")
    assert result.success and result.maxcv <= 1e-6
    assert problem.evaluate(result.x[None, :]).f[0] == result.fun


def test_errors_of_a_file_have_the_best_so_far(tmp_path):
    path = tmp_path / "fails.py"
    path.write_text(
        "calls = []\nLOWER, UPPER, MAX_EVALS = [0.0], [1.0], 50\ndef objective(x):\n    calls.append(1)\n"
        "    if len(calls) > 9: raise RuntimeError('licence')\n    return x[0]\n"
    )
    with pytest.raises(llamoco.LlamocoError, match=r"fails.py:5: .*RuntimeError: licence") as caught:
        llamoco.solve(path)
    assert caught.value.result.nfev >= 5 and 0 <= caught.value.result.fun <= 1
    with pytest.raises(llamoco.LlamocoError, match="no such file"):
        llamoco.solve(tmp_path / "none.py")


def test_the_command_has_a_journal_and_workers(file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paid = tmp_path / "paid"

    def solved(*arguments):
        done = CliRunner().invoke(app, ["solve", str(file), "--json", *arguments])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    first = solved("--journal", "run.jsonl", "--workers", "2")
    paid.unlink()
    again = solved("--journal", "run.jsonl", "--workers", "2")
    same = ("x", "f", "evals", "optimizer", "verdict")
    assert [first[name] for name in same] == [again[name] for name in same]
    assert not paid.exists()  # nothing was called, not even to read the file
    same_here = llamoco.solve(file, journal="run.jsonl", workers=2)
    assert (same_here.nfev, same_here.fun) == (first["evals"], first["f"])
    done = CliRunner().invoke(app, ["solve", str(file), "--workers", "0"])
    assert done.exit_code == 2
    other = tmp_path / "other.py"
    other.write_text(file.read_text().replace("43", "44"))
    done = CliRunner().invoke(app, ["solve", str(other), "--journal", "run.jsonl"])
    assert done.exit_code == 2 and "another problem" in done.output.replace("\n", " ")
