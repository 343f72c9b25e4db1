"""Problems as textbooks and reports print them, part 1 (see latex_textbook)."""

from __future__ import annotations

import numpy as np
from latex_textbook import textbook


@textbook(
    "Boyd and Vandenberghe, exercise 4.3: quadratic program",
    r"""
Prove that $x^\star = (1, 1/2, -1)$ is optimal for the optimization problem
\[
\begin{array}{ll}
\mbox{minimize}   & (1/2) x^T P x + q^T x + r \\
\mbox{subject to} & -1 \leq x_i \leq 1, \quad i = 1, 2, 3,
\end{array}
\]
where
\[
P = \left[ \begin{array}{rrr} 13 & 12 & -2 \\ 12 & 17 & 6 \\ -2 & 6 & 12 \end{array} \right], \qquad
q = \left[ \begin{array}{r} -22.0 \\ -14.5 \\ 13.0 \end{array} \right], \qquad r = 1.
\]
We allow 400 function evaluations.
""",
    [-1.0] * 3,
    [1.0] * 3,
    400,
)
def _(x: np.ndarray) -> tuple[float, list[float], list[float]]:
    p = np.array([[13, 12, -2], [12, 17, 6], [-2, 6, 12]])
    return 0.5 * x @ p @ x + x @ np.array([-22, -14.5, 13]) + 1, [], []


@textbook(
    "Boyd and Vandenberghe, section 6.1: regularised least squares with macros",
    r"""
\documentclass{article}
\newcommand{\reals}{\mathbf{R}}
\newcommand{\norm}[1]{\|#1\|}
\begin{document}
\begin{equation*}
\mbox{minimize} \quad \norm{Ax - b}_2^2 + \gamma \norm{x}_1
\end{equation*}
with variable $x \in \reals^2$, where $\gamma = 0.3$ and
\[ A = \begin{bmatrix} 1 & 2 \\ -1 & 0.5 \\ 3 & 0 \end{bmatrix}, \quad
   b = \begin{bmatrix} 1 \\ 2 \\ -1 \end{bmatrix}. \]
We look for it in the box $-4 \preceq x \preceq 4$. The budget is 250 evaluations.
\end{document}
""",
    [-4.0] * 2,
    [4.0] * 2,
    250,
)
def _(x: np.ndarray) -> tuple[float, list[float], list[float]]:
    a, b = np.array([[1, 2], [-1, 0.5], [3, 0]]), np.array([1, 2, -1])
    return float(np.sum((a @ x - b) ** 2) + 0.3 * np.abs(x).sum()), [], []


@textbook(
    "Boyd and Vandenberghe, section 4.5.1: geometric program",
    r"""
\[ \begin{array}{ll}
\mbox{minimize} & x/y \\
\mbox{subject to} & 2 \leq x \leq 3 \\
& x^2 + 3y/z \leq \sqrt{y} \\
& x/y = z^2
\end{array} \]
with variables $x$, $y$, and $z$; the last two lie in $y \in [0.1, 60]$ and $z \in [0.1, 60]$.
Minimise it within 1200 function evaluations.
""",
    [2, 0.1, 0.1],
    [3, 60, 60],
    1200,
)
def _(x: np.ndarray) -> tuple[float, list[float], list[float]]:
    a, b, c = x
    return a / b, [a**2 + 3 * b / c - np.sqrt(b)], [a / b - c**2]


@textbook(
    "Boyd and Vandenberghe, section 9.3.2: unconstrained problem",
    r"""
As an example we consider the nonquadratic function
\[ f(x_1, x_2) = e^{x_1 + 3x_2 - 0.1} + e^{x_1 - 3x_2 - 0.1} + e^{-x_1 - 0.1}, \]
to be minimised over the square $[-2, 2]^2$, that is $|x_1| \leq 2$, $x_1, x_2 \in [-2, 2]$.
At most 300 evaluations of $f$.
""",
    [-2] * 2,
    [2] * 2,
    300,
)
def _(x: np.ndarray) -> tuple[float, list[float], list[float]]:
    a, b = x
    return (
        float(np.exp(a + 3 * b - 0.1) + np.exp(a - 3 * b - 0.1) + np.exp(-a - 0.1)),
        [abs(a) - 2],
        [],
    )


