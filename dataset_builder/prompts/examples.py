"""Example turns: solved problems shown before the one that is asked (few-shot prompting, vector search).

Each example is a turn of its own: a problem of the train split, and its labelled answer. In style "contract" the first turn has the
contract, and later ones name the next problem only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from llamoco.dataset_builder.prompts.conversation import (
    OPENED,
    Conversation,
    Message,
    PromptStyle,
    question,
)

NEXT_PROBLEM = """\
Now the same for another problem: a program that suits it.

The problem:

"""


class Example(NamedTuple):
    """A pair of the train split: prompt and completion."""

    prompt: str
    completion: str


def turns_with_examples(
    style: PromptStyle, conversations: Sequence[Conversation], examples: Sequence[Example]
) -> list[Conversation]:
    """Put examples before conversations that ask for a program or a repair; each is shorter than the one before.

    For a model that all of this does not fit into, the last conversations have ever fewer examples (the first ones are left out first),
    and what is cut without examples comes after that.

    Args:
        style: of the prompts.
        conversations: of ``first_turns`` or ``repair_turns``.
        examples: none to leave the conversations as they are.
    """
    first, *later = conversations[0]
    shortened = [
        [*_example_turns(style, examples[left_out:]), _next_question(style, first), *later]
        for left_out in range(len(examples))
    ]
    return [*shortened, *conversations]


def _example_turns(style: PromptStyle, examples: Sequence[Example]) -> list[Message]:
    turns = []
    for number, (prompt, completion) in enumerate(examples):
        asked = question(style, prompt)
        turns.append(asked if number == 0 else _next_question(style, asked))
        text = completion if completion.endswith("\n") else f"{completion}\n"
        turns.append({"role": "assistant", "content": text if style == "plain" else f"{OPENED}{text}```\n"})
    return turns


def _next_question(style: PromptStyle, asked: Message) -> Message:
    """A question after another one: without the contract, which stands in the first."""
    if style == "plain":
        return asked
    contract = question(style, "")["content"]
    return {"role": "user", "content": NEXT_PROBLEM + asked["content"].removeprefix(contract)}
