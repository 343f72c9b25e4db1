"""What the documentation tells people to type works: every Python block of the page on scipy and of README's first example; the notebook."""

import json
import re
import warnings
from pathlib import Path

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


def test_the_notebook_runs(monkeypatch):
    """Cell by cell in this process, which takes a third of the time of a Jupyter kernel."""
    matplotlib = pytest.importorskip("matplotlib")
    monkeypatch.setattr("matplotlib.pyplot.show", lambda: None)
    matplotlib.use("Agg")
    notebook = json.loads((ROOT / "examples" / "notebook.ipynb").read_text(encoding="utf-8"))
    names: dict = {"__name__": "__main__"}
    for number, cell in enumerate(notebook["cells"]):
        # Kept small and without a run's paths.
        assert not cell.get("outputs") and not cell.get("execution_count")
        if cell["cell_type"] == "code":
            text = "".join(line for line in cell["source"] if not line.startswith("%"))
            exec(compile(text, f"notebook, cell {number}", "exec"), names)
    assert names["ours"].success and names["more"].fun <= names["first"].fun
    assert len(names["axes"].lines) == 3
    names["pyplot"].close("all")
