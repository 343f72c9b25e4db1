"""The path to an answer imports nothing that it does not need, and the base install is enough for it."""

import configparser
import json
import os
import re
import subprocess
import sys
import time
from contextlib import suppress
from importlib import metadata
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from llamoco.cli.extras import EXTRAS as EXTRAS_OF_COMMANDS
from llamoco.cli.extras import NESTED
from llamoco.dataset_builder.benchmark.label_table import SHIPPED_LABELS, read_labels
from llamoco.metrics.sandbox import Sandbox

PROBLEMS = Path(__file__).parents[2] / "examples" / "problems"
HEAVY = (
    *(
        "torch",
        "transformers",
        "numba",
        "llvmlite",
        "sklearn",
        "matplotlib",
        "pandas",
        "pyarrow",
        "datasets",
        "evaluate",
    ),
    *("peft", "trl", "accelerate", "scipy.optimize", "scipy.stats", "huggingface_hub", "openai", "yaml"),
)


def setup_cfg() -> configparser.ConfigParser:
    setup = configparser.ConfigParser()
    setup.read(PROBLEMS.parents[1] / "setup.cfg", encoding="utf-8")
    return setup


def beyond_base() -> tuple[str, ...]:
    """All that can be imported here and comes from no package of the base install, nor from what these depend on."""
    there: set[str] = set()
    waiting = setup_cfg()["options"]["install_requires"].split()
    while waiting:
        needed = re.match(r"[\w.-]+", waiting.pop())
        name = needed[0].lower().replace("_", "-") if needed else ""
        if name not in there:
            there.add(name)
            with suppress(metadata.PackageNotFoundError):  # of another system
                waiting += [line for line in metadata.requires(name) or [] if "extra ==" not in line]
    return tuple(
        module
        for module, packages in metadata.packages_distributions().items()
        if not {package.lower().replace("_", "-") for package in packages} & (there | {"llamoco"})
    )


# What is named cannot be found, as if it were not installed.
HIDE = """
import json, sys
from importlib.machinery import PathFinder
without, find = json.loads(sys.argv[1]), PathFinder.find_spec
PathFinder.find_spec = lambda name, *rest: None if name.split(".")[0] in without else find(name, *rest)
"""
RUN = """
names = json.loads(sys.argv[2])
sys.argv = ["llamoco", *sys.argv[3:]]
from llamoco.cli.main import app
try:
    app()
except SystemExit as left:
    print(json.dumps([left.code or 0, [name for name in names if sys.modules.get(name)]]))
"""


def run(
    *arguments: str, names: tuple[str, ...] = HEAVY, without: tuple[str, ...] = ()
) -> tuple[int, list[str], str]:
    """Exit code, which of some modules were loaded, and what was said on stderr."""
    done = subprocess.run(
        [sys.executable, "-c", HIDE + RUN, json.dumps(without), json.dumps(names), *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "COLUMNS": "200"},
    )
    code, loaded = json.loads(done.stdout.splitlines()[-1])
    return code, loaded, done.stderr


@pytest.mark.parametrize("name", ["spring.tex", "pressure_vessel.py"])
def test_the_way_to_a_program_loads_nothing_heavy(name: str, tmp_path: Path) -> None:
    out = tmp_path / "p.py"
    code, loaded, _ = run("solve", str(PROBLEMS / name), "--program-only", "--out", str(out))
    assert (code, loaded) == (0, [])
    assert "def optimize(" in out.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["spring.tex", "pressure_vessel.py"])
def test_the_base_install_solves(name: str, tmp_path: Path) -> None:
    missing = beyond_base()
    assert {"torch", "numba", "matplotlib", "pyarrow", "sklearn"} <= set(missing)
    code, _, said = run("solve", str(PROBLEMS / name), "--out", str(tmp_path / "p.py"), without=missing)
    assert code == 0, said


def test_the_base_install_minimizes() -> None:
    program = (
        "import llamoco\n"
        "print(llamoco.minimize(lambda x: (x[0] - 1) ** 2 + abs(x[1]), [(-5, 5), (-4, 6)], max_evals=200, seed=0).nfev)"
    )
    done = subprocess.run(
        [sys.executable, "-c", HIDE + program, json.dumps(beyond_base())], capture_output=True, text=True
    )
    assert done.returncode == 0 and 0 < int(done.stdout) <= 200, done.stderr


def test_the_single_best_solvers_are_known_without_the_table() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import json, sys\nsys.modules['pyarrow'] = None\n"
            "from llamoco.dataset_builder.optimizers.single_best import single_best_solver\n"
            "print(json.dumps([single_best_solver(constrained) for constrained in (False, True)]))",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    sbs = read_labels(SHIPPED_LABELS).sbs
    assert json.loads(done.stdout) == [sbs[group]["aocc"] for group in ("unconstrained", "constrained")]


def test_a_sandbox_that_was_never_needed_leaves_nothing() -> None:
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    start = time.monotonic()
    sandbox = Sandbox(wait=False)
    scratch = Path(sandbox._scratch)
    assert scratch.is_dir()
    sandbox.close()
    assert time.monotonic() - start < 5  # it does not wait for libraries to load
    assert not scratch.exists()
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before
    sandbox.close()


def extras() -> dict[str, set[str]]:
    """The packages of each extra of setup.cfg, those of the extras that it names among them."""
    listed = setup_cfg()["options.extras_require"]

    def packages(name: str) -> set[str]:
        found: set[str] = set()
        for line in listed[name].split("\n"):
            nested = re.fullmatch(r"llamoco\[(.*)\]", line)
            names = nested[1].split(",") if nested else []
            found |= {re.split(r"[<>=;]", line)[0]} if line and not nested else set()
            found = found.union(*(packages(each) for each in names))
        return found

    return {name: packages(name) for name in listed}


IMPORTED_AS = {"scikit-learn": "sklearn", "pyyaml": "yaml"}


def test_extras_are_those_of_the_setup_and_hold_each_other() -> None:
    listed = extras()
    for name, imported in EXTRAS_OF_COMMANDS.items():
        there = {IMPORTED_AS.get(package, package) for package in listed[name]}
        assert set(imported) - {"llvmlite", "pandas"} <= there, name  # these two come with others
    for smaller, larger in pairwise(NESTED):
        assert listed[smaller] < listed[larger]
    for name in set(listed) - {"report", "qlora"}:
        assert listed[name] <= listed["dev"], name


COMMANDS = {
    ("train", str(PROBLEMS.parent / "recipes" / "xs.yaml")): "train",
    ("evaluate",): "train",
    ("evaluate", "--server", "http://127.0.0.1:9/v1", "--server-model", "x"): "metric",
    ("build",): "data",
    ("benchmark", "--problems", "4"): "data",
    ("push", "dataset", "--dry-run"): "data",
    ("report", "."): "data",
    ("paper", "table-1"): "data",
    ("solve", str(PROBLEMS / "spring.tex"), "--out", "p.py", "--plot", "c.png"): "plot",
    ("solve", str(PROBLEMS / "spring.tex"), "--out", "p.py", "--model", "somebody/some-model"): "train",
}


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_missing_extra_is_one_message(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, said = run(*arguments, without=beyond_base())
    assert code == 2 and f"'llamoco[{COMMANDS[arguments]}]'" in said, said
    assert "Traceback" not in said and len(said.strip().splitlines()[-1]) < 400
