"""Calibration: programs whose worth is known land where they must, and recorded runs score what was recorded.

The benchmark runs an optimizer in its own process (``benchmark.run.execute``), the metric in a sandbox: both have to
see the same evaluations. On other processors single runs differ by rounding, so that records are compared to the
last digit where this machine repeats them, and by their means everywhere.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, NamedTuple

import evaluate
import numpy as np
import pytest

from llamoco.dataset_builder.benchmark.archive import read_archive
from llamoco.dataset_builder.benchmark.label_table import SHIPPED_LABELS, read_labels
from llamoco.dataset_builder.benchmark.labels import Label, LabelTable
from llamoco.dataset_builder.benchmark.race import FINAL, stage_scores
from llamoco.dataset_builder.benchmark.run import CHECK, execute
from llamoco.dataset_builder.benchmark.run import Run as Recorded
from llamoco.dataset_builder.benchmark.run import score_run as recorded_scores
from llamoco.dataset_builder.benchmark.trace import pack_trace, unpack_trace
from llamoco.dataset_builder.optimizers.catalogue import GROUPS
from llamoco.dataset_builder.optimizers.configuration import configured
from llamoco.dataset_builder.optimizers.pool import render
from llamoco.dataset_builder.problems.oracle import Oracle
from llamoco.dataset_builder.problems.portable_rng import race_seed
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.program import assemble_program
from llamoco.dataset_builder.prompts.python.patterns import problem_section
from llamoco.dataset_builder.prompts.rows import labelled_completion
from llamoco.metrics.sandbox import Sandbox
from llamoco.metrics.scores import Attempt, Run

ROOT = Path(__file__).parents[2]
RUNS = 3
OF_A_GROUP = 6
ROUNDING = 1e-6  # of the scores in the label table
ENTRY = "def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None):\n"
RANDOM_SEARCH = f"""\
import numpy as np


{ENTRY}\
    rng = np.random.default_rng(seed)
    X = rng.uniform(lower, upper, (max_evals, len(lower)))
    f, excess = objective(X), np.zeros(max_evals)
    if inequality is not None:
        excess = np.maximum(excess, np.max(inequality(X) - 1e-6, axis=1))
    if equality is not None:
        excess = np.maximum(excess, np.max(np.abs(equality(X)) - 1e-4, axis=1))
    return X[np.lexsort((f, excess))[0]]
"""
CENTRE = f"{ENTRY}    x = (lower + upper) / 2\n    objective(x)\n    return x\n"
OF_ITS_OWN = f"""\
import numpy as np
from scipy.optimize import minimize

POINT = 0.3


def sphere(z):
    return float(np.sum((z - POINT) ** 2))


{ENTRY}\
    objective((lower + upper) / 2)
    z = minimize(sphere, np.full(len(lower), 0.9), method="Nelder-Mead", options={{"maxfev": 500}}).x
    return lower + np.clip(z, 0, 1) * (upper - lower)
