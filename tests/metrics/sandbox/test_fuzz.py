"""Mutants (``mutants``) in the sandbox: every record adds up, nothing outside changes, nothing is left, no score is forged.

A score is forged if the evaluator's own evaluations do not account for it. So the problems here keep a log of every point that the
evaluator computes, and from the log alone, with the problem's formula written a second time, this module works out what the record has to
say: evaluations, best point and value, trace, and w. A returned point is evaluated here too. On the problem that the evaluator compiles,
and computes without a log, the best point is evaluated here and the trace compared with what ``on_progress`` was told.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from hostile_programs import HONEST, SECTION
from mutants import Mutant, mutant

from llamoco.dataset_builder.problems.oracle import Oracle
from llamoco.dataset_builder.problems.problem import Evaluation, Problem
from llamoco.metrics.faithfulness import agrees
from llamoco.metrics.sandbox import Sandbox, tiers
from llamoco.metrics.sandbox.outcome import Verdict
from llamoco.metrics.sandbox.record import Record
from llamoco.metrics.scores import Attempt, Run

TIME_LIMIT = 0.5
SLACK = 60.0  # to remove thousands of nested folders on a busy machine; what hangs, hangs longer
MEMORY_LIMIT = 256
HONEST_EVERY = 50
SCAN_EVERY = 25
F0 = 60.0

Formula = Callable[[np.ndarray], tuple[float, list[float], list[float]]]


@dataclass(frozen=True)
class Logged(Problem):
    """A problem that keeps every point it is evaluated at."""

    asked: list[np.ndarray] = field(default_factory=list)

    def evaluate(self, x: np.ndarray) -> Evaluation:
        self.asked.extend(np.array(x, dtype=float))
        return super().evaluate(x)


def sphere(x: np.ndarray) -> tuple[float, list[float], list[float]]:
    return float(((x - 1.0) ** 2).sum()), [], []


def constrained(x: np.ndarray) -> tuple[float, list[float], list[float]]:
    return sphere(x)[0], [float(x[0] - 0.5), float(-4.0 - x[1])], []


def with_equality(x: np.ndarray) -> tuple[float, list[float], list[float]]:
    return sphere(x)[0], [], [float(x[1] + x[2] - 2.0)]


def compiled(x: np.ndarray) -> tuple[float, list[float], list[float]]:
    return float((x[0] - 1.0) ** 2 + (x[1] - 1.0) ** 2), [float(x[0] - 0.5)], []


INEQUALITY = "def inequality(x):\n    return [x[0] - 0.5, -4.0 - x[1]]\n"
EQUALITY = "def equality(x):\n    return [x[1] + x[2] - 2.0]\n"
LATEX = r"""\begin{align}
\min_{x} \quad & f(x) = (x_1 - 1)^2 + (x_2 - 1)^2 \\
\text{s.t.} \quad & x_1 - 0.5 \le 0, \\ & -5 \le x_1 \le 5, \quad -5 \le x_2 \le 5.
\end{align}
At most 40 function evaluations.
"""


def problem(
    name: str, dim: int, max_evals: int, counts: tuple[int, int], definition: dict[str, str]
) -> Logged:
    box = (-5.0,) * dim, (5.0,) * dim
    return Logged(name, "source", *box, max_evals, *counts, definition, f0=F0, f_star=0.0)


PROBLEMS: list[tuple[Logged, Formula]] = [
    (problem("sphere", 2, 40, (0, 0), {"python": SECTION}), sphere),
    (problem("constrained", 2, 40, (2, 0), {"python": SECTION + INEQUALITY}), constrained),
    (
        problem(
            "equality",
            3,
            60,
            (0, 1),
            {"python": SECTION.replace("-5, -5", "-5, -5, -5").replace("5, 5]", "5, 5, 5]") + EQUALITY},
        ),
        with_equality,
    ),
    (problem("compiled", 2, 40, (1, 0), {"latex": LATEX}), compiled),
]


class Outside:
    """What is outside the sandbox and must not notice: files, a port, signals to this process and its children."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "other").mkdir(parents=True)
        for name in ("kept", "other/kept"):
            (folder / name).write_text("canary")
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.setblocking(False)
        self._datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._datagrams.bind(self._listening.getsockname())
        self._datagrams.setblocking(False)
        self.port = int(self._listening.getsockname()[1])
        self._signals: list[int] = []
        self._before = signal.signal(signal.SIGURG, lambda number, _: self._signals.append(number))
        self._print = self._fingerprint()

    def _fingerprint(self) -> list[tuple[str, int, int, int, int, bytes]]:
        found = []
        for path in sorted([self.folder, *self.folder.rglob("*")]):
            s = path.lstat()
            content = path.read_bytes() if path.is_file() else b""
            found.append((str(path), s.st_mode, s.st_uid, s.st_nlink, s.st_mtime_ns, content))
        return found

    def check(self) -> None:
        assert self._fingerprint() == self._print
        for quiet in (self._listening.accept, lambda: self._datagrams.recv(1)):
            with pytest.raises(BlockingIOError):
                quiet()
        assert self._signals == []

    def close(self) -> None:
        self._listening.close()
        self._datagrams.close()
        signal.signal(signal.SIGURG, self._before)


