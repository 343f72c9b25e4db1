"""Probes of the landscape in words: what the fact line of a prompt says of them.

Each feature is one of few words or a power of ten, so that a small model can learn what they mean, and so that the last digits of
the values, which differ between machines, do not matter.
"""

from __future__ import annotations

import math

from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.profiling.probes import LandscapeFeatures, Probes, probe_problem

INFINITY = math.inf
# Upper limits of a feature, and the word for each range. No round numbers where simple functions give just these.
Words = tuple[tuple[float, str], ...]
UNDEFINED: Words = ((0.0, "none"), (0.1, "few"), (0.4, "some"), (INFINITY, "many"))
FEASIBLE: Words = ((0.0, "none"), (0.1, "few"), (0.5, "some"), (0.999, "most"), (INFINITY, "all"))
PLATEAUS: Words = ((0.0, "none"), (0.15, "few"), (0.5, "some"), (INFINITY, "many"))
TURNS: Words = ((0.0, "none"), (0.25, "few"), (0.6, "some"), (INFINITY, "many"))
PARABOLA: Words = ((1e-6, "exact"), (0.03, "close"), (0.3, "fair"), (INFINITY, "far"))
CONCAVE: Words = ((0.0, "none"), (0.5, "some"), (0.999, "most"), (INFINITY, "all"))
COUPLING: Words = (
    (1e-9, "separable"),
    (0.047, "weakly coupled"),
    (0.47, "coupled"),
    (INFINITY, "strongly coupled"),
)
WEIGHTS: Words = ((1.9, "even"), (3.7, "uneven"), (INFINITY, "dominated"))
MEDIAN: Words = ((0.11, "low"), (0.61, "mid"), (INFINITY, "high"))
NO_NOISE = 1e-10
POWERS = (-9, 9)  # the least and the largest power of ten that is written


def probe_words(probes: Probes, constrained: bool) -> str:
    """The words for evaluated probes, such as ``12 points, undefined none; plateaus none, noise none, ...``.

    Args:
        probes: of a problem.
        constrained: whether it has constraints.
    """
    first = [f"{len(probes.points)} points", f"undefined {_word(UNDEFINED, probes.undefined)}"]
    if constrained:
        first.append(f"feasible {_word(FEASIBLE, probes.feasible)}")
    groups = [", ".join(first), *_objective_words(probes.objective)]
    return "; ".join(group for group in groups if group)


def words_of_problem(problem: Problem) -> str | None:
    """The words for the probes of a problem, which are evaluated; None if its budget affords none."""
    probes = probe_problem(problem)
    return None if probes is None else probe_words(probes, problem.constrained)


def _objective_words(features: LandscapeFeatures) -> list[str]:
    surface = [
        _named("plateaus", PLATEAUS, features.equal),
        "noise none" if features.noise < NO_NOISE else _power("noise", features.noise),
        _power("slope", features.slope),
    ]
    shape = [
        _named("turns", TURNS, features.turns),
        _named("parabola", PARABOLA, features.misfit),
        _named("concave", CONCAVE, features.nonconvex),
    ]
    variables = [
        _power("conditioning", 10**features.conditioning),
        _word(COUPLING, features.mixed),
        _named("weights", WEIGHTS, features.dominance),
        _named("idle", UNDEFINED, features.idle),
    ]
    values = [_named("median", MEDIAN, features.skew), _power("range", 10**features.decades)]
    return [", ".join(word for word in group if word) for group in (surface, shape, variables, values)]


def _word(words: Words, value: float) -> str:
    """The word for a value; "" for NaN."""
    return next((word for limit, word in words if value <= limit), "")


def _named(name: str, words: Words, value: float) -> str:
    """The word after the feature's name; "" for NaN."""
    word = _word(words, value)
    return f"{name} {word}" if word else ""


def _power(name: str, value: float) -> str:
    """A positive value's power of ten after the feature's name; "" for NaN, "none" for 0."""
    if math.isnan(value):
        return ""
    if value <= 0:
        return f"{name} none"
    low, high = POWERS
    return (
        f"{name} 1e{min(max(round(math.log10(value)), low), high)}"
        if value < INFINITY
        else f"{name} 1e{high}"
    )
