"""Tokenized pairs as Arrow rows, and the batches that collators make of them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from accelerate import PartialState
from datasets import Dataset
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedTokenizerBase

from llamoco.dataset_builder.prompts.completion import CHOICE, named_optimizer
from llamoco.modeling.generation.pool_texts import CONTEXT

REQUIRED_COLUMNS = ("prompt", "completion", "optimizer")
ROW_COLUMNS = ("input_ids", "length", "prompt_length", "decision", "named")
CHOICE_COLUMNS = ("choice_offsets", "choice_ids", "choice_probabilities")
GROUP_SIZE, LEAST_GROUPS = 12, 8


def tokenize_pairs(
    pairs: Dataset, tokenizer: PreTrainedTokenizerBase, max_length: int | None = None
) -> Dataset:
    """Tokenize pairs; those longer than `max_length` are dropped rather than cut: a cut program teaches broken programs.

    Args:
        pairs: columns prompt, completion, optimizer, and given and choices, if any (see below); or what this function returned,
            which is returned as it is.
        tokenizer: with a token for the end. Prompts get the special tokens, or the chat format, that it adds.
        max_length: most tokens of prompt and completion; None for no limit.

    Returns:
        Columns input_ids (prompt, completion, end), length (of input_ids), prompt_length (of what is not learnt: the prompt and
        the beginning of the completion that the column given holds), optimizer, decision and named: the index of the first of the
        tokens that spell the optimizer in the completion's first line, and their number; 0 and 0 where the row does not decide.
        A first line alone is the beginning of a completion: it has no end. Of a column choices, JSON with probabilities by the
        name of an optimizer or "", come choice_offsets, choice_ids and choice_probabilities, equally long lists: what may stand so
        many tokens after the first of the name, and its probability after what the row's name has before it.

    Raises:
        ValueError: a column is missing, no pair fits `max_length`, or names of choices cannot be spelled in the first line.
    """
    if "prompt_length" in pairs.column_names:
        return pairs
    if missing := [column for column in REQUIRED_COLUMNS if column not in pairs.column_names]:
        raise ValueError(
            f"the data set lacks the column(s) {', '.join(missing)}: expected "
            f"{', '.join(REQUIRED_COLUMNS)}, found {', '.join(pairs.column_names)}"
        )
    line_ends = {token for token in range(len(tokenizer)) if "\n" in tokenizer.decode([token])}
    spelled = _NameTokens(tokenizer)

    def tokenize(batch: dict[str, list[str]]) -> dict[str, list[Any]]:
        prompts, completions = batch["prompt"], batch["completion"]
        given = batch.get("given", [""] * len(prompts))
        columns: dict[str, list[Any]] = {name: [] for name in ROW_COLUMNS}
        starts = tokenizer(prompts)["input_ids"]
        answers = _after(tokenizer, prompts, completions)
        openings = _after(tokenizer, prompts, given) if any(given) else [[]] * len(prompts)
        for completion, start, ids, opening in zip(completions, starts, answers, openings, strict=True):
            line_end = next((i for i, token in enumerate(ids) if token in line_ends), len(ids))
            decision, named = 0, 0
            if completion.startswith("#") and not opening:
                named = spelled.length(ids[:line_end], completion.split("\n", 1)[0])
                decision = len(start) + line_end - named
            end = [] if line_end == len(ids) - 1 else [tokenizer.eos_token_id]
            columns["input_ids"].append([*start, *ids, *end])
            columns["length"].append(len(columns["input_ids"][-1]))
            columns["prompt_length"].append(len(start) + len(opening))
            columns["decision"].append(decision)
            columns["named"].append(named)
        if "choices" in batch:
            columns |= {name: [] for name in CHOICE_COLUMNS}
            for text, ids, decision in zip(
                batch["choices"], columns["input_ids"], columns["decision"], strict=True
            ):
                shares = json.loads(text) if text and decision else {}
                for name, values in zip(CHOICE_COLUMNS, spelled.choices(shares, ids[decision:]), strict=True):
                    columns[name].append(values)
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


def _after(
    tokenizer: PreTrainedTokenizerBase, prompts: Sequence[str], texts: Sequence[str]
) -> list[list[int]]:
    """Tokens of texts as they follow their prompts; by themselves where a token would span the border."""
    joint = tokenizer([p + t for p, t in zip(prompts, texts, strict=True)], add_special_tokens=False)
    before = tokenizer(list(prompts), add_special_tokens=False)
    alone = tokenizer(list(texts), add_special_tokens=False)
    return [
        ids[len(prompt) :] if ids[: len(prompt)] == prompt else by_itself
        for ids, prompt, by_itself in zip(
            joint["input_ids"], before["input_ids"], alone["input_ids"], strict=True
        )
    ]


class _NameTokens:
    """Tokens of optimizers' names at the end of a decision line."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self._tokenizer = tokenizer
        self._known: dict[str, list[int]] = {}

    def length(self, line: list[int], text: str) -> int:
        """Number of the line's last tokens that spell the optimizer and the blank before it; 1 where it names none."""
        name = named_optimizer(text)
        if name is None:
            return 1
        texts = [self._tokenizer.decode(line[-n:]) for n in range(1, len(line) + 1)]
        # Some tokenizers leave out a blank at the beginning of what they decode.
        spelling = next((wanted for wanted in (f" {name}", name) if wanted in texts), None)
        return 1 if spelling is None else texts.index(spelling) + 1

    def choices(
        self, shares: Mapping[str, float], written: Sequence[int]
    ) -> tuple[list[int], list[int], list[float]]:
        """What may stand at each place of a name, while more than one of the names may be meant.

        Args:
            shares: probabilities by name.
            written: tokens of the row from its own name on.

        Returns:
            Offsets after the name's first token, tokens, and their probabilities, which sum to one at each offset.
        """
        offsets: list[int] = []
        ids: list[int] = []
        probabilities: list[float] = []
        alive = [(self._spelled(name), share) for name, share in shares.items() if share > 0]
        place = 0
        while len({tuple(name[place:]) for name, _ in alive}) > 1:
            following: dict[int, float] = {}
            for name, share in alive:
                following[name[place]] = following.get(name[place], 0.0) + share
            if len(following) > 1:
                total = sum(following.values())
                offsets += [place] * len(following)
                ids += following
                probabilities += [share / total for share in following.values()]
            alive = [(name, share) for name, share in alive if name[place] == written[place]]
            place += 1
        return offsets, ids, probabilities

    def _spelled(self, name: str) -> list[int]:
        """Tokens of a name that ends a decision line, with the line's end: that tells it from names that begin alike."""
        if name not in self._known:
            line = self._tokenizer(f"{CONTEXT}{CHOICE} {name}\n", add_special_tokens=False)["input_ids"]
            before = self._tokenizer(f"{CONTEXT}{CHOICE}", add_special_tokens=False)["input_ids"]
            if line[: len(before)] != before:
                raise ValueError(
                    f"this tokenizer has tokens that span the end of {CHOICE!r}, after which soft_choice places the optimizer's name: "
                    "set soft_choice: false, which draws a name by the same probabilities"
                )
            self._known[name] = line[len(before) :]
        return self._known[name]


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

    Gives input_ids, attention_mask, labels (-100 where no completion is), loss_weights (B, L), decision and named (B,), the index of
    the first token that names the optimizer and the number of these (0 and 0 if there are none). Where rows have choices, too:
    choice_places (M, 2), row and index, choice_ids (M,) and choice_probabilities (M,), which sum to one for each place.

    Args:
        pad_token_id: of the tokenizer.
        prompt_loss_weight: of a prompt's tokens; those of a completion have weight 1,
        choice_loss_weight: but for those that name the optimizer.
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
        decision, named = (torch.tensor([row[name] for row in rows]) for name in ("decision", "named"))
        weights = torch.where(completion, 1.0, self.prompt_loss_weight * real)
        names = spans(decision, named, len(positions))
        batch |= {
            "labels": batch["input_ids"].masked_fill(~completion, -100),
            "loss_weights": weights.masked_fill(names, self.choice_loss_weight),
            "decision": decision,
            "named": named,
        }
        if any(row.get("choice_ids") for row in rows):
            places = [
                (number, row["decision"] + offset)
                for number, row in enumerate(rows)
                for offset in row["choice_offsets"]
            ]
            batch["choice_places"] = torch.tensor(places)
            for name in ("choice_ids", "choice_probabilities"):
                batch[name] = torch.tensor([value for row in rows for value in row[name]])
        return batch


def spans(start: Tensor, count: Tensor, length: int) -> Tensor:
    """Which of `length` positions are among `count` ones from `start` on; (B, length) for (B,)."""
    positions = torch.arange(length, device=start.device)
    return (positions >= start[:, None]) & (positions < (start + count)[:, None])


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