def processes_of(sandboxes: list[Sandbox]) -> list[tuple[int, str]]:
    """Processes with a sandbox's scratch folder in their environment, and all that descend from this one: id and name."""
    parents: dict[int, int] = {}
    names: dict[int, str] = {}
    marked: set[int] = set()
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
            environment = Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            continue
        name, _, rest = stat.partition("(")[2].rpartition(")")
        parents[pid], names[pid] = int(rest.split()[1]), name
        if any(sandbox._scratch.encode() in environment for sandbox in sandboxes):
            marked.add(pid)
    grown = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in grown} - grown:
        grown |= more
    return sorted((pid, names[pid]) for pid in marked | grown - {os.getpid()})


@pytest.fixture(scope="module")
def sandboxes() -> Iterator[list[Sandbox]]:
    """In bubblewrap, where it works, and without."""
    for problem, _ in PROBLEMS:
        Oracle(problem).evaluate(problem.lower_array[None, :])  # compiles it: no run's time
    before = processes_of([])  # of other tests in this process, such as loky's resource tracker
    with Sandbox(allow_unsafe=True) as best, pytest.MonkeyPatch.context() as patch:
        if best.tier == "C":
            pytest.skip("this machine cannot confine programs")
        patch.setattr(tiers, "bubblewrap_works", lambda: False)
        with Sandbox() as plain:
            assert plain.tier == "B"
            yield [best, plain]
    deadline = time.monotonic() + 5
    while (left := set(processes_of([best, plain])) - set(before)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left and not any(os.path.exists(sandbox._scratch) for sandbox in (best, plain))


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Outside]:
    tmp_path.chmod(0o755)
    outside = Outside(tmp_path / "canary")
    yield outside
    outside.close()


def account(
    record: Record, problem: Logged, formula: Formula, progress: list[tuple[int, float | None]]
) -> None:
    """Raise AssertionError unless the evaluator's own evaluations account for every number that a score is made of."""
    lower, upper = problem.lower_array, problem.upper_array

    def feasible(x: np.ndarray) -> bool:
        f, g, h = formula(x)
        holds = all(value <= 1e-6 for value in g) and all(abs(value) <= 1e-4 for value in h)
        return bool(holds and np.isfinite(f) and (x >= lower).all() and (x <= upper).all())

    assert progress[-1:] == ([(record.evals, record.best_f)] if record.evals else [])
    points = problem.asked
    if "latex" not in problem.definition:
        counted, uncounted = points[: record.evals], points[record.evals :]
        best, best_x, trace = np.inf, None, []
        for number, x in enumerate(counted, start=1):
            if feasible(x) and formula(x)[0] < best:
                best, best_x = formula(x)[0], x.tolist()
                trace.append((number, best))
        assert len(counted) == record.evals
        assert (record.trace, record.best_x) == (trace, best_x)
        assert record.best_f == (best if trace else None)
    else:
        uncounted = points[record.evals :]
        values = [value for _, value in progress if value is not None]
        assert sorted({value for _, value in record.trace}, reverse=True) == [
            value for _, value in record.trace
        ]
        assert set(values) <= {value for _, value in record.trace} and values[-1:] == [
            f for _, f in record.trace[-1:]
        ]
        if record.best_x is not None:
            best_x = np.array(record.best_x)
            assert feasible(best_x) and record.best_f == pytest.approx(formula(best_x)[0], rel=1e-12)
    # Uncounted is one point at most: the one returned.
    assert [x.tolist() for x in uncounted] in ([], [record.x])
    if record.verdict == "budget_exceeded" or (record.verdict == "ok" and not uncounted):
        assert (record.x, record.f) == (record.best_x, record.best_f)
    elif record.verdict != "ok":
        assert (record.x, record.f, record.feasible) == (None, None, False)
    expected = 0.0
    if record.x is not None:
        x = np.array(record.x)
        with np.errstate(over="ignore"):
            assert record.f == pytest.approx(formula(x)[0], rel=1e-12)
        assert record.feasible == feasible(x)
        if record.feasible:
            expected = min(max(1.0 - formula(x)[0] / F0, 0.0), 1.0)
    assert Run(problem, Attempt("", record, None)).w == pytest.approx(expected, abs=1e-12)


def check(record: Record, problem: Logged) -> None:
    """What holds for every record."""
    assert record.verdict in get_args(Verdict) and record.verdict != "harness_error"
    assert 0 <= record.evals <= problem.max_evals
    assert (record.refused > 0) == (record.verdict == "budget_exceeded")
    evaluations, values = [e for e, _ in record.trace], [f for _, f in record.trace]
    assert evaluations == sorted(set(evaluations)) and values == sorted(set(values), reverse=True)
    assert evaluations[-1:] <= [record.evals] and values[-1:] == [f for f in [record.best_f] if f is not None]
    shown = [record.reason, record.output, record.message or "", record.exception or "", *record.frames]
    assert all(c.isprintable() or c == "\n" for text in shown for c in text)
    assert len(record.reason) <= 5000 and len(record.frames) <= 100
    text = json.dumps(record.to_dict(), allow_nan=False)
    assert len(text) < 100_000 and Record(**json.loads(text)).verdict == record.verdict


