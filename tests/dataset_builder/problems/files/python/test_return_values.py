"""What a person's Python may define and return, beyond floats and flat sequences: what is taken means what it says, the rest is named."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.problems.files.python_file import PythonFile, load_python

BOX = "LOWER, UPPER, MAX_EVALS = [-5.0] * 2, [5.0] * 2, 100\n"
SUM = "def objective(x):\n    return sum((x - 0.5) ** 2)\n"
HEAD = "import math\nimport decimal\nimport fractions\nimport numpy as np\n"


def file(objective: str = "x[0] + x[1]", inequality: str | None = None, box: str = BOX) -> PythonFile:
    constraint = "" if inequality is None else f"def inequality(x):\n    return {inequality}\n"
    return load_python(f"{HEAD}{box}def objective(x):\n    return {objective}\n{constraint}", "p.py")


NUMBERS = {
    "an array of one": "np.array([3.0])",
    "a matrix of one": "np.matrix([[3.0]])",
    "nested lists of one": "[[3.0]]",
    "a tuple by a slip of the comma": "3.0,",
    "an array without dimensions": "np.array(3)",
    "an object array": "np.array([3.0], dtype=object)",
    "a Decimal": "decimal.Decimal(3)",
    "a Fraction": "fractions.Fraction(6, 2)",
    "a numpy integer": "np.uint8(3)",
    "a long double": "np.longdouble(3)",
    "a series of one": "__import__('pandas').Series([3.0])",
    "a symbolic number": "__import__('sympy').sqrt(9)",
}


@pytest.mark.parametrize("name", NUMBERS)
def test_an_objective_may_return_one_number_of_any_kind(name: str) -> None:
    assert file(NUMBERS[name]).evaluate(np.zeros((1, 2)))[0].tolist() == [3.0]


NOT_ONE_NUMBER = {
    "two": ("x", r"an array of shape \(2,\)"),
    "a pair": ("(x[0], x)", "a tuple of 2 entries"),
    "none": ("[]", "a list of 0 entries"),
    "a dict": ("{'f': x[0]}", "a dict"),
    "text": ("'3.0'", "str '3.0'"),
    "nothing": ("None", "None"),
    "a boolean": ("x[0] > 1", "a boolean"),
    "a Python boolean": ("bool(x[0] > 1)", "a boolean"),
    "an array of one boolean": ("x[:1] > 1", "a boolean"),
    "a span of time": ("np.timedelta64(3)", "a timedelta64"),
    "dates": ("np.array(['2026-01-01'], dtype='datetime64[D]')", "an array of shape"),
}


@pytest.mark.parametrize("name", NOT_ONE_NUMBER)
def test_what_is_no_number_is_named(name: str) -> None:
    returned, expected = NOT_ONE_NUMBER[name]
    with pytest.raises(ProblemError, match=rf"p\.py:6: objective\(x\) returned {expected}"):
        file(returned)


NESTED = {
    "a float and an array": "x[0], x",
    "lists in a list": "[[x[0]], [x[0], x[1]]]",
    "a matrix": "np.array([[x[0], x[0]], [x[1], 2]])[:, :1], x[1]",
    "a dict": "{'a': x[0], 'b': {'c': x}}",
    "a generator": "(v for v in (x[0], x[0], x[1]))",
    "a frame": "__import__('pandas').DataFrame([[x[0], x[0]], [x[1], 2.0]]).iloc[:, 0], x[1]",
}


@pytest.mark.parametrize("name", NESTED)
def test_nested_constraints_are_taken_in_order(name: str) -> None:
    own = file(inequality=NESTED[name])
    assert own.n_inequality == 3
    assert own.evaluate(np.array([[0.25, 4.0]]))[1][0].tolist() in ([0.25, 0.25, 4.0], [0.25, 4.0, 4.0])


def test_what_is_wrong_in_a_nest_is_named_by_its_place() -> None:
    for returned, expected in (
        ("[x[0], [x[1], None]]", r"None \(is a return statement missing\?\) as entry \[1\]\[1\]"),
        ("{'a': x, 'b': 'text'}", r"str 'text' as entry \['b'\]"),
        ("[{1.0, 2.0}]", r"a set as entry \[0\]"),
    ):
        with pytest.raises(ProblemError, match=rf"p\.py:8: inequality\(x\) returned {expected}"):
            file(inequality=returned)
    with pytest.raises(ProblemError, match=r"complex number"):
        file(inequality="[x[0], 1j]")
    for endless in ("(lambda a: a.append(a) or a)([])", "__import__('itertools').repeat(1.0)"):
        with pytest.raises(
            ProblemError, match=r"p\.py:(7|8): inequality\(x\) (fails .*RecursionError|returned a repeat)"
        ):
            file(inequality=endless)


def test_what_is_returned_may_run_code_of_the_file() -> None:
    """A generator, or a number of the person's own class: what fails in it is told as if it failed in the function."""
    own = "type('Own', (), {'__float__': lambda self: VALUE})()"
    assert file(own.replace("VALUE", "3.0")).evaluate(np.zeros((1, 2)))[0].tolist() == [3.0]
    undefined = own.replace("VALUE", "undefined")
    for failing in ("(v / undefined for v in x)", "(x[i] for i in range(9))", f"[{undefined}]"):
        with pytest.raises(ProblemError, match=r"p\.py:[89]: inequality\(x\) fails .*(NameError|IndexError)"):
            file(inequality=failing)
    assert np.isnan(file(inequality="(math.log(v) for v in x)", box=BOX).evaluate(-np.ones((1, 2)))[0][0])


