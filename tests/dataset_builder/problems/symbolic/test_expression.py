"""The compiled evaluator against a plain interpreter of the trees: recursion over floats, a point at a time."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llamoco.dataset_builder.problems.evaluator import compile_problem
from llamoco.dataset_builder.problems.symbolic.expression import (
    PI,
    Add,
    Call,
    Div,
    Expr,
    Extremum,
    Index,
    Item,
    Max,
    Mul,
    Name,
    Neg,
    Num,
    Pi,
    Pow,
    Prod,
    Reduce,
    Size,
    Sub,
    Sum,
    Vec,
    absolute,
    cos,
    exp,
    lift,
    rename_vector,
    sin,
    sqrt,
    substitute,
)
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import (
    Data,
    Scalar,
    SymbolicProblem,
    Vector,
    names_used,
    nesting,
)
from llamoco.dataset_builder.problems.symbolic.synthesis import draw_problem

x = Vec("x")
i = Index("i")
j = Index("j")

Values = dict[str, float | list[float]]


def interpret(node: Expr, names: Values, indices: dict[str, int]) -> float:
    def go(e: Expr) -> float:
        return interpret(e, names, indices)

    match node:
        case Num(value):
            return float(value)
        case Pi():
            return math.pi
        case Name(name):
            result = names[name]
            assert isinstance(result, float)
            return result
        case Index(name):
            return indices[name]
        case Size(name) | Item(name, _):
            vector = names[name]
            assert isinstance(vector, list)
            return len(vector) if isinstance(node, Size) else vector[int(go(node.index)) - 1]
        case Add(a, b):
            return go(a) + go(b)
        case Sub(a, b):
            return go(a) - go(b)
        case Mul(a, b):
            return go(a) * go(b)
        case Div(a, b):
            return go(a) / go(b)
        case Pow(a, b):
            return go(a) ** go(b)
        case Neg(a):
            return -go(a)
        case Call("abs", a):
            return abs(go(a))
        case Call("arctan", a):
            return math.atan(go(a))
        case Call(function, a):
            try:
                return float(getattr(math, function)(go(a)))
            except ValueError:
                return math.nan
        case Extremum(kind, a, b):
            return float(np.maximum(go(a), go(b)) if kind == "max" else np.minimum(go(a), go(b)))
        case Reduce(kind, index, low, high, body):
            terms = [
                interpret(body, names, {**indices, index.name: value})
                for value in range(int(go(low)), int(go(high)) + 1)
            ]
            return {"sum": math.fsum, "prod": math.prod, "max": max, "min": min}[kind](terms)  # type: ignore[operator]
    raise TypeError(node)


def interpret_system(system: SymbolicProblem, point: np.ndarray) -> list[float]:
    """[f, g..., h...] at one point (D,)."""
    names: Values = {"x": point.tolist()}
    for definition in system.definitions:
        match definition:
            case Data():
                names[definition.name] = list(definition.values)
            case Vector(name, size, index, entry):
                names[name] = [interpret(entry, names, {index.name: k}) for k in range(1, size + 1)]
            case Scalar(name, value):
                names[name] = interpret(value, names, {})
    outputs = (system.objective, *system.inequalities, *system.equalities)
    return [interpret(expression, names, {}) for expression in outputs]


def assert_compiles_to_its_meaning(system: SymbolicProblem, points: np.ndarray) -> None:
    compiled = np.hstack([part.reshape(len(points), -1) for part in compile_problem(system)(points)])
    expected = [interpret_system(system, point) for point in points]
    np.testing.assert_allclose(compiled, expected, rtol=1e-9, atol=1e-9)


TREES = {
    "constant": Num(3.5),
    "one entry": x[2],
    "a sum whose body lacks the index": Sum(i, 1, x.size, Num(2)),
    "a product": Prod(i, 1, x.size, 1 + x[i] ** 2),
    "a maximum": Max(i, 2, x.size, absolute(x[i] - i)),
    "a minimum": Reduce("min", i, Num(1), x.size, x[i] * i),
    "neighbours": Sum(i, 1, x.size - 1, x[i] * x[i + 1]),
    "the mirror image": Sum(i, 1, x.size, i * x[x.size + 1 - i]),
    "every second": Sum(i, 1, 2, x[2 * i] - x[2 * i - 1]),
    "nested": Sum(i, 1, x.size, Sum(j, 1, x.size, cos(i * j) * x[i] * x[j])),
    "inner bound from the outer index": Sum(i, 1, x.size, Sum(j, 1, i, x[j]) ** 2),
    "inner low bound from the outer index": Sum(i, 1, x.size, Sum(j, i + 1, x.size, (x[i] - x[j]) ** 2)),
    "product of sums": Prod(i, 1, 3, Sum(j, 1, x.size, x[j] / (i + j))),
    "scalar reduction inside a sum": Sum(i, 1, x.size, x[i] - Sum(j, 1, x.size, x[j]) / x.size),
    "empty sum": 1 + Sum(i, 2, 1, x[i]),
    "extremum": Extremum("max", x[1], Extremum("min", x[2], x[3])),
    "negative power base": (-x[1]) ** 2 + Neg(x[2] ** 2),
    "functions": exp(sin(PI * x[1])) + sqrt(absolute(x[2])) + Call("tanh", x[3]) + Call("arctan", x[4]),
    "a power of an index": Sum(i, 1, x.size, Num(10) ** (6 * (i - 1) / (x.size - 1)) * x[i] ** 2),
}


@pytest.mark.parametrize("name", TREES)
def test_tree_compiles_to_its_meaning(name: str) -> None:
    points = np.random.default_rng(0).normal(size=(7, 5))
    assert_compiles_to_its_meaning(
        SymbolicProblem(5, (), TREES[name], (TREES[name] - 1,), (2 * TREES[name],)), points
    )


def test_definitions_compile_to_their_meaning() -> None:
    p, o, y, r = Vec("p"), Vec("o"), Vec("y"), Name("r")
    system = SymbolicProblem(
        6,
        (
            Data("p", (6.0, 2.0, 3.0), positions=True),
            Vector("o", 3, i, 0.5 + 2 * sin(1.5 * i)),
            Vector("y", 3, i, 0.3 * (x[p[i]] - o[i])),
            Scalar("r", 2 * Sum(i, 1, y.size, o[i] * y[i]) / Sum(i, 1, o.size, o[i] ** 2)),
            Vector("z", 3, i, y[i] - r * o[i] + Sum(j, 1, 3, y[j] * i)),
            Scalar("f1", Sum(i, 1, 3, Vec("z")[i] ** 2)),
        ),
        1.5 * Name("f1") + x[1],
        (Sum(i, 1, 3, x[p[i]]) - 1,),
    )
    assert_compiles_to_its_meaning(system, np.random.default_rng(1).normal(size=(4, 6)))
    assert system.depends_on_x() == {
        "x": True,
        "p": False,
        "o": False,
        "y": True,
        "r": True,
        "z": True,
        "f1": True,
    }


@pytest.mark.parametrize("number", range(40))
def test_drawn_problems_compile_to_their_meaning(number: int) -> None:
    problem = draw_problem(5, number, constrained=number % 2 == 1)
    points = np.random.default_rng(number).uniform(problem.lower, problem.upper, (3, problem.dim))
    assert_compiles_to_its_meaning(problem.system, points)


def trees() -> st.SearchStrategy[Expr]:
    leaves = st.one_of(
        st.floats(-3, 3).map(lift),
        st.integers(1, 3).map(lambda k: x[k]),
        st.just(Sum(i, 1, x.size, x[i])),
        st.just(x.size),
    )

    def extend(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
        return st.one_of(
            st.builds(Add, inner, inner),
            st.builds(Sub, inner, inner),
            st.builds(Mul, inner, inner),
            st.builds(lambda a, b: a / (1 + b**2), inner, inner),
            st.builds(Neg, inner),
            st.builds(sin, inner),
            st.builds(lambda kind, a, b: Extremum(kind, a, b), st.sampled_from(["max", "min"]), inner, inner),
            st.builds(lambda a: Sum(j, 1, 3, a * x[j]), inner),
        )

    return st.recursive(leaves, extend, max_leaves=12)


@settings(max_examples=60, deadline=None)
@given(trees())
def test_any_tree_compiles_to_its_meaning(tree: Expr) -> None:
    # Sums over j may nest: a bound index may not be bound again.
    points = np.array([[0.3, -1.2, 2.0], [0.0, 1.0, -0.5]])
    try:
        evaluate = compile_problem(SymbolicProblem(3, (), tree))
    except ValueError as error:
        assert "bound twice" in str(error)
        return
    expected = [interpret(tree, {"x": point.tolist()}, {}) for point in points]
    np.testing.assert_allclose(evaluate(points)[0], expected, rtol=1e-9, atol=1e-9)


def test_overflow_and_invalid_give_non_finite_values_without_warnings(
    recwarn: pytest.WarningsRecorder,
) -> None:
    evaluate = compile_problem(SymbolicProblem(1, (), exp(x[1]), (sqrt(x[1]), 1 / x[1])))
    f, g, h = evaluate(np.array([[1e4], [-1.0], [0.0]]))
    assert f[0] == math.inf and math.isnan(g[1, 0]) and g[2, 1] == math.inf
    assert h.shape == (3, 0)
    assert not list(recwarn)


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        (x[6], "entry 6 of vector 'x'"),
        (x[0], "entry 0 of vector 'x'"),
        (Sum(i, 1, x.size, x[i + 1]), "entry 6 of vector 'x'"),
        (Vec("q")[1], "'q' is not defined"),
        (x[i], "index 'i' of 'x' is used outside"),
        (i * x[1], "index 'i' is used outside"),
        (Sum(i, 1, 5, Sum(i, 1, 5, x[i])), "bound twice"),
        (Sum(i, 1, 2, Sum(j, 1, 2, x[i + j])), "several index variables"),
        (x[Num(1.5)], "integer known in advance"),
        (Max(i, 2, 1, x[i]), "empty"),
    ],
)
def test_unusable_trees_are_refused_with_the_reason(tree: Expr, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        compile_problem(SymbolicProblem(5, (), tree))


def test_tree_tools() -> None:
    tree = Sum(i, 1, Vec("z").size, Vec("z")[i] * x[i])
    assert names_used(tree) == {"z", "x"}
    assert names_used(rename_vector(tree, "z", "z3")) == {"z3", "x"}
    assert substitute(tree, {x[i]: Num(2)}) == Sum(i, 1, Vec("z").size, Vec("z")[i] * 2)
    assert nesting(Sum(i, 1, 2, Sum(j, 1, 2, x[j]) + x[i])) == 2
    assert lift(-2.5) == Neg(Num(2.5))
    with pytest.raises(ValueError, match="non-negative"):
        Num(-1)
    with pytest.raises(ValueError, match="unknown function"):
        Call("gamma", x[1])


@pytest.mark.parametrize("offset", [-1, 1])
def test_a_position_beyond_the_ends_is_refused(offset: int) -> None:
    i = Index("i")
    body = Item("x", Item("p", i + offset))
    system = SymbolicProblem(3, (Data("p", (2.0, 1.0, 3.0), positions=True),), Sum(i, 1, 3, body))
    with pytest.raises(ValueError, match="of vector 'p' does not exist"):
        compile_problem(system)
