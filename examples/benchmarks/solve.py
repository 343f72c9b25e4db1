"""How long an answer takes, and how much memory: `llamoco solve --program-only` as a command, and a model once loaded.

    python examples/benchmarks/solve.py [--model FOLDER] [--runs 10] [--json] [--out hub_cards/records/speed.json]

The command is run as a person runs it, each time in a new process, imports and loading included, for a Python file and a LaTeX file; in
turns with a process that only imports scipy.optimize, so that a busy machine slows all alike, and given as a ratio to it; the time on
the processor says how much of the wall time was waiting for one. Peak memory is that process's. A first round, not counted, leaves files in the machine's cache and bytecode on its disk.

Once loaded, the model answers the problems of examples/problems one at a time: within the pool, by the engine that `llamoco solve` takes;
and where torch is installed, by torch within the pool, freely with drafts (speculative decoding, arXiv 2211.17192), and freely token by
token with transformers' own generate. Printed are medians.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from llamoco.dataset_builder.benchmark.provenance import environment
from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.prompts.prompt import PROMPT_LIMIT, make_prompt
from llamoco.modeling.generation.engines import load_generator
from llamoco.modeling.generation.generator import Generator
from llamoco.modeling.generation.model_answer import Generation
from llamoco.modeling.generation.model_files import SHIPPED_MODEL

FOLDER = Path(__file__).parents[1] / "problems"
PROBLEMS = sorted(path for path in FOLDER.iterdir() if path.suffix in (".py", ".tex"))
COMMANDS = ("pressure_vessel.py", "spring.tex")
SCIPY = "import scipy.optimize"
ROUNDS = 3  # of a loaded model

# A process counts in its peak memory what its parent held when it began: so a small parent.
SMALL_PARENT = """
import json, os, subprocess, sys, time
start = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(json.dumps([status, time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss]))
"""
# Read when torch loads: threads that wait in a loop slow a model down many times on a machine that has other work.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

Answers = Callable[[list[str]], list[Generation]]


def process(*arguments: str) -> tuple[float, float, float]:
    """Wall time (s), processor time (s) and peak resident memory (MiB) of one Python process."""
    bytecode = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-c", SMALL_PARENT, sys.executable, *arguments],
            stdout=subprocess.PIPE,
            cwd=folder,
            env=bytecode,
            check=True,
        )
    status, seconds, processor, peak = json.loads(done.stdout)
    if status != 0:
        sys.exit(f"python {' '.join(arguments)} ended with status {status}")
    scale = 2**20 if sys.platform == "darwin" else 2**10  # bytes there, KiB elsewhere
    return seconds, processor, peak / scale


def cold(model: str, runs: int) -> dict[str, dict[str, float]]:
    """Medians of new processes, by what they do: importing scipy.optimize, and answering the problems of ``COMMANDS``."""
    options = ("--program-only", "--model", model, "--out", "program.py")
    commands = {name: ("-m", "llamoco.cli", "solve", str(FOLDER / name), *options) for name in COMMANDS}
    found: dict[str, list[tuple[float, float, float]]] = {SCIPY: [], **{name: [] for name in COMMANDS}}
    for number in range(runs + 1):
        for name, measured in found.items():
            one = process(*commands.get(name, ("-c", SCIPY)))
            if number:
                measured.append(one)
    medians = {
        name: [statistics.median(values) for values in zip(*m, strict=True)] for name, m in found.items()
    }
    return {
        name: {
            "seconds": seconds,
            "processor_seconds": processor,
            "peak_mib": peak,
            "ratio": seconds / medians[SCIPY][0],
        }
        for name, (seconds, processor, peak) in medians.items()
    }


def ways_of(generator: Generator, model: str) -> dict[str, tuple[Answers, Generator]]:
    """Ways to answer, each with its generator; those of torch where it is installed."""
    ways: dict[str, tuple[Answers, Generator]] = {
        "within the pool": (generator.answer_within_pool, generator)
    }
    if find_spec("torch") is None or find_spec("transformers") is None:
        return ways
    from llamoco.modeling.generation.torch_engine import TorchGenerator, load_torch_generator

    torch = load_torch_generator(model)
    plain = TorchGenerator(torch.model, torch.tokenizer, torch.name)
    plain.__dict__["_draft"] = lambda *_: []  # so that it writes token by token
    return ways | {
        "within the pool, torch": (torch.answer_within_pool, torch),
        "drafts": (torch.answer, torch),
        "token by token": (plain.answer, plain),
    }


def loaded(generator: Generator, model: str) -> dict[str, dict[str, float]]:
    """Seconds an answer and tokens a second, by the way to answer."""
    ways = ways_of(generator, model)
    prompts = [
        generator.truncate_prompt(make_prompt(load_problem(path), PROMPT_LIMIT)[0]) for path in PROBLEMS
    ]
    times: dict[str, list[float]] = {name: [] for name in ways}
    written: dict[str, list[int]] = {name: [] for name in ways}
    for number in range(ROUNDS + 1):
        for prompt in prompts:
            for name, (way, asked) in ways.items():
                start = time.perf_counter()
                [answer] = way([prompt])
                seconds = time.perf_counter() - start
                if number:  # the first calls make engines ready
                    times[name].append(seconds)
                    written[name].append(answer.tokens - asked.prompt_tokens(prompt))
    return {
        name: {
            "seconds": statistics.median(times[name]),
            "slowest": max(times[name]),
            "tokens_a_second": sum(written[name]) / sum(times[name]),
        }
        for name in ways
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", default=str(SHIPPED_MODEL))
    parser.add_argument("--runs", type=int, default=10, help="processes of each kind")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path, help="file of the record, such as hub_cards/records/speed.json")
    arguments = parser.parse_args()

    commands = cold(arguments.model, arguments.runs)
    start = time.perf_counter()
    generator = load_generator(arguments.model)
    loading = time.perf_counter() - start
    slower = max((commands[name] for name in COMMANDS), key=lambda one: one["seconds"])
    result: dict[str, Any] = {
        "command": slower,  # of the two files that which takes longer
        "cold": commands,
        "runs": arguments.runs,
        "load": os.getloadavg()[0],
        "engine": generator.engine,
        "loading_seconds": loading,
        "loaded": loaded(generator, arguments.model),
    }
    words = " ".join(["python examples/benchmarks/solve.py", *sys.argv[1:]])
    about = {"measured_by": words, "seed": 0} | {name: environment()[name] for name in ("machine", "date")}
    result = about | result
    if arguments.out is not None:
        arguments.out.write_text(json.dumps(result, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    if arguments.json:
        print(json.dumps(result, indent=2))
        return
    for name, found in commands.items():
        print(
            f"{name:22} {found['seconds']:.2f} s ({found['processor_seconds']:.2f} s on the processor), "
            f"{found['peak_mib']:.0f} MiB, ratio {found['ratio']:.2f}"
        )
    print(f"loading the model with {generator.engine}: {loading:.2f} s")
    for name, found in result["loaded"].items():
        print(
            f"{name:22} {found['seconds']:.3f} s an answer (slowest {found['slowest']:.3f}), "
            f"{found['tokens_a_second']:.0f} tokens/s"
        )


if __name__ == "__main__":
    main()
