"""What the documentation tells people to type works: every Python block of the page on scipy and of README's first example; the notebook."""

import re
import warnings
from pathlib import Path

import nbclient
import nbformat
import pytest

import llamoco

ROOT = Path(__file__).parents[2]


def blocks(name: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / name).read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("number", range(10))
def test_blocks_of_the_page_on_scipy(number):
    page = blocks("docs/from-scipy.md")
    assert len(page) == 10
    names: dict = {}
    with warnings.catch_warnings():
        warnings.simplefilter("error", llamoco.IgnoredArgument)
        exec(compile(page[number], f"docs/from-scipy.md, block {number}", "exec"), names)
    for name in {"result", "first", "more"} & names.keys():
        assert names[name].success or "llamoco" not in page[number]
    if "more" in names:
        assert names["more"].fun <= names["first"].fun and "came from the journal" in names["more"].message
    if "enough" in names:
        assert names["result"].status == 2


def test_pairs_of_blocks_find_the_same():
    page = blocks("docs/from-scipy.md")
    for theirs, ours in ((0, 1), (4, 5), (6, 7)):
        values = []
        for number in (theirs, ours):
            names: dict = {}
            exec(page[number], names)
            values.append(names["result"].fun)
        assert values[1] <= values[0] + 0.05


def test_readme_begins_with_python_that_runs(capsys):
    first = blocks("README.md")[0]
    assert "llamoco.minimize(" in first and len(first.strip().splitlines()) == 4
    names: dict = {}
    exec(first, names)
    result = names["result"]
    assert result.success and capsys.readouterr().out.strip()


def test_the_notebook_runs():
    notebook = nbformat.read(ROOT / "examples" / "notebook.ipynb", as_version=4)
    for cell in notebook.cells:
        assert not cell.get("outputs") and not cell.get(
            "execution_count"
        )  # kept small and without a run's paths
    nbclient.NotebookClient(notebook, timeout=90, resources={"metadata": {"path": str(ROOT)}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert not [output for output in outputs if output.output_type == "error"]
