"""Problems as textbooks and reports print them, part 2 (see latex_textbook)."""

from __future__ import annotations

import numpy as np
from latex_textbook import textbook


@textbook(
    "speed reducer (Golinski 1970)",
    r"""
\paragraph{Speed reducer.} The weight of the reducer is to be minimized:
\begin{multline}
f(\vec{x}) = 0.7854 x_1 x_2^2 \left(3.3333 x_3^2 + 14.9334 x_3 - 43.0934\right)
- 1.508 x_1 \left(x_6^2 + x_7^2\right) \\ + 7.4777 \left(x_6^3 + x_7^3\right)
+ 0.7854 \left(x_4 x_6^2 + x_5 x_7^2\right)
\end{multline}
subject to:
\begin{eqnarray}
g_1(\vec{x}) &=& \frac{27}{x_1 x_2^2 x_3} - 1 \leq 0 \\
g_2(\vec{x}) &=& \frac{397.5}{x_1 x_2^2 x_3^2} - 1 \leq 0 \\
g_3(\vec{x}) &=& \frac{1.93 x_4^3}{x_2 x_3 x_6^4} - 1 \leq 0 \\
g_4(\vec{x}) &=& \frac{1.93 x_5^3}{x_2 x_3 x_7^4} - 1 \leq 0 \\
g_5(\vec{x}) &=& \frac{\sqrt{\left(\frac{745 x_4}{x_2 x_3}\right)^2 + 16.9 \times 10^6}}{110 x_6^3} - 1 \leq 0 \\
g_6(\vec{x}) &=& \frac{\sqrt{\left(\frac{745 x_5}{x_2 x_3}\right)^2 + 157.5 \times 10^6}}{85 x_7^3} - 1 \leq 0 \\
g_7(\vec{x}) &=& \frac{x_2 x_3}{40} - 1 \leq 0 \\
g_8(\vec{x}) &=& \frac{5 x_2}{x_1} - 1 \leq 0 \\
g_9(\vec{x}) &=& \frac{x_1}{12 x_2} - 1 \leq 0 \\
g_{10}(\vec{x}) &=& \frac{1.5 x_6 + 1.9}{x_4} - 1 \leq 0 \\
g_{11}(\vec{x}) &=& \frac{1.1 x_7 + 1.9}{x_5} - 1 \leq 0
\end{eqnarray}
where $2.6 \leq x_1 \leq 3.6$, $0.7 \leq x_2 \leq 0.8$, $17 \leq x_3 \leq 28$, $7.3 \leq x_4, x_5 \leq 8.3$,
$2.9 \leq x_6 \leq 3.9$ and $5.0 \leq x_7 \leq 5.5$. Up to 2000 function evaluations are available.
""",
    [2.6, 0.7, 17, 7.3, 7.3, 2.9, 5.0],
    [3.6, 0.8, 28, 8.3, 8.3, 3.9, 5.5],
    2000,
)
def _(x: np.ndarray) -> tuple[float, list[float], list[float]]:
    a, b, c, d, e, p, q = x
    f = 0.7854 * a * b**2 * (3.3333 * c**2 + 14.9334 * c - 43.0934) - 1.508 * a * (p**2 + q**2)
    f += 7.4777 * (p**3 + q**3) + 0.7854 * (d * p**2 + e * q**2)
    g = [27 / (a * b**2 * c), 397.5 / (a * b**2 * c**2)]
    g += [1.93 * d**3 / (b * c * p**4), 1.93 * e**3 / (b * c * q**4)]
    g += [np.sqrt((745 * d / (b * c)) ** 2 + 16.9e6) / (110 * p**3)]
    g += [np.sqrt((745 * e / (b * c)) ** 2 + 157.5e6) / (85 * q**3)]
    g += [b * c / 40, 5 * b / a, a / (12 * b), (1.5 * p + 1.9) / d, (1.1 * q + 1.9) / e]
    return f, [float(v) - 1 for v in g], []


@textbook(
    "three-bar truss (Nowacki 1973)",
    r"""
The volume of a statically loaded three-bar truss is minimised with respect to the cross sections $A_1$, $A_2$:
\begin{equation}
\min_{A_1, A_2} \; V = \left(2\sqrt{2} A_1 + A_2\right) \times \ell
\end{equation}
such that the stresses stay below $\sigma$:
\[
\frac{\sqrt{2} A_1 + A_2}{\sqrt{2} A_1^2 + 2 A_1 A_2} P \le \sigma, \quad
\frac{A_2}{\sqrt{2} A_1^2 + 2 A_1 A_2} P \le \sigma, \quad
\frac{1}{A_1 + \sqrt{2} A_2} P \le \sigma,
\]
with $\ell = 100\,\mathrm{cm}$, $P = 2$, $\sigma = 2$, and $0.01 \le A_1, A_2 \le 1$.
Computing the stresses is expensive: 350 evaluations at most.
""",
    [0.01] * 2,
    [1] * 2,
    350,
)
def _(x: np.ndarray) -> tuple[float, list[float], list[float]]:
    a, b = x
    r = 2**0.5
    den = r * a**2 + 2 * a * b
    return (2 * r * a + b) * 100, [(r * a + b) / den * 2 - 2, b / den * 2 - 2, 2 / (a + r * b) - 2], []


