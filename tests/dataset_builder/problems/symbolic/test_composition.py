"""Eq. 2 against plain loops and by hand, and the definitions that are written for it."""

import math
from typing import Any

import numpy as np
import pytest
from scipy.fft import dct, dst

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.evaluator import compile_problem
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.symbolic.components import shift_values
from llamoco.dataset_builder.problems.symbolic.composition import build_symbolic_problem, composition, hybrid
from llamoco.dataset_builder.problems.symbolic.expression import Index, Num, Vec
from llamoco.dataset_builder.problems.symbolic.rotations import rotated
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import Data, Scalar, SymbolicProblem, Vector
from llamoco.dataset_builder.problems.symbolic.synthesis import draw_problem
from llamoco.dataset_builder.problems.symbolic.variable_kinds import is_stepped

SEED = 11


def test_equation_2_on_arrays() -> None:
    rng = np.random.default_rng(SEED)
    x, weights = rng.normal(size=(30, 6)), rng.uniform(0, 1, 3)
    functions = [np.sum, np.prod, np.max]
    expected = [sum(w * f(point) for w, f in zip(weights, functions, strict=True)) for point in x]
    found = composition([f(x, axis=1) for f in functions], weights.tolist())
    np.testing.assert_allclose(found, expected, rtol=1e-12)

    partition = [[3, 1], [6], [2, 5, 4]]
    expected = [
        sum(
            f(np.array([point[position - 1] for position in s]))
            for f, s in zip(functions, partition, strict=True)
        )
        for point in x
    ]
    components = [lambda s, f=f: f(x[:, np.array(s) - 1], axis=1) for f in functions]
    np.testing.assert_allclose(hybrid(components, partition), expected, rtol=1e-12)


@pytest.mark.parametrize("form", ["composition", "hybrid"])
def test_equation_2_of_drawn_problems(form: str) -> None:
    """Against the sum, in a loop, of problems of one component each that see nothing but their own variables."""
    drawn = (draw_problem(SEED, number, constrained=False) for number in range(80))
    problems = [
        problem
        for problem in drawn
        if problem.definition["form"] == form
        and not problem.definition.get("terms")
        and not is_stepped(problem.definition)
    ][:8]
    assert len(problems) == 8
    for problem in problems:
        x = np.random.default_rng(SEED).uniform(problem.lower, problem.upper, (5, problem.dim))
        expected = np.zeros(len(x))
        for record in problem.definition["components"]:
            s = list(range(1, problem.dim + 1)) if form == "composition" else record["positions"]
            shift = {"values": shift_values(record["shift"], len(s), record.get("log", False)).tolist()}
            alone = make([{**record, "coefficient": 1, "positions": None, "shift": shift}], len(s))
            seen = np.array([[point[position - 1] for position in s] for point in x])
            expected += record["coefficient"] * alone.evaluate(seen).f
        np.testing.assert_allclose(problem.evaluate(x).f, expected, rtol=1e-9, atol=1e-12)


def component(function: str, **changes: Any) -> dict[str, Any]:
    plain = {"function": function, "coefficient": 1, "positions": None, "scale": 1, "reflection": None}
    return {**plain, **changes}


def make(components: list[dict[str, Any]], dim: int) -> Problem:
    definition = {"form": "composition", "components": components, "inequalities": [], "equalities": []}
    return Problem("p", "synthetic", (-9.0,) * dim, (9.0,) * dim, 100, 0, 0, definition)


def test_composition_by_hand() -> None:
    # Each component has a shift and a scale of its own.
    problem = make(
        [
            component("sphere", coefficient=0.5, shift={"values": [1.0, -1.0, 0.0]}),
            component("schwefel_2_21", coefficient=2.0, shift={"values": [0.0, 0.0, 3.0]}, scale=0.1),
        ],
        3,
    )
    # At (2, 1, -1): sphere of (1, 2, -1) is 6; the largest of 0.1 |(2, 1, -4)| is 0.4.
    assert problem.evaluate(np.array([[2.0, 1.0, -1.0]])).f[0] == pytest.approx(0.5 * 6 + 2 * 0.4)


def test_hybrid_by_hand() -> None:
    problem = make(
        [
            component("discus", coefficient=1e-6, positions=[4, 1], shift={"values": [1.0, 2.0]}),
            component("quartic", positions=[3, 5, 2], shift={"formula": [1.0, 2.0, 0.5]}),
        ],
        5,
    )
    x = [0.5, -1.0, 2.0, 3.0, 1.5]
    first = (x[3] - 1) ** 2 + 1e-6 * (x[0] - 2) ** 2
    seen = [x[2], x[4], x[1]]
    second = sum((i + 1) * (v - (1 + 2 * math.sin(0.5 * (i + 1)))) ** 4 for i, v in enumerate(seen))
    assert problem.evaluate(np.array([x])).f[0] == pytest.approx(first + second)


def test_reflection_is_householder() -> None:
    plain = make([component("ellipsoid", shift={"values": [1.0, 2.0, 3.0]}, scale=2)], 3)
    reflected = make(
        [component("ellipsoid", shift={"values": [1.0, 2.0, 3.0]}, scale=2, reflection=[0.7, 0.2])], 3
    )
    v = np.cos(0.7 * np.arange(1, 4) + 0.2)
    matrix = np.eye(3) - 2 * np.outer(v, v) / (v @ v)
    x = np.random.default_rng(0).normal(size=(5, 3))
    origin = np.array([1.0, 2.0, 3.0])
    expected = plain.evaluate(origin + (x - origin) @ matrix.T).f
    np.testing.assert_allclose(reflected.evaluate(x).f, expected, rtol=1e-10)


