"""Networks and tokenizers from folders and the Hub, adapters on their base models; what is missing is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging
from transformers.utils.peft_utils import find_adapter_config_file

from llamoco.modeling.model_error import ModelError


def load(model: str | Path) -> tuple[PreTrainedModel, PreTrainedTokenizerBase, str]:
    """A model folder, an adapter's folder (LoRA and others of peft) or a Hub id of either, for generation.

    On a GPU in the precision it was saved in, where there is one; else on the CPU in float32. An adapter goes onto the base model that
    its configuration names, and takes that one's tokenizer if it has none of its own.

    Returns:
        Network, tokenizer (with a token for padding), and where they are: a folder with ``~`` expanded, or a Hub id.

    Raises:
        ModelError: if there is no such folder, it holds no model or no tokenizer, or the Hub cannot be reached.
    """
    name = str(model)
    if Path(name).exists() or name.startswith((".", "/", "~")) or isinstance(model, Path):
        folder = Path(name).expanduser()
        if not any((folder / file).is_file() for file in ("config.json", "adapter_config.json")):
            what = "has no config.json or adapter_config.json" if folder.is_dir() else "does not exist"
            raise ModelError(
                f"model folder {folder} {what}. Expected a folder written by `llamoco train` or save_pretrained; "
                "leave it out for the shipped model"
            )
        name = str(folder)
    logging.disable_progress_bar()
    base = _base_of_adapter(name)
    network = _load_network(name, base)
    tokenizer = _load_tokenizer(name, base)
    if tokenizer.pad_token_id is None:
        # Padding is masked: any token serves.
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.convert_ids_to_tokens(0)
    return network.eval(), tokenizer, name


def _base_of_adapter(name: str) -> str | None:
    """The base model that an adapter's configuration names; None if this is no adapter."""
    try:
        path = find_adapter_config_file(name)
        if path is None:
            return None
        base = json.loads(Path(path).read_text(encoding="utf-8"))["base_model_name_or_path"]
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ModelError(
            f"adapter {name!r}: its adapter_config.json states no base_model_name_or_path. Save it again with peft's save_pretrained"
        ) from error
    except Exception as error:  # not a Hub id, gated, ...
        raise _not_loaded(name, error) from error
    if not isinstance(base, str):
        raise ModelError(
            f"adapter {name!r}: base_model_name_or_path in its adapter_config.json is {base!r}, expected a folder or Hub id"
        )
    return base


def _load_network(name: str, base: str | None) -> PreTrainedModel:
    options: dict[str, Any] = {"dtype": torch.float32}
    if torch.cuda.is_available():
        options = {"dtype": "auto", "device_map": "cuda"}
    try:
        if base is not None:
            from peft import AutoPeftModelForCausalLM

            adapted = AutoPeftModelForCausalLM.from_pretrained(name, **options)
            # The base with the adapter's layers in it; not merged, which would round. A learnt prompt is no layer.
            prompts = adapted.active_peft_config.is_prompt_learning
            return adapted if prompts else adapted.get_base_model()
        network: PreTrainedModel = AutoModelForCausalLM.from_pretrained(name, **options)
        return network
    except Exception as error:  # whatever a person's files and libraries make go wrong
        raise _not_loaded(name, error, base) from error


def _load_tokenizer(name: str, base: str | None) -> PreTrainedTokenizerBase:
    places = [name]
    if base is not None and not (Path(name) / "tokenizer_config.json").is_file():
        places.append(base)
    failed: Exception | None = None
    for place in places:
        try:
            return AutoTokenizer.from_pretrained(place)
        except Exception as error:
            failed = error
    assert failed is not None
    raise ModelError(
        f"no tokenizer can be loaded from {' or its base model '.join(map(repr, places))}: {_reason(failed)}. "
        "Expected tokenizer.json and tokenizer_config.json, as the tokenizer's save_pretrained writes them"
    ) from failed


def _not_loaded(name: str, error: Exception, base: str | None = None) -> ModelError:
    if isinstance(error, torch.OutOfMemoryError):
        return ModelError(
            f"model {name!r} does not fit into the GPU's memory. Serve it (vLLM, transformers serve, ...) and give --server"
        )
    of_base = "" if base is None else f" onto its base model {base!r}"
    return ModelError(
        f"model {name!r} cannot be loaded{of_base}: {_reason(error)}. Give a local folder, or a Hub id that can be reached or is cached"
    )


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".:") if lines else type(error).__name__
