"""The recipes of base models that were tuned to chat, as they ship, on tiny random models of the same architectures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
import yaml
from datasets import Dataset
from peft import AutoPeftModelForCausalLM
from safetensors.torch import load_file
from training_setup import trained_tokenizer
from transformers import (
    AutoTokenizer,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
)

from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.completion import parse_completion
from llamoco.dataset_builder.prompts.facts import facts_only
from llamoco.dataset_builder.prompts.rows import rows_of_problem
from llamoco.modeling.generation.base_models import BASE_FILE, FOLDERS
from llamoco.modeling.generation.engines import load_generator
from llamoco.modeling.training import train
from llamoco.modeling.training.checkpointing import InterruptibleTrainer
from llamoco.modeling.training.recipe import RecipeError

ROOT = Path(__file__).parents[3]
SAMPLE = ROOT / "dataset_builder" / "labels" / "sample.jsonl"
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SIZES = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "max_position_embeddings": 2048,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
RECIPES = {"smollm2.yaml": 22, "qwen_coder.yaml": 2}  # and blocks of the tiny model
ADAPTED_BLOCKS = 2  # of each: those from number 20 on, and all


def chat_tokenizer() -> PreTrainedTokenizerFast:
    """A tokenizer that knows the pool, with the turns of a chat."""
    known = trained_tokenizer()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=type(known.backend_tokenizer).from_str(known.backend_tokenizer.to_str()),
        eos_token="<|im_end|>",
        pad_token="<|pad|>",
        model_max_length=2048,
    )
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    tokenizer.chat_template = TEMPLATE
    return tokenizer


def tiny_model(recipe: str, vocabulary: int) -> PreTrainedModel:
    torch.manual_seed(1)
    sizes = {**SIZES, "vocab_size": vocabulary, "num_hidden_layers": RECIPES[recipe]}
    if recipe == "qwen_coder.yaml":
        return Qwen2ForCausalLM(Qwen2Config(**sizes))
    return LlamaForCausalLM(LlamaConfig(**sizes))


def write_data(folder: Path) -> list[str]:
    """A small data set with what the recipes read; its prompts."""
    problems = [
        Problem.from_json(json.loads(line)["problem"])
        for line in SAMPLE.read_text(encoding="utf-8").splitlines()
    ]
    scores = json.dumps({"slsqp": 0.9, "cobyla": 0.8, "cma_es": 0.2})
    more = {"scores": scores, "probes": "6 points, undefined none"}
    rows = [
        {**row, **more, "calibration": number == 1}
        for number, problem in enumerate(problems[:12])
        for row in rows_of_problem(problem, ("slsqp", "cobyla")[number % 2], "{}", 0, 4)
    ]
    screened = [
        {
            **more,
            "prompt": f"{facts_only(row['prompt'])}",
            "completion": row["completion"].split("\n", 1)[0] + "\n",
            "problem_id": f"screened {number}",
            "problem": row["problem"],
            "optimizer": row["optimizer"],
        }
        for number, row in enumerate(rows[::4])
    ]
    files = {"default": rows, "decisions": screened}
    for config, lines in files.items():
        (folder / config).mkdir(parents=True)
        Dataset.from_list(lines).to_parquet(folder / config / "train.parquet")
    configs = [
        {"config_name": name, "data_files": [{"split": "train", "path": f"{name}/train.parquet"}]}
        for name in files
    ]
    (folder / "README.md").write_text(f"---\n{yaml.safe_dump({'configs': configs})}---\n")
    return [row["prompt"] for row in rows]


@pytest.mark.parametrize("name", RECIPES)
def test_a_chat_model_is_tuned_resumed_and_asked(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Changed in nothing but its shares, its length and where things are: the data set is small."""
    monkeypatch.chdir(tmp_path)
    recipe = yaml.safe_load((ROOT / "examples" / "recipes" / name).read_text())
    base = recipe["model_name_or_path"]
    place = tmp_path / "bases" / base.rpartition("/")[2].lower()
    tokenizer = chat_tokenizer()
    tiny_model(name, len(tokenizer)).save_pretrained(place)
    tokenizer.save_pretrained(place)
    monkeypatch.setenv(FOLDERS, str(tmp_path / "bases"))
    prompts = write_data(tmp_path / "llamoco")
    shares = ("described_share", "described_unknown_share", "unknown_share", "program_only_share")
    recipe |= {
        **{share: 0.5 for share in shares if recipe.get(share)},
        "contrastive_steps": 2,
        "max_steps": 2,
        "per_device_train_batch_size": 4,
        "gradient_accumulation_steps": 1,
        "warmup_steps": 0,
        "save_steps": 1,
        "logging_steps": 1,
        "use_cpu": True,
    }
    file = tmp_path / name
    file.write_text(yaml.safe_dump(recipe))

    whole = train.run(file)
    original = InterruptibleTrainer.training_step

    def killed(self: InterruptibleTrainer, *args: object, **kwargs: object) -> torch.Tensor:
        if self.phase[0] == "instruction tuning" and self.state.global_step == 1:
            raise KeyboardInterrupt
        return original(self, *args, **kwargs)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(InterruptibleTrainer, "training_step", killed)
        train.run(file, ["--output_dir", "killed"])
    resumed = train.run(file, ["--output_dir", "killed"], resume=True)
    expected, found = (load_file(folder / "adapter_model.safetensors") for folder in (whole, resumed))
    assert expected.keys() == found.keys() and len(expected) == 2 * 7 * ADAPTED_BLOCKS
    for key, weights in expected.items():
        assert weights.dtype == torch.bfloat16 and torch.equal(weights, found[key]), key

    assert json.loads((whole / BASE_FILE).read_text())["model"] == base
    assert json.loads((whole / "adapter_config.json").read_text())["base_model_name_or_path"] == base
    record = json.loads((whole / "run_record.json").read_text())
    assert sorted(recipe["lora_target_modules"]) == record["adapter"]["target_modules"]
    assert record["base_model"] == base and record["losses"]["contrastive_loss"] > 0
    # What is kept asks as the chat template does, whoever loads it.
    asked = AutoTokenizer.from_pretrained(whole)(prompts[0])["input_ids"]
    turn = [{"role": "user", "content": prompts[0]}]
    of_base = AutoTokenizer.from_pretrained(place)  # Qwen's class cuts words in its own way
    assert asked == of_base.apply_chat_template(turn, add_generation_prompt=True, return_dict=False)
    [answer] = load_generator(whole).answer_within_pool([prompts[0]])
    assert parse_completion(answer.completion).optimizer is not None and answer.tokens > len(asked)


