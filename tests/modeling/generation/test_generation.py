"""Generation with a tiny random model: batches, confidence, room, loading errors."""

import math
from pathlib import Path

import pytest
import torch
from tiny_models import tiny

from llamoco.dataset_builder.optimizers import pool
from llamoco.modeling.generation.engines import answer_all, load_generator
from llamoco.modeling.generation.torch_engine import TorchGenerator
from llamoco.modeling.model_error import ModelError
from llamoco.modeling.training.tokenizer import train_tokenizer

PROMPTS = ["# dimension: 2\ndef objective(x):\n    return x[0]\n", "# dimension: 3\n", "x = 1\n" * 9]


@pytest.fixture(scope="module")
def generator() -> TorchGenerator:
    tokenizer = train_tokenizer(PROMPTS, {name: pool.source(name) for name in pool.POOL}, 1300)
    return TorchGenerator(tiny(tokenizer), tokenizer, "tiny")


def test_a_batch_gives_what_each_prompt_gives_alone(generator: TorchGenerator) -> None:
    together = generator.answer(PROMPTS, max_new_tokens=12)
    alone = [generator.answer([prompt], max_new_tokens=12)[0] for prompt in PROMPTS]
    assert [g.completion for g in together] == [g.completion for g in alone]
    collected = {}
    answer_all(generator, PROMPTS, 2, lambda i, answer: collected.__setitem__(i, answer.completion))
    # Longer answers that begin alike, each under its own position; a cut character at the end is not compared.
    assert sorted(collected) == [0, 1, 2]
    assert all(collected[i].startswith(alone[i].completion.rstrip("\ufffd")) for i in range(3))


def test_confidence_is_the_probability_of_the_name(generator: TorchGenerator) -> None:
    """Against a direct forward pass over a text with a decision line."""
    tokenizer, model = generator.tokenizer, generator.model
    prompt_ids = tokenizer(PROMPTS[0])["input_ids"]
    line_ids = tokenizer("# single of 1: sphere; optimizer: cma_es\n", add_special_tokens=False)["input_ids"]
    with torch.inference_mode():
        logits = model(torch.tensor([prompt_ids + line_ids])).logits[0, len(prompt_ids) - 1 : -1]
    probabilities = logits.softmax(-1)[range(len(line_ids)), line_ids].tolist()
    name = [i for i, token in enumerate(line_ids) if "cma_es" in tokenizer.decode([token])]
    assert len(name) == 1, "an optimizer's name is one token"
    assert math.isclose(generator._confidence(line_ids, probabilities), probabilities[name[0]])
    assert generator._confidence(line_ids[:3], probabilities[:3]) is None


def test_a_prompt_without_room_for_an_answer_is_refused(generator: TorchGenerator) -> None:
    with pytest.raises(ValueError, match="no room"):
        generator.answer(["x y z 1 2 3 " * 200])


def test_a_saved_model_loads_and_missing_ones_are_named(generator: TorchGenerator, tmp_path: Path) -> None:
    generator.model.save_pretrained(tmp_path / "m")
    generator.tokenizer.save_pretrained(tmp_path / "m")
    loaded = load_generator(tmp_path / "m")
    assert loaded.answer(PROMPTS[:1], 8)[0].completion == generator.answer(PROMPTS[:1], 8)[0].completion
    with pytest.raises(ModelError, match=r"gone does not exist"):
        load_generator(tmp_path / "gone")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match=r"has no config.json"):
        load_generator(tmp_path / "empty")
    with pytest.raises(ModelError, match="somebody/some-model"):
        load_generator("somebody/some-model")
