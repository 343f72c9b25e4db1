"""Processes that do the page's jobs (see ``space.job``): one stands by, takes one job, and is gone."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any, Literal

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.metrics.sandbox.scratch import remove_tree

Writer = Literal["model", "single best solver", "own"]

MAX_PROBLEM = 20_000
MAX_PROGRAM = 40_000
MAX_EVALS = 10_000
MAX_RUNS = 5
DEADLINE = 120.0
START_LIMIT = 180.0
MAX_LINE = 8 << 20

# What of the environment a worker gets: the page's process may hold secrets, such as tokens of its Space.
_KEPT_NAMES = ("PATH", "HOME", "LANG", "PYTHONPATH", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "NUMBA_CACHE_DIR")
_SETTINGS = {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "OMP_WAIT_POLICY": "passive"}


@dataclass(frozen=True)
class Job:
    """What a visitor asks for.

    Attributes:
        problem: a problem FILE, Python or LaTeX, or a problem of the data set as JSON.
        writer: who writes the program: the shipped model, the benchmark's single best solver, or the visitor.
        program: the visitor's own program, a completion or a whole script.
        runs: 1 to 5, with the seeds ``seed``, ``seed + 1``, ...
    """

    problem: str
    writer: Writer = "model"
    program: str = ""
    runs: int = 1
    seed: int = 0

    def check(self) -> None:
        """Raises ProblemError, with the message for the visitor, where the page does not take it."""
        if not self.problem.strip():
            raise ProblemError("there is no problem yet: paste one, or pick an example")
        if self.writer == "own" and not self.program.strip():
            raise ProblemError("there is no program yet: paste one that defines optimize(...)")
        for what, text, limit in (
            ("problem", self.problem, MAX_PROBLEM),
            ("program", self.program, MAX_PROGRAM),
        ):
            if len(text) > limit:
                raise ProblemError(
                    f"the {what} has {len(text):,} characters; this page takes {limit:,} at most"
                )
        if not 1 <= self.runs <= MAX_RUNS:
            raise ProblemError(f"{self.runs} runs were asked for; this page makes 1 to {MAX_RUNS}")
        if not 0 <= self.seed < 2**31:
            raise ProblemError(f"the seed is {self.seed}; give a whole number from 0 to {2**31 - 1}")


class WorkerError(RuntimeError):
    """A worker that did not start, or was stopped."""


class Worker:
    """One process for one job. A context manager: it is killed, with all it started, when the block is left."""

    def __init__(self) -> None:
        self._folder = tempfile.mkdtemp(prefix="llamoco-page-")
        environment = {name: os.environ[name] for name in _KEPT_NAMES if name in os.environ}
        self._process = subprocess.Popen(
            # -P: the Space's folder has a llamoco.py that would be imported for the package.
            [sys.executable, "-P", "-m", "llamoco.modeling.space.job"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=self._folder,
            env=environment | _SETTINGS | {"TMPDIR": self._folder},
            start_new_session=True,
        )
        self._buffer = b""

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def hello(self) -> str:
        """Wait until it is ready, and say how it confines code: tier "A", "B" or "C".

        Raises:
            WorkerError: if it does not start.
        """
        for said in self._lines(START_LIMIT):
            return str(said["hello"]["tier"])
        raise WorkerError("the process that does the work did not start; its error is in the log")

    def do(self, job: Job, deadline: float) -> Iterator[dict[str, Any]]:
        """Give it its job, and yield what it says.

        Raises:
            WorkerError: if it takes longer than ``deadline`` seconds, or dies.
        """
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(asdict(job)).encode() + b"\n")
            self._process.stdin.flush()
        for said in self._lines(deadline):
            yield said
            if "done" in said or "error" in said:
                return
        raise WorkerError(
            "the process that did the work ended early: it took too much memory or processor time"
        )

    def close(self) -> None:
        """Kill it. The sandboxes' processes end with it, since their control sockets close."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
        with contextlib.suppress(OSError):
            remove_tree(self._folder)

    def _lines(self, limit: float) -> Iterator[dict[str, Any]]:
        """Lines of JSON until the process closes its output."""
        assert self._process.stdout is not None
        descriptor, end = self._process.stdout.fileno(), time.monotonic() + limit
        while True:
            line, mark, rest = self._buffer.partition(b"\n")
            if mark:
                self._buffer = rest
                yield json.loads(line)
                continue
            left = end - time.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                raise WorkerError(f"stopped: it took more than {limit:g} seconds")
            part = os.read(descriptor, 1 << 16)
            if not part or len(self._buffer) > MAX_LINE:
                return
            self._buffer += part


class Workers:
    """Does jobs, each in a fresh process, with the next one already waiting: a start takes seconds.

    Args:
        deadline: seconds that a job may take.

    Attributes:
        tier: how code is confined on this machine, see ``metrics.sandbox.tiers``.

    Raises:
        WorkerError: if no worker starts.
    """

    def __init__(self, deadline: float = DEADLINE) -> None:
        self._deadline = deadline
        self._next = Worker()
        self._greeted = False
        try:
            self.tier = self._next.hello()
        except BaseException:
            self._next.close()
            raise
        self._greeted = True

    def do(self, job: Job) -> Generator[dict[str, Any], None, None]:
        """Do one job, for one caller at a time; what is said is yielded, errors as {"error": message} at the end."""
        try:
            job.check()
        except ProblemError as error:
            yield {"error": str(error)}
            return
        try:
            with self._next as worker:
                if not self._greeted:
                    worker.hello()
                yield from worker.do(job, self._deadline)
        except WorkerError as error:
            yield {"error": str(error)}
        finally:
            self._next, self._greeted = Worker(), False

    def close(self) -> None:
        """End the worker that stands by."""
        self._next.close()
