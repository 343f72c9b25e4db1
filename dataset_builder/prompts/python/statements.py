"""Expression trees as Python statements: vectorised NumPy, loops with accumulators, or comprehensions.

A ``Writer`` collects the statements of one function body. Trees are indexed from 1; subscripts and ranges are
printed from 0, or loops run from 1 and subscripts subtract one, as the notation says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from llamoco.dataset_builder.problems.symbolic.expression import (
    Add,
    Expr,
    Index,
    Item,
    Mul,
    Num,
    Pow,
    Reduce,
    Size,
    Sub,
    walk,
)
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import Vector
from llamoco.dataset_builder.prompts.python.expressions import COUNTED, Bound, Notation, Printer, Scope
from llamoco.dataset_builder.prompts.python.index_arithmetic import ADD, ATOM, Text, depends, elements


class Writer(Printer):
    """Statements of one function body.

    Args:
        sizes: lengths of all vectors.
        notation: how to write.
        taken: names that new variables must avoid.
    """

    def __init__(self, sizes: Mapping[str, int], notation: Notation, taken: Iterable[str] = ()) -> None:
        super().__init__(sizes, notation, taken)
        self._blocks: list[tuple[str | None, list[str]]] = [(None, [])]

    @property
    def lines(self) -> list[str]:
        """The statements so far."""
        return self._blocks[0][1]

    def expression(self, expression: Expr, target: str | None = None) -> str:
        """Python text of a value. Loops are put in front; a single one accumulates in ``target``."""
        if self.notation.mode == "loop" and isinstance(expression, Reduce):
            return self._loop(expression, {}, target)
        return self._print(expression, {})[0]

    def assign(self, name: str, expression: Expr) -> None:
        """``name = expression``."""
        text = self.expression(expression, name)
        if text != name:
            self.lines.append(f"{name} = {text}")

    def vector(self, definition: Vector) -> None:
        """Statements that compute a vector."""
        name = self.notation.names[definition.name]
        if self.notation.mode == "loop":
            whole = Reduce("append", definition.index, Num(1), Num(definition.size), definition.entry)
            self._loop(whole, {}, name, Size(definition.name))
        else:
            self.lines.append(f"{name} = {self.entries(definition)}")

    def entries(self, definition: Vector) -> str:
        """Python text of a vector as one expression."""
        high = Size(definition.name)
        if self.notation.mode == "vector" and self._array_works(definition.index.name, definition.entry):
            scope = {definition.index.name: self._array(definition.index.name, Num(1), high)}
            text, _ = self._print(definition.entry, scope)
            if depends(definition.entry, definition.index.name):
                return text
            return f"np.full({self._print(high, {})[0]}, {text})"
        header, bound = self._iteration(definition.index, Num(1), high, definition.entry, {})
        text, _ = self._print(definition.entry, {definition.index.name: bound})
        listed = f"[{text} {header}]"
        if self.notation.functional:
            variables, source = _loop_parts(header)
            if "," not in variables:
                listed = f"list(map(lambda {variables}: {text}, {source}))"
            elif source.startswith("zip("):
                listed = f"list(map(lambda {variables}: {text}, {source[4:-1]}))"
        return f"np.array({listed})" if self.notation.mode == "vector" else listed

    # Sums, products, extrema

    def _array_works(self, index: str, body: Expr) -> bool:
        """Whether an index may stand for a whole array: inner sums that depend on it need a fixed range."""
        for inner in walk(body):
            if isinstance(inner, Reduce) and depends(inner, index):
                fixed = not any(isinstance(e, COUNTED) for e in walk(inner.high)) and inner.kind == "sum"
                if not fixed or depends(inner.low, index):
                    return False
        return True

    def _reduce(self, node: Reduce, scope: Scope) -> Text:
        around = [name for name, bound in scope.items() if bound.kind != "array"]
        if self.notation.mode == "loop":
            return self._loop(node, scope), ATOM
        if around and self.notation.statements and not any(depends(node, name) for name in scope):
            text = self._reduce(node, {})[0]  # the same for every value of the index around: once, in front
            name = self.fresh(self.notation.sum_name)
            self.lines.append(f"{name} = {text}")
            return name, ATOM
        index = node.index.name
        arrays = any(bound.kind == "array" and depends(node, name) for name, bound in scope.items())
        if self.notation.mode == "vector" and not arrays and self._array_works(index, node.body):
            return self._array_reduce(node, scope)
        header, bound = self._iteration(node.index, node.low, node.high, node.body, scope)
        body = self._print(node.body, {**scope, index: bound})[0]
        if self.notation.functional:
            return self._mapped(node.kind, body, header), ATOM
        if node.kind == "prod":
            library = self.notation.library
            return (
                f"np.prod([{body} {header}])" if library == "np." else f"{library}prod({body} {header})"
            ), ATOM
        return f"{node.kind}({body} {header})", ATOM

    def _mapped(self, kind: str, body: str, header: str) -> str:
        """A reduction of a comprehension, by map and reduce."""
        variables, source = _loop_parts(header)
        if source.startswith("zip("):
            source = source[4:-1]
        elif "," in variables:  # enumerate gives pairs, which a lambda cannot take apart
            return (
                f"reduce(lambda p, q: p * q, ({body} {header}), 1)"
                if kind == "prod"
                else f"{kind}({body} {header})"
            )
        mapped = f"map(lambda {variables}: {body}, {source})"
        return f"reduce(lambda p, q: p * q, {mapped}, 1)" if kind == "prod" else f"{kind}({mapped})"

    def _array_reduce(self, node: Reduce, scope: Scope) -> Text:
        inner = {**scope, node.index.name: self._array(node.index.name, node.low, node.high)}
        if not depends(node.body, node.index.name):
            if node.kind in ("max", "min"):
                return self._print(node.body, scope)
            count = Add(Sub(node.high, node.low), Num(1))
            return self._print(Mul(count, node.body) if node.kind == "sum" else Pow(node.body, count), scope)
        return self._array_total(node, inner)

    def _array_total(self, node: Reduce, scope: Scope) -> Text:
        """Sum, product or extremum of an array, in one of the ways of NumPy."""
        inner, index = self.notation.inner, node.index.name
        match node.body:
            case Mul(a, b) if depends(a, index) and depends(b, index):
                factors = [a, b]
            case Pow(a, Num(2)) if depends(a, index):
                factors = [a, a]
            case _:
                factors = []
        if node.kind == "sum" and factors and inner in ("@", "dot", "einsum"):
            if factors[0] is factors[1]:
                text = self._print(factors[0], scope)[0]
                if not text.isidentifier():  # written twice, it had better be a name
                    if len(scope) > 1 or not self.notation.statements:
                        return f"np.sum({self._print(node.body, scope)[0]})", ATOM
                    name = self.fresh("d", "e", "w")
                    self.lines.append(f"{name} = {text}")
                    text = name
                texts = [text, text]
            elif inner == "@":
                texts = [self._within(f, scope, ATOM) for f in factors]
            else:
                texts = [self._print(f, scope)[0] for f in factors]
            if inner == "@":
                return f"{texts[0]} @ {texts[1]}", ADD  # within products it goes into brackets
            return (
                f"np.dot({', '.join(texts)})" if inner == "dot" else f'np.einsum("i,i->", {", ".join(texts)})'
            ), ATOM
        if inner == "method":
            text, level = self._print(node.body, scope)
            return (f"{text}.{node.kind}()" if level == ATOM else f"({text}).{node.kind}()"), ATOM
        return f"np.{node.kind}({self._print(node.body, scope)[0]})", ATOM

    def _iteration(self, index: Index, low: Expr, high: Expr, body: Expr, scope: Scope) -> tuple[str, Bound]:
        """The ``for ... in ...`` of a loop or comprehension, and what it binds."""
        variable = self.notation.indices.get(index.name, index.name)
        if variable in self._aranges.values():  # the array of that name may occur within
            around = {bound.text for bound in scope.values()}
            variable = next(v for v in ("q", "l", "m", "row", "ii", "jj") if v not in self._taken | around)
        offset = 1 if self.notation.from_zero else 0
        plain = Bound("scalar", variable, offset)
        first, last = self._affine(low, scope), self._affine(high, scope)
        assert first is not None and last is not None
        found = (
            elements(body, index.name) if self.notation.elements and self.notation.mode != "vector" else None
        )
        if found is not None and not any(isinstance(e, Index) for bound in (low, high) for e in walk(bound)):
            vectors, bare = found
            used = {name for bound in scope.values() for name in bound.elements.values()} | self._taken
            free = [name for name in ("vutw" if len(vectors) == 1 else "abcd") if name not in used]
            if len(free) >= len(vectors):
                names = dict(zip(vectors, free, strict=False))
                span = Bound("array", "", 0, low, high)
                texts = [
                    self.notation.names[vector]
                    + self._slice(
                        Item(vector, Add(index, Num(shift)) if shift >= 0 else Sub(index, Num(-shift))),
                        index.name,
                        span,
                        1,
                        scope,
                    )
                    for vector, shift in vectors
                ]
                joined = ", ".join(names.values())
                if not bare:
                    source = texts[0] if len(texts) == 1 else f"zip({', '.join(texts)})"
                    return f"for {joined} in {source}", Bound("element", elements=names)
                if len(texts) == 1:
                    start = first.shifted(-offset).text()[0]
                    source = f"enumerate({texts[0]})" if start == "0" else f"enumerate({texts[0]}, {start})"
                    return f"for {variable}, {joined} in {source}", Bound(
                        "scalar", variable, offset, elements=names
                    )
        begin, end = first.shifted(-offset).text()[0], last.shifted(1 - offset).text()[0]
        return f"for {variable} in range({end if begin == '0' else f'{begin}, {end}'})", plain

    def _loop(self, node: Reduce, scope: Scope, target: str | None = None, length: Expr | None = None) -> str:
        """Write a loop into the outermost block where its indices are known; the name of the result."""
        place = max(
            (n for n, (index, _) in enumerate(self._blocks) if index and depends(node, index)), default=0
        )
        inner_blocks = self._blocks[place + 1 :]
        del self._blocks[place + 1 :]
        scope = {name: bound for name, bound in scope.items() if depends(node, name)}
        name = target or self.fresh(self.notation.sum_name)
        start, step = {
            "sum": ("0.0", "{0} += {1}"),
            "prod": ("1.0", "{0} *= {1}"),
            "max": ('float("-inf")', "{0} = max({0}, {1})"),
            "min": ('float("inf")', "{0} = min({0}, {1})"),
            "append": ("[]", "{0}.append({1})"),
        }[node.kind]
        header, bound = self._iteration(node.index, node.low, length or node.high, node.body, scope)
        body: list[str] = []
        self._blocks.append((node.index.name, body))
        text = self._print(node.body, {**scope, node.index.name: bound})[0]
        body.append(step.format(name, text))
        self._blocks.pop()
        begin = [f"{name} = {start}"]
        if self.notation.whiles:
            counter, source = _loop_parts(header)
            first, last = source[len("range(") : -1].rpartition(", ")[::2]
            begin.append(f"{counter} = {first or 0}")
            header = f"while {counter} < {last}"
            body.append(f"{counter} += 1")
        self._blocks[place][1].extend([*begin, f"{header}:", *(f"    {line}" for line in body)])
        self._blocks.extend(inner_blocks)
        return name


def _loop_parts(header: str) -> tuple[str, str]:
    """Variables and source of ``for ... in ...``."""
    variables, _, source = header.removeprefix("for ").partition(" in ")
    return variables, source
