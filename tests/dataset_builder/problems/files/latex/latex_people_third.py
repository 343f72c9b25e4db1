"""What people write, third part: written when the reader had been made after the first two, for a last count."""

from __future__ import annotations

from functools import partial

import numpy as np
from latex_people import INF, Case, case

THIRD: dict[str, Case] = {}
people = partial(case, THIRD)
Result = tuple[float, list[float], list[float]]


@people(
    "raw words in a display",
    r"""Hi everyone, I need to solve this with scipy and I don't know how to write the constraints:

$$
min_{x,y}\ f(x,y) = (x-1)^2 + (y-2.5)^2 \\
s.t.\\
x - 2y + 2 \geq 0 \\
-x - 2y + 6 \geq 0 \\
-x + 2y + 2 \geq 0 \\
x \geq 0, y \geq 0
$$

The initial point is $(x_0, y_0) = (2, 0)$. Thanks!
""",
    "x y",
    [(0, INF)] * 2,
    x0=[2, 0],
)
def _(v: np.ndarray) -> Result:
    x, y = v
    return (x - 1) ** 2 + (y - 2.5) ** 2, [-(x - 2 * y + 2), x + 2 * y - 6, x - 2 * y - 2], []


@people(
    "fuel cost with bounds in a table",
    r"""\section{Problem}
Two generators supply a load of $P_D = 500\,\mathrm{MW}$. Their fuel costs in \$/h are
\begin{align}
F_1(P_1) &= 0.004 P_1^2 + 5.3 P_1 + 500 \\
F_2(P_2) &= 0.006 P_2^2 + 5.5 P_2 + 400
\end{align}
\begin{table}[ht]
\centering
\begin{tabular}{lcc}
\hline
Unit & Lower limit & Upper limit \\
\hline
$P_1$ & 200 & 450 \\
$P_2$ & 150 & 350 \\
\hline
\end{tabular}
\caption{Limits of the generators.}
\end{table}
\begin{equation}
\min_{P_1, P_2} \; F_1(P_1) + F_2(P_2) \quad \text{s.t.} \quad P_1 + P_2 = P_D.
\end{equation}
""",
    "P_1 P_2",
    [(200, 450), (150, 350)],
)
def _(p: np.ndarray) -> Result:
    a, b = p
    return 0.004 * a**2 + 5.3 * a + 500 + 0.006 * b**2 + 5.5 * b + 400, [], [a + b - 500]


@people(
    "revenue management",
    r"""Maximise the revenue from two fare classes
\[
R = p_1 d_1 + p_2 d_2, \qquad d_1 = 120 - 0.4 p_1 + 0.1 p_2, \quad d_2 = 200 - 0.9 p_2 + 0.2 p_1
\]
over the prices $p_1, p_2$, subject to the capacity $d_1 + d_2 \le 180$ and $50 \le p_1 \le 300$, $30 \le p_2 \le 200$.
""",
    "p_1 p_2",
    [(50, 300), (30, 200)],
    maximize=True,
)
def _(p: np.ndarray) -> Result:
    d = np.array([120 - 0.4 * p[0] + 0.1 * p[1], 200 - 0.9 * p[1] + 0.2 * p[0]])
    return float(p @ d), [d.sum() - 180], []


@people(
    "trajectory with position and velocity",
    r"""Let $s_k$ and $v_k$ be position and velocity of a cart, $a_k$ the acceleration. With $h = 0.2$,
\begin{equation}
\begin{split}
s_{k+1} &= s_k + h v_k + \tfrac{h^2}{2} a_k \\
v_{k+1} &= v_k + h a_k
\end{split}
\end{equation}
for $k = 0, \ldots, 4$, $s_0 = 0$, $v_0 = 0$. We solve
$$\min_{a_0,\dots,a_4} \; 10 (s_5 - 1)^2 + v_5^2 + 0.01 \sum_{k=0}^{4} a_k^2 \quad \text{s.t. } -8 \le a_k \le 8.$$
""",
    "a_0 a_1 a_2 a_3 a_4",
    [(-8, 8)] * 5,
)
def _(a: np.ndarray) -> Result:
    s = v = 0.0
    for x in a:
        s, v = s + 0.2 * v + 0.02 * x, v + 0.2 * x
    return 10 * (s - 1) ** 2 + v**2 + 0.01 * float(a @ a), [], []


