"""Greedy decoding of a batch, with drafts: tokens that are likely to come are verified in one forward pass.

Speculative decoding (Leviathan et al. 2023, arXiv 2211.17192) with a text instead of a small model as the draft: a
proposer says what may come, the model reads it all at once, and what it would not have written itself is thrown away.
The tokens are those of plain greedy decoding; a correct draft of n tokens takes one pass instead of n.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence

import torch
from transformers import (
    LogitsProcessor,
    LogitsProcessorList,
    PreTrainedModel,
    StoppingCriteria,
    StoppingCriteriaList,
)
from transformers.cache_utils import Cache, DynamicCache, DynamicLayer

from llamoco.modeling.generation.continuation import DECISION_TOKENS, Continuation, Guide

LOGITS = 1 << 25  # of one pass at most; more would not fit into memory where the vocabulary is large
GREEDY = {  # whatever a model's own generation settings say
    "do_sample": False,
    "num_beams": 1,
    "repetition_penalty": 1.0,
    "no_repeat_ngram_size": 0,
    "temperature": 1.0,
    "top_p": 1.0,
    "top_k": 50,
}

# From the tokens written so far to those that may come next.
Proposer = Callable[[list[int]], list[int]]


class _SlotLayer(DynamicLayer):
    """Keys and values of one layer in a buffer with room to grow: nothing is copied when a token is added."""

    _buffers: tuple[torch.Tensor, torch.Tensor] | None = None
    _filled = 0

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: object, **kwargs: object
    ) -> tuple[torch.Tensor, torch.Tensor]:
        start, end = self._filled, self._filled + key_states.shape[-2]
        states = (key_states, value_states)
        if self._buffers is None or end > self._buffers[0].shape[-2]:
            older = self._buffers or states
            self._buffers = _grown(older[0], start, 2 * end), _grown(older[1], start, 2 * end)
        for buffer, new in zip(self._buffers, states, strict=True):
            buffer[..., start:end, :] = new
        self._filled = end
        return self._buffers[0][..., :end, :], self._buffers[1][..., :end, :]

    def get_seq_length(self) -> int:
        return self._filled

    def keep(self, rows: torch.Tensor | None, slots: int) -> None:
        """Keep some rows (all if None) and the first slots."""
        if rows is not None and self._buffers is not None:
            self._buffers = self._buffers[0][rows], self._buffers[1][rows]
        self._filled = slots


def _grown(states: torch.Tensor, filled: int, slots: int) -> torch.Tensor:
    larger = states.new_empty((*states.shape[:-2], slots, states.shape[-1]))
    larger[..., :filled, :] = states[..., :filled, :]
    return larger


def takes_drafts(model: PreTrainedModel) -> bool:
    """Whether drafts can be verified: the model attends to all tokens, whose positions are an argument, as in most architectures."""
    parameters = inspect.signature(model.forward).parameters
    return {"position_ids", "past_key_values", "logits_to_keep"} <= parameters.keys() and all(
        type(layer) is DynamicLayer for layer in DynamicCache(config=model.config).layers
    )


@torch.inference_mode()
def decode(
    model: PreTrainedModel,
    input_ids: torch.Tensor,
    mask: torch.Tensor,
    ends: set[int],
    limit: int,
    proposers: Sequence[Proposer] = (),
    until: Callable[[int], bool] | None = None,
    guides: Sequence[Guide] = (),
) -> list[Continuation]:
    """Greedy continuations of a batch, token for token those of ``plain``.

    Tokens of a draft that the model rejects stay in the cache where another row accepted as many; they are masked, and
    positions are counted over what is not masked. Rows that end leave the batch.

    Args:
        model: a causal language model that ``takes_drafts``.
        input_ids: prompts (N, T), padded on the left.
        mask: 1 where a token is, 0 where padding is, (N, T).
        ends: tokens that end a text.
        limit: tokens that a text may have; with a guide, that the model is asked for.
        proposers: one a row; none with guides, which propose themselves.
        until: whether a token is the last that is wanted; None for whole texts.
        guides: one a row, or none where a model writes what it likes. Of the tokens that a guide allows the likeliest is taken, and
            what is left when it is settled costs no pass.
    """
    written = [Continuation() for _ in input_ids]
    layers = [_SlotLayer() for _ in range(model.config.get_text_config().num_hidden_layers)]
    cache = Cache(layers=list(layers))
    active = list(range(len(written)))
    drafts: list[list[int]] = [[] for _ in written]
    tokens, width = input_ids, 1
    while True:
        logits = model(
            input_ids=tokens,
            attention_mask=mask,
            position_ids=(mask.cumsum(-1) - 1).clamp(min=0)[:, -tokens.shape[1] :],
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=width,
        ).logits.float()
        top, chosen = logits.max(-1)
        totals = logits.logsumexp(-1)
        probabilities = (top - totals).exp().tolist()
        kept, going = [], []
        for row, (number, best, likely) in enumerate(
            zip(active, chosen.tolist(), probabilities, strict=True)
        ):
            text = written[number]
            accepted = 0
            over = False
            guide = guides[number] if guides else None
            for place, token in enumerate(best[: len(drafts[row]) + 1]):
                probability = likely[place]
                if guide is not None:
                    best_token = token
                    token = guide.take(logits[row, place].cpu().numpy(), best_token)
                    if token != best_token:
                        probability = float((logits[row, place, token] - totals[row, place]).exp())
                elif token in ends:
                    text.finished = over = True
                    break
                text.add(token, probability)
                over = len(text.ids) >= limit or (until is not None and until(token))
                if guide is not None and (over or guide.settled):
                    text.ids += guide.rest()
                    text.finished = over = True
                if over or place == len(drafts[row]) or drafts[row][place] != token:
                    break
                accepted += 1
            kept.append(accepted)
            if not over:
                going.append(row)
        if not going:
            return written
        longest = max(kept[row] for row in going)
        # A row's slots of this pass: the token it came from, then the draft as far as it was accepted.
        slots = mask.shape[1] - width + 1 + longest
        mask = mask[:, :slots]
        for row in going:
            mask[row, slots - longest + kept[row] :] = 0
        rows = torch.tensor(going, device=mask.device) if len(going) < len(active) else None
        if rows is not None:
            mask = mask[rows]
        for layer in layers:
            layer.keep(rows, slots)
        active = [active[row] for row in going]
        room = max(LOGITS // (len(active) * logits.shape[-1]), 1)
        drafts = []
        for number in active:
            ids = written[number].ids
            draft = guides[number].proposal() if guides else proposers[number](ids)
            drafts.append(draft[: min(limit - len(ids), room) - 1])
        lengths = [len(draft) for draft in drafts]
        # As wide as may be with no more padding than drafts.
        longest = max(w for w in (0, *lengths) if 2 * sum(min(w, n) for n in lengths) >= w * len(lengths))
        drafts = [draft[:longest] for draft in drafts]
        width = 1 + longest
        fed = [[written[n].ids[-1], *draft] for n, draft in zip(active, drafts, strict=True)]
        tokens = torch.tensor([row + [0] * (width - len(row)) for row in fed], device=mask.device)
        there = [[1] * len(row) + [0] * (width - len(row)) for row in fed]
        mask = torch.cat([mask, mask.new_tensor(there)], dim=1)


def plain(
    model: PreTrainedModel,
    input_ids: torch.Tensor,
    mask: torch.Tensor,
    ends: set[int],
    limit: int,
    pad: int,
    guides: Sequence[Guide] = (),
) -> list[Continuation]:
    """Greedy continuations, token by token, by the model's own ``generate``: recurrent models, sliding windows, ...

    Args:
        model: any causal language model.
        input_ids, mask, ends, limit, guides: as ``decode`` has them.
        pad: token that follows a text that has ended.
    """
    likeliest = _Likeliest()
    held = _Held(guides)
    output = model.generate(  # type: ignore[operator]  # typed as a Tensor by torch's module attributes
        input_ids=input_ids,
        attention_mask=mask,
        max_new_tokens=limit,
        logits_processor=LogitsProcessorList([held if guides else likeliest]),
        stopping_criteria=StoppingCriteriaList([_Settled(held)] if guides else []),
        pad_token_id=pad,
        eos_token_id=None if guides else sorted(ends) or None,
        **GREEDY,
    )
    if guides:
        for text, guide in zip(held.written, guides, strict=True):
            text.ids += guide.rest()
            text.finished = True
        return held.written
    written = []
    for row, ids in enumerate(output[:, input_ids.shape[1] :].tolist()):
        end = next((place for place, token in enumerate(ids) if token in ends), None)
        probabilities = [float(step[row]) for step in likeliest.probabilities[: len(ids[:end])]]
        written.append(Continuation(ids[:end], probabilities, end is not None))
    return written


class _Held(LogitsProcessor):
    """Leaves each row the one token that its guide takes; rows that are settled, anything."""

    def __init__(self, guides: Sequence[Guide]) -> None:
        self.guides = guides
        self.written = [Continuation() for _ in guides]

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        held = torch.full_like(scores, -torch.inf)
        for row, (guide, text) in enumerate(zip(self.guides, self.written, strict=True)):
            token = 0
            if not guide.settled:
                known = scores[row].float()
                token = guide.take(known.cpu().numpy(), int(known.argmax()))
                text.add(token, float(known.softmax(-1)[token]))
            held[row, token] = 0
        return held


class _Settled(StoppingCriteria):
    """Ends the rows whose guides need no model any more."""

    def __init__(self, held: _Held) -> None:
        self.held = held

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor, **kwargs: object) -> torch.Tensor:
        settled = [guide.settled for guide in self.held.guides]
        return torch.tensor(settled, device=input_ids.device, dtype=torch.bool)


class _Likeliest(LogitsProcessor):
    """Keeps the probability of the likeliest token of the first steps: the one that greedy generation takes.

    All scores of a long answer of a model with a large vocabulary would not fit into memory.
    """

    def __init__(self) -> None:
        self.probabilities: list[torch.Tensor] = []

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        if len(self.probabilities) < DECISION_TOKENS:
            self.probabilities.append(scores.float().softmax(-1).amax(-1))
        return scores
