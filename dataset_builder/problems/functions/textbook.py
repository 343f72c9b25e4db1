"""Textbook problems: examples from books and papers, each with its best known value.

They are no part of the set of problems that is drawn; races on them show which solvers win on what people bring.
Budgets are ours. Where a source states an equality tolerance, f* is the best value within it.
"""

from __future__ import annotations

from llamoco.dataset_builder.problems.files.python_file import load_python
from llamoco.dataset_builder.problems.functions.textbook_constrained import CONSTRAINED
from llamoco.dataset_builder.problems.functions.textbook_engineering import ENGINEERING
from llamoco.dataset_builder.problems.functions.textbook_programs import PROGRAMS
from llamoco.dataset_builder.problems.functions.textbook_unconstrained import UNCONSTRAINED
from llamoco.dataset_builder.problems.problem import Problem


def _problem(name: str, source: str, f_star: float, text: str) -> Problem:
    file = load_python(text, f"{name}.py")
    return Problem(
        id=name,
        kind="source",
        lower=tuple(file.lower.tolist()),
        upper=tuple(file.upper.tolist()),
        max_evals=file.max_evals,
        n_inequality=file.n_inequality,
        n_equality=file.n_equality,
        definition={"python": text},
        f_star=f_star,
        provenance={"f_star": f"best known: {source}"},
    )


PROBLEMS: tuple[Problem, ...] = tuple(
    _problem(*entry) for entry in (*UNCONSTRAINED, *CONSTRAINED, *PROGRAMS, *ENGINEERING)
)
