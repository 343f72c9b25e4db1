"""Synthetic problems: the promised shares, certified points, and the same draws everywhere."""

import hashlib
import math

import numpy as np
import pytest
from scipy.optimize import minimize

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.functions.catalogue import FUNCTIONS
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.references import with_references
from llamoco.dataset_builder.problems.scores import w
from llamoco.dataset_builder.problems.symbolic.synthesis import draw_problem, draw_set, shift_values

COUNT = 200
# Of the JSON of problems 0 to 19 of seed 0, both kinds. Changes only when the synthesis is meant to change.
DIGEST = "a7eca6d8b2e62f01"


@pytest.fixture(scope="module")
def unconstrained() -> list[Problem]:
    return draw_set(0, COUNT, constrained=False)


@pytest.fixture(scope="module")
def constrained() -> list[Problem]:
    return draw_set(0, COUNT, constrained=True)


@pytest.fixture(scope="module")
def both(unconstrained: list[Problem], constrained: list[Problem]) -> list[Problem]:
    return unconstrained + constrained


def share(flags: list[bool]) -> float:
    return sum(flags) / len(flags)


def test_stated_ranges(both: list[Problem]) -> None:
    for problem in both:
        definition = problem.definition
        assert 2 <= problem.dim <= 50 and 100 <= problem.max_evals <= 5000
        assert 1 <= len(definition["components"]) <= 5
        assert (definition["form"] == "single") == (len(definition["components"]) == 1)
        assert all(low < high for low, high in zip(problem.lower, problem.upper, strict=True))
        assert problem.f0 is not None and (problem.f_star is None or problem.f0 > problem.f_star)
        assert set(problem.provenance) == {"f0", "f_star"}
        if definition["form"] == "hybrid":
            positions = sorted(p for c in definition["components"] for p in c["positions"])
            assert positions == list(range(1, problem.dim + 1))
    assert len({p.max_evals for p in both}) > 250
    assert len({p.dim for p in both}) > 35
    assert len({p.id for p in both}) == len(both)


def test_shares(unconstrained: list[Problem], constrained: list[Problem], both: list[Problem]) -> None:
    assert share([len(set(zip(p.lower, p.upper, strict=True))) > 1 for p in both]) >= 0.30
    assert share([p.n_equality > 0 for p in constrained]) <= 0.30
    assert share([p.n_equality > 0 for p in constrained]) >= 0.12
    characters = [character(p) for p in both]
    assert 0.33 <= share([c == "smooth" for c in characters]) <= 0.48
    assert 0.30 <= share([c == "rugged" for c in characters]) <= 0.48
    assert min(characters.count(c) for c in ("nonsmooth", "stepwise", "mixed")) > 0.02 * len(both)
    assert share([p.f_star == 0.0 for p in unconstrained]) > 0.7
    forms = [p.definition["form"] for p in both]
    assert min(forms.count(form) for form in ("single", "composition", "hybrid")) > 0.2 * len(both)
    used = {c["function"] for p in both for c in p.definition["components"]}
    assert used == set(FUNCTIONS)


def character(problem: Problem) -> str:
    found = {FUNCTIONS[c["function"]].character for c in problem.definition["components"]}
    return found.pop() if len(found) == 1 else "mixed"


def test_budgets_are_log_uniform(both: list[Problem]) -> None:
    levels = sorted(math.log(p.max_evals / 100) / math.log(50) for p in both)
    distance = max(abs(level - (k + 0.5) / len(levels)) for k, level in enumerate(levels))
    assert distance < 1.63 / math.sqrt(len(levels))  # Kolmogorov, 1%


def test_budgets_suit_what_is_to_be_found(both: list[Problem]) -> None:
    per_variable = {
        smooth: [p.max_evals / p.dim for p in both if (character(p) == "smooth") == smooth]
        for smooth in (True, False)
    }
    assert share([ratio <= 160 for ratio in per_variable[True]]) > 0.75
    assert share([ratio >= 20 for ratio in per_variable[False]]) > 0.75


def test_no_component_drowns_the_rest(unconstrained: list[Problem]) -> None:
    for problem in unconstrained:
        components = problem.definition["components"]
        if problem.definition["form"] != "hybrid":
            continue
        points = np.random.default_rng(0).uniform(problem.lower, problem.upper, (400, problem.dim))
        medians = []
        for part in components:
            alone = {**problem.definition, "components": [part]}
            problem_of_part = Problem("p", "synthetic", problem.lower, problem.upper, 1, 0, 0, alone)
            medians.append(float(np.median(problem_of_part.evaluate(points).f)))
        assert max(medians) < 4 * min(medians), problem.id


def test_centre_of_the_box_is_no_solution(both: list[Problem]) -> None:
    solved = []
    for problem in both:
        centre = (problem.lower_array + problem.upper_array) / 2
        values = problem.evaluate(centre[None, :])
        if not problem.feasible(values)[0]:
            continue
        f_star = problem.f_star
        if f_star is None:
            points = np.random.default_rng(0).uniform(problem.lower, problem.upper, (1000, problem.dim))
            sample = problem.evaluate(np.vstack([centre, points]))
            f_star = float(sample.f[problem.feasible(sample)].min())
        assert problem.f0 is not None
        score = w(float(values.f[0]), problem.f0, f_star)
        if score > 0.9 and problem.f_star is None:  # too large where the sample's best is far from f*
            score = w(float(values.f[0]), problem.f0, best_found(problem, centre))
        if score > 0.9:
            solved.append(problem.id)
    assert len(solved) <= 0.02 * len(both), solved


