"""Fact lines: exactly known facts of a problem, as the comment lines that end every prompt.

They come last, right before the answer: there a small model finds them, however long the description is, and a prompt that is cut
from the left, as tokenizers do, keeps them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from llamoco.dataset_builder.optimizers.catalogue import Config
from llamoco.dataset_builder.optimizers.configuration import configuration_for
from llamoco.dataset_builder.optimizers.pool import pool_for
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.profiling.operation_profile import FunctionProfile

# Names of the lines, in their order.
FACTS = (
    "dimension",
    "bounds",
    "variables",
    "starting point",
    "evaluation budget",
    "inequality constraints",
    "equality constraints",
    "evaluations per variable",
    "objective",
    "constraints",
    "probes",
)
BOUND_GROUPS = 3
# Upper limits of operations per variable, and the word for each range.
FREQUENCIES = ((0.3, "few"), (0.95, "some"), (1.5, "each"), (4.0, "several"), (float("inf"), "many"))
# Numbers that are parsed: a hostile prompt may state longer ones.
_DIM = re.compile(r"^# dimension: ([1-9]\d{0,3999})$", re.MULTILINE)
_BUDGET = re.compile(r"^# evaluation budget: (\d{1,4000})$", re.MULTILINE)
_INEQUALITY = re.compile(r"^# inequality constraints: (\d{1,4000})$", re.MULTILINE)
_EQUALITY = re.compile(r"^# equality constraints: (\d{1,4000})$", re.MULTILINE)


@dataclass(frozen=True)
class StatedFacts:
    """Facts on which the choice of a program depends, as a prompt states them.

    Attributes:
        dim: number of variables.
        max_evals: evaluation budget.
        constrained: whether there are constraints.
    """

    dim: int
    max_evals: int
    constrained: bool

    @cached_property
    def applicable(self) -> frozenset[str]:
        """Names of the optimizers that handle such a problem and afford its size."""
        handling = pool_for(self.constrained)
        return frozenset(o.name for o in handling if o.affords(self.dim, self.max_evals))

    def configuration(self, name: str) -> Config:
        """The configuration with which an optimizer was benchmarked on such problems."""
        return configuration_for(name, self.dim, self.max_evals, self.constrained)


def fact_lines(problem: Problem, known: bool = True, probes: str | None = None) -> str:
    """Write the fact lines of a problem; each ends with a newline.

    Dimension, bounds of the search box (equal ones of neighbours are written once, ``[-5, 5] x 3``; after 3 such groups the rest is left
    out), kinds of variables, whether there is a starting point, evaluation budget, numbers of constraints, and what the functions do
    with the variables (``Problem.profile``), such as ``degree 2, coupled; square each, product several``.

    Args:
        problem: the problem.
        known: whether what the functions do is stated where it is known; as "unknown" it is what much of people's own code gives.
        probes: what probes of its landscape tell (``probe_words``); None where nothing was probed.
    """
    profile = problem.profile if known else None
    stated = (
        str(problem.dim),
        _bounds(problem.lower, problem.upper),
        _kinds(problem.dim, *problem.variable_kinds),
        "given" if problem.has_start else "none",
        str(problem.max_evals),
        str(problem.n_inequality),
        str(problem.n_equality),
        str(round(problem.max_evals / problem.dim)),
        "unknown" if profile is None else _operations(profile.objective, problem.dim),
        "none"
        if not problem.constrained
        else "unknown"
        if profile is None
        else _operations(profile.constraints, problem.dim),
        probes or "none",
    )
    return "".join(f"# {name}: {fact}\n" for name, fact in zip(FACTS, stated, strict=True))


def parse_facts(prompt: str) -> StatedFacts | None:
    """Read dimension, budget and constraints from the fact lines of a prompt; None if any is missing.

    Where a description has lines that look like facts, the last ones count.
    """
    found = [pattern.findall(prompt) for pattern in (_DIM, _BUDGET, _INEQUALITY, _EQUALITY)]
    if not all(found):
        return None
    dim, max_evals, inequalities, equalities = (int(texts[-1]) for texts in found)
    return StatedFacts(dim, max_evals, inequalities + equalities > 0)


def facts_only(prompt: str) -> str:
    """The fact lines of a prompt, without its description: the prompt for a file that is too long for a model."""
    return prompt[prompt.rfind(f"\n# {FACTS[0]}: ") + 1 :]


def part_of(prompt: str, part: str) -> str:
    """A prompt's "description", its "facts", or "both".

    Raises:
        ValueError: there is no such part.
    """
    facts = facts_only(prompt)
    parts = {"both": prompt, "facts": facts, "description": prompt.removesuffix(facts)}
    if part not in parts:
        raise ValueError(f"a prompt has no part {part!r}, expected one of {', '.join(parts)}")
    return parts[part]


def with_unknown_functions(facts: str, probes: str | None) -> str:
    """Fact lines as they are where the functions cannot be traced: operations unknown, and probes in their place.

    Args:
        facts: fact lines (``fact_lines``), without a description.
        probes: what probes of the problem's landscape tell (``probe_words``); None where its budget affords none.
    """
    functions = r"(objective|constraints): (?!none$).+"
    facts = re.sub(rf"^# {functions}$", r"# \1: unknown", facts, flags=re.MULTILINE)
    return re.sub(r"^# probes: .+$", lambda line: f"# probes: {probes or 'none'}", facts, flags=re.MULTILINE)


def _operations(profile: FunctionProfile, dim: int) -> str:
    """Degrees of polynomial functions, coupling of the variables, frequency of each operation."""
    kinds = Counter("no polynomial" if degree is None else f"degree {degree}" for degree in profile.degrees)
    shapes = ", ".join(
        f"{count} of {kind}" if len(profile.degrees) > 1 else kind for kind, count in sorted(kinds.items())
    )
    coupling = (
        "separable"
        if profile.mean_interactions == 0
        else "coupled"
        if profile.mean_interactions > 0.8 * (dim - 1)
        else "partly coupled"
    )
    operations = ", ".join(
        f"{name} {next(word for limit, word in FREQUENCIES if count / dim <= limit)}"
        for name, count in profile.operations.items()
    )
    return f"{shapes}, {coupling}; {operations or 'linear'}"


def _kinds(dim: int, whole: int, stepped: int) -> str:
    """Kinds of variables: ``continuous``, ``integer``, ``2 of 5 integer, 1 stepped``."""
    counts = [(whole, "integer"), (stepped, "stepped")]
    said = [(count, kind) for count, kind in counts if count]
    if not said:
        return "continuous"
    if said[0][0] == dim:
        return said[0][1]
    (count, kind), *rest = said
    return ", ".join([f"{count} of {dim} {kind}", *(f"{count} {kind}" for count, kind in rest)])


def _bounds(lower: Sequence[float], upper: Sequence[float]) -> str:
    groups = [(pair, len(list(same))) for pair, same in groupby(zip(lower, upper, strict=True))]
    texts = [
        f"[{low:.6g}, {high:.6g}]" + (f" x {count}" if count > 1 else "") for (low, high), count in groups
    ]
    return ", ".join([*texts[:BOUND_GROUPS], *(["..."] if len(texts) > BOUND_GROUPS else [])])
