"""What people write, fourth part: a last count after the third."""

from __future__ import annotations

from functools import partial

import numpy as np
from latex_people import INF, Case, case

FOURTH: dict[str, Case] = {}
people = partial(case, FOURTH)
Result = tuple[float, list[float], list[float]]


@people(
    "bare variables and bounds below",
    r"""How do I solve this in Python?

\[ \text{minimize} \quad 8p_1 + 2p_2 + 0.05 p_1 p_2 \]
\[ \text{subject to} \quad p_1 + p_2 = 90, \quad 3p_1^2 + p_2^2 \le 9000 \]

Here $0 \le p_1 \le 100$ and $0 \le p_2 \le 40$.
""",
    "p_1 p_2",
    [(0, 100), (0, 40)],
)
def _(p: np.ndarray) -> Result:
    a, b = p
    return 8 * a + 2 * b + 0.05 * a * b, [3 * a**2 + b**2 - 9000], [a + b - 90]


@people(
    "volume of a suitcase",
    r"""An airline accepts suitcases with $h + w + d \leq 158\,\text{cm}$. To find the suitcase with the largest volume, solve
\begin{align*}
\max \quad & hwd \\
\text{s.t.} \quad & h + w + d \leq 158 \\
& 10 \le h \le 100, \quad 10 \le w \le 100, \quad 10 \le d \le 100 .
\end{align*}
""",
    "h w d",
    [(10, 100)] * 3,
    maximize=True,
)
def _(x: np.ndarray) -> Result:
    # The sum is stated twice, and means the same twice.
    return float(np.prod(x)), [x.sum() - 158, x.sum() - 158], []


@people(
    "generators from sets",
    r"""Let $\mathcal{G} = \{1, 2, 3, 4\}$ be the set of generators. The economic dispatch problem is

$$
\begin{aligned}
\min_{p} \quad & \sum_{g \in \mathcal{G}} \left( c_g p_g + q_g p_g^2 \right) \\
\text{s.t.} \quad & \sum_{g \in \mathcal{G}} p_g = 400 \\
& \underline{p}_g \le p_g \le \bar{p}_g \quad \forall g \in \mathcal{G}
\end{aligned}
$$

with $c = (12, 14, 9, 20)$, $q = (0.02, 0.01, 0.05, 0.002)$, $\underline{p} = (20, 20, 10, 0)$ and $\bar{p} = (150, 200, 100, 120)$.
""",
    "p_1 p_2 p_3 p_4",
    [(20, 150), (20, 200), (10, 100), (0, 120)],
)
def _(p: np.ndarray) -> Result:
    return float(p @ [12, 14, 9, 20] + p**2 @ [0.02, 0.01, 0.05, 0.002]), [], [p.sum() - 400]


@people(
    "orbit transfer as a thesis has it",
    r"""\begin{equation}
\label{eq:opt}
\begin{array}{cl}
\displaystyle\min_{\Delta v_1, \Delta v_2, r} & \Delta v_1^2 + \Delta v_2^2 + 0.1 r \\
\textnormal{subject to} & \Delta v_1 + \Delta v_2 \geq \dfrac{4}{\sqrt{r}} \\[6pt]
& 1 \leq r \leq 3, \; 0 \leq \Delta v_1 \leq 5, \; 0 \leq \Delta v_2 \leq 5
\end{array}
\end{equation}
""",
    r"\Deltav_1 \Deltav_2 r",
    [(0, 5), (0, 5), (1, 3)],
)
def _(x: np.ndarray) -> Result:
    a, b, r = x
    return a**2 + b**2 + 0.1 * r, [4 / np.sqrt(r) - a - b], []


