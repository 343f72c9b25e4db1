"""Programs: a person's problem unchanged, a completion byte for byte, a guard that counts; they run alone."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from llamoco.dataset_builder.optimizers.pool import POOL, Optimizer, identify, render
from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.problems.functions.catalogue import FUNCTIONS
from llamoco.dataset_builder.problems.symbolic.synthesis import draw_problem
from llamoco.dataset_builder.prompts.completion import parse_completion
from llamoco.dataset_builder.prompts.program import assemble_program, problem_section_of
from llamoco.dataset_builder.prompts.rows import labelled_completion, labelled_decision

EXAMPLES = Path("examples/problems")
PROBLEM = """\
import numpy as np

LOWER, UPPER, MAX_EVALS = [-2.0] * 3, [4.0] * 3, 90


def objective(x):
    return float(np.sum((x - 1) ** 2))


def inequality(x):
    return [x[0] - 2, -x[1]]
"""
RANDOM_SEARCH = '''\
import numpy as np

N = 30


def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None):
    """Random search."""
    rng = np.random.default_rng(seed)
    best, value = (lower + upper) / 2, np.inf
    for _ in range(max_evals // N):
        X = rng.uniform(lower, upper, (N, len(lower)))
        f = objective(X)
        if inequality is not None:
            f = np.where((inequality(X) <= 0).all(axis=1), f, np.inf)
        if f.min() < value:
            best, value = X[np.argmin(f)], f.min()
    return best
'''


def run(text: str, folder: Path, *arguments: str) -> dict[str, str]:
    path = folder / "program.py"
    path.write_text(text)
    done = subprocess.run(
        [sys.executable, str(path), *arguments], capture_output=True, text=True, cwd=folder, timeout=60
    )
    assert done.returncode == 0, done.stderr + text
    return dict(line.split(" = ", 1) for line in done.stdout.splitlines() if " = " in line) | {
        "out": done.stdout
    }


def run_here(
    text: str,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    *arguments: str,
) -> dict[str, str]:
    """As ``run``, as a script of this process: no second for imports."""
    path = folder / "program.py"
    path.write_text(text)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", [str(path), *arguments])
    runpy.run_path(str(path), run_name="__main__")
    return dict(line.split(" = ", 1) for line in capsys.readouterr().out.splitlines() if " = " in line)


def test_it_runs_alone_and_says_what_it_found(tmp_path: Path) -> None:
    text = assemble_program(PROBLEM, RANDOM_SEARCH)
    assert text.startswith(PROBLEM + "\n\n" + RANDOM_SEARCH + "\n\ndef llamoco_main():")
    result = run(text, tmp_path)
    assert result["evaluations"] == "90 of 90"
    assert result["feasible"] == "yes"
    assert result["largest constraint violation"] == "0"
    x = np.array(eval(result["x"]))
    assert float(result["f"]) == pytest.approx(np.sum((x - 1) ** 2))
    assert run(text, tmp_path, "0") == result
    assert run(text, tmp_path, "1")["x"] != result["x"]


@pytest.mark.parametrize(
    "name", ["spring.tex", "pressure_vessel.py", "welded_beam.py", "economic_dispatch.tex"]
)
def test_examples_with_an_optimizer_of_the_pool(tmp_path: Path, name: str) -> None:
    problem = load_problem(EXAMPLES / name)
    result = run(assemble_program(problem_section_of(problem), render("slsqp")), tmp_path)
    best = {
        "spring.tex": 0.012665,
        "pressure_vessel.py": 5885.33,
        "welded_beam.py": 1.724852,
        "economic_dispatch.tex": 8241.6,
    }
    assert float(result["f"]) == pytest.approx(best[name], rel=1e-3)
    assert result["feasible"] == "yes"
    assert int(result["evaluations"].split()[0]) <= problem.max_evals


@pytest.mark.parametrize("optimizer", POOL.values(), ids=POOL)
def test_every_optimizer_of_the_pool_runs_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, optimizer: Optimizer
) -> None:
    free = PROBLEM.partition("def inequality")[0]
    text = assemble_program(PROBLEM if optimizer.handles(True) else free, render(optimizer.name))
    result = run_here(text, tmp_path, capsys, monkeypatch, "3")
    assert result["feasible"] == "yes"
    assert 1 <= int(result["evaluations"].removesuffix(" of 90")) <= 90
    x = np.array(eval(result["x"]))
    assert np.all((x >= -2) & (x <= 4))
    assert (
        float(result["f"]) == pytest.approx(np.sum((x - 1) ** 2)) and float(result["f"]) < 9
    )  # 9: random points, on average


def body(lines: str) -> str:
    return (
        "import numpy as np\n\n\n"
        "def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None):\n"
        + "".join(f"    {line}\n" for line in lines.split("\n"))
    )


def test_the_contract_of_the_functions(tmp_path: Path) -> None:
    lines = """\
X = np.array([[1.0, 0.0, 0.0], [3.0, 1.0, 1.0]])
assert objective(X).tolist() == [2.0, 4.0]
assert inequality(X).tolist() == [[-1.0, -0.0], [1.0, -1.0]]
assert equality is None
assert objective(X[0]) == 2.0 and np.ndim(objective(X[0])) == 0
assert inequality(X[0]).shape == (2,)
assert inequality(X[1]).tolist() == [1.0, -1.0]
return X[0]"""
    assert run(assemble_program(PROBLEM, body(lines)), tmp_path)["evaluations"] == "4 of 90"


def test_asking_beyond_the_budget_ends_at_the_best_point(tmp_path: Path) -> None:
    lines = """\
