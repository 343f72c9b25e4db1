"""The record of the ablations, such as `hub_cards/records/ablations.json`: what follows from the trainings that are finished so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

import pyarrow.parquet as pq

from llamoco.metrics.summary import compare_values
from llamoco.modeling.ablations.ablation import folder_of
from llamoco.modeling.ablations.families import BASE, WARM, Family
from llamoco.modeling.ablations.scoring import Scored, Scorer, mean_of, spread
from llamoco.modeling.evaluation.split_rows import Row

SMOOTHING = 5  # log entries


def majority(optimizers: Sequence[str]) -> list[str]:
    """The most frequent optimizers, so many that they are half of all."""
    chosen, covered = [], 0
    for name, count in Counter(optimizers).most_common():
        if 2 * covered >= len(optimizers):
            break
        chosen.append(name)
        covered += count
    return chosen


def steps_until(history: Sequence[Mapping[str, float]], levels: Sequence[float]) -> dict[str, int | None]:
    """Steps of instruction tuning until the loss on the choice, over 5 log entries, is at most a level; None if never.

    Args:
        history: the trainer's log.
        levels: nats.
    """
    logged = [(int(entry["step"]), entry["choice_loss"]) for entry in history if "choice_loss" in entry]
    reached: dict[str, int | None] = {}
    for level in levels:
        reached[str(level)] = next(
            (
                logged[i][0]
                for i in range(SMOOTHING - 1, len(logged))
                if mean(loss for _, loss in logged[i - SMOOTHING + 1 : i + 1]) <= level
            ),
            None,
        )
    return reached


def study_record(out: Path, family: Family, rows: Sequence[Row], seeds: int) -> dict[str, Any] | None:
    """Rows of the model card and what lies behind them; None while the reference programs have no runs, or nothing is finished.

    Args:
        out: folder of the study.
        family: its recipes.
        rows: what was answered, one a problem.
        seeds: number of trainings of each recipe; those that are finished count.

    Returns:
        rows: of each recipe with at least one seed: name, recipe, seeds, err, r_acc, perf, aocc and gap_closed (each mean and
        sd over seeds, the latter None of one), label_hits, minutes, against_base (AOCC paired by problem), training_rows and those
        of them that were too long, groups (by language, label, writing pattern and whether the facts are known: aocc, gap_closed and
        label_hits), steps until a choice loss, losses (of the warm-up and on the choice, and the choice's accuracy in training, by step, mean over seeds), note.
        references: AOCC of the single best solver and the virtual best; majority: the optimizers meant; setting; parameters.
    """
    scorer = Scorer(out, rows)
    if scorer.references is None:
        return None
    trained: dict[str, list[Scored]] = {}
    for name in family.about:
        found = [scorer.training(folder_of(out, name, seed), seed) for seed in range(seeds)]
        if finished := [one for one in found if one is not None]:
            trained[name] = finished
    if not trained:
        return None
    labels = pq.read_table(out / "pairs" / "both" / "train.parquet", columns=["optimizer"])
    frequent = majority(labels["optimizer"].to_pylist())
    groups = _groups(rows, frequent)
    training = next(iter(trained.values()))[0].training
    return {
        "setting": _setting(family, training, len(rows)),
        "base_model": training["base_model"],
        "parameters": training["parameters"],
        "trained_parameters": training["trained_parameters"],
        "problems": len({row["problem_id"] for row in rows}),
        "majority": frequent,
        "references": {
            group: {name: mean_of(values, members, "aocc") for name, values in scorer.references.items()}
            for group, members in {"all": list(range(len(rows))), **groups}.items()
        },
        "rows": [
            _row(family, name, several, trained.get(BASE, []), scorer, groups)
            for name, several in trained.items()
        ],
    }


def described_model(training: Mapping[str, Any]) -> str:
    """What was trained, for a record's setting, with what is to be known of the weights it began with.

    Args:
        training: a run record.
    """
    size = f"{training['parameters'] / 1e6:.1f}M parameters"
    if training["base_model"] is None:
        return f"a model of {size}"
    trained = training["trained_parameters"]
    adapter = training["adapter"]
    what = "all" if adapter is None else f"a LoRA adapter of {trained / 1e6:.1f}M"
    # What stands in for the Hub's weights is a release in few bits: figures that rest on it say so.
    weights = " (its 4-bit release, unpacked to bfloat16, not the original weights)"
    return (
        f"{training['base_model']}{weights if training.get('base_folder') else ''} of {size}, {what} of them"
    )


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


def _setting(family: Family, training: Mapping[str, Any], problems: int) -> str:
    seen = family.trained_on.format(training["dataset"]["problems"])
    return (
        f"{described_model(training)}, trained on {seen} to name the optimizer, which they do on one description each of {problems} "
        "test problems, in Python and LaTeX by turns; the optimizer's benchmarked program runs 5 times"
    )


def _groups(rows: Sequence[Row], frequent: Sequence[str]) -> dict[str, list[int]]:
    """Positions of rows by what the ablations are about; classes without rows are left out."""
    groups: dict[str, list[int]] = {}
    for position, row in enumerate(rows):
        for name in (
            row["language"],
            "majority" if row["optimizer"] in frequent else "minority",
            "patterns of the test split only" if row["held_out_pattern"] else "patterns seen",
            "facts known" if row["facts_known"] else "facts unknown",
        ):
            groups.setdefault(name, []).append(position)
    return groups


def _row(
    family: Family,
    name: str,
    several: Sequence[Scored],
    base: Sequence[Scored],
    scorer: Scorer,
    groups: Mapping[str, list[int]],
) -> dict[str, Any]:
    steps = [steps_until(one.log, family.choice_losses) for one in several]
    dataset = several[0].training["dataset"]
    entry: dict[str, Any] = {
        "name": family.about[name],
        "recipe": f"{family.recipes}/{name}.yaml",
        "seeds": [one.seed for one in several],
        **scorer.summary(several),
        "training_rows": dataset["rows"],
        "training_rows_dropped": dataset["rows_dropped"],
        "steps_until_choice_loss": {level: [one[level] for one in steps] for level in steps[0]},
        "losses": {
            "warm_up": _curve([one.warm_up for one in several], "loss"),
            "choice": _curve([one.log for one in several], "choice_loss"),
            "accuracy": _curve([one.log for one in several], "choice_accuracy"),
        },
        "groups": {
            group: {
                "aocc": spread([mean_of(one.values, members, "aocc") for one in several]),
                "gap_closed": spread([scorer.closed(one.values, members) for one in several]),
                "label_hits": spread([mean(one.hits[i] for i in members) for one in several]),
            }
            for group, members in groups.items()
        },
    }
    if name != BASE and base:
        entry["against_base"] = compare_values(scorer.by_problem(several), scorer.by_problem(base), "aocc")
    entry["note"] = _note(family, name, entry)
    return entry


def _curve(logs: Sequence[Sequence[Mapping[str, float]]], what: str) -> dict[str, float]:
    """A logged number by the step, mean over the logs that have it there."""
    at: dict[int, list[float]] = {}
    for log in logs:
        for entry in log:
            if what in entry:
                at.setdefault(int(entry["step"]), []).append(entry[what])
    return {str(step): round(mean(values), 4) for step, values in sorted(at.items())}


def _note(family: Family, name: str, entry: Mapping[str, Any]) -> str:
    """What the row says besides its scores: the base beside it, and the groups that the recipe is about."""
    parts = []
    if "against_base" in entry:
        compared = entry["against_base"]
        low, high = compared["interval"] or (None, None)
        ends = "" if low is None else f" [{low:+.3f}, {high:+.3f}]"
        parts.append(f"AOCC {compared['difference']:+.3f}{ends} beside the method")
    of_groups = [
        f"{title} {entry['groups'][group]['aocc']['mean']:.3f} ({entry['groups'][group]['label_hits']['mean']:.0%})"
        for group, title in family.groups.get(name, {}).items()
        if group in entry["groups"]
    ]
    if of_groups:
        parts.append(f"AOCC (label hit) {', '.join(of_groups)}")
    if name in WARM:
        level = str(family.choice_losses[-1])
        steps = [str(steps or "never") for steps in entry["steps_until_choice_loss"][level]]
        parts.append(f"steps to a choice loss of {level}: {', '.join(steps)}")
    return "; ".join(parts)
