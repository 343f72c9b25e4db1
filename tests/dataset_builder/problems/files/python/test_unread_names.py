"""Names that look like a part of the problem and are read by nothing that defines it: told, and nothing else is."""

from __future__ import annotations

import re

import pytest

from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.problems.files.python_file import load_python
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.suites.suite import load_suite
from llamoco.dataset_builder.problems.symbolic.synthesis import draw_problem
from llamoco.dataset_builder.prompts.rows import PATTERNS

HEAD = "import numpy as np\nLOWER, UPPER, MAX_EVALS = [-5.0] * 2, [5.0] * 2, 100\n"
OBJECTIVE = "def objective(x):\n    return x[0] + x[1]\n"


def warnings(text: str) -> list[str]:
    return load_python(text, "p.py").warnings


TOLD = {
    "constraints = [lambda x: x[0] - 1]": "looks like a constraint",
    "cons = ({'type': 'eq', 'fun': lambda x: x[0] - 1},)": "what scipy takes .* under the name constraints",
    "constraint = {'type': 'ineq', 'fun': lambda x: x[0]}": "an 'ineq' function must be >= 0",
    "cons = [lambda x: x[0] - 1]": "looks like a constraint",
    "from scipy.optimize import NonlinearConstraint\nstress_constraint = NonlinearConstraint(lambda x: x[0], 0, 1)": "under the name constraints",
    "from scipy.optimize import LinearConstraint\nlinear_constraint = LinearConstraint([[1, 1]], 0, 1)": "under the name constraints",
    "INEQUALITY = lambda x: x[0] - 1": "looks like a constraint",
    "def Inequality(x):\n    return x[0] - 1": "looks like a constraint",
    "def inequalities(x):\n    return x[0] - 1": "looks like a constraint",
    "def inequality_constraints(x):\n    return x[0] - 1": "looks like a constraint",
    "def equality_constraints(x):\n    return x[0] - 1": "looks like a constraint",
    "ineq = [lambda x: x[0]]": "looks like a constraint",
    "def eq(x):\n    return x[0]": "looks like a constraint",
    "def constraint1(x):\n    return x[0]": "looks like a constraint",
    "def con1(x):\n    return x[0]\ndef con2(x):\n    return x[1]": "looks like a constraint",
    "def g(x):\n    return x[0]": "looks like a constraint",
    "g1 = lambda x: x[0]": "looks like a constraint",
    "def h(x):\n    return x[0]": "looks like a constraint",
    "def inequalty(x):\n    return x[0]": "looks like inequality",
    "def equailty(x):\n    return x[0]": "looks like equality",
    "def is_feasible(x):\n    return x[0] > 0": "looks like a constraint",
    "A_ub, b_ub = [[1, 1]], [1]": "looks like a constraint",
    "def stress_constraint(x):\n    return x[0]": "looks like a constraint",
    "bounds = [(0, 1), (0, 1)]": "looks like bounds",
    "bnds = ((0, 1), (0, 1))": "looks like bounds",
    "BOUNDS = [(0, 1)] * 2": "looks like bounds",
    "lb, ub = [0, 0], [1, 1]": "looks like bounds",
    "lower_bounds = np.zeros(2)": "looks like bounds",
    "search_space = {'x': (0, 1)}": "looks like bounds",
    "x0 = [0.5, 0.5]": "call it X0, and it is evaluated first",
    "initial_guess = [1, 1]": "looks like a starting point",
    "maximize = True": "set MAXIMIZE = True",
    "integers = [0]": r"INTEGER = [...]",
    "integrality = [1, 0]": r"INTEGER = [...]",
    "steps = [0.5, 0]": r"STEP = [...]",
    "time_limit = 60": "call it TIME_LIMIT",
    "args = (1, 2)": "call it ARGS",
    # What is done with them beside the problem does not make them a part of it.
    "from scipy.optimize import minimize\nx0 = [0, 0]\nresult = minimize(objective, x0, bounds=zip(LOWER, UPPER))": "starting",
    "cons = [lambda x: x[0]]\nprint(cons)": "looks like a constraint",
    "cons = []\ncons.append(lambda x: x[0])": "looks like a constraint",
    "cons = [lambda x: x[0]]\nif __name__ == '__main__':\n    print(objective([0, 0]), cons)": "looks like a constraint",
    "def solve(cons=None):\n    return cons\ncons = [lambda x: x[0]]": "looks like a constraint",
    "cons = [lambda x: x[0]]\ndef main():\n    global cons\n    print(cons, LOWER)": "looks like a constraint",
}


@pytest.mark.parametrize("text", TOLD)
def test_what_is_not_read_is_told(text: str) -> None:
    told = warnings(HEAD + OBJECTIVE + text + "\n")
    assert told and re.search(TOLD[text].replace("[...]", r"\[\.\.\.\]"), " ".join(told)), told
    assert all("(line " in one for one in told)