def test_trivial_and_repeated_definitions_are_left_out() -> None:
    shift = {"values": [1.0, 2.0]}
    system = build_symbolic_problem(
        {"components": [component("sphere", shift=shift), component("ackley", shift=shift)]}, 2
    )
    assert [d.name for d in system.definitions] == ["o1", "z1", "f1", "f2"]
    system = build_symbolic_problem(
        {
            "components": [
                component(
                    "sphere", shift={"formula": [0.1, 0.2, 0.3]}, reflection=[0.5, 0.0], positions=[2, 1]
                ),
                component("ackley", shift={"formula": [0.1, 0.2, 0.3]}, positions=[3, 4]),
            ]
        },
        4,
    )
    assert [(d.name, type(d)) for d in system.definitions] == [
        ("p1", Data),
        ("o1", Vector),
        ("y1", Vector),
        ("v1", Vector),
        ("r1", Scalar),
        ("z1", Vector),
        ("f1", Scalar),
        ("p2", Data),
        ("z2", Vector),
        ("f2", Scalar),
    ]


KINDS: list[dict[str, Any]] = [
    {"kind": "dct"},
    {"kind": "dst"},
    {"kind": "hartley"},
    {"kind": "givens", "rate": 0.7},
]


def matrix_of(rotation: dict[str, Any], dim: int) -> np.ndarray:
    """The matrix (D, D) of a rotation, from its values at the unit vectors."""
    i = Index("i")
    moved = Vector("z1", dim, i, rotated(rotation, "x", i, "test"))
    outputs = tuple(Vec("z1")[k] for k in range(1, dim + 1))
    columns = compile_problem(SymbolicProblem(dim, (moved,), Num(0), outputs))(np.eye(dim))[1]
    return np.asarray(columns).T


@pytest.mark.parametrize("dim", [2, 3, 10, 31, 50])
@pytest.mark.parametrize("rotation", KINDS, ids=lambda r: r["kind"])
def test_rotations_are_orthogonal(rotation: dict[str, Any], dim: int) -> None:
    matrix = matrix_of(rotation, dim)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(dim), atol=1e-12)
    assert np.abs(matrix - np.eye(dim)).max() > 0.3


def test_rotations_are_the_transforms_of_scipy() -> None:
    for dim in (2, 7, 24):
        np.testing.assert_allclose(
            matrix_of({"kind": "dct"}, dim), dct(np.eye(dim), 4, axis=0, norm="ortho"), atol=1e-12
        )
        np.testing.assert_allclose(
            matrix_of({"kind": "dst"}, dim), dst(np.eye(dim), 1, axis=0, norm="ortho"), atol=1e-12
        )
        waves = np.fft.fft(np.eye(dim))
        np.testing.assert_allclose(
            matrix_of({"kind": "hartley"}, dim), (waves.real - waves.imag) / dim**0.5, atol=1e-12
        )


def test_what_a_component_sees_by_hand() -> None:
    shift = {"values": [2.0, 0.5, 1.0]}
    turn = {"kind": "dct"}
    problem = make(
        [
            component(
                "sphere",
                shift=shift,
                scale=3,
                units=[2.0, 0.1, 5.0],
                rotation=turn,
                scaling={"power": -1.5, "place": "before"},
                rounding=4,
            )
        ],
        3,
    )
    x = np.random.default_rng(3).uniform(0.1, 9, (6, 3))
    y = 3 * (x - [2.0, 0.5, 1.0]) / [2.0, 0.1, 5.0] * 10.0 ** (-1.5 * np.arange(3) / 2)
    z = np.floor(4 * (y @ matrix_of(turn, 3).T) + 0.5) / 4
    np.testing.assert_allclose(problem.evaluate(x).f, (z**2).sum(axis=1), rtol=1e-10)

    after = make(
        [component("sphere", shift=shift, log=True, rotation=turn, scaling={"power": 2, "place": "after"})], 3
    )
    z = np.log(x / [2.0, 0.5, 1.0]) @ matrix_of(turn, 3).T * 10.0 ** (2 * np.arange(3) / 2)
    np.testing.assert_allclose(after.evaluate(x).f, (z**2).sum(axis=1), rtol=1e-10)

    formula = {"formula": [0.4, 0.2, 0.9]}
    logarithmic = make([component("sphere", shift=formula, log=True)], 3)
    optimum = shift_values(formula, 3, logarithmic=True)
    np.testing.assert_allclose(logarithmic.evaluate(optimum[None, :]).f, 0, atol=1e-20)


def test_the_maximum_of_components() -> None:
    parts = [
        component("sphere", coefficient=0.5, shift={"values": [1.0, 2.0]}),
        component("ackley", shift={"values": [0.0, 0.0]}),
    ]
    definition = {"form": "maximum", "components": parts, "inequalities": [], "equalities": []}
    problem = Problem("p", "synthetic", (-9.0,) * 2, (9.0,) * 2, 100, 0, 0, definition)
    x = np.random.default_rng(4).uniform(-9, 9, (20, 2))
    values = [make([part], 2).evaluate(x).f for part in parts]
    np.testing.assert_allclose(problem.evaluate(x).f, np.maximum(*values), rtol=1e-12)


def test_unknown_rotation_is_named() -> None:
    wrong = make([component("sphere", shift={"values": [1.0, 2.0]}, rotation={"kind": "spin"})], 2)
    with pytest.raises(ProblemError, match=r"components\[0\].rotation: unknown kind 'spin'"):
        wrong.evaluate(np.zeros((1, 2)))
