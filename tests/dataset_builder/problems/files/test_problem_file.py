"""Problem FILEs from disk: the examples against published optima, and files that are none."""

from pathlib import Path

import numpy as np
import pytest

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.problems.problem import Problem

EXAMPLES = Path(__file__).parents[4] / "examples" / "problems"
PY = "LOWER, UPPER, MAX_EVALS = [0, 0], [1, 1], 50\n\n\ndef objective(x):\n    return x[0] + x[1]\n"

# Best known points (rounded) and values, from the sources that the files name; tolerance of the constraints.
PUBLISHED = {
    "pressure_vessel.py": ([0.778169, 0.384649, 40.319619, 200], 5885.3328, 1e-6),
    "welded_beam.py": ([0.205730, 3.470489, 9.036624, 0.205730], 1.724852, 1e-5),
    "heat_exchangers.py": (
        [579.3067, 1359.9707, 5109.9707, 182.0177, 295.6012, 217.9823, 286.4165, 395.6012],
        7049.248,
        1e-5,
    ),
    "enzyme_kinetics.py": (
        [0.19280693458, 0.19128232873, 0.12305650693, 0.13606233068],
        3.0750560385e-04,
        0,
    ),
    "spring.tex": ([0.051689, 0.356718, 11.288966], 0.0126652, 1e-5),
    "economic_dispatch.tex": ([300.266, 400, 149.734], 8234.07, 1e-4),
}


def test_every_example_has_a_published_optimum_here() -> None:
    assert {path.name for path in EXAMPLES.iterdir()} == set(PUBLISHED)


@pytest.mark.parametrize("name", PUBLISHED)
def test_examples_agree_with_published_optima(name: str) -> None:
    x, f, tolerance = PUBLISHED[name]
    problem = load_problem(EXAMPLES / name)
    values = problem.evaluate(np.array([x], dtype=float))
    assert values.f[0] == pytest.approx(f, rel=1e-5)
    assert (values.g <= tolerance).all()
    assert (np.abs(values.h) <= tolerance).all()
    assert problem.inside(np.array([x])).all()
    assert 500 <= problem.max_evals <= 3000
    assert (problem.kind, problem.f0, problem.f_star, problem.id) == (
        "source",
        None,
        None,
        name.split(".")[0],
    )


@pytest.mark.parametrize("name", PUBLISHED)
def test_examples_survive_json(name: str) -> None:
    problem = load_problem(EXAMPLES / name)
    read = Problem.from_json(problem.to_json())
    assert read == problem
    points = np.random.default_rng(0).uniform(problem.lower, problem.upper, (10, problem.dim))
    for first, second in zip(problem.evaluate(points), read.evaluate(points), strict=True):
        np.testing.assert_array_equal(first, second)


def test_the_text_is_kept_unchanged(tmp_path: Path) -> None:
    (tmp_path / "p.py").write_bytes(b"\xef\xbb\xbf" + PY.replace("\n", "\r\n").encode())
    assert load_problem(str(tmp_path / "p.py")).definition == {"python": PY}


def test_a_byte_order_mark_is_as_if_it_were_not_there(tmp_path: Path) -> None:
    for source in sorted(EXAMPLES.iterdir()):
        if source.suffix in (".py", ".tex"):
            for marks in (1, 2):
                (tmp_path / source.name).write_bytes(b"\xef\xbb\xbf" * marks + source.read_bytes())
                assert load_problem(tmp_path / source.name) == load_problem(source)


def test_neighbour_modules_stay_reachable(tmp_path: Path) -> None:
    (tmp_path / "neighbour_of_p.py").write_text("def value(x):\n    return 2.0\n")
    (tmp_path / "p.py").write_text(
        PY.replace("return x[0] + x[1]", "import neighbour_of_p as n; return n.value(x)")
    )
    assert load_problem(tmp_path / "p.py").evaluate(np.zeros((1, 2))).f[0] == 2.0


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.py", None, r"missing\.py: there is no such file"),
        ("folder", "", r"folder is a folder; name a problem file"),
        ("p.txt", b"x", r"p\.txt: a problem file ends in \.py or \.tex, not in '\.txt'"),
        ("p.py", b"", r"p\.py: the file is empty"),
        ("p.tex", b" \n", r"p\.tex: the file is empty"),
        ("p.py", b"# 1\n# \xe9\n", r"p\.py:2: not UTF-8 text \(byte 0xe9\); save the file as UTF-8"),
        ("p.py", b"def (", r"p\.py:1: not valid Python"),
        ("p.tex", b"no formula here", r"p\.tex"),
    ],
)
def test_files_that_are_no_problems(
    tmp_path: Path, name: str, content: bytes | str | None, message: str
) -> None:
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        path.mkdir()
    with pytest.raises(ProblemError, match=message):
        load_problem(path)
