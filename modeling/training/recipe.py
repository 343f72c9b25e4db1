"""Training recipes: a flat YAML file of fields, read by trl's parser, so that the command line can set each field anew."""

import dataclasses
import difflib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import yaml
from transformers.trainer_utils import IntervalStrategy
from trl import ModelConfig, TrlParser

from llamoco.dataset_builder.problems.errors import LlamocoError
from llamoco.modeling.training.config import LLaMoCoConfig

DTYPES = ["float32", "bfloat16", "float16"]


class RecipeError(LlamocoError, ValueError):
    """An invalid recipe or training run. The message names the file or field and how to fix it."""


@dataclass(frozen=True)
class FromScratch:
    """
    A Llama with random weights and a tokenizer of its own (see `llamoco.modeling.training.tokenizer`): what is trained
    unless a recipe names a model in `model_name_or_path`.

    Parameters:
        vocab_size (`int`): tokens of the tokenizer.
        hidden_size (`int`): width of the residual stream.
        intermediate_size (`int`): width of the gated feed-forward layers.
        num_hidden_layers (`int`): number of blocks.
        num_attention_heads (`int`): attention heads of a block; divides `hidden_size`.
        max_position_embeddings (`int`, *optional*, defaults to `2048`): positions, in tokens.
        drop_description (`bool`, *optional*, defaults to `False`): the tokenizer of the finished model leaves out what
            precedes a prompt's facts, so that a model that decides best by them alone sees nothing else, whoever asks it.
            Training sees rows as they are.
    """

    vocab_size: int | None = None
    hidden_size: int | None = None
    intermediate_size: int | None = None
    num_hidden_layers: int | None = None
    num_attention_heads: int | None = None
    max_position_embeddings: int = 2048
    drop_description: bool = False

    def sizes(self) -> dict[str, Any]:
        """Sizes of the model.

        Raises:
            ValueError: one is missing or impossible.
        """
        sizes = {
            name: value for name, value in dataclasses.asdict(self).items() if name != "drop_description"
        }
        for name, value in sizes.items():
            if value is None:
                raise ValueError(
                    f"{name} is missing: a new model needs it, or name a model to tune in model_name_or_path"
                )
            if value < 1:
                raise ValueError(f"{name} is {value}, expected at least 1")
        if sizes["hidden_size"] % (2 * sizes["num_attention_heads"]):
            raise ValueError(
                f"hidden_size ({self.hidden_size}) must be an even multiple of num_attention_heads "
                f"({self.num_attention_heads})"
            )
        return sizes


