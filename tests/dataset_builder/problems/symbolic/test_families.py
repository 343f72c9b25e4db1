"""Families: their formulas against simulations and models written here, their bounds, constraints and draws."""

from __future__ import annotations

import json
import math
import re

import numpy as np
import pytest

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.evaluator import compile_problem, numpy_evaluator
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.symbolic.composition import build_symbolic_problem
from llamoco.dataset_builder.problems.symbolic.families import (
    FAMILIES,
    GROUP_SHARES,
    draw_family,
    draw_member,
    family_observations,
    family_system,
)


def value(name: str, parameters: dict[str, object], x: list[float]) -> float:
    definition = {"form": "family", "family": name, "parameters": parameters, "components": []}
    system = build_symbolic_problem(definition, len(x))
    return float(compile_problem(system)(np.array([x]))[0][0])


def ends(name: str) -> list[int]:
    dims = list(FAMILIES[name].dims)
    return sorted({dims[0], dims[len(dims) // 2], dims[-1]})


@pytest.mark.parametrize("name", FAMILIES)
def test_members_have_values_bounds_and_constraints_that_their_point_satisfies(name: str) -> None:
    family = FAMILIES[name]
    for dim in ends(name):
        for number, constrained in ((0, False), (1, True), (2, True)):
            if not constrained and not family.free:
                continue
            drawn = draw_member(PortableRng("t", name, dim, number), family, dim, constrained)
            again = draw_member(PortableRng("t", name, dim, number), family, dim, constrained)
            assert drawn.definition == again.definition
            assert json.loads(json.dumps(drawn.definition)) == drawn.definition
            box = drawn.box
            assert box.dim == dim and (box.lower < box.upper).all()
            assert all((box.lower <= p).all() and (p <= box.upper).all() for p in drawn.points)
            assert ((box.lower <= drawn.feasible_point) & (drawn.feasible_point <= box.upper)).all()
            system = build_symbolic_problem(drawn.definition, dim)
            points = np.vstack(
                [drawn.points[0], drawn.feasible_point, PortableRng("p").points(200, box.lower, box.upper)]
            )
            f, g, h = compile_problem(system)(points)
            for got, expected in zip((f, g, h), numpy_evaluator(system)(points), strict=True):
                np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9)
            assert np.isfinite(f[2:]).mean() > 0.5
            assert np.std(f[np.isfinite(f)]) > 0
            assert f[0] <= np.nanquantile(f[2:], 0.05)
            assert (g[1] <= 1e-9 * np.maximum(1, np.abs(g[2:]).max(0, initial=0))).all()
            assert (np.abs(h[1]) <= 1e-4).all()
            if not constrained:
                assert not g.size and not h.size
            if constrained and family.constrained:
                assert g.shape[1] + h.shape[1] >= 1


def test_the_groups_and_what_they_hold() -> None:
    assert {family.group for family in FAMILIES.values()} == set(GROUP_SHARES)
    assert sum(GROUP_SHARES.values()) == pytest.approx(1)
    assert len(FAMILIES) >= 30
    assert all(family.name == name for name, family in FAMILIES.items())
    assert all(re.search(r"doi:10\.\d+|ISBN|report", family.reference) for family in FAMILIES.values())


def test_a_draw_has_about_as_many_variables_as_asked_for() -> None:
    for dim in (2, 3, 5, 8, 12, 20, 30):
        sizes = [draw_family(PortableRng("d", dim, k), dim, k % 2 == 0).box.dim for k in range(30)]
        assert abs(np.median(sizes) - dim) <= max(2, dim // 3)


def test_unknown_families_and_sizes_are_refused() -> None:
    with pytest.raises(ProblemError, match="'stars' is unknown, expected one of exponentials"):
        family_system({"family": "stars", "parameters": {}}, 2)
    with pytest.raises(ProblemError, match="'epidemic' has no members with 7 variables"):
        family_system({"family": "epidemic", "parameters": {}}, 7)


T, Y = [0.5, 1.0, 2.0, 3.5], [1.2, 0.9, 0.4, 0.1]
MODELS = {
    "exponentials": ([2.0, 0.7, 1.0, 0.1, 0.5, 3.0], lambda t: 2 * math.exp(-0.7 * t) + math.exp(-0.1 * t) + 0.5 * math.exp(-3 * t)),
    "damped_oscillation": ([2.0, 0.3, 4.0, 1.0, 0.5], lambda t: 2 * math.exp(-0.3 * t) * math.cos(4 * t + 1) + 0.5),
    "logistic_growth": ([3.0, 2.0, 1.5, -0.2], lambda t: 3 / (1 + math.exp(-2 * (t - 1.5))) - 0.2),
    "gompertz_growth": ([3.0, 2.0, 1.5], lambda t: 3 * math.exp(-2 * math.exp(-1.5 * t))),
    "hill": ([3.0, 2.0, 1.5], lambda t: 3 * t**1.5 / (2**1.5 + t**1.5)),
    "gaussian_peaks": ([3.0, 2.0, 0.5, 1.0, 3.0, 0.2], lambda t: 3 * math.exp(-((t - 2) ** 2) / 0.25) + math.exp(-((t - 3) ** 2) / 0.04)),
    "rational": ([1.0, 2.0, 3.0, 0.5, 0.25], lambda t: (1 + 2 * t + 3 * t * t) / (1 + 0.5 * t + 0.25 * t * t)),
    "power_law": ([2.0, -0.5, 1.0], lambda t: 2 / math.sqrt(t) + 1),
    "waves": ([2.0, 3.0, 1.0, 0.5], lambda t: 2 * math.sin(3 * t) + math.sin(0.5 * t)),
    "network": ([2.0, 3.0, 1.0, 1.0, -1.0, 0.5], lambda t: 2 * math.tanh(3 * t + 1) + math.tanh(0.5 - t)),
    "vapour_pressure": ([10.0, 30.0, 5.0], lambda t: 10 - 30 / (t + 5)),
    "logarithmic_response": ([1.0, 2.0, 0.5], lambda t: 1 + 2 * math.log(t + 0.5)),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_fits_by_hand(name: str) -> None:
    x, model = MODELS[name]
    errors = [y - model(t) for t, y in zip(T, Y, strict=True)]
    shared = {"t": T, "y": Y}
    squares = sum(e**2 for e in errors)
    assert value(name, {**shared, "loss": "squares", "mean": False}, x) == pytest.approx(squares)
    assert value(name, {**shared, "loss": "squares", "mean": True}, x) == pytest.approx(squares / 4)
    assert value(name, {**shared, "loss": "absolute", "mean": False}, x) == pytest.approx(
        sum(map(abs, errors))
    )
    assert value(name, {**shared, "loss": "largest", "mean": False}, x) == pytest.approx(
        max(map(abs, errors))
    )


def test_every_fit_is_computed_by_hand_here() -> None:
    assert set(MODELS) == {f.name for f in FAMILIES.values() if f.group == "fit"}


def test_the_truth_fits_data_without_errors() -> None:
    best = []
    for number in range(60):
        drawn = draw_family(PortableRng("fit", number), 4, group="fit")
        box = drawn.box
        system = build_symbolic_problem(drawn.definition, box.dim)
        f = compile_problem(system)(
            np.vstack([drawn.points[0], PortableRng(1).points(100, box.lower, box.upper)])
        )[0]
        best.append(f[0] / np.nanmedian(f))
    assert np.median(best) < 1e-3


# Designs and geometry.


def test_posynomial() -> None:
    p = {"terms": [[2.0, [[1, 2], [2, -1]]], [0.5, [[2, 0.5]]], [3, [[1, -2]]]]}
    assert value("posynomial", p, [1.5, 4.0]) == pytest.approx(2 * 2.25 / 4 + 0.5 * 2 + 3 / 2.25)


def test_portfolio() -> None:
    x, r = np.array([0.5, 0.3, 0.2]), np.array([0.1, 0.05, 0.02])
    rows = np.cos(1.5 * np.outer([1, 2], [1, 2, 3]))
    risk = float(((rows @ x) ** 2).sum() + 0.1 * (x**2).sum())
    p = {"returns": r.tolist(), "factors": 2, "frequency": 1.5, "own": 0.1, "price": 2.0}
    assert value("portfolio", {**p, "form": "shares"}, x.tolist()) == pytest.approx(2 * risk - r @ x)
    assert value("portfolio", {**p, "form": "ratio"}, x.tolist()) == pytest.approx(
        -(r @ x) / math.sqrt(risk + 1e-4)
    )


@pytest.mark.parametrize("squared", [True, False])
def test_location(squared: bool) -> None:
    a, b, w = [0.0, 4.0, 9.0], [1.0, 3.0, 8.0], [1.0, 2.0, 5.0]
    places = [(1.0, 1.0), (8.0, 7.0)]
    power = 2 if squared else 1
    total = sum(
        weight * min(math.dist((c, d), place) ** power for place in places)
        for c, d, weight in zip(a, b, w, strict=True)
    )
    p = {"a": a, "b": b, "weights": w, "squared": squared}
    assert value("location", p, [v for place in places for v in place]) == pytest.approx(total)
    alone = sum(math.dist((c, d), places[0]) ** power for c, d in zip(a, b, strict=True))
    assert value("location", {**p, "weights": []}, list(places[0])) == pytest.approx(alone)


def test_scenarios() -> None:
    x = [0.5, -1.0, 0.2]
    p = {"count": 4, "swing": 0.8, "frequency": 1.3, "slope": 0.5}
    quadratic = max(
        sum((v - 0.8 * math.cos(1.3 * i * j)) ** 2 for i, v in enumerate(x, 1)) + 0.5 * j for j in range(1, 5)
    )
    linear = max(
        abs(sum(math.cos(1.3 * i * j) * v for i, v in enumerate(x, 1)) - 0.5 * j) for j in range(1, 5)
    )
    assert value("scenarios", {**p, "form": "quadratic"}, x) == pytest.approx(quadratic)
    assert value("scenarios", {**p, "form": "linear"}, x) == pytest.approx(
        linear + 0.05 * sum(v**2 for v in x) / 3
    )


def test_packing() -> None:
    places = [(0.1, 0.2), (0.4, 0.9), (0.5, 0.3)]
    pairs = [math.dist(places[a], places[b]) for a in range(3) for b in range(a + 1, 3)]
    x = [v for place in places for v in place]
    for form, pair in (
        ("energy", lambda r: 1 / math.sqrt(r**2 + 1e-4)),
        ("overlap", lambda r: max(0.0, 0.6 - r)),
        ("molecule", lambda r: (1 - math.exp(-4 * (r / 0.6 - 1))) ** 2),
    ):
        assert value("packing", {"form": form, "distance": 0.6}, x) == pytest.approx(sum(map(pair, pairs)))


@pytest.mark.parametrize("form", ["quadratic", "cubic", "sine", "broyden"])
def test_equations_are_solved_by_their_solution(form: str) -> None:
    x = np.array([0.5, -1.0, 0.25, 0.8])
    other = np.roll(x, -1)
    left = {
        "quadratic": 1.2 * x**2 + x * other,
        "cubic": x**3 - 1.2 * x + 0.7 * other,
        "sine": 1.2 * x + np.sin(0.7 * other),
        "broyden": (3 - 1.2 * x) * x - 0.7 * other,
    }[form]
    p = {"form": form, "a": 1.2, "b": 0.7, "values": left.tolist()}
    assert value("equations", {**p, "loss": "squares"}, x.tolist()) == pytest.approx(0, abs=1e-20)
    moved = {**p, "values": (left - [1, 2, 0, 3]).tolist()}
    assert value("equations", {**moved, "loss": "squares"}, x.tolist()) == pytest.approx(14)
    assert value("equations", {**moved, "loss": "absolute"}, x.tolist()) == pytest.approx(6)


def test_arm_and_antenna() -> None:
    x = [0.3, -0.5, 1.0]
    bends = np.cumsum(x)
    end = (np.cos(bends).sum() - 1.5) ** 2 + (np.sin(bends).sum() - 0.4) ** 2
    p = {"place": [1.5, 0.4], "effort": 0.01}
    assert value("arm", p, x) == pytest.approx(end + 0.01 * np.square(x).sum())
    x = [0.2, 0.5, 1.0, 0.4]
    lobes = [
        abs(sum(v * math.cos(math.pi * (i - 0.5) * (0.3 + 0.05 * j)) for i, v in enumerate(x, 1)))
        for j in range(1, 6)
    ]
    p = {"first": 0.3, "step": 0.05, "count": 5}
    assert value("antenna", p, x) == pytest.approx(max(lobes) / (sum(x) + 0.01))


def test_observations_follow_from_the_formulas() -> None:
    fit = {"family": "hill", "parameters": {"t": T, "y": Y, "loss": "squares", "mean": False}}
    assert family_observations(fit, 3) == (True, False, False)
    fit["parameters"] = {"t": T, "y": Y, "loss": "absolute", "mean": False}
    assert family_observations(fit, 3)[0] is False
    stock = {"start": 5.0, "demand": [1.0] * 4, "hold": 0.5, "miss": 3.0, "change": 0.0}
    assert family_observations({"family": "inventory", "parameters": stock}, 4) == (False, True, False)
