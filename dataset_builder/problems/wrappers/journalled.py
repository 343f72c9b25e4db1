"""What expensive evaluations are wrapped in: workers that share them out, and a journal that keeps them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import numpy as np

from llamoco.dataset_builder.problems.evaluators import ProblemEvaluator
from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.problems.problem import Evaluation, Problem
from llamoco.dataset_builder.problems.wrappers.journal import Journal, Journaled
from llamoco.dataset_builder.problems.wrappers.journal_identity import identity_of_file
from llamoco.dataset_builder.problems.wrappers.workers import Shared, Workers, checked_workers


class Wrapping:
    """The wrappers of a problem's evaluations, to be closed.

    Args:
        problem: the problem.
        workers: processes that evaluate side by side, -1 for one a core, or a function like ``map``; 1 for none.
        journal: an open journal of this problem, or None.

    Attributes:
        problem: the same problem, evaluated through the wrappers.
        several: whether points are evaluated side by side.

    Raises:
        WorkersError: if workers is no such thing.
    """

    def __init__(self, problem: Problem, workers: Workers = 1, journal: Journal | None = None) -> None:
        values: ProblemEvaluator = problem.active_evaluator
        self._journal = journal
        self._shared: Shared | None = None
        self._journaled: Journaled | None = None
        if callable(workers) or checked_workers(workers) != 1:
            values = self._shared = Shared(values, workers)
        if journal is not None:
            values = self._journaled = Journaled(values, journal)
        self.problem = problem if values is problem.active_evaluator else problem.with_evaluator(values)
        self.several = self._shared is not None

    def __enter__(self) -> Wrapping:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shared is not None:
            self._shared.close()

    @property
    def found(self) -> int:
        """Evaluations that the journal had."""
        return 0 if self._journaled is None else self._journaled.found

    def kept(self) -> Iterator[tuple[np.ndarray, Evaluation]]:
        """Evaluations of the journal, of earlier runs, too: the person's variables (A,), and values as ``Problem.evaluate`` gives them."""
        sign = -1.0 if self.problem.maximize else 1.0
        for x, f, g, h in self._journal or ():
            yield x, Evaluation(np.array([sign * f]), np.array([g], dtype=float), np.array([h], dtype=float))

    @property
    def idle(self) -> bool:
        """Whether there are several workers, and never were several points to share out among them."""
        return self._shared is not None and 0 < self._shared.largest <= 1


def _nothing(x: np.ndarray) -> None:
    """What a new journal knows of a point."""


def read_with_journal(
    file: str | os.PathLike[str], ignore_prose: bool, journal: str | os.PathLike[str] | None
) -> tuple[Problem, Journal | None]:
    """A problem FILE, and its journal, new or gone on with: what the journal has is not evaluated when the file is read.

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
    begun = Journal(journal) if Path(journal).exists() else None
    try:
        problem = load_problem(Path(file), ignore_prose, _nothing if begun is None else begun.find)
        begun = begun or Journal(journal)  # a file that is no problem leaves no journal
        begun.belongs_to(identity_of_file(problem))
        for x, (f, g, h) in problem.active_evaluator.probed_points():
            if begun.find(x) is None:
                begun.record(x, f, g, h)
    except BaseException:
        if begun is not None:
            begun.close()
        raise
    return problem, begun