@people(
    "gasoline blending",
    r"""We blend two gasolines from three components. Let $x_{ij}$ be the amount (in barrels) of component $i$ in gasoline $j$. The profit is
maximised:
\begin{align}
\max \quad & \sum_{i=1}^{3} \sum_{j=1}^{2} (p_j - c_i) x_{ij} \\
& \sum_{j=1}^{2} x_{ij} \leq s_i && i = 1, 2, 3 \\
& \sum_{i=1}^{3} o_i x_{ij} \geq r_j \sum_{i=1}^{3} x_{ij} && j = 1, 2 \\
& x_{ij} \geq 0
\end{align}
where $p = (38, 34)$, $c = (22, 25, 30)$, $s = (100, 80, 60)$, $o = (86, 92, 98)$ and $r = (93, 89)$.
""",
    "x_11 x_12 x_21 x_22 x_31 x_32",
    [(0, INF)] * 6,
    maximize=True,
)
def _(x: np.ndarray) -> Result:
    m = x.reshape(3, 2)
    gain = float(np.sum(m * (np.array([38, 34])[None, :] - np.array([22, 25, 30])[:, None])))
    octane = np.array([93, 89]) * m.sum(axis=0) - np.array([86, 92, 98]) @ m
    return gain, [*(m.sum(axis=1) - [100, 80, 60]), *octane], []


@people(
    "Rosenbrock with a disc",
    r"""I am playing with `scipy.optimize`. Rosenbrock constrained to a disc:

$$ f(x, y) = (1-x)^2 + 100(y-x^2)^2 $$
$$ x^2 + y^2 <= 2 $$

Domain: $-1.5 <= x <= 1.5$, $-1.5 <= y <= 1.5$. I minimize with the starting point $(x, y) = (-1, 1)$.
""",
    "x y",
    [(-1.5, 1.5)] * 2,
    x0=[-1, 1],
)
def _(v: np.ndarray) -> Result:
    x, y = v
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2, [x**2 + y**2 - 2], []


@people(
    "inventory of a retailer",
    r"""The order quantity $Q$ and the reorder level $r$ of a retailer minimise the yearly cost
\[ TC(Q, r) = \frac{K D}{Q} + h \left( \frac{Q}{2} + r - \mu \right) + \frac{b D}{Q} e^{-r / \mu} \]
where $K = 50$, $D = 1200$, $h = 2.5$, $b = 8$, $\mu = 40$, $10 \le Q \le 1000$, $0 \le r \le 300$.
""",
    "Q r",
    [(10, 1000), (0, 300)],
)
def _(x: np.ndarray) -> Result:
    q, r = x
    return 50 * 1200 / q + 2.5 * (q / 2 + r - 40) + 8 * 1200 / q * np.exp(-r / 40), [], []


@people(
    "pharmacokinetic fit",
    r"""The concentration after an oral dose is
$$ c(t) = \frac{F D k_a}{V (k_a - k_e)} \left( e^{-k_e t} - e^{-k_a t} \right) $$
with $F D = 100$. From the measurements

| $i$ | 1 | 2 | 3 | 4 | 5 |
|---|---|---|---|---|---|
| $t_i$ | 0.5 | 1 | 2 | 4 | 8 |
| $m_i$ | 2.1 | 3.2 | 3.6 | 2.4 | 0.9 |

estimate $k_a, k_e, V$ by

$$ \min_{k_a, k_e, V} \; \sum_{i=1}^{5} \left( \frac{100 k_a}{V (k_a - k_e)} \left( e^{-k_e t_i} - e^{-k_a t_i} \right) - m_i \right)^2 $$

subject to $0.5 \le k_a \le 5$, $0.01 \le k_e \le 0.4$, $5 \le V \le 100$.
""",
    "k_a k_e V",
    [(0.5, 5), (0.01, 0.4), (5, 100)],
)
def _(x: np.ndarray) -> Result:
    a, e, v = x
    t, m = np.array([0.5, 1, 2, 4, 8]), np.array([2.1, 3.2, 3.6, 2.4, 0.9])
    return float(np.sum((100 * a / (v * (a - e)) * (np.exp(-e * t) - np.exp(-a * t)) - m) ** 2)), [], []