@people(
    "mean-variance utility",
    r"""Mean-variance portfolio with risk aversion $\lambda = 3$:

\begin{align}
\max_{w} \quad & \mu^T w - \frac{\lambda}{2} w^T \Sigma w \\
\text{s.t.} \quad & \sum_i w_i = 1 \\
& 0 \le w_i \le 0.5 \qquad \forall i
\end{align}

with
$$\mu = \begin{bmatrix} 0.06 \\ 0.11 \\ 0.14 \\ 0.04 \end{bmatrix}, \qquad
\Sigma = \begin{bmatrix} 0.02 & 0.005 & 0.004 & 0.001 \\ 0.005 & 0.06 & 0.01 & 0.002 \\ 0.004 & 0.01 & 0.09 & 0.001 \\ 0.001 & 0.002 & 0.001 & 0.01 \end{bmatrix}.$$
""",
    "w_1 w_2 w_3 w_4",
    [(0, 0.5)] * 4,
    maximize=True,
)
def _(w: np.ndarray) -> Result:
    s = np.array(
        [
            [0.02, 0.005, 0.004, 0.001],
            [0.005, 0.06, 0.01, 0.002],
            [0.004, 0.01, 0.09, 0.001],
            [0.001, 0.002, 0.001, 0.01],
        ]
    )
    return float(w @ [0.06, 0.11, 0.14, 0.04] - 1.5 * w @ s @ w), [], [w.sum() - 1]


@people(
    "Norman window",
    r"""A Norman window consists of a rectangle with a semicircle on top. Its perimeter is $P = 10\,\text{m}$. Find the width $w$ and the height
$h$ of the rectangle for which the area is as large as possible:
$$ A(w, h) = w h + \frac{\pi w^2}{8} \rightarrow \max, \qquad w + 2h + \frac{\pi w}{2} = P, \quad 0.1 \le w \le 4, \; 0.1 \le h \le 5.$$
""",
    "w h",
    [(0.1, 4), (0.1, 5)],
    maximize=True,
)
def _(x: np.ndarray) -> Result:
    w, h = x
    return w * h + np.pi * w**2 / 8, [], [w + 2 * h + np.pi * w / 2 - 10]


@people(
    "Cobb-Douglas firm",
    r"""A firm produces $q = K^{0.4} L^{0.6}$ and must deliver $q \ge 100$. With the rental rate $r = 4$ and the wage $w = 6$ it solves

\begin{align*}
\min_{K, L} \quad & rK + wL \\
\text{s.t.} \quad & K^{0.4} L^{0.6} \ge 100 \\
& K, L > 0
\end{align*}
""",
    "K L",
    [(0, INF)] * 2,
)
def _(x: np.ndarray) -> Result:
    q = x[0] ** 0.4 * x[1] ** 0.6
    return 4 * x[0] + 6 * x[1], [100 - q, 100 - q], []


@people(
    "least squares of a plane",
    r"""Fit $z = \theta_1 + \theta_2 x + \theta_3 y$ to the points

| $i$ | $x_i$ | $y_i$ | $z_i$ |
|:-:|:-:|:-:|:-:|
| 1 | 0.0 | 1.0 | 2.9 |
| 2 | 1.0 | 0.5 | 3.4 |
| 3 | 2.0 | 2.0 | 6.8 |
| 4 | 3.0 | 1.5 | 7.1 |

i.e.
$$\min_{\theta \in \mathbb{R}^3} \sum_{i=1}^4 \left(z_i - \theta_1 - \theta_2 x_i - \theta_3 y_i\right)^2$$
""",
    r"\theta_1 \theta_2 \theta_3",
    [(-INF, INF)] * 3,
)
def _(t: np.ndarray) -> Result:
    x, y, z = np.array([0, 1, 2, 3]), np.array([1, 0.5, 2, 1.5]), np.array([2.9, 3.4, 6.8, 7.1])
    return float(np.sum((z - t[0] - t[1] * x - t[2] * y) ** 2)), [], []


