"""The scores of a set of runs, each beside its definition (paper, section IV-A3).

N_p predictions are run a number of times each; i counts predictions and j runs. A harness_error is nobody's
run and enters no score.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from llamoco.dataset_builder.problems import scores
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics.sandbox.verdicts import Record


@dataclass(frozen=True)
class Attempt:
    """A program run once.

    Attributes:
        program: its text.
        record: what came of it.
        faithful: whether the problem that it states is the problem; None if it states none.
    """

    program: str
    record: Record
    faithful: bool | None

    @property
    def failed(self) -> bool:
        """Whether it counts in Err."""
        return self.record.failed or self.faithful is False


@dataclass(frozen=True)
class Run:
    """Run j of prediction i.

    Attributes:
        problem: what was optimized.
        attempt: the prediction.
        repair: the repaired program, where the prediction failed and there is one.
    """

    problem: Problem
    attempt: Attempt
    repair: Attempt | None = None

    @property
    def counted(self) -> bool:
        """Whether the run enters the scores."""
        return self.attempt.record.verdict != "harness_error"

    @property
    def final(self) -> Attempt:
        """The attempt whose performance counts."""
        return self.repair if self.repair is not None else self.attempt


def w(run: Run) -> float | None:
    """w_ij = 1 - (f_ij - f*) / (f0 - f*), clipped to [0, 1], at the point returned; 0 if infeasible, failed.

    None without f0 and f*, which are frozen per problem (the paper takes f0 from the run).
    """
    f0, f_star, record = run.problem.f0, run.problem.f_star, run.final.record
    if f0 is None or f_star is None:
        return None
    if run.final.failed or not record.feasible or record.f is None:
        return 0.0
    return scores.w(record.f, f0, f_star)


def a3(run: Run) -> float | None:
    """The anytime score (``problems.scores.a3``) of what the evaluator saw; as w if failed or unknown."""
    f0, f_star, record = run.problem.f0, run.problem.f_star, run.final.record
    if f0 is None or f_star is None:
        return None
    if run.final.failed:
        return 0.0
    return scores.a3(record.trace, run.problem.max_evals, f0, f_star)


def err(runs: Iterable[Run]) -> float | None:
    """Err = N_err / (runs x N_p): the share of runs that failed. A repair does not undo the error."""
    return mean([float(run.attempt.failed) for run in runs if run.counted])


def rec(runs: Iterable[Run]) -> float | None:
    """Rec = sum_j r_j / N_err over failed runs that have a repair, r_j = L_err / L; None without any."""
    return mean(
        [
            lines_changed(run.attempt.program, run.repair.program)
            for run in runs
            if run.attempt.failed and run.repair is not None
        ]
    )


def lines_changed(program: str, repaired: str) -> float:
    """L_err / L: lines of a program that its repair replaces, removes or, where it adds, adds; at most 1."""
    before, after = program.splitlines(), repaired.splitlines()
    changes = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    changed = sum(max(i2 - i1, j2 - j1) for tag, i1, i2, j1, j2 in changes if tag != "equal")
    return min(changed / max(len(before), 1), 1.0)


def perf(runs: Iterable[Run]) -> float | None:
    """Perf = sum_ij w_ij / (runs x N_p), over problems with f0 and f*."""
    return mean([value for run in runs if run.counted and (value := w(run)) is not None])


def a3_mean(runs: Iterable[Run]) -> float | None:
    """A3: the mean anytime score, over problems with f0 and f*."""
    return mean([value for run in runs if run.counted and (value := a3(run)) is not None])


def comp(tokens: Sequence[int] | None) -> float | None:
    """Comp: mean number of tokens, input and output together, that a prediction cost."""
    return None if tokens is None else mean([float(count) for count in tokens])


def mean(values: Sequence[float]) -> float | None:
    """The mean; None of nothing."""
    return sum(values) / len(values) if values else None
