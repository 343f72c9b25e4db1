"""Contest of the selectors on the problems of a split (Table VI of the paper): plans, runs that resume, and the record.

OUT/selection.jsonl gets a line a run, so that a command that was stopped continues; OUT/selection.json, the record, follows from it.
Runs of one program that an evaluation has made with the same seeds are taken over (``known_runs``).
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from llamoco.dataset_builder.analysis.task_log import TaskResult, read_task_log, run_missing_tasks
from llamoco.dataset_builder.benchmark.executors import process_executor
from llamoco.dataset_builder.optimizers import pool
from llamoco.dataset_builder.optimizers.catalogue import GROUPS, group_of
from llamoco.dataset_builder.optimizers.configuration import config_json, configured
from llamoco.dataset_builder.optimizers.single_best import single_best_solver
from llamoco.dataset_builder.problems.portable_rng import run_seed
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics.statistics import ByProblem, interval
from llamoco.metrics.summary import Compared, compare_values
from llamoco.modeling.evaluation.baseline_comparison import read_baselines
from llamoco.modeling.evaluation.baselines import TOOLS, problem_hash
from llamoco.modeling.evaluation.results import read_results
from llamoco.modeling.evaluation.split_rows import Row
from llamoco.modeling.selection.selectors import (
    EMBEDDING,
    AsLlm,
    Pias,
    Selector,
    fixed_portfolio,
    versions,
)
from llamoco.modeling.selection.stages import Plan, run_plan
from llamoco.modeling.selection.training_set import TrainingSet
from llamoco.modeling.selection.tuning import SHARE, TRIALS

CONTESTANTS = {
    "sbs": "SBS",
    "pias": "PIAS",
    "as_llm": "AS-LLM",
    "sbs_smac": "SBS + SMAC3",
    "pias_smac": "PIAS + SMAC3",
    "as_llm_smac": "AS-LLM + SMAC3",
    "portfolio": "fixed portfolio",
}
SEED = 0
SCORES: Mapping[Compared, int] = {"perf": 1, "aocc": 2}  # their places in the tuples of ``_scored``
FILE, RECORD = "selection.jsonl", "selection.json"

# Runs of one program, by hash of the problem, the program's text and the number of the run.
Known = Mapping[tuple[str, str, int], TaskResult]


def plans_for(
    rows: Sequence[Row], training: Mapping[str, TrainingSet], names: Sequence[str]
) -> dict[str, dict[str, tuple[Plan, float]]]:
    """What each contestant does on each problem, and the seconds that its choice took.

    Args:
        rows: one row of the data set a problem; a selector that reads reads its prompt.
        training: training sets by group.
        names: in ``CONTESTANTS``.

    Returns:
        By contestant and problem id.
    """
    choosers: dict[str, dict[str, Selector]] = {}
    for kind, made in (("pias", Pias), ("as_llm", AsLlm)):
        if any(name.startswith(kind) for name in names):
            choosers[kind] = {group: made(of_group) for group, of_group in training.items()}
    portfolios = {group: fixed_portfolio(of_group) for group, of_group in training.items()}
    plans: dict[str, dict[str, tuple[Plan, float]]] = {name: {} for name in names}
    for row in rows:
        problem, group = Problem.from_json(row["problem"]), group_of(row["constrained"])
        for name in names:
            kind = name.removesuffix("_smac")
            started = time.perf_counter()
            if kind == "portfolio":
                chosen = portfolios[group]
            elif kind == "sbs":
                chosen = (single_best_solver(problem.constrained),)
            else:
                chosen = (choosers[kind][group].choose(row["prompt"], problem),)
            seconds = time.perf_counter() - started
            programs = tuple(configured(optimizer, problem) for optimizer in chosen)
            plans[name][problem.id] = (Plan(programs, kind == "pias", name != kind), seconds)
    return plans


def contest_tasks(
    problems: Sequence[Problem],
    plans: Mapping[str, Mapping[str, tuple[Plan, float]]],
    runs: int,
    known: Known,
) -> dict[str, tuple[Any, ...]]:
    """Arguments of ``run_contestant`` by key: all contestants on the first problem's first run, then on the second's, and so on.

    The same plan on the same problem is one task, whoever has it.

    Args:
        problems: with f0 and f_star.
        plans: see ``plans_for``.
        runs: of each contestant on each problem.
        known: runs that need not be made.
    """
    tasks: dict[str, tuple[Any, ...]] = {}
    for run in range(runs):
        for problem in problems:
            for of_problem in plans.values():
                plan = of_problem[problem.id][0]
                tasks[task_key(problem, plan, run)] = (
                    problem.to_json(),
                    plan.to_json(),
                    run_seed(SEED, problem.id, run),
                    known.get((problem_hash(problem), program_of(plan), run)) if plan.single else None,
                )
    return tasks


def task_key(problem: Problem, plan: Plan, run: int) -> str:
    """Key of a run of a plan, by all that it depends on."""
    return f"{problem.id} {problem_hash(problem)} {run} {plan.to_json()}"


def program_of(plan: Plan) -> str:
    """Text of the program of a plan that is no more than one."""
    name, config = plan.programs[0]
    return pool.render(name, json.loads(config))


def run_contestant(problem_json: str, plan: str, seed: int, known: TaskResult | None) -> TaskResult:
    """Make a run, or take a known one over. Called in worker processes."""
    if known is not None:
        return {**known, "taken_over": True}
    return {**run_plan(Problem.from_json(problem_json), Plan.from_json(plan), seed), "taken_over": False}


def known_runs(folder: Path) -> dict[tuple[str, str, int], TaskResult]:
    """The runs of single programs in the folder of a finished evaluation, whose seeds are those of the contest.

    Raises:
        EvaluationError: if the folder holds none, or its files cannot be read.
    """
    results = read_results(folder)
    found: dict[tuple[str, str, int], TaskResult] = {}
    for of_contestant in results.runs.values():
        for several in of_contestant:
            for number, run in enumerate(several):
                record = run.attempt.record
                if run.problem.probes_first or record.seed != run_seed(SEED, run.problem.id, number):
                    continue
                text = run.attempt.program
                text = text.partition("\n")[2] if text.startswith("#") else text
                if not run.attempt.counted or (identified := pool.identify(text)) is None:
                    continue
                found[problem_hash(run.problem), text, number] = {
                    "status": record.verdict,
                    "evals": record.evals,
                    "aocc": run.aocc,
                    "perf": run.w,
                    "seconds": record.seconds,
                    "trials": 0,
                    "config": config_json(identified[1]),
                }
    return found


def run_contest(
    out: Path,
    problems: Sequence[Problem],
    plans: Mapping[str, Mapping[str, tuple[Plan, float]]],
    runs: int,
    settings: Mapping[str, Any],
    known: Known,
    command: str,
    workers: int,
    on_progress: Callable[[int, int], None],
) -> None:
    """Do the runs that OUT/selection.jsonl does not have yet.

    Raises:
        TaskLogError: if the file there has other settings.
    """
    tasks = contest_tasks(problems, plans, runs, known)
    with process_executor(workers) as executor:
        run_missing_tasks(
            out / FILE, settings, command, tasks, run_contestant, executor, workers, on_progress
        )


def contest_settings(split: str, data_hash: str) -> dict[str, Any]:
    """Settings on which runs depend."""
    return {
        "seed": SEED,
        "split": split,
        "data_hash": data_hash,
        "tuning": f"at most {TRIALS} trials in {SHARE:.0%} of the budget",
        "embedding": EMBEDDING,
        "selectors": versions(),
    }


def contest_record(
    out: Path,
    problems: Sequence[Problem],
    labels: Mapping[str, str],
    plans: Mapping[str, Mapping[str, tuple[Plan, float]]],
    runs: int,
) -> dict[str, Any]:
    """The record of a contest, finished or not: contestants are compared on the runs that there are.

    Args:
        out: folder of ``run_contest``.
        problems, plans, runs: as it had them.
        labels: the label's optimizer by problem id.

    Returns:
        command, settings, versions, machine, date; groups: by group ("all", ...) and contestant its scores, with 95% intervals, seconds
        an instance, the optimizers it chose, and its comparisons with the SBS and, where it is tuned, with itself untuned; tools: the shipped runs of other tools on these problems.
    """
    head, lines = read_task_log(out / FILE)
    groups = {"all": list(problems)} | {
        group: [problem for problem in problems if group_of(problem.constrained) == group] for group in GROUPS
    }
    tools = read_baselines(problems)
    return {
        **{name: head[name] for name in ("command", "settings", "versions", "machine", "date")},
        "runs": runs,
        "groups": {
            group: {name: _scored(name, members, labels, plans, lines, runs) for name in plans}
            for group, members in groups.items()
            if members
        },
        "tools": {}
        if tools is None
        else {
            name: {
                "title": TOOLS[name],
                "problems": len({row["problem_id"] for row in rows}),
                "runs": len(rows),
                **_means([(row["problem_id"], row["perf"], row["aocc"], row["seconds"]) for row in rows]),
            }
            for name, rows in tools.rows.items()
        },
    }


def _scored(
    name: str,
    problems: Sequence[Problem],
    labels: Mapping[str, str],
    plans: Mapping[str, Mapping[str, tuple[Plan, float]]],
    lines: Mapping[str, TaskResult],
    runs: int,
) -> dict[str, Any]:
    def made(contestant: str) -> list[tuple[str, float, TaskResult]]:
        """Problem, seconds of the choice and result of each run that there is."""
        found = []
        for problem in problems:
            plan, seconds = plans[contestant][problem.id]
            results = (lines.get(task_key(problem, plan, run)) for run in range(runs))
            found += [(problem.id, seconds, line) for line in results if line is not None]
        return found

    def values(contestant: str) -> list[tuple[str, float, float, float]]:
        return [(i, line["perf"], line["aocc"], line["seconds"] + s) for i, s, line in made(contestant)]

    own, results = values(name), [line for *_, line in made(name)]
    chosen = {problem.id: plans[name][problem.id][0].programs for problem in problems}
    result = {
        "title": CONTESTANTS[name],
        "problems": len({identifier for identifier, *_ in own}),
        "runs": len(own),
        **_means(own),
        "tuned_share": sum(line["trials"] > 0 for line in results) / len(results) if results else None,
        "taken_over": sum(line["taken_over"] for line in results),
        "statuses": dict(Counter(line["status"] for line in results)),
        "optimizers": dict(
            Counter(" + ".join(o for o, _ in programs) for programs in chosen.values()).most_common()
        ),
        "label_hits": None
        if any(len(programs) > 1 for programs in chosen.values())
        else sum(programs[0][0] == labels[identifier] for identifier, programs in chosen.items())
        / len(chosen),
    }
    for key, other in (("above_sbs", "sbs"), ("above_untuned", name.removesuffix("_smac"))):
        if other in plans and name != other:
            beside = values(other)
            result[key] = {
                score: compare_values(_gathered(own, place), _gathered(beside, place), score)
                for score, place in SCORES.items()
            }
    return result


def _gathered(values: Sequence[tuple[Any, ...]], place: int) -> ByProblem:
    return ByProblem.gather((value[0], value[place]) for value in values)


def _means(values: Sequence[tuple[str, float, float, float]]) -> dict[str, Any]:
    gathered = {name: _gathered(values, place) for name, place in (("perf", 1), ("aocc", 2), ("seconds", 3))}
    ends = {name: interval(gathered[name], (0.0, 1.0)) for name in ("perf", "aocc")}
    return {
        **{name: of_name.mean for name, of_name in gathered.items()},
        "intervals": {name: None if found is None else list(found) for name, found in ends.items()},
    }
