"""Evaluation of a stranger's Python problem in a sandbox of its own, never in this process.

``problems.python_file`` runs a problem FILE with the rights of whoever runs this, which is right for your own
file and wrong for text that comes over the web. Here the same reader runs the same text inside a ``Sandbox``
(no files but Python's libraries, no network, no processes, limits on time and memory), and only numbers cross
over: a point goes in, its values come out. The optimizer program runs in another sandbox, so neither reaches
the other, nor the count of evaluations.

The sandbox is made for programs that ask for values. Here the roles are turned: what runs in it is the reader
below, whose "points" are messages (bounds first, then values) and whose "constraint values" are the points
that it is to evaluate next.
"""

from __future__ import annotations

import ast
import queue
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from llamoco.dataset_builder.problems.described import DescribedProblem
from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.evaluators import FunctionEvaluator
from llamoco.dataset_builder.problems.files import python_file
from llamoco.dataset_builder.problems.profiling.operation_profile import FunctionProfile, OperationProfile
from llamoco.metrics.sandbox import Sandbox
from llamoco.metrics.sandbox.record import Record

_PACKAGE = "llamoco."
MAX_DIM = 100
MAX_CONSTRAINTS = 100
MAX_EVALUATIONS = 100_000

_HEAD = 6  # serial number, D, Mg, Mh, budget, whether the profile is known
_PART = len(FunctionProfile({}, (), 0.0).to_list())  # numbers of a function profile, but the degrees
_MESSAGE = _HEAD + 2 * MAX_DIM + 2 * _PART + 1 + MAX_CONSTRAINTS

# Runs in the sandbox. A message starts with a serial number: one that equals the message before would be
# answered from the program's own cache.
_READER = """\
import sys
import types

import numpy as np


def load(name, source):
    module = types.ModuleType(name)
    sys.modules[name] = module
    exec(compile(source, name, "exec"), module.__dict__)
    return module


def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None):
    for name, source in {modules!r}.items():
        reader = load(name, source)
    problem = reader.load_python({text!r}, {name!r})
    dim, counts = len(problem.lower), (problem.n_inequality, problem.n_equality)
    if dim > {max_dim} or sum(counts) > {max_constraints}:
        raise reader.ProblemError(
            f"{name}: {{dim}} variables and {{sum(counts)}} constraints; at most {max_dim} and {max_constraints} are taken here"
        )
    if not problem.plain:
        raise reader.ProblemError(
            "{name}: here a problem has to be stated plainly: objective(x), LOWER below UPPER, both sequences of finite numbers, MAX_EVALS, "
            "values at the centre of the box, constraints of one function each in one flat sequence; no X0, MAXIMIZE, INTEGER, STEP, "
            "ARGS, TIME_LIMIT, evaluate(x) or constraints of scipy. The command llamoco solve takes all of them"
        )
    known = problem.profile()
    said = [0, dim, *counts, problem.max_evals, known is not None, *problem.lower, *problem.upper]
    if known is not None:
        said += [*known.objective.to_list(), *known.constraints.to_list()]
    while True:
        message = np.zeros(len(lower))
        message[: len(said)] = said
        point = inequality(message)[:dim]
        f, g, h = problem.evaluate(point[None, :])
        said = [message[0] + 1, f[0], *g[0], *h[0]]
"""


@contextmanager
def confined_problem(
    text: str, name: str, sandbox: Sandbox, time_limit: float, memory_limit: int = 512
) -> Iterator[DescribedProblem]:
    """Read a Python problem FILE in a sandbox and have it evaluated there until the block is left.

    Args:
        text: the file's text; see ``python_file`` for what it defines.
        name: what to call the file in messages.
        sandbox: where it runs; taken until the block is left.
        time_limit: seconds that its own functions may take, all evaluations together.
        memory_limit: MiB.

    Yields:
        The problem, of a type that cannot execute its text: values come from the sandbox, and so does the profile.

    Raises:
        ProblemError: if the text is no problem, breaks the sandbox's rules or exceeds a limit, now or in a later
            evaluation; the message names line and cure.
    """
    guest = _Guest(_program(text, name), name, sandbox, time_limit, memory_limit)
    try:
        problem = _problem(guest.hear(), text, name)
        n_inequality, n_equality = problem.n_inequality, problem.n_equality

        def evaluate(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            rows = [guest.values(point)[1 : 2 + n_inequality + n_equality] for point in x]
            values = np.array(rows).reshape(len(x), 1 + n_inequality + n_equality)
            return values[:, 0], values[:, 1 : 1 + n_inequality], values[:, 1 + n_inequality :]

        yield replace(problem, evaluator=FunctionEvaluator(evaluate))
    finally:
        guest.close()


def _program(text: str, name: str) -> str:
    modules = dict(_sources(python_file.__name__))
    return _READER.format(
        modules=modules, text=text, name=name, max_dim=MAX_DIM, max_constraints=MAX_CONSTRAINTS
    )


@cache
def _sources(name: str) -> tuple[tuple[str, str], ...]:
    """Names and sources of one of our modules and of all that it needs, each after those that it imports.

    What is imported for type checkers only is left out.
    """
    found: dict[str, str] = {}

    def follow(module: str) -> None:
        if module in found:
            return
        spec = find_spec(module)
        assert spec is not None and spec.origin is not None
        source = Path(spec.origin).read_text("utf-8")
        for needed in _imports(ast.parse(source).body):
            follow(needed)
        found[module] = source

    follow(name)
    return tuple(found.items())


def _imports(statements: Iterable[ast.AST]) -> Iterator[str]:
    """Our own modules that statements import, at any depth."""
    for statement in statements:
        if isinstance(statement, ast.ImportFrom) and (statement.module or "").startswith(_PACKAGE):
            assert statement.module is not None
            yield statement.module
            for alias in statement.names:
                submodule = f"{statement.module}.{alias.name}"
                if _is_package(statement.module) and find_spec(submodule) is not None:
                    yield submodule
        elif isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names if alias.name.startswith(_PACKAGE))
        elif not (isinstance(statement, ast.If) and ast.unparse(statement.test) == "TYPE_CHECKING"):
            yield from _imports(ast.iter_child_nodes(statement))