"""
KINDS = ("label", "sbs", "random", "centre")  # best first


class Scored(NamedTuple):
    """What the metric said of several programs on several problems; mean scores over the runs by kind and problem."""

    labels: list[Label]
    result: dict[str, Any]
    by_kind: dict[str, dict[str, dict[str, float]]]
    records: dict[str, list[dict[str, Any]]]

    def mean(self, kind: str, score: str, group: str | None = None) -> float:
        return fmean(self.each(kind, score, group))

    def each(self, kind: str, score: str, group: str | None = None) -> list[float]:
        ids = [label.problem.id for label in self.labels if group in (None, label.group)]
        return [self.by_kind[kind][name][score] for name in ids]


@pytest.fixture(scope="module")
def metric(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = ROOT / "metrics" / "llamoco"
    patch = pytest.MonkeyPatch()
    patch.setenv("HF_ALLOW_CODE_EVAL", "1")
    yield evaluate.load(str(folder), cache_dir=str(tmp_path_factory.mktemp("cache")))
    patch.undo()


@lru_cache(maxsize=1)
def table() -> LabelTable:
    return read_labels(SHIPPED_LABELS)


def held_out() -> list[Label]:
    return [label for label in table().labels if label.split == "test"]


def sample() -> list[Label]:
    """Problems of both groups, of few and many variables alike."""
    chosen = []
    for group in GROUPS:
        mine = sorted(
            (x for x in held_out() if x.group == group), key=lambda x: (x.problem.dim, x.problem.id)
        )
        chosen += [mine[(2 * i + 1) * len(mine) // (2 * OF_A_GROUP)] for i in range(OF_A_GROUP)]
    return chosen


def programs(label: Label) -> dict[str, str]:
    """Programs by kind."""
    name, config = configured(table().sbs[label.group]["aocc"], label.problem)
    return {
        "label": labelled_completion(label.problem, label.optimizer, json.loads(label.config)),
        "sbs": render(name, json.loads(config)),
        "random": RANDOM_SEARCH,
        "centre": CENTRE,
        "own": OF_ITS_OWN,
        "empty": "",
    }


def scored(metric: Any, labels: list[Label], runs: int, seed: int) -> Scored:
    jobs = [(kind, label, text) for label in labels for kind, text in programs(label).items()]
    result = metric.compute(
        predictions=[text for _, _, text in jobs],
        references=[label.problem.to_json() for _, label, _ in jobs],
        runs=runs,
        seed=seed,
    )
    records: dict[str, list[dict[str, Any]]] = {}
    by_kind: dict[str, dict[str, dict[str, float]]] = {}
    for number, (kind, label, _) in enumerate(jobs):
        rows = result["records"][number * runs : (number + 1) * runs]
        assert {(row["prediction"], row["problem_id"]) for row in rows} == {(number, label.problem.id)}
        records.setdefault(kind, []).extend(rows)
        means = {score: fmean(row[score] for row in rows) for score in ("aocc", "w")}
        by_kind.setdefault(kind, {})[label.problem.id] = means
    return Scored(labels, result, by_kind, records)


@pytest.fixture(scope="module")
def results(metric: Any) -> Scored:
    return scored(metric, sample(), RUNS, seed=0)


def interval(differences: Sequence[float], width: float = 3.0) -> tuple[float, float]:
    """The mean of paired differences, one a problem, give or take ``width`` standard errors."""
    middle, error = fmean(differences), stdev(differences) / math.sqrt(len(differences))
    return middle - width * error, middle + width * error


# The benchmark's own records


def recorded(label: Label, runs: Sequence[Recorded]) -> list[Recorded]:
    """Runs behind an answer: those that chose it, and those that checked it and the single best solvers."""
    chose = (0, FINAL, label.optimizer, label.config)
    return [
        run for run in runs if run.stage == CHECK or (run.race, run.stage, run.optimizer, run.config) == chose
    ]


class Replayed(NamedTuple):
    """A recorded run made again: what its scores are off the record, from a trace thinned as records are.

    thinning: what thinning takes from its AOCC; repeats: whether this machine repeats the run to the last bit.
    """

    aocc: float
    w: float
    thinning: float
    repeats: bool


def replayed(sandbox: Sandbox, problem: Problem, run: Recorded) -> Replayed:
    """Make a recorded run again, in this process and in the sandbox, which have to agree."""
    assert problem.f0 is not None and problem.f_star is not None
    text = render(run.optimizer, json.loads(run.config))
    seed = race_seed(0, problem.id, run.race, run.optimizer, run.config, run.seed_index)
    oracle = Oracle(problem)
    here, there = execute(problem, text, seed, oracle=oracle), sandbox.run(text, problem, seed)
    assert (there.verdict, there.evals, there.trace) == (here["status"], here["evals"], oracle.trace)
    assert (there.f if there.feasible else None, there.best_f) == (here["f_returned"], here["best_f"])
    thinned = replace(there, trace=unpack_trace(pack_trace(there.trace)))
    made, full = (Run(problem, Attempt(text, record, None)) for record in (thinned, there))
    assert made.aocc is not None and made.w is not None and full.aocc is not None
    aocc, w = recorded_scores(run, problem.f0, problem.f_star)
    repeats = here["trace"] == run.trace and here["f_returned"] == run.f_returned
    if repeats:
        assert (made.aocc, made.w) == (aocc, w)
    return Replayed(made.aocc - aocc, made.w - w, full.aocc - made.aocc, repeats)


def replay(labels: list[Label], seeds: int) -> None:
    """Make recorded runs again: so many seeds of each answer and each check."""
    archive = read_archive(ROOT / "dataset_builder" / "labels" / "runs")  # which is not installed
    assert archive.seed == 0
    by_problem: list[list[Replayed]] = []
    with Sandbox() as sandbox:
        for label in labels:
            problem, runs = label.problem, recorded(label, archive.runs[label.problem.id])
            final = stage_scores(problem, runs, (FINAL,))
            assert (label.aocc, label.w) == pytest.approx((final[0].aocc, final[0].w), abs=ROUNDING)
            again: Counter[tuple[str, str]] = Counter()
            by_problem.append([])
            for run in runs:
                again[run.stage, run.optimizer] += 1
                if again[run.stage, run.optimizer] <= seeds:
                    by_problem[-1].append(replayed(sandbox, problem, run))
    every = [run for runs in by_problem for run in runs]
    thinning = [abs(run.thinning) for run in every]
    print(f"\n{sum(run.repeats for run in every)} of {len(every)} recorded runs repeated to the last bit;")
    print(f"thinned traces change AOCC by {fmean(thinning):.1e} on average, {max(thinning):.1e} at most")
    assert fmean(thinning) < 1e-4
    for score in ("aocc", "w"):
        low, high = interval([fmean(getattr(run, score) for run in runs) for runs in by_problem])
        assert low <= ROUNDING and high >= -ROUNDING


def test_recorded_runs_score_what_was_recorded() -> None:
    replay(sample()[::2], seeds=1)


@pytest.mark.parametrize("kind", ["label", "sbs"])
@pytest.mark.parametrize("score", ["aocc", "w"])
def test_fresh_runs_agree_with_the_check_of_the_labels(results: Scored, kind: str, score: str) -> None:
    low, high = interval(off_the_check(results, kind, score))
    assert low <= ROUNDING and high >= -ROUNDING


def off_the_check(results: Scored, kind: str, score: str) -> list[float]:
    """By how much mean scores differ from those of the runs that no choice has seen, problem by problem."""
    differences = []
    for label, value in zip(results.labels, results.each(kind, score), strict=True):
        single = configured(table().sbs[label.group]["aocc"], label.problem)
        checked = label.checked((label.optimizer, label.config) if kind == "label" else single)
        differences.append(value - getattr(checked, score))
    return differences


# Programs whose worth is known


@pytest.mark.parametrize("score", ["aocc", "w"])
def test_better_programs_score_higher(results: Scored, score: str) -> None:
    means = [results.mean(kind, score) for kind in KINDS]
    assert means[0] >= means[1] > means[2] > means[3]
    for group in GROUPS:
        assert results.mean("random", score, group) < results.mean("sbs", score, group)


def by_hand(problem: Problem, x: np.ndarray) -> tuple[float, float]:
    """(w of x, what x adds to AOCC while it is the best point so far), from the definitions."""
    f, g, h = (values[0] for values in problem.evaluate(x[None, :]))
    if (g > 1e-6).any() or (abs(h) > 1e-4).any() or not math.isfinite(f):
        return 0.0, 0.0
    assert problem.f0 is not None and problem.f_star is not None
    gap = min(max((f - problem.f_star) / (problem.f0 - problem.f_star), 0), 1)
    return 1 - gap, math.log10(max(gap, 1e-3)) / -3


def evaluated(problem: Problem, x: np.ndarray) -> list[np.ndarray]:
    """The points at which a program is charged that takes no starting point and evaluates x: a stated one comes first."""
    return [x] if problem.start is None or (problem.start == x).all() else [problem.start, x]


def area(problem: Problem, points: list[np.ndarray]) -> float:
    """AOCC of a run that evaluates these points and no more, from the definition."""
    curve = np.maximum.accumulate([by_hand(problem, x)[1] for x in points])
    rest = problem.max_evals - len(points)
    return float(curve.sum() + rest * curve[-1]) / problem.max_evals


def test_the_centre_is_worth_what_the_problem_says(results: Scored) -> None:
    centres = {
        x.problem.id: (x.problem, (x.problem.lower_array + x.problem.upper_array) / 2) for x in results.labels
    }
    for record in results.records["centre"]:
        problem, centre = centres[record["problem_id"]]
        points = evaluated(problem, centre)
        w, _ = by_hand(problem, centre)
        assert (record["evals"], record["x"], record["w"]) == (len(points), centre.tolist(), w)
        assert record["aocc"] == pytest.approx(area(problem, points), abs=1e-15)
    feasible = {record["feasible"] for record in results.records["centre"]}
    assert feasible == {True, False}  # both are seen
    # So are problems with and without a starting point.
    assert {record["evals"] for record in results.records["centre"]} == {1, 2}


def test_optimizing_something_else_is_worth_the_point_returned(results: Scored) -> None:
    namespace: dict[str, Any] = {}
    exec(OF_ITS_OWN, namespace)
    problems = {label.problem.id: label.problem for label in results.labels}
    for record in results.records["own"]:
        problem = problems[record["problem_id"]]
        lower, upper = problem.lower_array, problem.upper_array
        x = namespace["optimize"](lambda x: 0.0, lower, upper, problem.max_evals, 0)
        x = np.clip(x, lower, upper)  # what rounding puts outside is inside
        points = evaluated(problem, (lower + upper) / 2)
        assert (record["verdict"], record["evals"], record["x"]) == ("ok", len(points), x.tolist())
        assert record["w"] == by_hand(problem, x)[0]
        assert record["aocc"] == pytest.approx(area(problem, points), abs=1e-15)
    assert results.mean("own", "w") > 0


def test_an_empty_program_is_worth_nothing(results: Scored) -> None:
    empty = results.records["empty"]
    assert {(r["verdict"], r["w"], r["aocc"]) for r in empty} == {("runtime_error", 0, 0)}
    # Nothing else fails.
    assert results.result["verdicts"] == {"ok": 5 * len(empty), "runtime_error": len(empty)}
    assert results.result["err"] == pytest.approx(1 / 6)
    every = results.result["records"]
    for name, score in (("perf", "w"), ("aocc", "aocc")):
        assert results.result[name] == pytest.approx(fmean(record[score] for record in every))


MISSTATED: dict[str, Callable[[Problem], str]] = {
    "objective": lambda p: "stated = objective\n\n\ndef objective(x):\n    return 1.001 * stated(x)\n",
    "lower bounds": lambda p: "LOWER = [v - 1 for v in LOWER]\n",
    "upper bounds": lambda p: "UPPER = [*UPPER[:-1], UPPER[-1] + 1]\n",
    "budget": lambda p: f"MAX_EVALS = {p.max_evals + 1}\n",
    "dropped constraint": lambda p: "del inequality\n",
    "looser constraint": lambda p: (
        "stated = inequality\n\n\ndef inequality(x):\n    return stated(x) - 0.01\n"
    ),
    "another equality": lambda p: "def equality(x):\n    return x[:1] - 1\n",
}


def test_another_problem_is_worth_nothing_and_the_right_one_all(metric: Any) -> None:
    texts, references, right = [], [], []
    for group in GROUPS:
        label = min((x for x in sample() if x.group == group), key=lambda x: x.problem.max_evals)
        p, answer = label.problem, programs(label)["label"]
        section = problem_section(p.system, p.lower, p.upper, p.max_evals)
        wrong = [change(p) for name, change in MISSTATED.items() if p.constrained or "constraint" not in name]
        right.append(len(texts))
        texts += [
            answer,
            assemble_program(section, answer),
            *(assemble_program(f"{section}\n\n{x}", answer) for x in wrong),
        ]
        references += [p.to_json()] * (2 + len(wrong))
    result = metric.compute(predictions=texts, references=references, runs=1, workers=1)
    for first in right:
        bare, stated = result["records"][first : first + 2]
        for name in ("verdict", "x", "f", "evals", "trace", "w", "aocc", "seed"):
            assert stated[name] == bare[name]
        assert bare["w"] > 0 and (bare["faithful"], stated["faithful"]) == (None, True)
    others = [
        r for r in result["records"] if r["prediction"] not in right and r["prediction"] - 1 not in right
    ]
    assert {(r["faithful"], r["w"], r["aocc"]) for r in others} == {(False, 0, 0)}
    assert result["faith"] == pytest.approx(2 / (2 + len(others)))
    assert result["err"] == pytest.approx(len(others) / len(texts))


# The same however it is asked


def steady(result: dict[str, Any]) -> dict[str, Any]:
    """What has to be the same: all but times, memory, and the hash of the text."""
    varying = ("seconds", "wall", "cpu", "max_rss", "source_hash")
    records = [{name: value for name, value in r.items() if name not in varying} for r in result["records"]]
    return result | {"records": records}


def test_scores_do_not_depend_on_how_they_are_asked_for(metric: Any) -> None:
    """Not on comments, the order of the predictions, or the number of workers."""
    labels = sample()[2::6]
    texts = [programs(label)[kind] for label in labels for kind in ("label", "random")]
    references = [label.problem.to_json() for label in labels for _ in range(2)]
    options = {"runs": 2, "seed": 5, "tokens": [100 + number for number in range(len(texts))]}
    first = steady(metric.compute(predictions=texts, references=references, workers=1, **options))
    commented = [f"# another comment\n{text}\n\n  # and one more\n" for text in texts]
    order = np.random.default_rng(0).permutation(len(texts)).tolist()
    again = metric.compute(
        predictions=[commented[i] for i in order],
        references=[references[i] for i in order],
        runs=2,
        seed=5,
        workers=2,
        tokens=[options["tokens"][i] for i in order],  # type: ignore[index]
    )
    assert again["records"][0]["source_hash"] == hashlib.sha256(commented[order[0]].encode()).hexdigest()
    permuted = steady(again)
    back = sorted(
        (record | {"prediction": order[record["prediction"]]} for record in permuted["records"]),
        key=lambda record: (record["prediction"], record["run"]),
    )
    assert back == first["records"]
    for name, value in first.items():
        if name != "records":
            assert approximately(permuted[name], value), name


def approximately(given: Any, expected: Any) -> bool:
    """Whether nested scores agree to rounding: sums in another order."""
    if isinstance(expected, dict):
        return given.keys() == expected.keys() and all(
            approximately(given[name], value) for name, value in expected.items()
        )
    if isinstance(expected, list | tuple):
        return len(given) == len(expected) and all(map(approximately, given, expected))
    return bool(given == expected or given == pytest.approx(expected, rel=1e-12))


# The whole test split


@pytest.mark.slow
def test_all_recorded_runs_of_the_test_split() -> None:
    replay(held_out(), seeds=5)


@pytest.mark.slow
def test_the_whole_test_split(metric: Any) -> None:
    started = time.perf_counter()
    results = scored(metric, held_out(), 5, seed=0)
    print(f"\n{len(results.labels)} problems x 5 runs, seed 0: {time.perf_counter() - started:.0f} s")
    for score in ("w", "aocc"):
        for group in (None, *GROUPS):
            means = [f"{kind} {results.mean(kind, score, group):.4f}" for kind in KINDS]
            print(score, group or "all", *means)
            for better, worse in pairwise(KINDS):
                pairs = zip(
                    results.each(better, score, group), results.each(worse, score, group), strict=True
                )
                low, high = interval([a - b for a, b in pairs], 1.96)
                print(f"  {better} - {worse}: {low:.4f} to {high:.4f}")
                assert low > 0
        for kind in ("label", "sbs"):
            low, high = interval(off_the_check(results, kind, score))
            print(f"  {kind}, fresh - checked: {low:.5f} to {high:.5f}")
            assert low <= 0 <= high
        recorded = fmean(getattr(label, score) for label in results.labels)
        print(f"  labels as recorded {recorded:.4f}, fresh {results.mean('label', score):.4f}")
        assert recorded > results.mean("label", score)  # a recorded maximum flatters
    for check in (
        test_the_centre_is_worth_what_the_problem_says,
        test_optimizing_something_else_is_worth_the_point_returned,
        test_an_empty_program_is_worth_nothing,
    ):
        check(results)
