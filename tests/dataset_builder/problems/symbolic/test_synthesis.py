"""Synthetic problems: the promised shares, certified points, and the same draws everywhere."""

import hashlib
import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from scipy.optimize import minimize

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.functions.catalogue import FUNCTIONS
from llamoco.dataset_builder.problems.functions.constraints import Box
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.references import with_references
from llamoco.dataset_builder.problems.scores import w
from llamoco.dataset_builder.problems.symbolic.drawn_components import component_optima
from llamoco.dataset_builder.problems.symbolic.observations import observations
from llamoco.dataset_builder.problems.symbolic.synthesis import draw_problem, draw_set
from llamoco.dataset_builder.problems.symbolic.variable_kinds import is_stepped
from llamoco.dataset_builder.prompts.rows import PATTERNS, write_description

COUNT = 300
# Of the JSON of problems 0 to 19 of seed 0, both kinds. Changes only when the synthesis is meant to change.
DIGEST = "dfa954555ef0c058"


@pytest.fixture(scope="module")
def unconstrained() -> list[Problem]:
    return draw_set(0, COUNT, constrained=False)


@pytest.fixture(scope="module")
def constrained() -> list[Problem]:
    return draw_set(0, COUNT, constrained=True)


@pytest.fixture(scope="module")
def both(unconstrained: list[Problem], constrained: list[Problem]) -> list[Problem]:
    return unconstrained + constrained


def share(flags: Sequence[object]) -> float:
    return sum(map(bool, flags)) / len(flags)


def composed(problems: list[Problem]) -> list[Problem]:
    """Those that are made of basic functions."""
    return [problem for problem in problems if problem.definition["form"] != "family"]


def terms(problem: Problem) -> set[str]:
    return {record["kind"] for record in problem.definition.get("terms", [])}


def any_has(problem: Problem, *fields: str) -> bool:
    return any(component.get(field) for component in problem.definition["components"] for field in fields)


def test_stated_ranges(both: list[Problem]) -> None:
    for problem in both:
        definition = problem.definition
        assert 2 <= problem.dim <= 50 and 20 <= problem.max_evals <= 100_000
        assert all(low < high for low, high in zip(problem.lower, problem.upper, strict=True))
        assert problem.f0 is not None and (problem.f_star is None or problem.f0 > problem.f_star)
        assert set(problem.provenance) == {"f0", "f_star"}
        if definition["form"] == "family":
            assert definition["components"] == []
            continue
        assert 1 <= len(definition["components"]) <= 5
        assert (definition["form"] == "single") == (len(definition["components"]) == 1)
        if definition["form"] == "hybrid":
            positions = sorted(p for c in definition["components"] for p in c["positions"])
            assert positions == list(range(1, problem.dim + 1))
    assert len({p.max_evals for p in both}) > 400
    assert len({p.dim for p in both}) > 40
    assert len({p.id for p in both}) == len(both)


def test_shares_of_objectives(unconstrained: list[Problem], both: list[Problem]) -> None:
    forms = Counter(problem.definition["form"] for problem in both)
    assert forms["family"] / len(both) == pytest.approx(0.25, abs=0.05)
    assert forms["maximum"] / len(both) == pytest.approx(0.07, abs=0.03)
    assert min(forms[form] for form in ("single", "composition", "hybrid")) > 0.15 * len(both)
    characters = Counter(character(problem) for problem in both)
    assert 0.26 <= characters["smooth"] / len(both) <= 0.4
    assert 0.17 <= characters["rugged"] / len(both) <= 0.3
    assert min(characters[c] for c in ("nonsmooth", "stepwise", "mixed")) > 0.02 * len(both)
    assert 0.35 <= share([observations(p.definition, p.dim).smooth for p in both]) <= 0.65
    assert share([p.f_star == 0.0 for p in unconstrained]) > 0.25
    used = {c["function"] for p in both for c in p.definition["components"]}
    assert used >= set(FUNCTIONS) - {"easom"}


def character(problem: Problem) -> str:
    if problem.definition["form"] == "family":
        return "family"
    found = {FUNCTIONS[c["function"]].character for c in problem.definition["components"]}
    return found.pop() if len(found) == 1 else "mixed"


