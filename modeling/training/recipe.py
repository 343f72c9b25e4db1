"""Training recipes: a YAML file, checked field by field."""

import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from llamoco.modeling.training.config import LLaMoCoConfig
from llamoco.modeling.training.recipe_fields import (
    RecipeError,
    check_choice,
    check_type,
    checked,
    field_types,
    mapping,
    reject_unknown,
)

__all__ = ["Adapter", "DatasetSource", "FromScratch", "Quantization", "Recipe", "RecipeError", "read_recipe"]

DTYPES = ("float32", "bfloat16", "float16")


@dataclass(frozen=True)
class FromScratch:
    """A Llama with random weights and a tokenizer of its own (see `llamoco.modeling.training.tokenizer`).

    Parameters:
        vocab_size (`int`): tokens of the tokenizer.
        hidden_size (`int`): width of the residual stream.
        intermediate_size (`int`): width of the gated feed-forward layers.
        num_hidden_layers (`int`): number of blocks.
        num_attention_heads (`int`): attention heads of a block; divides `hidden_size`.
        max_position_embeddings (`int`): positions, in tokens.
        facts_alone (`bool`): the tokenizer of the finished model leaves out what stands before a prompt's facts, so that a
            model which chooses best by them sees them only, whoever asks it. Training sees rows as they are.
    """

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    max_position_embeddings: int = 2048
    facts_alone: bool = False


@dataclass(frozen=True)
class DatasetSource:
    """Pairs to train on.

    Parameters:
        path (`str`): what `datasets.load_dataset` takes: a folder in the Hub's layout, or a Hub id.
        config (`str`): its configuration.
        split (`str`): its split.
        descriptions (`float`): share of the pairs that are seen whole, 0 to 1.
        facts_alone (`float`): share that is seen with the prompt's facts alone. A file too long for a model is answered
            from them; and these short pairs give practice in choosing and writing cheaply.
        decisions_alone (`float`): share that is seen with the facts alone and the completion's first line alone, where the
            optimizer is named.
        decision_temperature (`float`): if above 0, `decisions_alone` name an optimizer drawn with probability proportional to
            exp(AOCC / decision_temperature) in place of the label, AOCC as the benchmark measured it on the problem (shipped
            label table). So a model learns how much worse the others are, where the label alone says which one won.
        programs_alone (`float`): share that is seen as practice in writing: the prompt is the facts and a decision, the
            completion the program; of the optimizers that serve the problem, each is equally often the one.
        hold_out (`bool`): leave the problems of `llamoco.modeling.calibration.held_out` out, on which confidence is calibrated.
        language (`str`, *optional*): python or latex: pairs in that language only.
        patterns (`list[str]`, *optional*): pairs in these writing patterns only.
    """

    path: str
    config: str = "default"
    split: str = "train"
    descriptions: float = 1.0
    facts_alone: float = 0.0
    decisions_alone: float = 0.0
    decision_temperature: float = 0.0
    programs_alone: float = 0.0
    hold_out: bool = False
    language: str | None = None
    patterns: list[str] | None = None


@dataclass(frozen=True)
class Adapter:
    """A low-rank adapter (LoRA, Hu et al. 2022, arXiv:2106.09685), trained in place of the model's own weights.

    Parameters are those of [`~peft.LoraConfig`] of the same names.

    Parameters:
        r (`int`): rank of the update of a weight matrix.
        lora_alpha (`int`): the update is scaled by lora_alpha / r.
        lora_dropout (`float`): share of the adapter's inputs that are dropped while training.
        target_modules (`str` or `list[str]`): names of the layers that are adapted, or all-linear.
    """

    r: int = 16
    lora_alpha: int = 32
    lora_dropout: float = 0.0
    target_modules: str | list[str] = "all-linear"


@dataclass(frozen=True)
class Quantization:
    """Weights of the base model in 4 bits (QLoRA, Dettmers et al. 2023, arXiv:2305.14314), by bitsandbytes.

    Parameters are those of [`~transformers.BitsAndBytesConfig`] of the same names.

    Parameters:
        bnb_4bit_quant_type (`str`): number format of the weights: nf4 or fp4.
        bnb_4bit_use_double_quant (`bool`): whether the scales of the weights are quantized, too.
        bnb_4bit_compute_dtype (`str`): number format of the arithmetic: float32, bfloat16 or float16.
    """

    bnb_4bit_quant_type: str = "nf4"
    bnb_4bit_use_double_quant: bool = True
    bnb_4bit_compute_dtype: str = "bfloat16"


@dataclass(frozen=True)
class Recipe:
    """A training run.

    Parameters:
        model (`str` or `FromScratch`): the model to tune, by Hub id or path, or a new one.
        dataset (`DatasetSource`): the pairs.
        training (`dict`): fields of [`~llamoco.modeling.training.config.LLaMoCoConfig`].
        output_dir (`str`): folder of the trained model; checkpoints lie in it while training.
        seed (`int`): of initial weights and of the order of pairs.
        save_dtype (`str`): number format of the saved weights: float32, bfloat16 or float16.
        threads (`int`, *optional*): CPU threads of torch; its own choice if not set.
        adapter (`Adapter`, *optional*): what is trained instead of all weights.
        quantization (`Quantization`, *optional*): that the base model is held in 4 bits; asks for an adapter.
        load_dtype (`str`): number format in which a model is loaded: float32, bfloat16 or float16. Weights that are
            themselves trained want float32, `training.bf16` makes their arithmetic cheap.
        max_shard_size (`str`): size of the files in which the model is saved, such as 15MB or 5GB.
        attn_implementation (`str`, *optional*): attention of a loaded model, such as sdpa, eager or flash_attention_2;
            the choice of transformers if not set.
    """

    model: str | FromScratch
    dataset: DatasetSource
    training: dict[str, Any]
    output_dir: str
    seed: int = 0
    save_dtype: str = "float32"
    threads: int | None = None
    adapter: Adapter | None = None
    quantization: Quantization | None = None
    load_dtype: str = "float32"
    max_shard_size: str = "15MB"
    attn_implementation: str | None = None


