"""Forms of a problem's parts: chains of lambdas, steps, lists of terms, SciPy's constraints."""

from __future__ import annotations

from llamoco.dataset_builder.problems.symbolic.expression import Add, Expr, Mul, Name, Neg, Num, Sub
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import Vector, names_used
from llamoco.dataset_builder.prompts.python.blocks import Blocks
from llamoco.dataset_builder.prompts.python.numbers import number
from llamoco.dataset_builder.prompts.python.statements import Writer

Calls = dict[str, tuple[str, set[str]]]


def transforms(blocks: Blocks, calls: Calls) -> tuple[list[str], Calls]:
    """Functions that make the vectors which components see, and the calls of the components with them.

    Args:
        blocks: writes the parts.
        calls: calls of functions of such vectors (see ``Blocks.basic_functions``).
    """
    style = blocks.style
    texts: dict[str, str] = {}
    result: Calls = {}
    for scalar, (call, vectors) in calls.items():
        (vector,) = vectors
        if vector == "x":  # seen as it is
            result[scalar] = (call, set())
            continue
        name = style.notation.names[vector]
        needed = blocks.closure({vector})
        if vector not in texts:
            definition = needed[-1]
            if len(needed) == 1 and isinstance(definition, Vector):
                texts[vector] = f"{name} = lambda {style.x}: {blocks.lambda_writer({}).entries(definition)}"
            else:
                writer = Writer(blocks.system.sizes, style.notation, blocks.taken)
                for part in needed:
                    blocks.define(part, writer)
                lines = blocks.opened([*writer.lines, f"return {name}"])
                texts[vector] = blocks.define_function(name, style.x, lines, "")
        result[scalar] = (call.replace(f"({name})", f"({name}({style.x}))"), set())
    return list(texts.values()), result


def accumulated(blocks: Blocks) -> str:
    """The objective step by step: each term where its parts are known."""
    notation = blocks.style.notation
    writer = Writer(blocks.system.sizes, notation, blocks.taken)
    total = writer.fresh(*blocks.rng.shuffled(("total", "value", "result", "fx", "y_out")))
    writer.lines.append(f"{total} = {blocks.rng.choice(('0.0', '0'))}")
    done: set[str] = set()
    for term in terms(blocks.system.objective):
        for definition in blocks.closure(names_used(term)):
            if definition.name not in done:
                blocks.note(definition, writer)
                blocks.define(definition, writer)
                done.add(definition.name)
        minus = isinstance(term, Neg)
        text = writer.expression(term.arg if isinstance(term, Neg) else term)
        writer.lines.append(f"{total} {'-' if minus else '+'}= {text}")
    lines = blocks.opened([*writer.lines, f"return {total}"])
    return blocks.define_function("objective", blocks.style.x, lines, blocks.documentation("objective"))


def terms(node: Expr) -> list[Expr]:
    """The terms of a sum; a term that is subtracted comes with its sign."""
    match node:
        case Add(a, b):
            return [*terms(a), *terms(b)]
        case Sub(a, b):
            return [*terms(a), Neg(b)]
    return [node]


def term_list(blocks: Blocks, calls: Calls) -> str | None:
    """The objective as a list of weights and functions; None if it is no weighted sum of functions of x."""
    pairs = []
    for term in terms(blocks.system.objective):
        match term:
            case Name(name):
                weight = "1"
            case Mul(Num(value), Name(name)):
                weight = number(value, blocks.style.notation.floats)
            case _:
                return None
        function, _, argument = calls[name][0].partition("(") if name in calls else ("", "", "")
        if argument != f"{blocks.style.x})":
            return None
        pairs.append((weight, function))
    name = blocks.rng.choice(("TERMS", "PARTS", "COMPONENTS", "components"))
    listed = ", ".join(f"({weight}, {function})" for weight, function in pairs)
    x = blocks.style.x
    lines = blocks.rng.choice(
        (
            [f"return sum(c * fun({x}) for c, fun in {name})"],
            ["total = 0.0", f"for weight, fun in {name}:", f"    total += weight * fun({x})", "return total"],
        )
    )
    text = blocks.define_function("objective", x, lines, blocks.documentation("objective"))
    return f"{name} = [{listed}]" + "\n" * (blocks.style.gap + 1) + text


def scipy_constraints(blocks: Blocks) -> list[str]:
    """Constraints as SciPy's dictionaries (inequalities >= 0), and the functions of the contract made of them."""
    x, entries, texts = blocks.style.x, [], []
    quote = blocks.rng.choice(('"', "'"))
    for name, kind in (("inequality", "ineq"), ("equality", "eq")):
        for expressions in [e for n, e in blocks.constraints() if n == name]:
            for k, expression in enumerate(expressions, 1):
                turned = _turned(expression) if kind == "ineq" else expression
                if blocks.closure(names_used(expression)):
                    function = f"{kind}_{k}"
                    texts.append(
                        blocks.function(
                            function, blocks.closure(names_used(turned)), [turned], blocks.style.notation
                        )
                    )
                else:
                    function = f"lambda {x}: {blocks.lambda_writer({}).expression(turned)}"
                entries.append(f"{{{quote}type{quote}: {quote}{kind}{quote}, {quote}fun{quote}: {function}}}")
    if not entries:
        return []
    texts.append("cons = [\n    " + ",\n    ".join(entries) + ",\n]")
    for name, _ in blocks.constraints():
        kind, sign = ("ineq", "-") if name == "inequality" else ("eq", "")
        chosen = f"c[{quote}type{quote}] == {quote}{kind}{quote}"
        lines = [f"return [{sign}c[{quote}fun{quote}]({x}) for c in cons if {chosen}]"]
        texts.append(blocks.define_function(name, x, lines, blocks.documentation(name)))
    return texts


def _turned(expression: Expr) -> Expr:
    match expression:
        case Sub(a, b):
            return Sub(b, a)
        case Neg(a):
            return a
    return Neg(expression)
