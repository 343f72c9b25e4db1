"""Both engines give the same bytes: CTranslate2's converted form of the shipped model, and torch with its safetensors."""

import json
import logging
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from llamoco.modeling.evaluation.odd_prompts import odd_prompts
from llamoco.modeling.evaluation.split_rows import evaluation_rows
from llamoco.modeling.generation import convert
from llamoco.modeling.generation.converted import find_converted
from llamoco.modeling.generation.engines import load_generator
from llamoco.modeling.generation.generator import Generator
from llamoco.modeling.generation.model_answer import Generation
from llamoco.modeling.generation.model_files import SHIPPED_MODEL
from llamoco.modeling.generation.torch_engine import TorchGenerator, load_torch_generator
from llamoco.modeling.model_error import ModelError

EXAMPLES = Path(__file__).parents[3] / "examples"
CONFIDENCE = 1e-4
BATCH = 8


@pytest.fixture(scope="module")
def light() -> Generator:
    generator = load_generator()
    assert generator.engine == "ctranslate2"
    return generator


@pytest.fixture(scope="module")
def network() -> TorchGenerator:
    return load_torch_generator()


@pytest.fixture(scope="module")
def prompts(network: TorchGenerator) -> list[str]:
    rows = [row["prompt"] for row in evaluation_rows("test", 12)]
    odd = [asked.prompt for asked in islice(odd_prompts(6), 6)]
    example = (EXAMPLES / "prompt.txt").read_text(encoding="utf-8")
    return [network.truncate_prompt(prompt) for prompt in (example, *rows, *odd)]


def near(first: float | None, second: float | None) -> bool:
    return (first is None) == (second is None) and abs((first or 0) - (second or 0)) <= CONFIDENCE


def unlike(first: Sequence[Generation], second: Sequence[Generation]) -> list[int]:
    return [
        number
        for number, (one, other) in enumerate(zip(first, second, strict=True))
        if (one.completion, one.tokens, one.finished) != (other.completion, other.tokens, other.finished)
        or not near(one.confidence, other.confidence)
        or not near(one.kept, other.kept)
    ]


def batches(prompts: Sequence[str]) -> Iterator[list[str]]:
    order = sorted(prompts, key=len)
    yield from (order[start : start + BATCH] for start in range(0, len(order), BATCH))


def test_the_same_bytes_within_the_pool_and_free(
    light: Generator, network: TorchGenerator, prompts: list[str]
) -> None:
    assert light.name == network.name == SHIPPED_MODEL.name
    assert light.calibration == network.calibration
    for batch in batches(prompts):
        assert unlike(light.answer_within_pool(batch), network.answer_within_pool(batch)) == []
        assert unlike(light.answer(batch), network.answer(batch)) == []
        decided, expected = light.decisions(batch), network.decisions(batch)
        assert [one.line for one in decided] == [one.line for one in expected]
        assert all(near(a.probability, b.probability) for a, b in zip(decided, expected, strict=True))


def test_both_ways_and_one_name(light: Generator, network: TorchGenerator, prompts: list[str]) -> None:
    for (raw, within), (raw_too, within_too) in zip(
        light.answer_both_ways(prompts[-4:]), network.answer_both_ways(prompts[-4:]), strict=True
    ):
        assert raw.completion == raw_too.completion
        assert (within and within.completion) == (within_too and within_too.completion)
    [forced] = light.answer_within_pool(prompts[:1], ["de"])
    [forced_too] = network.answer_within_pool(prompts[:1], ["de"])
    assert "optimizer: de\n" in forced.completion and unlike([forced], [forced_too]) == []


def test_logits_are_those_of_torch(light: Generator, network: TorchGenerator, prompts: list[str]) -> None:
    ids = network.tokens.encode(prompts[0])
    assert light.tokens.encode(prompts[0]) == ids
    [ours] = light._logits([ids], [9])
    with torch.inference_mode():
        theirs = network.model(torch.tensor([ids])).logits[0, -9:].numpy()
    np.testing.assert_allclose(
        ours - ours.max(-1, keepdims=True), theirs - theirs.max(-1, keepdims=True), atol=1e-3
    )


def test_limits_are_the_same(light: Generator, network: TorchGenerator, prompts: list[str]) -> None:
    assert (light.max_length, light.eos_token_ids) == (network.max_length, network.eos_token_ids)
    for limit in (1, 5, 17):
        assert unlike(light.answer(prompts[:2], limit), network.answer(prompts[:2], limit)) == []
    long = "# x\n" * light.max_length
    assert not light.fits_context(long) and light.truncate_prompt(long) == network.truncate_prompt(long)
    with pytest.raises(ModelError, match="leaves no room in llamoco-xs, which can hold 768"):
        light.answer_within_pool([long])
    spelled = "# coupled; optimizer: cma_es\nimport numpy as np\n\n\u00e9 \u4e2d\t\n"
    assert light.tokens.encode(spelled, add_special_tokens=False) == network.tokens.encode(
        spelled, add_special_tokens=False
    )


