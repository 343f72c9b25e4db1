"""torch engine: any architecture, adapters, GPUs. Training, evaluation and studies use it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, cast

import numpy as np
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from llamoco.modeling.calibration.thresholds import Calibration, read_calibration
from llamoco.modeling.generation.continuation import Continuation
from llamoco.modeling.generation.generator import Generator
from llamoco.modeling.generation.guides import PoolGuide
from llamoco.modeling.generation.loading import load
from llamoco.modeling.generation.model_files import SHIPPED_MODEL, display_name
from llamoco.modeling.generation.speculative import (
    greedy_generate,
    greedy_lines,
    guided_generate,
    last_logits,
)
from llamoco.modeling.generation.tokenizers import Tokenizer


@dataclass(frozen=True)
class TorchGenerator(Generator):
    """A network and a tokenizer of transformers."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    name: str
    calibration: Calibration | None = None
    engine: ClassVar[str] = "torch"
    max_passes: ClassVar[int | None] = 3

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

    def _greedy(self, texts: Sequence[list[int]], max_new_tokens: int, stop_at: set[int]) -> list[list[int]]:
        return greedy_generate(self.model, texts, max_new_tokens, stop_at, self._pad_token_id)

    def _lines(self, starts: Sequence[list[int]], limit: int) -> list[Continuation]:
        """See ``Generator``: by its state between tokens, in place of one more pass over prompt and line."""
        texts = greedy_lines(self.model, starts, limit, self._line_stops, self._pad_token_id)
        for text in texts:
            text.end(self.eos_token_ids, limit)
        return texts

    def _logits(self, texts: Sequence[list[int]], counts: Sequence[int]) -> Iterator[np.ndarray]:
        for logits in last_logits(self.model, texts, counts, self._pad_token_id):
            yield logits.cpu().numpy()

    def _finish_guided(
        self,
        starts: Sequence[list[int]],
        texts: Sequence[Continuation],
        guides: Sequence[PoolGuide],
        limit: int,
    ) -> None:
        """See ``Generator``."""
        guided_generate(self.model, starts, texts, guides, limit, self._pad_token_id)

    @property
    def _pad_token_id(self) -> int:
        assert self.tokenizer.pad_token_id is not None  # load sees to it
        return int(self.tokenizer.pad_token_id)


def load_torch_generator(model: str | Path = SHIPPED_MODEL) -> TorchGenerator:
    """Load a model for generation with torch (see ``loading.load``), with its calibration where it has one.

    Raises:
        ModelError: if there is no such model, its tokenizer or its calibration cannot be read, or the Hub cannot be reached.
    """
    network, tokenizer, place = load(model)
    return TorchGenerator(network, tokenizer, display_name(place), read_calibration(place))
