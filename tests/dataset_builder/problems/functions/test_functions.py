"""Basic functions against plain loops written from the published formulas, in the published coordinates."""

import math
from collections.abc import Callable
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import minimize

from llamoco.dataset_builder.problems.evaluator import CompiledProblem, compile_problem
from llamoco.dataset_builder.problems.functions.catalogue import FUNCTIONS
from llamoco.dataset_builder.problems.symbolic.expression import rename_vector
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import SymbolicProblem

Point = list[float]


@cache
def compiled(name: str, dim: int) -> CompiledProblem:
    tree = rename_vector(FUNCTIONS[name].expression, "z", "x")
    return compile_problem(SymbolicProblem(dim, (), tree))


def values(name: str, points: np.ndarray) -> np.ndarray:
    return compiled(name, points.shape[1])(points)[0]


def condition(index: int, n: int) -> float:
    """BBOB's exponent (i - 1) / (n - 1), with index from 0."""
    return index / (n - 1)


def different_powers(x: Point) -> float:
    return sum(abs(v) ** (2 + 4 * condition(i, len(x))) for i, v in enumerate(x))


def schwefel_1_2(x: Point) -> float:
    result = partial = 0.0
    for v in x:
        partial += v
        result += partial**2
    return result


def zakharov(x: Point) -> float:
    weighted = sum(0.5 * (i + 1) * v for i, v in enumerate(x))
    return sum(v * v for v in x) + weighted**2 + weighted**4


def rosenbrock(x: Point) -> float:
    return sum(100 * (x[i] ** 2 - x[i + 1]) ** 2 + (x[i] - 1) ** 2 for i in range(len(x) - 1))


def trid(x: Point) -> float:
    n = len(x)
    minimum = -n * (n + 4) * (n - 1) / 6
    return sum((v - 1) ** 2 for v in x) - sum(x[i] * x[i - 1] for i in range(1, n)) - minimum


def brown(x: Point) -> float:
    result = 0.0
    for a, b in pairwise(x):
        result += (a * a) ** (b * b + 1) + (b * b) ** (a * a + 1)
    return result


def log_sum_exp(x: Point) -> float:
    forms = [*x, *(-v for v in x)]
    return math.log(sum(math.exp(v) for v in forms)) - math.log(len(forms))


def geometric(x: Point) -> float:
    y = [math.exp(v) for v in x]
    return y[0] + sum(b / a for a, b in pairwise(y)) + 1 / y[-1] - (len(x) + 1)


def least_squares(x: Point) -> float:
    n = len(x)
    matrix = np.array([[math.cos(row * column) for column in range(1, n + 1)] for row in range(1, n + 1)])
    return float(np.linalg.norm(matrix @ np.array(x)) ** 2)


def product(factors: list[float]) -> float:
    result = 1.0
    for factor in factors:
        result *= factor
    return result


def ackley(x: Point) -> float:
    n = len(x)
    root = math.sqrt(sum(v * v for v in x) / n)
    waves = sum(math.cos(2 * math.pi * v) for v in x) / n
    return -20 * math.exp(-0.2 * root) - math.exp(waves) + 20 + math.e


def griewank(x: Point) -> float:
    waves = product([math.cos(v / math.sqrt(i + 1)) for i, v in enumerate(x)])
    return sum(v * v for v in x) / 4000 - waves + 1


def levy(x: Point) -> float:
    w = [1 + (v - 1) / 4 for v in x]
    middle = sum((v - 1) ** 2 * (1 + 10 * math.sin(math.pi * v + 1) ** 2) for v in w[:-1])
    return (
        math.sin(math.pi * w[0]) ** 2 + middle + (w[-1] - 1) ** 2 * (1 + math.sin(2 * math.pi * w[-1]) ** 2)
    )


def weierstrass(x: Point) -> float:
    inner = sum(0.5**k * math.cos(2 * math.pi * 3**k * (v + 0.5)) for v in x for k in range(12))
    return inner - len(x) * sum(0.5**k * math.cos(2 * math.pi * 3**k * 0.5) for k in range(12))


def katsuura(x: Point) -> float:
    n = len(x)
    factors = []
    for i, v in enumerate(x):
        digits = sum(abs(2.0**k * v - round(2.0**k * v)) / 2.0**k for k in range(1, 17))
        factors.append((1 + (i + 1) * digits) ** (10 / n**1.2))
    return 10 / n**2 * product(factors) - 10 / n**2


def happycat(x: Point) -> float:
    n, square = len(x), sum(v * v for v in x)
    return abs(square - n) ** 0.25 + (0.5 * square + sum(x)) / n + 0.5


def hgbat(x: Point) -> float:
    n, square = len(x), sum(v * v for v in x)
    return abs(square**2 - sum(x) ** 2) ** 0.5 + (0.5 * square + sum(x)) / n + 0.5


