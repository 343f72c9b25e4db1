"""Label rules on hand-made runs: every expected number here is computed by hand."""

import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from llamoco.dataset_builder.benchmark.label_table import LABELS_FORMAT, read_labels, write_labels
from llamoco.dataset_builder.benchmark.labels import (
    Label,
    LabelsError,
    assign_splits,
    check_jobs,
    derive_labels,
    paper_winner,
    rare_members,
    screen_means,
    single_best,
    win_shares,
)
from llamoco.dataset_builder.benchmark.race import TIE, Score, choose_winner
from llamoco.dataset_builder.benchmark.references import ProblemRejected, freeze_references
from llamoco.dataset_builder.benchmark.run import Run, score_run
from llamoco.dataset_builder.benchmark.trace import pack_trace
from llamoco.dataset_builder.optimizers.catalogue import POOL
from llamoco.dataset_builder.optimizers.configuration import configured
from llamoco.dataset_builder.problems.problem import Problem

BUDGET = 100


def problem(name="p", f0=100.0, f_star=0.0, constrained=False):
    return Problem(
        id=name,
        kind="source",
        lower=(-1.0,),
        upper=(1.0,),
        max_evals=BUDGET,
        n_inequality=int(constrained),
        n_equality=0,
        definition={"python": ""},
        f0=f0,
        f_star=f_star,
    )


def run(
    optimizer, trace, stage="final", seed=20, name="p", race=0, status="ok", config="{}", returned="best"
):
    best = trace[-1][1] if trace else None
    return Run(
        problem_id=name,
        race=race,
        optimizer=optimizer,
        config=config,
        seed_index=seed,
        stage=stage,
        status=status,
        error="",
        f_returned=best if returned == "best" else returned,
        best_f=best,
        first_f=trace[0][1] if trace else None,
        evals=BUDGET,
        max_evals=BUDGET,
        trace=pack_trace(trace),
        seconds=0.0,
    )


def test_scores_of_a_run_by_hand():
    # Gap 1 until evaluation 51, then 0.1 (one of three decades) for the other 50 of 100 evaluations.
    half = run("a", [(1, 100.0), (51, 10.0)])
    assert score_run(half, 100.0, 0.0) == pytest.approx((50 * 1 / 100 / 3, 0.9))
    # The returned point counts for w, even where a better one was seen on the way.
    assert score_run(replace(half, f_returned=40.0), 100.0, 0.0)[1] == pytest.approx(0.6)
    assert score_run(replace(half, f_returned=None), 100.0, 0.0)[1] == 0.0
    assert score_run(replace(half, status="budget_exceeded"), 100.0, 0.0)[1] == pytest.approx(0.9)
    assert score_run(replace(half, status="error"), 100.0, 0.0) == (0.0, 0.0)
    assert score_run(replace(half, status="timeout"), 100.0, 0.0) == (0.0, 0.0)


def test_tie_goes_to_the_strongest_over_all_problems_then_to_the_cheapest():
    strength = {"a": 0.5, "b": 0.7, "c": 0.7}
    best, second = Score("a", "{}", 0.800, 1, 100), Score("b", "{}", 0.795, 1, 100)
    assert choose_winner([best, second], strength) == (second, True)
    assert choose_winner([best, replace(second, aocc=0.8 - TIE - 0.001)], strength) == (best, False)
    cheap = Score("c", "{}", 0.793, 1, 60)
    assert choose_winner([best, second, cheap], strength) == (cheap, True)
    # Two configurations of one family are no tie between families.
    assert choose_winner([best, replace(best, config='{"x":1}', aocc=0.799)], strength)[1] is False


def test_references_are_frozen_from_all_runs_but_the_check():
    drawn = problem(constrained=True, f0=None, f_star=None)
    runs = [
        run("a", [(5, 60.0), (9, 3.0)]),
        run("b", [(2, 80.0)], stage="screen", seed=0),
        run("c", [(2, 70.0)], stage="second", seed=1),
        run("a", [(1, 1e6), (400, 2.0)], stage="reference", seed=30),  # counts for f*, not for f0
        run("a", [(1, 0.5)], stage="check", seed=40),  # comes after the freeze
        run("d", [(1, -9.0)], status="error", seed=21),
    ]
    frozen = freeze_references(drawn, runs)
    assert (frozen.f0, frozen.f_star) == (70.0, 2.0)
    assert "3 runs" in frozen.provenance["f0"] and "4 runs" in frozen.provenance["f_star"]
    known = freeze_references(problem(), runs)
    assert (known.f0, known.f_star) == (100.0, 0.0)


