"""Obstacles to tracing, in a person's words: the function or expression of their file, and its line."""

from __future__ import annotations

import ast
import linecache
import os
import traceback

from llamoco.dataset_builder.problems.profiling.trace_recorder import TooMany, TraceError

MOST_SHOWN = 60


def why_not(error: BaseException, file: str) -> str:
    """Obstacle that keeps functions from being traced.

    Args:
        error: what was raised when they were given ``Traced`` numbers.
        file: what their file is called in tracebacks.
    """
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    said = " ".join(str(error).split())[:200]
    if not frames:
        return f"{type(error).__name__}: {said}"
    line = f"line {frames[-1].lineno}"
    if isinstance(error, TooMany):
        return f"it does {said}, {line}"
    expression = _expression(frames[-1])
    if (
        isinstance(error, ArithmeticError | ValueError)
        and not isinstance(error, TraceError)
        and not _from_library(error)
    ):
        return f"`{_short(expression)}` has no value at the points that were tried ({type(error).__name__}: {said}), {line}"
    try:
        node = ast.parse(expression, mode="eval").body
    except SyntaxError:
        node = None
    if isinstance(node, ast.Call):
        name = _resolved(ast.unparse(node.func), file)
        if len(name) <= MOST_SHOWN:
            return f"{name} cannot be traced, {line}"
    return f"`{_short(expression)}` cannot be traced, {line}"


def _expression(frame: traceback.FrameSummary) -> str:
    """The expression of a frame that failed; the complete line where Python does not tell."""
    first, last = frame.lineno or 0, getattr(frame, "end_lineno", None)
    start, end = getattr(frame, "colno", None), getattr(frame, "end_colno", None)
    if last is None or start is None or end is None:
        return (frame.line or "").strip()
    rows = [linecache.getline(frame.filename, number).encode() for number in range(first, last + 1)]
    if not rows:
        return ""
    rows[-1] = rows[-1][:end]
    rows[0] = rows[0][start:]
    return b"".join(rows).decode(errors="replace").strip()


def _short(expression: str) -> str:
    flat = " ".join(expression.split())
    return flat if len(flat) <= MOST_SHOWN else flat[:MOST_SHOWN] + " ..."


def _resolved(name: str, file: str) -> str:
    """A function's name in full: ``np.linalg.eig`` is numpy.linalg.eig where the file imports numpy as np."""
    first, dot, rest = name.partition(".")
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError):
        return name
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.asname == first:
                    return alias.name + dot + rest
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) == first:
                    return f"{node.module}.{alias.name}{dot}{rest}"
    return name


def _from_library(error: BaseException) -> bool:
    """True if an exception was raised within an installed package, which may refuse traced numbers."""
    innermost = traceback.extract_tb(error.__traceback__)[-1].filename
    own = os.path.dirname(_from_library.__code__.co_filename)
    return ("site-packages" in innermost or "dist-packages" in innermost) and os.path.dirname(
        innermost
    ) != own
