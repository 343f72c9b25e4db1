"""The scores against values worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics import scores
from llamoco.metrics.sandbox.verdicts import Record
from llamoco.metrics.scores import Attempt, Run

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


def test_err_counts_failures_and_unfaithful_programs_but_not_spent_budgets_nor_harness_errors() -> None:
    verdicts = ["ok", "timeout", "budget_exceeded", "harness_error", "runtime_error"]
    runs = [Run(PROBLEM, attempt(verdict, 1.0)) for verdict in verdicts]
    assert scores.err(runs) == 2 / 4
    assert scores.err([*runs, Run(PROBLEM, attempt("ok", 1.0, faithful=False))]) == 3 / 5
    assert scores.err([Run(PROBLEM, attempt("harness_error"))]) is None


def test_perf_is_the_mean_normalised_descent_at_the_point_returned() -> None:
    runs = [
        Run(PROBLEM, attempt("ok", 4.0)),  # 0.6
        Run(PROBLEM, attempt("ok", 12.0)),  # clipped to 0
        Run(PROBLEM, attempt("ok", -1.0)),  # clipped to 1
        Run(PROBLEM, attempt("ok", 0.0, feasible=False)),  # 0
        Run(PROBLEM, attempt("runtime_error", best_f=0.0)),  # 0, whatever it saw
        Run(PROBLEM, attempt("budget_exceeded", 9.0)),  # 0.1
        Run(PROBLEM, attempt("harness_error")),
    ]
    assert scores.perf(runs) == pytest.approx((0.6 + 1 + 0.1) / 6)


def test_without_references_perf_and_a3_are_null() -> None:
    runs = [Run(replace(PROBLEM, f_star=None), attempt("ok", 4.0))]
    assert scores.perf(runs) is None and scores.a3_mean(runs) is None and scores.err(runs) == 0.0


def test_a3_is_the_mean_of_the_log_gap_over_the_budget() -> None:
    # Gap 1 at evaluations 1 to 4, 0.1 at 5 to 8, below the floor of 1e-3 at 9 and 10.
    run = Run(PROBLEM, attempt("ok", 0.0, trace=[(1, 10.0), (5, 1.0), (9, 1e-9)]))
    assert scores.a3(run) == pytest.approx((4 * 0 + 4 * 1 + 2 * 3) / 10 / 3)
    assert scores.a3(Run(PROBLEM, attempt("timeout", trace=[(1, 0.0)]))) == 0.0


def test_a_repair_that_works_counts_for_perf_and_its_changed_lines_for_rec() -> None:
    broken = attempt("runtime_error")
    works = attempt("ok", 5.0, program="a\nB\nc\nd\n")
    fails = attempt("timeout", program="a\nB\nC\nD\n")
    runs = [
        Run(PROBLEM, broken, works),
        Run(PROBLEM, broken, fails),
        Run(PROBLEM, broken),
        Run(PROBLEM, attempt("ok", 0.0)),
    ]
    assert scores.err(runs) == 3 / 4
    assert scores.rec(runs) == pytest.approx((1 / 4 + 3 / 4) / 2)
    assert scores.perf(runs) == pytest.approx((0.5 + 0 + 0 + 1) / 4)
    assert scores.rec(runs[3:]) is None


@pytest.mark.parametrize(
    ("before", "after", "share"),
    [
        ("a\nb", "a\nb", 0.0),
        ("a\nb", "a\nc", 0.5),
        ("a\nb", "a\nb\nc", 0.5),
        ("a\nb\nc\nd", "a\nc\nd", 0.25),
        ("a", "x\ny\nz", 1.0),
        ("", "a", 1.0),
    ],
)
def test_lines_changed(before: str, after: str, share: float) -> None:
    assert scores.lines_changed(before, after) == share


def test_comp_is_the_mean_of_the_tokens() -> None:
    assert scores.comp([100, 300]) == 200.0
    assert scores.comp(None) is None


def test_a_record_becomes_json_whatever_f_is() -> None:
    record = attempt("ok", math.inf).record
    assert record.to_dict()["f"] is None
