"""Lists of tokens: brackets, commas, names."""

from __future__ import annotations

from llamoco.dataset_builder.problems.latex_lexer import Token
from llamoco.dataset_builder.problems.latex_vocabulary import CLOSERS, OPENERS

Part = list[Token]


def step(token: Token) -> int:
    """By how much a token changes the depth of brackets."""
    if token.kind == "symbol":
        return (token.text in OPENERS) - (token.text in CLOSERS)
    return (token.kind == "begin") - (token.kind == "end")


def group_end(tokens: Part, at: int) -> int:
    """One past the script that begins at ``at``."""
    if tokens[at].text != "{":
        return at + 1
    depth = 0
    for place in range(at, len(tokens)):
        depth += (tokens[place].text == "{") - (tokens[place].text == "}")
        if depth == 0:
            return place + 1
    return len(tokens)


def name_of(part: Part) -> str | None:
    """The canonical name ``x``, ``x_1``, ``T_s`` of a part that is a name with or without a subscript, or None."""
    if not part or part[0].kind != "name":
        return None
    if len(part) == 1:
        return part[0].text
    if part[1].text != "_" or len(part) < 3 or group_end(part, 2) != len(part):
        return None
    return f"{part[0].text}_{script_text(part[2:])}"


def script_text(part: Part) -> str:
    """The text of a subscript, as it stands in canonical names."""
    return "".join("_" if t.text == "," else t.text.lstrip("\\") for t in part if t.text not in ("{", "}"))


def split_commas(part: Part) -> list[Part]:
    """The parts of a list, cut at its outer commas."""
    result: list[Part] = [[]]
    depth = 0
    for token in part:
        depth += step(token)
        if depth == 0 and token.text == ",":
            result.append([])
        else:
            result[-1].append(token)
    return [p for p in result if p]
