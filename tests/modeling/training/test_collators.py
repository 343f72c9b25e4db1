"""Tokenized rows and the batches that are made of them."""

import json

import pytest
import torch
from datasets import Dataset
from training_setup import pairs, trained_tokenizer

from llamoco.dataset_builder.optimizers import pool
from llamoco.modeling.training.collators import (
    InstructionCollator,
    TripletCollator,
    length_groups,
    tokenize_pairs,
)


def test_rows_are_the_pairs() -> None:
    tokenizer = trained_tokenizer()
    for row, pair in zip(tokenize_pairs(pairs(8), tokenizer), pairs(8), strict=True):
        ids, start = row["input_ids"], row["prompt_length"]
        assert tokenizer.decode(ids[1:start]) == pair["prompt"]
        assert tokenizer.decode(ids[start:-1]) == pair["completion"]
        assert ids[-1] == tokenizer.eos_token_id and row["length"] == len(ids)
        assert tokenizer.decode(ids[row["decision"]]) == " " + pair["optimizer"]
        assert row["optimizer"] == pair["optimizer"]


def test_a_first_line_alone_teaches_no_end() -> None:
    tokenizer = trained_tokenizer()
    lines = pairs(4).map(lambda row: {"completion": row["completion"].split("\n", 1)[0] + "\n"})
    for row in tokenize_pairs(lines, tokenizer):
        assert tokenizer.decode(row["input_ids"][-1:]) == "\n"
        assert row["decision"] == len(row["input_ids"]) - 2


def test_tokenized_rows_are_taken_as_they_are() -> None:
    rows = tokenize_pairs(pairs(4), trained_tokenizer())
    assert tokenize_pairs(rows, trained_tokenizer()) is rows


def test_rows_take_four_bytes_a_token() -> None:
    """In Arrow. 30,000 rows of 1,500 tokens are 180 MB then, where Python's lists would be 1.8 GB."""
    long = Dataset.from_dict(
        {"prompt": ["x" * 3000 + "\n"] * 20, "completion": ["# y\n"] * 20, "optimizer": ["a"] * 20}
    )
    rows = tokenize_pairs(long, trained_tokenizer())
    assert sum(rows["length"]) > 20_000
    assert rows.data.nbytes <= 4.2 * sum(rows["length"])


def test_an_instruction_batch_weighs_each_token() -> None:
    rows = [
        {"input_ids": [1, 5, 6, 7, 2], "prompt_length": 2, "decision": 3},
        {"input_ids": [1, 5, 6], "prompt_length": 2, "decision": 0},
    ]
    batch = InstructionCollator(0, prompt_loss_weight=0.25, choice_loss_weight=9.0)(rows)
    assert batch["input_ids"].tolist() == [[1, 5, 6, 7, 2], [1, 5, 6, 0, 0]]
    assert batch["attention_mask"].tolist() == [[1] * 5, [1, 1, 1, 0, 0]]
    assert batch["labels"].tolist() == [[-100, -100, 6, 7, 2], [-100, -100, 6, -100, -100]]
    assert batch["loss_weights"].tolist() == [[0.25, 0.25, 1, 9, 1], [0.25, 0.25, 1, 0, 0]]
    assert batch["decision"].tolist() == [3, 0]


def test_a_batch_of_triplets_has_prompts_by_role() -> None:
    rows = [{"input_ids": [n] * 4, "prompt_length": n % 3 + 1} for n in range(6)]
    batch = TripletCollator(9)(rows)
    assert batch["input_ids"].tolist() == [
        [0, 9, 9],
        [3, 9, 9],
        [1, 1, 9],
        [4, 4, 9],
        [2, 2, 2],
        [5, 5, 5],
    ]
    assert batch["attention_mask"].sum(1).tolist() == [1, 1, 2, 2, 3, 3]


@pytest.mark.parametrize("count", [3, 12, 48, 300])
def test_groups_part_a_batch_by_length(count: int) -> None:
    draw = torch.Generator().manual_seed(count)
    lengths = torch.randint(20, 400, (count,), generator=draw)
    groups = length_groups(lengths)
    assert torch.cat(groups).sort().values.tolist() == list(range(count))
    assert len(groups) == len(length_groups(torch.ones(count))), "alike on every process"
    longest = [lengths[group].max() for group in groups]
    assert all(a <= lengths[group].min() for a, group in zip(longest, groups[1:], strict=False))
    padded = sum(len(group) * int(most) for group, most in zip(groups, longest, strict=True))
    assert 1 - lengths.sum().item() / padded < 0.12


def test_choices_are_tokens_of_names() -> None:
    tokenizer = trained_tokenizer()
    names = sorted(pool.POOL)[:4]
    choices = [json.dumps({names[1]: 0.75, names[3]: 0.25}), ""] * 2
    rows = tokenize_pairs(pairs(4).add_column("choices", choices), tokenizer)
    assert [tokenizer.decode(token) for token in rows[0]["choice_ids"]] == [f" {names[1]}", f" {names[3]}"]
    batch = InstructionCollator(tokenizer.pad_token_id)(list(rows))
    assert batch["choice_probabilities"].tolist() == [[0.75, 0.25], [0, 0]] * 2
    with pytest.raises(ValueError, match=r"name of no optimizer is \d+ tokens .* set soft_choice: false"):
        tokenize_pairs(pairs(1).add_column("choices", ['{"of no optimizer": 1}']), tokenizer)
