"""A tolerance stops a run where nothing moves any more, and not before."""

import pytest

from llamoco.dataset_builder.problems.stagnation import Stagnation


def stops_at(values: list[float | None], tolerance: float, dim: int = 2) -> int | None:
    watch = Stagnation(tolerance, dim)
    return next((n for n, best in enumerate(values, 1) if watch.reached(n, best)), None)


def test_it_waits_a_hundred_evaluations_or_twenty_a_variable() -> None:
    assert stops_at([1.0] * 500, 1e-6) == 101
    assert stops_at([1.0] * 500, 1e-6, dim=10) == 201
    assert stops_at([None] * 500, 1e-6) is None  # nothing feasible: nothing to stop at


@pytest.mark.parametrize(("start", "tolerance"), [(1.0, 1e-3), (1e6, 1e-3), (-50.0, 1e-2)])
def test_steady_progress_above_the_tolerance_goes_on(start: float, tolerance: float) -> None:
    step = 2 * tolerance * (1 + abs(start))
    assert stops_at([start - step * (n // 50) for n in range(2000)], tolerance) is None
    slow = step / 1000
    assert stops_at([start - slow * n for n in range(2000)], tolerance) is not None


def test_small_steps_add_up_to_progress() -> None:
    # Each step is below the tolerance, a hundred of them are not.
    assert stops_at([10.0 - 1e-3 * n for n in range(3000)], 1e-3) is None