def test_shares_of_rotations_and_scales(both: list[Problem]) -> None:
    made = composed(both)
    rotated = {problem.id for problem in made if any_has(problem, "rotation", "reflection")}
    coupled = [
        problem
        for problem in made
        if problem.id in rotated
        or not all(FUNCTIONS[c["function"]].separable for c in problem.definition["components"])
    ]
    assert share([problem.id in rotated for problem in coupled]) >= 0.6
    assert share([problem.id not in rotated for problem in made]) > 0.25
    kinds = Counter(
        (c.get("rotation") or {"kind": "householder" if c.get("reflection") else None})["kind"]
        for p in made
        for c in p.definition["components"]
    )
    assert min(kinds[kind] for kind in ("dct", "dst", "hartley", "givens", "householder")) > 20
    powers = [c["scaling"]["power"] for p in made for c in p.definition["components"] if c.get("scaling")]
    assert max(map(abs, powers)) == 3 and len(powers) > 100
    assert share([any_has(problem, "units") for problem in made]) == pytest.approx(0.12, abs=0.04)
    assert share([any_has(problem, "log") for problem in made]) == pytest.approx(0.09, abs=0.04)
    assert share([any_has(problem, "rounding") for problem in made]) == pytest.approx(0.05, abs=0.03)
    assert share([len(set(zip(p.lower, p.upper, strict=True))) > 1 for p in both]) >= 0.4


def test_shares_of_terms_and_kinds_of_variables(both: list[Problem]) -> None:
    expected = {"penalty": 0.08, "undefined": 0.06, "ripple": 0.05, "kink": 0.035, "plateau": 0.03}
    for kind, wanted in expected.items():
        assert share([kind in terms(problem) for problem in both]) == pytest.approx(wanted, abs=0.028), kind
    assert share([is_stepped(problem.definition) for problem in both]) == pytest.approx(0.12, abs=0.04)
    assert share([problem.start is not None for problem in both]) == pytest.approx(0.5, abs=0.06)


def test_shares_of_constraints(constrained: list[Problem]) -> None:
    assert 0.15 <= share([p.n_equality > 0 for p in constrained]) <= 0.30
    assert share([p.n_inequality >= 10 for p in constrained]) == pytest.approx(0.08, abs=0.035)
    assert max(p.n_inequality for p in constrained) > 25
    bands = []
    for problem in constrained:
        senses: dict[str, set[str]] = {}
        for record in problem.definition["inequalities"]:
            quantity = str({k: v for k, v in record.items() if k not in ("sense", "bound")})
            senses.setdefault(quantity, set()).add(record["sense"])
        bands.append(any(len(found) == 2 for found in senses.values()))
    assert share(bands) == pytest.approx(0.19, abs=0.06)


def test_budgets_are_log_uniform_with_a_tail(both: list[Problem]) -> None:
    beyond = share([p.max_evals > 20_000 for p in both])
    assert beyond == pytest.approx(0.03, abs=0.02)
    levels = sorted(math.log(p.max_evals / 20) / math.log(1000) for p in both if p.max_evals <= 20_000)
    distance = max(abs(level - (k + 0.5) / len(levels)) for k, level in enumerate(levels))
    assert distance < 1.63 / math.sqrt(len(levels))  # Kolmogorov, 1%


def test_dimensions_suit_the_budget(both: list[Problem]) -> None:
    assert all(p.max_evals >= 2 * p.dim or p.dim <= 5 for p in composed(both))
    sizes = {c: [p.dim for p in both if character(p) == c] for c in ("smooth", "rugged")}
    assert np.median(sizes["smooth"]) > np.median(sizes["rugged"]) + 2


def test_no_component_drowns_the_rest(unconstrained: list[Problem]) -> None:
    for problem in unconstrained:
        components = problem.definition["components"]
        if problem.definition["form"] != "hybrid" or problem.definition.get("terms"):
            continue
        points = np.random.default_rng(0).uniform(problem.lower, problem.upper, (400, problem.dim))
        medians = []
        for part in components:
            alone = {**problem.definition, "components": [part]}
            problem_of_part = Problem("p", "synthetic", problem.lower, problem.upper, 1, 0, 0, alone)
            medians.append(float(np.median(problem_of_part.evaluate(points).f)))
        assert max(medians) < 6 * min(medians) + 1e-9, problem.id


