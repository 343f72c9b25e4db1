"""The compiled evaluator against the NumPy one, which shares no code with it, and against itself one point at a time."""

import copy
import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from llamoco.dataset_builder.problems.evaluator import CompiledProblem, compile_problem, numpy_evaluator
from llamoco.dataset_builder.problems.files.latex_file import read_latex
from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.problem import Evaluation
from llamoco.dataset_builder.problems.symbolic.expression import (
    Call,
    Expr,
    Extremum,
    Index,
    Num,
    Reduce,
    Sum,
    Vec,
)
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import SymbolicProblem
from llamoco.dataset_builder.problems.symbolic.synthesis import draw_problem
from llamoco.dataset_builder.prompts.latex.patterns import PATTERNS

EXAMPLES = sorted((Path(__file__).parents[4] / "examples" / "problems").glob("*.tex"))

i = Index("i")
j = Index("j")
k = Index("k")
x = Vec("x")


def special_points(lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """Random points (40, D), and where formulas overflow, divide by zero or leave their domain."""
    points = np.random.default_rng(len(lower)).uniform(lower, upper, (40, len(lower)))
    points[0] = 0
    points[1] *= 30
    points[2, 0] = 1e200  # alone: the order of a sum does not matter
    points[3, 0], points[4, -1], points[5, 0] = np.inf, np.nan, -np.inf
    return points


def assert_agree(system: SymbolicProblem, points: np.ndarray) -> None:
    expected = numpy_evaluator(system)(points)
    for found, truth in zip(compile_problem(system)(points), expected, strict=True):
        assert found.shape == truth.shape and found.dtype == np.float64
        # A sum that nearly cancels is as exact as its terms are.
        scale = np.abs(truth[np.isfinite(truth) & (np.abs(truth) < 1e100)]).max(initial=0)
        np.testing.assert_allclose(found, truth, rtol=1e-9, atol=1e-12 * scale)


@pytest.mark.parametrize("constrained", [False, True])
@pytest.mark.parametrize("part", range(4))
def test_drawn_problems_agree_with_numpy(part: int, constrained: bool) -> None:
    for number in range(40 * part, 40 * (part + 1)):
        problem = draw_problem(11, number, constrained)
        points = special_points(problem.lower_array, problem.upper_array)
        assert_agree(problem.system, points)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_problems_read_from_latex_agree_with_numpy(path: Path) -> None:
    latex = read_latex(path.read_text(encoding="utf-8"), path.name)
    assert_agree(latex.system, special_points(np.array(latex.lower), np.array(latex.upper)))


def test_descriptions_read_back_agree_with_numpy() -> None:
    for number in range(12):
        problem = draw_problem(14, number, constrained=number % 2 == 1)
        for pattern in PATTERNS:
            text = pattern.write(problem, PortableRng("style", problem.id, pattern.name))
            assert_agree(
                read_latex(text, problem.id).system, problem.lower_array + np.linspace(0.1, 2, 5)[:, None]
            )


FUNCTIONS = ("sin", "cos", "tan", "exp", "log", "sqrt", "abs", "tanh", "floor", "arctan", "sinh", "cosh")


def every_function() -> Expr:
    tree = Call("arcsin", x[1] / 3) + Call("arccos", x[2] / 3)
    for name in FUNCTIONS:
        tree = tree + Sum(i, 1, 5, Call(name, x[i]))
    return tree


TREES = {
    "three levels": Sum(i, 1, 3, x[i] * Sum(j, 1, 4, x[j] * Sum(k, 1, 2, x[k] ** 2 + i * j * x[j]))),
    "a triangle that divides by zero outside": Sum(i, 1, 5, Sum(j, i + 1, 5, 1 / (x[i] - x[j]))),
    "sums that go on and on": Sum(i, 1, 5, Sum(j, 1, i, x[j] * 2) ** 2),
    "sums that begin later and later": Sum(i, 1, 5, i * Sum(j, i, 5, x[j]) ** 2),
    "windows": Sum(i, 1, 4, Sum(j, i, i + 1, x[j]) ** 2),
    "rows that are empty": Sum(i, 1, 5, x[i] * Sum(j, 3, i, x[j] - i)),
    "a triangle in a sum over a third index": Sum(
        k, 1, 2, Sum(i, 1, 5, Sum(j, 1, i, (x[j] - k * x[i]) ** 2) ** 2)
    ),
    "a triangle over the middle index": Sum(
        k, 1, 5, Sum(i, 1, 5, x[k] - Sum(j, i, 5, x[j] * x[k]) + Sum(j, 1, k, x[i]))
    ),
    "a body without its index": Sum(i, 1, 5, Sum(j, 1, i, x[i])) + Sum(i, 1, 4, x[1]),
    "a constant triangle": x[1] * Sum(i, 1, 5, Sum(j, 1, i, i * j)),
    "a matrix": Sum(j, 1, 7, Call("abs", Sum(i, 1, 5, Call("cos", i * j) * x[i]) - j)),
    "weights": Sum(i, 1, 5, x[i] ** 2 * i) + Sum(i, 2, 4, i * x[i]),
    "products and extremes": Reduce(
        "prod", i, Num(1), Num(3), Reduce("max", j, Num(1), Num(5), x[j] - i * x[i])
    )
    + Reduce("min", i, Num(1), Num(5), Reduce("prod", j, Num(1), Num(2), x[i] + j)),
    "backwards and every second": Sum(i, 1, 5, x[6 - i] * i) + Sum(i, 1, 2, x[2 * i] / x[2 * i + 1]),
    "one value for all": Sum(i, 1, 5, (Sum(j, 1, 5, x[j]) - x[i]) / (x[1] * i)),
    "constant powers": Sum(
        i, 1, 5, x[i] ** 3 + x[i] ** 4 + x[i] ** 5 + x[i] ** -2 + x[i] ** 0.5 + x[i] ** 1.5
    ),
    "other powers": Sum(i, 1, 4, x[i] ** x[i + 1] + Num(2) ** x[i] + Num(0) ** x[i] + x[i] ** i),
    "constants on both sides": Sum(i, 1, 5, (3 - x[i]) / i + i / x[i] - (x[i] - i) * 2 / 7 - 1 / x[i]),
    "extremes of two": Sum(i, 1, 5, Extremum("max", x[i], i - Num(2)) + Extremum("min", Num(0.5), x[i]))
    + Extremum("max", x[1], x[2]) * Extremum("min", x[3], x[4]),
    "every function": every_function(),
}


@pytest.mark.parametrize("name", TREES)
def test_trees_agree_with_numpy(name: str) -> None:
    system = SymbolicProblem(5, (), TREES[name], (TREES[name] - 1,), (2 * TREES[name], Num(4)))
    assert_agree(system, special_points(np.full(5, -2.0), np.full(5, 3.0)))


@pytest.mark.parametrize("number", range(6))
def test_a_point_has_the_same_values_in_any_company(number: int) -> None:
    # 1 point, a block that is not full, and several blocks are different ways through the kernels.
    problem = draw_problem(12, number, constrained=True)
    points = special_points(problem.lower_array, problem.upper_array)
    many = np.vstack([points] * 7)
    for part, of_many in zip(problem.evaluate(points), problem.evaluate(many), strict=True):
        assert np.array_equal(np.vstack([part.reshape(40, -1)] * 7), of_many.reshape(280, -1), equal_nan=True)
    for row, point in enumerate(points):
        for part, one in zip(problem.evaluate(points), problem.evaluate(point[None, :]), strict=True):
            assert np.array_equal(part[row], one[0], equal_nan=True)


@pytest.fixture(scope="module")
def compiled() -> CompiledProblem:
    return compile_problem(SymbolicProblem(3, (), Sum(i, 1, 3, i * x[i]), (x[1] - x[2],), (x[3],)))


def test_points_may_lie_in_memory_as_they_like(compiled: CompiledProblem) -> None:
    points = np.arange(12.0).reshape(4, 3)
    expected = [8.0, 26.0, 44.0, 62.0]
    readonly = points.copy()
    readonly.flags.writeable = False
    unaligned = np.frombuffer(b"x" + points.tobytes(), dtype=np.uint8)[1:].view(np.float64).reshape(4, 3)
    for given in (
        points,
        np.asfortranarray(points),
        np.repeat(points, 2, axis=1)[:, ::2],
        points.astype(int),
        points.astype(">f8"),
        readonly,
        unaligned,
    ):
        f, g, h = compiled(given)
        assert f.tolist() == expected and g.shape == h.shape == (4, 1)


def test_no_points_and_wrong_shapes(compiled: CompiledProblem) -> None:
    f, g, h = compiled(np.empty((0, 3)))
    assert f.shape == (0,) and g.shape == (0, 1) and h.shape == (0, 1)
    for wrong in (np.zeros(3), np.zeros((2, 4)), np.zeros((2, 2))):
        with pytest.raises(ValueError, match="expected points of shape"):
            compiled(wrong)


def test_a_compiled_system_can_be_copied_and_sent(compiled: CompiledProblem) -> None:
    points = np.ones((2, 3))
    for other in (copy.deepcopy(compiled), pickle.loads(pickle.dumps(compiled))):
        assert other(points)[0].tolist() == compiled(points)[0].tolist() == [6.0, 6.0]


def test_numbers_that_cannot_be_computed() -> None:
    with pytest.raises(ArithmeticError):
        compile_problem(SymbolicProblem(1, (), x[1] + Num(1) / Num(0)))
    root = compile_problem(SymbolicProblem(1, (), x[1] + (-Num(8)) ** Num(0.5)))
    assert np.isnan(root(np.ones((1, 1)))[0][0])


def test_threads_do_not_meet() -> None:
    problems = [draw_problem(13, number, constrained=False) for number in range(4)]
    points = [np.random.default_rng(0).uniform(p.lower, p.upper, (30, p.dim)) for p in problems]
    expected = [numpy_evaluator(p.system)(x)[0] for p, x in zip(problems, points, strict=True)]
    wrong: list[str] = []

    def work(number: int) -> None:
        for _ in range(50):
            found = problems[number].evaluate(points[number]).f
            if not np.allclose(found, expected[number], rtol=1e-9):
                wrong.append(problems[number].id)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def run_python(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **environment},
    )
    return done.stdout.strip()


