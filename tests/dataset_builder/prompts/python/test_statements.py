"""Printed Python means what the tree means, in every way of writing, checked against the compiled system."""

from dataclasses import replace

import numpy as np
import pytest

from llamoco.dataset_builder.problems.evaluator import compile_problem
from llamoco.dataset_builder.problems.symbolic.expression import (
    PI,
    Call,
    Expr,
    Extremum,
    Index,
    Item,
    Max,
    Name,
    Num,
    Prod,
    Reduce,
    Sum,
    Vec,
    absolute,
    cos,
    exp,
    log,
    sin,
    sqrt,
    tanh,
)
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import Data, Scalar, SymbolicProblem, Vector
from llamoco.dataset_builder.prompts.python.expressions import Notation
from llamoco.dataset_builder.prompts.python.numbers import number, number_list
from llamoco.dataset_builder.prompts.python.statements import Writer

x, i, j, k = Vec("x"), Index("i"), Index("j"), Index("k")
n = x.size
DIM = 5

NOTATIONS = {
    "vector": Notation("vector", "np.", {"x": "x"}, {"x": "n"}),
    "vector, lengths as numbers": Notation("vector", "np.", {"x": "x"}, times="*", power=" ** ", floats=True),
    "vector, one expression": Notation("vector", "np.", {"x": "x"}, {"x": "len(x)"}, statements=False),
    "loop": Notation("loop", "math.", {"x": "x"}, {"x": "n"}),
    "loop from 1": Notation("loop", "np.", {"x": "x"}, from_zero=False, floats=True),
    "loop over elements": Notation("loop", "", {"x": "x"}, {"x": "n"}, elements=True),
    "generator": Notation("generator", "math.", {"x": "x"}, {"x": "n"}),
    "generator from 1": Notation("generator", "np.", {"x": "x"}, {"x": "n"}, from_zero=False),
    "generator over elements": Notation("generator", "math.", {"x": "x"}, elements=True),
    "generator, one expression": Notation(
        "generator", "", {"x": "x"}, {"x": "len(x)"}, elements=True, statements=False
    ),
}

EXPRESSIONS: dict[str, Expr] = {
    "minus a difference": x[1] - (x[2] - x[3]) - (x[4] + x[5]),
    "minus a negative": x[1] - -x[2] + -x[3] * -x[4],
    "quotient of quotient": x[1] / (x[2] / x[3]) / (x[4] * x[5]),
    "power of negative": (-x[1]) ** 2 - (-x[2] * x[3]) ** 3 + (x[1] + 1) ** (2 * Num(1)),
    "power of power": (x[1] ** 2) ** 3 + Num(2) ** (x[2] ** 2) + (x[1] ** 2) ** (-(x[3] ** 2)),
    "product with a sum": 3 * (x[1] + x[2]) * (1 - x[3]) / (2 * (x[4] + 7)),
    "minus a sum over all": -(x[1] + Sum(i, 1, n, x[i])),
    "functions": sin(x[1])
    + cos(PI * x[2])
    + exp(-x[3])
    + tanh(x[4])
    + sqrt(absolute(x[5]))
    + log(1 + x[1] ** 2),
    "rarer functions": Call("floor", 3 * x[1])
    + Call("arctan", x[2])
    + Call("sinh", x[3])
    + Call("arcsin", x[4] / 3),
    "larger of two": Extremum("max", x[1], 0 * x[2]) + Extremum("min", Num(1), x[3]),
    "larger of two in a sum": Sum(i, 1, n, Extremum("max", x[i], Num(0)) ** 2),
    "last entries": x[n] + x[n - 1] * x[2],
    "neighbours": Sum(i, 1, n - 1, 100 * (x[i] ** 2 - x[i + 1]) ** 2 + (x[i] - 1) ** 2),
    "inner part": Sum(i, 2, n - 1, x[i - 1] - 2 * x[i] + x[i + 1]),
    "every second": Sum(i, 1, 2, x[2 * i] - x[2 * i - 1]),
    "backwards": Sum(i, 1, n, i * x[n - i + 1]),
    "index values": Sum(i, 1, n, Num(10) ** (6 * (i - 1) / (n - 1)) * x[i] ** 2),
    "two index ranges": Sum(i, 1, n, i * x[i]) + Sum(i, 2, n, (i - 2) * x[i]),
    "index as exponent": Sum(i, 1, n, absolute(x[i]) ** (i + 1)) + Sum(i, 1, n, Num(2) ** -i * x[i]),
    "constant body": Sum(i, 1, n, Num(3)) + Prod(i, 1, 3, x[1] + 2) + Max(i, 1, n, x[2]),
    "product": Prod(i, 1, n, cos(x[i] / sqrt(i))),
    "maximum": Max(i, 1, n, absolute(x[i])) + Reduce("min", i, Num(2), n, x[i]),
    "partial sums": Sum(i, 1, n, Sum(j, 1, i, x[j]) ** 2),
    "partial sums with indices": Sum(i, 1, n, Sum(j, i, n, j * x[j]) * i),
    "two free indices": Sum(i, 1, n, Sum(j, 1, n, cos(i * j) * x[j]) ** 2),
    "fixed inner range": Sum(i, 1, n, Sum(k, 0, 4, cos(2 * PI * Num(3) ** k * x[i]) / Num(2) ** k)),
    "product of sums": Prod(i, 1, n, 1 + i * Sum(k, 1, 4, absolute(Num(2) ** k * x[i]) / Num(2) ** k)),
    "independent inner sum": Sum(i, 1, n, (x[i] - Sum(j, 1, n, x[j]) / n) ** 2),
    "maximum of sums": Max(i, 1, n, Sum(j, 1, n, absolute(x[j] - i))),
    "three levels": Sum(i, 1, 3, Sum(j, 1, i, Sum(k, 1, n, x[k] * j) ** 2 * x[j])),
    "sums in an exponent": exp(-Sum(i, 1, n, x[i] ** 2) / n) ** (1 + Prod(i, 1, 2, x[i]) ** 2),
}


