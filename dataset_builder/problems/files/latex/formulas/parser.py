r"""Formulas to values: a recursive-descent parser over the tokens of one expression.

Declaration by hand rather than from a grammar: what ``a(x)`` or ``x_i`` means depends on the definitions of the
file; TeX's arguments without brackets (``\cos 2\pi x_i``) and bars that open and close alike are not LALR;
and every refusal has to name its place. Where mathematicians disagree about a reading (``a/bc``,
``\cos x / y``), it is refused rather than guessed.
"""

from __future__ import annotations

import re
from functools import partial

from llamoco.dataset_builder.problems.files.latex.formulas import values
from llamoco.dataset_builder.problems.files.latex.formulas.functions import parse_elementary, parse_norm
from llamoco.dataset_builder.problems.files.latex.formulas.matrices import parse_matrix
from llamoco.dataset_builder.problems.files.latex.formulas.names import parse_name
from llamoco.dataset_builder.problems.files.latex.formulas.parser_base import BRACKETS, ParserBase
from llamoco.dataset_builder.problems.files.latex.formulas.reductions import parse_extremum, parse_reduction
from llamoco.dataset_builder.problems.files.latex.formulas.values import Matrix, Value, VectorValue
from llamoco.dataset_builder.problems.files.latex.lexing.commands import ELEMENTARY, UNITS
from llamoco.dataset_builder.problems.files.latex.lexing.source import Token
from llamoco.dataset_builder.problems.files.latex.lexing.tokens import script_text, split_commas
from llamoco.dataset_builder.problems.symbolic.expression import PI, Call, Expr, Num, Pow

_BIG = ("\\sum", "\\prod")


