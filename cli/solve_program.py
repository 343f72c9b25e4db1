"""Where `llamoco solve` writes its program, and what of the person's folder the program needs."""

from __future__ import annotations

import ast
from pathlib import Path

from llamoco.cli.common import fail

FOLDER = Path("llamoco-out")


def program_place(file: Path, out: Path | None) -> Path:
    """Where the program of a problem file goes: where it is asked for, else into ./llamoco-out, never beside the file by itself.

    Args:
        file: the problem file.
        out: what the person asked for.
    """
    return FOLDER / f"{file.stem}_program.py" if out is None else out


def write_program(path: Path, text: str) -> None:
    """Write it, or leave with a message."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"cannot write {path}: {error.strerror}; give another --out")


def needs_folder(file: Path, program: Path) -> str | None:
    """What to tell the person of a program that does not run alone where it lies; None if it does.

    Args:
        file: the problem file. Modules beside it can be imported while it is solved.
        program: where the program goes.
    """
    folder = file.resolve().parent
    if file.suffix != ".py" or program.resolve().parent == folder:
        return None
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return None
    named = {name.split(".")[0] for node in ast.walk(tree) for name in _imported(node)}
    beside = sorted(
        name
        for name in named
        if (folder / f"{name}.py").is_file() or (folder / name / "__init__.py").is_file()
    )
    if beside:
        return (
            f"the program imports {', '.join(beside)} from {folder}: run it as `PYTHONPATH={folder} python {program}`, "
            f"or keep it there (--out {folder / program.name})"
        )
    if any(isinstance(node, ast.Name) and node.id == "__file__" for node in ast.walk(tree)):
        return f"the file asks for its own place (__file__), which is another one for the program: keep it in {folder} (--out {folder / program.name})"
    return None


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [node.module]
    return []