def score_at(problem: Problem, point: np.ndarray) -> float:
    """w of a point (D,); beside the best of what a sample and a few steps of SLSQP find where f* is unknown."""
    values = problem.evaluate(point[None, :])
    if not problem.feasible(values)[0]:
        return 0.0
    assert problem.f0 is not None
    f_star = problem.f_star
    if f_star is None:
        points = np.random.default_rng(0).uniform(problem.lower, problem.upper, (1000, problem.dim))
        sample = problem.evaluate(np.vstack([point, points]))
        f_star = float(sample.f[problem.feasible(sample)].min())
    score = w(float(values.f[0]), problem.f0, f_star) if problem.f0 > f_star else 0.0
    if score > 0.9 and problem.f_star is None:  # too large where the sample's best is far from f*
        score = w(float(values.f[0]), problem.f0, best_found(problem, point))
    return score


def test_centre_of_the_box_and_start_are_no_solutions(both: list[Problem]) -> None:
    solved = [p.id for p in both if score_at(p, (p.lower_array + p.upper_array) / 2) > 0.9]
    assert len(solved) <= 0.02 * len(both), solved
    started = [p.id for p in both if p.start is not None and score_at(p, p.start) > 0.9]
    assert len(started) <= 0.05 * len(both), started


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
    components = problem.definition["components"]
    optima = component_optima(components, problem.dim) if components else []
    steps = start + np.linspace(0, 1, 20)[:, None] * (np.nan_to_num(end, nan=0.0) - start)
    values = problem.evaluate(np.clip(np.vstack([steps, *optima]), problem.lower_array, problem.upper_array))
    return float(values.f[problem.feasible(values)].min())


def test_known_optimum_lies_inside_the_box_off_its_centre(unconstrained: list[Problem]) -> None:
    for problem in composed(unconstrained):
        if is_stepped(problem.definition):  # the person's bounds are others
            continue
        box = Box(problem.lower_array, problem.upper_array)
        for optimum in component_optima(problem.definition["components"], problem.dim):
            assert (optimum > box.lower).all() and (optimum < box.upper).all(), problem.id
            low, high, place = box.lower, box.upper, optimum
            if any_has(problem, "log"):
                low, high, place = np.log(low), np.log(high), np.log(place)
            assert (np.abs(2 * place - low - high) / (high - low)).max() > 0.1
        if problem.f_star is not None:
            assert problem.evaluate(optimum[None, :]).f[0] == pytest.approx(0, abs=1e-9)
            points = np.random.default_rng(1).uniform(problem.lower, problem.upper, (200, problem.dim))
            assert problem.evaluate(points).f.min() >= 0


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
    # ... and random points fail often, always in narrow regions only, except where there are equalities.
    rates = []
    for problem in constrained:
        if not problem.n_equality:
            points = np.random.default_rng(0).uniform(problem.lower, problem.upper, (1024, problem.dim))
            rates.append(float(problem.feasible(problem.evaluate(points)).mean()))
    assert np.mean(np.array(rates) < 0.9) > 0.7
    assert np.mean(np.array(rates) > 0) > 0.7
    assert 0.15 < np.mean(np.array(rates) < 0.01) < 0.5


def test_values_are_finite_where_nothing_says_otherwise(both: list[Problem]) -> None:
    for problem in both:
        points = np.random.default_rng(0).uniform(problem.lower, problem.upper, (200, problem.dim))
        values = problem.evaluate(points)
        if "undefined" in terms(problem):
            assert np.isfinite(values.f).mean() > 0.25
        elif problem.definition["form"] != "family":
            assert np.isfinite(values.f).all(), problem.id
        partial = any(r["kind"] in ("logarithm", "root") for r in problem.definition["inequalities"])
        assert partial or np.isfinite(values.g).all(), problem.id
        assert np.isfinite(values.h).all(), problem.id
        if problem.start is not None:
            assert all(np.isfinite(part).all() for part in problem.evaluate(problem.start[None, :]))


def test_some_pattern_of_each_language_is_short_enough(both: list[Problem]) -> None:
    for problem in both[::4]:
        for language in ("python", "latex"):
            rng = PortableRng("length", problem.id, language)
            candidates = [p for p in rng.shuffled(PATTERNS) if p.language == language]
            write_description(problem, candidates, 2400, rng)
    assert max(len(p.to_json()) for p in both) < 6000


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