def _is_package(name: str) -> bool:
    spec = find_spec(name)
    return spec is not None and spec.submodule_search_locations is not None


def _problem(message: np.ndarray, text: str, name: str) -> DescribedProblem:
    """Read the problem from the first message. It is checked again: the reader shares its process with hostile code."""
    counts = message[1:_HEAD]
    if not (np.isfinite(message).all() and (counts == np.floor(counts)).all() and (counts >= 0).all()):
        raise _tampered(name)
    dim, n_inequality, n_equality, max_evals, known = map(int, counts)
    lower, upper = (message[_HEAD + start : _HEAD + start + dim] for start in (0, dim))
    if not (0 < dim <= MAX_DIM and n_inequality + n_equality <= MAX_CONSTRAINTS and (lower < upper).all()):
        raise _tampered(name)
    # Said by the guest, so no more than a hint: it changes what the model sees, and nothing else.
    start = _HEAD + 2 * dim
    middle, end = start + _PART + 1, start + 2 * _PART + 1 + n_inequality + n_equality
    parts = (
        FunctionProfile.from_list(message[start:middle].tolist()),
        FunctionProfile.from_list(message[middle:end].tolist()),
    )
    return DescribedProblem(
        id=Path(name).stem,
        lower=tuple(lower.tolist()),
        upper=tuple(upper.tolist()),
        max_evals=max_evals,
        n_inequality=n_inequality,
        n_equality=n_equality,
        description=text,
        profile=OperationProfile(*parts) if known else None,
    )


def _tampered(name: str) -> ProblemError:
    return ProblemError(f"{name}: the process that evaluates it was tampered with, or had to restart")


class _Closed(Exception):
    """No more points: the block was left."""


class _Guest:
    """The reader in its sandbox, driven by a thread that hands messages over one at a time."""

    def __init__(
        self, program: str, name: str, sandbox: Sandbox, time_limit: float, memory_limit: int
    ) -> None:
        self._name = name
        self._messages: queue.SimpleQueue[np.ndarray | Record | ProblemError] = queue.SimpleQueue()
        self._points: queue.SimpleQueue[np.ndarray | None] = queue.SimpleQueue()
        self._heard = 0
        self._ended: ProblemError | None = None

        def answer(message: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            if len(message) != 1:
                raise _tampered(name)
            self._messages.put(message[0])
            point = self._points.get()
            if point is None:
                raise _Closed
            padded = np.zeros((1, MAX_DIM))
            padded[0, : len(point)] = point
            return np.zeros(1), padded, np.zeros((1, 0))

        def serve() -> None:
            try:
                self._messages.put(sandbox.run(program, channel, 0, time_limit, memory_limit))
            except _Closed:
                pass
            except ProblemError as error:
                self._messages.put(error)
            except Exception as error:  # of any kind: nobody may wait forever
                self._messages.put(
                    ProblemError(f"{name}: cannot be evaluated, {type(error).__name__}: {error}")
                )

        channel = DescribedProblem(
            id=name,
            lower=(-1e300,) * _MESSAGE,
            upper=(1e300,) * _MESSAGE,
            max_evals=MAX_EVALUATIONS,
            n_inequality=MAX_DIM,
            n_equality=0,
            evaluator=FunctionEvaluator(answer),
        )
        self._thread = threading.Thread(target=serve, name="confined problem", daemon=True)
        self._thread.start()

    def values(self, point: np.ndarray) -> np.ndarray:
        """The reader's answer to a point (D,)."""
        if self._ended is not None:
            raise self._ended
        self._points.put(point)
        return self.hear()

    def hear(self) -> np.ndarray:
        """The next message."""
        message = self._messages.get()
        if isinstance(message, np.ndarray):
            if message[0] != self._heard:  # a sandbox that restarts also restarts the reader
                self._ended = _tampered(self._name)
                raise self._ended
            self._heard += 1
            return message
        self._ended = message if isinstance(message, ProblemError) else self._error(message)
        raise self._ended

    def close(self) -> None:
        """End the reader."""
        self._points.put(None)
        self._thread.join()

    def _error(self, record: Record) -> ProblemError:
        """The reason for the reader's end: the person's error, or a rule or limit of the sandbox."""
        said = record.message or record.reason
        if record.verdict == "security_violation":
            return ProblemError(
                f"{self._name}: the problem's own code did what is not allowed here ({said}). It may compute with "
                "Python's standard library, numpy and scipy; no files, network or processes"
            )
        if record.exception == "ProblemError":
            return ProblemError(said)
        if record.verdict in ("timeout", "memory"):
            return ProblemError(
                f"{self._name}: the problem's own functions take too long or too much memory here ({record.reason})"
            )
        if record.verdict == "budget_exceeded":
            return ProblemError(
                f"{self._name}: asked for more than {MAX_EVALUATIONS:,} values; lower MAX_EVALS"
            )
        return ProblemError(
            f"{self._name}: the problem's own code ended the process that evaluates it ({said})"
        )
