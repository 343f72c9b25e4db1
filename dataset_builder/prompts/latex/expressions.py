r"""Expression trees as LaTeX, in a writer's notation: ``\frac`` or ``/``, ``e^x`` or ``\exp``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from llamoco.dataset_builder.problems.symbolic.expression import (
    Add,
    Call,
    Div,
    Expr,
    Extremum,
    Index,
    Item,
    Mul,
    Name,
    Neg,
    Num,
    Pi,
    Pow,
    Reduce,
    Size,
    Sub,
)
from llamoco.dataset_builder.prompts.latex.style import LatexStyle

SUM, PRODUCT, ATOM = 0, 1, 2


@dataclass(frozen=True)
class Naming:
    r"""Notation of the names of a problem.

    Attributes:
        vectors: for a vector of the system, its entry as a template, ``"z_{@}"``.
        whole: the vector itself, such as ``\\mathbf{z}``.
        scalars: scalars of the system.
        indices: index variables.
        sizes: how the length of a vector is written.
    """

    vectors: dict[str, str]
    whole: dict[str, str]
    scalars: dict[str, str]
    indices: dict[str, str]
    sizes: dict[str, str]


class Fragment(NamedTuple):
    """Printed expression, with its binding strength and whether it would capture a factor written after it."""

    text: str
    level: int
    open: bool = False


def number(value: float, powers_of_ten: bool = True) -> str:
    """Non-negative number in usual notation: 0.25, 10^{6}, 3 \\times 10^{-7}."""
    if float(value).is_integer() and value < (1e5 if powers_of_ten else 1e15):
        return str(int(value))
    text = repr(float(value))
    if "e" not in text and (value >= 1e-3 or not powers_of_ten) and value < 1e5:
        return text
    short = next(m for m in (f"{value:.{k}e}" for k in range(17)) if float(m) == value)
    mantissa, exponent = short.split("e")
    if float(mantissa) == 1:
        return f"10^{{{int(exponent)}}}"
    return f"{mantissa} \\times 10^{{{int(exponent)}}}"


def signed(value: float, powers_of_ten: bool = True) -> str:
    """A number with its sign."""
    return ("-" if value < 0 else "") + number(abs(value), powers_of_ten)


def entry(template: str, index: str) -> str:
    """A vector's entry; braces around a single letter are left out."""
    return template.replace("{@}", index if len(index) == 1 else f"{{{index}}}").replace("@", index)


