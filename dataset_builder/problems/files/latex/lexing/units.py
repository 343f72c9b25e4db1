r"""Units after numbers, which are dropped: ``3\,\mathrm{kN/m^2}`` becomes 3."""

from __future__ import annotations

from collections import Counter

from llamoco.dataset_builder.problems.files.latex.lexing.commands import KINDS_OF_UNITS, UNITS
from llamoco.dataset_builder.problems.files.latex.lexing.source import LatexSource, Token
from llamoco.dataset_builder.problems.files.latex.lexing.tokens import group_end

_UPRIGHT = "|"  # before upright letters


def drop_units(
    source: LatexSource, tokens: list[Token], upright: set[int]
) -> tuple[list[Token], frozenset[str]]:
    """Drop the units after numbers.

    Args:
        source: the file.
        tokens: its tokens.
        upright: places of upright letters.

    Returns:
        The tokens without units, and the units.

    Raises:
        ProblemError: if units of one kind differ, so that numbers do not fit together.
    """
    marked = _units(source, tokens, upright)
    found = {t.text: t for t in marked if t.kind == "unit"}
    for kind in KINDS_OF_UNITS:
        same = [t for unit, t in found.items() if unit in kind]
        if len(same) > 1:
            names = " and ".join(sorted(t.text for t in same))
            message = f"units are not converted, and {names} both occur; state all numbers in one of them, without units"
            raise source.error(max(t.at for t in same), message)
    return [t for t in marked if t.kind != "unit"], frozenset(found)


def is_italic_letter(token: Token, upright: set[int]) -> bool:
    """Whether a token is one letter that is not set upright."""
    return token.kind == "name" and len(token.text) == 1 and token.at not in upright


def _units(source: LatexSource, tokens: list[Token], upright: set[int]) -> list[Token]:
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


def _unit_end(
    source: LatexSource, tokens: list[Token], at: int, upright: set[int], others: Counter[str]
) -> int:
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


def _one_unit(
    source: LatexSource, tokens: list[Token], at: int, upright: set[int], others: Counter[str]
) -> int:
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
        and is_italic_letter(tokens[stop], upright)
        and (stop == at or tokens[stop].at == tokens[stop - 1].end)
    ):
        stop += 1
    text = "".join(t.text for t in tokens[at:stop])
    indexed = stop < len(tokens) and tokens[stop].text == "_"  # a variable, as in 10^6 t_1
    if text not in UNITS or indexed:
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