def test_numba_is_loaded_by_the_first_evaluation_only() -> None:
    code = (
        "import sys\nimport llamoco.dataset_builder.problems.oracle\n"
        "from llamoco.dataset_builder.problems.evaluator import compile_problem\n"
        "from llamoco.dataset_builder.problems.symbolic.expression import Vec\n"
        "from llamoco.dataset_builder.problems.symbolic.symbolic_problem import SymbolicProblem\n"
        "compile_problem(SymbolicProblem(2, (), Vec('x')[1]))\nprint('numba' in sys.modules)"
    )
    assert run_python(code) == "False"


@pytest.mark.slow
def test_kernels_are_compiled_where_nothing_can_be_kept() -> None:
    code = (
        "import numpy as np\nfrom numba.core.caching import CacheImpl\n"
        "CacheImpl._locator_classes = []  # no folder can be written to\n"
        "from llamoco.dataset_builder.problems.evaluator.interpreter import evaluate\n"
        "from llamoco.dataset_builder.problems.symbolic.synthesis import draw_problem\n"
        "problem = draw_problem(0, 0, False)\n"
        "values = problem.evaluate(np.array([problem.lower]))\n"
        "print(np.isfinite(values.f[0]), evaluate.stats.cache_path)"
    )
    assert run_python(code) == "True None"


