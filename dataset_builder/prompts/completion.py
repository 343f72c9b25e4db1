"""Format of a completion: the decision line, then the optimizer section.

The decision line is the first comment line. It says what is to be seen in the problem, then names the optimizer: the decision falls
there, once, and the probability of the name is the confidence. For example ``# smooth; multimodal; coupled; optimizer: slsqp``.
"""

from __future__ import annotations

from typing import NamedTuple

from llamoco.dataset_builder.problems.files.python.program_sections import CHOICE, DECISION
from llamoco.dataset_builder.prompts.program_text import clean_text

__all__ = [
    "CHOICE",
    "Completion",
    "decision_line",
    "join_completion",
    "named_optimizer",
    "parse_completion",
    "with_optimizer",
]


class Completion(NamedTuple):
    """Parts of a completion: decision line, body that is run, optimizer's name; "" and None without a decision line."""

    decision: str
    body: str
    optimizer: str | None


def decision_line(observations: str, optimizer: str) -> str:
    """The decision line without its newline.

    Args:
        observations: what is seen in the problem, such as "smooth; multimodal; coupled"; one line.
        optimizer: name of the chosen optimizer.
    """
    return f"# {observations}{CHOICE} {optimizer}"


def named_optimizer(line: str) -> str | None:
    """The optimizer that a decision line names; None for any other line."""
    match = DECISION.match(line)
    return match[1] if match else None


def join_completion(decision: str, body: str) -> str:
    """A completion from its decision line (without a newline) and its optimizer section."""
    return f"{decision}\n{body}"


def parse_completion(text: str) -> Completion:
    """Take a completion apart; text without a decision line is all body. A byte order mark before it is dropped."""
    text = clean_text(text)
    first, _, rest = text.partition("\n")
    optimizer = named_optimizer(first)
    return Completion("", text, None) if optimizer is None else Completion(first, rest, optimizer)


def with_optimizer(decision: str, optimizer: str) -> str:
    """A decision line that names another optimizer."""
    return f"{decision.rpartition(CHOICE)[0]}{CHOICE} {optimizer}"
