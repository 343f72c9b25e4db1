r"""Formulas to values: a recursive-descent parser over the tokens of one expression.

Written by hand rather than from a grammar: what ``a(x)`` or ``x_i`` means depends on the definitions of the file; TeX's
arguments without brackets (``\cos 2\pi x_i``) and bars that open and close alike are not LALR; and every refusal has to name
its place. Where mathematicians disagree about a reading (``a/bc``, ``\cos x / y``), it is refused rather than guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NoReturn

from llamoco.dataset_builder.problems import latex_values as values
from llamoco.dataset_builder.problems.expression import PI, Call, Expr, Index, Num, Pi, Pow, Reduce, walk
from llamoco.dataset_builder.problems.latex_lexer import Token
from llamoco.dataset_builder.problems.latex_names import Scope, Symbols, read_limits, read_matrix, read_name
from llamoco.dataset_builder.problems.latex_statements import Part, script_text, split_commas
from llamoco.dataset_builder.problems.latex_values import NeedsUnroll, Refusal, Value, Vectorial
from llamoco.dataset_builder.problems.latex_vocabulary import ELEMENTARY, UNITS

_CLOSING = {
    "(": ")",
    "[": "]",
    "\\{": "\\}",
    "{": "}",
    "|(": "|)",
    "|": "|",
    "<(": ">)",
    "floor(": "floor)",
    "ceil(": "ceil)",
}
_UNROLL_LIMIT = 5000
_BIG = ("\\sum", "\\prod")


class Parser:
    """Parses the tokens of one expression."""

    def __init__(self, symbols: Symbols, tokens: Part, scope: Scope) -> None:
        self.symbols, self.tokens, self.scope = symbols, tokens, scope
        self.at = 0
        self.bars: list[str] = []

    def parse(self) -> Value:
        """The value of all tokens.

        Raises:
            ProblemError: what cannot be read, with its place.
            NeedsUnroll: if an index variable has to be a number here.
        """
        value = self.total()
        if self.at < len(self.tokens):
            self.fail(f"expected an operator or the end of the formula, found {self.tokens[self.at].text!r}")
        return value

    def scalar(self) -> Expr:
        """The value of all tokens, which has to be a number."""
        value = self.parse()
        try:
            return values.scalar(value)
        except Refusal as error:
            raise self.symbols.source.error(self.tokens[0], str(error)) from None

    # Tokens

    def fail(self, message: str, place: Token | None = None) -> NoReturn:
        token = place or self.tokens[min(self.at, len(self.tokens) - 1)]
        raise self.symbols.source.error(token, message)

    def peek(self, ahead: int = 0) -> str:
        return self.tokens[self.at + ahead].text if self.at + ahead < len(self.tokens) else ""

    def take(self, expected: str) -> Token:
        if self.peek() != expected:
            self.fail(
                f"expected {expected!r} here"
                + ("" if self.at < len(self.tokens) else ", found the end of the formula")
            )
        self.at += 1
        return self.tokens[self.at - 1]

    def group(self) -> Part:
        """The tokens of a bracket that opens here, without it; or one token."""
        if self.at >= len(self.tokens):
            self.fail("expected an argument, found the end of the formula")
        opening = self.tokens[self.at]
        if opening.text not in _CLOSING or opening.kind != "symbol":
            self.at += 1
            if opening.kind == "number" and len(opening.text) > 1:
                self.fail(
                    f"TeX sets only the first digit of {opening.text} here; write {{{opening.text}}}", opening
                )
            return [opening]
        depth, start = 0, self.at + 1
        while self.at < len(self.tokens):
            text, kind = self.tokens[self.at].text, self.tokens[self.at].kind
            if kind == "symbol":
                depth += text in _CLOSING and text != "|"
                depth -= text in (")", "]", "\\}", "}", "|)", ">)", "floor)", "ceil)", "||)")
                depth += text == "||("
            self.at += 1
            if depth == 0:
                return self.tokens[start : self.at - 1]
        self.fail(f"this {opening.text!r} is not closed; add {_CLOSING[opening.text]!r}", opening)

    def sub(self, tokens: Part, scope: Scope | None = None) -> Parser:
        return Parser(self.symbols, tokens, self.scope if scope is None else scope)

    def inner(self) -> Value:
        """The value of an argument: a group or one token."""
        place = self.tokens[min(self.at, len(self.tokens) - 1)]
        tokens = self.group()
        if not tokens:
            self.fail("expected an expression inside this bracket", place)
        return self.sub(tokens).parse()

    def checked(self, place: Token, operation: Callable[[], Value]) -> Value:
        try:
            return operation()
        except Refusal as error:
            self.fail(str(error), place)

    # Sums and products

    def total(self) -> Value:
        value: Value | None = None
        while True:
            place = self.tokens[min(self.at, len(self.tokens) - 1)]
            sign = ""
            while self.peek() in ("+", "-"):
                if sign and value is not None:
                    self.fail("two signs in a row; put the second into brackets")
                sign = "-" if (self.peek() == "-") != (sign == "-") else "+"
                self.at += 1
            term = self.product()
            if value is None:
                value = self.checked(place, lambda t=term: values.negative(t)) if sign == "-" else term  # type: ignore[misc]
            else:
                left = value
                value = self.checked(place, lambda a=left, t=term, s=sign: values.plus(a, t, s == "-"))  # type: ignore[misc]
            if self.peek() not in ("+", "-"):
                return value

    def starts_factor(self) -> bool:
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
        return token.text in _CLOSING or token.text == "||("

    def product(self) -> Value:
        value = self.factor()
        ambiguous: Token | None = None  # the slash whose denominator may go on
        while True:
            place = self.tokens[min(self.at, len(self.tokens) - 1)]
            text = self.peek()
            if text in ("*", "times"):
                if ambiguous and self.peek(1) == "10" and self.peek(2) == "^":
                    self.fail(
                        "is the power of ten in the denominator? write \\frac{..}{..} or brackets", ambiguous
                    )
                ambiguous = None
                self.at += 1
                negative = self.peek() == "-"
                self.at += negative
                right = self.factor()
                right = values.negative(right) if negative else right
                value = self.checked(
                    place, lambda a=value, b=right: values.times(a, b, True, self.symbols.fresh)
                )  # type: ignore[misc]
            elif text == "/":
                self.at += 1
                numerator = value
                divisor = self.factor()
                simple = isinstance(numerator, Num) and (isinstance(divisor, Num) or self.peek() in _BIG)
                ambiguous = None if simple else place
                value = self.checked(place, lambda a=numerator, b=divisor: _ratio(a, b))  # type: ignore[misc]
            elif self.starts_factor():
                if ambiguous is not None:
                    self.fail(
                        "is what follows in the denominator too? write \\frac{..}{..} or brackets", ambiguous
                    )
                token = self.tokens[self.at]
                if token.kind == "number" and self.tokens[self.at - 1].kind == "number":
                    self.fail("two numbers side by side; expected an operator between them")
                right = self.factor()
                value = self.checked(
                    place, lambda a=value, b=right: values.times(a, b, False, self.symbols.fresh)
                )  # type: ignore[misc]
            else:
                return value

    # Factors

    def factor(self) -> Value:
        if self.at >= len(self.tokens):
            self.fail("expected an expression, found the end of the formula")
        token = self.tokens[self.at]
        if token.kind == "number":
            return self.number()
        if token.kind == "name":
            return read_name(self)
        if token.kind == "command":
            return self.command(token)
        if token.kind == "begin":
            return self.power(read_matrix(self))
        if token.text in ("|", "||", "|(", "||("):
            return self.bar(token)
        if token.text in _CLOSING:
            return self.power(self.bracket(token))
        self.fail(f"expected an expression, found {token.text!r}")

    def number(self) -> Value:
        token = self.tokens[self.at]
        text = token.text
        follows = self.tokens[self.at + 1 : self.at + 3]
        if len(follows) == 2 and follows[0].text in ("e", "E") and follows[0].at == token.end:
            digits = follows[1].kind == "number" or follows[1].text == "-"
            if digits and follows[1].at == follows[0].end:
                self.fail("programmers' notation; write 1.5 \\times 10^{-3}")
        self.at += 1
        if (
            self.peek() in ("times", "*")
            and self.peek(1) == "10"
            and self.peek(2) == "^"
            and self.tokens[self.at - 2].text != "/"
        ):
            mark = self.at
            self.at += 3
            exponent = "".join(t.text for t in self.group())
            if re.fullmatch(r"-?\d+", exponent):
                return self.power(Num(float(f"{text}e{exponent}")))
            self.at = mark
        if text == "10" and self.peek() == "^":
            mark = self.at
            self.at += 1
            exponent = "".join(t.text for t in self.group())
            if re.fullmatch(r"-?\d+", exponent):
                return self.power(Num(float(f"1e{exponent}")))
            self.at = mark
        if self.at < len(self.tokens) and self.tokens[self.at].kind == "name":
            unit = self.tokens[self.at].text
            if unit in UNITS and len(unit) > 1 and self.symbols.named(unit, token, self.scope) is None:
                self.at += 1
        return self.power(Num(float(text)))

    def bracket(self, token: Token) -> Value:
        if token.text == "<(":
            parts = split_commas(self.group())
            if len(parts) != 2:
                self.fail("expected \\langle a, b \\rangle with two vectors", token)
            a, b = (self.sub(p).parse() for p in parts)
            return self.checked(token, lambda: values.times(a, b, True, self.symbols.fresh))
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

    def bar(self, token: Token) -> Value:
        kind = "||" if token.text.startswith("||") else "|"
        closing = token.text.replace("(", ")")
        self.at += 1
        self.bars.append(closing)
        value = self.total()
        self.bars.pop()
        self.take(closing)
        if kind == "|":
            if isinstance(value, Vectorial):
                self.fail("the bars stand around a vector; write \\lVert .. \\rVert for a norm", token)
            return self.power(Call("abs", self.checked(token, lambda: values.scalar(value))))  # type: ignore[arg-type]
        if not isinstance(value, Vectorial):
            self.fail("the norm of a number; expected a vector, or |..|", token)
        order = "2"
        if self.peek() == "_":
            self.at += 1
            order = script_text(self.group())
        squared = self.peek() == "^" and (
            self.peek(1) == "2" or self.peek(1) == "{" and self.peek(2) == "2" and self.peek(3) == "}"
        )
        if squared:
            self.at += 1
            self.group()
        if self.peek() == "_":
            self.at += 1
            order = script_text(self.group())
        return self.power(self.checked(token, lambda: values.norm(value, order, squared, self.symbols.fresh)))

    def power(self, base: Value) -> Value:
        """A factor with its exponent, if it has one."""
        if self.peek() == "!":
            self.fail("factorials are not supported; write the number")
        if self.peek() == "_":
            self.fail("a subscript after something that is not a name")
        if self.peek() != "^":
            return base
        place = self.tokens[self.at]
        self.at += 1
        exponent = self.group()
        text = script_text(exponent)
        if isinstance(base, Vectorial):
            if text in ("T", "top", "intercal", "prime"):
                return Vectorial(base.size, base.entry, not base.transposed)
            self.fail("a power of a vector; expected an entry such as x_i, or a norm", place)
        if text in ("*", "star"):
            self.fail("a starred symbol inside a formula; expected an ordinary name", place)
        if not exponent:
            self.fail("an empty exponent", place)
        if self.peek() == "^":
            self.fail("a power of a power; put the inner one into brackets")
        return Pow(self.checked(place, lambda: values.scalar(base)), self.sub(exponent).scalar())  # type: ignore[arg-type]

    # Commands

    def command(self, token: Token) -> Value:
        self.at += 1
        name = token.text[1:]
        if name in ELEMENTARY:
            return self.elementary(name, token)
        match name:
            case "frac":
                digits = self.peek()
                if digits.isdigit() and len(digits) == 2:  # \frac12
                    self.at += 1
                    return self.power(Num(int(digits[0])) / Num(int(digits[1])))
                top, bottom = self.inner(), self.inner()
                return self.power(self.checked(token, lambda: _ratio(top, bottom)))
            case "sqrt":
                degree = self.sub(self.group()).scalar() if self.peek() == "[" else None
                radicand = self.inner()
                root = self.checked(token, lambda: values.scalar(radicand))
                assert isinstance(root, Expr)
                return self.power(Call("sqrt", root) if degree is None else Pow(root, Num(1) / degree))
            case "pi":
                return self.power(PI)
            case "sum" | "prod":
                return self.big(name, token)
            case "max" | "min":
                return self.extremum(name, token)
            case "infty":
                self.fail("infinity is not a number to compute with; state a finite one", token)
            case "dots":
                self.fail("dots inside a formula; write the sum or product with \\sum or \\prod", token)
        self.fail(f"{token.text} is not supported inside a formula", token)

    def elementary(self, name: str, token: Token) -> Value:
        exponent: Expr | None = None
        base: Expr | None = None
        while self.peek() in ("^", "_"):
            mark = self.peek()
            self.at += 1
            script = self.sub(self.group()).scalar()
            if mark == "^":
                exponent = script
            elif name == "log":
                base = script
            else:
                self.fail(f"a subscript of \\{name}; expected its argument", token)
        if exponent is not None and not isinstance(exponent, Num):
            self.fail(f"is this the inverse function? write \\arc{name} or (\\{name}(..))^{{..}}", token)
        argument = self.argument(name, token)
        result: Expr = {"cot": lambda a: Num(1) / Call("tan", a), "sec": lambda a: Num(1) / Call("cos", a),
                        "csc": lambda a: Num(1) / Call("sin", a)}.get(name, lambda a: Call(ELEMENTARY[name], a))(argument)  # fmt: skip
        if base is not None:
            result = result / Call("log", base)
        return self.power(result) if exponent is None else Pow(result, exponent)

    def argument(self, name: str, token: Token) -> Expr:
        """A function's argument: a bracket; or, by TeX's convention, the product that follows up to a sign or another function."""
        if self.peek() in ("(", "[", "\\{", "{", "|", "|("):
            opening = self.tokens[self.at]
            value = self.bar(opening) if opening.text in ("|", "|(") else self.bracket(opening)
            return self.checked(opening, lambda: values.scalar(value))  # type: ignore[return-value]
        if not self.starts_factor():
            self.fail(f"expected the argument of \\{name}; put it into brackets")
        product: Expr | None = None
        while self.starts_factor():
            upcoming = self.tokens[self.at]
            if product is not None and (
                upcoming.text in _BIG or upcoming.text[1:] in ELEMENTARY and upcoming.kind == "command"
            ):
                break
            if (
                product is not None
                and upcoming.text in ("(", "[", "\\{")
                and not all(isinstance(e, Num | Pi) or _constant(e) for e in walk(product))
            ):
                self.fail(
                    f"is this bracket part of the argument of \\{name}? put the argument into brackets", token
                )
            factor = self.factor()
            part = self.checked(token, lambda f=factor: values.scalar(f))  # type: ignore[misc]
            assert isinstance(part, Expr)
            product = part if product is None else product * part
        if self.peek() in ("*", "times", "/"):
            self.fail(f"where does the argument of \\{name} end? put it into brackets", token)
        assert product is not None
        return product

    def extremum(self, kind: str, token: Token) -> Value:
        if self.peek() == "_":
            return self.big(kind, token)
        if self.peek() not in ("(", "[", "\\{", "{"):
            self.fail(f"expected \\{kind}\\{{a, b\\}} or \\{kind}_{{i=1,\\dots,n}} here", token)
        terms = [self.sub(p).scalar() for p in split_commas(self.group())]
        return self.power(self.checked(token, lambda: values.folded(kind, terms)))

    def big(self, kind: str, token: Token) -> Value:
        letters, low, high, listed = read_limits(self, kind, token)
        start = self.at

        def body(scope: Scope) -> Expr:
            inside = self.sub(self.tokens, scope)
            inside.at, inside.bars = start, list(self.bars)
            place = self.tokens[min(start, len(self.tokens) - 1)]
            value = inside.product() if kind in ("sum", "prod") else inside.factor()
            self.at = inside.at
            return self.checked(place, lambda: values.scalar(value))  # type: ignore[return-value]

        def level(number: int, scope: Scope) -> Expr:
            if number == len(letters):
                return body(scope)
            letter = letters[number]
            if letter in scope and isinstance(scope[letter], Index):
                self.fail(f"index {letter!r} is bound twice; rename one of them", token)
            if listed is None and not (
                kind != "sum" and any(isinstance(e, Index) for b in (low, high) for e in walk(b))
            ):
                try:
                    return Reduce(
                        kind, Index(letter), low, high, level(number + 1, {**scope, letter: Index(letter)})
                    )
                except NeedsUnroll:
                    pass
            span = (
                listed
                if listed is not None
                else list(range(values.number_of(low), values.number_of(high) + 1))
            )
            if len(span) > _UNROLL_LIMIT:
                self.fail("this sum is too long to be written out", token)
            if not span:
                body({**scope, letter: Num(1)})
            terms = [level(number + 1, {**scope, letter: values.lift(v)}) for v in span]
            return self.checked(token, lambda: values.folded(kind, terms))  # type: ignore[return-value]

        return level(0, self.scope)


def _constant(node: Expr) -> bool:
    return type(node).__name__ in ("Mul", "Div", "Neg", "Pow", "Size")


def _ratio(a: Value, b: Value) -> Value:
    if isinstance(a, Vectorial):
        divisor = values.scalar(b)
        return Vectorial(a.size, lambda i: a.entry(i) / divisor, a.transposed)
    return values.scalar(a) / values.scalar(b)
