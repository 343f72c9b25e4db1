"""Reader of problem files, Python or LaTeX."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.evaluators import SourceEvaluator
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.profiling.operation_profile import starting_points

if TYPE_CHECKING:
    from llamoco.dataset_builder.problems.files.python_file import Known

SUFFIXES = (".py", ".tex")


def load_problem(path: str | Path, ignore_prose: bool = False, known: Known | None = None) -> Problem:
    """Read a problem file.

    Args:
        path: a Python file (see ``python_file``) or a LaTeX file (see ``latex_file``), UTF-8. A saved program is a Python file, too:
            its problem section is the problem.
        ignore_prose: go on where a LaTeX file's prose may restrict or change the problem; the sentences are then
            listed under "left_out" in the problem's definition.
        known: objective, inequalities and equalities of points (A,) at which a person's Python need not be evaluated again.

    Returns:
        A problem of kind "source" whose id is the file's stem; f0 and f_star are unknown (None).

    Raises:
        ProblemError: if there is no such file or it is no problem; the message names line and cure.
    """
    path = Path(path)
    text = _read(path)
    # What reads the one kind of file is not loaded for the other: it takes a tenth of a second.
    if path.suffix == ".py":
        from llamoco.dataset_builder.problems.files.python.program_sections import problem_section
        from llamoco.dataset_builder.problems.files.python_file import load_python

        section = problem_section(text)
        python = load_python(text, str(path), path.resolve().parent, known)
        return Problem(
            id=path.stem,
            kind="source",
            lower=tuple(python.lower.tolist()),
            upper=tuple(python.upper.tolist()),
            max_evals=python.max_evals,
            n_inequality=python.n_inequality,
            n_equality=python.n_equality,
            definition={"python": text if section is None else section.text},
            # What was loaded beside its neighbour files goes on running there; a copy from JSON is executed anew.
            evaluator=SourceEvaluator(lambda: python),
        )
    from llamoco.dataset_builder.problems.files.latex_evaluator import LatexEvaluator
    from llamoco.dataset_builder.problems.files.latex_file import read_latex

    latex = read_latex(text, str(path), ignore_prose)
    evaluator = LatexEvaluator(lambda: latex)
    try:
        variables = evaluator.variables
    except ProblemError as error:
        raise ProblemError(f"{path}: {error}") from None
    except ArithmeticError as error:
        message = "a number in its formulas cannot be computed"
        raise ProblemError(f"{path}: {message} ({error}); check the constants") from None
    problem = Problem(
        id=path.stem,
        kind="source",
        lower=tuple(variables.lower.tolist()),
        upper=tuple(variables.upper.tolist()),
        max_evals=evaluator.max_evals,
        n_inequality=len(latex.system.inequalities),
        n_equality=len(latex.system.equalities),
        definition={"latex": text} | ({"left_out": list(latex.left_out)} if latex.left_out else {}),
        evaluator=evaluator,
    )
    points = starting_points(problem.lower_array, problem.upper_array)
    try:
        f, _, _ = evaluator.evaluate_few(points)
    except ArithmeticError as error:
        message = "a number in its formulas cannot be computed"
        raise ProblemError(f"{path}: {message} ({error}); check the constants") from None
    if np.isnan(f).all():
        raise ProblemError(
            f"{path}: the objective is NaN at the centre of the box and at every other point tried; "
            "check the formula or change the bounds"
        )
    return problem


def _read(path: Path) -> str:
    if path.is_dir():
        raise ProblemError(f"{path} is a folder; name a problem file ({' or '.join(SUFFIXES)}) in it")
    if path.suffix not in SUFFIXES:
        raise ProblemError(
            f"{path}: a problem file ends in {' or '.join(SUFFIXES)}, not in {path.suffix or 'nothing'!r}"
        )
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise ProblemError(
            f"{path}: there is no such file; check the path (looked in {path.resolve().parent})"
        ) from error
    except OSError as error:
        raise ProblemError(f"{path}: cannot be read, {error.strerror}") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ProblemError(
            f"{path}:{line}: not UTF-8 text (byte {data[error.start]:#04x}); save the file as UTF-8"
        ) from error
    text = text.lstrip("\ufeff").replace(
        "\r\n", "\n"
    )  # a second byte order mark: of a tool that adds one to each file
    if not text.strip():
        raise ProblemError(
            f"{path}: the file is empty; see examples/problems for what a problem file looks like"
        )
    return text
