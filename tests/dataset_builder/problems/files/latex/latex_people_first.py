"""What people write, first half: the texts after which the reader was made."""

from __future__ import annotations

from functools import partial

import numpy as np
from latex_people import INF, Case, case

FIRST: dict[str, Case] = {}
people = partial(case, FIRST)
Result = tuple[float, list[float], list[float]]


@people(
    "notebook, counting from zero",
    r"""# Constrained problem

We want to solve

\begin{equation*}
\max\{-2x_0^2 - (x_1-1)^2 - 3x_0x_1 + 5\}
\end{equation*}

subject to

\begin{align*}
4x_0 + x_1 &\leq 0.5\\
x_0^2 + x_0x_1 &\leq 2.0\\
x_0 &\geq 0 \\
x_1 &\geq 0
\end{align*}

starting from $x=[0.1, 0.2]$.
""",
    "x_0 x_1",
    [(0, INF), (0, INF)],
    maximize=True,
    x0=[0.1, 0.2],
)
def _(x: np.ndarray) -> Result:
    a, b = x
    return -2 * a**2 - (b - 1) ** 2 - 3 * a * b + 5, [4 * a + b - 0.5, a**2 + a * b - 2], []


@people(
    "economic dispatch with a table",
    r"""I am trying to solve the classical economic dispatch problem for three thermal units. The fuel cost of unit $i$ is
$C_i(P_i) = a_i + b_i P_i + c_i P_i^2$ and the data of the units are given in the table:

\begin{tabular}{c|ccccc}
\hline
Unit $i$ & $a_i$ & $b_i$ & $c_i$ & $P_i^{\min}$ (MW) & $P_i^{\max}$ (MW) \\ \hline
1 & 561 & 7.92 & 0.001562 & 150 & 600 \\
2 & 310 & 7.85 & 0.00194 & 100 & 400 \\
3 & 78 & 7.97 & 0.00482 & 50 & 200 \\ \hline
\end{tabular}

The problem reads
\begin{align}
\min \quad & \sum_{i=1}^{3} C_i(P_i) \\
\text{s.t.} \quad & \sum_{i=1}^{3} P_i = 850 \\
& P_i^{\min} \le P_i \le P_i^{\max}, \quad \forall i
\end{align}

How can I do this in Python?
""",
    "P_1 P_2 P_3",
    [(150, 600), (100, 400), (50, 200)],
)
def _(p: np.ndarray) -> Result:
    a, b, c = np.array([[561, 7.92, 0.001562], [310, 7.85, 0.00194], [78, 7.97, 0.00482]]).T
    return float(sum(a + b * p + c * p**2)), [], [p.sum() - 850]


@people(
    "portfolio in Markdown",
    r"""## Minimum variance portfolio

The optimization problem is

$$
\begin{align*}
\text{minimize} \quad & w^T \Sigma w \\
\text{subject to} \quad & \mathbf{1}^T w = 1 \\
& \mu^T w \geq 0.08 \\
& w_i \geq 0 \quad \forall i
\end{align*}
$$

where $\mu = (0.05, 0.09, 0.12)^T$ are the expected returns and

$$
\Sigma = \begin{bmatrix} 0.04 & 0.006 & 0.002 \\ 0.006 & 0.09 & 0.01 \\ 0.002 & 0.01 & 0.16 \end{bmatrix}
$$

is the covariance matrix.
""",
    "w_1 w_2 w_3",
    [(0, INF)] * 3,
)
def _(w: np.ndarray) -> Result:
    s = np.array([[0.04, 0.006, 0.002], [0.006, 0.09, 0.01], [0.002, 0.01, 0.16]])
    return float(w @ s @ w), [0.08 - w @ [0.05, 0.09, 0.12]], [w.sum() - 1]


@people(
    "largest box",
    r"""Find the dimensions of the box with the largest volume that can be made from $60\,\text{cm}^2$ of cardboard (open at the top).

Maximize
$$ V = lwh $$
subject to
$$ lw + 2lh + 2wh \leq 60, \qquad 0.1 \leq l, w, h \leq 10 $$
""",
    "l w h",
    [(0.1, 10)] * 3,
    maximize=True,
)
def _(x: np.ndarray) -> Result:
    a, b, c = x
    return a * b * c, [a * b + 2 * a * c + 2 * b * c - 60], []


