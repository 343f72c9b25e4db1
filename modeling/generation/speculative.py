"""Greedy decoding by transformers' ``generate``, and one verification pass over a draft.

Speculative decoding (Leviathan et al. 2023, arXiv 2211.17192) with a known text instead of a small model as the draft: once a model
has written its decision line, the pool's program is likely to follow. One forward pass over prompt, line and program tells up to which
token the model would have written the same; from there it goes on by itself. Tokens are those of greedy decoding.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from transformers import (
    LogitsProcessor,
    LogitsProcessorList,
    PreTrainedModel,
    StoppingCriteria,
    StoppingCriteriaList,
)

from llamoco.modeling.generation.continuation import Continuation, probability
from llamoco.modeling.generation.guides import PoolGuide

MAX_LOGITS = 1 << 25  # of one pass; more would not fit into memory where the vocabulary is large
GREEDY = {  # whatever a model's own generation settings say
    "do_sample": False,
    "num_beams": 1,
    "repetition_penalty": 1.0,
    "no_repeat_ngram_size": 0,
    "temperature": 1.0,
    "top_p": 1.0,
    "top_k": 50,
}


@torch.inference_mode()
def greedy_generate(
    model: PreTrainedModel, texts: Sequence[Sequence[int]], max_new_tokens: int, stop_at: set[int], pad: int
) -> list[list[int]]:
    """Continue a batch of texts greedily.

    Args:
        model: a causal language model.
        texts: tokens of each text.
        max_new_tokens: length limit of each continuation.
        stop_at: tokens that end one.
        pad: token for padding, which is masked.

    Returns:
        The continuations, each up to and including the first token of ``stop_at``.
    """
    if not texts or max_new_tokens < 1:
        return [[] for _ in texts]
    rows = _generate(model, texts, pad, max_new_tokens=max_new_tokens, eos_token_id=sorted(stop_at) or None)
    return [until_stop(row, stop_at) for row in rows]


@torch.inference_mode()
def greedy_lines(
    model: PreTrainedModel, texts: Sequence[Sequence[int]], max_new_tokens: int, stop_at: set[int], pad: int
) -> list[Continuation]:
    """Continue a batch of texts greedily, and note the probability of each token on the way.

    Args:
        model, texts, max_new_tokens, stop_at, pad: as for ``greedy_generate``.

    Returns:
        The continuations, each up to and including the first token of ``stop_at``.
    """
    if not texts or max_new_tokens < 1:
        return [Continuation() for _ in texts]
    noted = _Noted()
    rows = _generate(
        model,
        texts,
        pad,
        max_new_tokens=max_new_tokens,
        eos_token_id=sorted(stop_at) or None,
        logits_processor=LogitsProcessorList([noted]),
    )
    lines = [until_stop(row, stop_at) for row in rows]
    return [
        Continuation(ids, [float(step[row]) for step in noted.likeliest[: len(ids)]])
        for row, ids in enumerate(lines)
    ]


class _Noted(LogitsProcessor):
    """Notes the probability of the likeliest token of each row, step by step."""

    def __init__(self) -> None:
        self.likeliest: list[torch.Tensor] = []

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        self.likeliest.append(scores.float().log_softmax(-1).amax(-1).exp().cpu())
        return scores


def _generate(
    model: PreTrainedModel, texts: Sequence[Sequence[int]], pad: int, **options: Any
) -> list[list[int]]:
    """New tokens of each text, by the model's own ``generate``."""
    width = max(map(len, texts))
    ids = torch.tensor([[pad] * (width - len(text)) + list(text) for text in texts], device=model.device)
    mask = torch.tensor([[0] * (width - len(text)) + [1] * len(text) for text in texts], device=model.device)
    output = model.generate(  # type: ignore[operator]  # typed as a Tensor by torch's module attributes
        input_ids=ids,
        attention_mask=mask,
        pad_token_id=pad,
        **GREEDY,
        **options,
    )
    new_tokens: list[list[int]] = output[:, width:].tolist()
    return new_tokens


