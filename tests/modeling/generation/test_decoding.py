"""Decoding with drafts against the plain greedy loop of a full forward pass a token."""

import random
from collections.abc import Callable
from functools import partial

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

from llamoco.modeling.generation import decoding
from llamoco.modeling.generation.decoding import decode, plain, takes_drafts

VOCABULARY, END, LIMIT = 40, 3, 24
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
}
NO_DRAFTS: dict[str, Callable[[], PreTrainedModel]] = {
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


def batch() -> tuple[torch.Tensor, torch.Tensor]:
    length = max(map(len, PROMPTS))
    ids = torch.tensor([[0] * (length - len(p)) + p for p in PROMPTS])
    mask = torch.tensor([[0] * (length - len(p)) + [1] * len(p) for p in PROMPTS])
    return ids, mask


@pytest.mark.parametrize("name", MODELS)
def test_whatever_is_proposed_the_tokens_are_those_of_plain_greedy_decoding(name: str) -> None:
    model = made(MODELS[name])
    assert takes_drafts(model)
    texts = [truth(model, prompt, set())[0] for prompt in PROMPTS]
    ends = {texts[0][9]}  # ends one text, and others where they happen to write it
    expected = [truth(model, prompt, ends) for prompt in PROMPTS]
    assert any(finished for _, _, finished in expected) and not all(finished for _, _, finished in expected)
    rng = random.Random(0)

    def sometimes_right(row: int, ids: list[int]) -> list[int]:
        """The truth, with errors, of random length; often nothing."""
        right = (expected[row][0] + [min(ends)])[len(ids) :][: rng.choice((0, 1, 3, 9, 99))]
        return [token if rng.random() < 0.8 else rng.randrange(VOCABULARY) for token in right]

    proposers = {
        "nothing": [lambda ids: []] * len(PROMPTS),
        "the truth": [lambda ids, e=e: (e[0] + [min(ends)])[len(ids) :] for e in expected],
        "nonsense": [lambda ids: [7] * 12] * len(PROMPTS),
        "a mixture": [partial(sometimes_right, row) for row in range(len(PROMPTS))],
    }
    for proposed in proposers.values():
        written = decode(model, *batch(), ends, LIMIT, proposed)
        assert [(w.ids, w.finished) for w in written] == [(ids, finished) for ids, _, finished in expected]
        for text, (_, probabilities, _) in zip(written, expected, strict=True):
            assert text.probabilities == pytest.approx(probabilities, rel=1e-3)
    assert [w.ids for w in plain(model, *batch(), ends, LIMIT, 0)] == [ids for ids, _, _ in expected]


def test_a_right_draft_takes_two_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    model = made(MODELS["llama, grouped heads"])
    texts = [truth(model, prompt, set())[0] for prompt in PROMPTS]
    passes = []
    model.register_forward_hook(lambda *_: passes.append(1))
    decode(model, *batch(), set(), LIMIT, [lambda ids, t=t: t[len(ids) :] for t in texts])
    assert len(passes) == 2
    # Where the vocabulary is large, a draft is verified in pieces.
    monkeypatch.setattr(decoding, "LOGITS", len(PROMPTS) * VOCABULARY * 8)
    passes.clear()
    written = decode(model, *batch(), set(), LIMIT, [lambda ids, t=t: t[len(ids) :] for t in texts])
    assert [w.ids for w in written] == texts and 3 <= len(passes) <= 5


def test_a_text_stops_where_it_is_long_enough() -> None:
    model = made(MODELS["llama, grouped heads"])
    texts = [truth(model, prompt, set())[0] for prompt in PROMPTS]
    last = texts[0][5]
    cut = [text[: text.index(last) + 1] if last in text else text for text in texts]
    for proposed in ([lambda ids: []] * 4, [lambda ids, t=t: t[len(ids) :] for t in texts]):
        written = decode(model, *batch(), set(), LIMIT, proposed, until=lambda token: token == last)
        assert [w.ids for w in written] == cut and not any(w.finished for w in written)


@pytest.mark.parametrize("name", NO_DRAFTS)
def test_other_models_generate_as_they_do(name: str) -> None:
    model = made(NO_DRAFTS[name])
    assert not takes_drafts(model)
    ids = torch.tensor([PROMPTS[0]])
    [text] = plain(model, ids, torch.ones_like(ids), {END}, LIMIT, 0)
    expected, probabilities, finished = truth(model, PROMPTS[0], {END})
    assert (text.ids, text.finished) == (expected, finished)
    assert text.probabilities == pytest.approx(probabilities, rel=1e-3)
