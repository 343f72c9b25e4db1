"""Load networks and tokenizers from folders and the Hub, adapters on their base models.

The one place that does so, for generation and for training: every failure is a ``ModelError`` that names the model, the cause and the
next step.
"""

from __future__ import annotations

import json
import platform
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import torch
from huggingface_hub import HfApi
from huggingface_hub.constants import is_offline_mode
from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError
from torch import nn
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging
from transformers.utils.peft_utils import find_adapter_config_file

from llamoco.modeling.generation.base_models import FOLDERS, base_folder, check_base, read_base
from llamoco.modeling.generation.model_files import display_name, is_folder, with_shipped
from llamoco.modeling.model_error import ModelError

HUB_TIMEOUT = 5.0  # seconds within which the Hub has to say whether it has a model
FEW_PARAMETERS = 20_000_000  # of a model that gains nothing from bfloat16 on a CPU


def load(model: str | Path) -> tuple[PreTrainedModel, PreTrainedTokenizerBase, str]:
    """Load a network and its tokenizer for generation.

    On a GPU, if there is one, in the precision that the weights were saved in; else on the CPU in float32, large models in bfloat16
    where they were saved so and the processor calculates in it.

    Args:
        model: a model folder, an adapter's folder (LoRA and others of peft), or a Hub id of either.

    Returns:
        Network, tokenizer (with a padding token), and their place: a folder with ``~`` expanded, or a Hub id.

    Raises:
        ModelError: there is no such folder, it holds no model or no tokenizer, or the Hub cannot be reached.
    """
    options: dict[str, Any] = {
        "dtype": "auto",
        **({"device_map": "cuda"} if torch.cuda.is_available() else {}),
    }
    place = _find(model)
    network, tokenizer = _load_network(place, options), _load_tokenizer(place)
    if network.device.type == "cpu":
        saved = network.get_input_embeddings().weight.dtype
        fast = bf16_on_cpu() and network.num_parameters() >= FEW_PARAMETERS
        nn.Module.to(network, torch.bfloat16 if fast and saved == torch.bfloat16 else torch.float32)
    if tokenizer.pad_token_id is None:
        # Padding is masked: any token serves.
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.convert_ids_to_tokens(0)
    return network.eval(), tokenizer, place.name


def bf16_on_cpu() -> bool:
    """Tell whether this machine's processor calculates in bfloat16 (AVX-512, AMX, ARMv8.6) or emulates it.

    oneDNN calls it supported on any x86 with AVX-512, where it is emulated at a third of the speed of float32.
    """
    if platform.machine().lower() in ("x86_64", "amd64"):
        return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


@contextmanager
def without_peft_warning() -> Iterator[None]:
    """Keep back a warning that peft causes: it asks networks for ``is_gradient_checkpointing``, which transformers has renamed."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
        yield


def load_network(model: str | Path, **options: Any) -> PreTrainedModel:
    """Load a network; an adapter's layers are put into the base model that its configuration names.

    Args:
        model: see ``load``.
        options: of ``from_pretrained``: dtype, device_map, quantization_config, attn_implementation, ...

    Raises:
        ModelError: see ``load``.
    """
    return _load_network(_find(model), options)


def load_tokenizer(model: str | Path) -> PreTrainedTokenizerBase:
    """Load a model's tokenizer; an adapter without one takes its base model's.

    Args:
        model: see ``load``.

    Raises:
        ModelError: see ``load``.
    """
    return _load_tokenizer(_find(model))


class _Place(NamedTuple):
    """Place of a model.

    Attributes:
        name: folder or Hub id.
        base: the base model, if it is an adapter.
        folder: of the weights that are not an adapter's, where ``LLAMOCO_BASE_MODELS`` has them.
        unreachable: why the Hub cannot be asked for what is not in its cache; None if it can be, or need not be.
    """

    name: str
    base: str | None
    folder: Path | None
    unreachable: str | None

    @property
    def options(self) -> dict[str, Any]:
        """Options of ``from_pretrained``. A Hub that is known not to answer is not asked: its client retries for half a minute a file."""
        return {} if self.unreachable is None else {"local_files_only": True}


def _find(model: str | Path) -> _Place:
    model = with_shipped(model)
    name = str(model)
    if is_folder(model):
        folder = Path(name).expanduser()
        if not any((folder / file).is_file() for file in ("config.json", "adapter_config.json")):
            what = "has no config.json or adapter_config.json" if folder.is_dir() else "does not exist"
            raise ModelError(
                f"model folder {folder} {what}. Expected a folder written by `llamoco train` or save_pretrained; "
                "leave it out for the shipped model"
            )
        name = str(folder)
    logging.disable_progress_bar()
    if (found := base_folder(name)) is not None:
        return _Place(name, None, found, None)
    unreachable = _why_unreachable(name)
    base = _base_of_adapter(name, unreachable)
    found = None if base is None else base_folder(base)
    if base is not None and found is None and unreachable is None:
        unreachable = _why_unreachable(base)
    return _Place(name, base, found, unreachable)


def _why_unreachable(name: str) -> str | None:
    if Path(name).is_dir():
        return None
    if is_offline_mode():
        return "HF_HUB_OFFLINE is set"
    try:
        HfApi().model_info(name, timeout=HUB_TIMEOUT)
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise ModelError(
            f"model {name!r} is neither a folder nor a model of the Hub that you may see: {_reason(error)}. Check the name; "
            "for a private or gated model, `hf auth login`"
        ) from error
    except Exception as error:  # whatever a network, a proxy or a server makes go wrong
        return _reason(error)
    return None


def _base_of_adapter(name: str, unreachable: str | None) -> str | None:
    """The base model that an adapter's configuration names; None if this is no adapter."""
    try:
        path = find_adapter_config_file(name, local_files_only=unreachable is not None)
        if path is None:
            return None
        base = json.loads(Path(path).read_text(encoding="utf-8"))["base_model_name_or_path"]
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ModelError(
            f"adapter {name!r}: its adapter_config.json states no base_model_name_or_path. Save it again with peft's save_pretrained"
        ) from error
    except Exception as error:  # gated, no network, ...
        raise _not_loaded(_Place(name, None, None, unreachable), error) from error
    if not isinstance(base, str):
        raise ModelError(
            f"adapter {name!r}: base_model_name_or_path in its adapter_config.json is {base!r}, expected a folder or Hub id"
        )
    return base