@people(
    "water allocation",
    r"""Three farms share a river. Farm $i$ gets $q_i$ and earns $B_i(q_i) = a_i q_i - b_i q_i^2$ where $a = (60, 80, 45)$ and $b = (1.5, 2, 0.9)$.

$$\max \sum_{i=1}^{3} B_i(q_i)$$
$$\text{s.t.}\quad \sum_{i=1}^{3} q_i \leq 40, \qquad 0 \leq q_i \leq 25 \;\; \forall i$$
""",
    "q_1 q_2 q_3",
    [(0, 25)] * 3,
    maximize=True,
)
def _(q: np.ndarray) -> Result:
    return float(q @ [60, 80, 45] - q**2 @ [1.5, 2, 0.9]), [q.sum() - 40], []


@people(
    "heat pipe with multi-letter names",
    r"""We search for the optimal fin: minimise the mass $m = \rho \cdot th \cdot len$ with $\rho = 2700$, where the thickness $th$ and the length
$len$ satisfy
\[ \frac{200}{1 + 3000\, th \cdot len} \leq 60, \qquad 0.001 \leq th \leq 0.01, \qquad 0.02 \leq len \leq 0.2. \]
""",
    "th len",
    [(0.001, 0.01), (0.02, 0.2)],
)
def _(x: np.ndarray) -> Result:
    t, n = x
    return 2700 * t * n, [200 / (1 + 3000 * t * n) - 60], []


@people(
    "assignment of workers",
    r"""\[
\begin{array}{ll}
\text{minimize} & \displaystyle\sum_{i=1}^{2}\sum_{j=1}^{2} c_{ij} x_{ij} \\
\text{subject to} & \displaystyle\sum_{j=1}^{2} x_{ij} = 1, \quad i = 1, 2 \\
 & \displaystyle\sum_{i=1}^{2} x_{ij} = 1, \quad j = 1, 2 \\
 & x_{ij} \in \{0, 1\}
\end{array}
\]
where $c_{11} = 4$, $c_{12} = 2$, $c_{21} = 3$, $c_{22} = 5$.
""",
    "x_11 x_12 x_21 x_22",
    [(0, 1)] * 4,
    integer=("x_11", "x_12", "x_21", "x_22"),
)
def _(x: np.ndarray) -> Result:
    m = x.reshape(2, 2)
    return float(np.sum(m * [[4, 2], [3, 5]])), [], [*(m.sum(axis=1) - 1), *(m.sum(axis=0) - 1)]


@people(
    "pressure vessel",
    r"""The well-known pressure vessel design problem:
\begin{equation*}
\begin{aligned}
\text{Min.} \quad & f(\mathbf{x}) = 0.6224 x_1 x_3 x_4 + 1.7781 x_2 x_3^2 + 3.1661 x_1^2 x_4 + 19.84 x_1^2 x_3 \\
\text{s.t.} \quad & -x_1 + 0.0193 x_3 \leq 0, \\
& -x_2 + 0.00954 x_3 \leq 0, \\
& -\pi x_3^2 x_4 - \tfrac{4}{3} \pi x_3^3 + 1{,}296{,}000 \leq 0, \\
& x_4 - 240 \leq 0, \\
& 0.0625 \leq x_1, x_2 \leq 6.1875, \quad 10 \leq x_3, x_4 \leq 200.
\end{aligned}
\end{equation*}
I use a budget of 5000 function evaluations.
""",
    "x_1 x_2 x_3 x_4",
    [(0.0625, 6.1875)] * 2 + [(10, 200)] * 2,
    budget=5000,
)
def _(x: np.ndarray) -> Result:
    a, b, c, d = x
    return (
        0.6224 * a * c * d + 1.7781 * b * c**2 + 3.1661 * a**2 * d + 19.84 * a**2 * c,
        [-a + 0.0193 * c, -b + 0.00954 * c, -np.pi * c**2 * d - 4 / 3 * np.pi * c**3 + 1296000, d - 240],
        [],
    )


