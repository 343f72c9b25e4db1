"""Where an evaluation's answers come from: a model on this machine, an OpenAI-compatible server, or a file of programs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from llamoco.dataset_builder.prompts.conversation import CONTRACT, REPAIR_REQUEST, PromptStyle
from llamoco.modeling.calibration.thresholds import Calibration
from llamoco.modeling.generation.generator import MAX_NEW_TOKENS
from llamoco.modeling.generation.model_answer import Decision, Generation
from llamoco.modeling.generation.shipped import SHIPPED_MODEL
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


class Source(Protocol):
    """What answers prompts.

    Attributes:
        name: of the model, for titles and folders.
        can_repair: whether ``repair_all`` may give anything.
    """

    name: str
    can_repair: bool

    def settings(self) -> dict[str, Any]:
        """What decides the answers, JSON-able: an evaluation goes on only with the same settings. No secrets."""

    def answer_all(self, prompts: Sequence[str], on_answer: OnAnswer) -> None:
        """Answer prompts; ``on_answer(position, generation)`` is called in this thread as answers come, in any order.

        Raises:
            ModelError: if answers cannot be had; those that came were handed over before.
        """

    def repair_all(self, failures: Sequence[Failure], on_answer: OnAnswer) -> None:
        """Likewise for the repair turn. A source may leave failures without an answer: ``on_answer`` is not called for them."""


@runtime_checkable
class ModelSource(Source, Protocol):
    """A source that is a model itself, and can be held to the pool's texts.

    Attributes:
        calibration: of its decisions; None if it has none.
    """

    calibration: Calibration | None

    @property
    def decides(self) -> bool:
        """Whether answers begin with a decision line, which models that are shown the contract do not write."""

    def answer_both_ways(self, prompts: Sequence[str], on_both: OnBoth) -> None:
        """Answer prompts freely and within the pool (see ``Generator.answer_both_ways``), where it ``decides``."""

    def decide_all(self, prompts: Sequence[str]) -> list[Decision]:
        """What the model decides on prompts, the programs left out. Where a prompt does not fit, nothing."""


def open_source(
    model: str | None = None,
    server: str | None = None,
    server_model: str | None = None,
    api: str = "chat",
    prompt_style: str = "auto",
    max_new_tokens: int | None = None,
    timeout: float = 600.0,
    concurrency: int = 8,
) -> Source:
    """The source that a person named.

    Args:
        model: a model folder, an adapter's folder, a Hub id of either, or a JSONL file of programs (see ``answer_file``); the shipped
            model if None. With ``server``: the model's name there.
        server: URL of an OpenAI-compatible server.
        server_model: the model's name on the server; the only one it lists if neither is given.
        api: "chat" or "completions" (of a server).
        prompt_style: "plain", "contract" or "auto".
        max_new_tokens: length limit of an answer; None for the style's own.
        timeout: seconds that a server may take for an answer.
        concurrency: requests to a server at a time.

    Raises:
        ModelError: with one clear message.
    """
    if server is not None:
        from llamoco.modeling.providers.server import ServerSource

        return ServerSource(
            server,
            server_model or model,
            api,
            prompt_style,
            max_new_tokens,
            timeout=timeout,
            concurrency=concurrency,
        )
    if server_model is not None:
        raise ModelError(f"a model on a server is named ({server_model}), but no server: give its URL, too")
    if model is not None and (model.endswith(".jsonl") or Path(model).expanduser().is_file()):
        from llamoco.modeling.providers.answer_file import FileSource

        return FileSource(Path(model).expanduser())
    # Other answers than those of a model on this machine take no torch.
    from llamoco.modeling.generation.torch_engine import load_torch_generator
    from llamoco.modeling.providers.local import LocalSource

    return LocalSource(load_torch_generator(model or SHIPPED_MODEL), prompt_style, max_new_tokens)


def resolve_style(prompt_style: str, automatic: PromptStyle) -> PromptStyle:
    """The style that a person's word means.

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
    """Tokens of a text where nobody counts them: a quarter of its characters, rounded up."""
    return -(-characters // CHARACTERS_A_TOKEN)


def style_settings(style: PromptStyle, template: str = "") -> dict[str, str]:
    """The style, and where it has words of its own a hash of them: other words, other answers."""
    if style == "plain":
        return {"prompt_style": style}
    words = "\0".join((CONTRACT, REPAIR_REQUEST, template))
    return {"prompt_style": style, "words": hashlib.sha256(words.encode()).hexdigest()[:16]}
