"""How far a decision hangs on how a problem is written: identifiers, language, writing patterns that training never saw.

Every problem of an evaluation is described anew in the ways of ``WAYS``, read back from a file and put into a prompt by the
code that ``llamoco solve`` uses, and the model decides on each. No program is run: a decision is worth what the optimizer
reached in the benchmark's first stage, which ran every optimizer of the pool once on every problem, above what the
single best solver reached there; the gap from that one to the label is the one of the check seeds, as for the selectors of
the label report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from llamoco.dataset_builder.benchmark.label_table import SHIPPED_LABELS, read_labels
from llamoco.dataset_builder.benchmark.labels import Label
from llamoco.dataset_builder.optimizers.configuration import configured
from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.prompt import PROMPT_LIMIT, make_prompt
from llamoco.dataset_builder.prompts.rows import PATTERNS, write_description
from llamoco.metrics.statistics import ByProblem, interval, percentiles
from llamoco.modeling.evaluation.evaluation_folder import Line
from llamoco.modeling.evaluation.renaming import renamed
from llamoco.modeling.evaluation.split_rows import single_best_solvers
from llamoco.modeling.generation.load import Decision

SEED = 0
SEEN = {"python": ("python", False), "latex": ("latex", False)}  # language, held out
HELD_OUT = {"held-out python": ("python", True), "held-out latex": ("latex", True)}
RENAMED = "renamed"  # the description "python" under other identifiers (``renaming``)
WAYS = (*SEEN, RENAMED, *HELD_OUT)
AT_ONCE = 8  # problems

Decide = Callable[[Sequence[str]], Sequence[Decision]]


def descriptions(problem: Problem) -> dict[str, str]:
    """A problem FILE in each of the ways, drawn; a way is left out where no pattern of it is short enough.

    Args:
        problem: a synthetic one.
    """
    texts: dict[str, str] = {}
    for way, (language, held_out) in (SEEN | HELD_OUT).items():
        draws = PortableRng("robustness", SEED, problem.id, way)
        candidates = [p for p in PATTERNS if (p.language, p.held_out) == (language, held_out)]
        try:
            _, texts[way] = write_description(problem, draws.shuffled(candidates), PROMPT_LIMIT, draws)
        except ProblemError:
            continue
    if "python" in texts:
        texts[RENAMED] = renamed(texts["python"], PortableRng("robustness", SEED, problem.id, RENAMED))
    return texts


def prompt_of(text: str, language: str) -> str:
    """The prompt of a problem FILE, as ``llamoco solve`` makes it: its facts are what the file itself says."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / ("problem.tex" if language == "latex" else "problem.py")
        path.write_text(text, encoding="utf-8")
        return make_prompt(load_problem(path), PROMPT_LIMIT)[0]


def decided(problems: Sequence[Problem], decide: Decide) -> Iterator[list[Line]]:
    """The model's decisions on each problem in each way, some problems at a time.

    Args:
        problems: synthetic ones.
        decide: the model.

    Yields:
        A line a problem: problem_id, and decisions: the optimizer (None without one) by way.
    """
    for start in range(0, len(problems), AT_ONCE):
        asked = [
            (problem.id, way, prompt_of(text, "latex" if "latex" in way else "python"))
            for problem in problems[start : start + AT_ONCE]
            for way, text in descriptions(problem).items()
        ]
        lines: dict[str, Line] = {}
        for (name, way, _), decision in zip(asked, decide([text for _, _, text in asked]), strict=True):
            lines.setdefault(name, {"problem_id": name, "decisions": {}})["decisions"][way] = (
                decision.optimizer
            )
        yield list(lines.values())


def robustness(lines: Sequence[Line], labels: Path = SHIPPED_LABELS) -> dict[str, Any]:
    """Shares of problems and of the gap, with 95% intervals that resample problems.

    Args:
        lines: of ``decided``, one a problem.
        labels: the label table.

    Returns:
        problems; seed; agreement: the share of problems on which a way leads to the decision that "python" leads to, by
        way (problems on which it decides nothing either way are left out); gap_closed: the share of the gap from SBS to VBS that a way's decisions close, by AOCC, by way; held_out_loss:
        what held-out patterns lose of it, compared on the same problems and languages. Each is {value, interval,
        problems}, or None where there is nothing to take it of.
    """
    known = {label.problem.id: label for label in read_labels(labels).labels}
    solvers = single_best_solvers(labels)
    decisions = {line["problem_id"]: line["decisions"] for line in lines}
    gaps = {name: _gap(known[name], solvers[known[name].group]) for name in decisions}
    gains = {
        name: {way: _gain(known[name], solvers[known[name].group], choice) for way, choice in chosen.items()}
        for name, chosen in decisions.items()
    }
    losses = [
        (name, of_problem[language] - of_problem[f"held-out {language}"])
        for name, of_problem in gains.items()
        for language in SEEN
        if language in of_problem and f"held-out {language}" in of_problem
    ]
    return {
        "problems": len(decisions),
        "seed": SEED,
        "agreement": {way: _agreement(decisions, way) for way in WAYS if way != "python"},
        "gap_closed": {
            way: _share([(name, g[way]) for name, g in gains.items() if way in g], gaps) for way in WAYS
        },
        "held_out_loss": _share(losses, gaps),
    }


def _gap(label: Label, single_best: str) -> float:
    """AOCC of the label above the single best solver's, on the check seeds."""
    answer = label.checked((label.optimizer, label.config))
    return answer.aocc - label.checked(configured(single_best, label.problem)).aocc


def _gain(label: Label, single_best: str, choice: str | None) -> float:
    """AOCC of an optimizer above the single best solver's, in the first stage; one that cannot run there has AOCC 0."""
    screen = {entry.optimizer: entry.aocc for entry in label.screen}
    return screen.get(choice or "", 0.0) - screen[single_best]


def _agreement(decisions: Mapping[str, Mapping[str, str | None]], way: str) -> dict[str, Any] | None:
    same = ByProblem.gather(
        (name, float(chosen[way] == chosen["python"]))
        for name, chosen in decisions.items()
        if way in chosen and "python" in chosen and (chosen[way], chosen["python"]) != (None, None)
    )
    if not same.problems:
        return None
    ends = interval(same, (0.0, 1.0))
    return {"value": same.mean, "interval": ends and list(ends), "problems": len(same.problems)}


def _share(gains: Sequence[tuple[str, float]], gaps: Mapping[str, float]) -> dict[str, Any] | None:
    """Mean gain over mean gap, on the same problems."""
    gain = ByProblem.gather(gains)
    gap = np.array([gaps[name] for name in gain.problems])
    if not gain.problems or gap.mean() <= 0:
        return None
    below = ByProblem(gain.problems, gap * gain.counts, gain.counts).resampled()
    usable = below > 0
    certain = len(gain.problems) > 1 and usable.mean() >= 0.975
    shares = gain.resampled()[usable] / below[usable]
    return {
        "value": float(gain.sums.sum() / (gap * gain.counts).sum()),
        "interval": list(percentiles(shares, len(gain.problems))) if certain else None,
        "problems": len(gain.problems),
    }
