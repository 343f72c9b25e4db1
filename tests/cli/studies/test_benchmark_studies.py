"""Studies of the benchmark as commands: what they hand on, what they print, errors as one message."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from llamoco.cli import calibrate
from llamoco.cli.studies import grid, label_studies, prompt_facts


def invoke(command: Any, *arguments: str) -> Any:
    app = typer.Typer()
    app.command()(command)
    return CliRunner().invoke(app, list(arguments))


def test_label_studies_run_all_or_those_that_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[Any, ...]] = []
    monkeypatch.setattr(
        "llamoco.dataset_builder.analysis.report_studies.run_study", lambda *call: calls.append(call)
    )
    done = invoke(label_studies.command, str(tmp_path), "--workers", "1")
    assert done.exit_code == 0, done.output
    assert [call[0] for call in calls] == ["baselines", "landscape", "probes", "textbook"]
    calls.clear()
    invoke(label_studies.command, str(tmp_path), "--study", "textbook", "--limit", "7", "--workers", "1")
    assert [call[:3] for call in calls] == [("textbook", tmp_path, 7)]


def test_a_folder_without_a_benchmark_is_one_message(tmp_path: Path) -> None:
    done = invoke(label_studies.command, str(tmp_path), "--study", "baselines", "--workers", "1")
    assert done.exit_code == 2 and "Traceback" not in done.output


def test_results_of_the_grid_are_written_without_running(tmp_path: Path) -> None:
    done = invoke(grid.command, str(tmp_path), "--problems", "2", "--derive-only")
    assert done.exit_code == 0, done.output
    record = json.loads((tmp_path / "grid.json").read_text())
    assert record["rows"] == record["runs"] == 0 and record["keys"] == []
    assert record["command"].startswith("llamoco ")
    trees = json.loads((tmp_path / "configurations.json").read_text())["optimizers"]
    assert trees["slsqp"].keys() == {"unconstrained", "constrained"}  # all as by default
    assert (tmp_path / "grid.parquet").is_file()


def test_prompt_facts_are_written_as_a_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "llamoco.dataset_builder.analysis.prompt_facts.prompt_facts_record",
        lambda command: {"command": command, "sets": {}},
    )
    done = invoke(prompt_facts.command, "--out", str(tmp_path / "facts.json"))
    assert done.exit_code == 0, done.output
    assert json.loads((tmp_path / "facts.json").read_text())["command"].startswith("llamoco ")


def test_calibrating_what_is_no_model_is_one_message(tmp_path: Path) -> None:
    done = invoke(calibrate.calibrate, str(tmp_path))
    assert done.exit_code == 2 and str(tmp_path) in done.output + done.stderr