@people(
    "advertising in thousands of dollars",
    r"""\$1 spent on TV brings more than \$1 spent on radio, but with diminishing returns. Let $t$ and $r$ be the amounts in thousands of dollars:
\[
\begin{aligned}
\text{maximize } & z = 40 \ln(1 + t) + 25 \ln(1 + r) - t - r \\
\text{subject to } & t + r \leq 50 \\
& t \geq 5 \\
& r \geq 0
\end{aligned}
\]
""",
    "t r",
    [(5, INF), (0, INF)],
    maximize=True,
    refused="'1'",
)
def _(x: np.ndarray) -> Result:
    t, r = x
    return 40 * np.log(1 + t) + 25 * np.log(1 + r) - t - r, [t + r - 50], []


@people(
    "CSTR series",
    r"""A reaction $A \rightarrow B$ with rate constant $k = 0.8\ \mathrm{min}^{-1}$ is carried out in two stirred tanks with residence times $\tau_1$ and
$\tau_2$. The cost of the tanks is
$$ J(\tau_1, \tau_2) = 5 \tau_1^{0.6} + 5 \tau_2^{0.6} \to \min $$
subject to the conversion
$$ 1 - \frac{1}{(1 + k \tau_1)(1 + k \tau_2)} \geq 0.9, \qquad 0.1 \leq \tau_1, \tau_2 \leq 20. $$
""",
    r"\tau_1 \tau_2",
    [(0.1, 20)] * 2,
)
def _(t: np.ndarray) -> Result:
    return 5 * float(np.sum(t**0.6)), [0.9 - (1 - 1 / ((1 + 0.8 * t[0]) * (1 + 0.8 * t[1])))], []


@people(
    "battery schedule",
    r"""A battery is charged ($c_t$) and discharged ($d_t$) over four hours with prices $\pi_t$:

\begin{tabular}{l|cccc}
$t$ & 1 & 2 & 3 & 4 \\ \hline
$\pi_t$ & 20 & 35 & 60 & 30
\end{tabular}

\begin{align}
\max_{c, d} \quad & \sum_{t=1}^{4} \pi_t (d_t - c_t) \\
\text{s.t.} \quad & e_t = e_{t-1} + 0.9 c_t - d_t, && t = 1, \dots, 4 \\
& 0 \leq e_t \leq 10, && t = 1, \dots, 4 \\
& 0 \leq c_t \leq 4, && t = 1, \dots, 4 \\
& 0 \leq d_t \leq 4, && t = 1, \dots, 4
\end{align}
with $e_0 = 3$.
""",
    "c_1 c_2 c_3 c_4 d_1 d_2 d_3 d_4",
    [(0, 4)] * 8,
    maximize=True,
)
def _(x: np.ndarray) -> Result:
    c, d = x[:4], x[4:]
    e = 3 + np.cumsum(0.9 * c - d)
    return float(np.array([20, 35, 60, 30]) @ (d - c)), [*(-e), *(e - 10)], []


