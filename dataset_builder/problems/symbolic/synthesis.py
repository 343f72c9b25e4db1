"""Synthetic problems (paper, section III-A1): compositions of basic functions (Eq. 2) and families of objectives, constraints.

Every draw comes from a stream named by seed and number: problem 12 of seed 0 is the same whatever else is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.functions.constraints import Box
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.references import with_drawn_references
from llamoco.dataset_builder.problems.symbolic.drawn_bounds import draw_inside
from llamoco.dataset_builder.problems.symbolic.drawn_components import (
    DrawnObjective,
    draw_components,
    draw_typical,
)
from llamoco.dataset_builder.problems.symbolic.drawn_constraints import draw_constraints
from llamoco.dataset_builder.problems.symbolic.families import draw_family
from llamoco.dataset_builder.problems.symbolic.printed_length import printed_length
from llamoco.dataset_builder.problems.symbolic.terms import draw_terms
from llamoco.dataset_builder.problems.symbolic.variable_kinds import (
    draw_variables,
    is_stepped,
    variables_within,
)

# Budgets: log-uniform, a few beyond. Forum questions state 20 to some hundred runs of a simulation, textbook suites 10^3 to 10^5.
FEWEST_EVALS, MOST_EVALS, TAIL_EVALS = 20, 20_000, 100_000
TAIL_SHARE = 0.03
# Shares of characters. Of the questions that people ask in public and of the realistic suites, the greater part is smooth (design
# formulas, fits, simulations), hardly any a sum of cosines; half of the textbook suites is rugged. Families stand for the questions.
FAMILY_SHARE = 0.25
CHARACTER_SHARES = {"smooth": 0.44, "rugged": 0.31, "nonsmooth": 0.09, "stepwise": 0.06, "mixed": 0.1}
# Shares of terms: whoever has a simulation has failed runs and noise, whoever has constraints often has them as penalties. Larger
# than the shares that are wanted in the set (``terms.TERM_SHARES``), since such draws are rejected more often.
TERM_SHARES = {"penalty": 0.085, "undefined": 0.075, "ripple": 0.055, "kink": 0.04, "plateau": 0.035}
# Who has many evaluations has more variables, mostly: evaluations per variable beyond which a smooth problem, and below which any
# other, is rare. With half as many evaluations as variables nobody begins.
SMOOTH_MOST, OTHER_LEAST, LEAST = 150, 15, 2
SUITABLE_SHARE = 0.5
FEW_VARIABLES, MOST_VARIABLES = 5, 50
FAMILY_VARIABLES, MANY_FAMILY_VARIABLES, MANY_SHARE = 12, 30, 0.15
# Characters of a prompt, estimated: some pattern of each language keeps within the limit of 2,400.
LONGEST = 2150

Definition = dict[str, Any]


def draw_set(seed: int, count: int, constrained: bool) -> list[Problem]:
    """Problems number 0 to count - 1 of a seed."""
    return [draw_problem(seed, number, constrained) for number in range(count)]


def draw_problem(seed: int, number: int, constrained: bool) -> Problem:
    """Problem ``number`` of a seed, with its references as far as they are known without a benchmark.

    f* is 0 where all components share their minimum and no constraint, term or kind of variable moves it; elsewhere it is
    None until a benchmark fills it in. A draw whose middle of the box or whose starting point scores w > 0.9 is drawn again, with
    the same budget and character, so that their shares stay what they are said to be.
    """
    identifier = f"{'c' if constrained else 'nc'}-{seed}-{number:05d}"
    rng = PortableRng("budget", identifier)
    max_evals = _draw_budget(rng)
    if rng.chance(FAMILY_SHARE):
        character = "family"
    else:
        character = rng.choice(tuple(CHARACTER_SHARES), tuple(CHARACTER_SHARES.values()))
    attempt = 0
    while True:
        problem = _attempt(
            identifier, PortableRng("problem", identifier, attempt), max_evals, character, constrained
        )
        if problem is not None:
            return problem
        attempt += 1


def _draw_budget(rng: PortableRng) -> int:
    level, tail = rng.unit(), rng.chance(TAIL_SHARE)
    low, high = (MOST_EVALS, TAIL_EVALS) if tail else (FEWEST_EVALS, MOST_EVALS)
    return int(low * (high / low) ** level + 0.5)


@dataclass(frozen=True)
class _Draft:
    """An objective before variables, terms and constraints.

    Attributes:
        definition: its JSON, perhaps with constraints of a family.
        box: the person's own bounds.
        optima: points (D,) that are good; one, or the same ones, where their value is the minimum 0.
        optimum: the best of them.
        certified: a point (D,) from which the bounds of constraints follow.
        exact: whether 0 at the common minimum of the components is f*.
    """

    definition: Definition
    box: Box
    optima: list[np.ndarray]
    optimum: np.ndarray
    certified: np.ndarray
    exact: bool


def _attempt(
    identifier: str, rng: PortableRng, max_evals: int, character: str, constrained: bool
) -> Problem | None:
    """One draw; None if it is to be rejected."""
    dim = _draw_dim(rng, character, max_evals)
    draft = (
        _draft_family(rng, dim, constrained)
        if character == "family"
        else _draft_composition(rng, character, dim)
    )
    if draft is None:
        return None
    definition, box = draft.definition, draft.box
    exact = draft.exact
    typical = draw_typical(definition, box, rng)
    if not 0 < typical < float("inf"):
        return None
    terms = draw_terms(rng, box, typical, TERM_SHARES)
    if terms:
        definition["terms"] = terms
        exact = False
    variables = draw_variables(rng, box, draft.optimum, mixed_only=constrained)
    if variables:
        definition["variables"] = variables
        exact = exact and not is_stepped(definition)
    searched = variables_within(box, variables)
    feasible_point = None
    if constrained:
        certified = searched.to_original(draft.certified)
        if not draw_constraints(
            rng, definition, box, draft.optimum, certified, character == "rugged", LONGEST
        ):
            return None
        feasible_point = tuple(certified.tolist())
    if printed_length(definition, box) > LONGEST:
        return None
    problem = Problem(
        id=identifier,
        kind="synthetic",
        lower=tuple(searched.lower.tolist()),
        upper=tuple(searched.upper.tolist()),
        max_evals=max_evals,
        n_inequality=len(definition["inequalities"]),
        n_equality=len(definition["equalities"]),
        definition=definition,
        feasible_point=feasible_point,
    )
    return with_drawn_references(problem, draft.optima, draft.optimum, exact)


def _draft_composition(rng: PortableRng, character: str, dim: int) -> _Draft | None:
    drawn: DrawnObjective | None = draw_components(rng, character, dim)
    if drawn is None:
        return None
    bounds = drawn.bounds
    return _Draft(
        drawn.definition,
        bounds.box,
        drawn.optima,
        drawn.optimum,
        draw_inside(rng, bounds.box, bounds.kind == "log"),
        len({point.tobytes() for point in drawn.optima}) == 1,
    )


def _draft_family(rng: PortableRng, dim: int, constrained: bool) -> _Draft:
    drawn = draw_family(rng, dim, constrained)
    return _Draft(
        drawn.definition, drawn.box, drawn.points, drawn.points[0], drawn.feasible_point, exact=False
    )


def _draw_dim(rng: PortableRng, character: str, max_evals: int) -> int:
    """Number of variables in [2, 50]; smooth problems are larger. Families have those of their members."""
    if character == "family":
        most = MANY_FAMILY_VARIABLES if rng.chance(MANY_SHARE) else FAMILY_VARIABLES
        return int(2 * ((most + 1) / 2) ** rng.unit())
    low, high = 2.0, float(min(max(FEW_VARIABLES, max_evals // LEAST), MOST_VARIABLES))
    if rng.chance(SUITABLE_SHARE):
        if character == "smooth":
            low = min(max(low, max_evals / SMOOTH_MOST), 0.5 * high)
        else:
            high = min(max(FEW_VARIABLES, max_evals // OTHER_LEAST), high)
    return int(low * ((high + 1) / low) ** (rng.unit() ** (0.6 if character == "smooth" else 0.85)))