def test_reading_and_asking_for_a_file_loads_no_numba(tmp_path: Path) -> None:
    for path in EXAMPLES:
        code = (
            "import sys\nfrom llamoco.dataset_builder.problems.files.problem_file import load_problem\n"
            f"problem = load_problem({str(path)!r})\nproblem.profile\nprint('numba' in sys.modules)"
        )
        assert run_python(code) == "False"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_without_numba_formulas_give_the_same_values(path: Path) -> None:
    code = (
        "import sys\nsys.modules['numba'] = None\n"
        "import numpy as np\nfrom llamoco.dataset_builder.problems.files.problem_file import load_problem\n"
        "from llamoco.dataset_builder.problems.oracle import Oracle\n"
        f"problem = load_problem({str(path)!r})\noracle = Oracle(problem)\n"
        "points = np.random.default_rng(3).uniform(problem.lower, problem.upper, (9, problem.dim))\n"
        "values = oracle.evaluate(points)\noracle.objective(points[2])\n"
        "print(repr([part.tolist() for part in values] + [oracle.evals, oracle.best_f]))"
    )
    f, g, h, evals, best = eval(run_python(code), {"inf": np.inf, "nan": np.nan})
    problem = load_problem(path)
    points = np.random.default_rng(3).uniform(problem.lower, problem.upper, (9, problem.dim))
    system = problem.active_evaluator.symbolic
    assert (
        system is not None and problem.active_evaluator.compiled is None
    )  # few evaluations: Numba is not loaded for them
    values = Evaluation(*compile_problem(system[0])(points))
    for found, truth in zip((f, g, h), values, strict=True):
        np.testing.assert_allclose(np.reshape(found, truth.shape), truth, rtol=1e-9, atol=1e-12)
    feasible = values.f[problem.feasible(values)]
    assert evals == 10 and best == pytest.approx(feasible.min() if len(feasible) else np.inf)


def test_numpy_computes_with_its_own_numbers() -> None:
    system = SymbolicProblem(1, (), x[1] + (-Num(8)) ** Num(0.3) + Num(10) ** Num(400))
    assert np.isnan(numpy_evaluator(system)(np.ones((1, 1)))[0][0])
    assert np.isinf(numpy_evaluator(SymbolicProblem(1, (), x[1] / Num(0)))(np.ones((1, 1)))[0][0])
