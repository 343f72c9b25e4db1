"""LLaMoCo: describe a continuous optimization problem, and have it solved by the optimizer that won a benchmark on problems like it.

    import llamoco

    result = llamoco.minimize(lambda x: (x[0] - 1) ** 2 + abs(x[1]), [(-5, 5), (-5, 5)])

What is listed here is the public interface. It is imported when it is first used, so that ``import llamoco`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llamoco._arguments import IgnoredArgument as IgnoredArgument
    from llamoco._minimize import minimize as minimize
    from llamoco._solve import solve as solve
    from llamoco.dataset_builder.problems.errors import LlamocoError as LlamocoError
    from llamoco.dataset_builder.problems.files.problem_file import load_problem
    from llamoco.dataset_builder.problems.problem import Problem as Problem

__all__ = ["IgnoredArgument", "LlamocoError", "Problem", "__version__", "load_problem", "minimize", "solve"]

# Where each name lies, and what it is called there.
_PLACES = {
    "LlamocoError": ("llamoco.dataset_builder.problems.errors", "LlamocoError"),
    "Problem": ("llamoco.dataset_builder.problems.problem", "Problem"),
    "IgnoredArgument": ("llamoco._arguments", "IgnoredArgument"),
    "minimize": ("llamoco._minimize", "minimize"),
    "solve": ("llamoco._solve", "solve"),
    "load_problem": ("llamoco.dataset_builder.problems.files.problem_file", "load_problem"),
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version  # half a hundred modules

        return version("llamoco")
    if name not in _PLACES:
        raise AttributeError(f"module 'llamoco' has no attribute {name!r}")
    module, called = _PLACES[name]
    value = globals()[name] = getattr(import_module(module), called)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
