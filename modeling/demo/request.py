"""Validated requests of visitors: whatever arrives over the network becomes a job or a message for the visitor."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Literal, get_args

from llamoco.dataset_builder.problems.errors import ProblemError

Writer = Literal["model", "single best solver", "own"]

MAX_PROBLEM = 20_000
MAX_PROGRAM = 40_000
MAX_EVALS = 10_000
MAX_RUNS = 5
MAX_SEED = 2**31 - 1

_BYTE_ORDER_MARK = "\ufeff"
_SURROGATE = re.compile("[\ud800-\udfff]")
_KINDS_OF_JSON = {bool: "true or false", dict: "an object", list: "a list", type(None): "nothing"}


@dataclass(frozen=True)
class Job:
    """Request of a visitor.

    Attributes:
        problem: a problem FILE, Python or LaTeX, or a problem of the data set as JSON.
        writer: who writes the program: the shipped model, the benchmark's single best solver, or the visitor.
        program: the visitor's own program, a completion or a whole script.
        runs: 1 to 5, with the seeds ``seed``, ``seed + 1``, ...
    """

    problem: str
    writer: Writer = "model"
    program: str = ""
    runs: int = 1
    seed: int = 0

    @classmethod
    def asked(cls, problem: Any, writer: Any, program: Any, runs: Any, seed: Any) -> Job:
        """The job in what a form or a call by hand holds: any JSON. An empty field is its default.

        Raises:
            ProblemError: if it is none that the page takes; the message is for the visitor.
        """
        job = cls(
            "" if problem is None else _without_mark(problem),
            "model" if writer is None else writer,
            "" if program is None else _without_mark(program),
            1 if runs is None else _whole(runs),
            0 if seed is None else _whole(seed),
        )
        job.check()
        return job

    def check(self) -> None:
        """Raises ProblemError, with the message for the visitor, where the page does not take it."""
        for what, text, limit in (
            ("problem", self.problem, MAX_PROBLEM),
            ("program", self.program, MAX_PROGRAM),
        ):
            _check_text(what, text, limit)
        if not isinstance(self.writer, str) or self.writer not in get_args(Writer):
            raise ProblemError(
                f"the writer of the program is {_shown(self.writer)}; choose one of {', '.join(get_args(Writer))}"
            )
        if not self.problem.strip():
            raise ProblemError("there is no problem yet: paste one, or pick an example")
        if self.writer == "own" and not self.program.strip():
            raise ProblemError("there is no program yet: paste one that defines optimize(...)")
        if not _is_whole(self.runs, 1, MAX_RUNS):
            raise ProblemError(f"{_shown(self.runs)} runs were asked for; this page makes 1 to {MAX_RUNS}")
        if not _is_whole(self.seed, 0, MAX_SEED):
            raise ProblemError(f"the seed is {_shown(self.seed)}; give a whole number from 0 to {MAX_SEED}")


def _check_text(what: str, text: Any, limit: int) -> None:
    """Refuse what is no text, too long, or holds characters that no text has."""
    if not isinstance(text, str):
        raise ProblemError(f"the {what} is {_shown(text)}; paste its text")
    if len(text) > limit:
        raise ProblemError(f"the {what} has {len(text):,} characters; this page takes {limit:,} at most")
    for found, name in ((_SURROGATE.search(text), "half a character"), (re.search("\0", text), "a NUL byte")):
        if found:
            line = text.count("\n", 0, found.start()) + 1
            raise ProblemError(
                f"line {line} of the {what} holds {name} (U+{ord(found[0]):04X}): it was damaged on its way, "
                "or is no text; save the file as UTF-8 and paste it again"
            )


def _without_mark(value: Any) -> Any:
    """A text without the byte order mark that some editors put before it."""
    return value.removeprefix(_BYTE_ORDER_MARK) if isinstance(value, str) else value


def _whole(value: Any) -> Any:
    """A float that is a whole number as that number: JavaScript has no other numbers."""
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        return int(value)
    return value


def _is_whole(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _shown(value: Any) -> str:
    """A value of any type in a message."""
    if type(value) in _KINDS_OF_JSON:
        return _KINDS_OF_JSON[type(value)]
    if isinstance(value, int):
        return str(value) if value.bit_length() < 64 else "a very large number"
    if isinstance(value, str):
        return f"the text {value[:40]!a}"
    return f"{value!a:.60}"