@textbook(
    "Boyd and Vandenberghe, section 8.5.3: analytic centre",
    r"""
The analytic center of the inequalities $a_i^T x \leq b_i$, $i = 1, \ldots, 4$, is the solution of
\begin{equation}
\text{minimize} \quad f_0(x) = - \sum_{i=1}^{4} \log (b_i - a_i^T x)
\end{equation}
where $a_1 = (1, 0.5)$, $a_2 = (-1, 0.2)$, $a_3 = (0.3, -1)$, $a_4 = (0.1, 1)$, $b = (3, 3, 3, 3)$.
We search $x \in [-1, 1]^2$ with a budget of 150 evaluations.
""",
    [-1] * 2,
    [1] * 2,
    150,
)
def _(x: np.ndarray) -> tuple[float, list[float], list[float]]:
    a = np.array([[1, 0.5], [-1, 0.2], [0.3, -1], [0.1, 1]])
    return float(-np.log(3 - a @ x).sum()), list(a @ x - 3), []


@textbook(
    "Boyd and Vandenberghe, section 7.2: entropy with prior information",
    r"""
\begin{align*}
\min_{p \in \mathbb{R}^5} \quad & \sum_{i=1}^5 p_i \log p_i \\
\text{s.t.} \quad & \mathbf{1}^T p = 1, \\
& \sum_{i=1}^5 \alpha_i p_i \in [-0.1, 0.1], \qquad \alpha_i = -1 + (i-1)/2, \; i = 1, \dots, 5 \\
& 10^{-6} \le p_i \le 1 \quad \forall i = 1,\dots,5
\end{align*}
Function evaluations allowed: 900.
""",
    [1e-6] * 5,
    [1] * 5,
    900,
)
def _(x: np.ndarray) -> tuple[float, list[float], list[float]]:
    mean = float(np.linspace(-1, 1, 5) @ x)
    return float(x @ np.log(x)), [-0.1 - mean, mean - 0.1], [x.sum() - 1]


@textbook(
    "Nocedal and Wright, exercise 18.3",
    r"""
\begin{subequations}
\begin{align}
\min_{x} \quad & e^{x_1 x_2 x_3 x_4 x_5} - \tfrac{1}{2} \left(x_1^3 + x_2^3 + 1\right)^2 \\
\text{subject to} \quad & x_1^2 + x_2^2 + x_3^2 + x_4^2 + x_5^2 - 10 = 0, \\
& x_2 x_3 - 5 x_4 x_5 = 0, \\
& x_1^3 + x_2^3 + 1 = 0.
\end{align}
\end{subequations}
Bounds: $-2.3 \le x_i \le 2.3$ for $i = 1, 2$, and $-3.2 \le x_i \le 3.2$ for $i = 3, 4, 5$.
The total number of function evaluations must not exceed $3000$.
""",
    [-2.3] * 2 + [-3.2] * 3,
    [2.3] * 2 + [3.2] * 3,
    3000,
)
def _(x: np.ndarray) -> tuple[float, list[float], list[float]]:
    a, b, c, d, e = x
    inner = a**3 + b**3 + 1
    return float(np.exp(a * b * c * d * e) - 0.5 * inner**2), [], [x @ x - 10, b * c - 5 * d * e, inner]


@textbook(
    "Nocedal and Wright, section 4.1: trust-region model",
    r"""
Let $m(p) = f + g^\top p + \frac{1}{2} p^\top B p$ with $f = 2$,
$g = \begin{pmatrix} -2 \\ 0 \\ 1 \end{pmatrix}$ and
$B = \begin{pmatrix} 2 & -1 & 0 \\ -1 & 2 & -1 \\ 0 & -1 & 2 \end{pmatrix}$. Solve
\[ \min_{p \in \mathbb{R}^3} m(p) \quad \text{s.t.} \quad \|p\|_2 \le \Delta, \quad \Delta = 1.5, \]
inside $p \in [-2, 2]^3$ (budget: 200 evaluations).
""",
    [-2] * 3,
    [2] * 3,
    200,
)
def _(x: np.ndarray) -> tuple[float, list[float], list[float]]:
    b = np.array([[2, -1, 0], [-1, 2, -1], [0, -1, 2]])
    return float(2 - 2 * x[0] + x[2] + 0.5 * x @ b @ x), [float(np.sqrt(x @ x)) - 1.5], []


