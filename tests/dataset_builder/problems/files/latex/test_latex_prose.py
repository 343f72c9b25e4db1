"""Sentences that may restrict or change a problem are refused, or left out on request; harmless ones pass."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.files.latex_file import LatexFile, read_latex

# The sentence stands where @ is.
SETTING = r"""\section{A small problem}
Minimise the cost
\[ f(x) = (x_1 - 2.3)^2 + (x_2 - 1.6)^2 + 0.4 x_3^2 \]
subject to $x_1 + x_2 \le 3.5$, where $0 \le x_i \le 5$ for $i = 1, 2, 3$.
@
The budget is 100 evaluations.
"""

# One sentence a line.
SENTENCES = Path(__file__).parent / "prose"
RESTRICTING = (SENTENCES / "restricting.txt").read_text(encoding="utf-8").splitlines()
HARMLESS = (SENTENCES / "harmless.txt").read_text(encoding="utf-8").splitlines()


@cache
def plain() -> LatexFile:
    return read_latex(written(""), "p.tex")


def written(sentence: str) -> str:
    return SETTING.replace("@", sentence)


@pytest.mark.parametrize("sentence", RESTRICTING)
def test_restricting_sentence_is_refused_or_left_out_on_request(sentence: str) -> None:
    with pytest.raises(ProblemError, match=r"^p\.tex, line 5, column \d+, .*--ignore-prose"):
        read_latex(written(sentence), "p.tex")
    read = read_latex(written(sentence), "p.tex", ignore_prose=True)
    assert read.left_out
    for entry in read.left_out:
        line, quoted = entry.split(": ", 1)
        assert line == "line 5"
        assert quoted in sentence or sentence.rstrip(".!;") in quoted
    assert (read.lower, read.upper, read.max_evals) == (plain().lower, plain().upper, plain().max_evals)
    assert read.system.objective == plain().system.objective


@pytest.mark.parametrize("sentence", HARMLESS)
def test_harmless_sentence_passes(sentence: str) -> None:
    assert read_latex(written(sentence), "p.tex").left_out == ()
