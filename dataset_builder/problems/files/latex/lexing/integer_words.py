r"""Integrality in words: ``$x_1$ and $x_2$ are integers`` and ``x_1, x_2 \text{ integer}`` become ``x_1, x_2 \in \mathbb{Z}``.

Only statements that say this and nothing else, between marks that begin and end them, are rewritten; the judgement of prose refuses all
others. Whoever reads the formulas has to find each of them again (``Rewritten.statements``), or integers would be lost where formulas
are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from llamoco.dataset_builder.problems.files.latex.lexing.macros import Expansion

_NAME = (
    r"(?:\\(?!le|ge|lt|gt|in|ne|to|min|max|sum|text|quad|qquad|forall)[A-Za-z]+|[A-Za-z])(?: ?_ ?(?:\{[\w ,]{1,12}\}|\w))?"
    r"|\\(?:mathbf|boldsymbol|vec|bm) ?\{[A-Za-z]\}"
)
_LIST = rf"(?:{_NAME})(?:\s*,\s*(?:{_NAME}|\\[lc]?dots)){{0,40}}"
_INTEGERS = (
    r"(?:an )?integers?(?:[- ]valued)?(?: (?:variables|numbers|values))?|(?:an )?integral|whole numbers?"
)
_ARE = r"(?:(?:is|are|be|must be|(?:has|have|needs?) to be|should be|shall be|may be) )?(?:all |both )?"
_END = r"(?=\s*(?:[.;)]|\\\\|\\end|\n[ \t]*\n|\Z|,\s*(?:and\s+)?\$|\(\s*\$|for (?:all |every |each )?\$))"
_BEGIN = re.compile(
    r"(?:\A|[.;:,(\n]|\b(?:where|and|with|(?:such|so) that|for|variables|Where|And|With|Here|here|Let|let)|\\item|\\\\|\\begin\{\w+\*?\})\s*\Z"
)
_IN_PROSE = re.compile(
    rf"\$({_LIST})\$(?:(?:\s*,\s*|(?:\s*,)?\s+and\s+)\$({_LIST})\$)?(?:(?:\s*,)?\s+and\s+\$({_LIST})\$)?\s+{_ARE}(?:{_INTEGERS})\b{_END}"
)
_NAMED_AFTER = re.compile(
    rf"\b[Ii]nteger variables?(?: are)?\s*:?\s+\$({_LIST})\$(?:(?:\s*,\s*|(?:\s*,)?\s+and\s+)\$({_LIST})\$)?"
    rf"(?:(?:\s*,)?\s+and\s+\$({_LIST})\$)?(?=\s*(?:[.;]|\n[ \t]*\n|\Z))"
)
_SPACE = r"(?:\\[ ,;:!]|\\quad|\\qquad|~|\s)*"
_IN_MATH = re.compile(
    rf"({_LIST}){_SPACE}\\(?:text|mathrm|mbox|textrm|textit|operatorname) ?\{{\s*{_ARE}(?:{_INTEGERS})\s*\}}"
    r"(?=\s*(?:\$|\\\\|\\\]|\\end|[.,;&]|\\q?quad|\Z))"
)
_BEGIN_MATH = re.compile(
    r"(?:\$|&|\\\\|\\\[|\n|\\q?quad|[,;](?:\\[ ,;])*|\\begin\{\w+\*?\}(?:\{\w+\})?)\s*\Z"
)
_FAR = 40  # characters that are looked at before a statement


class Rewritten(NamedTuple):
    """A text with its statements of integrality as formulas.

    Attributes:
        expansion: the text, and where its pieces came from; None if there is no such statement.
        statements: where the formulas stand in it.
    """

    expansion: Expansion | None
    statements: list[tuple[int, int]]


def rewrite_integers(code: str) -> Rewritten:
    """Rewrite the statements of integrality of a text.

    Args:
        code: the text, without comments and macros.
    """
    found = sorted(_statements(code))
    pieces: list[str] = []
    starts, origins, moved = [0], [0], [False]
    statements = []
    at = length = 0
    for start, end, formula in found:
        if start < at:
            continue
        pieces += [code[at:start], formula]
        length += start - at
        starts += [length, length + len(formula)]
        origins += [start, end]
        moved += [True, False]
        statements.append((length, length + len(formula)))
        length += len(formula)
        at = end
    if not statements:
        return Rewritten(None, [])
    return Rewritten(Expansion("".join([*pieces, code[at:]]), starts, origins, moved), statements)


def _statements(code: str) -> Iterator[tuple[int, int, str]]:
    """Start and end of each statement, and the formula that says the same."""
    if not re.search(r"nteg(?:er|ral)|whole number", code):
        return
    for pattern in (_IN_PROSE, _NAMED_AFTER):
        for match in pattern.finditer(code):
            if _follows(_BEGIN, code, match):
                names = ", ".join(group for group in match.groups() if group)
                yield match.start(), match.end(), f"${names} \\in \\mathbb{{Z}}$"
    for match in _IN_MATH.finditer(code):
        if _follows(_BEGIN_MATH, code, match):
            yield match.start(), match.end(), f"{match.group(1)} \\in \\mathbb{{Z}}"


def _follows(begin: re.Pattern[str], code: str, match: re.Match[str]) -> bool:
    """Whether a statement begins where it may."""
    first = max(match.start() - _FAR, 0)
    # A letter in front, so that only the text's own beginning is one.
    return begin.search("a" * (first > 0) + code[first : match.start()]) is not None