def best_found(problem: Problem, start: np.ndarray) -> float:
    """The best feasible objective that a few steps of SLSQP from a feasible start find: no better than f*."""
    constraints = [
        {"type": "ineq", "fun": lambda x: -problem.evaluate(x[None, :]).g[0]},
        {"type": "eq", "fun": lambda x: problem.evaluate(x[None, :]).h[0]},
    ][: 1 + problem.n_equality]
    end = minimize(
        lambda x: problem.evaluate(x[None, :]).f[0],
        start,
        method="SLSQP",
        bounds=list(zip(problem.lower, problem.upper, strict=True)),
        constraints=constraints if problem.constrained else [],
        options={"maxiter": 8},
    ).x
    optima = [
        shift_values(part["shift"], problem.dim)
        for part in problem.definition["components"]
        if part["positions"] is None
    ]
    steps = start + np.linspace(0, 1, 20)[:, None] * (end - start)
    values = problem.evaluate(np.clip(np.vstack([steps, *optima]), problem.lower_array, problem.upper_array))
    return float(values.f[problem.feasible(values)].min())


def test_known_optimum_lies_inside_the_box_off_its_centre(unconstrained: list[Problem]) -> None:
    for problem in unconstrained:
        optimum = np.full(problem.dim, np.nan)
        for part in problem.definition["components"]:
            size = problem.dim if part["positions"] is None else len(part["positions"])
            columns = np.arange(problem.dim) if part["positions"] is None else np.array(part["positions"]) - 1
            optimum[columns] = shift_values(part["shift"], size)
            assert (optimum[columns] > problem.lower_array[columns]).all()
            assert (optimum[columns] < problem.upper_array[columns]).all()
        offset = np.abs(2 * optimum - problem.lower_array - problem.upper_array) / (
            problem.upper_array - problem.lower_array
        )
        assert offset.max() > 0.1
        if problem.f_star is not None:
            assert problem.evaluate(optimum[None, :]).f[0] == pytest.approx(0, abs=1e-9)


def test_constrained_problems_have_a_certified_feasible_point(constrained: list[Problem]) -> None:
    for problem in constrained:
        assert problem.constrained and problem.feasible_point is not None
        point = np.array([problem.feasible_point])
        values = problem.evaluate(point)
        assert problem.inside(point)[0]
        assert (values.g <= 1e-6).all() and (np.abs(values.h) <= 1e-4).all() and np.isfinite(values.f).all()
        assert values.g.shape[1] == problem.n_inequality and values.h.shape[1] == problem.n_equality


def test_constraints_bite(constrained: list[Problem]) -> None:
    # Where the optimum without constraints is known, it is infeasible in a good share of problems ...
    assert share([p.f_star is None for p in constrained]) > 0.6
    # ... and random points fail often, but hardly ever always, except where there are equalities.
    rates = []
    for problem in constrained:
        if not problem.n_equality:
            points = np.random.default_rng(0).uniform(problem.lower, problem.upper, (1024, problem.dim))
            rates.append(float(problem.feasible(problem.evaluate(points)).mean()))
    assert np.mean(np.array(rates) < 0.9) > 0.7
    assert np.mean(np.array(rates) > 0) > 0.9


def test_values_are_finite_in_the_box(both: list[Problem]) -> None:
    for problem in both:
        points = np.random.default_rng(0).uniform(problem.lower, problem.upper, (200, problem.dim))
        assert all(np.isfinite(part).all() for part in problem.evaluate(points)), problem.id


def test_descriptions_stay_short(both: list[Problem]) -> None:
    # Numbers and names take nearly all of a description: its symbols are counted instead of a printed form.
    assert max(len(str(p.definition)) for p in both) < 2500
    assert max(len(p.to_json()) for p in both) < 4000


def test_the_same_problem_alone_and_in_a_set(unconstrained: list[Problem]) -> None:
    assert draw_problem(0, 17, constrained=False).to_json() == unconstrained[17].to_json()
    assert unconstrained[17].id == "nc-0-00017"
    assert draw_problem(1, 17, constrained=False).definition != unconstrained[17].definition


def digest(problems: list[Problem]) -> str:
    return hashlib.sha256("\n".join(p.to_json() for p in problems).encode()).hexdigest()[:16]


def test_draws_are_the_same_everywhere(unconstrained: list[Problem], constrained: list[Problem]) -> None:
    assert digest(unconstrained[:20] + constrained[:20]) == DIGEST


def test_with_references_freezes_and_refuses(unconstrained: list[Problem]) -> None:
    problem = with_references(unconstrained[0], 5.0, 1.0, {"f_star": "best of 40 runs"})
    assert (problem.f0, problem.f_star) == (5.0, 1.0)
    assert problem.provenance["f_star"] == "best of 40 runs"
    assert problem.provenance["f0"] == unconstrained[0].provenance["f0"]
    for f0, f_star in ((1.0, 1.0), (math.nan, 0.0), (math.inf, 0.0), (1.0, -math.inf)):
        with pytest.raises(ProblemError, match="f0 > f_star"):
            with_references(problem, f0, f_star, {})
