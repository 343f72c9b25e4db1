"""Exploratory landscape analysis (Mersmann et al., GECCO 2011, doi:10.1145/2001576.2001690), with pflacco.

Features of a problem from values at random points: what a selector can know that may look at the objective instead of
at its text. The sample is not charged to the evaluation budget, which flatters it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from llamoco.dataset_builder.analysis.task_log import MissingToolError, TaskResult
from llamoco.dataset_builder.problems.portable_rng import named_seed
from llamoco.dataset_builder.problems.problem import Problem

POINTS_A_DIMENSION = 50
MOST_POINTS = 500  # features of 2500 points take a minute


def landscape_tasks(problems: Sequence[Problem]) -> dict[str, tuple[str]]:
    """Arguments of ``landscape_features`` by problem id.

    Raises:
        MissingToolError: if pflacco is not installed.
    """
    _pflacco()
    return {problem.id: (problem.to_json(),) for problem in problems}


def landscape_features(problem_json: str) -> TaskResult:
    """Features of a problem by name: those of its objective and, if there are constraints, of their violation.

    Sets of pflacco: distribution of values, dispersion, and for the objective nearest better clustering, principal
    components and information content; and the fits of a linear and a purely quadratic model as in its ``ela_meta``
    (whose models with interactions take up to a minute a problem). Coordinates are scaled to the unit box. Non-finite
    features are left out.

    Raises:
        MissingToolError: if pflacco is not installed.
    """
    problem = Problem.from_json(problem_json)
    count = min(POINTS_A_DIMENSION * problem.dim, MOST_POINTS)
    random = np.random.default_rng(named_seed("landscape", problem.id))
    unit = random.random((count, problem.dim))
    values = problem.evaluate(problem.lower_array + unit * (problem.upper_array - problem.lower_array))
    features = _features(unit, values.f, "f", _pflacco())
    if problem.constrained:
        broken = problem.total_violation(values)
        features["feasible"] = float(problem.feasible(values).mean())
        features |= _features(unit, broken, "v", _pflacco()[:2])
        features["f_v_correlation"] = _correlation(values.f, broken)
    return {"features": {name: value for name, value in features.items() if np.isfinite(value)}}


def _features(
    unit: np.ndarray, values: np.ndarray, prefix: str, sets: Sequence[Callable[..., dict[str, Any]]]
) -> dict[str, float]:
    y = np.nan_to_num(
        values, nan=np.nanmax(values[np.isfinite(values)], initial=0.0), posinf=1e300, neginf=-1e300
    )
    y = np.clip(y, -1e12, 1e12)
    features = _model_fits(unit, y)
    for calculate in sets:
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                found = calculate(unit, y)
        except (ValueError, ZeroDivisionError, IndexError, FloatingPointError, np.linalg.LinAlgError):
            continue  # flat samples: the features of this set do not exist
        numbers = {name: value for name, value in found.items() if isinstance(value, float | int)}
        features |= {name: float(value) for name, value in numbers.items() if "costs_runtime" not in name}
    return {f"{prefix}.{name}": value for name, value in features.items()}


def _model_fits(unit: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Adjusted R2 and spread of coefficients of a linear model and of one with squares."""
    count, dim = unit.shape
    fits = {}
    for name, columns in (("lin", unit), ("quad", np.hstack([unit, unit**2]))):
        design = np.hstack([np.ones((count, 1)), columns])
        coefficients, *_ = np.linalg.lstsq(design, y, rcond=None)
        residual = float(((y - design @ coefficients) ** 2).sum())
        total = float(((y - y.mean()) ** 2).sum())
        free = count - design.shape[1]
        sizes = np.abs(coefficients[-dim:])
        if total > 0 and free > 0:
            fits[f"ela_meta.{name}_simple.adj_r2"] = 1 - residual / free / (total / (count - 1))
        if sizes.min() > 0:
            fits[f"ela_meta.{name}_simple.coef.max_by_min"] = float(np.log10(sizes.max() / sizes.min()))
    return fits


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    with np.errstate(all="ignore"):
        return float(np.corrcoef(a, b)[0, 1])


def _pflacco() -> tuple[Callable[..., dict[str, Any]], ...]:
    try:
        from pflacco import classical_ela_features as ela
    except ImportError as error:
        raise MissingToolError(
            f"landscape features need pflacco ({error}): pip install 'llamoco[report]', then "
            "pip install --no-deps pflacco==1.2.2 (it asks for an older numpy than it needs)"
        ) from error
    return (
        ela.calculate_ela_distribution,
        ela.calculate_dispersion,
        ela.calculate_nbc,
        ela.calculate_pca,
        ela.calculate_information_content,
    )
