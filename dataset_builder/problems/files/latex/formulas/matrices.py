"""Matrices of numbers: arrays of rows, and diagonal matrices."""

from __future__ import annotations

from llamoco.dataset_builder.problems.files.latex.formulas.parser_base import ParserBase
from llamoco.dataset_builder.problems.files.latex.formulas.values import Matrix, Value, VectorValue
from llamoco.dataset_builder.problems.files.latex.lexing.tokens import (
    Tokens,
    group_end,
    script_text,
    split_commas,
)
from llamoco.dataset_builder.problems.symbolic.expression import Expr, Num


def parse_diagonal(parser: ParserBase) -> Matrix:
    r"""``\operatorname{diag}(1, 2, 3)``, or of a vector of numbers."""
    place = parser.tokens[parser.at]
    parts = split_commas(parser.group())
    entries = [parser.sub(p).parse() for p in parts]
    if len(entries) == 1 and isinstance(entries[0], VectorValue):
        vector = entries[0]
        entries = [vector.entry(Num(k)) for k in range(1, vector.size + 1)]
    if not all(isinstance(e, Expr) for e in entries) or not entries:
        parser.fail("expected numbers, or a vector of numbers, in diag(..)", place)
    numbers = [parser.symbols.constant(e, place) for e in entries if isinstance(e, Expr)]
    return Matrix(
        tuple(tuple(n if k == j else 0.0 for j in range(len(numbers))) for k, n in enumerate(numbers))
    )


def parse_matrix(parser: ParserBase) -> Value:
    """A matrix of numbers; a single row or column is a vector."""
    begin = parser.tokens[parser.at]
    rows: list[list[Tokens]] = [[[]]]
    parser.at += 1
    while parser.at < len(parser.tokens) and parser.tokens[parser.at].kind != "end":
        token = parser.tokens[parser.at]
        if token.kind == "break":
            rows.append([[]])
        elif token.kind == "soft":
            rows[-1].append([])
        else:
            rows[-1][-1].append(token)
        parser.at += 1
    parser.at += 1
    rows = [row for row in rows if any(row)]
    if not rows or len({len(row) for row in rows}) > 1 or not all(all(row) for row in rows):
        parser.fail("the rows of this matrix differ in length, or an entry is empty", begin)
    after = parser.tokens[parser.at : group_end(parser.tokens, parser.at + 1)]
    if (
        len(rows) == 1
        and after
        and after[0].text == "^"
        and script_text(after[1:]) in ("T", "top", "intercal")
    ):
        parser.at += len(after)  # a row that is turned into a column
    if len(rows) == 1 or len(rows[0]) == 1:
        return parser.symbols.literal([cell for row in rows for cell in row], parser.scope)
    numbers = tuple(
        tuple(parser.symbols.constant(parser.sub(cell).scalar(), cell[0]) for cell in row) for row in rows
    )
    return Matrix(numbers)
