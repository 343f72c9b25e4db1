"""What is followed of a person's Python, and that following changes no value; what cannot be traced is named with its line."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from llamoco.dataset_builder.problems.files.python.source import PythonSource
from llamoco.dataset_builder.problems.files.python_file import load_python
from llamoco.dataset_builder.problems.profiling.operation_profile import FunctionProfile, trace_point
from llamoco.dataset_builder.problems.profiling.trace_recorder import OPERATIONS, Recorder
from llamoco.dataset_builder.problems.profiling.traced import Traced
from llamoco.dataset_builder.problems.profiling.traced_array import TracedArray
from llamoco.dataset_builder.problems.profiling.traced_modules import namespace

LOWER, UPPER = [-2.0, -1.0, 0.5], [2.0, 3.0, 4.0]
HEAD = f"""\
import cmath
import math
import numpy as np
import scipy
import scipy.integrate, scipy.interpolate, scipy.linalg, scipy.optimize, scipy.special, scipy.stats
from scipy import special
from scipy.integrate import odeint, quad, solve_ivp
from scipy.interpolate import CubicSpline, PchipInterpolator, interp1d
XS = np.linspace(-3, 5, 9)
YS = np.sin(XS)
spline, linear = CubicSpline(XS, YS), interp1d(XS, YS)
LOWER, UPPER, MAX_EVALS = {LOWER}, {UPPER}, 100
"""


def text_of(expression: str) -> str:
    return f"{HEAD}def objective(x):\n    return {expression}\n"


def part(expression: str) -> FunctionProfile:
    trace = load_python(text_of(expression), "p.py").trace
    assert trace.profile is not None, trace.obstacle
    return trace.profile.objective


def seen(expression: str) -> tuple[dict[str, int], int | None, float]:
    found = part(expression)
    return found.operations, found.degrees[0], found.mean_interactions


ROUNDED = [
    ("round(x[0])", "np.round(x[0])", "np.rint(x[0])", "np.around(x[0])", "x[:1].round()[0]"),
    (
        "round(x[0], 1)",
        "np.round(x[0], 1)",
        "np.round(x[0], decimals=1)",
        "np.round(x, 1)[0] + 0 * round(x[1]) * 0",
    ),
    ("sum(round(v) for v in x)", "np.round(x).sum()", "np.rint(x).sum()", "x.round().sum()"),
    (
        "math.trunc(x[0])",
        "int(x[0])",
        "np.trunc(x[0])",
        "np.fix(x[0])",
        "np.int64(x[0])",
        "x[:1].astype(int)[0]",
    ),
    ("math.floor(x[0])", "np.floor(x[0])", "x[0] // 1", "np.floor_divide(x[0], 1)", "divmod(x[0], 1)[0]"),
    ("x[0] % 2", "np.mod(x[0], 2)", "np.remainder(x[0], 2)", "divmod(x[0], 2)[1]"),
    ("math.fmod(x[0], 2)", "np.fmod(x[0], 2)"),
    ("(int(x[0]) + int(x[1])) / 2", "x[:2].astype(np.int64).sum() / 2", "np.array(x[:2], dtype=int).mean()"),
]


@pytest.mark.parametrize("ways", ROUNDED, ids=lambda ways: ways[0])
def test_ways_to_round_agree(ways: tuple[str, ...]) -> None:
    if "decimals" in str(ways):
        ways = ways[:3]
    assert len({str(part(way)) for way in ways}) == 1


FOLLOWED = {
    "n_sum(np.round(x[0]))": ({"floor": 1}, None, 0.0),
    "np.clip(x, 0, 1).sum()": ({"comparison": 3}, 1, 0.0),
    "np.where(x > 0, x, 2 * x).sum()": ({"comparison": 3}, 1, 0.0),
    "np.sign(x[0]) * x[1]": ({"comparison": 1}, 1, 0.0),
    "abs(x[0] + 1j * x[1])": ({"sqrt": 1, "square": 2}, None, 2 / 3),
    "np.abs(np.exp(1j * x[0]) + x[1])": ({"cos": 1, "sin": 1, "sqrt": 1, "square": 2}, None, 2 / 3),
    "np.real((x[0] + 1j * x[1]) ** 2)": ({"product": 1, "square": 2}, 2, 2 / 3),
    "np.angle(x[0] + 1j * x[1])": ({"arctan": 1}, None, 2 / 3),
    "complex(x[0], x[1]).imag": ({}, 1, 0.0),
    "np.interp(x, XS, YS).sum()": ({"comparison": 3}, None, 0.0),
    "linear(x[0])": ({"comparison": 1}, None, 0.0),
    "spline(x).sum()": ({"power": 3}, None, 0.0),
    "CubicSpline([0, 1, 2], x)(0.5)": ({"power": 1}, None, 2.0),
    "quad(lambda t: t * x[0], 0, 1)[0]": ({}, 1, 0.0),
    "quad(lambda t: t * x[0] ** 2 + x[1], 0, 1)[0]": ({"square": 1}, 2, 0.0),
    "odeint(lambda y, t: -x[0] * y, x[2], [0, 0.5, 1])[-1, 0]": ({"exp": 1}, None, 2 / 3),
    "solve_ivp(lambda t, y: -x[0] * y, (0, 1), [1.0]).y[0, -1]": ({"exp": 1}, None, 0.0),
    "np.linalg.solve([[2, 1], [1, 3]], x[:2])[0]": ({}, 1, 0.0),
    "np.linalg.det([[x[0], 1.0], [1.0, x[1]]])": ({"product": 1}, 2, 2 / 3),
    "special.gamma(x[2])": ({"exp": 1}, None, 0.0),
    "scipy.optimize.brentq(lambda t: t ** 3 - x[2], 0, 5)": ({"root": 1}, None, 0.0),
    "[10, 20, 30, 40, 50][int(x[2])]": ({"comparison": 1, "floor": 1}, 0, 0.0),
    "np.polyval([1, 2, 3], x[0])": ({"product": 2}, 3, 0.0),
}


@pytest.mark.parametrize("expression", FOLLOWED)
def test_what_is_written_down(expression: str) -> None:
    assert seen(expression.replace("n_sum", "")) == FOLLOWED[expression]
    assert set(seen(expression.replace("n_sum", ""))[0]) <= set(OPERATIONS)


SAME_VALUE = [
    *(way for ways in ROUNDED for way in ways),
    *(expression.replace("n_sum", "") for expression in FOLLOWED),
    *(
        "np.modf(x[0])[1]",
        "math.modf(x[0])[0]",
        "np.heaviside(x[0], 0.5)",
        "np.sinc(x[0])",
        "np.logaddexp(x[0], x[1])",
    ),
    *(
        "np.arctan2(x[0], x[1])",
        "math.atan2(x[1], x[0])",
        "np.hypot(x[0], x[1])",
        "np.deg2rad(x).sum()",
        "math.degrees(x[0])",
    ),
    *(
        "math.gamma(x[2])",
        "math.lgamma(x[2])",
        "math.copysign(2, x[0])",
        "np.std(x) + x.std() + np.var(x)",
        "np.median(x)",
    ),
    *(
        "np.cumsum(x)[-1]",
        "np.trapezoid(x, dx=0.1)",
        "scipy.integrate.simpson(x, dx=0.1)",
        "np.prod(x)",
        "np.ptp(x)",
    ),
    *(
        "abs(np.sum(np.exp(1j * np.arange(5) * x[0]))) ** 2",
        "np.imag(np.conj(x[0] + 1j * x[1]))",
        "cmath.phase(x[0] + 1j)",
    ),
    *(
        "abs(cmath.sqrt(x[0] + 1j * x[1]))",
        "abs(1 / (x[0] + 1j * x[1]))",
        "abs((x[0] + 1j) ** 2.5)",
        "abs(2 ** (1j * x[0]))",
    ),
    *("abs(np.sin(x[0] + 1j * x[1]))", "((x[0] + 2j) * (x[1] - 1j)).real", "abs(np.array([1, 1j]) @ x[:2])"),
    *(
        "spline(x[0], 1)",
        "spline.derivative()(x[0])",
        "PchipInterpolator(XS, YS)(x[0])",
        "interp1d(XS, YS, kind='cubic')(x[0])",
    ),
    *(
        "quad(lambda t: math.sin(t * x[0]), 0, x[2])[0]",
        "odeint(lambda y, t, k: -k * y, 1.0, [0, 1], args=(x[0],))[1, 0]",
    ),
    *("solve_ivp(lambda t, y: -x[0] * y, (0, 1), [x[2]], dense_output=True).sol(0.5)[0]",),
    *(
        "np.linalg.inv([[x[2], 1.0, 0], [0.5, x[1] + 5, 1], [1, 1, 9]])[0, 1]",
        "np.linalg.det([[0, x[0], 1], [1, 2, x[1]], [3, 1, 1]])",
    ),
    *(
        "scipy.linalg.solve(np.array([[x[0], 1], [1, x[1]]]), np.array([1.0, 2.0]))[0]",
        "np.linalg.norm(x, 1)",
    ),
    *(
        "scipy.linalg.expm(np.array([[x[0], 1.0], [0.0, x[1]]]))[0, 1]",
        "special.erf(x).sum()",
        "special.logsumexp(x)",
    ),
    *(
        "scipy.stats.norm.cdf(x[0])",
        "scipy.stats.norm(loc=x[0], scale=2).pdf(1.0)",
        "scipy.stats.norm.pdf(x).sum()",
    ),
    *(
        "scipy.optimize.fsolve(lambda t: t ** 3 - x[2], 1.0)[0]",
        "scipy.optimize.minimize_scalar(lambda t: (t - x[0]) ** 2).x",
    ),
    *(
        "float(linear(x[0])) + int(x[0] > 0)",
        "XS[int(x[2])] + x[0]",
        "sum(i * x[0] for i in range(int(x[2])))",
    ),
    *(
        "np.float32(x[0]) * 0 + 1",
        "float(isinstance(x[0], (int, float))) + isinstance(3, int)",
        "int('7') + int(2.9) + x[0]",
    ),
    *("np.zeros(2, dtype=int)[0] + np.arange(3, dtype=int)[2] * x[0]", "np.ones(3, dtype=complex).real @ x"),
]


@pytest.mark.parametrize("expression", SAME_VALUE)
def test_following_changes_no_value(expression: str) -> None:
    """The number that comes out of a trace is the one that plain floats give."""
    text = PythonSource(text_of(expression), "p.py", None)
    point = trace_point(LOWER, UPPER)
    x = np.empty(3, dtype=object)
    recorder = Recorder(3)
    for index, value in enumerate(point):
        x[index] = Traced(value, 1 << index, 1, recorder)
    found: Any = text.run(namespace()).__dict__["objective"](x.view(TracedArray))
    true = text.run().__dict__["objective"](np.array(point))
    found = found.item() if isinstance(found, np.ndarray) else found
    assert (found.value if isinstance(found, Traced) else found) == pytest.approx(float(true), rel=1e-9)


NOT_FOLLOWED = {
    "np.linalg.eig(np.diag(x))[0][0].real": "numpy.linalg.eig cannot be traced, line 14",
    "np.linalg.eigvalsh([[x[0], 1.0], [1.0, x[1]]]).max()": "numpy.linalg.eigvalsh cannot be traced, line 14",
    "abs(np.fft.fft(x)[1])": "numpy.fft.fft cannot be traced, line 14",
    "float('%.3f' % x[0])": "`'%.3f' % x[0]` cannot be traced, line 14",
    "__import__('pandas').Series(x).rolling(2).mean().iloc[1]": "cannot be traced, line 14",
    "float(__import__('statistics').NormalDist(0, 1).cdf(x[0]))": "cannot be traced, line 14",
    "sum(x[0] * i for i in range(300_000))": "it does more than 200,000 operations, line 14",
    "float(__import__('decimal').Decimal(x[0]))": "cannot be traced, line 14",
}


@pytest.mark.parametrize("expression", NOT_FOLLOWED)
def test_what_is_not_followed_is_named(expression: str) -> None:
    trace = load_python(text_of(expression), "p.py").trace
    assert trace.profile is None and trace.obstacle is not None
    assert NOT_FOLLOWED[expression] in trace.obstacle


def test_the_line_is_that_of_the_function_that_fails() -> None:
    text = (
        HEAD
        + "def model(x):\n    a = np.linalg.svd(\n        np.diag(x)\n    )\n    return a[1][0]\ndef objective(x):\n    return model(x)\n"
    )
    assert load_python(text, "p.py").trace.obstacle == "numpy.linalg.svd cannot be traced, line 14"
    renamed = "from numpy.linalg import eigvals as spectrum\n" + text.replace(
        "np.linalg.svd", "spectrum"
    ).replace("a[1][0]", "abs(a[0])")
    assert load_python(renamed, "p.py").trace.obstacle == "numpy.linalg.eigvals cannot be traced, line 15"


def test_a_point_without_value_does_not_end_the_trace() -> None:
    at = trace_point(LOWER, UPPER)[0]
    assert part(f"math.log(x[0]) if x[0] > 0 or {at} > 0 else math.sqrt(-1)").operations.keys() >= {"log"}
    assert part(f"math.sqrt(abs(x[0]) - 1.5 * abs({at}))").operations == {"abs": 1, "sqrt": 1}
    trace = load_python(
        text_of("1.0 if type(x[0]) is np.float64 else math.sqrt(-1 - x[0] ** 2)"), "p.py"
    ).trace
    assert trace.profile is None and "has no value at the points that were tried" in str(trace.obstacle)


def test_facts_of_rounding_are_those_of_the_built_in() -> None:
    text = HEAD + "def objective(x):\n    n = {}\n    return (n - 3.2) ** 2 + (x[1] - n / 4) ** 2\n"
    told = [
        load_python(text.format(way), "p.py").trace
        for way in ("round(x[0])", "np.round(x[0])", "np.rint(x[0])")
    ]
    assert told[0] == told[1] == told[2] and told[0].profile is not None
    assert told[0].profile.objective.operations == {"floor": 1, "square": 2}


def test_functions_stay_where_pickle_looks_them_up() -> None:
    """The text is executed anew to be followed; multiprocessing finds the functions of the first execution by name."""
    text = (
        HEAD
        + "import pickle\ndef helper(v):\n    return v\ndef objective(x):\n    return len(pickle.dumps(helper)) * 0 + x[0]\n"
    )
    own = load_python(text, "p.py")
    assert own.trace is not None
    assert own.evaluate(np.ones((1, 3)))[0].tolist() == [1.0]
