"""Robustness of decisions to the description of a problem: identifiers, language, writing patterns that training never saw.

Every problem of an evaluation is described anew in the variants of ``VARIANTS``, read back from a file and put into a prompt by the
code that ``llamoco solve`` uses, and the model decides on each; on the Python one also as if its functions could not be traced. No program is run: the AOCC of a decision is the one that the
optimizer reached in the benchmark (column ``scores`` of the data set).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from llamoco.dataset_builder.optimizers.catalogue import group_of
from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.facts import facts_only, with_unknown_functions
from llamoco.dataset_builder.prompts.probe_words import words_of_problem
from llamoco.dataset_builder.prompts.prompt import PROMPT_LIMIT, make_prompt
from llamoco.dataset_builder.prompts.rows import PATTERNS, write_description
from llamoco.metrics.statistics import ByProblem, interval, percentiles
from llamoco.modeling.evaluation.evaluation_folder import Line
from llamoco.modeling.evaluation.record import Robustness, Share
from llamoco.modeling.evaluation.renaming import rename_identifiers
from llamoco.modeling.evaluation.split_rows import Row
from llamoco.modeling.generation.model_answer import Decision

SEED = 0
SEEN = {"python": ("python", False), "latex": ("latex", False)}  # language, held out
HELD_OUT = {"held-out python": ("python", True), "held-out latex": ("latex", True)}
RENAMED = "renamed"  # the description "python" under other identifiers (``renaming``)
UNKNOWN = "facts unknown"  # the description "python", with probes in place of what the functions do
VARIANTS = (*SEEN, RENAMED, *HELD_OUT, UNKNOWN)
AT_ONCE = 8  # problems

Decide = Callable[[Sequence[str]], Sequence[Decision]]


def descriptions(problem: Problem) -> dict[str, str]:
    """Draw a problem FILE for each variant but ``UNKNOWN``; a variant without a short enough pattern is left out.

    Args:
        problem: a synthetic one.
    """
    texts: dict[str, str] = {}
    for variant, (language, held_out) in (SEEN | HELD_OUT).items():
        draws = PortableRng("robustness", SEED, problem.id, variant)
        candidates = [p for p in PATTERNS if (p.language, p.held_out) == (language, held_out)]
        try:
            _, texts[variant] = write_description(problem, draws.shuffled(candidates), PROMPT_LIMIT, draws)
        except ProblemError:
            continue
    if "python" in texts:
        texts[RENAMED] = rename_identifiers(
            texts["python"], PortableRng("robustness", SEED, problem.id, RENAMED)
        )
    return texts


def prompt_of(text: str, language: str) -> str:
    """The prompt of a problem FILE, as ``llamoco solve`` makes it: its facts are what the file itself says."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / ("problem.tex" if language == "latex" else "problem.py")
        path.write_text(text, encoding="utf-8")
        return make_prompt(load_problem(path), PROMPT_LIMIT)[0]


def prompts_of(problem: Problem) -> dict[str, str]:
    """The prompt of each variant of a problem."""
    prompts = {
        variant: prompt_of(text, "latex" if "latex" in variant else "python")
        for variant, text in descriptions(problem).items()
    }
    if "python" in prompts:
        facts = facts_only(prompts["python"])
        unknown = with_unknown_functions(facts, words_of_problem(problem))
        prompts[UNKNOWN] = prompts["python"].removesuffix(facts) + unknown
    return prompts


def decide_variants(problems: Sequence[Problem], decide: Decide) -> Iterator[list[Line]]:
    """Have a model decide on each variant of each problem, ``AT_ONCE`` problems at a time.

    Args:
        problems: synthetic ones.
        decide: the model.

    Yields:
        A line a problem: problem_id, and decisions: the optimizer (None without one) by variant.
    """
    for start in range(0, len(problems), AT_ONCE):
        asked = [
            (problem.id, variant, prompt)
            for problem in problems[start : start + AT_ONCE]
            for variant, prompt in prompts_of(problem).items()
        ]
        lines: dict[str, Line] = {}
        for (name, variant, _), decision in zip(asked, decide([text for _, _, text in asked]), strict=True):
            line = lines.setdefault(name, {"problem_id": name, "decisions": {}})
            line["decisions"][variant] = decision.optimizer
        yield list(lines.values())


def robustness(lines: Sequence[Line], rows: Sequence[Row], solvers: Mapping[str, str]) -> Robustness:
    """Compute shares of problems and of the gap, with 95% intervals that resample problems.

    Args:
        lines: of ``decide_variants``, one a problem.
        rows: of the data set, at least one of each problem.
        solvers: single best solver by group.

    Returns:
        agreement: share of problems on which a variant leads to the same decision as "python"; problems without a decision on
        both are left out. gap_closed: share of the gap in AOCC from the single best solver to the label that the decisions
        close, by variant; an optimizer that cannot serve a problem has AOCC 0, and a single best solver that did not run on it the
        least of those that did, as where it was chosen (``labels.single_best``). held_out_loss: difference in that share
        between seen and held-out patterns, on the same problems and languages. Each is None where there is no problem or no gap.
    """
    decisions = {line["problem_id"]: line["decisions"] for line in lines}
    of_problem = {row["problem_id"]: row for row in rows if row["problem_id"] in decisions}
    scores = {name: json.loads(row["scores"]) for name, row in of_problem.items()}
    single = {
        name: scores[name].get(solvers[group_of(row["constrained"])], min(scores[name].values()))
        for name, row in of_problem.items()
    }
    gaps = {name: scores[name][row["optimizer"]] - single[name] for name, row in of_problem.items()}
    gains = {
        name: {variant: scores[name].get(choice, 0.0) - single[name] for variant, choice in chosen.items()}
        for name, chosen in decisions.items()
    }
    losses = [
        (name, of_variants[language] - of_variants[f"held-out {language}"])
        for name, of_variants in gains.items()
        for language in SEEN
        if language in of_variants and f"held-out {language}" in of_variants
    ]
    return {
        "problems": len(decisions),
        "seed": SEED,
        "agreement": {variant: _agreement(decisions, variant) for variant in VARIANTS if variant != "python"},
        "gap_closed": {
            variant: _share_of_gap([(name, g[variant]) for name, g in gains.items() if variant in g], gaps)
            for variant in VARIANTS
        },
        "held_out_loss": _share_of_gap(losses, gaps),
    }


def _agreement(decisions: Mapping[str, Mapping[str, str | None]], variant: str) -> Share | None:
    same = ByProblem.gather(
        (name, float(chosen[variant] == chosen["python"]))
        for name, chosen in decisions.items()
        if variant in chosen and "python" in chosen and (chosen[variant], chosen["python"]) != (None, None)
    )
    if not same.problems:
        return None
    ends = interval(same, (0.0, 1.0))
    return {"value": float(same.mean or 0.0), "interval": ends and list(ends), "problems": len(same.problems)}


def _share_of_gap(gains: Sequence[tuple[str, float]], gaps: Mapping[str, float]) -> Share | None:
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
