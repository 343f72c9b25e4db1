"""Guards around a person's code in the evaluator's process: output, input, and calls that would end or fork the process.

The code runs with that person's rights and may do what it likes, but for a few things that nobody wants of an objective and
that would lose everything found so far: to end the process, to go on in a forked copy of it as a second evaluator, to wait for
the keyboard, to print without end. Each of them is an error of the file instead.
"""

from __future__ import annotations

import contextlib
import dis
import functools
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

MOST_PRINTED = 1_000_000  # characters in one call of a function

# What the default action of a signal ends no process for.
_HARMLESS_SIGNALS = {
    getattr(signal, name)
    for name in ("SIGCHLD", "SIGCONT", "SIGURG", "SIGWINCH", "SIGINFO")
    if hasattr(signal, name)
}
_RAISE = dis.opmap["RAISE_VARARGS"]


class ProcessEnded(BaseException):
    """Raised in place of a call that would end the process; like the call, not caught by ``except Exception``."""


class Interruption(BaseException):
    """Raised by the evaluator's signal handlers to stop a person's code; never an error of the file."""


class KeyboardRead(EOFError):
    """Raised by reads from standard input."""


class EndlessOutput(RuntimeError):
    """Raised where printing does not seem to end."""


class OwnCode:
    """Context in which a person's code may run: its output goes to stderr, since stdout is for results.

    Entered for each request to a problem, so it has to be quick. Gives where the output goes, to be told when a call begins.

    Args:
        folder: joins the import path, so that modules beside the file can be imported; None for no folder.
    """

    def __init__(self, folder: Path | None) -> None:
        self._entry = None if folder is None else str(folder)

    def __enter__(self) -> LimitedOutput:
        """Take the streams over."""
        global _evaluator, _depth
        if not _guarded:
            _guard()
        _evaluator = self._owner = os.getpid()
        _depth += 1
        self._streams = sys.stdin, sys.stdout, sys.stderr
        if self._entry is not None:
            sys.path.insert(0, self._entry)
        printed = LimitedOutput(sys.stderr)
        printed.begin()
        sys.stdin, sys.stdout, sys.stderr = _NO_KEYBOARD, printed, printed
        return printed

    def __exit__(self, *_: object) -> None:
        """Give everything back."""
        global _depth
        if os.getpid() != self._owner:
            really_exit(0)
        _depth -= 1
        sys.stdin, sys.stdout, sys.stderr = self._streams
        if self._entry is not None:
            with contextlib.suppress(ValueError):
                sys.path.remove(self._entry)


@contextlib.contextmanager
def interruption_kept() -> Iterator[None]:
    """Keep the handler of Ctrl-C, whatever a file that is executed in this context sets."""
    handler = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        if handler is not None and signal.getsignal(signal.SIGINT) is not handler:
            with contextlib.suppress(ValueError):  # not in the main thread, which alone sets handlers
                signal.signal(signal.SIGINT, handler)


def leave_if_copy() -> None:
    """End this process silently if a person's code forked it from the evaluator and returned."""
    if os.getpid() != _evaluator:
        really_exit(0)


def raised_on_purpose(error: BaseException, file: str) -> bool:
    """Whether a KeyboardInterrupt comes from a ``raise`` in a file rather than from Ctrl-C."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None or trace.tb_frame.f_code.co_filename != file:
        return False
    return trace.tb_frame.f_code.co_code[trace.tb_lasti] == _RAISE


class LimitedOutput(io.TextIOBase):
    """Standard output and error while a person's code runs: both go to ``stream``, but not without end.

    What is printed counts over all of them: a logger may hold on to an earlier one.
    """

    _count = 0

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def begin(self) -> None:
        """A call begins, which may print as much as the one before."""
        LimitedOutput._count = 0

    def write(self, text: str) -> int:
        """Write a text.

        Raises:
            EndlessOutput: if it is too much for one call.
        """
        LimitedOutput._count += len(text)
        if LimitedOutput._count > MOST_PRINTED:
            raise EndlessOutput(f"more than {MOST_PRINTED:,} characters were printed in one call")
        self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Write what is kept back."""
        self._stream.flush()

    def isatty(self) -> bool:
        """Whether a person reads it."""
        return bool(self._stream.isatty())

    def fileno(self) -> int:
        """The descriptor of the stream."""
        return int(self._stream.fileno())

    def writable(self) -> bool:
        """Yes."""
        return True

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The stream's."""
        return str(getattr(self._stream, "encoding", None) or "utf-8")

    @property
    def buffer(self) -> Any:
        """The bytes beneath, uncounted."""
        return self._stream.buffer

    def close(self) -> None:
        """Nothing: the stream is the evaluator's."""


class _NoKeyboard(io.TextIOBase):
    """Standard input while a person's code runs."""

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> NoReturn:
        raise KeyboardRead("a problem file cannot read keyboard input; write the value into the file")

    readline = __next__ = read

    def close(self) -> None:
        """Nothing: exit() closes standard input, and the next call needs it again."""


really_exit = os._exit  # for whoever watches over the evaluator, from another thread
_guarded = False
_depth = 0  # how often ``OwnCode`` is entered
_evaluator = os.getpid()  # the process that evaluates: the last one to enter ``OwnCode``


def _ending(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that ends the process, as a person's code sees it: it ends copies of the process only."""

    @functools.wraps(function)
    def ending(*args: Any, **options: Any) -> Any:
        if not _depth or os.getpid() != _evaluator:
            return function(*args, **options)
        raise ProcessEnded(f"{_called(function)} would have ended the evaluating process")

    return ending


def _killing(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that sends a signal, as a person's code sees it: it does not send this process one that ends it."""
    name = function.__name__

    @functools.wraps(function)
    def killing(*args: Any) -> Any:
        if not _depth or os.getpid() != _evaluator:
            return function(*args)
        target, number = args if len(args) == 2 else (os.getpid(), *args)
        own = name in ("raise_signal", "pthread_kill") or target in {os.getpid(), -1, 0, -os.getpgrp()}
        own |= name == "killpg" and target == os.getpgrp()
        if own and _deadly(number):
            raise ProcessEnded(f"{_called(function)} would have ended the evaluating process")
        return function(*args)

    return killing


def _called(function: Callable[..., Any]) -> str:
    """What a person calls a function: os has those of posix or nt."""
    module = "os" if function.__module__ == os.name else function.__module__.lstrip("_")
    return f"{module}.{function.__name__}"


def _deadly(number: int) -> bool:
    if not number or number in _HARMLESS_SIGNALS:
        return False
    return signal.getsignal(number) == signal.SIG_DFL or number in (signal.SIGKILL, signal.SIGSTOP)


def _guard() -> None:
    """Replace the functions that end a process by guarded ones, for good; outside of ``OwnCode`` they behave as before."""
    global _guarded
    _guarded = True
    system = sys.modules[
        os.name
    ]  # posix or nt, whose functions os has, too: the same, so that they can be pickled
    for name in ("_exit", "abort", "execv", "execve"):
        _replace(name, _ending, system, os)
    if os.name == "posix":
        for name in ("kill", "killpg"):
            _replace(name, _killing, system, os)
        for name in ("raise_signal", "pthread_kill"):
            _replace(name, _killing, signal)


def _replace(name: str, watched: Callable[..., Any], *modules: Any) -> None:
    if hasattr(modules[0], name):
        function = watched(getattr(modules[0], name))
        for module in modules:
            setattr(module, name, function)


_NO_KEYBOARD = _NoKeyboard()
