"""Training recipes: a YAML file, checked field by field."""

import dataclasses
import difflib
import re
import types
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from llamoco.modeling.config import LLaMoCoConfig


class RecipeError(ValueError):
    """A training run that cannot be: what is wrong, where, and what to do."""


@dataclass(frozen=True)
class FromScratch:
    """A Llama with random weights and a tokenizer of its own (see `llamoco.modeling.tokenizer`).

    Parameters:
        vocab_size (`int`): tokens of the tokenizer.
        hidden_size (`int`): width of the residual stream.
        intermediate_size (`int`): width of the gated feed-forward layers.
        num_hidden_layers (`int`): number of blocks.
        num_attention_heads (`int`): attention heads of a block; divides `hidden_size`.
        max_position_embeddings (`int`): positions, in tokens.
    """

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    max_position_embeddings: int = 2048


@dataclass(frozen=True)
class DatasetSource:
    """Pairs to train on.

    Parameters:
        path (`str`): what `datasets.load_dataset` takes: a folder in the Hub's layout, or a Hub id.
        config (`str`): its configuration.
        split (`str`): its split.
        headers_alone (`bool`): beside each pair, train on one whose prompt is the header alone. A file too long for a
            model is answered from the header; and these short pairs give practice in writing programs cheaply.
    """

    path: str
    config: str = "default"
    split: str = "train"
    headers_alone: bool = False


@dataclass(frozen=True)
class Recipe:
    """A training run.

    Parameters:
        model (`str` or `FromScratch`): the model to tune, by Hub id or path, or a new one.
        dataset (`DatasetSource`): the pairs.
        training (`dict`): fields of [`~llamoco.modeling.config.LLaMoCoConfig`].
        output_dir (`str`): folder of the trained model; checkpoints lie in it while training.
        seed (`int`): of initial weights and of the order of pairs.
        save_dtype (`str`): number format of the saved weights: float32, bfloat16 or float16.
        threads (`int`, *optional*): CPU threads of torch; its own choice if not set.
    """

    model: str | FromScratch
    dataset: DatasetSource
    training: dict[str, Any]
    output_dir: str
    seed: int = 0
    save_dtype: str = "float32"
    threads: int | None = None


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
        content = yaml.load(file.read_text(encoding="utf-8"), Loader=_Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RecipeError(f"{file} is no YAML: {error}") from error

    fields = _checked(file, "", content, Recipe)
    fields["dataset"] = DatasetSource(**_checked(file, "dataset.", fields["dataset"], DatasetSource))
    if not isinstance(fields["model"], str):
        wrapped = _mapping(file, "model", fields["model"])
        _reject_unknown(file, "model.", wrapped, ["from_scratch"])
        inner = wrapped.get("from_scratch")
        fields["model"] = FromScratch(**_checked(file, "model.from_scratch.", inner, FromScratch))
        _check_model(file, fields["model"])
    dtypes = ["float32", "bfloat16", "float16"]
    if fields.get("save_dtype", "float32") not in dtypes:
        raise RecipeError(
            f"{file}: save_dtype is {fields['save_dtype']!r}, expected one of {', '.join(dtypes)}"
        )

    training = _mapping(file, "training", fields["training"])
    hints = {name: hint for name, hint in _hints(LLaMoCoConfig).items() if name not in _SET_BY_RECIPE}
    for name in _SET_BY_RECIPE:
        if name in training:
            raise RecipeError(f"{file}: {name} is a field of the recipe itself: move it out of training")
    _reject_unknown(file, "training.", training, list(hints))
    for name, value in training.items():
        _check_type(file, f"training.{name}", value, hints[name])
    return Recipe(**fields)


def _checked(file: Path, where: str, content: Any, target: type) -> dict[str, Any]:
    """The fields of a mapping, after checks against a dataclass: known, complete, of the right types."""
    mapping = _mapping(file, where.rstrip(".") or "the recipe", content)
    hints = _hints(target)
    _reject_unknown(file, where, mapping, list(hints))
    for field in dataclasses.fields(target):
        if field.default is dataclasses.MISSING and field.name not in mapping:
            raise RecipeError(f"{file}: {where}{field.name} is missing")
        if (
            field.name in mapping
            and not dataclasses.is_dataclass(hints[field.name])
            and field.name != "model"
        ):
            _check_type(file, f"{where}{field.name}", mapping[field.name], hints[field.name])
    return dict(mapping)


def _mapping(file: Path, where: str, content: Any) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise RecipeError(f"{file}: {where} must be a mapping of fields to values, got {content!r}")
    return content


def _reject_unknown(file: Path, where: str, mapping: dict[str, Any], allowed: list[str]) -> None:
    for name in mapping:
        if name not in allowed:
            nearest = difflib.get_close_matches(str(name), allowed, n=1, cutoff=0.5)
            cure = (
                f"did you mean {nearest[0]}?" if nearest else f"expected one of {', '.join(sorted(allowed))}"
            )
            raise RecipeError(f"{file}: unknown field {where}{name}: {cure}")


def _hints(target: type) -> dict[str, Any]:
    hints = typing.get_type_hints(target)
    return {field.name: hints[field.name] for field in dataclasses.fields(target) if field.init}


def _check_type(file: Path, where: str, value: Any, hint: Any) -> None:
    """Numbers, truth values and texts only: what is more involved, the trainer's own configuration checks."""
    options = (
        typing.get_args(hint) if isinstance(hint, types.UnionType) or typing.get_origin(hint) else (hint,)
    )
    simple: tuple[type, ...] = tuple(t for t in options if t in (int, float, bool, str, type(None)))
    if len(simple) != len(options):
        return
    fits = isinstance(value, simple) or (float in simple and isinstance(value, int))
    if isinstance(value, bool) and bool not in simple:
        fits = False
    if not fits:
        names = " or ".join("null" if t is type(None) else t.__name__ for t in simple)
        raise RecipeError(f"{file}: {where} is {value!r}, expected {names}")


def _check_model(file: Path, model: FromScratch) -> None:
    for name, value in dataclasses.asdict(model).items():
        if value < 1:
            raise RecipeError(f"{file}: model.from_scratch.{name} is {value}, expected at least 1")
    if model.hidden_size % (2 * model.num_attention_heads):
        raise RecipeError(
            f"{file}: model.from_scratch.hidden_size ({model.hidden_size}) must be an even multiple of "
            f"num_attention_heads ({model.num_attention_heads})"
        )