@people(
    "min, w.r.t., s.t. and ASCII signs",
    r"""$$
\begin{aligned}
\text{min}: & \quad (a-3)^2 + \sin(b)^2 + ab \\
\text{w.r.t.}: & \quad a, b \\
\text{s.t.}: & \quad a^2 + b^2 <= 10 \\
& \quad a - b >= -2 \\
& \quad -5 <= a <= 5, \; 0 <= b <= 4
\end{aligned}
$$
""",
    "a b",
    [(-5, 5), (0, 4)],
)
def _(x: np.ndarray) -> Result:
    a, b = x
    return (a - 3) ** 2 + np.sin(b) ** 2 + a * b, [a**2 + b**2 - 10, -2 - a + b], []


@people(
    "curve fit with an arrow",
    r"""We fit an exponential to six measurements by least squares,
\[ f(a, b) = \sum_{i=1}^{6} \left( y_i - a e^{b t_i} \right)^2 \rightarrow \min \]
with the data
\begin{center}
\begin{tabular}{lrrrrrr}
\toprule
$t_i$ & 0 & 1 & 2 & 3 & 4 & 5 \\
\midrule
$y_i$ & 2.1 & 1.4 & 1.05 & 0.7 & 0.52 & 0.33 \\
\bottomrule
\end{tabular}
\end{center}
and bounds $0 \le a \le 10$, $-2 \le b \le 0$. The initial guess is $a = 1$, $b = -1$.
""",
    "a b",
    [(0, 10), (-2, 0)],
    x0=[1, -1],
)
def _(x: np.ndarray) -> Result:
    t, y = np.arange(6), np.array([2.1, 1.4, 1.05, 0.7, 0.52, 0.33])
    return float(np.sum((y - x[0] * np.exp(x[1] * t)) ** 2)), [], []


@people(
    "discrete optimal control",
    r"""Consider the scalar system
$$ x_{k+1} = 0.9 x_k + 0.5 u_k, \qquad x_0 = 3 $$
and the finite horizon problem
$$ \min_{u_0, \ldots, u_4} \; 2 x_5^2 + \sum_{k=0}^{4} \left( x_k^2 + 0.1 u_k^2 \right) $$
with $-1 \le x_k \le 4$ for $k = 1, \ldots, 5$, and $-2 \le u_k \le 2$, $k = 0, \ldots, 4$.
""",
    "u_0 u_1 u_2 u_3 u_4",
    [(-2, 2)] * 5,
    budget=None,
)
def _(u: np.ndarray) -> Result:
    x = [3.0]
    for k in range(5):
        x.append(0.9 * x[k] + 0.5 * u[k])
    value = 2 * x[5] ** 2 + sum(x[k] ** 2 + 0.1 * u[k] ** 2 for k in range(5))
    limits = [-1 - v for v in x[1:]] + [v - 4 for v in x[1:]]
    return value, limits, []


@people(
    "reservoir with states as variables",
    r"""A reservoir is operated over three months. The benefit of releasing $u_t$ is $c_t \sqrt{u_t}$ with prices $c = (3, 5, 4)$:
\begin{align*}
\max_{u, V} \quad & \sum_{t=1}^{3} c_t \sqrt{u_t} \\
\text{s.t.} \quad & V_{t+1} = V_t + I_t - u_t, & t = 1, \ldots, 3 \\
& V_1 = 5 \\
& 0 \le u_t \le 4, & t = 1, \ldots, 3 \\
& 1 \le V_t \le 9, & t = 1, \ldots, 4
\end{align*}
where the inflows are $I_1 = 2$, $I_2 = 1$, $I_3 = 0.5$.
""",
    "u_1 u_2 u_3 V_1 V_2 V_3 V_4",
    [(0, 4)] * 3 + [(1, 9)] * 4,
    maximize=True,
)
def _(x: np.ndarray) -> Result:
    u, v = x[:3], x[3:]
    inflow = [2, 1, 0.5]
    value = float(np.array([3, 5, 4]) @ np.sqrt(u))
    return value, [], [v[t + 1] - (v[t] + inflow[t] - u[t]) for t in range(3)] + [v[0] - 5]


