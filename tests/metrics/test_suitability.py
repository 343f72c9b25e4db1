"""r_acc: optimizers that serve constraints, that do not, and that only look as if they did."""

from __future__ import annotations

import textwrap
from dataclasses import replace

import pytest

from llamoco.dataset_builder.optimizers.pool import POOL, render
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.program import assemble_program
from llamoco.metrics.suitability import serves

SECTION = """\
LOWER, UPPER, MAX_EVALS = [0.0, 0.0], [1.0, 1.0], 100
def objective(x):
    return x[0] + x[1]
def inequality(x):
    return x[0] - x[1]
"""
PLAIN = Problem(
    id="plain",
    kind="source",
    lower=(0.0, 0.0),
    upper=(1.0, 1.0),
    max_evals=100,
    n_inequality=0,
    n_equality=0,
    definition={"python": SECTION.partition("def inequality")[0]},
)
BOTH = replace(PLAIN, id="both", n_inequality=2, n_equality=1)
INEQUALITY = replace(PLAIN, id="inequality", n_inequality=2)
HEAD = "def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None):\n"


def optimizer(body: str) -> str:
    return HEAD + textwrap.indent(textwrap.dedent(body), "    ")


@pytest.mark.parametrize("name", POOL)
def test_what_is_read_from_other_code_is_what_the_pool_says_of_its_own(name: str) -> None:
    known = render(name)
    for first in ("", "# composition of 2: trid, sphere; optimizer: " + name + "\n"):
        assert serves(first + known, BOTH) == POOL[name].handles(True)
        assert serves(first + known, PLAIN) == POOL[name].handles(False)
    edited = known + "\n# not the pool's bytes\n"
    script = assemble_program(SECTION, known)  # its problem section and guard name the constraints, too
    for text in (edited, script):
        assert serves(text, BOTH) == serves(text, INEQUALITY) == POOL[name].handles(True)
        assert serves(text, PLAIN)


@pytest.mark.parametrize(
    "body",
    [
        "return lower if (inequality(lower) <= 0).all() else upper",
        "cons = []\nif inequality is not None:\n    cons.append({'fun': lambda x: -inequality(x)})\nreturn run(cons)",
        "g = inequality\nh = g\nreturn search(lambda x: h(x))",
        "return search(objective, constraints=[inequality, equality])",
        "functions = (objective, inequality)\nreturn best(sum(f(lower) for f in functions))",
        "for fun, sign in ((inequality, 1), (equality, 2)):\n    if fun is not None:\n        fun(lower)\nreturn lower",
        "def violation(x, g=inequality):\n    return g(x)\nreturn search(violation)",
        "inequality = inequality or (lambda x: [])\nreturn search(lambda x: max(inequality(x)))",
        "if (g := inequality) is not None:\n    g(lower)\nreturn lower",
        "state = State()\nstate.g = inequality\nreturn state.run()",
        "table = {}\ntable['g'] = inequality\nreturn search(lambda x: table['g'](x))",
        "def penalty(g, fun):\n    return fun(g) + sum(inequality(g))\ng = inequality\nreturn search(penalty)",
        "try:\n    return search(inequality)\nexcept ValueError:\n    return lower",
    ],
)
def test_constraints_that_are_called_or_handed_on(body: str) -> None:
    assert serves(optimizer(body), INEQUALITY)


@pytest.mark.parametrize(
    "body",
    [
        "return lower",
        "# inequality(lower), inequality, inequality\nreturn lower",
        "'''inequality(lower) inequality'''\nreturn lower",
        "del inequality\nreturn lower",
        "del inequality\nreturn search(inequality)",
        "inequality\nreturn lower",
        "_ = inequality\nreturn lower",
        "if inequality is not None and inequality:\n    pass\nreturn lower",
        "assert inequality is None, f'{inequality}'\nreturn lower",
        "print(inequality, callable(inequality), not inequality)\nreturn lower",
        "constrained = inequality is not None\nreturn search(objective, constrained)",
        "inequality = None\nreturn search(inequality)",
        "inequality = lambda x: [0.0]\nreturn search(inequality)",
        "return lower\ninequality(lower)",
        "def unrelated(inequality):\n    return inequality(0)\nreturn lower",
        "return search(lambda inequality: inequality(0))",
        "return search(objective, x=self.inequality(lower))",
        "return search(inequality=1)",
        "return search(inequality)\n    oops(",
    ],
)
def test_constraints_that_are_only_mentioned(body: str) -> None:
    assert not serves(optimizer(body), INEQUALITY)


def test_every_kind_of_constraint_has_to_be_used() -> None:
    text = optimizer("return search(inequality)")
    assert serves(text, INEQUALITY) and serves(text, PLAIN) and not serves(text, BOTH)
    assert serves(optimizer("return search(inequality, equality)"), BOTH)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def optimize(objective, lower, upper, *rest, **more):\n    return search(**more)\n", True),
        ("def optimize(objective, **more):\n    return search(more['inequality'])\n", True),
        ("def optimize(objective, **more):\n    g = more.get('inequality')\n    return g(0)\n", True),
        ("def optimize(objective, **more):\n    return search(more.get('tolerance'))\n", False),
        ("def optimize(objective, **more):\n    return objective(more['lower'])\n", False),
        ("def optimize(objective, *rest):\n    return search(*rest)\n", False),  # it comes by name
        ("optimize = lambda objective, inequality, **more: search(inequality)\n", True),
        ("def solve(objective, inequality, **more):\n    return inequality(0)\noptimize = solve\n", True),
        ("def solve(objective, inequality, **more):\n    return inequality(0)\n", False),
        ("optimize = solve\nsolve = optimize\n", False),
        ("if True:\n    def optimize(objective, inequality, **more):\n        return inequality(0)\n", True),
        ("def f():\n    def optimize(objective, inequality):\n        return inequality(0)\n", False),
        (HEAD + "    return inequality(0)\n" + HEAD + "    return lower\n", False),  # the last one counts
        (
            "def inequality(x):\n    return x\n" + HEAD + "    return lower\ninequality(inequality(0))\n",
            False,
        ),
        ("", False),
        ("optimize(inequality(inequality", False),
        ("\0", False),
        (HEAD + "    return \ud800\n", False),
    ],
)
def test_how_optimize_may_be_defined(text: str, expected: bool) -> None:
    assert serves(text, INEQUALITY) == expected


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "    return " + "-" * 100_000 + "1\n",
        HEAD + "    return lower" + ".T" * 100_000 + "\n",
        HEAD + "    x = 1" + "+1" * 800 + "\n    return inequality is None\n",
        HEAD + "".join(f"    a{i} = a{i + 1}\n" for i in range(2000)) + "    a2000 = inequality\n",
    ],
)
def test_no_text_takes_long_or_breaks_the_reader(text: str) -> None:
    assert not serves(text, INEQUALITY)
