"""Static reading of programs. Their text is hostile: none of it is evaluated here, and no text takes long.

A model may write anything. Texts of more than ``MAX_PROGRAM`` characters are not read at all: no function here parses them, and
none of the metric's runs them. A completion has at most 4,000 characters; a complete script contains the problem section, too.
"""

from __future__ import annotations

import ast
import re
import symtable
import threading
import warnings
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

MAX_PROGRAM = 100_000  # characters
MAX_DOTS = 200  # of a dotted name: the parser joins those of imports anew at every dot

BYTE_ORDER_MARK = "\ufeff"

# Of a text that is no program: errors of syntax, null bytes, lone surrogates, nesting beyond the parser's limits.
_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
_BLANKS = re.compile(r"\\\r?\n|[ \t\f]")

# Filters of warnings belong to the process, and programs are read in several threads.
_filters = threading.Lock()


def clean_text(text: str) -> str:
    """A text without the byte order mark that some editors write; lone surrogates, which no file can hold, become U+FFFD."""
    text = text.lstrip(BYTE_ORDER_MARK)
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def length_error(program: str) -> str | None:
    """A message if a program is too long to be read; else None."""
    if len(program) <= MAX_PROGRAM:
        return None
    return (
        f"the program has {len(program):,} characters; programs of at most {MAX_PROGRAM:,} are read and run"
    )


def syntax_tree(program: str, most: int | None = MAX_PROGRAM) -> ast.Module | None:
    """The syntax tree of a program; None for a text that is no program, or has more than ``most`` characters."""
    return _quietly(ast.parse, program, most)


def symbol_table(program: str, most: int | None = MAX_PROGRAM) -> symtable.SymbolTable | None:
    """The names of a program, scope by scope; None for a text that is no program, or has more than ``most`` characters."""
    return _quietly(lambda text: symtable.symtable(text, "<program>", "exec"), program, most)


def module_names(program: str) -> frozenset[str] | None:
    """The names that a program binds at module level; None for a text that is no program, or too long."""
    table = symbol_table(program)
    if table is None:
        return None
    return frozenset(s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported())


def _quietly(read: Callable[[str], T], program: str, most: int | None) -> T | None:
    """Result of a reader, or None if it fails. Warnings about the program's escape sequences are suppressed."""
    program = program.lstrip(BYTE_ORDER_MARK)
    if (most is not None and len(program) > most) or _has_endless_name(program):
        return None
    with _filters, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return read(program)
        except _UNREADABLE:
            return None


def _has_endless_name(program: str) -> bool:
    """True if a dotted name has more than MAX_DOTS dots: the parser takes quadratic time and memory for ``import a.a.a...``."""
    if program.count(".") <= MAX_DOTS:
        return False
    run = 0
    for part in _BLANKS.sub("", program).split("."):
        run = run + 1 if part.isidentifier() else 0
        if run > MAX_DOTS:
            return True
    return False
