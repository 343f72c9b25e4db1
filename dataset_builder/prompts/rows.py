"""Rows of the instruction set for one labelled problem: several descriptions, one answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from llamoco.dataset_builder.optimizers.pool import render
from llamoco.dataset_builder.problems.adaptation import Adaptation
from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.symbolic.observations import observations
from llamoco.dataset_builder.prompts.completion import decision_line, join_completion
from llamoco.dataset_builder.prompts.facts import fact_lines
from llamoco.dataset_builder.prompts.latex import patterns as latex_patterns
from llamoco.dataset_builder.prompts.pattern import Pattern
from llamoco.dataset_builder.prompts.probe_words import words_of_problem
from llamoco.dataset_builder.prompts.program import assemble_program, problem_section_of_text
from llamoco.dataset_builder.prompts.prompt import PROMPT_LIMIT, prompt
from llamoco.dataset_builder.prompts.python import patterns as python_patterns

PATTERNS: tuple[Pattern, ...] = (*python_patterns.PATTERNS, *latex_patterns.PATTERNS)
PAIR_LIMIT = 6000  # characters of prompt and completion together
UNKNOWN_SHARE = (
    0.1  # of the problems: what their functions do is not stated, as for much of people's own code
)
ATTEMPTS = 20  # styles drawn of a pattern before the next pattern is tried


def labelled_decision(problem: Problem, optimizer: str) -> str:
    """The decision line for a synthetic problem, without its newline.

    Smooth or rough, unimodal or multimodal, separable or coupled: see ``observations``.
    """
    found = observations(problem.definition, problem.dim)
    words = (
        "smooth" if found.smooth else "rough",
        "unimodal" if found.unimodal else "multimodal",
        "separable" if found.separable else "coupled",
    )
    return decision_line("; ".join(words), optimizer)


def labelled_completion(problem: Problem, optimizer: str, config: Mapping[str, Any]) -> str:
    """The answer for a synthetic problem: decision line, then the benchmarked text with its constants set."""
    return join_completion(labelled_decision(problem, optimizer), render(optimizer, config))


def facts_are_known(problem_id: str) -> bool:
    """Whether the rows of a problem state what its functions do; drawn by its id, so that all its rows agree."""
    return not PortableRng("facts unknown", problem_id).chance(UNKNOWN_SHARE)


def fact_lines_of_rows(problem: Problem) -> str:
    """The fact lines of all rows of a problem: those of which nothing is known state probes in place of operations."""
    known = facts_are_known(problem.id)
    return fact_lines(problem, known, None if known else words_of_problem(problem))


def adaptation_of(problem: Problem) -> Adaptation | None:
    """What the program of a synthetic problem has to state beside its names: rounding and the starting point; None without them."""
    variables = problem.active_evaluator.variable_map
    if variables is None or (variables.plain and variables.start is None):
        return None
    sizes = (1, problem.n_inequality, problem.n_equality)
    calls = {
        name: (f"{{{name}}}(x)",) if size else ()
        for name, size in zip(("objective", "inequality", "equality"), sizes, strict=True)
    }
    return Adaptation(sizes, variables, problem.max_evals, calls=calls)


def rows_of_problem(
    problem: Problem,
    optimizer: str,
    config: str,
    seed: int,
    count: int,
    held_out: bool = False,
) -> list[dict[str, Any]]:
    """Write the rows of the instruction set for a synthetic problem.

    Args:
        problem: the problem.
        optimizer: the answer, a member of the pool.
        config: values of its constants, JSON.
        seed: for the choice of patterns and styles, together with the problem's id.
        count: number of rows. The first two are in different languages, unless only one of them is short enough beside the answer.
        held_out: whether patterns that are held out for the test split may be used.

    Returns:
        Rows with the columns of the set but ``scores`` and ``calibration``: prompt, completion, program, problem_id, language, pattern,
        held_out_pattern, facts_known, probes (None where the budget affords none), optimizer, hyperparameters (JSON), dim,
        constrained, max_evals, f0, f_star and problem (JSON).

    Raises:
        ProblemError: if no pattern gives a prompt that is short enough.
    """
    rng = PortableRng("pairs", seed, problem.id)
    patterns = [p for p in rng.shuffled(PATTERNS) if held_out or not p.held_out]
    other = next(p for p in patterns if p.language != patterns[0].language)
    ordered = [patterns[0], other, *(p for p in patterns[1:] if p is not other)]
    answer = labelled_completion(problem, optimizer, json.loads(config))
    rows: list[dict[str, Any]] = []
    adaptation = adaptation_of(problem)
    text, known = problem.to_json(), facts_are_known(problem.id)
    probes = words_of_problem(problem)
    stated = None if known else probes
    for number in range(count):
        first = ordered[number % len(ordered)]
        others = sorted((p for p in ordered if p is not first), key=lambda p: p.language != first.language)
        candidates = [first, *others]
        limit = min(PROMPT_LIMIT, PAIR_LIMIT - len(answer))
        pattern, description = write_description(
            problem, candidates, limit, PortableRng("style", seed, problem.id, number), known, stated
        )
        rows.append(
            {
                "prompt": prompt(problem, description, known, stated),
                "completion": answer,
                "program": assemble_program(
                    problem_section_of_text(pattern.language, description, problem.id), answer, adaptation
                ),
                "problem_id": problem.id,
                "language": pattern.language,
                "pattern": pattern.name,
                "held_out_pattern": pattern.held_out,
                "facts_known": known,
                "probes": probes,
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


def write_description(
    problem: Problem,
    candidates: list[Pattern],
    limit: int,
    rng: PortableRng,
    known: bool = True,
    probes: str | None = None,
) -> tuple[Pattern, str]:
    """Write a description whose prompt is short enough: try several styles of a pattern, then the next pattern.

    Args:
        problem: a synthetic problem.
        candidates: patterns, in the order in which they are tried.
        limit: characters of the prompt at most.
        rng: of the styles.
        known, probes: see ``fact_lines``.

    Raises:
        ProblemError: if no pattern gives a prompt that is short enough.
    """
    for pattern in candidates:
        for _ in range(ATTEMPTS):
            description = pattern.write(problem, rng)
            if len(prompt(problem, description, known, probes)) <= limit:
                return pattern, description
    raise ProblemError(
        f"problem {problem.id}: no pattern gives a prompt within {limit} "
        "characters; such a problem is too long for the set"
    )
