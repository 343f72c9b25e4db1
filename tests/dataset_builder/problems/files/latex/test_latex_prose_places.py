"""Prose wherever LaTeX has it, and prose that only says what a formula beside it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.files.latex_file import read_latex
from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.program import problem_section_of

REST = r" $x \in [0, 5]^2$. Budget: 100 evaluations."
PROSE = "prose is not read"

# As people asked it.
OBJECTIVE = r"\[ \min_{x} (x_1 - 2.3)^2 + (x_2 - 1.6)^2 \] "
ASKED = [
    r"where $0 \le x_1 \le 5$ (with step of 0.5), $0 \le x_2 \le 5$. Budget: 100 evaluations.",
    r"where $0 \le x_1 \le 5$ in increments of $0.5$, $0 \le x_2 \le 5$. Budget: 100 evaluations.",
    r"subject to the sum of all variables being at most 3, $0 \le x_1 \le 5$, $0 \le x_2 \le 5$. Budget: 100 evaluations.",
    r"with $0 \le x_i \le 5$ for $i = 1, 2$. The shares add up to one. Budget: 100 evaluations.",
    r"with $0 \le x_i \le 5$ for $i = 1, 2$; plates come in thicknesses of 1, 2 and 4 mm. Budget: 100 evaluations.",
    r"We require that the first variable be no more than half of the second, and $0 \le x_i \le 5$ for $i = 1, 2$. Budget: 100 evaluations.",
    r"with $0 \le x_i \le 5$ for $i = 1, 2$, and no more than one of the variables may be positive. Budget: 100 evaluations.",
]

VISIBLE = [
    r"\begin{align}\min_x\ & x_1 + x_2 \\ \intertext{where the first variable is an integer and} & x_1 x_2 \le 3 \end{align}",
    r"\begin{align}\min_x\ & x_1 + x_2 \\ \text{s.t.}\ & x_1 x_2 \le 3 \text{ or } x_2^2 \le 3\end{align}",
    r"\begin{align}\min_x\ & x_1 + x_2 \\ & x_1 x_2 \le 3 \text{ if } x_2^2 \ge 3\end{align}",
    r"\[ \min_x x_1 + x_2 \tag{integer problem} \]",
    r"\[ \min_x x_1 + x_2 \quad \mbox{(integers)} \]",
    r"\[ \min_x x_1 + x_2 \] $x_1 x_2 \overset{\text{even}}{\le} 3$.",
    r"$\min_x x_1 + x_2$ s.t. $x_1 \text{ is even}$.",
    r"$\min_x x_1 + x_2$ $\quad\text{where the shares add up to one}$",
    r"\documentclass{article}\title{A mixed-integer problem}\begin{document}\maketitle $\min_x x_1 + x_2$",
    r"\subsection*{Integer variant} $\min_x x_1 + x_2$",
    r"\textbf{Note:} \emph{all variables are integers}. $\min_x x_1 + x_2$",
    r"$\min_x x_1 + x_2$\footnote{The variables are integers.}",
    r"$\min_x x_1 + x_2$\marginpar{\tiny integers!}",
    r"$\min_x x_1 + x_2$ \begin{quote}Only whole numbers count.\end{quote}",
    r"\begin{definition}[Integer program] $\min_x x_1 + x_2$ \end{definition}",
    r"$\min_x x_1 + x_2$ \begin{tabular}{lrr} & low & step \\ $x_1$ & 0 & 0.5 \\ \end{tabular}",
    r"\begin{figure}[ht]\caption{Cost; $x_1$ is an even integer.}\end{figure} $\min_x x_1 + x_2$",
    r"\begin{itemize}\item[integer:] $x_1$ \end{itemize} $\min_x x_1 + x_2$",
    r"$\min_x x_1 + x_2$ \label{a} \textcolor{red}{integers only}",
    r"$\min_x x_1 + x_2$ \href{http://a.b}{integers only}",
    r"$\min_x x_1 + x_2$ with INTEGER $x_1$",
    r"$\min_x x_1 + x_2$ with in\-te\-ger $x_1$",
    r"$\min_x x_1 + x_2$ with inte{}ger $x_1$",
    r"$\min_x x_1 + x_2$ with {\bf integer} $x_1$",
    "$\\min_x x_1 + x_2$ with at %c\n least one zero",
    r"$\min_x x_1 + x_2$ with at~least one zero",
    r"\newcommand{\note}{All variables are integers.} $\min_x x_1 + x_2$ \note",
    "$\\min_x x_1 + x_2$ with i\u200bnteger $x$",
    "$\\min_x x_1 + x_2$ with \u0456nteger $x$",  # a Cyrillic letter
    r"$\min_x x_1 + x_2$ with \SI{2}{mm} steps",
    r"$\min_x x_1 + x_2$. The problem has three variables.",
]

UNSEEN = [
    r"\label{integer} $\min_x x_1 + x_2$",
    "% all integers\n$\\min_x x_1 + x_2$",
    r"\begin{comment} $x_1 x_2 \le 3$, integers \end{comment} $\min_x x_1 + x_2$",
    r"\iffalse integers \fi $\min_x x_1 + x_2$",
    r"\cite{integer2004} $\min_x x_1 + x_2$",
    r"\documentclass[11pt]{article}\usepackage[margin=2cm]{geometry}\title{Beam}\date{3 May 2020}\begin{document} $\min_x x_1 + x_2$",
    r"$\min_x x_1 + x_2$ \vspace{2cm} \includegraphics[width=0.5\textwidth]{integers.png}",
    r"$\min_x x_1 + x_2$ \begin{thebibliography}{9}\bibitem{a} A. Integer, J. 3 (2004) 1--9.\end{thebibliography}",
    r"\begin{enumerate}[label=(\alph*)] \item $\min_x x_1 + x_2$ \end{enumerate}",
    # names, numbers of equations
    r"$\min_x \text{cost}(x)$ with $\text{cost}(x) = x_1 + x_2$",
    r"$\min_x \mathrm{penalty}(x)$ with $\mathrm{penalty}(x) = x_1 + x_2$",
    r"\[ \min_x x_1 + x_2 \tag{3.2} \]",
    r"\section{Problem 3} $\min_x x_1 + x_2$ (see \S 3)",
    r"$\min_x x_1 + x_2$. The problem has two variables.",
]

# A formula says what the words say.
STATED = [
    r"$\min_x x_1 + x_2$ such that the stresses stay below a limit: \[ x_1 x_2 \le 3 \]",
    r"$\min_x x_1 + x_2$. The sum must not exceed three: $x_1 + x_2 \le 3$.",
    r"$\min_x x_1 + x_2$. We must have $x_1 x_2 \le 3$.",
    r"$\min_x x_1 + x_2$ subject to $x_1 + x_2 \le 3$, i.e.\ the sum must be at most three.",
    r"$\min_x x_1 + x_2$ with $x_1 x_2 \le 3$ (so that the area does not exceed the limit).",
    r"$\min_x x_1 + x_2$. The variables should lie in $x \in [0, 5]^2$.",
]
NOT_STATED = [
    r"$\min_x x_1 + x_2$. The sum must not exceed three: $0 \le x_1 \le 5$.",
    r"$\min_x x_1 + x_2$. All variables are integers: $x_1 x_2 \le 3$.",
    r"$\min_x x_1 + x_2$. The second must be at least half of the first and satisfy $0 \le x_2 \le 5$.",
    r"$\min_x x_1 + x_2$ with $x_1 x_2 \le 3$ (only in winter).",
    r"$\min_x x_1 + x_2$ with $0 \le x_1 \le 5$, so that it is at most half of $x_2$.",
    r"$\min_x x_1 + x_2$. The shares equal one. At most 100 evaluations may be used, and at most two entries.",
]


@pytest.mark.parametrize("text", [OBJECTIVE + text for text in ASKED])
def test_what_people_asked_in_prose_is_refused(text: str) -> None:
    with pytest.raises(ProblemError, match=rf"^a\.tex, line 1, .*{PROSE}"):
        read_latex(text, "a.tex")
    assert len(read_latex(text, "a.tex", ignore_prose=True).left_out) == 1


@pytest.mark.parametrize("text", [*VISIBLE, *NOT_STATED])
def test_prose_is_seen_wherever_it_stands(text: str) -> None:
    with pytest.raises(ProblemError, match=PROSE):
        read_latex(text + REST, "p.tex")


@pytest.mark.parametrize("text", [*UNSEEN, *STATED])
def test_what_is_not_set_or_stated_by_a_formula_is_no_reason_to_refuse(text: str) -> None:
    assert read_latex(text + REST, "p.tex").left_out == ()


def test_the_message_quotes_the_sentence_and_names_the_other_lines() -> None:
    text = "$\\min_x x_1 + x_2$\nwhere the first variable\nis $0$ or $1$.\n\nAll entries are even. " + REST
    with pytest.raises(ProblemError) as caught:
        read_latex(text, "m.tex")
    message = str(caught.value)
    assert message.startswith("m.tex, line 2, column 11, at 'first variable'") or message.startswith(
        "m.tex, line 3, column"
    )
    assert '"$\\min_x x_1 + x_2$ where the first variable is $0$ or $1$"' in message
    assert message.endswith("--ignore-prose; so may prose on line 5")
    left_out = read_latex(text, "m.tex", ignore_prose=True).left_out
    assert [entry.split(":")[0] for entry in left_out] == [message[7:13], "line 5"]
    assert left_out[1] == "line 5: All entries are even"


def test_a_problem_remembers_what_was_left_out(tmp_path: Path) -> None:
    path = tmp_path / "p.tex"
    path.write_text("$\\min_x (x_1 - 1)^2 + x_2$. The shares add up to one." + REST, encoding="utf-8")
    with pytest.raises(ProblemError, match=PROSE):
        load_problem(path)
    problem = load_problem(path, ignore_prose=True)
    assert problem.definition["left_out"] == ["line 1: The shares add up to one"]
    again = Problem.from_json(problem.to_json())
    assert again.evaluate(np.array([[2.0, 3.0]])).f[0] == 4.0
    assert again.profile == problem.profile is not None
    assert "def objective" in problem_section_of(again)
