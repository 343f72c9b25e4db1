"""What people write, second half: held back while the reader was made."""

from __future__ import annotations

from functools import partial

import numpy as np
from latex_people import INF, Case, case

SECOND: dict[str, Case] = {}
people = partial(case, SECOND)
Result = tuple[float, list[float], list[float]]


@people(
    "linear program with the word Maximize",
    r"""**Maximize**

$$ z = 3x_1 + 5x_2 $$

**subject to**

$$
\begin{aligned}
x_1 &\le 4 \\
2x_2 &\le 12 \\
3x_1 + 2x_2 &\le 18 \\
x_1, x_2 &\ge 0
\end{aligned}
$$
""",
    "x_1 x_2",
    [(0, 4), (0, INF)],
    maximize=True,
)
def _(x: np.ndarray) -> Result:
    a, b = x
    return 3 * a + 5 * b, [2 * b - 12, 3 * a + 2 * b - 18], []


@people(
    "dispatch with losses",
    r"""Economic dispatch with transmission losses. For the units $i = 1, 2, 3$ we minimize
$$F_T = \sum_{i=1}^{3} \left( \alpha_i + \beta_i P_i + \gamma_i P_i^2 \right)$$
subject to
$$\sum_{i=1}^3 P_i = P_D + P_L, \quad P_L = \sum_{i=1}^{3} \sum_{j=1}^{3} P_i B_{ij} P_j$$
with $P_D = 300$ and the box $50 \le P_1 \le 250$, $5 \le P_2 \le 150$, $15 \le P_3 \le 100$, where
$\alpha = (328.13, 136.91, 59.16)$, $\beta = (8.663, 10.04, 9.76)$, $\gamma = (0.00525, 0.00609, 0.00592)$ and
$$ B = 10^{-4} \begin{bmatrix} 1.36 & 0.175 & 1.84 \\ 0.175 & 1.54 & 2.83 \\ 1.84 & 2.83 & 16.1 \end{bmatrix}. $$
""",
    "P_1 P_2 P_3",
    [(50, 250), (5, 150), (15, 100)],
)
def _(p: np.ndarray) -> Result:
    b = 1e-4 * np.array([[1.36, 0.175, 1.84], [0.175, 1.54, 2.83], [1.84, 2.83, 16.1]])
    value = np.sum([328.13, 136.91, 59.16] + p * [8.663, 10.04, 9.76] + p**2 * [0.00525, 0.00609, 0.00592])
    return float(value), [], [p.sum() - 300 - p @ b @ p]


@people(
    "Sharpe ratio",
    r"""I want to maximize the Sharpe ratio of a portfolio:
\begin{align}
\max_{w \in \mathbb{R}^4} \quad & \frac{\mu^\top w - r_f}{\sqrt{w^\top \Sigma w}} \\
\text{s.t.} \quad & \sum_{i=1}^4 w_i = 1, \\
& 0 \le w_i \le 0.6, \quad \forall i \in \{1, \dots, 4\}.
\end{align}
Here $r_f = 0.02$, $\mu = [0.08, 0.12, 0.10, 0.07]^\top$ and
\[ \Sigma = \begin{pmatrix} 0.10 & 0.02 & 0.01 & 0 \\ 0.02 & 0.20 & 0.03 & 0.01 \\ 0.01 & 0.03 & 0.15 & 0.02 \\ 0 & 0.01 & 0.02 & 0.08 \end{pmatrix}. \]
""",
    "w_1 w_2 w_3 w_4",
    [(0, 0.6)] * 4,
    maximize=True,
)
def _(w: np.ndarray) -> Result:
    s = np.array(
        [[0.1, 0.02, 0.01, 0], [0.02, 0.2, 0.03, 0.01], [0.01, 0.03, 0.15, 0.02], [0, 0.01, 0.02, 0.08]]
    )
    return float((w @ [0.08, 0.12, 0.1, 0.07] - 0.02) / np.sqrt(w @ s @ w)), [], [w.sum() - 1]


@people(
    "poster",
    r"""A poster of area $600\ \text{cm}^2$ has margins of 2 cm at the sides and 3 cm at top and bottom. We maximise the printed area
$$A(x, y) = (x - 4)(y - 6) \quad \text{subject to} \quad xy = 600,\ 5 \le x \le 100,\ 7 \le y \le 100.$$
""",
    "x y",
    [(5, 100), (7, 100)],
    maximize=True,
    refused="'2'",
)
def _(x: np.ndarray) -> Result:
    return (x[0] - 4) * (x[1] - 6), [], [x[0] * x[1] - 600]


