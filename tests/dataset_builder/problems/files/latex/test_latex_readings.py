"""How the LaTeX reader understands single notations: values at one point, numbers of constraints, or a refusal."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.evaluator import compile_problem
from llamoco.dataset_builder.problems.files.latex_file import LatexFile, read_latex

POINT = (0.5, 1.5, -1.0)
REST = r" $x \in [-2, 2]^3$. Budget: 100 evaluations."

# Text before REST: objective's value at POINT, number of inequalities, number of equalities.
READ: dict[str, tuple[float, int, int]] = {
    r"$\min_x x_1 + x_2 + x_3$ s.t. $1 \le r \le 5$ with $r = x_1^2 + x_2^2$.": (1, 2, 0),
    r"$\min_x x_1 + x_2 + x_3$ s.t. $k = x_1/x_2$, $1 \le k \le 5$.": (1, 2, 0),
    r"$\min_x x_1 + x_2 + x_3$ s.t. $x_1 \le r$, $r = 2 s$, $s = x_2$.": (1, 1, 0),
    r"$\min_x x_1 + x_2 + x_3$ s.t. $x_1 + x_2 < 3$, $x_3 > -2$.": (1, 1, 0),
    r"$\min_x x_1 + x_2 + x_3$, $x_1 = 1$.": (1, 0, 1),
    r"$\min_x \sum_{i=1}^{3} x_i^2 - 2 \sum_{i=1}^{3} x_i$.": (1.5, 0, 0),
    r"$\min_x \sum_{i=1}^{3} x_i (x_i - 1) + 1$.": (3.5, 0, 0),
    r"$\min_x a(x_1 + 1)$, $a = 3$.": (4.5, 0, 0),
    r"$\min_x \sigma(x) + 1$, $\sigma = x_1 x_2$.": (1.75, 0, 0),
    r"$\min_x f(x)$ where $f(x) = \max_{i=1,\dots,3} |x_i|$.": (1.5, 0, 0),
    r"Minimise $f(x)$ subject to $g(x) \le 0$, where $f(x) = x_1$ and $g(x) = x_2 - x_3$.": (0.5, 1, 0),
    r"\[ f(x) = x_1^2 + x_2 x_3 \] s.t. \[ g_1(x) = x_1 \le 0.3,\quad g_2(x) := x_1 x_2 \ge 1 \]": (
        -1.25,
        2,
        0,
    ),
    r"\begin{align} \min\quad & x_1 \\ \text{s.t.}\quad & -x_1 - x_3 \le 1 \\ & -1 \le x_1 - x_2 \le 1 \end{align}": (
        0.5,
        3,
        0,
    ),
    r"\begin{align} \min_x\quad & x_1 \\ & - x_2 \\ \text{s.t.}\quad & x_1 + x_3 \le 1 \end{align}": (
        -1,
        1,
        0,
    ),
    r"$\min_x x_1^{-1} + \frac{x_2}{x_1} x_3$": (-1, 0, 0),
    r"$\min_x \sin^2 x_1 + \sin(x_1)^2$": (2 * math.sin(0.5) ** 2, 0, 0),
    r"$\min_x \prod_{i=1}^{3} \left(1 + \sum_{j=1}^{i} x_j^2\right)$": (1.25 * 3.5 * 4.5, 0, 0),
    r"$\min_x \sum_{i=1}^{3} \prod_{j=1}^{i} x_j$": (0.5, 0, 0),
    r"$\min_x \sum_{i,j=1}^{3} x_i x_j$": (1, 0, 0),
    r"$\min_x \sum_{i=1}^{2} x_{2i-1}^2$": (1.25, 0, 0),
    r"$\min_x \|A x - b\|^2$, $A = \begin{pmatrix} 1 & 2 & 3 \\ 0 & 1 & 0\end{pmatrix}$, $b = (1, 2)$": (
        0.5,
        0,
        0,
    ),
    r"$\min_x f(x) = x_1 + x_2$. The optimum is $x^* = (-2, -2, 0)$ with $f^* = -4$.": (2, 0, 0),
    r"$\min_x f(x) = x_1 + x_2$ where $x = (x_1, x_2, x_3)^T \in \mathbb{R}^3$.": (2, 0, 0),
    r"$\min_x f(x) = x_1 x_2 x_3 \quad \text{s.t.} \quad x_1 \le 1 \quad x_i \in [-2, 2] \quad i = 1, 2, 3$.": (
        -0.75,
        0,
        0,
    ),
    r"$\min_x 2^{x_1} 3^{x_2}$": (2**0.5 * 3**1.5, 0, 0),
    r"$\min_x x_1 \times 10^2 + 5 \cdot 2$": (60, 0, 0),
    r"$\min_x \sum_{i=1}^{3} w_i x_i$ with $w_1 = 1, w_2 = 2, w_3 = 3$": (0.5, 0, 0),
    r"$\min_x \sum_{k=1}^{2} f_k(x)$ where $f_1(x) = x_1$ and $f_2(x) = x_2^2$": (2.75, 0, 0),
    r"$\min_x \sum_{i=1}^{3} \phi(x_i)$ where $\phi(t) = t^2 - t$": (2.5, 0, 0),
    r"$\min_x x_1 / x_2 / x_3$": (-1 / 3, 0, 0),
    r"$\min_x 3/4\,x_1$": (0.375, 0, 0),
    r"$\min_x \lambda x_1$, $\lambda = 0.5$": (0.25, 0, 0),
    r"$\min_x x_1$, $h(x) = x_1 + x_2 = 3$": (0.5, 0, 1),
    r"$\min_x x_1$, $x_1 + x_2 \le x_3 \le 1$": (0.5, 2, 0),
    r"$\min_x \mathrm{cost}(x)$, $\mathrm{cost}(x) = x_1 x_2$": (0.75, 0, 0),
    r"$\min_x x_1$ s.t. $|x_1| \le 1$, $\|x\| \le 2$, $\max\{x_1, x_2\} \ge 0$.": (0.5, 3, 0),
    r"$\min_x x_1$ s.t. $\sum_{i=1}^{3} x_i = 1$, $x_i x_{i+1} \le 4$ for $i = 1, 2$.": (0.5, 2, 1),
    r"$\min_x x_1$ s.t. $g_j(x) = x_j^2 - j \le 0$, $j = 1, \dots, 3$.": (0.5, 3, 0),
    r"$\min_x x_1$ s.t. $g_j(x) \le 0$, $j=1,\dots,3$ where $g_j(x) = x_j^2 - j$.": (0.5, 3, 0),
    r"\newcommand{\x}{\mathbf{x}} $\min_\x \x_1$": (0.5, 0, 0),
    r"\def\sq#1{#1^2} $\min_x \sq{x_1} + \sq x_2$": (0.25 + 2.25, 0, 0),
    r"$\min_x x_1$, $A x \preceq b$, $A = \begin{pmatrix} 1 & 2 & 3 \\ 0 & 1 & 0\end{pmatrix}$, $b = (1, 2)$": (
        0.5,
        2,
        0,
    ),
    r"$\min_x \mathbf{1}^T x + \|x - \mathbf{1}\|_1$, $\mathbf{1}^\top x = 1$": (1 + 0.5 + 0.5 + 2, 0, 1),
    r"$\min_x \abs{x_1} + \norm{x}^2$": (0.5 + 3.5, 0, 0),
    r"$\min_x h(x_1, x_2)$, $h(a, b) = a - 2b$": (-2.5, 0, 0),
    r"$\min_x \max_{i=1,2} x_i$": (1.5, 0, 0),
    r"Minimise $J = x_1 + 2x_2$.": (3.5, 0, 0),
    r"We minimize the weight $x_1 + 2x_2$ s.t. $x_1 x_3 \le 1$.": (3.5, 1, 0),
    r"Given $q(x) = x_1$, the objective is $\phi(x) = q(x) + 2x_2$.": (3.5, 0, 0),
    r"$\min_x x^\top A^\top A x$, $A = \begin{pmatrix} 1 & 2 & 3 \\ 0 & 1 & 0\end{pmatrix}$": (2.5, 0, 0),
    r"$\min_x x^\top (A + 2 A^T) x$, $A = \begin{pmatrix} 1 & 2 & 0 \\ 0 & 1 & 0 \\ 0 & 0 & 0\end{pmatrix}$": (
        3 * (0.25 + 2.25 + 1.5),
        0,
        0,
    ),
    r"$\min_x A_{12} x_1$, $A = \begin{pmatrix} 1 & 2 \\ 3 & 4\end{pmatrix}$": (1.0, 0, 0),
    r"$\min_x x_1$, $x_1 + x_2 \in [0, 1]$": (0.5, 2, 0),
    r"$\min_x x_1$, $N_{\max} = 15$, $x_1 x_2 \le N_{\max}$.": (0.5, 1, 0),
    # An index that a sum or an extremum binds is not that of a range in a later statement.
    r"$\min_x x_1$, $1 - \max_{1 \le i \le 3} |x_i + 1| \le 0$, $-3 \le x_i \le 3$, $i = 1, 2, 3$.": (
        0.5,
        1,
        0,
    ),
    r"$\min_x x_1$, $\min_{i=1,\dots,3} x_i + 1 \ge 0$, $-3 \le x_i \le 3$, $i = 1, 2, 3$.": (0.5, 1, 0),
    r"$\min_x x_1$, $\sum^{3}_{i=1} x_i \le 2$, $-3 \le x_i \le 3$, $i = 1, 2, 3$.": (0.5, 1, 0),
    r"$\min_x x_1$, $\sum_{j=i}^{3} x_j \le 2$, $i = 1, 2, 3$.": (0.5, 3, 0),
    r"$\min_x f(x) = x_1$. The minimum of $f(x)$ is at least -9.": (0.5, 0, 0),
}

REFUSED: dict[str, str] = {
    r"$\min_x \tan^{-1} (x_1)$": "inverse",
    r"$\min_x x_1$ subject to $x_2 x_1 \ge 1$ or $x_3 \ge 1$.": "'or'",
    r"$\min_x x_1$ subject to $x_2 \in \{0, 2, 5\}$.": "sets of values",
    # The last value is no whole number of steps away.
    r"$\min_x x_1$, $x_2 \in \{10^{-5}, 2 \times 10^{-5}, \ldots, 1.005 \cdot 10^{-3}\}$.": "equal steps",
    r"$\min_x x_1$, $x \in \mathbb{N}^3$.": "start at 0 or 1",
    r"Maximise or minimise $f(x) = x_1$.": "both smallest and largest",
    r"$\min_x x_1$, $c = x_1 + x_2 = x_3$": "second expression",
    r"$\min_x x_1$ s.t. $g_j(x) = x_j^2 - j$, $j = 1, \dots, 3$.": "nothing uses it",
    r"$\min_x x_1$, $g = r - 1$, $r = x_1 x_2$.": "nothing uses it",
    r"$\min_\x \x_1$": "command",
    r"$\min_x x_1!$": "factorials",
    r"$\min_x x_4$": "x_4 has no bounds",
    r"$\min_x \lVert x - o \rVert$, $o = (1, 2)$": "3 and 2 entries",
    r"$\min_x x_1 + 2 \psi$": "not defined",
    # Each of these could be read, as something else than was meant.
    r"$\min_x x_1 + \sum_{1 < i \le 3} x_i$": "strict inequalities",
    r"$\min_x x_1$, $x_i \le 0, 1 < i < 3$": "strict inequalities",
    r"$\min_x f(x) = 0,5 x_1 + x_2$": "neither objective",
    r"$\min_x x_1$, $0,5 \le x_1 + x_2 \le 30$": "neither objective",
    r"$\min_x x_1 \quad x_2$": "neither objective",
    r"$\min_x f_1(x), f_2(x)$, $f_1(x)=x_1$, $f_2(x)=x_2$": "neither objective",
    r"$\min_x (x_1, x_2)$": "a vector",
    r"$\min_x \prod_{i=1}^3 x_i \cdot 2$": "its last factor",
    r"$\min_x \prod_{i=1}^3 x_i / 2$": "its last factor",
    r"$\min_x x_1$ s.t. either $x_1 \le 0$ holds.": "'either'",
    r"$\min_x x_1$, $x_1 \in ]0,1[$": "closes nothing",
    r"$\min_x \sum_{i<j} x_i x_j$": "strict inequalities",
    r"$\min_x f(x)$ with $f = x_1$ for $x_1 < 0$ and $f = x_2$ for $x_1 \ge 0$.": "defined twice",
    r"$\min_x x^\top A^{-1} x$, $A = \begin{pmatrix} 1 & 2 & 3 \\ 0 & 4 & 3 \\ 0 & 0 & 1\end{pmatrix}$": "powers of matrices",
    r"$\min_x x_1$ $+ x_2$": "neither objective",
    r"$\min_x x_1$ $- x_2$": "neither objective",
    r"$\min_x x_1^2_3$": "found '_'",
    r"$\min_x \sum_{i=1}^3 z_i$, $z_i = x_i$, $i=1,\dots,3$, $z_i = 2x_i$, $i = 1, \dots, 3$": "defined twice",
    r"$\min_x f_1(x) + f_2(x)$, $f_k(x) = x_k$, $f_k(x) = 2x_k$": "defined twice",
    r"$\min_x f_1(x) + f_2(x)$, $f_k(x) = x_k$, $f_2(x) = x_3$": "remove one of them",
    r"$\min_x \lfloor x_1 \rceil$": "closed by",
    r"$\min_x x_1$, but not $x_2 \le 0$": "'but not'",
    r"$\min_x x_1$, $x_i x_1 \le 0$ for some $i = 1, 2$": "'for some'",
    r"$\min_x \mathbb{1}_{x_1 > 0}$": "not defined",
    r"$\min_x g(x)$, $g(x) = x_1 + \left\{ \begin{array}{ll} x_1 & x_2 \\ 0 & x_3 \end{array} \right.$": "piecewise",
    r"$\min_x e^x_1$": "'e_1' is not defined",
    r"$\min_x \lVert x \rVert_3$": "norm with index",
    r"\newcommand{\a}[1][2]{#1 x_1} $\min_x \a$": "optional",
    r"$\min_x x_1$ where the area $x_1 x_2$ does not exceed 1.5.": "'does not'",
    r"$\min_x x_1$, $x_1$ must be at least $x_2$.": "'must'",
    r"$\min_x x_1$, $x_1 + x_2$ is non-negative.": "'non-negative'",
    r"$\min_x x_1$ subject to x1 + x2 <= 1.": "outside math mode",
    r"$\min_x x_1$ subject to x1 + x2 = 1.": "outside math mode",
    r"$\min_x \ln^{-1}(x_1)$": r"write \(\\ln",
    r"\newcommand{\a}{\a x_1} $\min_x \a$": "calls itself",
    r"\def\a#1#2{#1} $\min_x \a{x_1}$": "missing",
    r"\newcommand{\a}{x_1} \renewcommand{\a}{x_2} $\min_x \a$": "defined twice",
    r"\[ \min_x x_1 \] \[ x_2 + x_3 \]": "neither objective, bound",
    r"$\min_x x_1$, $x_1 + 3$, $2 \le 5$": "no variable in this relation",
}


@pytest.mark.parametrize("text", READ)
def test_reading(text: str) -> None:
    problem = read_latex(text + REST, "r.tex")
    f, g, h = compile_problem(problem.system)(np.array([POINT]))
    assert (float(f[0]), g.shape[1], h.shape[1]) == pytest.approx(READ[text], rel=1e-12)


@pytest.mark.parametrize("text", REFUSED)
def test_refused_reading(text: str) -> None:
    with pytest.raises(ProblemError, match=REFUSED[text]):
        read_latex(text + REST, "r.tex")


@pytest.mark.parametrize(
    "statement",
    [
        "Budget: $100 D$ evaluations.",
        r"Budget: $100 \cdot n$ evaluations.",
        "Budget: 100 evaluations per variable.",
        "At least 100 evaluations are needed.",
        "Budget: 2 thousand evaluations.",
        "Budget: 100-200 evaluations.",
        "Budget: 5k evaluations.",
        "Budget: 60 seconds.",
        "100 evaluations in each of 5 runs.",
        "Budget: 1.000 evaluations.",
    ],
)
def test_refused_budget(statement: str) -> None:
    with pytest.raises(ProblemError, match=r"line 1, column \d+, at .*(budget|evaluations)"):
        read_latex(rf"$\min_x x_1 + x_2$, $x \in [0, 1]^2$. {statement}", "n.tex")


def test_one_variable_in_an_interval() -> None:
    problem = read_latex(r"Minimise $f(x) = x^2$, $x \in [-1, 2]$. Budget: 100 evaluations.", "r.tex")
    assert (problem.lower, problem.upper, value(problem, (1.5,))) == ((-1.0,), (2.0,), 2.25)


@pytest.mark.parametrize(
    ("steps", "low", "high", "step"),
    [
        (r"\{10^{-5}, 2 \times 10^{-5}, \ldots, 0.00102\}", 1e-5, 0.00102, 1e-5),
        (r"\{-2 \times 10^3, -1.5 \times 10^3, \dots, 10^3\}", -2000, 1000, 500),
        (r"\{0.5, 1, \dots, 4\}", 0.5, 4, 0.5),
    ],
)
def test_equal_steps(steps: str, low: float, high: float, step: float) -> None:
    text = rf"$\min_x x_1 + x_2$, $x_1 \in [0, 1]$, $x_2 \in {steps}$. Budget: 100 evaluations."
    problem = read_latex(text, "r.tex")
    assert (problem.lower[1], problem.upper[1], problem.step) == (low, high, (0, step))


def test_place_inside_a_macro_is_where_it_is_used() -> None:
    text = "\\newcommand{\\cost}{x_1 +\n  q}\n\n$\\min_x x_2 + \\cost$." + REST
    with pytest.raises(ProblemError, match=r"line 4, column 15, at .*'q' is not defined"):
        read_latex(text, "m.tex")


def value(problem: LatexFile, point: tuple[float, ...]) -> float:
    return float(compile_problem(problem.system)(np.array([point]))[0][0])


# One line of a problem at a time: what is read, in the smallest setting.
LINES: dict[str, Callable[[float, float], float]] = {
    r"x_1^2 + 2x_2": lambda a, b: a**2 + 2 * b,
    r"e^{-x_1} + \mathrm{e}^{x_2}": lambda a, b: math.exp(-a) + math.exp(b),
    r"\ln(1 + x_1^2) \cdot \log_{10}(2 + x_2^2)": lambda a, b: math.log(1 + a**2) * math.log10(2 + b**2),
    r"\sqrt[3]{x_1^2 + 1} - \left| x_2 \right|": lambda a, b: (a**2 + 1) ** (1 / 3) - abs(b),
    r"\cos 2\pi x_1 + \sin x_2 \cos x_1": lambda a, b: math.cos(2 * math.pi * a) + math.sin(b) * math.cos(a),
    r"1/2 x_1 + \frac12 x_2^{2}": lambda a, b: a / 2 + b**2 / 2,
    r"-x_1^2 - (-x_2)^3": lambda a, b: -(a**2) + b**3,
    r"\sum_{i=1}^{2} i x_i^2 \cdot 3 + 1": lambda a, b: 3 * (a**2 + 2 * b**2) + 1,
    r"\sum_{1 \le i \le 2} x_i \prod_{j=1}^{2} (1 + x_j^2)": lambda a, b: (a + b) * (1 + a**2) * (1 + b**2),
    r"\max(x_1, x_2)^2": lambda a, b: max(a, b) ** 2,
    r"|x_1||x_2| + |x_1 - |x_2||": lambda a, b: abs(a) * abs(b) + abs(a - abs(b)),
    r"x^\top x + \mathbf{1.5} x_1": lambda a, b: a * a + b * b + 1.5 * a,
    r"3 \times 10^{-2} x_1 + 10^2 x_2": lambda a, b: 0.03 * a + 100 * b,
    r"2 (x_1 + x_2) (x_1 - x_2) / 4": lambda a, b: (a * a - b * b) / 2,
    r"\lVert x \rVert_\infty + \lVert x \rVert^2": lambda a, b: max(abs(a), abs(b)) + a * a + b * b,
}


@pytest.mark.parametrize("formula", LINES)
def test_formula(formula: str) -> None:
    text = rf"\[ \min_{{x}} f(x) = {formula} \] $x \in [-3, 3]^2$. Budget: 100 evaluations."
    truth = LINES[formula]
    problem = read_latex(text, "f.tex")
    for point in ((0.7, -1.3), (-2.1, 0.4), (1.9, 2.2)):
        assert value(problem, point) == pytest.approx(truth(*point), rel=1e-12)


@pytest.mark.parametrize(
    "statement",
    [
        r"$-5 \le x_i \le 5$, $i = 1, \dots, 3$",
        r"$-5 \leq x_1, x_2, x_3 \leq 5$",
        r"$x \in [-5, 5]^3$",
        r"$x_i \in [-5, 5]$ for $i = 1, \ldots, n$ where $n = 3$",
        r"$x \in [-5, 5]^2 \times [-5, 5]$",
        r"$x_1 \in [-5, 5]$, $x_2, x_3 \in [-5, 5]$",
        r"$x_1 \ge -5$, $x_2 \ge -5$, $x_3 \ge -5$ and $x_1, \dots, x_3 \le 5$",
        r"$-5 \le x_i \le 5, \forall i \in \{1, 2, 3\}$",
        r"$\ell \le x \le u$ with $\ell = (-5, -5, -5)$ and $u = (5, 5, 5)$",
        r"$\ell_i \le x_i \le -\ell_i$, $1 \le i \le 3$, $\ell_i = -5$, $i = 1, 2, 3$",
        r"$x_i \in [-5, 5]\ (i = 1, 2)$ and $|x_1| \le 9$, $5 \ge x_3 \ge -5$",
        r"$x \in \Omega = [-5, 5]^3$",
        r"$x \in \mathbb{R}^n$, $n = 3$, $-5 \le x_i \le 5$ for all $i = 1, \dots, n$",
    ],
)
def test_bounds(statement: str) -> None:
    problem = read_latex(rf"\[ \min_x x_1 + x_2^2 + x_3 \] {statement}. Budget: 100 evaluations.", "b.tex")
    assert problem.lower == (-5.0,) * 3
    assert problem.upper == (5.0,) * 3


@pytest.mark.parametrize(
    "statement",
    [
        "Evaluation budget: 1500.",
        "At most 1500 function evaluations are allowed.",
        r"$N_{\max} = 1500$",
        "within a budget of $1{,}500$ objective function evaluations",
        r"The number of evaluations is limited to $1\,500$.",
        r"$\mathrm{FE}_{\max} = 1500$.",
        r"MaxFEs = 1500",
        r"Use at most $1.5 \times 10^3$ evaluations.",
    ],
)
def test_budget(statement: str) -> None:
    assert read_latex(rf"$\min_x x_1 + x_2$, $x \in [0, 1]^2$. {statement}", "n.tex").max_evals == 1500


GOOD = r"$\min_x f(x) = x_1 + x_2$, $0 \le x_1, x_2 \le 1$. Budget: 100 evaluations."


@pytest.mark.parametrize(
    ("old", "new", "piece", "message"),
    [
        (r"\min_x f(x) = x_1 + x_2$, $", "", "", "no objective found"),
        (r"x_1, x_2 \le 1", r"x_1 \le 1", "", "x_2 has no bounds"),
        (r"0 \le x_1", r"3 \le x_1", r"3 \le", "not below its upper bound"),
        ("Budget: 100", "At most 200 evaluations. Budget: 100", "", "several evaluation budgets"),
        ("= x_1", r"= \foo{x_1}", r"\foo", "command"),
        ("= x_1", r"= \frac{x_1}{2", "{2", "unbalanced brace"),
        ("= x_1", "= (x_1", "(x_1", "not closed"),
        ("= x_1", "= a x_1", "a x_1", "'a' is not defined"),
        ("= x_1", r"= \sum_{i=1}^{2} x_i - 3 + x_i", r"i + x_2", "not defined here; an index is bound"),
        ("= x_1", r"= \sum_{i=1}^{2} x_{i+1}", "", "x_3 has no bounds"),
        ("= x_1", "= x_1 / x_2 x_1", "/ x_2", "denominator"),
        ("= x_1", r"= \cos x_1 / x_2", r"\cos", "argument of"),
        ("= x_1", r"= \sum_i 2", r"\sum_i", "range"),
        ("= x_1", "= 1e-3 x_1", "1e-3", "programmers' notation"),
        ("= x_1", "= x_12", "12", "only the first digit"),
        ("= x_1", "= x_1 + \\dots", r"\dots", "dots are not supported"),
        (
            "= x_1",
            r"= \begin{cases} x_1 & x_2 \ge 0 \\ x_2 & x_2 \le 0 \end{cases}",
            r"\begin{cases}",
            "cases",
        ),
        ("= x_1 + x_2", "= x", "x", "this is a vector"),
        ("Budget", "$g(x) = x_1 - x_2$. Budget", "x_1 - x_2", "nothing uses it"),
        ("Budget", r"$a = 1$, $a = 2$. Budget", "2", "defined twice"),
        ("= x_1", "= a x_1$, $a = b$, $b = a", "a", "defined by itself"),
        (r"\le 1$", r"\le 1$, $x_1$ integer if rare", "", "integer"),
        (r"\le 1$", r"\le 1$ if $x_1 \ge 0$", "", "'if'"),
        (r"\le 1$", r"\le 1$, $x_1 \ne x_2$", r"\ne", "not equal"),
        (r"\le 1$", r"\le 1", "$", "not closed"),
        ("Budget", r"\frac{1}{2} Budget", r"\frac", "outside math mode"),
        ("Budget: 100", "Budget: 0", "", "positive"),
    ],
)
def test_refusal_names_the_place(old: str, new: str, piece: str, message: str) -> None:
    assert old in GOOD
    lines = ["% a comment line", "\\section{Problem}", GOOD.replace(old, new, 1)]
    with pytest.raises(ProblemError) as caught:
        read_latex("\n".join(lines), "folder/bad.tex")
    text = str(caught.value)
    assert text.startswith("folder/bad.tex, line ")
    assert message in text
    if piece:
        assert "line 3, " in text
        shown = text.split(", at ")[1]
        assert shown[1:].replace("\\\\", "\\").startswith(piece)


def test_nothing_and_prose_only() -> None:
    for text in ("", "Please minimise something.", "\\begin{document}\\end{document}"):
        with pytest.raises(ProblemError, match="no mathematics found"):
            read_latex(text, "empty.tex")
