"""A person's callback, in any of the forms of scipy.optimize."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from llamoco.dataset_builder.problems.errors import LlamocoError, ProblemError
from llamoco.dataset_builder.problems.files.python.return_values import describe

if TYPE_CHECKING:
    from scipy.optimize import OptimizeResult


class CallbackError(LlamocoError, RuntimeError):
    """A callback raised an exception, which is its cause. ``result`` is the best point so far."""


class Callback:
    """Calls a person's callback after each request of a program.

    Accepted are ``callback(intermediate_result)`` (by that name, as in scipy), ``callback(xk)``, ``callback(xk, convergence)`` of
    ``differential_evolution``, ``callback(x, f, context)`` of ``dual_annealing`` and ``callback(xk, result)``. It ends the run by
    raising StopIteration or returning True.

    Args:
        function: the callback.

    Raises:
        ProblemError: if it cannot be called.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        if not callable(function):
            raise ProblemError(
                f"callback is {describe(function)}; give a function of intermediate_result or of xk"
            )
        self._function = function
        self._form = _form(function)

    def stops(self, result: OptimizeResult) -> bool:
        """Call it with the best point so far; True if it asks to stop.

        Raises:
            CallbackError: if it raises anything but StopIteration.
        """
        x = np.array(result.x)
        try:
            if self._form == "intermediate_result":
                answer = self._function(intermediate_result=result)
            elif self._form == "context":
                answer = self._function(x, result.fun, 0)
            elif self._form == "convergence":
                answer = self._function(x, convergence=0.0)
            elif self._form == "result":
                answer = self._function(x, result)
            else:
                answer = self._function(x)
        except StopIteration:
            return True
        except Exception as error:
            raise CallbackError(
                f"the callback raised {type(error).__name__}: {error}; fix it, or raise StopIteration to end the run. The best point "
                "so far is this error's .result"
            ) from error
        return isinstance(answer, bool | np.bool_) and bool(answer)


def _form(function: Callable[..., Any]) -> str:
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):  # compiled
        return "x"
    if set(parameters) == {"intermediate_result"}:
        return "intermediate_result"
    if "convergence" in parameters:
        return "convergence"
    needed = [
        one
        for one in parameters.values()
        if one.default is one.empty and one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
    ]
    return {2: "result", 3: "context"}.get(len(needed), "x")
