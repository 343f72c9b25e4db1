"""Prompts: exact facts after the description, and a rule for what is too long."""

from pathlib import Path

import pytest

from llamoco.dataset_builder.problems.evaluators import ProblemEvaluator
from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.symbolic.synthesis import draw_problem
from llamoco.dataset_builder.prompts.facts import fact_lines, facts_only
from llamoco.dataset_builder.prompts.prompt import make_prompt, prompt, shorten_description

LONG = "\n".join(
    ["LOWER = [0, 0]", *(f"c{k} = {k}  # a line of some length" for k in range(200)), "MAX_EVALS = 7"]
)


def problem(text: str, language: str = "python") -> Problem:
    made = Problem("p", "source", (-5.0, -5.0, 0.25), (5.0, 5.0, 100.0), 1234, 2, 1, {language: text})
    return made.with_evaluator(ProblemEvaluator())  # these texts define nothing


def test_the_facts_are_stated() -> None:
    text = "def objective(x):\n    return x[0] ** 2 + x @ x\n"
    text += "def inequality(x):\n    return [x[0] - 1, sum(v * v * v for v in x)]\n"
    text += "def equality(x):\n    return math.cos(x[0] * x[1])\n"
    box = "import math\nLOWER, UPPER, MAX_EVALS = [-5, -5, 0.25], [5, 5, 100], 1234\n"
    stated = Problem("p", "source", (-5.0, -5.0, 0.25), (5.0, 5.0, 100.0), 1234, 2, 1, {"python": box + text})
    assert fact_lines(stated) == (
        "# dimension: 3\n"
        "# bounds: [-5, 5] x 2, [0.25, 100]\n"
        "# variables: continuous\n"
        "# starting point: none\n"
        "# evaluation budget: 1234\n"
        "# inequality constraints: 2\n"
        "# equality constraints: 1\n"
        "# evaluations per variable: 411\n"
        "# objective: degree 2, separable; square each\n"
        "# constraints: 1 of degree 1, 1 of degree 3, 1 of no polynomial, partly coupled; "
        "cos some, product each, square each\n"
        "# probes: none\n"
    )
    assert fact_lines(problem("")).endswith("# objective: unknown\n# constraints: unknown\n# probes: none\n")


def test_probes_are_stated_last() -> None:
    assert fact_lines(problem(""), probes="12 points, undefined none").endswith(
        "# constraints: unknown\n# probes: 12 points, undefined none\n"
    )
    text, _ = make_prompt(problem(LONG), 700, "words " * 30)
    assert len(text) <= 700 and facts_only(text) == fact_lines(problem(LONG), probes="words " * 30)


def test_many_different_bounds_do_not_fill_the_prompt() -> None:
    many = Problem(
        "p", "source", tuple(float(-k) for k in range(1, 51)), (1.0,) * 50, 10, 0, 0, {"python": ""}
    )
    assert (
        fact_lines(many.with_evaluator(ProblemEvaluator())).split("\n")[1]
        == "# bounds: [-1, 1], [-2, 1], [-3, 1], ..."
    )


def test_a_prompt_ends_with_one_newline() -> None:
    assert prompt(problem(""), "\na = 1\n\n\n") == "a = 1\n" + fact_lines(problem(""))
    assert prompt(problem(""), "\n") == fact_lines(problem(""))


def test_a_short_file_is_shown_whole() -> None:
    text, warning = make_prompt(problem("a = 1\nb = 2\n"), 4000)
    assert text.startswith("a = 1\nb = 2\n# dimension: 3\n") and text.endswith(
        "# constraints: unknown\n# probes: none\n"
    )
    assert warning is None


@pytest.mark.parametrize("limit", [400, 1000, 4000])
def test_a_long_file_keeps_head_and_tail(limit: int) -> None:
    text, warning = make_prompt(problem(LONG), limit)
    assert limit - 120 < len(text) <= limit
    assert text.startswith("LOWER = [0, 0]\n")
    assert text.endswith("\nMAX_EVALS = 7\n" + fact_lines(problem(LONG)))
    shown = [
        line for line in text.removesuffix(fact_lines(problem(LONG))).split("\n")[:-1] if line != "# ..."
    ]
    assert warning is not None
    assert f"does not see {202 - len(shown)} of its 202 lines" in warning
    assert "\n% ...\n" in make_prompt(problem(LONG, "latex"), limit)[0]


def test_long_lines_lose_their_end_first() -> None:
    text, warning = shorten_description("a = 1\ndata = [" + "0.123, " * 1000 + "]\nb = 2", 1000)
    assert text.startswith("a = 1\ndata = [0.123")
    assert text.endswith(" # ...\nb = 2")
    assert warning is not None and "lines longer than 300" in warning


def test_the_facts_alone_remain_in_the_end() -> None:
    text, warning = make_prompt(problem(LONG), 200)
    assert text == fact_lines(problem(LONG))
    assert warning is not None


def test_a_prompt_of_an_example() -> None:
    text, warning = make_prompt(load_problem("examples/problems/spring.tex"), 4000)
    assert "\n# dimension: 3\n# bounds: [0.05, 2], [0.25, 1.3], [2, 15]\n# variables: continuous\n" in text
    assert "# evaluation budget: 1500\n" in text
    assert text.startswith(Path("examples/problems/spring.tex").read_text(encoding="utf-8").strip("\n"))
    assert warning is None


def test_the_facts_alone_are_the_prompt_without_its_description() -> None:
    problem = draw_problem(0, 3, True)
    assert facts_only(prompt(problem, "def objective(x):\n    return 0.0")) == fact_lines(problem)


@pytest.mark.parametrize(
    ("declared", "fact"),
    [
        ("", "continuous"),
        ("INTEGER = True", "integer"),
        ("INTEGER = [0, 2]", "2 of 5 integer"),
        ("STEP = 0.5", "stepped"),
        ("STEP = [0.5, 0, 0, 0.1, 0]", "2 of 5 stepped"),
        ("INTEGER = [1]; STEP = [0, 0, 2, 0.25, 0]", "2 of 5 integer, 1 stepped"),
    ],
)
def test_kinds_of_variables_and_starting_points_are_facts(declared: str, fact: str, tmp_path: Path) -> None:
    path = tmp_path / "p.py"
    body = "LOWER, UPPER, MAX_EVALS = [0] * 5, [8] * 5, 99\n\ndef objective(x):\n    return sum(x)\n"
    for start, said in (("", "none"), ("\nX0 = [1, 2, 3, 4, 5]\n", "given")):
        path.write_text(f"{body}\n{declared}{start}", encoding="utf-8")
        loaded = load_problem(path)
        assert f"\n# variables: {fact}\n# starting point: {said}\n" in fact_lines(loaded)
        evaluated = loaded.with_budget(50, start_evaluated=True)
        assert f"\n# starting point: {said}\n" in fact_lines(evaluated)


def test_facts_may_be_stated_as_unknown() -> None:
    problem = draw_problem(0, 3, True)
    stated, unknown = (fact_lines(problem, known).splitlines() for known in (True, False))
    assert stated[:-3] == unknown[:-3]
    assert unknown[-3:] == ["# objective: unknown", "# constraints: unknown", "# probes: none"]
    free = fact_lines(draw_problem(0, 2, False), known=False)
    assert free.endswith("# objective: unknown\n# constraints: none\n# probes: none\n")
