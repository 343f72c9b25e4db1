"""Identity of a problem for its journal: the person's functions or file, without what may change between runs."""

from __future__ import annotations

import ast
import functools
import hashlib
import inspect
import math
import textwrap
import types
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from llamoco.dataset_builder.problems.callables.callable_evaluator import CallableEvaluator
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.wrappers.journal import Identity

# Assignments of a file that say where and how long to search, not what the functions are. Bounds are compared as numbers.
_SETTINGS = frozenset(
    {"MAX_EVALS", "X0", "LOWER", "UPPER", "MAXIMIZE", "INTEGER", "STEP", "TOLERANCE", "TIME_LIMIT"}
)


def identity_of_callable(
    evaluator: CallableEvaluator, lower: np.ndarray, upper: np.ndarray, integer: Any
) -> Identity:
    """The identity of functions that were handed to ``minimize``.

    Args:
        evaluator: evaluates them.
        lower, upper: the person's bounds (A,).
        integer: which variables are integers, bool (A,); None if none.
    """
    functions = evaluator.functions
    parts = [functions.fun, *functions.args, *functions.constraint_parts()]
    return Identity(
        objective=_name(functions.fun),
        source=_hash(text for part in parts for text in _texts(part)),
        lower=tuple(_finite(lower)),
        upper=tuple(_finite(upper)),
        inequalities=evaluator.n_inequality,
        equalities=evaluator.n_equality,
        steps=tuple(map(float, np.zeros(len(lower)) if integer is None else integer)),
    )


def identity_of_file(problem: Problem) -> Identity:
    """The identity of a problem that was read from a file."""
    text = problem.description
    if problem.language == "python":
        text = _without_settings(text)
    return Identity(
        objective="objective",
        source=_hash([text]),
        lower=problem.lower,
        upper=problem.upper,
        inequalities=problem.n_inequality,
        equalities=problem.n_equality,
        steps=(),
    )


def _finite(bounds: np.ndarray) -> Iterable[float | None]:
    return (float(bound) if math.isfinite(bound) else None for bound in bounds.tolist())


def _hash(texts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()[:16]


def _name(function: Callable[..., Any]) -> str:
    while isinstance(function, functools.partial):
        function = function.func
    name = getattr(function, "__qualname__", None) or type(function).__qualname__
    return str(name)


def _texts(value: Any) -> Iterable[str]:
    """Texts that identify a value: the code of a function, the numbers of data, only the type of other objects."""
    if isinstance(value, functools.partial):
        for part in (value.func, *value.args, *value.keywords.items()):
            yield from _texts(part)
    elif isinstance(value, types.MethodType):
        yield from _texts(value.__func__)
    elif isinstance(value, types.FunctionType):
        yield _code(value)
    elif isinstance(value, np.ndarray):
        yield f"{value.dtype} {value.shape} {_hash([value.tobytes().hex()]) if value.dtype != object else ''}"
    elif isinstance(value, list | tuple):
        yield f"{type(value).__name__} {len(value)}"
        for part in value:
            yield from _texts(part)
    elif value is None or isinstance(value, bool | int | float | complex | str | bytes | np.generic):
        yield repr(value)
    else:
        yield f"{type(value).__module__}.{type(value).__qualname__}"


def _code(function: types.FunctionType) -> str:
    """A function's text without comments and layout; its code where there is no text of it alone, as of a lambda."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
        if len(tree.body) == 1 and isinstance(tree.body[0], ast.FunctionDef):
            return ast.dump(tree)
    except (OSError, TypeError, SyntaxError, ValueError):
        pass
    return " ".join(_compiled(function.__code__))


def _compiled(code: types.CodeType) -> Iterable[str]:
    yield code.co_code.hex()
    yield repr(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _compiled(constant)
        else:
            yield repr(sorted(map(repr, constant))) if isinstance(constant, frozenset) else repr(constant)


def _without_settings(text: str) -> str:
    tree = ast.parse(text)
    tree.body = [node for node in tree.body if not _is_setting(node)]
    return ast.dump(tree)


def _is_setting(node: ast.stmt) -> bool:
    if not isinstance(node, ast.Assign | ast.AnnAssign):
        return False
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    names = [name for target in targets for name in ast.walk(target) if isinstance(name, ast.expr)]
    bound = {name.id for name in names if isinstance(name, ast.Name)}
    return bound <= _SETTINGS and all(isinstance(name, ast.Name | ast.Tuple | ast.List) for name in names)
