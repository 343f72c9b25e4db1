"""Drafts for speculative decoding: the benchmarked program of the optimizer that an answer has named."""

from __future__ import annotations

import re

from llamoco.dataset_builder.optimizers.pool import POOL, render
from llamoco.dataset_builder.prompts.facts import parse_facts
from llamoco.modeling.generation.tokenizers import Tokenizer

DECISION = re.compile(r"optimizer: (\w+)")
_ALIGNING = (3, 2)  # tokens that have to agree where the draft is taken up again
_CAUTIOUS = 4  # tokens proposed there; twice as many each time they were right


class Drafts:
    """Makes a proposer (see ``decoding``) for each prompt.

    Args:
        tokenizer: the model's.
        end: token that ends an answer, None if there is none.
    """

    def __init__(self, tokenizer: Tokenizer, end: int | None) -> None:
        self.tokenizer = tokenizer
        self.end = end
        self._breaks: dict[int, bool] = {}
        self._programs: dict[tuple[str, str], list[int]] = {}

    def ends_line(self, token: int) -> bool:
        """Whether a token's text has a line's end."""
        if token not in self._breaks:
            self._breaks[token] = "\n" in self.tokenizer.decode([token])
        return self._breaks[token]

    def program(self, first_line: str, body: str) -> list[int]:
        """Tokens of a completion and its end."""
        if (first_line, body) not in self._programs:
            ids = self.tokenizer.encode(f"{first_line}\n{body}", add_special_tokens=False)
            self._programs[first_line, body] = ids + ([] if self.end is None else [self.end])
        return self._programs[first_line, body]

    def for_prompt(self, prompt: str) -> ProgramProposer:
        """A proposer for one answer."""
        return ProgramProposer(self, prompt)


class ProgramProposer:
    """Proposes, once the decision line is written, the program that was benchmarked for it.

    Its configuration follows from the prompt's facts. Where the model writes otherwise, the draft is taken up again
    after the tokens that both have.
    """

    def __init__(self, drafts: Drafts, prompt: str) -> None:
        self._drafts = drafts
        self._prompt = prompt
        self._program: list[int] | None = None
        self._place = self._seen = 0
        self._reach: int | None = None  # tokens proposed at a time, all if None

    def __call__(self, ids: list[int]) -> list[int]:
        """What may come after the tokens written, which begin with those of the call before."""
        if self._program is None:
            if not any(map(self._drafts.ends_line, ids)):
                return []
            self._program = self._decided(self._drafts.tokenizer.decode(ids).split("\n", 1)[0])
        new = ids[self._seen :]
        self._seen = len(ids)
        if new == self._program[self._place : self._place + len(new)]:
            self._place += len(new)
            if self._reach is not None:
                self._reach *= 2
        elif self._aligned(ids):
            self._reach = _CAUTIOUS
        else:
            return []
        return self._program[self._place :][: self._reach]

    def _aligned(self, ids: list[int]) -> bool:
        """Go to where the program has the last tokens written, first after those that agreed; False if it has not."""
        assert self._program is not None
        for length in _ALIGNING:
            tail = ids[-length:]
            for end in range(self._place + 1, len(self._program)):
                if end >= length and self._program[end - length : end] == tail:
                    self._place = end
                    return True
        return False

    def _decided(self, first_line: str) -> list[int]:
        decision = DECISION.search(first_line)
        if decision is None or decision[1] not in POOL:
            return []
        kind = parse_facts(self._prompt)
        config = POOL[decision[1]].defaults if kind is None else kind.configuration(decision[1])
        return self._drafts.program(first_line, render(decision[1], config))
