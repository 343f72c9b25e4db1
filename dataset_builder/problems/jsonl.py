"""JSON Lines files that survive a kill: append with fsync, read, repair of a torn last line."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Line = Mapping[str, Any]


@contextmanager
def append_jsonl(path: Path) -> Iterator[Callable[[Line], None]]:
    """Open a file for lines to come; a torn last line is removed first.

    Yields:
        A function that appends an object as a line. The line is on the disk when it returns.

    Raises:
        OSError: if the file cannot be written.
    """
    drop_torn_line(path)
    with path.open("a", encoding="utf-8") as file:

        def append(line: Line) -> None:
            file.write(json.dumps(to_jsonable(line), allow_nan=False) + "\n")
            file.flush()
            os.fsync(file.fileno())

        yield append


def read_jsonl(path: Path) -> Iterator[tuple[int, bytes]]:
    """Complete lines of a file with their numbers, from 1; a torn last line is left out.

    A line is not parsed, so that whoever reads it can name it in a message.

    Raises:
        OSError: if there is no such file.
    """
    yield from enumerate(path.read_bytes().split(b"\n")[:-1], 1)


def drop_torn_line(path: Path) -> None:
    """Remove what a kill left of a last line, if there is such a file. A kill in between loses nothing."""
    if path.exists():
        content = path.read_bytes()
        if not content.endswith(b"\n"):
            os.truncate(path, content.rfind(b"\n") + 1)


def to_jsonable(value: Any) -> Any:
    """A value of dicts, lists and tuples with None in place of each number that JSON cannot hold."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: to_jsonable(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [to_jsonable(entry) for entry in value]
    return value
