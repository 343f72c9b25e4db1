"""The benchmark: race the pool on every problem, through any executor, into a run store.

Worker processes only evaluate; the parent alone writes the store and decides what comes next. Per problem one
task follows the other (stages of the main race, then of the repeat), problems run side by side. When all
races are over, f0 and f* are frozen and the check runs score the answers and the single best solvers on fresh
seeds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from llamoco.dataset_builder.benchmark import race
from llamoco.dataset_builder.benchmark.executors import completed_calls
from llamoco.dataset_builder.benchmark.labels import LabelTable, check_jobs, derive_labels
from llamoco.dataset_builder.benchmark.plan import expected_evals, plan_for
from llamoco.dataset_builder.benchmark.run import CHECK, REFERENCE, Run, Task, run_task
from llamoco.dataset_builder.benchmark.store import RunStore
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.symbolic.synthesis import draw_problem


@dataclass(frozen=True)
class BenchmarkProgress:
    """Progress of the benchmark.

    Attributes:
        phase: "races" or "check".
        runs: runs in the store.
        share: expected share of the work done, in [0, 1].
        seconds_left: estimate from the pace of this session, None until there is one.
        expected_evals: evaluations that the phase grants in all, approximately; runs that end early use fewer.
    """

    phase: str
    runs: int
    share: float
    seconds_left: float | None
    expected_evals: float


ProgressCallback = Callable[[BenchmarkProgress], None]


def draw_problems(count: int, seed: int) -> list[Problem]:
    """The first ``count`` problems of a benchmark: half unconstrained, half constrained.

    A larger count only adds problems, so a store can grow.
    """
    return [draw_problem(seed, number // 2, bool(number % 2)) for number in range(count)]


def run_benchmark(
    out: Path,
    problems: int,
    seed: int,
    executor: Executor,
    max_in_flight: int,
    repeats: int = 0,
    on_progress: ProgressCallback | None = None,
) -> LabelTable:
    """Run the rest of the benchmark.

    Args:
        out: folder of the run store.
        problems: number of problems, half of them constrained.
        seed: seed of problems and runs.
        executor: runs the tasks; see ``executors``.
        max_in_flight: number of tasks that the executor runs at once.
        repeats: number of problems, the first ones, that are raced a second time with other seeds.
        on_progress: called after each task.

    Raises:
        StoreError: if ``out`` holds a store of another benchmark; it is left as it is.
    """
    store = RunStore(out, seed)
    try:
        drawn = draw_problems(problems, seed)
        store.add_problems(drawn)
        races = {problem.id: (0, 1) if n < repeats else (0,) for n, problem in enumerate(drawn)}

        def race_task(problem: Problem) -> Task | None:
            runs = store.runs(problem.id)
            for number in races[problem.id]:
                if (step := race.next_jobs(problem, runs, number)) is not None:
                    stage, jobs = step
                    factor = plan_for(problem).reference_factor if stage == REFERENCE else 1
                    return Task(problem.to_json(), number, stage, tuple(jobs), seed, factor)
            return None

        expected = {p.id: expected_evals(p) * len(races[p.id]) for p in drawn}
        run_tasks("races", executor, max_in_flight, drawn, race_task, store, expected, on_progress)
        table = derive_labels(drawn, {problem.id: store.runs(problem.id) for problem in drawn})
        labels = {label.problem.id: label for label in table.labels}

        def check_task(problem: Problem) -> Task | None:
            jobs = check_jobs(labels[problem.id], table.sbs, store.runs(problem.id))
            return Task(problem.to_json(), 0, CHECK, tuple(jobs), seed) if jobs else None

        # The answers are scored on fresh seeds where that is reported: on test problems and on those raced twice.
        kept = [
            problem
            for n, problem in enumerate(drawn)
            if problem.id in labels and (n < repeats or labels[problem.id].split == "test")
        ]
        expected = {p.id: expected[p.id] + 2 * len(plan_for(p).check_seeds) * p.max_evals for p in kept}
        run_tasks("check", executor, max_in_flight, kept, check_task, store, expected, on_progress)
        return derive_labels(drawn, {problem.id: store.runs(problem.id) for problem in drawn})
    finally:
        store.close()


def run_tasks(
    phase: str,
    executor: Executor,
    max_in_flight: int,
    problems: Sequence[Problem],
    next_task: Callable[[Problem], Task | None],
    store: RunStore,
    expected: dict[str, float],
    on_progress: ProgressCallback | None,
) -> None:
    """Run tasks until there are none: one after another per problem, problems side by side.

    Args:
        phase: what progress calls them.
        executor: runs the tasks.
        max_in_flight: number of tasks that it runs at once.
        problems: in the order in which they begin.
        next_task: the next task of a problem; None if it has none.
        store: takes the runs.
        expected: evaluations that each problem is expected to grant.
        on_progress: called after each task.
    """
    meter = _ProgressMeter(phase, store, problems, expected, on_progress)
    # Popped from the end: an interrupted benchmark has finished its first problems.
    queue = list(reversed(problems))

    def next_call() -> tuple[Problem, tuple[Task]] | None:
        while queue:
            problem = queue.pop()
            if (task := next_task(problem)) is not None:
                return problem, (task,)
            meter.finished(problem)
        return None

    for problem, runs in completed_calls(executor, max_in_flight, run_task, next_call):
        store.add_runs(runs)
        queue.append(problem)  # a begun problem goes on before a new one starts
        meter.ran(problem, runs)


class _ProgressMeter:
    """Share of the expected evaluations that is done, and the pace of this session."""

    def __init__(
        self,
        phase: str,
        store: RunStore,
        problems: Sequence[Problem],
        expected: dict[str, float],
        on_progress: ProgressCallback | None,
    ) -> None:
        self._phase, self._store, self._expected, self._on_progress = phase, store, expected, on_progress
        used = store.evals_granted()
        self._used = {problem.id: float(used.get(problem.id, 0)) for problem in problems}
        self._started = time.monotonic()
        self._share_before = self._share()

    def _share(self) -> float:
        done = sum(min(self._used[name], expected) for name, expected in self._expected.items())
        return done / max(sum(self._expected.values()), 1.0)

    def ran(self, problem: Problem, runs: Sequence[Run]) -> None:
        """Count the runs of a task and report."""
        self._used[problem.id] += sum(run.max_evals for run in runs)
        if self._on_progress is not None:
            share = self._share()
            gained = share - self._share_before
            left = (1 - share) / gained * (time.monotonic() - self._started) if gained > 0 else None
            expected = sum(self._expected.values())
            self._on_progress(BenchmarkProgress(self._phase, self._store.count_runs(), share, left, expected))

    def finished(self, problem: Problem) -> None:
        """Count a problem as done, whatever was expected of it."""
        self._used[problem.id] = self._expected[problem.id]
