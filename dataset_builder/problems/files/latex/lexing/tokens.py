"""Lists of tokens: brackets, commas, names."""

from __future__ import annotations

from collections.abc import Iterator

from llamoco.dataset_builder.problems.files.latex.lexing.source import Token

Tokens = list[Token]
_BIG = ("\\sum", "\\prod", "\\max", "\\min")  # what takes the range of an index as its limits


def group_end(tokens: Tokens, at: int) -> int:
    """One past the script that begins at ``at``."""
    if at >= len(tokens) or tokens[at].text != "{":
        return min(at + 1, len(tokens))
    depth = 0
    for place in range(at, len(tokens)):
        depth += (tokens[place].text == "{") - (tokens[place].text == "}")
        if depth == 0:
            return place + 1
    return len(tokens)


def name_of(part: Tokens) -> str | None:
    """The canonical name ``x``, ``x_1``, ``T_s`` of a part that is a name, or None."""
    if not part or part[0].kind != "name":
        return None
    if len(part) == 1:
        return part[0].text
    if part[1].text != "_" or len(part) < 3 or group_end(part, 2) != len(part):
        return None
    return f"{part[0].text}_{script_text(part[2:])}"


def script_text(part: Tokens) -> str:
    """The text of a subscript, as it stands in canonical names."""
    return "".join("_" if t.text == "," else t.text.lstrip("\\") for t in part if t.text not in ("{", "}"))


def split_commas(part: Tokens) -> list[Tokens]:
    """The parts of a list, cut at its outer commas."""
    result: list[Tokens] = [[]]
    depth = 0
    for token in part:
        depth += token.step
        if depth == 0 and token.text == ",":
            result.append([])
        else:
            result[-1].append(token)
    return [p for p in result if p]


def bound_letters(part: Tokens) -> set[str]:
    r"""The indices that sums, products and extrema of a part bind: i and j in ``\sum_{i=1}^n \max_{1 \le j \le i}``."""
    letters: set[str] = set()
    for place, token in enumerate(part):
        at = place + 1 if token.text in _BIG else len(part)
        while at < len(part) and part[at].text in ("_", "^"):
            stop = group_end(part, at + 1)
            if part[at].text == "_":
                limits = part[at + 1 : stop]
                marks = [k for k, t in enumerate(limits) if t.text in ("=", "<=", "in")]
                between = len(marks) > 1 and limits[marks[0]].text == "<="  # 1 <= i <= n, not i = 1
                first, last = (marks[0], marks[-1]) if between else (0, marks[0] if marks else len(limits))
                if marks or token.text not in ("\\max", "\\min"):  # what stands under a bare \\min is varied
                    letters |= {t.text for t in limits[first:last] if t.kind == "name"}
            at = stop
    return letters


def row_and_column(subscript: Tokens, digits: bool) -> list[Tokens]:
    """The indices of a matrix in ``A_{i,j}`` or ``A_{ij}``; with ``digits`` in ``A_{12}``, too."""
    if digits and len(subscript) == 1 and subscript[0].kind == "number" and len(subscript[0].text) == 2:
        return [[subscript[0]._replace(text=digit)] for digit in subscript[0].text]
    if len(subscript) == 2 and all(t.kind in ("name", "number") for t in subscript):
        return [[t] for t in subscript]
    return split_commas(subscript)


def names_in(part: Tokens) -> Iterator[tuple[str, str]]:
    """Base and canonical name of every name in a part: ``("T", "T_s")``."""
    for place, token in enumerate(part):
        if token.kind != "name":
            continue
        stop = place + 1
        if stop + 1 < len(part) and part[stop].text == "_":
            stop = group_end(part, stop + 1)
        yield token.text, name_of(part[place:stop]) or token.text


def tuple_parts(body: Tokens) -> list[Tokens]:
    r"""The entries of a body that is one tuple ``(a, b)`` or ``[a, b]^\top``; empty for any other body."""
    if not body or body[0].text not in ("(", "[", "\\{"):
        return []
    depth = 0
    for number, token in enumerate(body):
        depth += token.step
        if depth == 0:
            rest = "".join(t.text for t in body[number + 1 :]).strip("^{}")
            parts = split_commas(body[1:number])
            return parts if rest in ("", "T", "\\top", "\\intercal") and len(parts) > 1 else []
    return []


def interval_factors(part: Tokens) -> list[tuple[Tokens, Tokens]] | None:
    """Intervals and exponents of ``[a, b]^n times [c, d]``."""
    result: list[tuple[Tokens, Tokens]] = []
    at = 0
    while at < len(part):
        if result:
            if part[at].text != "times":
                return None
            at += 1
        if at >= len(part) or part[at].text not in ("[", "("):
            return None
        close = next(
            (
                k
                for k in range(at, len(part))
                if part[k].text in ("]", ")") and sum(t.step for t in part[at : k + 1]) == 0
            ),
            None,
        )
        if close is None:
            return None
        inside, exponent, at = part[at + 1 : close], [], close + 1
        if at + 1 < len(part) and part[at].text == "^":
            stop = (
                next((k for k in range(at, len(part)) if part[k].text == "}"), at + 1)
                if part[at + 1].text == "{"
                else at + 1
            )
            exponent, at = part[at + 1 : stop + 1], stop + 1
        result.append((inside, exponent))
    return result