objective(np.full((1, 3), 1.5))
inequality(np.array([3.0, 1.0, 1.0]))
while True:
    objective(np.random.default_rng(0).uniform(2.5, 4, (50, 3)))
    objective(lower)"""
    result = run(assemble_program(PROBLEM, body(lines)), tmp_path)
    assert "stopped, all 90 evaluations are used" in result["out"]
    assert eval(result["x"]) == [1.5] * 3
    assert result["evaluations"] == "53 of 90"


def test_points_without_a_value_are_worst(tmp_path: Path) -> None:
    text = "import math\n" + PROBLEM.replace("float(np.sum((x - 1) ** 2))", "math.sqrt(x[0])")
    lines = "f = objective(np.array([[-1.0, 0, 0], [1.0, 0, 0]]))\nassert np.isnan(f[0]) and f[1] == 1"
    lines += "\nreturn lower"
    result = run(assemble_program(text, body(lines)), tmp_path)
    assert (result["f"], result["feasible"]) == ("nan", "no")


# A problem and a completion in one module must not disturb each other, whatever names they use.
CLASHES = {
    "constant of the completion": PROBLEM.replace("x - 1", "x - N") + "\nN = 1\n",
    "built-in that the problem replaces": PROBLEM + "\nrange = 3\n",
    "built-in that everything of a module replaces": "from math import *\nfrom numpy import *\n" + PROBLEM,
    "another np": PROBLEM.replace("np", "npp") + "\nnp = 'no package'\n",
    "another np, the usual one in a text": (
        '"""\nimport numpy as np\n"""\n' + PROBLEM.replace("np", "npp") + "\nnp = 'no package'\n"
    ),
    "another np, imported beside others": PROBLEM.replace("np", "npp") + "\nimport os; import math as np\n",
    "own main guard": PROBLEM + "\nif __name__ == '__main__':\n    raise ValueError\n",
    "name of the solver": PROBLEM + "\ndef optimize():\n    return 1\n",
    "name by global": PROBLEM + "\ndef f():\n    global N\n    N = 'text'\n\nf()\n",
    "quotes": PROBLEM + "\nN = '''a\n''' + r'\\\\'\n",
    "both kinds of quotes": PROBLEM + "\nN = '''a''' + \"\"\"b\n\\n\"\"\"\n",
    "no newline at the end": PROBLEM + "\nN = 'a'",
}


@pytest.mark.parametrize("name", CLASHES)
def test_names_do_not_clash(tmp_path: Path, name: str) -> None:
    problem = CLASHES[name]
    text = assemble_program(problem, RANDOM_SEARCH)
    assert RANDOM_SEARCH in text
    assert "runs as a module of its own" in text
    if "both" not in name:
        assert problem in text
    assert run(text, tmp_path)["x"] == run(assemble_program(PROBLEM, RANDOM_SEARCH), tmp_path)["x"]


@pytest.mark.parametrize(
    "addition",
    [
        "def f(N):\n    best = N\n    return best\n",
        "def main():\n    rng = 3\n    return rng\n",
        "sys = 3\nimport math\n",
    ],
)
def test_what_does_not_clash_is_left_in_plain_sight(addition: str) -> None:
    assert assemble_program(PROBLEM + addition, RANDOM_SEARCH).startswith(
        PROBLEM + addition + "\n\n" + RANDOM_SEARCH
    )


def test_examples_stand_in_plain_sight() -> None:
    paths = [
        path for path in EXAMPLES.glob("*.py") if not path.stem.endswith("_program")
    ]  # what `solve` wrote
    assert paths
    for path in paths:
        text = path.read_text()
        assert assemble_program(text, render("de")).startswith(text)


def test_a_completion_that_is_no_python_is_kept() -> None:
    assert assemble_program(PROBLEM, "def optimize(:\n").startswith(PROBLEM + "\n\ndef optimize(:\n")


def test_completions_are_the_pool_byte_for_byte() -> None:
    problem = draw_problem(0, 3, constrained=True)
    text = labelled_completion(problem, "de", {"POP_SIZE": 50})
    decision, code, optimizer = parse_completion(text)
    assert (decision, optimizer) == (labelled_decision(problem, "de"), "de")
    assert identify(code) == ("de", POOL["de"].defaults | {"POP_SIZE": 50})
    assert parse_completion(code) == ("", code, None)


def test_the_decision_line_states_what_is_to_be_seen() -> None:
    line = re.compile(r"# (smooth|rough); (unimodal|multimodal); (separable|coupled); optimizer: slsqp")
    seen = set()
    for number in range(40):
        problem = draw_problem(1, number, constrained=number % 2 == 0)
        match = line.fullmatch(labelled_decision(problem, "slsqp"))
        assert match is not None
        components = problem.definition["components"]
        names = [component["function"] for component in components]
        added = problem.definition.get("terms") or problem.definition.get("variables", {}).keys() - {"start"}
        if components and not added:
            if match[1] == "smooth":
                assert all(FUNCTIONS[name].smooth for name in names)
            if match[2] == "multimodal":
                assert not all(FUNCTIONS[name].unimodal for name in names)
        if match[3] == "separable" and components:
            assert all(FUNCTIONS[name].separable for name in names)
            assert not any(c.get("reflection") or c.get("rotation") for c in components)
        seen |= set(match.groups())
    assert len(seen) == 6, "each word occurs"
