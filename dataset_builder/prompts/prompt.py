"""Prompts: the description as a person wrote it, then facts that the tool knows exactly.

The facts come last, right before the answer: there a small model finds them, however long the description is, and a prompt
that is cut from the left, as tokenizers do, keeps them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.profiling.operation_profile import FunctionProfile

# What the lines of facts state, in their order.
FACTS = (
    "dimension",
    "bounds",
    "evaluation budget",
    "inequality constraints",
    "equality constraints",
    "evaluations per variable",
    "objective",
    "constraints",
)
PROMPT_LIMIT = 2400  # characters; no prompt of the instruction set is longer
LINE_LIMIT = 300
BOUND_GROUPS = 3
# How often an operation is done per variable, and the word for it.
FREQUENCIES = ((0.3, "few"), (0.95, "some"), (1.5, "each"), (4.0, "several"), (float("inf"), "many"))
HEAD_SHARE = 0.6


def facts(problem: Problem) -> str:
    """What is known exactly, and free of charge, of any problem: the comment lines of ``FACTS``.

    Dimension, bounds (equal ones of neighbours are written once, ``[-5, 5] x 3``; after 3 such groups the rest is left out),
    evaluation budget, numbers of constraints, and what the functions do with the variables (``Problem.profile``), such as
    ``degree 2, coupled; square each, product several``.
    """
    profile = problem.profile
    stated = (
        str(problem.dim),
        _bounds(problem.lower, problem.upper),
        str(problem.max_evals),
        str(problem.n_inequality),
        str(problem.n_equality),
        str(round(problem.max_evals / problem.dim)),
        "unknown" if profile is None else _part(profile.objective, problem.dim),
        "none"
        if not problem.constrained
        else "unknown"
        if profile is None
        else _part(profile.constraints, problem.dim),
    )
    return "".join(f"# {name}: {fact}\n" for name, fact in zip(FACTS, stated, strict=True))


def _part(part: FunctionProfile, dim: int) -> str:
    """Degrees of the functions that are polynomials, how the variables meet, how often each operation is done."""
    kinds = Counter("no polynomial" if degree is None else f"degree {degree}" for degree in part.degrees)
    shapes = ", ".join(
        f"{count} of {kind}" if len(part.degrees) > 1 else kind for kind, count in sorted(kinds.items())
    )
    coupling = (
        "separable"
        if part.mean_interactions == 0
        else "coupled"
        if part.mean_interactions > 0.8 * (dim - 1)
        else "partly coupled"
    )
    operations = ", ".join(
        f"{name} {next(word for limit, word in FREQUENCIES if count / dim <= limit)}"
        for name, count in part.operations.items()
    )
    return f"{shapes}, {coupling}; {operations or 'linear'}"


def prompt(problem: Problem, description: str) -> str:
    """Description and facts; ends with one newline."""
    text = description.strip("\n")
    return (f"{text}\n" if text else "") + facts(problem)


def facts_alone(prompt: str) -> str:
    """A prompt without its description: what a model sees of a problem whose file is too long for it."""
    return "".join(prompt.splitlines(keepends=True)[-len(FACTS) :])


def make_prompt(problem: Problem, max_characters: int) -> tuple[str, str | None]:
    """The prompt of a problem that was read from a file, cut to a number of characters.

    The head-and-tail rule: lines beyond 300 characters lose their end; then whole lines are taken from the
    head (60% of the room) and the tail of the file, and a comment stands for what is between. If not even
    that fits, the facts stand alone.

    Args:
        problem: of kind "source" or "described".
        max_characters: length limit.

    Returns:
        The prompt, and a warning that says what was left out (None if nothing was).
    """
    room = max_characters - len(facts(problem)) - 1
    short, warning = shortened(problem.description, room, "%" if problem.language == "latex" else "#")
    return prompt(problem, short), warning


def shortened(description: str, max_characters: int, comment: str = "#") -> tuple[str, str | None]:
    """A description cut by the head-and-tail rule (see ``make_prompt``), and a warning or None.

    Args:
        description: what a person wrote.
        max_characters: length limit of the result.
        comment: how a comment starts in its language.
    """
    description = description.strip("\n")
    if len(description) <= max_characters:
        return description, None
    mark = f" {comment} ..."
    lines = [
        line if len(line) <= LINE_LIMIT else line[: LINE_LIMIT - len(mark)] + mark
        for line in description.split("\n")
    ]
    clipped = "\n".join(lines)
    if len(clipped) <= max_characters:
        return (
            clipped,
            f"lines longer than {LINE_LIMIT} characters were cut in what the model sees, not in the program",
        )
    gap = f"{comment} ..."
    room = max_characters - len(gap) - 1
    head = _fitting(lines, int(room * HEAD_SHARE))
    tail = _fitting(lines[len(head) :][::-1], room - sum(len(line) + 1 for line in head))[::-1]
    left_out = len(lines) - len(head) - len(tail)
    if not head and not tail:
        return (
            "",
            "the file is too long for the model, which sees facts about it only: dimension, bounds, budget, constraints, operations",
        )
    return (
        "\n".join([*head, gap, *tail]),
        f"the file is too long for the model, which does not see {left_out} of its {len(lines)} lines "
        f"(from line {len(head) + 1} on); the program keeps them",
    )


def _fitting(lines: Sequence[str], room: int) -> list[str]:
    """As many lines from the front as fit."""
    taken = []
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        taken.append(line)
    return taken


def _bounds(lower: Sequence[float], upper: Sequence[float]) -> str:
    groups = [(pair, len(list(same))) for pair, same in groupby(zip(lower, upper, strict=True))]
    texts = [
        f"[{low:.6g}, {high:.6g}]" + (f" x {count}" if count > 1 else "") for (low, high), count in groups
    ]
    return ", ".join([*texts[:BOUND_GROUPS], *(["..."] if len(texts) > BOUND_GROUPS else [])])
