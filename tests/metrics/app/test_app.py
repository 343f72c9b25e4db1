"""The Space of the metric: its folder is what the Hub expects, and the page works in a browser."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import evaluate
import pytest
from huggingface_hub import SpaceCard

from llamoco.hub_cards.screenshot import OVER, browser, find_chromium, running_app, solve_on_page

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).parents[3]
SPACE = ROOT / "metrics" / "llamoco"
SPHERE = "Minimise $f(x) = (x_1 - 1)^2 + x_2^2$ with $-3 \\le x_1, x_2 \\le 3$ within 200 evaluations."
START = "def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None):\n"


def test_the_front_matter_is_that_of_a_space() -> None:
    card = SpaceCard.load(SPACE / "README.md")
    assert card.data.sdk == "gradio" and card.data.pinned is False
    assert (SPACE / str(card.data.app_file)).is_file()
    assert {"evaluate", "metric"} <= set(card.data.tags or [])
    assert card.data.license == "apache-2.0" and card.data.title and card.data.emoji
    pins = (ROOT / "constraints.txt").read_text() + (SPACE / "requirements.txt").read_text()
    assert (
        set(re.findall(r"^gradio==(.*)$", pins, re.MULTILINE))
        == {card.data.sdk_version}
        == {version("gradio")}
    )


def test_the_examples_are_those_of_the_repository() -> None:
    """Copies: the folder is all that a Space has. Python ends in .txt there, since it is text and none of our code."""
    copies = [path for path in (SPACE / "examples").iterdir() if path.suffix != ".json"]
    assert len(copies) == 3
    for path in copies:
        name = path.name.removesuffix(".txt")
        assert path.read_text() == (ROOT / "examples" / "problems" / name).read_text(), name


def test_the_folder_alone_still_loads_as_a_metric(tmp_path: Path) -> None:
    folder = shutil.copytree(SPACE, tmp_path / "llamoco", ignore=shutil.ignore_patterns("__pycache__"))
    assert evaluate.load(str(folder)).name == "llamoco"


def test_the_folder_alone_imports_the_package_not_its_own_module(tmp_path: Path) -> None:
    """The folder holds a llamoco.py, and a Space starts the app in it."""
    folder = shutil.copytree(SPACE, tmp_path / "llamoco", ignore=shutil.ignore_patterns("__pycache__"))
    done = subprocess.run(
        [sys.executable, "app.py", "--help"], cwd=folder, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0 and "--port" in done.stdout, done.stderr


@pytest.fixture(scope="module")
def page() -> Iterator["Page"]:
    pytest.importorskip("playwright", reason="the browser test needs playwright (pip install '.[dev]')")
    chromium = find_chromium()
    if chromium is None:
        pytest.skip("the browser test needs a Chromium: apt install chromium")
    secrets = {"HF_TOKEN": "hf_secret"}
    with running_app(SPACE / "app.py", secrets) as address, browser(chromium) as opened:
        page = opened.new_page(viewport={"width": 1280, "height": 900})
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        page.wait_for_selector("#start")
        yield page
        abroad = [url for url in asked if not url.startswith((address, "data:", "blob:"))]
        assert not abroad, f"the page has to work without the network, and asked {abroad}"


def fill(page: "Page", place: str, text: str) -> None:
    page.locator(f"#{place} .cm-content").fill(text)


def choose(page: "Page", writer: str) -> None:
    page.get_by_label(writer).check()


def test_the_model_solves_the_example(page: "Page", tmp_path: Path) -> None:
    text = solve_on_page(page)
    assert "ok" in text and "0.01266" in text and "1,500 evaluations" in text and "4 inequalities" in text, (
        text
    )
    assert page.locator("#results svg").bounding_box()["width"] > 300  # type: ignore[index]
    assert "def optimize" in page.inner_text("#program") or page.locator("#program .cm-line").count() > 10
    with page.expect_download() as download:
        page.locator("#program").get_by_role("link").or_(page.locator("#program a[download]")).first.click()
    program = tmp_path / "program.py"
    download.value.save_as(program)
    alone = subprocess.run(
        [sys.executable, "-I", str(program)], cwd=tmp_path, capture_output=True, text=True, timeout=200
    )
    assert "feasible = yes" in alone.stdout, alone.stderr


def test_a_malformed_problem_gets_its_place_named(page: "Page") -> None:
    fill(page, "problem", SPHERE.replace("x_2^2", "\\foo{x_2}"))
    text = solve_on_page(page)
    assert "error" in text and "problem.tex, line 1" in text and "foo" in text, text


def test_programs_that_fail_and_that_attack_are_told_apart(page: "Page", tmp_path: Path) -> None:
    fill(page, "problem", SPHERE)
    choose(page, "I do")
    fill(page, "own", START + "    return lower + undefined_name\n")
    text = solve_on_page(page)
    assert "runtime_error" in text and "undefined_name" in text and "line 2, in optimize" in text, text
    outside = tmp_path / "outside"
    fill(page, "own", START + f"    open({str(outside)!r}, 'w').write('x')\n    return lower\n")
    text = solve_on_page(page)
    assert "security_violation" in text and not outside.exists(), text


def test_a_problem_that_attacks_is_refused_and_its_markup_is_text(page: "Page", tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    fill(
        page,
        "problem",
        f"LOWER, UPPER, MAX_EVALS = [0], [1], 9\nopen({str(outside)!r}, 'w')\ndef objective(x):\n    return 0.0\n",
    )
    choose(page, "The single best solver")
    assert "not allowed here" in solve_on_page(page) and not outside.exists()
    fill(
        page,
        "problem",
        "raise ValueError('<img id=evil src=x onerror=alert(1)> ${alert(1)}')\nMAX_EVALS = 1\n",
    )
    assert "<img id=evil" in solve_on_page(page)
    assert page.locator("#evil").count() == 0 and page.locator(OVER).count() == 1


def test_the_page_is_not_shared_nor_measured() -> None:
    text = (SPACE / "app.py").read_text()
    assert 'GRADIO_ANALYTICS_ENABLED"] = "False"' in text and "share=False" in text
    assert "GRADIO_SHARE" not in os.environ
