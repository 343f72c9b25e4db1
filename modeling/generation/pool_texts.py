"""The pool's texts in a tokenizer's tokens, and the optimizers that apply to a prompt's problem."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property
from math import prod
from typing import NamedTuple

from llamoco.dataset_builder.optimizers.pool import POOL, Config, configurations, render
from llamoco.dataset_builder.prompts.completion import CHOICE
from llamoco.dataset_builder.prompts.facts import StatedFacts, parse_facts
from llamoco.modeling.generation.tokenizers import Tokenizer

CONTEXT = "# smooth; unimodal; coupled"  # a decision line up to its last words:


class Path(NamedTuple):
    """A way to end a completion: the tokens after ``CHOICE``, and what they spell.

    Attributes:
        tokens: of a blank, the optimizer's name, the line's end and the program.
        name: the optimizer.
        config: values of its constants.
    """

    tokens: list[int]
    name: str
    config: Config


class PoolTexts:
    """Every text of the pool in every configuration of its grid, in a tokenizer's own (canonical) tokens.

    A text can be spelled by other tokens, too; a model that learnt it knows it by these. What follows ``CHOICE`` is
    spelled as it is after ``CONTEXT``. Should the tokenizer have no token that ends there, it is spelled by itself.

    Attributes:
        start: tokens that begin a decision line.
        choice: tokens of ``CHOICE``.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._grids: dict[str, list[Path]] = {}
        line = self._ids(f"{CONTEXT}{CHOICE} {next(iter(POOL))}\n")
        begun, seen, chosen = (self._length(line, text) for text in ("#", CONTEXT, CONTEXT + CHOICE))
        self.start = line[:begun] if begun else self._ids("#")
        self.choice = line[seen:chosen] if seen and chosen else self._ids(CHOICE)
        self._before = line[:chosen]  # empty if no token ends there

    @cached_property
    def defaults(self) -> dict[str, Path]:
        """One path an optimizer: its file as it stands."""
        return {name: self._path(name, optimizer.defaults) for name, optimizer in POOL.items()}

    def grid(self, name: str) -> list[Path]:
        """The paths of an optimizer, one a configuration."""
        if name not in self._grids:
            count = prod(map(len, POOL[name].grid.values()))
            self._grids[name] = [self._path(name, config) for config in configurations(name, count)]
        return self._grids[name]

    def ends_line(self, token: int) -> bool:
        """Whether a token's text has a line's end."""
        return "\n" in self._tokenizer.decode([token])

    def decode(self, ids: Sequence[int]) -> str:
        """The text of tokens."""
        return self._tokenizer.decode(list(ids), skip_special_tokens=True)

    def _path(self, name: str, config: Config) -> Path:
        after = f" {name}\n{render(name, config)}"
        if self._before:
            ids = self._ids(CONTEXT + CHOICE + after)
            if ids[: len(self._before)] == self._before:
                return Path(ids[len(self._before) :], name, config)
        return Path(self._ids(after), name, config)

    def _ids(self, text: str) -> list[int]:
        return self._tokenizer.encode(text, add_special_tokens=False, verbose=False)

    def _length(self, ids: Sequence[int], text: str) -> int:
        """Number of tokens that spell a beginning; 0 if none of them ends there."""
        return next((n for n in range(1, len(ids)) if self.decode(ids[:n]) == text), 0)


def applicable(kind: StatedFacts | None) -> Collection[str]:
    """Names of the optimizers that can serve a problem: all that answer where its prompt does not state enough (None)."""
    if kind is None:
        return [name for name, optimizer in POOL.items() if optimizer.in_default]
    return kind.applicable


def serving(prompt: str) -> Collection[str]:
    """Names of the optimizers that can serve the problem of a prompt (``applicable``)."""
    return applicable(parse_facts(prompt))


def agreement(first: Sequence[int], second: Sequence[int]) -> int:
    """Length of the common prefix of two texts, in tokens."""
    return next(
        (place for place, (a, b) in enumerate(zip(first, second, strict=False)) if a != b),
        min(len(first), len(second)),
    )
