"""Both trainers against trajectories that another engine recorded: rows exactly, numbers to rounding."""

import json

import pytest
from trajectory_setup import PINNED, RUNS, trajectory


@pytest.mark.parametrize("name", RUNS)
def test_a_pinned_trajectory_is_reproduced(name: str) -> None:
    pinned = json.loads(PINNED.read_text(encoding="utf-8"))[name]
    found = trajectory(name)
    assert found.keys() == pinned.keys()
    for phase, expected in pinned.items():
        assert found[phase].keys() == expected.keys()
        assert found[phase]["rows"] == expected["rows"]
        for curve in expected.keys() - {"rows"}:
            assert found[phase][curve] == pytest.approx(expected[curve], rel=1e-4, abs=1e-7), (phase, curve)
