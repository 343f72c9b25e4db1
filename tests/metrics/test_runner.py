"""Predictions run side by side: the same runs as in one sandbox, each content once, and nobody left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from processes import with_environment

from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics.run_records import row, run_of_row
from llamoco.metrics.runner import Prediction, Runner, RunnerError
from llamoco.metrics.sandbox import Sandbox
from llamoco.metrics.sandbox.record import Record
from llamoco.metrics.scores import Run

TEXT = "def objective(x):\n    return (x[0] - 1) ** 2 + x[1] ** 2\n"
PROBLEM = Problem(
    id="bowl",
    kind="source",
    lower=(-5.0, -5.0),
    upper=(5.0, 5.0),
    max_evals=100,
    n_inequality=0,
    n_equality=0,
    definition={"python": TEXT + "LOWER = [-5, -5]\nUPPER = [5, 5]\nMAX_EVALS = 100\n"},
    f0=30.0,
    f_star=0.0,
)
ENTRY = "import numpy as np\ndef optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None):\n"
SAMPLE = ENTRY + textwrap.indent(
    "X = np.random.uniform(lower, upper, (max_evals, 2))\nreturn X[np.argmin([objective(x) for x in X])]\n",
    "    ",
)
BATCH = SAMPLE.replace("[objective(x) for x in X]", "objective(X)")
BROKEN = ENTRY + "    return lower[None]\n"
ENDLESS = ENTRY + "    objective(lower)\n    while True: pass\n"


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with Runner(runs=2, seed=7, allow_unsafe=True, time_limit=20.0, workers=2) as started:
        yield started


def essence(record: Record) -> Record:
    """A record without what no two runs share."""
    return replace(record, seconds=0.0, wall=0.0, cpu=0.0, max_rss=0.0)


def test_runs_are_those_of_a_sandbox_here_and_come_as_they_end(runner: Runner) -> None:
    asked: list[int] = []

    def predictions() -> Iterator[Prediction]:
        for number in range(12):
            asked.append(number)
            yield Prediction(SAMPLE + f"# {number}\n", PROBLEM)

    found: dict[int, list[Run]] = {}
    for position, runs in runner.run_all(predictions()):
        if not found:
            assert len(asked) <= 6, "all were taken before the first was done"
        found[position] = runs
    assert sorted(found) == list(range(12))
    seeds = {run.attempt.record.seed for runs in found.values() for run in runs}
    assert len(seeds) == 2
    with Sandbox(allow_unsafe=True) as sandbox:
        assert sandbox.tier == runner.tier
        for number in (0, 11):
            for run in found[number]:
                record = sandbox.run(SAMPLE + f"# {number}\n", PROBLEM, run.attempt.record.seed)
                assert record.verdict == "ok" and essence(record) == essence(run.attempt.record)


def test_equal_predictions_are_run_once(runner: Runner) -> None:
    same = Prediction(BATCH, PROBLEM), Prediction(BATCH, Problem.from_json(PROBLEM.to_json()))
    other = Prediction(BATCH, replace(PROBLEM, id="other")), Prediction(BATCH, PROBLEM, repair=SAMPLE)
    found = dict(runner.run_all([*same, *other, *same]))
    first = found[0][0].attempt.record
    for position in (1, 4, 5):
        assert found[position] == found[0]
    for position in (2, 3):
        assert found[position][0].attempt.record.wall != first.wall
    assert found[2][0].attempt.record.seed != first.seed == found[3][0].attempt.record.seed
    found[0].clear()
    assert len(found[1]) == 2


def test_rows_round_trip_with_their_repairs(runner: Runner) -> None:
    predictions = [Prediction(BROKEN, PROBLEM, repair=SAMPLE), Prediction(SAMPLE, PROBLEM, repair=BROKEN)]
    for position, runs in runner.run_all(predictions):
        prediction = predictions[position]
        for number, run in enumerate(runs):
            assert (run.repair is not None) == (position == 0) == run.attempt.failed
            again = run_of_row(row(position, number, run), prediction)
            assert again == run and again.w == run.w and again.aocc == run.aocc
    with pytest.raises(ValueError, match="repair"):
        list(
            map(
                run_of_row,
                [row(0, 0, dict(runner.run_all(predictions))[0][0])],
                [Prediction(BROKEN, PROBLEM)],
            )
        )


def test_a_worker_that_dies_is_replaced_and_its_prediction_run_again() -> None:
    with Runner(runs=1, allow_unsafe=True, workers=2) as runner:
        predictions = [Prediction(SAMPLE + f"# {number}\n", PROBLEM) for number in range(8)]
        found: dict[int, list[Run]] = {}
        for position, runs in runner.run_all(predictions):
            if not found:
                os.kill(workers(runner)[0], signal.SIGKILL)
            found[position] = runs
        assert sorted(found) == list(range(8))
        assert all(runs[0].attempt.record.verdict == "ok" for runs in found.values())


def test_workers_that_keep_dying_are_an_error() -> None:
    with Runner(runs=1, allow_unsafe=True, time_limit=2.0, workers=1) as runner:

        def killing() -> Iterator[Prediction]:
            for number in range(100):
                for worker in workers(runner):
                    os.kill(worker, signal.SIGKILL)
                yield Prediction(ENDLESS + f"# {number}\n", PROBLEM)

        with pytest.raises(RunnerError, match=r"died 2 times.*fewer workers"):
            list(runner.run_all(killing()))


def workers(runner: Runner) -> list[int]:
    assert runner._executor is not None
    return list(runner._executor._processes)


# No main guard: whoever calls the metric has none.
SCRIPT = f"""\
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts jobs in the background with it ignored
print("main", __name__, flush=True)
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics.runner import Prediction, Runner
problem = Problem.from_json({PROBLEM.to_json()!r})
with Runner(runs=1, allow_unsafe=True, workers=2) as runner:
    print(runner._folder, flush=True)
    programs = sys.argv[1:]
    for position, runs in runner.run_all(Prediction(program, problem) for program in programs):
        print(runs[0].attempt.record.verdict, flush=True)
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    return path


def start(script: Path, *programs: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(script), *programs],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_a_script_needs_no_main_guard(script: Path) -> None:
    with start(script, SAMPLE, BATCH) as process:
        said, complaints = process.communicate(timeout=60)
    lines = said.splitlines()
    assert process.returncode == 0 and complaints == ""
    assert lines[0] == "main __main__" and lines[2:] == ["ok", "ok"]
    assert not os.path.exists(lines[1])


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["killed", "Ctrl-C"])
def test_nothing_outlives_a_runner(script: Path, how: signal.Signals) -> None:
    with start(script, ENDLESS, ENDLESS + "# another\n", ENDLESS + "# third\n") as process:
        assert process.stdout is not None and process.stdout.readline() == "main __main__\n"
        folder = process.stdout.readline().strip()
        wait_for(lambda: len(with_environment(folder)) >= 6)  # two workers, zygotes and programs
        if how == signal.SIGKILL:
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does
            before = time.monotonic()
        said, complaints = process.communicate(timeout=60)
    if how == signal.SIGINT:
        assert time.monotonic() - before < 10
        assert complaints.count("Traceback") == 1 and complaints.rstrip().endswith("KeyboardInterrupt")
    assert said == ""
    wait_for(lambda: not with_environment(folder))
    wait_for(lambda: not os.path.exists(folder))


def wait_for(condition: object, seconds: float = 30.0) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
