r"""Data tables as formulas: ``a = (561, 310, 78)`` for the column under ``$a_i$``, ``0 \le x_1 \le 5`` for a row of bounds.

A table is read where its meaning is plain: names over (or before) columns (rows) of numbers; names of parameters with one
number each; variables with a lower and an upper bound. Any other table is left in the prose, which asks for a formula.
"""

from __future__ import annotations

import re
from typing import NamedTuple

TABULAR = r"tabular[xy*]?|tabulary|longtable|tabu"
MARKDOWN = re.compile(
    r"(?:^|(?<=\n))[ \t]*\|[^\n]*\n[ \t]*\|?[ \t]*:?-+[-:| \t]*\n(?:[ \t]*\|[^\n]*(?:\n|$))+"
)
_RULES = re.compile(
    r"\\(?:hline|toprule|midrule|bottomrule|endhead|endfoot|endfirsthead|endlastfoot|centering|small)(?![A-Za-z])"
    r"|\\(?:cline|cmidrule|addlinespace|rowcolor|caption|label)(?:\([a-z]*\))?(?:\[[^\]]*\])?(?:\s*\{[^{}]*\})?"
    r"|^\s*\[[\d.]+\s*[a-z]{2}\]"
)
_WIDE = re.compile(r"\s*\\multicolumn\s*\{1\}\s*\{[^{}]*\}\s*\{(.*)\}\s*$", re.DOTALL)
_LETTERS = r"\\(?:mathrm|text|mathit|operatorname|mathbf|boldsymbol|hat|bar|tilde)\s*\{\\?[A-Za-z]+\}|\\[A-Za-z]+|[A-Za-z]+"
_SCRIPT = r"\s*[_^]\s*(?:\{(?:[^{}]|\{[^{}]*\})*\}|\\[A-Za-z]+|[A-Za-z\d])"
_NAME = re.compile(rf"\s*(?P<base>{_LETTERS})(?P<scripts>(?:{_SCRIPT}){{0,2}})\s*")
_NUMBER = re.compile(
    r"(?P<digits>[-+−]?(?:\d{1,3}(?:(?:,|\{,\}|\\,)\d{3})+|\d+)?(?:\.\d+)?)"
    r"(?:[eE](?P<exponent>[-+]?\d+)|\s*(?:\\times|\\cdot)\s*10\s*\^\s*\{?\s*(?P<power>-?\d+)\s*\}?)?"
)
_FORMULA = re.compile(r"\$([^$]*)\$|\\\(((?:[^\\]|\\(?!\)))*)\\\)")
_LOWER = re.compile(r"\b(?:lower|min|minimum|minimal|lb|from|low)\b")
_UPPER = re.compile(r"\b(?:upper|max|maximum|maximal|ub|to|up)\b")
_RANGE = re.compile(r"\b(?:bounds?|ranges?|domain|interval|limits)\b")
_START = re.compile(r"\b(?:initial|start\w*|guess|x0)\b")
_SIDE = r"\\?(?:(?:text|mathrm|rm)\s*\{\s*)?(?:min|max)(?![A-Za-z])"
_LIMIT_MARK = re.compile(rf"[_^]\s*\{{?[^{{}}$]{{0,20}}?(?P<side>{_SIDE})")
_LIMIT = re.compile(rf"(?P<base>.+?)[_^]\{{?(?P<side>{_SIDE})\}}*")
_MOST = 2000  # cells
Rows = list[list[str]]


class _Named(NamedTuple):
    """A cell that holds a name: without its index, and the index ("" if it has none)."""

    name: str
    letter: str


def latex_table(text: str, math: bool) -> list[str] | None:
    """Formulas of a LaTeX table; None if it is no table of data.

    Args:
        text: rows, ended by ``\\\\``, of cells with ``&`` between.
        math: whether all of it is mathematics.
    """
    rows = []
    for line in re.split(r"\\\\\*?|\\tabularnewline(?![A-Za-z])", text):
        line = _RULES.sub(" ", line).strip()
        if line:
            cells = re.split(r"(?<!\\)&", line)
            rows.append([_plain(_WIDE.sub(r"\1", cell)) for cell in cells])
    return _meaning(rows, math)