@dataclass(frozen=True)
class DatasetSource:
    """
    Pairs to train on.

    Parameters:
        dataset_name (`str`, *optional*): a folder in the Hub's layout, such as `llamoco build` writes, or a Hub id. If not
            set, the instruction set that ships with the project.
        dataset_config (`str`): its configuration.
        dataset_train_split (`str`): its split.
        full_share (`float`): share of the pairs that are seen in full, 0 to 1.
        facts_only_share (`float`): share that is seen with the prompt's facts only. A file too long for a model is answered
            from them; and these short pairs give practice in deciding and writing cheaply.
        decision_only_share (`float`): share that is seen with the facts and the completion's first line only, where the
            optimizer is named.
        described_share (`float`): share that is seen like decision-only rows, with the description before the facts.
        soft_label_temperature (`float`): if above 0, rows that only decide name an optimizer drawn with probability proportional
            to exp(AOCC / soft_label_temperature) in place of the label, AOCC from the data set's column `scores`. So a model
            learns how much worse the others are, where the label alone says which one won.
        soft_choice (`bool`): teach all of these probabilities at once where the optimizer is named, in place of one optimizer
            drawn by them. A row then says as much as many draws. Names of several tokens are taught token by token.
        expected_share (`float`): share of these probabilities that trees expect from the scores of other problems, in place of the
            problem's own (`llamoco.dataset_builder.analysis.expected_choices`). Needs the column `problem`.
        unknown_share (`float`): share that is seen like decision-only rows, but as a problem whose functions cannot be traced:
            with the data set's column `probes` in place of what the functions do.
        described_unknown_share (`float`): share that is seen like these, with the description before the facts.
        screened_rows (`float`): decision-only rows for each problem of the data set's config `decisions`, which has no
            descriptions; `unknown_share` of them read as problems whose functions cannot be traced. 1.5 is two rows for half of
            the problems and one for the others.
        program_only_share (`float`): share that is seen as practice in writing: after the facts and a decision, the
            program is learnt; each of the optimizers that can handle the problem is drawn equally often.
        reads (`str`, *optional*, defaults to `"both"`): part of the prompts that the model sees: description, facts or both. The
            tokenizer of the finished model leaves out the rest, whoever asks it.
        hold_out (`bool`): leave out the rows with `calibration` true, on which confidence is calibrated.
        validation (`bool`): measure the validation loss on these rows, when `eval_strategy` says.
        language (`str`, *optional*): python or latex: pairs in that language only.
        patterns (`list[str]`, *optional*): pairs in these writing patterns only.
    """

    dataset_name: str | None = None
    dataset_config: str = "default"
    dataset_train_split: str = "train"
    full_share: float = 1.0
    facts_only_share: float = 0.0
    decision_only_share: float = 0.0
    soft_label_temperature: float = 0.0
    soft_choice: bool = False
    expected_share: float = 0.0
    unknown_share: float = 0.0
    screened_rows: float = 0.0
    program_only_share: float = 0.0
    described_share: float = 0.0
    described_unknown_share: float = 0.0
    reads: str = field(default="both", metadata={"choices": ["both", "description", "facts"]})
    hold_out: bool = False
    validation: bool = False
    language: str | None = field(default=None, metadata={"choices": ["python", "latex"]})
    patterns: list[str] | None = None

    def __post_init__(self) -> None:
        if self.soft_label_temperature < 0:
            raise ValueError(
                f"soft_label_temperature is {self.soft_label_temperature}, expected a temperature in AOCC, or 0 for "
                "the labels"
            )
        if self.soft_choice and not self.soft_label_temperature:
            raise ValueError("soft_choice: true needs a soft_label_temperature above 0, such as 0.05")
        if not 0 <= self.expected_share <= (self.soft_label_temperature > 0):
            raise ValueError("expected_share: expected 0 to 1, and a soft_label_temperature above 0")
        if self.reads == "description" and self.only_facts:
            raise ValueError(
                f"reads: description leaves {self.only_facts[0]} rows nothing to read: set it to 0, and describe problems by "
                "described_share, described_unknown_share or full_share"
            )
        if self.validation and not self.hold_out:
            raise ValueError("validation: true needs hold_out: true, or the rows would be trained on, too")

    @property
    def decides(self) -> bool:
        """Whether there are rows of the pairs that only decide."""
        return any(
            (
                self.decision_only_share,
                self.unknown_share,
                self.described_share,
                self.described_unknown_share,
            )
        )

    @property
    def only_facts(self) -> list[str]:
        """Fields that ask for rows without description."""
        shares = [f"{kind}_share" for kind in ("facts_only", "decision_only", "unknown", "program_only")]
        names = [*shares, "screened_rows"]
        return [name for name in names if getattr(self, name)]


@dataclass(frozen=True)
class ScriptArguments:
    """
    The run itself.

    Parameters:
        threads (`int`, *optional*): CPU threads of torch; its own choice if not set.
        save_dtype (`str`): number format of the saved weights: float32, bfloat16 or float16.
        max_shard_size (`str`): size of the files in which the model is saved, such as 15MB or 5GB.
        chat_format (`bool`): show prompts as the user's turn of the base model's chat template, and learn answers as the
            assistant's. The tokenizer of the finished model does so, too.
        frozen_outputs (`str`, *optional*): a folder that keeps what blocks below the trained ones give (`frozen_blocks`).
        adapter (`str`, *optional*): folder of an adapter to train further, of the recipe's shape; a new one if not set.
    """

    threads: int | None = None
    save_dtype: str = field(default="float32", metadata={"choices": DTYPES})
    max_shard_size: str = "15MB"
    chat_format: bool = False
    frozen_outputs: str | None = None
    adapter: str | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[1-9][0-9]*[KMG]B", self.max_shard_size):
            raise ValueError(
                f"max_shard_size is {self.max_shard_size!r}, expected a size such as 15MB or 5GB"
            )


@dataclass(frozen=True)
class Recipe:
    """A training run.

    Attributes:
        file: the recipe's.
        fields: what the recipe and the command line say, by name.
        script, source, scratch, model, training: the same, checked, with defaults.
    """

    file: Path
    fields: dict[str, Any]
    script: ScriptArguments
    source: DatasetSource
    scratch: FromScratch
    model: ModelConfig
    training: LLaMoCoConfig

    @property
    def base_model(self) -> str | None:
        """The model to tune; None for a new one."""
        return self.model.model_name_or_path

    @property
    def output(self) -> Path:
        """Folder of the trained model; checkpoints are in it while training."""
        return Path(self.fields["output_dir"])