@people(
    "batch reactor",
    r"""Consider the consecutive reactions $A \longrightarrow B \longrightarrow C$ in a batch reactor. The rate constants follow
$k_1 = 4000\, e^{-2500/T}$ and $k_2 = 620000\, e^{-5000/T}$, and the concentration of $B$ at time $t$ is
\[ c_B = \frac{k_1}{k_2 - k_1} \left( e^{-k_1 t} - e^{-k_2 t} \right). \]
We look for temperature $T$ (in K) and time $t$ (in h) that maximise the yield:
\[ \max_{T, t} \; c_B \]
with $298 \le T \le 398$ and $0.1 \le t \le 2$.
""",
    "T t",
    [(298, 398), (0.1, 2)],
    maximize=True,
)
def _(x: np.ndarray) -> Result:
    k1, k2 = 4000 * np.exp(-2500 / x[0]), 620000 * np.exp(-5000 / x[0])
    return k1 / (k2 - k1) * (np.exp(-k1 * x[1]) - np.exp(-k2 * x[1])), [], []


@people(
    "cantilever with units",
    r"""\section*{Cantilever beam}
Design variables are the width $b$ and the height $h$ of the cross section of a beam of length $L = 3\,\mathrm{m}$ under a tip load
$F = 20\,kN$. With ${\sigma}_{y} = 250\,\mathrm{MPa}$ and the safety factor $n_s = 1.5$ we have

\begin{equation}
\begin{aligned}
\min_{b, h} \quad & m = 7850 \cdot L \cdot b \cdot h \\
\textrm{s.t.} \quad & \frac{6 F L}{b h^2} \leq \frac{1000 {\sigma}_{y}}{n_s} \\
  & h \leq 4b \\
  & 0.02\,\mathrm{m} \leq b \leq 0.2\,\mathrm{m} \\
  & 0.05\,\mathrm{m} \leq h \leq 0.5\,\mathrm{m}
\end{aligned}
\end{equation}
""",
    "b h",
    [(0.02, 0.2), (0.05, 0.5)],
)
def _(x: np.ndarray) -> Result:
    b, h = x
    return 7850 * 3 * b * h, [6 * 20 * 3 / (b * h**2) - 1000 * 250 / 1.5, h - 4 * b], []


@people(
    "knapsack",
    r"""Solve the following knapsack problem:
\begin{align}
\text{maximize} \quad & 6x_1 + 10x_2 + 12x_3 + 7x_4 \\
\text{subject to} \quad & x_1 + 2x_2 + 3x_3 + 2x_4 \le 5 \\
& x_i \in \{0, 1\}, \quad i = 1, 2, 3, 4.
\end{align}
""",
    "x_1 x_2 x_3 x_4",
    [(0, 1)] * 4,
    maximize=True,
    integer=("x_1", "x_2", "x_3", "x_4"),
)
def _(x: np.ndarray) -> Result:
    return float(x @ [6, 10, 12, 7]), [x @ [1, 2, 3, 2] - 5], []


@people(
    "linear program of a company",
    r"""A company makes two products. Let $x$ and $y$ be the amounts in tonnes.

\[
\begin{array}{lrcl}
\text{Max} & \multicolumn{3}{l}{Z = 5x + 4y} \\
\text{s.t.} & 6x + 4y & \leq & 24 \\
& x + 2y & \leq & 6 \\
& -x + y & \leq & 1 \\
& x, y & \geq & 0
\end{array}
\]
""",
    "x y",
    [(0, INF)] * 2,
    maximize=True,
)
def _(x: np.ndarray) -> Result:
    a, b = x
    return 5 * a + 4 * b, [6 * a + 4 * b - 24, a + 2 * b - 6, -a + b - 1], []


@people(
    "money and words as names",
    r"""We have a budget of \$20{,}000 for radio and TV spots. If $r$ and $t$ are the amounts spent (in thousands of dollars), the model for
the profit is
$$\text{Profit} = 12\sqrt{r} + 9\sqrt{t} + 0.5 \sqrt{rt} - r - t$$
and we want to maximize the profit subject to $r + t \le 20$ and $0 \leq r \leq 15$, $0 \leq t \leq 15$.
""",
    "r t",
    [(0, 15)] * 2,
    maximize=True,
    refused="budget",
)
def _(x: np.ndarray) -> Result:
    r, t = x
    return 12 * np.sqrt(r) + 9 * np.sqrt(t) + 0.5 * np.sqrt(r * t) - r - t, [r + t - 20], []


@people(
    "start given, no bounds",
    r"""Use a numerical method to minimize the function
\[ f(x) = 100 (x_2 - x_1^2)^2 + (1 - x_1)^2, \qquad x \in \mathbb{R}^2, \]
starting from $x^{(0)} = (-1.2, 1)^T$.
""",
    "x_1 x_2",
    [(-INF, INF)] * 2,
    x0=[-1.2, 1],
)
def _(x: np.ndarray) -> Result:
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2, [], []


