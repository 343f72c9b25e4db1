"""Greedy answers of a model in batches, free or held to the pool, with their confidence; the engines implement the two primitives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import ClassVar

import numpy as np

from llamoco.dataset_builder.optimizers.pool import POOL, render
from llamoco.dataset_builder.prompts.completion import join_completion, named_optimizer
from llamoco.dataset_builder.prompts.facts import facts_only, parse_facts
from llamoco.modeling.calibration.thresholds import Calibration
from llamoco.modeling.generation.continuation import DECISION_TOKENS, Continuation, probability
from llamoco.modeling.generation.guides import PoolGuide, follow
from llamoco.modeling.generation.model_answer import Decision, Generation
from llamoco.modeling.generation.pool_texts import PoolTexts, agreement
from llamoco.modeling.generation.tokenizers import Tokenizer, line_end_tokens
from llamoco.modeling.model_error import ModelError

ANSWER_SHARE = 4  # a prompt leaves at least a quarter of a model's positions to the answer
MAX_NEW_TOKENS = 1800  # the longest answer has 1,550 in the tokens of SmolLM2


class Generator(ABC):
    """A causal language model with its tokenizer and, where it has one, the calibration of its decisions.

    Attributes:
        engine: what runs it: "ctranslate2" or "torch".
        name: folder or Hub id; of the shipped model its bare name.
        calibration: of its decisions; None if it has none.
    """

    engine: ClassVar[str]
    max_passes: ClassVar[int | None] = (
        None  # of verification, before ``_finish_guided`` takes over; None for as many as it takes
    )
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
    def eos_token_ids(self) -> set[int]:
        """Tokens that end an answer; chat models have several. Empty if the model has none."""

    @abstractmethod
    def _greedy(self, texts: Sequence[list[int]], max_new_tokens: int, stop_at: set[int]) -> list[list[int]]:
        """Greedy continuations of some texts, each up to and including the first token that ends it."""

    @abstractmethod
    def _logits(self, texts: Sequence[list[int]], counts: Sequence[int]) -> Iterable[np.ndarray]:
        """Logits (count, V) of what follows each of the last ``count`` tokens of each text."""

    def _finish_guided(
        self,
        starts: Sequence[list[int]],
        texts: Sequence[Continuation],
        guides: Sequence[PoolGuide],
        limit: int,
    ) -> None:
        """Go on token by token with what guides allow, for engines that keep state between tokens."""
        raise NotImplementedError

    def truncate_prompt(self, prompt: str) -> str:
        """The prompt, or its fact lines alone if it leaves no room for an answer."""
        return prompt if self.fits_context(prompt) else facts_only(prompt)

    def fits_context(
        self, prompt: str, max_new_tokens: int = MAX_NEW_TOKENS, special_tokens: bool = True
    ) -> bool:
        """Whether a prompt leaves room for an answer of ``max_new_tokens``, or at least for a quarter of the model's positions."""
        room = min(max_new_tokens, -(-self.max_length // ANSWER_SHARE))
        return self.prompt_tokens(prompt, special_tokens) <= self.max_length - room

    def prompt_tokens(self, prompt: str, special_tokens: bool = True) -> int:
        """Length of a prompt in the model's tokens."""
        return len(self._start(prompt, special_tokens))

    def answer(
        self, prompts: Sequence[str], max_new_tokens: int = MAX_NEW_TOKENS, special_tokens: bool = True
    ) -> list[Generation]:
        """Greedy answers to a batch of prompts, in their order, as the model writes them by itself.

        Args:
            prompts: texts to continue.
            max_new_tokens: length limit of an answer.
            special_tokens: whether the tokenizer adds its own to a prompt; a chat template has written them already.

        Raises:
            ModelError: if a prompt leaves no room for an answer.
        """
        starts = self._starts(prompts, special_tokens)
        written = self._write(prompts, starts, min(max_new_tokens, self._room(starts)))
        return [self._generation(start, text) for start, text in zip(starts, written, strict=True)]

    def answer_within_pool(
        self, prompts: Sequence[str], names: Collection[str] | None = None
    ) -> list[Generation]:
        """Greedy answers to a batch of prompts, in their order, each held to the pool's texts (see ``guides``).

        Every answer is a decision line and, byte for byte, a program of the pool, whatever the model and the prompt.

        Args:
            prompts: texts to continue.
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
        written = self._write(prompts, starts, min(max_new_tokens, self._room(starts)))
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
        """Decisions on a batch of prompts: the first line of each answer, without the program.

        Args:
            prompts: texts to continue.
            special_tokens: whether the tokenizer adds its own to a prompt.

        Raises:
            ModelError: if a prompt leaves no room for an answer.
        """
        starts = self._starts(prompts, special_tokens)
        decisions = []
        for text in self._lines(starts, min(DECISION_TOKENS, self._room(starts))):
            line = self._first_line(text.ids)
            confidence = self._confidence(text.ids, text.probabilities)
            decisions.append(Decision(line, named_optimizer(line), confidence or 0.0))
        return decisions

    def _lines(self, starts: Sequence[list[int]], limit: int) -> list[Continuation]:
        """Greedy first lines, with the probabilities of the tokens of those that name an optimizer."""
        lines = self._greedy(starts, limit, self._line_stops)
        texts = [Continuation(ids) for ids in lines]
        self._verify(starts, texts, [[] for _ in texts])
        for text in texts:
            text.end(self.eos_token_ids, limit)
        return texts

    def _write(self, prompts: Sequence[str], starts: Sequence[list[int]], limit: int) -> list[Continuation]:
        """Greedy texts: the first line, the pool's program as far as the model would write it, then the rest."""
        lines = self._greedy(starts, min(limit, DECISION_TOKENS), self._line_stops)
        texts = [Continuation(ids) for ids in lines]
        drafts = [
            self._draft(prompt, ids)[: limit - len(ids)] for prompt, ids in zip(prompts, lines, strict=True)
        ]
        self._verify(starts, texts, drafts)
        for text in texts:
            text.end(self.eos_token_ids, limit)
        while going := [n for n, text in enumerate(texts) if not text.finished]:
            going = [n for n in going if len(texts[n].ids) < limit]
            if not going:
                break
            most = min(limit - len(texts[n].ids) for n in going)
            rest = self._greedy([starts[n] + texts[n].ids for n in going], most, self.eos_token_ids)
            for n, ids in zip(going, rest, strict=True):
                texts[n].ids += ids
                texts[n].end(self.eos_token_ids, limit)
        return texts

    def _verify(
        self, starts: Sequence[list[int]], texts: Sequence[Continuation], drafts: Sequence[list[int]]
    ) -> None:
        """By one pass, give the lines that name an optimizer their probabilities, and add of their drafts what the model would write."""
        decided = [n for n, text in enumerate(texts) if named_optimizer(self._first_line(text.ids))]
        asked = [[*starts[n], *texts[n].ids, *drafts[n]] for n in decided]
        counts = [len(texts[n].ids) + len(drafts[n]) + 1 for n in decided]
        for n, scores in zip(decided, self._logits(asked, counts) if asked else (), strict=True):
            text, draft = texts[n], drafts[n]
            text.probabilities = [probability(scores[k], token) for k, token in enumerate(text.ids)]
            if draft:
                written = [int(token) for token in scores[len(text.ids) :].argmax(-1)]
                text.ids += written[: agreement(draft, written) + 1]

    def _write_guided(
        self, starts: Sequence[list[int]], guides: Sequence[PoolGuide], limit: int
    ) -> list[Continuation]:
        """Texts that guides allow; the model is asked for ``limit`` tokens at most.

        Each text is drafted, by what its guide says is likely and, until the optimizer is chosen, by greedy generation. One pass then
        gives the logits at every place of the drafts, which alone decide; what the guide would not have taken is thrown away.
        """
        texts = [Continuation() for _ in starts]
        passes = 0
        while going := [n for n, text in enumerate(texts) if not text.finished]:
            if self.max_passes is not None and passes >= self.max_passes:
                self._finish_guided(
                    [starts[n] for n in going],
                    [texts[n] for n in going],
                    [guides[n] for n in going],
                    limit,
                )
                continue
            passes += 1
            drafts = {n: list(guides[n].proposal()) for n in going}
            room = {
                n: min(DECISION_TOKENS, limit - len(texts[n].ids)) - 1 - len(drafts[n])
                for n in going
                if not guides[n].chosen
            }
            open_lines = [n for n, left in room.items() if left > 0]
            lines = self._greedy(
                [starts[n] + texts[n].ids + drafts[n] for n in open_lines],
                min((room[n] for n in open_lines), default=0),
                self._line_stops,
            )
            for n, ids in zip(open_lines, lines, strict=True):
                drafts[n] += ids
            drafts = {n: draft[: max(limit - len(texts[n].ids) - 1, 0)] for n, draft in drafts.items()}
            asked = [starts[n] + texts[n].ids + drafts[n] for n in going]
            counts = [len(drafts[n]) + 1 for n in going]
            for n, scores in zip(going, self._logits(asked, counts), strict=True):
                follow(texts[n], guides[n], drafts[n], scores, limit)
        return texts

    def _draft(self, prompt: str, ids: list[int]) -> list[int]:
        """The rest of an answer that has its first line: tokens of the program that was benchmarked for it, and their end."""
        line, line_end, _ = self._text(ids).partition("\n")
        name = named_optimizer(line)
        if not line_end or name not in POOL:
            return []
        facts = parse_facts(prompt)
        config = POOL[name].defaults if facts is None else facts.configuration(name)
        program = [
            *self._ids(join_completion(line, render(name, config))),
            *sorted(self.eos_token_ids)[:1],
        ]
        return program[len(ids) :] if program[: len(ids)] == ids else []

    @cached_property
    def _pool_texts(self) -> PoolTexts:
        return PoolTexts(self.tokens)

    @cached_property
    def _line_stops(self) -> set[int]:
        """Tokens after which a line has ended."""
        return self.eos_token_ids | line_end_tokens(self.tokens)

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
    ) -> list[Generation]:
        """Answers that guides allow."""
        written = self._write_guided(starts, guides, self._room(starts))
        return [
            Generation(
                completion=guide.completion,
                confidence=guide.confidence(text.probabilities),
                tokens=len(start) + len(text.ids),
                finished=True,
                kept=guide.kept,
            )
            for start, guide, text in zip(starts, guides, written, strict=True)
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

    def _generation(self, start: Sequence[int], text: Continuation) -> Generation:
        return Generation(
            completion=self._text(text.ids),
            confidence=self._confidence(text.ids, text.probabilities),
            tokens=len(start) + len(text.ids),
            finished=text.finished,
        )

    def _text(self, ids: list[int]) -> str:
        return self.tokens.decode(ids, skip_special_tokens=True)

    def _first_line(self, ids: list[int]) -> str:
        return self._text(ids).split("\n", 1)[0]

    def _confidence(self, ids: list[int], probabilities: list[float]) -> float | None:
        """Probability of the tokens that spell the optimizer's name in the first line."""
        line = self._first_line(ids)
        name = named_optimizer(line)
        if name is None:
            return None
        confidence = 1.0
        for end, likely in enumerate(probabilities, 1):
            length = len(self._text(ids[:end]))
            if length > len(line) - len(name):
                confidence *= likely
            if length >= len(line):
                break
        return confidence
