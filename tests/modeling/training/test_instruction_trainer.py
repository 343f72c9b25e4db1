"""Instruction tuning on a tiny random Llama: its loss against plain torch, evaluation, what a trainer's caller may pass."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from datasets import concatenate_datasets
from training_setup import (
    assert_parts_train_as_whole,
    instruction_trainer,
    pairs,
    tiny_config,
    tiny_model,
    trained_tokenizer,
)
from transformers import EvalPrediction, TrainerCallback

from llamoco.modeling.training import instruction_trainer as instruction_trainer_module
from llamoco.modeling.training.collators import InstructionCollator
from llamoco.modeling.training.instruction_trainer import InstructionTrainer


def batch(one: InstructionTrainer, rows: range) -> dict[str, torch.Tensor]:
    return one.data_collator([one.train_dataset[i] for i in rows])


@pytest.mark.parametrize(("prompt_weight", "choice_weight"), [(0.0, 1.0), (0.25, 3.0)])
def test_loss_is_the_weighted_next_token_loss(
    tmp_path: Path, prompt_weight: float, choice_weight: float
) -> None:
    one = instruction_trainer(
        tmp_path, pairs(8), prompt_loss_weight=prompt_weight, choice_loss_weight=choice_weight
    )
    loss = one.compute_loss(one.model, batch(one, range(3)))

    total, tokens = 0.0, 0
    decode = one.processing_class.decode
    for pair in pairs(3):
        prompt = len(one.processing_class(pair["prompt"])["input_ids"])
        ids = one.processing_class(pair["prompt"] + pair["completion"])["input_ids"]
        ids.append(one.processing_class.eos_token_id)
        name = next(i for i in range(prompt, len(ids)) if decode([ids[i]]) == " " + pair["optimizer"])
        log_probs = one.model(torch.tensor([ids])).logits[0].log_softmax(-1)
        for i in range(1, len(ids)):
            weight = choice_weight if i == name else 1.0 if i >= prompt else prompt_weight
            total -= weight * log_probs[i - 1, ids[i]].item()
        tokens += len(ids) - prompt
    assert loss.item() == pytest.approx(total / tokens, rel=1e-4)


def test_a_soft_choice_is_the_mean_loss_over_the_names(tmp_path: Path) -> None:
    """The loss of the naming token with probabilities .7 and .3: .7 times that of one name, and .3 times that of the other."""

    def naming(folder: str, **columns: str) -> float:
        rows = pairs(8).map(lambda row: columns)
        losses = []
        for weight in (3.0, 1.0):
            one = instruction_trainer(tmp_path / f"{folder}{weight}", rows, choice_loss_weight=weight)
            losses.append(one.compute_loss(one.model, batch(one, range(5))).item())
        return losses[0] - losses[1]

    lines = {name: f"# kind; optimizer: {name}\n" for name in ("cma_es", "slsqp")}
    hard = {name: naming(name, completion=line) for name, line in lines.items()}
    soft = naming("soft", completion=lines["slsqp"], choices='{"cma_es": 0.7, "slsqp": 0.3}')
    assert soft == pytest.approx(0.7 * hard["cma_es"] + 0.3 * hard["slsqp"], rel=1e-4)
    assert hard["cma_es"] != pytest.approx(hard["slsqp"], rel=1e-3)


def test_logits_in_parts_give_the_same_loss_and_gradients(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choices = ['{"cma_es": 0.7, "slsqp": 0.3}' if n % 2 else "" for n in range(8)]
    rows = pairs(8).add_column("choices", choices)
    found = []
    for most in (instruction_trainer_module.MAX_LOGITS, 5 * len(trained_tokenizer())):
        monkeypatch.setattr(instruction_trainer_module, "MAX_LOGITS", most)
        one = instruction_trainer(tmp_path / str(most), rows, prompt_loss_weight=0.25, choice_loss_weight=3.0)
        loss = one.compute_loss(one.model, batch(one, range(5)))
        loss.backward()
        noted = {name: torch.stack(values).item() for name, values in one._sums["train"].items()}
        found.append((loss.item(), [p.grad for p in one.model.parameters()], noted))
    (whole, gradients, log), (parted, of_parts, log_of_parts) = found
    assert whole == pytest.approx(parted, rel=1e-5) and log == pytest.approx(log_of_parts, rel=1e-5)
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(gradients, of_parts, strict=True))


def test_both_ways_to_score_tokens_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fused head, which GPUs take, and the output layer on chosen positions."""
    one = instruction_trainer(tmp_path, pairs(8), prompt_loss_weight=0.25, choice_loss_weight=3.0)
    losses, logs = [], []
    for device in ("cpu", "meta"):
        monkeypatch.setattr(type(one.args), "device", torch.device(device))
        losses.append(one.compute_loss(one.model, batch(one, range(5))).item())
        logs.append({name: torch.stack(values).item() for name, values in one._sums["train"].items()})
        one._sums["train"].clear()
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    assert logs[0] == pytest.approx(logs[1], rel=1e-5)


