"""Promises about the tree as a whole (DESIGN): imports run one way, no torch below modeling, sizes, the shipped model loads."""

import ast
import configparser
import re
import subprocess
import sys
from pathlib import Path

import pytest
from transformers import AutoModelForCausalLM, AutoTokenizer

ROOT = Path(__file__).parents[1]
# Lowest first: a module may import its own layer and lower ones.
LAYERS = (
    ("dataset_builder/problems",),
    ("dataset_builder/optimizers",),
    ("dataset_builder/benchmark",),
    ("dataset_builder/analysis",),
    ("dataset_builder/prompts",),
    ("dataset_builder",),
    ("metrics",),
    ("modeling",),
    ("hub_cards",),
    ("cli", "api"),
    ("metrics/llamoco",),  # the Space: nothing imports it
)
TRACKED = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.split("\n")


def _layer(path: str) -> int:
    """Number of the most specific layer that a path lies in."""
    if not (ROOT / path.split("/")[0]).exists():
        path = f"api/{path}"  # the root package's own modules
    matches = [
        (len(folder), rank)
        for rank, folders in enumerate(LAYERS)
        for folder in folders
        if path.startswith(folder + "/")
    ]
    return max(matches)[1]


SOURCES = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("dataset_builder", "metrics", "modeling", "hub_cards", "cli", "api")
    for path in (ROOT / folder).rglob("*.py")
)


@pytest.mark.parametrize("source", SOURCES)
def test_imports_run_one_way(source: str) -> None:
    for node in ast.walk(ast.parse((ROOT / source).read_text(encoding="utf-8"))):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        names += (
            [f"{node.module}.{a.name}" for a in node.names]
            if isinstance(node, ast.ImportFrom) and node.module
            else []
        )
        for name in names:
            if name.startswith("llamoco."):
                target = name.removeprefix("llamoco.").replace(".", "/") + "/"
                if target.startswith("_"):  # a module of the root package, which lies in api/
                    target = f"api/{target}"
                assert _layer(target) <= _layer(source), f"{source} imports {name}, which lies above it"


def test_modeling_never_reaches_for_the_label_table() -> None:
    """What trains, scores or calibrates models reads the data set (``dataset_builder.instruction_data``)."""
    for source in (name for name in SOURCES if name.startswith("modeling/")):
        text = (ROOT / source).read_text(encoding="utf-8")
        assert not re.search(r"benchmark\.label|SHIPPED_LABELS|labels\.parquet", text), source


@pytest.mark.parametrize("module", ["dataset_builder.instruction_data", "metrics.runner"])
def test_data_set_and_metric_import_without_torch(module: str) -> None:
    code = f"import sys, llamoco.{module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_file_has_at_most_350_lines(source: str) -> None:
    assert len((ROOT / source).read_text(encoding="utf-8").splitlines()) <= 350


def test_there_is_no_folder_that_shadows_the_data_set_in_git() -> None:
    assert not any(name.startswith("llamoco/") for name in TRACKED)


def test_the_wheel_holds_every_package() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    folders = {path.parent for source in SOURCES for path in [ROOT / source] if path.name == "__init__.py"}
    places = [folder.relative_to(ROOT).as_posix() for folder in folders]
    packages = {"llamoco" if place == "api" else f"llamoco.{place.replace('/', '.')}" for place in places}
    assert set(setup["options"]["packages"].split()) == packages


def test_files_are_small() -> None:
    sizes = {name: (ROOT / name).stat().st_size for name in TRACKED if name and (ROOT / name).is_file()}
    assert max(sizes.values(), default=0) <= 15 << 20
    assert sum(sizes.values()) <= 60 << 20


def test_the_shipped_model_is_small_and_loads_with_plain_transformers() -> None:
    folder = ROOT / "modeling" / "llamoco-xs"
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 20e6
    assert list(folder.glob("*.safetensors"))
    model = AutoModelForCausalLM.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert model.config.model_type == "llama" and len(tokenizer) <= model.config.vocab_size
    text = "def objective(x):\n    return (x[0] - 2) ** 2\n"
    assert tokenizer.decode(tokenizer(text)["input_ids"], skip_special_tokens=True) == text
