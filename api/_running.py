"""Run of a problem, from settings to the result: the common part of ``minimize`` and ``solve``."""

from __future__ import annotations

import os
import time
import warnings
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from llamoco import _warm
from llamoco._callbacks import Callback
from llamoco._progress import ProgressLine
from llamoco._watch import Point, Watch
from llamoco.dataset_builder.problems.callables.callable_evaluator import Functions
from llamoco.dataset_builder.problems.errors import LlamocoError
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.wrappers.journal import Journal
from llamoco.dataset_builder.problems.wrappers.workers import Workers
from llamoco.dataset_builder.problems.wrappers.wrapped_problem import WrappedProblem
from llamoco.metrics.sandbox.tiers import SandboxUnavailable
from llamoco.modeling.solving.in_process import InProcessRunner
from llamoco.modeling.solving.pipeline import Listener, Options, Outcome, Runner, Stop, solve_problem

if TYPE_CHECKING:
    from scipy.optimize import OptimizeResult

DONE, INFEASIBLE, STOPPED, OUT_OF_TIME, INTERRUPTED = range(5)  # OptimizeResult.status
_BY_CALLBACK = "the callback asked for the end"


@dataclass(frozen=True)
class RunSettings:
    """Settings of a run, see ``minimize``."""

    time_limit: float | None = None
    tolerance: float | None = None
    workers: Workers = 1
    seed: int = 0
    callback: Callback | None = None
    model: str | Path | None = None
    one_program: bool = False
    progress: bool | None = None


class EvaluatorStack:
    """A problem with everything around its evaluator: workers, a journal and the watch; a context manager.

    Args:
        problem: the problem.
        workers: see ``minimize``.
        journal: an open journal of this problem, or None.

    Attributes:
        problem: the problem, watched.
        wrapping: workers and journal.
        watch: watches it.
    """

    def __init__(self, problem: Problem, workers: Workers, journal: Journal | None) -> None:
        self.wrapping = WrappedProblem(problem, workers, journal)
        self.watch = Watch(self.wrapping.problem)
        self.problem = problem.with_evaluator(self.watch)

    def __enter__(self) -> EvaluatorStack:
        return self

    def __exit__(self, *_: object) -> None:
        self.wrapping.__exit__(None, None, None)


class _ProgressListener(Listener):
    """Calls the person's callback and updates the progress line. ``why`` says what ended the run here."""

    def __init__(self, stack: EvaluatorStack, settings: RunSettings, line: ProgressLine) -> None:
        self._stack, self._callback, self._line = stack, settings.callback, line
        self.why = ""

    def progress(self, evals: int, best_f: float | None) -> None:
        """See ``Listener``."""
        self._stack.watch.budget_spent = evals >= self._stack.problem.max_evals
        sign = -1.0 if self._stack.problem.maximize else 1.0
        self._line.show(evals, None if best_f is None else sign * best_f)
        best = self._stack.watch.best
        if self._callback is not None and best is not None:
            try:
                self.why = (
                    _BY_CALLBACK if self._callback.stops(_so_far(self._stack.problem, best, evals)) else ""
                )
            except LlamocoError as error:
                self._stack.watch.error = error
                raise Stop(str(error)) from error
        if self.why:
            raise Stop(self.why)


def run(stack: EvaluatorStack, settings: RunSettings) -> OptimizeResult:
    """Solve a problem.

    Raises:
        LlamocoError: if there is no model, or nothing to run programs with; if the callback, a worker or the journal failed: then
            ``result`` of the error is the best point so far.
        Exception: what the person's own function raised, with ``result``.
    """
    watch, problem = stack.watch, stack.problem
    line = ProgressLine(settings.progress, problem.max_evals)
    limit = settings.time_limit or problem.time_limit
    deadline = None if limit is None else time.monotonic() + limit
    listener = _ProgressListener(stack, settings, line)
    options = Options(
        seed=settings.seed,
        one_program=settings.one_program,
        tolerance=settings.tolerance,
        side_by_side=stack.wrapping.parallel,
    )
    outcome: Outcome | None = None
    error: BaseException | None = None

    def solve_with(runner: Runner) -> Outcome:
        left = None if deadline is None else max(deadline - time.monotonic(), 1e-3)
        return solve_problem(problem, generator, runner, replace(options, wall_limit=left), listener)

    try:
        watch.begin()
        generator = _warm.model(settings.model)
        with _warm.runner() as runner:
            outcome = solve_with(runner)
            if isinstance(outcome.error, KeyboardInterrupt | SandboxUnavailable):
                _warm.discard(runner)  # interrupted, it may be in the middle of a message
        if isinstance(outcome.error, SandboxUnavailable) and watch.error is None:
            outcome = solve_with(InProcessRunner())  # known code only
        error = watch.error or outcome.error
    except (Exception, KeyboardInterrupt) as raised:
        error = raised
    finally:
        line.end()
    if error is not None and not (isinstance(error, KeyboardInterrupt) and watch.best is not None):
        raise _with_result(error, stack, outcome)
    earlier = any([watch.consider(x, values) for x, values in stack.wrapping.journal_points()])
    result = result_of(stack, outcome, listener.why, interrupted=error is not None)
    if earlier:
        result.message += "; the best point is of an earlier run"
    if stack.wrapping.workers_idle:
        warnings.warn(
            f"workers could not help: {result.optimizer or 'the program'} asks for one point at a time",
            UserWarning,
            stacklevel=3,
        )
    return result


