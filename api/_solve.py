"""``llamoco.solve``."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llamoco import _arguments, _warm
from llamoco._callbacks import Callback
from llamoco._running import EvaluatorStack, RunSettings, run
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.wrappers.journal import Journal
from llamoco.dataset_builder.problems.wrappers.journal_identity import identity_of_file
from llamoco.dataset_builder.problems.wrappers.workers import Workers
from llamoco.dataset_builder.problems.wrappers.wrapped_problem import read_with_journal

if TYPE_CHECKING:
    from scipy.optimize import OptimizeResult


def solve(
    path: str | os.PathLike[str] | Problem,
    *,
    max_evals: int | None = None,
    time_limit: float | None = None,
    tol: float | None = None,
    workers: Workers = 1,
    seed: Any = None,
    callback: Callable[..., Any] | None = None,
    journal: str | os.PathLike[str] | None = None,
    model: str | Path | None = None,
    one_program: bool = False,
    progress: bool | None = None,
    ignore_prose: bool = False,
) -> OptimizeResult:
    """Solve the problem of a FILE, Python or LaTeX, or one that ``load_problem`` read.

    Args:
        path: the file, or a problem.
        max_evals: evaluation budget; the file's own if None.
        ignore_prose: go on where a LaTeX file's prose may restrict the problem.
        time_limit: seconds in all; the file's TIME_LIMIT if None.
        tol, workers, seed, callback, journal, model, one_program, progress: see ``minimize``.

    Returns:
        See ``minimize``; x holds the file's own variables.

    Raises:
        LlamocoError: what is wrong, in one message that names the file, the line and the cure. ``result`` is the best point so far if the run had begun.
    """
    settings = RunSettings(
        time_limit=_arguments.read_positive("time_limit", time_limit, "60 (seconds)"),
        tolerance=_arguments.read_positive("tol", tol, "1e-6"),
        workers=workers,
        seed=_arguments.read_seed(seed),
        callback=None if callback is None else Callback(callback),
        model=model,
        one_program=one_program,
        progress=progress,
    )
    budget = _arguments.read_count("max_evals", max_evals)
    _warm.prepare()
    with ExitStack() as opened:
        if isinstance(path, Problem):
            problem, record = path, None
            if journal is not None:
                record = opened.enter_context(Journal(journal))
                record.check_identity(identity_of_file(problem))
        else:
            problem, record = read_with_journal(path, ignore_prose, journal)
            if record is not None:
                opened.enter_context(record)
        if budget is not None:
            problem = problem.with_budget(budget)
        stack = opened.enter_context(EvaluatorStack(problem, settings.workers, record))
        return run(stack, settings)
