"""The object that ``llamoco solve --json`` prints."""

from __future__ import annotations

def as_json(
    answer: Answer,
    solution: Solution | None,
    program_path: str,
    model: str,
    replaced: str | None,
    runs: Sequence[Solution] = (),
    candidates: Sequence[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """The object that ``llamoco solve --json`` prints; run fields are null where nothing was run.

    Args:
        answer: what was run.
        solution: what was found.
        program_path: where the program lies.
        model: its name.
        replaced: why the model's own program gave way to the single best solver, None if it did not.
        runs: one a seed.
        candidates: what each program did in each rung, None if there was no such race.
    """
    run = asdict(solution) if solution else {}
    return {
        "optimizer": answer.optimizer,
        "config": answer.config,
        **{name: run.get(name) for name in ("x", "f", "feasible", "evals")},
        "max_evals": answer.problem.max_evals,
        **{name: run.get(name) for name in ("verdict", "reason", "seed", "tier")},
        "seconds": {"generation": round(answer.seconds, 3), "run": round(run["seconds"], 3) if run else None},
        "confidence": answer.confidence,
        "calibrated": answer.calibrated,
        "known_code": answer.known,
        "replaced": replaced,
        "program": program_path,
        "model": model,
        "warning": answer.warning,
        "runs": [run_json(one) for one in runs],
        "candidates": candidates,
    }


