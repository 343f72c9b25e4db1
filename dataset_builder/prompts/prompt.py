"""Prompts: the description as a person wrote it, then the fact lines (``facts``)."""

from __future__ import annotations

from collections.abc import Sequence

from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.facts import fact_lines

PROMPT_LIMIT = 2400  # characters; no prompt of the instruction set is longer
LINE_LIMIT = 300
HEAD_SHARE = 0.6  # of the room, for the head of a file that is cut


def prompt(problem: Problem, description: str, known: bool = True, probes: str | None = None) -> str:
    """The prompt of a description: it, then the fact lines (see ``fact_lines``); ends with one newline."""
    text = description.strip("\n")
    return (f"{text}\n" if text else "") + fact_lines(problem, known, probes)


def make_prompt(problem: Problem, max_characters: int, probes: str | None = None) -> tuple[str, str | None]:
    """The prompt of a problem that was read from a file, cut to a number of characters.

    The head-and-tail rule: lines beyond 300 characters lose their end; then lines are taken from the
    head (60% of the room) and the tail of the file, and a comment replaces those between. If not even
    that fits, the prompt has fact lines only.

    Args:
        problem: of kind "source" or "described".
        max_characters: length limit.
        probes: see ``fact_lines``.

    Returns:
        The prompt, and a warning that says what was left out (None if nothing was).
    """
    room = max_characters - len(fact_lines(problem, probes=probes)) - 1
    short, warning = shorten_description(
        problem.description, room, "%" if problem.language == "latex" else "#"
    )
    return prompt(problem, short, probes=probes), warning


def shorten_description(description: str, max_characters: int, comment: str = "#") -> tuple[str, str | None]:
    """Cut a description by the head-and-tail rule (see ``make_prompt``). Returns it, and a warning or None.

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
    """The first lines that fit into a number of characters."""
    taken = []
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        taken.append(line)
    return taken
