"""How a conversation with a program ended, and the verdict that follows from what was seen."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from llamoco.metrics.sandbox.verdicts import Verdict

_FAILURES: dict[str, Verdict] = {
    "syntax": "syntax_error",
    "memory": "memory",
    "import": "import_error",
    "permission": "security_violation",
    "invalid": "invalid_result",
    "error": "runtime_error",
}
_SEVERAL_PROCESSES = "tried to use several processes: a program may use one"


class Statement(NamedTuple):
    """The problem that a whole script states: bounds (D,), budget, values f (N,), g (N, Mg), h (N, Mh)."""

    lower: np.ndarray
    upper: np.ndarray
    max_evals: float
    f: np.ndarray
    g: np.ndarray
    h: np.ndarray


@dataclass(frozen=True)
class Ending:
    """How a conversation ended; the fields are those of ``verdicts.Record``. ``x`` is the point returned."""

    verdict: Verdict
    reason: str
    benign: bool = False
    exception: str | None = None
    message: str | None = None
    frames: list[str] = field(default_factory=list)
    x: np.ndarray | None = None
    statement: Statement | None = None
    gone: bool = False
    output: bytes = b""
    exit_status: int | None = None
    seconds: float = 0.0
    wall: float = 0.0
    cpu: float = 0.0
    max_rss: float = 0.0


class Over(Exception):
    """The conversation is over."""

    def __init__(self, ending: Ending) -> None:
        self.ending = ending


def failure(told: Mapping[str, Any], found: bool) -> Ending:
    """The ending of a program that says which exception ended it.

    Args:
        told: what it says.
        found: whether it saw a feasible point before.
    """
    kind, name, message = (str(told.get(key, "")) for key in ("kind", "type", "message"))
    frames = [str(entry) for entry in told.get("frames", [])]
    told_all: dict[str, Any] = {"exception": name, "message": message, "frames": frames}
    if kind == "exit":
        if found:
            return Ending("ok", "left by sys.exit: scored at the best point so far", **told_all)
        return Ending("invalid_result", "left by sys.exit with no feasible point seen", **told_all)
    verdict = _FAILURES.get(kind, "runtime_error")
    benign = verdict == "security_violation" and bool(told.get("parallel"))
    reason = _SEVERAL_PROCESSES if benign else f"{name}: {message}"
    return Ending(verdict, reason, benign=benign, **told_all)


def explain(
    ending: Ending, status: int, alive: bool, confined: bool, note: Mapping[str, Any] | None
) -> Ending:
    """The verdict for a program that said no last word.

    Args:
        ending: what is known.
        status: exit status, or minus the number of the signal that ended it.
        alive: whether it was still running.
        confined: whether it had said that it is confined.
        note: what it said that it was about to do.
    """
    if not confined:
        return replace(
            ending, verdict="harness_error", reason=f"ended with status {status} before it was confined"
        )
    if alive:
        return replace(ending, verdict="security_violation", reason="protocol: closed the evaluation channel")
    if status == -signal.SIGSYS:
        note = note or {}
        benign = bool(note.get("parallel"))
        reason = f"forbidden system call ({note.get('event', 'killed by the kernel')})"
        frames = [str(entry) for entry in note.get("frames", [])]
        return replace(
            ending,
            verdict="security_violation",
            reason=_SEVERAL_PROCESSES if benign else reason,
            benign=benign,
            frames=frames,
        )
    if status == -signal.SIGKILL:
        return replace(ending, verdict="memory", reason="killed by the kernel, out of memory")
    if status == -signal.SIGXCPU:
        return replace(ending, verdict="timeout", reason="out of processor time")
    how = f"status {status}" if status >= 0 else f"signal {signal.strsignal(-status) or -status}"
    return replace(ending, reason=f"ended with {how}, returning nothing")
