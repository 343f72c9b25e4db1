"""Label report: repeatability, ties, spread and predictability of labels, and comparison with other tools."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from llamoco.dataset_builder.analysis import selector
from llamoco.dataset_builder.analysis.baseline_solvers import SOLVERS
from llamoco.dataset_builder.analysis.baselines import baseline_scores
from llamoco.dataset_builder.analysis.probe_study import probe_report
from llamoco.dataset_builder.analysis.problem_kinds import kind_report, kinds_of
from llamoco.dataset_builder.analysis.selector import (
    PROMPT_MODELS,
    checked_labels,
    cross_validated_choices,
    gap_closed,
    gap_scores,
    prompt_features,
    random_forest,
    simple_rule,
)
from llamoco.dataset_builder.analysis.task_log import TaskResult, read_task_log
from llamoco.dataset_builder.analysis.textbook_race import textbook_report
from llamoco.dataset_builder.benchmark.labels import Label, LabelTable, rare_members, screen_means, win_shares
from llamoco.dataset_builder.benchmark.provenance import environment
from llamoco.dataset_builder.benchmark.race import TIE
from llamoco.dataset_builder.optimizers.catalogue import GROUPS
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.scores import w

CRITERIA = ("aocc", "w")
CENTRE_W = 0.9
CACHE_NAME = "selectors.json"


def label_report(labelled: LabelTable, folder: Path) -> dict[str, Any]:
    """Make the report, a JSON-able record.

    Args:
        labelled: the table of a finished benchmark.
        folder: of the table, with ``labels.json``. Studies in it (``baselines.jsonl``, ``landscape.jsonl``,
            ``probes.jsonl``, ``textbook.jsonl``) are reported too. The selectors' choices are cached there.

    Raises:
        LabelsError: if the table was not checked.
        RecordsError: if a study's record cannot be read.
    """
    studies = {
        name: read_task_log(folder / f"{name}.jsonl")
        for name in ("baselines", "landscape", "probes", "textbook")
        if (folder / f"{name}.jsonl").exists()
    }
    table = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    record: dict[str, Any] = {
        "table": {key: table[key] for key in ("command", "seed", "problems", "machine", "date")},
        "report": environment(),
        "tie_within_aocc": TIE,
        "discarded": labelled.discarded,
        "win_shares": win_shares(labelled.labels),
        "rare": sorted(rare_members(labelled.labels)),
        "groups": {},
    }
    choices = _Choices(folder)
    for group in GROUPS:
        members = [label for label in labelled.labels if label.group == group]
        if members:
            discarded = sum(n for reason, n in labelled.discarded.items() if reason.startswith(f"{group}: "))
            record["groups"][group] = _group_report(group, members, labelled.sbs[group], discarded, choices)
            if "landscape" in studies:
                record["groups"][group]["landscape"] = _landscape_report(
                    group, members, labelled.sbs[group], studies["landscape"][1], choices
                )
            if "probes" in studies:
                rows = studies["probes"][1]
                record["groups"][group]["probes"] = probe_report(
                    group, members, labelled.sbs[group], rows, choices.get
                )
    choices.save()
    if "baselines" in studies:
        record["baselines"] = _baselines_report(labelled, *studies["baselines"])
    if "textbook" in studies:
        head, rows = studies["textbook"]
        problems = [Problem.from_json(text) for text in head["settings"]["problems"]]
        record["textbook"] = _origin(head) | {"groups": textbook_report(problems, rows)}
    return record


def _group_report(
    group: str, labels: Sequence[Label], sbs: Mapping[str, str], discarded: int, choices: _Choices
) -> dict[str, Any]:
    counts = Counter(label.optimizer for label in labels)
    train = [label for label in labels if label.split == "train"]
    features = np.array([prompt_features(label.problem) for label in labels])
    checked = checked_labels(labels)
    scored = [labels[number] for number in checked]
    chosen = choices.get(f"{group}, prompt", labels, features, PROMPT_MODELS)
    selectors = {
        name: _selector_report(scored, [families[n] for n in checked], sbs)
        for name, families in chosen.items()
    }
    rule, ruled = simple_rule(labels, sbs["aocc"])
    selectors["simple rule"] = _selector_report(scored, [ruled[n] for n in checked], sbs)
    return {
        "problems": len(labels),
        "test_problems": sum(label.split == "test" for label in labels),
        "discarded": discarded,
        "discarded_share": discarded / (discarded + len(labels)),
        "labels": dict(counts.most_common()),
        "one_percent": sum(count >= 0.01 * len(labels) for count in counts.values()),
        "largest_share": counts.most_common(1)[0][1] / len(labels),
        "ties": fmean(label.tie for label in labels),
        "repeat": repeat_report(labels),
        "checked_problems": len(checked),
        "sbs": {criterion: sbs[criterion] for criterion in CRITERIA},
        "scores": {criterion: gap_scores(scored, sbs[criterion], criterion) for criterion in CRITERIA},
        "selectors": selectors,
        "rule": f"{rule} where it runs, else {sbs['aocc']}",
        "mean_screen": _mean_screen(labels),
        "candidates": {  # for the single best solver, best first
            name: dict(zip(CRITERIA, means, strict=True))
            for name, means in sorted(screen_means(train).items(), key=lambda item: -item[1][0])
        },
        "paper": _paper_report(labels),
        "kinds": kind_report(labels),
        "facts": problem_facts([label.problem for label in labels]),
    }


def _paper_report(labels: Sequence[Label]) -> dict[str, Any]:
    """How the best of the paper's optimizers does where it is not the label."""
    known = [(label, label.paper) for label in labels if label.paper is not None]
    other = [(label, paper) for label, paper in known if paper.key != (label.optimizer, label.config)]
    return {
        "problems": len(known),
        "same_answer": 1 - len(other) / len(known) if known else None,
        "labels": dict(Counter(paper.optimizer for _, paper in known).most_common()),
        **{c: _mean([getattr(paper, c) for _, paper in known]) for c in CRITERIA},
        "lost_aocc": _mean([label.aocc - paper.aocc for label, paper in known]),
    }


