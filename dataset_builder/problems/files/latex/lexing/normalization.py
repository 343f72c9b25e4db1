r"""Tokens brought to one form before they are parsed: names of several letters, marks such as ``min``, braces, units.

``P_i^{\min}``, ``P^{\mathrm{min}}_i`` and ``P_{i,\min}`` become entry i of ``P_min``; ``{\sigma}_{y}`` becomes ``\sigma_y``; ``Re``, which
stands under ``\min``, becomes one name; ``3\,\mathrm{kN/m^2}`` becomes 3.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from llamoco.dataset_builder.problems.files.latex.lexing.commands import KINDS_OF_UNITS, UNITS
from llamoco.dataset_builder.problems.files.latex.lexing.source import Source, Token
from llamoco.dataset_builder.problems.files.latex.lexing.tokens import Part, group_end, split_commas

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


def canonical(source: Source, tokens: list[Token], upright: set[int]) -> tuple[list[Token], frozenset[str]]:
    """The tokens of a file in one form, and the units that were dropped.

    Args:
        source: the file.
        tokens: its tokens.
        upright: places of upright letters.

    Raises:
        ProblemError: if units of one kind differ, so that numbers do not fit together.
    """
    result = _units(source, _words(_unbraced(tokens), upright), upright)
    found = {t.text: t for t in result if t.kind == "unit"}
    for kind in KINDS_OF_UNITS:
        same = [t for unit, t in found.items() if unit in kind]
        if len(same) > 1:
            names = " and ".join(sorted(t.text for t in same))
            message = f"units are not converted, and {names} both occur; state all numbers in one of them, without units"
            raise source.error(max(t.at for t in same), message)
    kept = _named_pi(_differences([t for t in result if t.kind != "unit"]))
    return _marked(kept), frozenset(found)


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
            and _letter(tokens[stop], upright)
            and (stop == start or tokens[stop].at == tokens[stop - 1].end)
        ):
            stop += 1
        if stop > start:
            yield start, stop
        start = max(stop, start + 1)


def _letter(token: Token, upright: set[int]) -> bool:
    return token.kind == "name" and len(token.text) == 1 and token.at not in upright


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


# Units


def _units(source: Source, tokens: list[Token], upright: set[int]) -> list[Token]:
    """The tokens with units after numbers marked as such (kind ``unit``), their exponents and slashes gone."""
    others = _counted(tokens, upright)
    result: list[Token] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        result.append(token)
        at += 1
        number = token.kind == "number" and not (len(result) > 1 and result[-2].text in ("_", "^"))
        if not number and not (token.text == "}" and _power_of_ten(result)):
            continue
        stop = _unit_end(source, tokens, at, upright, others)
        result += [t._replace(kind="unit") for t in tokens[at:stop] if t.kind == "name"] if stop > at else []
        at = max(stop, at)
    return _joined_units(result)


_UPRIGHT = "|"  # before upright letters


def _power_of_ten(result: list[Token]) -> bool:
    """Whether the tokens end in ``10^{-3}``."""
    tail = [t.text for t in result[-6:]]
    return (
        len(tail) > 3
        and ("10", "^", "{") in (tuple(tail[k : k + 3]) for k in range(len(tail) - 2))
        and tail[-1] == "}"
    )


def _counted(tokens: list[Token], upright: set[int]) -> Counter[str]:
    """How often letters occur that do not follow a number, upright ones apart."""
    count: Counter[str] = Counter()
    follows = False
    for token in tokens:
        if token.kind == "name":
            if not follows:
                count[_UPRIGHT * (token.at in upright) + token.text] += 1
        else:
            follows = token.kind == "number" or (follows and token.text in ("/", "^", "{", "}", "*"))
    return count


def _unit_end(source: Source, tokens: list[Token], at: int, upright: set[int], others: Counter[str]) -> int:
    """One past the unit that begins at ``at``, or ``at`` if none does."""
    stop = _one_unit(source, tokens, at, upright, others)
    if stop == at:
        return at
    while True:
        stop = _exponent_end(tokens, stop)
        following = stop + 1 if stop < len(tokens) and tokens[stop].text in ("/", "*") else stop
        further = _one_unit(source, tokens, following, upright, others)
        if further == following:
            return stop
        stop = further


def _one_unit(source: Source, tokens: list[Token], at: int, upright: set[int], others: Counter[str]) -> int:
    if at >= len(tokens) or tokens[at].kind != "name":
        return at
    token = tokens[at]
    if token.at in upright:
        text = token.text
        stop = at + 1
        if len(text) == 1:  # letters of one \mathrm{...}
            while (
                stop < len(tokens)
                and tokens[stop].kind == "name"
                and tokens[stop].at == tokens[stop - 1].end
                and tokens[stop].at in upright
            ):
                stop += 1
            text = "".join(t.text for t in tokens[at:stop])
        return stop if text in UNITS and (len(text) > 1 or not others[_UPRIGHT + text]) else at
    stop = at
    while (
        stop < len(tokens)
        and _letter(tokens[stop], upright)
        and (stop == at or tokens[stop].at == tokens[stop - 1].end)
    ):
        stop += 1
    text = "".join(t.text for t in tokens[at:stop])
    if text not in UNITS:
        return at
    apart = at == 0 or tokens[at - 1].end < token.at or tokens[at - 1].text in ("/", "*")
    unused = any(not others[t.text] for t in tokens[at:stop])
    return stop if unused and (apart or stop > at + 1) else at


def _exponent_end(tokens: list[Token], at: int) -> int:
    """One past the exponent of a unit."""
    if at >= len(tokens) or tokens[at].text != "^":
        return at
    stop = group_end(tokens, at + 1)
    inside = [t.text for t in tokens[at + 1 : stop] if t.text not in ("{", "}", "-")]
    return stop if len(inside) == 1 and inside[0].isdigit() else at


def _joined_units(tokens: list[Token]) -> list[Token]:
    """Letters of one unit joined."""
    result: list[Token] = []
    for token in tokens:
        if token.kind == "unit" and result and result[-1].kind == "unit" and result[-1].end == token.at:
            result[-1] = result[-1]._replace(text=result[-1].text + token.text, end=token.end)
        else:
            result.append(token)
    return result


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
        scripts: dict[str, Part] = {}
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


def _mark(scripts: dict[str, Part]) -> tuple[str, Part]:
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


def _inside(script: Part) -> Part:
    return script[1:-1] if script and script[0].text == "{" else script


def _word(part: Part) -> str:
    if not part or any(t.kind not in ("name", "command") for t in part):
        return ""
    word = "".join(t.text.lstrip("\\") for t in part).lower()
    return word if word in _MARKS else ""
