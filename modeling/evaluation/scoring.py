"""Scores of an evaluation from its files: nothing is generated or run here."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from llamoco.dataset_builder.optimizers.catalogue import GROUPS
from llamoco.dataset_builder.problems.scores import GAP_FLOOR, relative_gap
from llamoco.metrics.failures import causes
from llamoco.metrics.scores import Run
from llamoco.metrics.summary import Compared, compare, gap_closed, groups, summary
from llamoco.modeling.calibration.thresholds import Calibration
from llamoco.modeling.evaluation.baseline_comparison import compare_with_baselines, read_baselines
from llamoco.modeling.evaluation.evaluation_folder import Line
from llamoco.modeling.evaluation.fallback import calibration_error, with_fallback
from llamoco.modeling.evaluation.record import EvaluationRecord, as_record
from llamoco.modeling.evaluation.results import Results, failing
from llamoco.modeling.evaluation.robustness import robustness
from llamoco.modeling.evaluation.spending import spending
from llamoco.modeling.evaluation.split_rows import benchmarked_optimizer
from llamoco.modeling.generation.model_answer import Generation
from llamoco.modeling.providers.provider import CHARACTERS_A_TOKEN

BUDGET_SHARES = tuple(share / 50 for share in range(51))
REFERENCES = ("sbs", "vbs")
MODELS = ("model", "within_pool", "with_fallback")
CURVES = ("model", *REFERENCES)
COMPARED: tuple[Compared, ...] = ("aocc", "perf")
GROUP_SCORES = ("err", "r_acc", "perf", "aocc", "intervals")

_Runs = Mapping[str, list[list[Run]]]


def score_evaluation(results: Results) -> EvaluationRecord:
    """Compute the record of a finished evaluation."""
    last = results.steps[-1] if results.steps else {}
    classes = groups(results.rows)
    every = {"all": list(range(len(results.rows)))} | classes.pop("type")
    types = {name: every[name] for name in ("all", *GROUPS) if name in every}
    unknown = {f"facts {name}": rows for name, rows in classes["facts"].items() if name == "unknown"}
    settings = dict(results.settings)
    kept, prices = settings.pop("calibration", None), settings.pop("prices", None)
    spent = spending([*results.answers, *results.repairs.values()], prices)
    calibration = Calibration.from_json(json.dumps(kept)) if kept else None
    if results.within_pool is None:
        chosen, own = results.answers, results.runs["model"]
    else:
        chosen, own = results.within_pool, results.runs["within_pool"]
    fallback = with_fallback(chosen, own, results.runs["sbs"], calibration)
    runs: _Runs = {**results.runs, "with_fallback": fallback.runs}
    tables = {name: _table(results, runs, members) for name, members in types.items()}
    return as_record(
        {
            **settings,
            "rows": len(results.rows),
            "problems": tables["all"]["problems"],
            "tier": ", ".join(sorted({line["tier"] for lines in results.records.values() for line in lines})),
            "single_best_solvers": results.single_best_solvers,
            "tables": tables,
            "groups": {
                "type": {name: _short(tables[name]) for name in types if name != "all"},
                **{
                    kind: {name: _short(_table(results, runs, members)) for name, members in of_kind.items()}
                    for kind, of_kind in classes.items()
                },
            },
            "comparisons": {name: _comparisons(runs, "model", members) for name, members in types.items()},
            "within_pool": None if results.within_pool is None else {"differing": _differing(results)},
            "with_fallback": {
                "calibration": kept,
                "ece": _calibration_errors(results, calibration),
                "replaced": fallback.reasons,
                "comparisons": {
                    name: _comparisons(runs, "with_fallback", members) for name, members in types.items()
                },
            },
            "baselines": _baselines(runs, types | unknown),
            "robustness": robustness(results.decisions, results.rows, results.single_best_solvers)
            if results.decisions
            else None,
            "convergence": convergence(results),
            "failures": failures(results),
            "repairs": {
                "failing_rows": sum(failing(runs) is not None for runs in results.runs["model"]),
                "repaired": len(results.repairs),
            },
            "optimizers": _chosen(results),
            **({} if spent is None else {"spending": spent}),
            "seconds": _seconds(results.steps),
            "versions": last.get("versions", {}) | _versions(results),
            **{name: last.get(name) for name in ("machine", "date", "command")},
            "steps": [{name: step[name] for name in step if name != "versions"} for step in results.steps],
        }
    )


def _table(results: Results, runs: _Runs, members: Sequence[int]) -> dict[str, Any]:
    """Scores of the contestants on some rows, and the share of the gap from SBS to VBS that the model closes."""
    table: dict[str, Any] = {"rows": len(members), "problems": _problems(results, members)}
    runs = _of(runs, members)
    answers = _answers(results)
    contestants = [name for name in (*MODELS, *REFERENCES) if name in runs]
    for name in contestants:
        given = [answers[name][i] for i in members] if name in answers else None
        table[name] = summary(runs[name], None if given is None else _tokens(results, name, members))
        if given is not None:
            characters = [
                len(results.rows[i]["prompt"]) + len(answer.completion)
                for i, answer in zip(members, given, strict=True)
            ]
            table[name]["comp_characters"] = sum(characters) / len(characters) / CHARACTERS_A_TOKEN
            hits = _hits(results, answers[name])
            table[name]["label_hits"] = sum(hits[i] for i in members) / len(members)
    for name in (name for name in MODELS if name in runs):
        for score in COMPARED:
            closed = gap_closed(runs[name], runs["sbs"], runs["vbs"], score)
            table[name][f"gap_closed_{score}"] = closed and closed["value"]
            table[name]["intervals"][f"gap_closed_{score}"] = closed and closed["interval"]
        table[name]["above_sbs"] = compare(runs[name], runs["sbs"], "aocc")
    return table


def _answers(results: Results) -> dict[str, list[Generation]]:
    """The model's answers, by decoding."""
    within = results.within_pool
    return {"model": results.answers} | ({} if within is None else {"within_pool": within})


