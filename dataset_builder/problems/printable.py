"""Untrusted text made safe to print: no character of it moves a cursor, hides or reorders anything."""

from __future__ import annotations


def printable(text: str, limit: int | None = None) -> str:
    """A text that is safe to print in a terminal.

    Control characters (ESC and C1 among them), formatting ones (bidirectional overrides, zero-width ones), unassigned ones and
    lone surrogates become escapes such as ``\\x1b`` and ``\\u202e``; tabs become spaces. Line feeds stay.

    Args:
        text: what is to be printed.
        limit: characters that are shown, with their total number behind; all if None.
    """
    cut = limit is not None and len(text) > limit
    shown = text[:limit].replace("\r\n", "\n").expandtabs()
    if not shown.isprintable():
        shown = escaped(shown)
    return f"{shown}… ({len(text):,} characters)" if cut else shown


def escaped(text: str) -> str:
    """A text with an escape for each character that is not printable, line feeds left out."""
    return "".join(
        c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode("ascii") for c in text
    )
