"""Prompt-answer pairs of one labelled problem: several descriptions, one answer."""

from __future__ import annotations

import json
from typing import Any

from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.latex import patterns as latex_patterns
from llamoco.dataset_builder.prompts.pattern import Pattern
from llamoco.dataset_builder.prompts.program import completion, program, section
from llamoco.dataset_builder.prompts.prompt import PROMPT_LIMIT as PROMPT_LIMIT
from llamoco.dataset_builder.prompts.prompt import prompt
from llamoco.dataset_builder.prompts.python import patterns as python_patterns

PATTERNS: tuple[Pattern, ...] = (*python_patterns.PATTERNS, *latex_patterns.PATTERNS)
PAIR_LIMIT = 6000
ATTEMPTS = 20


def pairs(
    problem: Problem,
    optimizer: str,
    config: str,
    seed: int,
    count: int,
    held_out: bool = False,
) -> list[dict[str, Any]]:
    """Rows of the instruction set for a synthetic problem.

    Args:
        problem: the problem.
        optimizer: the answer, a member of the pool.
        config: values of its constants, JSON.
        seed: of the draws of patterns and styles, together with the problem's id.
        count: number of rows. The first two are in different languages.
        held_out: whether patterns that are held out for the test split may be used.

    Returns:
        Rows with the columns prompt, completion, program, problem_id, language, pattern, held_out_pattern,
        optimizer, hyperparameters (JSON), dim, constrained, max_evals, f0, f_star and problem (JSON).

    Raises:
        ProblemError: if no pattern of a language gives a prompt that is short enough.
    """
    rng = PortableRng("pairs", seed, problem.id)
    patterns = [p for p in rng.shuffled(PATTERNS) if held_out or not p.held_out]
    other = next(p for p in patterns if p.language != patterns[0].language)
    ordered = [patterns[0], other, *(p for p in patterns[1:] if p is not other)]
    answer = completion(problem, optimizer, json.loads(config))
    rows: list[dict[str, Any]] = []
    text = problem.to_json()
    for number in range(count):
        first = ordered[number % len(ordered)]
        candidates = [first, *(p for p in ordered if p.language == first.language and p is not first)]
        limit = min(PROMPT_LIMIT, PAIR_LIMIT - len(answer))
        pattern, description = written(
            problem, candidates, limit, PortableRng("style", seed, problem.id, number)
        )
        rows.append(
            {
                "prompt": prompt(problem, description),
                "completion": answer,
                "program": program(section(pattern.language, description, problem.id), answer),
                "problem_id": problem.id,
                "language": pattern.language,
                "pattern": pattern.name,
                "held_out_pattern": pattern.held_out,
                "optimizer": optimizer,
                "hyperparameters": config,
                "dim": problem.dim,
                "constrained": problem.constrained,
                "max_evals": problem.max_evals,
                "f0": problem.f0,
                "f_star": problem.f_star,
                "problem": text,
            }
        )
    return rows


def written(problem: Problem, candidates: list[Pattern], limit: int, rng: PortableRng) -> tuple[Pattern, str]:
    """A description whose prompt is short enough: styles are drawn until one is, then the next pattern is."""
    for pattern in candidates:
        for _ in range(ATTEMPTS):
            description = pattern.write(problem, rng)
            if len(prompt(problem, description)) <= limit:
                return pattern, description
    raise ProblemError(
        f"problem {problem.id}: no {candidates[0].language} pattern gives a prompt within {limit} "
        "characters; such a problem is too long for the set"
    )
