"""``llamoco.minimize``."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llamoco import _arguments, _warm
from llamoco._callbacks import Callback
from llamoco._running import EvaluatorStack, RunSettings, counts_of, open_journal, run
from llamoco.dataset_builder.problems.budget import budget_in_time, default_budget
from llamoco.dataset_builder.problems.callables.callable_evaluator import CallableEvaluator, Functions
from llamoco.dataset_builder.problems.callables.problem_text import problem_file_text
from llamoco.dataset_builder.problems.described import DescribedProblem
from llamoco.dataset_builder.problems.variables import Variables
from llamoco.dataset_builder.problems.wrappers.journal_evaluator import JournalEvaluator
from llamoco.dataset_builder.problems.wrappers.journal_identity import identity_of_callable
from llamoco.dataset_builder.problems.wrappers.workers import Workers

if TYPE_CHECKING:
    from scipy.optimize import OptimizeResult


def minimize(
    fun: Callable[..., Any],
    *given: Any,
    bounds: Any = None,
    x0: Any = None,
    constraints: Any = (),
    max_evals: int | None = None,
    time_limit: float | None = None,
    tol: float | None = None,
    args: Any = (),
    maximize: bool = False,
    integrality: Any = None,
    workers: Workers = 1,
    seed: Any = None,
    callback: Callable[..., Any] | None = None,
    journal: str | os.PathLike[str] | None = None,
    model: str | Path | None = None,
    one_program: bool = False,
    progress: bool | None = None,
    **options: Any,
) -> OptimizeResult:
    """Minimise a function of several variables with the optimizer that won a benchmark on functions like it.

    A call of ``scipy.optimize.minimize``, ``differential_evolution`` or ``dual_annealing`` becomes one of this by changing the name:
    the second positional argument is the bounds or, where it is a flat vector, the starting point; arguments of scipy's that choose
    an optimizer or set it (``method``, ``jac``, ``options``, ``popsize``, ...) are taken and have no effect, which a warning
    says; the budget in ``options={"maxfev": N}`` or ``maxfun=N`` is taken as ``max_evals``.

    Args:
        fun: ``fun(x, *args)`` for x of shape (n,); returns one real number. NaN and inf count as worst. It is called in this
            process. A copy of it is called once more beforehand, with numbers that remember what is done to them.
        given: ``bounds`` or ``x0``, then ``args`` and so on in the order of ``scipy.optimize.minimize``.
        bounds: ``scipy.optimize.Bounds``, or a pair (lower, upper) for each variable, None where there is no bound; or one pair, for
            one variable. None: no bounds, as many variables as ``x0`` has. Every point that is evaluated lies within them.
        x0: starting point (n,), evaluated first, where the search begins; the result is never worse. A variable without bounds is
            searched around it.
        constraints: scipy's dicts, ``LinearConstraint`` and ``NonlinearConstraint``, one or a list. Points outside them are evaluated,
            too (``keep_feasible`` has no effect); the result satisfies g <= 1e-6 and |h| <= 1e-4.
        max_evals: calls of ``fun`` at most. Where ``fun`` cannot be traced, up to 5% of them, 60 at most, probe its landscape before an
            optimizer is chosen, and the search begins at the best of these points. If None, 100 (n + 1), at least 200 and at most 5,000; with ``time_limit`` and no journal as
            many as fit into it by the first call, at most 20,000.
        time_limit: seconds in all; then the best point so far is returned. A call of ``fun`` is not broken off.
        tol: ends the run once the best feasible value has not improved by more than tol (1 + its size) for 100 evaluations, or 20 n
            where that is more. None: the run goes on to the end of the budget.
        args: further arguments of ``fun``.
        maximize: whether to maximise instead; ``fun`` and the result keep your sign.
        integrality: 1 for a variable that takes integers, 0 for others; one for all, or one for each. ``fun`` sees rounded values.
        workers: processes that evaluate side by side what a program asks for together; -1 for one a core; or a function like
            ``map``. Order and result are those of one process.
        seed: whole number, or a numpy Generator to draw one from. 0 if None: the same call gives the same result.
        callback: called after each request of the program with ``intermediate_result`` (if its parameter has this name) or ``xk``, the
            best point so far. It ends the run by raising StopIteration or returning True.
        journal: file that each evaluation is written to before it is used. The same call with the same journal goes on after a
            crash, or with a larger ``max_evals``, and evaluates nothing twice.
        model: model folder or Hub id; the shipped model if None.
        one_program: whether one program has the complete budget even where the problem is unlike those of the training set; then
            nothing is probed.
        progress: whether a line on stderr says how far the run is; None: in a terminal or notebook, after two seconds.
        options: further arguments of scipy's, see above.

    Returns:
        ``scipy.optimize.OptimizeResult`` with x (n,), fun, success (a feasible point was found), status (0 done, 1 no feasible point,
        2 ended by the callback, 3 time limit, 4 Ctrl-C), message, nfev (evaluations that count against the
        budget; ``fun`` is not called again for a point that a program asks for again), maxcv (largest violation of a constraint), and
        optimizer, program (a script with the optimizer in it), confidence (None if nothing is known of it), trace (pairs of evaluations and the best value after
        them) and warning. After Ctrl-C the best point so far is returned.

    Raises:
        LlamocoError: what is wrong with an argument, what a function returns, the journal, a worker, or the callback, in one message.
        Exception: what ``fun`` raised, as it is. Where the run had begun, ``result`` of either is the best point so far.
    """
    placed = _arguments.place(given, bounds, x0, args, options)
    start = _arguments.read_start(placed.x0)
    lower, upper = _arguments.read_bounds(placed.bounds, start)
    integer = _arguments.read_integrality(integrality, len(lower))
    budget = _arguments.read_count("max_evals", placed.max_evals if max_evals is None else max_evals)
    settings = RunSettings(
        time_limit=_arguments.read_positive("time_limit", time_limit, "60 (seconds)"),
        tolerance=_arguments.read_positive("tol", tol, "1e-6"),
        workers=workers,
        seed=_arguments.read_seed(options.get("rng") if seed is None else seed),
        callback=None if callback is None else Callback(callback),
        model=model,
        one_program=one_program,
        progress=progress,
    )
    _warm.prepare()
    variables = Variables(lower, upper, start, integer, names={"integer": "integrality"})
    functions = Functions(fun, placed.args, constraints, len(lower), placed.with_gradient)
    with ExitStack() as opened:
        record = open_journal(journal, opened)
        dim = len(variables.lower)
        max_evals = budget or default_budget(dim)
        evaluator = CallableEvaluator(functions, variables, max_evals, maximize, counts_of(record, functions))
        if record is not None:
            record.check_identity(identity_of_callable(evaluator, lower, upper, integer))
            evaluator.journal_first(record)
        if budget is None and settings.time_limit is not None and record is None:
            max_evals = evaluator.max_evals = budget_in_time(
                dim, settings.time_limit, evaluator.evaluation_seconds()
            )
        problem = DescribedProblem(
            id=_name(fun),
            lower=tuple(variables.lower.tolist()),
            upper=tuple(variables.upper.tolist()),
            max_evals=max_evals,
            n_inequality=evaluator.n_inequality,
            n_equality=evaluator.n_equality,
            description=problem_file_text(evaluator, lower, upper, max_evals, start, integer),
            evaluator=evaluator,
            profile=(evaluator if record is None else JournalEvaluator(evaluator, record)).profile,
        )
        stack = opened.enter_context(EvaluatorStack(problem, settings.workers, record))
        return run(stack, settings)


def _name(fun: Callable[..., Any]) -> str:
    name = str(getattr(fun, "__name__", type(fun).__name__))
    return name if name.isidentifier() else "objective"
