"""Journal of evaluations: each value of an expensive objective is written down before it is used, and never paid for twice.

The file has JSON lines: first the identity of the problem, then one record for each evaluation, with the point in the person's own
variables, their objective in their own sign, and the constraints; one more line has what tracing the functions gave, for which they
are called once. Numbers are written so that they are read back to the last bit.
Each record is on disk before the program that asked for it gets the values. A line that a crash cut off is removed when the journal is
next opened. A journal is written by one process at a time.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import stat
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import numpy as np

from llamoco.dataset_builder.problems.errors import ProblemError

FORMAT = 1
_START = '{"llamoco journal": '
_NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
# What a person calls the fields of ``Identity``.
_CALLED = {
    "objective": "the objective",
    "lower": "the lower bounds",
    "upper": "the upper bounds",
    "inequalities": "the number of inequalities",
    "equalities": "the number of equalities",
    "steps": "which variables are integer or stepped",
    "source": "the text of the functions",
}


class JournalError(ProblemError):
    """A journal that cannot be used; the message names the file, what is wrong, and what to do."""


@dataclass(frozen=True)
class Identity:
    """Identity of a problem for its journal. Budget, starting point and sense are no part of it.

    Attributes:
        objective: name of the objective.
        source: hash of the text of the person's functions; None where there is no text, or it is to be ignored.
        lower, upper: bounds of the person's variables (A,), None where there is none.
        inequalities, equalities: numbers of constraints.
        steps: of each variable (A,), 0 where it is continuous.
    """

    objective: str
    source: str | None
    lower: tuple[float | None, ...]
    upper: tuple[float | None, ...]
    inequalities: int
    equalities: int
    steps: tuple[float, ...]

    def difference(self, other: dict[str, Any]) -> str | None:
        """The difference from the problem in a journal's first line, in words; None if there is none."""
        mine = json.loads(json.dumps(asdict(self)))
        if len(mine["lower"]) != len(other.get("lower") or ()):
            return f"it has {len(other.get('lower') or ())} variables, and this problem {len(mine['lower'])}"
        for name, called in _CALLED.items():
            theirs = other.get(name)
            if mine[name] == theirs or (name == "source" and None in (mine[name], theirs)):
                continue
            if name == "source":
                return (
                    "the text of the functions has changed since; if their values have not, put null for "
                    '"source" in its first line'
                )
            if isinstance(theirs, list):
                index = next(
                    i for i, pair in enumerate(zip(mine[name], theirs, strict=True)) if pair[0] != pair[1]
                )
                return f"{called} differ: {theirs[index]} there and {mine[name][index]} here for x[{index}]"
            return f"{called} differs: {theirs} there and {mine[name]} here"
        return None


