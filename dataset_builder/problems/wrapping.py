"""What expensive evaluations are wrapped in: workers that share them out, and a journal that keeps them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from types import TracebackType

import numpy as np

from llamoco.dataset_builder.problems.evaluators import ProblemEvaluator
from llamoco.dataset_builder.problems.journal import Identity, Journal, Journaled
from llamoco.dataset_builder.problems.problem import Evaluation, Problem
from llamoco.dataset_builder.problems.workers import Shared, Workers, checked_workers


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
        values: ProblemEvaluator = problem.values
        self._journal = journal
        self._shared: Shared | None = None
        self._journaled: Journaled | None = None
        if callable(workers) or checked_workers(workers) != 1:
            values = self._shared = Shared(values, workers)
        if journal is not None:
            values = self._journaled = Journaled(values, journal)
        self.problem = problem if values is problem.values else problem.evaluated_by(values)
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


def opened_journal(path: str | os.PathLike[str], identity: Identity) -> Journal:
    """A journal of a problem, new or gone on with.

    Raises:
        JournalError: see ``Journal``, and if it is another problem's.
    """
    journal = Journal(path)
    try:
        journal.belongs_to(identity)
    except BaseException:
        journal.close()
        raise
    return journal
