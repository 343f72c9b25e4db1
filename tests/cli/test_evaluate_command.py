"""`llamoco evaluate` and `llamoco report` as commands: killed, interrupted, without a sandbox, and what they print."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from llamoco.cli.main import app
from llamoco.modeling.evaluation import evaluate_model
from llamoco.modeling.sources import open_source

ROWS, RUNS = 5, 2
OPTIONS = ("--limit", str(ROWS), "--runs", str(RUNS))


def start(*arguments: str, cwd: Path, **more: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "llamoco.cli", *arguments],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "COLUMNS": "150"},
        **more,
    )


def llamoco(*arguments: str, cwd: Path) -> tuple[int, str, str]:
    with start(*arguments, cwd=cwd) as process:
        said, complaints = process.communicate(timeout=300)
    assert "Traceback" not in complaints, complaints
    return process.returncode, said, complaints


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    out = tmp_path_factory.mktemp("evaluations") / "whole"
    record = evaluate_model(out, open_source(), runs=RUNS, limit=ROWS)
    assert record is not None
    return out, record


def lines_of(out: Path, *names: str) -> int:
    return sum((out / name).read_bytes().count(b"\n") for name in names if (out / name).exists())


def wait_for(condition: Callable[[], Any], process: subprocess.Popen[str] | None = None) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline and (process is None or process.poll() is None)
        time.sleep(0.02)


def descendants(pid: int) -> list[int]:
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            parents[int(entry.parent.name)] = int(fields[1])
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")


@needs_proc
def test_kill_9_loses_nothing_finished(uninterrupted: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    finished, record = uninterrupted
    out = tmp_path / "killed"
    command = ("evaluate", *OPTIONS, "--out", str(out))
    waits = random.Random(os.getpid())
    moments = (("generations.jsonl",), ("runs-model.jsonl", "runs-sbs.jsonl", "runs-vbs.jsonl"))
    kept: dict[str, bytes] = {}
    for names in moments:
        before = lines_of(out, *names)
        with start(*command, cwd=tmp_path) as process:
            wait_for(lambda n=names, b=before: lines_of(out, *n) > b, process)  # type: ignore[misc]
            time.sleep(waits.uniform(0, 0.3))
            children = descendants(process.pid)
            process.kill()
        wait_for(lambda c=children: not any(map(alive, c)))  # type: ignore[misc]
        for path in out.glob("*.jsonl"):
            content = path.read_bytes()
            whole = content[: content.rfind(b"\n") + 1]
            assert whole.startswith(kept.get(path.name, b"")), f"{path.name} lost lines"
            kept[path.name] = whole
    code, said, _ = llamoco(*command, "--json", cwd=tmp_path)
    again = json.loads(said)
    assert code == 0 and again["tables"] == record["tables"] and again["groups"] == record["groups"]
    for name, content in kept.items():
        assert (out / name).read_bytes().startswith(content), f"{name} was begun again"
    for path in finished.glob("*.jsonl"):
        if path.name != "steps.jsonl":
            assert lines_of(out, path.name) == lines_of(finished, path.name), path.name


@needs_proc
def test_ctrl_c_says_so_and_leaves_nobody_behind(tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ("evaluate", "--limit", "8", "--runs", "20", "--out", str(out))
    with start(*command, cwd=tmp_path, start_new_session=True) as process:
        wait_for(lambda: lines_of(out, "runs-sbs.jsonl") > 0, process)
        children = descendants(process.pid)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        _, complaints = process.communicate(timeout=60)
    assert children and process.returncode == 130
    assert "interrupted" in complaints and "Traceback" not in complaints
    wait_for(lambda: not any(map(alive, children)))
    assert lines_of(out, "generations.jsonl") == 8 and not (out / "scores.json").exists()
    steps = [json.loads(line)["step"] for line in (out / "steps.jsonl").read_text().splitlines()]
    assert steps == ["generate", "run"]  # the time that the interrupted one took counts


def test_report_shows_evaluations_and_compares_them(
    uninterrupted: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    finished, record = uninterrupted
    first, second = tmp_path / "first", tmp_path / "second"
    shutil.copytree(finished, first)
    shutil.copytree(finished, second)
    (second / "scores.json").unlink()  # never scored: the tables follow from the other files
    evaluate_model(first, limit=3, runs=RUNS, steps=("score",))
    code, said, _ = llamoco(
        "report", str(first), str(second), "--out", str(tmp_path / "figures"), cwd=tmp_path
    )
    assert code == 0
    assert f"llamoco-xs on {ROWS} descriptions" in said and "llamoco-xs on 3 descriptions" in said
    assert "by group" in said and "pattern: " in said
    assert f"{record['tables']['all']['model']['a3']:.3f}" in said
    assert f"{ROWS} common rows of {ROWS} common problems" in said and "Holm" in said
    for name in ("scores-first.png", "scores-second.png"):
        assert (figures / name).read_bytes()[:4] == b"\x89PNG"


def test_no_sandbox_has_an_exit_code_of_its_own_before_the_model_works(tmp_path: Path) -> None:
    helper = str(Path(__file__).parents[1] / "metrics")
    script = (
        f"import sys; sys.path.insert(0, {helper!r}); from lesser_machine import lack; "
        "lack(['landlock', 'seccomp', 'namespaces']); from llamoco.cli.main import app; app()"
    )
    command = [sys.executable, "-c", script, "evaluate", "--limit", "1", "--out", "out"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 3 and "--unsafe" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "out" / "generations.jsonl").exists()


REFUSED = {
    "a step without the one before": (("--step", "run"), "--step generate"),
    "a step that there is not": (("--step", "plot"), "--step"),
    "a server's model without a server": (("--model", "m"), "--server"),
    "a model and a server": (("here", "--server", "http://127.0.0.1:9/v1"), "give one of them"),
    "no such file of programs": (("nowhere.jsonl",), "nowhere.jsonl"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_evaluations_are_refused_with_one_message(name: str, tmp_path: Path) -> None:
    arguments, expected = REFUSED[name]
    done = CliRunner().invoke(app, ["evaluate", *arguments, "--out", str(tmp_path / "out")])
    assert done.exit_code == 2 and expected in done.stderr and "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())
