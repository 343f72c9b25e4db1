"""Outcome of a session with a program: the verdict, and the reason for it."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

import numpy as np

from llamoco.metrics.sandbox.scratch import MAX_BYTES, MAX_DEPTH, MAX_ENTRIES

Verdict = Literal[
    "ok",
    "security_violation",
    "budget_exceeded",
    "timeout",
    "memory",
    "syntax_error",
    "import_error",
    "runtime_error",
    "invalid_result",
    "harness_error",
]

# Counted in Err. budget_exceeded is a rate of its own; harness_error is never charged to the program.
ERRORS: frozenset[Verdict] = frozenset(
    {
        "security_violation",
        "timeout",
        "memory",
        "syntax_error",
        "import_error",
        "runtime_error",
        "invalid_result",
    }
)

_FAILURES: dict[str, Verdict] = {
    "syntax": "syntax_error",
    "memory": "memory",
    "import": "import_error",
    "permission": "security_violation",
    "invalid": "invalid_result",
    "disk": "runtime_error",
    "error": "runtime_error",
}
_FULL = (
    f"scratch_full: more than {MAX_ENTRIES} files and folders, {MAX_BYTES >> 20} MiB, or {MAX_DEPTH} levels"
)
_FORKS = ("fork", "vfork", "clone")
_SEVERAL_PROCESSES = "tried to use several processes: a program may use one"


class StatedProblem(NamedTuple):
    """The problem that a whole script states: search box (D,), budget, values f (N,), g (N, Mg), h (N, Mh)."""

    lower: np.ndarray
    upper: np.ndarray
    max_evals: float
    f: np.ndarray
    g: np.ndarray
    h: np.ndarray


@dataclass(frozen=True)
class Outcome:
    """Outcome of a session; fields as in ``record.Record``.

    Attributes:
        x: the returned point (D,).
        statement: the problem that a whole script stated.
        gone: whether the program closed its pipe, so that the zygote has to tell how it ended.
    """

    verdict: Verdict
    reason: str
    benign: bool = False
    exception: str | None = None
    message: str | None = None
    frames: list[str] = field(default_factory=list)
    x: np.ndarray | None = None
    statement: StatedProblem | None = None
    gone: bool = False
    output: bytes = b""
    exit_status: int | None = None
    seconds: float = 0.0
    wall: float = 0.0
    cpu: float = 0.0
    max_rss: float = 0.0


class SessionEnded(Exception):
    """The session is over; holds its outcome."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome


def failure(told: Mapping[str, Any], found: bool) -> Outcome:
    """The outcome of a program that reports the exception that ended it.

    Args:
        told: its report.
        found: whether it saw a feasible point before.
    """
    kind, name, message = (str(told.get(key, "")) for key in ("kind", "type", "message"))
    frames = [str(entry) for entry in told.get("frames", [])]
    told_all: dict[str, Any] = {"exception": name, "message": message, "frames": frames}
    if kind == "exit":
        if found:
            return Outcome("ok", "left by sys.exit: scored at the best point so far", **told_all)
        return Outcome("invalid_result", "left by sys.exit with no feasible point seen", **told_all)
    reason = f"{name}: {message}"
    return Outcome(
        _FAILURES.get(kind, "runtime_error"), f"{_FULL} ({reason})" if kind == "disk" else reason, **told_all
    )


def explain(
    outcome: Outcome, ended: Mapping[str, Any], confined: bool, note: Mapping[str, Any] | None
) -> Outcome:
    """The outcome of a program that ended without a report.

    Args:
        outcome: what is known.
        ended: report of the zygote: ``status`` (exit status, or minus the number of the signal that ended it), ``alive`` (whether
            it was still running), ``forbidden`` (the system call for which it was killed, or None) and ``full`` (whether its
            folder was).
        confined: whether it had reported that it is confined.
        note: its last announcement of a forbidden call.
    """
    status = ended["status"]
    if not confined:
        return replace(
            outcome, verdict="harness_error", reason=f"ended with status {status} before it was confined"
        )
    if ended["alive"]:
        return replace(
            outcome, verdict="security_violation", reason="protocol: closed the evaluation channel"
        )
    forbidden = ended["forbidden"]
    if forbidden is not None or status == -signal.SIGSYS:
        note = note or {}
        # Which library forked is the program's claim; that it did no more than fork is the kernel's report.
        benign = forbidden in _FORKS and bool(note.get("parallel"))
        reason = f"forbidden system call {forbidden or '(killed by the kernel)'}"
        if note.get("event"):
            reason += f", said to be for {note['event']}"
        frames = [str(entry) for entry in note.get("frames", [])]
        return replace(
            outcome,
            verdict="security_violation",
            reason=_SEVERAL_PROCESSES if benign else reason,
            benign=benign,
            frames=frames,
        )
    if ended["full"]:
        return replace(outcome, verdict="runtime_error", reason=_FULL)
    if status == -signal.SIGKILL:
        return replace(outcome, verdict="memory", reason="killed by the kernel, out of memory")
    if status == -signal.SIGXCPU:
        return replace(outcome, verdict="timeout", reason="out of processor time")
    how = f"status {status}" if status >= 0 else f"signal {signal.strsignal(-status) or -status}"
    return replace(outcome, reason=f"ended with {how}, returning nothing")
