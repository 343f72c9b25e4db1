"""Local provider: answers of a model on this machine by torch, free or held to the pool."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from jinja2 import TemplateError

from llamoco.dataset_builder.prompts.conversation import (
    OPENED,
    Conversation,
    as_text,
    extract_code,
    first_turns,
    repair_turns,
)
from llamoco.modeling.generation.engines import answer_all
from llamoco.modeling.generation.model_answer import Decision, Generation
from llamoco.modeling.generation.model_files import RUN_RECORD, find, with_shipped
from llamoco.modeling.generation.torch_engine import TorchGenerator
from llamoco.modeling.model_error import ModelError
from llamoco.modeling.providers.provider import (
    Failure,
    OnAnswer,
    OnBoth,
    default_new_tokens,
    resolve_style,
    style_settings,
)

BATCH = 8

logger = logging.getLogger(__name__)


class LocalProvider:
    """A model on this machine, greedy; one that is shown the plain prompt can be held to the pool's texts, too.

    A prompt that leaves less than a quarter of the model's positions to the answer is cut as ``contract.questions`` says, a repair turn as
    ``contract.repair_turns`` says. Where nothing fits, the answer is empty.

    Args:
        generator: the model.
        prompt_style: "plain", "contract" or "auto": the contract where the tokenizer has a chat template and the model was not trained by
            ``llamoco train``.
        max_new_tokens: length limit of an answer; 1800 (plain) or 2048 (contract) if None.
        pool_only: answer within the pool alone, never freely: what a model chooses, however well it writes. Such answers are not repaired.

    Raises:
        ModelError: if there is no such style, or none that can be held to the pool where that is asked for.
    """

    def __init__(
        self,
        generator: TorchGenerator,
        prompt_style: str = "auto",
        max_new_tokens: int | None = None,
        pool_only: bool = False,
    ) -> None:
        chat = generator.tokenizer.chat_template is not None
        ours = find(with_shipped(generator.name), RUN_RECORD) is not None
        self.name = generator.name
        self.calibration = generator.calibration
        self.style = resolve_style(prompt_style, "contract" if chat and not ours else "plain")
        if pool_only and self.style != "plain":
            raise ModelError(
                f"{self.name} is asked with the contract, and cannot be held to the pool's programs: it needs --prompt plain, for a model "
                "of `llamoco train`"
            )
        self.can_repair = not pool_only
        self._pool_only = pool_only
        self._generator = generator
        self._templated = chat and self.style == "contract"
        self._max_new_tokens = max_new_tokens or default_new_tokens(self.style)
        self._weights: str | None = None

    def settings(self) -> dict[str, Any]:
        """Name, weights (adapter included), prompt style, length limit, and how it decodes."""
        if self._weights is None:
            self._weights = weights_hash(self._generator)
        template = self._generator.tokenizer.chat_template if self._templated else ""
        return {
            "model": self.name,
            "weights": self._weights,
            **style_settings(self.style, str(template)),
            "max_new_tokens": self._max_new_tokens,
            **({"decoding": self._decoding} if self.decides else {}),
        }

    @property
    def decides(self) -> bool:
        """See ``ModelProvider``."""
        return self.style == "plain"

    @property
    def both_ways(self) -> bool:
        """See ``ModelProvider``."""
        return self.decides and not self._pool_only

    @property
    def _decoding(self) -> str:
        return "within the pool" if self._pool_only else "raw and within the pool"

    def answer_all(self, prompts: Sequence[str], on_answer: OnAnswer) -> None:
        """See ``AnswerProvider``."""
        if self._pool_only:
            self._in_batches(
                prompts,
                lambda texts: [(answer, None) for answer in self._generator.answer_within_pool(texts)],
                lambda position, answer, _: on_answer(position, answer),
            )
            return
        self._answer((first_turns(self.style, prompt) for prompt in prompts), on_answer)

    def answer_both_ways(self, prompts: Sequence[str], on_both: OnBoth) -> None:
        """Answer prompts freely and within the pool (see ``Generator.answer_both_ways``), for models that ``decide``.

        Within the pool a prompt that does not fit has no answer either: it is empty.

        Raises:
            ModelError: as ``answer_all``.
        """
        self._in_batches(
            prompts, lambda texts: self._generator.answer_both_ways(texts, self._max_new_tokens), on_both
        )

    def _in_batches(
        self,
        prompts: Sequence[str],
        answer: Callable[[list[str]], Sequence[tuple[Generation, Generation | None]]],
        on_both: OnBoth,
    ) -> None:
        """Answer prompts in batches of like length; an empty answer where one does not fit."""
        texts = self._texts_of((first_turns(self.style, prompt) for prompt in prompts), on_both)
        order = sorted(range(len(texts)), key=lambda number: len(texts[number][1]))
        with self._enough_memory():
            for start in range(0, len(order), BATCH):
                batch = [texts[number] for number in order[start : start + BATCH]]
                answers = answer([text for _, text in batch])
                for (position, _), (first, within) in zip(batch, answers, strict=True):
                    on_both(position, first, within)

    def repair_all(self, failures: Sequence[Failure], on_answer: OnAnswer) -> None:
        """See ``AnswerProvider``."""
        turns = (repair_turns(self.style, f.prompt, f.program, f.error) for f in failures)
        self._answer(turns, on_answer)

    def decide_all(self, prompts: Sequence[str]) -> list[Decision]:
        """See ``ModelProvider``.

        For models that are shown the plain prompt: what others write first is no decision.
        """
        decided = [Decision("", None, 0.0)] * len(prompts)
        fitting = [self._fitting(first_turns(self.style, prompt)) for prompt in prompts]
        texts = {position: entry[1] for position, entry in enumerate(fitting) if entry is not None}
        order = sorted(texts, key=lambda position: len(texts[position]))
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            answers = self._generator.decisions([texts[position] for position in batch])
            for position, decision in zip(batch, answers, strict=True):
                decided[position] = decision
        return decided

    def _answer(self, asked: Iterable[list[Conversation]], on_answer: OnAnswer) -> None:
        texts = self._texts_of(asked, lambda position, empty, _: on_answer(position, empty))

        def hand_over(number: int, generation: Generation) -> None:
            if self.style == "contract":
                reply = generation.completion if self._templated else OPENED + generation.completion
                generation = replace(generation, completion=extract_code(reply))
            on_answer(texts[number][0], generation)

        with self._enough_memory():
            answer_all(
                self._generator,
                [text for _, text in texts],
                BATCH,
                hand_over,
                self._max_new_tokens,
                special_tokens=not self._templated,
            )

    def _texts_of(self, asked: Iterable[list[Conversation]], on_both: OnBoth) -> list[tuple[int, str]]:
        """Positions and texts of what fits; the others get an empty answer."""
        texts: list[tuple[int, str]] = []
        cut = 0
        for position, alternatives in enumerate(asked):
            fitting = self._fitting(alternatives)
            cut += fitting is None or fitting[0] > 0
            if fitting is None:
                on_both(position, Generation("", None, 0, False), None)
            else:
                texts.append((position, fitting[1]))
        if cut:
            logger.warning("%d prompts are too long for %s and were cut", cut, self.name)
        return texts

    @contextmanager
    def _enough_memory(self) -> Iterator[None]:
        try:
            yield
        except torch.OutOfMemoryError as error:
            raise ModelError(
                f"the GPU's memory is too small to generate with {self.name} ({BATCH} answers at a time). "
                "Serve it (vLLM, transformers serve, ...) and give --server; answers so far are kept"
            ) from error

    def _fitting(self, alternatives: list[Conversation]) -> tuple[int, str] | None:
        """The first of several ways to ask that leaves room for an answer: its number and text."""
        written = (self._text(conversation) for conversation in alternatives)
        return next(((number, text) for number, text in enumerate(written) if self._fits(text)), None)

    def _text(self, conversation: Conversation) -> str:
        if not self._templated:
            return as_text(self.style, conversation)
        try:
            text = self._generator.tokenizer.apply_chat_template(
                conversation, tokenize=False, add_generation_prompt=True
            )
        except (TemplateError, TypeError, ValueError) as error:
            raise ModelError(
                f"the chat template of {self.name} does not take this conversation ({error}). "
                "Give --prompt plain, or mend chat_template in tokenizer_config.json"
            ) from error
        return str(text)

    def _fits(self, text: str) -> bool:
        return self._generator.fits_context(text, self._max_new_tokens, special_tokens=not self._templated)


def weights_hash(generator: TorchGenerator) -> str:
    """A short hash of all weights, an adapter's too, so that a retrained model of the same name is another model."""
    digest = hashlib.sha256()
    for name, tensor in sorted(generator.model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()[:16]
