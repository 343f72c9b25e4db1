"""Reading a problem FILE in Python: a person's own objective, bounds, budget and constraints.

The text is executed as it stands, with the rights of whoever runs this: it is that person's own code. It has
to define ``objective``, ``LOWER``, ``UPPER`` and ``MAX_EVALS``; ``inequality`` and ``equality`` are optional.
Everything that can go wrong is told in one message that names file, line and cure.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import io
import linecache
import numbers
import sys
import traceback
import types
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.structure import Structure, structure_of_functions
from llamoco.dataset_builder.problems.traced_modules import namespace

CONTRACT = (
    "a problem file defines objective(x), LOWER, UPPER, MAX_EVALS, optionally inequality(x) and equality(x)"
)


class _ComplexValue(ArithmeticError):
    """A complex number where a real one is needed: a root of a negative number in plain Python."""


class PythonFile:
    """A person's problem, ready to be evaluated. Made by ``load_python``.

    Attributes:
        lower, upper: bounds (D,).
        max_evals: evaluation budget, points.
        n_inequality, n_equality: numbers of constraints, found at the centre of the box.
    """

    def __init__(self, source: _Source, module: types.ModuleType) -> None:
        self._source = source
        self._objective = source.function(module, "objective")
        self._constraints = {name: source.function(module, name) for name in ("inequality", "equality")}
        self.lower, self.upper = source.bounds(module)
        self.max_evals = source.budget(module)
        centre = (self.lower + self.upper) / 2
        f, g, h = self._first(centre)
        if np.isnan(f):
            raise source.error(
                "objective",
                "objective(x) is NaN at the centre of the box, where a search may start; return a number "
                "there, a large one if the formula has none, or change LOWER and UPPER",
            )
        self.n_inequality, self.n_equality = len(g), len(h)

    def evaluate(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Objective (N,), inequalities (N, Mg) and equalities (N, Mh) of points (N, D), row by row.

        A point outside the domain of the person's formulas (ZeroDivisionError, OverflowError, ValueError such
        as a math domain error) is given NaN, which counts as worst.

        Raises:
            ProblemError: if a function raises anything else or returns what it must not.
        """
        f = np.full(len(x), np.nan)
        g, h = np.full((len(x), self.n_inequality), np.nan), np.full((len(x), self.n_equality), np.nan)
        with self._source.surroundings():
            for row, point in enumerate(x):
                try:
                    value = self._value(point)
                    g[row] = self._constraint("inequality", point, self.n_inequality)
                    h[row] = self._constraint("equality", point, self.n_equality)
                    f[row] = value  # NaN if any function has no value here: a point is evaluated as a whole
                except ProblemError:
                    raise
                except (ArithmeticError, ValueError):
                    continue
        return f, g, h

    def structure(self) -> Structure | None:
        """What the functions do on their variables; None if that cannot be followed. The text is executed anew for it."""
        try:
            with contextlib.redirect_stderr(io.StringIO()):
                traced = self._source.run(namespace()).__dict__
                with self._source.surroundings():
                    return structure_of_functions(
                        traced["objective"],
                        [traced.get(name) for name in self._constraints],
                        self.lower.tolist(),
                        self.upper.tolist(),
                    )
        except ProblemError:  # what it imports does not work with the modules that it is given here
            return None

    def _first(self, x: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """The centre of the box, where nothing may be raised."""
        name = "objective"
        try:
            with self._source.surroundings():
                f = self._value(x)
                name = "inequality"
                g = self._constraint(name, x, None)
                name = "equality"
                return f, g, self._constraint(name, x, None)
        except _ComplexValue as error:
            raise self._source.error(
                name, f"{name}(x) returned {error} at the centre of the box; return floats"
            ) from error
        except ProblemError:
            raise
        except (ArithmeticError, ValueError) as error:
            raise self._source.raised(
                error, f"{name}(x) fails at the centre of the box; it has to have a value there"
            ) from error

    def _value(self, x: np.ndarray) -> float:
        value = self._call("objective", self._objective, x)
        if isinstance(value, numbers.Real) or (
            isinstance(value, np.ndarray) and value.ndim == 0 and value.dtype.kind in "fiub"
        ):
            return float(value)
        if isinstance(value, numbers.Complex):
            raise _ComplexValue(f"the complex number {value}")
        raise self._source.error("objective", f"objective(x) returned {_describe(value)}; return one float")

    def _constraint(self, name: str, x: np.ndarray, count: int | None) -> np.ndarray:
        function = self._constraints[name]
        if function is None:
            return np.empty(0)
        value = self._call(name, function, x)
        try:
            array = np.asarray(value)
        except ValueError:  # lists of different lengths in a list
            array = np.empty((), dtype=object)
        if array.size and array.dtype.kind == "O" and array.ndim <= 1:
            reals = [isinstance(entry, numbers.Real) for entry in array.ravel()]
            array = array.astype(float) if all(reals) else array
        if array.dtype.kind == "c":
            raise _ComplexValue("complex numbers")
        if array.ndim > 1 or (array.size and array.dtype.kind not in "fiub"):
            raise self._source.error(
                name, f"{name}(x) returned {_describe(value)}; return a float or a flat sequence of floats"
            )
        array = np.atleast_1d(array).astype(float)
        if count is not None and len(array) != count:
            raise self._source.error(
                name,
                f"{name}(x) returned {len(array)} values here and {count} at the centre of the box; "
                "the number of constraints must not change",
            )
        return array

    def _call(self, name: str, function: Callable[[np.ndarray], Any] | None, x: np.ndarray) -> Any:
        assert function is not None
        try:
            with np.errstate(all="ignore"):
                return function(x.copy())
        except (ArithmeticError, ValueError):
            raise
        except (Exception, SystemExit) as error:
            raise self._source.raised(error, f"{name}(x) fails for x of shape {x.shape}") from error


def load_python(text: str, name: str, folder: Path | None = None) -> PythonFile:
    """Execute a problem FILE in Python and check it at the centre of its box.

    Args:
        text: the file's text. It runs as a module whose ``__name__`` is not ``"__main__"``.
        name: what to call the file in messages and tracebacks.
        folder: where the file lies; modules beside it can be imported.

    Raises:
        ProblemError: if it cannot be run or does not define a problem; the message names line and cure.
    """
    source = _Source(text, name, folder)
    return PythonFile(source, source.run())


class _Source:
    """The text, where its names are defined, and errors that point there."""

    def __init__(self, text: str, name: str, folder: Path | None) -> None:
        self.text, self.name, self.folder = text, name, folder
        if not text.strip():
            raise ProblemError(f"{name}: the file is empty; {CONTRACT}")
        try:
            tree = ast.parse(text, filename=name)
        except SyntaxError as error:
            shown = f": {error.text.strip()}" if error.text else ""
            raise ProblemError(f"{name}:{error.lineno}: not valid Python, {error.msg}{shown}") from error
        except ValueError as error:  # null bytes
            raise ProblemError(f"{name}: not a text file, {error}") from error
        self.lines = _definition_lines(tree)

    def run(self, start: Mapping[str, Any] = MappingProxyType({})) -> types.ModuleType:
        """Execute the text as a module, whose names at the start may be given."""
        linecache.cache[self.name] = (len(self.text), None, self.text.splitlines(keepends=True), self.name)
        module = types.ModuleType("problem_" + hashlib.sha256(self.text.encode()).hexdigest()[:12])
        module.__dict__.update(start)
        if self.folder is not None:
            module.__file__ = str(self.folder / Path(self.name).name)
        sys.modules[module.__name__] = module  # dataclasses and pickle look modules up by name
        try:
            with self.surroundings(), np.errstate(all="ignore"):
                exec(compile(self.text, self.name, "exec"), module.__dict__)
        except ModuleNotFoundError as error:
            package = (error.name or "").split(".")[0]
            raise self.raised(
                error, f"a module is missing: put it beside the file, or install it (pip install {package})"
            ) from error
        except (Exception, SystemExit) as error:
            raise self.raised(error, "the file fails while it is executed") from error
        return module

    @contextlib.contextmanager
    def surroundings(self) -> Iterator[None]:
        """With the file's folder on the import path, and what it prints on stderr: stdout is for results."""
        with contextlib.redirect_stdout(sys.stderr):
            if self.folder is None:
                yield
                return
            entry = str(self.folder)
            sys.path.insert(0, entry)
            try:
                yield
            finally:
                with contextlib.suppress(ValueError):
                    sys.path.remove(entry)

    def function(self, module: types.ModuleType, name: str) -> Callable[[np.ndarray], Any] | None:
        """A function by name; None for a constraint function that is absent."""
        value = module.__dict__.get(name)
        if value is None:
            if name == "objective":
                raise ProblemError(f"{self.name}: no objective(x) is defined; {CONTRACT}")
            return None
        if not callable(value):
            raise self.error(name, f"{name} is {_describe(value)}; it has to be a function of x")
        return value

    def bounds(self, module: types.ModuleType) -> tuple[np.ndarray, np.ndarray]:
        """LOWER and UPPER, checked."""
        bounds = []
        for name in ("LOWER", "UPPER"):
            value = self.required(
                module, name, f"give one number for each variable, such as {name} = [-5.0] * 10"
            )
            try:
                array = np.asarray(value)
                array = array.astype(float) if array.dtype.kind in "fiuO" else np.empty(())
            except (TypeError, ValueError):
                array = np.empty(())
            if array.ndim != 1 or len(array) == 0:
                raise self.error(
                    name,
                    f"{name} is {_describe(value)}; give a sequence with one number for each variable, "
                    f"such as {name} = [-5.0] * 10",
                )
            for number, bound in enumerate(array):
                if not np.isfinite(bound):
                    raise self.error(
                        name,
                        f"{name}[{number}] is {bound}; give a finite bound, a wide one if in doubt",
                    )
            bounds.append(array)
        lower, upper = bounds
        if len(lower) != len(upper):
            raise self.error(
                "UPPER",
                f"LOWER has {len(lower)} entries and UPPER has {len(upper)}; give both one for each variable",
            )
        for number in np.flatnonzero(lower >= upper).tolist():
            raise self.error(
                "UPPER",
                f"LOWER[{number}] = {lower[number]:g} is not below UPPER[{number}] = {upper[number]:g}; "
                "swap them, or make a variable that cannot move a constant",
            )
        return lower, upper

    def budget(self, module: types.ModuleType) -> int:
        """MAX_EVALS, checked."""
        cure = "give the number of evaluations that you can afford, such as MAX_EVALS = 1000"
        value = self.required(module, "MAX_EVALS", cure)
        if (
            isinstance(value, bool)
            or not isinstance(value, numbers.Real)
            or not float(value).is_integer()
            or value < 1
        ):
            shown = value if isinstance(value, numbers.Real) else _describe(value)
            raise self.error("MAX_EVALS", f"MAX_EVALS is {shown}, not an integer of at least 1; {cure}")
        return int(float(value))

    def required(self, module: types.ModuleType, name: str, cure: str) -> Any:
        """A value by name."""
        if name not in module.__dict__:
            raise ProblemError(f"{self.name}: {name} is not defined; {cure}")
        return module.__dict__[name]

    def error(self, name: str, message: str) -> ProblemError:
        """An error at the line that defines a name."""
        line = f":{self.lines[name]}" if name in self.lines else ""
        return ProblemError(f"{self.name}{line}: {message}")

    def raised(self, error: BaseException, message: str) -> ProblemError:
        """An error at the last line of this file that a traceback went through."""
        frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == self.name]
        line = f":{frames[-1].lineno}" if frames else ""
        code = f" at `{frames[-1].line}`" if frames and frames[-1].line else ""
        return ProblemError(f"{self.name}{line}: {message} ({type(error).__name__}: {error}{code})")


def _definition_lines(tree: ast.Module) -> dict[str, int]:
    """Last line on which each name is bound, at any depth of statements but not inside functions."""
    lines: dict[str, int] = {}
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop(0)
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            lines[node.name] = node.lineno
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            lines[node.id] = node.lineno
        pending.extend(ast.iter_child_nodes(node))
    return lines


def _describe(value: object) -> str:
    """What a value is, in a person's words."""
    if value is None:
        return "None (is a return statement missing?)"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    if isinstance(value, list | tuple):
        return f"a {type(value).__name__} of {len(value)} entries"
    return (
        f"{type(value).__name__} {str(value)[:40]!r}"
        if isinstance(value, str | complex | int | float)
        else f"a {type(value).__name__}"
    )
