"""Parallel evaluation of the points of one request, in processes of this machine or by a person's own ``map``.

A program that asks for one point at a time gains nothing. Workers evaluate copies of the person's functions: what these change in a
worker stays there. Order and values are those of one process.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from llamoco.dataset_builder.problems.errors import LlamocoError, ProblemError
from llamoco.dataset_builder.problems.evaluators import (
    EvaluatorWrapper,
    ProblemEvaluator,
    SourceEvaluator,
    Values,
    collect_values,
)

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

MapLike = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
Workers = int | MapLike


class WorkersError(LlamocoError, RuntimeError):
    """Points cannot be evaluated in other processes, or a worker died. The message says what to do."""


class ParallelEvaluator(EvaluatorWrapper):
    """Evaluates the points of a request in parallel; a context manager.

    Args:
        inner: what evaluates a point; a copy of it goes to each process.
        workers: number of processes, -1 for one a core; or a function like ``map`` that takes a function and an iterable.

    Attributes:
        largest: the most points that were asked for together.

    Raises:
        WorkersError: if workers is neither.
    """

    def __init__(self, inner: ProblemEvaluator, workers: Workers) -> None:
        super().__init__(inner)
        self._map = workers if callable(workers) else None
        self.count = 0 if callable(workers) else worker_count(workers)
        self.largest = 0
        self._pool: Any = None  # loky's executor
        self._copy: bytes | None = None

    def __enter__(self) -> ParallelEvaluator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the processes at once."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, kill_workers=True)
            self._pool = None

    def evaluate(self, x: np.ndarray) -> Values:
        """See ``ProblemEvaluator``."""
        return collect_values(self.evaluate_rows(x), len(x))

    def evaluate_rows(self, x: np.ndarray) -> Iterator[tuple[int, Values]]:
        """See ``ProblemEvaluator``. After a failure, evaluations in flight are waited for: what was paid for is not lost.

        Raises:
            WorkersError: if a process died, or the person's functions cannot be sent to one.
            Exception: what a person's function raised, the first in the order of points.
        """
        self.largest = max(self.largest, len(x))
        if len(x) == 1 or self.count == 1:
            yield from self.inner.evaluate_rows(x)
        elif self._map is not None:
            task = _Task(self._pickled())
            yield from enumerate(self._map(task, [point.copy() for point in x]))
        else:
            yield from self._in_processes(x)

    def _in_processes(self, x: np.ndarray) -> Iterator[tuple[int, Values]]:
        from concurrent.futures import as_completed

        if self._pool is None:
            self._pool = _executor(self.count, self._pickled())
        rows: dict[Future[Values], int] = {}
        failed: dict[int, BaseException] = {}
        try:
            for row, point in enumerate(x):
                rows[self._pool.submit(_evaluate_in_worker, point)] = row
            for future in as_completed(rows):
                if future.cancelled():
                    continue
                error = future.exception()
                if error is None:
                    yield rows[future], future.result()
                    continue
                failed[rows[future]] = error
                for other in rows:
                    other.cancel()
        except GeneratorExit:
            raise
        except BaseException:
            self.close()
            raise
        if failed:
            raise self._error_of(failed, x)

    def _error_of(self, failed: dict[int, BaseException], x: np.ndarray) -> BaseException:
        """The error to raise for points that failed: the first one's own, unless a process died."""
        from loky.process_executor import BrokenProcessPool

        row = min(failed)
        error = failed[row]
        if not isinstance(error, BrokenProcessPool):
            return error
        self.close()
        point = ", ".join(f"{value:.6g}" for value in self.to_original(x[row])[:4].tolist())
        told = WorkersError(
            f"a worker process died while evaluating x = [{point}{', ...' if x.shape[1] > 4 else ''}] or another point: it was "
            "killed, ran out of memory, or crashed in compiled code. Evaluate with fewer workers, or with workers=1 to see "
            "where it crashes; with a journal, no finished evaluation is lost"
        )
        told.__cause__ = error
        return told

    def _pickled(self) -> bytes:
        """The evaluator as bytes, to be sent to workers."""
        if self._copy is None:
            import cloudpickle

            try:
                self._copy = cloudpickle.dumps(_sendable(self.inner))
            except Exception as error:
                raise WorkersError(
                    f"the functions cannot be sent to other processes ({type(error).__name__}: {error}); what they refer to "
                    "(an open file, a lock, a connection) has to be made inside them, or use workers=1"
                ) from error
        return self._copy


def worker_count(workers: Any) -> int:
    """A number of processes.

    Raises:
        WorkersError: if it is not one.
    """
    whole = isinstance(workers, int | np.integer) and not isinstance(workers, bool)
    if not whole or (workers < 1 and workers != -1):
        raise WorkersError(
            f"workers is {workers!r:.60}; give a number of processes, -1 for one a core, or a function like map"
        )
    return _cores() if workers == -1 else int(workers)


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Task:
    """Evaluates a point (D,) in any process that it is sent to."""

    def __init__(self, sent: bytes) -> None:
        self._bytes = sent
        self._evaluator: ProblemEvaluator | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {"_bytes": self._bytes, "_evaluator": None}

    def __call__(self, point: np.ndarray) -> Values:
        if self._evaluator is None:
            import cloudpickle

            self._evaluator = cloudpickle.loads(self._bytes)
        return self._evaluator.evaluate(point[None, :])


def _sendable(evaluator: ProblemEvaluator) -> Any:
    """An evaluator that can be pickled: a person's file is sent as text and executed in the worker."""
    while isinstance(evaluator, EvaluatorWrapper):
        evaluator = evaluator.inner
    return _Source(evaluator) if isinstance(evaluator, SourceEvaluator) else evaluator


class _Source:
    """A person's file on its way to a worker."""

    def __init__(self, evaluator: SourceEvaluator) -> None:
        self._text = evaluator.file._text

    def __reduce__(self) -> tuple[Any, ...]:
        return _read, (self._text.text, self._text.name, self._text.folder)


def _read(text: str, name: str, folder: Any) -> ProblemEvaluator:
    from llamoco.dataset_builder.problems.files.python_file import load_python

    return SourceEvaluator(lambda: load_python(text, name, folder))


# In a worker process: its evaluator, or the error that unpickling it raised.
_worker_evaluator: ProblemEvaluator | BaseException


def _executor(count: int, sent: bytes) -> Executor:
    import loky
    from loky.backend import get_context

    executor: Executor = loky.ProcessPoolExecutor(
        count, context=get_context("loky"), initializer=_start_worker, initargs=(sent,)
    )
    return executor


def _start_worker(sent: bytes) -> None:
    """Prepare a worker process."""
    global _worker_evaluator
    import cloudpickle

    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole terminal: the parent decides
    try:
        _worker_evaluator = cloudpickle.loads(sent)
    except BaseException as error:
        _worker_evaluator = error


def _evaluate_in_worker(point: np.ndarray) -> Values:
    if isinstance(_worker_evaluator, BaseException):
        raise WorkersError(
            f"the functions cannot be loaded in a worker process ({type(_worker_evaluator).__name__}: {_worker_evaluator}); give workers=1"
        )
    try:
        return _worker_evaluator.evaluate(point[None, :])
    except Exception as error:
        raise _picklable(error)  # noqa: B904  (itself, nearly always)


def _picklable(error: Exception) -> Exception:
    """An exception that can be pickled: itself, or a ProblemError with its text."""
    import cloudpickle

    try:
        cloudpickle.loads(cloudpickle.dumps(error))
    except Exception:
        return ProblemError(f"a function failed in a worker process ({type(error).__name__}: {error})")
    return error
