"""How long an answer takes, and how much memory: `llamoco solve --program-only` as a command, and a model once loaded.

    python examples/benchmarks/solve.py [--model FOLDER] [--json]

The command is run as a person runs it, imports and loading included; peak memory is that process's, the largest of the rounds.
Once loaded, the model answers the problems of examples/problems one at a time: within the pool, as `llamoco solve` does; freely
with drafts (speculative decoding, arXiv 2211.17192); and freely token by token with transformers' own generate; in turns, so that
a busy machine slows all alike. Printed are medians over the rounds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from llamoco.dataset_builder.problems.file import load
from llamoco.dataset_builder.prompts.pairs import PROMPT_LIMIT
from llamoco.dataset_builder.prompts.prompt import make_prompt
from llamoco.modeling.generation import Generation, Generator, load_generator
from llamoco.modeling.shipped import SHIPPED_MODEL

PROBLEMS = sorted(
    path
    for path in (Path(__file__).parents[1] / "problems").iterdir()
    if path.suffix in (".py", ".tex") and not path.stem.endswith("_program")
)
ROUNDS = 3


# A process counts in its peak memory what its parent held when it began: so a small parent.
SMALL_PARENT = """
import json, os, subprocess, sys, time
start = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(json.dumps([status, time.perf_counter() - start, usage.ru_maxrss]))
"""


def command(model: str) -> dict[str, float]:
    """Wall time (s) and peak resident memory (MiB) of one `llamoco solve --program-only`."""
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / "program.py")
        arguments = ["solve", str(PROBLEMS[0]), "--program-only", "--model", model, "--out", out]
        done = subprocess.run(
            [sys.executable, "-c", SMALL_PARENT, sys.executable, "-m", "llamoco.cli", *arguments],
            stdout=subprocess.PIPE,
            cwd=folder,
            check=True,
        )
    status, seconds, peak = json.loads(done.stdout)
    if status != 0:
        sys.exit(f"llamoco solve ended with status {status}")
    scale = 2**20 if sys.platform == "darwin" else 2**10  # bytes there, KiB elsewhere
    return {"seconds": seconds, "peak_mib": peak / scale}


def token_by_token(generator: Generator) -> Generator:
    """The same model without drafts."""
    plain = Generator(generator.model, generator.tokenizer, generator.name)
    plain.__dict__["_takes_drafts"] = False
    return plain


def measure(work: Callable[[], int]) -> tuple[float, int]:
    """Seconds that work takes, and what it returns."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", default=str(SHIPPED_MODEL))
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()

    commands = [command(arguments.model) for _ in range(ROUNDS)]
    unloaded = {
        "seconds": statistics.median(run["seconds"] for run in commands),
        "peak_mib": max(run["peak_mib"] for run in commands),
    }
    loading, generator = time.perf_counter(), load_generator(arguments.model)
    loading = time.perf_counter() - loading
    prompts = [generator.shown(make_prompt(load(path), PROMPT_LIMIT)[0]) for path in PROBLEMS]
    generator.answer(prompts[:1])  # the first call makes torch ready
    ways: dict[str, Callable[[list[str]], list[Generation]]] = {
        "within the pool": generator.answer_within_pool,
        "drafts": generator.answer,
        "token by token": token_by_token(generator).answer,
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    written: dict[str, list[int]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for prompt in prompts:
            for name, way in ways.items():

                def answer(way: Callable[[list[str]], list[Generation]] = way, prompt: str = prompt) -> int:
                    return way([prompt])[0].tokens - generator.prompt_tokens(prompt)

                seconds, tokens = measure(answer)
                times[name].append(seconds)
                written[name].append(tokens)
    result: dict[str, Any] = {
        "threads": torch.get_num_threads(),
        "command": unloaded,
        "loading_seconds": loading,
        "loaded": {
            name: {
                "seconds": statistics.median(times[name]),
                "slowest": max(times[name]),
                "tokens_a_second": sum(written[name]) / sum(times[name]),
            }
            for name in ways
        },
    }
    if arguments.json:
        print(json.dumps(result, indent=2))
        return
    print(
        f"llamoco solve --program-only: {unloaded['seconds']:.2f} s, {unloaded['peak_mib']:.0f} MiB at the most"
    )
    print(f"loading the model: {loading:.2f} s; {result['threads']} threads")
    for name, found in result["loaded"].items():
        print(
            f"{name:15} {found['seconds']:.3f} s an answer (slowest {found['slowest']:.3f}), "
            f"{found['tokens_a_second']:.0f} tokens/s"
        )


if __name__ == "__main__":
    main()