@people(
    "utility of a consumer",
    r"""A consumer with income $m = 100$ faces prices $p_x = 2$ and $p_y = 5$. Her problem is
\[
\begin{aligned}
\max_{x,y} \quad & U(x,y) = x^{0.3} y^{0.7} \\
\text{s.t.} \quad & p_x x + p_y y \leq m \\
& x \geq 0,\; y \geq 0
\end{aligned}
\]
""",
    "x y",
    [(0, INF)] * 2,
    maximize=True,
)
def _(x: np.ndarray) -> Result:
    return x[0] ** 0.3 * x[1] ** 0.7, [2 * x[0] + 5 * x[1] - 100], []


@people(
    "production planning with inventories",
    r"""Let $x_t$ be the production and $I_t$ the inventory at the end of month $t$. The plan for four months solves
\begin{align*}
\min_{x_1, \dots, x_4} \; & \sum_{t=1}^4 \left( 2 x_t + 0.05 x_t^2 + 0.5 I_t \right) \\
\text{s.t. } & I_t = I_{t-1} + x_t - d_t, \quad t = 1, \dots, 4, \\
& I_t \ge 0, \quad t = 1, \dots, 4, \\
& 0 \le x_t \le 60, \quad t = 1, \dots, 4,
\end{align*}
where $I_0 = 10$ and $d = (30, 45, 50, 25)$.
""",
    "x_1 x_2 x_3 x_4",
    [(0, 60)] * 4,
)
def _(x: np.ndarray) -> Result:
    stock = 10 + np.cumsum(x - [30, 45, 50, 25])
    return float(np.sum(2 * x + 0.05 * x**2 + 0.5 * stock)), list(-stock), []


@people(
    "chemical equilibrium",
    r"""The composition at equilibrium minimises the Gibbs energy of a mixture of four species:
\begin{equation}
\min_{n} \; G(n) = \sum_{i=1}^{4} n_i \left( g_i + \ln \frac{n_i}{\sum_{j=1}^{4} n_j} \right)
\end{equation}
subject to the element balances
\begin{align}
n_1 + n_2 + 2 n_3 &= 2 \\
n_2 + n_4 &= 1
\end{align}
with $n_i \geq 10^{-6}$ and $n_i \le 2$ for all $i$, where $g = (-6.1, -17.2, -34.1, -14.9)$.
""",
    "n_1 n_2 n_3 n_4",
    [(1e-6, 2)] * 4,
)
def _(n: np.ndarray) -> Result:
    value = np.sum(n * (np.array([-6.1, -17.2, -34.1, -14.9]) + np.log(n / n.sum())))
    return float(value), [], [n[0] + n[1] + 2 * n[2] - 2, n[1] + n[3] - 1]


@people(
    "spring",
    r"""\subsection*{Tension/compression spring}
The variables are the wire diameter $d$, the mean coil diameter $D$ and the number of active coils $N$.
\begin{align*}
\text{minimise} \quad & f(d, D, N) = (N + 2) D d^2 \\
\text{such that} \quad & 1 - \frac{D^3 N}{71785 d^4} \le 0, \\
& \frac{4D^2 - dD}{12566 (D d^3 - d^4)} + \frac{1}{5108 d^2} - 1 \le 0, \\
& 1 - \frac{140.45 d}{D^2 N} \le 0, \\
& \frac{d + D}{1.5} - 1 \le 0, \\
& 0.05 \le d \le 2, \; 0.25 \le D \le 1.3, \; 2 \le N \le 15.
\end{align*}
""",
    "d D N",
    [(0.05, 2), (0.25, 1.3), (2, 15)],
)
def _(x: np.ndarray) -> Result:
    d, D, n = x
    return (
        (n + 2) * D * d**2,
        [
            1 - D**3 * n / (71785 * d**4),
            (4 * D**2 - d * D) / (12566 * (D * d**3 - d**4)) + 1 / (5108 * d**2) - 1,
            1 - 140.45 * d / (D**2 * n),
            (d + D) / 1.5 - 1,
        ],
        [],
    )


