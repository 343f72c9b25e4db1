"""The benchmark, resumed and interrupted: real pool, real problems. Kills are in test_executors."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from llamoco.dataset_builder.benchmark.benchmark import draw_problems, run_benchmark
from llamoco.dataset_builder.benchmark.provenance import benchmark_meta

SCRIPT = """
import sys
from pathlib import Path
from llamoco.dataset_builder.benchmark.benchmark import run_benchmark
from llamoco.dataset_builder.benchmark.executors import process_executor
print("started", flush=True)
with process_executor(2) as executor:
    run_benchmark(Path(sys.argv[1]), 8, 331, executor, 2, on_progress=lambda progress: print(progress.share, flush=True))
"""


def test_same_command_again_runs_nothing_and_gives_the_labels(tiny, stored):
    before = stored(tiny.out)
    seen: list = []
    with ThreadPoolExecutor(1) as executor:
        labelled = run_benchmark(
            tiny.out, tiny.problems, tiny.seed, executor, 1, tiny.repeats, on_progress=seen.append
        )
    assert seen == [] and stored(tiny.out) == before
    meta = benchmark_meta(tiny.out, labelled, tiny.problems, tiny.seed, tiny.repeats, "llamoco benchmark")
    assert meta["runs"] == len(before) - tiny.problems and meta["failures"] == {}
    assert len(labelled.labels) + sum(labelled.discarded.values()) == tiny.problems
    assert labelled.labels == tiny.labelled.labels
    for label in labelled.labels:
        twice = label.group == "unconstrained"
        assert (label.repeat is not None) == twice
        assert (label.check is not None) == (twice or label.split == "test")


def test_interrupt_ends_at_once_and_keeps_what_was_done(tmp_path: Path, stored):
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None and process.stdout.readline() == "started\n"
    process.stdout.readline()  # the first task is done
    os.killpg(process.pid, signal.SIGINT)  # Ctrl-C reaches the workers, too
    started = time.monotonic()
    _, errors = process.communicate(timeout=30)
    assert time.monotonic() - started < 10
    assert process.returncode != 0 and errors.count("Traceback") <= 2
    assert stored(tmp_path)


def test_more_problems_only_add():
    assert draw_problems(4, 54) == draw_problems(6, 54)[:4]
