r"""Normalization of tokens: names of several letters, marks such as ``min``, braces, units.

``P_i^{\min}``, ``P^{\mathrm{min}}_i`` and ``P_{i,\min}`` become entry i of ``P_min``; ``{\sigma}_{y}`` becomes ``\sigma_y``; ``Re``, which
stands under ``\min``, becomes one name; ``3\,\mathrm{kN/m^2}`` becomes 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from llamoco.dataset_builder.problems.files.latex.lexing.source import LatexSource, Token
from llamoco.dataset_builder.problems.files.latex.lexing.tokens import Tokens, group_end, split_commas
from llamoco.dataset_builder.problems.files.latex.lexing.units import drop_units, is_italic_letter

_MARKS = frozenset(
    [
        "min",
        "max",
        "lb",
        "ub",
        "lo",
        "up",
        "low",
        "high",
        "upper",
        "lower",
        "ref",
        "tot",
        "total",
        "out",
        "nom",
        "cap",
        "opt",
        "req",
        "avail",
        "avg",
        "dem",
        "load",
    ]
)
_LONGEST_MARK = 12  # tokens
_BEFORE_NAME = frozenset((",", "<=", ">=", "=", ":", "\\min", "\\max", "\\minimize", "\\maximize"))
_AFTER_NAME = frozenset((",", "<=", ">=", "=", "(", "_", "in", ":"))


def normalize(
    source: LatexSource, tokens: list[Token], upright: set[int]
) -> tuple[list[Token], frozenset[str]]:
    """Normalize the tokens of a file; returns them and the units that were dropped.

    Args:
        source: the file.
        tokens: its tokens.
        upright: places of upright letters.

    Raises:
        ProblemError: if units of one kind differ, so that numbers do not fit together.
    """
    result, units = drop_units(source, _words(_unbraced(tokens), upright), upright)
    kept = _named_pi(_differences(result))
    return _marked(kept), units


def _unbraced(tokens: list[Token]) -> list[Token]:
    r"""``{\sigma}_{y}`` without its first braces."""
    result: list[Token] = []
    skip = -1
    for number, token in enumerate(tokens):
        if number == skip:
            continue
        if (
            token.text == "{"
            and number + 3 < len(tokens)
            and tokens[number + 1].kind == "name"
            and tokens[number + 2].text == "}"
            and tokens[number + 3].text == "_"
            and (not result or (result[-1].text not in ("_", "^") and result[-1].kind != "command"))
        ):
            skip = number + 2
            continue
        result.append(token)
    return result


def _runs(tokens: Sequence[Token], upright: set[int]) -> Iterator[tuple[int, int]]:
    """Starts and ends of the longest runs of italic letters with nothing between them."""
    start = 0
    while start < len(tokens):
        stop = start
        while (
            stop < len(tokens)
            and is_italic_letter(tokens[stop], upright)
            and (stop == start or tokens[stop].at == tokens[stop - 1].end)
        ):
            stop += 1
        if stop > start:
            yield start, stop
        start = max(stop, start + 1)


def _words(tokens: list[Token], upright: set[int]) -> list[Token]:
    """Runs of letters that are declared as names (``\\min_{Re, Pr}``, ``OF = ...``) as one token each."""
    runs = list(_runs(tokens, upright))
    single = {tokens[a].text for a, b in runs if b == a + 1}
    declared = set()
    for start, stop in runs:
        if stop - start < 2:
            continue
        before, after = _around(tokens, start, stop)
        alone = {t.text for t in tokens[start:stop]} - single
        if alone and before and after:
            declared.add("".join(t.text for t in tokens[start:stop]))
    if not declared:
        return tokens
    result: list[Token] = []
    at = 0
    for start, stop in runs:
        word = "".join(t.text for t in tokens[start:stop])
        if word in declared:
            result += tokens[at:start]
            first = tokens[start]
            result.append(first._replace(text=word, end=tokens[stop - 1].end))
            at = stop
    return result + tokens[at:]


def _around(tokens: list[Token], start: int, stop: int) -> tuple[bool, bool]:
    """Whether what stands before and after a run lets it be a name of its own."""
    left = start - 1
    while left >= 0 and tokens[left].kind == "soft":
        left -= 1
    first = tokens[left] if left >= 0 else None
    scope = (
        first is not None
        and first.text == "{"
        and left >= 2
        and tokens[left - 1].text == "_"
        and (tokens[left - 2].text in ("\\min", "\\max", "\\minimize", "\\maximize"))
    )
    before = (
        first is None
        or scope
        or first.kind in ("break", "text", "begin", "end")
        or first.text in _BEFORE_NAME
    )
    right = stop
    while right < len(tokens) and tokens[right].kind == "soft":
        right += 1
    last = tokens[right] if right < len(tokens) else None
    after = (
        last is None or last.kind in ("break", "text", "end") or last.text in _AFTER_NAME or last.text == "}"
    )
    return before, after


def _named_pi(tokens: list[Token]) -> list[Token]:
    r"""``\pi`` as a name, where it has a definition, ``\pi = (p - c) q``, and is used for nothing else."""
    places = [k for k, t in enumerate(tokens) if t.text == "\\pi" and t.kind == "command"]
    following = [next((t.text for t in tokens[k + 1 : k + 4] if t.kind != "soft"), "") for k in places]
    if "=" not in following or not set(following) <= {"=", "(", "_"}:
        return tokens
    return [t._replace(kind="name") if t.text == "\\pi" and t.kind == "command" else t for t in tokens]


def _differences(tokens: list[Token]) -> list[Token]:
    r"""``\Delta t`` as one name, if every Delta stands before a name."""
    places = [k for k, t in enumerate(tokens) if t.text == "\\Delta" and t.kind == "name"]
    if not places or not all(k + 1 < len(tokens) and tokens[k + 1].kind == "name" for k in places):
        return tokens
    result: list[Token] = []
    for token in tokens:
        if result and result[-1].text == "\\Delta":
            result[-1] = result[-1]._replace(text="\\Delta" + token.text.lstrip("\\"), end=token.end)
        else:
            result.append(token)
    return result


# Marks


def _marked(tokens: list[Token]) -> list[Token]:
    r"""Names with a mark, ``P_i^{\min}``, as names of their own, ``P_min`` with the index i."""
    result: list[Token] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        at += 1
        if token.text == "\\pi" and at < len(tokens) and tokens[at].text == "_":
            token = token._replace(kind="name")  # the price \pi_t, not the constant
        if token.kind != "name":
            result.append(token)
            continue
        scripts: dict[str, Tokens] = {}
        stop = at
        while stop + 1 < len(tokens) and tokens[stop].text in ("_", "^") and tokens[stop].text not in scripts:
            end = group_end(tokens, stop + 1)
            if end - stop > _LONGEST_MARK:
                break
            scripts[tokens[stop].text] = tokens[stop + 1 : end]
            stop = end
        mark, index = _mark(scripts)
        if not mark:
            result.append(token)
            continue
        result.append(token._replace(text=f"{token.text}_{mark}", end=token.end))
        if index:
            sub = token._replace(kind="symbol", step=0)
            result += [
                sub._replace(text="_"),
                sub._replace(text="{", step=1),
                *index,
                sub._replace(text="}", step=-1),
            ]
        at = stop
    return result


def _mark(scripts: dict[str, Tokens]) -> tuple[str, Tokens]:
    """The mark of a name with these scripts, and its index; "" if it has none."""
    below, above = (_inside(scripts.get(k, [])) for k in ("_", "^"))
    word = _word(above)
    if word and (not below or not _word(below)):
        parts = split_commas(below)
        return word, below if len(parts) < 2 or not any(map(_word, parts)) else []
    if above and not word:
        return "", []  # an exponent
    parts = split_commas(below)
    words = [k for k, part in enumerate(parts) if _word(part)]
    if len(words) != 1 or len(parts) > 2:
        return "", []
    index = [t for k, part in enumerate(parts) if k != words[0] for t in part]
    return _word(parts[words[0]]), index


def _inside(script: Tokens) -> Tokens:
    return script[1:-1] if script and script[0].text == "{" else script


def _word(part: Tokens) -> str:
    if not part or any(t.kind not in ("name", "command") for t in part):
        return ""
    word = "".join(t.text.lstrip("\\") for t in part).lower()
    return word if word in _MARKS else ""