@people(
    "logistic regression",
    r"""Given the data

\begin{array}{c|cccccc}
i & 1 & 2 & 3 & 4 & 5 & 6 \\ \hline
x_i & 0.5 & 1.0 & 1.5 & 2.5 & 3.0 & 4.0 \\
y_i & 0 & 0 & 1 & 0 & 1 & 1
\end{array}

find the coefficients by maximizing the log-likelihood

$$\ell(\beta_0, \beta_1) = \sum_{i=1}^{6} \left[ y_i (\beta_0 + \beta_1 x_i) - \ln\left(1 + e^{\beta_0 + \beta_1 x_i}\right) \right]$$

with initial values $\beta_0 = 0$ and $\beta_1 = 0$, where $-10 \le \beta_0, \beta_1 \le 10$.
""",
    r"\beta_0 \beta_1",
    [(-10, 10)] * 2,
    maximize=True,
    x0=[0, 0],
)
def _(b: np.ndarray) -> Result:
    x, y = np.array([0.5, 1, 1.5, 2.5, 3, 4]), np.array([0, 0, 1, 0, 1, 1])
    s = b[0] + b[1] * x
    return float(np.sum(y * s - np.log(1 + np.exp(s)))), [], []


@people(
    "newsvendor with discounts",
    r"""A shop sells at price $p$ and demand is $q = 100 - 2p + 3\sqrt{a}$, where $a$ is spent on advertising. Unit cost: \$12.
\[ \max_{p, a} \quad \text{Profit}(p, a) = (p - 12) q - a \]
\[ \text{s.t.} \quad q \geq 0, \quad 12 \leq p \leq 60, \quad 0 \leq a \leq 500 \]
""",
    "p a",
    [(12, 60), (0, 500)],
    maximize=True,
)
def _(x: np.ndarray) -> Result:
    q = 100 - 2 * x[0] + 3 * np.sqrt(x[1])
    return (x[0] - 12) * q - x[1], [-q], []


@people(
    "open tank",
    r"""We design a rectangular tank of volume $V = 10\,m^3$, open at the top, whose base is twice as long as wide. If $w$ is the width and
$h$ the height, the length is $l = 2w$. Material for the base costs \$10 per square metre, for the sides \$6:
$$C(w, h) = 10 \cdot 2 w^2 + 6 \left( 2 w h + 2 \cdot 2 w h \right) \to \min$$
subject to $2 w^2 h = V$, with $w \in [0.5, 5]$ and $h \in [0.5, 5]$.
""",
    "w h",
    [(0.5, 5)] * 2,
    refused="twice",
)
def _(x: np.ndarray) -> Result:
    w, h = x
    return 20 * w**2 + 36 * w * h, [], [2 * w**2 * h - 10]


@people(
    "diet problem with a table",
    r"""The diet problem: let $x_j$ be the servings of food $j$. The nutrients are in this table.

\begin{tabular}{lccc}
food $j$ & cost $c_j$ & energy $e_j$ & protein $p_j$ \\
\hline
1 & 3.0 & 110 & 4 \\
2 & 24 & 205 & 32 \\
3 & 13 & 160 & 13 \\
4 & 9 & 160 & 8 \\
\end{tabular}

\begin{align}
\min_{x} \quad & \sum_{j=1}^{4} c_j x_j \\
\text{s.t.} \quad & \sum_{j=1}^{4} e_j x_j \ge 2000 \\
& \sum_{j=1}^{4} p_j x_j \ge 55 \\
& 0 \le x_j \le 10 && j = 1, \ldots, 4
\end{align}
""",
    "x_1 x_2 x_3 x_4",
    [(0, 10)] * 4,
)
def _(x: np.ndarray) -> Result:
    return float(x @ [3, 24, 13, 9]), [2000 - x @ [110, 205, 160, 160], 55 - x @ [4, 32, 13, 8]], []


@people(
    "soft landing",
    r"""A lander of unit mass is controlled by its thrust $u_k$. With the step $\Delta t = 0.5$ and $g = 1.62$ the dynamics are
\begin{align}
h_{k+1} &= h_k + \Delta t \, v_k, \\
v_{k+1} &= v_k + \Delta t (u_k - g), \qquad k = 0, 1, \dots, 5,
\end{align}
with $h_0 = 10$, $v_0 = -2$. We minimise the fuel
\begin{equation}
\min_{u_0, \dots, u_5} \; \sum_{k=0}^{5} u_k \, \Delta t
\end{equation}
subject to $h_6 = 0$, $v_6 = 0$ and $0 \le u_k \le 12$, $k = 0, \dots, 5$.
""",
    "u_0 u_1 u_2 u_3 u_4 u_5",
    [(0, 12)] * 6,
)
def _(u: np.ndarray) -> Result:
    h, v = 10.0, -2.0
    for force in u:
        h, v = h + 0.5 * v, v + 0.5 * (force - 1.62)
    return float(0.5 * u.sum()), [], [h, v]