@people(
    "tubular column",
    r"""**Tubular column design.** Design variables: mean diameter $d$ and thickness $t$ (both in cm).

Minimize $f(d, t) = 9.8 d t + 2 d$

subject to

1. $\dfrac{P}{\pi d t \sigma_y} - 1 \le 0$
2. $\dfrac{8 P L^2}{\pi^3 E d t (d^2 + t^2)} - 1 \le 0$

with $P = 2500$, $\sigma_y = 500$, $E = 0.85 \times 10^6$, $L = 250$ and $2 \le d \le 14$, $0.2 \le t \le 0.8$.
""",
    "d t",
    [(2, 14), (0.2, 0.8)],
)
def _(x: np.ndarray) -> Result:
    d, t = x
    return (
        9.8 * d * t + 2 * d,
        [
            2500 / (np.pi * d * t * 500) - 1,
            8 * 2500 * 250**2 / (np.pi**3 * 0.85e6 * d * t * (d**2 + t**2)) - 1,
        ],
        [],
    )


@people(
    "distance between two ellipses",
    r"""Compute the shortest distance between two ellipses, i.e. solve
\[
\min_{\mathbf{x}, \mathbf{y} \in \mathbb{R}^2} \; \|\mathbf{x} - \mathbf{y}\|_2^2 \quad
\text{s.t.} \quad \frac{x_1^2}{4} + x_2^2 \le 1, \quad (y_1 - 5)^2 + \frac{(y_2 - 2)^2}{9} \le 1 .
\]
""",
    "x_1 x_2 y_1 y_2",
    [(-INF, INF)] * 4,
)
def _(v: np.ndarray) -> Result:
    x, y = v[:2], v[2:]
    return (
        float(np.sum((x - y) ** 2)),
        [x[0] ** 2 / 4 + x[1] ** 2 - 1, (y[0] - 5) ** 2 + (y[1] - 2) ** 2 / 9 - 1],
        [],
    )


@people(
    "maximum entropy",
    r"""\begin{equation}
\begin{array}{rl}
\underset{p}{\text{maximize}} & - \sum_{k=1}^{6} p_k \log p_k \\[1ex]
\text{s.t.} & \sum_{k=1}^{6} p_k = 1 \\[1ex]
& \sum_{k=1}^{6} k\, p_k = 4.5 \\[1ex]
& p_k \geq 10^{-9}, \quad k = 1, \ldots, 6
\end{array}
\end{equation}
""",
    "p_1 p_2 p_3 p_4 p_5 p_6",
    [(1e-9, INF)] * 6,
    maximize=True,
)
def _(p: np.ndarray) -> Result:
    return float(-np.sum(p * np.log(p))), [], [p.sum() - 1, p @ np.arange(1, 7) - 4.5]


@people(
    "in French",
    r"""On cherche à minimiser le coût d'une cuve cylindrique de rayon $r$ et de hauteur $h$ :
\[ \min_{r, h} \; C = 2 \pi r h + 4 \pi r^2 \]
sous les contraintes
\[ \pi r^2 h \geq 5, \qquad 0{,}2 \leq r \leq 3, \qquad 0{,}2 \leq h \leq 6. \]
""",
    "r h",
    [(0.2, 3), (0.2, 6)],
)
def _(x: np.ndarray) -> Result:
    r, h = x
    return 2 * np.pi * r * h + 4 * np.pi * r**2, [5 - np.pi * r**2 * h], []


@people(
    "trimloss as integers",
    r"""\textbf{Cutting stock.} Let $y_j$ be the number of rolls cut by pattern $j$.
\begin{align*}
\min\ & y_1 + y_2 + y_3 \\
\text{s.t. } & 2y_1 + y_2 \ge 20 \\
& y_2 + 3y_3 \ge 18 \\
& y_j \in \mathbb{Z}_{\ge 0}, \ y_j \le 20, \ j = 1, 2, 3
\end{align*}
""",
    "y_1 y_2 y_3",
    [(0, 20)] * 3,
    integer=("y_1", "y_2", "y_3"),
)
def _(y: np.ndarray) -> Result:
    return float(y.sum()), [20 - 2 * y[0] - y[1], 18 - y[1] - 3 * y[2]], []