@people(
    "cascade with states",
    r"""Two reservoirs in a cascade release $a_t$ and $b_t$ in period $t$:
\begin{align*}
\max_{a, b} \quad & \sum_{t=1}^{3} \left( 5 \sqrt{a_t} + 4 \sqrt{b_t} \right) \\
\text{s.t.} \quad & S_{t+1} = S_t + 3 - a_t, \quad t = 1, 2, 3 \\
& W_{t+1} = W_t + a_t - b_t, \quad t = 1, 2, 3 \\
& S_1 = 4, \; W_1 = 2 \\
& 0 \leq S_t \leq 8, \; 0 \leq W_t \leq 6, \quad t = 2, 3, 4 \\
& 0 \leq a_t \leq 5, \; 0 \leq b_t \leq 5, \quad t = 1, 2, 3
\end{align*}
""",
    "a_1 a_2 a_3 b_1 b_2 b_3",
    [(0, 5)] * 6,
    maximize=True,
)
def _(x: np.ndarray) -> Result:
    a, b = x[:3], x[3:]
    s = 4 + np.cumsum(3 - a)
    w = 2 + np.cumsum(a - b)
    return float(5 * np.sqrt(a).sum() + 4 * np.sqrt(b).sum()), [*(-s), *(s - 8), *(-w), *(w - 6)], []


@people(
    "monopoly with two markets",
    r"""A monopolist sells in two markets with inverse demands $P_1(q_1) = 60 - 2 q_1$ and $P_2(q_2) = 40 - q_2$ and total cost
$C(q) = 100 + 4 q + 0.5 q^2$, $q = q_1 + q_2$. What is the maximal profit?
\[ \max_{q_1, q_2 \geq 0} \; \Pi(q_1, q_2) = P_1(q_1) q_1 + P_2(q_2) q_2 - 100 - 4 (q_1 + q_2) - 0.5 (q_1 + q_2)^2 \]
""",
    "q_1 q_2",
    [(0, INF)] * 2,
    maximize=True,
)
def _(q: np.ndarray) -> Result:
    a, b = q
    return (60 - 2 * a) * a + (40 - b) * b - 100 - 4 * (a + b) - 0.5 * (a + b) ** 2, [], []


@people(
    "welded beam with named variables",
    r"""The welded beam ($h$: weld thickness, $l$: weld length, $t$: bar height, $b$: bar width):
\begin{align}
\min_{h, l, t, b} \quad & 1.10471 h^2 l + 0.04811 t b (14 + l) \\
\text{s.t.} \quad & \tau(h, l, t) \leq 13600, \\
& \frac{504000}{t^2 b} \leq 30000, \\
& h \leq b, \\
& \frac{2.1952}{t^3 b} \leq 0.25, \\
& 0.125 \leq h \leq 5, \quad 0.1 \leq l \leq 10, \quad 0.1 \leq t \leq 10, \quad 0.1 \leq b \leq 5,
\end{align}
where
\begin{align}
\tau(h, l, t) &= \sqrt{\tau_p^2 + \tau_s^2 + \frac{l \, \tau_p \tau_s}{\sqrt{0.25 (l^2 + (h + t)^2)}}} \\
\tau_p &= \frac{6000}{\sqrt{2} h l} \\
\tau_s &= \frac{6000 (14 + 0.5 l) \sqrt{0.25 (l^2 + (h + t)^2)}}{2 \left[ 0.707 h l (l^2 / 12 + 0.25 (h + t)^2) \right]}
\end{align}
""",
    "h l t b",
    [(0.125, 5), (0.1, 10), (0.1, 10), (0.1, 5)],
)
def _(x: np.ndarray) -> Result:
    h, n, t, b = x
    r = np.sqrt(0.25 * (n**2 + (h + t) ** 2))
    p = 6000 / (np.sqrt(2) * h * n)
    s = 6000 * (14 + 0.5 * n) * r / (2 * (0.707 * h * n * (n**2 / 12 + 0.25 * (h + t) ** 2)))
    tau = np.sqrt(p**2 + s**2 + n * p * s / r)
    return (
        1.10471 * h**2 * n + 0.04811 * t * b * (14 + n),
        [tau - 13600, 504000 / (t**2 * b) - 30000, h - b, 2.1952 / (t**3 * b) - 0.25],
        [],
    )


