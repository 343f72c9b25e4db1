"""Prove the base install alone, in an environment of its own: `make base-check`.

It takes at most 500 MiB in site-packages (as `du -sm` counts, pip included); it has no torch, and neither has what solves a problem; commands beyond it say
what to install.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
MOST_MIB = 500
ABSENT = (
    "torch",
    "transformers",
    "numba",
    "sklearn",
    "matplotlib",
    "pandas",
    "pyarrow",
    "datasets",
    "evaluate",
)
PROBLEMS = ("spring.tex", "pressure_vessel.py")
BEYOND = {"train": ("train", "examples/recipes/xs.yaml"), "data": ("build",), "metric": ("evaluate",)}
MINIMIZE = """
import llamoco

found = llamoco.minimize(lambda x: (x[0] - 1) ** 2 + abs(x[1]), [(-5, 5), (-4, 6)], max_evals=300, seed=0)
assert found.success and found.fun < 0.01, found
"""


def run(*command: str | Path, cwd: Path, fails: bool = False) -> str:
    """Standard output of a command, its error output where it is to fail."""
    done = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True)
    if (done.returncode != 0) != fails:
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stderr if fails else done.stdout


def install(python: Path, work: Path) -> None:
    """The package, from a copy of what git has: a build leaves its traces in the sources."""
    sources = work / "sources"
    for name in run("git", "ls-files", cwd=ROOT).splitlines():
        if (ROOT / name).is_file():
            (sources / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, sources / name)
    options = ("--quiet", "--disable-pip-version-check", "-c", "constraints.txt")
    run(python, "-m", "pip", "install", *options, ".", cwd=sources)


def mebibytes(folder: Path) -> float:
    """What the files of a folder take on disk."""
    return sum(path.lstat().st_blocks * 512 for path in folder.rglob("*")) / 2**20


def main() -> None:
    """Install, measure, solve."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        venv.create(work / "venv", with_pip=True)
        python, llamoco = (work / "venv" / "bin" / program for program in ("python", "llamoco"))
        install(python, work)
        [folder] = (work / "venv" / "lib").glob("python*/site-packages")
        size = mebibytes(folder)
        print(f"base install: {size:.0f} MiB in site-packages")
        if size > MOST_MIB:
            sys.exit(f"the base install takes {size:.0f} MiB, more than {MOST_MIB}")
        there = [package for package in ABSENT if (folder / package).exists()]
        if there:
            sys.exit(f"the base install has {', '.join(there)}")
        print(run(llamoco, "--version", cwd=work).strip())
        for problem in PROBLEMS:
            found = json.loads(
                run(llamoco, "solve", ROOT / "examples" / "problems" / problem, "--json", cwd=work)
            )
            if not (found["feasible"] and found["known_code"]):
                sys.exit(f"{problem}: {found}")
            print(f"{problem}: f = {found['f']:.6g} by {found['optimizer']}")
        run(python, "-c", MINIMIZE, cwd=work)
        for extra, words in BEYOND.items():
            said = run(llamoco, *words, cwd=ROOT, fails=True)
            if f"llamoco[{extra}]" not in said or "Traceback" in said:
                sys.exit(f"llamoco {words[0]} says on the base install: {said}")


if __name__ == "__main__":
    main()
