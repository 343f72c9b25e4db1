"""Models run by CTranslate2: a library without torch that is imported and has a small model answer in a tenth of a second.

CTranslate2 keeps no state between calls. So a guided answer is drafted first, by greedy generation and by what the guide says is likely,
and verified: one pass gives the logits at every place of a draft, and what the guide would not have taken is thrown away, as in
``decoding``. The logits of a verifying pass alone decide.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property

import ctranslate2
import numpy as np

from llamoco.modeling.generation.continuation import DECISION_TOKENS, Continuation, log_sum_exp
from llamoco.modeling.generation.converted import FILES, Converted
from llamoco.modeling.generation.generator import Generator
from llamoco.modeling.generation.guides import PoolGuide
from llamoco.modeling.generation.tokenizers import FileTokenizer
from llamoco.modeling.model_error import ModelError

SMALL = 64 << 20  # bytes of weights up to which a second thread costs more than it brings
LINE_ENDS = (
    "\n",
    "Ċ",
    "<0x0A>",
)  # how vocabularies write a line's end: plainly, in bytes' letters, as a byte


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
                f"`python -m llamoco.modeling.generation.convert {converted.place}`, or delete the folder to go without"
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

    @cached_property
    def _line_ends(self) -> list[int]:
        """Tokens with a line's end in them."""
        likely = [
            number
            for text, number in self._tokenizer.vocabulary().items()
            if any(end in text for end in LINE_ENDS)
        ]
        return [number for number in likely if "\n" in self._tokenizer.decode([number])]

    def _write(
        self, prompts: Sequence[str], starts: Sequence[list[int]], limit: int, first_line: bool
    ) -> list[Continuation]:
        # One after the other: tokens of a batch of unlike lengths would be padded, and a small model gains nothing by a batch.
        return [self._free(start, limit, first_line) for start in starts]

    def _free(self, start: list[int], limit: int, first_line: bool) -> Continuation:
        until = [*self._converted.eos_token_ids, *(self._line_ends if first_line else [])]
        ids = self._continued(start, limit, until)
        finished = bool(ids) and ids[-1] in self.eos_token_ids
        text = Continuation(ids[:-1] if finished else ids, finished=finished)
        asked = text.ids[:DECISION_TOKENS]
        if asked:
            logits = self._logits(start + asked[:-1], len(asked))
            text.probabilities = [
                _probability(scores, token) for scores, token in zip(logits, asked, strict=True)
            ]
        return text

    def _write_guided(
        self, starts: Sequence[list[int]], guides: Sequence[PoolGuide], limit: int
    ) -> list[Continuation]:
        return [self._held(start, guide, limit) for start, guide in zip(starts, guides, strict=True)]

    def _held(self, start: list[int], guide: PoolGuide, limit: int) -> Continuation:
        text = Continuation()
        draft = guide.proposal()
        while True:
            if not draft:
                # The line is the model's own yet.
                most = min(DECISION_TOKENS, limit - len(text.ids)) - 1
                draft = self._continued(
                    start + text.ids, most, [*self._converted.eos_token_ids, *self._line_ends]
                )
            draft = draft[: max(limit - len(text.ids) - 1, 0)]
            logits = self._logits(start + text.ids + draft, len(draft) + 1)
            for scores, drafted in zip(logits, [*draft, None], strict=True):
                token = guide.take(scores, int(scores.argmax()))
                text.add(token, _probability(scores, token))
                if guide.settled or len(text.ids) >= limit:
                    text.ids += guide.rest()
                    text.finished = True
                    return text
                if token != drafted:
                    break
            draft = guide.proposal()

    def _continued(self, ids: list[int], most: int, until: list[int]) -> list[int]:
        """Tokens that the model goes on with, greedy, up to and with the first of some that end it."""
        if most < 1:
            return []
        spelled = [self._tokenizer.spelling(token) for token in ids]
        [result] = self._model.generate_batch(
            [spelled],
            max_length=most,
            include_prompt_in_result=False,
            end_token=until,
            return_end_token=True,
            beam_size=1,
            sampling_topk=1,
        )
        return [int(token) for token in result.sequences_ids[0]]

    def _logits(self, ids: list[int], last: int) -> np.ndarray:
        """Logits of what follows each of the last tokens of a text: (last, V)."""
        return np.asarray(self._model.forward_batch([ids]))[0, -last:]


def load_converted(converted: Converted) -> CTranslate2Generator:
    """Load a converted model for generation.

    Raises:
        ModelError: if it or its tokenizer or its calibration cannot be read.
    """
    return CTranslate2Generator(converted)


def _probability(scores: np.ndarray, token: int) -> float:
    return float(np.exp(float(scores[token]) - log_sum_exp(scores)))
