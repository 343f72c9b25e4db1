"""The text of a LaTeX file, its tokens, and how places in it are named."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from llamoco.dataset_builder.problems.errors import ProblemError

Kind = Literal["number", "name", "command", "symbol", "text", "break", "soft", "begin", "end"]


@dataclass(frozen=True)
class Token:
    """A token. ``at`` and ``end`` are offsets in the file; ``display``: in a displayed formula."""

    kind: Kind
    text: str
    at: int
    end: int
    display: bool = False


class Source:
    """The text of a file and how places in it are named."""

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        self.text = text
        blank = re.compile(r"(?<!\\)((?:\\\\)*)%[^\n]*")
        self.code = blank.sub(lambda m: m.group(1) + " " * (len(m.group(0)) - len(m.group(1))), text)

    def error(self, place: int | Token, message: str) -> ProblemError:
        """A ProblemError that names file, line and column, and shows what stands there."""
        at = place.at if isinstance(place, Token) else min(place, max(len(self.text) - 1, 0))
        line = self.text.count("\n", 0, at) + 1
        start = self.text.rfind("\n", 0, at) + 1
        piece = self.text[at : at + 40].split("\n")[0].strip()
        return ProblemError(f"{self.name}, line {line}, column {at - start + 1}, at {piece!r}: {message}")
