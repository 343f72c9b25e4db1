r"""Judgement of prose: may a sentence restrict or change the problem beyond the formulas?

The formulas are read exactly; prose is not. A sentence is suspicious if it has a word that decides (integer, step,
penalty, either), a word of comparison or duty that no formula beside it spells out, a number that no formula has, or
names variables and says something of them. Sentences that introduce formulas, state the budget, tell where a problem
comes from or what is known of its solution are not. Sentences in a language that is not known cannot be judged and
count as suspicious.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from llamoco.dataset_builder.problems.files.latex.lexing.source import Formula, LatexSource
from llamoco.dataset_builder.problems.files.latex.prose import restrictions as english
from llamoco.dataset_builder.problems.files.latex.prose.harmless import HARMLESS
from llamoco.dataset_builder.problems.files.latex.prose.languages import LANGUAGES, languages_of
from llamoco.dataset_builder.problems.files.latex.prose.narrative import (
    EXPLAINED,
    PHRASES,
    QUESTION,
)
from llamoco.dataset_builder.problems.files.latex.prose.sentences import NAME, Sentence

_STATED = re.compile(r"[OBCD]\b")
_APART = re.compile(r"[,;()|]|\b[OBCD]\b")
_EXPLAINS = re.compile(
    r"\bC(?: \([\w.]+\))?[,;( -]*(?:\(|i\.e\.,?|that is,?|so that|so|which|meaning|because|since|to|in words:?|thus|hence"
    r"|ensur\w+|guarantee\w+|keep\w*|stat\w+|say\w*|express\w+)"
)
_ENDS = re.compile(r"[OBCD.;]")
_DENIES = re.compile(r"(?:only|not|no|never|or|if|when|without|neither|nor)\b")
_LINKING = frozenset(  # words that lead to a formula
    re.findall(
        r"\w+",
        """must should shall has have need needs to be is are satisfy satisfies satisfied satisfying fulfil fulfill fulfills
        obey obeys hold holds that the following require requires required we it constraint constraints constrained condition
        conditions deliver produce supply provide release reach achieve attain meet serve limited bounded restricted by in within lie lies live lives vary varies ranges stay remain restrict search
        space box given range kept keep inside region domain demand also all points allowed admissible permitted value values
        feasible set and""",
    )
)
_AGGREGATE = re.compile(
    r"\b(?:sums?|total|add\w*|shares?|half|twice|thrice|times|ratio|product|proportion\w*|sorted|ordered|each other|equals?|together|altogether"
    r"|percent\w*|average|(?:first|second|third|last|other|next|previous)|identical|same|increas\w+|decreas\w+|symmetric\w*)\b"
)
_COUNTS = {
    word: number
    for number, word in enumerate(
        re.findall(r"\w+", "zero one two three four five six seven eight nine ten eleven twelve")
    )
}
_NUMBER = re.compile(r"\bN\b")
_BUDGET_WORD = (  # of a statement such as "no more than Q may be used"
    r"(?:the|a|an|our|my|your|with|within|use|using|used|at|most|no|more|than|up|to|only|just|total|totally|maximum|maximal|max|number|of"
    r"|evaluations?|function|objective|budget|is|are|limited|restricted|must|may|should|shall|has|have|not|exceed|can|be|afford|we|you|i|it"
    r"|allow(?:ed|s)?|available|permitted|evaluated?|so|for|times|stop|after|take|takes|spend|spent|calls?|cost|run|per|there|stays?|below"
    r"|hochstens|hoechstens|maximal|sind|erlaubt|es|stehen|zur|verfugung|nur|mehr|als|nicht|durfen|verwendet|werden|budget|von"
    r"|au|plus|pas|de|la|fonction|permises?|sont|autorisees?|como|maximo|minimo|evaluaciones|permitidas|se|permiten|hasta|funcion|presupuesto)"
)
_BUDGET = re.compile(rf"(?<!\w)(?:{_BUDGET_WORD}[ :]+){{0,14}}Q(?!\w)(?:[ :]+{_BUDGET_WORD}(?!\w)){{0,14}}")
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
_ENUMERATOR = re.compile(r"\(?\d{1,2}\)?")  # of a list in Markdown
FILLER = "~"


class _Context:
    """Context of the words of a sentence: formulas that state the same, the evaluation budget."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._budget = [m.span() for m in _BUDGET.finditer(text)]
        self._apart = [m.span() for m in _APART.finditer(text)]
        self._explained = [m.end() for m in _EXPLAINS.finditer(text)]
        self._ends = [m.start() for m in _ENDS.finditer(text)]

    def states(self, span: tuple[int, int]) -> bool:
        """Whether a formula beside a word says what it says, or the word states the evaluation budget."""
        number = bisect_right(self._budget, (span[0], len(self.text))) - 1
        if number >= 0 and span[1] <= self._budget[number][1]:
            return True
        if self._explains(span[0]) and not _DENIES.match(self.text, span[0]):
            return True
        number = bisect_left(self._apart, span[1], key=lambda s: s[0])
        if number == len(self._apart) or not _STATED.match(self.text, self._apart[number][0]):
            return False
        stop = self._apart[number][0]
        start = max((end for _, end in self._apart[max(number - 2, 0) : number] if end <= span[0]), default=0)
        part = self.text[start:stop]
        if self.text[stop] == "B" and _AGGREGATE.search(part):
            return False
        return part.rstrip().endswith(":") or self._links(span[0], stop)

    def _explains(self, at: int) -> bool:
        """Whether the words at a place explain the constraint before them: ``C, so that the stress stays below ...``."""
        number = bisect_right(self._explained, at) - 1
        end = bisect_left(self._ends, at) - 1
        return number >= 0 and (end < 0 or self._ends[end] < self._explained[number])

    def _links(self, at: int, stop: int) -> bool:
        """Whether all words between two places only lead to the formula behind them."""
        return set(self.text[at:stop].replace(":", " ").split()) <= _LINKING