BOOLEANS = {
    "x[0] >= 1": r"a boolean at .* <= 0 where x is allowed; for `x\[0\] >= 1` return `1 - x\[0\]`",
    "bool(x[0] < 1 + x[1])": r"return `x\[0\] - \(1 \+ x\[1\]\)`",
    "x >= 0": "return `-x`",
    "[x[0] - 1, x[1] <= 0]": r"inequality\(x\)\[1\] is a boolean .* return `x\[1\]`",
    "np.array(x[0] > 1)": "a boolean",
    "[[np.bool_(True)]]": r"\[0\]\[0\] is a boolean",
    "np.all(x > 0)": "return `-x`",
    "not x[0] > 1": "a boolean",
    "True": "a boolean",
    "x[0] == x[1]": r"return `x\[0\] - x\[1\]` from equality\(x\)",
    "np.array([True, 2.5], dtype=object)": r"\[0\] is a boolean",
}


@pytest.mark.parametrize("returned", BOOLEANS)
def test_a_boolean_constraint_is_refused(returned: str) -> None:
    with pytest.raises(ProblemError, match=BOOLEANS[returned]):
        file(inequality=returned)


def test_the_rewriting_of_a_comparison_has_its_meaning() -> None:
    rng = np.random.default_rng(0)
    for comparison in ("x[0] >= 1 + x[1]", "x[0] < x[1] - 2", "2 > x[0] * x[1]", "x[0] <= 0", "0 <= x[1]"):
        with pytest.raises(ProblemError) as refused:
            file(inequality=comparison)
        rewritten = str(refused.value).rpartition("return `")[2].rstrip("`")
        for x in rng.uniform(-5, 5, (50, 2)):
            assert eval(comparison, {"x": x}) == (eval(rewritten, {"x": x}) <= 0)


def test_a_boolean_is_refused_wherever_it_turns_up() -> None:
    sometimes = file(inequality="x[0] - 1 if x[0] < 2 else x[0] > 1")
    assert sometimes.evaluate(np.array([[1.5, 0.0]]))[1].tolist() == [[0.5]]
    with pytest.raises(ProblemError, match=r"p\.py:8: inequality\(x\) is a boolean at x = \[3, 0\]"):
        sometimes.evaluate(np.array([[1.5, 0.0], [3.0, 0.0]]))
    with pytest.raises(ProblemError, match=r"objective.*a boolean"):
        file("x[0] if x[0] < 2 else x[0] > 1").evaluate(np.array([[3.0, 0.0]]))


