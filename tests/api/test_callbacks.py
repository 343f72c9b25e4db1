"""Callbacks in all of scipy's forms: the points that they are given, and how they end a run."""

import numpy as np
import pytest

import llamoco


def sphere(x):
    return float(np.sum((x - 0.3) ** 2))


@pytest.mark.parametrize("how", ["raise", "return", "xk"])
def test_a_callback_ends_the_run(how):
    calls = []

    def by_result(intermediate_result):
        calls.append(intermediate_result)
        if len(calls) == 4:
            if how == "raise":
                raise StopIteration
            return True

    def by_point(xk):
        calls.append(xk)
        return len(calls) == 4

    result = llamoco.minimize(
        sphere, [(0, 1)] * 2, max_evals=400, callback=by_point if how == "xk" else by_result
    )
    assert len(calls) == 4 and result.status == 2 and "callback" in result.message and result.success
    last = calls[-1] if how == "xk" else calls[-1].x
    assert last.tolist() == result.x.tolist()
    assert result.nfev < 400


def test_callbacks_of_other_functions_of_scipys():
    seen = []
    llamoco.minimize(sphere, [(0, 1)], max_evals=5, callback=lambda xk, convergence: seen.append(convergence))
    llamoco.minimize(sphere, [(0, 1)], max_evals=5, callback=lambda x, f, context: seen.append(f))
    llamoco.minimize(sphere, [(0, 1)], max_evals=5, callback=seen.append)
    assert len(seen) >= 3


def test_a_callback_that_raises_loses_nothing():
    calls = []

    def broken(xk):
        calls.append(xk)
        if len(calls) == 3:
            raise KeyError("typo")

    with pytest.raises(llamoco.LlamocoError, match="callback raised KeyError: 'typo'") as caught:
        llamoco.minimize(sphere, [(0, 1)] * 2, callback=broken)
    assert isinstance(caught.value.__cause__, KeyError)
    assert caught.value.result.x.tolist() == calls[-1].tolist()
