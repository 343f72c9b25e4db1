"""Tokenized pairs as Arrow rows, and the batches that collators make of them."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from accelerate import PartialState
from datasets import Dataset
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedTokenizerBase

REQUIRED_COLUMNS = ("prompt", "completion", "optimizer")
GROUP_SIZE, LEAST_GROUPS = 12, 8


def tokenize_pairs(
    pairs: Dataset, tokenizer: PreTrainedTokenizerBase, max_length: int | None = None
) -> Dataset:
    """Tokenize pairs; those longer than `max_length` are dropped rather than cut: a cut program teaches broken programs.

    Args:
        pairs: columns prompt, completion, optimizer, and choices, if any (see below); or what this function returned, which is
            returned as it is.
        tokenizer: with a token for the end.
        max_length: most tokens of prompt and completion; None for no limit.

    Returns:
        Columns input_ids (prompt, completion, end), length (of input_ids), prompt_length, optimizer, and decision: the
        index of the last token of the completion's first line, which names the optimizer; 0 where the completion does
        not begin with a comment, since the prompt has named it. A first line alone is the beginning of a completion:
        it has no end. Of a column choices, JSON with probabilities by the name of an optimizer or "", come choice_ids and
        choice_probabilities, equally long lists.

    Raises:
        ValueError: a column is missing, no pair fits `max_length`, or a name in choices is not one token.
    """
    if "prompt_length" in pairs.column_names:
        return pairs
    if missing := [column for column in REQUIRED_COLUMNS if column not in pairs.column_names]:
        raise ValueError(
            f"the data set lacks the column(s) {', '.join(missing)}: expected "
            f"{', '.join(REQUIRED_COLUMNS)}, found {', '.join(pairs.column_names)}"
        )
    line_ends = {token for token in range(len(tokenizer)) if "\n" in tokenizer.decode([token])}
    eos = tokenizer.eos_token
    soft = "choices" in pairs.column_names

    def tokenize(batch: dict[str, list[str]]) -> dict[str, list[Any]]:
        prompts, completions = batch["prompt"], batch["completion"]
        texts = [p + c + ("" if c.endswith(eos) else eos) for p, c in zip(prompts, completions, strict=True)]
        columns: dict[str, list[Any]] = {"input_ids": [], "length": [], "prompt_length": [], "decision": []}
        tokens = (tokenizer(texts)["input_ids"], tokenizer(prompts)["input_ids"])
        for completion, ids, of_prompt in zip(completions, *tokens, strict=True):
            start = next((i for i, (a, b) in enumerate(zip(ids, of_prompt)) if a != b), len(of_prompt))  # noqa: B905
            line_end = next((i for i in range(start, len(ids)) if ids[i] in line_ends), len(ids) - 1)
            if line_end == len(ids) - 2 and ids[-1] == tokenizer.eos_token_id:
                ids = ids[:-1]
            columns["input_ids"].append(ids)
            columns["length"].append(len(ids))
            columns["prompt_length"].append(start)
            columns["decision"].append(max(start, line_end - 1) if completion.startswith("#") else 0)
        if soft:
            choices = [json.loads(text) if text else {} for text in batch["choices"]]
            columns["choice_ids"] = [[_name_token(tokenizer, name) for name in row] for row in choices]
            columns["choice_probabilities"] = [list(row.values()) for row in choices]
        return columns

    unused = [column for column in pairs.column_names if column != "optimizer"]
    with PartialState().main_process_first():
        rows = pairs.map(tokenize, batched=True, remove_columns=unused, desc="Tokenizing")
        if max_length is not None:
            fitting = rows.filter(
                lambda length: length <= max_length, input_columns="length", desc="Dropping long pairs"
            )
            if len(rows) and not len(fitting):
                raise ValueError(f"none of the {len(rows)} pairs fits max_length ({max_length} tokens)")
            rows = fitting
    return rows


def _name_token(tokenizer: PreTrainedTokenizerBase, name: str) -> int:
    """The token of an optimizer's name, as it stands after a blank."""
    ids = tokenizer(f" {name}", add_special_tokens=False)["input_ids"]
    if len(ids) != 1:
        raise ValueError(
            f"the optimizer's name {name} is {len(ids)} tokens of this tokenizer, and soft_choice needs one: "
            "set soft_choice: false, which draws a name by the same probabilities"
        )
    return int(ids[0])


@dataclass
class TripletCollator:
    """Prompts of triplets as one batch: B anchors, then their positives, then their negatives, padded on the right.

    Gives input_ids and attention_mask (3B, L).
    """

    pad_token_id: int

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, Tensor]:
        """Make a batch of rows that come as anchor, positive, negative, anchor, ..."""
        ordered = [row for role in range(3) for row in rows[role::3]]
        return padded((row["input_ids"][: row["prompt_length"]] for row in ordered), self.pad_token_id)


@dataclass
class InstructionCollator:
    """Rows as a batch with a weight for each token's loss, padded on the right.

    Gives input_ids, attention_mask, labels (-100 where no completion is), loss_weights (B, L) and decision (B,), the
    index of the token that names the optimizer (0 if there is none). Where rows have choices, too: choice_ids (B, K) and
    choice_probabilities (B, K), padded with zeros; a row without any has zeros only.

    Args:
        pad_token_id: of the tokenizer.
        prompt_loss_weight: of a prompt's tokens; those of a completion have weight 1,
        choice_loss_weight: but for the one that names the optimizer.
    """

    pad_token_id: int
    prompt_loss_weight: float = 0.0
    choice_loss_weight: float = 1.0

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, Tensor]:
        """Make a batch of rows."""
        batch = padded((row["input_ids"] for row in rows), self.pad_token_id)
        positions = torch.arange(batch["input_ids"].shape[1])
        real = batch["attention_mask"].bool()
        completion = (positions >= torch.tensor([row["prompt_length"] for row in rows])[:, None]) & real
        decision = torch.tensor([row["decision"] for row in rows])
        weights = torch.where(completion, 1.0, self.prompt_loss_weight * real)
        named = (positions == decision[:, None]) & (decision[:, None] > 0)
        batch |= {
            "labels": batch["input_ids"].masked_fill(~completion, -100),
            "loss_weights": weights.masked_fill(named, self.choice_loss_weight),
            "decision": decision,
        }
        if any(row.get("choice_ids") for row in rows):
            for name in ("choice_ids", "choice_probabilities"):
                batch[name] = pad_sequence([torch.tensor(row[name]) for row in rows], batch_first=True)
            batch["choice_ids"] = batch["choice_ids"].long()
        return batch


def padded(sequences: Iterable[Sequence[int]], pad_token_id: int) -> dict[str, Tensor]:
    """Pad sequences on the right: input_ids and attention_mask, (B, L)."""
    tokens = [torch.tensor(sequence) for sequence in sequences]
    masks = [torch.ones_like(sequence) for sequence in tokens]
    return {
        "input_ids": pad_sequence(tokens, batch_first=True, padding_value=pad_token_id),
        "attention_mask": pad_sequence(masks, batch_first=True, padding_value=0),
    }


def length_groups(lengths: Tensor) -> tuple[Tensor, ...]:
    """Part a batch, sorted by length, into groups of even size, which are padded each by itself.

    Args:
        lengths: in tokens, shape (n,).

    Returns:
        Indices of each group's sequences. Their number depends on n alone, so that every process of a distributed run
        calls its model equally often.
    """
    count = min(len(lengths), max(LEAST_GROUPS, len(lengths) // GROUP_SIZE))
    return lengths.argsort(stable=True).tensor_split(count)
