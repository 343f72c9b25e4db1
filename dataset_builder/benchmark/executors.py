"""Executors for tasks: processes on this machine, or on the workers of a Dask cluster.

Each yields a ``concurrent.futures`` executor whose tasks run in the main thread of a process of their own, as
the wall limit of a run needs it (``run.time_limit``).
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from llamoco.dataset_builder.benchmark.store import code_fingerprint
from llamoco.dataset_builder.problems.errors import LlamocoError
from llamoco.dataset_builder.problems.files.python.process import really_exit

BLAS_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
POOL_NAME = "llamoco"  # of the process pool that each Dask worker gets
CONNECT_SECONDS = 30

Key = TypeVar("Key")
Result = TypeVar("Result")
Call = tuple[Key, tuple[Any, ...]]  # key and arguments
NextCall = Callable[[], Call[Key] | None]


class ExecutorError(LlamocoError, RuntimeError):
    """Tasks cannot run, or no longer; finished ones are stored. The message says what to do."""


@contextmanager
def open_executor(workers: int, scheduler: str | None) -> Iterator[tuple[Executor, int]]:
    """Processes on this machine, or a Dask cluster if the address of its scheduler is given.

    Yields:
        The executor, and the number of tasks that it runs at once.

    Raises:
        ExecutorError: see ``process_executor`` and ``cluster_executor``.
    """
    if scheduler is None:
        with process_executor(workers) as executor:
            yield executor, workers
    else:
        with cluster_executor(scheduler) as pair:
            yield pair


def completed_calls(
    executor: Executor, max_in_flight: int, function: Callable[..., Result], next_call: NextCall[Key]
) -> Iterator[tuple[Key, Result]]:
    """Keys and results of calls, as they end.

    Args:
        executor: calls ``function``.
        max_in_flight: number of calls that it runs at once; one more waits, so that no worker idles.
        function: of a module, since another process may run it.
        next_call: key and arguments of the next call; None if there is none at present. It is asked again after each result, so
            that results may lead to further calls.
    """
    in_flight: dict[Future[Result], Key] = {}
    while True:
        while len(in_flight) <= max_in_flight and (call := next_call()) is not None:
            key, arguments = call
            in_flight[executor.submit(function, *arguments)] = key
        if not in_flight:
            return
        for future in wait(in_flight, return_when=FIRST_COMPLETED).done:
            yield in_flight.pop(future), future.result()


def calls_of(calls: Iterable[Call[Key]]) -> NextCall[Key]:
    """Calls that are known beforehand, taken one by one, for ``completed_calls``."""
    return partial(next, iter(calls), None)


@contextmanager
def process_executor(workers: int) -> Iterator[Executor]:
    """Worker processes on this machine: one BLAS thread each; they end with their parent, and at once on Ctrl-C.

    Args:
        workers: number of processes.

    Raises:
        ExecutorError: from the block, if a worker process died.
    """
    executor = _process_pool(workers)
    before = {name: os.environ.get(name) for name in BLAS_THREADS}
    os.environ.update(dict.fromkeys(BLAS_THREADS, "1"))  # read when a spawned worker loads its BLAS
    try:
        yield executor
    except BrokenExecutor as error:
        raise ExecutorError(
            "a worker process died (killed, or out of memory). What was done is stored: run the command again"
        ) from error
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@contextmanager
def cluster_executor(address: str) -> Iterator[tuple[Executor, int]]:
    """The workers of a Dask cluster, each with one process per thread.

    A worker that dies costs only its tasks in flight: the scheduler gives them to another.

    Args:
        address: of the scheduler, such as "tcp://10.0.0.1:8786".

    Yields:
        The executor, and the number of tasks that it runs at once.

    Raises:
        ExecutorError: if Dask is not installed, there is no scheduler or worker, or the workers have another
            version of the benchmark or cannot start processes; from the block, if tasks kill their workers.
    """
    try:
        import dask
        from distributed import Client, KilledWorker
        from distributed.utils import TimeoutError as NoAnswer
    except ImportError as error:
        raise ExecutorError(
            f"--scheduler needs Dask ({error}): pip install 'llamoco[cluster]', here and on the workers"
        ) from error
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, NoAnswer) as error:
        raise ExecutorError(f"no Dask scheduler at {address}: start one with `dask scheduler`") from error
    with client:
        try:
            client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except NoAnswer as error:
            raise ExecutorError(
                f"the scheduler at {address} has no workers: start some with "
                f"`dask worker {address} --no-nanny --nthreads N`"
            ) from error
        try:
            client.register_plugin(_plugin(code_fingerprint()))
        except OSError as error:
            raise ExecutorError(f"the scheduler at {address} does not answer: {error}") from error
        try:
            with dask.annotate(executor=POOL_NAME):
                yield client.get_executor(), sum(client.nthreads().values())
        except (KilledWorker, BrokenExecutor) as error:
            raise ExecutorError(
                f"worker processes keep dying (killed, or out of memory): {error}. What was done is stored: "
                "run the command again"
            ) from error


def _plugin(code: str) -> Any:
    """The plugin that gives each Dask worker, present or future, its process pool (``Worker.executors``)."""
    from distributed import Worker, WorkerPlugin

    class ProcessesPlugin(WorkerPlugin):
        name = POOL_NAME

        def setup(self, worker: Worker) -> None:
            here = code_fingerprint()
            if here != code:
                raise ExecutorError(
                    f"worker {worker.address} has another version of llamoco than this command ({here}, {code}): "
                    "install the same on all machines"
                )
            if multiprocessing.current_process().daemon:
                raise ExecutorError(
                    f"worker {worker.address} may not start processes: start it with `dask worker --no-nanny`, "
                    "or with DASK_DISTRIBUTED__WORKER__DAEMON=False in its environment"
                )
            os.environ.update(dict.fromkeys(BLAS_THREADS, "1"))
            worker.executors[POOL_NAME] = _process_pool(worker.state.nthreads)

        def teardown(self, worker: Worker) -> None:
            if (pool := worker.executors.pop(POOL_NAME, None)) is not None:
                pool.shutdown(wait=False, cancel_futures=True)

    return ProcessesPlugin()


def _process_pool(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_begin_worker)


def _begin_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def end_with_parent() -> None:
        parent.join()  # returns when the parent is gone, even by kill -9; the pool alone would never end
        really_exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()
