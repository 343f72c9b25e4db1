"""Scores of a model on a suite, problem by problem beside other tools at the same budgets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any

from llamoco.dataset_builder.analysis.table import Row, Table, number, percent
from llamoco.dataset_builder.optimizers.catalogue import GROUPS, group_of
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.modeling.evaluation.baseline_comparison import read_baselines
from llamoco.modeling.evaluation.baselines import TOOLS, shipped_baselines
from llamoco.modeling.evaluation.evaluation_folder import Line

SuiteRecord = dict[str, Any]
# The tools that people reach for first: on most problems a model should not be far behind the best of them.
RIVALS = ("slsqp_multistart", "pycma", "scipy_de", "scipy_cobyqa")
MARGIN = 0.05  # in w
ALL = "all"
WAY_TITLES = {"solve": "llamoco solve", "plain": "the model's choice alone"}
SCORES = ("perf", "aocc")


def suite_record(
    head: Mapping[str, Any],
    lines: Iterable[Line],
    problems: Mapping[str, Problem],
    tools: Mapping[str, Sequence[Line]] | None = None,
) -> SuiteRecord:
    """Score an evaluation.

    Args:
        head: of its log.
        lines: of its log: way, problem_id, optimizer, runs.
        problems: of the suite, by id.
        tools: runs by tool, rows of ``baselines.FIELDS``; None for the shipped ones.

    Returns:
        command, settings, versions, machine, date; margin and rivals, the constants; problems: for each its facts, the optimizer
        that each way chose, and mean perf (w) and aocc by contestant (ways and tools); ways: see ``_of_way``, by way and group;
        tools: means by tool and group, on the problems that the tool ran on.
    """
    if tools is None:
        found = read_baselines(problems.values(), shipped_baselines(head["settings"]["suite"]))
        tools = {} if found is None else found.rows
    scores: dict[str, dict[str, dict[str, float]]] = defaultdict(dict)  # by problem and contestant
    chosen: dict[str, dict[str, str | None]] = defaultdict(dict)
    for line in lines:
        scores[line["problem_id"]][line["way"]] = _means(line["runs"])
        chosen[line["problem_id"]][line["way"]] = line["optimizer"]
    for tool, rows in tools.items():
        by_problem: dict[str, list[Line]] = defaultdict(list)
        for row in rows:
            by_problem[row["problem_id"]].append(row)
        for name, of_problem in by_problem.items():
            if name in scores:
                scores[name][tool] = _means(of_problem)
    entries: list[dict[str, Any]] = [
        {
            "id": name,
            "group": group_of(problems[name].constrained),
            "dim": problems[name].dim,
            "max_evals": problems[name].max_evals,
            "optimizer": chosen[name],
            "scores": scores[name],
        }
        for name in sorted(scores)
    ]
    groups = {ALL: entries} | {group: [e for e in entries if e["group"] == group] for group in GROUPS}
    return {
        **{name: head[name] for name in ("command", "settings", "versions", "machine", "date")},
        "margin": MARGIN,
        "rivals": list(RIVALS),
        "problems": entries,
        "ways": {
            way: {group: _of_way(way, members) for group, members in groups.items() if members}
            for way in WAY_TITLES
        },
        "tools": {
            tool: {group: _of_tool(tool, members) for group, members in groups.items() if members}
            for tool in TOOLS
            if any(tool in entry["scores"] for entry in entries)
        },
    }


def _means(runs: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    return {score: fmean(run[score] for run in runs) for score in SCORES}


def _of_way(way: str, members: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Scores of a way on the problems of a group.

    Returns:
        problems (number of those solved), mean perf and aocc; and on the problems that all ``RIVALS`` ran on: compared (their
        number), within (share where w is at most ``MARGIN`` below the best rival), behind (by problem, how far w is below where
        it is not), rivals (mean w of each), virtual_best (mean w of the best rival of each problem), perf_compared (mean w of
        the way). Means are None over no problems.
    """
    solved = [entry for entry in members if way in entry["scores"]]
    compared = [entry for entry in solved if all(tool in entry["scores"] for tool in RIVALS)]
    lags = {
        entry["id"]: max(entry["scores"][tool]["perf"] for tool in RIVALS) - entry["scores"][way]["perf"]
        for entry in compared
    }
    behind = {name: round(lag, 4) for name, lag in lags.items() if lag > MARGIN}
    return {
        "problems": len(solved),
        **{score: _mean(way, score, solved) for score in SCORES},
        "compared": len(compared),
        "within": 1 - len(behind) / len(compared) if compared else None,
        "behind": dict(sorted(behind.items(), key=lambda item: -item[1])),
        "rivals": {tool: _mean(tool, "perf", compared) for tool in RIVALS},
        "virtual_best": fmean(max(e["scores"][t]["perf"] for t in RIVALS) for e in compared)
        if compared
        else None,
        "perf_compared": _mean(way, "perf", compared),
    }


def _of_tool(tool: str, members: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    ran = [entry for entry in members if tool in entry["scores"]]
    return {"problems": len(ran), **{score: _mean(tool, score, ran) for score in SCORES}}


def _mean(name: str, score: str, entries: Sequence[Mapping[str, Any]]) -> float | None:
    return fmean(entry["scores"][name][score] for entry in entries) if entries else None


def suite_tables(record: SuiteRecord) -> dict[str, Table]:
    """Tables of a record: "scores" of all contestants, and "behind", the problems on which a way is far behind a rival."""
    rows: list[Row] = []
    for group in [group for group in (ALL, *GROUPS) if group in record["ways"]["solve"]]:
        rows.append([])
        for way, title in WAY_TITLES.items():
            found = record["ways"][way][group]
            rows.append([group, title, *_cells(found), percent(found["within"])])
        for tool, by_group in record["tools"].items():
            rows.append([group, TOOLS[tool], *_cells(by_group[group]), "-"])
    behind: list[Row] = []
    for entry in record["problems"]:
        if any(entry["id"] in record["ways"][way][ALL]["behind"] for way in WAY_TITLES):
            best = max(RIVALS, key=lambda tool: entry["scores"][tool]["perf"])
            behind.append(
                [
                    entry["id"],
                    str(entry["optimizer"].get("plain") or "(none)"),
                    best,
                    # A stopped evaluation may have solved the problem in one of the ways only.
                    *(number(entry["scores"].get(way, {}).get("perf")) for way in WAY_TITLES),
                    number(entry["scores"][best]["perf"]),
                ]
            )
    titles = ["problem", "the model's choice", "best rival", *WAY_TITLES.values(), "the rival's w"]
    margin = f"{record['margin']:g}"
    columns = ["group", "contestant", "problems", "w", "AOCC", f"at most {margin} behind"]
    return {
        "scores": Table(f"Suite {record['settings']['suite']}", columns, rows[1:], 2),
        "behind": Table(f"More than {margin} in w behind the best rival", titles, behind, 3),
    }


def _cells(scores: Mapping[str, Any]) -> list[str]:
    return [str(scores["problems"]), *(number(scores[score]) for score in SCORES)]