class LatexWriter:
    """Printer of trees in one style and naming."""

    def __init__(self, style: LatexStyle, naming: Naming) -> None:
        self.style, self.naming = style, naming

    def __call__(self, node: Expr) -> str:
        """The expression on its own."""
        return self.print(node).text

    def vector(self, node: Expr, index: str) -> str | None:
        r"""An entry formula as one of whole vectors, ``0.5 (\mathbf{x} - \mathbf{o})``, or None."""
        match node:
            case Item(name, Index(i)) if i == index:
                return self.naming.whole[name]
            case Sub(a, b):
                left, right = self.vector(a, index), self.vector(b, index)
                return None if left is None or right is None or "-" in right else f"{left} - {right}"
            case Mul(Num() | Name() as a, b):
                inner = self.vector(b, index)
                if inner is None:
                    return None
                return f"{self(a)} {self.style.product}" + (f"({inner})" if isinstance(b, Sub) else inner)
        return None

    def print(self, node: Expr) -> Fragment:
        """The expression with what its surroundings need to know."""
        match node:
            case Num(value):
                text = number(value, self.style.powers_of_ten)
                return Fragment(text, PRODUCT if "times" in text else ATOM)
            case Pi():
                return Fragment("\\pi", ATOM)
            case Size(vector):
                return Fragment(self.naming.sizes[vector], ATOM)
            case Name(name):
                return Fragment(self.naming.scalars[name], ATOM)
            case Index(name):
                return Fragment(self.naming.indices[name], ATOM)
            case Item(vector, index):
                text = (
                    self.print(index).text.replace(self.style.product, "")
                    if self.style.product
                    else self(index)
                )
                return Fragment(entry(self.naming.vectors[vector], text.replace(" ", "")), ATOM)
            case Add(a, b):
                return Fragment(f"{self.print(a).text} + {self._term(b)}", SUM)
            case Sub(Size(vector), Num(b)) if self.naming.sizes[vector].isdigit():
                return Fragment(str(int(self.naming.sizes[vector]) - int(b)), ATOM)
            case Sub(a, b):
                return Fragment(f"{self.print(a).text} - {self._term(b)}", SUM)
            case Neg(a):
                inner = self.print(a)
                return Fragment(
                    "-" + (self._bracket(inner.text) if inner.level == SUM else inner.text), SUM, inner.open
                )
            case Mul(Neg(Num() as a), b):
                return self.print(Neg(a * b))
            case Mul(Num(1), a):
                return self.print(a)
            case Mul(a, b):
                return self._product(a, b)
            case Div(a, b):
                return self._ratio(a, b)
            case Pow(a, b):
                return self._power(a, b)
            case Call(function, a):
                return self._call(function, a)
            case Extremum(kind, a, b):
                return Fragment(f"\\{kind}\\{{{self(a)}, {self(b)}\\}}", ATOM)
            case Reduce():
                return self._reduce(node)
        raise TypeError(f"not an expression node: {node!r}")

    def _bracket(self, text: str, square: bool = False) -> str:
        a, b = "[]" if square else "()"
        tall = any(mark in text for mark in ("\\frac", "\\dfrac", "\\sum", "\\prod", "\\sqrt"))
        return f"\\left{a} {text} \\right{b}" if self.style.left and tall else f"{a}{text}{b}"

    def _term(self, node: Expr) -> str:
        printed = self.print(node)
        return self._bracket(printed.text) if printed.level == SUM else printed.text

    def _factor(self, node: Expr, last: bool) -> str:
        printed = self.print(node)
        if (
            printed.level == SUM
            or (printed.open and not last)
            or (isinstance(node, Div) and printed.level == PRODUCT)
        ):
            return self._bracket(printed.text, square=_round(printed.text) and self.style.bar == 1)
        return printed.text

    def _product(self, a: Expr, b: Expr) -> Fragment:
        left, right = self._factor(a, False), self._factor(b, True)
        opened = self.print(b).open
        if isinstance(b, Mul | Num) or "\\times" in right:
            right, opened = (
                self._bracket(right) if not isinstance(b, Num) or "times" in right else right,
                False,
            )
        digits = right[0].isdigit() or right[0] == "."
        sign = "\\cdot " if digits else self.style.product
        gap = "" if left.endswith((" ", ")")) and right.startswith("(") else " "
        return Fragment(f"{left}{gap}{sign}{right}", PRODUCT, opened)

    def _ratio(self, a: Expr, b: Expr) -> Fragment:
        top, bottom = self.print(a), self.print(b)
        if self.style.slash and not top.open and top.level != SUM and len(top.text + bottom.text) < 24:
            simple = (
                isinstance(b, Num | Size | Item | Pi | Index)
                and bottom.level == ATOM
                and not bottom.text.startswith("10^")
            )
            return Fragment(
                f"{top.text} / {bottom.text if simple else self._bracket(bottom.text)}", PRODUCT, True
            )
        return Fragment(f"{self.style.frac}{{{top.text}}}{{{bottom.text}}}", ATOM)

    def _power(self, base: Expr, exponent: Expr) -> Fragment:
        power = self(exponent)
        power = f"^{power}" if len(power) == 1 else f"^{{{power}}}"
        if (
            isinstance(base, Call)
            and base.function in ("sin", "cos", "tan", "sinh", "cosh", "tanh")
            and self.style.power_first
            and isinstance(exponent, Num)
        ):
            return Fragment(f"\\{base.function}{power}{self._argument(base.arg)}", ATOM)
        if isinstance(base, Reduce) and exponent == Num(2) and (norm := self._norm(base)):
            return Fragment(self._bracket(norm) + power, ATOM)
        printed = self.print(base)
        plain = (
            isinstance(base, Item | Name | Num | Index | Size | Pi)
            and printed.level == ATOM
            and "^" not in printed.text
        )
        if isinstance(base, Call) and base.function == "abs":
            plain = True
        square = not plain and _round(printed.text) and self.style.bar == 1
        return Fragment((printed.text if plain else self._bracket(printed.text, square)) + power, ATOM)

    def _argument(self, node: Expr) -> str:
        return self._bracket(self(node))

    def _call(self, function: str, a: Expr) -> Fragment:
        inner = self.print(a)
        if function == "abs":
            opening, closing = (("|", "|"), ("\\left|", "\\right|"), ("\\lvert ", "\\rvert"))[self.style.bar]
            if "|" in inner.text and self.style.bar == 0:
                opening, closing = "\\left|", "\\right|"
            return Fragment(f"{opening}{inner.text}{closing}", ATOM)
        if function == "sqrt":
            return Fragment(f"\\sqrt{{{inner.text}}}", ATOM)
        if function == "floor":
            return Fragment(f"\\lfloor {inner.text} \\rfloor", ATOM)
        if function == "exp":
            if a == Num(1):
                return Fragment("e", ATOM)
            if self.style.exponential and len(inner.text) < 40:
                return Fragment(f"e^{{{inner.text}}}", PRODUCT)
            return Fragment(f"\\exp{self._argument(a)}", ATOM)
        name = self.style.logarithm if function == "log" else f"\\{function}"
        if self.style.bare and _plain_product(a) and not self.style.slash:
            return Fragment(f"{name} {LatexWriter._spaced(self, a)}", PRODUCT, True)
        return Fragment(f"{name}{self._argument(a)}", ATOM)

    def _spaced(self, node: Expr) -> str:
        return self(node).replace("\\cdot ", "")

    def _norm(self, node: Reduce) -> str | None:
        match node:
            case Reduce("sum", Index(i), Num(1), Size(v), Pow(Item(vector, Index(k)), Num(2))) if (
                self.style.norm and i == k and v == vector
            ):
                return f"\\lVert {self.naming.whole[vector]} \\rVert" + ("^2" if self.style.bar else "_2^2")
        return None

    def _inner_product(self, node: Reduce) -> str | None:
        match node:
            case Reduce("sum", Index(i), Num(1), Size(v), Mul(Item(a, Index(j)), Item(b, Index(k)))) if (
                self.style.products and i == j == k and v in (a, b)
            ):
                return f"{self.naming.whole[a]}^\\top {self.naming.whole[b]}"
            case Reduce("sum", Index(i), Num(1), Size(v), Item(a, Index(k))) if (
                self.style.products and i == k and v == a
            ):
                return f"\\mathbf{{1}}^\\top {self.naming.whole[a]}"
        return None

    def _reduce(self, node: Reduce) -> Fragment:
        norm = self._norm(node)
        if norm is not None:
            return Fragment(norm, PRODUCT)
        product = self._inner_product(node)
        if product is not None:
            return Fragment(product, PRODUCT)
        index, low, high = self(node.index), self(node.low), self(node.high)
        if node.kind in ("max", "min"):
            limits = f"{low} {self.style.le} {index} {self.style.le} {high}"
            if self.style.dotted:
                limits = f"{index}={low},{self.style.dots},{high}"
            body = self.print(node.body)
            closed = isinstance(node.body, Call) and node.body.function == "abs"
            return Fragment(
                f"\\{node.kind}_{{{limits}}} {body.text if closed else self._bracket(body.text)}", PRODUCT
            )
        body = self.print(node.body)
        inner = self._bracket(body.text, square=self.style.bar == 1) if body.level == SUM else body.text
        sign = self.style.sum if node.kind == "sum" else self.style.sum.replace("sum", "prod")
        top = f"^{high}" if len(high) == 1 else f"^{{{high}}}"
        return Fragment(f"{sign}_{{{index}={low}}}{top} {inner}", PRODUCT, True)


def _round(text: str) -> bool:
    return "(" in text.replace("^{(", "")


def _plain_product(node: Expr) -> bool:
    """Whether a function's argument is clear without brackets: a variable, or numbers times a variable."""
    match node:
        case Mul(a, b):
            return _plain_product(a) and isinstance(b, Item | Pi)
    return isinstance(node, Num | Pi | Item)