@people(
    "trust region",
    r"""$$
\begin{split}
\min_{x\in\mathbb{R}^3}\quad & \tfrac{1}{2} x^T Q x - b^T x \\
\text{s.t.}\quad & -1 \le x^T x - 2 \le 1 \\
& \|x\|_\infty \le 2
\end{split}
$$
with
$$
Q = \begin{pmatrix} 2 & -1 & 0 \\ -1 & 2 & -1 \\ 0 & -1 & 2 \end{pmatrix}, \quad b = \begin{pmatrix} 1 \\ 0 \\ 3 \end{pmatrix}
$$
and initial guess $x_0 = (1, 1, 0)$.
""",
    "x_1 x_2 x_3",
    [(-INF, INF)] * 3,
    x0=[1, 1, 0],
)
def _(x: np.ndarray) -> Result:
    q = np.array([[2, -1, 0], [-1, 2, -1], [0, -1, 2]])
    return float(0.5 * x @ q @ x - x @ [1, 0, 3]), [-1 - x @ x + 2, x @ x - 3, np.abs(x).max() - 2], []


@people(
    "hanging chain",
    r"""A chain of five masses hangs between two points. The potential energy of the heights $y_1, \ldots, y_5$ is
\[
E(y) = \sum_{i=1}^{5} m_i g y_i + \frac{k}{2} \sum_{i=0}^{5} (y_{i+1} - y_i)^2 \longrightarrow \min
\]
where $y_0 = 0$, $y_6 = 1$, $m_i = 0.2$ for all $i$, $g = 9.81$, $k = 40$ and $-2 \leq y_i \leq 2$ for $i = 1, \ldots, 5$.
""",
    "y_1 y_2 y_3 y_4 y_5",
    [(-2, 2)] * 5,
)
def _(y: np.ndarray) -> Result:
    whole = np.concatenate([[0], y, [1]])
    return float(0.2 * 9.81 * y.sum() + 20 * np.sum(np.diff(whole) ** 2)), [], []


@people(
    "kinetic parameters",
    r"""Estimate $V_{\max}$ and $K_m$ of the Michaelis--Menten law from the measurements

\begin{equation*}
\begin{array}{|c|c|c|c|c|c|}
\hline
S_i & 0.1 & 0.5 & 1 & 2 & 5 \\ \hline
v_i & 0.18 & 0.62 & 0.95 & 1.22 & 1.48 \\ \hline
\end{array}
\end{equation*}

by minimizing the sum of squared residuals
\begin{equation*}
\min_{V_{\max}, K_m} \sum_{i=1}^{5} \left( v_i - \frac{V_{\max} S_i}{K_m + S_i} \right)^2,
\quad 0.1 \le V_{\max} \le 5, \quad 0.01 \le K_m \le 5 .
\end{equation*}
""",
    "V_max K_m",
    [(0.1, 5), (0.01, 5)],
)
def _(x: np.ndarray) -> Result:
    s, v = np.array([0.1, 0.5, 1, 2, 5]), np.array([0.18, 0.62, 0.95, 1.22, 1.48])
    return float(np.sum((v - x[0] * s / (x[1] + s)) ** 2)), [], []


@people(
    "whole units",
    r"""\begin{align*}
\max \quad & 8 x_1 + 5 x_2 \\
\text{s.t.} \quad & x_1 + x_2 \leq 6 \\
& 9 x_1 + 5 x_2 \leq 45 \\
& 0 \leq x_1 \leq 10, \ 0 \leq x_2 \leq 10 \\
& x_1, x_2 \in \mathbb{Z}
\end{align*}
""",
    "x_1 x_2",
    [(0, 10)] * 2,
    maximize=True,
    integer=("x_1", "x_2"),
)
def _(x: np.ndarray) -> Result:
    a, b = x
    return 8 * a + 5 * b, [a + b - 6, 9 * a + 5 * b - 45], []


