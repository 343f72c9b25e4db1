"""The record of an evaluation, from what its files hold alone: nothing is run or generated here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from llamoco.dataset_builder.benchmark.labels import GROUPS
from llamoco.dataset_builder.problems.scores import GAP_FLOOR, relative_gap
from llamoco.metrics.failures import causes
from llamoco.metrics.scores import Run
from llamoco.metrics.summary import Compared, compare, gap_closed, groups, summary
from llamoco.modeling.answers.sources import CHARACTERS_A_TOKEN
from llamoco.modeling.evaluation.files import Line
from llamoco.modeling.evaluation.results import CONTESTANTS, Results, failing
from llamoco.modeling.evaluation.rows import named_optimizer, single_best_solvers

BUDGET_SHARES = tuple(share / 50 for share in range(51))
REFERENCES = ("sbs", "vbs")
COMPARED: tuple[Compared, ...] = ("a3", "perf")
GROUP_SCORES = ("err", "r_acc", "perf", "a3", "intervals")


def evaluation_record(results: Results) -> dict[str, Any]:
    """The record that scores.json holds.

    Args:
        results: of a finished evaluation.

    Returns:
        The settings, and: rows, problems; tier; single_best_solvers by group; tables ("all", "unconstrained",
        "constrained": rows, problems and, for "model", "sbs" and "vbs", what ``summary`` returns, the model's with
        comp_characters, label_hits, gap_closed_a3, gap_closed_perf and intervals of these two); groups (the same in
        short, by type, language, pattern, dimension, ...); comparisons of the model with "sbs" and "vbs"; convergence;
        failures by cause; repairs; optimizers (how often label, how often chosen); seconds by step; versions,
        machine, date and command of the last step, all of them in steps.
    """
    last = results.steps[-1] if results.steps else {}
    classes = groups(results.rows)
    every = {"all": list(range(len(results.rows)))} | classes.pop("type")
    types = {name: every[name] for name in ("all", *GROUPS) if name in every}
    tables = {name: _table(results, members) for name, members in types.items()}
    return {
        **results.settings,
        "rows": len(results.rows),
        "problems": tables["all"]["problems"],
        "tier": ", ".join(sorted({line["tier"] for lines in results.records.values() for line in lines})),
        "single_best_solvers": single_best_solvers(),
        "tables": tables,
        "groups": {
            "type": {name: _short(tables[name]) for name in types if name != "all"},
            **{
                kind: {name: _short(_table(results, members)) for name, members in of_kind.items()}
                for kind, of_kind in classes.items()
            },
        },
        "comparisons": {name: _comparisons(results, members) for name, members in types.items()},
        "convergence": convergence(results),
        "failures": failures(results),
        "repairs": {
            "failing_rows": sum(failing(runs) is not None for runs in results.runs["model"]),
            "repaired": len(results.repairs),
        },
        "optimizers": _chosen(results),
        "seconds": _seconds(results.steps),
        "versions": last.get("versions", {}) | _versions(results),
        **{name: last.get(name) for name in ("machine", "date", "command")},
        "steps": [{name: step[name] for name in step if name != "versions"} for step in results.steps],
    }


def _table(results: Results, members: Sequence[int]) -> dict[str, Any]:
    """Scores of the contestants on some rows, and the share of the gap from SBS to VBS that the model closes."""
    table: dict[str, Any] = {"rows": len(members), "problems": _problems(results, members)}
    answers = [results.answers[i] for i in members]
    runs = {name: [results.runs[name][i] for i in members] for name in CONTESTANTS}
    for name in CONTESTANTS:
        table[name] = summary(runs[name], _tokens(results, members) if name == "model" else None)
    model = table["model"]
    characters = [
        len(results.rows[i]["prompt"]) + len(answer.completion)
        for i, answer in zip(members, answers, strict=True)
    ]
    model["comp_characters"] = sum(characters) / len(characters) / CHARACTERS_A_TOKEN
    hits = [
        named_optimizer(answer.completion) == results.rows[i]["optimizer"]
        for i, answer in zip(members, answers, strict=True)
    ]
    model["label_hits"] = sum(hits) / len(hits)
    for score in COMPARED:
        closed = gap_closed(runs["model"], runs["sbs"], runs["vbs"], score)
        model[f"gap_closed_{score}"] = closed and closed["value"]
        model["intervals"][f"gap_closed_{score}"] = closed and closed["interval"]
    return table


def _tokens(results: Results, members: Sequence[int]) -> list[int]:
    """What each answer cost, its repair among it."""
    repairs = [results.repairs.get(results.rows[i]["row"]) for i in members]
    return [
        results.answers[i].tokens + (repair.tokens if repair is not None else 0)
        for i, repair in zip(members, repairs, strict=True)
    ]


def _short(table: dict[str, Any]) -> dict[str, Any]:
    short: dict[str, Any] = {name: table[name] for name in ("rows", "problems")}
    for name in CONTESTANTS:
        short[name] = {score: table[name][score] for score in GROUP_SCORES}
        kept = ("err", *COMPARED, *(f"gap_closed_{score}" for score in COMPARED))
        short[name]["intervals"] = {s: v for s, v in short[name]["intervals"].items() if s in kept}
    return short | {
        "model": short["model"] | {f"gap_closed_{s}": table["model"][f"gap_closed_{s}"] for s in COMPARED}
    }


def _comparisons(results: Results, members: Sequence[int]) -> dict[str, Any]:
    """The model beside each reference, paired by problem."""
    runs = {name: [results.runs[name][i] for i in members] for name in CONTESTANTS}
    return {
        reference: {score: compare(runs["model"], runs[reference], score) for score in COMPARED}
        for reference in REFERENCES
    }


def convergence(results: Results) -> dict[str, list[float]]:
    """Mean relative gap of each contestant after shares of the budget: geometric, floored at 1e-3.

    So that A3 is the area above the curve on a logarithmic axis from 1e-3 to 1. Runs that failed stay at 1.
    """
    curves: dict[str, list[float]] = {"budget_share": list(BUDGET_SHARES)}
    for name in CONTESTANTS:
        sums, count = [0.0] * len(BUDGET_SHARES), 0
        levels: dict[int, list[float] | None] = {}  # runs are shared by the rows of a problem
        for run in (run for runs in results.runs[name] for run in runs):
            if id(run) not in levels:
                levels[id(run)] = _levels(run)
            if (of_run := levels[id(run)]) is not None:
                count += 1
                sums = [total + level for total, level in zip(sums, of_run, strict=True)]
        curves[name] = [round(10 ** (total / count), 6) for total in sums] if count else []
    return curves


def _levels(run: Run) -> list[float] | None:
    """Log10 of the relative gap at BUDGET_SHARES; None where the run has no say in A3."""
    problem, attempt = run.problem, run.final
    if problem.f0 is None or problem.f_star is None or not attempt.counted:
        return None
    if attempt.failed:
        return [0.0] * len(BUDGET_SHARES)
    levels, level, position, trace = [], 0.0, 0, attempt.record.trace
    for share in BUDGET_SHARES:
        while position < len(trace) and trace[position][0] <= share * problem.max_evals + 1e-9:
            gap = relative_gap(trace[position][1], problem.f0, problem.f_star)
            level = math.log10(max(gap, GAP_FLOOR))
            position += 1
        levels.append(level)
    return levels


def failures(results: Results) -> dict[str, list[dict[str, Any]]]:
    """What went wrong with each contestant's runs, grouped by cause (``metrics.failures.Cause``)."""
    return {name: [asdict(cause) for cause in causes(lines)] for name, lines in results.records.items()}


def _chosen(results: Results) -> dict[str, dict[str, int]]:
    """How often each optimizer is the label and how often the model names it."""
    counts: dict[str, dict[str, int]] = {}
    for row, answer in zip(results.rows, results.answers, strict=True):
        for column, name in (
            ("label", row["optimizer"]),
            ("model", named_optimizer(answer.completion) or "(none)"),
        ):
            counts.setdefault(name, {"label": 0, "model": 0})[column] += 1
    return dict(sorted(counts.items(), key=lambda item: -item[1]["label"]))


def _problems(results: Results, members: Sequence[int]) -> int:
    return len({results.rows[i]["problem_id"] for i in members})


def _seconds(steps: Sequence[Line]) -> dict[str, float]:
    seconds: dict[str, float] = {}
    for step in steps:
        seconds[step["step"]] = round(seconds.get(step["step"], 0.0) + step["seconds"], 3)
    return seconds


def _versions(results: Results) -> dict[str, str]:
    """Of the libraries that the programs ran with."""
    return {
        name: version
        for lines in results.records.values()
        for line in lines
        for name, version in line.get("versions", {}).items()
    }