def markdown_table(text: str) -> list[str] | None:
    """Formulas of a Markdown table; None if it is no table of data."""
    rows = []
    for line in text.strip().split("\n"):
        cells, formula = [""], False
        for letter in line.strip().strip("|"):
            formula ^= letter == "$"
            if letter == "|" and not formula:
                cells.append("")
            else:
                cells[-1] += letter
        rows.append([_plain(cell) for cell in cells])
    return _meaning(rows[:1] + rows[2:], False)


def add_limits(formulas: list[str], outside: str) -> list[str]:
    """Add the bounds that a table's columns of limits mean: ``P_{1} \\ge 150`` for 150 under ``P_i^{\\min}``.

    Args:
        formulas: of ``table`` or ``pipes``.
        outside: the text around the table. Where it has lower limits, or upper ones, itself, it says what they are of.
    """
    said = {"lower" if "min" in mark["side"] else "upper" for mark in _LIMIT_MARK.finditer(outside)}
    stated = []
    for formula in formulas:
        name, equals, body = formula.partition(" = (")
        mark = _LIMIT.fullmatch(name)
        side = mark and ("lower" if "min" in mark["side"] else "upper")
        if mark and equals and side not in said:
            relation = "\\ge" if side == "lower" else "\\le"
            limits = enumerate(body.rstrip(")").split(", "), 1)
            stated += [f"{mark['base']}_{{{k}}} {relation} {limit}" for k, limit in limits]
    return [*formulas, *stated]


def _plain(cell: str) -> str:
    """A cell without markup."""
    cell = re.sub(r"\\(?:textbf|textit|emph|mathbf)\s*\{([^{}]*)\}", r"\1", cell)
    return re.sub(r"\*\*|\\(?:displaystyle|bf|rm|quad|qquad|;|,(?!\d{3}))(?![A-Za-z])", " ", cell).strip()


def _meaning(rows: Rows, math: bool) -> list[str] | None:
    rows = [row for row in rows if any(row)]
    while rows and sum(map(bool, rows[0])) == 1 and len(rows) > 2:
        del rows[0]  # a heading over all columns
    width = max(map(len, rows), default=0)
    if len(rows) < 2 or width < 2 or len(rows) * width > _MOST:
        return None
    if any(len(row) != width for row in rows):
        return None
    heads = [_named(cell, math) for cell in rows[0]]
    sides = [_named(row[0], math) for row in rows]
    body = rows[1:]
    if all(sides) and not any(heads[1:]):
        return _columns(*_turned(rows, sides))
    if not any(heads[1:]) and all(sides[1:]):
        return _parameters(rows[0], [n for n in sides[1:] if n], body)
    limits = any(_LOWER.search(row[0].lower()) or _UPPER.search(row[0].lower()) for row in body)
    if any(heads) and not any(sides[1:]) and not limits:
        return _columns(rows[0], heads, body)
    if not heads[0] and any(heads) and limits:
        turned = [list(row) for row in zip(*rows, strict=True)]
        named = [_named(row[0], math) for row in turned[1:]]
        return _parameters(turned[0], [n for n in named if n], turned[1:]) if all(named) else None
    return None


def _turned(rows: Rows, sides: list[_Named | None]) -> tuple[list[str], list[_Named | None], Rows]:
    """A table with a name before each row as one with names over its columns."""
    return (
        [row[0] for row in rows],
        sides,
        [list(row) for row in zip(*(row[1:] for row in rows), strict=True)],
    )


def _columns(header: list[str], heads: list[_Named | None], body: Rows) -> list[str] | None:
    """Vectors, from names over columns of numbers."""
    columns = list(zip(*body, strict=True))
    letters = {head.letter for head in heads if head and head.letter}
    if len(letters) > 1:
        return None
    formulas = []
    for head, column, title in zip(heads, columns, header, strict=True):
        numbers = [_number(cell) for cell in column]
        counted = [n for n in numbers if n is not None] == [str(k) for k in range(1, len(column) + 1)]
        if head is None or (head.name in letters and not head.letter):
            if any(n is not None for n in numbers) and not counted:
                return None  # numbers without a name, or not counted from 1
            continue
        if counted and not head.letter and letters:
            continue  # "unit k" over 1, 2, 3
        if None in numbers or re.search(r"\d", _FORMULA.sub("", title) + head.name):
            return None
        entries = ", ".join(n for n in numbers if n is not None)
        formulas.append(
            f"{head.name} = ({entries})" if len(column) > 1 or head.letter else f"{head.name} = {entries}"
        )
    return formulas or None