def run_mutants(seeds: range, sandboxes: list[Sandbox], outside: Outside) -> Counter[str]:
    """Run the mutants of these seeds, in the sandboxes by turns, checking everything: how many there are of each verdict."""
    verdicts: Counter[str] = Counter()
    processes = processes_of(sandboxes)
    for seed in seeds:
        one = mutant(seed)
        sandbox = sandboxes[seed % len(sandboxes)]
        try:
            record = run_one(one, sandbox, outside)
            assert os.listdir(sandbox._scratch) == []
            if seed % HONEST_EVERY < len(sandboxes):
                honest = sandbox.run(HONEST, PROBLEMS[0][0], seed=1)
                assert (honest.verdict, honest.f, honest.evals) == ("ok", 1.0, 2), honest
            if seed % SCAN_EVERY == 0:
                assert processes_of(sandboxes) == processes
                outside.check()
        except Exception as error:
            digest = hashlib.sha256(one.program.encode("utf-8", "surrogatepass")).hexdigest()[:8]
            raise AssertionError(
                f"mutant {seed} (text {digest}; python tests/metrics/sandbox/mutants.py {seed} prints it) "
                f"on problem {one.problem}, tier {sandbox.tier}"
            ) from error
        verdicts[record.verdict] += 1
    assert processes_of(sandboxes) == processes
    outside.check()
    return verdicts


def run_one(one: Mutant, sandbox: Sandbox, outside: Outside) -> Record:
    problem, formula = PROBLEMS[one.problem]
    problem.asked.clear()
    program = one.program.replace("CANARY_FOLDER", str(outside.folder)).replace(
        "CANARY_PORT", str(outside.port)
    )
    progress: list[tuple[int, float | None]] = []
    began = time.perf_counter()
    record = sandbox.run(
        program, problem, one.seed, TIME_LIMIT, MEMORY_LIMIT, lambda *told: progress.append(told)
    )
    assert time.perf_counter() - began < TIME_LIMIT + SLACK
    check(record, problem)
    account(record, problem, formula, progress)
    states(program, problem, sandbox)
    return record


def states(program: str, problem: Logged, sandbox: Sandbox) -> None:
    """Ask a whole script for the problem it states, too: it states one, of a sensible form, or none."""
    if "MAX_EVALS =" not in program:
        return
    points = np.array([problem.lower_array, problem.upper_array])
    began = time.perf_counter()
    stated = sandbox.stated_problem(program, points, TIME_LIMIT, MEMORY_LIMIT)
    assert time.perf_counter() - began < TIME_LIMIT + SLACK
    if stated is not None:
        assert stated.f.shape == (2,) and len(stated.g) == len(stated.h) == 2
        assert agrees(stated, points, problem) in (True, False)


@pytest.mark.parametrize(
    "forgery",
    [
        {"best_f": -1e9},
        {"best_f": 0.5, "best_x": [1.0, 0.0]},
        {"best_x": [1.0, 1.0], "best_f": 0.0},
        {"x": [1.0, 1.0], "f": 0.0},
        {"f": 0.0},
        {"trace": [(1, 1.0), (2, 0.0)], "best_f": 0.0, "best_x": [1.0, 1.0]},
        {"trace": []},
        {"trace": [(2, 1.0)]},
        {"evals": 1},
        {"evals": 3},
        {"feasible": False},
        {"verdict": "timeout"},
    ],
)
def test_forgeries_would_be_noticed(sandboxes: list[Sandbox], forgery: dict[str, Any]) -> None:
    problem, formula = PROBLEMS[0]
    problem.asked.clear()
    told: list[tuple[int, float | None]] = []
    record = sandboxes[0].run(HONEST, problem, seed=1, on_progress=lambda *now: told.append(now))
    account(record, problem, formula, told)
    with pytest.raises(AssertionError):
        account(replace(record, **forgery), problem, formula, told)


def test_mutants_do_no_harm(sandboxes: list[Sandbox], outside: Outside) -> None:
    verdicts = run_mutants(range(250), sandboxes, outside)
    print(dict(verdicts))
    # Mutants that never get to run, or are never broken, would test nothing.
    assert verdicts["syntax_error"] < 75 and verdicts["ok"] > 37
    assert len(verdicts) == len(get_args(Verdict)) - 1


@pytest.mark.slow
def test_many_mutants_do_no_harm(sandboxes: list[Sandbox], outside: Outside) -> None:
    began = time.perf_counter()
    verdicts = run_mutants(range(1000, 11000), sandboxes, outside)
    print(dict(verdicts), f"{time.perf_counter() - began:.0f} s")
    assert verdicts.total() == 10_000
