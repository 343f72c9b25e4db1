"""Sections of a saved program, which is a problem file, too: its problem section is the problem, and its solver is none of it.

A program (``prompts.program``) is the problem section, the completion and a main guard, in one module. A solver has constants, and one
may be called as something that a problem file declares: ``STEP``. So the sections are told apart by what each program has: a decision
line at the head of the completion, or the problem section as a text of its own, where its names clash with the solver's.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from typing import NamedTuple

CHOICE = "; optimizer:"  # of a decision line; a blank and the optimizer's name follow
DECISION = re.compile(rf"^#.*{CHOICE} ([A-Za-z0-9_]+)$")
SOURCE = "llamoco_source"  # the name of the text of a problem section that runs as a module of its own
STATED = frozenset({"objective", "evaluate", "LOWER", "UPPER", "MAX_EVALS"})  # what no solver defines


class ProblemSection(NamedTuple):
    """The problem section of a program: its text, and the line of the program (1-based) on which it starts."""

    text: str
    first_line: int


def problem_section(text: str) -> ProblemSection | None:
    """The problem section of a program; None for any other text, whose sections cannot be told apart.

    What follows a decision line is a solver if it defines ``optimize`` and nothing that a problem has to define. The text is
    parsed, not executed.
    """
    if SOURCE not in text and CHOICE not in text:
        return None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return _apart(tree) or _before_decision(text, tree)


def _apart(tree: ast.Module) -> ProblemSection | None:
    """The section that the program keeps as a text."""
    for statement in tree.body:
        if (
            isinstance(statement, ast.Assign)
            and [name.id for name in statement.targets if isinstance(name, ast.Name)] == [SOURCE]
            and isinstance(statement.value, ast.Constant)
            and isinstance(statement.value.value, str)
        ):
            source, line = statement.value.value, statement.value.lineno
            begun = source.startswith("\n")  # on the line after the quotes
            return ProblemSection(source.removeprefix("\n"), line + begun)
    return None


def _before_decision(text: str, tree: ast.Module) -> ProblemSection | None:
    """The section before the last decision line that stands between statements."""
    lines = text.split("\n")
    inside = {line for node in tree.body for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}
    for number in range(len(lines), 0, -1):
        if number not in inside and DECISION.match(lines[number - 1]):
            bound = _bound(node for node in tree.body if node.lineno > number)
            if "optimize" not in bound or bound & STATED:
                return None
            # Two line ends join the sections (``prompts.program``).
            section = "".join(f"{line}\n" for line in lines[: number - 1]).removesuffix("\n\n")
            return ProblemSection(section, 1)
    return None


def _bound(statements: Iterable[ast.stmt]) -> set[str]:
    """Names that statements bind at module level, those in branches and loops included."""
    found: set[str] = set()
    pending: list[ast.AST] = [*statements]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
            continue
        if isinstance(node, ast.alias):
            found.add(node.asname or node.name.partition(".")[0])
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        pending.extend(ast.iter_child_nodes(node))
    return found
