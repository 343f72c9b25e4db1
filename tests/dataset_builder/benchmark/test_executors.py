"""Tasks on a real Dask cluster, and on processes that are killed: the store comes out the same."""

import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from llamoco.dataset_builder.benchmark.benchmark import run_benchmark
from llamoco.dataset_builder.benchmark.executors import ExecutorError, cluster_executor, process_executor
from llamoco.dataset_builder.benchmark.run import Job, Task, run_task
from llamoco.dataset_builder.problems.problem import Problem

SCRIPT = """
import sys
from pathlib import Path
from llamoco.dataset_builder.benchmark.benchmark import run_benchmark
from llamoco.dataset_builder.benchmark.executors import process_executor
with process_executor(2) as executor:
    print("started", flush=True)
    run_benchmark(
        Path(sys.argv[1]), *map(int, sys.argv[2:4]), executor, 2, int(sys.argv[4]), lambda state: print(state.runs, flush=True)
    )
"""


@contextmanager
def cluster(workers: int, *options: str, code: str = "") -> Iterator[tuple[str, list[subprocess.Popen]]]:
    """A scheduler and workers as processes of their own, on loopback; the test is skipped without Dask."""
    pytest.importorskip("distributed")
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    scheduler = subprocess.Popen([*command, "--no-dashboard"], stderr=subprocess.PIPE, text=True)
    started = [scheduler]
    try:
        assert scheduler.stderr is not None
        address = next(m[0] for line in scheduler.stderr if (m := re.search(r"tcp://127\.0\.0\.1:\d+", line)))
        threading.Thread(target=scheduler.stderr.read, daemon=True).start()
        run = ["-c", code + "\nfrom distributed.cli.dask_worker import main\nmain()"]
        for _ in range(workers):
            started.append(
                subprocess.Popen(
                    [sys.executable, *run, address, "--nthreads", "1", "--no-dashboard", *options],
                    stderr=subprocess.DEVNULL,
                )
            )
        yield address, started[1:]
    finally:
        for process in reversed(started):
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def test_cluster_that_loses_a_worker_midway_gives_the_store_of_a_local_run(tiny, tmp_path: Path, stored):
    seen = []
    with cluster(2, "--no-nanny") as (address, workers), cluster_executor(address) as (executor, running):
        while running < 2:  # the second worker may still be on its way
            time.sleep(0.2)
            running = sum(executor._client.nthreads().values())

        def on_progress(progress) -> None:
            seen.append(progress)
            if len(seen) == 3:
                workers[0].kill()

        run_benchmark(tmp_path, tiny.problems, tiny.seed, executor, 2, tiny.repeats, on_progress)
    assert len(seen) > 6 and stored(tmp_path) == stored(tiny.out)


def test_the_time_limit_holds_on_a_worker(tmp_path: Path):
    """Dask runs tasks in threads, where no signal arrives: ours go to a process."""
    spin = (
        "calls, LOWER, UPPER, MAX_EVALS = [], [-1, -1], [1, 1], 50\n\ndef objective(x):\n    calls.append(x)\n"
        "    while len(calls) > 20:\n        pass\n    return x[0] ** 2 + x[1] ** 2\n"
    )
    problem = Problem("spin", "source", (-1.0, -1.0), (1.0, 1.0), 50, 0, 0, {"python": spin})
    task = Task(problem.to_json(), 0, "screen", (Job("de", "{}", 0),), 0, time_limit=0.5)
    with cluster(1, "--no-nanny") as (address, _), cluster_executor(address) as (executor, _):
        (run,) = executor.submit(run_task, task).result(timeout=60)
        pids = {executor.submit(os.getpid).result(timeout=60) for _ in range(3)}
    assert run.status == "timeout" and len(pids) == 1


def test_workers_that_may_not_start_processes_are_refused():
    with (
        cluster(1) as (address, _),
        pytest.raises(ExecutorError, match="--no-nanny"),
        cluster_executor(address),
    ):
        raise AssertionError("not reached")


def test_workers_with_other_code_are_refused():
    other = "from llamoco.dataset_builder.benchmark import plan\nplan.CLOSE = 99"
    with (
        cluster(1, "--no-nanny", code=other) as (address, _),
        pytest.raises(ExecutorError, match="another version of llamoco"),
        cluster_executor(address),
    ):
        raise AssertionError("not reached")


def test_without_a_scheduler_the_message_says_what_to_start(monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("llamoco.dataset_builder.benchmark.executors.CONNECT_SECONDS", 1)
    with (
        pytest.raises(ExecutorError, match=r"no Dask scheduler at tcp://127\.0\.0\.1:9"),
        cluster_executor("tcp://127.0.0.1:9"),
    ):
        raise AssertionError("not reached")
    with cluster(0) as (address, _), pytest.raises(ExecutorError, match="has no workers"):
        cluster_executor(address).__enter__()


def test_without_dask_the_message_names_the_extra(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ExecutorError, match=r"llamoco\[cluster\]"), cluster_executor("tcp://127.0.0.1:9"):
        raise AssertionError("not reached")


def test_a_worker_process_that_dies_is_reported():
    with pytest.raises(ExecutorError, match="run the command again"), process_executor(1) as executor:
        executor.submit(os.kill, executor.submit(os.getpid).result(), signal.SIGKILL).result()


def start(out: Path, tiny) -> subprocess.Popen:
    """The same benchmark as a process of its own."""
    numbers = (str(number) for number in (tiny.problems, tiny.seed, tiny.repeats))
    command = [sys.executable, "-c", SCRIPT, str(out), *numbers]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "started\n"
    return process


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_killed_at_random_moments_the_store_comes_out_the_same(tiny, tmp_path: Path, stored, kills: int):
    moments = random.Random(kills)
    sizes = []
    for _ in range(kills):
        process = start(tmp_path, tiny)
        assert process.stdout is not None
        for _ in range(moments.randint(0, 2)):  # tasks that end before
            process.stdout.readline()
        time.sleep(moments.uniform(0, 0.3))
        process.kill()
        process.communicate()
        try:
            sizes.append(len(stored(tmp_path)))
        except sqlite3.OperationalError:  # killed before there was a table
            sizes.append(0)
    assert sizes == sorted(sizes)  # nothing that was stored is lost
    with start(tmp_path, tiny) as process:
        process.communicate(timeout=300)
        assert process.returncode == 0
    assert stored(tmp_path) == stored(tiny.out)
