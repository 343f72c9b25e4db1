"""What one program is a bad bet for, by small problems of each kind, and what it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.symbolic.synthesis import draw_problem
from llamoco.modeling.solving.robust_rule import risk_factors

HEAD = "import numpy as np\n\nLOWER, UPPER, MAX_EVALS = [-1.0, 0.5], [4.0, 5.0], 300\n\n\n"
SMOOTH = "def objective(x):\n    return np.sin(x[0]) + x[1] ** 2\n"


def problem_of(folder: Path, text: str) -> Problem:
    path = folder / "p.py"
    path.write_text(HEAD + text)
    return load_problem(path)


RISKY = {
    "an if": ("def objective(x):\n    return x[0] if x[0] + x[1] > 2 else 1e9\n", "objective compares"),
    "an if among functions": (
        "def objective(x):\n    return np.sin(x[0]) if x[0] > 2 else np.exp(x[1])\n",
        "objective compares",
    ),
    "a max of polynomials": ("def objective(x):\n    return max(x[0], x[1] ** 2)\n", "objective compares"),
    "where": (
        "def objective(x):\n    return np.sum(np.where(x > 1, np.sin(x), x))\n",
        "objective compares",
    ),
    "counting": ("def objective(x):\n    return float(sum(1 for v in x if v > 1))\n", "except for jumps"),
    "round": ("def objective(x):\n    return (round(x[0]) - 2) ** 2 + np.exp(x[1])\n", "objective rounds"),
    "unknown": ("def objective(x):\n    return float(str(x[0])) + x[1]\n", "unknown"),
    "a counting constraint": (
        SMOOTH + "\n\ndef inequality(x):\n    return np.sum(x > 1) - 1.0\n",
        "constraint is constant",
    ),
    "a constraint with min": (
        SMOOTH + "\n\ndef inequality(x):\n    return 1 - x.min()\n",
        "constraint compares",
    ),
    "a constraint that rounds": (
        SMOOTH + "\n\ndef inequality(x):\n    return 1 - np.floor(x[0])\n",
        "constraint rounds",
    ),
}


@pytest.mark.parametrize("name", RISKY)
def test_unfamiliar_kinds_are_risks(name: str, tmp_path: Path) -> None:
    text, expected = RISKY[name]
    [found] = risk_factors(problem_of(tmp_path, text))
    assert expected in found.reason and found.kind == "unfamiliar"


PLAIN = {
    "smooth": SMOOTH,
    "constrained": SMOOTH + "\n\ndef inequality(x):\n    return [x[0] * x[1] - 3, np.exp(x[0]) - 9]\n",
    "kinks": "def objective(x):\n    return np.abs(x[0] - 1) + np.sqrt(np.abs(x[1]))\n",
    "a max among functions, as in training": "def objective(x):\n    return np.max(np.abs(np.sin(x)))\n",
}


@pytest.mark.parametrize("name", PLAIN)
def test_what_is_like_the_training_is_no_risk(name: str, tmp_path: Path) -> None:
    assert risk_factors(problem_of(tmp_path, PLAIN[name])) == ()


def test_of_drawn_problems_only_those_that_round_are_risks() -> None:
    for number in range(12):
        problem = draw_problem(11, number, constrained=number % 2 == 1)
        profile = problem.profile
        assert profile is not None
        rounds = "floor" in profile.objective.operations
        assert [risk for risk in risk_factors(problem) if "rounds" not in risk.reason] == []
        assert bool(risk_factors(problem)) == rounds
