"""Families, terms and sets of constraints: every pattern writes them, is short enough, and is read back as the same problem."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from llamoco.dataset_builder.problems.evaluator import compile_problem
from llamoco.dataset_builder.problems.files.latex_file import read_latex
from llamoco.dataset_builder.problems.files.python_file import load_python
from llamoco.dataset_builder.problems.functions.constraint_sets import (
    many_constraints,
    narrow_band,
    partial_constraint,
)
from llamoco.dataset_builder.problems.functions.constraints import CONSTRAINTS, Box
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.symbolic.families import FAMILIES, draw_member
from llamoco.dataset_builder.problems.symbolic.terms import TERM_SHARES, draw_term
from llamoco.dataset_builder.prompts.pattern import Pattern
from llamoco.dataset_builder.prompts.prompt import PROMPT_LIMIT, prompt
from llamoco.dataset_builder.prompts.rows import PATTERNS, write_description

BOXES = (
    Box(np.full(3, -5.0), np.full(3, 5.0)),
    Box(np.array([0.001, 10, 1, 0.5, 200, 3]), np.array([1, 5000, 30, 40, 900, 8.0])),
    Box(np.full(14, -1.0), np.full(14, 3.0)),
)
NEW_KINDS = (
    "scaled_linear",
    "monomials",
    "cosine_row",
    "rotated_ellipsoid",
    "ill_scaled",
    "largest",
    "smallest",
    "largest_deviation",
    "logarithm",
    "root",
)


def problem(identifier: str, box: Box, definition: dict[str, Any]) -> Problem:
    return Problem(
        id=identifier,
        kind="synthetic",
        lower=tuple(box.lower.tolist()),
        upper=tuple(box.upper.tolist()),
        max_evals=500,
        n_inequality=len(definition["inequalities"]),
        n_equality=len(definition["equalities"]),
        definition=definition,
        feasible_point=tuple(box.lower.tolist()),
    )


def sphere(**more: Any) -> dict[str, Any]:
    component = {
        "function": "sphere",
        "coefficient": 1,
        "positions": None,
        "shift": {"formula": [0.5, 0.3, 1.1]},
        "scale": 1,
        "reflection": None,
    }
    return {"form": "single", "components": [component], "inequalities": [], "equalities": [], **more}


def check(pattern: Pattern, drawn: Problem, rng: PortableRng) -> int:
    """Read a description back; the length of its prompt."""
    text = pattern.write(drawn, rng)
    points = PortableRng("points", drawn.id).points(4, drawn.lower_array, drawn.upper_array)
    if pattern.language == "latex":
        read = read_latex(text, drawn.id)
        assert (read.lower, read.upper, read.max_evals) == (drawn.lower, drawn.upper, drawn.max_evals)
        found = compile_problem(read.system)(points)
    else:
        loaded = load_python(text, "description.py")
        assert (loaded.lower.tolist(), loaded.upper.tolist()) == (list(drawn.lower), list(drawn.upper))
        found = loaded.evaluate(points)
    for got, expected in zip(found, drawn.evaluate(points), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-8, atol=1e-8, err_msg=text)
    return len(prompt(drawn, text))


@cache
def member(name: str, seed: int) -> Problem:
    family = FAMILIES[name]
    dims = list(family.dims)
    constrained = not family.free or seed % 2 == 1
    rng = PortableRng("member", name, seed)
    drawn = draw_member(rng, family, dims[seed * 5 % len(dims)], constrained)
    definition = dict(drawn.definition)
    if seed % 3 == 2:
        definition["terms"] = [draw_term(rng.choice(tuple(TERM_SHARES)), rng, drawn.box, 10.0)]
    return problem(f"{name}-{seed}", drawn.box, definition)


@pytest.mark.parametrize("name", FAMILIES)
def test_families_are_read_back(name: str) -> None:
    lengths = [
        check(pattern, member(name, seed), PortableRng("style", name, seed, pattern.name))
        for seed in range(3)
        for pattern in PATTERNS[seed::3]
    ]
    assert max(lengths) <= PROMPT_LIMIT


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_many_members_are_read_back(name: str) -> None:
    for seed in range(12):
        for pattern in PATTERNS:
            check(pattern, member(name, seed), PortableRng("style", seed, pattern.name))


@pytest.mark.parametrize("kind", [*TERM_SHARES, "all"])
def test_terms_are_read_back(kind: str) -> None:
    for number, box in enumerate(BOXES):
        rng = PortableRng("term", kind, number)
        kinds = TERM_SHARES if kind == "all" else [kind]
        drawn = problem(f"{kind}-{number}", box, sphere(terms=[draw_term(k, rng, box, 50.0) for k in kinds]))
        for pattern in PATTERNS[number::3]:
            assert check(pattern, drawn, rng) <= PROMPT_LIMIT


@pytest.mark.parametrize("kind", NEW_KINDS)
def test_kinds_of_constraints_are_read_back(kind: str) -> None:
    for number, box in enumerate(BOXES):
        rng = PortableRng("kind", kind, number)
        parameters = CONSTRAINTS[kind].draw(rng, box)
        records = [
            {"kind": kind, **parameters, "sense": s, "bound": rng.uniform(-2, 3, 1)} for s in ("<=", ">=")
        ]
        drawn = problem(f"{kind}-{number}", box, sphere(inequalities=records))
        for pattern in PATTERNS[number::3]:
            assert check(pattern, drawn, rng) <= PROMPT_LIMIT


@pytest.mark.parametrize("number", range(len(BOXES)))
def test_bands_and_partial_constraints_are_read_back(number: int) -> None:
    box = BOXES[number]
    at = np.array([float(f"{v:.3g}") for v in (0.6 * box.lower + 0.4 * box.upper)])
    rng = PortableRng("sets", number)
    records = [*narrow_band(rng, box, at), partial_constraint(rng, box, at)]
    drawn = problem(f"sets-{number}", box, sphere(inequalities=[r for r in records if r]))
    for pattern in PATTERNS:
        assert check(pattern, drawn, rng) <= PROMPT_LIMIT


@pytest.mark.parametrize("count", [10, 30, 60])
def test_many_constraints_are_read_back_and_some_pattern_of_each_language_is_short_enough(count: int) -> None:
    for number in range(3):
        box = Box(np.full(20, -100.0), np.full(20, 50.0))
        rng = PortableRng("many", count, number)
        at = np.array([float(f"{v:.3g}") for v in rng.points(1, box.lower, box.upper)[0]])
        records = many_constraints(rng, box, at, np.zeros(20), count)
        drawn = problem(f"many-{count}-{number}", box, sphere(inequalities=records))
        for pattern in PATTERNS[number::3]:
            check(pattern, drawn, rng)
        for language in ("python", "latex"):
            write_description(drawn, [p for p in PATTERNS if p.language == language], PROMPT_LIMIT, rng)
