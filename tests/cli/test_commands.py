"""The other commands: help that teaches, and clear refusals."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

import llamoco
from llamoco.cli.main import app


@pytest.mark.parametrize("command", ["solve", "benchmark", "build", "train", "evaluate", "report", "push"])
def test_help_says_what_a_command_does(command: str) -> None:
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, [command, "--help"], prog_name="llamoco")
    assert done.exit_code == 0 and len(done.stdout.splitlines()) > 8
    assert f"Usage: llamoco {command}" in done.stdout


def test_the_module_is_the_command(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "llamoco.cli", "solve", "--help"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and "Usage: llamoco solve" in done.stdout


REFUSED = {
    "no label table": (("build", "--labels", "nowhere.parquet"), "nowhere.parquet"),
    "a folder that no build wrote": (("build", "--out", "."), "not an instruction set"),
    "no recipe": (("train", "nowhere.yaml"), "nowhere.yaml"),
    "nothing to report": (("report", "."), "holds no"),
    "no such split": (("evaluate", "--split", "dev"), "'dev' is not one of 'train', 'test'"),
    "nothing that can be pushed": (("push", "paper"), "'paper' is not one of model, dataset, metric"),
    "no such model": (("evaluate", "./nowhere"), "nowhere"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_refused_with_one_message(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments, expected = REFUSED[name]
    (tmp_path / "mine.txt").write_text("keep me")
    monkeypatch.chdir(tmp_path)
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, arguments)
    assert done.exit_code == 2 and expected in done.stderr and "Traceback" not in done.stderr
    assert (tmp_path / "mine.txt").read_text() == "keep me"


def test_a_bad_file_is_refused_before_torch_is_imported(tmp_path: Path) -> None:
    seen = "import atexit, sys; atexit.register(lambda: print('torch' in sys.modules)); from llamoco.cli.main import app; "
    command = [sys.executable, "-c", seen + "app(['solve', 'nowhere.py'])"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 2 and "nowhere.py: there is no such file" in done.stderr
    assert done.stdout == "False\n"


def test_the_version_is_the_packages() -> None:
    done = CliRunner().invoke(app, ["--version"])
    assert done.exit_code == 0 and done.stdout == f"llamoco {version('llamoco')}\n"
    assert llamoco.__version__ == version("llamoco")


def test_importing_the_package_imports_next_to_nothing() -> None:
    code = "import sys; before = set(sys.modules); import llamoco; new = set(sys.modules) - before; print('numpy' in new, len(new))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    numpy, count = done.stdout.split()
    assert numpy == "False" and int(count) < 60
