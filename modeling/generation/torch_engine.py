"""Models run by torch and transformers: any architecture, adapters, GPUs. Training, evaluation and studies use it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar, cast

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from llamoco.modeling.calibration.thresholds import Calibration, read_calibration
from llamoco.modeling.generation.continuation import Continuation
from llamoco.modeling.generation.decoding import decode, plain, takes_drafts
from llamoco.modeling.generation.drafts import Drafts
from llamoco.modeling.generation.generator import Generator
from llamoco.modeling.generation.guides import PoolGuide
from llamoco.modeling.generation.loading import load
from llamoco.modeling.generation.model_files import SHIPPED_MODEL, display_name
from llamoco.modeling.generation.tokenizers import Tokenizer


@dataclass(frozen=True)
class TorchGenerator(Generator):
    """A network and a tokenizer of transformers."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    name: str
    calibration: Calibration | None = None
    engine: ClassVar[str] = "torch"

    @property
    def tokens(self) -> Tokenizer:
        """See ``Generator``."""
        return cast(Tokenizer, self.tokenizer)

    @property
    def max_length(self) -> int:
        """See ``Generator``."""
        # Recurrent models have no positions in their configuration.
        positions = getattr(self.model.config.get_text_config(), "max_position_embeddings", None)
        return min(positions or self.tokenizer.model_max_length, self.tokenizer.model_max_length)

    @property
    def eos_token_ids(self) -> set[int]:
        """See ``Generator``."""
        ends = self.model.generation_config.eos_token_id if self.model.generation_config else None
        listed = ends if isinstance(ends, list) else [ends]
        return {int(token) for token in (*listed, self.tokenizer.eos_token_id) if token is not None}

    @cached_property
    def _drafts(self) -> Drafts:
        return Drafts(self.tokens, min(self.eos_token_ids, default=None))

    @cached_property
    def _takes_drafts(self) -> bool:
        return takes_drafts(self.model)

    def _batch(self, starts: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Tokens and mask of a batch, padded on the left: (N, T) each."""
        length, pad = max(map(len, starts)), self._pad_token_id
        ids = [[pad] * (length - len(start)) + list(start) for start in starts]
        mask = [[0] * (length - len(start)) + [1] * len(start) for start in starts]
        return torch.tensor(ids, device=self.model.device), torch.tensor(mask, device=self.model.device)

    @property
    def _pad_token_id(self) -> int:
        assert self.tokenizer.pad_token_id is not None  # load sees to it
        return int(self.tokenizer.pad_token_id)

    def _write(
        self, prompts: Sequence[str], starts: Sequence[list[int]], limit: int, first_line: bool
    ) -> list[Continuation]:
        input_ids, mask = self._batch(starts)
        if not self._takes_drafts:
            return plain(self.model, input_ids, mask, self.eos_token_ids, limit, self._pad_token_id)
        proposers = [self._drafts.for_prompt(prompt) for prompt in prompts]
        until = self._drafts.ends_line if first_line else None
        return decode(self.model, input_ids, mask, self.eos_token_ids, limit, proposers, until)

    def _write_guided(
        self, starts: Sequence[list[int]], guides: Sequence[PoolGuide], limit: int
    ) -> list[Continuation]:
        input_ids, mask = self._batch(starts)
        if self._takes_drafts:
            return decode(self.model, input_ids, mask, self.eos_token_ids, limit, guides=guides)
        return plain(self.model, input_ids, mask, self.eos_token_ids, limit, self._pad_token_id, guides)


def load_torch_generator(model: str | Path = SHIPPED_MODEL) -> TorchGenerator:
    """Load a model for generation with torch (see ``loading.load``), with its calibration where it has one.

    Raises:
        ModelError: if there is no such model, its tokenizer or its calibration cannot be read, or the Hub cannot be reached.
    """
    network, tokenizer, place = load(model)
    return TorchGenerator(network, tokenizer, display_name(place), read_calibration(place))
