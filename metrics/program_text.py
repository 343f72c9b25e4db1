"""What the text of a program tells without running it. It is hostile: nothing of it is evaluated here."""

from __future__ import annotations

import ast
import symtable
import threading
import warnings
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# Of a text that is no program: errors of syntax, null bytes, lone surrogates, nesting beyond the parser's limits.
_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)

# Filters of warnings belong to the process, and programs are read in several threads.
_filters = threading.Lock()


def syntax_tree(program: str) -> ast.Module | None:
    """The syntax tree of a program; None for a text that is no program."""
    return _quietly(lambda: ast.parse(program))


def module_names(program: str) -> frozenset[str] | None:
    """The names that a program binds at module level; None for a text that is no program."""
    table = _quietly(lambda: symtable.symtable(program, "<program>", "exec"))
    if table is None:
        return None
    return frozenset(s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported())


def _quietly(read: Callable[[], T]) -> T | None:
    """What the reader returns, or None. Warnings about somebody's escape sequences are not for our users."""
    with _filters, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return read()
        except _UNREADABLE:
            return None
