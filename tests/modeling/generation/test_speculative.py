"""Greedy generation and verification passes against the plain loop of one full forward pass a token."""

from collections.abc import Callable

import pytest
import torch
from transformers import (
    CodeGenConfig,
    CodeGenForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    MambaConfig,
    MambaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    PhiConfig,
    PhiForCausalLM,
    PreTrainedModel,
)

from llamoco.modeling.generation import speculative
from llamoco.modeling.generation.speculative import greedy_generate, last_logits

VOCABULARY, LIMIT = 40, 24
PROMPTS = [[5, 6, 7, 8, 9], [11], [12, 13, 12, 13, 12, 13, 12, 13, 12], [20, 21, 22]]
WIDE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
GPT = {"n_embd": 32, "n_layer": 2, "n_head": 4}
MODELS: dict[str, Callable[[], PreTrainedModel]] = {
    "llama, grouped heads": lambda: LlamaForCausalLM(
        LlamaConfig(vocab_size=VOCABULARY, num_key_value_heads=2, **WIDE)
    ),
    "phi": lambda: PhiForCausalLM(PhiConfig(vocab_size=VOCABULARY, **WIDE)),
    "gpt2": lambda: GPT2LMHeadModel(GPT2Config(vocab_size=VOCABULARY, **GPT)),
    "codegen": lambda: CodeGenForCausalLM(CodeGenConfig(vocab_size=VOCABULARY, rotary_dim=4, **GPT)),
    "mamba": lambda: MambaForCausalLM(
        MambaConfig(vocab_size=VOCABULARY, hidden_size=32, num_hidden_layers=2)
    ),
    "a sliding window": lambda: MistralForCausalLM(
        MistralConfig(vocab_size=VOCABULARY, sliding_window=4, num_key_value_heads=4, **WIDE)
    ),
}


def made(make: Callable[[], PreTrainedModel]) -> PreTrainedModel:
    torch.manual_seed(0)
    model = make().eval()
    with torch.no_grad():  # sharp enough that texts differ and do not just repeat
        model.get_output_embeddings().weight.mul_(8)
    return model


@torch.inference_mode()
def truth(model: PreTrainedModel, prompt: list[int], ends: set[int]) -> tuple[list[int], list[float], bool]:
    """No cache, no batch, no padding."""
    ids: list[int] = []
    probabilities = []
    for _ in range(LIMIT):
        after = model(torch.tensor([prompt + ids]), use_cache=False).logits[0, -1].softmax(-1)
        token = int(after.argmax())
        if token in ends:
            return ids, probabilities, True
        ids.append(token)
        probabilities.append(float(after.max()))
    return ids, probabilities, False


@pytest.mark.parametrize("name", MODELS)
def test_a_batch_is_continued_as_each_text_is_alone(name: str) -> None:
    model = made(MODELS[name])
    ends = {truth(model, PROMPTS[0], set())[0][9]}  # ends one text, and others where they happen to write it
    expected = [truth(model, prompt, ends) for prompt in PROMPTS]
    assert any(finished for _, _, finished in expected) and not all(finished for _, _, finished in expected)
    batches = (
        [[prompt] for prompt in PROMPTS] if name == "mamba" else [PROMPTS]
    )  # it sees padding on the left
    written = [ids for batch in batches for ids in greedy_generate(model, batch, LIMIT, ends, 0)]
    assert written == [ids + sorted(ends) * finished for ids, _, finished in expected]
    assert greedy_generate(model, PROMPTS, 0, ends, 0) == [[]] * len(PROMPTS)


@pytest.mark.parametrize("name", MODELS)
def test_one_pass_gives_the_logits_of_the_greedy_loop(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = made(MODELS[name])
    expected = [truth(model, prompt, set()) for prompt in PROMPTS]
    counts = [LIMIT, 5, 1, LIMIT - 3]
    texts = [prompt + ids[:-1] for prompt, (ids, _, _) in zip(PROMPTS, expected, strict=True)]
    passes: list[int] = []
    model.register_forward_hook(lambda *_: passes.append(1))
    for limit, most in ((speculative.MAX_LOGITS, 1), (VOCABULARY, len(PROMPTS))):
        monkeypatch.setattr(speculative, "MAX_LOGITS", limit)  # where the vocabulary is large, row by row
        passes.clear()
        found = list(last_logits(model, texts, counts, 0))
        assert len(passes) == most
        for logits, count, (ids, probabilities, _) in zip(found, counts, expected, strict=True):
            assert logits.shape == (count, VOCABULARY)
            assert logits.argmax(-1).tolist() == ids[-count:]
            likeliest = logits.softmax(-1).amax(-1).tolist()
            assert likeliest == pytest.approx(probabilities[-count:], rel=1e-3)