def written(system: SymbolicProblem, notation: Notation) -> str:
    writer = Writer(system.sizes, notation)
    for definition in system.definitions:
        match definition:
            case Data(name, values, positions):
                text = number_list([v - 1 for v in values] if positions else values, False)
                array = notation.mode == "vector" and not positions
                writer.lines.append(f"{name} = np.array({text})" if array else f"{name} = {text}")
            case Vector():
                writer.vector(definition)
            case Scalar(name, value):
                writer.assign(name, value)
    text = writer.expression(system.objective)
    body = "".join(f"    {line}\n" for line in ["n = len(x)", *writer.lines, f"return {text}"])
    return f"import math\nimport numpy as np\nfrom math import *\n\n\ndef objective(x):\n{body}"


def check(system: SymbolicProblem, notation: Notation) -> str:
    code = written(system, notation)
    namespace: dict = {}
    exec(code, namespace)
    points = np.random.default_rng(1).uniform(-2, 2, (6, DIM))
    expected = compile_problem(system)(points)[0]
    np.testing.assert_allclose([namespace["objective"](p) for p in points], expected, rtol=1e-9, err_msg=code)
    return code


@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_expressions_mean_the_same(expression: str, notation: str) -> None:
    check(SymbolicProblem(DIM, (), EXPRESSIONS[expression]), NOTATIONS[notation])


@pytest.mark.parametrize("notation", [name for name in NOTATIONS if "one expression" not in name])
def test_definitions_mean_the_same(notation: str) -> None:
    o, p, y, z, v = Vec("o"), Vec("p"), Vec("y"), Vec("z"), Vec("v")
    definitions = (
        Data("p", (3.0, 1.0, 5.0), positions=True),
        Data("o", (0.5, -1.0, 2.5)),
        Vector("y", 3, i, 0.5 * (x[Item("p", i)] - o[i])),
        Vector("v", 3, i, cos(1.3 * i + 0.2)),
        Scalar("r", 2 * Sum(i, 1, 3, v[i] * y[i]) / Sum(i, 1, 3, v[i] ** 2)),
        Vector("z", 3, i, y[i] - Name("r") * v[i]),
        Vector("w", 3, i, Sum(j, 1, i, z[j]) + Sum(j, 1, 3, z[j])),
        Vector("c", 4, i, Num(2)),
        Scalar("f", Sum(i, 1, 3, z[i] ** 2 + Vec("w")[i]) + Sum(i, 1, 4, Vec("c")[i])),
    )
    names = {"x": "x"} | {d.name: d.name for d in definitions}
    assert y and p
    check(SymbolicProblem(DIM, definitions, 3 * Name("f") - x[1]), replace(NOTATIONS[notation], names=names))


@pytest.mark.parametrize(
    ("expression", "notation", "line"),
    [
        ("neighbours", "vector", "return np.sum(100 * (x[:-1]**2 - x[1:])**2 + (x[:-1] - 1)**2)"),
        ("index values", "vector", "return np.sum(10.0**(6 * (i - 1) / (n - 1)) * x**2)"),
        ("partial sums", "vector", "return sum(np.sum(x[:i + 1])**2 for i in range(n))"),
        ("neighbours", "loop", "    for i in range(n - 1):"),
        ("neighbours", "loop", "        s += 100 * (x[i]**2 - x[i + 1])**2 + (x[i] - 1)**2"),
        ("neighbours", "loop from 1", "        s += 100.0 * (x[i - 1]**2 - x[i])**2 + (x[i - 1] - 1.0)**2"),
        ("neighbours", "loop over elements", "    for a, b in zip(x[:-1], x[1:]):"),
        (
            "product",
            "generator over elements",
            "return math.prod(math.cos(v / math.sqrt(i + 1)) for i, v in enumerate(x))",
        ),
        ("last entries", "vector", "return x[-1] + x[n - 2] * x[1]"),
        ("minus a negative", "vector", "return x[0] + x[1] + (-x[2] * (-x[3]))"),
    ],
)
def test_it_reads_as_people_write(expression: str, notation: str, line: str) -> None:
    assert line in written(SymbolicProblem(DIM, (), EXPRESSIONS[expression]), NOTATIONS[notation])


def test_numbers() -> None:
    assert [number(v, False) for v in (2.0, 0.5, 1e-7, 1e20)] == ["2", "0.5", "1e-07", "1e+20"]
    assert number(2.0, True) == "2.0"
    assert number_list([-5.0] * 10 + [1.0, 2.0] + [0.0] * 8, False) == "[-5] * 10 + [1, 2] + [0] * 8"
    assert number_list([1.5, 2.0], False) == "[1.5, 2]"
    values = [1.0, 1.0, 2.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 4.0, 4.0]
    assert eval(number_list(values, True)) == values