def _with_result(error: BaseException, stack: EvaluatorStack, outcome: Outcome | None) -> BaseException:
    """An exception with the best point so far as its ``result``, and a note that says so."""
    best = stack.watch.best
    result = None if best is None else result_of(stack, outcome, "", failed=str(error))
    try:
        error.result = result  # type: ignore[attr-defined]
    except AttributeError:  # it has slots
        return error
    if error is stack.watch.error and isinstance(error, Exception) and not isinstance(error, LlamocoError):
        error.add_note(
            f"llamoco: raised after {stack.watch.evals} evaluations"
            + ("" if best is None else "; the best point so far is this exception's .result")
            + ". Where the function has no value, return math.inf"
        )
    return error


def result_of(
    stack: EvaluatorStack,
    outcome: Outcome | None,
    ended: str,
    interrupted: bool = False,
    failed: str | None = None,
) -> OptimizeResult:
    """The best point so far as scipy's ``OptimizeResult``.

    Args:
        stack: what evaluated.
        outcome: what came of the run; None if it did not come to an end.
        ended: what a person's callback or tolerance ended it for; "" if they did not.
        interrupted: whether Ctrl-C did.
        failed: what else did, None if nothing.
    """
    from llamoco._result import Result

    problem, best = stack.problem, stack.watch.best
    answer, solution = (None, None) if outcome is None else (outcome.answer, outcome.solution)
    evals = stack.watch.evals if solution is None else solution.evals
    verdict = "interrupted" if interrupted else "" if solution is None else solution.verdict
    sign = -1.0 if problem.maximize else 1.0
    trace = [] if solution is None else [(count, sign * f) for count, f in solution.trace]
    optimizer = None if answer is None else answer.optimizer
    status, message = _said(problem.max_evals, best, evals, verdict, optimizer, ended, failed)
    if stack.wrapping.from_journal:
        message += f"; {stack.wrapping.from_journal} evaluations came from the journal"
    return Result(
        x=None if best is None else best.x,
        fun=None if best is None else sign * best.f,
        success=bool(best is not None and best.feasible and status != INTERRUPTED and failed is None),
        status=status,
        message=message,
        nfev=evals,
        maxcv=None if best is None else best.violation,
        optimizer=optimizer,
        program=None if answer is None else answer.program,
        confidence=None if answer is None else answer.confidence,
        trace=trace,
        warning=None if answer is None else answer.warning,
    )


def _so_far(problem: Problem, best: Point, evals: int) -> OptimizeResult:
    """The intermediate result for a callback."""
    from llamoco._result import Result

    sign = -1.0 if problem.maximize else 1.0
    return Result(x=best.x.copy(), fun=sign * best.f, nfev=evals, maxcv=best.violation)


def _said(
    budget: int,
    best: Point | None,
    evals: int,
    verdict: str,
    optimizer: str | None,
    ended: str,
    failed: str | None,
) -> tuple[int, str]:
    """Status and message of a result."""
    who = optimizer or "the program"
    if failed is not None:
        status, message = STOPPED, f"ended by an error after {evals} evaluations ({failed})"
    elif verdict == "interrupted":
        status, message = INTERRUPTED, f"interrupted after {evals} evaluations; this is the best point so far"
    elif ended:
        status = STOPPED if ended == _BY_CALLBACK else DONE
        message = f"{ended} after {evals} evaluations"
    elif verdict == "converged":
        message = f"the best value has stopped moving by more than the tolerance after {evals} evaluations"
        status = DONE
    elif verdict == "time_limit":
        status, message = OUT_OF_TIME, f"the time limit was reached after {evals} evaluations"
    elif evals >= budget or verdict == "budget_exceeded":
        status, message = DONE, f"{who} used the budget of {budget} evaluations"
    elif verdict in ("ok", ""):
        status, message = DONE, f"{who} ended by itself after {evals} of {budget} evaluations"
    else:
        status, message = DONE, f"{who} failed after {evals} evaluations ({verdict})"
    if best is None:
        return (INFEASIBLE if status == DONE else status), f"nothing was evaluated: {message}"
    if not best.feasible:
        why = (
            f"the point breaks the constraints least, by {best.violation:.3g}"
            if best.violation
            else "the objective is not finite there"
        )
        return (INFEASIBLE if status == DONE else status), f"no feasible point was found: {message}; {why}"
    return status, message


def open_journal(path: str | os.PathLike[str] | None, stack: ExitStack) -> Journal | None:
    """A journal, closed with a stack; None for none."""
    return None if path is None else stack.enter_context(Journal(path))


def counts_of(journal: Journal | None, functions: Functions) -> tuple[int, int] | None:
    """Numbers of inequalities and equalities in a journal's identity; None if it is new, or lacks those of a constraint."""
    if journal is None or journal.identity is None:
        return None
    counts = int(journal.identity["inequalities"]), int(journal.identity["equalities"])
    there = [side is not None for side in (functions.inequality, functions.equality)]
    # Counts without constraint functions are of what the objective returns beside its value.
    return counts if all(count > 0 for count, given in zip(counts, there, strict=True) if given) else None
