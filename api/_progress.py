"""Progress line on stderr, in terminals and notebooks: evaluations, the best value, the time that is left."""

from __future__ import annotations

import sys
import time
from typing import Any, TextIO

QUIET = 2.0  # seconds before the line appears: a short run needs none
EVERY = 0.2  # seconds


class ProgressLine:
    """Progress line of a run.

    Args:
        shown: True or False; None: in a terminal or notebook, once the run has taken two seconds.
        total: evaluations in all.
        stream: where it goes; stderr if None.
    """

    def __init__(self, shown: bool | None, total: int, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._on = looked_on(self._stream) if shown is None else shown
        self._quiet = QUIET if shown is None else 0.0
        self._total, self._started = total, time.monotonic()
        self._last, self._width = 0.0, 0

    def show(self, evals: int, best: float | None) -> None:
        """Show the progress.

        Args:
            evals: evaluations used.
            best: the best feasible objective, None until there is one.
        """
        if not self._on:
            return
        now = time.monotonic()
        if now - self._started < self._quiet or (now - self._last < EVERY and evals < self._total):
            return
        self._last = now
        value = "no feasible point yet" if best is None else f"best {best:.6g}"
        left = (now - self._started) * (self._total - evals) / max(evals, 1)
        line = f"llamoco: {evals} of {self._total} evaluations, {value}, about {_clock(left)} left"
        self._stream.write(f"\r{line:<{self._width}}")
        self._stream.flush()
        self._width = len(line)

    def end(self) -> None:
        """Clear the line."""
        if self._width:
            self._stream.write("\r" + " " * self._width + "\r")
            self._stream.flush()
            self._width = 0


def looked_on(stream: Any) -> bool:
    """True if a person sees what is written: in a terminal or a notebook."""
    try:
        if stream.isatty():
            return True
    except (AttributeError, ValueError):
        return False
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return type(shell).__name__ == "ZMQInteractiveShell"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