class _Parser(TrlParser):
    def error(self, message: str) -> NoReturn:
        raise RecipeError(re.sub(r"^argument --(\w+)\S*:", r"\1:", message))


_PARTS = {
    "script": ScriptArguments,
    "source": DatasetSource,
    "scratch": FromScratch,
    "model": ModelConfig,
    "training": LLaMoCoConfig,
}


def read_recipe(path: str | Path, overrides: Sequence[str] = ()) -> Recipe:
    """Read and check a recipe.

    Args:
        path: a YAML file of fields of `ScriptArguments`, `DatasetSource`, `FromScratch`, [`~trl.ModelConfig`] and
            `LLaMoCoConfig`, all on one level.
        overrides: words of a command line that set fields anew, such as `--learning_rate 1e-4`.

    Raises:
        RecipeError: the file is missing or no YAML, or a field is missing, unknown or impossible.
    """
    file = Path(path)
    known = {f.name for part in _PARTS.values() for f in dataclasses.fields(part) if f.init}
    content = _content(file)
    for name in content:
        _check_known(f"{file}: unknown field {name}", str(name), known)
    named = [word.removeprefix("--").partition("=")[0] for word in overrides if word.startswith("--")]
    for name in named:
        plain = name.replace("-", "_")
        _check_known(
            f"unknown option --{name}", plain if plain in known else plain.removeprefix("no_"), known
        )
    words = [word for name, value in content.items() for word in _words(name, value)]
    parser = _Parser(list(_PARTS.values()), allow_abbrev=False)  # type: ignore[arg-type]
    try:
        parts = dict(zip(_PARTS, parser.parse_args_and_config([*words, *overrides]), strict=True))
        given = vars(parser.parse_args([*words, *overrides]))
        set_here = {name.replace("-", "_") for name in named} | content.keys()
        fields = {name: value for name, value in given.items() if name in set_here}
        recipe = Recipe(file, fields, **parts)
        _check(recipe)
    except (ValueError, TypeError, NotImplementedError) as error:
        raise RecipeError(f"{file}: {error}") from error
    return recipe


def _content(file: Path) -> dict[str, Any]:
    if not file.is_file():
        raise RecipeError(
            f"no recipe at {file}: give the path of a YAML file, such as examples/recipes/xs.yaml"
        )
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8-sig"))
    # A number of thousands of digits, a 13th month, an alias of itself.
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise RecipeError(f"{file} is no YAML: {error}") from error
    if not isinstance(content, dict):
        raise RecipeError(f"{file}: the recipe must be a mapping of fields to values, got {content!r:.60}")
    return content


def _check_known(what: str, name: str, known: set[str]) -> None:
    if name in known:
        return
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
    raise RecipeError(
        f"{what}: did you mean {' or '.join(near)}?"
        if near
        else f"{what}: examples/recipes show the usual ones"
    )


def _words(name: str, value: Any) -> list[str]:
    """A field as words of a command line."""
    if value is None:
        return []
    if isinstance(value, bool):
        value = str(value).lower()
    elif isinstance(value, list):
        return [f"--{name}", *map(str, value)]
    elif isinstance(value, dict):
        value = json.dumps(value, default=str)
    return [f"--{name}={value}"]


def _check(recipe: Recipe) -> None:
    """Check fields that depend on each other."""
    fields, model = recipe.fields, recipe.model
    if not fields.get("output_dir"):
        raise ValueError("output_dir is missing")
    of_new_models = [f.name for f in dataclasses.fields(FromScratch) if f.name in fields]
    of_loaded_models = [f.name for f in dataclasses.fields(ModelConfig) if f.name in fields]
    if model.model_name_or_path is None:
        recipe.scratch.sizes()
        if of_loaded_models:
            raise ValueError(
                f"{of_loaded_models[0]} is for a model that is loaded: leave it out, or name one in model_name_or_path"
            )
        if recipe.script.chat_format:
            raise ValueError(
                "chat_format is the format of a model that is loaded: leave it out, or name one in model_name_or_path"
            )
    elif of_new_models:
        raise ValueError(f"{of_new_models[0]} is for a new model: leave it out, or model_name_or_path")
    if (model.load_in_4bit or model.load_in_8bit) and not model.use_peft:
        raise ValueError("quantized weights cannot be trained: add an adapter by use_peft: true")
    evaluates = recipe.training.eval_strategy != "no"
    if recipe.source.validation != evaluates:
        raise ValueError(
            "validation: true needs eval_strategy: steps or epoch, and these need validation: true; found "
            f"validation: {str(recipe.source.validation).lower()}, eval_strategy: {IntervalStrategy(recipe.training.eval_strategy).value}"
        )
