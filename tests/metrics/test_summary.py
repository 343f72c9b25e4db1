"""Summaries, groups, comparisons and the gap closed against values worked out by hand."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics.runner import Prediction, Runner
from llamoco.metrics.sandbox.record import Record
from llamoco.metrics.scores import Attempt, Run
from llamoco.metrics.statistics import ByProblem
from llamoco.metrics.summary import compare, compare_values, gap_closed, groups, score, summary

PROBLEM = Problem(
    id="p",
    kind="source",
    lower=(0.0,),
    upper=(1.0,),
    max_evals=10,
    n_inequality=0,
    n_equality=0,
    definition={"python": ""},
    f0=1.0,
    f_star=0.0,
)
PROGRAM = "def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None):\n    return lower\n"


def attempt(verdict: Any = "ok", gap: float | None = None, **fields: Any) -> Attempt:
    """An attempt that returned a point of so large a relative gap, the second improvement after one of gap 1."""
    program, faithful = fields.pop("program", PROGRAM), fields.pop("faithful", None)
    trace = [] if gap is None else [(1, 1.0), (6, gap)]
    found = gap if verdict in ("ok", "budget_exceeded") else None
    record = Record(
        verdict=verdict,
        reason="",
        tier="B",
        seed=0,
        source_hash="",
        f=found,
        feasible=found is not None,
        trace=trace,
        best_f=gap,
    )
    return Attempt(program, record, faithful)


def run(problem: str, *attempts: Attempt) -> Run:
    return Run(replace(PROBLEM, id=problem), *attempts)


def model(gaps: dict[str, Sequence[float | None]]) -> list[list[Run]]:
    """One prediction a problem, with runs that end at these gaps; None for a run that failed."""
    return [
        [run(name, attempt("runtime_error") if gap is None else attempt("ok", gap)) for gap in several]
        for name, several in gaps.items()
    ]


RUNS = [
    # Prediction 0, on problem a: gap 0.1 and 0.01.
    [run("a", attempt("ok", 0.1, faithful=True)), run("a", attempt("ok", 0.01, faithful=True))],
    # Prediction 1, on a: fails, its repair (1 of 2 lines changed) ends at gap 0.5; then stopped at its budget at 0.2.
    [
        run("a", attempt("timeout", 0.4), attempt("ok", 0.5, program=PROGRAM.replace("lower\n", "upper\n"))),
        run("a", attempt("budget_exceeded", 0.2)),
    ],
    # Prediction 2, on b: fails without a repair; then the evaluator dies.
    [run("b", attempt("runtime_error", 0.3)), run("b", attempt("harness_error"))],
]


def test_summary_by_hand() -> None:
    found = summary(RUNS, [100, 200, 600])
    # 5 runs count; 2 failed, 1 was stopped.
    assert found["err"] == 2 / 5 and found["budget_exceeded"] == 1 / 5
    # w: 0.9, 0.99, 0.5 (repaired), 0.8, 0.
    assert found["perf"] == pytest.approx((0.9 + 0.99 + 0.5 + 0.8 + 0) / 5)
    # Gap 1 for 5 of 10 evaluations, then -log10 of 0.1, 0.01, 0.5, 0.2: over the other half, of at most 3.
    assert found["aocc"] == pytest.approx((1 + 2 + 0.30103 + 0.69897 + 0) / 5 / 2 / 3)
    # At gaps 0.1, 0.01, 0.5, 0.2 and 1.
    assert found["hit_rates"] == {"1e-1": 2 / 5, "1e-2": 1 / 5, "1e-3": 0.0}
    assert found["rec"] == 1 / 2
    assert found["comp"] == 300.0
    assert found["faith"] == 1.0 and found["r_acc"] == 1.0  # of predictions, not of runs
    assert found["verdicts"] == {
        "ok": 2,
        "timeout": 1,
        "budget_exceeded": 1,
        "runtime_error": 1,
        "harness_error": 1,
    }
    # The paper: the runtime error alone; it has no repair; w of the run itself, here with f0_ij = 1 everywhere.
    assert found["paper"] == {"err": 1 / 5, "rec": 1.0, "perf": pytest.approx(found["perf"]), "comp": 300.0}


def test_intervals_resample_problems() -> None:
    found = summary(RUNS, [100, 200, 600])["intervals"]
    assert set(found) == {
        "err", "rec", "perf", "aocc", "budget_exceeded", "hit_1e-1", "hit_1e-2", "hit_1e-3", "faith", "r_acc", "comp",
    }  # fmt: skip
    # Two problems, a with 4 runs and b with 1: resamples are aa, ab and bb, with means 1/4, 2/5 and 1.
    assert found["err"] == [1 / 4, 1.0] and found["comp"] == [150.0, 600.0]
    assert found["rec"] is None and found["faith"] is None  # one problem has values
    assert found["r_acc"] == pytest.approx([0.025**0.5, 1.0])
    for name, ends in summary(RUNS[::-1], [600, 200, 100])["intervals"].items():
        assert found[name] == pytest.approx(ends)


def test_without_repairs_references_tokens_or_predictions_there_is_nothing_to_report() -> None:
    found = summary([[run("a", attempt("runtime_error"))], [run("b", attempt("ok", 0.5))]], None)
    assert found["rec"] is None and found["paper"]["rec"] is None and found["comp"] is None
    nobody = summary([[Run(replace(PROBLEM, f_star=None), attempt("ok", 0.5))]], None)
    assert (nobody["err"], nobody["perf"], nobody["aocc"], nobody["paper"]["perf"]) == (0.0, None, None, None)
    assert nobody["hit_rates"] == {"1e-1": None, "1e-2": None, "1e-3": None}
    empty = summary([], None)
    assert empty["err"] is None and empty["verdicts"] == {} and set(empty["intervals"].values()) == {None}
    with pytest.raises(ValueError, match="2 entries for 3 predictions"):
        summary(RUNS, [1, 2])


def test_a_whole_test_split_is_summarised_within_a_second() -> None:
    rng = random.Random(0)
    gaps = [10.0 ** (-3 * i / 40) for i in range(40)]
    trace = [(i * 50 + 1, gap) for i, gap in enumerate(gaps)]
    record = Record(
        verdict="ok", reason="", tier="B", seed=0, source_hash="", f=1e-3, feasible=True, trace=trace
    )
    problems = [replace(PROBLEM, id=str(i), max_evals=2000) for i in range(471)]
    programs = [f"{PROGRAM}# {i}\n" for i in range(2570)]
    runs = [
        [Run(problem, Attempt(text, record, None)) for _ in range(5)]
        for text in programs
        for problem in [rng.choice(problems)]
    ]
    for _ in range(3):
        fresh = [[Run(r.problem, r.attempt) for r in several] for several in runs]  # nothing kept from before
        start = time.process_time()
        summary(fresh, [1] * len(fresh))
        if (seconds := time.process_time() - start) < 3.0:  # 0.6 on an idle machine
            return
    pytest.fail(f"three attempts, the last of {seconds:.1f} s")


def test_programs_are_run_scored_and_recorded() -> None:
    problem = replace(
        PROBLEM,
        definition={
            "python": "LOWER, UPPER, MAX_EVALS = [0.0], [1.0], 10\ndef objective(x):\n    return x[0]\n"
        },
    )
    good = PROGRAM.replace("return", "objective(upper)\n    return")
    predictions = [
        Prediction(good, problem),
        Prediction("oops(", problem),
        Prediction("oops(", problem, good),
    ]
    done: list[None] = []
    with Runner(runs=2, allow_unsafe=True, workers=1) as runner:
        found = score(predictions, [10, 20, 60], runner, on_done=lambda: done.append(None))
    assert len(done) == 3 and found["tier"] == runner.tier
    assert (found["err"], found["perf"], found["comp"]) == (4 / 6, pytest.approx(4 / 6), 30.0)
    # The one line of "oops(" is replaced by more: 1. For the paper the two runs without a repair have 1, too.
    assert found["rec"] == 1.0 and found["paper"]["rec"] == 1.0
    # f0_ij is the value at the upper bound, which was the only one seen: nothing gained.
    assert found["paper"]["perf"] == 0.0
    assert found["r_acc"] == pytest.approx(1 / 3) and found["faith"] is None
    assert [(r["prediction"], r["run"], r["w"]) for r in found["records"]] == [
        (0, 0, 1.0), (0, 1, 1.0), (1, 0, 0.0), (1, 1, 0.0), (2, 0, 1.0), (2, 1, 1.0),
    ]  # fmt: skip


def test_groups_partition_the_rows() -> None:
    rng = random.Random(1)
    rows: list[dict[str, Any]] = [
        {
            "constrained": rng.random() < 0.5,
            "language": rng.choice(["python", "latex"]),
            "pattern": rng.choice("abcdefgh"),
            "held_out_pattern": rng.random() < 0.2,
            "facts_known": rng.random() < 0.9,
            "dim": rng.randint(1, 60),
            "max_evals": int(10 ** rng.uniform(1, 4.6)),
        }
        for _ in range(400)
    ]
    found = groups(rows)
    assert list(found) == ["type", "facts", "language", "pattern", "held-out pattern", "dimension", "budget"]
    for classes in found.values():
        assert sorted(i for members in classes.values() for i in members) == list(range(400))
        assert all(members == sorted(members) and members for members in classes.values())
    assert list(found["type"]) == ["unconstrained", "constrained"]
    assert list(found["facts"]) == ["known", "unknown"]
    assert found["facts"]["unknown"] == [i for i, row in enumerate(rows) if not row["facts_known"]]
    assert groups([{**rows[0], "facts_known": True}, rows[1] | {"facts_known": True}])["facts"] == {
        "known": [0, 1]
    }
    assert list(found["language"]) == ["latex", "python"] and list(found["pattern"]) == list("abcdefgh")
    assert list(found["held-out pattern"]) == ["seen in training", "held out"]
    assert list(found["dimension"]) == ["below 2", "2-5", "6-10", "11-25", "26-50", "above 50"]
    assert list(found["budget"]) == [
        "below 20",
        "20-100",
        "101-300",
        "301-1000",
        "1001-5000",
        "5001-20000",
        "above 20000",
    ]
    for i in found["dimension"]["11-25"]:
        assert 11 <= rows[i]["dim"] <= 25
    for i in found["budget"]["101-300"]:
        assert 101 <= rows[i]["max_evals"] <= 300
    assert groups(rows[:1])["type"] == {"constrained" if rows[0]["constrained"] else "unconstrained": [0]}
    assert set(groups([])) == set(found) and not any(groups([]).values())


def test_compare_by_hand() -> None:
    a = model({"p1": [0.1, 0.3], "p2": [0.5, 0.5], "p3": [0.0, 0.2], "p4": [0.7, 0.7]})
    b = model({"p4": [0.7 + 1e-12, 0.7], "p1": [0.6, 0.4], "p3": [0.4, 0.4], "p2": [0.4, 0.4]})
    found = compare(a, b, "perf")
    # Mean w: a 0.8, 0.5, 0.9, 0.3; b 0.5, 0.6, 0.6, 0.3. Differences 0.3, -0.1, 0.3, 0.
    assert found["difference"] == pytest.approx(0.5 / 4)
    assert (found["wins"], found["ties"], found["losses"], found["problems"]) == (2, 1, 1, 4)
    # Of the differences left, 0.1 has rank 1, 0.3 ranks 2.5 twice: W+ = 5, W- = 1. Of the 8 patterns of signs W+ is
    # 5 or more in two (+++ with 6, -++ with 5), 1 or less in two.
    assert found["p_value"] == pytest.approx(4 / 8)
    low, high = found["interval"]
    assert -0.1 <= low < found["difference"] < high <= 0.3 + 1e-9
    turned = compare(b, a, "perf")
    assert turned["difference"] == -found["difference"] and turned["p_value"] == found["p_value"]
    assert (turned["wins"], turned["losses"]) == (1, 2)


def test_fewer_errors_win() -> None:
    a, b = model({"p": [None, 0.5], "q": [0.5, 0.5]}), model({"p": [None, None], "q": [0.1, 0.9]})
    found = compare(a, b, "err")
    assert (found["difference"], found["wins"], found["ties"], found["losses"]) == (-0.25, 1, 1, 0)
    assert compare(a, a, "aocc") == {
        "difference": 0.0, "interval": [0.0, 0.0], "p_value": 1.0, "problems": 2, "wins": 0, "ties": 2, "losses": 0,
    }  # fmt: skip


def test_compare_takes_means_over_a_problems_predictions_first() -> None:
    # Problem p has three predictions, q one: each counts once. Differences 0.2 and 0.4.
    a = model({"p": [0.2]}) * 3 + model({"q": [0.1]})
    b = model({"p": [0.4]}) + model({"q": [0.5]})
    assert compare(a, b, "perf")["difference"] == pytest.approx(0.3)


def test_comparisons_need_the_same_problems_and_values_on_both_sides() -> None:
    a, b = model({"p": [0.5], "q": [0.5]}), model({"p": [0.5]})
    for call in (lambda: compare(a, b, "aocc"), lambda: gap_closed(a, a, b, "aocc")):
        with pytest.raises(ValueError, match="same problems; 1 problems are not in all, q first"):
            call()
    with pytest.raises(ValueError, match="score has to be one of aocc, perf, err, got 'rec'"):
        compare(a, a, "rec")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="expected score 'aocc' or 'perf'"):
        gap_closed(a, a, a, "err")
    died = [[run("p", attempt("harness_error"))], *model({"q": [0.5]})]
    assert compare(a, died, "perf")["problems"] == 1
    assert compare([died[0]], b, "perf") == {
        "difference": None, "interval": None, "p_value": None, "problems": 0, "wins": 0, "ties": 0, "losses": 0,
    }  # fmt: skip


def test_values_are_compared_on_the_problems_that_both_sides_have() -> None:
    a = ByProblem.gather([("p", 0.8), ("p", 0.6), ("q", 0.5), ("only a", 0.0)])
    b = ByProblem.gather([("q", 0.1), ("only b", 1.0), ("p", 0.9)])
    found = compare_values(a, b, "aocc")
    assert found["difference"] == pytest.approx((0.7 - 0.9 + 0.5 - 0.1) / 2)
    assert (found["problems"], found["wins"], found["losses"]) == (2, 1, 1)


def test_gap_closed_by_hand() -> None:
    sbs = model({"p": [0.8], "q": [0.6], "r": [0.7]})
    vbs = model({"p": [0.2], "q": [0.0], "r": [0.1]})
    own = model({"p": [0.5], "q": [0.3], "r": [0.7]})
    # Mean w: SBS 0.3, VBS 0.9, own 0.5: 0.2 / 0.6. By problem 0.5, 0.5 and 0 of a gap of 0.6 each.
    found = gap_closed(own, sbs, vbs, "perf")
    assert found is not None and found["value"] == pytest.approx(1 / 3)
    assert found["interval"] == pytest.approx([0.0, 0.5])
    for reached, value in ((sbs, 0.0), (vbs, 1.0)):
        exact = gap_closed(reached, sbs, vbs, "perf")
        assert exact is not None and exact["value"] == pytest.approx(value)
        assert exact["interval"] == pytest.approx([value, value])
    assert gap_closed(own, vbs, sbs, "perf") is None and gap_closed(own, sbs, sbs, "perf") is None


def test_a_gap_that_is_not_sure_to_exist_has_no_interval() -> None:
    sbs, own = model({"p": [0.5], "q": [0.5]}), model({"p": [0.4], "q": [0.4]})
    vbs = model(
        {"p": [0.9], "q": [0.0]}
    )  # in a quarter of the resamples there is p alone, where SBS is better
    found = gap_closed(own, sbs, vbs, "perf")
    assert found == {"value": pytest.approx(0.1 / 0.05), "interval": None}
    assert gap_closed(own[1:], sbs[1:], vbs[1:], "perf") == {"value": pytest.approx(0.2), "interval": None}
