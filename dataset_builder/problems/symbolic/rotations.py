"""Rotations of a landscape by orthogonal matrices whose entries are short formulas.

Benchmark suites rotate by random matrices (Hansen, Finck, Ros, Auger 2009, INRIA RR-6829), D^2 numbers that no description
holds. The matrices here couple all variables, or pairs of them, as well, and take a line of text.
"""

from __future__ import annotations

from typing import Any

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.symbolic.expression import (
    PI,
    Expr,
    Index,
    Num,
    Sum,
    Vec,
    cos,
    sin,
    sqrt,
)

DENSE = ("dct", "dst", "hartley")
KINDS = (*DENSE, "givens")


def rotated(record: dict[str, Any], vector: str, index: Index, place: str) -> Expr:
    """Entry ``index`` of Q v, with an orthogonal matrix Q of n rows.

    - ``{"kind": "dct"}``: Q_ij = sqrt(2/n) cos(pi (i - 1/2)(j - 1/2) / n), the discrete cosine transform of type IV
      (Britanak, Yip, Rao 2007, doi:10.1016/B978-0-12-373624-6.X5000-0).
    - ``{"kind": "dst"}``: Q_ij = sqrt(2/(n + 1)) sin(pi i j / (n + 1)), the discrete sine transform of type I (same source).
    - ``{"kind": "hartley"}``: Q_ij = (cos t + sin t) / sqrt(n), t = 2 pi (i - 1)(j - 1) / n, the discrete Hartley transform
      (Bracewell 1983, doi:10.1364/JOSA.73.001832).
    - ``{"kind": "givens", "rate": a}``: (Q v)_i = cos(t) v_i + sin(t) v_(n + 1 - i), t = a (i - (n + 1)/2): a rotation in
      the plane of each variable and its counterpart from the end, by the angle a (i - (n + 1)/2).

    Args:
        record: the kind, and its parameters.
        vector: name of v (n,).
        index: the index variable i of the entry.
        place: where the record stands in a definition, for the message.

    Raises:
        ProblemError: if the kind is unknown.
    """
    i, j, v = index, Index("j"), Vec(vector)
    n = v.size
    match record["kind"]:
        case "dct":
            return sqrt(2 / n) * Sum(j, 1, n, cos(PI * (i - 0.5) * (j - 0.5) / n) * v[j])
        case "dst":
            return sqrt(Num(2) / (n + 1)) * Sum(j, 1, n, sin(PI * i * j / (n + 1)) * v[j])
        case "hartley":
            angle = 2 * PI * (i - 1) * (j - 1) / n
            return Sum(j, 1, n, (cos(angle) + sin(angle)) * v[j]) / sqrt(n)
        case "givens":
            angle = record["rate"] * (i - (n + 1) / 2)
            return cos(angle) * v[i] + sin(angle) * v[n + 1 - i]
    raise ProblemError(f"{place}: unknown kind {record['kind']!r}, expected one of {', '.join(KINDS)}")
