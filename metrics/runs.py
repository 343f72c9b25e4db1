"""Run every prediction on its problem several times, in as many sandboxes as processors, and score."""

from __future__ import annotations

import hashlib
import os
import queue
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any, TypeVar

from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics import scores
from llamoco.metrics.faith import faithful
from llamoco.metrics.sandbox.slot import TIME_LIMIT, Sandbox
from llamoco.metrics.scores import Attempt, Run
from llamoco.metrics.suitability import serves

T = TypeVar("T")


def score(
    predictions: Sequence[str],
    problems: Sequence[Problem],
    runs: int = 5,
    seed: int = 0,
    repairs: Sequence[str | None] | None = None,
    tokens: Sequence[int] | None = None,
    allow_unsafe: bool = False,
    time_limit: float = TIME_LIMIT,
) -> dict[str, Any]:
    """Run and score programs; see ``scores`` for the definitions.

    Args:
        predictions: completions or whole scripts.
        problems: one for each prediction.
        runs: runs of each prediction.
        seed: run j on a problem has a seed of its own, drawn from this one, the problem's id and j.
        repairs: for each prediction, what the model made of it in its one repair turn, or None. Used where
            the prediction failed.
        tokens: for each prediction, the tokens it cost, input and output.
        allow_unsafe: run them even where they cannot be confined.
        time_limit: seconds for each run, the objective's own time left out.

    Returns:
        err, rec, perf, comp, a3, faith, r_acc (floats, or None where there is nothing to take a mean of),
        verdicts (counts by verdict),
        tier, and records: one dict a run, with prediction, run, w, a3, faithful, the fields of
            ``sandbox.verdicts.Record``, and repair, the same fields for the repaired program, or None.

    Raises:
        SandboxUnavailable: where programs cannot be confined and ``allow_unsafe`` is not given.
    """
    repaired = list(repairs) if repairs is not None else [None] * len(predictions)
    with ExitStack() as stack:
        sandboxes = _Sandboxes(stack, min(os.cpu_count() or 1, len(predictions) * runs), allow_unsafe)

        def state(text: str | None, problem: Problem) -> bool | None:
            return None if text is None else sandboxes.use(lambda sandbox: faithful(sandbox, text, problem))

        faith = list(sandboxes.pool.map(state, predictions, problems))
        faith_of_repairs = list(sandboxes.pool.map(state, repaired, problems))

        def attempt(program: str, problem: Problem, run_seed: int, is_faithful: bool | None) -> Attempt:
            record = sandboxes.use(lambda box: box.run(program, problem, run_seed, time_limit=time_limit))
            return Attempt(program, record, is_faithful)

        def one(i: int, j: int) -> Run:
            problem, repair = problems[i], repaired[i]
            run_seed = _seed(seed, problem.id, j)
            first = attempt(predictions[i], problem, run_seed, faith[i])
            if not first.failed or repair is None:
                return Run(problem, first)
            return Run(problem, first, attempt(repair, problem, run_seed, faith_of_repairs[i]))

        numbers = [(i, j) for i in range(len(predictions)) for j in range(runs)]
        done = list(sandboxes.pool.map(one, *zip(*numbers, strict=True)))
        tier = sandboxes.tier
    suitable = [serves(program, problem) for program, problem in zip(predictions, problems, strict=True)]
    return {
        "err": scores.err(done),
        "rec": scores.rec(done),
        "perf": scores.perf(done),
        "comp": scores.comp(tokens),
        "a3": scores.a3_mean(done),
        "faith": scores.mean([float(value) for value in faith if value is not None]),
        "r_acc": scores.mean([float(value) for value in suitable]),
        "verdicts": dict(Counter(run.attempt.record.verdict for run in done)),
        "tier": tier,
        "records": [_row(i, j, run) for (i, j), run in zip(numbers, done, strict=True)],
    }


class _Sandboxes:
    """As many sandboxes as workers, and a pool of threads to use them from."""

    def __init__(self, stack: ExitStack, workers: int, allow_unsafe: bool) -> None:
        with ThreadPoolExecutor(workers) as starting:
            sandboxes = list(
                starting.map(lambda _: stack.enter_context(Sandbox(allow_unsafe)), range(workers))
            )
        self.tier = sandboxes[0].tier
        self._idle: queue.SimpleQueue[Sandbox] = queue.SimpleQueue()
        for sandbox in sandboxes:
            self._idle.put(sandbox)
        # Entered last, so that no thread runs any more when the sandboxes close.
        self.pool = stack.enter_context(ThreadPoolExecutor(workers))

    def use(self, action: Callable[[Sandbox], T]) -> T:
        """What the action makes of a sandbox that nobody else uses meanwhile."""
        sandbox = self._idle.get()
        try:
            return action(sandbox)
        finally:
            self._idle.put(sandbox)


def _seed(seed: int, problem_id: str, run: int) -> int:
    digest = hashlib.sha256(f"{seed}/{problem_id}/{run}".encode()).digest()
    return int.from_bytes(digest[:4]) >> 1


def _row(i: int, j: int, run: Run) -> dict[str, Any]:
    row = {"prediction": i, "run": j, "problem_id": run.problem.id, "w": scores.w(run), "a3": scores.a3(run)}
    repair = None if run.repair is None else run.repair.record.to_dict()
    return row | {"faithful": run.attempt.faithful} | run.attempt.record.to_dict() | {"repair": repair}
