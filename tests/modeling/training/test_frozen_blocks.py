"""Kept outputs of frozen blocks: a training with them is the same training, and later epochs do not work them out again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from training_setup import TINY, pairs, tiny_config, trained_tokenizer
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

from llamoco.modeling.training.frozen_blocks import INDEX, OUTPUTS, kept_outputs
from llamoco.modeling.training.instruction_trainer import InstructionTrainer
from llamoco.modeling.training.recipe import RecipeError

BLOCKS, FROZEN = 4, 3


def network(seed: int = 0, dropout: float = 0.0) -> LlamaForCausalLM:
    torch.manual_seed(seed)
    sizes = TINY | {"vocab_size": len(trained_tokenizer()), "num_hidden_layers": BLOCKS}
    return LlamaForCausalLM(LlamaConfig(**sizes, attention_dropout=dropout))


def adapted(seed: int = 0, first: int = FROZEN, dropout: float = 0.0) -> PeftModel:
    """A Llama of four blocks with an adapter on those from `first` on."""
    modules = rf".*layers\.[{first}-9]\..*_proj"
    return get_peft_model(
        network(seed, dropout), LoraConfig(r=4, target_modules=modules, task_type="CAUSAL_LM")
    )


@contextmanager
def counted(model: PeftModel) -> Iterator[list[int]]:
    """Numbers of the blocks that run, in order."""
    ran: list[int] = []
    hooks = [
        block.register_forward_hook(lambda *_, n=n: ran.append(n))
        for n, block in enumerate(model.get_base_model().model.layers)
    ]
    yield ran
    for hook in hooks:
        hook.remove()


def trainer(folder: Path, model: PeftModel, **settings: object) -> InstructionTrainer:
    args = tiny_config(
        folder,
        **{
            "per_device_train_batch_size": 4,
            "num_train_epochs": 2,
            "learning_rate": 3e-3,
            "logging_steps": 1,
            "seed": 3,
            "balance_exponent": 0.0,
            **settings,
        },
    )
    return InstructionTrainer(model, args, pairs(12), trained_tokenizer())


def trained(folder: Path, kept: Path | None) -> tuple[list[float], dict[str, torch.Tensor], list[int]]:
    """Losses by step, the adapter, and the blocks that ran."""
    torch.manual_seed(1)  # of the adapter
    model = adapted()
    one = trainer(folder, model)
    with counted(model) as ran:
        if kept is None:
            one.train()
        else:
            with kept_outputs(one.model, kept, trained_tokenizer().pad_token_id) as depth:
                assert depth == FROZEN
                one.train()
    losses = [entry["loss"] for entry in one.state.log_history if "loss" in entry]
    adapter = {n: p.detach().clone() for n, p in one.model.named_parameters() if p.requires_grad}
    return losses, adapter, ran


def test_the_same_training_with_a_third_of_the_work(tmp_path: Path) -> None:
    losses, adapter, ran = trained(tmp_path / "plain", None)
    first, kept_adapter, first_ran = trained(tmp_path / "first", tmp_path / "kept")
    again, again_adapter, again_ran = trained(tmp_path / "again", tmp_path / "kept")
    assert len(losses) == 6 and losses[0] != losses[-1]
    for found in (first, again):
        assert found == pytest.approx(losses, rel=1e-5)
    for found in (kept_adapter, again_adapter):
        assert found.keys() == adapter.keys()
        for name, weights in adapter.items():
            assert torch.allclose(found[name], weights, atol=1e-6), name
    assert ran.count(0) == 6 and ran.count(FROZEN) == 6
    assert first_ran.count(0) == 3, "in the second epoch they are known"
    assert again_ran.count(0) == 0 and again_ran.count(FROZEN) == 6


def test_the_model_is_as_it_was_afterwards(tmp_path: Path) -> None:
    model = adapted()
    before = list(model.get_base_model().model.layers)
    ids = torch.tensor([[5, 6, 7, 8]])
    expected = model(ids).logits
    with pytest.raises(ZeroDivisionError), kept_outputs(model, tmp_path, 0):
        assert model.get_base_model().model.layers[0] is not before[0]
        assert torch.allclose(model(ids).logits, expected, atol=1e-6)
        raise ZeroDivisionError
    assert list(model.get_base_model().model.layers) == before


def test_padding_on_the_right_changes_nothing(tmp_path: Path) -> None:
    model, pad = adapted(), 0
    short, padded = torch.tensor([[5, 6, 7]]), torch.tensor([[5, 6, 7, pad, pad], [9, 8, 7, 6, 5]])
    expected = model(padded).logits
    with counted(model) as ran, kept_outputs(model, tmp_path, pad):
        assert torch.allclose(model(short).logits, expected[:1, :3], atol=1e-6)
        found = model(padded).logits
        assert torch.allclose(found[0, :3], expected[0, :3], atol=1e-6)
        assert torch.allclose(found[1], expected[1], atol=1e-6)
        ran.clear()
        model(padded.flip(0))
        assert 0 not in ran


@pytest.mark.parametrize(("file", "cut"), [(OUTPUTS, 5), (INDEX, 3)])
def test_what_a_kill_cut_off_is_worked_out_again(tmp_path: Path, file: str, cut: int) -> None:
    model = adapted()
    rows = [torch.tensor([[5, 6, 7]]), torch.tensor([[9, 8, 7, 6]])]
    with kept_outputs(model, tmp_path, 0):
        expected = [model(row).logits for row in rows]
    [folder] = tmp_path.iterdir()
    whole = (folder / file).read_bytes()
    (folder / file).write_bytes(whole[:-cut])
    longer = torch.tensor([[1, 2, 3, 4, 5]])  # takes the place of what was cut off
    expected.append(model(longer).logits)
    for row, logits in zip([longer, *rows], expected[-1:] + expected[:-1], strict=True):
        with counted(model) as ran, kept_outputs(model, tmp_path, 0):
            assert torch.allclose(model(row).logits, logits, atol=1e-6)
            assert ran.count(0) == (row is not rows[0])


def test_other_weights_and_other_depths_have_folders_of_their_own(tmp_path: Path) -> None:
    for model in (adapted(0), adapted(1), adapted(0, first=2)):
        with kept_outputs(model, tmp_path, 0):
            model(torch.tensor([[5, 6, 7]]))
    assert len(list(tmp_path.iterdir())) == 3


def test_nothing_is_kept_where_the_first_block_is_trained(tmp_path: Path) -> None:
    with kept_outputs(network(), tmp_path, 0) as depth:
        assert depth == 0
    assert not list(tmp_path.iterdir())


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="dropout"), kept_outputs(adapted(dropout=0.1), tmp_path, 0):
        pass
    other = GPT2LMHeadModel(GPT2Config(n_layer=1, n_embd=8, n_head=1, vocab_size=20))
    with pytest.raises(RecipeError, match="GPT2LMHeadModel are not known"), kept_outputs(other, tmp_path, 0):
        pass
    with (
        kept_outputs(adapted(), tmp_path, 0),
        pytest.raises(RecipeError, match="another training writes"),
        kept_outputs(adapted(), tmp_path, 0),
    ):
        pass
