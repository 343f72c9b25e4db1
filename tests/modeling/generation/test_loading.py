"""Loading networks and tokenizers: dtype and other options reach transformers; what cannot be loaded is named at once."""

from __future__ import annotations

import platform
import re
import shutil
import time
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants

from llamoco.modeling.generation.loading import bf16_on_cpu, load, load_network, load_tokenizer
from llamoco.modeling.generation.model_files import SHIPPED_MODEL
from llamoco.modeling.model_error import ModelError


def test_a_folder_is_loaded_with_the_options_that_are_asked_for() -> None:
    network = load_network(SHIPPED_MODEL, dtype=torch.bfloat16, attn_implementation="eager")
    assert network.dtype == torch.bfloat16 and network.config._attn_implementation == "eager"
    loaded, tokenizer, place = load(str(SHIPPED_MODEL))
    assert loaded.dtype == torch.float32 and not loaded.training and place == str(SHIPPED_MODEL)
    assert tokenizer.pad_token_id is not None
    assert load_tokenizer(SHIPPED_MODEL).get_vocab() == tokenizer.get_vocab()


@pytest.mark.parametrize("offline", [True, False])
def test_a_hub_that_cannot_be_reached_is_told_at_once(monkeypatch: pytest.MonkeyPatch, offline: bool) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", offline)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")  # nobody answers there
    reason = "HF_HUB_OFFLINE is set" if offline else "onnect"
    begun = time.perf_counter()
    for loader in (load, load_network, load_tokenizer):
        with pytest.raises(
            ModelError,
            match=rf"(?s)'nobody/no-model'.*{reason}.*hf download nobody/no-model.*HF_HUB_OFFLINE=1",
        ):
            loader("nobody/no-model")
    assert time.perf_counter() - begun < 8


def test_an_adapter_whose_base_is_out_of_reach_names_the_base(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    (tmp_path / "adapter_config.json").write_text(
        '{"peft_type": "LORA", "base_model_name_or_path": "nobody/base"}'
    )
    with pytest.raises(ModelError, match=r"(?s)onto its base model 'nobody/base'.*hf download nobody/base"):
        load_network(tmp_path)


@pytest.mark.parametrize("name", ["./absent", "a/b/c"])
def test_what_is_no_folder_and_no_hub_id_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with pytest.raises(ModelError, match=r"absent does not exist|'a/b/c' is neither a folder nor"):
        load_network(name)


def test_broken_weights_are_named_with_the_libraries_own_reason(tmp_path: Path) -> None:
    for file in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(SHIPPED_MODEL / file, tmp_path / file)
    with pytest.raises(ModelError, match=rf"model '{tmp_path}' cannot be loaded: .*model\.safetensors"):
        load(tmp_path)


@pytest.mark.skipif(
    platform.machine() != "x86_64" or not Path("/proc/cpuinfo").exists(), reason="no x86 Linux"
)
def test_bfloat16_is_used_where_the_processor_says_that_it_calculates_in_it() -> None:
    flags = re.search(r"^flags\s*:(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    assert flags is not None
    assert bf16_on_cpu() is bool({"avx512_bf16", "amx_bf16"} & set(flags[1].split()))
