"""Rows and triplets of the two phases as padded batches."""

from collections.abc import Sequence
from typing import Any, TypedDict

import numpy as np
import torch
from datasets import Dataset
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedTokenizerBase

from llamoco.modeling.training.sampler import Triplet, length_groups


class Row(TypedDict):
    """A tokenized pair: its tokens, how many of them are the prompt's, and where the optimizer is named (0: nowhere)."""

    input_ids: list[int]
    prompt_length: int
    choice: int


def read_rows(prepared: Dataset, tokenizer: PreTrainedTokenizerBase) -> list[Row]:
    """The rows of tokenized pairs.

    Args:
        prepared: columns completion, input_ids and labels, the latter -100 on the prompt. A completion that does not
            begin with a comment names no optimizer: the prompt has.
        tokenizer: of both.
    """
    ends_line = {token for token in range(len(tokenizer)) if "\n" in tokenizer.decode([token])}
    rows: list[Row] = []
    columns = (prepared[name] for name in ("completion", "input_ids", "labels"))
    for completion, ids, labels in zip(*columns, strict=True):
        start = next(i for i, label in enumerate(labels) if label != -100)
        line_end = next((i for i in range(start, len(ids)) if ids[i] in ends_line), len(ids) - 1)
        if line_end == len(ids) - 2 and ids[-1] == tokenizer.eos_token_id:
            ids = ids[:-1]  # a first line alone is the beginning of a completion: it teaches no end
        choice = max(start, line_end - 1) if completion.startswith("#") else 0
        rows.append({"input_ids": ids, "prompt_length": start, "choice": choice})
    return rows


class Rows(torch.utils.data.Dataset):
    """Rows by index, and triplets of rows by triples of indices."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int | Triplet) -> Row | tuple[Row, ...]:
        return tuple(self.rows[i] for i in index) if isinstance(index, tuple) else self.rows[index]


class Collator:
    """Makes batches; labels score completions only.

    Rows, padded on the right, give input_ids, attention_mask, labels (B, L) and choice (B,).

    B triplets give their 3B prompts by length, unpadded: input_ids and attention_mask (T,), one prompt after the
    other; lengths (3B,); group_sizes, how many prompts in a row are padded together (see `padded_groups`); and
    places (3B,), where anchors, then positives, then negatives are found among the prompts.
    """

    def __init__(self, pad_token_id: int) -> None:
        self.pad_token_id = pad_token_id

    def __call__(self, examples: list[Any]) -> dict[str, Tensor]:
        """Makes a batch of rows, or of triplets of rows."""
        return self._triplets(examples) if isinstance(examples[0], tuple) else self._rows(examples)

    def _rows(self, rows: list[Row]) -> dict[str, Tensor]:
        batch = _padded([torch.tensor(row["input_ids"]) for row in rows], self.pad_token_id)
        positions = torch.arange(batch["input_ids"].shape[1])
        prompt_lengths = torch.tensor([row["prompt_length"] for row in rows])
        scored = (positions >= prompt_lengths[:, None]) & batch["attention_mask"].bool()
        batch["labels"] = batch["input_ids"].masked_fill(~scored, -100)
        batch["choice"] = torch.tensor([row["choice"] for row in rows])
        return batch

    def _triplets(self, triplets: list[tuple[Row, Row, Row]]) -> dict[str, Tensor]:
        rows = [triplet[role] for role in range(3) for triplet in triplets]
        lengths = np.array([row["prompt_length"] for row in rows])
        groups = length_groups(lengths)
        order = np.concatenate(groups)
        tokens = torch.tensor([token for i in order for token in rows[i]["input_ids"][: lengths[i]]])
        return {
            "input_ids": tokens,
            "attention_mask": torch.ones_like(tokens),
            "lengths": torch.from_numpy(lengths[order]),
            "group_sizes": torch.tensor([len(group) for group in groups]),
            "places": torch.from_numpy(np.argsort(order)),
        }


def padded_groups(batch: dict[str, Tensor], pad_token_id: int) -> list[dict[str, Tensor]]:
    """The prompts of a batch of triplets, each group padded on the right: input_ids, attention_mask (B_g, L_g)."""
    prompts = batch["input_ids"].split(batch["lengths"].tolist())
    ends = batch["group_sizes"].cumsum(0).tolist()
    starts = [0, *ends[:-1]]
    return [_padded(prompts[start:end], pad_token_id) for start, end in zip(starts, ends, strict=True)]


def _padded(sequences: Sequence[Tensor], pad_token_id: int) -> dict[str, Tensor]:
    masks = [torch.ones_like(sequence) for sequence in sequences]
    return {
        "input_ids": pad_sequence(list(sequences), batch_first=True, padding_value=pad_token_id),
        "attention_mask": pad_sequence(masks, batch_first=True, padding_value=0),
    }
