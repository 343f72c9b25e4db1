"""Kinds of variables and the starting point in LaTeX, in the forms that people use."""

from __future__ import annotations

from itertools import groupby

from llamoco.dataset_builder.problems.symbolic.variable_kinds import short_number
from llamoco.dataset_builder.prompts.latex.expressions import signed
from llamoco.dataset_builder.prompts.latex.parts import Parts

LISTED_VALUES = 5  # up to here all values of a variable may be listed
LISTED_NAMES = 8  # up to here variables may be listed by name rather than by an index that runs
STARTS = {
    "english": (
        "Starting point: @.",
        "The starting point is @.",
        "Initial guess: @.",
        "Start from @.",
        "We start at @.",
        "The search starts at @.",
        "Initial point @.",
        "My initial guess is @.",
    ),
    "terse": ("start: @;", "@;"),
    "german": ("Startpunkt: @.", "Startwert @."),
    "french": ("Point de départ : @.", "Point initial : @."),
    "spanish": ("Punto inicial: @.", "Punto de partida: @."),
}


def kinds(parts: Parts) -> list[str]:
    """Formulas that say which variables are whole numbers or take steps; none where all are continuous."""
    variables = parts.declared
    result: list[str] = []
    whole = list(variables.integer)
    if whole:
        dim = variables.dim
        listed = parts.rng.chance(0.3)
        if listed:
            result += _in_sets(parts, [(k, 1.0) for k in whole])
        elif len(whole) == dim and parts.rng.chance(0.6):
            result.append(f"{parts.x} \\in \\mathbb{{Z}}^{{{parts.size}}}")
        elif len(whole) <= LISTED_NAMES and parts.rng.chance(0.35):
            result.append(f"{', '.join(_names(parts, whole))} \\text{{ integer}}")
        else:
            result.append(_members(parts, whole, "\\mathbb{Z}"))
    return result + _in_sets(parts, [(k, s) for k, s in enumerate(variables.steps) if s])


def start_sentence(parts: Parts, language: str) -> str:
    """Sentence that states the starting point; "" if there is none.

    Args:
        parts: the problem in its notation.
        language: one of ``STARTS``.
    """
    start = parts.declared.start
    if start is None:
        return ""
    rng = parts.rng
    marks = ("^{(0)}", "^{(0)}", "_0", "^0", "_{0}")
    if len(start) > 3 and len(set(start)) == 1:
        value = signed(start[0], False)
        listed = f"({value}, {parts.style.dots}, {value})"
    else:
        listed = parts.listed(start)
    formula = f"{parts.x}{rng.choice(marks)} = {listed}"
    return rng.choice(STARTS[language]).replace("@", f"${formula}$")


def _in_sets(parts: Parts, stepped: list[tuple[int, float]]) -> list[str]:
    """``x_i \\in \\{a, a + s, \\dots, b\\}`` for variables (0-based) and their steps, those of equal values together."""
    variables = parts.declared
    sets: dict[tuple[float, float, float], list[int]] = {}
    for k, step in stepped:
        sets.setdefault((variables.lower[k], variables.upper[k], step), []).append(k)
    return [_members(parts, places, _set(parts, *values)) for values, places in sets.items()]


def _set(parts: Parts, low: float, high: float, step: float) -> str:
    count = round((high - low) / step) + 1
    places = range(count) if count <= LISTED_VALUES else (0, 1, count - 1)
    largest = max(abs(low), abs(high), step)
    texts = [signed(short_number(low + k * step, largest), False) for k in places]
    if count <= LISTED_VALUES:
        return f"\\{{{', '.join(texts)}\\}}"
    return f"\\{{{texts[0]}, {texts[1]}, {parts.style.dots}, {texts[2]}\\}}"


def _members(parts: Parts, places: list[int], values: str) -> str:
    """Variables (0-based) in a set: their names one by one, or an index that runs."""
    if len(_runs(places)) == 1 and len(places) > 2:
        first, last = places[0] + 1, places[-1] + 1
        letter = parts.letters["x"]
        return f"{letter}_{parts.index} \\in {values},\\ {parts.range(str(first), str(last))}"
    return f"{', '.join(_names(parts, places))} \\in {values}"


def _names(parts: Parts, places: list[int]) -> list[str]:
    letter = parts.letters["x"]
    return [f"{letter}_{k + 1}" if k < 9 else f"{letter}_{{{k + 1}}}" for k in places]


def _runs(places: list[int]) -> list[list[int]]:
    """Neighbours together."""
    groups = groupby(enumerate(places), key=lambda pair: pair[1] - pair[0])
    return [[place for _, place in members] for _, members in groups]