def test_a_value_below_the_drawn_optimum_replaces_it_and_says_so():
    frozen = freeze_references(problem(), [run("a", [(1, -1.0)])])
    assert frozen.f_star == -1.0 and "below" in frozen.provenance["f_star"]


@pytest.mark.parametrize(
    ("drawn", "runs", "reason"),
    [
        (problem(), [run("a", [])], "no run found a feasible point"),
        (problem(f0=None, f_star=None, constrained=True), [run("a", [(1, 3.0)])], "f0 is not above"),
    ],
)
def test_discarded_with_the_reason_counted(drawn, runs, reason):
    with pytest.raises(ProblemRejected, match=reason):
        freeze_references(drawn, runs)
    labelled = derive_labels([drawn], {"p": runs})
    assert labelled.labels == ()
    assert [count for text, count in labelled.discarded.items() if reason in text] == [1]


def full_set():
    """Ten unconstrained problems on which de is best, one where pso is best by far; that was raced twice."""
    problems = [problem(f"p{n}") for n in range(11)]
    runs = {}
    for p in problems:
        good, poor = (configured(name, p) for name in (("de", "pso") if p.id != "p3" else ("pso", "de")))
        rows = []
        for stage, seed in (("screen", 0), ("final", 20), ("check", 40)):
            rows.append(run(good[0], [(1, 0.01)], stage, seed, p.id, config=good[1]))
            rows.append(run(poor[0], [(1, 10.0)], stage, seed, p.id, config=poor[1]))
        runs[p.id] = rows
    runs["p3"].append(run("de", [(1, 0.01)], "final", 20, "p3", race=1))
    runs["p3"].append(run("pso", [(1, 1.0)], "final", 20, "p3", race=1))
    return derive_labels(problems, runs)


def test_labels_by_hand():
    labelled = full_set()
    by_id = {label.problem.id: label for label in labelled.labels}
    assert by_id["p0"].optimizer == "de" and by_id["p3"].optimizer == "pso"
    assert by_id["p0"].aocc == pytest.approx(1.0) and by_id["p0"].w == pytest.approx(0.9999)
    assert [s.optimizer for s in by_id["p3"].finalists] == ["pso", "de"]
    assert [s.optimizer for s in by_id["p3"].screen] == ["pso", "de"]
    second = by_id["p3"].repeat
    assert second is not None and second.optimizer == "de" and second.w == pytest.approx(0.9999)
    assert by_id["p0"].repeat is None
    assert not any(label.tie for label in labelled.labels)
    assert labelled.sbs == {"unconstrained": {"aocc": "de", "w": "de"}}
    assert by_id["p3"].checked(configured("de", by_id["p3"].problem)).w == pytest.approx(0.9)
    with pytest.raises(LabelsError, match="not checked"):
        by_id["p3"].checked(("ga", "{}"))


def test_who_can_be_the_single_best_solver():
    """pso is best where it runs. It is a candidate from 95% of the problems on, and scores as the worst where it does not."""

    def labels(ran: int):
        made = []
        for n in range(100):
            screen = [Score("de", "{}", 0.6, 0.7, 9), Score("slsqp", "{}", 0.1, 0.2, 9)]
            screen += [Score("pso", "{}", 0.65, 0.6, 9)] if n < ran else []
            made.append(Label(problem(f"p{n}"), "train", "de", "{}", 0.6, 0.7, False, (), tuple(screen)))
        return made

    assert single_best(labels(94))["unconstrained"] == {"aocc": "de", "w": "de"}
    assert single_best(labels(95))["unconstrained"] == {"aocc": "pso", "w": "de"}
    assert screen_means(labels(95))["pso"] == pytest.approx(
        (0.95 * 0.65 + 0.05 * 0.1, 0.95 * 0.6 + 0.05 * 0.2)
    )
    assert "pso" not in screen_means(labels(94))


def test_rare_members_by_hand():
    won = full_set().labels  # of 11 labels de has 10, pso one
    assert win_shares(won) == {"de": {"unconstrained": 10 / 11}, "pso": {"unconstrained": 1 / 11}}
    assert rare_members(won) == {} and rare_members(won, 0.1) == {"pso": {"unconstrained": 1 / 11}}


