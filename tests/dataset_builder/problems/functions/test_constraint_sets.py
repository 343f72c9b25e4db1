"""Sets of constraints: the certified point satisfies them, bands are narrow, many are many."""

from __future__ import annotations

import numpy as np
import pytest

from llamoco.dataset_builder.problems.evaluator import compile_problem
from llamoco.dataset_builder.problems.functions.constraint_sets import (
    even,
    many_constraints,
    narrow_band,
    partial_constraint,
    suited_kinds,
)
from llamoco.dataset_builder.problems.functions.constraints import CONSTRAINTS, Box, inequality
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import SymbolicProblem

BOXES = {
    "even": Box(np.full(12, -5.0), np.full(12, 5.0)),
    "large": Box(np.full(40, -100.0), np.full(40, 100.0)),
    "decades": Box(np.array([0.001, 10, 1, 0.5, 200, 3]), np.array([1, 5000, 30, 40, 900, 8.0])),
}


def certified(box: Box, number: int) -> np.ndarray:
    point = box.lower + PortableRng("at", number).points(1, np.full(box.dim, 0.15), np.full(box.dim, 0.85))[
        0
    ] * (box.upper - box.lower)
    return np.array([float(f"{v:.3g}") for v in point])


def excess(records: list[dict[str, object]], box: Box, points: np.ndarray) -> np.ndarray:
    g = tuple(inequality(record, box.dim) for record in records)
    return np.asarray(compile_problem(SymbolicProblem(box.dim, (), g[0], g))(points)[1])


@pytest.mark.parametrize("name", BOXES)
@pytest.mark.parametrize("count", [10, 25, 45])
def test_many_constraints_hold_at_the_certified_point_and_cut_the_box(name: str, count: int) -> None:
    box = BOXES[name]
    for number in range(6):
        at = certified(box, number)
        optimum = box.lower + 0.7 * (box.upper - box.lower)
        records = many_constraints(PortableRng("many", number), box, at, optimum, count)
        assert min(count, box.dim - 1) <= len(records) <= count
        assert len({str({k: v for k, v in r.items() if k != "bound"}) for r in records}) == len(records)
        g = excess(records, box, np.vstack([at, PortableRng(1).points(400, box.lower, box.upper)]))
        assert (g[0] <= 1e-12 * np.abs(g[1:]).max(0)).all()
        assert (g[1:] > 0).any(1).mean() > 0.3


@pytest.mark.parametrize("name", BOXES)
def test_bands_are_narrow_and_hold_the_certified_point(name: str) -> None:
    box = BOXES[name]
    shares = []
    for number in range(25):
        at = certified(box, number)
        upper, lower = narrow_band(PortableRng("band", number), box, at)
        assert (upper["sense"], lower["sense"]) == ("<=", ">=")
        assert upper["bound"] > lower["bound"]
        g = excess([upper, lower], box, np.vstack([at, PortableRng(2).points(2000, box.lower, box.upper)]))
        assert (g[0] <= 1e-12 * np.abs(g[1:]).max(0)).all()
        shares.append(float((g[1:] <= 0).all(1).mean()))
    assert np.median(shares) < 0.05 and max(shares) < 0.5


@pytest.mark.parametrize("name", BOXES)
def test_partial_constraints_lack_values_in_a_part_of_the_box(name: str) -> None:
    box = BOXES[name]
    found = 0
    for number in range(25):
        at = certified(box, number)
        record = partial_constraint(PortableRng("part", number), box, at)
        if record is None:
            continue
        found += 1
        g = excess([record], box, np.vstack([at, PortableRng(3).points(2000, box.lower, box.upper)]))
        assert g[0, 0] <= 1e-12
        assert 0.01 < np.isnan(g[1:]).mean() < 0.4
    assert found > 15


def test_kinds_that_suit_a_box() -> None:
    assert even(BOXES["even"]) and not even(BOXES["decades"])
    assert {"ball", "sine", "largest", "rotated_ellipsoid"} <= set(suited_kinds(BOXES["even"]))
    assert set(suited_kinds(BOXES["decades"])) == {"scaled_linear", "monomials"}
    assert suited_kinds(BOXES["decades"], equality=True) == ("scaled_linear",)
    assert "exponential" not in suited_kinds(BOXES["large"])
    assert not any(CONSTRAINTS[k].partial for k in suited_kinds(BOXES["even"]))
