"""Models on this machine as sources: styles, cuts, adapters, and what is missing is named."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from peft import LoraConfig, get_peft_model
from tiny_models import tiny
from transformers import GenerationConfig, LlamaForCausalLM, PreTrainedTokenizerBase

from llamoco.dataset_builder.prompts.conversation import CONTRACT
from llamoco.dataset_builder.prompts.facts import facts_only
from llamoco.modeling.generation.model_answer import Generation
from llamoco.modeling.generation.model_files import SHIPPED_MODEL
from llamoco.modeling.generation.torch_engine import TorchGenerator, load_torch_generator
from llamoco.modeling.model_error import ModelError
from llamoco.modeling.providers import open_provider
from llamoco.modeling.providers.local import LocalProvider
from llamoco.modeling.providers.provider import Failure

FACTS = (
    "# dimension: 2\n# bounds: [0, 1] x 2\n# variables: continuous\n# starting point: none\n"
    "# evaluation budget: 100\n# inequality constraints: 0\n"
    "# equality constraints: 0\n# evaluations per variable: 50\n# objective: degree 1, separable; linear\n# constraints: none\n"
)
CODE = "def objective(x):\n    return x[0]\n"
SHORT = CODE + FACTS
LONG = CODE + "".join(f"# {number} and more\n" for number in range(400)) + FACTS
TEMPLATE = (
    "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}</{{ m['role'] }}>{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerBase:
    """The shipped one, but for what that model is about: it sees prompts whole, and has little room."""
    tokenizer = load_torch_generator().tokenizer
    tokenizer.backend_tokenizer.normalizer = None
    tokenizer.model_max_length = 256
    return tokenizer


@pytest.fixture(scope="module")
def model_folder(tokenizer: PreTrainedTokenizerBase, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "tiny"
    tiny(tokenizer).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


class Recorded(TorchGenerator):
    """A generator that keeps what it is asked."""

    asked: ClassVar[list[str]] = []

    def answer(
        self, prompts: Any, max_new_tokens: int = 900, special_tokens: bool = True
    ) -> list[Generation]:
        self.asked.extend(prompts)
        return super().answer(prompts, max_new_tokens, special_tokens)


def recorded(generator: TorchGenerator) -> Recorded:
    Recorded.asked = []
    return Recorded(generator.model, generator.tokenizer, generator.name)


def answers(source: LocalProvider, prompts: list[str]) -> list[Generation]:
    came: dict[int, Generation] = {}
    source.answer_all(prompts, came.__setitem__)
    return [came[position] for position in range(len(prompts))]


def test_a_folder_and_no_name_are_local_models(model_folder: Path) -> None:
    source = open_provider(str(model_folder), max_new_tokens=8)
    assert isinstance(source, LocalProvider) and source.can_repair
    direct = load_torch_generator(model_folder).answer([SHORT], 8)[0]
    assert answers(source, [SHORT]) == [direct]
    settings = source.settings()
    assert json.loads(json.dumps(settings)) == settings
    assert settings["prompt_style"] == "plain" and settings["max_new_tokens"] == 8
    assert open_provider().name == SHIPPED_MODEL.name
    with pytest.raises(ModelError, match="no server"):
        open_provider(server_model="gpt")


def test_answers_within_the_pool_alone_are_those_of_both_ways(model_folder: Path) -> None:
    generator = load_torch_generator(model_folder)
    source = LocalProvider(generator, pool_only=True)
    assert source.decides and not source.both_ways and not source.can_repair
    assert source.settings()["decoding"] == "within the pool"
    held = answers(source, [SHORT, FACTS])
    assert held == generator.answer_within_pool([SHORT, FACTS])
    both: dict[int, Generation | None] = {}
    other = LocalProvider(generator, max_new_tokens=8)
    other.answer_both_ways([SHORT, FACTS], lambda position, raw, within: both.update({position: within}))
    assert other.both_ways and [both[0], both[1]] == held
    with pytest.raises(ModelError, match=r"cannot be held to the pool's programs: it needs --prompt plain"):
        LocalProvider(generator, "contract", pool_only=True)


def test_long_prompts_are_answered_from_their_facts(
    tokenizer: PreTrainedTokenizerBase, model_folder: Path
) -> None:
    generator = recorded(load_torch_generator(model_folder))
    came = answers(LocalProvider(generator, max_new_tokens=300), [LONG, SHORT, "# more\n" + LONG])
    assert sorted(set(generator.asked), key=len) == [facts_only(LONG), SHORT] == [FACTS, SHORT]
    # A quarter of the positions is left to the answer at least.
    assert all(generation.completion for generation in came)
    assert came[0].completion == came[2].completion
    # A model that not even the facts fit into answers nothing, and does not stop the others.
    small = TorchGenerator(tiny(tokenizer, positions=48), tokenizer, "small")
    nothing = LocalProvider(small)
    assert answers(nothing, [SHORT]) == [Generation("", None, 0, False)]
    nothing.repair_all(
        [Failure(SHORT, "x = 1", "E: x")], lambda i, g: came.append(replace(g, completion="(none)"))
    )
    assert came[-1].completion == "(none)"


def test_a_repair_turn_that_is_too_long_loses_the_description_first(model_folder: Path) -> None:
    generator = recorded(load_torch_generator(model_folder))
    came: dict[int, Generation] = {}
    program = "".join(f"x{number} = {number}\n" for number in range(100))
    failures = [Failure(LONG, "x = 1\n", "NameError: y\nline 1"), Failure(LONG, program, "NameError: y")]
    LocalProvider(generator, max_new_tokens=4).repair_all(failures, came.__setitem__)
    assert sorted(came) == [0, 1]
    short, cut = sorted(generator.asked, key=len)
    assert short == f"{FACTS}x = 1\n# error: NameError: y\n# error: line 1\n# corrected program:\n"
    assert cut.startswith(f"{FACTS}x0 = 0\n") and "x99 = 99\n# error" in cut and "x50 = 50\n" not in cut


def test_chat_models_get_the_contract_through_their_template(
    tokenizer: PreTrainedTokenizerBase, tmp_path: Path
) -> None:
    tiny(tokenizer, positions=4096).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    plain = LocalProvider(load_torch_generator(tmp_path))
    settings = json.loads((tmp_path / "tokenizer_config.json").read_text())
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings | {"model_max_length": 4096}))
    (tmp_path / "chat_template.jinja").write_text(TEMPLATE)
    generator = recorded(load_torch_generator(tmp_path))
    source = LocalProvider(generator, max_new_tokens=4)
    [answer] = answers(source, [SHORT])
    text = f"<user>{CONTRACT}\nThe problem:\n\n{SHORT}</user><assistant>"
    assert generator.asked == [text]
    # The template writes special tokens itself: none is added.
    assert answer.tokens == len(tokenizer(text, add_special_tokens=False)["input_ids"]) + 4
    source.repair_all([Failure(SHORT, "x = 1", "E: x")], lambda i, g: None)
    assert generator.asked[1].startswith(text.removesuffix("<assistant>"))
    assert "x = 1\n```\n</assistant><user>The program failed:\n\nE: x\n" in generator.asked[1]
    # A person may say otherwise, and models of `llamoco train` keep to their prompts whatever their base was.
    assert LocalProvider(generator, "plain").style == "plain" == plain.style
    written = LocalProvider(TorchGenerator(generator.model, plain._generator.tokenizer, "x"), "contract")
    assert written._text([{"role": "user", "content": "hi"}]) == "hi\n```python\n"
    (tmp_path / "run_record.json").write_text("{}")
    assert LocalProvider(load_torch_generator(tmp_path)).style == "plain"
    # Other words, other answers.
    (tmp_path / "run_record.json").unlink()
    (tmp_path / "chat_template.jinja").write_text(TEMPLATE + " ")
    assert LocalProvider(load_torch_generator(tmp_path)).settings() != LocalProvider(generator).settings()
    (tmp_path / "chat_template.jinja").write_text("{{ raise_exception('roles must alternate') }}")
    with pytest.raises(ModelError, match=r"chat template .*roles must alternate.*--prompt plain"):
        answers(LocalProvider(load_torch_generator(tmp_path)), [SHORT])
    with pytest.raises(ModelError, match="auto, plain, contract, got 'rich'"):
        LocalProvider(generator, "rich")


def test_an_adapter_generates_what_its_merged_model_does(
    tokenizer: PreTrainedTokenizerBase, model_folder: Path, tmp_path: Path
) -> None:
    base = LlamaForCausalLM.from_pretrained(model_folder)
    adapted = get_peft_model(
        base, LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM")
    )
    torch.manual_seed(1)
    for name, parameter in adapted.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(parameter, std=0.5)
    adapted.save_pretrained(tmp_path / "adapter")
    assert not (tmp_path / "adapter" / "config.json").exists()
    # By hand: W + (alpha / r) B A.
    weights = {name: tensor.clone() for name, tensor in adapted.state_dict().items()}
    merged = LlamaForCausalLM.from_pretrained(model_folder)
    for place in [name.removesuffix(".lora_A.default.weight") for name in weights if "lora_A" in name]:
        low, high = weights[f"{place}.lora_A.default.weight"], weights[f"{place}.lora_B.default.weight"]
        merged.get_submodule(place.removeprefix("base_model.model.")).weight.data += 2.0 * high @ low
    truth = TorchGenerator(merged.eval(), tokenizer, "merged").answer([SHORT], 24)[0]
    source = open_provider(str(tmp_path / "adapter"), max_new_tokens=24)
    assert isinstance(source, LocalProvider)
    # The tokenizer is the base's.
    [answer] = answers(source, [SHORT])
    assert answer.completion == truth.completion
    plain = LocalProvider(load_torch_generator(model_folder), max_new_tokens=24)
    assert answers(plain, [SHORT])[0].completion != truth.completion
    assert source.settings()["weights"] != plain.settings()["weights"]

    config = json.loads((tmp_path / "adapter" / "adapter_config.json").read_text())
    for name, message in (("somebody/none", "onto its base model 'somebody/none'"), (None, "is None")):
        config["base_model_name_or_path"] = name
        (tmp_path / "adapter" / "adapter_config.json").write_text(json.dumps(config))
        with pytest.raises(ModelError, match=message):
            load_torch_generator(tmp_path / "adapter")
    (tmp_path / "adapter" / "adapter_config.json").write_text("{}")
    with pytest.raises(ModelError, match="states no base_model_name_or_path"):
        load_torch_generator(tmp_path / "adapter")


def test_what_a_model_folder_lacks_is_named(
    tokenizer: PreTrainedTokenizerBase, model_folder: Path, tmp_path: Path
) -> None:
    tiny(tokenizer).save_pretrained(tmp_path / "mute")
    with pytest.raises(ModelError, match=r"no tokenizer can be loaded from '.*mute'.*tokenizer\.json"):
        load_torch_generator(tmp_path / "mute")
    shutil.copytree(model_folder, tmp_path / "broken")
    (tmp_path / "broken" / "model.safetensors").write_bytes(b"\x00")
    with pytest.raises(ModelError, match=r"'.*broken' cannot be loaded"):
        load_torch_generator(tmp_path / "broken")
    (tmp_path / "broken" / "config.json").write_text("{nope")
    with pytest.raises(ModelError, match="not a valid JSON file"):
        load_torch_generator(tmp_path / "broken")
    for name in ("somebody/gated-model", "no such/model name"):
        with pytest.raises(ModelError, match=r"(?s)is not a folder, .*hf download"):
            open_provider(name)


def test_a_tokenizer_without_ends_and_padding_still_answers(
    tokenizer: PreTrainedTokenizerBase, tmp_path: Path
) -> None:
    model = tiny(tokenizer, eos_token_id=None, pad_token_id=None)
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    settings = json.loads((tmp_path / "tokenizer_config.json").read_text())
    kept = {name: value for name, value in settings.items() if name not in ("eos_token", "pad_token")}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(kept))
    generator = load_torch_generator(tmp_path)
    assert generator.tokenizer.eos_token_id is None and generator.eos_token_ids == set()
    together = generator.answer([SHORT, FACTS], 6)
    assert [g.completion for g in together] == [
        generator.answer([p], 6)[0].completion for p in (SHORT, FACTS)
    ]
    assert not any(g.finished for g in together)


def test_a_models_own_ends_and_sampling(tokenizer: PreTrainedTokenizerBase, model_folder: Path) -> None:
    """Chat models have several end tokens, and ask for sampling in their own settings: answers are greedy all the same."""
    generator = load_torch_generator(model_folder)
    greedy = generator.answer([SHORT], 12)[0]
    with torch.inference_mode():
        ids = tokenizer(SHORT, return_tensors="pt")["input_ids"]
        for _ in range(12):
            ids = torch.cat([ids, generator.model(ids).logits[:, -1].argmax(-1, keepdim=True)], 1)
    written = ids[0, -12:].tolist()
    assert greedy.completion == tokenizer.decode(written, skip_special_tokens=True)
    stop = next(token for number, token in enumerate(written) if token not in written[:number] and number > 3)
    generator.model.generation_config = GenerationConfig(
        do_sample=True,
        temperature=5.0,
        top_p=0.9,
        repetition_penalty=2.0,
        eos_token_id=[tokenizer.eos_token_id, stop],
    )
    again = generator.answer([SHORT], 12)[0]
    assert again.finished
    kept = written[: written.index(stop)]
    assert again.completion == tokenizer.decode(kept, skip_special_tokens=True)
