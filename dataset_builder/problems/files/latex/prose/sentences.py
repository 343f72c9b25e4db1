r"""Sentences of a LaTeX file, in which a letter for its kind replaces each formula.

``The stress must satisfy $\sigma \le 5$.`` becomes ``the stress must satisfy C``. Words are in small letters without
accents; markup, references and what a reader of the page does not see are gone.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from llamoco.dataset_builder.problems.files.latex.formulas.declarations import read_head
from llamoco.dataset_builder.problems.files.latex.lexing.source import Formula, LatexSource, Lexed
from llamoco.dataset_builder.problems.files.latex.lexing.tokens import Tokens, name_of, names_in
from llamoco.dataset_builder.problems.files.latex.model.bounds import Bounds
from llamoco.dataset_builder.problems.files.latex.prose.plain_text import BREAK, PlainText, add_prose
from llamoco.dataset_builder.problems.files.latex.statements.clauses import Clause

NAME = "="  # before a word inside a formula that may be a name
_EXTREME = re.compile(r"\b(min|max)(imi[sz])")
_SMALL = {"as large as possible": "as small as possible", "as high as possible": "as low as possible"}
_SMALL |= {
    "as big as possible": "as low as possible",
    "largest": "minimum",
    "maximum": "minimum",
    "highest": "minimum",
}
_SMALL |= {"greatest": "minimum", "biggest": "minimum", "maximal": "minimum"}
_GAIN = re.compile(r"(?<!\w)(?:profits?|revenues?|earnings|payoffs?|utility|yields?)(?!\w)")
_LARGE = re.compile(
    r"as (?:large|high|big) as possible"
    r"|(?:largest|maximum|highest|greatest|biggest|maximal)(?= (?:possible |total |expected )?(?:value|volume|area|profit|revenue|yield|utility|return|benefit|income|weight|cost)\b)"
)
_FINAL = re.compile(r"[.;]\s*(?:\\[\],;!]|\s)*$")
_SENTENCE_END = re.compile(r"\n|[.!?。！？]+(?=[\s)\n]|$)|[。！？]")
_ABBREVIATION = re.compile(
    r"(?:^|[^\w.])(?:i\.e|e\.g|cf|figs?|eqs?|secs?|refs?|resp|ca|approx|w\.r\.t|s\.t|no|nos|vs|al|etc|viz|z\.b|d\.h|bzw|usw"
    r"|u\.a|p\.ex|c-a-d|prof|dr|st|ex|prob|ch|chap|p|pp|vol|max|min|evals|var|vars|dim|nr|num|ed|eds|[a-z])$"
)


class Sentence(NamedTuple):
    """A sentence.

    Attributes:
        text: its words, with a capital letter for each formula (see ``FormulaKinds``).
        places: where each character stands in the code.
        end: one past its last place.
    """

    text: str
    places: Sequence[int]
    end: int

    def quoted(self, source: LatexSource, formulas: Sequence[Formula], at: int) -> str:
        """The sentence as written, in one line, without the displayed formulas before and after ``at``."""
        start, stop = self.places[0], self.end
        for formula in formulas:
            inline = source.code[formula.at : formula.at + 2] == "\\(" or (
                source.code[formula.at] == "$" and source.code[formula.at : formula.at + 2] != "$$"
            )
            if inline and formula.at < start < formula.end:
                start = formula.at
            elif inline and formula.at < stop < formula.end:
                stop = formula.end
            elif not inline and formula.at <= at < formula.end:
                start, stop = formula.at, formula.end
            elif not inline and start < formula.end <= at:
                start = formula.end
            elif not inline and at < formula.at < stop:
                stop = formula.at
        written = " ".join(source.code[start:stop].split()).strip(" .,;")
        return written if len(written) <= 200 else written[:150] + " ... " + written[-40:]


class FormulaKinds:
    """Kinds of formulas, as one letter.

    O objective; B bound of a variable by numbers; C other relation of the variables; D definition (D' if
    an inequality uses it); V variable; N number;
    S other name, or a number that another formula has; E other expression. Q stands for words that state the evaluation budget.
    """

    def __init__(self, bounds: Bounds, objective: Clause, clauses: Sequence[Clause]) -> None:
        self.bounds, self.objective = bounds, objective
        self.limits = {
            key
            for c in clauses
            if ("<=" in c.relations or ">=" in c.relations)
            and any(bounds.mentions_variables(p) for g in c.groups for p in g)
            for group in c.groups
            for part in group
            for _, key in names_in(part)
        }
        self.stated = {
            t.text
            for c in clauses
            if c.relations or c is objective
            for group in c.groups
            for part in group
            for t in part
            if t.kind == "number"
        }

    def __call__(self, clause: Clause) -> str:
        """The letter of a clause."""
        parts = [part for group in clause.groups for part in group]
        if clause is self.objective:
            return "O"
        if not clause.relations:
            if all(self._is_variable(p) for p in parts):
                return "V"
            if all(t.kind == "number" or t.text in ("-", "+", "=") for p in parts for t in p):
                known = len(parts) == 1 and len(parts[0]) == 1 and parts[0][0].text in self.stated
                return "S" if known and len(parts[0][0].text) > 1 else "N"
            return "S" if all(name_of(p) is not None for p in parts) else "E"
        varying = [p for p in parts if self.bounds.mentions_variables(p)]
        if varying and all(self._is_variable(p) for p in varying):
            sides = [any(self.bounds.mentions_variables(p) for p in group) for group in clause.groups]
            return "B" if not any(a and b for a, b in pairwise(sides)) else "C"
        first = read_head(clause.groups[0][-1])
        if clause.relations == ["="] and first is not None and first.key in self.limits:
            return "D'"
        if "<=" in clause.relations or ">=" in clause.relations:
            return "C"
        return "D" if first is not None and not self._is_variable(clause.groups[0][-1]) else "C"

    def _is_variable(self, part: Tokens) -> bool:
        return self.bounds.is_variable(part) or part[0].text == "\\dots"


def sentences(
    source: LatexSource,
    lexed: Lexed,
    clauses: Sequence[Clause],
    kinds: FormulaKinds,
    budget: Sequence[tuple[int, int]],
    maximize: bool = False,
) -> list[Sentence]:
    """All sentences of a file, its title first.

    Args:
        source: the file.
        lexed: its tokens, formulas and the words in them.
        clauses: what its formulas say.
        kinds: tells what a clause is.
        budget: where the evaluation budget is stated.
        maximize: whether the objective is maximised; words of maximising and minimising are exchanged then.
    """
    plain = PlainText()
    for title in re.finditer(r"\\(?:sub)?title\s*\{", source.code[: lexed.start]):
        add_prose(source.code, title.start(), _group_end(source.code, title.end(), lexed.start), plain)
    marks = sorted((clause.groups[0][0][0].at, kinds(clause)) for clause in clauses)
    asides = sorted(lexed.asides)
    at = lexed.start
    mark = aside = 0
    for formula in lexed.formulas:
        add_prose(source.code, at, formula.at, plain)
        while mark < len(marks) and marks[mark][0] < formula.start:
            mark += 1
        while True:
            clause_at = marks[mark][0] if mark < len(marks) else formula.stop
            aside_at = asides[aside].at if aside < len(asides) else formula.stop
            if min(clause_at, aside_at) >= formula.stop:
                break
            if clause_at < aside_at:
                plain.add(f" {marks[mark][1]} ", clause_at)
                mark += 1
                continue
            if not asides[aside].name:
                add_prose(source.code, aside_at, asides[aside].end, plain)
            else:
                plain.add(BREAK + NAME, aside_at)
                add_prose(source.code, aside_at, asides[aside].end, plain)
                plain.add(BREAK, aside_at)
            aside += 1
        final = _FINAL.search(source.code, formula.start, formula.stop)
        if final:
            plain.add(". " if source.code[final.start()] == "." else "; ", final.start())
        at = formula.end
    add_prose(source.code, at, lexed.stop, plain)
    text = _with_budget("".join(plain.text), plain.places, budget)
    return list(_cut(_mirrored(text) if maximize else text, plain.places))


def _mirrored(text: str) -> str:
    """Exchange words for largest and smallest values, keeping the length of the text."""
    text = _EXTREME.sub(lambda m: ("max" if m[1] == "min" else "min") + m[2], text)
    text = _GAIN.sub(lambda m: "cost".ljust(len(m[0])), text)
    return _LARGE.sub(lambda m: _SMALL[m[0]].ljust(len(m[0])), text)


def _group_end(code: str, at: int, end: int) -> int:
    depth = 1
    while at < end and depth:
        depth += (code[at] == "{") - (code[at] == "}")
        at += 1
    return at


def _with_budget(text: str, places: Sequence[int], budget: Sequence[tuple[int, int]]) -> str:
    """The text with Q, padded by spaces, for what states the budget."""
    letters = list(text)
    for start, stop in budget:
        first, last = bisect_left(places, start), bisect_left(places, stop)
        if first < last:
            letters[first:last] = [" "] * (last - first)
            letters[first] = "Q"
    return "".join(letters)


def _cut(text: str, places: Sequence[int]) -> Iterator[Sentence]:
    start = 0
    ends = [
        m
        for m in _SENTENCE_END.finditer(text)
        if m.group(0) != "." or not _ABBREVIATION.search(text, max(m.start() - 12, 0), m.start())
    ]
    for stop in [*(m.start() for m in ends), len(text)]:
        piece = text[start:stop]
        if piece.strip(" \n.!?"):
            first = start + len(piece) - len(piece.lstrip(" \n.!?"))
            last = start + len(piece.rstrip())
            yield _spaced(text[first:last], places[first:last], places[stop - 1] + 1)
        start = stop


def _spaced(text: str, places: Sequence[int], end: int) -> Sentence:
    """A sentence with single spaces, none before a comma or inside brackets."""
    kept = [
        k
        for k, letter in enumerate(text)
        if not letter.isspace()
        or not (text[k + 1 : k + 2].isspace() or text[k + 1 : k + 2] in tuple(",;:).") or text[k - 1] == "(")
    ]
    words = "".join(" " if text[k].isspace() else text[k] for k in kept)
    return Sentence(words, [places[k] for k in kept], end)