HARMLESS = {
    "a helper in a constraint": "def g(x):\n    return x[0]\ndef inequality(x):\n    return g(x) - 1\n",
    "through two helpers": "def g1(x):\n    return x[0]\ndef con(x):\n    return g1(x)\ninequality = lambda x: con(x)\n",
    "a list of constraints": "constraints = [lambda x: x[0]]\ndef inequality(x):\n    return [c(x) for c in constraints]\n",
    "dicts of constraints": (
        "cons = [{'type': 'ineq', 'fun': lambda x: x[0]}]\ndef inequality(x):\n    return [-c['fun'](x) for c in cons]\n"
    ),
    "a list filled by appending": "cons = []\ncons.append(lambda x: x[0])\ndef inequality(x):\n    return [c(x) for c in cons]\n",
    "another name for it": "def ineq(x):\n    return x[0]\ninequality = ineq\n",
    "a class": "class Constraints:\n    def value(self, x):\n        return x[0]\nconstraints = Constraints()\ninequality = constraints.value\n",
    "gravity": "g = 9.81\nh = 6.6e-34\nc1, c2 = 1.5, 2.0\n",
    "an imported name": "from scipy.optimize import Bounds\n",
    "a method of that name": "class Model:\n    def constraints(self):\n        return []\n",
    "the starting point of a simulation": "x0 = [1.0, 0.0]\ndef inequality(x):\n    return x0[0] - x[0]\n",
    "names that nothing is known of": "data = [1, 2]\nresults = []\nn = 3\n",
    "a constraint by name": "cons = {'a': lambda x: x[0]}\ninequality = cons['a']\n",
    "what globals() may read": "cons = [lambda x: x[0]]\ndef inequality(x):\n    return globals()['cons'][0](x)\n",
    "no constraint": "cons = None\n",
    "names within functions": "def inequality(x):\n    g = x[0]\n    constraints = [g]\n    return constraints\n",
    "a comment": "# constraints = [lambda x: x[0] - 1]\n",
    "bounds for scipy": "bounds = list(zip(LOWER, UPPER))\n",
    "constraints for scipy": (
        "def inequality(x):\n    return x[0]\n"
        "constraints = [{'type': 'ineq', 'fun': lambda x: -inequality(x)}]\ndef is_feasible(x):\n    return inequality(x) <= 0\n"
    ),
    "numbers of constraints": "n_constraints = 2\nconstraint_name = 'stress'\neq = 3\n",
    "an unused helper": "def scale(x):\n    return x\n",
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_read_or_harmless_is_not_told(name: str) -> None:
    assert warnings(HEAD + OBJECTIVE + HARMLESS[name]) == []


READ_BY_BOUNDS = {
    "computed": "bounds = [(0, 1), (0, 2)]\nLOWER, UPPER = zip(*bounds)\nMAX_EVALS = 10\n",
    "comprehension": "bnds = [(0, 1)]\nLOWER = [b[0] for b in bnds]\nUPPER = [b[1] for b in bnds]\nMAX_EVALS = 10\n",
    "renamed": "lb, ub, budget = [0], [1], 10\nLOWER, UPPER, MAX_EVALS = lb, ub, budget\n",
    "loop": "bounds = [(0, 1)]\nLOWER, UPPER, MAX_EVALS = [], [], 10\nfor low, high in bounds:\n    LOWER.append(low)\n    UPPER.append(high)\n",
    "by place": "bounds = [(0, 1)]\nLOWER, UPPER, MAX_EVALS = [0], [0], 10\nfor i in range(1):\n    UPPER[i] = bounds[i][1]\n",
    "by a function": (
        "bounds = [(0, 1)]\nLOWER, UPPER, MAX_EVALS = [], [], 10\ndef add(pair):\n    LOWER.append(pair[0])\n    UPPER.append(pair[1])\n"
        "add(bounds[0])\n"
    ),
    "by a function that sets them": (
        "bounds = [(0, 1)]\ndef setup():\n    global LOWER, UPPER\n    LOWER, UPPER = zip(*bounds)\nsetup()\nMAX_EVALS = 10\n"
    ),
    "on a condition": "limits = [0, 1]\nif limits[0] == 0:\n    LOWER, UPPER = [0], [1]\nMAX_EVALS = 10\n",
    "augmented": "ub = [1]\nLOWER, UPPER, MAX_EVALS = [0], [], 10\nUPPER += ub\n",
}


@pytest.mark.parametrize("name", READ_BY_BOUNDS)
def test_bounds_that_the_bounds_are_made_of_are_not_told(name: str) -> None:
    assert warnings("def objective(x):\n    return x[0]\n" + READ_BY_BOUNDS[name]) == []


def test_the_line_and_every_name_are_given_in_order() -> None:
    told = warnings(HEAD + OBJECTIVE + "ub = [1, 1]\ncons = [1]\nx0 = [0]\n")
    assert [one.partition(")")[0] for one in told] == ["`ub` (line 5", "`cons` (line 6", "`x0` (line 7"]


def test_problems_as_they_are_written_in_the_set_and_in_books_give_no_warning() -> None:
    for number in range(4):
        problem = draw_problem(5, number, constrained=number % 2 == 1)
        for pattern in PATTERNS:
            if pattern.language == "python":
                text = pattern.write(problem, PortableRng("names", number, pattern.name))
                assert warnings(text) == [], pattern.name
    for problem in load_suite("outside"):
        assert problem.warnings == [], problem.id


def test_the_examples_give_no_warning(pytestconfig: pytest.Config) -> None:
    for path in sorted((pytestconfig.rootpath / "examples" / "problems").glob("*.py")):
        if not path.stem.endswith("_program"):
            assert load_problem(path).warnings == []