BOUNDS = {
    "[-1, math.inf], [1, 1]": r"LOWER\[1\] is inf, which no value satisfies; give -inf for no bound",
    "None, None": "LOWER and UPPER are None, which leaves the number of variables open; .*X0 = ",
    "[-1, -1], [1, math.nan]": r"UPPER\[1\] is nan; give a number, or inf for none",
    "[0, 0], [1, -1]": r"LOWER\[1\] = 0 is above UPPER\[1\] = -1; swap",
    "[0, 1], [0, 1]": "nothing to search",
    "3, 3": "nothing to search",
    "[0, 0, 0], 1": r"UPPER is int '1' for 3 variables; .*UPPER = \[1.0\] \* 3",
    "[0, 'a'], [1, 1]": r"entry 1 is str 'a'",
    "[[0, 1]], [1]": "LOWER is a list of 1 entries",
    "[], []": "LOWER is a list of 0 entries",
    "[False, False], [True, True]": "LOWER is a list of 2 entries, of which entry 0 is the boolean False",
}


@pytest.mark.parametrize("bounds", BOUNDS)
def test_bounds_that_are_none_are_named(bounds: str) -> None:
    with pytest.raises(ProblemError, match=rf"^p\.py:5: .*{BOUNDS[bounds]}"):
        file(box=f"LOWER, UPPER, MAX_EVALS = {bounds}, 100\n")


def test_an_index_beyond_the_one_variable_of_single_bounds_is_explained() -> None:
    with pytest.raises(ProblemError, match="LOWER and UPPER are single numbers, so x has one entry"):
        file("x[1]", box="LOWER, UPPER, MAX_EVALS = 0, 1, 10\n")
    assert file("math.sin(x[0])", box="LOWER, UPPER, MAX_EVALS = 0, np.array(1.0), 10\n").lower.tolist() == [
        0.0
    ]


OFF_CENTRE = (
    "math.log(1 - x[0] - x[1])",
    "math.log(-x[0])",
    "1 / (float(x[0]) - 1)",
    "np.log(-x[0])",
    "math.exp(800 * float(x[0]))",
    "(-float(x[0])) ** 0.5",  # a complex number where x[0] is positive
    "x[0] if x[0] < 0.5 else math.nan",
    "int(x[0] * math.inf) if x[0] > 0 else 2.0",
)


@pytest.mark.parametrize("objective", OFF_CENTRE)
def test_where_the_centre_has_no_value_another_start_is_tried(objective: str) -> None:
    box = "LOWER, UPPER, MAX_EVALS = [-2, -3], [4, 5], 100\n"
    own = file(objective, inequality=f"[x[0], {objective}, 3]", box=box)
    assert own.n_inequality == 3 and not own.plain
    assert own.warnings[0].startswith(
        "objective(x) has no value at the centre of the box, near which many programs start"
    )
    f, g, _ = own.evaluate(np.array([[1.0, 1.0], [-1.5, 1.0]]))
    assert np.isnan(f[0]) and np.isfinite(f[1]) and g[1].tolist() == [-1.5, f[1], 3.0]


def test_a_small_corner_with_values_is_found_in_many_dimensions() -> None:
    for sign in ("1 - sum(x)", "sum(x) - 29"):
        box = "LOWER, UPPER, MAX_EVALS = [0] * 30, [1] * 30, 100\n"
        assert file(f"math.log({sign})", inequality="x", box=box).n_inequality == 30


def test_each_function_may_have_its_values_elsewhere() -> None:
    own = file("math.log(-x[0])", "math.log(x[0]), math.log(x[1])")
    assert own.n_inequality == 2
    assert np.isnan(
        own.evaluate(np.array([[-1.0, 1.0], [1.0, 1.0]]))[0]
    ).all()  # a point is evaluated as a whole


