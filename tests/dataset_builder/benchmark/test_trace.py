"""Packed traces: ends and evaluations exact, the anytime score as of the whole trace."""

import math
from itertools import pairwise

import numpy as np
import pytest

from llamoco.dataset_builder.benchmark.trace import MAX_POINTS, pack_trace, thin_trace, unpack_trace
from llamoco.dataset_builder.problems.scores import aocc


def random_trace(rng, budget: int, count: int, decades: float) -> list[tuple[int, float]]:
    evals = np.sort(rng.choice(budget, count, replace=False)) + 1
    values = 100 * 10 ** -np.sort(rng.random(count) * decades)
    return [(int(e), float(v)) for e, v in zip(evals, values, strict=True)]


def test_ends_and_evaluations_survive_packing_exactly():
    trace = [(1, 5.25), (7, 0.1), (4999, -1e-300)]
    unpacked = unpack_trace(pack_trace(trace))
    assert [e for e, _ in unpacked] == [1, 7, 4999]
    assert unpacked[0] == trace[0] and unpacked[-1] == trace[-1]
    assert unpacked[1][1] == pytest.approx(0.1, rel=2e-4)
    assert unpack_trace(pack_trace([])) == []
    assert unpack_trace(pack_trace([(70_000, 3.5)])) == [(70_000, 3.5)]


def test_thinning_merges_the_pair_that_differs_least():
    trace = [(1, 1000.0), (3, 110.0), (5, 100.0), (60, 1.0), (90, 0.0)]
    thin = thin_trace(trace, 4)
    assert [e for e, _ in thin] == [1, 3, 60, 90]
    assert thin[1][1] == pytest.approx(
        (110.0**2 * 100.0**55) ** (1 / 57)
    )  # the mean level, over 2 + 55 evaluations
    assert [thin[0], *thin[2:]] == [trace[0], *trace[3:]]


@pytest.mark.parametrize(("budget", "count"), [(500, 300), (5000, 3000), (5000, 200), (100, 40)])
@pytest.mark.parametrize("gap", [0.0, 1e-3, 1.0, 30.0])
def test_packing_keeps_the_anytime_score(budget: int, count: int, gap: float):
    """Whatever f* turns out to be: the trace's own end, or a value far below."""
    rng = np.random.default_rng(budget + count)
    trace = random_trace(rng, budget, count, 5)
    packed = pack_trace(trace)
    assert len(packed) == 16 + 6 * MAX_POINTS
    thin = unpack_trace(packed)
    assert {e for e, _ in thin} <= {e for e, _ in trace}
    assert all(later < earlier for (_, earlier), (_, later) in pairwise(thin))
    exact, approximate = (aocc(t, budget, 100.0, trace[-1][1] - gap) for t in (trace, thin))
    assert math.isclose(exact, approximate, abs_tol=3e-4), (exact, approximate)
