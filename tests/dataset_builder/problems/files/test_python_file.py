"""A person's Python FILE: what it means, and one clear message for everything that can be wrong with it."""

from pathlib import Path

import numpy as np
import pytest

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.files.python_file import load_python

GOOD = """\
import numpy as np

LOWER = [-1.0, -2.0]
UPPER = [3.0, 2.0]
MAX_EVALS = 100


def objective(x):
    return float(np.sum(x**2))
"""


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


def with_return(text: str) -> str:
    return changed("return float(np.sum(x**2))", text)


def test_values_bounds_and_budget() -> None:
    problem = load_python(GOOD + "\ndef inequality(x):\n    return x[0] - 1, -x[1]\n", "good.py")
    f, g, h = problem.evaluate(np.array([[1.0, 2.0], [0.5, -1.0], [3.0, 0.0]]))
    np.testing.assert_array_equal(f, [5.0, 1.25, 9.0])
    np.testing.assert_array_equal(g, [[0.0, -2.0], [-0.5, 1.0], [2.0, 0.0]])
    assert h.shape == (3, 0)
    assert problem.lower.tolist() == [-1.0, -2.0]
    assert problem.upper.tolist() == [3.0, 2.0]
    assert (problem.max_evals, problem.n_inequality, problem.n_equality) == (100, 2, 0)