def _parameters(header: list[str], names: list[_Named], body: Rows) -> list[str] | None:
    """Numbers, or bounds, from names before rows."""
    titles = [title.lower() for title in header]
    columns = list(zip(*body, strict=True))
    numeric = [k for k in range(1, len(titles)) if all(_number(c) is not None for c in columns[k])]
    lower, upper, ranges, start = (
        [k for k in range(1, len(titles)) if pattern.search(titles[k])]
        for pattern in (_LOWER, _UPPER, _RANGE, _START)
    )
    written = [_whole(name) for name in names]
    told = set(start)
    formulas: list[str] = []
    if len(lower) == len(upper) == 1 and lower != upper and {*lower, *upper} <= set(numeric):
        for name, row in zip(written, body, strict=True):
            formulas.append(f"{_number(row[lower[0]])} \\le {name} \\le {_number(row[upper[0]])}")
        told |= {*lower, *upper}
    elif len(ranges) == 1 and all(_interval(row[ranges[0]]) for row in body):
        for name, row in zip(written, body, strict=True):
            formulas.append(f"{name} \\in {_interval(row[ranges[0]])}")
        told.add(ranges[0])
    elif len(numeric) == 1 and not start:
        formulas = [f"{name} = {_number(row[numeric[0]])}" for name, row in zip(written, body, strict=True)]
        told.add(numeric[0])
    if not formulas or not set(numeric) <= told:
        return None
    if start and set(start) <= set(numeric):
        entries = ", ".join(str(_number(row[start[0]])) for row in body)
        formulas.append(f"\\text{{starting point}} ({', '.join(written)}) = ({entries})")
    elif start:
        return None
    silent = [c for k, column in enumerate(columns) if k and k not in told for c in column]
    return None if any(re.search(r"\d|integer|discrete|step", c.lower()) for c in silent) else formulas


def _whole(name: _Named) -> str:
    return name.name if not name.letter else f"{name.name}_{{{name.letter}}}"


def _interval(cell: str) -> str | None:
    inner = cell.strip().strip("$").replace("\\left", "").replace("\\right", "").strip()
    if not (inner.startswith("[") and inner.endswith("]")):
        ends = re.split(r"\s*(?:--|–|\bto\b)\s*", inner)
    else:
        ends = inner[1:-1].split(",")
    numbers = [_number(end) for end in ends]
    return f"[{numbers[0]}, {numbers[1]}]" if len(numbers) == 2 and None not in numbers else None


def _number(cell: str) -> str | None:
    """The number that a cell is, in LaTeX."""
    text = cell.strip().strip("$").strip()
    match = _NUMBER.fullmatch(text)
    if match is None or not any(c.isdigit() for c in match["digits"]):
        return None
    digits = re.sub(r"\{,\}|\\,|,", "", match["digits"]).replace("−", "-").lstrip("+")
    power = match["exponent"] or match["power"]
    return digits if not power else f"{digits} \\times 10^{{{int(power)}}}"


def _named(cell: str, math: bool) -> _Named | None:
    """The name that a cell holds: one formula, perhaps with words or a unit around it."""
    found = [m[1] or m[2] or "" for m in _FORMULA.finditer(cell)]
    if math and not found:
        found = [re.sub(r"\\text\s*\{[^{}]*\}|\\mathrm\s*\{[^{}]*\}\s*$", "", cell)]
    if len(found) != 1:
        return None
    match = _NAME.fullmatch(found[0])
    if match is None or (
        match["base"].startswith("\\") and match["base"] in ("\\infty", "\\hline", "\\dots", "\\ldots")
    ):
        return None
    index, kept = "", ""
    for script in re.finditer(_SCRIPT, match["scripts"]):
        mark, inside = re.match(r"\s*([_^])\s*(.*)", script[0], re.DOTALL).groups()  # type: ignore[union-attr]
        parts = [p.strip() for p in inside.strip().strip("{}").split(",")]
        letters = [p for p in parts if re.fullmatch(r"[a-z]", p)]
        if mark == "_" and len(letters) == 1 and not index:
            index = letters[0]
            parts.remove(index)
        if parts and parts != [""]:
            inner = ", ".join(parts)
            kept += f"{mark}{{{inner}{'}' * (inner.count('{') - inner.count('}'))}}}"
    return _Named(match["base"] + kept, index)
