"""Jobs of the page: what comes of them, and what they refuse. Done here; ``test_space_worker`` has processes of their own."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics.run_records import row as run_record
from llamoco.metrics.sandbox import Sandbox
from llamoco.metrics.scores import Attempt, Run
from llamoco.modeling.demo.job import JobContext, handle, language_of
from llamoco.modeling.demo.request import MAX_EVALS, MAX_PROBLEM, Job

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "metrics" / "llamoco" / "examples"
SPHERE = "Minimise $f(x) = x_1^2 + x_2^2$ with $-1 \\le x_1, x_2 \\le 2$ within 60 evaluations.\n"
RANDOM = """\
import numpy as np


def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None):
    x = np.random.default_rng(seed).uniform(lower, upper, (max_evals, len(lower)))
    return x[np.argmin(objective(x))]
"""


@pytest.fixture(scope="module")
def context() -> Iterator[JobContext]:
    with ExitStack() as stack:
        opened = JobContext(stack)
        if opened.tier == "C":
            pytest.skip("no sandbox on this machine")
        yield opened


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def said(context: JobContext, **job: Any) -> dict[str, list[Any]]:
    """Everything said, by its kind."""
    kinds: dict[str, list[Any]] = {}

    def say(line: dict[str, Any]) -> None:
        for kind, content in json.loads(json.dumps(line)).items():
            kinds.setdefault(kind, []).append(content)

    handle(Job(**job), context, say)
    return kinds


def refused(context: JobContext, problem: str) -> str:
    """Why a problem is not taken."""
    with pytest.raises(ProblemError) as error:
        said(context, problem=problem)
    return str(error.value)


def test_a_problem_of_the_set_is_scored_as_the_metric_scores_it(context: JobContext) -> None:
    text = (EXAMPLES / "composition.json").read_text()
    program = RANDOM.replace(
        "objective(x)", "np.where((inequality(x) <= 0).all(axis=1), objective(x), np.inf)"
    )
    told = said(context, problem=text, writer="own", program=program, runs=2, seed=5)
    problem = Problem.from_json(text)
    with Sandbox() as sandbox:
        for number, shown in enumerate(told["run"]):
            run = Run(problem, Attempt(program, sandbox.run(program, problem, 5 + number), None))
            true = json.loads(json.dumps(run_record(0, number, run)))
            same = ("verdict", "f", "x", "evals", "w", "aocc", "trace", "feasible", "seed", "source_hash")
            assert {name: shown[name] for name in same} == {name: true[name] for name in same}
    assert len(told["run"]) == 2 and told["run"][0]["w"] is not None
    facts = told["problem"][0]
    assert (facts["dim"], facts["max_evals"], facts["n_inequality"]) == (6, 531, 1)
    assert facts["f0"] == problem.f0 and facts["language"] == "json"
    assert told["answer"][0]["program"].endswith("llamoco_main()\n")


def test_a_whole_script_that_states_another_problem_is_not_faithful(context: JobContext) -> None:
    other = "def objective(x):\n    return 0.0\n\n\nLOWER, UPPER, MAX_EVALS = [-1, -1], [2, 2], 60\n" + RANDOM
    told = said(context, problem=SPHERE, writer="own", program=other)
    assert told["run"][0]["faithful"] is False
    assert told["answer"][0]["program"] == other


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.iterdir()))
def test_the_single_best_solver_solves_every_example(name: str, context: JobContext) -> None:
    told = said(context, problem=(EXAMPLES / name).read_text(), writer="single best solver")
    assert told["run"][0]["verdict"] == "ok", told
    assert 0 < told["run"][0]["evals"] <= told["problem"][0]["max_evals"]


BAD = {
    "LaTeX that cannot be read": (SPHERE.replace("x_1^2", "\\foo{x_1}"), "problem.tex, line 1"),
    "Python with an error": ("def objective(x):\n    return x[0\n", "problem.py:2"),
    "Python that reads files": ("import os\nprint(os.listdir('/'))\nMAX_EVALS = 5\n", "not allowed here"),
    "JSON that is cut": ('{"format": 1,', "not a problem"),
    "JSON of something else": ('{"format": 1, "id": "x"}', "missing fields"),
    "a budget too large": (SPHERE.replace("60", "1000000"), f"{MAX_EVALS:,}"),
    "the centre of the box has no value": (SPHERE.replace("x_1^2", "\\log(x_1 - 9)"), "NaN"),
    "a Python problem as JSON": (
        Problem("p", "source", (0.0,), (1.0,), 9, 0, 0, {"python": "import os; os.abort()"}).to_json(),
        "paste its text",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_problem_gets_one_clear_message(name: str, context: JobContext) -> None:
    text, expected = BAD[name]
    assert expected in refused(context, text)


def _tampered_json(**fields: Any) -> str:
    return json.dumps(json.loads((EXAMPLES / "composition.json").read_text()) | fields)


def test_json_of_the_set_that_was_tampered_with_is_refused(context: JobContext) -> None:
    cases: tuple[dict[str, Any], ...] = (
        {"lower": [1e9] * 6},
        {"lower": []},
        {"n_inequality": 7},
        {"max_evals": -1},
        {"definition": {}},
        {"definition": {"form": "single", "components": [{"function": "__import__('os')"}]}},
        {"definition": 5},
    )
    for fields in cases:
        assert "JSON" in refused(context, _tampered_json(**fields)) or "definition" in refused(
            context, _tampered_json(**fields)
        )


def test_requests_beyond_the_limits_are_not_even_started() -> None:
    for job, expected in (
        (Job(" "), "no problem yet"),
        (Job("x" * (MAX_PROBLEM + 1)), f"{MAX_PROBLEM:,}"),
        (Job(SPHERE, "own"), "no program yet"),
        (Job(SPHERE, "own", "#" * 50_000), "40,000"),
        (Job(SPHERE, runs=6), "1 to 5"),
        (Job(SPHERE, seed=-1), "seed"),
    ):
        with pytest.raises(ValueError, match=expected):
            job.check()


def test_the_model_answers_too(context: JobContext) -> None:
    told = said(context, problem=(EXAMPLES / "spring.tex").read_text())
    answer = told["answer"][0]
    assert 0 <= answer["confidence"] <= 1 and answer["optimizer"] in answer["decision"]
    assert answer["completion"] in answer["program"] and len(told["run"]) == 1


def test_where_nothing_confines_code_only_known_programs_on_data_run(
    context: JobContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context, "tier", "C")
    monkeypatch.setattr(context, "_for_problem", None)
    assert said(context, problem=SPHERE, writer="single best solver")["run"][0]["verdict"] == "ok"
    assert "tier C" in refused(context, (EXAMPLES / "enzyme_kinetics.py.txt").read_text())
    with pytest.raises(ProblemError, match="tier C"):
        said(context, problem=SPHERE, writer="own", program=RANDOM)


def test_languages_are_told_apart() -> None:
    for path in (ROOT / "examples" / "problems").iterdir():
        if path.suffix in (".py", ".tex") and not path.stem.endswith("_program"):
            assert language_of(path.read_text()) == {".py": "python", ".tex": "latex"}[path.suffix], path
    assert language_of((EXAMPLES / "composition.json").read_text()) == "json"
    assert language_of(SPHERE) == "latex"
    assert language_of("def f(x:\n") == "python"