BAD = {
    "no objective": (
        changed("def objective", "def objectve"),
        r"^bad\.py: no objective\(x\) is defined \(did you mean `objectve`, line 8\? .*; a problem file",
    ),
    "not callable": (
        GOOD + "objective = 3\n",
        r"bad\.py:10: objective is int '3'; it must be a function",
    ),
    "no LOWER": (changed("LOWER = [-1.0, -2.0]", ""), r"bad\.py: LOWER is not defined; .*LOWER = \["),
    "another name for MAX_EVALS": (
        changed("MAX_EVALS = 100", "max_evals = 100"),
        r"bad\.py: MAX_EVALS is not defined \(did you mean `max_evals`.*MAX_EVALS = 1000",
    ),
    "lengths": (
        changed("UPPER = [3.0, 2.0]", "UPPER = [3.0]"),
        r"bad\.py:4: LOWER has 2 entries and UPPER has 1",
    ),
    "crossed": (
        changed("[3.0, 2.0]", "[3.0, -2.5]"),
        r"bad\.py:4: LOWER\[1\] = -2 is above UPPER\[1\] = -2.5; swap",
    ),
    "infinite": (
        changed("[3.0, 2.0]", "[3.0, -float('inf')]"),
        r"bad\.py:4: UPPER\[1\] is -inf, which no value satisfies; give inf",
    ),
    "scalar bound": (
        changed("[3.0, 2.0]", "3.0"),
        r"bad\.py:4: UPPER is float '3.0' for 2 variables; .*UPPER = \[3.0\] \* 2",
    ),
    "text bound": (changed("[3.0, 2.0]", "['a', 'b']"), r"bad\.py:4: UPPER is a list of 2 entries"),
    "budget zero": (changed("= 100", "= 0"), r"bad\.py:5: MAX_EVALS is 0, not an integer of at least 1"),
    "budget fraction": (changed("= 100", "= 99.5"), r"bad\.py:5: MAX_EVALS is 99.5, not an integer"),
    "budget text": (changed("= 100", "= '100'"), r"bad\.py:5: MAX_EVALS is str '100', not an integer"),
    "array": (with_return("return x**2"), r"bad\.py:8: .* returned an array of shape \(2,\).*one float"),
    "nothing": (with_return("x.sum()"), r"bad\.py:8: .* returned None \(is a return statement missing\?\)"),
    "complex": (with_return("return (-1) ** 0.5"), r"bad\.py:8: .*complex number .* centre"),
    "not a number": (with_return("return np.nan"), r"bad\.py:8: .*is NaN at the centre of the box"),
    "raises": (
        with_return("return x[5]"),
        r"bad\.py:9: objective\(x\) fails .*IndexError.*at `return x\[5\]`",
    ),
    "undefined at the start": (
        with_return("return 1.0 / 0"),
        r"bad\.py:9: objective\(x\) fails at the centre.*ZeroDivision",
    ),
    "syntax": (
        changed("def objective(x):", "def objective(x)"),
        r"bad\.py:8: not valid Python, expected ':'",
    ),
    "indentation": (changed("    return", "  return x\n   return"), r"bad\.py:10: not valid Python"),
    "missing module": (
        "import no_such_package.part\n" + GOOD,
        r"bad\.py:1: a module is missing.*pip install no_such_package\)",
    ),
    "fails": (GOOD + "1 / 0\n", r"bad\.py:10: the file fails when it is run \(ZeroDivisionError"),
    "leaves": (GOOD + "raise SystemExit(2)\n", r"bad\.py:10: the file fails.*SystemExit"),
    "empty": ("  \n", r"^bad\.py: the file is empty"),
    "null byte": (GOOD + "\0", r"^bad\.py.*(null|not a text)"),
    "constraints of text": (
        GOOD + "def inequality(x):\n    return 'ok'\n",
        r"bad\.py:10: inequality\(x\) returned str 'ok' at .*; return a float or a seq",
    ),
    "constraint raises": (
        GOOD + "def equality(x):\n    return 1 / (x[1] - x[1])  # no value\n",
        None,
    ),
    "constraints without return": (
        GOOD + "def inequality(x):\n    x[0]\n",
        r"bad\.py:10: inequality\(x\) returned None",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_one_message_names_line_and_cure(name: str) -> None:
    text, message = BAD[name]
    if message is None:  # NumPy floats divide by zero without raising: no value, but no error either
        assert not np.isfinite(load_python(text, "bad.py").evaluate(np.zeros((1, 2)))[2]).any()
        return
    with pytest.raises(ProblemError, match=message) as caught:
        load_python(text, "bad.py")
    assert "\n" not in str(caught.value)


def test_numbers_of_any_kind_are_taken() -> None:
    for value in (
        "3",
        "np.float32(3)",
        "np.int64(3)",
        "np.array(3.0)",
        "__import__('fractions').Fraction(3)",
    ):
        assert load_python(with_return(f"return {value}"), "p.py").evaluate(np.zeros((1, 2)))[0][0] == 3
    assert load_python(changed("= 100", "= 1e3"), "p.py").max_evals == 1000


@pytest.mark.parametrize(
    "returned",
    [
        "math.sqrt(x[0])",
        "1 / int(x[0] > 0)",
        "math.exp(800 * (x[0] < 0))",
        "(min(float(x[0]), 1.0)) ** 0.5",
        "math.nan",
    ],
)
def test_a_point_without_a_value_is_nan_and_stops_nothing(returned: str) -> None:
    text = "import math\n" + with_return(
        f"return {returned if returned != 'math.nan' else 'x[0] if x[0] > 0 else math.nan'}"
    )
    f, _, _ = load_python(text, "p.py").evaluate(np.array([[1.0, 0.0], [-1.0, 0.0], [1.0, 1.0]]))
    assert np.isnan(f).tolist() == [False, True, False]


def test_a_later_error_of_another_kind_names_the_line() -> None:
    problem = load_python(with_return("return 1.0 if x[0] > 0 else x.no_such"), "p.py")
    with pytest.raises(ProblemError, match=r"p\.py:9: .*AttributeError"):
        problem.evaluate(np.array([[-1.0, 0.0]]))


def test_the_number_of_constraints_must_not_change() -> None:
    text = GOOD + "def inequality(x):\n    return [1.0] * (2 if x[0] > 0 else 3)\n"
    with pytest.raises(
        ProblemError,
        match=r"p\.py:10: inequality\(x\) returned 3 values at x = \[-1, 0\] and 2 at the centre",
    ):
        load_python(text, "p.py").evaluate(np.array([[-1.0, 0.0]]))


def test_a_function_may_change_its_argument() -> None:
    text = with_return("x[0] = 0.0\n    return x[1]") + "def inequality(x):\n    return x[0]\n"
    points = np.array([[1.0, 2.0]])
    _, g, _ = load_python(text, "p.py").evaluate(points)
    assert g[0, 0] == 1.0
    assert points.tolist() == [[1.0, 2.0]]


def test_constraints_are_absent_if_none_or_empty() -> None:
    problem = load_python(GOOD + "inequality = None\ndef equality(x):\n    return []\n", "p.py")
    assert (problem.n_inequality, problem.n_equality) == (0, 0)


def test_it_is_not_the_main_program_and_may_define_classes() -> None:
    text = (
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        + GOOD
        + "@dataclass\nclass A:\n    a: int = 1\n\nif __name__ == '__main__':\n    raise ValueError\n"
    )
    assert load_python(text, "p.py").max_evals == 100


def test_modules_beside_the_file_can_be_imported_also_later(tmp_path: Path) -> None:
    (tmp_path / "my_model_of_a_pump.py").write_text("def power(x):\n    return x[0] + 7\n")
    text = with_return("from my_model_of_a_pump import power\n    return power(x)")
    problem = load_python(text, "pump.py", tmp_path)
    assert problem.evaluate(np.array([[1.0, 0.0]]))[0][0] == 8.0
    with pytest.raises(ProblemError, match=r"no_model_here"):
        load_python(with_return("import no_model_here\n    return 1.0"), "pump.py", tmp_path)


def test_what_it_prints_stays_out_of_the_results(capsys: pytest.CaptureFixture[str]) -> None:
    text = "print('loading')\n" + with_return("print('called')\n    return 1.0")
    load_python(text, "p.py").evaluate(np.zeros((1, 2)))
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.split() == ["loading", "called", "called"]
