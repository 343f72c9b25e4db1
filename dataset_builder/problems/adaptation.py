"""Adaptation of a problem's names to the interface of programs, where bounds, steps, signs or calls differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from llamoco.dataset_builder.problems.variables import Variables


@dataclass(frozen=True)
class Adaptation:
    """Lines that a program needs to state a problem, see the module.

    Attributes:
        sizes: numbers of values of objective, inequality and equality.
        variables: map between the search box and the person's variables.
        max_evals: evaluation budget, points.
        maximize: whether the person's objective is to be maximised.
        time_limit: seconds that the search may take; None for no limit.
        tolerance: the improvement, relative to 1 + |f|, below which it may end; None for none.
        calls: expressions of ``x``, the person's variables, that give the objective, the inequalities and the equalities, each a sequence
            of them; the problem's names are in braces, such as ``{objective}(x)``.
        together: an expression of ``x`` that gives all three at once, in place of ``calls``; "" for none.
        scipy: whether ``calls`` use ``stated(x)``: inequalities and equalities of scipy's constraints under the name ``constraints``.
    """

    sizes: tuple[int, int, int]
    variables: Variables
    max_evals: int
    maximize: bool = False
    time_limit: float | None = None
    tolerance: float | None = None
    calls: Mapping[str, Sequence[str]] = field(
        default_factory=lambda: {
            name: (f"{{{name}}}(x)",) for name in ("objective", "inequality", "equality")
        }
    )
    together: str = ""
    scipy: bool = False