def one_step(folder: Path, *more: str) -> Path:
    """A training of one step on a base model in `folder`, the working directory."""
    if not (folder / "base").exists():
        tokenizer = chat_tokenizer()
        tiny_model("smollm2.yaml", len(tokenizer)).save_pretrained("base")
        tokenizer.save_pretrained("base")
        write_data(folder / "llamoco")
    fields = {"model_name_or_path": "base", "max_steps": 1, "contrastive_steps": 0, "use_cpu": True}
    words = [f"--{field}={value}" for field, value in fields.items()]
    recipe = ROOT / "examples" / "recipes" / "smollm2.yaml"
    return train.run(recipe, [*words, "--described_share=1", "--warmup_steps=0", *more])


def test_an_adapter_is_trained_further(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    first = one_step(tmp_path, "--learning_rate=0.1", "--lr_scheduler_type=constant")
    before = load_file(first / "adapter_model.safetensors")
    assert any(weights.any() for name, weights in before.items() if "lora_B" in name)
    further = ["--adapter", str(first), "--lr_scheduler_type=constant"]
    still = load_file(
        one_step(tmp_path, *further, "--learning_rate=0", "--output_dir=still") / "adapter_model.safetensors"
    )
    assert before.keys() == still.keys() and all(torch.equal(before[name], still[name]) for name in before)
    moved = one_step(tmp_path, *further, "--learning_rate=0.1", "--output_dir=moved")
    after = load_file(moved / "adapter_model.safetensors")
    assert any(not torch.equal(before[name], after[name]) for name in before)
    records = [json.loads((folder / "run_record.json").read_text()) for folder in (first, moved)]
    assert records[1]["continues"] == records[0] and "continues" not in records[0]


def test_an_adapter_of_another_shape_or_base_is_not_trained_further(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    first = one_step(tmp_path)
    with pytest.raises(
        RecipeError, match=r"has r 32, the recipe's 16: give the recipe the adapter's .*lora_r"
    ):
        one_step(tmp_path, "--adapter", str(first), "--lora_r=16", "--output_dir=other")
    with pytest.raises(RecipeError, match=r"adapter: nowhere holds no adapter_config.json"):
        one_step(tmp_path, "--adapter", "nowhere", "--output_dir=other")
    with pytest.raises(RecipeError, match="it needs use_peft: true"):
        one_step(tmp_path, "--adapter", str(first), "--use_peft=false", "--output_dir=other")
    (first / "adapter_config.json").write_text("[")
    with pytest.raises(RecipeError, match=r"adapter_config.json cannot be read"):
        one_step(tmp_path, "--adapter", str(first), "--output_dir=other")


def test_an_adapter_is_loaded_by_peft_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the Hub, or here a folder, has the base model under the name that the adapter states."""
    monkeypatch.chdir(tmp_path)
    folder = one_step(tmp_path)
    loaded = AutoPeftModelForCausalLM.from_pretrained(folder)
    assert loaded.peft_config["default"].r == 32
