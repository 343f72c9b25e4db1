"""Habits of LaTeX writers: products, fractions, brackets and sums."""

from __future__ import annotations

from dataclasses import dataclass

from llamoco.dataset_builder.problems.portable_rng import PortableRng


@dataclass(frozen=True)
class LatexStyle:
    r"""A writer's habits.

    Attributes:
        product: between the factors of a product: nothing, a dot or a thin space.
        slash: whether short quotients are written with /.
        left: whether tall brackets are set with ``\left`` and ``\right``.
        le, ge: signs of inequalities.
        frac: command of fractions.
        exponential: whether ``e^{..}`` is written for ``\exp``.
        logarithm: command of the natural logarithm.
        bar: which of three kinds of bars; with 1, square brackets stand around round ones.
        power_first: whether the square of a sine is ``\sin^2``.
        bare: whether functions of a plain product go without brackets.
        powers_of_ten: whether large and small numbers are written as powers of ten.
        sum: command of sums.
        norm: whether norms and transposes are used.
        dotted: whether a maximum runs over ``i=1,\dots,n`` rather than ``1 \le i \le n``.
        dots: command of dots.
        products: whether sums of products of two vectors are set as inner products.
    """

    product: str
    slash: bool
    left: bool
    le: str
    ge: str
    frac: str
    exponential: bool
    logarithm: str
    bar: int
    power_first: bool
    bare: bool
    powers_of_ten: bool
    sum: str
    norm: bool
    dotted: bool
    dots: str
    products: bool


def draw_style(rng: PortableRng) -> LatexStyle:
    """Draw habits."""
    short = rng.chance(0.5)
    return LatexStyle(
        product=rng.choice(("", "\\cdot ", "\\,"), (5, 3, 1)),
        slash=rng.chance(0.3),
        left=rng.chance(0.6),
        le="\\le" if short else rng.choice(("\\leq", "\\leqslant"), (4, 1)),
        ge="\\ge" if short else "\\geq",
        frac=rng.choice(("\\frac", "\\dfrac", "\\tfrac"), (6, 1, 1)),
        exponential=rng.chance(0.4),
        logarithm=rng.choice(("\\ln", "\\log")),
        bar=rng.integer(0, 2),
        power_first=rng.chance(0.6),
        bare=rng.chance(0.25),
        powers_of_ten=rng.chance(0.7),
        sum=rng.choice(("\\sum", "\\sum\\limits"), (6, 1)),
        norm=rng.chance(0.4),
        dotted=rng.chance(0.5),
        dots=rng.choice(("\\dots", "\\ldots", "\\cdots"), (3, 3, 1)),
        products=False,
    )