def schaffer_f7(x: Point) -> float:
    s = [math.hypot(a, b) for a, b in pairwise(x)]
    return (sum(math.sqrt(v) + math.sqrt(v) * math.sin(50 * v**0.2) ** 2 for v in s) / (len(x) - 1)) ** 2


def schaffer_f6(x: Point) -> float:
    result = 0.0
    for a, b in pairwise(x):
        square = a * a + b * b
        result += 0.5 + (math.sin(math.sqrt(square)) ** 2 - 0.5) / (1 + 0.001 * square) ** 2
    return result


def salomon(x: Point) -> float:
    radius = math.sqrt(sum(v * v for v in x))
    return 1 - math.cos(2 * math.pi * radius) + 0.1 * radius


def bohachevsky(x: Point) -> float:
    result = 0.0
    for a, b in pairwise(x):
        result += a * a + 2 * b * b - 0.3 * math.cos(3 * math.pi * a) - 0.4 * math.cos(4 * math.pi * b) + 0.7
    return result


def regression(x: Point) -> list[float]:
    """Residuals of the regression functions: rows cos(j), cos(2 j), ... times x."""
    n = len(x)
    return [sum(math.cos(row * (k + 1)) * v for k, v in enumerate(x)) for row in range(1, n + 1)]


def logistic(x: Point) -> float:
    """Loss log(1 + exp(-y u)) of both labels y = 1 and -1 at u = 2 r, less its minimum 2 log 2."""
    losses = [math.log1p(math.exp(-2 * r)) + math.log1p(math.exp(2 * r)) for r in regression(x)]
    return sum(loss - 2 * math.log(2) for loss in losses) / 2


def ratios(x: Point) -> float:
    return sum(a * a / (1 + b * b) for a, b in pairwise(x)) + x[-1] ** 2


def easom(x: Point) -> float:
    bump = math.exp(-sum((v - math.pi) ** 2 for v in x))
    # cos(x - pi) = -cos(x): for n = 2 this is the published -cos(x_1) cos(x_2) exp(...), plus 1.
    return 1 - product([-math.cos(v) for v in x]) * bump


def lunacek(x: Point) -> float:
    """BBOB f24 without rotation: x is the moved point x-hat."""
    n, mu0, d = len(x), 2.5, 1.0
    s = 1 - 1 / (2 * math.sqrt(n + 20) - 8.2)
    mu1 = -math.sqrt((mu0**2 - d) / s)
    bowls = min(sum((v - mu0) ** 2 for v in x), d * n + s * sum((v - mu1) ** 2 for v in x))
    return bowls + 10 * (n - sum(math.cos(2 * math.pi * (v - mu0)) for v in x))


def griewank_rosenbrock(x: Point) -> float:
    result = 0.0
    for a, b in pairwise(x):
        valley = 100 * (a * a - b) ** 2 + (a - 1) ** 2
        result += valley**2 / 4000 - math.cos(valley) + 1
    return result


PUBLISHED: dict[str, Callable[[Point], float]] = {
    "sphere": lambda x: sum(v * v for v in x),
    "ellipsoid": lambda x: sum(10 ** (6 * condition(i, len(x))) * v * v for i, v in enumerate(x)),
    "bent_cigar": lambda x: x[0] ** 2 + 1e6 * sum(v * v for v in x[1:]),
    "discus": lambda x: 1e6 * x[0] ** 2 + sum(v * v for v in x[1:]),
    "different_powers": different_powers,
    "schwefel_1_2": schwefel_1_2,
    "zakharov": zakharov,
    "rosenbrock": rosenbrock,
    "trid": trid,
    "quartic": lambda x: sum((i + 1) * v**4 for i, v in enumerate(x)),
    "brown": brown,
    "exponential": lambda x: -math.exp(-0.5 * sum(v * v for v in x)) + 1,
    "log_sum_exp": log_sum_exp,
    "geometric": geometric,
    "least_squares": least_squares,
    "sharp_ridge": lambda x: x[0] ** 2 + 100 * math.sqrt(sum(v * v for v in x[1:])),
    "schwefel_2_21": lambda x: max(abs(v) for v in x),
    "schwefel_2_22": lambda x: sum(abs(v) for v in x) + product([abs(v) for v in x]),
    "step": lambda x: float(sum(math.floor(v + 0.5) ** 2 for v in x)),
    "qing": lambda x: sum((v * v - (i + 1)) ** 2 for i, v in enumerate(x)),
    "rastrigin": lambda x: 10 * len(x) + sum(v * v - 10 * math.cos(2 * math.pi * v) for v in x),
    "ackley": ackley,
    "griewank": griewank,
    "levy": levy,
    "weierstrass": weierstrass,
    "katsuura": katsuura,
    "happycat": happycat,
    "hgbat": hgbat,
    "schaffer_f7": schaffer_f7,
    "schaffer_f6": schaffer_f6,
    "salomon": salomon,
    "alpine": lambda x: sum(abs(v * math.sin(v) + 0.1 * v) for v in x),
    "bohachevsky": bohachevsky,
    "hyper_ellipsoid": lambda x: sum(((k + 1) * v) ** 2 for k, v in enumerate(x)),
    "log_cosh": logistic,
    "exponential_fit": lambda x: sum((math.exp(r / len(x)) - 1) ** 2 for r in regression(x)),
    "cauchy": lambda x: sum(math.log1p(v * v) for v in x),
    "ratios": ratios,
    "product": lambda x: product([1 + v * v for v in x]) - 1,
    "p_norm": lambda x: sum(abs(v) ** 3 for v in x) ** (1 / 3),
    "least_absolute": lambda x: sum(abs(r) for r in regression(x)),
    "minimax": lambda x: max(abs(r) for r in regression(x)),
    "step_1": lambda x: float(sum(math.floor(abs(v)) for v in x)),
    "stepped_ellipsoid": lambda x: float(sum((k + 1) * math.floor(v + 0.5) ** 2 for k, v in enumerate(x))),
    "rounded_sphere": lambda x: float(math.floor(sum(v * v for v in x))),
    "cosine_mixture": lambda x: (
        sum(v * v for v in x) - 0.1 * sum(math.cos(5 * math.pi * v) for v in x) + 0.1 * len(x)
    ),
    "easom": easom,
    "lunacek": lunacek,
    "griewank_rosenbrock": griewank_rosenbrock,
}

