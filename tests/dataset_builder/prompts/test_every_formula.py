"""Every basic function and every kind of constraint, in every pattern, is read back as what it was."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from llamoco.dataset_builder.problems.evaluator import compile_problem
from llamoco.dataset_builder.problems.files.latex_file import read_latex
from llamoco.dataset_builder.problems.files.python_file import load_python
from llamoco.dataset_builder.problems.functions.catalogue import FUNCTIONS
from llamoco.dataset_builder.problems.functions.constraints import CONSTRAINTS, Box
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.pattern import Pattern
from llamoco.dataset_builder.prompts.prompt import PROMPT_LIMIT, prompt
from llamoco.dataset_builder.prompts.rows import PATTERNS


def make(function: str, kind: str | None, dim: int, equality: bool = False) -> Problem:
    """A single function, reflected, beside one constraint."""
    rng = PortableRng("every formula", function, str(kind), dim)
    lower, upper = (-4.0,) * dim, (5.0,) * dim
    shift: dict[str, Any] = {"formula": [0.3, 1.2, 0.7]}
    if dim <= 12:
        shift = {"values": [rng.uniform(-2, 2, 2) for _ in range(dim)]}
    part = {"function": function, "coefficient": 1, "positions": None, "shift": shift}
    part |= {"scale": 0.8, "reflection": [0.7, 0.4]}
    record: dict[str, Any] = {}
    if kind is not None:
        drawn = CONSTRAINTS[kind].draw(rng, Box(np.array(lower), np.array(upper)))
        record = {"kind": kind, "bound": rng.uniform(-3, 3, 2), **drawn}
    inequalities = [{**record, "sense": rng.choice(("<=", ">="))}] if record and not equality else []
    equalities = [record] if equality else []
    definition = {"form": "single", "components": [part]}
    definition |= {"inequalities": inequalities, "equalities": equalities}
    return Problem(
        f"{function} {kind} {dim}",
        "synthetic",
        lower,
        upper,
        500,
        len(inequalities),
        len(equalities),
        definition,
    )


EVERY_OTHER, THE_REST = PATTERNS[::2], PATTERNS[1::2]


def check(problem: Problem, patterns: Sequence[Pattern] = PATTERNS) -> None:
    points = PortableRng("points", problem.id).points(3, problem.lower_array, problem.upper_array)
    expected = problem.evaluate(points)
    for pattern in patterns:
        text = pattern.write(problem, PortableRng("style", problem.id, pattern.name))
        if pattern.language == "python":
            read = load_python(text, "description.py").evaluate(points)
        else:
            read = compile_problem(read_latex(text, "description.tex").system)(points)
        for found, truth in zip(read, expected, strict=True):
            np.testing.assert_allclose(found, truth, rtol=1e-9, atol=1e-9, err_msg=text)
        assert len(prompt(problem, text)) <= PROMPT_LIMIT


@pytest.mark.parametrize("function", FUNCTIONS)
def test_functions(function: str) -> None:
    """Each function in each pattern, half of them in few variables, half in many."""
    check(make(function, None, 3), EVERY_OTHER)
    check(make(function, None, 17), THE_REST)


@pytest.mark.slow
@pytest.mark.parametrize("function", FUNCTIONS)
def test_functions_with_the_other_number_of_variables(function: str) -> None:
    check(make(function, None, 3), THE_REST)
    check(make(function, None, 17), EVERY_OTHER)


@pytest.mark.parametrize("kind", CONSTRAINTS)
def test_constraints(kind: str) -> None:
    check(make("sphere", kind, 2), EVERY_OTHER)
    check(make("sphere", kind, 17), THE_REST)


@pytest.mark.slow
@pytest.mark.parametrize("kind", CONSTRAINTS)
def test_constraints_with_the_other_number_of_variables(kind: str) -> None:
    check(make("sphere", kind, 2), THE_REST)
    check(make("sphere", kind, 17), EVERY_OTHER)


@pytest.mark.parametrize("kind", [name for name, kind in CONSTRAINTS.items() if kind.equality])
def test_equalities(kind: str) -> None:
    check(make("sphere", kind, 5, equality=True))