@torch.inference_mode()
def guided_generate(
    model: PreTrainedModel,
    starts: Sequence[list[int]],
    texts: Sequence[Continuation],
    guides: Sequence[PoolGuide],
    limit: int,
    pad: int,
) -> None:
    """Continue texts token by token with the likeliest tokens that guides allow, until the first of them is at its limit.

    Args:
        model: a causal language model.
        starts: tokens of the prompts.
        texts: what follows them so far; extended here, and finished where nothing is left to choose.
        guides: one a text.
        limit: tokens of a text that the model is asked for.
        pad: token for padding.
    """
    held = _Held(guides, texts, limit)
    _generate(
        model,
        [start + text.ids for start, text in zip(starts, texts, strict=True)],
        pad,
        max_new_tokens=min(limit - len(text.ids) for text in texts),
        eos_token_id=None,
        logits_processor=LogitsProcessorList([held]),
        stopping_criteria=StoppingCriteriaList([_Settled(held)]),
    )
    for row, (text, guide) in enumerate(zip(texts, guides, strict=True)):
        if held.over(row):
            text.ids += guide.rest()
            text.finished = True


class _Held(LogitsProcessor):
    """Leaves each row the one token that its guide takes; rows that are over, anything."""

    def __init__(self, guides: Sequence[PoolGuide], texts: Sequence[Continuation], limit: int) -> None:
        self._guides, self._texts, self._limit = guides, texts, limit

    def over(self, row: int) -> bool:
        """Whether nothing is left to choose in a row, or it is at its limit."""
        return self._guides[row].settled or len(self._texts[row].ids) >= self._limit

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        held = torch.full_like(scores, -torch.inf)
        for row, (guide, text) in enumerate(zip(self._guides, self._texts, strict=True)):
            token = 0
            if not self.over(row):
                known = scores[row].float().cpu().numpy()
                token = guide.take(known, int(known.argmax()))
                text.add(token, probability(known, token))
            held[row, token] = 0
        return held


class _Settled(StoppingCriteria):
    """Ends the rows that are over."""

    def __init__(self, held: _Held) -> None:
        self._held = held

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor, **kwargs: object) -> torch.Tensor:
        over = [self._held.over(row) for row in range(len(input_ids))]
        return torch.tensor(over, device=input_ids.device, dtype=torch.bool)


def until_stop(ids: list[int], stop_at: set[int]) -> list[int]:
    """Tokens up to and including the first of those that end a text."""
    return ids[: next((place for place, token in enumerate(ids) if token in stop_at), len(ids)) + 1]


@torch.inference_mode()
def last_logits(
    model: PreTrainedModel, texts: Sequence[Sequence[int]], counts: Sequence[int], pad: int
) -> Iterator[torch.Tensor]:
    """Logits of what follows each of the last tokens of each text, by as few passes as fit into memory.

    Args:
        model: a causal language model. Padding on the right is not seen by what stands before it.
        texts: tokens of each text.
        counts: how many of its last tokens.
        pad: token for padding.

    Yields:
        (count, V) of each text, in their order.
    """
    keeps = "logits_to_keep" in inspect.signature(model.forward).parameters
    vocabulary = model.config.get_text_config().vocab_size
    width = max(map(len, texts))
    rows = max(MAX_LOGITS // (width * vocabulary), 1)
    for first in range(0, len(texts), rows):
        group, wanted = texts[first : first + rows], counts[first : first + rows]
        width = max(map(len, group))
        start = min(len(text) - count for text, count in zip(group, wanted, strict=True))
        ids = torch.tensor([[*text, *[pad] * (width - len(text))] for text in group], device=model.device)
        # Not their number: the output layer would copy its weights for each row of a slice.
        kept = torch.arange(start, width, device=model.device)
        options = {"logits_to_keep": kept} if keeps else {}
        logits = model(input_ids=ids, use_cache=False, **options).logits
        logits = logits[:, start - width :]
        for row, (text, count) in enumerate(zip(group, wanted, strict=True)):
            yield logits[row, len(text) - count - start : len(text) - start].float()
