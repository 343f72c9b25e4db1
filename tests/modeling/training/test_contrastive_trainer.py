"""The contrastive warm-up on a tiny random Llama: its loss against plain torch, its learning rate, refusals."""

from pathlib import Path

import pytest
import torch
from training_setup import (
    assert_parts_train_as_whole,
    contrastive_trainer,
    pairs,
    tiny_config,
    tiny_model,
    trained_tokenizer,
)

from llamoco.modeling.training.contrastive_trainer import ContrastiveTrainer


@pytest.mark.parametrize(("latent_layer", "block"), [(-1, 1), (1, 1), (-2, 0), (0, 0)])
def test_loss_is_that_of_the_prompts_last_tokens(tmp_path: Path, latent_layer: int, block: int) -> None:
    one = contrastive_trainer(tmp_path, pairs(12), margin=0.6, latent_layer=latent_layer)
    triplets = [(0, 7, 1), (3, 10, 2), (4, 11, 6), (1, 8, 0)]
    loss = one.compute_loss(one.model, one.data_collator([one.train_dataset[i] for t in triplets for i in t]))

    def latent(index: int) -> torch.Tensor:
        seen = {}
        layer = one.model.model.layers[block]
        keep = layer.register_forward_hook(lambda _, inputs, output: seen.update(block=output))
        prompt = torch.tensor([one.processing_class(pairs(12)[index]["prompt"])["input_ids"]])
        one.model(prompt)
        keep.remove()
        output = seen["block"]
        return (one.model.model.norm(output) if block == 1 else output)[0, -1]

    def g(a: int, b: int) -> float:
        u, v = latent(a), latent(b)
        return (0.5 * (1 - u @ v / (u.norm() * v.norm()))).item()

    expected = sum(g(q, plus) + max(0.0, 0.6 - g(q, minus)) for q, plus, minus in triplets) / len(triplets)
    assert loss.item() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("layer", [2, -3])
def test_a_latent_layer_that_the_model_lacks_is_named(tmp_path: Path, layer: int) -> None:
    with pytest.raises(
        ValueError, match=rf"latent_layer is {layer}, but the model has 2 blocks: .*-2 \(first\)"
    ):
        contrastive_trainer(tmp_path, pairs(8), latent_layer=layer)


def test_a_batch_that_is_no_triplets_is_refused(tmp_path: Path) -> None:
    args = tiny_config(tmp_path, per_device_train_batch_size=4)
    with pytest.raises(ValueError, match="per_device_train_batch_size is 4, expected a multiple of 3"):
        ContrastiveTrainer(tiny_model(), args, pairs(8), trained_tokenizer())


def test_one_optimizer_has_no_negatives(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"all 8 pairs have the optimizer 'x'.*contrastive_steps to 0"):
        contrastive_trainer(tmp_path, pairs(8).map(lambda _: {"optimizer": "x"}))


def test_the_warm_up_has_its_own_learning_rate(tmp_path: Path) -> None:
    one = contrastive_trainer(
        tmp_path,
        pairs(12),
        contrastive_steps=20,
        contrastive_learning_rate=0.01,
        learning_rate=0.5,
        lr_scheduler_type="linear",
        warmup_steps=3,
        logging_steps=1,
    )
    one.train()
    rates = [entry["learning_rate"] for entry in one.state.log_history if "learning_rate" in entry]
    assert rates == pytest.approx([0.0, 0.005, *[0.01] * 18])
    assert tiny_config(tmp_path, learning_rate=0.5).contrastive("x").learning_rate == 0.5


def test_gradient_accumulation_is_one_big_batch(tmp_path: Path) -> None:
    settings: dict = {
        "contrastive_steps": 2,
        "optim": "sgd",  # AdamW divides by a gradient's size, and so rounding errors by themselves
        "learning_rate": 0.1,
        "logging_steps": 1,
        "bucket_batches": 1,
    }
    whole = contrastive_trainer(tmp_path, pairs(), per_device_train_batch_size=8, **settings)
    parts = contrastive_trainer(
        tmp_path, pairs(), per_device_train_batch_size=2, gradient_accumulation_steps=4, **settings
    )
    assert_parts_train_as_whole(whole, parts)
