"""CTranslate2 engine: runs a small model without torch, and answers within a tenth of a second, imports included."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import ctranslate2
import numpy as np

from llamoco.modeling.generation.converted import FILES, Converted
from llamoco.modeling.generation.generator import Generator
from llamoco.modeling.generation.tokenizers import FileTokenizer
from llamoco.modeling.model_error import ModelError

SMALL = 64 << 20  # bytes of weights up to which a second thread costs more than it brings


class CTranslate2Generator(Generator):
    """A converted model, on the CPU in float32.

    Args:
        converted: where it lies.

    Raises:
        ModelError: if it cannot be read.
    """

    engine = "ctranslate2"

    def __init__(self, converted: Converted) -> None:
        self.name = converted.name
        self.calibration = converted.calibration
        self._converted = converted
        self._tokenizer = FileTokenizer(converted.tokenizer)
        small = (converted.folder / FILES[1]).stat().st_size <= SMALL
        try:
            self._model = ctranslate2.Generator(
                str(converted.folder),
                compute_type="float32",
                inter_threads=1,
                intra_threads=1 if small else os.cpu_count() or 1,
            )
        except (RuntimeError, ValueError) as error:
            raise ModelError(
                f"{converted.folder}: no model that CTranslate2 reads ({str(error).splitlines()[0]}). Convert it again with "
                f"`llamoco convert {converted.place}`, or delete the folder to go without"
            ) from error

    @property
    def tokens(self) -> FileTokenizer:
        """See ``Generator``."""
        return self._tokenizer

    @property
    def max_length(self) -> int:
        """See ``Generator``."""
        return self._converted.max_length

    @property
    def eos_token_ids(self) -> set[int]:
        """See ``Generator``."""
        return set(self._converted.eos_token_ids)

    def _greedy(self, texts: Sequence[list[int]], max_new_tokens: int, stop_at: set[int]) -> list[list[int]]:
        # One after the other: tokens of a batch of unequal lengths would be padded, and a small model gains nothing by a batch.
        return [self._continue(text, max_new_tokens, sorted(stop_at)) for text in texts]

    def _continue(self, text: list[int], max_new_tokens: int, stop_at: list[int]) -> list[int]:
        if max_new_tokens < 1:
            return []
        [result] = self._model.generate_batch(
            [[self._tokenizer.spelling(token) for token in text]],
            max_length=max_new_tokens,
            include_prompt_in_result=False,
            end_token=stop_at,
            return_end_token=True,
            beam_size=1,
            sampling_topk=1,
        )
        return [int(token) for token in result.sequences_ids[0]]

    def _logits(self, texts: Sequence[list[int]], counts: Sequence[int]) -> Iterator[np.ndarray]:
        for text, count in zip(texts, counts, strict=True):
            yield np.asarray(self._model.forward_batch([text]))[0, -count:]


def load_converted(converted: Converted) -> CTranslate2Generator:
    """Load a converted model for generation.

    Raises:
        ModelError: if it or its tokenizer or its calibration cannot be read.
    """
    return CTranslate2Generator(converted)
