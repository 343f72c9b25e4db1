"""Run predictions on their problems several times, in as many sandboxes as processors."""

from __future__ import annotations

import hashlib
import os
import queue
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass, fields
from types import TracebackType
from typing import Any

from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics import scores
from llamoco.metrics.faith import faithful
from llamoco.metrics.sandbox.slot import TIME_LIMIT, Sandbox
from llamoco.metrics.sandbox.verdicts import Record
from llamoco.metrics.scores import Attempt, Run


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


class Runner:
    """Sandboxes side by side, and predictions run in them. A context manager.

    Args:
        runs: runs of each prediction, 5 in the paper.
        seed: run j on a problem has a seed of its own, drawn from this one, the problem's id and j.
        allow_unsafe: run programs even where they cannot be confined.
        time_limit: seconds for each run, the objective's own time left out.
        workers: sandboxes at work side by side; one a processor if None.

    Attributes:
        tier: how programs are confined, see ``sandbox.tiers``.

    Raises:
        SandboxUnavailable: where programs cannot be confined and ``allow_unsafe`` is not given.
    """

    def __init__(
        self,
        runs: int = 5,
        seed: int = 0,
        allow_unsafe: bool = False,
        time_limit: float = TIME_LIMIT,
        workers: int | None = None,
    ) -> None:
        self._runs, self._seed, self._time_limit = runs, seed, time_limit
        workers = workers or os.cpu_count() or 1
        self._stack = ExitStack()
        try:
            with ThreadPoolExecutor(workers) as starting:
                sandboxes = list(starting.map(lambda _: self._open(allow_unsafe), range(workers)))
        except BaseException:
            self._stack.close()
            raise
        self.tier = sandboxes[0].tier
        self._idle: queue.SimpleQueue[Sandbox] = queue.SimpleQueue()
        for sandbox in sandboxes:
            self._idle.put(sandbox)
        # Entered last, so that no thread runs any more when the sandboxes close.
        self._pool = self._stack.enter_context(ThreadPoolExecutor(workers))

    def _open(self, allow_unsafe: bool) -> Sandbox:
        return self._stack.enter_context(Sandbox(allow_unsafe))

    def __enter__(self) -> Runner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)
        self._stack.close()

    def run_all(self, predictions: Iterable[Prediction]) -> Iterator[tuple[int, list[Run]]]:
        """The runs of each prediction with its position, as predictions get done."""
        futures = {self._pool.submit(self._run, p): position for position, p in enumerate(predictions)}
        for future in as_completed(futures):
            yield futures[future], future.result()

    def _run(self, prediction: Prediction) -> list[Run]:
        sandbox = self._idle.get()
        try:
            return self._runs_of(prediction, sandbox)
        finally:
            self._idle.put(sandbox)

    def _runs_of(self, prediction: Prediction, sandbox: Sandbox) -> list[Run]:
        problem, repair = prediction.problem, prediction.repair
        faith = faithful(sandbox, prediction.program, problem)
        faith_of_repair = None if repair is None else faithful(sandbox, repair, problem)

        def attempt(program: str, run: int, is_faithful: bool | None) -> Attempt:
            seed = _run_seed(self._seed, problem.id, run)
            record = sandbox.run(program, problem, seed, time_limit=self._time_limit)
            return Attempt(program, record, is_faithful)

        done = []
        for run in range(self._runs):
            first = attempt(prediction.program, run, faith)
            again = attempt(repair, run, faith_of_repair) if first.failed and repair is not None else None
            done.append(Run(problem, first, again))
        return done


def row(prediction: int, number: int, run: Run) -> dict[str, Any]:
    """A run as a JSON-able record.

    Returns:
        prediction, run, problem_id, w, a3, faithful, the fields of ``sandbox.verdicts.Record``, and repair: the same
        fields for the repaired program, or None.
    """
    return {
        "prediction": prediction,
        "run": number,
        "problem_id": run.problem.id,
        "w": scores.w(run),
        "a3": scores.a3(run),
        "faithful": run.attempt.faithful,
        **run.attempt.record.to_dict(),
        "repair": None if run.repair is None else run.repair.record.to_dict(),
    }


def run_of_row(record: dict[str, Any], prediction: Prediction) -> Run:
    """The run that ``row`` recorded; runs of predictions without a repair only."""
    names = {field.name for field in fields(Record)}
    content = {name: value for name, value in record.items() if name in names}
    content["trace"] = [(int(evals), float(f)) for evals, f in content["trace"]]
    return Run(prediction.problem, Attempt(prediction.program, Record(**content), record["faithful"]))


def _run_seed(seed: int, problem_id: str, run: int) -> int:
    digest = hashlib.sha256(f"{seed}/{problem_id}/{run}".encode()).digest()
    return int.from_bytes(digest[:4]) >> 1
