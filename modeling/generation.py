"""Models answer prompts: loading (adapters too), greedy answers in batches, free or within the pool, and how sure the decision is."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from llamoco.dataset_builder.prompts.prompt import facts_alone
from llamoco.modeling.calibration import Calibration, read_calibration
from llamoco.modeling.decoding import DECISION_TOKENS, Written, decode, plain, takes_drafts
from llamoco.modeling.drafts import DECISION, Drafts
from llamoco.modeling.guides import PoolGuide
from llamoco.modeling.loading import ModelError, load
from llamoco.modeling.pool_texts import PoolTexts, agreement, serving, stated
from llamoco.modeling.shipped import SHIPPED_MODEL

__all__ = [
    "MAX_NEW_TOKENS",
    "Decision",
    "Generation",
    "Generator",
    "ModelError",
    "answer_all",
    "load_generator",
]

ANSWER_SHARE = 4  # a prompt leaves at least a quarter of a model's positions to the answer
MAX_NEW_TOKENS = 900  # no answer of the instruction set is longer


@dataclass(frozen=True)
class Generation:
    """One answer.

    Attributes:
        completion: the generated text, end-of-sequence removed.
        confidence: probability (0 to 1) that the model gave to the optimizer's name when it wrote it, after what it had written so
            far; None where the text has no decision line.
        tokens: prompt and generated tokens, by the model's own tokenizer; a quarter of the characters where nobody counted.
        finished: whether the text has its end (else it ran into the length limit).
        kept: where the text was held to the pool: the probability that the model by itself gave to what it was held to, as far as it
            was asked (see ``guides``). None where it wrote freely.
    """

    completion: str
    confidence: float | None
    tokens: int
    finished: bool
    kept: float | None = None


@dataclass(frozen=True)
class Decision:
    """What a model decided on a prompt, before it wrote a program.

    Attributes:
        line: the first line it wrote, without its newline.
        optimizer: the name there, None if there is none. It need not be one of the pool.
        probability: what the model gave to that name, after what it had written so far; 0 without a name.
    """

    line: str
    optimizer: str | None
    probability: float


@dataclass(frozen=True)
class Generator:
    """A causal language model with its tokenizer and, where it has one, the calibration of its decisions."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    name: str
    calibration: Calibration | None = None

    @property
    def max_length(self) -> int:
        """Positions that model and tokenizer can hold; a huge number where neither states a limit."""
        # Recurrent models have no positions in their configuration.
        positions = getattr(self.model.config.get_text_config(), "max_position_embeddings", None)
        return min(positions or self.tokenizer.model_max_length, self.tokenizer.model_max_length)

    @property
    def ends(self) -> set[int]:
        """Tokens that end an answer; chat models have several. Empty if the model has none."""
        ends = self.model.generation_config.eos_token_id if self.model.generation_config else None
        listed = ends if isinstance(ends, list) else [ends]
        return {int(token) for token in (*listed, self.tokenizer.eos_token_id) if token is not None}

    def shown(self, prompt: str) -> str:
        """What the model is shown of a prompt: all, or its facts alone where that leaves no room for an answer."""
        return prompt if self.fits(prompt) else facts_alone(prompt)

    def fits(self, prompt: str, max_new_tokens: int = MAX_NEW_TOKENS, special_tokens: bool = True) -> bool:
        """Whether a prompt leaves room for an answer of so many tokens, or at least a quarter of the model's positions."""
        room = min(max_new_tokens, -(-self.max_length // ANSWER_SHARE))
        return self.prompt_tokens(prompt, special_tokens) <= self.max_length - room

    def prompt_tokens(self, prompt: str, special_tokens: bool = True) -> int:
        """Length of a prompt in the model's tokens."""
        # Whether a text is too long is asked here: no warning that it is.
        return len(self.tokenizer(prompt, add_special_tokens=special_tokens, verbose=False)["input_ids"])

    def answer(
        self, prompts: Sequence[str], max_new_tokens: int = MAX_NEW_TOKENS, special_tokens: bool = True
    ) -> list[Generation]:
        """Greedy answers to a batch of prompts, in their order: what the model writes by itself.

        Args:
            prompts: texts to be gone on with.
            max_new_tokens: length limit of an answer.
            special_tokens: whether the tokenizer adds its own to a prompt; a chat template has written them already.

        Raises:
            ModelError: if a prompt leaves no room for an answer.
        """
        starts = self._encoded(prompts, special_tokens)
        written = self._write(prompts, starts, max_new_tokens)
        return [self._generation(start, text) for start, text in zip(starts, written, strict=True)]

    def answer_within_pool(
        self, prompts: Sequence[str], names: Collection[str] | None = None
    ) -> list[Generation]:
        """Greedy answers to a batch of prompts, in their order, each held to the pool's texts (see ``guides``).

        Every answer is a decision line and, byte for byte, a program of the pool, whatever the model and the prompt.

        Args:
            prompts: texts to be gone on with.
            names: optimizers that may be chosen; those that can serve the problem that a prompt states if None.

        Raises:
            ModelError: if a prompt leaves no room for an answer.
        """
        guides = [PoolGuide(self._pool_texts, stated(prompt), names) for prompt in prompts]
        return self._guided(self._encoded(prompts, True), guides)

    def answer_both_ways(
        self, prompts: Sequence[str], max_new_tokens: int = MAX_NEW_TOKENS
    ) -> list[tuple[Generation, Generation | None]]:
        """``answer`` and ``answer_within_pool`` of a batch of prompts; None for the second where both are the same.

        They are the same where the first never leaves the pool's texts: then at each token the likeliest of all is the likeliest
        of those allowed. So only the others are written twice.
        """
        starts = self._encoded(prompts, True)
        written = self._write(prompts, starts, max_new_tokens)
        guides = [PoolGuide(self._pool_texts, stated(prompt)) for prompt in prompts]
        leaving = [
            number
            for number, (text, guide) in enumerate(zip(written, guides, strict=True))
            if not (guide.follows(text.ids) and text.finished)
        ]
        within: dict[int, Generation] = {}
        if leaving:
            within = dict(
                zip(leaving, self.answer_within_pool([prompts[number] for number in leaving]), strict=True)
            )
        return [
            (self._generation(start, text), within.get(number))
            for number, (start, text) in enumerate(zip(starts, written, strict=True))
        ]

    def decisions(self, prompts: Sequence[str], special_tokens: bool = True) -> list[Decision]:
        """What the model decides on a batch of prompts: the first line of its answers, and nothing after it.

        Args:
            prompts: texts to be gone on with.
            special_tokens: whether the tokenizer adds its own to a prompt.

        Raises:
            ModelError: if a prompt leaves no room for an answer.
        """
        starts = self._encoded(prompts, special_tokens)
        decisions = []
        for text in self._write(prompts, starts, DECISION_TOKENS, first_line=True):
            line = self._text(text.ids).split("\n", 1)[0]
            found = DECISION.search(line)
            probability = self._confidence(text.ids, text.probabilities) or 0.0
            decisions.append(Decision(line, found and found[1], probability if found else 0.0))
        return decisions

    def candidates(self, prompt: str, count: int, names: Collection[str] | None = None) -> list[Generation]:
        """Answers within the pool that name different optimizers: the model's own, then the likeliest others.

        Args:
            prompt: text to be gone on with.
            count: so many at most.
            names: optimizers that may be named; those that can serve the problem that the prompt states if None.

        Raises:
            ModelError: if a prompt leaves no room for an answer.
        """
        allowed = set(serving(prompt) if names is None else names)
        [own] = self.answer_within_pool([prompt], allowed)
        line, name = own.completion.split("\n", 1)[0].rsplit(" ", 1)
        [start] = self._encoded([prompt], True)
        others = self._likeliest_names(start, f"{line} ", allowed - {name}, count - 1)
        if not others:
            return [own]
        guides = [PoolGuide(self._pool_texts, stated(prompt), [other], line) for other, _ in others]
        before = self._ids(line)
        answers = self._guided([start + before for _ in others], guides, [p for _, p in others])
        return [own, *answers]

    @cached_property
    def _drafts(self) -> Drafts:
        return Drafts(self.tokenizer, min(self.ends, default=None))

    @cached_property
    def _pool_texts(self) -> PoolTexts:
        return PoolTexts(self.tokenizer)

    @cached_property
    def _takes_drafts(self) -> bool:
        return takes_drafts(self.model)

    def _ids(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def _encoded(self, prompts: Sequence[str], special_tokens: bool) -> list[list[int]]:
        return [
            list(ids) for ids in self.tokenizer(list(prompts), add_special_tokens=special_tokens)["input_ids"]
        ]

    def _batch(self, starts: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Tokens and mask of a batch, padded on the left: (N, T) each."""
        length, pad = max(map(len, starts)), self._pad
        ids = [[pad] * (length - len(start)) + list(start) for start in starts]
        mask = [[0] * (length - len(start)) + [1] * len(start) for start in starts]
        return torch.tensor(ids, device=self.model.device), torch.tensor(mask, device=self.model.device)

    @property
    def _pad(self) -> int:
        assert self.tokenizer.pad_token_id is not None  # load_generator sees to it
        return int(self.tokenizer.pad_token_id)

    def _write(
        self, prompts: Sequence[str], starts: Sequence[list[int]], limit: int, first_line: bool = False
    ) -> list[Written]:
        input_ids, mask = self._batch(starts)
        limit = min(limit, self._room(input_ids))
        if not self._takes_drafts:
            return plain(self.model, input_ids, mask, self.ends, limit, self._pad)
        proposers = [self._drafts.for_prompt(prompt) for prompt in prompts]
        until = self._drafts.ends_line if first_line else None
        return decode(self.model, input_ids, mask, self.ends, limit, proposers, until)

    def _guided(
        self,
        starts: Sequence[list[int]],
        guides: Sequence[PoolGuide],
        confidences: Sequence[float] | None = None,
    ) -> list[Generation]:
        """Answers that guides allow; confidences where the names were chosen before."""
        input_ids, mask = self._batch(starts)
        limit = self._room(input_ids)
        if self._takes_drafts:
            written = decode(self.model, input_ids, mask, self.ends, limit, guides=guides)
        else:
            written = plain(self.model, input_ids, mask, self.ends, limit, self._pad, guides)
        return [
            Generation(
                completion=guide.completion,
                confidence=confidences[number] if confidences else guide.confidence(text.probabilities),
                tokens=len(start) + len(text.ids),
                finished=True,
                kept=guide.kept,
            )
            for number, (start, guide, text) in enumerate(zip(starts, guides, written, strict=True))
        ]

    def _room(self, input_ids: torch.Tensor) -> int:
        """Tokens that fit after some prompts.

        Raises:
            ModelError: if there is no room.
        """
        length = input_ids.shape[1]
        if length >= self.max_length:
            raise ModelError(
                f"a prompt of {length} tokens leaves no room in {self.name}, which can hold {self.max_length}: "
                "take a model of more positions"
            )
        return self.max_length - length

    def _generation(self, start: Sequence[int], text: Written) -> Generation:
        return Generation(
            completion=self._text(text.ids),
            confidence=self._confidence(text.ids, text.probabilities),
            tokens=len(start) + len(text.ids),
            finished=text.finished,
        )

    def _likeliest_names(
        self, start: list[int], before: str, names: Collection[str], count: int
    ) -> list[tuple[str, float]]:
        """The likeliest of some names after a prompt and what stands before the name, with their probabilities.

        The probability of a name's first token bounds that of the name, so names that take several tokens are read to
        their end only while they may be among the best.
        """
        if count < 1 or not names:
            return []
        spelled = {name: self._ids(before + name) for name in names}
        line = self._ids(before)
        # A blank before the name may be part of the name's first token.
        shared = min(agreement(line, ids) for ids in spelled.values())
        first = self._next_probabilities(start + line[:shared], 1)[0]
        bounds = {name: float(first[ids[shared]]) for name, ids in spelled.items()}
        found: list[tuple[float, str]] = []
        for name in sorted(bounds, key=lambda name: (-bounds[name], name)):
            if len(found) == count and found[-1][0] >= bounds[name]:
                break
            ids = spelled[name]
            steps = [first]
            if len(ids) > shared + 1:
                steps = self._next_probabilities(start + ids[:-1], len(ids) - shared)
            probability = math.prod(float(p[token]) for p, token in zip(steps, ids[shared:], strict=True))
            found = sorted([*found, (probability, name)], key=lambda entry: (-entry[0], entry[1]))[:count]
        return [(name, probability) for probability, name in found]

    @torch.inference_mode()
    def _next_probabilities(self, ids: list[int], last: int) -> list[torch.Tensor]:
        """Probabilities (V,) of what follows each of the last tokens of a text."""
        logits = self.model(torch.tensor([ids], device=self.model.device)).logits[0, -last:]
        return list(logits.float().softmax(-1))

    def _text(self, ids: list[int]) -> str:
        return str(self.tokenizer.decode(ids, skip_special_tokens=True))

    def _confidence(self, ids: list[int], probabilities: list[float]) -> float | None:
        """Probability of the tokens that spell the optimizer's name in the first line."""
        first_line = self._text(ids).split("\n", 1)[0]
        decision = DECISION.search(first_line)
        if decision is None:
            return None
        probability = 1.0
        for end, likely in enumerate(probabilities, 1):
            length = len(self._text(ids[:end]))
            if length > decision.start(1):
                probability *= likely
            if length >= decision.end(1):
                break
        return probability


def load_generator(model: str | Path = SHIPPED_MODEL) -> Generator:
    """Load a model for generation (see ``loading.load``), with its calibration where it has one.

    Raises:
        ModelError: if there is no such model, its tokenizer or its calibration cannot be read, or the Hub cannot be reached.
    """
    network, tokenizer, place = load(model)
    # A record names the shipped model, not where it is installed.
    name = SHIPPED_MODEL.name if place == str(SHIPPED_MODEL) else place
    return Generator(network, tokenizer, name, read_calibration(place))


def answer_all(
    generator: Generator,
    prompts: Sequence[str],
    batch_size: int,
    on_answer: Callable[[int, Generation], None],
    max_new_tokens: int = MAX_NEW_TOKENS,
    special_tokens: bool = True,
) -> None:
    """Answer many prompts in batches of like length; ``on_answer(position, answer)`` is called as answers come."""
    order = sorted(range(len(prompts)), key=lambda position: len(prompts[position]))
    for start in range(0, len(order), batch_size):
        batch = order[start : start + batch_size]
        answers = generator.answer([prompts[i] for i in batch], max_new_tokens, special_tokens)
        for position, generation in zip(batch, answers, strict=True):
            on_answer(position, generation)
