"""Decisions, drafts and candidates of a tiny model that has learnt three answers by heart."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tiny_models import learnt, tiny
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from llamoco.dataset_builder.optimizers import pool
from llamoco.dataset_builder.optimizers.configuration import configuration_for
from llamoco.dataset_builder.prompts.completion import parse_completion
from llamoco.modeling.calibration.thresholds import Calibration
from llamoco.modeling.generation.drafts import Drafts
from llamoco.modeling.generation.load import Decision, ModelError, load_generator
from llamoco.modeling.generation.torch_engine import TorchGenerator
from llamoco.modeling.training.tokenizer import train_tokenizer

NAMES = ("slsqp", "cma_es", "de")


def facts(dim: int, budget: int = 300) -> str:
    return (
        f"# dimension: {dim}\n# bounds: [0, 1] x {dim}\n# evaluation budget: {budget}\n"
        "# inequality constraints: 0\n# equality constraints: 0\n"
    )


PROMPTS = [facts(dim) for dim in (2, 3, 4)]
TEXTS = [
    f"# rough; coupled; optimizer: {name}\n{pool.render(name, configuration_for(name, dim, 300, constrained=False))}"
    for name, dim in zip(NAMES, (2, 3, 4), strict=True)
]


@pytest.fixture(scope="module")
def generator() -> TorchGenerator:
    tokenizer = train_tokenizer(PROMPTS, {name: pool.source(name) for name in pool.POOL}, 1000)
    return TorchGenerator(learnt(tokenizer, list(zip(PROMPTS, TEXTS, strict=True))), tokenizer, "learnt")


def several_tokens_a_name() -> PreTrainedTokenizerFast:
    """An ordinary BPE, whose names take several tokens."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=["<end>"], initial_alphabet=alphabet, show_progress=False
    )
    made.train_from_iterator([*PROMPTS, *TEXTS], trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=made, eos_token="<end>", pad_token="<end>", model_max_length=512
    )


def test_drafts_answer_as_plain_generation_does_in_far_fewer_passes(generator: TorchGenerator) -> None:
    passes = []
    hook = generator.model.register_forward_hook(lambda *_: passes.append(1))
    drafted = generator.answer(PROMPTS)
    taken = len(passes)
    hook.remove()
    plain = TorchGenerator(generator.model, generator.tokenizer, "plain")
    plain.__dict__["_takes_drafts"] = False  # goes to the model's own generate
    expected = plain.answer(PROMPTS)
    assert [replace(a, confidence=None) for a in drafted] == [replace(a, confidence=None) for a in expected]
    for ours, theirs in zip(drafted, expected, strict=True):
        assert ours.confidence == pytest.approx(theirs.confidence, rel=1e-4)
    assert all(pool.identify(parse_completion(a.completion).body) and a.finished for a in drafted)
    assert drafted[0].completion == TEXTS[0]
    longest = max(len(generator.tokenizer(text)["input_ids"]) for text in TEXTS)
    assert taken < longest / 3


def test_a_decision_is_the_first_line_of_the_answer(generator: TorchGenerator) -> None:
    answers = generator.answer(PROMPTS)
    for decision, answer in zip(generator.decisions(PROMPTS), answers, strict=True):
        assert decision.line == answer.completion.split("\n")[0]
        assert decision.optimizer == parse_completion(answer.completion).optimizer in NAMES
        assert decision.probability == pytest.approx(answer.confidence, rel=1e-4)
    untrained = TorchGenerator(tiny(generator.tokenizer), generator.tokenizer, "random")
    [none] = untrained.decisions([PROMPTS[0]])
    assert none == Decision(none.line, None, 0.0)


@torch.inference_mode()
def by_force(generator: TorchGenerator, prompt: str, before: str) -> dict[str, float]:
    """Probability of each name of the pool: the product over its tokens, each name in a pass of its own."""
    start, tokenizer = generator.tokenizer(prompt)["input_ids"], generator.tokenizer
    shared = len(tokenizer(before.rstrip(" "), add_special_tokens=False)["input_ids"])
    found = {}
    for name in pool.POOL:
        ids = tokenizer(before + name, add_special_tokens=False)["input_ids"]
        logits = generator.model(torch.tensor([start + ids])).logits[0].log_softmax(-1)
        steps = range(shared, len(ids))
        found[name] = math.exp(sum(float(logits[len(start) + k - 1, ids[k]]) for k in steps))
    return found


