"""The suite "outside": best known points are feasible, have the published values, and nothing better lies near."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.suites import suite
from llamoco.dataset_builder.problems.suites.suite import (
    SUITES,
    load_suite,
    read_file,
    read_references,
    suite_files,
)

FILES = {path.stem: path for path in suite_files("outside")}
REFERENCES = read_references("outside")
# Pieces of another objective, noise or kinks: a descent's finite differences say nothing there.
NOT_SMOOTH = {
    "eggholder",
    "bukin_6",
    "gear_train",
    "penalised_sum",
    "noisy_brown",
    "min_distance",
    "least_variable",
}
WHOLE = {"pressure_vessel_plates": [0, 1], "flow_sheeting": [2], "batch_plant": [0, 1, 2]}


class Original:
    """A file's own functions, called without any code of the library."""

    def __init__(self, name: str) -> None:
        names: dict[str, Any] = {}
        exec(compile(FILES[name].read_text(encoding="utf-8"), name, "exec"), names)
        self.names = names
        self.lower, self.upper = np.array(names["LOWER"], float), np.array(names["UPPER"], float)

    def f(self, x: np.ndarray) -> float:
        names = self.names
        f = names["evaluate"](x)[0] if "evaluate" in names else names["objective"](x)
        return -float(f) if names.get("MAXIMIZE") else float(f)

    def constraints(self, which: str, x: np.ndarray) -> np.ndarray:
        if "evaluate" in self.names:
            return np.array(self.names["evaluate"](x)[1 if which == "inequality" else 2], float)
        return np.ravel(self.names[which](x)).astype(float) if which in self.names else np.empty(0)

    def feasible(self, x: np.ndarray) -> bool:
        g, h = self.constraints("inequality", x), self.constraints("equality", x)
        inside = (x >= self.lower).all() and (x <= self.upper).all()
        return bool(inside and (g <= 1e-6).all() and (np.abs(h) <= 1e-4).all())

    @property
    def f_star(self) -> float:
        return -self.names["F_STAR"] if self.names.get("MAXIMIZE") else float(self.names["F_STAR"])


@pytest.fixture(scope="module")
def problems() -> dict[str, Problem]:
    return {problem.id: problem for problem in load_suite("outside")}


@pytest.mark.parametrize("name", FILES)
def test_the_best_known_point_is_feasible_and_has_the_published_value(name: str) -> None:
    file, x = Original(name), np.array(REFERENCES[name]["x_star"])
    assert file.feasible(x)
    assert file.f(x) == pytest.approx(file.f_star, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("name", sorted(FILES.keys() - NOT_SMOOTH))
def test_descent_from_the_best_known_point_finds_nothing_better(name: str) -> None:
    file, x = Original(name), np.array(REFERENCES[name]["x_star"])
    free = [i for i in range(len(x)) if i not in WHOLE.get(name, [])]
    span, scale = (file.upper - file.lower)[free], max(abs(file.f_star), 1e-6)

    def place(u: np.ndarray) -> np.ndarray:
        point = x.copy()
        point[free] = np.clip(file.lower[free] + u * span, file.lower[free], file.upper[free])
        return point

    constraints = []
    if len(file.constraints("inequality", x)):
        constraints.append({"type": "ineq", "fun": lambda u: -file.constraints("inequality", place(u))})
    if len(file.constraints("equality", x)):
        constraints.append({"type": "eq", "fun": lambda u: file.constraints("equality", place(u))})
    with np.errstate(all="ignore"):
        result = minimize(
            lambda u: file.f(place(u)) / scale,
            (x[free] - file.lower[free]) / span,
            method="SLSQP",
            bounds=[(0, 1)] * len(free),
            constraints=constraints,
            options={"ftol": 1e-14, "maxiter": 50},
        )
    found = place(result.x)
    if file.feasible(found):
        assert file.f(found) >= file.f_star - 1e-6 * max(abs(file.f_star), 1e-6)


def test_problems_have_references_and_sources(problems: dict[str, Problem]) -> None:
    assert set(problems) == set(REFERENCES) and len(problems) >= 60
    for problem in problems.values():
        assert problem.f0 is not None and problem.f_star is not None and problem.f0 > problem.f_star
        assert len(problem.provenance["f_star"]) > 20 and problem.provenance["f0"]
        assert "F_STAR" not in problem.description and "SOURCE" not in problem.description
        assert not problem.warnings, problem.warnings
    assert 20 <= min(p.max_evals for p in problems.values()) <= 100
    assert max(p.max_evals for p in problems.values()) >= 5000
    assert (
        sum(p.constrained for p in problems.values())
        >= 30
        <= sum(not p.constrained for p in problems.values())
    )
    one = problems["welded_joint"]
    assert Problem.from_json(one.to_json()) == one


def test_a_problem_is_minimised_in_the_sense_of_its_file(problems: dict[str, Problem]) -> None:
    problem, x = problems["min_distance"], np.array(REFERENCES["min_distance"]["x_star"])
    assert problem.maximize and problem.f_star == pytest.approx(-0.421279543983903)
    assert problem.evaluate(x[None, :]).f[0] == pytest.approx(problem.f_star)


def test_values_of_a_problem_are_those_of_its_file(problems: dict[str, Problem]) -> None:
    for name, problem in problems.items():
        file, random = Original(name), np.random.default_rng(3)
        u = problem.lower_array + random.random((3, problem.dim)) * (
            problem.upper_array - problem.lower_array
        )
        with np.errstate(all="ignore"):
            values, own = problem.evaluate(u), problem.to_original(u)
            expected = [file.f(x) for x in own]
            g = [file.constraints("inequality", x) for x in own]
        np.testing.assert_allclose(values.f, expected, rtol=1e-12, err_msg=name)
        np.testing.assert_allclose(values.g, g, rtol=1e-12, err_msg=name)


def test_a_suite_that_is_none_and_a_file_without_facts_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match="no suite is called 'inside': expected one of outside"):
        load_suite("inside")
    path = tmp_path / "bare.py"
    path.write_text("def objective(x):\n    return x[0]\n\n\nLOWER, UPPER = [0], [1]\n")
    with pytest.raises(ProblemError, match="ends with SOURCE"):
        read_file(path)
    for number, facts in enumerate(("F_STAR = sum([1, 2])", 'F_STAR = "low"', "F_STAR = = 3")):
        wrong = tmp_path / f"wrong{number}.py"
        wrong.write_text(f'LOWER, UPPER = [0], [1]\nSOURCE = "here"\n{facts}\n')
        with pytest.raises(ProblemError, match=f"wrong{number}.py: .*F_STAR, a number"):
            read_file(wrong)


def test_a_problem_whose_f0_is_not_frozen_yet_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suite, "FOLDER", tmp_path)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "new.py").write_text("")
    (tmp_path / "outside.json").write_text('{"problems": {"new": {"x_star": [0.0]}}}')
    with pytest.raises(ProblemError, match=r"no f0 of new.*llamoco study suite-references outside"):
        load_suite("outside")


def test_every_suite_has_files_and_references() -> None:
    for name in SUITES:
        assert suite_files(name) and read_references(name)
