"""Worker processes for the page's jobs (see ``demo.job``): one stands by, runs one job, and ends."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator, Iterator
from dataclasses import asdict
from types import TracebackType
from typing import Any

from llamoco.dataset_builder.problems.errors import LlamocoError, ProblemError
from llamoco.modeling.demo.keeper import remove
from llamoco.modeling.demo.request import Job

DEADLINE = 120.0
READING = 40.0  # seconds for the problem to be read: a job that takes longer would not end in time either
START_LIMIT = 180.0
END_LIMIT = 10.0
TICK = 1.0
MAX_LINE = 8 << 20
MAX_SAID = 64 << 20

# -P: the Space's folder has a llamoco.py that would be imported for the package.
COMMAND = [sys.executable, "-P", "-m", "llamoco.modeling.demo.keeper"]

# What of the environment a worker gets: the page's process may hold secrets, such as tokens of its Space.
_KEPT_NAMES = ("PATH", "HOME", "LANG", "PYTHONPATH", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "NUMBA_CACHE_DIR")
_SETTINGS = {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "OMP_WAIT_POLICY": "passive"}
# Threads that libraries start when they are imported (NumPy's, pyarrow's) would be there before the process is confined.
_SETTINGS |= {"OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}

Said = dict[str, Any]


class WorkerError(LlamocoError, RuntimeError):
    """A worker that did not start, or was stopped."""


class Worker:
    """One process for one job, with its keeper. A context manager: when the block is left nothing is left of it.

    Raises:
        WorkerError: if no process can be started.
    """

    def __init__(self) -> None:
        self._folder = os.path.realpath(tempfile.mkdtemp(prefix="llamoco-page-"))
        environment = {name: os.environ[name] for name in _KEPT_NAMES if name in os.environ}
        try:
            self._process = subprocess.Popen(
                [*COMMAND, self._folder],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                cwd=self._folder,
                env=environment | _SETTINGS | {"TMPDIR": self._folder, "HF_HOME": self._folder},
                start_new_session=True,
            )
        except OSError as error:
            remove(self._folder)
            raise WorkerError(f"no process can be started now ({error.strerror}); try again later") from error
        self._buffer = b""
        self._greeted = False
        self._closing = threading.Lock()

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def wait_until_ready(self) -> str:
        """Wait until it is ready, and say how it confines code: tier "A", "B" or "C".

        Raises:
            WorkerError: if it does not start.
        """
        for said in self._lines(START_LIMIT):
            if "hello" in said:
                self._greeted = True
                return str(said["hello"]["tier"])
        raise WorkerError("the process that does the work did not start; its error is in the log")

    def run(self, job: Job, deadline: float) -> Iterator[Said]:
        """Give it its job, and yield what it says; in every second without a word, a word that says just that.

        Raises:
            WorkerError: if it takes longer than ``deadline`` seconds, or dies.
        """
        if not self._greeted:
            for said in self._lines(START_LIMIT):
                if "hello" in said:
                    break
                yield said
            else:
                raise WorkerError("the process that does the work did not start; its error is in the log")
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.write(json.dumps(asdict(job)).encode() + b"\n")
            self._process.stdin.flush()
        start, read = time.monotonic(), False
        for said in self._lines(deadline):
            yield said
            if "done" in said or "error" in said:
                return
            read = read or "problem" in said
            if not read and time.monotonic() - start > READING:
                raise WorkerError(f"stopped: to read the problem took more than {READING:g} seconds")
        raise WorkerError(
            "the process that did the work ended early: it took too much memory or processor time"
        )

    def close(self) -> None:
        """End it, with all that it started. May be called more than once, from any thread."""
        with self._closing:
            for pipe in (self._process.stdin, self._process.stdout):
                assert pipe is not None
                with contextlib.suppress(OSError):
                    pipe.close()  # the keeper sees to the rest
            try:
                self._process.wait(END_LIMIT)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
            remove(self._folder)  # where the keeper was killed

    def _lines(self, limit: float) -> Iterator[Said]:
        """Lines of JSON until the process closes its output, or is ended."""
        assert self._process.stdout is not None
        start, total = time.monotonic(), 0
        try:
            with self._closing:
                # Of this reader's own: once closed by another thread, the number may be another worker's.
                descriptor = os.dup(self._process.stdout.fileno())
        except ValueError:
            return
        poll = select.poll()  # select takes no descriptors beyond 1,023, which a page with many visitors has
        poll.register(descriptor, select.POLLIN)
        try:
            while True:
                line, mark, rest = self._buffer.partition(b"\n")
                if mark:
                    self._buffer = rest
                    yield _parsed(line)
                    continue
                left = start + limit - time.monotonic()
                if left <= 0:
                    raise WorkerError(f"stopped: it took more than {limit:g} seconds")
                if not poll.poll(1000 * min(left, TICK)):
                    yield {"progress": {"seconds": time.monotonic() - start}}
                    continue
                part = os.read(descriptor, 1 << 16)
                total += len(part)
                if not part or len(self._buffer) > MAX_LINE or total > MAX_SAID:
                    return
                self._buffer += part
        finally:
            os.close(descriptor)


def _parsed(line: bytes) -> Said:
    """A line of a worker, which computes with what strangers wrote."""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise WorkerError("the process that did the work said what it should not; the job was stopped")
    return said


class Workers:
    """Does jobs, each in a fresh process, with the next one already waiting: a start takes seconds.

    One job at a time: one that is begun ends another that still goes on, as one may whose visitor has left.

    Args:
        deadline: seconds that a job may take.

    Attributes:
        tier: how code is confined on this machine, see ``metrics.sandbox.tiers``.

    Raises:
        WorkerError: if no worker starts.
    """

    def __init__(self, deadline: float = DEADLINE) -> None:
        self._deadline = deadline
        self._taking = threading.Lock()
        self._working: Worker | None = None
        self._closed = False
        self._next: Worker | None = Worker()
        try:
            self.tier = self._next.wait_until_ready()
        except BaseException:
            self._next.close()
            raise

    def run(self, job: Job) -> Generator[Said, None, None]:
        """Do one job, for one caller at a time; what is said is yielded, errors as {"error": message} at the end."""
        try:
            job.check()
            with self._take() as worker:
                yield from worker.run(job, self._deadline)
        except (ProblemError, WorkerError) as error:
            yield {"error": str(error)}
        finally:
            self._stand_by()

    def close(self) -> None:
        """End the workers."""
        with self._taking:
            self._closed = True
            for worker in (self._working, self._next):
                if worker is not None:
                    worker.close()

    def _take(self) -> Worker:
        """The worker that stands by; a new one where it has ended while it waited."""
        with self._taking:
            if self._closed:
                raise WorkerError("the page is about to end")
            if self._working is not None:
                self._working.close()
                self._working = None
            worker, self._next = self._next, None
            if worker is not None and not worker.alive:
                worker.close()
                worker = None
            self._working = worker or Worker()
            return self._working

    def _stand_by(self) -> None:
        """Have a worker wait for the next job."""
        with self._taking:
            if self._next is None and not self._closed:
                with contextlib.suppress(WorkerError):  # tried again, and told, when a job comes
                    self._next = Worker()
