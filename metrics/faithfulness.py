"""Faithfulness: does a whole script state the problem that was given?"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.program_text import length_error, module_names
from llamoco.metrics.sandbox import Sandbox
from llamoco.metrics.sandbox.outcome import StatedProblem

POINTS = 32
TIME_LIMIT = 20.0
STATEMENT = ("objective", "LOWER", "UPPER", "MAX_EVALS")
_DEFINITION = re.compile(r"def[ \t]+(\w+)")


def states_a_problem(program: str) -> bool:
    """Whether a text is a whole script: its module binds objective, LOWER, UPPER and MAX_EVALS.

    Some of them are not enough: a completion may have an ``objective`` of its own. Of a text that does not parse, or is
    too long to be parsed, the lines are looked at. It counts as a whole script if they bind all four, and is then not
    faithful, as is any statement that cannot be evaluated; else a model could hide a wrong statement behind a broken
    line. With fewer it is a broken completion: it states nothing, and Err has it already.
    """
    names = module_names(program)
    if names is not None:
        return names.issuperset(STATEMENT)
    bound: set[str] = set()
    for line in program.replace("\r", "\n").split("\n"):
        bound.update(_bound(line))
    return bound.issuperset(STATEMENT)


def _bound(line: str) -> Iterator[str]:
    """The names that a line at module level binds, or seems to: ``def objective(``, ``LOWER, UPPER =``, ``UPPER: list =``."""
    if defined := _DEFINITION.match(line):
        yield defined[1]
    elif not line.startswith((" ", "\t")):
        parts = line.split("=")
        for number, (target, following) in enumerate(pairwise(parts), 2):
            if not following and number < len(parts):
                return  # a comparison
            yield from (name.strip() for name in target.partition(":")[0].split(","))


def is_faithful(sandbox: Sandbox, program: str, problem: Problem) -> bool | None:
    """Whether a whole script states the given problem; None for a completion, which states none.

    Its budget has to be the problem's, and so has the search box: its bounds, which end half a step beyond the first
    and the last value where it declares integers or steps (``problems.variables``). Its objective and constraints agree with the problem at
    random points of the box and at the certified feasible point, to a relative 1e-6, each side rounding them to
    the values that its variables take. The order of the constraints is free. A statement that cannot be
    evaluated is not faithful.
    """
    if not states_a_problem(program):
        return None
    if length_error(program):
        return False
    points = _points(problem)
    stated = sandbox.stated_problem(program, points, time_limit=TIME_LIMIT)
    return stated is not None and agrees(stated, points, problem)


def agrees(stated: StatedProblem, points: np.ndarray, problem: Problem) -> bool:
    """Whether what a script states is the problem, as far as the points (N, D) show."""
    if not (
        stated.max_evals == problem.max_evals
        and _same(stated.lower, problem.lower_array)
        and _same(stated.upper, problem.upper_array)
    ):
        return False
    values = problem.evaluate(points)
    true = [values.f[:, None], np.sort(values.g, axis=1), np.sort(np.abs(values.h), axis=1)]
    # An equality and its negative are the same condition.
    told = [stated.f[:, None], np.sort(stated.g, axis=1), np.sort(np.abs(stated.h), axis=1)]
    # Outside the domain of the formulas one text gives NaN where another raises, which is NaN for all that the function, or in a
    # person's file the problem, has to say.
    nowhere = np.isnan(np.hstack(true)).all(axis=1) & np.isnan(np.hstack(told)).any(axis=1)
    return all(
        _same(mine[kept], theirs[kept])
        for mine, theirs in zip(told, true, strict=True)
        for kept in [~(nowhere | np.isnan(mine).all(axis=1) & np.isnan(theirs).any(axis=1))]
    )


def _same(stated: np.ndarray, true: np.ndarray) -> bool:
    return stated.shape == true.shape and bool(
        np.allclose(stated, true, rtol=1e-6, atol=1e-8, equal_nan=True)
    )


def _points(problem: Problem) -> np.ndarray:
    """Points (N, D) within the bounds, the same for the same problem."""
    seed = int.from_bytes(hashlib.sha256(problem.id.encode("utf-8", "surrogatepass")).digest()[:8])
    uniform = np.random.Generator(np.random.PCG64(seed)).random((POINTS, problem.dim))
    points = problem.lower_array + uniform * (problem.upper_array - problem.lower_array)
    return points if problem.feasible_point is None else np.vstack((points, problem.feasible_point))
