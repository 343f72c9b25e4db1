"""The record of the study, `hub_cards/records/ablations.json`: what follows from the trainings that are finished so far."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import pyarrow.parquet as pq

from llamoco.dataset_builder.instruction_data import single_best_solvers
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics import scores
from llamoco.metrics.scores import Run
from llamoco.metrics.statistics import ByProblem
from llamoco.metrics.summary import compare_values
from llamoco.modeling.ablations.ablation import ABLATIONS, BASE, folder_of, read_answers
from llamoco.modeling.ablations.programs import CACHE, runs_of
from llamoco.modeling.evaluation.results import read_runs
from llamoco.modeling.evaluation.split_rows import (
    Row,
    benchmarked_optimizer,
    single_best_program,
)
from llamoco.modeling.training.train import RUN_RECORD

SCORES = {"err": scores.err, "r_acc": scores.r_acc, "perf": scores.perf, "aocc": scores.aocc}
CHOICE_LOSSES = (2.2, 2.0, 1.9)  # nats, whose first reaching is noted
SMOOTHING = 5  # log entries
LANGUAGE = {"python": "Python", "latex": "LaTeX"}
LABEL = {"majority": "majority labels", "minority": "other labels"}
STYLE = {"patterns seen": "patterns of training", "patterns of the test split only": "held-out patterns"}
ABOUT = {  # groups that a recipe's note is about
    BASE: {**LANGUAGE, **LABEL, **STYLE},
    "quarter_balance": LABEL,
    "eq5": LABEL,
    "python_only": LANGUAGE,
    "latex_only": LANGUAGE,
    "plain_style": STYLE,
}
Spread = dict[str, float | None]
Values = Mapping[str, float | None]  # of an answer, by score: means over its runs


@dataclass(frozen=True)
class Scored:
    """The answers of a training, scored. Lists have one entry a row."""

    seed: int
    values: list[Values]
    hits: list[bool]  # whether the label's optimizer was named
    training: dict[str, Any]  # its run record
    steps: dict[str, int | None]  # of instruction tuning until a choice loss


def reference_answers(rows: Sequence[Row]) -> dict[str, list[str]]:
    """Programs of the single best solver and of the labels (virtual best), a row each."""
    solvers = single_best_solvers(None)
    return {
        "sbs": [single_best_program(solvers, Problem.from_json(row["problem"])) for row in rows],
        "vbs": [row["completion"] for row in rows],
    }


def majority(optimizers: Sequence[str]) -> list[str]:
    """The most frequent optimizers, so many that they are half of all."""
    chosen, covered = [], 0
    for name, count in Counter(optimizers).most_common():
        if 2 * covered >= len(optimizers):
            break
        chosen.append(name)
        covered += count
    return chosen


def steps_until(history: Sequence[Mapping[str, float]]) -> dict[str, int | None]:
    """Steps of instruction tuning until the loss on the choice, over 5 log entries, is at most a level; None if never.

    Args:
        history: the trainer's log.
    """
    logged = [(int(entry["step"]), entry["choice_loss"]) for entry in history if "choice_loss" in entry]
    reached: dict[str, int | None] = {}
    for level in CHOICE_LOSSES:
        reached[str(level)] = next(
            (
                logged[i][0]
                for i in range(SMOOTHING - 1, len(logged))
                if mean(loss for _, loss in logged[i - SMOOTHING + 1 : i + 1]) <= level
            ),
            None,
        )
    return reached


def study_record(out: Path, rows: Sequence[Row], seeds: int) -> dict[str, Any] | None:
    """Rows of the model card and what lies behind them; None while the reference programs have no runs, or nothing is finished.

    Args:
        out: folder of the study.
        rows: what was answered, one a problem.
        seeds: number of trainings of each recipe; those that are finished count.

    Returns:
        rows: of each recipe with at least one seed: name, recipe, seeds, err, r_acc, perf, aocc and gap_closed (each mean and
        sd over seeds, the latter None of one), label_hits, minutes, against_base (AOCC paired by problem), by language and by
        label (those of the majority and others): aocc, gap_closed and label_hits, steps until a choice loss, note.
        references: AOCC of the single best solver and the virtual best; majority: the optimizers meant; parameters.
    """
    done = read_runs(out, CACHE)
    problems = [Problem.from_json(row["problem"]) for row in rows]
    known: dict[tuple[str, str], Values] = {}

    def scored(completions: Sequence[str]) -> list[Values]:
        found = []
        for problem, completion in zip(problems, completions, strict=True):
            key = (problem.id, completion)
            if key not in known:
                known[key] = _values(runs_of(done, problem, completion))
            found.append(known[key])
        return found

    try:
        references = {name: scored(answers) for name, answers in reference_answers(rows).items()}
    except KeyError:
        return None
    trained: dict[str, list[Scored]] = {}
    for name in ABLATIONS:
        for seed in range(seeds):
            folder = folder_of(out, name, seed)
            answers = read_answers(folder) if (folder / RUN_RECORD).exists() else {}
            if any(row["row"] not in answers for row in rows):
                continue
            completions = [answers[row["row"]] for row in rows]
            try:
                values = scored(completions)
            except KeyError:  # not all run yet
                continue
            trained.setdefault(name, []).append(_scored(folder, seed, rows, completions, values))
    if not trained:
        return None
    labels = pq.read_table(out / "pairs" / "both" / "train.parquet", columns=["problem_id", "optimizer"])
    of_problems = dict(zip(*(labels[name].to_pylist() for name in labels.column_names), strict=True))
    frequent = majority(list(of_problems.values()))
    groups = _groups(rows, frequent)
    any_training = next(iter(trained.values()))[0].training
    return {
        "parameters": any_training["parameters"],
        "problems": len({row["problem_id"] for row in rows}),
        "majority": frequent,
        "references": {
            group: {name: _mean(values, members, "aocc") for name, values in references.items()}
            for group, members in {"all": list(range(len(rows))), **groups}.items()
        },
        "rows": [
            _row(name, several, trained.get(BASE, []), rows, references, groups)
            for name, several in trained.items()
        ],
    }


def conclusion(rows: Sequence[Mapping[str, Any]]) -> str | None:
    """Which changes cost AOCC, which gain, and of which nothing can be said; None before any can be compared.

    Args:
        rows: of ``study_record``.
    """
    found: dict[str, list[str]] = {"Worse than": [], "Better than": [], "Not to be told from": []}
    for row in rows:
        compared = row.get("against_base")
        if not compared or not compared["interval"]:
            continue
        low, high = compared["interval"]
        kind = "Worse than" if high < 0 else "Better than" if low > 0 else "Not to be told from"
        found[kind].append(f"{row['name']} ({compared['difference']:+.3f} [{low:+.3f}, {high:+.3f}])")
    parts = [f"{kind} the method by AOCC: {'; '.join(names)}." for kind, names in found.items() if names]
    if not parts:
        return None
    return " ".join(
        [*parts, "Differences are paired by problem, with 95% intervals over problems, seeds averaged."]
    )


def _values(runs: Sequence[Run]) -> Values:
    found: dict[str, float | None] = {}
    for name, of_run in SCORES.items():
        values = [value for run in runs if (value := of_run(run)) is not None]
        found[name] = mean(values) if values else None
    return found


def _scored(
    folder: Path, seed: int, rows: Sequence[Row], completions: Sequence[str], values: list[Values]
) -> Scored:
    training = json.loads((folder / RUN_RECORD).read_text(encoding="utf-8"))
    history = json.loads((folder / "trainer_state.json").read_text(encoding="utf-8"))["log_history"]
    hits = [
        benchmarked_optimizer(text) == row["optimizer"] for text, row in zip(completions, rows, strict=True)
    ]
    return Scored(seed, values, hits, training, steps_until(history))


def _groups(rows: Sequence[Row], frequent: Sequence[str]) -> dict[str, list[int]]:
    """Positions of rows by what the ablations are about; classes without rows are left out."""
    groups: dict[str, list[int]] = {}
    for position, row in enumerate(rows):
        groups.setdefault(row["language"], []).append(position)
        label = "majority" if row["optimizer"] in frequent else "minority"
        groups.setdefault(label, []).append(position)
        seen = "patterns of the test split only" if row["held_out_pattern"] else "patterns seen"
        groups.setdefault(seen, []).append(position)
    return groups


def _row(
    name: str,
    several: Sequence[Scored],
    base: Sequence[Scored],
    rows: Sequence[Row],
    references: Mapping[str, list[Values]],
    groups: Mapping[str, list[int]],
) -> dict[str, Any]:
    every = list(range(len(rows)))
    entry: dict[str, Any] = {
        "name": ABLATIONS[name],
        "recipe": f"examples/recipes/ablations/{name}.yaml",
        "seeds": [one.seed for one in several],
        **{score: _spread([_mean(one.values, every, score) for one in several]) for score in SCORES},
        "gap_closed": _spread([_closed(one.values, references, every) for one in several]),
        "label_hits": _spread([mean(one.hits) for one in several]),
        "minutes": _spread([one.training["seconds"] / 60 for one in several]),
        "steps_until_choice_loss": {
            level: [one.steps[level] for one in several] for level in several[0].steps
        },
        "groups": {
            group: {
                "aocc": _spread([_mean(one.values, members, "aocc") for one in several]),
                "gap_closed": _spread([_closed(one.values, references, members) for one in several]),
                "label_hits": _spread([mean(one.hits[i] for i in members) for one in several]),
            }
            for group, members in groups.items()
        },
    }
    if name != BASE and base:
        entry["against_base"] = compare_values(_by_problem(several, rows), _by_problem(base, rows), "aocc")
    entry["note"] = _note(name, entry)
    return entry


def _by_problem(several: Sequence[Scored], rows: Sequence[Row]) -> ByProblem:
    return ByProblem.gather(
        (row["problem_id"], values["aocc"])
        for one in several
        for row, values in zip(rows, one.values, strict=True)
    )


def _mean(values: Sequence[Values], members: Sequence[int], score: str) -> float | None:
    known = [value for i in members if (value := values[i][score]) is not None]
    return mean(known) if known else None


def _closed(
    values: Sequence[Values], references: Mapping[str, list[Values]], members: Sequence[int]
) -> float | None:
    """(model - SBS) / (VBS - SBS) of the means of AOCC; None where VBS is not above SBS."""
    own, single, virtual = (_mean(v, members, "aocc") for v in (values, references["sbs"], references["vbs"]))
    if own is None or single is None or virtual is None or virtual <= single:
        return None
    return (own - single) / (virtual - single)


def _spread(values: Sequence[float | None]) -> Spread | None:
    """Mean and standard deviation over seeds; None where a value is missing."""
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return None
    return {"mean": mean(known), "sd": stdev(known) if len(known) > 1 else None}


def _note(name: str, entry: Mapping[str, Any]) -> str:
    """What the row says besides its scores: the base beside it, and the groups that the recipe is about."""
    parts = []
    if "against_base" in entry:
        compared = entry["against_base"]
        low, high = compared["interval"] or (None, None)
        ends = "" if low is None else f" [{low:+.3f}, {high:+.3f}]"
        parts.append(f"AOCC {compared['difference']:+.3f}{ends} beside the method")
    of_groups = [
        f"{title} {entry['groups'][group]['aocc']['mean']:.3f} ({entry['groups'][group]['label_hits']['mean']:.0%})"
        for group, title in ABOUT.get(name, {}).items()
        if group in entry["groups"]
    ]
    if of_groups:
        parts.append(f"AOCC (label hit) {', '.join(of_groups)}")
    if name in (BASE, "no_warmup"):
        level = str(CHOICE_LOSSES[-1])
        steps = [str(steps or "never") for steps in entry["steps_until_choice_loss"][level]]
        parts.append(f"steps to a choice loss of {level}: {', '.join(steps)}")
    return "; ".join(parts)