def _differing(results: Results) -> int:
    """Number of rows whose answer within the pool differs from the raw one."""
    pairs = zip(results.answers, results.within_pool or results.answers, strict=True)
    return sum(raw.completion != within.completion for raw, within in pairs)


def _hits(results: Results, answers: Sequence[Generation]) -> list[bool]:
    """For each answer, whether it is the label's program."""
    return [
        benchmarked_optimizer(answer.completion) == row["optimizer"]
        for row, answer in zip(results.rows, answers, strict=True)
    ]


def _calibration_errors(results: Results, calibration: Calibration | None) -> dict[str, float | None]:
    """Expected calibration error on the calibration problems (cross-validated) and on the evaluated ones."""
    if calibration is None:
        return {}
    found = calibration_error(results.answers, _hits(results, results.answers), calibration)
    return {
        "held-out training problems": calibration.measures.get("ece"),
        f"{results.settings['split']} problems": found,
    }


def _of(runs: _Runs, members: Sequence[int]) -> dict[str, list[list[Run]]]:
    return {name: [several[i] for i in members] for name, several in runs.items()}


def _tokens(results: Results, name: str, members: Sequence[int]) -> list[int]:
    """Tokens of each answer, its repair included; answers within the pool have no repairs."""
    repairs = results.repairs if name == "model" else {}
    tried = [repairs.get(results.rows[i]["row"]) for i in members]
    answers = _answers(results)[name]
    return [
        answers[i].tokens + (repair.tokens if repair is not None else 0)
        for i, repair in zip(members, tried, strict=True)
    ]


def _short(table: dict[str, Any]) -> dict[str, Any]:
    short: dict[str, Any] = {name: table[name] for name in ("rows", "problems")}
    for name in (name for name in (*MODELS, *REFERENCES) if name in table):
        scores = (*GROUP_SCORES, "gap_closed_aocc", "gap_closed_perf", "above_sbs")
        short[name] = {score: table[name][score] for score in scores if score in table[name]}
        kept = ("err", *COMPARED, *(f"gap_closed_{score}" for score in COMPARED))
        short[name]["intervals"] = {s: v for s, v in short[name]["intervals"].items() if s in kept}
    return short


def _comparisons(runs: _Runs, name: str, members: Sequence[int]) -> dict[str, Any]:
    """Comparison of a contestant with each reference, paired by problem."""
    runs = _of(runs, members)
    return {
        reference: {score: compare(runs[name], runs[reference], score) for score in COMPARED}
        for reference in REFERENCES
    }


def _baselines(runs: _Runs, types: Mapping[str, Sequence[int]]) -> dict[str, Any] | None:
    """Comparison of all contestants with other tools, if any has run on the problems."""
    problems = {several[0].problem.id: several[0].problem for several in runs["model"]}
    tools = read_baselines(problems.values())
    if tools is None:
        return None
    groups = {name: compare_with_baselines(_of(runs, members), tools) for name, members in types.items()}
    return {**tools.provenance, "groups": groups}


def convergence(results: Results) -> dict[str, list[float]]:
    """Mean relative gap of the model and the references after shares of the budget: geometric, floored at 1e-3.

    AOCC is thus the area above the curve on a logarithmic axis from 1e-3 to 1. Failed runs stay at 1.
    """
    curves: dict[str, list[float]] = {"budget_share": list(BUDGET_SHARES)}
    for name in CURVES:
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
    """Log10 of the relative gap at BUDGET_SHARES; None for a run that AOCC leaves out."""
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
    """Failures of each contestant's runs, grouped by cause (``metrics.failures.Cause``)."""
    return {name: [asdict(cause) for cause in causes(lines)] for name, lines in results.records.items()}


def _chosen(results: Results) -> dict[str, dict[str, int]]:
    """Number of rows by label and by the model's choice."""
    counts: dict[str, dict[str, int]] = {}
    for row, answer in zip(results.rows, results.answers, strict=True):
        for column, name in (
            ("label", row["optimizer"]),
            ("model", benchmarked_optimizer(answer.completion) or "(none)"),
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
    """Versions of the libraries that the programs ran with."""
    return {
        name: version
        for lines in results.records.values()
        for line in lines
        for name, version in line.get("versions", {}).items()
    }
