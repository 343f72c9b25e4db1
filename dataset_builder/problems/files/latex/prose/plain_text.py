"""Words of LaTeX prose, without markup and accents, with their places in the text."""

from __future__ import annotations

import re
import unicodedata

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
_SPECIALS = {"ss": "ss", "i": "i", "j": "j", "o": "o", "l": "l"}
BREAK = "\n"  # where a sentence ends without a full stop


class PlainText:
    """Text with places."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.places: list[int] = []

    def add(self, text: str, at: int) -> None:
        """Add text whose characters share one place."""
        self.text.append(text)
        self.places += [at] * len(text)


def add_prose(code: str, at: int, end: int, plain: PlainText) -> None:
    """Add the words between two places, without markup."""
    ending: list[bool] = []  # for each open brace: whether a sentence ends where it closes
    while at < end:
        match = _MARKUP.search(code, at, end)
        start = match.start() if match else end
        _plain(code, at, start, plain)
        if match is None:
            return
        at = match.end()
        kind = match.lastgroup
        if match["unseen"]:
            closing = code.find(f"\\end{{{match['unseen']}", at, end)
            at = end if closing < 0 else closing
            plain.add(BREAK, start)
        elif match["separate"]:
            ending.append(True)
            plain.add(BREAK, start)
        elif match["open"]:
            ending.append(False)
        elif match["shut"]:
            plain.add(BREAK if ending and ending.pop() else "", start)
        elif match["letter"]:
            plain.add(match["letter"].lower(), start)
        elif match["special"]:
            letters = match["special"].lower()
            plain.add(_SPECIALS.get(letters, letters[:1]), start)
        elif match["sign"]:
            plain.add(f" {match['sign']} " if match["sign"] in "%$&" else " ", start)
        elif kind in ("blank", "bullet", "item", "line", "layout", "environment"):
            plain.add(BREAK, start)
        elif kind == "hyphenation":
            pass
        elif kind == "paragraph":
            plain.add(" section ", start)
        elif kind == "dash":
            plain.add(" - ", start)
        elif kind == "cell":
            plain.add(" | ", start)
        else:
            plain.add(" ", start)


def _plain(code: str, at: int, end: int, plain: PlainText) -> None:
    """Add text in lower case, without accents."""
    piece = code[at:end]
    if piece.isascii():
        plain.text.append(piece.lower())
        plain.places.extend(range(at, end))
        return
    for place, letter in enumerate(piece, at):
        for part in unicodedata.normalize("NFKD", letter):
            category = unicodedata.category(part)
            if category not in ("Mn", "Cf"):  # accents, and characters of no width
                plain.add("-" if category == "Pd" else part.casefold(), place)
