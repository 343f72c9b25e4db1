"""Terminal output: no text of others reaches the terminal unescaped.

Names of files, messages of exceptions, replies of servers and programs of models may hold control characters. Every text that is printed
through ``console`` is made ``printable``; colours are given by rich's ``Text``, never by markup within a string, which strangers could
write, too. ``guard`` does the same for what Python itself prints: warnings, log records and tracebacks.
"""

from __future__ import annotations

import io
import logging
import sys
import threading
import traceback
import warnings
from collections.abc import Iterable
from types import TracebackType
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from llamoco.dataset_builder.problems.printable import printable

LONGEST = 20_000  # characters of one string: a table of megabytes takes minutes


class SafeConsole(Console):
    """A console that prints texts as they are but for what is not ``printable``: no markup, no emoji codes, no highlighting."""

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """Of rich: a string as a Text. Made printable before its width is measured."""
        return super().render_str(printable(text, LONGEST), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Of rich: whatever is printed, in segments. Control segments are rich's own."""
        for segment in super().render(renderable, options):
            if segment.control or segment.text.isprintable():
                yield segment
            else:
                yield Segment(printable(segment.text), segment.style)


def guard() -> None:
    """Print warnings, log records and tracebacks in the same way, and escape characters that the terminal cannot encode."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    warnings.formatwarning = _warning
    logging.setLogRecordFactory(_record)
    threading.excepthook = lambda raised: print_traceback(raised.exc_value)
    sys.unraisablehook = lambda raised: print_traceback(raised.exc_value)


def print_traceback(error: BaseException | None) -> None:
    """Print an unexpected error."""
    if error is not None:
        sys.stderr.write(printable("".join(traceback.format_exception(error))))


def excepthook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """In place of ``sys.excepthook``."""
    print_traceback(error)


_plain_warning = warnings.formatwarning
_plain_record = logging.getLogRecordFactory()


def _warning(*arguments: Any, **options: Any) -> str:
    return printable(_plain_warning(*arguments, **options))


def _record(*arguments: Any, **options: Any) -> logging.LogRecord:
    record = _plain_record(*arguments, **options)
    try:
        record.msg, record.args = printable(record.getMessage()), ()
    except Exception:  # of another number of arguments: logging itself says so
        return record
    return record
