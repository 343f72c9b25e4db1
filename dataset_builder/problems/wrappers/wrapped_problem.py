"""Wrappers of expensive evaluations: parallel workers and a journal."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import numpy as np

from llamoco.dataset_builder.problems.evaluators import ProblemEvaluator
from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.problems.problem import Evaluation, Problem
from llamoco.dataset_builder.problems.wrappers.journal import Journal
from llamoco.dataset_builder.problems.wrappers.journal_evaluator import JournalEvaluator
from llamoco.dataset_builder.problems.wrappers.journal_identity import identity_of_file
from llamoco.dataset_builder.problems.wrappers.workers import ParallelEvaluator, Workers, worker_count


class WrappedProblem:
    """A problem whose evaluations go through workers and a journal; a context manager.

    Args:
        problem: the problem.
        workers: processes that evaluate in parallel, -1 for one a core, or a function like ``map``; 1 for none.
        journal: an open journal of this problem, or None.

    Attributes:
        problem: the same problem, evaluated through the wrappers.
        parallel: whether points of one request are evaluated in parallel.

    Raises:
        WorkersError: if workers is neither.
    """

    def __init__(self, problem: Problem, workers: Workers = 1, journal: Journal | None = None) -> None:
        values: ProblemEvaluator = problem.active_evaluator
        self._journal = journal
        self._parallel: ParallelEvaluator | None = None
        self._journaled: JournalEvaluator | None = None
        if callable(workers) or worker_count(workers) != 1:
            values = self._parallel = ParallelEvaluator(values, workers)
        if journal is not None:
            values = self._journaled = JournalEvaluator(values, journal)
        self.problem = problem if values is problem.active_evaluator else problem.with_evaluator(values)
        self.parallel = self._parallel is not None

    def __enter__(self) -> WrappedProblem:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._parallel is not None:
            self._parallel.close()

    @property
    def from_journal(self) -> int:
        """Number of evaluations that were taken from the journal."""
        return 0 if self._journaled is None else self._journaled.from_journal

    def journal_points(self) -> Iterator[tuple[np.ndarray, Evaluation]]:
        """All evaluations in the journal, with those of earlier runs: the person's variables (A,), and values as of ``Problem.evaluate``."""
        sign = -1.0 if self.problem.maximize else 1.0
        for x, f, g, h in self._journal or ():
            yield x, Evaluation(np.array([sign * f]), np.array([g], dtype=float), np.array([h], dtype=float))

    @property
    def workers_idle(self) -> bool:
        """True if there are several workers, but no request ever had several points."""
        return self._parallel is not None and 0 < self._parallel.largest <= 1


def _nothing(x: np.ndarray) -> None:
    """A new journal knows no point."""


def read_with_journal(
    file: str | os.PathLike[str], ignore_prose: bool, journal: str | os.PathLike[str] | None
) -> tuple[Problem, Journal | None]:
    """A problem FILE and its journal, new or continued; reading the file evaluates nothing that the journal has.

    Args:
        file: see ``problem_file.load_problem``.
        ignore_prose: see there.
        journal: the journal's file; None for none.

    Raises:
        ProblemError: see ``problem_file.load_problem``.
        JournalError: see ``Journal``, and if it is another problem's.
    """
    if journal is None:
        return load_problem(Path(file), ignore_prose), None
    record = Journal(journal) if Path(journal).exists() else None
    try:
        problem = load_problem(Path(file), ignore_prose, _nothing if record is None else record.find)
        record = record or Journal(journal)  # a file that is no problem leaves no journal
        record.check_identity(identity_of_file(problem))
        for x, (f, g, h) in problem.active_evaluator.probed_points():
            if record.find(x) is None:
                record.record(x, f, g, h)
    except BaseException:
        if record is not None:
            record.close()
        raise
    return problem, record