class _Loader(yaml.SafeLoader):
    """YAML 1.1 reads 1e-3 as text; a recipe means the number."""


_Loader.yaml_implicit_resolvers = {
    key: list(value) for key, value in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+"), list("-+0123456789")
)

# The recipe itself sets these fields of LLaMoCoConfig.
_SET_BY_RECIPE = {"output_dir": "output_dir", "seed": "seed"}


def read_recipe(path: str | Path) -> Recipe:
    """Reads and checks a recipe.

    Raises:
        RecipeError: the file is missing or no YAML, or a field is missing, unknown or of the wrong type.
    """
    file = Path(path)
    if not file.is_file():
        raise RecipeError(
            f"no recipe at {file}: give the path of a YAML file, such as examples/recipes/xs.yaml"
        )
    try:
        content = yaml.load(file.read_text(encoding="utf-8-sig"), Loader=_Loader)
    except (
        yaml.YAMLError,
        ValueError,
        RecursionError,
    ) as error:  # a number of thousands of digits, a 13th month
        raise RecipeError(f"{file} is no YAML: {error}") from error

    fields = checked(file, "", content, Recipe)
    fields["dataset"] = DatasetSource(**checked(file, "dataset.", fields["dataset"], DatasetSource))
    if (temperature := fields["dataset"].decision_temperature) < 0:
        raise RecipeError(
            f"{file}: dataset.decision_temperature is {temperature}, expected a temperature in AOCC, or 0 for the labels"
        )
    if not isinstance(fields["model"], str):
        wrapped = mapping(file, "model", fields["model"])
        reject_unknown(file, "model.", wrapped, ["from_scratch"])
        inner = wrapped.get("from_scratch")
        fields["model"] = FromScratch(**checked(file, "model.from_scratch.", inner, FromScratch))
        _check_model(file, fields["model"])
    for name in ("save_dtype", "load_dtype"):
        check_choice(file, name, fields.get(name, "float32"), DTYPES)
    size = fields.get("max_shard_size", "1GB")
    if not re.fullmatch(r"[1-9][0-9]*[KMG]B", size):
        raise RecipeError(f"{file}: max_shard_size is {size!r}, expected a size such as 15MB or 5GB")
    _read_adapter(file, fields)

    training = mapping(file, "training", fields["training"])
    hints = {name: hint for name, hint in field_types(LLaMoCoConfig).items() if name not in _SET_BY_RECIPE}
    for name in _SET_BY_RECIPE:
        if name in training:
            raise RecipeError(f"{file}: {name} is a field of the recipe itself: move it out of training")
    reject_unknown(file, "training.", training, list(hints))
    for name, value in training.items():
        check_type(file, f"training.{name}", value, hints[name])
    return Recipe(**fields)


def _read_adapter(file: Path, fields: dict[str, Any]) -> None:
    """Makes the sections on adapter and quantization; both, as how to load, are of a model that exists."""
    loading = ("adapter", "quantization", "load_dtype", "attn_implementation")
    set_here = [name for name in loading if fields.get(name) is not None]
    if set_here and isinstance(fields["model"], FromScratch):
        raise RecipeError(
            f"{file}: {set_here[0]} is for a model that is loaded: leave it out, or name one in model"
        )
    if fields.get("adapter") is not None:
        adapter = Adapter(**checked(file, "adapter.", fields["adapter"], Adapter))
        _check_adapter(file, adapter)
        fields["adapter"] = adapter
    if fields.get("quantization") is not None:
        bits = Quantization(**checked(file, "quantization.", fields["quantization"], Quantization))
        check_choice(file, "quantization.bnb_4bit_quant_type", bits.bnb_4bit_quant_type, ("nf4", "fp4"))
        check_choice(file, "quantization.bnb_4bit_compute_dtype", bits.bnb_4bit_compute_dtype, DTYPES)
        fields["quantization"] = bits
        if fields.get("adapter") is None:
            raise RecipeError(
                f"{file}: quantization without adapter: weights of 4 bits cannot be trained. Add the section adapter"
            )


def _check_adapter(file: Path, adapter: Adapter) -> None:
    for name in ("r", "lora_alpha"):
        if getattr(adapter, name) < 1:
            raise RecipeError(f"{file}: adapter.{name} is {getattr(adapter, name)}, expected at least 1")
    if not 0 <= adapter.lora_dropout < 1:
        raise RecipeError(
            f"{file}: adapter.lora_dropout is {adapter.lora_dropout}, expected at least 0 and less than 1"
        )
    names = adapter.target_modules
    listed = isinstance(names, list) and all(isinstance(name, str) for name in names)
    if not names or not (isinstance(names, str) or listed):
        raise RecipeError(
            f"{file}: adapter.target_modules is {names!r}, expected all-linear or a list of names of layers"
        )


def _check_model(file: Path, model: FromScratch) -> None:
    for name, value in dataclasses.asdict(model).items():
        if not isinstance(value, bool) and value < 1:
            raise RecipeError(f"{file}: model.from_scratch.{name} is {value}, expected at least 1")
    if model.hidden_size % (2 * model.num_attention_heads):
        raise RecipeError(
            f"{file}: model.from_scratch.hidden_size ({model.hidden_size}) must be an even multiple of "
            f"num_attention_heads ({model.num_attention_heads})"
        )