def _load_network(place: _Place, options: dict[str, Any]) -> PreTrainedModel:
    try:
        if place.base is not None:
            from peft import AutoPeftModelForCausalLM, PeftModel

            stated = read_base(place.name)
            if stated is None and place.folder is None:
                with without_peft_warning():
                    adapted = AutoPeftModelForCausalLM.from_pretrained(place.name, **options, **place.options)
            else:
                base = AutoModelForCausalLM.from_pretrained(
                    place.folder or place.base, **options, **place.options
                )
                base.name_or_path = place.base
                if stated is not None:
                    check_base(place.name, stated, base)
                with without_peft_warning():
                    adapted = PeftModel.from_pretrained(base, place.name, **place.options)
            # The base with the adapter's layers in it; not merged, which would round. A learnt prompt is no layer.
            prompts = adapted.active_peft_config.is_prompt_learning
            return adapted if prompts else adapted.get_base_model()
        network: PreTrainedModel = AutoModelForCausalLM.from_pretrained(
            place.folder or place.name,
            adapter_kwargs=place.options,  # it looks for an adapter once more
            **options,
            **place.options,
        )
        network.name_or_path = place.name  # an adapter states its base model by it
        return network
    except ModelError:
        raise
    except Exception as error:  # whatever a person's files and libraries make go wrong
        raise _not_loaded(place, error) from error


def _load_tokenizer(place: _Place) -> PreTrainedTokenizerBase:
    names = [place.name if place.base is not None else str(place.folder or place.name)]
    if place.base is not None and not (Path(place.name) / "tokenizer_config.json").is_file():
        names.append(str(place.folder or place.base))
    failed: Exception | None = None
    for name in names:
        try:
            return AutoTokenizer.from_pretrained(name, **place.options)
        except Exception as error:
            failed = error
    assert failed is not None
    if place.unreachable is not None:
        raise _not_loaded(place, failed) from failed
    raise ModelError(
        f"no tokenizer can be loaded from {' or its base model '.join(map(repr, names))}: {_reason(failed)}. "
        "Expected tokenizer.json and tokenizer_config.json, as the tokenizer's save_pretrained writes them"
    ) from failed


def _not_loaded(place: _Place, error: Exception) -> ModelError:
    name = display_name(place.name)
    if isinstance(error, torch.OutOfMemoryError):
        return ModelError(
            f"model {name!r} does not fit into the GPU's memory. Serve it (vLLM, transformers serve, ...) and give --server"
        )
    base = "" if place.base is None else f" onto its base model {place.base!r}"
    if place.unreachable is None:
        return ModelError(f"model {name!r} cannot be loaded{base}: {_reason(error)}")
    missing = place.name if not Path(place.name).is_dir() else place.base
    return ModelError(
        f"model {name!r} cannot be loaded{base}: {missing} is not a folder, not (completely) in the Hub's cache on this machine, "
        f"and the Hub cannot be asked: {place.unreachable}.\nDownload it where there is a network, `hf download {missing} --local-dir "
        f"FOLDER`, and give FOLDER, or the folder it lies in as {FOLDERS}; or fill the cache by `hf download "
        f"{missing}` and set HF_HUB_OFFLINE=1"
    )


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".:") if lines else type(error).__name__
