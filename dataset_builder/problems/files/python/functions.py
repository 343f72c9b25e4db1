"""Functions of a problem file: ``objective``, ``inequality`` and ``equality``, or one ``evaluate``; scipy's ``constraints``.

A constraint may be one function or a sequence of them. Each gets x and, where it takes more, ARGS.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from llamoco.dataset_builder.problems.callables.scipy_constraints import read_constraints
from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.files.python.return_values import describe
from llamoco.dataset_builder.problems.files.python.settings import arguments
from llamoco.dataset_builder.problems.files.python.source import CONTRACT, PythonSource
from llamoco.dataset_builder.problems.files.python.suggestions import suggestion
from llamoco.dataset_builder.problems.files.python.unread_names import read_by_the_contract

CONSTRAINTS = ("inequality", "equality")


class FileFunction(NamedTuple):
    """One function.

    Attributes:
        name: what messages call it, such as ``inequality[1]``.
        defined: the name of the module that holds it.
        call: what is called with x (A,).
        expression: how a program calls it on ``x``; the contract's names stand in braces.
    """

    name: str
    defined: str
    call: Callable[[Any], Any]
    expression: str


class Functions:
    """The functions.

    Args:
        text: the file.
        module: the file, executed.
        dim: number of the person's variables A.

    Attributes:
        objective: the objective; None if ``evaluate`` stands for it.
        evaluate: gives objective, inequality and equality at once; None if there is none.
        inequality, equality: constraints, in order.
        scipy: the constraints under the name ``constraints``: inequalities and equalities, None where there are none.
        plain: whether a program can call the contract's names as they are.
    """

    def __init__(self, text: PythonSource, module: types.ModuleType, dim: int) -> None:
        self._text, self._values = text, module.__dict__
        self._args = arguments(module)
        self.evaluate: FileFunction | None = None
        self.objective = self._named("objective")
        if self.objective is None:
            self.evaluate = self._named("evaluate")
        if self.objective is None and self.evaluate is None:
            missing = "objective is None" if "objective" in text.lines else "no objective(x) is defined"
            raise ProblemError(
                f"{text.name}: {missing}{suggestion(text, self._values, 'objective')}; {CONTRACT}"
            )
        self.inequality, self.equality = (self._listed(name) for name in CONSTRAINTS)
        if self.evaluate and (self.inequality or self.equality):
            name = "inequality" if self.inequality else "equality"
            raise text.error(
                name,
                f"evaluate(x) gives the constraints with the objective, so {name}(x) is never called; "
                "return its values from evaluate(x), as in return f, inequality, equality, or call evaluate(x) objective(x)",
            )
        self.scipy: tuple[FileFunction | None, FileFunction | None] = (None, None)
        if self._has_scipy():
            self.scipy = self._read_scipy(dim)
        self._of = {"objective": [self.objective] if self.objective else []}
        for kind, own, more in zip(CONSTRAINTS, (self.inequality, self.equality), self.scipy, strict=True):
            self._of[kind] = [*own, more] if more else [*own]
        self.plain = (
            self.evaluate is None
            and self.scipy == (None, None)
            and all(
                function.expression == f"{{{name}}}(x)"
                for name in ("objective", *CONSTRAINTS)
                for function in self.of(name)
            )
        )

    @property
    def taken(self) -> list[str]:
        """Names that are read in addition to the fixed ones."""
        return ["evaluate"] * (self.evaluate is not None) + ["constraints"] * (self.scipy != (None, None))

    def of(self, name: str) -> list[FileFunction]:
        """The functions that give the objective or a kind of constraints, scipy's among them; without ``evaluate``."""
        return self._of[name]

    def _named(self, name: str) -> FileFunction | None:
        """A function by name; None if it is absent."""
        value = self._values.get(name)
        if value is None:
            return None
        if not callable(value):
            if name == "evaluate":  # a flag of their own
                return None
            raise self._text.error(name, f"{name} is {describe(value)}; it must be a function of x")
        return self._function(name, name, value, f"{{{name}}}", spare=True)

    def _listed(self, name: str) -> list[FileFunction]:
        """A constraint function, or a sequence of them."""
        value = self._values.get(name)
        if value is None:
            return []
        if callable(value):
            return [self._function(name, name, value, f"{{{name}}}", spare=False)]
        if not isinstance(value, list | tuple) or not all(map(callable, value)):
            shown = describe(value)
            if isinstance(value, list | tuple):
                index = next(index for index, each in enumerate(value) if not callable(each))
                shown += f", of which entry {index} is {describe(value[index])}"
            raise self._text.error(
                name, f"{name} is {shown}; it must be a function of x, or a list of functions"
            )
        return [
            self._function(f"{name}[{index}]", name, each, f"{{{name}}}[{index}]", spare=False)
            for index, each in enumerate(value)
        ]

    def _function(
        self, name: str, defined: str, function: Callable[..., Any], expression: str, spare: bool
    ) -> FileFunction:
        """A function of x alone.

        Args:
            spare: whether it gets ARGS where it could do without, as the objective does: ``lambda x, k=k: ...`` is an idiom of constraints.
        """
        args = self._args
        if not args or not _takes(function, args, spare):
            return FileFunction(name, defined, function, f"{expression}(x)")
        more = "*{ARGS}" if isinstance(self._values["ARGS"], tuple) else "{ARGS}"
        return FileFunction(name, defined, lambda x: function(x, *args), f"{expression}(x, {more})")

    def _has_scipy(self) -> bool:
        """Whether ``constraints`` is what scipy takes, and nothing that defines the problem reads it."""
        value = self._values.get("constraints")
        each = list(value) if isinstance(value, list | tuple) else [value]
        if not each or not all(map(_of_scipy, each)):
            return False
        read = read_by_the_contract(self._text.tree, "constraints")
        return not read if read is not None else not (self.inequality or self.equality)

    def _read_scipy(self, dim: int) -> tuple[FileFunction | None, FileFunction | None]:
        located = self._located
        try:
            sides = read_constraints(self._values["constraints"], dim)
        except ProblemError as error:
            raise self._text.error("constraints", str(error)) from error
        inequality, equality = (
            side and FileFunction("constraints", "constraints", located(side), f"stated(x)[{place}]")
            for place, side in enumerate(sides)
        )
        return inequality, equality

    def _located(self, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """A function whose errors name the file and the line."""

        def call(x: Any) -> Any:
            try:
                return function(x)
            except ProblemError as error:
                raise self._text.error("constraints", str(error)) from error

        return call


def _of_scipy(value: Any) -> bool:
    if isinstance(value, Mapping):
        return "fun" in value and "type" in value
    return any(base.__name__ in ("LinearConstraint", "NonlinearConstraint") for base in type(value).__mro__)


def _takes(function: Callable[..., Any], args: tuple[Any, ...], spare: bool) -> bool:
    """Whether a function is to be called with further arguments behind x."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return spare
    fits = {}
    for given in ((None, *args), (None,)):
        try:
            signature.bind(*given)
            fits[len(given) > 1] = True
        except TypeError:
            fits[len(given) > 1] = False
    return (fits[True] and (spare or not fits[False])) or not (fits[True] or fits[False])


def traceable(functions: Functions) -> tuple[Callable[[Any], Any], list[Callable[[Any], Any] | None]]:
    """Objective and constraint functions for tracing."""
    constraints = [function.call for kind in CONSTRAINTS for function in functions.of(kind)]
    together = functions.evaluate
    if together is None:
        return functions.of("objective")[0].call, [*constraints]

    def parts(x: Any) -> tuple[Any, ...]:
        value = together.call(x)
        return value if isinstance(value, tuple) else (value,)

    return lambda x: parts(x)[0], [
        lambda x: [part for part in parts(x)[1:] if part is not None],
        *constraints,
    ]
