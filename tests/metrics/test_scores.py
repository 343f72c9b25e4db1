"""The values of the scores, ours and the paper's, against values worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics import scores
from llamoco.metrics.sandbox.record import Record
from llamoco.metrics.scores import PAPER_ERRORS, Attempt, Run

PROBLEM = Problem(
    id="p",
    kind="source",
    lower=(0.0,),
    upper=(1.0,),
    max_evals=10,
    n_inequality=0,
    n_equality=0,
    definition={"python": ""},
    f0=10.0,
    f_star=0.0,
)


def attempt(
    verdict: Any = "ok", f: float | None = None, program: str = "a\nb\nc\nd\n", **fields: Any
) -> Attempt:
    faithful = fields.pop("faithful", None)
    feasible = fields.pop("feasible", f is not None)
    record = Record(
        verdict=verdict, reason="", tier="B", seed=0, source_hash="", f=f, feasible=feasible, **fields
    )
    return Attempt(program, record, faithful)


@pytest.mark.parametrize(
    ("prediction", "ours", "paper"),
    [
        (attempt("ok", 1.0), 0, 0),
        (attempt("ok", 1.0, faithful=True), 0, 0),
        (attempt("ok", 1.0, faithful=False), 1, 0),
        (attempt("budget_exceeded", 1.0), 0, 0),
        (attempt("syntax_error"), 1, 1),
        (attempt("import_error"), 1, 1),
        (attempt("runtime_error"), 1, 1),
        (attempt("memory"), 1, 1),
        (attempt("security_violation"), 1, 1),
        (attempt("timeout"), 1, 0),
        (attempt("invalid_result"), 1, 0),
        (attempt("harness_error"), None, None),
    ],
)
def test_err(prediction: Attempt, ours: float | None, paper: float | None) -> None:
    run = Run(PROBLEM, prediction)
    assert (scores.err(run), scores.paper_err(run)) == (ours, paper)
    assert (scores.budget_exceeded(run) == 1) == (prediction.record.verdict == "budget_exceeded")
    if ours and prediction.faithful is not False:
        repaired = Run(PROBLEM, prediction, attempt("ok", 0.0))
        assert (scores.err(repaired), scores.paper_err(repaired)) == (ours, paper)


@pytest.mark.parametrize(
    ("final", "gap"),
    [
        (attempt("ok", 4.0), 0.4),
        (attempt("ok", 12.0), 1.0),  # worse than f0: clipped
        (attempt("ok", -1.0), 0.0),  # better than f*: clipped
        (attempt("ok", 0.0, feasible=False), 1.0),
        (attempt("ok", math.inf), 1.0),
        (attempt("runtime_error", best_f=0.0, trace=[(1, 0.0)]), 1.0),  # failed, whatever it saw
        (attempt("ok", 0.0, faithful=False), 1.0),
        (attempt("budget_exceeded", 9.0), 0.9),
    ],
)
def test_w_is_the_normalised_descent_at_the_point_returned(final: Attempt, gap: float) -> None:
    run = Run(PROBLEM, final)
    assert run.gap == pytest.approx(gap) and scores.perf(run) == run.w == pytest.approx(1 - gap)
    assert scores.perf(Run(PROBLEM, attempt("timeout"), final)) == run.w


@pytest.mark.parametrize(
    ("f", "hits"), [(1.0, (1, 0, 0)), (1.001, (0, 0, 0)), (0.1, (1, 1, 0)), (0.01, (1, 1, 1)), (0, (1, 1, 1))]
)
def test_hits(f: float, hits: tuple[float, ...]) -> None:
    # f0 - f* = 10: tolerances 0.1, 0.01 and 0.001 are objective values 1, 0.1 and 0.01.
    values = [scores.OF_RUNS[f"hit_{name}"] for name in ("1e-1", "1e-2", "1e-3")]
    assert tuple(value(Run(PROBLEM, attempt("ok", f))) for value in values) == hits
    for nothing in (attempt("ok", f, feasible=False), attempt("timeout", f)):
        assert [value(Run(PROBLEM, nothing)) for value in values] == [0, 0, 0]


def test_aocc_is_the_mean_of_the_log_gap_over_the_budget() -> None:
    # Gap 1 at evaluations 1 to 4, 0.1 at 5 to 8, below the floor of 1e-3 at 9 and 10.
    run = Run(PROBLEM, attempt("ok", 0.0, trace=[(1, 10.0), (5, 1.0), (9, 1e-9)]))
    assert scores.aocc(run) == pytest.approx((4 * 0 + 4 * 1 + 2 * 3) / 10 / 3)
    assert scores.aocc(Run(PROBLEM, attempt("timeout", trace=[(1, 0.0)]))) == 0.0
    assert scores.aocc(Run(PROBLEM, attempt("timeout"), run.attempt)) == scores.aocc(run)


@pytest.mark.parametrize(
    "run",
    [
        Run(replace(PROBLEM, f_star=None), attempt("ok", 4.0, trace=[(1, 4.0)])),
        Run(replace(PROBLEM, f0=None), attempt("ok", 4.0, trace=[(1, 4.0)])),
        Run(PROBLEM, attempt("harness_error")),
        Run(PROBLEM, attempt("timeout"), attempt("harness_error")),
    ],
)
def test_runs_without_references_and_those_of_a_dead_evaluator_have_no_performance(run: Run) -> None:
    names = ("perf", "aocc", "hit_1e-1", "hit_1e-2", "hit_1e-3")
    assert [scores.OF_RUNS[name](run) for name in names] == [None] * 5


def test_rec_is_the_share_of_lines_that_the_repair_changes() -> None:
    broken = attempt("runtime_error")  # lines a, b, c, d
    one, two = attempt("ok", 5.0, program="a\nB\nc\nd\n"), attempt("timeout", program="a\nB\nC\nd\n")
    assert scores.rec(Run(PROBLEM, broken, one)) == scores.paper_rec(Run(PROBLEM, broken, one)) == 1 / 4
    assert scores.rec(Run(PROBLEM, broken, two)) == scores.paper_rec(Run(PROBLEM, broken, two)) == 2 / 4
    # No repair came: nothing to measure for us; for the paper, an error program all of whose lines are to be replaced.
    assert scores.rec(Run(PROBLEM, broken)) is None
    assert scores.paper_rec(Run(PROBLEM, broken)) == 1.0
    # A time limit is an error of ours alone; a run without error has no say.
    assert scores.rec(Run(PROBLEM, attempt("timeout"), one)) == 1 / 4
    assert scores.paper_rec(Run(PROBLEM, attempt("timeout"), one)) is None
    for fine in (attempt("ok", 1.0), attempt("harness_error")):
        assert scores.rec(Run(PROBLEM, fine)) is None and scores.paper_rec(Run(PROBLEM, fine)) is None


@pytest.mark.parametrize(
    ("before", "after", "share"),
    [
        ("a\nb", "a\nb", 0.0),
        ("a\nb", "a\nc", 0.5),
        ("a\nb", "a\nb\nc", 0.5),
        ("a\nb\nc\nd", "a\nc\nd", 0.25),
        ("a", "x\ny\nz", 1.0),
        ("", "a", 1.0),
        # In loops: nothing, 1 and 400 of 1200 lines.
        ("a\n" * 1200, "a\n" * 1200, 0.0),
        ("a\n" * 1200, "a\n" * 1199 + "b", 1 / 1200),
        ("a\nb\n" * 600, "b\na\nc\n" * 400, 400 / 1200),
    ],
)
def test_lines_changed(before: str, after: str, share: float) -> None:
    assert scores.lines_changed(before, after) == share


@pytest.mark.parametrize(
    ("final", "w"),
    [
        # First feasible value 8, best 2, f* 0: 1 - (2 - 0) / (8 - 0); the point returned does not matter.
        (attempt("ok", 10.0, trace=[(2, 8.0), (5, 3.0), (7, 2.0)]), 0.75),
        (attempt("ok", 0.0, feasible=False, trace=[(2, 8.0), (5, 4.0)]), 0.5),
        (attempt("ok", 12.0, trace=[(1, 12.0), (5, 9.0)]), 0.25),  # f0 of the problem, 10, does not matter
        (attempt("ok", 8.0, trace=[(2, 8.0)]), 0.0),  # no improvement after the first
        (attempt("ok", -1.0, trace=[(2, 8.0), (3, -1.0)]), 1.0),  # 1.125, clipped
        (attempt("ok", 0.0, trace=[(1, 0.0)]), 1.0),  # f0_ij = f*: the formula divides by 0
        (attempt("ok", -2.0, trace=[(1, -1.0), (2, -2.0)]), 1.0),
        (attempt("ok", None), 0.0),  # nothing feasible seen
        (attempt("timeout", trace=[(2, 8.0), (5, 2.0)]), 0.75),  # ended by a rule of ours
        (attempt("budget_exceeded", 2.0, trace=[(2, 8.0), (5, 2.0)]), 0.75),
        (attempt("runtime_error", trace=[(2, 8.0), (5, 2.0)]), 0.0),
        (attempt("harness_error"), None),
    ],
)
def test_the_papers_w_is_taken_from_the_run(final: Attempt, w: float | None) -> None:
    assert scores.paper_perf(Run(PROBLEM, final)) == w
    assert scores.paper_perf(Run(PROBLEM, attempt("syntax_error"), final)) == w
    assert scores.paper_perf(Run(replace(PROBLEM, f0=None), final)) == w
    assert scores.paper_perf(Run(replace(PROBLEM, f_star=None), final)) is None


def test_the_papers_errors_are_all_errors_of_ours() -> None:
    assert all(attempt(verdict).failed for verdict in PAPER_ERRORS)


def test_faith_comp_and_r_acc() -> None:
    assert [scores.faith(Run(PROBLEM, attempt(faithful=f))) for f in (True, False, None)] == [1, 0, None]
    assert scores.comp(120) == 120.0
    program = "def optimize(objective, lower, upper, max_evals, seed):\n    return lower\n"
    assert scores.r_acc(Run(PROBLEM, attempt(program=program))) == 1.0
    assert scores.r_acc(Run(replace(PROBLEM, n_equality=1), attempt(program=program))) == 0.0


def test_a_record_becomes_json_whatever_f_is() -> None:
    record = attempt("ok", math.inf).record
    assert record.to_dict()["f"] is None
