"""Evaluations through a journal: what it has is looked up, the rest is evaluated and written down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from functools import cached_property

import numpy as np

from llamoco.dataset_builder.problems.evaluators import (
    EvaluatorWrapper,
    ProblemEvaluator,
    Values,
    collect_values,
)
from llamoco.dataset_builder.problems.profiling.operation_profile import FunctionProfile, OperationProfile
from llamoco.dataset_builder.problems.wrappers.journal import Journal, JournalError


class JournalEvaluator(EvaluatorWrapper):
    """Takes values from a journal, and writes those into it that are not there.

    Args:
        inner: what evaluates.
        journal: open, and of this problem.

    Attributes:
        from_journal: number of evaluations that the journal had.
    """

    def __init__(self, inner: ProblemEvaluator, journal: Journal) -> None:
        super().__init__(inner)
        self._journal = journal
        self.from_journal = 0

    @cached_property
    def _facts(self) -> tuple[OperationProfile | None, str | None]:
        """Operation profile and trace obstacle, from the journal if it has them."""
        kept = self._journal.facts
        if kept is None:
            profile, obstacle = self.inner.profile, self.inner.trace_obstacle
            self._journal.record_facts(
                {"profile": None if profile is None else asdict(profile), "obstacle": obstacle}
            )
            return profile, obstacle
        try:
            parts = kept["profile"] and [
                FunctionProfile(
                    dict(part["operations"]), tuple(part["degrees"]), float(part["mean_interactions"])
                )
                for part in (kept["profile"]["objective"], kept["profile"]["constraints"])
            ]
            return (OperationProfile(*parts) if parts else None), kept["obstacle"]
        except (KeyError, TypeError, ValueError) as error:
            raise JournalError(
                f"{self._journal.path}: its line of facts cannot be read ({type(error).__name__}: {error}); remove that line, "
                "and the functions are traced again"
            ) from error

    @property
    def profile(self) -> OperationProfile | None:
        """See ``ProblemEvaluator``."""
        return self._facts[0]

    @property
    def trace_obstacle(self) -> str | None:
        """See ``ProblemEvaluator``."""
        return self._facts[1]

    def evaluate(self, x: np.ndarray) -> Values:
        """See ``ProblemEvaluator``."""
        return collect_values(self.evaluate_rows(x), len(x))

    def evaluate_rows(self, x: np.ndarray) -> Iterator[tuple[int, Values]]:
        """See ``ProblemEvaluator``.

        Raises:
            JournalError: if an evaluation cannot be written down; its values are given before.
        """
        sign = -1.0 if self.maximize else 1.0
        points = np.ascontiguousarray(self.to_original(x), dtype=float)
        asked: dict[bytes, list[int]] = {}  # rows of one point: rounding makes one of several
        for row, point in enumerate(points):
            known = self._journal.find(point)
            if known is None:
                asked.setdefault(point.tobytes(), []).append(row)
                continue
            self.from_journal += 1
            f, g, h = known
            yield row, (np.array([sign * f]), np.array([g], dtype=float), np.array([h], dtype=float))
        if not asked:
            return
        rows = list(asked.values())
        for number, values in self.inner.evaluate_rows(x[[same[0] for same in rows]]):
            f, g, h = (part[0] for part in values)
            failure: JournalError | None = None
            try:
                self._journal.record(points[rows[number][0]], sign * float(f), g.tolist(), h.tolist())
            except JournalError as error:
                failure = error
            for row in rows[number]:
                yield row, values
            if failure is not None:
                raise failure
