"""Kinds of problems, for reports: who wins where, and how well labels repeat there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import fmean
from typing import Any

from llamoco.dataset_builder.benchmark.labels import Label
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.symbolic.families import FAMILIES
from llamoco.dataset_builder.problems.symbolic.observations import observations

BUDGETS = (100, 1000, 5000, 20_000)
DIMENSIONS = (5, 15)
MANY_CONSTRAINTS = 10
SHOWN_WINNERS = 5


def kinds_of(problem: Problem) -> list[str]:
    """The kinds that a synthetic problem belongs to: several, of form, observations, terms, variables, constraints and size."""
    definition = problem.definition
    components = definition["components"]
    if definition["form"] == "family":
        form = f"family: {FAMILIES[definition['family']].group}"
    else:
        form = f"form: {definition['form']}"
    seen = observations(definition, problem.dim)
    traits = {
        "rotated": any(c.get("rotation") or c.get("reflection") for c in components),
        "scaled": any(c.get("scaling") for c in components),
        "log scale": any(c.get("log") for c in components),
        "rounded": any(c.get("rounding") for c in components),
        "integer or stepped": bool((definition.get("variables") or {}).keys() & {"integer", "step"}),
        "starting point": problem.start is not None,
        "equalities": problem.n_equality > 0,
        "many constraints": problem.n_inequality + problem.n_equality >= MANY_CONSTRAINTS,
        **{f"term: {record['kind']}": True for record in definition.get("terms", [])},
    }
    modality = "unimodal" if seen.unimodal else "multimodal"
    return [
        form,
        f"objective: {'smooth' if seen.smooth else 'rough'}, {modality}, {'separable' if seen.separable else 'coupled'}",
        *(name for name, holds in traits.items() if holds),
        f"budget: {_range(problem.max_evals, BUDGETS)}",
        f"variables: {_range(problem.dim, DIMENSIONS)}",
    ]


def _range(value: int, limits: Sequence[int]) -> str:
    above = [limit for limit in limits if value > limit]
    within = [limit for limit in limits if value <= limit]
    if not within:
        return f"> {limits[-1]:,}"
    return f"<= {within[0]:,}" if not above else f"{above[-1] + 1:,} to {within[0]:,}"


def kind_report(labels: Sequence[Label]) -> dict[str, Any]:
    """By kind: number of problems, winners, ties, and labels that repeat.

    Args:
        labels: of one group.

    Returns:
        By kind, ascending: problems; wins (share of each winner, the most frequent first); ties (share); untied (problems raced twice
        without a tie) and repeat (share of these where the same optimizer wins; None without any).
    """
    members: dict[str, list[Label]] = {}
    for label in labels:
        for kind in kinds_of(label.problem):
            members.setdefault(kind, []).append(label)
    report = {}
    for kind, mine in sorted(members.items()):
        wins = Counter(label.optimizer for label in mine).most_common(SHOWN_WINNERS)
        untied = [x for x in mine if x.repeat is not None and not (x.tie or x.repeat.tie)]
        same = [x.repeat is not None and x.optimizer == x.repeat.optimizer for x in untied]
        report[kind] = {
            "problems": len(mine),
            "wins": {name: count / len(mine) for name, count in wins},
            "ties": fmean(label.tie for label in mine),
            "untied": len(untied),
            "repeat": fmean(same) if same else None,
        }
    return report
