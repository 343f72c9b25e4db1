"""README, CONTRIBUTING and docs/ name files that exist, explain their columns first, and stay short."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]
)
FOLDERS = ("api", "cli", "dataset_builder", "docs", "examples", "hub_cards", "metrics", "modeling", "tests")


def section(page: Path, title: str) -> str:
    """Text below a heading, up to the next heading of its level."""
    text = page.read_text(encoding="utf-8")
    return text.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_and_paths_lead_to_files(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", text):
        assert (page.parent / target).exists(), target
    for path in re.findall(rf"`((?:{'|'.join(FOLDERS)})/[a-z0-9_./-]+)`", text):
        assert (ROOT / path).exists() or (ROOT / "tests" / path).exists(), path


def test_readme_is_short_and_explains_the_columns_before_its_table() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    before, _, block = text.partition("<!-- figures: make cards -->")
    table = [
        line for line in block.partition("<!-- end of figures -->")[0].splitlines() if line.startswith("|")
    ]
    columns = [cell.strip() for cell in table[0].strip("|").split("|")]
    assert 0 < len(table) - 2 <= 8
    for column in columns[1:]:
        assert f"- **{column.split(',')[0]}**".casefold() in before.casefold(), column


def test_paths_through_the_code_have_at_most_eight_files() -> None:
    paths = re.split(r"\n\*\*From ", section(ROOT / "CONTRIBUTING.md", "A path through the code"))[1:]
    assert len(paths) == 3
    for path in paths:
        files = re.findall(r"^\d+\. `([^`]+)`", path, re.MULTILINE)
        assert 0 < len(files) <= 8 and all((ROOT / file).is_file() for file in files)


def test_the_glossary_has_one_line_for_each_term() -> None:
    lines = [
        line for line in section(ROOT / "CONTRIBUTING.md", "Glossary").splitlines() if line.startswith("| ")
    ]
    terms = [line.split("|")[1].strip() for line in lines[1:]]
    assert len(terms) >= 20 and len(set(terms)) == len(terms)


def test_the_layout_names_every_folder() -> None:
    layout = section(ROOT / "CONTRIBUTING.md", "Layout")
    assert all(f"`{folder}" in layout for folder in FOLDERS if folder != "tests")


def test_documentation_lists_every_page() -> None:
    listed = re.findall(r"[\w/-]+\.md", yaml.dump(yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]))
    pages = [page.relative_to(ROOT / "docs").as_posix() for page in (ROOT / "docs").rglob("*.md")]
    assert sorted(listed) == sorted(pages)