@textbook(
    "heat exchanger, CEC 2006 g10",
    r"""
\textbf{g10.} Minimize \cite{runarsson}
$$ f(\vec{x}) = x_1 + x_2 + x_3 $$
subject to
\begin{align}
g_1(\vec{x}) &= -1 + 0.0025(x_4 + x_6) \leq 0 \nonumber\\
g_2(\vec{x}) &= -1 + 0.0025(x_5 + x_7 - x_4) \leq 0 \nonumber\\
g_3(\vec{x}) &= -1 + 0.01(x_8 - x_5) \leq 0 \nonumber\\
g_4(\vec{x}) &= -x_1 x_6 + 833.33252 x_4 + 100 x_1 - 83333.333 \leq 0 \nonumber\\
g_5(\vec{x}) &= -x_2 x_7 + 1250 x_5 + x_2 x_4 - 1250 x_4 \leq 0 \nonumber\\
g_6(\vec{x}) &= -x_3 x_8 + 1250000 + x_3 x_5 - 2500 x_5 \leq 0 \nonumber
\end{align}
where $100 \leq x_1 \leq 10000$, $1000 \leq x_i \leq 10000$ $(i = 2, 3)$ and
$10 \leq x_i \leq 1000$ $(i = 4, \ldots, 8)$. FEs: $\mathrm{MaxFES} = 5000$ evaluations.
""",
    [100, 1000, 1000, 10, 10, 10, 10, 10],
    [10000] * 3 + [1000] * 5,
    5000,
)
def _(x: np.ndarray) -> tuple[float, list[float], list[float]]:
    a, b, c, d, e, p, q, r = x
    g = [-1 + 0.0025 * (d + p), -1 + 0.0025 * (e + q - d), -1 + 0.01 * (r - e)]
    g += [-a * p + 833.33252 * d + 100 * a - 83333.333, -b * q + 1250 * e + b * d - 1250 * d]
    return a + b + c, [*g, -c * r + 1250000 + c * e - 2500 * e], []


@textbook(
    "CEC 2006 g02 (Keane's bump), as a minimisation",
    r"""
Minimize $f(\vec{x}) = -\left| \frac{\sum_{i=1}^{n} \cos^4(x_i) - 2 \prod_{i=1}^{n} \cos^2(x_i)}
{\sqrt{\sum_{i=1}^{n} i x_i^2}} \right|$ subject to
$g_1(\vec{x}) = 0.75 - \prod_{i=1}^{n} x_i \leq 0$, $g_2(\vec{x}) = \sum_{i=1}^{n} x_i - 7.5 n \leq 0$
where $n = 20$ and $0.1 < x_i \leq 10$ $(i = 1, \ldots, n)$.\\ Budget: 4000 evaluations.
""",
    [0.1] * 20,
    [10] * 20,
    4000,
)
def _(x: np.ndarray) -> tuple[float, list[float], list[float]]:
    c = np.cos(x)
    f = -abs((c**4).sum() - 2 * np.prod(c**2)) / np.sqrt((np.arange(1, 21) * x**2).sum())
    return float(f), [0.75 - float(np.prod(x)), x.sum() - 150], []


@textbook(
    "CEC 2017 constrained report, C04",
    r"""
\begin{equation}
\begin{split}
\min f(\mathbf{x}) &= \sum_{i=1}^{D}\left[z_i^2 - 10\cos(2\pi z_i) + 10\right], \quad \mathbf{z} = \mathbf{x} - \mathbf{o} \\
g_1(\mathbf{x}) &= -\sum_{i=1}^{D} z_i \sin(2 z_i) \le 0 \\
g_2(\mathbf{x}) &= \sum_{i=1}^{D} z_i \sin(z_i) \le 0 \\
\mathbf{x} &\in [-10, 10]^D
\end{split}
\end{equation}
$D = 6$, $\mathbf{o} = (1, -2, 0.5, 3, -4, 2.5)$, and $\mathit{MaxFEs} = 1800$.
""",
    [-10] * 6,
    [10] * 6,
    1800,
)
def _(x: np.ndarray) -> tuple[float, list[float], list[float]]:
    z = x - np.array([1, -2, 0.5, 3, -4, 2.5])
    f = float((z**2 - 10 * np.cos(2 * np.pi * z) + 10).sum())
    return f, [-float(z @ np.sin(2 * z)), float(z @ np.sin(z))], []


