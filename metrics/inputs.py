"""Checks of the metric's arguments before anything runs; each flaw is a ValueError that names its place."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Set
from contextlib import suppress
from typing import Any

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.printable import printable
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.problem_fields import checked_fields, problem_record
from llamoco.dataset_builder.prompts.program_text import clean_text, syntax_tree

MAX_SEED = 2**63 - 1
MAX_RUNS = 1_000_000
MAX_WORKERS = 10_000
MAX_TOKENS = 10**12  # of a prediction; sums of them are exact floats
MAX_EVALS = 10**9
MAX_DIM = 10_000  # variables, and constraints
MAX_DEFINITION = 1_000_000  # characters of a person's text


def check_list(name: str, given: Any) -> list[Any]:
    """The entries of a list, tuple, array, or column of a dataset.

    Raises:
        ValueError: if it is not one of these, or is empty.
    """
    scalar = isinstance(given, str | bytes | Mapping | Set) or not isinstance(given, Iterable)
    entries = [] if scalar or not hasattr(given, "__len__") else list(given)
    if not entries:
        raise ValueError(f"{name} has to be a list with at least one entry, got {given!r:.60}")
    return entries


def check_pairs(predictions: Any, references: Any) -> tuple[list[str], list[str]]:
    """Check programs and their problems.

    Raises:
        ValueError: if these are not lists of texts of the same length, or a program cannot be run and scored on one
            of the references.
    """
    programs, problems = check_list("predictions", predictions), check_list("references", references)
    for name, entries, what in (
        ("predictions", programs, "a program's text"),
        ("references", problems, "a problem as JSON text"),
    ):
        for number, text in enumerate(entries):
            if not isinstance(text, str):
                raise ValueError(f"{name}[{number}] is of type {type(text).__name__}: give {what}")
    if len(programs) != len(problems):
        raise ValueError(
            f"{len(programs)} predictions for {len(problems)} references: give one problem for each"
        )
    programs, problems = [clean_text(text) for text in programs], [clean_text(text) for text in problems]
    seen: set[str] = set()
    for number, text in enumerate(problems):
        if text not in seen:
            _check_problem(number, text)
            seen.add(text)
    return programs, problems


def _check_problem(number: int, text: str) -> None:
    """Reject a reference on which nothing can be run and scored.

    A person's text (kind source) is not executed: what it does when it runs is known when it runs (``reference``).
    """
    try:
        flaw = _flaw(Problem(**checked_fields(problem_record(text))))
    except ProblemError as error:
        flaw = str(error)
    except Exception as error:  # the definition of a problem of the set is none
        flaw = f"its definition cannot be evaluated ({type(error).__name__}: {error})"
    if flaw:
        raise ValueError(
            f"references[{number}]: {printable(flaw, 500)}. Give the dataset's column 'problem'."
        )


def _flaw(problem: Problem) -> str | None:
    """The reason why a problem cannot be run and scored; None if it can."""
    if problem.dim > MAX_DIM:
        return f"it has {problem.dim} variables; at most {MAX_DIM} are taken"
    if not (problem.lower_array < problem.upper_array).all():
        return "lower has to be below upper for each variable"
    check_int("max_evals", problem.max_evals, 1, MAX_EVALS)
    for name in ("n_inequality", "n_equality"):
        check_int(name, getattr(problem, name), 0, MAX_DIM)
    if problem.f0 is not None and problem.f_star is not None and not problem.f0 > problem.f_star:
        return f"f0, {problem.f0!r}, has to be above f_star, {problem.f_star!r}"
    return _flaw_of_text(problem) if problem.kind == "source" else _flaw_of_values(problem)


def _flaw_of_text(problem: Problem) -> str | None:
    """The flaw of a person's text, as far as it shows without execution; None if it has none."""
    language = next((name for name in ("python", "latex") if name in problem.definition), None)
    if language is None:
        return "definition of a problem of kind source has to hold its text as 'python' or 'latex'"
    text = problem.definition[language]
    if not isinstance(text, str):
        return f"definition.{language} is of type {type(text).__name__}: give the problem's text"
    if len(text) > MAX_DEFINITION:
        return f"definition.{language} has {len(text):,} characters; at most {MAX_DEFINITION:,} are taken"
    if language == "python" and syntax_tree(text, MAX_DEFINITION) is None:
        return "definition.python is not valid Python"
    return None


def _flaw_of_values(problem: Problem) -> str | None:
    _, g, h = problem.evaluate((problem.lower_array + problem.upper_array)[None, :] / 2)
    if (g.shape[1], h.shape[1]) != (problem.n_inequality, problem.n_equality):
        return "n_inequality and n_equality are not the numbers of its constraints"
    return None


def check_repairs(given: Any) -> list[str | None]:
    """Check programs after one repair turn; None where there was none.

    Raises:
        ValueError: if it is not a list of these.
    """
    entries = check_list("repairs", given)
    for number, text in enumerate(entries):
        if not isinstance(text, str | None):
            raise ValueError(
                f"repairs[{number}] is of type {type(text).__name__}: give a program's text, or None"
            )
    return [text if text is None else clean_text(text) for text in entries]


def check_lengths(count: int, options: Mapping[str, Any]) -> None:
    """Reject repairs and tokens unless there is one for each prediction.

    Raises:
        ValueError: naming which.
    """
    for name in ("repairs", "tokens"):
        given = options[name]
        if given is not None and len(given) != count:
            raise ValueError(f"{name} has {len(given)} entries for {count} predictions: give one each")


def check_int(name: str, value: Any, least: int, most: int | None = None) -> int:
    """Check an integer in a range; True and 2.0 are not integers.

    Raises:
        ValueError: if it is not one.
    """
    number = None
    if not isinstance(value, bool):
        with suppress(TypeError):
            number = operator.index(value)
    if number is None:
        raise ValueError(f"{name} has to be a whole number, got {printable(repr(value), 60)}")
    if number < least or (most is not None and number > most):
        limits = f"at least {least}" if most is None else f"from {least} to {most}"
        raise ValueError(f"{name} has to be {limits}, got {_shortened(number)}")
    return number


def _shortened(number: int) -> str:
    """An integer for a message; Python refuses to write thousands of digits."""
    return str(number) if number.bit_length() < 200 else f"a number of {number.bit_length()} bits"