@people(
    "transport problem",
    r"""The transportation problem
\begin{align*}
\min \quad & \sum_{i=1}^{2}\sum_{j=1}^{3} c_{ij} x_{ij} \\
\text{s.t.} \quad & \sum_{j=1}^{3} x_{ij} \leq s_i & i = 1, 2 \\
& \sum_{i=1}^{2} x_{ij} = d_j & j = 1, 2, 3 \\
& x_{ij} \geq 0
\end{align*}
with supplies $s = (35, 50)$, demands $d = (25, 30, 20)$ and costs
$$ c = \begin{pmatrix} 8 & 6 & 10 \\ 9 & 12 & 13 \end{pmatrix}. $$
""",
    "x_11 x_12 x_13 x_21 x_22 x_23",
    [(0, INF)] * 6,
)
def _(x: np.ndarray) -> Result:
    c, x = np.array([[8, 6, 10], [9, 12, 13]]), x.reshape(2, 3)
    return float(np.sum(c * x)), list(x.sum(axis=1) - [35, 50]), list(x.sum(axis=0) - [25, 30, 20])


@people(
    "in German",
    r"""Gesucht sind Radius $r$ und Höhe $h$ einer zylindrischen Dose mit Volumen $V = 330$, deren Oberfläche minimal ist:
\begin{align*}
\min_{r, h} \quad & 2\pi r^2 + 2\pi r h \\
\text{u.d.N.} \quad & \pi r^2 h = V, \\
& 1 \le r \le 10, \quad 1 \le h \le 30.
\end{align*}
""",
    "r h",
    [(1, 10), (1, 30)],
)
def _(x: np.ndarray) -> Result:
    r, h = x
    return 2 * np.pi * r**2 + 2 * np.pi * r * h, [], [np.pi * r**2 * h - 330]


@people(
    "dispatch with valve points",
    r"""\begin{equation}
\min_{P_g} \sum_{g=1}^{3} \left( a_g P_g^2 + b_g P_g + c_g + \left| e_g \sin\left( f_g (P_g^{min} - P_g) \right) \right| \right)
\end{equation}
subject to the power balance
\begin{equation}
\sum_{g=1}^{3} P_g = P_D, \qquad P_D = 850\ \text{MW}
\end{equation}
and the limits
\begin{equation}
P_g^{min} \leq P_g \leq P_g^{max} \quad \forall g
\end{equation}
\begin{table}[h]
\centering
\caption{Data of the generators}
\begin{tabular}{cccccccc}
$g$ & $P_g^{min}$ & $P_g^{max}$ & $a_g$ & $b_g$ & $c_g$ & $e_g$ & $f_g$ \\
1 & 100 & 600 & 0.001562 & 7.92 & 561 & 300 & 0.0315 \\
2 & 100 & 400 & 0.00194 & 7.85 & 310 & 200 & 0.042 \\
3 & 50 & 200 & 0.00482 & 7.97 & 78 & 150 & 0.063
\end{tabular}
\end{table}
""",
    "P_1 P_2 P_3",
    [(100, 600), (100, 400), (50, 200)],
)
def _(p: np.ndarray) -> Result:
    low = np.array([100, 100, 50])
    a, b, c = np.array([0.001562, 0.00194, 0.00482]), np.array([7.92, 7.85, 7.97]), np.array([561, 310, 78])
    e, f = np.array([300, 200, 150]), np.array([0.0315, 0.042, 0.063])
    return float(np.sum(a * p**2 + b * p + c + np.abs(e * np.sin(f * (low - p))))), [], [p.sum() - 850]


@people(
    "maximum likelihood",
    r"""The log-likelihood of the gamma distribution, up to a constant, is approximated by
\[ \ell(\alpha, \beta) = 10 \alpha \ln \beta + (\alpha - 1) S_1 - \beta S_2 - 10 \left[ (\alpha - 0.5) \ln \alpha - \alpha \right] \]
with $S_1 = 6.2$ and $S_2 = 21.5$. The estimates are
\[ (\hat\alpha, \hat\beta) = \operatorname*{arg\,max}_{\alpha, \beta} \ell(\alpha, \beta), \qquad 0.1 \le \alpha \le 20, \quad 0.1 \le \beta \le 20. \]
""",
    r"\alpha \beta",
    [(0.1, 20)] * 2,
    maximize=True,
)
def _(x: np.ndarray) -> Result:
    a, b = x
    return 10 * a * np.log(b) + (a - 1) * 6.2 - b * 21.5 - 10 * ((a - 0.5) * np.log(a) - a), [], []


