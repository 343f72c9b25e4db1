"""Models answer prompts: loading (adapters too), greedy answers in batches, and how sure the decision is."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from llamoco.dataset_builder.optimizers.pool import POOL
from llamoco.dataset_builder.prompts.prompt import facts_alone
from llamoco.modeling.calibration import Calibration, read_calibration
from llamoco.modeling.decoding import DECISION_TOKENS, Written, decode, plain, takes_drafts
from llamoco.modeling.drafts import DECISION, Drafts
from llamoco.modeling.loading import ModelError, load
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
        finished: whether the model ended the text itself (else it ran into the length limit).
    """

    completion: str
    confidence: float | None
    tokens: int
    finished: bool


@dataclass(frozen=True)
class Decision:
    """What a model decided on a prompt, before it wrote a program.

    Attributes:
        line: the first line it wrote, without its newline.
        optimizer: the name there, None if there is none. It need not be one of the pool.
        probability: what the model gave to that name, after what it had written so far; 0 without a name.
        alternatives: names and probabilities, likeliest first: the decision itself, then others of the pool.
    """

    line: str
    optimizer: str | None
    probability: float
    alternatives: tuple[tuple[str, float], ...] = ()


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
        self,
        prompts: Sequence[str],
        max_new_tokens: int = MAX_NEW_TOKENS,
        special_tokens: bool = True,
        openings: Sequence[str] | None = None,
    ) -> list[Generation]:
        """Greedy answers to a batch of prompts, in their order.

        Args:
            prompts: texts to be gone on with.
            max_new_tokens: length limit of an answer.
            special_tokens: whether the tokenizer adds its own to a prompt; a chat template has written them already.
            openings: what each answer begins with, whatever the model would have written. Such an answer has no confidence.

        Raises:
            ValueError: if a prompt leaves no room for an answer.
        """
        encoded = self._encoded(prompts, special_tokens)
        opened = [self._ids(opening) if opening else [] for opening in openings or [""] * len(prompts)]
        starts = [ids + opening for ids, opening in zip(encoded, opened, strict=True)]
        written = self._write(prompts, starts, opened, max_new_tokens, first_line=False)
        return [
            Generation(
                completion=self._text(opening + text.ids),
                confidence=self._confidence(text.ids[:DECISION_TOKENS], text.probabilities),
                tokens=len(start) + len(text.ids),
                finished=text.finished,
            )
            for start, opening, text in zip(starts, opened, written, strict=True)
        ]

    def decisions(
        self, prompts: Sequence[str], top: int = 1, special_tokens: bool = True, names: Collection[str] = POOL
    ) -> list[Decision]:
        """What the model decides on a batch of prompts: the first line of its answers, and nothing after it.

        Args:
            prompts: texts to be gone on with.
            top: length of the lists of alternatives.
            special_tokens: whether the tokenizer adds its own to a prompt.
            names: optimizers that may stand among the alternatives beside the decision itself.

        Raises:
            ValueError: if a prompt leaves no room for an answer.
        """
        starts = self._encoded(prompts, special_tokens)
        written = self._write(prompts, starts, [[] for _ in prompts], DECISION_TOKENS, first_line=True)
        decisions = []
        for start, text in zip(starts, written, strict=True):
            line = self._text(text.ids).split("\n", 1)[0]
            found = DECISION.search(line)
            if found is None:
                decisions.append(Decision(line, None, 0.0))
                continue
            first = (found[1], self._confidence(text.ids, text.probabilities) or 0.0)
            others = self._likeliest_names(start, line[: found.start(1)], set(names) - {found[1]}, top - 1)
            decisions.append(Decision(line, *first, (first, *others)))
        return decisions

    def candidates(self, prompt: str, count: int, names: Collection[str] = POOL) -> list[Generation]:
        """Answers that name different optimizers, the likeliest first; confidence is the probability of the name.

        Where the model decides on nothing that may be, its own answer is the only one.

        Args:
            prompt: text to be gone on with.
            count: so many at most.
            names: optimizers that may be named.

        Raises:
            ValueError: if a prompt leaves no room for an answer.
        """
        [decision] = self.decisions([prompt], top=count + 1, names=names)
        kept = [entry for entry in decision.alternatives if entry[0] in names][:count]
        at = DECISION.search(decision.line)
        if at is None or not kept:
            return self.answer([prompt])
        before, after = decision.line[: at.start(1)], decision.line[at.end(1) :]
        openings = [f"{before}{name}{after}\n" for name, _ in kept]
        answers = self.answer([prompt] * len(kept), openings=openings)
        return [
            replace(answer, confidence=probability)
            for answer, (_, probability) in zip(answers, kept, strict=True)
        ]

    @cached_property
    def _drafts(self) -> Drafts:
        return Drafts(self.tokenizer, min(self.ends, default=None))

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
        self,
        prompts: Sequence[str],
        starts: Sequence[list[int]],
        opened: Sequence[list[int]],
        limit: int,
        first_line: bool,
    ) -> list[Written]:
        input_ids, mask = self._batch(starts)
        room = self.max_length - input_ids.shape[1]
        if room < 1:
            raise ValueError(
                f"a prompt of {input_ids.shape[1]} tokens leaves no room in a model of {self.max_length}"
            )
        limit = min(limit, room)
        if not self._takes_drafts:
            return plain(self.model, input_ids, mask, self.ends, limit, self._pad)
        proposers = [
            self._drafts.for_prompt(prompt, opening) for prompt, opening in zip(prompts, opened, strict=True)
        ]
        until = self._drafts.ends_line if first_line else None
        return decode(self.model, input_ids, mask, self.ends, limit, proposers, until)

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
        shared = min(_agreement(line, ids) for ids in spelled.values())
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
        for end in range(1, len(ids) + 1):
            length = len(self._text(ids[:end]))
            if length > decision.start(1):
                probability *= probabilities[end - 1]
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


def _agreement(first: Sequence[int], second: Sequence[int]) -> int:
    """How many tokens two texts begin with alike."""
    return next(
        (place for place, (a, b) in enumerate(zip(first, second, strict=False)) if a != b),
        min(len(first), len(second)),
    )
