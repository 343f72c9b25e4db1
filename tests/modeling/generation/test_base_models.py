"""Base models of adapters: found in a folder of base models, and told from others."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants
from peft import LoraConfig, get_peft_model
from tiny_models import tiny
from transformers import AutoTokenizer, LlamaForCausalLM

from llamoco.modeling.generation.base_models import (
    BASE_FILE,
    FOLDERS,
    base_folder,
    describe_base,
    read_base,
    weights_in_bfloat16,
)
from llamoco.modeling.generation.loading import load, load_network
from llamoco.modeling.generation.model_files import SHIPPED_MODEL
from llamoco.modeling.model_error import ModelError

BASE = "somebody/Tiny-Base-2M-Instruct"


def make_base(folder: Path, seed: int = 0, **sizes: int) -> LlamaForCausalLM:
    tokenizer = AutoTokenizer.from_pretrained(SHIPPED_MODEL)
    model = tiny(tokenizer, seed, **sizes).to(torch.bfloat16)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return model


@pytest.fixture
def adapter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An adapter of BASE, which lies among the base models; no Hub."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setenv(FOLDERS, str(tmp_path / "bases"))
    make_base(tmp_path / "bases" / "tiny-base-2m")
    adapted = get_peft_model(
        load_network(BASE), LoraConfig(r=2, target_modules=["q_proj"], init_lora_weights=False)
    )
    adapted.save_pretrained(tmp_path / "adapter")
    (tmp_path / "adapter" / BASE_FILE).write_text(json.dumps(describe_base(adapted.get_base_model())))
    return tmp_path / "adapter"


@pytest.mark.parametrize(
    "name",
    ["somebody/Tiny-Base-2M-Instruct", "Tiny-Base-2M-Instruct", "tiny-base-2m-instruct", "tiny-base-2m"],
)
def test_a_base_model_is_found_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(FOLDERS, str(tmp_path))
    for other in ("tiny-base-20m", "tiny", "other"):
        (tmp_path / other).mkdir()
    assert base_folder(BASE) is None
    (tmp_path / name).mkdir(parents=True)
    (tmp_path / name / "config.json").write_text("{}")
    assert base_folder(BASE) == tmp_path / name
    assert base_folder("somebody/Small-Base") is None and base_folder(str(tmp_path)) is None


def test_a_variable_that_names_no_folder_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDERS, str(tmp_path / "absent"))
    with pytest.raises(ModelError, match=r"LLAMOCO_BASE_MODELS is .*absent', which is no folder"):
        load_network(BASE)


def test_an_adapter_states_the_hub_id_of_its_base_and_is_put_onto_it(adapter: Path) -> None:
    stated = read_base(adapter)
    assert stated is not None and stated["model"] == BASE
    assert f'"base_model_name_or_path": "{BASE}"' in (adapter / "adapter_config.json").read_text()
    network, tokenizer, place = load(adapter)
    assert network.dtype == torch.float32, "few parameters"
    assert place == str(adapter) and tokenizer.pad_token_id is not None
    plain = load_network(BASE, dtype=torch.float32)
    ids = torch.arange(5)[None]
    assert not torch.allclose(network(ids).logits, plain(ids).logits)


def test_the_hash_of_weights_is_that_of_the_base_alone_in_any_precision(adapter: Path) -> None:
    stated = read_base(adapter)
    assert stated is not None
    for dtype in (torch.bfloat16, torch.float32):
        assert weights_in_bfloat16(load_network(BASE, dtype=dtype)) == stated["weights"]
        assert weights_in_bfloat16(load_network(adapter, dtype=dtype)) == stated["weights"]


def test_a_base_of_other_weights_is_warned_of(adapter: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "llamoco"):
        load(adapter)
        assert "not those that the adapter" not in caplog.text
        make_base(adapter.parent / "bases" / "tiny-base-2m", seed=1)
        load(adapter)
    assert f"the weights of {BASE} are not those that the adapter" in caplog.text


def test_a_base_of_other_sizes_is_refused(adapter: Path) -> None:
    make_base(adapter.parent / "bases" / "tiny-base-2m", num_hidden_layers=3)
    with pytest.raises(
        ModelError, match=rf"is for {BASE}, and .* is another model \(num_hidden_layers 3 instead of 2\)"
    ):
        load(adapter)


def test_a_missing_base_is_named_with_what_to_do(adapter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDERS)
    with pytest.raises(
        ModelError, match=rf"(?s)base model '{BASE}'.*hf download {BASE}.*LLAMOCO_BASE_MODELS"
    ):
        load(adapter)


def test_a_broken_description_of_the_base_is_named(adapter: Path) -> None:
    (adapter / BASE_FILE).write_text("{")
    with pytest.raises(ModelError, match=r"base_model\.json cannot be read"):
        load(adapter)
