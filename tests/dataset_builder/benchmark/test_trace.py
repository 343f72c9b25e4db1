import math

import numpy as np

from llamoco.dataset_builder.benchmark.trace import MAX_POINTS, pack_trace, thin_trace, unpack_trace
from llamoco.dataset_builder.problems.scores import a3


def test_short_trace_survives_packing_exactly():
    trace = [(1, 5.25), (7, 0.1), (4999, -1e-300)]
    assert unpack_trace(pack_trace(trace)) == trace
    assert unpack_trace(pack_trace([])) == []


def test_thinning_drops_the_step_that_costs_least():
    # Of the inner steps, (3, 99.0) changes the level by half a percent for one evaluation only.
    trace = [(1, 100.0), (3, 99.0), (4, 50.0), (60, 10.0), (90, 1.0)]
    assert thin_trace(trace, 4) == [trace[0], *trace[2:]]


def test_thinning_keeps_the_anytime_score():
    rng = np.random.default_rng(0)
    for budget, count in ((500, 300), (5000, 3000), (5000, 200)):
        evals = np.sort(rng.choice(budget, count, replace=False)) + 1
        values = 100 * 10 ** -np.sort(rng.random(count) * 5)
        trace = [(int(e), float(v)) for e, v in zip(evals, values, strict=True)]
        thin = unpack_trace(pack_trace(trace))
        assert len(thin) == MAX_POINTS
        assert thin[0] == trace[0] and thin[-1] == trace[-1]
        assert set(thin) <= set(trace)
        exact, approximate = a3(trace, budget, 100.0, 0.0), a3(thin, budget, 100.0, 0.0)
        assert math.isclose(exact, approximate, abs_tol=0.01), (exact, approximate)
        assert approximate <= exact  # what is dropped only delays improvements
