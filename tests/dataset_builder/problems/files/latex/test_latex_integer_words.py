"""Integrality in words is read where words say it and nothing else, and refused elsewhere."""

from __future__ import annotations

import time

import pytest

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.files.latex_file import read_latex

START = "$\\min f(x) = \\sum_{i=1}^3 (x_i - 1)^2$, $-5 \\le x_i \\le 5$, $i = 1, 2, 3$.\n"
END = " Budget: 100 evaluations."

READ = {
    r"$x_2$ integer.": (1,),
    r"$x_2 \text{ integer}$.": (1,),
    r"$x_1$ and $x_2$ are integers.": (0, 1),
    r"The variables $x_1$, $x_2$ and $x_3$ are integers.": (0, 1, 2),
    r"$x_1, \dots, x_3$ integer.": (0, 1, 2),
    r"Integer variables: $x_1$, $x_3$.": (0, 2),
    r"where $x_2$ must be an integer.": (1,),
    r"$x_i$ integer for $i = 1, 2$.": (0, 1),
    r"$x_i \text{ integer},\ i = 1, 2$.": (0, 1),
    r"\begin{align} & x_1 + x_2 \le 3 \\ & x_1, x_2 \text{ integer} \end{align}": (0, 1),
    r"\[ x_3 \ge 1, \quad x_3\ \mathrm{integer} \]": (2,),
    r"$x_1$ and $x_2$ have to be whole numbers.": (0, 1),
    r"Here $x_2$ is integer-valued, $x_3 \ge 1$.": (1,),
}
REFUSED = [
    r"If $x_1 > 0$, $x_2$ integer.",
    r"Only one of $x_1$, $x_2$ is an integer.",
    r"Either $x_1$ or $x_2$ is an integer.",
    r"$x_1$ is an even integer.",
    r"$x_1 + x_2$ integer.",
    r"$2 x_1$ integer.",
    r"$x_1$ is an integer if $x_2 > 0$.",
    r"$x_1$ is an integer or 0.5.",
    r"$x_1$ and $x_2$ are not integers.",
    r"$x_1 \le 3$ integer.",
    r"$x_1$ integer multiple of 2.",
    r"$x_1$ is an integer, unless $x_2 = 0$.",
    r"All variables are integers.",
    r"$y$ integer.",
    r"$f$ is an integer.",
    r"$x_1$ is no integer.",
    r"No integer variables: $x_1$.",
    r"It is false that $x_1$ is an integer.",
    r"\title{$x_1$ is an even integer}",
]


@pytest.mark.parametrize("words", READ)
def test_integers_in_words_are_read(words: str) -> None:
    file = read_latex(START + words + END, "i.tex")
    assert file.integer == READ[words] and file.max_evals == 100
    assert file.lower[1] == -5 and file.step == ()


@pytest.mark.parametrize("words", REFUSED)
def test_other_statements_are_refused_at_their_line(words: str) -> None:
    with pytest.raises(ProblemError, match="line 2"):
        read_latex(START + words + END, "i.tex")


def test_places_behind_the_words_stay_right() -> None:
    with pytest.raises(ProblemError, match=r"line 3, column 6, at '\\\\ne 2"):
        read_latex(START + "$x_1$ and $x_2$ are integers.\n$x_1 \\ne 2$" + END, "i.tex")


@pytest.mark.parametrize(
    "text",
    ["a," * 40_000, "$a$" + " " * 80_000, "$a$," * 20_000, "integer variables " * 5_000, "\n " * 40_000],
)
def test_long_texts_take_no_time(text: str) -> None:
    from llamoco.dataset_builder.problems.files.latex.lexing.integer_words import rewrite_integers

    began = time.process_time()
    rewrite_integers(f"{text} integer")
    assert time.process_time() - began < 2
