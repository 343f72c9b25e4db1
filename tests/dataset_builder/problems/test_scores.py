"""w and AOCC on cases computed by hand."""

import math

import pytest

from llamoco.dataset_builder.problems.scores import aocc, relative_gap, w


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (10.0, 0.0),
        (2.0, 1.0),
        (4.0, 0.75),
        (12.0, 0.0),
        (1.0, 1.0),
        (math.inf, 0.0),
        (math.nan, 0.0),
        (-math.inf, 0.0),
    ],
)
def test_w_is_the_normalised_descent_clipped(f: float, expected: float) -> None:
    assert w(f, f0=10.0, f_star=2.0) == pytest.approx(expected)


def test_relative_gap_takes_negative_objectives() -> None:
    assert relative_gap(-7.5, f0=-5.0, f_star=-10.0) == pytest.approx(0.5)


def test_aocc_by_hand() -> None:
    # Budget 10. From evaluation 1 the gap is 1 (scores 0), from 3 on it is 0.1 (1/3), from 7 on 0.01 (2/3)
    # to the end: 4 evaluations (3 to 6) at 1/3 and 4 (7 to 10) at 2/3.
    trace = [(1, 1.0), (3, 0.1), (7, 0.01)]
    assert aocc(trace, 10, f0=1.0, f_star=0.0) == pytest.approx((4 * 1 / 3 + 4 * 2 / 3) / 10)


def test_aocc_before_the_first_feasible_point_scores_nothing() -> None:
    assert aocc([], 100, 1.0, 0.0) == 0.0
    assert aocc([(100, 0.0)], 100, 1.0, 0.0) == pytest.approx(1 / 100)


def test_aocc_is_one_when_the_optimum_is_found_at_once() -> None:
    assert aocc([(1, 0.0)], 50, 1.0, 0.0) == pytest.approx(1.0)
    # A gap below the floor of 1e-3 is worth no more.
    assert aocc([(1, 1e-3)], 50, 1.0, 0.0) == pytest.approx(1.0)


def test_aocc_separates_where_w_saturates() -> None:
    early, late = [(1, 0.5), (10, 1e-4)], [(1, 0.5), (90, 1e-4)]
    assert w(early[-1][1], 1, 0) == w(late[-1][1], 1, 0)
    assert aocc(early, 100, 1, 0) > aocc(late, 100, 1, 0)


def test_aocc_of_points_worse_than_f0_is_not_negative() -> None:
    assert aocc([(1, 50.0), (5, 2.0)], 10, 1.0, 0.0) == 0.0
