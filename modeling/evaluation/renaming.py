"""Renaming of the identifiers in a Python problem FILE.

Nothing else changes: layout, comments, strings and numbers stay byte for byte. So do names that are not the file's own: those that a reader
of problem files looks for (objective, LOWER, X0, ...), built-in ones, those with double underscores, and what imports bind (np, math, sqrt).
"""

from __future__ import annotations

import ast
import builtins
import io
import keyword
import tokenize
from collections.abc import Iterator

from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.prompts.program import FILE_NAMES

CONSONANTS, VOWELS = "bdfgklmnprstvz", "aeiou"

Place = tuple[int, int]  # line, from 1, and column, from 0, in characters


def rename_identifiers(text: str, draws: PortableRng) -> str:
    """Rename the identifiers of a problem FILE to drawn words without meaning, about as long as the old ones.

    Args:
        text: valid Python.
        draws: of the names.
    """
    tree = ast.parse(text)
    own, attributes = _own_names(tree)
    taken = {token.string for token in _name_tokens(text)} | {*dir(builtins), *keyword.kwlist}
    names: dict[str, str] = {}
    for name in sorted(own | attributes):
        names[name] = _word(name, taken, draws)
        taken.add(names[name])
    lines = text.splitlines(keepends=True)
    places = dict(_places(tree, text, lines, own, attributes))
    for (line, column), name in sorted(places.items(), reverse=True):
        before = lines[line - 1]
        lines[line - 1] = before[:column] + names[name] + before[column + len(name) :]
    return "".join(lines)


def _own_names(tree: ast.Module) -> tuple[set[str], set[str]]:
    """Names that the file binds, and attributes of its own classes (methods, fields, what methods set)."""
    own: set[str] = set()
    attributes: set[str] = set()
    kept = {*FILE_NAMES, *dir(builtins)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            own.add(node.id)
        elif isinstance(node, ast.arg):
            own.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            own.add(node.name)
            if isinstance(node, ast.ClassDef):
                attributes |= {
                    name for statement in node.body for name in _bound(statement) if name not in FILE_NAMES
                }
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            attributes.add(node.attr)
        elif isinstance(node, ast.alias):
            kept.add((node.asname or node.name).partition(".")[0])
    return {name for name in own - kept if not name.startswith("__")}, {
        name for name in attributes - FILE_NAMES if not name.startswith("__")
    }


def _bound(statement: ast.stmt) -> Iterator[str]:
    """Names that a statement in a class binds."""
    if isinstance(statement, ast.FunctionDef):
        yield statement.name
    for node in ast.walk(statement) if isinstance(statement, ast.Assign | ast.AnnAssign) else ():
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _places(
    tree: ast.Module, text: str, lines: list[str], own: set[str], attributes: set[str]
) -> Iterator[tuple[Place, str]]:
    """Places of each of the names."""
    imported = {
        (alias.asname or alias.name).partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }

    def place(line: int, column: int) -> Place:
        return line, len(lines[line - 1].encode()[:column].decode())  # ast counts bytes

    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in own:
            yield place(node.lineno, node.col_offset), node.id
        elif isinstance(node, ast.arg) and node.arg in own:
            yield place(node.lineno, node.col_offset), node.arg
        elif isinstance(node, ast.Attribute) and node.attr in attributes and _root(node) not in imported:
            line, column = place(node.end_lineno or 0, node.end_col_offset or 0)
            yield (line, column - len(node.attr)), node.attr
        elif isinstance(node, ast.Call) and _root(node.func) not in imported | {*dir(builtins)}:
            for argument in node.keywords:
                if argument.arg in own | attributes:
                    yield place(argument.lineno, argument.col_offset), argument.arg or ""
    # The tree has no places for the names of definitions and of global and nonlocal statements.
    before, listing = "", False
    for token in _name_tokens(text):
        listing = token.string in ("global", "nonlocal") or (
            listing and token.line.lstrip().startswith(("global", "nonlocal"))
        )
        if (before in ("def", "class") or listing) and token.string in own | attributes:
            yield token.start, token.string
        before = token.string


def _name_tokens(text: str) -> Iterator[tokenize.TokenInfo]:
    return (
        token for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type == tokenize.NAME
    )


def _root(node: ast.expr) -> str | None:
    """The name that a chain of attributes and calls begins with."""
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


def _word(name: str, taken: set[str], draws: PortableRng) -> str:
    length = min(max(len(name), 1), 8)
    while True:
        word = "".join(draws.choice((CONSONANTS, VOWELS)[k % 2]) for k in range(length))
        word = word.capitalize() if name[0].isupper() else word
        if word not in taken:
            return word
        length += 1
