"""Source of a problem file in Python: executed as a module, with errors that name its lines."""

from __future__ import annotations

import ast
import hashlib
import linecache
import sys
import traceback
import types
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.files.python.process import (
    Interruption,
    OwnCode,
    ProcessEnded,
    interruption_kept,
    leave_if_copy,
    raised_on_purpose,
)
from llamoco.dataset_builder.problems.files.python.return_values import UnsuitableValue

_Taken = TypeVar("_Taken")

CONTRACT = "a problem file defines objective(x) and the bounds LOWER and UPPER, or X0 where there are none; constraints, budget and more are optional"
MOST_SHOWN = 300  # characters of an exception's own message


class PythonSource:
    """The text, the lines of its names, and errors that point there.

    Args:
        text: what the person wrote.
        name: what to call the file in messages and tracebacks.
        folder: where the file lies; modules beside it can be imported.

    Attributes:
        tree: the text, parsed.
        lines: the last line on which each name of the module is bound.
        module: the name of the module that it is executed as.

    Raises:
        ProblemError: if it is not Python.
    """

    def __init__(self, text: str, name: str, folder: Path | None) -> None:
        self.text, self.name, self.folder = text, name, folder
        if not text.strip():
            raise ProblemError(f"{name}: the file is empty; {CONTRACT}")
        try:
            self.tree = ast.parse(text, filename=name)
        except SyntaxError as error:
            shown = f": {error.text.strip()}" if error.text else ""
            raise ProblemError(f"{name}:{error.lineno}: not valid Python, {error.msg}{shown}") from error
        except ValueError as error:  # null bytes
            raise ProblemError(f"{name}: not a text file, {error}") from error
        except (RecursionError, MemoryError) as error:
            raise ProblemError(f"{name}: an expression is nested too deeply for Python to read it") from error
        self.lines = _definition_lines(self.tree)
        self.module = "problem_" + hashlib.sha256(text.encode()).hexdigest()[:12]

    def run(self, start: Mapping[str, Any] = MappingProxyType({})) -> types.ModuleType:
        """Execute the text as a module, whose names at the start may be given."""
        linecache.cache[self.name] = (len(self.text), None, self.text.splitlines(keepends=True), self.name)
        module = types.ModuleType(self.module)
        module.__dict__.update(start)
        if self.folder is not None:
            module.__file__ = str(self.folder / Path(self.name).name)
        sys.modules[module.__name__] = module  # dataclasses and pickle look modules up by name
        with self.running(), interruption_kept(), np.errstate(all="ignore"):
            try:
                exec(compile(self.text, self.name, "exec"), module.__dict__)
            except ModuleNotFoundError as error:
                package = (error.name or "").split(".")[0]
                raise self.raised(
                    error,
                    f"a module is missing: put it beside the file, or install it (pip install {package})",
                ) from error
            except BaseException as error:
                self._pass_interruption(error)
                raise self.raised(error, "the file fails when it is run") from error
        return module

    def running(self) -> OwnCode:
        """Context in which its functions may be called (see ``OwnCode``)."""
        return OwnCode(self.folder)

    def call(
        self,
        name: str,
        function: Callable[[np.ndarray], Any],
        x: np.ndarray,
        take: Callable[[Any], _Taken],
    ) -> _Taken:
        """Call one of its functions, within ``running``.

        Args:
            name: what the function is called in messages.
            function: what to call.
            x: its argument; it gets a copy.
            take: what to make of what it returns, which may run code of the file again: a generator, a ``__float__``.

        Raises:
            ArithmeticError, ValueError: if the function has no value at x.
            UnsuitableValue: if ``take`` raises it.
            ProblemError: if anything else is raised.
        """
        try:
            with np.errstate(all="ignore"):
                return take(function(x.copy()))
        except (ArithmeticError, ValueError, UnsuitableValue):
            raise
        except BaseException as error:
            self._pass_interruption(error)
            raise self.raised(error, f"{name}(x) fails for x of shape {x.shape}", name) from error
        finally:
            leave_if_copy()

    def error(self, name: str, message: str) -> ProblemError:
        """An error at the line that defines a name."""
        line = f":{self.lines[name]}" if name in self.lines else ""
        return ProblemError(f"{self.name}{line}: {message}")

    def raised(self, error: BaseException, message: str, name: str = "") -> ProblemError:
        """An error at the last line of this file that a traceback went through, or else at the line that defines a name."""
        frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == self.name]
        place = frames[-1].lineno if frames else self.lines.get(name)
        line = f":{place}" if place else ""
        code = f" at `{frames[-1].line}`" if frames and frames[-1].line else ""
        return ProblemError(f"{self.name}{line}: {message} ({_named(error)}{code})")

    def _pass_interruption(self, error: BaseException) -> None:
        """Raise what a person's code raised anew where it is the evaluator's doing, or a person's Ctrl-C."""
        if isinstance(error, Interruption):
            raise error
        if isinstance(error, KeyboardInterrupt) and not raised_on_purpose(error, self.name):
            raise error


def _named(error: BaseException) -> str:
    """An exception's type and message, on one line."""
    if isinstance(error, ProcessEnded):
        return str(error)
    try:
        said = " ".join(str(error).split())
    except Exception as broken:  # a __str__ of the person's own
        said = f"its text is not available, {type(broken).__name__}"
    said = said if len(said) <= MOST_SHOWN else said[:MOST_SHOWN] + " ..."
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _definition_lines(tree: ast.Module) -> dict[str, int]:
    """Last line on which each name is bound, at any depth of statements but not inside functions."""
    lines: dict[str, int] = {}
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop(0)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            lines[node.name] = node.lineno
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            lines[node.id] = node.lineno
        pending.extend(ast.iter_child_nodes(node))
    return lines
