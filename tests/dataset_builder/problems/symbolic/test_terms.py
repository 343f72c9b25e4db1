"""Terms: values by hand, and shares of the box as they are drawn."""

from __future__ import annotations

import math

import numpy as np
import pytest

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.evaluator import compile_problem
from llamoco.dataset_builder.problems.functions.constraints import Box
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.symbolic.expression import Expr, Num
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import SymbolicProblem
from llamoco.dataset_builder.problems.symbolic.terms import (
    TERM_SHARES,
    decorated,
    draw_term,
    draw_terms,
    term,
    terms_observations,
)

X = [1.5, -0.5, 2.0]
SUM = {"kind": "sum"}
EVEN = Box(np.full(4, -5.0), np.full(4, 5.0))
DECADES = Box(np.array([0.001, 10.0, 1.0, 0.5]), np.array([1.0, 5000.0, 30.0, 40.0]))


def values(expression: Expr, points: np.ndarray) -> np.ndarray:
    return np.asarray(compile_problem(SymbolicProblem(points.shape[1], (), expression))(points)[0])


def value(expression: Expr) -> float:
    return float(values(expression, np.array([X]))[0])


BY_HAND = [
    ({"kind": "ripple", "amplitude": 0.5, "frequency": 2.0}, 0.5 * math.sin(2 * (1.5 - 0.5 * 2**0.5 + 2 * 3**0.5))),
    ({"kind": "kink", "weight": 2.0, "quantity": SUM, "bound": 4.5}, 3.0),
    ({"kind": "penalty", "weight": 100.0, "power": 1, "quantity": SUM, "sense": "<=", "bound": 1.0}, 200.0),
    ({"kind": "penalty", "weight": 100.0, "power": 2, "quantity": SUM, "sense": "<=", "bound": 1.0}, 400.0),
    ({"kind": "penalty", "weight": 100.0, "power": 1, "quantity": SUM, "sense": "<=", "bound": 3.5}, 0.0),
    ({"kind": "penalty", "weight": 100.0, "power": 1, "quantity": SUM, "sense": ">=", "bound": 3.5}, 50.0),
    ({"kind": "undefined", "function": "log", "weight": 2.0, "quantity": SUM, "sense": "<=", "bound": 5.0}, -2 * math.log(2)),
    ({"kind": "undefined", "function": "sqrt", "weight": 2.0, "quantity": SUM, "sense": ">=", "bound": -1.0}, -4.0),
    ({"kind": "undefined", "function": "sqrt", "weight": 2.0, "quantity": SUM, "sense": "<=", "bound": 2.0}, math.nan),
]  # fmt: skip


@pytest.mark.parametrize(("record", "expected"), BY_HAND)
def test_terms_by_hand(record: dict[str, object], expected: float) -> None:
    assert value(term(record, 3)) == pytest.approx(expected, nan_ok=True)
    assert value(decorated(Num(7), [record], 3)) == pytest.approx(7 + expected, nan_ok=True)


def test_a_plateau_rounds_all_the_rest() -> None:
    records = [{"kind": "plateau", "levels": 2.0}, BY_HAND[1][0]]
    assert value(decorated(Num(7.3), records, 3)) == 10.0


@pytest.mark.parametrize("kind", TERM_SHARES)
@pytest.mark.parametrize("box", [EVEN, DECADES], ids=["even", "decades"])
def test_drawn_terms_do_what_they_are_drawn_for(kind: str, box: Box) -> None:
    points = PortableRng("points").points(2000, box.lower, box.upper)
    for number in range(20):
        record = draw_term(kind, PortableRng("term", number), box, 50.0)
        assert record == draw_term(kind, PortableRng("term", number), box, 50.0)
        if kind == "plateau":
            assert 10 <= record["levels"] * 50 <= 200
            continue
        added = values(term(record, box.dim), points)
        if kind == "ripple":
            assert 0.9 * 50e-3 <= np.abs(added).max() <= 50 * 0.04
            steps = PortableRng("steps", number).points(
                2000, np.zeros(box.dim), 0.02 * (box.upper - box.lower)
            )
            near = values(term(record, box.dim), points + steps)
            # Two hundredths of the box further on, the value says nothing of the one before.
            assert abs(np.corrcoef(added, near)[0, 1]) < 0.3
        elif kind == "undefined":
            assert 0.02 < np.isnan(added).mean() < 0.5
        elif kind == "penalty":
            assert 0.1 < (added > 0).mean() < 0.9 and added.min() == 0
        else:
            assert added.min() >= 0 and 1 < np.std(added) < 200


def test_terms_come_by_their_shares() -> None:
    drawn = [draw_terms(PortableRng("s", k), EVEN, 1.0) for k in range(2000)]
    for kind, share in TERM_SHARES.items():
        found = np.mean([any(r["kind"] == kind for r in records) for records in drawn])
        assert found == pytest.approx(share, abs=4 * math.sqrt(share / 2000))
    assert draw_terms(PortableRng("s"), EVEN, 1.0, {"kink": 1.0})[0]["kind"] == "kink"


def test_unknown_terms_are_refused() -> None:
    with pytest.raises(ProblemError, match="'glitter' is unknown, expected one of penalty"):
        term({"kind": "glitter"}, 3)
    with pytest.raises(ProblemError, match="'glitter' is unknown"):
        draw_term("glitter", PortableRng(1), EVEN, 1.0)


def test_observations() -> None:
    assert terms_observations([]) == (True, True, True)
    assert terms_observations([BY_HAND[0][0]]) == (True, True, False)
    assert terms_observations([BY_HAND[1][0]])[0] is False
    assert terms_observations([BY_HAND[3][0]])[0] is True
    assert terms_observations([{"kind": "plateau", "levels": 1.0}]) == (False, True, True)
