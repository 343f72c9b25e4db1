"""Variables: what the search box stands for, against the formulas of the documentation, and what has to hold of any map."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llamoco.dataset_builder.problems.errors import LlamocoError
from llamoco.dataset_builder.problems.profiling.operation_profile import trace_functions
from llamoco.dataset_builder.problems.variables import Variables, VariablesError

INF = np.inf


def test_bounded_continuous_variables_are_searched_as_they_are() -> None:
    own = Variables([-1, 0.1], [3, 0.7], start=[0, 0.3])
    assert own.plain and own.lower.tolist() == [-1, 0.1] and own.upper.tolist() == [3, 0.7]
    assert own.start is not None and own.start.tolist() == [0, 0.3]
    points = np.random.default_rng(0).uniform(-5, 5, (20, 2))
    assert own.to_original(points) is points


def pole(t: float) -> float:
    """The documented map without bounds, in exact arithmetic."""
    t_ = Fraction(t)
    return float(t_ / (1 - Fraction(99, 100) * t_**2) ** 3)


@pytest.mark.parametrize("x0", [0.0, 0.5, -3.0, 1e4, -2.5e-7])
def test_without_bounds_the_map_is_the_documented_one(x0: float) -> None:
    own = Variables([-INF], [INF], start=[x0])
    scale = 4 * (abs(x0) ** 0.5 or 1.0)
    assert (own.lower[0], own.upper[0], own.start.tolist()) == (-1, 1, [0.0])  # type: ignore[union-attr]
    for t in (-1.0, -0.7, -1e-3, 0.0, 0.02, 0.5, 0.999, 1.0):
        assert own.to_original(np.array([t]))[0] == pytest.approx(x0 + scale * pole(t), rel=1e-13)
    assert own.to_original(np.array([0.0]))[0] == x0
    assert own.to_original(np.array([1.0]))[0] - x0 == pytest.approx(1e6 * scale)


@pytest.mark.parametrize(("end", "x0"), [(0.0, 3.0), (-2.0, 1.5), (5.0, 5.25)])
def test_with_one_bound_the_end_is_reached_and_the_join_is_smooth(end: float, x0: float) -> None:
    for sign in (1, -1):
        low, high = (end, INF) if sign == 1 else (-INF, -end)
        own = Variables([low], [high], start=[sign * x0])

        def at(t: float, own: Variables = own, sign: int = sign) -> float:
            return sign * own.to_original(np.array([sign * t]))[0]  # type: ignore[no-any-return]

        assert at(-1.0) == end and at(0.0) == x0
        assert at(-0.25) == pytest.approx(end + 0.75 * (x0 - end))
        assert at(0.6) == pytest.approx(x0 + (x0 - end) * pole(0.6))
        step = 1e-3
        slopes = [(at(step) - at(0)) / step, (at(0) - at(-step)) / step]
        bends = [(at(s + step) - 2 * at(s) + at(s - step)) / step**2 for s in (-2 * step, 2 * step)]
        assert slopes[0] == pytest.approx(slopes[1], rel=1e-4)
        assert abs(bends[0] - bends[1]) < 0.05 * abs(x0 - end)


def test_a_start_on_its_only_bound_is_kept_and_leaves_room() -> None:
    own = Variables([0.0, -INF], [INF, 7.0], start=[0.0, 7.0])
    assert own.start is not None and own.to_original(own.start).tolist() == [0.0, 7.0]
    assert own.to_original(np.zeros(2)).tolist() == [1.0, 0.0]  # max(1, |e|) away


def test_without_a_start_the_centre_is_near_zero_or_the_bound() -> None:
    own = Variables([-INF, 2.0], [INF, INF])
    assert own.start is None and own.to_original(np.zeros(2)).tolist() == [0.0, 4.0]
    assert own.to_original(np.array([1e-6, 0.0]))[0] == pytest.approx(1e-5)  # scale 10


def test_fixed_variables_are_put_in() -> None:
    own = Variables([0, 2, -INF], [1, 2, INF], start=[0.5, 2, 3])
    assert own.lower.tolist() == [0, -1] and own.to_original(np.array([[0.25, 0.0]])).tolist() == [
        [0.25, 2, 3]
    ]


def test_integers_have_equal_shares_and_are_exact() -> None:
    own = Variables([-2, 0.3, -INF], [2, 4.9, INF], integer=[True, True, True], start=[0.4, 3.6, 9.7])
    points = own.to_original(np.random.default_rng(0).uniform(own.lower, own.upper, (50_000, 3)))
    assert (points == np.rint(points)).all() and not np.signbit(points[points == 0]).any()
    for column, values in ((0, range(-2, 3)), (1, range(1, 5))):
        found, counts = np.unique(points[:, column], return_counts=True)
        assert found.tolist() == [*values]
        assert counts / 50_000 == pytest.approx(np.full(len(found), 1 / len(found)), abs=0.01)
    assert own.to_original(own.start).tolist() == [0, 4, 10]  # type: ignore[arg-type]
    assert own.to_original(own.lower)[:2].tolist() == [-2, 1] and own.to_original(own.upper)[:2].tolist() == [
        2,
        4,
    ]


def test_steps_are_counted_from_the_lower_bound_and_are_the_numbers_that_people_write() -> None:
    own = Variables([0.0, 0.25, -INF, 1.0], [1.0, 2.1, 1.05, 1.3], step=[0.1, 0.5, 0.5, 0.0])
    z = np.random.default_rng(1).uniform(own.lower, own.upper, (3000, 4))
    z[:, 2] = np.linspace(-0.2, 1.0, 3000)
    x = own.to_original(z)
    assert set(x[:, 0].tolist()) == {0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0}
    assert set(x[:, 1].tolist()) == {0.25, 0.75, 1.25, 1.75}
    assert set(x[:, 2].tolist()) <= {k / 2 for k in range(-40, 3)} and x[:, 2].max() == 1.0
    assert (x[:, 3] == z[:, 3]).all()


def test_a_step_wider_than_the_range_fixes_the_variable() -> None:
    assert Variables([0, 0], [1, 5], step=[0, 10]).to_original(np.array([0.5])).tolist() == [0.5, 0]


BAD: dict[str, tuple[str, str, dict[str, Any]]] = {
    "crossed": ("upper", r"UP\[1\] = -1; swap", {"lower": [0, 0], "upper": [1, -1]}),
    "lengths": ("upper", "LOW has 2 entries and UP has 1", {"lower": [0, 0], "upper": [1]}),
    "nan": ("lower", r"LOW\[0\] is nan; give a number, or -inf", {"lower": [np.nan], "upper": [1]}),
    "inf below": ("lower", r"LOW\[0\] is inf, which no value", {"lower": [INF], "upper": [INF]}),
    "nothing moves": ("upper", "nothing to search", {"lower": [1, 2], "upper": [1, 2]}),
    "start below": (
        "start",
        r"x0\[1\] = -0.5 is below LOW\[1\] = 0; give",
        {"lower": [0, 0], "upper": [1, 1], "start": [0.5, -0.5]},
    ),
    "start above": ("start", r"is above UP\[0\]", {"lower": [0], "upper": [1], "start": [1.001]}),
    "start short": (
        "start",
        "x0 has 1 entries for 2 variables",
        {"lower": [0, 0], "upper": [1, 1], "start": [0.5]},
    ),
    "start nan": ("start", r"x0\[0\] is nan; give a finite", {"lower": [0], "upper": [1], "start": [np.nan]}),
    "start fixed": ("start", "is above", {"lower": [0, 2], "upper": [1, 2], "start": [0, 2.5]}),
    "no integer": (
        "integer",
        r"no integer between LOW\[0\] = 0.2",
        {"lower": [0.2], "upper": [0.8], "integer": [True]},
    ),
    "step below 0": ("step", r"step\[0\] is -1", {"lower": [0], "upper": [1], "step": [-1]}),
    "half an integer": (
        "step",
        "give a whole step",
        {"lower": [0], "upper": [9], "step": [0.5], "integer": [True]},
    ),
    "steps short": ("step", "1 entries for 2", {"lower": [0, 0], "upper": [9, 9], "step": [1]}),
}


@pytest.mark.parametrize("name", BAD)
def test_what_does_not_fit_is_told_under_the_persons_names(name: str) -> None:
    field, message, given_ = BAD[name]
    with pytest.raises(VariablesError, match=message) as caught:
        Variables(**given_, names={"lower": "LOW", "upper": "UP"})
    assert caught.value.field == field and isinstance(caught.value, LlamocoError)


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_subnormal=False).map(lambda value: round(value, 6))


@st.composite
def variables(draw: st.DrawFn) -> Variables:
    columns: list[tuple[float, float, float, float, bool]] = []
    for _ in range(draw(st.integers(1, 4))):
        low = draw(st.just(-INF) | numbers(-1e4, 1e4))
        width = draw(st.just(INF) | numbers(2.0, 1e4))
        high = (low if np.isfinite(low) else draw(numbers(-1e4, 1e4))) + width
        step, whole = draw(st.sampled_from([(0.0, False)] * 3 + [(0.5, False), (0.3, False), (0.0, True)]))
        inner = draw(st.floats(0, 1))
        near = low if np.isfinite(low) else high - 10 if np.isfinite(high) else draw(numbers(-1e4, 1e4)) - 5
        far = high if np.isfinite(high) else near + 10
        columns.append((low, high, min(max(near + inner * (far - near), low), high), step, whole))
    low_, high_, start, step_, whole_ = zip(*columns, strict=True)
    return Variables(low_, high_, start if draw(st.booleans()) else None, whole_, step_)


@settings(max_examples=150, deadline=None)
@given(variables(), st.integers(0, 2**32))
def test_what_holds_of_any_map(own: Variables, seed: int) -> None:
    rng, dim = np.random.default_rng(seed), len(own.lower)
    assert np.isfinite(own.lower).all() and np.isfinite(own.upper).all() and (own.lower < own.upper).all()
    z = np.sort(rng.uniform(own.lower, own.upper, (40, dim)), axis=0)
    z[0], z[-1], z[20] = own.lower, own.upper, (own.lower + own.upper) / 2
    z = np.sort(z, axis=0)
    x = own.to_original(z)
    # Order, and the person's bounds.
    assert (np.diff(x, axis=0) >= 0).all()
    # One point at a time, and in a program, the same bits.
    stated: dict[str, Any] = {"np": np}
    exec("\n".join(own.source()), stated)
    for point, values in zip(z, x, strict=True):
        assert own.to_original(point).tobytes() == values.tobytes() == stated["full"](point).tobytes()
    assert (
        stated["lower"].tobytes() == own.lower.tobytes() and stated["upper"].tobytes() == own.upper.tobytes()
    )
    # There and back: the inverse need not be the same z (steps), but stands for the same x.
    np.testing.assert_allclose(own.to_original(own.to_search(x)), x, rtol=1e-9, atol=1e-9)
    back = own.to_search(x[0])
    assert ((back >= own.lower) & (back <= own.upper)).all()
    if own.start is not None:
        assert stated["start"].tobytes() == own.start.tobytes()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=4))
def test_a_start_without_bounds_is_evaluated_as_it_is_and_lies_in_the_centre(start: list[float]) -> None:
    own = Variables([-INF] * len(start), [INF] * len(start), start=start)
    assert own.start is not None and (own.start == 0).all()
    assert own.to_original(own.start).tolist() == start


def test_the_trace_shows_rounding_and_nothing_of_the_maps() -> None:
    own = Variables(
        [-INF, 0, 0, 5], [INF, INF, 9, 5], start=[1, 1, 1, 5], integer=[False, False, True, False]
    )

    def profile(own: Variables) -> Any:
        trace = trace_functions(
            lambda x: x[0] * x[0] + x[1] + 2 * x[2] + x[3], [lambda x: x[0]], own.lower, own.upper, own.traced
        )
        assert trace.profile is not None, trace.obstacle
        return trace.profile

    found = profile(own)
    assert found.objective.operations == {"floor": 1, "square": 1} and found.objective.degrees == (None,)
    assert found.constraints.operations == {"floor": 1} and found.constraints.degrees == (1,)
    continuous = Variables([-INF] * 2 + [0, 5], [INF] * 2 + [9, 5], start=[1, 1, 1, 5])
    assert profile(continuous).objective.operations == {"square": 1}
    assert profile(continuous).objective.degrees == (2,)
