"""Coverage: whether problems from elsewhere lie inside the problem set P, by nearest-neighbour distance.

A problem is a vector of its facts (size, budget, constraints, operations by tracing) and of probes of its landscape. Each
feature is scaled by its spread over P. A problem from elsewhere lies inside P if its nearest neighbour in P is no farther
than what 95% of P's own problems have (each without itself).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist

from llamoco.dataset_builder.analysis.prompt_facts import stated_features, traced_features
from llamoco.dataset_builder.benchmark.provenance import environment
from llamoco.dataset_builder.optimizers.catalogue import GROUPS, group_of
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.profiling.probe_points import MOST
from llamoco.dataset_builder.problems.profiling.probes import probe_numbers, probe_problem
from llamoco.dataset_builder.problems.suites.suite import load_suite
from llamoco.dataset_builder.problems.symbolic.synthesis import draw_problem

INSIDE_QUANTILE = 0.95
LARGEST = 4.0  # of a scaled feature: beyond, one feature would decide the distance alone


@dataclass(frozen=True)
class Coverage:
    """Distances of problems from elsewhere to P.

    Attributes:
        limit: distance within which ``INSIDE_QUANTILE`` of P's own problems have their nearest neighbour.
        distances: to the nearest neighbour in P, by problem id.
        nearest: id of that neighbour, by problem id.
    """

    limit: float
    distances: dict[str, float]
    nearest: dict[str, str]

    @property
    def inside(self) -> float:
        """Share of the problems that lie inside P."""
        return float(np.mean([distance <= self.limit for distance in self.distances.values()]))


def coverage(drawn: Sequence[Problem], others: Sequence[Problem]) -> Coverage:
    """Distances of ``others`` to the problems of the same group in ``drawn``, a sample of P.

    Args:
        drawn: problems of P, of one group.
        others: problems from elsewhere, of the same group; their functions are executed.
    """
    own, foreign = _features(drawn), _features(others)
    middle = np.median(own, axis=0)
    spread = own.std(axis=0)
    kept = spread > 0
    scaled, wanted = (
        np.clip((rows[:, kept] - middle[kept]) / spread[kept], -LARGEST, LARGEST) for rows in (own, foreign)
    )
    within = cdist(scaled, scaled) / np.sqrt(scaled.shape[1])
    np.fill_diagonal(within, np.inf)
    limit = float(np.quantile(within.min(axis=1), INSIDE_QUANTILE))
    apart = cdist(wanted, scaled) / np.sqrt(scaled.shape[1])
    return Coverage(
        limit,
        {problem.id: round(float(row.min()), 4) for problem, row in zip(others, apart, strict=True)},
        {problem.id: drawn[int(row.argmin())].id for problem, row in zip(others, apart, strict=True)},
    )


def coverage_record(suite: str, count: int, seed: int, command: str) -> dict[str, Any]:
    """Share of a suite's problems that lie inside P, by group, the farthest of them, and how this was made.

    Args:
        suite: name of a suite, see ``suite.SUITES``.
        count: problems of each group to draw from P.
        seed: of P.
        command: the command line, for the record.

    Raises:
        ProblemError: if there is no such suite.
    """
    others = load_suite(suite)
    groups: dict[str, Any] = {}
    for constrained in (False, True):
        mine = [problem for problem in others if problem.constrained == constrained]
        found = coverage([draw_problem(seed, number, constrained) for number in range(count)], mine)
        farthest = sorted(found.distances, key=lambda name: -found.distances[name])
        groups[group_of(constrained)] = {
            "problems": len(mine),
            "inside": found.inside,
            "limit": round(found.limit, 4),
            "outside": {
                name: found.distances[name] for name in farthest if found.distances[name] > found.limit
            },
            "median_distance": round(float(np.median(list(found.distances.values()))), 4),
        }
    assert tuple(groups) == GROUPS
    return {
        "command": command,
        "suite": suite,
        "drawn": count,
        "seed": seed,
        **environment(),
        "groups": groups,
    }


def _features(problems: Sequence[Problem]) -> np.ndarray:
    rows = []
    for problem in problems:
        dim, log_evals, log_share, inequalities, equalities = stated_features(problem)
        stated = [np.log(dim), log_evals, log_share, np.log1p(inequalities), np.log1p(equalities)]
        width = problem.upper_array - problem.lower_array
        stated.append(float(np.log10(width.max() / width.min())))
        traced = np.log1p(np.abs(traced_features(problem)))
        with np.errstate(all="ignore"):
            probes = probe_problem(problem, count=MOST)  # of all problems, whatever their budgets
            probed = np.nan_to_num(np.array(probe_numbers(probes)), nan=0.0, posinf=10.0, neginf=-10.0)
        rows.append([*stated, *traced, *np.clip(probed, -10, 10)])
    return np.array(rows)