@people(
    "budget in percent",
    r"""Allocate the marketing budget: shares $s_1, s_2, s_3$ with response curves $\beta_i (1 - e^{-k_i s_i})$, where
$\beta = (120, 90, 150)$ and $k = (4, 6, 2.5)$.
$$\max_{s} \; \sum_i \beta_i \left( 1 - e^{-k_i s_i} \right) \quad \text{subject to} \quad \sum_i s_i = 1, \quad 5\% \le s_i \le 70\% \;\; \forall i$$
""",
    "s_1 s_2 s_3",
    [(0.05, 0.7)] * 3,
    maximize=True,
)
def _(s: np.ndarray) -> Result:
    return (
        float(np.sum(np.array([120, 90, 150]) * (1 - np.exp(-np.array([4, 6, 2.5]) * s)))),
        [],
        [s.sum() - 1],
    )


@people(
    "temperature of a furnace",
    r"""\noindent\textbf{Furnace.} Find the temperature $T$ and air ratio $\lambda$ which minimise
$$ \mathrm{loss}(T, \lambda) = 0.02\,(T - 900)^2 / T + 15\,(\lambda - 1.1)^2 + \frac{3}{\lambda} $$
s.t. $T \lambda \geq 950$, $T \in [800, 1200]$ and $\lambda \in [1, 1.8]$. Start from $T_0 = 1000$, $\lambda_0 = 1.2$.
""",
    r"T \lambda",
    [(800, 1200), (1, 1.8)],
    x0=[1000, 1.2],
)
def _(x: np.ndarray) -> Result:
    t, a = x
    return 0.02 * (t - 900) ** 2 / t + 15 * (a - 1.1) ** 2 + 3 / a, [950 - t * a], []


@people(
    "support vectors",
    r"""The dual of the support vector machine for four points $x_i$ with labels $y_i$:
\begin{equation*}
\max_{\alpha} \sum_{i=1}^{4} \alpha_i - \frac{1}{2} \sum_{i=1}^{4} \sum_{j=1}^{4} \alpha_i \alpha_j y_i y_j K_{ij}
\quad \text{s.t.} \quad \sum_{i=1}^{4} \alpha_i y_i = 0, \quad 0 \leq \alpha_i \leq C, \; i = 1, \ldots, 4
\end{equation*}
with $C = 2$, $y = (1, 1, -1, -1)$ and
\begin{equation*}
K = \begin{bmatrix} 2 & 1 & 0 & 0.5 \\ 1 & 3 & 0.2 & 0 \\ 0 & 0.2 & 2 & 1 \\ 0.5 & 0 & 1 & 2.5 \end{bmatrix}.
\end{equation*}
""",
    r"\alpha_1 \alpha_2 \alpha_3 \alpha_4",
    [(0, 2)] * 4,
    maximize=True,
)
def _(a: np.ndarray) -> Result:
    y = np.array([1, 1, -1, -1])
    k = np.array([[2, 1, 0, 0.5], [1, 3, 0.2, 0], [0, 0.2, 2, 1], [0.5, 0, 1, 2.5]])
    return float(a.sum() - 0.5 * (a * y) @ k @ (a * y)), [], [a @ y]


