"""Decisions and drafts of a tiny model that has learnt three answers by heart."""

import json
from pathlib import Path

import pytest
import torch
from tiny_models import learnt, tiny

from llamoco.dataset_builder.optimizers import pool
from llamoco.dataset_builder.optimizers.configuration import configuration_for
from llamoco.dataset_builder.prompts.completion import parse_completion
from llamoco.modeling.calibration.thresholds import Calibration
from llamoco.modeling.generation.engines import load_generator
from llamoco.modeling.generation.model_answer import Decision
from llamoco.modeling.generation.torch_engine import TorchGenerator
from llamoco.modeling.model_error import ModelError
from llamoco.modeling.training.tokenizer import train_tokenizer

NAMES = ("slsqp", "cma_es", "de")


def facts(dim: int, budget: int = 300) -> str:
    return (
        f"# dimension: {dim}\n# bounds: [0, 1] x {dim}\n# variables: continuous\n# starting point: none\n# evaluation budget: {budget}\n"
        "# inequality constraints: 0\n# equality constraints: 0\n"
    )


PROMPTS = [facts(dim) for dim in (2, 3, 4)]
TEXTS = [
    f"# rough; coupled; optimizer: {name}\n{pool.render(name, configuration_for(name, dim, 300, constrained=False))}"
    for name, dim in zip(NAMES, (2, 3, 4), strict=True)
]


@pytest.fixture(scope="module")
def generator() -> TorchGenerator:
    tokenizer = train_tokenizer(PROMPTS, {name: pool.source(name) for name in pool.POOL}, 1300)
    return TorchGenerator(learnt(tokenizer, list(zip(PROMPTS, TEXTS, strict=True))), tokenizer, "learnt")


def test_drafts_answer_as_plain_generation_does_in_far_fewer_passes(generator: TorchGenerator) -> None:
    passes = []
    hook = generator.model.register_forward_hook(lambda *_: passes.append(1))
    drafted = generator.answer(PROMPTS)
    hook.remove()
    longest = max(len(generator.tokenizer(text)["input_ids"]) for text in TEXTS)
    assert len(passes) < longest / 3
    for prompt, answer in zip(PROMPTS, drafted, strict=True):
        ids = torch.tensor([generator.tokenizer(prompt)["input_ids"]])
        output = generator.model.generate(ids, max_new_tokens=400, do_sample=False)[0, ids.shape[1] :]
        assert answer.completion == generator.tokenizer.decode(output, skip_special_tokens=True)
        assert pool.identify(parse_completion(answer.completion).body) and answer.finished
    assert drafted[0].completion == TEXTS[0]


@pytest.mark.parametrize("wrong_at", [0, 1, 40])
def test_a_wrong_draft_changes_nothing(
    generator: TorchGenerator, monkeypatch: pytest.MonkeyPatch, wrong_at: int
) -> None:
    expected = generator.answer(PROMPTS)
    right = TorchGenerator._draft

    def wrong(self: TorchGenerator, prompt: str, ids: list[int]) -> list[int]:
        draft = right(self, prompt, ids)
        if len(draft) <= wrong_at or prompt == PROMPTS[1]:
            return []
        return [*draft[:wrong_at], draft[wrong_at] + 1, *draft[wrong_at + 1 :]]

    monkeypatch.setattr(TorchGenerator, "_draft", wrong)
    assert generator.answer(PROMPTS) == expected
    for limit in (7, 60):
        cut = generator.answer(PROMPTS, limit)
        assert not any(answer.finished for answer in cut)
        for one, whole, prompt in zip(cut, expected, PROMPTS, strict=True):
            assert one.tokens == limit + generator.prompt_tokens(prompt)
            assert whole.completion.startswith(one.completion)


def test_a_decision_is_the_first_line_of_the_answer(generator: TorchGenerator) -> None:
    answers = generator.answer(PROMPTS)
    for decision, answer in zip(generator.decisions(PROMPTS), answers, strict=True):
        assert decision.line == answer.completion.split("\n")[0]
        assert decision.optimizer == parse_completion(answer.completion).optimizer in NAMES
        assert decision.probability == pytest.approx(answer.confidence, rel=1e-4)
    untrained = TorchGenerator(tiny(generator.tokenizer), generator.tokenizer, "random")
    [none] = untrained.decisions([PROMPTS[0]])
    assert none == Decision(none.line, None, 0.0)


def test_only_a_decision_for_the_pool_has_a_draft(generator: TorchGenerator) -> None:
    tokenizer = generator.tokenizer
    ids = tokenizer(TEXTS[2], add_special_tokens=False)["input_ids"]
    line = next(n for n, token in enumerate(ids) if "\n" in tokenizer.decode([token])) + 1
    assert generator._draft(PROMPTS[2], ids[: line - 1]) == []
    assert generator._draft(PROMPTS[2], ids[:line]) == [*ids[line:], tokenizer.eos_token_id]
    for first in ("# I would use; optimizer: gurobi\n", "import numpy as np\n"):
        assert generator._draft(PROMPTS[2], tokenizer(first, add_special_tokens=False)["input_ids"]) == []


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