@textbook(
    "facility location with given sites (Weber problem)",
    r"""
\DeclareMathOperator{\dist}{d}
\newcommand{\site}[1]{\left(u - a_{#1}\right)^2 + \left(v - b_{#1}\right)^2}
A depot at $(u, v)$ serves five towns. We choose it so that the weighted distance
\[ \min_{u, v} \; C(u, v) = \sum_{i=1}^{5} w_i \sqrt{\site{i}} \]
is least, where $a = (0, 4, 7, 2, 9)$, $b = (1, 6, 3, 8, 8)$, $w = (2, 1, 3, 1, 2)$. It must not lie within
3~km of the lake at $(5, 5)$: $(u - 5)^2 + (v - 5)^2 \ge 3^2$. The region is $0 \le u, v \le 10$.
Each evaluation runs a route planner, so the budget is only 180 evaluations.
""",
    [0, 0],
    [10, 10],
    180,
)
def _(x: np.ndarray) -> tuple[float, list[float], list[float]]:
    a, b, w = np.array([0, 4, 7, 2, 9]), np.array([1, 6, 3, 8, 8]), np.array([2, 1, 3, 1, 2])
    f = float(w @ np.hypot(x[0] - a, x[1] - b))
    return f, [9 - (x[0] - 5) ** 2 - (x[1] - 5) ** 2], []


@textbook(
    "regularised logistic regression, a machine-learning text",
    r"""
Given features $\mathbf{X} = \begin{pmatrix} 1 & 0.5 \\ -1 & 2 \\ 0.3 & -1 \\ 2 & 1 \end{pmatrix}$ and labels
$\mathbf{y} = (1, -1, -1, 1)^\top$, estimate $\boldsymbol{\theta} = (\theta_1, \theta_2)^\top$ by
\begin{equation}
\operatorname*{arg\,min}_{\boldsymbol{\theta}} \; J(\boldsymbol{\theta})
 = \frac{1}{4} \sum_{m=1}^{4} \log\Bigl(1 + \exp\bigl(-y_m \textstyle\sum_{k=1}^{2} X_{mk} \theta_k\bigr)\Bigr)
 + \frac{\lambda}{2} \lVert \boldsymbol{\theta} \rVert^2,
\end{equation}
$\lambda = 10^{-2}$, $\boldsymbol{\theta} \in [-5, 5]^2$. We stop after 220 evaluations of $J$.
""",
    [-5] * 2,
    [5] * 2,
    220,
)
def _(x: np.ndarray) -> tuple[float, list[float], list[float]]:
    data, y = np.array([[1, 0.5], [-1, 2], [0.3, -1], [2, 1]]), np.array([1, -1, -1, 1])
    return float(np.log1p(np.exp(-y * (data @ x))).mean() + 0.005 * x @ x), [], []


@textbook(
    "cantilever beam of five steps (Svanberg 1987)",
    r"""
\section{Cantilever beam}
Minimise
\begin{gather*}
f(\mathbf{x}) = 0.0624 \left(x_1 + x_2 + x_3 + x_4 + x_5\right)
\intertext{subject to}
\frac{61}{x_1^3} + \frac{37}{x_2^3} + \frac{19}{x_3^3} + \frac{7}{x_4^3} + \frac{1}{x_5^3} \le 1, \\
\begin{pmatrix} 0.01 \\ 0.01 \\ 0.01 \\ 0.01 \\ 0.01 \end{pmatrix} \le \mathbf{x} \le
\begin{pmatrix} 100 \\ 100 \\ 100 \\ 100 \\ 100 \end{pmatrix}.
\end{gather*}
You may evaluate the beam 600 times. \emph{Evaluation budget:} 600.
""",
    [0.01] * 5,
    [100] * 5,
    600,
)
def _(x: np.ndarray) -> tuple[float, list[float], list[float]]:
    return 0.0624 * x.sum(), [float((np.array([61, 37, 19, 7, 1]) / x**3).sum()) - 1], []


@textbook(
    "tubular column (Rao 1996), units and named parts",
    r"""
Design a uniform column of tubular section with mean diameter $d$ (cm) and thickness $t$ (cm), to carry
a compressive load $P = 2500\ \mathrm{kgf}$ at minimum cost:
\begin{align*}
\text{minimize}\quad & f(d, t) = 9.8\, d\, t + 2 d \\
\text{s.t.}\quad
 & g_1 = \frac{P}{\pi d t \sigma_y} - 1 \le 0, \qquad
   g_2 = \frac{8 P L^2}{\pi^3 E d t (d^2 + t^2)} - 1 \le 0, \\
 & g_3 = \frac{2.0}{d} - 1 \le 0, \qquad g_4 = \frac{d}{14} - 1 \le 0, \\
 & g_5 = \frac{0.2}{t} - 1 \le 0, \qquad g_6 = \frac{t}{0.8} - 1 \le 0, \\
 & 2 \le d \le 14, \quad 0.2 \le t \le 0.8,
\end{align*}
$\sigma_y = 500$, $E = 0.85 \times 10^6$, $L = 250$.
Function evaluations are limited to 1000.
""",
    [2, 0.2],
    [14, 0.8],
    1000,
)
def _(x: np.ndarray) -> tuple[float, list[float], list[float]]:
    d, t = x
    g = [2500 / (np.pi * d * t * 500), 8 * 2500 * 250**2 / (np.pi**3 * 0.85e6 * d * t * (d**2 + t**2))]
    return 9.8 * d * t + 2 * d, [float(v) - 1 for v in [*g, 2 / d, d / 14, 0.2 / t, t / 0.8]], []