def test_a_function_without_any_value_is_refused_with_what_happens_at_the_centre() -> None:
    with pytest.raises(
        ProblemError, match=r"p\.py:6: objective\(x\) fails at the centre .*ValueError: nothing at 0\.0"
    ):
        load_python(HEAD + BOX + "def objective(x): raise ValueError(f'nothing at {x[0]}')\n", "p.py")
    with pytest.raises(ProblemError, match="NaN at the centre of the box and at every other point"):
        file("math.nan")


def test_a_latex_objective_may_have_no_value_at_the_centre(tmp_path: Path) -> None:
    text = "Minimise $f(x) = x_2 - \\log(x_1)$ with $-3 \\le x_1 \\le 1$, $0 \\le x_2 \\le 1$ within 100 evaluations.\n"
    (tmp_path / "p.tex").write_text(text)
    assert load_problem(tmp_path / "p.tex").evaluate(np.array([[1.0, 0.5]])).f.tolist() == [0.5]


MEANT = {
    "def Objective(x): return x[0]\nLOWER, UPPER, MAX_EVALS = [0], [1], 9\n": r"did you mean `Objective`, line 1\?",
    "def cost(x): return x[0]\nLOWER, UPPER, MAX_EVALS = [0], [1], 9\n": r"`cost`, line 1\? call it objective",
    "def objective(x): return x[0]\nLOWER_BOUND, UPPER, MAX_EVALS = [0], [1], 9\n": r"`LOWER_BOUND`, line 2\? call it LOWER",
    "def objective(x): return x[0]\nLOWER, ub, MAX_EVALS = [0], [1], 9\n": r"`ub`, line 2\? call it UPPER",
    "def objective(x): return x[0]\nLOWER, UPPER, MAX_EVAL = [0], [1], 9\n": r"`MAX_EVAL`, line 2\?",
    "def objective(x): return x[0]\nLOWER, UPPER = [0], [1]\nbudget = 9\n": r"`budget`, line 3\? call it MAX_EVALS",
    "def objective(x): return x[0]\nbnds = [(0, 1)]\nMAX_EVALS = 9\n": r"`bnds`, line 2\? call it bounds",
    "def objective(x): return x[0]\nlower, UPPER, MAX_EVALS = [0], [1], 9\n": r"`lower`, line 2\?",
    "objective = None\nLOWER, UPPER, MAX_EVALS = [0], [1], 9\n": "objective is None",
}


@pytest.mark.parametrize("text", MEANT)
def test_a_name_that_is_nearly_right_is_suggested(text: str) -> None:
    with pytest.raises(ProblemError, match=MEANT[text]):
        load_python(text, "p.py")


def test_a_masked_entry_has_no_value() -> None:
    own = file(inequality="np.ma.array([1.0, 2.0], mask=[False, True])")
    assert own.evaluate(np.zeros((1, 2)))[1].tolist() == [[1.0, pytest.approx(np.nan, nan_ok=True)]]


@pytest.mark.parametrize(
    "budget", ["10**400", "1.5", "math.nan", "math.inf", "True", "0", "[9]", "'9'", "1j"]
)
def test_a_budget_that_is_none_is_named(budget: str) -> None:
    with pytest.raises(ProblemError, match=r"^p\.py:5: MAX_EVALS is .*not an integer of at least 1"):
        file(box=f"LOWER, UPPER, MAX_EVALS = [0, 0], [1, 1], {budget}\n")


def test_two_arguments_get_a_message_that_names_the_signature() -> None:
    with pytest.raises(
        ProblemError, match=r"p\.py:1: objective\(x\) fails.*takes|objective\(x\) fails.*missing 1 required"
    ):
        load_python("def objective(a, b): return a\nLOWER, UPPER, MAX_EVALS = [0, 0], [1, 1], 9\n", "p.py")
    assert math.isclose(file("(lambda a, b=2: a[0] * b)(x)").evaluate(np.ones((1, 2)))[0][0], 2)
