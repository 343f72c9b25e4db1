"""Identifiers of a problem file: all of its own are renamed, and the problem stays the same."""

import ast
import builtins
import keyword
from pathlib import Path

import numpy as np
import pytest

from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.facts import fact_lines, facts_only
from llamoco.dataset_builder.prompts.program import CONTRACT
from llamoco.modeling.evaluation.renaming import rename_identifiers
from llamoco.modeling.evaluation.split_rows import evaluation_rows

OWN = '''\
import numpy as np
from math import sqrt as root

LOWER, UPPER, MAX_EVALS = [0.0] * 2, [1.0] * 2, 50  # é: columns are no bytes
X0, INTEGER, STEP = [0.5] * 2, [0], {1: 0.25}
scale, total = 2, 0


class Model:
    """scale"""

    weight: float = 3.0

    def __init__(self, shift=1):
        self.shift = shift

    def value(self, x, *, scale):
        return scale * np.sum(x, axis=0) + self.weight * root(self.shift)


model = Model(shift=4)


def count():
    global total
    total += 1
    return total


def objective(x):
    name = {"scale": scale}
    return model.value(x, scale=name["scale"]) + sum(v for v in x) + 0 * count()
'''


def names_of(text: str) -> set[str]:
    """Every identifier that a file binds or asks an object for."""
    names = set()
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                names.add(name)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.keyword(arg=str(name)):
                names.add(name)
            case ast.Global(names=listed):
                names |= set(listed)
    return names


def test_all_own_names_change_and_nothing_else() -> None:
    text = rename_identifiers(OWN, PortableRng("names"))
    mine = {"scale", "total", "Model", "weight", "self", "shift", "value", "x", "model", "count", "name", "v"}
    kept = {
        "np",
        "root",
        "objective",
        "LOWER",
        "UPPER",
        "MAX_EVALS",
        "X0",
        "INTEGER",
        "STEP",
        "sum",
        "axis",
        "float",
        "__init__",
    }
    assert names_of(OWN) == mine | kept
    assert not names_of(text) & mine and kept <= names_of(text) and len(names_of(text)) == len(mine | kept)
    assert '"""scale"""' in text and '{"scale": ' in text and "# é: columns are no bytes" in text
    assert not (names_of(text) - kept) & {*keyword.kwlist, *dir(builtins), *CONTRACT}
    spaces: list[dict[str, object]] = [{}, {}]
    for space, source in zip(spaces, (OWN, text), strict=True):
        exec(source, space)
    points = [np.array([0.25, 0.5]), np.array([1.0, -3.0])]
    values = [[space["objective"](x) for x in points] for space in spaces]  # type: ignore[operator]
    assert values[0] == values[1] == [2 * 0.75 + 6 + 0.75, 2 * -2 + 6 - 2]


def test_the_same_draws_give_the_same_names() -> None:
    assert (
        rename_identifiers(OWN, PortableRng("names"))
        == rename_identifiers(OWN, PortableRng("names"))
        != rename_identifiers(OWN, PortableRng("others"))
    )


PYTHON = [row for row in evaluation_rows("test", 140) if row["language"] == "python"]


def test_there_is_every_way_of_writing_among_the_rows() -> None:
    assert len({row["pattern"] for row in PYTHON}) == 17


@pytest.mark.parametrize("number", range(4))
def test_descriptions_of_the_set_keep_their_problem(number: int, tmp_path: Path) -> None:
    for row in PYTHON[number::4]:
        original = Problem.from_json(row["problem"])
        before = row["prompt"].removesuffix(facts_only(row["prompt"]))
        after = rename_identifiers(before, PortableRng("renaming", row["row"]))
        files = tmp_path / "before.py", tmp_path / "after.py"
        for file, text in zip(files, (before, after), strict=True):
            file.write_text(text, encoding="utf-8")
        one, other = map(load_problem, files)
        assert (
            fact_lines(one) == fact_lines(other)
            and one.lower == other.lower
            and one.max_evals == other.max_evals
        )
        points = PortableRng("points", row["row"]).points(4, original.lower_array, original.upper_array)
        for mine, theirs in zip(one.evaluate(points), other.evaluate(points), strict=True):
            np.testing.assert_array_equal(mine, theirs)
        assert after.count("\n") == before.count("\n") and after != before
