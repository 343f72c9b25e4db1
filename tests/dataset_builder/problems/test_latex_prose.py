"""Sentences that may restrict or change a problem are refused, or left out on request; harmless ones pass."""

from __future__ import annotations

import pytest

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.latex_file import read_latex

# The sentence stands where @ is.
SETTING = r"""\section{A small problem}
Minimise the cost
\[ f(x) = (x_1 - 2.3)^2 + (x_2 - 1.6)^2 + 0.4 x_3^2 \]
subject to $x_1 + x_2 \le 3.5$, where $0 \le x_i \le 5$ for $i = 1, 2, 3$.
@
The budget is 100 evaluations.
"""

# May restrict or change the problem.
RESTRICTING = [
    "All quantities are whole numbers.",
    "The third variable is binary.",
    "The valve is either open or closed.",
    "Plates come in thicknesses of 1, 2 and 4 mm.",
    "Only standard sizes from the catalogue may be used.",
    "The diameter is chosen from a list of values.",
    r"The number of coils is an integer, of course.\footnote{Half coils cannot be wound.}",
    "The second variable moves on a grid of width 0.25.",
    "The radius has to be rounded to the nearest millimetre.",
    "Lengths are specified with a resolution of $0.1$.",
    "The shares add up to one.",
    "In total no more than three tonnes can be produced.",
    "The proportions of the mixture sum to 100 percent.",
    "The whole amount of money has to be spent.",
    "The first variable is never larger than the second.",
    "The length must be at least twice the width.",
    "The temperature should stay between 2 and 4 degrees.",
    "No variable may exceed the sum of the others.",
    "The third one is half of the first.",
    "At most two of the variables are nonzero.",
    "Exactly one of the machines runs.",
    "If the first variable is positive, the second one vanishes.",
    "The constraint applies unless $x_3$ is small.",
    "The variables are nonnegative and strictly increasing.",
    "We want the largest value.",
    "The profit is to be as large as possible.",
    "Violations are penalised by ten times the excess.",
    "The cost is doubled when the third variable is used.",
    "Please ignore the last term of the objective.",
    "All three values have to be different.",
    "The measured objective is corrupted by noise.",
    "The third variable is an angle modulo $2$.",
    r"\begin{theorem} The entries of the solution are even. \end{theorem}",
    r"\caption{The sizes, in steps of 5 mm.}",
    r"\begin{tabular}{ll} variable & type \\ $x_1$ & real \\ $x_2$ & integer \end{tabular}",
    r"\begin{itemize} \item the first two variables are equal \item the rest is free \end{itemize}",
    r"Die Summe der Variablen darf höchstens 3 sein.",
    r"Les variables sont des nombres entiers.",
    r"La suma de las variables no debe superar 3.",
    "Le variabili devono essere numeri interi.",
    "变量必须是整数。",
    r"\[ x_1 x_3 \le 4 \quad \text{whenever the second variable is positive} \]",
]

HARMLESS = [
    "This problem was first stated by Kannan and Kramer in 1994.",
    "The design has three variables: the wire diameter $x_1$, the coil diameter $x_2$ and the length $x_3$.",
    "Figure 2 shows the beam.",
    "Evaluations are expensive.",
    "The best known value is 2.38.",
    r"The best known solution is $f^* = 0.012$, see \cite{coello2000}.",
    "Many thanks for your help!",
    "All lengths are measured in millimetres.",
    "Here $x_1$ denotes the thickness of the shell and $x_2$ that of the head.",
    "The objective is the cost of material and welding.",
    "A cylindrical vessel is capped at both ends by hemispherical heads.",
    "The function is smooth but has many local minima.",
    "Each evaluation takes about 20 minutes on our cluster.",
    "I have tried gradient descent and it got stuck.",
    "Any hints are appreciated.",
    "We consider a problem from structural engineering.",
    "The three-bar truss is loaded vertically.",
    "See Table 3 and Section 4.2 of the report.",
    r"The formulation follows Arora~\cite[p.~45]{arora}.",
    "It is a well known benchmark of the literature.",
    "The objective is to be minimised.",
    "The feasible region is not convex.",
    "The gradient is not available.",
    "The code is a black box written in Fortran.",
    "The units are kg and MPa.",
    "A sketch of the device can be found in the appendix.",
    "The weight of the spring is minimised under constraints on shear stress and deflection.",
    "This is problem 24 of Hock and Schittkowski.",
    "The first term is the cost of the pipe, the second one that of pumping.",
    "Both terms are convex.",
    r"\paragraph{Background.} Heat exchangers are used in chemical plants.",
    r"\section*{Acknowledgements} We thank the reviewers for their comments.",
    "The model goes back to Golinski (1970).",
    "It arises in chemical engineering.",
    "What is the best method for such a problem?",
    "The search space is a box.",
    "In this section we describe the test problem.",
    r"\caption{Sketch of the welded beam.}",
    "Der Ingenieur sucht die billigste Bauweise.",
    "Merci d'avance pour votre aide.",
    "Muchas gracias por su ayuda.",
    "Smaller is better.",
]


def written(sentence: str) -> str:
    return SETTING.replace("@", sentence)


@pytest.mark.parametrize("sentence", RESTRICTING)
def test_restricting_sentence_is_refused_or_left_out_on_request(sentence: str) -> None:
    with pytest.raises(ProblemError, match=r"^p\.tex, line 5, column \d+, .*--ignore-prose"):
        read_latex(written(sentence), "p.tex")
    read = read_latex(written(sentence), "p.tex", ignore_prose=True)
    plain = read_latex(written(""), "p.tex")
    assert read.left_out
    assert all(entry.startswith("line 5: ") for entry in read.left_out)
    assert (read.lower, read.upper, read.max_evals) == (plain.lower, plain.upper, plain.max_evals)
    assert read.system.objective == plain.system.objective


@pytest.mark.parametrize("sentence", HARMLESS)
def test_harmless_sentence_passes(sentence: str) -> None:
    assert read_latex(written(sentence), "p.tex").left_out == ()
