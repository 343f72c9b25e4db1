"""Outcome of a problem as the JSON object that ``llamoco solve --json`` prints."""

from __future__ import annotations

from typing import Any

from llamoco.modeling.solving.pipeline import Outcome
from llamoco.modeling.solving.solution import run_json, user_objective


def as_json(outcome: Outcome, program_path: str, model: str) -> dict[str, Any]:
    """The object; fields of a run are null where nothing was run.

    Args:
        outcome: of a problem.
        program_path: path of the program.
        model: its name.
    """
    answer, solution = outcome.answer, outcome.solution
    problem = answer.problem
    facts = ("x", "feasible", "evals", "verdict", "reason", "seed", "tier")
    run = {name: None if solution is None else getattr(solution, name) for name in facts}
    diagnosis = outcome.diagnosis
    failure = {"violation": None, "infeasible": None, "infeasible_reason": None}
    return {
        "optimizer": answer.optimizer,
        "config": answer.config,
        "x": run["x"],
        "f": None if solution is None else user_objective(problem, solution.f),
        "feasible": run["feasible"],
        **(failure if diagnosis is None else diagnosis.as_json()),
        "evals": run["evals"],
        "max_evals": problem.max_evals,
        **{name: run[name] for name in ("verdict", "reason", "seed", "tier")},
        "seconds": {
            "generation": round(answer.seconds, 3),
            "run": None if solution is None else round(solution.seconds, 3),
        },
        "confidence": answer.confidence,
        "calibrated": answer.calibrated,
        "known_code": answer.known,
        "fallback": None if outcome.fallback is None else outcome.fallback.explanation,
        "probes": outcome.probes,
        "risks": list(outcome.risks),
        "program": program_path,
        "model": model,
        "warning": answer.warning,
        "runs": []
        if outcome.shares is not None and len(outcome.runs) < 2
        else [run_json(one, problem) for one in outcome.runs],
        "shares": None if outcome.shares is None else list(outcome.shares),
    }