def _selector_report(
    labels: Sequence[Label], chosen: Sequence[str], sbs: Mapping[str, str]
) -> dict[str, Any]:
    return {criterion: gap_closed(labels, chosen, sbs[criterion], criterion) for criterion in CRITERIA}


def _landscape_report(
    group: str,
    labels: Sequence[Label],
    sbs: Mapping[str, str],
    rows: Mapping[str, TaskResult],
    choices: _Choices,
) -> dict[str, Any]:
    """A selector on landscape features and one on the prompt, trained and scored on the same problems."""
    known = [label for label in labels if label.problem.id in rows]
    names = sorted({name for label in known for name in rows[label.problem.id]["features"]})
    stated = np.array([prompt_features(label.problem)[:5] for label in known])  # the budget decides much
    seen = np.array([[rows[label.problem.id]["features"].get(n, 0.0) for n in names] for label in known])
    text = np.array([prompt_features(label.problem) for label in known])
    checked = checked_labels(known)
    report: dict[str, Any] = {"problems": len(known), "checked_problems": len(checked)}
    scored = [known[n] for n in checked]
    for title, features in (("landscape", np.hstack([stated, seen])), ("prompt", text)):
        chosen = choices.get(f"{group}, {title}, same problems", known, features, {"forest": random_forest})
        report[title] = _selector_report(scored, [chosen["forest"][n] for n in checked], sbs)
    return report


def _mean_screen(labels: Sequence[Label]) -> dict[str, dict[str, float]]:
    """Mean scores in the screen of each optimizer, over the problems where it ran, and their number."""
    scores: dict[str, dict[str, list[float]]] = {}
    for label in labels:
        for entry in label.screen:
            row = scores.setdefault(entry.optimizer, {c: [] for c in CRITERIA})
            row["aocc"].append(entry.aocc)
            row["w"].append(entry.w)
    means = {
        name: {c: fmean(values[c]) for c in CRITERIA} | {"problems": len(values["w"])}
        for name, values in scores.items()
    }
    return dict(sorted(means.items(), key=lambda item: -item[1]["aocc"]))


def repeat_report(labels: Sequence[Label]) -> dict[str, Any]:
    """Agreement of two independent races on the same problems.

    Returns:
        For "all" problems raced twice, the "untied" (neither race has a tie) and the "tied" ones: their number, the
        share where the same family wins and the share where the very same configuration does, the mean difference of
        the winners' scores. Shares are None where there is nothing to count.
    """
    twice = [(label, label.repeat) for label in labels if label.repeat is not None]
    parts = {
        "all": twice,
        "untied": [(label, other) for label, other in twice if not (label.tie or other.tie)],
        "tied": [(label, other) for label, other in twice if label.tie or other.tie],
    }
    return {
        name: {
            "problems": len(pairs),
            "same_family": _mean([label.optimizer == other.optimizer for label, other in pairs]),
            "same_configuration": _mean(
                [(label.optimizer, label.config) == (other.optimizer, other.config) for label, other in pairs]
            ),
            "difference": {
                c: _mean([abs(getattr(label, c) - getattr(other, c)) for label, other in pairs])
                for c in CRITERIA
            },
        }
        for name, pairs in parts.items()
    }


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None