class Parser(ParserBase):
    """Parser of the tokens of one expression."""

    # Sums and products

    def total(self) -> Value:
        """A sum: terms with signs."""
        value: Value | None = None
        while True:
            place = self.tokens[min(self.at, len(self.tokens) - 1)]
            sign = ""
            while self.peek() in ("+", "-"):
                if sign and value is not None:
                    self.fail("two signs in a row; put the second one in brackets")
                sign = "-" if (self.peek() == "-") != (sign == "-") else "+"
                self.at += 1
            term = self.product()
            if value is None:
                value = values.negate(term) if sign == "-" else term
            else:
                value = self.checked(place, partial(values.add, value, term, sign == "-"))
            if self.peek() not in ("+", "-"):
                return value

    def starts_factor(self) -> bool:
        """Whether a factor of an implicit product begins here."""
        if self.at >= len(self.tokens):
            return False
        token = self.tokens[self.at]
        if token.kind in ("number", "name", "begin"):
            return True
        if token.kind == "command":
            return token.text not in ("\\top", "\\intercal", "\\star", "\\infty")
        if token.text == "|":
            return "|" not in self.bars
        if token.text == "||":
            return "||" not in self.bars
        return token.text in BRACKETS or token.text == "||("

    def product(self) -> Value:
        """A product: factors with a dot, / or nothing between."""
        value = self.factor()
        ambiguous: Token | None = None  # the slash whose denominator may go on
        while True:
            place = self.tokens[min(self.at, len(self.tokens) - 1)]
            text = self.peek()
            if text in ("*", "times"):
                if ambiguous and self.peek(1) == "10" and self.peek(2) == "^":
                    message = "is the power of ten in the denominator? write \\frac{..}{..} or brackets"
                    self.fail(message, ambiguous)
                ambiguous = None
                self.at += 1
                negative = self.peek() == "-"
                self.at += negative
                right = self.factor()
                right = values.negate(right) if negative else right
                value = self.checked(place, partial(values.multiply, value, right, True, self.symbols.fresh))
            elif text == "/":
                self.at += 1
                numerator = value
                divisor = self.factor()
                simple = isinstance(numerator, Num) and (isinstance(divisor, Num) or self.peek() in _BIG)
                ambiguous = None if simple else place
                value = self.checked(place, partial(values.divide, numerator, divisor))
            elif self.starts_factor():
                if ambiguous is not None:
                    message = "is what follows in the denominator too? write \\frac{..}{..} or brackets"
                    self.fail(message, ambiguous)
                token = self.tokens[self.at]
                if token.kind == "number" and self.tokens[self.at - 1].kind == "number":
                    self.fail("two numbers side by side; expected an operator between them")
                right = self.factor()
                value = self.checked(place, partial(values.multiply, value, right, False, self.symbols.fresh))
            else:
                return value

    # Factors

    def factor(self) -> Value:
        """A factor with its exponent."""
        if self.at >= len(self.tokens):
            self.fail("expected an expression, found the end of the formula")
        token = self.tokens[self.at]
        if token.kind == "number":
            return self.number()
        if token.kind == "name":
            return parse_name(self)
        if token.kind == "command":
            return self.command(token)
        if token.kind == "begin":
            return self.power(parse_matrix(self))
        if token.text in ("|", "||", "|(", "||("):
            return parse_norm(self, token)
        if token.text in BRACKETS:
            return self.power(self.bracket(token))
        self.fail(f"expected an expression, found {token.text!r}")

    def number(self) -> Value:
        """A literal, with its power of ten and without its unit."""
        token = self.tokens[self.at]
        mark, digits = self.tokens[self.at + 1 : self.at + 2], self.tokens[self.at + 2 : self.at + 3]
        joined = mark and digits and mark[0].at == token.end and digits[0].at == mark[0].end
        if joined and mark[0].text in ("e", "E") and (digits[0].kind == "number" or digits[0].text == "-"):
            self.fail("programmers' notation; write 1.5 \\times 10^{-3}")
        divisor = self.at > 0 and self.tokens[self.at - 1].text == "/"
        self.at += 1
        value: Expr = Num(float(token.text))
        if not divisor:
            value = self.scientific(value, token.text)
        if self.at < len(self.tokens) and self.tokens[self.at].kind == "name":
            unit = self.tokens[self.at].text
            if unit in UNITS and len(unit) > 1 and self.symbols.named(unit, token) is None:
                self.at += 1
        return self.power(value)

    def scientific(self, value: Expr, text: str) -> Expr:
        r"""A number with its power of ten, ``1.5 \times 10^{-3}`` or ``10^6``, as one literal."""
        start = self.at
        if self.peek() in ("times", "*") and self.peek(1) == "10" and self.peek(2) == "^":
            self.at += 3
        elif text == "10" and self.peek() == "^":
            text = "1"
            self.at += 1
        else:
            return value
        exponent = "".join(t.text for t in self.group())
        if re.fullmatch(r"-?\d+", exponent):
            return Num(float(f"{text}e{exponent}"))
        self.at = start
        return value

    def bracket(self, token: Token) -> Value:
        """The inside of a bracket, a tuple, a rounding or an inner product."""
        if token.text == "<(":
            parts = split_commas(self.group())
            if len(parts) != 2:
                self.fail("expected \\langle a, b \\rangle with two vectors", token)
            a, b = (self.sub(p).parse() for p in parts)
            return self.checked(token, lambda: values.multiply(a, b, True, self.symbols.fresh))
        inside = self.group()
        if not inside:
            self.fail("expected an expression inside this bracket", token)
        if token.text == "floor(":
            return Call("floor", self.sub(inside).scalar())
        if token.text == "ceil(":
            return -Call("floor", -self.sub(inside).scalar())
        parts = split_commas(inside)
        if len(parts) > 1 and token.text in ("(", "["):
            return self.symbols.literal(parts, self.scope)
        return self.sub(inside).parse()

    def power(self, base: Value) -> Value:
        """A factor with its exponent, if it has one."""
        if self.peek() == "!":
            self.fail("factorials are not supported; write the number")
        if self.peek() == "_":
            self.fail("only a name can have a subscript")
        if self.peek() != "^":
            return base
        place = self.tokens[self.at]
        self.at += 1
        exponent = self.group()
        text = script_text(exponent)
        if isinstance(base, VectorValue | Matrix):
            if isinstance(base, Matrix) and text in ("T", "top", "intercal"):
                return self.power(base.transposed)
            if isinstance(base, Matrix):
                self.fail("powers of matrices are not supported; write out the product or its entries", place)
            if text in ("T", "top", "intercal", "prime"):
                return VectorValue(base.size, base.entry, not base.transposed)
            self.fail("powers of vectors are not supported; expected an entry such as x_i, or a norm", place)
        if text in ("*", "star"):
            self.fail("starred symbols are not supported inside a formula; use an ordinary name", place)
        if not exponent:
            self.fail("an empty exponent", place)
        if self.peek() == "^":
            self.fail("ambiguous power of a power; put the inner one in brackets")
        return Pow(self.scalar_of(base, place), self.sub(exponent).scalar())

    # Commands

    def command(self, token: Token) -> Value:
        """Value of a command with arguments."""
        self.at += 1
        name = token.text[1:]
        if name in ELEMENTARY:
            return parse_elementary(self, name, token)
        match name:
            case "frac":
                digits = self.peek()
                if digits.isdigit() and len(digits) == 2:  # \frac12
                    self.at += 1
                    return self.power(Num(int(digits[0])) / Num(int(digits[1])))
                top, bottom = self.inner(), self.inner()
                return self.power(self.checked(token, partial(values.divide, top, bottom)))
            case "sqrt":
                degree = self.sub(self.group()).scalar() if self.peek() == "[" else None
                root = self.scalar_of(self.inner(), token)
                return self.power(Call("sqrt", root) if degree is None else Pow(root, Num(1) / degree))
            case "pi":
                return self.power(PI)
            case "sum" | "prod":
                return parse_reduction(self, name, token)
            case "max" | "min":
                return parse_extremum(self, name, token)
            case "infty":
                self.fail("infinity cannot be used in a formula; state a finite number", token)
            case "dots":
                self.fail(
                    "dots are not supported inside a formula; write the sum or product with \\sum or \\prod",
                    token,
                )
        self.fail(f"{token.text} is not supported inside a formula", token)
