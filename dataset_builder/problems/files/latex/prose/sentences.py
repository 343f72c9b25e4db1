r"""The words of a LaTeX file as sentences, in which every formula is a letter that says what it is.

``The stress must satisfy $\sigma \le 5$.`` becomes ``the stress must satisfy C``. Words are in small letters without
accents; markup, references and what a reader of the page does not see are gone.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from llamoco.dataset_builder.problems.files.latex.formulas.names import read_head
from llamoco.dataset_builder.problems.files.latex.lexing.source import Formula, Lexed, Source
from llamoco.dataset_builder.problems.files.latex.lexing.tokens import Part, name_of, names_in
from llamoco.dataset_builder.problems.files.latex.model.bounds import Bounds
from llamoco.dataset_builder.problems.files.latex.statements.clauses import Clause

BREAK = "\n"  # where a sentence ends without a full stop
NAME = "="  # before a word inside a formula that may be a name
_OPTIONS = r"(?:\s*\[[^\]\n]*\])*"
_DROPPED = (
    r"(?:cite[a-z]*|[Cc]?ref|eqref|pageref|autoref|label|url|includegraphics|input|include|bibliography(?:style)?|usepackage"
    r"|documentclass|[vh]space|geometry|hypersetup|pagestyle|thispagestyle|bibitem|date|author|graphicspath|[vh]skip"
    r"|[a-z]*color|colorbox|cmidrule|cline)"
)
_DROPPED_TWICE = (
    r"(?:setlength|addtolength|newtheorem|numberwithin|setcounter|addtocounter|rule|newcolumntype)"
)
_SEPARATE = (  # commands whose argument is a sentence of its own
    r"(?:(?:sub)*section|chapter|part|(?:sub)?paragraph|footnote(?:text)?|caption(?:of)?|title|subtitle|thanks|marginpar"
    r"|intertext|shortintertext|todo)"
)
_LAYOUTS = "figure|table|itemize|enumerate|description|minipage|wrapfigure|tabular[a-z]*|array|multicols|list|longtable"
_MARKUP = re.compile(
    rf"""\\begin\s*\{{(?P<unseen>thebibliography|tikzpicture|filecontents)\*?\}}
    |\\(?:begin|end)\s*\{{(?:{_LAYOUTS})\*?\}}{_OPTIONS}(?:\{{(?:[^{{}}\n]|\{{[^{{}}\n]*\}})*\}})*(?P<layout>)
    |\\(?:begin|end)\s*\{{[A-Za-z]+\*?\}}(?P<environment>)
    |\\{_DROPPED}(?![A-Za-z])\*?{_OPTIONS}(?:\s*\{{[^{{}}]*\}})?(?P<dropped>)
    |\\{_DROPPED_TWICE}(?![A-Za-z])\*?(?:\s*\{{[^{{}}]*\}}){{0,2}}(?P<dropped_twice>)
    |\\href\s*\{{[^{{}}]*\}}(?P<link>)
    |\\{_SEPARATE}(?![A-Za-z])\*?{_OPTIONS}\s*(?P<separate>\{{)
    |\\(?:item|par|newline|linebreak|newpage|hline|toprule|midrule|bottomrule|hfill|tabularnewline)(?![A-Za-z])(?P<item>)
    |\\\\\*?(?:\s*\[[\d.\s]*[a-z]+\])?(?P<line>)
    |\\(?P<accent>["'`^~=.]|[cvuHkrd](?![A-Za-z]))\s*\{{?\\?(?P<letter>[A-Za-z])(?P<close>\}})?
    |\\(?P<special>ss|ae|oe|aa|o|l|i|j|AE|OE|AA|O|L)(?![A-Za-z])(?:\{{\}})?
    |\\[-/](?P<hyphenation>)
    |\\[SP](?![A-Za-z])(?P<paragraph>)
    |\\(?P<sign>[%&\#$_{{}}])
    |\\[A-Za-z]+\*?(?P<command>)
    |\\.(?P<space>)
    |(?P<open>\{{)|(?P<shut>\}})
    |(?P<bullet>\n[ \t]*(?:[-*+]|\d{{1,2}}[.)])[ \t]+)
    |(?P<blank>\n[ \t]*\n\s*)
    |(?P<dash>---?)
    |(?P<quote>''|``|["“”„«»‘’]|(?<!\w)'|'(?!\w))
    |(?P<cell>&)
    |(?P<white>[\s~$]+)""",
    re.VERBOSE,
)
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
_SPECIALS = {"ss": "ss", "i": "i", "j": "j", "o": "o", "l": "l"}
_FINAL = re.compile(r"[.;]\s*(?:\\[\],;!]|\s)*$")
_SENTENCE_END = re.compile(r"\n|[.!?。！？]+(?=[\s)\n]|$)|[。！？]")
_ABBREVIATION = re.compile(
    r"(?:^|[^\w.])(?:i\.e|e\.g|cf|figs?|eqs?|secs?|refs?|resp|ca|approx|w\.r\.t|s\.t|no|nos|vs|al|etc|viz|z\.b|d\.h|bzw|usw"
    r"|u\.a|p\.ex|c-a-d|prof|dr|st|ex|prob|ch|chap|p|pp|vol|max|min|evals|var|vars|dim|nr|num|ed|eds|[a-z])$"
)


class Sentence(NamedTuple):
    """A sentence.

    Attributes:
        text: its words, with a capital letter for each formula (see ``Kinds``).
        places: where each character stands in the code.
        end: one past its last place.
    """

    text: str
    places: Sequence[int]
    end: int

    def quoted(self, source: Source, formulas: Sequence[Formula], at: int) -> str:
        """It as written, in one line, without the displayed formulas before and after ``at``."""
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


class Kinds:
    """What a formula is, in one letter.

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

    def _is_variable(self, part: Part) -> bool:
        return self.bounds.is_variable(part) or part[0].text == "\\dots"


class _Writer:
    """Collects text with places."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.places: list[int] = []

    def add(self, text: str, at: int) -> None:
        self.text.append(text)
        self.places += [at] * len(text)


def sentences(
    source: Source,
    lexed: Lexed,
    clauses: Sequence[Clause],
    kinds: Kinds,
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
    writer = _Writer()
    for title in re.finditer(r"\\(?:sub)?title\s*\{", source.code[: lexed.start]):
        _prose(source.code, title.start(), _group_end(source.code, title.end(), lexed.start), writer)
    marks = sorted((clause.groups[0][0][0].at, kinds(clause)) for clause in clauses)
    asides = sorted(lexed.asides)
    at = lexed.start
    mark = aside = 0
    for formula in lexed.formulas:
        _prose(source.code, at, formula.at, writer)
        while mark < len(marks) and marks[mark][0] < formula.start:
            mark += 1
        while True:
            clause_at = marks[mark][0] if mark < len(marks) else formula.stop
            aside_at = asides[aside].at if aside < len(asides) else formula.stop
            if min(clause_at, aside_at) >= formula.stop:
                break
            if clause_at < aside_at:
                writer.add(f" {marks[mark][1]} ", clause_at)
                mark += 1
                continue
            if not asides[aside].name:
                _prose(source.code, aside_at, asides[aside].end, writer)
            else:
                writer.add(BREAK + NAME, aside_at)
                _prose(source.code, aside_at, asides[aside].end, writer)
                writer.add(BREAK, aside_at)
            aside += 1
        final = _FINAL.search(source.code, formula.start, formula.stop)
        if final:
            writer.add(". " if source.code[final.start()] == "." else "; ", final.start())
        at = formula.end
    _prose(source.code, at, lexed.stop, writer)
    text = _with_budget("".join(writer.text), writer.places, budget)
    return list(_cut(_mirrored(text) if maximize else text, writer.places))


def _mirrored(text: str) -> str:
    """The text with words for the largest value and for the smallest one exchanged; as long as it was."""
    text = _EXTREME.sub(lambda m: ("max" if m[1] == "min" else "min") + m[2], text)
    text = _GAIN.sub(lambda m: "cost".ljust(len(m[0])), text)
    return _LARGE.sub(lambda m: _SMALL[m[0]].ljust(len(m[0])), text)


def _prose(code: str, at: int, end: int, writer: _Writer) -> None:
    """Add the words between two places, without markup."""
    ending: list[bool] = []  # for each open brace: whether a sentence ends where it closes
    while at < end:
        match = _MARKUP.search(code, at, end)
        start = match.start() if match else end
        _plain(code, at, start, writer)
        if match is None:
            return
        at = match.end()
        kind = match.lastgroup
        if match["unseen"]:
            closing = code.find(f"\\end{{{match['unseen']}", at, end)
            at = end if closing < 0 else closing
            writer.add(BREAK, start)
        elif match["separate"]:
            ending.append(True)
            writer.add(BREAK, start)
        elif match["open"]:
            ending.append(False)
        elif match["shut"]:
            writer.add(BREAK if ending and ending.pop() else "", start)
        elif match["letter"]:
            writer.add(match["letter"].lower(), start)
        elif match["special"]:
            letters = match["special"].lower()
            writer.add(_SPECIALS.get(letters, letters[:1]), start)
        elif match["sign"]:
            writer.add(f" {match['sign']} " if match["sign"] in "%$&" else " ", start)
        elif kind in ("blank", "bullet", "item", "line", "layout", "environment"):
            writer.add(BREAK, start)
        elif kind == "hyphenation":
            pass
        elif kind == "paragraph":
            writer.add(" section ", start)
        elif kind == "dash":
            writer.add(" - ", start)
        elif kind == "cell":
            writer.add(" | ", start)
        else:
            writer.add(" ", start)


def _plain(code: str, at: int, end: int, writer: _Writer) -> None:
    """Add text in small letters, without accents."""
    piece = code[at:end]
    if piece.isascii():
        writer.text.append(piece.lower())
        writer.places.extend(range(at, end))
        return
    for place, letter in enumerate(piece, at):
        for part in unicodedata.normalize("NFKD", letter):
            category = unicodedata.category(part)
            if category not in ("Mn", "Cf"):  # accents, and characters of no width
                writer.add("-" if category == "Pd" else part.casefold(), place)


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
