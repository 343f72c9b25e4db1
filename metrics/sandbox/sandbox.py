"""Sandbox: runs one program at a time in a confined process, and keeps the problem and the count on this side."""

from __future__ import annotations

import hashlib
import json
import os
import socket
from collections.abc import Callable
from types import TracebackType
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.oracle import Oracle
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics.sandbox import tiers
from llamoco.metrics.sandbox.outcome import Outcome, StatedProblem
from llamoco.metrics.sandbox.pipes import Pipes
from llamoco.metrics.sandbox.record import Record, record_of
from llamoco.metrics.sandbox.session import Session
from llamoco.metrics.sandbox.tiers import SandboxUnavailable
from llamoco.metrics.sandbox.zygote_process import REAP_LIMIT, Hello, ZygoteDied, ZygoteProcess

TIME_LIMIT = 60.0
MEMORY_LIMIT = 1024
ATTEMPTS = 2


class Sandbox:
    """Runs programs one at a time, confined, with the objective on this side. Not for several threads.

        with Sandbox() as sandbox:
            record = sandbox.run(completion, problem, seed=1)

    Args:
        allow_unsafe: run programs even where nothing but a process of its own confines them (tier C).
        wait: whether to wait until programs can run, which takes a second; otherwise the first use waits.

    Attributes:
        tier: "A", "B" or "C", see ``tiers``.
        versions: of the libraries that programs run with.
        bounded: whether the kernel bounds what programs write; if not, their folder is checked while they run.

    Raises:
        SandboxUnavailable: on tier C without ``allow_unsafe``, and where there is no fork; here, or at the first use.
    """

    def __init__(self, allow_unsafe: bool = False, wait: bool = True) -> None:
        tiers.require_fork()
        self._allow_unsafe = allow_unsafe
        self._zygote: ZygoteProcess | None = ZygoteProcess()
        self._scratch = self._zygote.scratch
        if wait:
            try:
                self.ready()
            except BaseException:
                self.close()
                raise

    @property
    def tier(self) -> str:
        """ "A", "B" or "C"."""
        return self.ready().tier

    @property
    def versions(self) -> dict[str, str]:
        """Versions of the libraries that programs run with."""
        return self.ready().versions

    @property
    def bounded(self) -> bool:
        """Whether the kernel bounds what programs write."""
        return self.ready().bounded

    def ready(self) -> Hello:
        """Wait until programs can run.

        Raises:
            SandboxUnavailable: see ``Sandbox``, which has to be closed all the same.
        """
        hello = self._running.hello()
        if hello.tier == "C" and not self._allow_unsafe:
            raise SandboxUnavailable(
                f"this machine cannot confine a program: {hello.weakness}. Only run programs you trust "
                "here (allow_unsafe_execution=True; --unsafe on the command line)."
            )
        return hello

    @property
    def _running(self) -> ZygoteProcess:
        assert self._zygote is not None, "the sandbox is closed"
        return self._zygote

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the zygote and whatever runs in it, and remove its folder."""
        if self._zygote is not None:
            self._zygote.close()
        self._zygote = None

    @property
    def closed(self) -> bool:
        """Whether it has been closed."""
        return self._zygote is None

    def leave_to_parent(self) -> None:
        """In a forked copy of the process that made it: release what the original keeps using."""
        if self._zygote is not None:
            self._zygote.control.close()
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
            problem: the problem; the program is told bounds, budget and numbers of constraints, no more.
            seed: handed to ``optimize``; ``random`` and ``numpy.random`` start from it too.
            time_limit: seconds for the program itself; the clock stops while the objective computes.
            memory_limit: MiB that the program may use beyond what the libraries take.
            on_progress: called after every request with (evaluations used, best feasible objective or None).
            on_oracle: called with the evaluation counter before the program begins; it stays valid if the run is broken off.
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
                start = None if oracle.start is None else oracle.start.tolist()
                begin = {"max_evals": oracle.remaining, "start": start}
                outcome = self._attempt(job | begin, oracle, None, time_limit, memory_limit)
            except ZygoteDied:
                reason = "the process that runs programs died"
                self._restart()
                continue
            if outcome.verdict != "harness_error":
                return record_of(outcome, oracle, common)
            reason = outcome.reason
        return Record(verdict="harness_error", reason=f"{reason} (tried {ATTEMPTS} times)", **common)

    def stated_problem(
        self,
        program: str,
        points: np.ndarray,
        time_limit: float = TIME_LIMIT,
        memory_limit: int = MEMORY_LIMIT,
    ) -> StatedProblem | None:
        """Read the problem that a whole script states: bounds, budget and values; ``optimize`` is not called.

        Args:
            program: a whole script.
            points: where to evaluate its objective and constraints, (N, D).
            time_limit: seconds.
            memory_limit: MiB.

        Returns:
            The stated problem; None if the script states none, or fails.
        """
        self.ready()
        for _ in range(ATTEMPTS):
            try:
                outcome = self._attempt(
                    {"mode": "state", "program": program}, None, points, time_limit, memory_limit
                )
            except ZygoteDied:
                self._restart()
                continue
            if outcome.verdict != "harness_error":
                return outcome.statement
        return None

    def _attempt(
        self,
        job: dict[str, Any],
        oracle: Oracle | None,
        points: np.ndarray | None,
        time_limit: float,
        memory_limit: int,
    ) -> Outcome:
        requests, asking = os.pipe()
        telling, replies = os.pipe()
        output, printing = os.pipe()
        open_ends = [requests, replies, output, asking, telling, printing]
        limits = {"memory_bytes": memory_limit << 20, "cpu_seconds": time_limit}
        try:
            try:
                theirs = [asking, telling, printing]
                socket.send_fds(self._running.control, [json.dumps(limits).encode() + b"\n"], theirs)
            except OSError as error:
                raise ZygoteDied from error
            while len(open_ends) > 3:
                os.close(open_ends.pop())
            pipes = Pipes(requests, replies, output, time_limit)
            session = Session(pipes, job, oracle, points)
            gone = False
            try:
                outcome = session.follow()
                gone = outcome.gone
            finally:
                ended = self._reap(gone)
            return session.closed(outcome, ended)
        finally:
            for descriptor in open_ends:
                os.close(descriptor)

    def _reap(self, gone: bool) -> dict[str, Any]:
        """Let the zygote reap its child, killing it first unless it has gone."""
        try:
            self._running.control.sendall(b"g" if gone else b"k")
            return self._running.hear(REAP_LIMIT)
        except OSError as error:
            raise ZygoteDied from error

    def _restart(self) -> None:
        if self._zygote is not None:
            self._zygote.kill()
        self.close()
        self._zygote = ZygoteProcess()
        self._scratch = self._zygote.scratch
        self._zygote.hello()