def test_the_winner_among_the_papers_optimizers(monkeypatch):
    new = replace(POOL["de"], edition="extension")
    monkeypatch.setitem(POOL, "de", new)
    by_id = {label.problem.id: label for label in full_set().labels}
    assert by_id["p0"].optimizer == "de" and by_id["p0"].paper is not None
    assert by_id["p0"].paper == next(s for s in by_id["p0"].finalists if s.optimizer == "pso")
    strength = {"de": 0.5, "pso": 0.5, "ga": 0.5}
    best, poor, other = (
        Score(name, "{}", aocc, 1, 9) for name, aocc in (("de", 0.9), ("pso", 0.5), ("ga", 0.2))
    )
    assert paper_winner([best, other], [best, poor, other], strength) == other
    assert paper_winner([best], [best, poor, other], strength) == poor
    assert paper_winner([best], [best], strength) is None


def test_who_has_left_the_pool_is_no_answer_but_stays_in_the_papers(monkeypatch):
    names = ("de", "pso", "slsqp")
    runs = [
        run(name, [(10, value)], stage, seed)
        for name, value in zip(names, (0.1, 1.0, 10.0), strict=True)
        for stage, seed in (("screen", 0), ("final", 20))
    ]
    (before,) = derive_labels([problem()], {"p": runs}).labels
    monkeypatch.setitem(POOL, "de", replace(POOL["de"], in_default=False))
    (after,) = derive_labels([problem()], {"p": runs}).labels
    assert (before.optimizer, after.optimizer) == ("de", "pso")
    assert [score.optimizer for score in after.screen] == ["pso", "slsqp"]
    assert [score.optimizer for score in after.finalists] == ["pso", "slsqp"]
    assert [score.optimizer for score in after.raced] == list(names)
    assert after.paper is not None and after.paper.optimizer == "de"


def test_check_covers_answer_and_single_best_once():
    labelled = full_set()
    label = next(entry for entry in labelled.labels if entry.problem.id == "p3")
    jobs = check_jobs(label, labelled.sbs, [])
    assert sorted({job.optimizer for job in jobs}) == ["de", "pso"] and len(jobs) == len(set(jobs)) == 6
    done = [run("de", [], "check", job.seed_index, config=job.config) for job in jobs]
    assert check_jobs(label, labelled.sbs, done) == [job for job in jobs if job.optimizer == "pso"]


def test_splits_are_by_problem_and_do_not_depend_on_order():
    problems = [problem(f"p{n}", constrained=n % 3 == 0) for n in range(300)]
    splits = assign_splits(problems)
    assert splits == assign_splits(problems[::-1])
    for constrained, count in ((False, 30), (True, 20)):  # 30, but never over a fifth
        group = [p.id for p in problems if p.constrained == constrained]
        assert sum(splits[name] == "test" for name in group) == count
    large = [problem(f"p{n}") for n in range(3000)]
    assert sum(split == "test" for split in assign_splits(large).values()) == 237  # 7.89%


def test_table_is_the_same_bytes_twice_and_reads_back(tmp_path: Path):
    labelled = full_set()
    meta = {"seed": 0}
    for name in ("one", "two"):
        write_labels(tmp_path / name / "labels.parquet", labelled, meta)
    one, two = (tmp_path / name / "labels.parquet" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    table = read_labels(one)
    back = table.labels
    assert (table.sbs, table.discarded) == (labelled.sbs, labelled.discarded)
    assert [label.problem for label in back] == [label.problem for label in labelled.labels]
    assert [(x.optimizer, x.split, x.repeat, x.tie) for x in back] == [
        (x.optimizer, x.split, x.repeat, x.tie) for x in labelled.labels
    ]
    assert back[0].check is not None and back[0].check[0].aocc == pytest.approx(1.0, abs=1e-6)
    assert json.loads(one.with_suffix(".json").read_text()) == {"format": LABELS_FORMAT, "seed": 0}
    write_labels(two, table, meta)
    assert read_labels(two) == table and two.read_bytes() == one.read_bytes()


def test_foreign_tables_are_refused(tmp_path: Path):
    with pytest.raises(LabelsError, match="llamoco benchmark"):
        read_labels(tmp_path / "none.parquet")
    text = tmp_path / "text.parquet"
    text.write_text("problem,optimizer")
    with pytest.raises(LabelsError, match="not a label table"):
        read_labels(text)
    labels = tmp_path / "labels.parquet"
    write_labels(labels, full_set(), {})
    table = pq.read_table(labels)
    pq.write_table(table.replace_schema_metadata({"llamoco_labels_format": "99"}), labels)
    with pytest.raises(LabelsError, match="format 99"):
        read_labels(labels)
    pq.write_table(pa.table({"a": [1]}), labels)
    with pytest.raises(LabelsError, match="format none"):
        read_labels(labels)
