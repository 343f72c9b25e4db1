"""The suite "rw57": objective and constraints have the values of the official MATLAB text, run by GNU Octave, at points of a named seed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.suites.suite import FOLDER, load_suite, read_references, suite_files

OFFICIAL = json.loads((FOLDER / "rw57_values.json").read_text(encoding="utf-8"))
FILES = {path.stem: path for path in suite_files("rw57")}
# D, inequalities, equalities and best known value of the guidelines' table.
TABLE = {
    "rc01": (9, 0, 8, 1.8931162966e2),
    "rc02": (11, 0, 9, 7.0490369540e3),
    "rc04": (6, 1, 4, -3.8826043623e-1),
    "rc05": (9, 2, 4, -4.0000560000e2),
    "rc14": (10, 10, 0, 5.3638942722e4),
    "rc16": (14, 15, 0, 3.2213000814e-2),
    "rc21": (5, 7, 0, 2.3524245790e-1),
    "rc28": (10, 9, 0, 1.4614135715e4),
    "rc31": (4, 1, 1, 0.0),
    "rc44": (30, 91, 0, -6.2731715000e3),
    "rc45": (25, 24, 1, 3.0739360000e-2),
    "rc51": (59, 14, 1, 4.5508511497e3),
    "rc52": (59, 14, 1, 3.3489821493e3),
    "rc53": (59, 14, 1, 4.9976069290e3),
    "rc54": (59, 14, 1, 4.2405482538e3),
}
# The official text and its guidelines' table differ.
COUNTS_OF_THE_TEXT = {"rc21": (8, 0), "rc31": (0, 0)}


def official_evaluations(dim: int) -> int:
    """MaxFE of the guidelines."""
    return next(
        most for upto, most in ((10, 100_000), (30, 200_000), (50, 400_000), (150, 800_000)) if dim <= upto
    )


@pytest.fixture(scope="module")
def problems() -> Iterator[dict[str, Problem]]:
    yield {problem.id: problem for problem in load_suite("rw57")}


def functions(path: Path) -> dict[str, Any]:
    """The names of a file, run without any code of the library."""
    names: dict[str, Any] = {}
    exec(compile(path.read_text(encoding="utf-8"), path.name, "exec"), names)
    return names


@pytest.mark.parametrize("name", FILES)
def test_values_are_those_of_the_official_text(name: str) -> None:
    own, official = functions(FILES[name]), OFFICIAL[name]
    lower, upper = np.array(own["LOWER"], float), np.array(own["UPPER"], float)
    points = PortableRng("rw57 reference", name).points(len(official["f"]), lower, upper)
    for number, x in enumerate(points):
        np.testing.assert_allclose(own["objective"](x), official["f"][number], rtol=1e-9)
        for key, function in (("g", "inequality"), ("h", "equality")):
            values = np.ravel(own[function](x)) if function in own else np.empty(0)
            np.testing.assert_allclose(values, official[key][number], rtol=1e-9, atol=1e-12)


def test_counts_bounds_and_budgets(problems: dict[str, Problem]) -> None:
    assert set(problems) == set(FILES) == set(OFFICIAL) and {name[:4] for name in FILES} == set(TABLE)
    for name, problem in problems.items():
        dim, inequalities, equalities, best = TABLE[name[:4]]
        counts = COUNTS_OF_THE_TEXT.get(name[:4], (inequalities, equalities))
        assert (problem.dim, problem.n_inequality, problem.n_equality) == (dim, *counts), name
        assert problem.f_star == pytest.approx(best, rel=1e-10)
        assert problem.max_evals == official_evaluations(dim) / 50, name
        assert problem.f0 is not None and problem.f0 > best


def test_the_library_evaluates_the_files_functions(problems: dict[str, Problem]) -> None:
    for name, problem in problems.items():
        official = OFFICIAL[name]
        own = functions(FILES[name])
        lower, upper = np.array(own["LOWER"], float), np.array(own["UPPER"], float)
        points = PortableRng("rw57 reference", name).points(len(official["f"]), lower, upper)
        values = problem.evaluate(points)
        np.testing.assert_allclose(values.f, official["f"], rtol=1e-9, err_msg=name)


def test_realistic_borrows_the_files_and_references_of_rw57(problems: dict[str, Problem]) -> None:
    realistic = load_suite("realistic")
    assert len(realistic) >= 15
    assert all(problem == problems[problem.id] for problem in realistic if problem.id in problems)


POINTS = {name: entry["x_star"] for name, entry in read_references("rw57").items() if "x_star" in entry}


@pytest.mark.parametrize("name", POINTS)
def test_points_of_the_best_known_values_are_feasible(name: str) -> None:
    own, x = functions(FILES[name]), np.array(POINTS[name])
    assert (x >= own["LOWER"]).all() and (x <= own["UPPER"]).all()
    assert "inequality" not in own or np.max(own["inequality"](x)) <= 1e-6
    assert "equality" not in own or np.max(np.abs(own["equality"](x))) <= 1e-4 * (1 + 1e-9)
    # The linear program of the fourth ration beats the guidelines in the sixth digit.
    assert own["objective"](x) == pytest.approx(own["F_STAR"], rel=2e-6, abs=1e-12)
