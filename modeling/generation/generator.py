"""What every engine does with a model: greedy answers in batches, free or within the pool, and how sure the decision is."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from functools import cached_property
from typing import ClassVar

import numpy as np

from llamoco.dataset_builder.prompts.facts import facts_only, parse_facts
from llamoco.modeling.calibration.thresholds import Calibration
from llamoco.modeling.generation.drafts import DECISION
from llamoco.modeling.generation.guides import PoolGuide
from llamoco.modeling.generation.model_answer import Decision, Generation
from llamoco.modeling.generation.pool_texts import PoolTexts, agreement, serving
from llamoco.modeling.generation.tokenizers import Tokenizer
from llamoco.modeling.generation.written import DECISION_TOKENS, Written
from llamoco.modeling.model_error import ModelError

ANSWER_SHARE = 4  # a prompt leaves at least a quarter of a model's positions to the answer
MAX_NEW_TOKENS = 900  # no answer of the instruction set is longer


class Generator(ABC):
    """A causal language model with its tokenizer and, where it has one, the calibration of its decisions.

    Attributes:
        engine: what runs it: "ctranslate2" or "torch".
        name: folder or Hub id; of the shipped model its bare name.
        calibration: of its decisions; None if it has none.
    """

    engine: ClassVar[str]
    name: str
    calibration: Calibration | None

    @property
    @abstractmethod
    def tokens(self) -> Tokenizer:
        """The tokenizer."""

    @property
    @abstractmethod
    def max_length(self) -> int:
        """Positions that model and tokenizer can hold; a huge number where neither states a limit."""

    @property
    @abstractmethod
    def ends(self) -> set[int]:
        """Tokens that end an answer; chat models have several. Empty if the model has none."""

    @abstractmethod
    def _write(
        self, prompts: Sequence[str], starts: Sequence[list[int]], limit: int, first_line: bool
    ) -> list[Written]:
        """What the model writes by itself after some prompts, their tokens given, greedy; the first line alone will do if so asked."""

    @abstractmethod
    def _write_guided(
        self, starts: Sequence[list[int]], guides: Sequence[PoolGuide], limit: int
    ) -> list[Written]:
        """What guides have the model write; it is asked for ``limit`` tokens at most."""

    @abstractmethod
    def _next_probabilities(self, ids: list[int], last: int) -> list[np.ndarray]:
        """Probabilities (V,) of what follows each of the last tokens of a text."""

    def shown(self, prompt: str) -> str:
        """What the model is shown of a prompt: all, or its facts alone where that leaves no room for an answer."""
        return prompt if self.fits(prompt) else facts_only(prompt)

    def fits(self, prompt: str, max_new_tokens: int = MAX_NEW_TOKENS, special_tokens: bool = True) -> bool:
        """Whether a prompt leaves room for an answer of so many tokens, or at least a quarter of the model's positions."""
        room = min(max_new_tokens, -(-self.max_length // ANSWER_SHARE))
        return self.prompt_tokens(prompt, special_tokens) <= self.max_length - room

    def prompt_tokens(self, prompt: str, special_tokens: bool = True) -> int:
        """Length of a prompt in the model's tokens."""
        return len(self._start(prompt, special_tokens))

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
        starts = self._starts(prompts, special_tokens)
        written = self._write(prompts, starts, min(max_new_tokens, self._room(starts)), False)
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
        guides = [PoolGuide(self._pool_texts, parse_facts(prompt), names) for prompt in prompts]
        return self._guided(self._starts(prompts), guides)

    def answer_both_ways(
        self, prompts: Sequence[str], max_new_tokens: int = MAX_NEW_TOKENS
    ) -> list[tuple[Generation, Generation | None]]:
        """``answer`` and ``answer_within_pool`` of a batch of prompts; None for the second where both are the same.

        They are the same where the first never leaves the pool's texts: then at each token the likeliest of all is the likeliest
        of those allowed. So only the others are written twice.
        """
        starts = self._starts(prompts)
        written = self._write(prompts, starts, min(max_new_tokens, self._room(starts)), False)
        guides = [PoolGuide(self._pool_texts, parse_facts(prompt)) for prompt in prompts]
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
        starts = self._starts(prompts, special_tokens)
        decisions = []
        for text in self._write(prompts, starts, min(DECISION_TOKENS, self._room(starts)), True):
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
        start = self._start(prompt)
        others = self._likeliest_names(start, f"{line} ", allowed - {name}, count - 1)
        if not others:
            return [own]
        guides = [PoolGuide(self._pool_texts, parse_facts(prompt), [other], line) for other, _ in others]
        before = self._ids(line)
        answers = self._guided([start + before for _ in others], guides, [p for _, p in others])
        return [own, *answers]

    @cached_property
    def _pool_texts(self) -> PoolTexts:
        return PoolTexts(self.tokens)

    def _ids(self, text: str) -> list[int]:
        return self.tokens.encode(text, add_special_tokens=False)

    def _start(self, prompt: str, special_tokens: bool = True) -> list[int]:
        # A prompt that is too long is told as an error: no warning that it is.
        return self.tokens.encode(prompt, add_special_tokens=special_tokens, verbose=False)

    def _starts(self, prompts: Sequence[str], special_tokens: bool = True) -> list[list[int]]:
        return [self._start(prompt, special_tokens) for prompt in prompts]

    def _guided(
        self,
        starts: Sequence[list[int]],
        guides: Sequence[PoolGuide],
        confidences: Sequence[float] | None = None,
    ) -> list[Generation]:
        """Answers that guides allow; confidences where the names were chosen before."""
        written = self._write_guided(starts, guides, self._room(starts))
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

    def _room(self, starts: Sequence[Sequence[int]]) -> int:
        """Tokens that fit after some prompts.

        Raises:
            ModelError: if there is no room.
        """
        length = max(map(len, starts))
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

    def _text(self, ids: list[int]) -> str:
        return self.tokens.decode(ids, skip_special_tokens=True)

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