@textbook(
    "Nocedal and Wright, section 12.1: two circles",
    r"""
\begin{equation}
\min\; x_1 + x_2 \quad \text{s.t.} \quad 2 - x_1^2 - x_2^2 \geq 0, \quad x_2 \geq 0,
\end{equation}
where $|x_1 x_2| \leq 2$, and a box is given by $-2 \leq x_1 \leq 2$ and $x_2 \leq 2$.
No more than 120 evaluations may be used.
""",
    [-2, 0],
    [2, 2],
    120,
)
def _(x: np.ndarray) -> tuple[float, list[float], list[float]]:
    return x[0] + x[1], [-(2 - x[0] ** 2 - x[1] ** 2), abs(x[0] * x[1]) - 2], []


@textbook(
    "Hock and Schittkowski 43 (Rosen and Suzuki)",
    r"""
$$
\begin{aligned}
f(x) &= x_1^2 + x_2^2 + 2x_3^2 + x_4^2 - 5x_1 - 5x_2 - 21x_3 + 7x_4
\end{aligned}
$$
$$
\begin{aligned}
8 - x_1^2 - x_2^2 - x_3^2 - x_4^2 - x_1 + x_2 - x_3 + x_4 &\ge 0 \\
10 - x_1^2 - 2x_2^2 - x_3^2 - 2x_4^2 + x_1 + x_4 &\ge 0 \\
5 - 2x_1^2 - x_2^2 - x_3^2 - 2x_1 + x_2 + x_4 &\ge 0
\end{aligned}
$$
Bounds: $-10 \le x_j \le 10$ $(j = 1,\ldots,4)$. Maximum number of function evaluations: 1{,}000.
""",
    [-10] * 4,
    [10] * 4,
    1000,
)
def _(x: np.ndarray) -> tuple[float, list[float], list[float]]:
    a, b, c, d = x
    f = a * a + b * b + 2 * c * c + d * d - 5 * a - 5 * b - 21 * c + 7 * d
    g = [
        8 - a * a - b * b - c * c - d * d - a + b - c + d,
        10 - a * a - 2 * b * b - c * c - 2 * d * d + a + d,
        5 - 2 * a * a - b * b - c * c - 2 * a + b + d,
    ]
    return f, [-v for v in g], []


@textbook(
    "Hock and Schittkowski 24",
    r"""
\textbf{Objective:} $f(x) = \dfrac{1}{27\sqrt{3}} \left((x_1 - 3)^2 - 9\right) x_2^3$

\textbf{Constraints:} $x_1/\sqrt{3} - x_2 \geq 0$, $x_1 + \sqrt{3}\,x_2 \geq 0$,
$-x_1 - \sqrt{3}\,x_2 + 6 \geq 0$

\textbf{Bounds:} $0 \leq x_1 \leq 6$, $0 \leq x_2 \leq 6$ \hfill \textbf{Budget:} 500
""",
    [0, 0],
    [6, 6],
    500,
)
def _(x: np.ndarray) -> tuple[float, list[float], list[float]]:
    a, b = x
    r = 3**0.5
    return ((a - 3) ** 2 - 9) * b**3 / (27 * r), [-(a / r - b), -(a + r * b), a + r * b - 6], []


@textbook(
    "Hock and Schittkowski 112: chemical equilibrium",
    r"""
\begin{align*}
\operatorname*{minimize}_{x_1, \dots, x_{10}}\quad
   & \sum_{j=1}^{10} x_j \left( c_j + \ln \frac{x_j}{\sum_{k=1}^{10} x_k} \right) \\
\text{subject to}\quad & x_1 + 2 x_2 + 2 x_3 + x_6 + x_{10} - 2 = 0 \\
& x_4 + 2 x_5 + x_6 + x_7 - 1 = 0 \\
& x_3 + x_7 + x_8 + 2 x_9 + x_{10} - 1 = 0
\end{align*}
with $x_j \in [10^{-6}, 10]$ for all $j = 1, \dots, 10$ and
\[ c = (-6.089, -17.164, -34.054, -5.914, -24.721, -14.986, -24.100, -10.708, -26.662, -22.179). \]
Budget: $2.5 \times 10^3$ evaluations.
""",
    [1e-6] * 10,
    [10] * 10,
    2500,
)
def _(x: np.ndarray) -> tuple[float, list[float], list[float]]:
    c = [-6.089, -17.164, -34.054, -5.914, -24.721, -14.986, -24.1, -10.708, -26.662, -22.179]
    f = float(x @ (np.array(c) + np.log(x / x.sum())))
    h = [x[0] + 2 * x[1] + 2 * x[2] + x[5] + x[9] - 2, x[3] + 2 * x[4] + x[5] + x[6] - 1]
    return f, [], [*h, x[2] + x[6] + x[7] + 2 * x[8] + x[9] - 1]