class SuspiciousSentence(NamedTuple):
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
        return f"the words {self.word!r}" if self.word else "an unknown language"


def suspicious_sentences(
    source: LatexSource,
    sentences: Sequence[Sentence],
    formulas: Sequence[Formula],
    numbers: set[str],
    dim: int,
) -> list[SuspiciousSentence]:
    """The sentences that may restrict or change the problem, in order.

    Args:
        source: the file.
        sentences: its prose.
        formulas: where its formulas stand.
        numbers: the numbers that its formulas have.
        dim: the number of variables; 0 if it is not known yet.
    """
    whole = [*languages_of(" ".join(s.text for s in sentences)), "english"][0]
    found = []
    for sentence in sentences:
        if _ENUMERATOR.fullmatch(sentence.text) and not source.code[: sentence.places[0]].rpartition("\n")[
            2
        ].strip(" >("):
            continue
        asked = (
            source.code[sentence.end : sentence.end + 1] == "?" and QUESTION.match(sentence.text) is not None
        )
        suspicious = _suspicious(sentence.text, whole, numbers, dim, asked)
        if suspicious is not None:
            at, stop = suspicious
            word, place = sentence.text[at:stop].strip(), sentence.places[at]
            found.append(SuspiciousSentence(place, word, sentence.quoted(source, formulas, place)))
    return found


def _suspicious(text: str, fallback: str, numbers: set[str], dim: int, asked: bool) -> tuple[int, int] | None:
    """Start and end of a sentence's suspicious words (both 0: an unknown language); None if there are none."""
    if text.startswith(NAME):
        named = _NAMED.search(text)
        return named.span() if named else None
    languages = languages_of(text, fallback)
    if not languages:
        return 0, 0
    main = fallback if fallback in languages else languages[0]
    found = _numbers(_blanked(text, main, dim), numbers)
    for language in languages:
        found += _words(_blanked(text, language, dim), language, asked)
    return min(found, default=None)


def _words(text: str, language: str, asked: bool) -> list[tuple[int, int]]:
    """Starts and ends of the suspicious words of a sentence in one language; a question may be told by what decides only."""
    words = LANGUAGES.get(language)
    hard, soft, weak, mention = (
        (english.HARD, english.SOFT, english.WEAK, english.MENTION)
        if words is None
        else (words.hard, words.soft, words.weak, words.mention)
    )
    certain = [hard] if words else [hard, english.BESIDE, english.BEHIND]
    likely = [soft] if words else [soft, english.NUMBER_WORD, english.SAID]
    found = [first.span() for pattern in certain if (first := pattern.search(text))]
    if asked and not words:
        return found
    if not words:
        text = EXPLAINED.sub(_blank, text)
    context = _Context(text)
    uncounted = text if words else english.COUNTED.sub(_blank, text)
    besides = mention.sub(_blank, uncounted)  # "all three" names variables and says nothing of them
    silent = besides == uncounted or (not words and english.NAMES_ONLY.fullmatch(text) is not None)
    for pattern in likely if silent else (*likely, weak):
        where = besides if pattern is weak else uncounted if pattern is english.NUMBER_WORD else text
        first = next((m for m in pattern.finditer(where) if not context.states(m.span())), None)
        if first is not None:
            found.append(first.span())
    return found


def _numbers(text: str, known: set[str]) -> list[tuple[int, int]]:
    """Starts and ends of numbers that no formula has; one digit is too common to count as known."""
    context = _Context(text)
    found = []
    for pattern in (_NUMBER, english.DIGITS):
        for number in pattern.finditer(text):
            digits = number.group(0).strip(" +-.,")
            if not (len(digits) > 1 and digits in known) and not context.states(number.span()):
                found.append(number.span())
                break
    return found


def _blank(match: re.Match[str]) -> str:
    return FILLER * len(match.group(0))


def _blanked(text: str, language: str, dim: int) -> str:
    """The text without phrases that change nothing."""

    def count(match: re.Match[str]) -> str:
        number = match.group(1) or match.group(2)
        agrees = not dim or _COUNTS.get(number, -1) == dim or number == str(dim)
        return _blank(match) if agrees else match.group(0)

    text = _COUNTED.sub(count, text)
    if language in LANGUAGES:
        return LANGUAGES[language].harmless.sub(_blank, text)
    for pattern in (PHRASES, *HARMLESS):
        text = pattern.sub(_blank, text)
    return text