@people(
    "cost written as a word",
    r"""\begin{align*}
\text{minimize} \quad & \text{Cost} = 25 \, d^{1.2} + 4 \, n \, d \\
\text{where} \quad & 10 \le d \le 60 \\
& 1 \le n \le 20 \\
\text{subject to} \quad & n d^{2} \ge 5000 \\
& \text{Stress} = \frac{1500}{d \sqrt{n}} \le 40
\end{align*}
""",
    "d n",
    [(10, 60), (1, 20)],
)
def _(x: np.ndarray) -> Result:
    d, n = x
    return 25 * d**1.2 + 4 * n * d, [5000 - n * d**2, 1500 / (d * np.sqrt(n)) - 40], []


@people(
    "route of a pipeline",
    r"""The pipeline goes from $(0, 0)$ to $(6, 3)$ with bends at heights $y_1, \dots, y_5$ above $x = 1, \dots, 5$. Minimise
\[ L(y_1, \dots, y_5) = \sum_{i=0}^{5} w_i \sqrt{1 + (y_{i+1} - y_i)^2} \]
where $y_0 = 0$, $y_6 = 3$, $w_0 = 1$, $w_1 = 1$, $w_2 = 2$, $w_3 = 2$, $w_4 = 1$, $w_5 = 1$ and $-1 \le y_i \le 4$ for $i = 1, \dots, 5$.
""",
    "y_1 y_2 y_3 y_4 y_5",
    [(-1, 4)] * 5,
    refused="above",
)
def _(y: np.ndarray) -> Result:
    whole = np.concatenate([[0], y, [3]])
    return float(np.array([1, 1, 2, 2, 1, 1]) @ np.sqrt(1 + np.diff(whole) ** 2)), [], []


@people(
    "numbers of machines",
    r"""A workshop buys $a$ machines of type A and $b$ machines of type B:
\[
\begin{aligned}
\text{maximise } \quad & 14 a + 9 b - 0.3 a^2 \\
\text{such that } \quad & 3 a + 2 b \le 48, \\
& a + b \le 20, \\
& a, b \in \mathbb{N}_0
\end{aligned}
\]
""",
    "a b",
    [(0, INF)] * 2,
    maximize=True,
    integer=("a", "b"),
)
def _(x: np.ndarray) -> Result:
    a, b = x
    return 14 * a + 9 * b - 0.3 * a**2, [3 * a + 2 * b - 48, a + b - 20], []


@people(
    "control with matrices",
    r"""Finite-horizon LQR with $x_{k+1} = a x_k + b u_k$, $a = 1.1$, $b = 0.4$ and $x_0 = 2$:
\[
J = \sum_{k=0}^{N-1} \left( q x_k^2 + r u_k^2 \right) + p x_N^2 \;\to\; \min_{u_0, \ldots, u_{3}}
\]
with $N = 4$, $q = 1$, $r = 0.5$, $p = 10$. The control is limited, $-3 \le u_k \le 3$, $k = 0, \ldots, 3$.
""",
    "u_0 u_1 u_2 u_3",
    [(-3, 3)] * 4,
)
def _(u: np.ndarray) -> Result:
    x, total = 2.0, 0.0
    for force in u:
        total += x**2 + 0.5 * force**2
        x = 1.1 * x + 0.4 * force
    return total + 10 * x**2, [], []


@people(
    "trapezoidal channel",
    r"""> **Problem 7.** A trapezoidal channel has bottom width $b$, depth $y$ and side slope $z$.

Minimise the wetted perimeter
$$ P = b + 2 y \sqrt{1 + z^2} $$
for the flow area $A = 10\ \mathrm{m}^2$, i.e.
$$ (b + z y) y = A, $$
with $0.5 \le b \le 10$, $0.5 \le y \le 5$, $0 \le z \le 3$.
""",
    "b y z",
    [(0.5, 10), (0.5, 5), (0, 3)],
)
def _(x: np.ndarray) -> Result:
    b, y, z = x
    return b + 2 * y * np.sqrt(1 + z**2), [], [(b + z * y) * y - 10]
