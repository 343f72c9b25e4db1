"""Path of the program that `llamoco solve` writes, and the modules that it needs from the problem's folder."""

from __future__ import annotations

import ast
from pathlib import Path

from llamoco.cli.common import fail

FOLDER = Path("llamoco-out")


def program_place(file: Path, out: Path | None) -> Path:
    """Path of a problem file's program: as requested, else in ./llamoco-out, never beside the file unasked.

    Args:
        file: the problem file.
        out: the requested path.
    """
    return FOLDER / f"{file.stem}_program.py" if out is None else out


def write_program(path: Path, text: str) -> None:
    """Write the program, or exit with a message."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"cannot write {path}: {error.strerror}; give another --out")


def needs_folder(file: Path, program: Path) -> str | None:
    """Advice for a program that does not run where it was written; None if it does.

    Args:
        file: the problem file. Modules beside it can be imported while it is solved.
        program: path of the program.
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
        return f"the file reads __file__, which differs for the program: keep it in {folder} (--out {folder / program.name})"
    return None


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [node.module]
    return []
