"""An evaluator slot: owns the problem and the count, and has one program at a time run beside it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from types import TracebackType
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.oracle import Oracle
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics.sandbox import launcher, namespaces, tiers
from llamoco.metrics.sandbox.channel import Channel
from llamoco.metrics.sandbox.ending import Ending, Statement
from llamoco.metrics.sandbox.exchange import Exchange
from llamoco.metrics.sandbox.records import record_of
from llamoco.metrics.sandbox.scratch import remove_tree
from llamoco.metrics.sandbox.tiers import SandboxUnavailable
from llamoco.metrics.sandbox.verdicts import Record

TIME_LIMIT = 60.0
MEMORY_LIMIT = 1024
START_LIMIT = 60.0
REAP_LIMIT = 10.0
ATTEMPTS = 2

# What of the environment the zygote gets: what finding Python's packages needs, and settings of the numerical
# libraries, so that a program computes to the last bit what it would in this process.
_KEPT_NAMES = ("PATH", "HOME", "PYTHONPATH", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
_KEPT_PREFIXES = ("OPENBLAS_", "MKL_", "NPY_")
_ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
# What glibc gives back to the kernel a short-lived program pays for again, page by page: 21,000 times in one of gp_ei.
_KEEP_MEMORY = {"MALLOC_TRIM_THRESHOLD_": str(1 << 29), "MALLOC_MMAP_THRESHOLD_": str(1 << 25)}


class _ZygoteDied(Exception):
    """The zygote ended on its own: killed from outside, or out of memory."""


class Sandbox:
    """Runs programs one at a time, confined, with the objective on this side. Not for several threads.

        with Sandbox() as sandbox:
            record = sandbox.run(completion, problem, seed=1)

    Args:
        allow_unsafe: run programs even where nothing but a process of its own confines them (tier C).
        wait: until programs can run, which takes a second; else whatever is first asked of it does.

    Attributes:
        tier: "A", "B" or "C", see ``tiers``.
        versions: of the libraries that programs run with.
        bounded: whether the kernel bounds what programs write; else their folder is looked at while they run.

    Raises:
        SandboxUnavailable: on tier C without ``allow_unsafe``, and where there is no fork; here, or where it is waited for.
    """

    def __init__(self, allow_unsafe: bool = False, wait: bool = True) -> None:
        tiers.require_fork()
        self._zygote: subprocess.Popen[bytes] | None = None
        self._allow_unsafe = allow_unsafe
        try:
            self._launch()
            if wait:
                self.ready()
        except BaseException:
            self.close()
            raise

    @property
    def tier(self) -> str:
        """ "A", "B" or "C"."""
        self.ready()
        return self._tier

    @property
    def versions(self) -> dict[str, str]:
        """Of the libraries that programs run with."""
        self.ready()
        return self._versions

    @property
    def bounded(self) -> bool:
        """Whether the kernel bounds what programs write."""
        self.ready()
        return self._bounded

    def ready(self) -> None:
        """Wait until programs can run.

        Raises:
            SandboxUnavailable: see ``Sandbox``. It is to be closed all the same.
        """
        if self._starting:
            self._greet()
        if self._tier == "C" and not self._allow_unsafe:
            raise SandboxUnavailable(
                f"this machine cannot confine a program: {self._weakness}. Only run programs you trust "
                "here (allow_unsafe_execution=True; --unsafe on the command line)."
            )

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the zygote and whatever runs in it, and remove its folder."""
        self._stop()

    @property
    def closed(self) -> bool:
        """Whether it runs nothing any more."""
        return self._zygote is None

    def leave_to_parent(self) -> None:
        """In a forked copy of the process that made it: let go of what the original goes on with."""
        self._control.close()
        self._zygote = None

    def run(
        self,
        program: str,
        problem: Problem,
        seed: int,
        time_limit: float = TIME_LIMIT,
        memory_limit: int = MEMORY_LIMIT,
        on_progress: Callable[[int, float | None], None] | None = None,
        on_oracle: Callable[[Oracle], None] | None = None,
    ) -> Record:
        """Call the program's ``optimize`` on a problem.

        Args:
            program: a completion, or a whole script; its main guard does not run.
            problem: what it optimizes; it is told bounds, budget and numbers of constraints, no more.
            seed: handed to ``optimize``; ``random`` and ``numpy.random`` start from it too.
            time_limit: seconds for the program itself; while the objective computes, the clock stands still.
            memory_limit: MiB that the program may use beyond what the libraries take.
            on_progress: called after every request with (evaluations used, best feasible objective or None).
            on_oracle: is given what counts the evaluations before the program begins, to be looked at should the run be broken off.
        """
        job = {
            "mode": "run",
            "program": program,
            "seed": seed,
            "lower": list(problem.lower),
            "upper": list(problem.upper),
            "n_inequality": problem.n_inequality,
            "n_equality": problem.n_equality,
        }
        common: dict[str, Any] = {
            "tier": self.tier,
            "seed": seed,
            "source_hash": hashlib.sha256(program.encode("utf-8", errors="surrogatepass")).hexdigest(),
            "versions": self.versions,
        }
        reason = ""
        for _ in range(ATTEMPTS):
            oracle = Oracle(problem, on_progress)
            if on_oracle is not None:
                on_oracle(oracle)
            try:
                left = {"max_evals": oracle.remaining}
                ending = self._attempt(job | left, oracle, None, time_limit, memory_limit)
            except _ZygoteDied:
                reason = "the process that runs programs died"
                self._restart()
                continue
            if ending.verdict != "harness_error":
                return record_of(ending, oracle, common)
            reason = ending.reason
        return Record(verdict="harness_error", reason=f"{reason} (tried {ATTEMPTS} times)", **common)

    def state(
        self,
        program: str,
        points: np.ndarray,
        time_limit: float = TIME_LIMIT,
        memory_limit: int = MEMORY_LIMIT,
    ) -> Statement | None:
        """What problem a whole script states: its bounds, budget and values; ``optimize`` is not called.

        Args:
            program: a whole script.
            points: where to evaluate its objective and constraints, (N, D).
            time_limit: seconds.
            memory_limit: MiB.

        Returns:
            None if it states no problem, or fails.
        """
        self.ready()
        for _ in range(ATTEMPTS):
            try:
                ending = self._attempt(
                    {"mode": "state", "program": program}, None, points, time_limit, memory_limit
                )
            except _ZygoteDied:
                self._restart()
                continue
            if ending.verdict != "harness_error":
                return ending.statement
        return None

    def _attempt(
        self,
        job: dict[str, Any],
        oracle: Oracle | None,
        points: np.ndarray | None,
        time_limit: float,
        memory_limit: int,
    ) -> Ending:
        requests, asking = os.pipe()
        telling, replies = os.pipe()
        output, printing = os.pipe()
        open_ends = [requests, replies, output, asking, telling, printing]
        limits = {"memory_bytes": memory_limit << 20, "cpu_seconds": time_limit}
        try:
            try:
                theirs = [asking, telling, printing]
                socket.send_fds(self._control, [json.dumps(limits).encode() + b"\n"], theirs)
            except OSError as error:
                raise _ZygoteDied from error
            while len(open_ends) > 3:
                os.close(open_ends.pop())
            channel = Channel(requests, replies, output, time_limit)
            exchange = Exchange(channel, job, oracle, points)
            gone = False
            try:
                ending = exchange.follow()
                gone = ending.gone
            finally:
                ended = self._reap(gone)
            return exchange.closed(ending, ended)
        finally:
            for descriptor in open_ends:
                os.close(descriptor)

    def _reap(self, gone: bool) -> dict[str, Any]:
        """Have the zygote collect its child, killing it first unless it has gone."""
        try:
            self._control.sendall(b"g" if gone else b"k")
            return self._hear(REAP_LIMIT)
        except OSError as error:
            raise _ZygoteDied from error

    def _launch(self) -> None:
        """Start the zygote; what it says of itself is for ``_greet`` to hear."""
        self._starting = True
        self._scratch = os.path.realpath(tempfile.mkdtemp(prefix="llamoco-"))
        ours, theirs = socket.socketpair()
        self._control = ours
        command = [sys.executable, "-m", "llamoco.metrics.sandbox.zygote", str(theirs.fileno())]
        self._wrapped = tiers.bubblewrap_works()
        if self._wrapped:
            command = [*tiers.bubblewrap(self._scratch), *command]
        environment = {
            name: value
            for name, value in os.environ.items()
            if name in _KEPT_NAMES or name.startswith(_KEPT_PREFIXES)
        }
        with theirs:
            self._zygote = subprocess.Popen(
                [sys.executable, "-I", "-S", str(launcher.__file__), self._scratch],
                pass_fds=[theirs.fileno()],
                env=environment
                | _ONE_THREAD
                | _KEEP_MEMORY
                | {"TMPDIR": self._scratch, "LLAMOCO_COMMAND": json.dumps(command)},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )

    def _greet(self) -> None:
        """Hear from the zygote that it is there, and how well it is confined."""
        try:
            hello = self._hear(START_LIMIT)
        except (OSError, _ZygoteDied) as error:
            said = self._kill().decode(errors="replace").strip()
            raise SandboxUnavailable(
                f"the process that runs programs did not start: {said[-500:]}"
            ) from error
        self._starting = False
        self._weakness: str | None = hello["weakness"]
        self._versions: dict[str, str] = hello["versions"]
        self._bounded: bool = hello["bounded"]
        # What bubblewrap says of itself is no proof that it did anything.
        apart = self._wrapped and all(
            name in hello["namespaces"] and hello["namespaces"][name] != mine
            for name, mine in namespaces.ids().items()
        )
        self._tier = "C" if self._weakness else "A" if apart else "B"

    def _stop(self) -> None:
        """Have the zygote end by itself, which takes its folder along; by force where it does not."""
        self._control.close()
        if self._zygote is None:
            return
        try:
            # Before it has loaded all libraries it would not look whether anybody is there.
            self._zygote.communicate(timeout=0 if self._starting else REAP_LIMIT)
        except subprocess.TimeoutExpired:
            self._kill()
        self._zygote = None
        with contextlib.suppress(FileNotFoundError):
            remove_tree(self._scratch)

    def _kill(self) -> bytes:
        """Kill zygote, launcher and bubblewrap, which are a session of their own; what they said on stderr."""
        assert self._zygote is not None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._zygote.pid, signal.SIGKILL)
        return self._zygote.communicate()[1]

    def _restart(self) -> None:
        if self._zygote is not None:
            self._kill()
        self._stop()
        self._launch()
        self._greet()

    def _hear(self, limit: float) -> dict[str, Any]:
        """One line of JSON from the zygote."""
        self._control.settimeout(limit)
        line = b""
        while not line.endswith(b"\n"):
            part = self._control.recv(1 << 16)
            if not part:
                raise _ZygoteDied
            line += part
        content: dict[str, Any] = json.loads(line)
        return content
