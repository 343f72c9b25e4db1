r"""Whether a sentence may restrict or change the problem beyond what the formulas say.

The formulas are read exactly; prose is not. A sentence is suspicious if it has a word that decides (integer, step,
penalty, either), a word of comparison or duty that no formula beside it spells out, a number that no formula has, or
names variables and says something of them. Sentences that introduce formulas, state the budget, tell where a problem
comes from or what is known of its solution are not. Sentences in a language that is not known cannot be judged and
count as suspicious.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from llamoco.dataset_builder.problems.latex import restrictions as english
from llamoco.dataset_builder.problems.latex.lexer import Formula
from llamoco.dataset_builder.problems.latex.prose import NAME, Sentence
from llamoco.dataset_builder.problems.latex.text import Source
from llamoco.dataset_builder.problems.latex.tongues import TONGUES, tongue_of

_STATED = re.compile(r"[OBCD]\b")
_APART = re.compile(r"[,;()|]|\b[OBCD]\b")
_EXPLAINS = re.compile(
    r"\bC(?: \([\w.]+\))?[,;( -]*(?:\(|i\.e\.,?|that is,?|so that|so|which|meaning|because|since|to|in words:?|thus|hence"
    r"|ensur\w+|guarantee\w+|keep\w*|stat\w+|say\w*|express\w+)[^OBCD.;]*$"
)
_LINKING = re.compile(
    r"(?:\b(?:must|should|shall|has|have|needs?|to|be|is|are|satisfy|satisfies|satisfied|satisfying|fulfil\w*|obey\w*|hold\w*|that|the|following"
    r"|require[sd]?|we|it|constraints?|constrained|conditions?|limited|bounded|restricted|by|in|within|lie|stay|remain|restrict|search|space|box"
    r"|given|range|kept|keep|inside|region|domain|demand|also|all|only|points|allowed|admissible|permitted|values?|feasible|set|if|and)\b[ :]*)+$"
)
_AGGREGATE = re.compile(
    r"\b(?:sums?|total|add\w*|shares?|half|twice|thrice|times|ratio|product|proportion\w*|sorted|ordered|each other|equals?|together|altogether"
    r"|percent\w*|average|(?:first|second|third|last|other|next|previous)|identical|same|increas\w+|decreas\w+|symmetric\w*)\b"
)
_DIGITS = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
_COUNTS = {word: number for number, word in enumerate(_DIGITS)}
_COUNTED = re.compile(
    r"\b(\d+|"
    + "|".join(_COUNTS)
    + r")[ -](?:\w+ ){0,2}?(?:variables?|unknowns|parameters|dimensions?|coordinates|components|entries)\b"
    r"|\b(?:dimension|dim|d|n)(?: is| of|=| =|:)* (\d+)\b"
)
_NAMED = re.compile(
    r"\b(?:integers?|integral|binary|boolean|discrete|even|odd|whole|otherwise|else|if|unless|either|or|not|some|multiple|fixed|distinct|positive"
    r"|negative|nonnegative|sorted|ganzzahlig|gerade|ungerade|sonst|falls|wenn|oder|entier\w*|enter[oa]s?|sinon|si|binaire|binari[oa])\b"
)
FILLER = "~"


class LeftOut(NamedTuple):
    """A sentence that may restrict or change the problem.

    Attributes:
        at: where in the code the word stands that makes it suspicious.
        word: that word; "" if the sentence is in a language that is not known.
        quoted: the sentence.
    """

    at: int
    word: str
    quoted: str

    @property
    def reason(self) -> str:
        """Why, in a few words."""
        return f"the words {self.word!r}" if self.word else "a language that is not known here"


def left_out(
    source: Source, sentences: Sequence[Sentence], formulas: Sequence[Formula], numbers: set[str], dim: int
) -> list[LeftOut]:
    """The sentences that may restrict or change the problem, in order.

    Args:
        source: the file.
        sentences: its prose.
        formulas: where its formulas stand.
        numbers: the numbers that its formulas have.
        dim: the number of variables; 0 if it is not known yet.
    """
    whole = tongue_of(" ".join(s.text for s in sentences))
    found = []
    for sentence in sentences:
        suspicious = _suspicious(sentence.text, whole if whole != "other" else "english", numbers, dim)
        if suspicious is not None:
            at, stop = suspicious
            word, place = sentence.text[at:stop].strip(), sentence.places[at]
            found.append(LeftOut(place, word, sentence.quoted(source, formulas, place)))
    return found


def _suspicious(text: str, fallback: str, numbers: set[str], dim: int) -> tuple[int, int] | None:
    """Start and end of what makes a sentence suspicious (both 0: its language); None if nothing does."""
    if text.startswith(NAME):
        named = _NAMED.search(text)
        return named.span() if named else None
    tongue = tongue_of(text, fallback)
    if tongue == "other":
        return 0, 0
    text = _blanked(text, tongue, dim)
    words = TONGUES.get(tongue)
    hard, soft, weak, mention = (
        (english.HARD, english.SOFT, english.WEAK, english.MENTION)
        if words is None
        else (words.hard, words.soft, words.weak, words.mention)
    )
    found = [m.span() for m in hard.finditer(text)]
    found += [m.span() for m in soft.finditer(text) if not _stated(text, m.span(), mention)]
    if words is None:
        found += [m.span() for pattern in (english.BESIDE, english.BEHIND) for m in pattern.finditer(text)]
        found += [
            m.span() for m in english.NUMBER_WORD.finditer(text) if not _stated(text, m.span(), mention)
        ]
    for number in english.DIGITS.finditer(text):
        digits = number.group(0).strip(" +-.,")
        if not (len(digits) > 1 and digits in numbers) and not _stated(text, number.span(), mention):
            found.append(number.span())
    found += [m.span() for m in re.finditer(r"\bN\b", text) if not _stated(text, m.span(), mention)]
    if mention.search(text):
        found += [m.span() for m in weak.finditer(text) if not _stated(text, m.span(), mention)]
    return min(found, default=None)


def _blanked(text: str, tongue: str, dim: int) -> str:
    """The text without phrases that change nothing."""

    def blank(match: re.Match[str]) -> str:
        return FILLER * len(match.group(0))

    def count(match: re.Match[str]) -> str:
        number = match.group(1) or match.group(2)
        agrees = not dim or _COUNTS.get(number, -1) == dim or number == str(dim)
        return blank(match) if agrees else match.group(0)

    text = _COUNTED.sub(count, text)
    if tongue in TONGUES:
        return TONGUES[tongue].harmless.sub(blank, text)
    for pattern in english.HARMLESS:
        text = pattern.sub(blank, text)
    return text


def _stated(text: str, span: tuple[int, int], mention: re.Pattern[str]) -> bool:
    """Whether a formula beside a word says what it says, or the word is about the evaluation budget."""
    start = max((m.end() for m in _APART.finditer(text, 0, span[0])), default=0)
    apart = _APART.search(text, span[1])
    stop = apart.start() if apart else len(text)
    part = text[start:stop]
    if re.search(r"\bQ\b", part) and not mention.search(part):
        return True
    if _EXPLAINS.search(text, 0, span[0]):
        return True
    if apart is None or not _STATED.match(text, stop):
        return False
    if text[stop] == "B" and _AGGREGATE.search(part):
        return False
    linking = _LINKING.search(part)
    return part.rstrip().endswith(":") or (linking is not None and start + linking.start() <= span[0])
