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
from llamoco.modeling.solving.robust_rule import RiskFactor, risk_factors

ONE = "one program"
# portfolio.robust_turns: where the model is not sure of a kind that it learnt on, and of other kinds.
UNSURE, OTHER = "model, CMA-ES, CMA-ES in 10%", "model, CMA-ES, DE in 20%"
REACHED = 0.01
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
    return ONE if not why else UNSURE if all(risk.kind == "unsure" for risk in why) else OTHER


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
        why = risk_factors(read_as(case, problem), case.confidence, True)
        default = default_rule(why)
        gaps[case.name]["default"], found["default"] = gaps[case.name][default], found[default]
        shown = [rule for rule in ("default", ONE, *robust.TOOLS) if rule in found]
        problems[case.name] = {
            "dim": problem.dim,
            "max_evals": problem.max_evals,
            "best": best,
            "random": at_random,
            "risk_factors": [risk.reason for risk in why],
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
        "doubted": sum(bool(of_case["risk_factors"]) for of_case in problems.values()),
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
    """Where the default is not one program, and what that changes, on problems like those that the model learnt on."""
    groups: dict[str, Any] = {}
    for constrained, group in ((False, "unconstrained"), (True, "constrained")):
        members = [case for case in cases if problems[case.name].constrained == constrained]
        reasons: Counter[str] = Counter()
        rows: dict[str, list[list[float]]] = defaultdict(list)
        fired = []
        for case in members:
            why = risk_factors(read_as(case, problems[case.name]), case.confidence, True)
            reasons.update(risk.reason.split(" (")[0] for risk in why)
            fired.append(bool(why))
            runs = lines[case.name]
            rules = {rule: rule for rule in (ONE, UNSURE, OTHER) if rule in runs}
            for name, rule in (rules | {"default": default_rule(why)}).items():
                rows[name].append([runs[rule][0]["aocc"], runs[rule][0]["w"]])
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
    of_kind = {
        kind: [case for case in cases if case.kind == kind] for kind in (*robust.FOLDERS, "split", "held out")
    }
    record = {
        "command": "python examples/benchmarks/robust.py runs/robust, then robust_record.py runs/robust",
        "seed": 0,
        "seeds": {"kinds": "3 to 8", "unseen": 5, "split": 1, "held out": 1},
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.system()} {platform.machine()}, 2 cores",
        "default": f"{ONE}; where the model is not sure, {UNSURE}: 35, 40 and 25% of the budget; of kinds that it did not learn, {OTHER}: 30, 35 and 35%",
        "kinds": on_kinds(of_kind["kinds"], lines),
        "unseen": on_kinds(of_kind["unseen"], lines),
        "split": on_split(of_kind["split"], lines, problems),
        "held_out": on_split(of_kind["held out"], lines, problems),
    }
    arguments.out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    for kind in robust.FOLDERS:
        for rule, measures in record[kind]["rules"].items():
            print(f"{kind} {rule:36}", *(f"{name} {value:.3f}" for name, value in measures.items()))
    for kind in ("split", "held_out"):
        for group, content in record[kind].items():
            print(kind, group, f"doubted {content['doubted']:.3f}", content["reasons"])
            for rule, measures in content["rules"].items():
                print(f"  {rule:32}", *(f"{name} {value:+.4f}" for name, value in measures.items()))
    print(f"wrote {arguments.out}")


if __name__ == "__main__":
    main()