@people(
    "pooling",
    r"""The classical pooling problem (Haverly). Let $x$ and $y$ be the amounts of the two products, $A$, $B$ the crudes into the pool,
$p$ the sulfur quality of the pool:
\begin{align*}
\text{max} \quad & 9x + 15y - 6A - 16B - 10(C_x + C_y) \\
\text{s.t.} \quad & P_x + P_y - A - B = 0 \\
& x - P_x - C_x = 0 \\
& y - P_y - C_y = 0 \\
& p P_x + 2 C_x - 2.5x \le 0 \\
& p P_y + 2 C_y - 1.5y \le 0 \\
& p P_x + p P_y - 3A - B = 0 \\
& 0 \le x \le 100, \quad 0 \le y \le 200 \\
& 0 \le A, B, C_x, C_y, P_x, P_y \le 500 \\
& 1 \le p \le 3
\end{align*}
""",
    "x y A B C_x C_y P_x P_y p",
    [(0, 100), (0, 200), *[(0, 500)] * 6, (1, 3)],
    maximize=True,
)
def _(v: np.ndarray) -> Result:
    x, y, a, b, cx, cy, px, py, p = v
    return (
        9 * x + 15 * y - 6 * a - 16 * b - 10 * (cx + cy),
        [p * px + 2 * cx - 2.5 * x, p * py + 2 * cy - 1.5 * y],
        [px + py - a - b, x - px - cx, y - py - cy, p * px + p * py - 3 * a - b],
    )


@people(
    "pipe diameter",
    r"""> The pumping cost of a pipeline is to be minimised.

Minimize
$$
C(D, v) = 1200 D^{1.5} + 350 \frac{f L v^3}{2 D} D^2
$$
where $f = 0.02$, $L = 1.5 \times 10^{2}$ m, with the flow rate $Q = 0.05\ \mathrm{m^3/s}$:
$$
\frac{\pi D^2}{4} v = Q, \qquad 0.05 \leqslant D \leqslant 0.5, \qquad 0.1 \leqslant v \leqslant 5.
$$
""",
    "D v",
    [(0.05, 0.5), (0.1, 5)],
)
def _(x: np.ndarray) -> Result:
    d, v = x
    return 1200 * d**1.5 + 350 * 0.02 * 150 * v**3 / (2 * d) * d**2, [], [np.pi * d**2 / 4 * v - 0.05]


@people(
    "several named quantities",
    r"""Consider a small hydro-thermal system with thermal power $P_1, P_2, P_3$ and water releases $q_1, q_2, q_3$.

\[
\min_{P_1, \ldots, P_3, q_1, \ldots, q_3} \quad \sum_{t=1}^{3} \left( 10 P_t + 0.1 P_t^2 \right)
\]
\[
P_t + 2 q_t = D_t, \quad t = 1, 2, 3
\]
\[
\sum_{t=1}^{3} q_t \leq 50
\]
with demands $D_1 = 60, D_2 = 90, D_3 = 75$ and $0 \le P_t \le 100$, $0 \le q_t \le 30$ for $t = 1, 2, 3$.
""",
    "P_1 P_2 P_3 q_1 q_2 q_3",
    [(0, 100)] * 3 + [(0, 30)] * 3,
)
def _(x: np.ndarray) -> Result:
    p, q = x[:3], x[3:]
    return float(np.sum(10 * p + 0.1 * p**2)), [q.sum() - 50], list(p + 2 * q - [60, 90, 75])


@people(
    "elliptical pipe through code names",
    r"""Optimise the function below with any derivative-free method:

$$ f(x,y) = (1.5 - x + xy)^2 + (2.25 - x + xy^2)^2 + (2.625 - x + xy^3)^2 $$

The search domain is $-4.5 \leq x,y \leq 4.5$. We want to minimise $f$; the starting point is $(x_0, y_0) = (1, 1)$.
""",
    "x y",
    [(-4.5, 4.5)] * 2,
    x0=[1, 1],
)
def _(x: np.ndarray) -> Result:
    a, b = x
    return (1.5 - a + a * b) ** 2 + (2.25 - a + a * b**2) ** 2 + (2.625 - a + a * b**3) ** 2, [], []


@people(
    "water network",
    r"""\begin{equation*}
\begin{array}{rll}
\displaystyle \min_{Q_1, Q_2, H} & \displaystyle 5 Q_1^{1.8} + 3 Q_2^{2} + 0.4 H & \\[2mm]
\text{s.t.} & Q_1 + Q_2 = 12 & \text{(flow balance)} \\
& H \geq 10 + 0.02 Q_1^{1.852} & \text{(head)} \\
& 0 \leq Q_i \leq 10 & i = 1, 2 \\
& 5 \leq H \leq 50 &
\end{array}
\end{equation*}
""",
    "Q_1 Q_2 H",
    [(0, 10), (0, 10), (5, 50)],
)
def _(x: np.ndarray) -> Result:
    a, b, h = x
    return 5 * a**1.8 + 3 * b**2 + 0.4 * h, [10 + 0.02 * a**1.852 - h], [a + b - 12]
