"""LaTeX as people write it is read as what they mean, or refused for its true cause."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from latex_people import Case, points
from latex_people_first import FIRST
from latex_people_fourth import FOURTH
from latex_people_second import SECOND
from latex_people_third import THIRD

from llamoco.dataset_builder.optimizers.pool import render
from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.evaluator import numpy_evaluator
from llamoco.dataset_builder.problems.files.latex_file import LatexFile, read_latex
from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.problems.files.python_file import load_python
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.program import problem_section_of, program_of

CASES = {**FIRST, **SECOND, **THIRD, **FOURTH}


def read(name: str) -> tuple[Case, LatexFile, list[int]]:
    """A case, what is read, and where its variables are in what is read."""
    case = CASES[name]
    if case.refused:
        with pytest.raises(ProblemError, match=f"prose is not read.*{case.refused}"):
            read_latex(case.text, "p.tex")
    file = read_latex(case.text, "p.tex", ignore_prose=bool(case.refused))
    assert sorted(file.names) == sorted(case.names)
    return case, file, [file.names.index(n) for n in case.names]


@pytest.mark.parametrize("name", CASES)
def test_it_means_what_the_person_means(name: str) -> None:
    case, file, order = read(name)
    assert [file.lower[k] for k in order] == case.lower
    assert [file.upper[k] for k in order] == case.upper
    assert (file.maximize, file.max_evals) == (case.maximize, case.budget)
    assert (None if file.x0 is None else [file.x0[k] for k in order]) == case.x0
    assert {file.names[k] for k in file.integer} == set(case.integer)
    x = points(case, 20)
    given = np.empty_like(x)
    given[:, order] = x
    f, g, h = numpy_evaluator(file.system)(given)
    assert case.truth is not None
    for row, point in enumerate(x):
        value, below, zero = case.truth(point)
        assert f[row] == pytest.approx(-value if case.maximize else value, rel=1e-9, abs=1e-9)
        assert np.sort(g[row]) == pytest.approx(np.sort(below), rel=1e-9, abs=1e-9)
        assert np.sort(np.abs(h[row])) == pytest.approx(np.sort(np.abs(zero)), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("name", CASES)
def test_problem_json_and_program_text_mean_the_same(name: str, tmp_path: Path) -> None:
    path = tmp_path / "p.tex"
    path.write_text(CASES[name].text, encoding="utf-8")
    problem = load_problem(path, ignore_prose=True)
    written = load_python(problem_section_of(problem), "p.py")
    z = np.random.default_rng(1).uniform(problem.lower, problem.upper, (5, problem.dim))
    values, again = problem.evaluate(z), Problem.from_json(problem.to_json())
    for mine, theirs in zip((values.f, values.g, values.h), written.evaluate(z), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-9)
    assert again.evaluate(z).f.tobytes() == values.f.tobytes()
    assert (written.maximize, written.max_evals) == (problem.maximize, problem.max_evals)
    assert again.maximize == problem.maximize
    assert written.lower.tolist() == list(problem.lower) and written.upper.tolist() == list(problem.upper)
    for start in (written.variables.start, again.start):
        assert (start is None) == (problem.start is None)
        assert start is None or start.tolist() == problem.start.tolist()  # type: ignore[union-attr]
    assert problem.profile is not None


def run(name: str, folder: Path) -> dict[str, str]:
    """What the program of a case prints."""
    (folder / "p.tex").write_text(CASES[name].text, encoding="utf-8")
    script = folder / "program.py"
    script.write_text(program_of(load_problem(folder / "p.tex"), render("slsqp")), encoding="utf-8")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    return dict(line.split(" = ") for line in done.stdout.splitlines() if " = " in line)


def test_a_program_prints_the_persons_sign_and_variables(tmp_path: Path) -> None:
    printed = run("knapsack", tmp_path)
    assert (printed["f"], printed["x"], printed["feasible"]) == ("23", "[1.0, 1.0, 0.0, 1.0]", "yes")


def test_a_program_finds_the_optimum_of_the_pooling_problem(tmp_path: Path) -> None:
    printed = run("pooling", tmp_path)  # Haverly (1978): 400
    assert float(printed["f"]) == pytest.approx(400, abs=1e-2) and printed["feasible"] == "yes"


def test_what_is_told() -> None:
    assert any("recursion" in note for note in read("discrete optimal control")[1].notes)
    assert any("by their bounds" in note for note in read("heat exchangers")[1].notes)
    assert any("not bounded" in note for note in read("start given, no bounds")[1].notes)
    assert any("units" in note for note in read("three-bar truss")[1].notes)


# What is refused, and words of the cause.
REFUSED: dict[str, str] = {
    r"\[\max_{r, s} \sum_{t=1}^{3} \sqrt{a_t}, \ 0 \le a_t \le 5, \ 0 \le r_t, s_t \le 1, \ t = 1, 2, 3\]": "'a_t' is not defined",
    r"Minimise $a x^2 - x$ where $a > 0$ and $0 \le x \le 1$.": "is a a variable or a number",
    r"\[\min x^2 + y^2 \] with $0 \le y \le 1$.": "'x' is not defined",
    r"\[\min_{x,y} x^2 + y^2, \quad x + y \ge 1\] I know the solution is $x = 0.5$, $y = 0.5$.": "a start or a solution",
    r"\[\min_{x} x_1^2 + x_2^2, \quad x_1 + x_2 \ge 1\] The minimum is at $x = (0.5, 0.5)$.": "a start or a solution",
    r"\[\min_{x} x_1^2 + x_2^2 + x_3 \] with $0 \le x_1 \le 1$, $0 \le x_2 \le 1$.": "x_3 has no bounds",
    r"\[\max_{x} c^T x \quad \text{s.t. } A x \le b,\ x \ge 0\]": "'c' is not defined",
    r"\[\min_u \sum_{k=0}^{3} u_k^2,\quad x_{k+1} = x_k + u_k, \quad -1 \le u_k \le 1, \ x_3 \le 1\]": "where does the recursion of x start",
    r"Minimise $f(x) = x_1^2 + x_2$ s.t. $x_1 \in \{1, 2, 4\}$ and $0 \le x_2 \le 3$.": "sets of values are not supported",
    r"\[\dot{x} = -x + u, \quad \min \int_0^1 x^2 dt\]": "integrals are not supported",
    r"\[\min_{x} f(x) = x_1^2 + x_2^2\] with $0 \le x_i \le 6$ where $n = 6$.": "n = 6, but the formulas have 2 variables",
    r"\[\min_{p} \sum_i p_i \ln p_i, \ \sum_i p_i = 1,\ p_i \ge 0.001\]": "for which i does this hold",
    r"Minimise $f(x,y) = x^2 + y^2$ subject to $x + y \ge 1$ starting from $x = 1$.": "leaves out y",
    r"\[\max_{x,y} 3x + 2y\] The dual is $\min_{u} 4u$ s.t. $u \ge 1$.": "a second objective",
    r"\[\min_{x} x_1 + x_2,\quad 5\,\mathrm{mm} \le x_1 \le 9\,\mathrm{mm},\ 0.1\,\mathrm{m} \le x_2 \le 1\,\mathrm{m}\]": "units are not converted, and m and mm both occur",
    r"\[\min_{x} x_1 + x_2\] with $x \in [0, 1]^2$. \begin{tabular}{cc} $x_1$ & $x_2$ \\ 0.2 & 0.3 \\ 0.1 & 0.4 \end{tabular}": "prose is not read",
    r"\[\min_{x} x_1 + x_2\] with $x \in [0, 1]^2$. \begin{tabular}{lr} variable & value \\ $x_1$ & 0.3 \\ $x_2$ & 0.4 \end{tabular}": "gives values of variables",
    r"\[\min_{x,y} 0{,}5 x + 20{,}000 y, \ 0 \le x, y \le 1\]": "a decimal or a thousands separator",
    r"\[\min_{x} x_1^2, \ x_1 \ne 0, \ x \in [-1, 1]^2\]": "'not equal' are not supported",
    r"\[\min_{\theta} \cos\theta, \ 0 \le \theta \le 90^\circ\]": "degrees are not supported",
    r"\[\min_{x} x_1 + x_2, \ x_1 > 0 \Rightarrow x_2 = 0, \ x \in [0, 1]^2\]": "unexpected arrow in a formula",
    r"Minimise the cost \[ C = x + y \] and maximise the yield \[ Y = x y \] with $0 \le x, y \le 1$.": "maximise the yield",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_refused_for_its_true_cause(text: str) -> None:
    with pytest.raises(ProblemError) as caught:
        read_latex(text, "r.tex")
    assert str(caught.value).startswith("r.tex, line 1, column ")
    assert REFUSED[text] in str(caught.value)


# One text for each kind of what people wrote and was once refused: names, and the objective where they are 1, 2, 3, ...
KINDS: dict[str, tuple[str, float]] = {
    r"\[ \text{minimize} \quad 8p_1 + 2p_2 \] s.t. $p_1 + p_2 = 100$ with $0 \le p_1 \le 100$, $0 \le p_2 \le 40$": (
        "p_1 p_2",
        12,
    ),
    r"\[ \min -hwd \quad \text{s.t.} \quad h + w + d \le 96, \ 0 \le h, w, d \le 50 \]": ("h w d", -6),
    r"$\min_{P_g} \sum_{g=1}^{3} a_g P_g^2$ with $a = (1, 2, 3)$, $1 \le P_g \le 6$, $g = 1, 2, 3$": (
        "P_1 P_2 P_3",
        36,
    ),
    r"\begin{aligned} \min_{x} \quad & x_1^2 + x_2 \\ & x_1 + x_2 \ge 1 \\ & -1 \le x_i \le 3, \; \forall i \end{aligned}": (
        "x_1 x_2",
        3,
    ),
    r"$\min_x x_1 {\sigma}_{y} + x_2$, ${\sigma}_{y} = 250$, $x \in [0,1]^2$": ("x_1 x_2", 252),
    r"$f(a, b) = \sum_{i=1}^{3} (a + b i)^2 \rightarrow \min$, $a, b \in [0, 1]$": ("a b", 9 + 25 + 49),
    r"$OF = x^2 + y^2$ is to be minimised, $0 \le x, y \le 1$.": ("x y", 5),
    r"$\min_x x_1 k + x_2$, $k = 3\ \mbox{min}^{-1}$, $x \in [0,1]^2$": ("x_1 x_2", 5),
    r"\[ \min_{Re, b} (Re - 2)^2 + e b^2, \quad e = 3, \quad 0 \le Re, b \le 5 \]": ("Re b", 13),
    r"\[\min_{u_1, \ldots, u_3, V_2, V_3} \sum_{t=1}^{3} u_t^2 + V_2 V_3, \ V_{t+1} = V_t - u_t, \ t = 1, 2, \ V_1 = 3\]": (
        "u_1 u_2 u_3 V_2 V_3",
        14 + 20,
    ),
    r"\begin{tabular}{lll} & Min & Max \\ $T$ (K) & 300 & 400 \\ $p$ (bar) & 1 & 6 \end{tabular} Minimise $X = p T$.": (
        "p T",
        2,
    ),
    r"$$min\ x_1^2 + x_2^2$$ $$s.t.\ x_1 + x_2 >= 1$$ $$x_1, x_2 >= 0$$": ("x_1 x_2", 5),
    r"\begin{eqnarray} & \min . & x^2 + y^2\\ &{\rm s.t.} & x + y - 1 = 0 \end{eqnarray} where $x, y \ge -2$.": (
        "x y",
        5,
    ),
    r"\[\min_{w} w^\top \mu, \quad w^\top \Sigma w \le 9, \quad w \ge 0\], $\mu = (1, 2)^\top$, $\Sigma = \mathrm{diag}(4, 9)$.": (
        "w_1 w_2",
        5,
    ),
    r"$\min_x 5\% x_1 + 0{,}5 x_2$, $0 \le x_1, x_2 \le 1$": ("x_1 x_2", 1.05),
    r"$\min_x \sum_i c_i x_i$, $x_i \ge 0$ with $(a, b) = (1, 2)$ and $c = (a, b, 3)$": ("x_1 x_2 x_3", 14),
}


@pytest.mark.parametrize("text", KINDS)
def test_kinds_that_were_refused(text: str) -> None:
    file = read_latex(text, "k.tex")
    names, value = KINDS[text]
    assert " ".join(file.names) == names
    f, _, _ = numpy_evaluator(file.system)(np.arange(1.0, len(file.names) + 1)[None])
    assert f[0] == pytest.approx(value, rel=1e-12)
