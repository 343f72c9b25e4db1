"""Constrained decoding: the tokens that a model may write next, so that every answer is one of the pool's texts.

A completion is a decision line and a program. What stands in the line before ``; optimizer:`` is the model's own: printable
ASCII on one line, without colons and equals signs, of bounded length. Then come the name of an optimizer that can serve the
problem and the pool's text of it, in any configuration of its grid. Of the tokens that may follow the model takes its
likeliest; where only one may, or only one text is left, it is not asked.

So greedy decoding that never leaves these texts by itself is not changed by a guide: at each token the likeliest one may follow.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from math import exp, prod

import numpy as np

from llamoco.dataset_builder.optimizers.pool import POOL, render
from llamoco.dataset_builder.prompts.completion import CHOICE
from llamoco.dataset_builder.prompts.facts import StatedFacts
from llamoco.modeling.generation.continuation import Continuation, log_sum_exp, probability
from llamoco.modeling.generation.pool_texts import Path, PoolTexts, agreement, applicable

LINE_TOKENS = 40  # of a decision line before its choice, and
LINE_CHARACTERS = 200  # characters
TRIED = 20  # of the likeliest tokens, until one goes on with the line
# A colon or an equals sign might make it a second choice, or declare an encoding (PEP 263).
_SEEN = re.compile(rf"#[ -9;<>-~]{{0,{LINE_CHARACTERS}}}")


class PoolGuide:
    """One answer within the pool, as it is written.

    Args:
        texts: of the pool, in the model's tokens.
        kind: what the prompt states; None if it states nothing.
        names: optimizers that may be chosen; those that can serve the problem if None.

    Raises:
        ValueError: if the pool has none of the names.

    Attributes:
        kept: the probability, as the model by itself has it, of what was allowed: the product over the tokens that it was asked
            for. 1 - kept is what it gave to leaving the pool. In its own part of the line, only tokens that it was denied count.
    """

    def __init__(
        self, texts: PoolTexts, kind: StatedFacts | None, names: Collection[str] | None = None
    ) -> None:
        self._texts = texts
        self._kind = kind
        allowed = applicable(kind) if names is None else names
        self._names = [name for name in POOL if name in allowed]
        if not self._names:
            raise ValueError(f"the pool has no optimizer {', '.join(sorted(allowed)) or 'of no name'}")
        self._line, self._ids = "", list[int]()
        self._forced, self._forced_text = list(texts.start), "#"
        self._alive: list[Path] = []  # the texts that may still be written, from the choice on;
        self._depth = 0  # so many tokens of them are
        self._preferred: Path | None = None  # what the benchmark prescribes, once the name is decided
        self.kept = 1.0

    @property
    def chosen(self) -> bool:
        """Whether the decision line has reached the choice of its optimizer."""
        return bool(self._alive)

    @property
    def settled(self) -> bool:
        """Whether the text is decided: ``rest`` is all that may follow."""
        return len(self._alive) == 1 and self._depth >= self._line_end(self._alive[0])

    @property
    def completion(self) -> str:
        """The text, once it is settled or closed: the pool's own, whatever its tokens decode to."""
        [path] = self._alive
        return f"{self._line} {path.name}\n{render(path.name, path.config)}"

    def confidence(self, probabilities: Sequence[float]) -> float:
        """Probability of the name, once it is written, after what stands before it.

        Args:
            probabilities: those that the model by itself gave to the tokens written.
        """
        [path] = self._alive
        name = [n for n in range(self._line_end(path)) if self._texts.decode([path.tokens[n]]).strip()]
        written = probabilities[len(self._ids) :]
        return prod(written[n] for n in name if n < len(written))

    def rest(self) -> list[int]:
        """Write the tokens that are left; where there is a choice left, what the benchmark prescribes."""
        tokens: list[int] = []
        if not self._alive:
            self._force_choice()
            tokens += self._forced
            while self._forced:
                self.advance(self._forced[0])
        if self._preferred is None:
            self._alive = self._alive[:1]
            self._expand()
        path = self._likely_path
        tokens += path.tokens[self._depth :]
        self._alive, self._depth = [path], len(path.tokens)
        return tokens

    def proposal(self) -> list[int]:
        """Tokens that are likely to follow, up to where the model is asked for the last time."""
        if not self._alive:
            return self._forced
        path = self._likely_path
        others = [agreement(path.tokens, other.tokens) for other in self._alive if other is not path]
        end = min(others) if self._preferred is None else max([*others, self._line_end(path)])
        return path.tokens[self._depth : end]

    def take(self, scores: np.ndarray, best: int) -> int:
        """The token that is written next.

        Args:
            scores: the model's logits (V,).
            best: the likeliest token.
        """
        token = best if self.allows(best) else self._other(scores)
        if self._alive or token != best:
            allowed = sorted(self._following) if self._alive else [token]
            self.kept *= exp(log_sum_exp(scores[allowed]) - log_sum_exp(scores))
        self.advance(token)
        return token

    def follows(self, tokens: Sequence[int]) -> bool:
        """Whether tokens are a whole text that may be written; the guide follows them as far as they are."""
        for token in tokens:
            if not self.allows(token):
                return False
            self.advance(token)
        return len(self._alive) == 1 and self._depth == len(self._alive[0].tokens)

    def allows(self, token: int) -> bool:
        """Whether a token may be written next."""
        if self._forced:
            return token == self._forced[0]
        if self._alive:
            return token in self._following
        return len(self._ids) < LINE_TOKENS and _goes_on(self._line, self._texts.decode([*self._ids, token]))

    def advance(self, token: int) -> None:
        """Write a token that may be written."""
        if self._alive:
            self._alive = [p for p in self._alive if p.tokens[self._depth : self._depth + 1] == [token]]
            self._depth += 1
            self._expand()
            return
        self._ids.append(token)
        if not self._forced:
            self._line = self._texts.decode(self._ids)
        elif len(self._forced) == 1:
            self._line += self._forced_text
        del self._forced[:1]
        if self._line.endswith(CHOICE):
            self._choose_name()

    @property
    def _following(self) -> set[int]:
        return {path.tokens[self._depth] for path in self._alive if self._depth < len(path.tokens)}

    def _other(self, scores: np.ndarray) -> int:
        """The likeliest token that may be written, where the likeliest of all may not."""
        if self._forced:
            return self._forced[0]
        if self._alive:
            allowed = sorted(self._following)
            return allowed[int(scores[allowed].argmax())]
        for token in np.argsort(-scores, kind="stable")[:TRIED].tolist():
            if self.allows(token):
                return int(token)
        self._force_choice()
        return self._forced[0]

    def _force_choice(self) -> None:
        """Close the part of the line that is the model's own."""
        if not self._forced or self._forced_text != CHOICE:
            self._forced = [*self._forced, *self._texts.choice]
            self._forced_text = CHOICE if self._line else f"#{CHOICE}"

    def _choose_name(self) -> None:
        self._alive = _distinct(self._texts.defaults[name] for name in self._names)
        self._expand()

    def _expand(self) -> None:
        """Once the name is decided: all configurations of the optimizer."""
        if self._preferred is None and len(self._alive) == 1:
            name, written = self._alive[0].name, self._alive[0].tokens[: self._depth]
            config = POOL[name].defaults if self._kind is None else self._kind.configuration(name)
            paths = [p for p in self._texts.grid(name) if p.tokens[: self._depth] == written]
            self._preferred = next((p for p in paths if p.config == config), paths[0])
            self._alive = _distinct([self._preferred, *paths])

    @property
    def _likely_path(self) -> Path:
        """The benchmarked configuration, if it may still be written."""
        return self._preferred if self._preferred and self._preferred in self._alive else self._alive[0]

    def _line_end(self, path: Path) -> int:
        """Place after the name: of the token that ends the line."""
        return next((n for n, token in enumerate(path.tokens) if self._texts.ends_line(token)), 1)


def _goes_on(line: str, text: str) -> bool:
    """Whether a text is a longer decision line, up to ``CHOICE`` at most."""
    seen = text.removesuffix(CHOICE)
    return len(text) > len(line) and text.startswith(line) and _SEEN.fullmatch(seen) is not None


def _distinct(paths: Iterable[Path]) -> list[Path]:
    """Paths of different tokens: the first of each, where a tokenizer cannot tell texts apart."""
    return list({tuple(path.tokens): path for path in reversed(list(paths))}.values())[::-1]


def follow(text: Continuation, guide: PoolGuide, draft: list[int], scores: np.ndarray, limit: int) -> None:
    """Have a guide take tokens by the logits at the places of a draft, as far as it agrees with the draft."""
    for at_place, drafted in zip(scores, [*draft, None], strict=True):
        token = guide.take(at_place, int(at_place.argmax()))
        text.add(token, probability(at_place, token))
        if guide.settled or len(text.ids) >= limit:
            text.ids += guide.rest()
            text.finished = True
            return
        if token != drafted:
            return