@people(
    "three-bar truss",
    r"""\textbf{Three-bar truss.} Minimise the volume
\[ f(x) = (2 \sqrt{2} x_1 + x_2) \times l \]
subject to
\begin{gather*}
g_1(x) = \frac{\sqrt{2} x_1 + x_2}{\sqrt{2} x_1^2 + 2 x_1 x_2} P - \sigma \leq 0 \\
g_2(x) = \frac{x_2}{\sqrt{2} x_1^2 + 2 x_1 x_2} P - \sigma \leq 0 \\
g_3(x) = \frac{1}{\sqrt{2} x_2 + x_1} P - \sigma \leq 0
\end{gather*}
where $0 \le x_1, x_2 \le 1$, $l = 100\,cm$, $P = 2\,kN/cm^2$ and $\sigma = 2\,kN/cm^2$.
""",
    "x_1 x_2",
    [(0, 1)] * 2,
)
def _(x: np.ndarray) -> Result:
    a, b = x
    r = np.sqrt(2)
    bottom = r * a**2 + 2 * a * b
    return (
        (2 * r * a + b) * 100,
        [(r * a + b) / bottom * 2 - 2, b / bottom * 2 - 2, 1 / (r * b + a) * 2 - 2],
        [],
    )


@people(
    "heat exchangers",
    r"""**Heat exchanger network**

Minimize: $A_1 + A_2 + A_3$

Subject to:

- $100000 (T_1 - 100) = 120 A_1 (300 - T_1)$
- $100000 (T_2 - T_1) = 80 A_2 (400 - T_2)$
- $100000 (500 - T_2) = 4000 A_3$
- $100 \leq A_1 \leq 10000$
- $1000 \leq A_2, A_3 \leq 10000$
- $100 \leq T_i \leq 1000$ for $i = 1, 2$
""",
    "A_1 A_2 A_3 T_1 T_2",
    [(100, 10000), (1000, 10000), (1000, 10000), (100, 1000), (100, 1000)],
)
def _(x: np.ndarray) -> Result:
    a, t = x[:3], x[3:]
    return (
        float(a.sum()),
        [],
        [
            1e5 * (t[0] - 100) - 120 * a[0] * (300 - t[0]),
            1e5 * (t[1] - t[0]) - 80 * a[1] * (400 - t[1]),
            1e5 * (500 - t[1]) - 4000 * a[2],
        ],
    )


@people(
    "location of a warehouse",
    r"""Where should the warehouse be built? Customers are at $(a_j, b_j)$ with weights $w_j$:

| $j$ | $a_j$ | $b_j$ | $w_j$ |
|---|---|---|---|
| 1 | 2 | 3 | 10 |
| 2 | 8 | 1 | 5 |
| 3 | 5 | 9 | 7 |
| 4 | 1 | 7 | 4 |

$$\min_{x, y} \sum_{j=1}^{4} w_j \sqrt{(x - a_j)^2 + (y - b_j)^2}$$

with $0 \le x, y \le 10$.
""",
    "x y",
    [(0, 10)] * 2,
)
def _(x: np.ndarray) -> Result:
    a, b, w = np.array([2, 8, 5, 1]), np.array([3, 1, 9, 7]), np.array([10, 5, 7, 4])
    return float(w @ np.hypot(x[0] - a, x[1] - b)), [], []


@people(
    "underset and multi-letter names",
    r"""\[
\begin{aligned}
& \underset{Re, Pr}{\text{minimize}}
& & (Re/1000 - 2)^2 + 3 e^{-Pr} + 0.1 Pr \, Re / 1000 \\
& \text{subject to}
& & 0.023 Re^{0.8} Pr^{0.4} \geq 40, \\
&&& 1000 \leq Re \leq 10000, \; 0.5 \leq Pr \leq 12.
\end{aligned}
\]
""",
    "Re Pr",
    [(1000, 10000), (0.5, 12)],
)
def _(x: np.ndarray) -> Result:
    re, pr = x
    return (
        (re / 1000 - 2) ** 2 + 3 * np.exp(-pr) + 0.1 * pr * re / 1000,
        [40 - 0.023 * re**0.8 * pr**0.4],
        [],
    )
