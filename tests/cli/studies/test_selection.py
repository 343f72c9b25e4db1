"""`llamoco study selection`: bad arguments are refused before anything is read."""

from pathlib import Path

from typer.testing import CliRunner

from llamoco.cli.main import app


def test_unknown_contestants_are_refused_with_the_list(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["study", "selection", str(tmp_path / "out"), "--contestant", "nobody"])
    assert result.exit_code != 0
    assert "--contestant nobody: expected one of sbs, pias, as_llm, sbs_smac" in " ".join(
        result.output.split()
    )
    assert not (tmp_path / "out").exists()


def test_a_folder_without_an_evaluation_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        app, ["study", "selection", str(tmp_path / "out"), "--evaluation", str(tmp_path / "none")]
    )
    assert result.exit_code != 0 and "holds no evaluation" in " ".join(result.output.split())
