"""Greedy decoding by transformers' ``generate``, and one verification pass over a draft.

Speculative decoding (Leviathan et al. 2023, arXiv 2211.17192) with a known text instead of a small model as the draft: once a model
has written its decision line, the pool's program is likely to follow. One forward pass over prompt, line and program tells up to which
token the model would have written the same; from there it goes on by itself. Tokens are those of greedy decoding.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence

import torch
from transformers import PreTrainedModel

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
    width = max(map(len, texts))
    ids = torch.tensor([[pad] * (width - len(text)) + list(text) for text in texts], device=model.device)
    mask = torch.tensor([[0] * (width - len(text)) + [1] * len(text) for text in texts], device=model.device)
    output = model.generate(  # type: ignore[operator]  # typed as a Tensor by torch's module attributes
        input_ids=ids,
        attention_mask=mask,
        max_new_tokens=max_new_tokens,
        pad_token_id=pad,
        eos_token_id=sorted(stop_at) or None,
        **GREEDY,
    )
    return [until_stop(row, stop_at) for row in output[:, width:].tolist()]


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
        mask = torch.tensor(
            [[1] * len(text) + [0] * (width - len(text)) for text in group], device=model.device
        )
        options = {"logits_to_keep": width - start} if keeps else {}
        logits = model(input_ids=ids, attention_mask=mask, use_cache=False, **options).logits
        logits = logits[:, start - width :]
        for row, (text, count) in enumerate(zip(group, wanted, strict=True)):
            yield logits[row, len(text) - count - start : len(text) - start].float()
