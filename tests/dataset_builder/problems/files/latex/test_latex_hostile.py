"""LaTeX that is made to take time or memory without end ends in one message, soon."""

from __future__ import annotations

import time
import tracemalloc
from itertools import pairwise
from pathlib import Path

import pytest

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.files.latex_file import read_latex
from llamoco.dataset_builder.problems.files.problem_file import load_problem

LENGTH = 20_000  # characters: what strangers may hand in
REST = r" $x \in [0, 1]^2$. Budget: 100 evaluations."
BILLION = "1000000000"


def minimised(formula: str) -> str:
    return rf"\[ \min_x f(x) = x_1 + {formula} \]" + REST


def bounded(bounds: str) -> str:
    return rf"\[ \min_x f(x) = x_1 + x_2 \] {bounds} Budget: 100 evaluations."


def filled(piece: str) -> str:
    return bounded(REST.split("Budget")[0] + piece * ((LENGTH - 200) // len(piece)))


def doubling(letter: str) -> str:
    """Macros each of which is the next one twice."""
    names = [chr(97 + k) for k in range(18)]
    steps = "".join(rf"\def\m{a}{{\m{b}\m{b}}}" for a, b in pairwise(names))
    return steps + rf"\def\m{names[-1]}{{{letter}}}" + minimised(r"\ma 0")


REFUSED = {
    "braces": minimised("{" * 9000 + "1" + "}" * 9000),
    "brackets": minimised("(" * 9000 + "1" + ")" * 9000),
    "bars": minimised("|x_1" * 4000),
    "roots": minimised(r"\sqrt{" * 2000 + "1" + "}" * 2000),
    "styles": minimised(r"\mathbf{" * 2000 + "x_1" + "}" * 2000),
    "sum": minimised(rf"\sum_{{i=1}}^{{{BILLION}}} i x_1"),
    "sums in sums": minimised(r"\sum_{i=1}^{10000} \sum_{j=1}^{10000} i j x_1"),
    "product": minimised(rf"\prod_{{i=1}}^{{{BILLION}}} (x_1 + i)"),
    "maximum": minimised(rf"\max_{{i=1,\dots,{BILLION}}} i x_1"),
    "written-out sums": minimised(r"\sum_{i=1}^{300} \sum_{j=1}^{300} \sum_{k=1}^{300} x_{i-i+j-j+k-k+1}"),
    "functions of functions": minimised("g(" * 90 + "x_1" + ")" * 90) + " $g(t) = t + t$",
    "functions that call two": minimised("p_1(x_1)")
    + "".join(rf" $p_{{{k}}}(t) = p_{{{k + 1}}}(t) + p_{{{k + 1}}}(2t)$." for k in range(1, 19))
    + " $p_{19}(t) = t$.",
    "vector functions": minimised("h(" + "g(" * 60 + "x" + ")" * 61) + r" $g(v) = v + v$, $h(v) = v^\top v$",
    "range": bounded(rf"$0 \le x_i \le 1$, $i = 1, \dots, {BILLION}$."),
    "power of a box": bounded(rf"$x \in [0, 1]^{{{BILLION}}}$."),
    "dimension by name": bounded(r"$x \in [0, 1]^n$, $n = 10^9$."),
    "vector": minimised("z_1") + rf" $z_i = i$, $i = 1, \dots, {BILLION}$.",
    "constraints": minimised("1") + rf" $x_1 + i \le 3 i$, $i = 1, \dots, {BILLION}$.",
    "sum as a bound": bounded(rf"$0 \le x_1, x_2 \le \sum_{{i=1}}^{{{BILLION}}} 1$."),
    "sums as a bound": bounded(r"$0 \le x_1, x_2 \le \sum_{i=1}^{1000} \sum_{j=1}^{1000} 1$."),
    "sums of sums as a bound": bounded(
        r"$0 \le x_1, x_2 \le a_1$, "
        + "".join(rf"$a_{{{k}}} = \sum_{{i=1}}^{{1000}} a_{{{k + 1}}}$, " for k in range(1, 9))
        + "$a_{9} = 1$."
    ),
    "digits": minimised("9" * 19000),
    "digits of an index": minimised("x_{" + "9" * 5000 + "}"),
    "digits of a budget": bounded(REST.split("Budget")[0]).replace("100", "9" * 15000),
    "budget": bounded(REST.split("Budget")[0]).replace("100", "$99999^{9}$"),
    "macros": doubling("x_1+"),
    "empty macros": doubling(""),
}
READ = {
    "constants": minimised("a_1 x_1")
    + "".join(rf" $a_{{{k}}} = a_{{{k + 1}}} a_{{{k + 1}}}$." for k in range(1, 60))
    + " $a_{60} = 1$.",
    "constants in an index": minimised("x_{a_1}")
    + "".join(rf" $a_{{{k}}} = a_{{{k + 1}}} a_{{{k + 1}}}$." for k in range(1, 40))
    + " $a_{40} = 1$.",
    **{
        piece: filled(piece)
        for piece in (
            ".", "-", "'", "~", "\n", "{}", r"\footnote{a}", r"\begin{itemize}", "$ $", "$x_1$ ", r"\iffalse ", r"\cite[",
            "a ", "best known ", "the sum of ", "at most ", "evaluations at most ", "the larger a ", "not ", "1, ", "i.e. ",
        )
    },
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused_soon(name: str) -> None:
    text = REFUSED[name]
    assert len(text) <= LENGTH
    start = time.process_time()
    with pytest.raises(ProblemError, match=r"^h\.tex"):
        read_latex(text, "h.tex")
    assert time.process_time() - start < 10


@pytest.mark.parametrize(
    "name", ["sum", "product", "range", "power of a box", "vector", "constraints", "sum as a bound"]
)
def test_refused_without_much_memory(name: str) -> None:
    tracemalloc.start()
    with pytest.raises(ProblemError):
        read_latex(REFUSED[name], "h.tex")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6


@pytest.mark.parametrize("name", READ)
def test_read_soon(name: str) -> None:
    text = READ[name]
    assert len(text) <= LENGTH
    start = time.process_time()
    assert read_latex(text, "h.tex", ignore_prose=True).lower == (0.0, 0.0)
    assert time.process_time() - start < 5


@pytest.mark.parametrize("number", ["9^{9^{9^{9}}}", "10^{10^{10}}", "1 / 0"])
def test_number_that_cannot_be_computed_is_named(number: str, tmp_path: Path) -> None:
    path = tmp_path / "n.tex"
    path.write_text(minimised(number), encoding="utf-8")
    with pytest.raises(ProblemError, match=r"n\.tex: a number in its formulas cannot be computed"):
        load_problem(path)
