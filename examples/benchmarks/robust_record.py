"""What came of `robust.py`: the tables of hub_cards/records/robust.json.

    python examples/benchmarks/robust_record.py runs/robust [--out hub_cards/records/robust.json]

A gap is (f - best) / (f of a random point - best): best is the best of all runs of all rules and tools on the problem, a random point
the median of 300 (of the feasible ones, if these are 20), and what is infeasible has the gap 1. A run reaches a tool if its gap is at most
0.01 above the median gap of the tool's.
"""

from __future__ import annotations

import argparse
import json
import platform
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import robust

from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.facts import FACTS
from llamoco.modeling.solving.portfolio import BROAD_SHARE, LOCAL_SHARE, MODEL_SHARE
from llamoco.modeling.solving.robust_rule import RiskFactor, risk_factors

# SHARED: portfolio.robust_turns.
ONE, SHARED = "one program", "model, CMA-ES, CMA-ES in 10%"
REACHED = 0.01
CONFIDENCES = (0.0, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
LEAST_GAP = 1e-6
RANDOM_POINTS, FEASIBLE_POINTS = 300, 20

Lines = dict[str, dict[str, list[dict[str, Any]]]]  # by case and rule


def random_value(problem: Problem) -> float:
    """The median objective of random points."""
    width = problem.upper_array - problem.lower_array
    values = problem.evaluate(
        problem.lower_array + np.random.default_rng(1).random((RANDOM_POINTS, problem.dim)) * width
    )
    usable = np.isfinite(values.f) & (values.f < 1e30)
    feasible = problem.feasible(values) & usable
    return float(np.median(values.f[feasible if feasible.sum() >= FEASIBLE_POINTS else usable]))


def objective_values(lines: Sequence[dict[str, Any]]) -> np.ndarray:
    """f of each run, inf where nothing feasible was found."""
    return np.array([np.inf if line["f"] is None else line["f"] for line in lines])


def read_as(case: robust.Case, problem: Problem) -> Problem:
    """The problem as a person would bring it: as the text that the model saw."""
    if case.kind in robust.FOLDERS:
        return problem
    text = "\n".join(case.prompt.splitlines()[: -len(FACTS)])
    language = "python" if "def " in text else "latex"
    return replace(problem, kind="source", definition={language: text}, evaluator=problem.active_evaluator)


def default_rule(why: Sequence[RiskFactor]) -> str:
    """What `llamoco solve` does."""
    return SHARED if why else ONE


def on_kinds(cases: Sequence[robust.Case], lines: Lines) -> dict[str, Any]:
    """Every rule and tool on the problems of people."""
    gaps: dict[str, dict[str, np.ndarray]] = {}
    problems: dict[str, Any] = {}
    for case in cases:
        runs, problem = lines[case.name], robust.problem_of(case, {})
        found = {rule: objective_values(of_rule) for rule, of_rule in runs.items()}
        best, at_random = min(f.min() for f in found.values()), random_value(problem)
        span = at_random - best
        gaps[case.name] = {rule: np.clip((f - best) / span, LEAST_GAP, 1.0) for rule, f in found.items()}
        why = risk_factors(read_as(case, problem))
        default = default_rule(why)
        gaps[case.name]["default"], found["default"] = gaps[case.name][default], found[default]
        shown = [rule for rule in ("default", ONE, *robust.TOOLS) if rule in found]
        problems[case.name] = {
            "dim": problem.dim,
            "max_evals": problem.max_evals,
            "best": best,
            "random": at_random,
            "doubts": [risk.reason for risk in why],
            "median_f": {rule: _finite(float(np.median(found[rule]))) for rule in shown},
            "median_gap": {rule: round(float(np.median(gaps[case.name][rule])), 6) for rule in shown},
        }
    rules = [
        rule
        for rule in ("default", *lines[cases[0].name])
        if all(rule in of_case for of_case in gaps.values())
    ]
    return {
        "problems": len(cases),
        "doubted": sum(bool(of_case["doubts"]) for of_case in problems.values()),
        "rules": {rule: _summary(rule, list(gaps.values())) for rule in rules},
        "by_problem": problems,
    }


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _summary(rule: str, gaps: Sequence[dict[str, np.ndarray]]) -> dict[str, float]:
    medians = np.array([np.median(of_case[rule]) for of_case in gaps])
    tools = np.array([[np.median(of_case[tool]) for tool in robust.TOOLS] for of_case in gaps])
    loose = tools.max(axis=1) + REACHED
    reached = [(of_case[rule] <= bar).mean() for of_case, bar in zip(gaps, loose, strict=True)]
    measures = {
        "mean_gap": medians.mean(),
        "mean_log10_gap": np.log10(medians).mean(),
        "reaches_one_tool": (medians <= loose).mean(),
        "reaches_both_tools": (medians <= tools.min(axis=1) + REACHED).mean(),
        "runs_that_reach_one_tool": np.mean(reached),
        "mean_worst_gap": np.mean([of_case[rule].max() for of_case in gaps]),
    }
    return {name: round(float(value), 4) for name, value in measures.items()}


def on_split(cases: Sequence[robust.Case], lines: Lines, problems: dict[str, Problem]) -> dict[str, Any]:
    """Where the default is not one program, and what that changes, on problems like those that the model learnt on.

    ``by_confidence``: what sharing would change where no risk factor applies, by the model's confidence in its choice.
    """
    groups: dict[str, Any] = {}
    for constrained, group in ((False, "unconstrained"), (True, "constrained")):
        members = [case for case in cases if problems[case.name].constrained == constrained]
        reasons: Counter[str] = Counter()
        rows: dict[str, list[list[float]]] = defaultdict(list)
        sure: dict[float, list[list[float]]] = defaultdict(list)
        fired = []
        for case in members:
            why = risk_factors(read_as(case, problems[case.name]))
            reasons.update(risk.reason.split(" (")[0] for risk in why)
            fired.append(bool(why))
            runs = lines[case.name]
            scores = {rule: [of_rule[0]["aocc"], of_rule[0]["w"]] for rule, of_rule in runs.items()}
            for rule, values in (scores | {"default": scores[default_rule(why)]}).items():
                rows[rule].append(values)
            if not why:
                bound = max(edge for edge in CONFIDENCES if edge <= case.confidence)
                sure[bound].append(scores[ONE] + scores[SHARED])
        base = np.array(rows[ONE])
        groups[group] = {
            "problems": len(members),
            "doubted": float(np.mean(fired)),
            "reasons": dict(reasons),
            "rules": {
                rule: _change(np.array(of_rule), base)
                for rule, of_rule in rows.items()
                if len(of_rule) == len(base)
            },
            "by_confidence": [
                {"least": bound, "problems": len(found)}
                | _change(np.array(found)[:, 2:], np.array(found)[:, :2])
                for bound, found in sorted(sure.items())
            ],
        }
    return groups


def _change(rows: np.ndarray, base: np.ndarray) -> dict[str, float]:
    change = rows - base
    error = change.std(axis=0) / len(change) ** 0.5
    measures = {
        "aocc": rows[:, 0].mean(),
        "w": rows[:, 1].mean(),
        "aocc_change": change[:, 0].mean(),
        "aocc_error": error[0],
        "w_change": change[:, 1].mean(),
        "w_error": error[1],
    }
    return {name: round(float(value), 4) for name, value in measures.items()}


def _seeds(cases: Sequence[robust.Case], lines: Lines) -> int:
    """Seeds that every rule and tool has in every case."""
    return min(len(runs) for case in cases for runs in lines[case.name].values())


def main() -> None:
    """Write the record and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=Path("hub_cards/records/robust.json"))
    arguments = parser.parse_args()
    cases = robust.ask(arguments.folder, None)
    lines: Lines = defaultdict(lambda: defaultdict(list))
    for line in (json.loads(text) for text in (arguments.folder / "runs.jsonl").read_text().splitlines()):
        lines[line["case"]][line["rule"]].append(line)
    problems = robust.split_problems()
    of_kind: dict[str, list[robust.Case]] = defaultdict(list)  # those with runs
    for case in cases:
        if case.name in lines:
            of_kind[case.kind].append(case)
    shares = f"{MODEL_SHARE:.0%}, {BROAD_SHARE:.0%} and {LOCAL_SHARE:.0%}"
    record: dict[str, Any] = {
        "command": "python examples/benchmarks/robust.py runs/robust, then robust_record.py runs/robust",
        "seed": 0,
        "seeds": {kind: _seeds(of_kind[kind], lines) for kind in of_kind},
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.system()} {platform.machine()}, 2 cores",
        "default": f"{ONE}; with a risk factor, {SHARED}: {shares} of the budget",
    }
    record |= {kind: on_kinds(of_kind[kind], lines) for kind in robust.FOLDERS}
    splits = [kind for kind in ("split", "held out") if kind in of_kind]
    record |= {kind.replace(" ", "_"): on_split(of_kind[kind], lines, problems) for kind in splits}
    arguments.out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    for kind in robust.FOLDERS:
        for rule, measures in record[kind]["rules"].items():
            print(f"{kind} {rule:36}", *(f"{name} {value:.3f}" for name, value in measures.items()))
    for kind in splits:
        for group, content in record[kind.replace(" ", "_")].items():
            print(kind, group, f"doubted {content['doubted']:.3f}", content["reasons"])
            for rule, measures in content["rules"].items():
                print(f"  {rule:32}", *(f"{name} {value:+.4f}" for name, value in measures.items()))
            for bin_ in content["by_confidence"]:
                print("  shared, by confidence", bin_)
    print(f"wrote {arguments.out}")


if __name__ == "__main__":
    main()