# Where the published minimum is, if not at 0.
PUBLISHED_OPTIMUM: dict[str, Callable[[int], Point]] = {
    "rosenbrock": lambda n: [1.0] * n,
    "trid": lambda n: [float(i * (n + 1 - i)) for i in range(1, n + 1)],
    "qing": lambda n: [math.sqrt(i) for i in range(1, n + 1)],
    "levy": lambda n: [1.0] * n,
    "happycat": lambda n: [-1.0] * n,
    "hgbat": lambda n: [-1.0] * n,
    "easom": lambda n: [math.pi] * n,
    "lunacek": lambda n: [2.5] * n,
    "griewank_rosenbrock": lambda n: [1.0] * n,
}


def test_every_function_has_a_published_counterpart_here() -> None:
    assert set(PUBLISHED) == set(FUNCTIONS)
    assert len(FUNCTIONS) >= 40


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("n", [2, 3, 7, 20])
def test_values_equal_the_published_formula(name: str, n: int) -> None:
    rng = np.random.default_rng(n)
    z = rng.uniform(-1, 1, (25, n)) * FUNCTIONS[name].z_range
    optimum = np.array(PUBLISHED_OPTIMUM.get(name, lambda n: [0.0] * n)(n))
    expected = [PUBLISHED[name](list(map(float, row + optimum))) for row in z]
    np.testing.assert_allclose(values(name, z), expected, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("n", [2, 5, 50])
def test_minimum_is_zero_at_zero_and_nothing_is_below(name: str, n: int) -> None:
    assert abs(values(name, np.zeros((1, n)))[0]) < 1e-12
    rng = np.random.default_rng(0)
    far = rng.uniform(-1, 1, (2000, n)) * FUNCTIONS[name].z_range
    near = rng.normal(size=(500, n)) * 1e-3
    assert values(name, far).min() >= 0
    assert values(name, near).min() >= (0 if name == "step" else -1e-12)
    # Away from the minimum the function is positive, but where it is flat around it (step: |z| < 1/2).
    assert np.median(values(name, far)) > 0


@pytest.mark.parametrize("name", [f.name for f in FUNCTIONS.values() if f.smooth and f.unimodal])
def test_smooth_unimodal_functions_fall_to_their_minimum_along_the_gradient(name: str) -> None:
    rng = np.random.default_rng(1)
    for _ in range(5):
        start = rng.uniform(-1, 1, 3) * FUNCTIONS[name].z_range
        first = values(name, start[None, :])[0]
        ends = (
            minimize(lambda z: values(name, z[None, :])[0], start, method=method, tol=1e-9).fun
            for method in ("BFGS", "Nelder-Mead")
        )
        assert any(end < 1e-4 * first for end in ends)  # the slow one where the fast one stops early


@pytest.mark.parametrize("name", [f.name for f in FUNCTIONS.values() if f.separable])
def test_separable_functions_have_a_minimiser_per_coordinate(name: str) -> None:
    # Moving one coordinate to 0 never makes a separable function worse, whatever the others are.
    rng = np.random.default_rng(2)
    z = rng.uniform(-1, 1, (200, 4)) * FUNCTIONS[name].z_range
    for column in range(4):
        moved = z.copy()
        moved[:, column] = 0
        assert (values(name, moved) <= values(name, z) + 1e-9 * (1 + abs(values(name, z)))).all()
