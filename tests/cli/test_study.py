"""`llamoco study`: every file of cli/studies is a command, and none is imported before it is asked for."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from llamoco.cli import studies
from llamoco.cli.main import app

NAMES = sorted(
    path.stem.replace("_", "-") for path in Path(studies.__path__[0]).glob("*.py") if path.stem != "__init__"
)


def run(*words: str) -> str:
    found = CliRunner().invoke(app, ["study", *words])
    assert found.exit_code == 0, found.output
    return found.output


def test_help_lists_every_study_with_what_it_measures() -> None:
    lines = run("--help").splitlines()
    for name in NAMES:
        [line] = [line for line in lines if line.split()[1:2] == [name]]
        assert len(line.split()) > 4


@pytest.mark.parametrize("name", NAMES)
def test_each_study_explains_itself(name: str) -> None:
    assert f"study {name}" in " ".join(run(name, "--help").split())


def test_an_unknown_study_is_a_usage_error() -> None:
    found = CliRunner().invoke(app, ["study", "nothing"])
    assert found.exit_code == 2 and "nothing" in found.output


def test_the_command_line_starts_without_the_studies() -> None:
    code = "import sys, llamoco.cli.main; sys.exit(any(name.startswith('llamoco.cli.studies.') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
