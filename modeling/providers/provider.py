"""Interface of answer providers, and what they share: prompt styles, token estimates. Needs no torch."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from llamoco.dataset_builder.prompts.conversation import CONTRACT, REPAIR_REQUEST, PromptStyle
from llamoco.modeling.calibration.thresholds import Calibration
from llamoco.modeling.generation.generator import MAX_NEW_TOKENS
from llamoco.modeling.generation.model_answer import Decision, Generation
from llamoco.modeling.model_error import ModelError

OnAnswer = Callable[[int, Generation], None]
# Position, what the model wrote freely, and what it wrote within the pool; None where that is the same.
OnBoth = Callable[[int, Generation, Generation | None], None]

CHARACTERS_A_TOKEN = 4  # about; also compares models whose tokenizers differ
PROMPT_STYLES = ("auto", "plain", "contract")
APIS = ("chat", "completions")
CONTRACT_NEW_TOKENS = 2048  # general LLMs write comments, classes and prose


@dataclass(frozen=True)
class Failure:
    """A program that failed, for the repair turn: the prompt it answers, its text, and what went wrong (type, message, line)."""

    prompt: str
    program: str
    error: str


class AnswerProvider(Protocol):
    """Answers prompts.

    Attributes:
        name: of the model, for titles and folders.
        can_repair: whether ``repair_all`` may give anything.
    """

    name: str
    can_repair: bool

    def settings(self) -> dict[str, Any]:
        """Settings on which the answers depend, JSON-able and without secrets: an evaluation resumes only with the same ones."""

    def answer_all(self, prompts: Sequence[str], on_answer: OnAnswer) -> None:
        """Answer prompts; ``on_answer(position, generation)`` is called in this thread as answers arrive, in any order.

        Raises:
            ModelError: no further answers can be obtained; those that arrived were handed over.
        """

    def repair_all(self, failures: Sequence[Failure], on_answer: OnAnswer) -> None:
        """Likewise for the repair turn. ``on_answer`` is not called for failures that stay without an answer."""


@runtime_checkable
class ModelProvider(AnswerProvider, Protocol):
    """A provider that is a model on this machine, and can be held to the pool's texts.

    Attributes:
        calibration: of its decisions; None if it has none.
    """

    calibration: Calibration | None

    @property
    def decides(self) -> bool:
        """Whether answers begin with a decision line, which models that are prompted with the contract do not write."""

    @property
    def both_ways(self) -> bool:
        """Whether answers are wanted freely and within the pool, where it ``decides``; else ``answer_all`` gives them one way."""

    def answer_both_ways(self, prompts: Sequence[str], on_both: OnBoth) -> None:
        """Answer prompts freely and within the pool (see ``Generator.answer_both_ways``), where it ``decides``."""

    def decide_all(self, prompts: Sequence[str]) -> list[Decision]:
        """Decisions on prompts, without the programs; an empty one where a prompt does not fit."""


def resolve_style(prompt_style: str, automatic: PromptStyle) -> PromptStyle:
    """Resolve "auto"; check the name of a prompt style.

    Raises:
        ModelError: if there is no such style.
    """
    if prompt_style == "plain":
        return "plain"
    if prompt_style == "contract":
        return "contract"
    if prompt_style == "auto":
        return automatic
    raise ModelError(f"prompt style: expected one of {', '.join(PROMPT_STYLES)}, got {prompt_style!r}")


def default_new_tokens(style: PromptStyle) -> int:
    """Length limit of an answer, in tokens."""
    return CONTRACT_NEW_TOKENS if style == "contract" else MAX_NEW_TOKENS


def estimated_tokens(characters: int) -> int:
    """Estimated tokens of a text: a quarter of its characters, rounded up."""
    return -(-characters // CHARACTERS_A_TOKEN)


def style_settings(style: PromptStyle, template: str = "") -> dict[str, str]:
    """The style and, if it has instructions of its own, their hash: other instructions, other answers."""
    if style == "plain":
        return {"prompt_style": style}
    words = "\0".join((CONTRACT, REPAIR_REQUEST, template))
    return {"prompt_style": style, "words": hashlib.sha256(words.encode()).hexdigest()[:16]}
