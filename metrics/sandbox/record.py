"""Record of a run: the outcome, its text made safe to show, and the returned point evaluated on our side."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems import printable
from llamoco.dataset_builder.problems.oracle import EvaluatedPoint, Oracle
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics.sandbox.outcome import ERRORS, Outcome, Verdict

MAX_SHOWN_OUTPUT = 4096
MAX_SHOWN_MESSAGE = 1000
MAX_SHOWN_FRAMES = 8


@dataclass(frozen=True)
class Record:
    """One run of one program.

    Attributes:
        verdict: one word; ``reason``: one sentence.
        tier: how it was confined, "A", "B" or "C" (see ``tiers``).
        benign: whether a security_violation is an attempt to use several processes (``workers=2``), and no attack.
        exception, message: type and text of the exception that ended it.
        frames: the innermost frames, "line 12, in optimize".
        output: the first characters printed, control characters escaped.
        exit_status: exit status, or minus the number of the signal that ended it; None where the evaluator
            ended it.
        evals, refused: evaluations used, requests refused past the budget.
        x, f, feasible: the point that counts, as the evaluator evaluates it: what ``optimize`` returned, or
            the best feasible point so far for budget_exceeded and a program that exits by itself; None for
            other verdicts.
        best_x, best_f: best feasible point that the evaluator saw, whatever the verdict.
        trace: improvements as (evaluations used, best feasible objective).
        seconds: time that the program took itself, waiting for the objective left out; wall: with it; cpu:
            its processor time.
        max_rss: peak memory, MiB.
        source_hash: SHA-256 of the program's text. seed: what it was called with.
        versions: of the libraries it ran with.
        seen: the best feasible point with its constraints; where there was none, the one that broke them least (see
            ``oracle.Oracle.least_infeasible``). Not part of what is stored.
    """

    verdict: Verdict
    reason: str
    tier: str
    seed: int
    source_hash: str
    benign: bool = False
    exception: str | None = None
    message: str | None = None
    frames: list[str] = field(default_factory=list)
    output: str = ""
    exit_status: int | None = None
    evals: int = 0
    refused: int = 0
    x: list[float] | None = None
    f: float | None = None
    feasible: bool = False
    best_x: list[float] | None = None
    best_f: float | None = None
    trace: list[tuple[int, float]] = field(default_factory=list)
    seconds: float = 0.0
    wall: float = 0.0
    cpu: float = 0.0
    max_rss: float = 0.0
    versions: dict[str, str] = field(default_factory=dict)
    seen: EvaluatedPoint | None = field(default=None, repr=False, compare=False)

    @property
    def failed(self) -> bool:
        """Whether the run counts in Err."""
        return self.verdict in ERRORS

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form; a non-finite f is None."""
        content = asdict(replace(self, seen=None))
        del content["seen"]
        if self.f is not None and not math.isfinite(self.f):
            content["f"] = None
        return content


def escaped(text: str, limit: int) -> str:
    """Text safe to print: control characters and lone surrogates escaped, cut at ``limit`` characters."""
    return printable.escaped(text[:limit])[: 2 * limit]


def record_of(outcome: Outcome, oracle: Oracle, common: dict[str, Any]) -> Record:
    """Make the record of a run that has ended.

    Args:
        outcome: how it did.
        oracle: what it was evaluated by.
        common: fields that do not depend on the run.
    """
    record = Record(
        verdict=outcome.verdict,
        reason=escaped(outcome.reason, MAX_SHOWN_MESSAGE),
        benign=outcome.benign,
        exception=None if outcome.exception is None else escaped(outcome.exception, MAX_SHOWN_MESSAGE),
        message=None if outcome.message is None else escaped(outcome.message, MAX_SHOWN_MESSAGE),
        frames=[escaped(frame, 200) for frame in outcome.frames[:MAX_SHOWN_FRAMES]],
        output=escaped(outcome.output.decode(errors="replace"), MAX_SHOWN_OUTPUT),
        exit_status=outcome.exit_status,
        evals=oracle.evals,
        refused=oracle.refused,
        best_x=None if oracle.best_x is None else oracle.best_x.tolist(),
        best_f=None if oracle.best_x is None else oracle.best_f,
        trace=list(oracle.trace),
        seconds=outcome.seconds,
        wall=outcome.wall,
        cpu=outcome.cpu,
        max_rss=outcome.max_rss,
        seen=oracle.best or oracle.least_infeasible,
        **common,
    )
    if outcome.x is not None:
        return _at(record, oracle.problem, outcome.x)
    if record.verdict in ("ok", "budget_exceeded"):
        return replace(record, x=record.best_x, f=record.best_f, feasible=record.best_x is not None)
    return record


def _at(record: Record, problem: Problem, x: np.ndarray) -> Record:
    """The record, scored at the returned point, which is evaluated here, uncounted."""
    width = problem.upper_array - problem.lower_array
    nearest = np.clip(x, problem.lower_array, problem.upper_array)
    # Points outside by rounding count as inside.
    x = nearest if (np.abs(x - nearest) <= 1e-9 * width).all() else x
    values = problem.evaluate(x[None, :])
    feasible = bool(problem.feasible(values)[0] and problem.inside(x[None, :])[0])
    return replace(record, x=x.tolist(), f=float(values.f[0]), feasible=feasible)
