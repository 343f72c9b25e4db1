"""Structures found by tracing: against hand counts, finite differences, and each other across ways of writing a problem."""

from __future__ import annotations

import math

import numpy as np
import pytest

from llamoco.dataset_builder.problems.files.python_file import load_python
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.profiling.operation_profile import FunctionProfile, OperationProfile
from llamoco.dataset_builder.problems.symbolic.synthesis import draw_problem
from llamoco.dataset_builder.problems.symbolic.variable_kinds import is_stepped
from llamoco.dataset_builder.prompts.program import problem_section_of_text
from llamoco.dataset_builder.prompts.rows import PATTERNS

BOX = "LOWER, UPPER, MAX_EVALS = [-2.0, -1.0, 0.0], [2.0, 3.0, 4.0], 100\n"


def profile(body: str, box: str = BOX) -> OperationProfile | None:
    return load_python(f"import math\nimport numpy as np\n{box}{body}", "problem.py").profile()


def objective(expression: str, before: str = "") -> FunctionProfile:
    found = profile(f"def objective(x):\n    {before}\n    return {expression}\n")
    assert found is not None
    return found.objective


def test_rosenbrock_by_hand() -> None:
    part = objective("sum(100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2 for i in range(2))")
    # Squares of x_0, x_1, of two valleys and of two distances; the chain 0 - 1 - 2 has 1, 2 and 1 neighbours.
    assert part == FunctionProfile({"square": 6}, (4,), 4 / 3)


def test_constraints_by_hand() -> None:
    found = profile(
        "def objective(x):\n    return x[0]\n"
        "def inequality(x):\n    return [x[0] + 2 * x[1] - 3, x[0] * x[1] - 1, math.sin(x[2])]\n"
        "def equality(x):\n    return x[2] ** 3 - 1\n"
    )
    assert found is not None
    assert found.objective == FunctionProfile({}, (1,), 0.0)
    assert found.constraints == FunctionProfile({"power": 1, "product": 1, "sin": 1}, (1, 2, None, 3), 2 / 3)


@pytest.mark.parametrize(
    ("before", "expression"),
    [
        ("", "sum(math.cos(v) for v in x) + math.sqrt(sum(v * v for v in x))"),
        ("", "np.sum(np.cos(x)) + np.linalg.norm(x)"),
        ("x = np.asarray(x, dtype=float)", "np.cos(x).sum() + np.sqrt(x @ x)"),
        ("x = [float(v) for v in x]", "sum(np.cos(x)) + np.dot(x, x) ** 0.5"),
        ("z = np.zeros(3); z[:] = x", "np.einsum('i->', np.cos(z)) + math.hypot(*z)"),
        (
            "z = np.fromiter((v for v in x), dtype=float)",
            "float(np.cos(z).sum() + np.power(np.sum(z**2), 0.5))",
        ),
        ("from math import cos, fsum", "fsum(cos(v) for v in x) + np.linalg.norm(x, 2)"),
        ("a, b, c = x.tolist()", "np.cos([a, b, c]).sum() + math.dist([a, b, c], [0, 0, 0])"),
    ],
)
def test_ways_to_write_one_function_agree(before: str, expression: str) -> None:
    assert objective(expression, before) == FunctionProfile({"cos": 3, "sqrt": 1, "square": 3}, (None,), 2.0)


def test_numbers_that_do_not_depend_on_variables_leave_no_trace() -> None:
    assert objective("math.exp(2.0) * x[0] + np.sin(np.arange(3)) @ x + abs(-3) ** 0.5").operations == {}


EXTREMA = ("largest", "smallest", "largest_deviation")  # polynomials in pieces


@pytest.mark.parametrize("constrained", [False, True])
@pytest.mark.parametrize("number", range(6))
def test_every_description_of_a_problem_has_its_structure(number: int, constrained: bool) -> None:
    problem = draw_problem(7, number, constrained)
    for pattern in PATTERNS[number % 3 :: 3]:
        text = pattern.write(problem, PortableRng("structure", number, pattern.name))
        source = load_python(problem_section_of_text(pattern.language, text, problem.id), problem.id)
        assert source.profile() == problem.profile, pattern.name


