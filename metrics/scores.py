"""Definitions of the scores: the value of one run, and the mean over runs or predictions.

N_p predictions are run a number of times each; i counts predictions and j runs. Every score is a mean of values,
so that its table entry, its interval and its tests (``statistics``) come from the same numbers. A value is None
where a run does not count in the score. A harness_error counts in none.

The paper's own definitions (section IV-A3) are here as ``paper_...`` where they differ. Its test set consists
of prompts, so that its "problem instance" i is a prediction here.

AOCC is the area over the convergence curve, an anytime score: see Hansen, Auger, Brockhoff & Tušar (2022), "Anytime
performance assessment in blackbox optimization benchmarking", doi:10.1109/TEVC.2022.3210897, and López-Ibáñez,
Vermetten, Dreo & Doerr (2025), "Using the empirical attainment function for analyzing single-objective black-box
optimization algorithms", doi:10.1109/TEVC.2024.3462758, who show that its mean is equivalent to the area under the
empirical attainment function. Its formula here is in ``problems.scores.aocc``.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from llamoco.dataset_builder.problems import scores
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics.sandbox.outcome import Verdict
from llamoco.metrics.sandbox.record import Record
from llamoco.metrics.suitability import serves

TOLERANCES: Mapping[str, float] = {"1e-1": 1e-1, "1e-2": 1e-2, "1e-3": 1e-3}
# Steps of an alignment: pairs of equal lines times lines. A program of 200 different lines and 50 blank ones takes
# 600,000; two seconds are 20 million.
MAX_STEPS = 3_000_000

# "Compilation error or runtime error when being executed". Time limits and invalid points are rules of ours; a
# security_violation is an error that the system raised, or a signal.
PAPER_ERRORS: frozenset[Verdict] = frozenset(
    {"syntax_error", "import_error", "runtime_error", "memory", "security_violation"}
)


@dataclass(frozen=True)
class Attempt:
    """A program run once.

    Attributes:
        program: its text.
        record: the record of its run.
        faithful: whether it states the given problem; None if it states none.
    """

    program: str
    record: Record
    faithful: bool | None

    @property
    def failed(self) -> bool:
        """Whether this attempt counts in Err."""
        return self.record.failed or self.faithful is False

    @property
    def counted(self) -> bool:
        """Whether the result is the program's own, and not the harness's."""
        return self.record.verdict != "harness_error"


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
    def final(self) -> Attempt:
        """The attempt whose performance counts."""
        return self.repair if self.repair is not None else self.attempt

    @cached_property
    def gap(self) -> float | None:
        """(f_ij - f*) / (f0 - f*), clipped to [0, 1], at the point returned; 1 if infeasible or failed.

        None without f0 and f*. Both are frozen per problem.
        """
        f0, f_star, record = self.problem.f0, self.problem.f_star, self.final.record
        if f0 is None or f_star is None or not self.final.counted:
            return None
        if self.final.failed or not record.feasible or record.f is None:
            return 1.0
        return scores.relative_gap(record.f, f0, f_star)

    @property
    def w(self) -> float | None:
        """w_ij = 1 - (f_ij - f*) / (f0 - f*), see ``gap``."""
        return None if self.gap is None else 1.0 - self.gap

    @cached_property
    def aocc(self) -> float | None:
        """AOCC (``problems.scores.aocc``) of the trace that the evaluator saw; 0 if failed, None like ``gap``."""
        f0, f_star, final = self.problem.f0, self.problem.f_star, self.final
        if f0 is None or f_star is None or not final.counted:
            return None
        return 0.0 if final.failed else scores.aocc(final.record.trace, self.problem.max_evals, f0, f_star)

    @cached_property
    def suitable(self) -> bool:
        """Whether the prediction's optimizer can serve the problem's type (``suitability.serves``)."""
        return serves(self.attempt.program, self.problem)


def err(run: Run) -> float | None:
    """Err = N_err / (runs x N_p): 1 for a run that failed. A repair does not undo the error."""
    return float(run.attempt.failed) if run.attempt.counted else None


def paper_err(run: Run) -> float | None:
    """The paper's Err: compilation and runtime errors alone.

    Ours also has time limits, runs that return no valid point, and whole scripts that state another problem.
    """
    return float(run.attempt.record.verdict in PAPER_ERRORS) if run.attempt.counted else None


def rec(run: Run) -> float | None:
    """Rec = sum_j r_j / N_rep, r_j = L_err / L (``lines_changed``): over the N_rep failed runs that have a repair."""
    if not run.attempt.failed or run.repair is None:
        return None
    return lines_changed(run.attempt.program, run.repair.program)


def paper_rec(run: Run) -> float | None:
    """The paper's Rec = sum_j r_j / N_err, over all N_err error runs; r_j is 1 where no repair came.

    Without a repair every line is still to be replaced; with 0, a model that never repairs would look best. Where
    repairs were not asked for there is no Rec at all.
    """
    if not paper_err(run):
        return None
    return 1.0 if run.repair is None else lines_changed(run.attempt.program, run.repair.program)


@lru_cache(maxsize=4096)
def lines_changed(program: str, repaired: str) -> float:
    """L_err / L: lines of a program that its repair replaces, removes or, where it adds, adds; at most 1.

    By difflib. Where texts are so long, or lines repeat so often, that alignment would take long (a model that fell
    into a loop), lines are counted without regard to order.
    """
    before, after = program.splitlines(), repaired.splitlines()
    old, new = Counter(before), Counter(after)
    pairs = sum(count * new[line] for line, count in old.items())
    if pairs * (len(before) + len(after)) > MAX_STEPS:
        changed = max((old - new).total(), (new - old).total())
    else:
        changes = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
        changed = sum(max(i2 - i1, j2 - j1) for tag, i1, i2, j1, j2 in changes if tag != "equal")
    return min(changed / max(len(before), 1), 1.0)


def perf(run: Run) -> float | None:
    """Perf = sum_ij w_ij / (runs x N_p), over problems with f0 and f*; a run that failed and stays so has w 0."""
    return run.w


def paper_perf(run: Run) -> float | None:
    """The paper's Perf: the mean of w_ij = 1 - (f*_ij - f*_i) / (f0_ij - f*_i), f0_ij and f*_ij of the run itself.

    f*_ij is the best feasible value that the run saw; ours is the value at the point returned. f0_ij is to be the
    best of the solutions that the optimizer initialized, which an evaluator cannot tell from later ones: it is the
    first feasible value seen, at least the paper's, so that this w is at least the paper's. As a min-max
    normalised term w is clipped to [0, 1], and it is 1 where f0_ij <= f*_i. 0 without a feasible value, and for an
    error (``paper_err``) that is still there after the repair; a run that only our rules end counts as it stood.
    """
    f_star, record = run.problem.f_star, run.final.record
    if f_star is None or not run.final.counted:
        return None
    if record.verdict in PAPER_ERRORS or not record.trace:
        return 0.0
    first, best = record.trace[0][1], record.trace[-1][1]
    return scores.w(best, first, f_star) if first > f_star else 1.0


def aocc(run: Run) -> float | None:
    """AOCC: mean area over the convergence curve, over problems with f0 and f*."""
    return run.aocc


def budget_exceeded(run: Run) -> float | None:
    """1 for a run that exceeded its budget. Not an error: it is scored at its best feasible point so far."""
    return float(run.attempt.record.verdict == "budget_exceeded") if run.attempt.counted else None


def hit(tolerance: float) -> Callable[[Run], float | None]:
    """Hit rate: 1 for a run that returns a feasible point of relative gap (f - f*) / (f0 - f*) <= tolerance."""

    def value(run: Run) -> float | None:
        return None if run.gap is None else float(run.gap <= tolerance)

    return value


def faith(run: Run) -> float | None:
    """Faith: 1 for a whole script that states the given problem (``faithfulness.is_faithful``); completions do not count."""
    return None if run.attempt.faithful is None else float(run.attempt.faithful)


def r_acc(run: Run) -> float | None:
    """r_acc: 1 for a prediction whose optimizer can serve the problem's type."""
    return float(run.suitable)


def comp(tokens: int) -> float:
    """Comp: tokens of a prediction, input and output, its repair turn included.

    The paper's is the same: what an approach consumes for an instance. A program is written once for all its runs.
    """
    return float(tokens)


# Means over runs, and over predictions: what these value is the same in every run.
OF_RUNS: Mapping[str, Callable[[Run], float | None]] = {
    "err": err,
    "rec": rec,
    "perf": perf,
    "aocc": aocc,
    "budget_exceeded": budget_exceeded,
    **{f"hit_{name}": hit(tolerance) for name, tolerance in TOLERANCES.items()},
}
OF_PREDICTIONS: Mapping[str, Callable[[Run], float | None]] = {"faith": faith, "r_acc": r_acc}
PAPER: Mapping[str, Callable[[Run], float | None]] = {"err": paper_err, "rec": paper_rec, "perf": paper_perf}