def test_a_completion_without_decision_has_no_choice_loss(tmp_path: Path) -> None:
    """Practice in writing: the prompt has named the optimizer."""
    practice = pairs(4).map(
        lambda row: {
            "prompt": row["prompt"] + row["completion"].split("\n", 1)[0] + "\n",
            "completion": row["completion"].split("\n", 1)[1],
        }
    )
    losses = []
    for weight in (1.0, 50.0):
        one = instruction_trainer(
            tmp_path, concatenate_datasets([practice, pairs(4)]), choice_loss_weight=weight
        )
        assert [index > 0 for index in one.train_dataset["decision"]] == [False] * 4 + [True] * 4
        losses.append(one.compute_loss(one.model, batch(one, range(4))))
        one.log({})
        assert np.isnan(one.state.log_history[-1]["choice_loss"])
        one.compute_loss(one.model, batch(one, range(4)))
        one.compute_loss(one.model, batch(one, range(4, 8)))
        one.log({})
        assert one.state.log_history[-1]["choice_loss"] > 0
    assert losses[0].item() == losses[1].item()


def test_gradient_accumulation_is_one_big_batch(tmp_path: Path) -> None:
    """Lengths differ, so a mean of the parts' means would be another loss."""
    settings: dict = {
        "max_steps": 2,
        "prompt_loss_weight": 0.2,
        "choice_loss_weight": 3.0,
        "optim": "sgd",  # AdamW divides by a gradient's size, and so rounding errors by themselves
        "learning_rate": 0.1,
        "logging_steps": 1,
        "bucket_batches": 1,
    }
    whole = instruction_trainer(tmp_path, pairs(), per_device_train_batch_size=8, **settings)
    parts = instruction_trainer(
        tmp_path, pairs(), per_device_train_batch_size=2, gradient_accumulation_steps=4, **settings
    )
    assert_parts_train_as_whole(whole, parts)
    assert all(entry["padding"] < 0.4 for entry in whole.state.log_history[:-1])


def test_long_pairs_are_dropped_never_cut(tmp_path: Path) -> None:
    dataset = pairs(20)
    lengths = instruction_trainer(tmp_path, dataset).train_dataset["length"][:]
    limit = sorted(lengths)[12]
    one = instruction_trainer(tmp_path, dataset, max_length=limit)
    assert sorted(one.train_dataset["length"]) == sorted(n for n in lengths if n <= limit)
    assert len(one.sampler.weights) == len(one.train_dataset) < 20
    with pytest.raises(ValueError, match="none of the 20 pairs fits max_length"):
        instruction_trainer(tmp_path, dataset, max_length=3)


def test_validation_loss_is_the_loss_of_the_validation_set(tmp_path: Path) -> None:
    one = instruction_trainer(
        tmp_path,
        pairs(16),
        eval_dataset=pairs(8),
        max_steps=2,
        eval_strategy="steps",
        eval_steps=1,
        per_device_eval_batch_size=8,
    )
    one.train()
    logged = [entry for entry in one.state.log_history if "eval_loss" in entry]
    assert [entry["step"] for entry in logged] == [1, 2]
    one.model.eval()
    rows = [one.eval_dataset[i] for i in range(8)]
    with torch.no_grad():
        expected = one.compute_loss(one.model, one.data_collator(rows)).item()
    assert logged[-1]["eval_loss"] == pytest.approx(expected, rel=1e-5)
    assert logged[-1]["eval_completion_loss"] == pytest.approx(expected, rel=1e-5)
    assert one.evaluate(pairs(8))["eval_loss"] == pytest.approx(expected, rel=1e-5)


def test_callbacks_metrics_and_a_collator_of_the_callers_own(tmp_path: Path) -> None:
    seen: list[Any] = []

    class Counting(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            seen.append(state.global_step)

    def exact(predicted: EvalPrediction) -> dict[str, float]:
        named, wanted = predicted.predictions.argmax(-1)[:, :-1], predicted.label_ids[:, 1:]
        return {"right": float((named == wanted)[wanted != -100].mean())}

    collator = InstructionCollator(trained_tokenizer().pad_token_id, choice_loss_weight=7.0)
    one = InstructionTrainer(
        tiny_model(),
        tiny_config(tmp_path, max_steps=2, per_device_eval_batch_size=4),
        pairs(8),
        trained_tokenizer(),
        eval_dataset=pairs(8),
        data_collator=collator,
        compute_metrics=exact,
        callbacks=[Counting()],
    )
    assert one.data_collator is collator
    one.train()
    assert seen == [1, 2]
    assert 0 <= one.evaluate()["eval_right"] <= 1


@pytest.mark.parametrize("missing", ["prompt", "completion", "optimizer"])
def test_a_missing_column_is_named(tmp_path: Path, missing: str) -> None:
    with pytest.raises(ValueError, match=rf"lacks the column\(s\) {missing}: expected prompt, completion"):
        InstructionTrainer(
            tiny_model(), tiny_config(tmp_path), pairs(4).remove_columns(missing), trained_tokenizer()
        )