def test_interactions_are_those_of_mixed_differences() -> None:
    """Variables i and j meet if f(x + s e_i + t e_j) - f(x + s e_i) - f(x + t e_j) + f(x) is not 0 somewhere."""
    checked = 0
    for number in range(40):
        problem = draw_problem(11, number, False)
        if problem.dim > 12 or problem.profile is None:
            continue
        met = _meeting(problem)
        # A trace may see a meeting that cancels, or that differences are too coarse to see; never the other way round.
        assert problem.profile.objective.mean_interactions >= met.sum() / problem.dim - 1e-12
        if problem.profile.objective.mean_interactions == 0:
            assert not met.any()
        checked += problem.profile.objective.mean_interactions == met.sum() / problem.dim
    assert checked >= 8


def _meeting(problem: Problem) -> np.ndarray:
    rng, dim = np.random.default_rng(problem.dim), problem.dim
    met = np.zeros((dim, dim), dtype=bool)
    for _ in range(20):
        x, y = rng.uniform(problem.lower_array, problem.upper_array, (2, dim))
        pairs = [(i, j) for i in range(dim) for j in range(i)]
        points = np.array(
            [
                np.where(np.isin(np.arange(dim), moved), y, x)
                for i, j in pairs
                for moved in ([i, j], [i], [j], [])
            ]
        )
        f = problem.evaluate(points).f.reshape(-1, 4)
        rest = np.abs(f @ [1, -1, -1, 1]) > 1e-9 * np.abs(f).max()
        for (i, j), differs in zip(pairs, rest, strict=True):
            met[i, j] |= differs
            met[j, i] |= differs
    return met


def test_degrees_are_those_of_finite_differences() -> None:
    degrees = []
    for number in range(60):
        problem = draw_problem(13, number, True)
        assert problem.profile is not None
        if is_stepped(problem.definition):  # between two values nothing changes
            continue
        for position, degree in enumerate(problem.profile.constraints.degrees):
            records = problem.definition["inequalities"] + problem.definition["equalities"]
            if degree is None or degree > 6 or records[position]["kind"] in EXTREMA:
                continue
            degrees.append(degree)
            line = np.linspace(0, 1, degree + 2)[:, None]
            a, b = np.random.default_rng(number).uniform(
                problem.lower_array, problem.upper_array, (2, problem.dim)
            )
            values = problem.evaluate(a + line * (b - a))
            along = np.hstack([values.g, values.h])[:, position]
            signs = [(-1) ** k * math.comb(degree + 1, k) for k in range(degree + 2)]
            assert abs(np.dot(signs, along)) <= 1e-7 * np.abs(along).max()
            lower = [(-1) ** k * math.comb(degree, k) for k in range(degree + 1)]
            assert abs(np.dot(lower, along[:-1])) > 1e-12 * np.abs(along).max()
    assert {1, 2} <= set(degrees)


@pytest.mark.parametrize(
    "body",
    [
        "def objective(x):\n    return np.linalg.eigvalsh(np.outer(x, x))[0]\n",
        "def objective(x):\n    s = 0\n    for i in range(300_000):\n        s = s + x[0]\n    return s\n",
        "import array\ndef objective(x):\n    return sum(array.array('d', x))\n",
        "CALLS = []\ndef objective(x):\n    CALLS.append(1)\n    return float(x[0]) if type(x[0]) is np.float64 else exit()\n",
    ],
)
def test_what_cannot_be_followed_is_unknown(body: str) -> None:
    assert profile(body) is None


def test_the_trace_says_nothing_to_those_who_listen(capsys: pytest.CaptureFixture[str]) -> None:
    file = load_python(
        f"{BOX}print('loaded')\ndef objective(x):\n    print('asked')\n    return x[0]\n", "p.py"
    )
    capsys.readouterr()
    assert file.profile() is not None
    assert capsys.readouterr() == ("", "")


def test_parts_as_numbers() -> None:
    part = FunctionProfile({"cos": 12, "square": 3}, (None, 1, 4), 2.5)
    assert FunctionProfile.from_list(part.to_list()) == part