@pytest.mark.parametrize("several", [False, True], ids=["a token a name", "several tokens a name"])
def test_alternatives_are_the_likeliest_names(several: bool, generator: TorchGenerator) -> None:
    if several:
        tokenizer = several_tokens_a_name()
        assert len(tokenizer(" simulated_annealing")["input_ids"]) > 3
        generator = TorchGenerator(tiny(tokenizer, seed=5, positions=512), tokenizer, "random")
    before = "# rough; coupled; optimizer: "
    truth = by_force(generator, PROMPTS[1], before)
    start = generator.tokenizer(PROMPTS[1])["input_ids"]
    names = set(pool.POOL) - {"cma_es"}
    for count in (1, 3, len(pool.POOL)):
        found = generator._likeliest_names(start, before, names, count)
        expected = sorted(names, key=lambda name: -truth[name])[:count]
        assert [name for name, _ in found] == expected
        assert [p for _, p in found] == pytest.approx([truth[name] for name in expected], rel=1e-3)


def test_candidates_are_the_likeliest_programs(generator: TorchGenerator) -> None:
    answers = generator.candidates(PROMPTS[0], 3)
    named = [answer.completion.split("optimizer: ")[1].split("\n")[0] for answer in answers]
    truth = by_force(generator, PROMPTS[0], "# rough; coupled; optimizer: ")
    assert named == sorted(truth, key=lambda name: -truth[name])[:3] and named[0] == "slsqp"
    assert [a.confidence for a in answers] == pytest.approx([truth[name] for name in named], rel=1e-3)
    assert answers[0].completion == TEXTS[0]
    # The first answer is what the model says by itself; others may be excluded.
    assert answers[0].tokens == generator.answer(PROMPTS[:1])[0].tokens
    [other] = generator.candidates(PROMPTS[0], 1, names=["de", "pso"])
    assert other.completion.split("\n")[0] in (
        "# rough; coupled; optimizer: de",
        "# rough; coupled; optimizer: pso",
    )


def test_a_draft_is_taken_up_again_after_what_the_model_changed(generator: TorchGenerator) -> None:
    tokenizer = generator.tokenizer
    drafts = Drafts(tokenizer, tokenizer.eos_token_id)
    ids = tokenizer(TEXTS[2], add_special_tokens=False)["input_ids"]
    ended = [*ids, tokenizer.eos_token_id]
    line = next(n for n, token in enumerate(ids) if "\n" in tokenizer.decode([token])) + 1
    propose = drafts.for_prompt(PROMPTS[2])
    assert propose(ids[: line - 1]) == []
    assert propose(ids[:line]) == ended[line:]
    text = TEXTS[2].replace("POP_SIZE = ", "POP_SIZE = 7")  # a digit more
    assert text != TEXTS[2]
    changed = tokenizer(text, add_special_tokens=False)["input_ids"]
    at = next(n for n in range(len(ids)) if ids[n] != changed[n])
    assert propose(changed[: at + 1]) == []
    taken = [propose(changed[:end]) for end in range(at + 2, at + 7)]
    assert any(taken) and all(changed[end : end + len(p)] == p for end, p in enumerate(taken, at + 2))
    # What is no decision of the pool has no draft.
    for first in ("# I would use optimizer: gurobi\n", "import numpy as np\n"):
        assert drafts.for_prompt(PROMPTS[2])(tokenizer(first, add_special_tokens=False)["input_ids"]) == []


def test_a_calibration_is_loaded_with_its_model(generator: TorchGenerator, tmp_path: Path) -> None:
    generator.model.save_pretrained(tmp_path)
    generator.tokenizer.save_pretrained(tmp_path)
    assert load_generator(tmp_path).calibration is None
    calibration = Calibration((0.2, 0.8), (0.1, 0.5), 0.3, {"ece": 0.01})
    (tmp_path / "calibration.json").write_text(calibration.to_json())
    assert load_generator(tmp_path).calibration == calibration
    content = json.loads(calibration.to_json())
    for broken, message in (
        ("{", "calibration.json"),
        (json.dumps(content | {"format": 9}), "format 9"),
        (json.dumps(content | {"calibrated": [0.5, 0.1]}), "not descending"),
        (json.dumps(content | {"threshold": 3}), r"in \[0, 1\]"),
        (json.dumps({"format": 1}), "'raw' is missing"),
    ):
        (tmp_path / "calibration.json").write_text(broken)
        with pytest.raises(ModelError, match=message):
            load_generator(tmp_path)
