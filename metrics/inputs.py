"""What the metric is given, checked before anything runs: every flaw is a ValueError that names its place."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Set
from contextlib import suppress
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.problem import Problem


def listed(name: str, given: Any) -> list[Any]:
    """The entries of a list, tuple, array, or column of a dataset.

    Raises:
        ValueError: if it is none, or has no entries.
    """
    whole = isinstance(given, str | bytes | Mapping | Set) or not isinstance(given, Iterable)
    entries = [] if whole or not hasattr(given, "__len__") else list(given)
    if not entries:
        raise ValueError(f"{name} has to be a list with at least one entry, got {given!r:.60}")
    return entries


def pairs(predictions: Any, references: Any) -> tuple[list[str], list[str]]:
    """Programs and their problems, checked.

    Raises:
        ValueError: if these are no lists of texts, of one length, or a reference is no problem on which a program can
            be run and scored.
    """
    programs, problems = listed("predictions", predictions), listed("references", references)
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
    seen: set[str] = set()
    for number, text in enumerate(problems):
        if text not in seen:
            _check_problem(number, text)
            seen.add(text)
    return [_storable(text) for text in programs], [_storable(text) for text in problems]


def _storable(text: str) -> str:
    """The text with half characters (lone surrogates), which no file can hold, replaced by U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _check_problem(number: int, text: str) -> None:
    """Refuse a reference that is no problem, or one on which nothing can be run or scored."""
    try:
        problem = Problem.from_json(text)
        flaw = _flaw(problem)
    except ProblemError as error:
        flaw = str(error)
    except Exception as error:  # a field of another type
        flaw = f"a field is not what it has to be ({type(error).__name__}: {error})"
    if flaw:
        raise ValueError(f"references[{number}]: {flaw}. Give the dataset's column 'problem'.")


def _flaw(problem: Problem) -> str | None:
    """What keeps a problem from being run and scored; None if nothing does."""
    if not isinstance(problem.id, str):
        return f"id has to be a text, got {problem.id!r:.60}"
    if problem.lower_array.shape != problem.upper_array.shape or not problem.dim:
        return f"lower and upper have {len(problem.lower)} and {len(problem.upper)} entries"
    if (
        not (problem.lower_array < problem.upper_array).all()
        or not np.isfinite(np.array([problem.lower, problem.upper])).all()
    ):
        return "lower has to be below upper, both finite"
    whole("max_evals", problem.max_evals, 1)
    references = [value for value in (problem.f0, problem.f_star) if value is not None]
    if not np.isfinite(np.array(references, dtype=float)).all():
        return "f0 and f_star have to be finite numbers, or null"
    if len(references) == 2 and not references[0] > references[1]:
        return f"f0, {references[0]!r}, has to be above f_star, {references[1]!r}"
    _, g, h = problem.evaluate((problem.lower_array + problem.upper_array)[None, :] / 2)
    if (g.shape[1], h.shape[1]) != (problem.n_inequality, problem.n_equality):
        return "n_inequality and n_equality are not the numbers of its constraints"
    return None


def repairs(given: Any) -> list[str | None]:
    """Programs after one repair turn, None where there is none.

    Raises:
        ValueError: if it is no list of those.
    """
    entries = listed("repairs", given)
    for number, text in enumerate(entries):
        if not isinstance(text, str | None):
            raise ValueError(
                f"repairs[{number}] is of type {type(text).__name__}: give a program's text, or None"
            )
    return [text if text is None else _storable(text) for text in entries]


def check_lengths(count: int, options: Mapping[str, Any]) -> None:
    """Refuse repairs and tokens that are not one a prediction.

    Raises:
        ValueError: naming which.
    """
    for name in ("repairs", "tokens"):
        given = options[name]
        if given is not None and len(given) != count:
            raise ValueError(f"{name} has {len(given)} entries for {count} predictions: give one each")


def whole(name: str, value: Any, least: int, most: int | None = None) -> int:
    """A whole number in a range; True and 2.0 are none.

    Raises:
        ValueError: if it is none.
    """
    number = None
    if not isinstance(value, bool):
        with suppress(TypeError):
            number = operator.index(value)
    if number is None:
        raise ValueError(f"{name} has to be a whole number, got {value!r:.60}")
    if number < least or (most is not None and number > most):
        limits = f"at least {least}" if most is None else f"from {least} to {most}"
        raise ValueError(f"{name} has to be {limits}, got {number}")
    return number
