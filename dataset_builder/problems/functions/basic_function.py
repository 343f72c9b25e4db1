"""Basic functions, members of the set F, and the symbols of their formulas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from llamoco.dataset_builder.problems.symbolic.expression import Call, Expr, Index, Sum, Vec, cos, walk

BBOB = "Hansen, Finck, Ros, Auger 2009, INRIA RR-6829"
CEC2017 = "Awad, Ali, Liang, Qu, Suganthan 2016, CEC 2017 real-parameter optimization, technical report"
YAO = "Yao, Liu, Lin 1999, doi:10.1109/4235.771163"
JAMIL = "Jamil, Yang 2013, doi:10.1504/IJMMNO.2013.055204"
ALI = "Ali, Khompatraporn, Zabinsky 2005, doi:10.1007/s10898-004-9972-2"
BOYD = "Boyd, Vandenberghe 2004, doi:10.1017/CBO9780511804441"

Character = Literal["smooth", "rugged", "nonsmooth", "stepwise"]


@dataclass(frozen=True)
class BasicFunction:
    """A member of F.

    Attributes:
        name: identifier, as in a problem's JSON.
        title: what the field calls it.
        reference: where it is defined.
        expression: the function of the vector ``z`` (length >= 2), minimum 0 at z = 0.
        z_range: half-width of the usual search box in z.
        smooth: continuously differentiable.
        unimodal: no local minimum but the global one.
        separable: a sum of (or monotone in a sum of) functions of one variable each.
    """

    name: str
    title: str
    reference: str
    expression: Expr
    z_range: float
    smooth: bool
    unimodal: bool
    separable: bool

    @property
    def character(self) -> Character:
        """Character of the landscape: a smooth bowl, many minima, one minimum with kinks, or a staircase."""
        if not self.unimodal:
            return "rugged"
        if self.smooth:
            return "smooth"
        steps = any(isinstance(node, Call) and node.function == "floor" for node in walk(self.expression))
        return "stepwise" if steps else "nonsmooth"


z = Vec("z")
n = z.size
i = Index("i")
j = Index("j")
k = Index("k")


def total(body: Expr) -> Expr:
    """Sum of body over i = 1..n."""
    return Sum(i, 1, n, body)


def pairs(body: Expr) -> Expr:
    """Sum of body over i = 1..n-1, for terms in z[i] and z[i + 1]."""
    return Sum(i, 1, n - 1, body)


# Row j of a matrix given by a formula, times z: the data of a regression, in a line of text.
residual = total(cos(i * j) * z[i])
# A step along Rosenbrock's valley, moved from (1, ..., 1).
valley = 100 * ((z[i] + 1) ** 2 - z[i + 1] - 1) ** 2 + z[i] ** 2