@pytest.mark.slow
def test_the_same_bytes_on_every_test_problem(light: Generator, network: TorchGenerator) -> None:
    rows = evaluation_rows("test")
    first = {row["problem_id"]: network.truncate_prompt(row["prompt"]) for row in reversed(rows)}
    found = []
    for batch in batches(list(first.values())):
        found += unlike(light.answer_within_pool(batch), network.answer_within_pool(batch))
    assert len(first) > 400 and found == []


def copied(folder: Path) -> Path:
    for name in (
        "config.json",
        "generation_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "model.safetensors",
    ):
        folder.mkdir(exist_ok=True)
        shutil.copyfile(SHIPPED_MODEL / name, folder / name)
    shutil.copytree(SHIPPED_MODEL / "ctranslate2", folder / "ctranslate2")
    return folder


def test_the_converted_form_is_of_the_shipped_weights() -> None:
    assert find_converted(SHIPPED_MODEL) is not None


def test_the_form_of_other_weights_is_not_used(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = copied(tmp_path / "m")
    assert load_generator(folder).engine == "ctranslate2"
    weights = bytearray((folder / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (folder / "model.safetensors").write_bytes(weights)
    with caplog.at_level(logging.WARNING):
        assert load_generator(folder).engine == "torch"
    assert f"llamoco convert {folder}" in caplog.text


def test_a_broken_form_is_told(tmp_path: Path) -> None:
    folder = copied(tmp_path / "m")
    description = folder / "ctranslate2" / "conversion.json"
    for text, reason in (
        ("[]", "no description"),
        ('{"format": 7}', "format 7, expected 1"),
        ("{", "no description"),
    ):
        description.write_text(text)
        with pytest.raises(ModelError, match=reason):
            load_generator(folder)
    shutil.copyfile(SHIPPED_MODEL / "ctranslate2" / "conversion.json", description)
    (folder / "ctranslate2" / "model.bin").write_bytes(b"none")
    with pytest.raises(ModelError, match="no model that CTranslate2 reads"):
        load_generator(folder)
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=r"but no tokenizer\.json"):
        load_generator(folder)


def test_conversion_gives_what_is_shipped(tmp_path: Path) -> None:
    folder = copied(tmp_path / "m")
    shutil.rmtree(folder / "ctranslate2")
    assert load_generator(folder).engine == "torch"
    made = convert.convert(folder)
    convert.convert(folder)  # in place of the older one
    assert sorted(path.name for path in folder.iterdir() if path.is_dir()) == ["ctranslate2"]
    for path in sorted((SHIPPED_MODEL / "ctranslate2").iterdir()):
        assert (made / path.name).read_bytes() == path.read_bytes(), path.name


def test_what_cannot_be_converted_is_told(tmp_path: Path, network: TorchGenerator) -> None:
    with pytest.raises(ModelError, match="does not exist"):
        convert.convert(tmp_path / "none")
    with pytest.raises(ModelError, match="the engines answer odd prompt 0 differently"):
        convert.check(network, Hesitant(network.model, network.tokenizer, network.name))


class Hesitant(TorchGenerator):
    """An engine that is less sure."""

    def _confidence(self, ids: list[int], probabilities: list[float]) -> float | None:
        return 0.9 * (super()._confidence(ids, probabilities) or 0)


@pytest.fixture
def no_ctranslate2(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the package were not installed."""
    monkeypatch.setitem(sys.modules, "ctranslate2", None)
    monkeypatch.delitem(sys.modules, "llamoco.modeling.generation.ctranslate2_engine", raising=False)


@pytest.mark.usefixtures("no_ctranslate2")
def test_without_ctranslate2_torch_answers_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert load_generator().engine == "torch"
    assert "CTranslate2 cannot be imported" in caplog.text and "pip install ctranslate2" in caplog.text


@pytest.mark.usefixtures("no_ctranslate2")
def test_without_any_engine_one_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llamoco.modeling.generation.torch_engine", None)
    with pytest.raises(ModelError, match=r"no engine runs .*pip install 'llamoco\[train\]'"):
        load_generator()


def test_the_light_engine_ends_its_process_cleanly() -> None:
    program = (
        "from llamoco.modeling.generation.engines import load_generator\nkept = load_generator()\n"
        f"print(kept.answer_within_pool([open({json.dumps(str(EXAMPLES / 'prompt.txt'))}).read()])[0].tokens)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == ""
