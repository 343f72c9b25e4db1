"""The LaTeX reader on textbook problems, whose values plain Python computes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pytest

from llamoco.dataset_builder.problems.evaluator import compile_problem
from llamoco.dataset_builder.problems.files.latex_file import LatexFile, read_latex

Point = Sequence[float]
Values = tuple[float, list[float], list[float]]


def at(problem: LatexFile, point: Point) -> Values:
    f, g, h = compile_problem(problem.system)(np.array([point], dtype=float))
    return float(f[0]), g[0].tolist(), h[0].tolist()


VESSEL = r"""
\documentclass{article}
\usepackage{amsmath}
\begin{document}
\section*{Pressure vessel}
The cost of a cylindrical vessel with shell thickness $T_s = x_1$, head thickness $T_h = x_2$, inner
radius $x_3$ and length $x_4$ is to be minimised:
\begin{equation}\label{eq:cost}
\min_{\mathbf{x}} f(\mathbf{x}) = 0.6224 x_1 x_3 x_4 + 1.7781 x_2 x_3^2 + 3.1661 x_1^2 x_4 + 19.84 x_1^2 x_3
\end{equation}
subject to % the usual constraints, $ with { junk
\begin{align*}
g_1(\mathbf{x}) &= -T_s + 0.0193 x_3 \le 0,\\
g_2(\mathbf{x}) &= -T_h + 0.00954 x_3 \leq 0,\\
g_3(\mathbf{x}) &= -\pi x_3^2 x_4 - \tfrac{4}{3}\pi x_3^3 + 1\,296\,000 \le 0,\\
g_4(\mathbf{x}) &= x_4 - 240 \le 0.
\end{align*}
Bounds: $0 \le x_1, x_2 \le 99$ and $10 \le x_3, x_4 \le 200$.
At most $1{,}500$ function evaluations are allowed. The best known value is $f(\mathbf{x}^*) = 5885.33$.
\end{document}
"""


def vessel(x: Point) -> Values:
    a, b, c, d = x
    f = 0.6224 * a * c * d + 1.7781 * b * c**2 + 3.1661 * a**2 * d + 19.84 * a**2 * c
    g3 = -math.pi * c**2 * d - 4 / 3 * math.pi * c**3 + 1296000
    return f, [-a + 0.0193 * c, -b + 0.00954 * c, g3, d - 240], []


BEAM = r"""
\[
\begin{aligned}
\text{minimize} \quad & f(h, l, t, b) = 1.10471 h^2 l + 0.04811 t b (14 + l) \\
\text{subject to} \quad & \tau(x) - \tau_{\max} \le 0, \\
& \sigma(x) - \sigma_{\max} \le 0, \\
& h - b \le 0, \\
& \delta(x) - \delta_{\max} \le 0, \\
& P - P_c(x) \le 0,
\end{aligned}
\]
where
\begin{align*}
\tau(x) &= \sqrt{(\tau')^2 + 2\tau'\tau''\frac{l}{2R} + (\tau'')^2}, \qquad
  \tau' = \frac{P}{\sqrt{2} h l}, \qquad \tau'' = \frac{M R}{J}, \\
M &= P\left(L + \frac{l}{2}\right), \quad R = \sqrt{\frac{l^2}{4} + \left(\frac{h+t}{2}\right)^2}, \\
J &= 2\left\{\sqrt{2} h l \left[\frac{l^2}{12} + \left(\frac{h+t}{2}\right)^2\right]\right\}, \\
\sigma(x) &= \frac{6 P L}{b t^2}, \quad \delta(x) = \frac{4 P L^3}{E t^3 b}, \\
P_c(x) &= \frac{4.013 E \sqrt{t^2 b^6 / 36}}{L^2}\left(1 - \frac{t}{2L}\sqrt{\frac{E}{4G}}\right),
\end{align*}
$P = 6000$ lb, $L = 14$ in, $E = 30 \times 10^6\ \mathrm{psi}$,
$G = 12 \times 10^6$ psi, $\tau_{\max} = 13\,600$
psi, $\sigma_{\max} = 30\,000$ psi, $\delta_{\max} = 0.25$ in, $0.1 \le h, b \le 2$, $0.1 \le l, t \le 10$.
Here $x = (h, l, t, b)$.
The evaluation budget is 2000.
"""


def beam(x: Point) -> Values:
    h, l, t, b = x  # noqa: E741
    load, length, modulus, shear = 6000, 14, 30e6, 12e6
    first = load / (math.sqrt(2) * h * l)
    moment = load * (length + l / 2)
    radius = math.sqrt(l**2 / 4 + ((h + t) / 2) ** 2)
    second = moment * radius / (2 * (math.sqrt(2) * h * l * (l**2 / 12 + ((h + t) / 2) ** 2)))
    tau = math.sqrt(first**2 + 2 * first * second * l / (2 * radius) + second**2)
    buckling = 4.013 * modulus * math.sqrt(t**2 * b**6 / 36) / length**2
    buckling *= 1 - t / (2 * length) * math.sqrt(modulus / (4 * shear))
    g = [tau - 13600, 6 * load * length / (b * t**2) - 30000, h - b]
    g += [4 * load * length**3 / (modulus * t**3 * b) - 0.25, load - buckling]
    return 1.10471 * h**2 * l + 0.04811 * t * b * (14 + l), g, []


SPRING = r"""
Tension/compression spring design, wire diameter $d$, coil diameter $D$, number of coils $N$:
\begin{align}
\min_{d, D, N}\quad & (N + 2) D d^2 \\
\text{such that}\quad & 1 - \dfrac{D^3 N}{71785 d^4} \le 0, \quad
  \frac{4D^2 - dD}{12566(Dd^3 - d^4)} + \frac{1}{5108 d^2} \le 1,\\
& 1 - \frac{140.45 d}{D^2 N} \leqslant 0, \quad \frac{D + d}{1.5} - 1 \le 0,\\
& 0.05 \le d \le 2, \quad 0.25 \le D \le 1.3, \quad 2 \le N \le 15
\end{align}
Use no more than $2\,000$ evaluations.
"""


def spring(x: Point) -> Values:
    d, c, n = x
    g2 = (4 * c**2 - d * c) / (12566 * (c * d**3 - d**4)) + 1 / (5108 * d**2) - 1
    g = [1 - c**3 * n / (71785 * d**4), g2, 1 - 140.45 * d / (c**2 * n), (c + d) / 1.5 - 1]
    return (n + 2) * c * d**2, g, []


G04 = r"""
Minimise \[ f(x) = 5.3578547 x_3^2 + 0.8356891 x_1 x_5 + 37.293239 x_1 - 40792.141 \]
subject to
\[ 0 \le 85.334407 + 0.0056858 x_2 x_5 + 0.0006262 x_1 x_4 - 0.0022053 x_3 x_5 \le 92, \]
\[ 90 \le 80.51249 + 0.0071317 x_2 x_5 + 0.0029955 x_1 x_2 + 0.0021813 x_3^2 \le 110, \]
where $78 \le x_1 \le 102$, $33 \le x_2 \le 45$ and $27 \le x_i \le 45$ ($i = 3, 4, 5$).
Budget: $10^{3}$ evaluations.
"""


def g04(x: Point) -> Values:
    a, b, c, d, e = x
    u = 85.334407 + 0.0056858 * b * e + 0.0006262 * a * d - 0.0022053 * c * e
    v = 80.51249 + 0.0071317 * b * e + 0.0029955 * a * b + 0.0021813 * c**2
    f = 5.3578547 * c**2 + 0.8356891 * a * e + 37.293239 * a - 40792.141
    return f, [-u, u - 92, 90 - v, v - 110], []


G06 = r"""
$$f(x)=(x_1-10)^3+(x_2-20)^3$$ is to be minimised subject to
$$\begin{cases} -(x_1-5)^2-(x_2-5)^2+100\le 0\\ (x_1-6)^2+(x_2-5)^2-82.81\le 0 \end{cases}$$
with $13\le x_1\le 100$ and $0\le x_2\le 100$, $\text{MaxFEs} = 5000$.
"""


def g06(x: Point) -> Values:
    a, b = x
    g = [-((a - 5) ** 2) - (b - 5) ** 2 + 100, (a - 6) ** 2 + (b - 5) ** 2 - 82.81]
    return (a - 10) ** 3 + (b - 20) ** 3, g, []


G08 = r"""
$$\min_{x_1, x_2} \; -\frac{\sin^3(2\pi x_1)\sin 2 \pi x_2}{x_1^3 (x_1 + x_2)}$$
s.t.
$$\left\{\begin{array}{l} x_1^2 - x_2 + 1 \le 0 \\ 1 - x_1 + (x_2 - 4)^2 \le 0 \\
0 \le x_1 \le 10,\ 0 \le x_2 \le 10 \end{array}\right.$$
$N_{\max} = 1000$
"""


def g08(x: Point) -> Values:
    a, b = x
    f = -(math.sin(2 * math.pi * a) ** 3) * math.sin(2 * math.pi * b) / (a**3 * (a + b))
    return f, [a**2 - b + 1, 1 - a + (b - 4) ** 2], []


ROSENBROCK = r"""
Let $\theta \in [-5, 10]^{6}$. Minimise
\begin{gather}
F(\theta) = \sum_{i=1}^{5} \bigl[ 100 (\theta_{i+1} - \theta_i^2)^2 \\
 + (1 - \theta_i)^2 \bigr]
\end{gather}
The budget is $10^3$ evaluations.
"""


def rosenbrock(x: Point) -> Values:
    return sum(100 * (b - a**2) ** 2 + (1 - a) ** 2 for a, b in pairwise(x)), [], []


PORTFOLIO = r"""
Markowitz portfolio: minimise the risk
\[ f(\mathbf{w}) = \sum_{i=1}^{3}\sum_{j=1}^{3} \sigma_{ij} w_i w_j
  - 0.5\, \boldsymbol{\mu}^\top \mathbf{w} \]
with
\[ \Sigma = \begin{pmatrix} 0.04 & 0.01 & 0 \\ 0.01 & 0.09 & 0.02 \\ 0 & 0.02 & 0.16 \end{pmatrix}, \quad
\boldsymbol{\mu} = (0.05, 0.08, 0.12)^\top, \quad \sigma = \Sigma \]
subject to $\sum_{i=1}^3 w_i = 1$, $\mathbf{w}^\top \Sigma \mathbf{w} \le 0.09$ and $\mathbf{w} \in [0, 1]^3$.
Budget: at most 800 function evaluations.
"""


def portfolio(x: Point) -> Values:
    q = np.array([[0.04, 0.01, 0], [0.01, 0.09, 0.02], [0, 0.02, 0.16]])
    w = np.array(x)
    risk = float(w @ q @ w)
    return risk - 0.5 * float(np.dot([0.05, 0.08, 0.12], w)), [risk - 0.09], [sum(x) - 1]


HOCK = r"""
\[\begin{array}{rl} \displaystyle\operatorname*{minimize}_{x_1,\dots,x_4}
& x_1 x_4 (x_1 + x_2 + x_3) + x_3 \\[2mm]
\text{subject to} & x_1 x_2 x_3 x_4 \ge 25,\\ & x_1^2 + x_2^2 + x_3^2 + x_4^2 = 40, \\
& 1 \le x_j \le 5, \qquad j = 1, 2, 3, 4. \end{array}\]
The budget is 1000 function evaluations.
"""


def hock(x: Point) -> Values:
    a, b, c, d = x
    return a * d * (a + b + c) + c, [25 - a * b * c * d], [a**2 + b**2 + c**2 + d**2 - 40]


ACKLEY = r"""
The Ackley function in dimension $d = 4$ is
\begin{multline*}
f(\mathbf{x}) = -20\exp\left(-0.2\sqrt{\frac1d\sum_{i=1}^d x_i^2}\right) \\
- \exp\left(\frac{1}{d}\sum_{i=1}^d \cos(2\pi x_i)\right) + 20 + e, \qquad \mathbf{x}\in[-32.768, 32.768]^d.
\end{multline*}
We minimise it with an evaluation budget of $B = 1500$ points.
"""


def ackley(x: Point) -> Values:
    n = len(x)
    first = -20 * math.exp(-0.2 * math.sqrt(sum(v * v for v in x) / n))
    return first - math.exp(sum(math.cos(2 * math.pi * v) for v in x) / n) + 20 + math.e, [], []


FUNCTIONS = r"""
Let $\psi(t) = t^2 + |t|$ and $\phi_k(\mathbf{y}) = \sum_{i=1}^{n} \psi(y_i) / k$, $n = 4$.
\[ \min_{\mathbf{x} \in [-2, 3]^4} \; \sum_{k=1}^{3} w_k \phi_k(\mathbf{x} - \mathbf{a}), \]
$\mathbf{w} = (1, 2, 4)$, $\mathbf{a} = (0.5, 0.1, -0.2, 0.3)^\top$. $N_{\mathrm{FE}} = 700$.
"""


def functions(x: Point) -> Values:
    shifted = [v - a for v, a in zip(x, (0.5, 0.1, -0.2, 0.3), strict=True)]
    inner = sum(t * t + abs(t) for t in shifted)
    return sum(w * inner / k for k, w in enumerate((1, 2, 4), 1)), [], []


NORMS = r"""
\[ \min_{x\in\mathbb{R}^5} \|x - c\|_1 + \tfrac12\lVert x\rVert_2^2 + \max_{1\le i\le 5} |x_{p_i}|
   + \langle c, x \rangle
   + \prod_{j \in \{1, 3\}} (1 + x_j^2)^{1.5\times10^{-1}} + \lfloor x_2 \rfloor + \min\{x_1, x_2^2, 3\} \]
with $c = (1, 2, 3, 4, 5)$, $p = (2, 3, 2, 3, 2)$ and $-10 \le x_i \le 10$ for all $i = 1, \ldots, 5$.
Budget 500 evaluations.
"""


def norms(x: Point) -> Values:
    c = (1, 2, 3, 4, 5)
    f = (
        sum(abs(a - b) for a, b in zip(x, c, strict=True))
        + sum(v * v for v in x) / 2
        + max(abs(x[1]), abs(x[2]))
    )
    f += sum(a * b for a, b in zip(x, c, strict=True)) + ((1 + x[0] ** 2) * (1 + x[2] ** 2)) ** 0.15
    return f + math.floor(x[1]) + min(x[0], x[1] ** 2, 3), [], []


FAMILY = r"""
\begin{equation*}
\begin{split}
\text{Minimize } \quad & f(\vec{x}) = \sum_{i=1}^{3} \sum_{j=i}^{3} x_i x_j \\
\text{Subject to: } & g_j(\vec{x}) \leq 0, \quad j = 1, 2 \\
& h_1(\vec{x}) = 0
\end{split}
\end{equation*}
where
\begin{gather*}
g_1(\vec{x}) = 1 - x_1 x_2 \\ g_2(\vec x) = x_1 - 3 \\
h_1(\vec x) = \sum_{i=1}^{3} o_i x_i - \frac{2}{3}, \quad o_i = (-1)^i / 2, \quad i = 1, \dots, 3.
\end{gather*}
$x_i \in [-4, 4]$ for $i=1,2$ and $x_3 \in [10^{-3}, 2\pi]$.
The maximum number of function evaluations is 300.
"""


def family(x: Point) -> Values:
    f = sum(x[i] * x[j] for i in range(3) for j in range(i, 3))
    return f, [1 - x[0] * x[1], x[0] - 3], [(-x[0] + x[1] - x[2]) / 2 - 2 / 3]


TEXTBOOK: dict[str, tuple[str, Callable[[Point], Values], Point, Point, int]] = {
    "pressure vessel": (VESSEL, vessel, (0, 0, 10, 10), (99, 99, 200, 200), 1500),
    "welded beam": (BEAM, beam, (0.1,) * 4, (2, 10, 10, 2), 2000),
    "spring": (SPRING, spring, (0.05, 0.25, 2), (2, 1.3, 15), 2000),
    "g04": (G04, g04, (78, 33, 27, 27, 27), (102, 45, 45, 45, 45), 1000),
    "g06": (G06, g06, (13, 0), (100, 100), 5000),
    "g08": (G08, g08, (0, 0), (10, 10), 1000),
    "Rosenbrock": (ROSENBROCK, rosenbrock, (-5,) * 6, (10,) * 6, 1000),
    "portfolio": (PORTFOLIO, portfolio, (0,) * 3, (1,) * 3, 800),
    "Hock-Schittkowski 71": (HOCK, hock, (1,) * 4, (5,) * 4, 1000),
    "Ackley": (ACKLEY, ackley, (-32.768,) * 4, (32.768,) * 4, 1500),
    "functions of functions": (FUNCTIONS, functions, (-2,) * 4, (3,) * 4, 700),
    "norms, sets, positions": (NORMS, norms, (-10,) * 5, (10,) * 5, 500),
    "numbered constraints": (FAMILY, family, (-4, -4, 1e-3), (4, 4, 2 * math.pi), 300),
}


@pytest.mark.parametrize("name", TEXTBOOK)
def test_textbook_problem_has_the_values_of_plain_python(name: str) -> None:
    text, truth, lower, upper, budget = TEXTBOOK[name]
    problem = read_latex(text, "problem.tex")
    assert problem.max_evals == budget
    assert problem.lower == pytest.approx(tuple(lower))
    assert problem.upper == pytest.approx(tuple(upper))
    random = np.random.default_rng(1)
    for _ in range(5):
        point = random.uniform(lower, upper)
        f, g, h = at(problem, point)
        expected = truth([float(v) for v in point])
        assert f == pytest.approx(expected[0], rel=1e-9)
        assert g == pytest.approx(expected[1], rel=1e-9)
        assert h == pytest.approx(expected[2], rel=1e-9)
