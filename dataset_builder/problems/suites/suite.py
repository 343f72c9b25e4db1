"""Suites: folders of problem files, each with its best known value, and frozen references beside them.

SUITE/NAME.py is a problem FILE as a person writes it (``files.python_file``). It ends with two more names, which are cut off
before anything reads the text:

    SOURCE = "where the problem and its best known value are from"
    F_STAR = best known feasible objective, in the file's own sense (the maximum where MAXIMIZE is set)

SUITE.json holds, by problem, ``x_star`` (a point of that value, in the file's own variables), f0 and where f0 comes from, as
``benchmark.suite_references`` computed them once.
"""

from __future__ import annotations

import ast
import json
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.files.python_file import load_python
from llamoco.dataset_builder.problems.problem import Problem

SUITES = {
    "outside": "textbook, benchmark-library and engineering problems that share no generator with the set",
    "rw57": "real-world constrained problems of Kumar et al. 2020, doi:10.1016/j.swevo.2020.100693",
    "realistic": "the realistic problems of the paper's Table III that are members of rw57",
}
# Problems of a suite that are files of another one: (that suite, stems). References stay where the files are.
_RC = ("01", "02", "04", "05", "14", "16", "21", "28", "31", "44", "45", "51", "52", "53", "54")
_BORROWED = {"realistic": ("rw57", tuple(f"rc{number}_" for number in _RC))}
FOLDER = Path(str(resources.files("llamoco.dataset_builder.problems").joinpath("suites")))
_FACTS = ("SOURCE", "F_STAR")


class SuiteFile(NamedTuple):
    """A file of a suite: the text without its facts, where it is from, and the best known value in the file's own sense."""

    text: str
    source: str
    f_star: float


def load_suite(name: str) -> tuple[Problem, ...]:
    """The problems of a suite, in the order of their names, with f0 and f_star.

    Args:
        name: of ``SUITES``.

    Raises:
        ProblemError: if there is no such suite, or a file lacks its facts or its references.
    """
    references = read_references(name)
    problems = []
    for path in suite_files(name):
        if "f0" not in references.get(
            path.stem, {}
        ):  # a new problem has its x_star there before its f0 is computed
            raise ProblemError(
                f"{references_path(name)} has no f0 of {path.stem}: give its x_star there, then freeze f0 with "
                f"`llamoco study suite-references {name}`"
            )
        problems.append(read_problem(path, references[path.stem]))
    return tuple(problems)


def suite_files(name: str) -> list[Path]:
    """Paths of a suite's problem files.

    Raises:
        ProblemError: if there is no such suite.
    """
    if name not in SUITES:
        raise ProblemError(f"no suite is called {name!r}: expected one of {', '.join(SUITES)}")
    files = list((FOLDER / name).glob("*.py"))
    if name in _BORROWED:
        lender, starts = _BORROWED[name]
        files += [path for path in suite_files(lender) if path.stem.startswith(starts)]
    return sorted(files)


def references_path(name: str) -> Path:
    """Path of a suite's frozen references."""
    return FOLDER / f"{name}.json"


def read_references(name: str) -> dict[str, dict[str, Any]]:
    """The frozen references of a suite, by problem; empty if there are none yet.

    Raises:
        ProblemError: if there is no such suite.
    """
    stems = {path.stem for path in suite_files(name)}  # raises if there is no such suite
    found = {}
    if name in _BORROWED:
        borrowed = read_references(_BORROWED[name][0])
        found = {stem: entry for stem, entry in borrowed.items() if stem in stems}
    path = references_path(name)
    if path.is_file():
        found |= json.loads(path.read_text(encoding="utf-8"))["problems"]
    return found


@cache
def read_file(path: Path) -> SuiteFile:
    """A file of a suite, apart from its facts.

    Raises:
        ProblemError: if it is no valid Python, or does not end with them.
    """
    text = path.read_text(encoding="utf-8")
    facts: dict[str, Any] = {}
    try:
        statements = ast.parse(text).body[-len(_FACTS) :]
        for statement in statements:
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                facts[statement.targets[0].id] = ast.literal_eval(statement.value)
        f_star = float(facts.get("F_STAR", "nan"))
    except (SyntaxError, TypeError, ValueError) as error:
        raise ProblemError(
            f"{path}: {error}. A suite's file is valid Python that ends with SOURCE, a string, and F_STAR, a number, written out"
        ) from error
    if tuple(facts) != _FACTS:
        raise ProblemError(
            f"{path}: a suite's file ends with SOURCE = ... and F_STAR = ..., this one with {list(facts)}"
        )
    kept = text.splitlines(keepends=True)[: statements[0].lineno - 1]
    return SuiteFile("".join(kept).rstrip() + "\n", facts["SOURCE"], f_star)


def read_problem(path: Path, references: dict[str, Any] | None = None) -> Problem:
    """The problem of a suite's file; its text is executed.

    Args:
        path: of the file.
        references: f0 and f0_source; without them f0 is None.
    """
    text, source, f_star = read_file(path)
    file = load_python(text, path.name)
    provenance = {"f_star": f"best known: {source}"}
    if references is not None:
        provenance["f0"] = references["f0_source"]
    return Problem(
        id=path.stem,
        kind="source",
        lower=tuple(file.lower.tolist()),
        upper=tuple(file.upper.tolist()),
        max_evals=file.max_evals,
        n_inequality=file.n_inequality,
        n_equality=file.n_equality,
        definition={"python": text},
        f0=None if references is None else references["f0"],
        f_star=-f_star if file.maximize else f_star,
        provenance=provenance,
    )
