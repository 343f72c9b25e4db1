"""`llamoco evaluate` and `llamoco report` as commands: killed, interrupted, without a sandbox, and what they print."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from llamoco.cli.main import app
from llamoco.modeling.evaluation.split_rows import evaluation_rows
from llamoco.modeling.evaluation.steps import evaluate_model
from llamoco.modeling.providers import open_provider

ROWS, RUNS = 5, 2
SEARCH = """\
import numpy as np

def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None):
    points = np.random.default_rng(seed).uniform(lower, upper, (max_evals, len(lower)))
    return points[int(np.argmin(objective(points)))]
"""
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


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Labelled answers of a few problems, as a file: a source that needs no torch."""
    file = tmp_path_factory.mktemp("answers") / "labelled.jsonl"
    lines = [{"row": row["row"], "program": row["completion"]} for row in evaluation_rows("test", 8)]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file


@pytest.fixture(scope="module")
def uninterrupted(answers: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    out = tmp_path_factory.mktemp("evaluations") / "whole"
    record = evaluate_model(out, open_provider(str(answers)), runs=RUNS, limit=ROWS)
    assert record is not None
    return out, dict(record)


@pytest.fixture
def rng() -> random.Random:
    """Random numbers; their seed is printed, and LLAMOCO_TEST_SEED replays it."""
    seed = int(os.environ.get("LLAMOCO_TEST_SEED") or random.SystemRandom().randrange(2**32))
    print(f"LLAMOCO_TEST_SEED={seed}")
    return random.Random(seed)


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
def test_kill_9_loses_nothing_finished(
    answers: Path, uninterrupted: tuple[Path, dict[str, Any]], rng: random.Random, tmp_path: Path
) -> None:
    finished, record = uninterrupted
    out = tmp_path / "killed"
    command = ("evaluate", str(answers), *OPTIONS, "--out", str(out))
    moments = (("generations.jsonl",), ("runs-model.jsonl", "runs-sbs.jsonl", "runs-vbs.jsonl"))
    kept: dict[str, bytes] = {}
    for names in moments:
        before = lines_of(out, *names)
        with start(*command, cwd=tmp_path) as process:
            wait_for(lambda n=names, b=before: lines_of(out, *n) > b, process)  # type: ignore[misc]
            time.sleep(rng.uniform(0, 0.3))
            children = descendants(process.pid)
            process.kill()
        wait_for(lambda c=children: not any(map(alive, c)))  # type: ignore[misc]
        for path in out.glob("*.jsonl"):
            content = path.read_bytes()
            whole = content[: content.rfind(b"\n") + 1]
            assert whole.startswith(kept.get(path.name, b"")), f"{path.name} lost lines"
            kept[path.name] = whole
    done = CliRunner().invoke(app, [*command, "--json"])
    assert done.exit_code == 0, done.output
    again = json.loads(done.stdout)
    assert again["tables"] == record["tables"] and again["groups"] == record["groups"]
    for name, content in kept.items():
        assert (out / name).read_bytes().startswith(content), f"{name} was begun again"
    for path in finished.glob("*.jsonl"):
        if path.name != "steps.jsonl":
            assert lines_of(out, path.name) == lines_of(finished, path.name), path.name


@needs_proc
def test_ctrl_c_says_so_and_leaves_nobody_behind(answers: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ("evaluate", str(answers), "--runs", "50", "--out", str(out))
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
    figures = tmp_path / "figures"
    command = ["report", str(first), str(second), "--out", str(figures)]
    done = CliRunner(env={"COLUMNS": "150"}).invoke(app, command)
    said = done.stdout
    assert done.exit_code == 0, done.output
    assert f"labelled on {ROWS} descriptions" in said and "labelled on 3 descriptions" in said
    assert "Scores by class of problems" in said and "Scores by writing pattern" in said
    assert "AOCC minus SBS" in said and "pycma" in said
    assert f"{record['tables']['all']['model']['aocc']:.3f}" in said
    assert f"{ROWS} common rows of {ROWS} common problems" in said and "Holm" in said
    for name in ("scores-first.png", "scores-second.png"):
        assert (figures / name).read_bytes()[:4] == b"\x89PNG"


def test_no_sandbox_has_an_exit_code_of_its_own_before_the_model_works(tmp_path: Path) -> None:
    helper = str(Path(__file__).parents[1] / "metrics" / "sandbox")
    script = (
        f"import sys; sys.path.insert(0, {helper!r}); from lesser_machine import lack; "
        "lack(['landlock', 'seccomp', 'namespaces']); from llamoco.cli.main import app; app()"
    )
    (tmp_path / "mine.jsonl").write_text('{"row": 0, "program": "x = 1"}')
    command = [sys.executable, "-c", script, "evaluate", "mine.jsonl", "--out", "out"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 3 and "--unsafe" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "out" / "generations.jsonl").exists()


class Server(BaseHTTPRequestHandler):
    """An OpenAI-compatible server that takes the key until it has answered a number of times."""

    answers = 0
    most = 2

    def do_GET(self) -> None:
        self.reply(200, {"object": "list", "data": [{"id": "org/m"}]})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).answers += 1
        if self.answers > self.most:
            status, reply = 401, {"error": {"message": "this key is used up"}}
        else:
            assert asked["max_tokens"] == 77
            text = f"Here it is.\n```python\n{SEARCH}```\n"
            message = {"role": "assistant", "content": text}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            usage = {"prompt_tokens": 40, "completion_tokens": 2, "total_tokens": 42}
            status, reply = 200, {"model": asked["model"], "choices": [choice], "usage": usage}
        self.reply(status, reply)

    def reply(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


def test_a_server_that_stops_answering_costs_nothing_that_it_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    out = tmp_path / "runs" / "evaluate-m"  # named after the one model that the server lists
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://me:passphrase@127.0.0.1:{server.server_port}/v1?token=abc"
        command = ["evaluate", "--server", url, "--limit", "3", "--runs", "1", "--concurrency", "1"]
        command += ["--workers", "1", "--max-new-tokens", "77"]
        monkeypatch.setattr(sys, "argv", ["llamoco", *command])
        done = CliRunner().invoke(app, [*command, "--step", "generate"])
        assert done.exit_code == 2 and "used up" in done.stderr and "2 of 3" in done.stderr
        first = (out / "generations.jsonl").read_bytes()
        assert first.count(b"\n") == 2
        Server.most = 3 + 1  # one was refused
        done = CliRunner().invoke(app, [*command, "--json", "--prices", "1.5", "20"])
        server.shutdown()
    assert done.exit_code == 0, done.output
    record = json.loads(done.stdout)
    model = record["tables"]["all"]["model"]
    assert (record["model"], record["rows"], model["err"], model["comp"]) == ("org/m", 3, 0, 42)
    spent = {"answers": 3, "tokens_in": 120, "tokens_out": 6, "prices": [1.5, 20.0]}
    assert record["spending"] == {**spent, "us_dollars": pytest.approx((120 * 1.5 + 6 * 20) / 1e6)}
    shown = CliRunner().invoke(app, ["report", str(out)])
    assert "tokens of 3 answers: 120 in, 6 out, 0.0003 US dollars" in shown.stdout
    assert (out / "generations.jsonl").read_bytes().startswith(first)
    assert f"--server http://127.0.0.1:{server.server_port}/v1 --limit 3" in record["command"]
    written = b"".join(path.read_bytes() for path in out.iterdir())
    assert not any(secret in written for secret in (b"passphrase", b"token=abc", b"sk-secret"))


REFUSED = {
    "a step without the one before": (("--step", "run"), "--step generate"),
    "a step that there is not": (("--step", "plot"), "--step"),
    "a server held to the pool": (
        ("--pool-only", "--server", "http://127.0.0.1:1/v1"),
        "--pool-only and --server",
    ),
    "a price below nothing": (("--prices", "-1", "2"), "--prices -1 2: expected US dollars"),
    "a server's model without a server": (("--server-model", "m"), "--server"),
    "a model and a server": (("here", "--server", "http://127.0.0.1:9/v1"), "give one of them"),
    "no such file of programs": (("nowhere.jsonl",), "nowhere.jsonl"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_evaluations_are_refused_with_one_message(name: str, tmp_path: Path) -> None:
    arguments, expected = REFUSED[name]
    done = CliRunner().invoke(app, ["evaluate", *arguments, "--out", str(tmp_path / "out")])
    assert done.exit_code == 2 and expected in done.stderr and "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())
