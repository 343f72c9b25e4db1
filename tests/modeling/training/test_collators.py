"""Tokenized rows and the batches that are made of them."""

import json

import pytest
import torch
from datasets import Dataset
from training_setup import pairs, trained_tokenizer
from trajectory_setup import byte_tokenizer

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
        {"input_ids": [1, 5, 6, 7, 2], "prompt_length": 2, "decision": 3, "named": 1},
        {"input_ids": [1, 5, 6], "prompt_length": 2, "decision": 0, "named": 0},
        {"input_ids": [1, 5, 6, 7], "prompt_length": 1, "decision": 2, "named": 2},
    ]
    batch = InstructionCollator(0, prompt_loss_weight=0.25, choice_loss_weight=9.0)(rows)
    assert batch["input_ids"].tolist() == [[1, 5, 6, 7, 2], [1, 5, 6, 0, 0], [1, 5, 6, 7, 0]]
    assert batch["attention_mask"].tolist() == [[1] * 5, [1, 1, 1, 0, 0], [1, 1, 1, 1, 0]]
    assert batch["labels"].tolist() == [
        [-100, -100, 6, 7, 2],
        [-100, -100, 6, -100, -100],
        [-100, 5, 6, 7, -100],
    ]
    assert batch["loss_weights"].tolist() == [
        [0.25, 0.25, 1, 9, 1],
        [0.25, 0.25, 1, 0, 0],
        [0.25, 1, 9, 9, 0],
    ]
    assert (batch["decision"].tolist(), batch["named"].tolist()) == ([3, 0, 2], [1, 0, 2])


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
    assert batch["choice_probabilities"].tolist() == [0.75, 0.25] * 2
    decisions = [rows[number]["decision"] for number in (0, 0, 2, 2)]
    assert batch["choice_places"].tolist() == [
        [row, place] for row, place in zip((0, 0, 2, 2), decisions, strict=True)
    ]


def test_names_of_several_tokens_are_chosen_token_by_token() -> None:
    """A token a byte: at each place, what may follow what the row's name has before it, with conditional probabilities."""
    tokenizer = byte_tokenizer()
    shares = {"de": 0.2, "de_cobyla": 0.3, "da": 0.1, "pso": 0.4}
    row = {"prompt": "p\n", "completion": "# x; optimizer: de_cobyla\n", "optimizer": "de_cobyla"}
    [made] = tokenize_pairs(Dataset.from_list([{**row, "choices": json.dumps(shares)}]), tokenizer)
    name = made["input_ids"][made["decision"] : made["decision"] + made["named"]]
    assert tokenizer.decode(name) == " de_cobyla"
    found: dict[int, dict[str, float]] = {}
    for offset, token, share in zip(
        *(made[f"choice_{n}"] for n in ("offsets", "ids", "probabilities")), strict=True
    ):
        found.setdefault(offset, {})[tokenizer.decode([token])] = share
    assert found == {
        1: {"d": pytest.approx(0.6), "p": pytest.approx(0.4)},
        2: {"e": pytest.approx(0.5 / 0.6), "a": pytest.approx(0.1 / 0.6)},
        3: {"\n": pytest.approx(0.4), "_": pytest.approx(0.6)},
    }


def test_what_is_given_of_a_completion_is_not_learnt() -> None:
    tokenizer = trained_tokenizer()
    row = {
        "prompt": "# dimension 3\n",
        "completion": "# kind; optimizer: ga\nimport numpy as np\n",
        "optimizer": "ga",
    }
    given = tokenize_pairs(Dataset.from_list([{**row, "given": "# kind; optimizer: ga\n"}]), tokenizer)[0]
    whole = tokenize_pairs(Dataset.from_list([row]), tokenizer)[0]
    assert given["input_ids"] == whole["input_ids"] and (given["decision"], given["named"]) == (0, 0)
    start = given["prompt_length"]
    assert tokenizer.decode(given["input_ids"][start:-1]) == "import numpy as np\n"