def problem_facts(problems: Sequence[Problem]) -> dict[str, Any]:
    """Statistics of the problems for the card: shares and counts.

    Args:
        problems: synthetic, of one group, with references.
    """
    centres = []
    for problem in problems:
        values = problem.evaluate((problem.lower_array + problem.upper_array)[None, :] / 2)
        assert problem.f0 is not None and problem.f_star is not None
        feasible = bool(problem.feasible(values)[0])
        centres.append(w(float(values.f[0]), problem.f0, problem.f_star) if feasible else 0.0)
    components = [problem.definition["components"] for problem in problems]
    kinds = Counter(kind for problem in problems for kind in kinds_of(problem))
    return {
        "dimensions": np.quantile([p.dim for p in problems], (0, 0.25, 0.5, 0.75, 1)).tolist(),
        "budgets": np.quantile([p.max_evals for p in problems], (0, 0.25, 0.5, 0.75, 1)).tolist(),
        "forms": dict(Counter(problem.definition["form"] for problem in problems)),
        "families": dict(Counter(p.definition["family"] for p in problems if "family" in p.definition)),
        "kinds": {kind: count / len(problems) for kind, count in sorted(kinds.items())},
        "components": dict(sorted(Counter(str(len(c)) for c in components).items())),
        "functions": dict(Counter(part["function"] for c in components for part in c).most_common()),
        "constraints": dict(
            Counter(
                record["kind"]
                for problem in problems
                for record in problem.definition["inequalities"] + problem.definition["equalities"]
            ).most_common()
        ),
        "with_equalities": fmean(problem.n_equality > 0 for problem in problems),
        "varied_bounds": fmean(len(set(zip(p.lower, p.upper, strict=True))) > 1 for p in problems),
        "centre_above_w": fmean(score > CENTRE_W for score in centres),
        "centre_w": fmean(centres),
        "f_star_known": fmean(problem.provenance["f_star"].startswith("known") for problem in problems),
    }


def _baselines_report(
    labelled: LabelTable, head: TaskResult, rows: Mapping[str, TaskResult]
) -> dict[str, Any]:
    """Mean scores of other tools, and of single and virtual best solver, on the same problems."""
    labels = {label.problem.id: label for label in labelled.labels if label.check}
    scores = baseline_scores(rows, {name: label.problem for name, label in labels.items()})
    report: dict[str, Any] = _origin(head) | {"groups": {}}
    for group in GROUPS:
        same = [n for n in labels if labels[n].group == group and all(n in scores[s] for s in SOLVERS)]
        if not same:
            continue
        members = [labels[name] for name in same]
        report["groups"][group] = {
            "problems": len(same),
            "solvers": {
                solver: {"title": title}
                | {c: fmean(scores[solver][name][k] for name in same) for k, c in enumerate(CRITERIA)}
                | {"failed": sum(rows[f"{name} {solver}"]["status"] in ("error", "timeout") for name in same)}
                for solver, title in SOLVERS.items()
            },
            **{c: gap_scores(members, labelled.sbs[group][c], c) for c in CRITERIA},
        }
    return report


def _origin(head: TaskResult) -> dict[str, Any]:
    return {"seed": head["settings"]["seed"]} | {key: head[key] for key in ("command", "machine", "date")}


class _Choices:
    """Cache of the selectors' choices, in the table's folder: training them takes minutes."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / CACHE_NAME
        try:
            self._kept: dict[str, Any] = json.loads(self._path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            self._kept = {}
        self._used: dict[str, Any] = {}

    def get(
        self, name: str, labels: Sequence[Label], features: np.ndarray, models: Mapping[str, selector.Model]
    ) -> dict[str, list[str]]:
        """Choices by model, from the cache if labels, features and the selector's code are the same."""
        content = hashlib.sha256(
            Path(selector.__file__).read_bytes() + np.ascontiguousarray(features).tobytes()
        )
        for label in labels:
            content.update(f"{label.problem.id} {label.screen} {label.finalists}".encode())
        key = content.hexdigest()
        kept = self._kept.get(name, {})
        if kept.get("key") != key:
            kept = {"key": key, "choices": cross_validated_choices(labels, features, models)}
        self._used[name] = kept
        return dict(kept["choices"])

    def save(self) -> None:
        """Write the choices that were used."""
        self._path.write_text(json.dumps(self._used) + "\n", encoding="utf-8")
