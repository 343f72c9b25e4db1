"""What a synthetic problem's objective is like: what the decision line of an answer says of it."""

from __future__ import annotations

from typing import Any, NamedTuple

from llamoco.dataset_builder.problems.functions.catalogue import FUNCTIONS
from llamoco.dataset_builder.problems.symbolic.families import family_observations
from llamoco.dataset_builder.problems.symbolic.terms import terms_observations
from llamoco.dataset_builder.problems.symbolic.variable_kinds import is_stepped


class Observations(NamedTuple):
    """Whether an objective is smooth (continuously differentiable), has one minimum, is a sum of functions of one variable each."""

    smooth: bool
    unimodal: bool
    separable: bool


def observations(definition: dict[str, Any], dim: int) -> Observations:
    """Observations of the objective of a definition in ``dim`` variables.

    All basic functions have to be smooth, of one minimum, or separable and not rotated. Rounding and stepped variables are not smooth.
    """
    if definition["form"] == "family":
        found = Observations(*family_observations(definition, dim))
    else:
        components = definition["components"]
        functions = [FUNCTIONS[component["function"]] for component in components]
        rotated = any(component.get("rotation") or component.get("reflection") for component in components)
        worst = definition["form"] == "maximum"
        found = Observations(
            all(f.smooth for f in functions) and not worst,
            all(f.unimodal for f in functions),
            all(f.separable for f in functions) and not rotated and not worst,
        )
        if any(component.get("rounding") for component in components):
            found = found._replace(smooth=False)
    added = Observations(*terms_observations(definition.get("terms", [])))
    return Observations(
        found.smooth and added.smooth and not is_stepped(definition),
        found.unimodal and added.unimodal,
        found.separable and added.separable,
    )
