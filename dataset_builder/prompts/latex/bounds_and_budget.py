"""Bounds and budget in LaTeX, in the forms that people use."""

from __future__ import annotations

from itertools import groupby

from llamoco.dataset_builder.prompts.latex.declarations import kinds, start_sentence
from llamoco.dataset_builder.prompts.latex.expressions import signed
from llamoco.dataset_builder.prompts.latex.parts import Parts

BUDGETS = {
    "english": (
        "Evaluation budget: @.",
        "Budget: $@$ function evaluations.",
        "At most @ function evaluations are allowed.",
        "The number of function evaluations is limited to $@$.",
        "No more than $@$ evaluations may be used.",
        "$N_{\\max} = @$ evaluations.",
        "The evaluation budget is @.",
        "Maximum number of function evaluations: @.",
        "We can afford @ evaluations of the objective.",
        "$\\mathrm{MaxFEs} = @$.",
        "The objective may be evaluated at most @ times.",
        "Up to @ function evaluations are available.",
    ),
    "terse": ("Budget @ evals.", "max @ FEs", "$\\text{MaxFEs} = @$", "budget: @ f-evals"),
    "german": (
        "Budget: @ Auswertungen.",
        "Es sind $@$ Funktionsauswertungen erlaubt.",
        "Höchstens @ Auswertungen.",
    ),
    "french": ("Budget : @ évaluations.", "Au plus @ évaluations de la fonction."),
    "spanish": ("Presupuesto: @ evaluaciones.", "Como máximo @ evaluaciones de la función."),
}


def bounds(parts: Parts) -> list[str]:
    """Bounds, and sets of values where variables are whole numbers or take steps, as formulas."""
    return [*_box(parts), *kinds(parts)]


def _box(parts: Parts) -> list[str]:
    variables = parts.declared
    pairs = list(zip(variables.lower, variables.upper, strict=True))
    letter, le, form = parts.letters["x"], parts.style.le, parts.rng.integer(0, 5)
    n = parts.problem.dim
    size = parts.size if n > 2 else str(n)
    if len(set(pairs)) == 1:
        low, high = (signed(v, False) for v in pairs[0])
        if form in (0, 1) or (form == 2 and parts.vectors):
            return [f"{parts.x} \\in [{low}, {high}]^{{{parts.size}}}"]
        middle = f"{letter}_{parts.index}"
        if form == 5:
            end = size if len(size) == 1 else f"{{{size}}}"
            return [f"{low} {le} {letter}_1, {parts.style.dots}, {letter}_{end} {le} {high}"]
        statement = f"{middle} \\in [{low}, {high}]" if form == 3 else f"{low} {le} {middle} {le} {high}"
        if form == 4 and n > 2:
            return [f"{statement} \\quad \\forall {parts.index} \\in \\{{1, {parts.style.dots}, {size}\\}}"]
        return [f"{statement},\\ {parts.range('1', size)}"]
    runs: list[tuple[int, int, tuple[float, float]]] = []
    at = 1
    for pair, members in groupby(pairs):
        count = len(list(members))
        runs.append((at, at + count - 1, pair))
        at += count
    if (parts.matrices and n <= 12) or (len(runs) > 4 and form < 2):
        lows, highs = (parts.listed(side) for side in (variables.lower, variables.upper))
        if parts.matrices and n <= 5:
            return [f"{lows} {le} {parts.x} {le} {highs}"]
        return [f"\\ell {le} {parts.x} {le} U", f"\\ell = {lows}", f"U = {highs}"]
    result = []
    for first, last, pair in runs:
        low, high = (signed(v, False) for v in pair)
        if first == last:
            name = f"{letter}_{first}" if first < 10 else f"{letter}_{{{first}}}"
        else:
            name = f"{letter}_{parts.index}"
        statement = f"{low} {le} {name} {le} {high}" if form % 2 else f"{name} \\in [{low}, {high}]"
        result.append(statement if first == last else f"{statement}\\ ({parts.range(str(first), str(last))})")
    return result


def budget(parts: Parts, language: str = "english") -> str:
    """Sentence that states the budget, and perhaps one that states the starting point.

    Args:
        parts: the problem in its notation.
        language: one of ``BUDGETS``.
    """
    value = parts.problem.max_evals
    grouped = language == "english" and value >= 1000 and parts.rng.chance(0.2)
    text = f"{value // 1000}{{,}}{value % 1000:03d}" if grouped else str(value)
    stated = parts.rng.choice(BUDGETS[language]).replace("@", text)
    start = start_sentence(parts, language)
    return f"{start} {stated}" if start else stated