class Journal:
    """An open journal, locked until it is closed.

    Args:
        path: the file; made if there is none.

    Attributes:
        path: the file.
        identity: what is in its first line; None if it is new.
        facts: what tracing the functions gave (see ``JournalEvaluator``); None if they were not traced yet.

    Raises:
        JournalError: if it cannot be read or written, is no journal, or another process has it open.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.identity: dict[str, Any] | None = None
        self.facts: dict[str, Any] | None = None
        self._values: dict[bytes, tuple[float, list[float], list[float]]] = {}
        try:
            self._file: IO[bytes] = open(self.path, "a+b", buffering=0)  # noqa: SIM115  (open until it is closed)
        except OSError as error:
            raise JournalError(
                f"{self.path}: the journal cannot be opened ({error.strerror}); give a file in a folder that you can write to"
            ) from error
        try:
            if not stat.S_ISREG(os.fstat(self._file.fileno()).st_mode):
                raise JournalError(f"{self.path}: a device or a pipe cannot be a journal; give a file")
            self._lock()
            self._read()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self._values)

    def close(self) -> None:
        """Close the file and release its lock."""
        self._file.close()

    def check_identity(self, identity: Identity) -> None:
        """Write the identity of a problem into a new journal, or compare it with that of an older one.

        Raises:
            JournalError: if it is the journal of another problem; the message says what differs.
        """
        if self.identity is None:
            self._write({"llamoco journal": FORMAT} | asdict(identity))
            _sync_folder(self.path.parent)
            self.identity = asdict(identity)
            return
        difference = identity.difference(self.identity)
        if difference is not None:
            raise JournalError(
                f"{self.path}: this is the journal of another problem, {difference}; give another file, or repeat the call that began it"
            )

    def find(self, x: np.ndarray) -> tuple[float, list[float], list[float]] | None:
        """Objective, inequalities and equalities of a point (A,) in the person's sign; None if it was not evaluated."""
        return self._values.get(x.tobytes())

    def __iter__(self) -> Iterator[tuple[np.ndarray, float, list[float], list[float]]]:
        """All evaluations: points (A,), objective in the person's sign, inequalities and equalities."""
        for key, (f, g, h) in self._values.items():
            yield np.frombuffer(key), f, g, h

    def record(self, x: np.ndarray, f: float, g: list[float], h: list[float]) -> None:
        """Write an evaluation; it is on disk when this returns.

        Raises:
            JournalError: if it cannot be written.
        """
        self._write({"x": _to_json(x.tolist()), "f": _to_json([f])[0], "g": _to_json(g), "h": _to_json(h)})
        self._values[x.tobytes()] = f, g, h

    def record_facts(self, facts: dict[str, Any]) -> None:
        """Write down what tracing the functions gave.

        Raises:
            JournalError: if it cannot be written.
        """
        self._write({"facts": facts})
        self.facts = facts

    def _lock(self) -> None:
        try:
            import fcntl
        except ImportError:  # Windows
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise JournalError(
                f"{self.path}: another run writes to this journal; wait for it to end, or give another file"
            ) from error
        except OSError:  # a file system without locks
            return

    def _read(self) -> None:
        self._file.seek(0)
        content = self._file.read()
        lines = content.split(b"\n")
        torn = lines.pop()
        if content and not _may_be_journal(content):
            raise JournalError(
                f"{self.path}: not a journal (its first line is not one's); give another file, nothing was changed"
            )
        if torn:  # a crash cut it off, so whoever asked for the values never heard of them
            with self._journal_errors("repaired"):
                self._file.truncate(len(content) - len(torn))
                os.fsync(self._file.fileno())
        for number, line in enumerate(lines, 1):
            try:
                record = json.loads(line)
                if number > 1 and "facts" in record:
                    self.facts = dict(record["facts"])
                elif number > 1:
                    x = np.array(_numbers(record["x"]))
                    [f], g, h = _numbers([record["f"]]), _numbers(record["g"]), _numbers(record["h"])
                    self._values[x.tobytes()] = f, g, h
            except (ValueError, KeyError, TypeError) as error:
                raise JournalError(
                    f"{self.path}:{number}: not a line of a journal ({type(error).__name__}: {error}); "
                    "remove the line; its point is then evaluated again"
                ) from error
            if number == 1:
                version = record.pop("llamoco journal", None)
                if version != FORMAT:
                    raise JournalError(
                        f"{self.path}: a journal of format {version!r:.20}, this version of llamoco reads {FORMAT}; give another file"
                    )
                self.identity = record

    def _write(self, record: dict[str, Any]) -> None:
        line = json.dumps(record, separators=(", ", ": ")).encode() + b"\n"
        with self._journal_errors("written to"):
            end = self._file.seek(0, os.SEEK_END)
            try:
                written = 0
                while written < len(line):
                    written += self._file.write(line[written:])
                os.fsync(self._file.fileno())
            except BaseException:
                with contextlib.suppress(OSError):  # the next opening would remove a torn line, too
                    self._file.truncate(end)
                raise

    @contextlib.contextmanager
    def _journal_errors(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise JournalError(
                f"{self.path}: the journal cannot be {what} ({error.strerror}); make room, or give another file. "
                f"It keeps its {len(self._values)} evaluations"
            ) from error


def _may_be_journal(content: bytes) -> bool:
    """True if a file may be a journal, even one cut off within its first line."""
    start = _START.encode()
    return content.startswith(start) or start.startswith(content)


def _to_json(values: list[float]) -> list[float | str]:
    """Numbers for JSON, exact by repr; those that are not finite become text."""
    return [value if math.isfinite(value) else repr(value) for value in values]


def _numbers(values: list[Any]) -> list[float]:
    return [_NOT_FINITE[value] if isinstance(value, str) else float(value) for value in values]


def _sync_folder(folder: Path) -> None:
    """Sync a folder, so that the name of a new file is on disk as well."""
    with contextlib.suppress(OSError):  # no such thing on Windows
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
