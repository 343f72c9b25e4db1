"""Runner: predictions run on their problems several times, in one sandbox per processor."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import signal
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import BrokenExecutor, Future
from dataclasses import dataclass, replace
from multiprocessing import resource_tracker
from queue import Empty, SimpleQueue
from types import FrameType, TracebackType
from typing import Any, TypeVar

import loky
from loky.backend import get_context

from llamoco.dataset_builder.benchmark.executors import BLAS_THREADS
from llamoco.dataset_builder.problems.errors import LlamocoError
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics import worker
from llamoco.metrics.sandbox import tiers
from llamoco.metrics.sandbox.sandbox import TIME_LIMIT
from llamoco.metrics.sandbox.scratch import remove_tree
from llamoco.metrics.scores import Attempt, Run

_Future = Future[list[tuple[Attempt, Attempt | None]]]
_Result = TypeVar("_Result")
_Item = TypeVar("_Item")

MAX_DEATHS = 1
SIGNAL_LOOK = 1.0  # seconds between looks for a signal while waiting
CLEAN_UP = 5.0  # seconds for the folder of workers that were killed


@dataclass(frozen=True)
class Prediction:
    """A program to be run on a problem.

    Attributes:
        program: a completion or a whole script.
        problem: what it is to optimize.
        repair: what the model made of it in its one repair turn, or None. Used where the prediction fails.
    """

    program: str
    problem: Problem
    repair: str | None = None


class RunnerError(LlamocoError, RuntimeError):
    """Worker processes die, so no more predictions can be run. The message says what to do."""


@dataclass(eq=False)
class _Job:
    """A prediction, its positions (equal ones are run once), the number of times its worker died, and its runs."""

    prediction: Prediction
    positions: list[int]
    deaths: int = 0
    runs: list[Run] | None = None


class Runner:
    """Worker processes with a sandbox each, in which predictions are run. A context manager.

    Workers do not import the caller's ``__main__`` (loky's do not): no main guard is needed.

    Args:
        runs: runs of each prediction, 5 in the paper.
        seed: the seed of run j on a problem is derived from this one, the problem's id and j.
        allow_unsafe: run programs even where they cannot be confined.
        time_limit: seconds for each run, without the objective's own time.
        workers: number of sandboxes; one for each processor that this process may use if None.

    Attributes:
        tier: how programs are confined, see ``sandbox.tiers``.
        workers: number of sandboxes.

    Raises:
        SandboxUnavailable: where programs cannot be confined and ``allow_unsafe`` is not given.
        RunnerError: if the workers do not start.
    """

    def __init__(
        self,
        runs: int = 5,
        seed: int = 0,
        allow_unsafe: bool = False,
        time_limit: float = TIME_LIMIT,
        workers: int | None = None,
    ) -> None:
        tiers.require_fork()
        self._settings = worker.Settings(runs, seed, allow_unsafe, time_limit)
        self.workers = workers or loky.cpu_count()
        self._folder = tempfile.mkdtemp(prefix="llamoco-")
        self._executor: loky.ProcessPoolExecutor | None = None
        try:
            self.tier = self._start()
        except BaseException:
            self._stop()
            raise

    def __enter__(self) -> Runner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def run_all(self, predictions: Iterable[Prediction]) -> Iterator[tuple[int, list[Run]]]:
        """Run predictions; yield the position and the runs of each as it is done.

        Program, problem and seed determine a run: predictions that are equal in program, repair and problem are run
        once, and each gets the same runs.

        Args:
            predictions: taken as workers become free; only a few are in flight.

        Raises:
            RunnerError: if a prediction's worker dies twice.
        """
        jobs: dict[bytes, _Job] = {}
        lost: list[_Job] = []
        in_flight: dict[_Future, _Job] = {}
        done: SimpleQueue[_Future] = SimpleQueue()
        fresh = enumerate(predictions)
        more = True
        while True:
            # One more than there are workers waits in line, so that none idles.
            if (more or lost) and done.empty() and len(in_flight) <= self.workers:
                if lost:
                    job = lost.pop()
                elif (entry := next(fresh, None)) is None:
                    more = False
                    continue
                else:
                    position, prediction = entry
                    job = jobs.setdefault(_content(prediction), _Job(prediction, []))
                    if job.runs is not None:
                        yield position, list(job.runs)
                        continue
                    job.positions.append(position)
                    if len(job.positions) > 1:
                        continue
                in_flight[self._submit(job.prediction, done)] = job
                continue
            if not in_flight:
                return
            future = _take(done)
            job = in_flight.pop(future)
            if self._finish(job, future):
                for position in job.positions:
                    yield position, list(job.runs or [])
            else:
                lost.append(job)

    def _finish(self, job: _Job, future: _Future) -> bool:
        """Store the runs of a job; False if its worker died and it is to be run again."""
        try:
            job.runs = [Run(job.prediction.problem, *attempts) for attempts in future.result()]
        except BrokenExecutor as error:
            job.deaths += 1
            if job.deaths > MAX_DEATHS:
                raise RunnerError(
                    f"a worker process died {job.deaths} times with prediction {job.positions[0]} in work (killed, or "
                    "out of memory): give it more memory, or fewer workers"
                ) from error
            return False
        return True

    def _submit(self, prediction: Prediction, done: SimpleQueue[_Future]) -> _Future:
        # A copy: the problem's compiled form, kept with it, does not travel.
        call = (worker.run, prediction.program, prediction.repair, replace(prediction.problem))
        while True:
            assert self._executor is not None
            try:
                return _submit(self._executor, done, *call)
            except BrokenExecutor:
                self._start()

    def _start(self) -> str:
        """Start the workers, in place of those that died.

        Returns:
            The tier.


        Raises:
            SandboxUnavailable, RunnerError: see the class.
        """
        self._kill()
        folder = tempfile.mkdtemp(dir=self._folder)
        cores: list[int] = []
        if hasattr(os, "sched_getaffinity"):
            allowed = sorted(os.sched_getaffinity(0))
            # Any of them, lest several runners that have fewer workers than cores all take the first.
            cores = random.SystemRandom().sample(allowed, min(self.workers, len(allowed)))
        self._executor = loky.ProcessPoolExecutor(
            self.workers,
            context=get_context("loky"),
            initializer=worker.begin,
            initargs=(os.getpid(), folder, cores, self._settings),
            env=dict.fromkeys(BLAS_THREADS, "1") | {"TMPDIR": folder},
        )
        # Workers start with SIGINT blocked: Ctrl-C while they import shall print nothing. The tracker has to run
        # before, as starting it unblocks.
        resource_tracker.ensure_running()
        done: SimpleQueue[Future[str]] = SimpleQueue()
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            _submit(self._executor, done, worker.tier)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        try:
            return _take(done).result()
        except BrokenExecutor as error:
            raise RunnerError(f"the worker processes that run programs do not start: {error}") from error

    def _stop(self) -> None:
        """End the workers at once, whatever they do, and with them zygotes and programs; remove their folder."""
        self._kill()
        with contextlib.suppress(OSError):
            os.rmdir(self._folder)

    def _kill(self) -> None:
        if self._executor is not None:
            self._executor.shutdown(wait=True, kill_workers=True)
            self._executor = None
        deadline = time.monotonic() + CLEAN_UP
        for folder in (os.path.join(self._folder, name) for name in os.listdir(self._folder)):
            while os.path.exists(folder) and time.monotonic() < deadline:
                # A program that was killed with its worker may take a moment to be gone.
                with contextlib.suppress(OSError):
                    remove_tree(folder)


def _submit(
    executor: loky.ProcessPoolExecutor, done: SimpleQueue[Future[_Result]], *call: Any
) -> Future[_Result]:
    """Submit a call to the workers; its future is put into a queue once it is done.

    The main thread waits for this queue only, whose lock is implemented in C. Ctrl-C inside the locks of ``Future``
    and loky, which are Python code, can leave them locked for good, and loky's thread would wait for them at shutdown.
    """
    with _interrupts_deferred():
        future: Future[_Result] = executor.submit(*call)
        future.add_done_callback(done.put)
        return future


def _take(done: SimpleQueue[_Item]) -> _Item:
    """Wait for the next item of a queue; in steps, since a signal just before a wait begins does not interrupt it."""
    while True:
        with contextlib.suppress(Empty):
            return done.get(timeout=SIGNAL_LOOK)


@contextlib.contextmanager
def _interrupts_deferred() -> Iterator[None]:
    """Defer Ctrl-C until the block is left."""
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield
        return
    came: list[tuple[int, FrameType | None]] = []
    signal.signal(signal.SIGINT, lambda *signal_and_frame: came.append(signal_and_frame))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if came:
            handler(*came[0])


def _content(prediction: Prediction) -> bytes:
    """A digest that differs for different predictions."""
    problem = prediction.problem
    parts = (prediction.program, prediction.repair, problem.to_json(), problem.probes_first)
    return hashlib.sha256(json.dumps(parts).encode()).digest()
