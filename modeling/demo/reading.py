"""Read a stranger's problem in a job's process: it can be evaluated afterwards, and is never executed here.

Python runs in a sandbox (``metrics.confined_problem``). LaTeX and JSON are data: our reader makes expression trees of
them, which our evaluator computes. All three give a ``DescribedProblem``, a type from which no way leads to ``exec``.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np

from llamoco.dataset_builder.problems.described import DescribedProblem
from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.problems.functions.catalogue import FUNCTIONS
from llamoco.dataset_builder.problems.functions.constraints import CONSTRAINTS
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.problem_fields import checked_fields, problem_record
from llamoco.dataset_builder.prompts.python.patterns import problem_section
from llamoco.metrics.confined_problem import MAX_CONSTRAINTS, MAX_DIM, confined_problem
from llamoco.metrics.sandbox import Sandbox
from llamoco.modeling.demo.request import MAX_EVALS

Language = Literal["json", "python", "latex"]

TIME_LIMIT = 20.0
MAX_DEPTH = 8  # of the JSON that defines a problem of the data set, which has 5

_JSON = re.compile(r"\s*\{")
_PYTHON = re.compile(r"^\s*(def|class|import|from|@)\b|^\w+ *=|\b(MAX_EVALS|LOWER|UPPER)\b", re.MULTILINE)
_WORDS = frozenset({*FUNCTIONS, *CONSTRAINTS, "single", "composition", "hybrid", "<=", ">="})


def language_of(text: str) -> Language:
    """ "json", "python" or "latex"."""
    if _JSON.match(text):
        return "json"
    return "python" if _PYTHON.search(text) else "latex"


@contextmanager
def read_problem(text: str, sandbox_of: Callable[[], Sandbox]) -> Iterator[DescribedProblem]:
    """Read what was pasted; it can be evaluated until the block is left.

    Args:
        text: a problem FILE, Python or LaTeX, or a problem of the data set as JSON.
        sandbox_of: the sandbox in which Python is executed; called for Python only.

    Raises:
        ProblemError: if it is no problem, or too large a one for this page.
    """
    language = language_of(text)
    if language == "python":
        with confined_problem(text, "problem.py", sandbox_of(), TIME_LIMIT) as confined:
            _check_size(confined)
            yield confined
    else:
        yield _of_the_set(text) if language == "json" else _of_latex(text)


def _check_size(problem: Problem) -> None:
    constraints = problem.n_inequality + problem.n_equality
    if problem.dim > MAX_DIM or problem.max_evals > MAX_EVALS or constraints > MAX_CONSTRAINTS:
        budget = f"{problem.max_evals:,}" if problem.max_evals < 10**12 else "a million million or more"
        raise ProblemError(
            f"the problem has {problem.dim} variables, {constraints} constraints and a budget of "
            f"{budget} evaluations; this page takes {MAX_DIM}, {MAX_CONSTRAINTS} and {MAX_EVALS:,} at "
            "most. `llamoco solve` on your own machine takes any"
        )


def _of_latex(text: str) -> DescribedProblem:
    """A problem from LaTeX."""
    file = Path("problem.tex")
    file.write_text(text, encoding="utf-8")
    try:
        problem = load_problem(file)
        _check_size(problem)
        return DescribedProblem.of(problem, "latex", text)
    except (ArithmeticError, ValueError) as error:  # of a number without a value, such as 1 / 0
        if isinstance(error, ProblemError):
            raise
        raise ProblemError(
            f"problem.tex: a number or an index in it cannot be computed ({type(error).__name__}: {error!s:.200}); "
            "look for divisions by zero, very large numbers, and digits that are no plain ones"
        ) from error


def _of_the_set(text: str) -> DescribedProblem:
    """A problem of the data set from its JSON."""
    problem = Problem(**checked_fields(problem_record(text)))
    if problem.kind != "synthetic":
        raise ProblemError("this JSON holds a problem FILE: paste its text instead")
    if not all(low < high for low, high in zip(problem.lower, problem.upper, strict=True)):
        raise ProblemError("problem JSON: lower has to be below upper for every variable")
    _check_size(problem)
    _check_definition(problem.definition, "definition", MAX_DEPTH)
    try:
        values = problem.evaluate((problem.lower_array + problem.upper_array)[None, :] / 2)
        if (values.g.shape[1], values.h.shape[1]) != (problem.n_inequality, problem.n_equality):
            raise ProblemError("problem JSON: n_inequality or n_equality is not what the definition has")
        if np.isnan(values.f[0]):
            raise ProblemError("problem JSON: the objective is NaN at the centre of the box")
        source = problem_section(problem.system, problem.lower, problem.upper, problem.max_evals)
        return DescribedProblem.of(problem, "python", source)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        if isinstance(error, ProblemError):
            raise
        raise ProblemError(
            f"problem JSON: {type(error).__name__} ({error!s:.200}); give the column `problem` as it is"
        ) from error


def _check_definition(value: Any, name: str, depth: int) -> None:
    """Refuse what no definition of the set holds: it is made of numbers, and of a few known words.

    Source code is made of a definition, so nothing else may be in it.
    """
    if depth == 0:
        raise ProblemError(f"problem JSON: {name} is nested too deeply; give the column `problem` as it is")
    if isinstance(value, dict):
        for key, entry in value.items():
            if not (key.isascii() and key.isidentifier()):
                raise ProblemError(f"problem JSON: {name} has a field {key[:40]!a}, which is unknown")
            _check_definition(entry, f"{name}.{key[:40]}", depth - 1)
    elif isinstance(value, list):
        for number, entry in enumerate(value):
            _check_definition(entry, f"{name}[{number}]", depth - 1)
    elif isinstance(value, str):
        if value not in _WORDS:
            raise ProblemError(
                f"problem JSON: {name} is {value[:40]!a}, which is no function or constraint of the set"
            )
    elif isinstance(value, bool) or (
        value is not None and not (abs(value) <= 1e300 and math.isfinite(value))
    ):
        raise ProblemError(f"problem JSON: {name} is {json.dumps(value)[:40]}, expected a finite number")
