"""What README and documentation tell people to type works: blocks of Python, a problem file, plain transformers, `transformers serve`."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from openai import APIConnectionError, InternalServerError, OpenAI

import llamoco
from llamoco.dataset_builder.optimizers import pool
from llamoco.dataset_builder.prompts.facts import facts_only

ROOT = Path(__file__).parents[1]
MODEL = "modeling/llamoco-xs"


def python_blocks(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("page", ["README.md", "docs/get-started.md"])
def test_blocks_solve_a_problem_or_are_a_problem_file(page: str, tmp_path: Path) -> None:
    for block in python_blocks(page):
        if "import llamoco" in block:
            names: dict = {}
            exec(block, names)
            assert names["result"].success
        else:
            (tmp_path / "problem.py").write_text(block, encoding="utf-8")
            assert llamoco.solve(tmp_path / "problem.py").success


def is_program(completion: str) -> bool:
    """A decision line, then an optimizer of the pool to the byte."""
    line, _, rest = completion.partition("\n")
    name = re.search(r"optimizer: (\w+)", line)
    return name is not None and name[1] in pool.POOL and "def optimize(" in rest


def test_five_lines_of_plain_transformers_write_a_program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = next(text for text in python_blocks("docs/hugging-face.md") if "examples/prompt.txt" in text)
    lines = script.strip().splitlines()
    assert len(lines) == 5
    monkeypatch.chdir(ROOT)
    exec(script, {})
    said = capsys.readouterr().out
    # The shipped model's tokenizer leaves out what stands before them.
    seen = facts_only((ROOT / "examples" / "prompt.txt").read_text(encoding="utf-8"))
    assert said.startswith(seen) and is_program(said.removeprefix(seen))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """`transformers serve` on the shipped folder; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = Path(sys.executable).with_name("transformers")
    log = tmp_path / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [command, "serve", MODEL, "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"],
            cwd=ROOT,
            env=os.environ | {"HF_HUB_OFFLINE": "1"},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(30)
        print(log.read_text())


@pytest.mark.slow
def test_transformers_serve_answers_with_a_program(server: str) -> None:
    client = OpenAI(base_url=server, api_key="none", max_retries=0)
    prompt = (ROOT / "examples" / "prompt.txt").read_text(encoding="utf-8")
    deadline = time.monotonic() + 120
    while True:
        try:
            reply = client.completions.create(model=MODEL, prompt=prompt, max_tokens=900, temperature=0)
            break
        except (APIConnectionError, InternalServerError):  # not up yet
            assert time.monotonic() < deadline
            time.sleep(0.5)
    assert is_program(reply.choices[0].text) and reply.choices[0].finish_reason == "stop"
