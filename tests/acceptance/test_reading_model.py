"""The adapter that ships, on its real base model, where `LLAMOCO_BASE_MODELS` names a folder that has it."""

import json
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

from llamoco.dataset_builder.optimizers.pool import POOL
from llamoco.dataset_builder.problems.files.problem_file import load_problem
from llamoco.dataset_builder.prompts.completion import parse_completion
from llamoco.dataset_builder.prompts.prompt import PROMPT_LIMIT, make_prompt
from llamoco.hub_cards.model_cards import example_prompt
from llamoco.modeling.evaluation.split_rows import benchmarked_optimizer
from llamoco.modeling.generation.base_models import FOLDERS, base_folder
from llamoco.modeling.generation.engines import load_generator
from llamoco.modeling.generation.generator import Generator
from llamoco.modeling.generation.model_files import READING_MODEL, RUN_RECORD
from llamoco.modeling.generation.pool_texts import serving
from llamoco.modeling.providers import open_provider

ROOT = Path(__file__).parents[2]
RECORD = json.loads((READING_MODEL / RUN_RECORD).read_text(encoding="utf-8"))
PROBLEMS = [
    path for path in sorted((ROOT / "examples" / "problems").iterdir()) if path.suffix in (".py", ".tex")
][:6]


@pytest.fixture(scope="module")
def base() -> Path:
    folder = base_folder(RECORD["base_model"])
    if folder is None:
        pytest.skip(f"{FOLDERS} names no folder with {RECORD['base_model']}, the base model of llamoco-s")
    return folder


@pytest.fixture(scope="module")
def generator(base: Path) -> Generator:
    return load_generator("llamoco-s")


def test_the_adapter_is_small_and_says_what_it_is_of() -> None:
    assert sum(path.stat().st_size for path in READING_MODEL.iterdir()) <= 15 << 20
    config = json.loads((READING_MODEL / "adapter_config.json").read_text(encoding="utf-8"))
    stated = json.loads((READING_MODEL / "base_model.json").read_text(encoding="utf-8"))
    assert config["base_model_name_or_path"] == stated["model"] == RECORD["base_model"]


def test_it_answers_with_programs_of_the_pool(generator: Generator) -> None:
    assert (generator.name, generator.engine) == ("llamoco-s", "torch")
    assert generator.calibration is not None
    prompts = [make_prompt(load_problem(path), PROMPT_LIMIT)[0] for path in PROBLEMS]
    answers = generator.answer_within_pool(prompts)
    for prompt, answer in zip(prompts, answers, strict=True):
        optimizer = parse_completion(answer.completion).optimizer
        assert optimizer is not None and optimizer == benchmarked_optimizer(answer.completion)
        assert optimizer in serving(prompt) and 0 < (answer.confidence or 0) <= 1
    assert open_provider("llamoco-s").settings()["prompt_style"] == "plain"


def test_peft_alone_writes_the_same_first_line(base: Path, generator: Generator) -> None:
    """With nothing of ours but the tokenizer's files: it writes the turns of the chat by itself."""
    prompt = example_prompt()
    tokenizer = AutoTokenizer.from_pretrained(READING_MODEL)
    network = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    model = PeftModel.from_pretrained(network, str(READING_MODEL))
    asked = tokenizer(prompt, return_tensors="pt")
    output = model.generate(**asked, max_new_tokens=60, do_sample=False)
    written = tokenizer.decode(output[0, asked["input_ids"].shape[1] :], skip_special_tokens=True)
    [decision] = generator.decisions([prompt])
    assert decision.optimizer in POOL and written.split("\n", 1)[0] == decision.line
