"""The textbook-like slice: published optima are feasible, have the published value, and nothing better lies near."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize

from llamoco.dataset_builder.problems.functions.textbook import PROBLEMS
from llamoco.dataset_builder.problems.problem import Problem

# As published; those of g01 to g13 in the CEC 2006 report.
OPTIMA: dict[str, list[float]] = {
    "himmelblau": [3, 2],
    "rosenbrock_valley": [1] * 5,
    "powell_singular": [0] * 4,
    "wood": [1] * 4,
    "beale": [3, 0.5],
    "bard_fit": [0.08241056, 1.13303608, 2.34369519],
    "kowalik_fit": [0.19280694, 0.19128233, 0.12305650, 0.13606233],
    "exponentials_fit": [1, 10, 1],
    "sum_of_exponentials": [-math.log(2) / 2, 0],
    "trefethen_4": [-0.02440307969437517, 0.2106124271553558],
    "g01": [*[1] * 9, 3, 3, 3, 1],
    "g02": [
        *(3.16246061572185, 3.12833142812967, 3.09479212988791, 3.06145059523469, 3.02792915885555),
        *(2.99382606701730, 2.95866871765285, 2.92184227312450, 0.49482511456933, 0.48835711005490),
        *(0.48231642711865, 0.47664475092742, 0.47129550835493, 0.46623099264167, 0.46142004984199),
        *(0.45683664767217, 0.45245876903267, 0.44826762241853, 0.44424700958760, 0.44038285956317),
    ],
    "g03": [math.sqrt(1.0001 / 10)] * 10,
    "g04": [78, 33, 29.9952560256815985, 45, 36.7758129057882073],
    "g06": [14.095, 0.8429607892154795668],
    "g07": [
        *(2.17199634142692, 2.3636830416034, 8.77392573913157, 5.09598443745173, 0.990654756560493),
        *(1.43057392853463, 1.32164415364306, 9.82872576524495, 8.2800915887356, 8.3759266477347),
    ],
    "g08": [1.22797135260752599, 4.24537336612274885],
    "g09": [
        *(2.33049935147405174, 1.95137236847114592, -0.477541399510615805, 4.36572624923625874),
        *(-0.624486959100388983, 1.03813099410962173, 1.5942266780671519),
    ],
    "g10": [
        *(579.306685017979589, 1359.97067807935605, 5109.97065743133317, 182.01769963061534),
        *(295.601173702746792, 217.982300369384632, 286.41652592786852, 395.601173702746735),
    ],
    "g11": [-0.707036070037170616, 0.500000004333606807],
    "g13": [-1.71714224003, 1.59572124049468, 1.8272502406271, -0.763659881912867, -0.76365986736498],
    "rosen_suzuki": [0, 1, 2, -1],
    "hs71": [1, 4.74299963, 3.82114998, 1.37940829],
    "hs76": [3 / 11, 23 / 11, 0, 6 / 11],
    "pressure_vessel": [0.778168641375, 0.384649162628, 40.319618724099, 200],
    "coil_spring": [0.051689060, 0.356717736, 11.288965],
    "welded_joint": [0.205729639786, 3.470488665628, 9.036623910357, 0.205729639786],
    "speed_reducer": [3.5, 0.7, 17, 7.3, 7.715319911478, 3.350214666096, 5.286654464980],
    "three_bar_truss": [0.788675134746, 0.408248290464],
    "cantilever_beam": [6.016016, 5.309174, 4.494330, 3.501475, 2.152665],
    "transformer_design": [5.332666, 4.656744, 10.43299, 12.08230, 0.7526074, 0.8786508],
    "inventory": [108.7347175, 85.12613942, 204.3247078],
    "box_volume": [2 * math.sqrt(15), math.sqrt(15), 10 / math.sqrt(15)],
}
BY_ID = {problem.id: problem for problem in PROBLEMS}


def kkt(quadratic: np.ndarray, linear: np.ndarray, rows: np.ndarray, right: np.ndarray) -> list[float]:
    """Minimiser of x.Qx + q.x with rows x = right."""
    n, m = len(quadratic), len(rows)
    system = np.block([[2 * quadratic, rows.T], [rows, np.zeros((m, m))]])
    return np.linalg.solve(system, np.concatenate([-linear, right]))[:n].tolist()


def of_quadratic_programs() -> dict[str, list[float]]:
    """The optima in closed form; that no bound is active is checked with the others."""
    dispatch = kkt(
        np.diag([0.001562, 0.00194, 0.00482]),
        np.array([7.92, 7.85, 7.97]),
        np.ones((1, 3)),
        np.array([850.0]),
    )
    deviation = np.array([0.06, 0.10, 0.13, 0.18, 0.25])
    covariance = (0.3 + 0.7 * np.eye(5)) * np.outer(deviation, deviation)
    mean = np.array([0.05, 0.07, 0.08, 0.10, 0.13])
    portfolio = kkt(covariance, np.zeros(5), np.array([np.ones(5), mean]), np.array([1, 0.09]))
    return {"economic_dispatch": dispatch, "portfolio": portfolio}


OPTIMA |= of_quadratic_programs()


def violation(problem: Problem, x: np.ndarray) -> float:
    values = problem.evaluate(x[None, :])
    return max([0.0, *values.g[0].tolist(), *np.abs(values.h[0]).tolist()])


def test_every_problem_has_an_optimum_here_and_a_source() -> None:
    assert set(BY_ID) == set(OPTIMA) and len(BY_ID) == len(PROBLEMS) >= 24
    assert {p.kind for p in PROBLEMS} == {"source"}
    assert all(len(p.provenance["f_star"]) > 20 for p in PROBLEMS)
    assert sum(p.constrained for p in PROBLEMS) >= 15 and sum(not p.constrained for p in PROBLEMS) >= 8
    assert Problem.from_json(PROBLEMS[0].to_json()) == PROBLEMS[0]


@pytest.mark.parametrize("name", BY_ID)
def test_published_optimum(name: str) -> None:
    problem, x = BY_ID[name], np.array(OPTIMA[name], dtype=float)
    assert problem.f_star is not None
    values = problem.evaluate(x[None, :])
    assert problem.inside(x[None, :])[0]
    assert violation(problem, x) <= 1.0001e-4  # of a point with the digits of a paper
    assert values.f[0] == pytest.approx(problem.f_star, rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("name", BY_ID)
def test_descent_from_the_optimum_finds_a_feasible_point_and_nothing_better(name: str) -> None:
    problem, x = BY_ID[name], np.array(OPTIMA[name], dtype=float)
    assert problem.f_star is not None
    constraints = []
    if problem.n_inequality:
        constraints.append({"type": "ineq", "fun": lambda x: -1e-9 - problem.evaluate(x[None, :]).g[0]})
    if problem.n_equality:
        constraints.append({"type": "eq", "fun": lambda x: problem.evaluate(x[None, :]).h[0]})
    result = minimize(
        lambda x: float(problem.evaluate(x[None, :]).f[0]),
        x,
        method="SLSQP",
        bounds=list(zip(problem.lower, problem.upper, strict=True)),
        constraints=constraints,
        options={"ftol": 1e-14, "maxiter": 200},
    )
    points = np.vstack([x, np.clip(result.x, problem.lower_array, problem.upper_array)])
    values = problem.evaluate(points)
    feasible = problem.feasible(values)
    assert feasible.any()
    best = float(values.f[feasible].min())
    # Published values of equality problems make use of the tolerance on h, a descent onto h = 0 does not.
    assert best == pytest.approx(problem.f_star, rel=1e-3 if problem.n_equality else 1e-6, abs=1e-8)
    assert best >= problem.f_star - 1e-6 * max(1.0, abs(problem.f_star))
